//! Deployments with a history, and the way back to the state in which a tool is to find them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use serde_json::{Map, Value, json};

use super::testbed::Namespace;

const REVISION: &str = "deployment.kubernetes.io/revision";
/// Annotations that an undo leaves on `ReplicaSet`s.
const LEFT_BY_UNDO: [&str; 2] = ["kubectl-rb/", "kubernetes.io/change-cause"];
/// Enough for 100 Deployments that roll at once on a busy machine.
const SETTLING: Duration = Duration::from_secs(120);
/// What the controllers and kwok still do when pods are as they should be must not slow down the tool
/// that comes next.
const REST: Duration = Duration::from_millis(300);
/// How many requests the harness has under way at once.
const AT_ONCE: usize = 8;

/// A Deployment that is put back into the same state again and again.
pub(crate) struct Workload<'n> {
    namespace: &'n Namespace,
    name: String,
    newest: Value,
    annotations: Map<String, Value>,
    previous: Value,
}

/// A text that makes a `ReplicaSet` about 7 KB long, as the API server answers with it.
pub(crate) fn note(release: usize) -> String {
    format!("{release} {}", "x".repeat(5_000))
}

pub(crate) fn image(release: usize) -> String {
    format!("registry.test:5000/shop/web:{release}.0")
}

/// A Deployment `web` of 3 replicas whose releases were applied one after the other with
/// `kubectl apply`. Its newest release runs and is healthy.
pub(crate) fn with_history(namespace: &Namespace, releases: usize) -> Result<Workload<'_>> {
    for release in 1..=releases {
        let replicas = if release == releases { 3 } else { 0 };
        let template = json!({"metadata": {"annotations": {"note": note(release)}}});
        let extra = json!({"spec": {"revisionHistoryLimit": 30, "template": template}});
        namespace.deployment_with("web", &image(release), replicas, &extra);
        namespace.wait_until(&format!("release {release} is stored"), |namespace| {
            let web = namespace.get("deployment", "web");
            web["metadata"]["annotations"][REVISION] == release.to_string().as_str()
        });
        namespace.rollout_done("web");
    }
    let stored = namespace.list("replicaset", "app=web").len();
    ensure!(stored == releases, "{stored} ReplicaSets are stored, not {releases}");
    Workload::new(namespace, "web", image(releases - 1))
}

impl<'n> Workload<'n> {
    /// Remembers a Deployment as it is now. `previous` is the image that an undo is to bring back.
    pub(crate) fn new(namespace: &'n Namespace, name: &str, previous: String) -> Result<Self> {
        let live = namespace.get("deployment", name);
        let annotations = live["metadata"]["annotations"].as_object().cloned();
        Ok(Self {
            namespace,
            name: name.to_owned(),
            newest: live["spec"]["template"].clone(),
            annotations: annotations.context("a Deployment that the controller has seen")?,
            previous: Value::from(previous),
        })
    }

    /// Makes a release the newest one from the next reset on.
    pub(crate) fn release(&mut self, image: String, note: String) {
        self.newest["metadata"]["annotations"]["note"] = Value::from(note);
        self.newest["spec"]["containers"][0]["image"] = Value::from(image);
    }

    /// Fails unless an undo brought the previous release back.
    pub(crate) fn check_undone(&self) -> Result<()> {
        let live = self.namespace.get("deployment", &self.name);
        let image = &live["spec"]["template"]["spec"]["containers"][0]["image"];
        ensure!(*image == self.previous, "{image} is live and not {}", self.previous);
        Ok(())
    }

    /// Brings the newest release back as if there had been no undo: the same template and
    /// annotations, nothing on the `ReplicaSet`s. Only the revision numbers go on.
    pub(crate) fn reset(&self) -> Result<()> {
        let mut live = self.namespace.get("deployment", &self.name);
        let mut annotations = self.annotations.clone();
        annotations.insert(REVISION.to_owned(), live["metadata"]["annotations"][REVISION].clone());
        live["metadata"]["annotations"] = Value::Object(annotations);
        live["spec"]["template"] = self.newest.clone();
        self.replace("deployments", live)
    }

    /// Waits for the rollout that `reset` begins, and removes what an undo wrote elsewhere.
    pub(crate) fn settle(&self) -> Result<()> {
        let what = format!("{} is as before", self.name);
        self.namespace.wait_at_most(SETTLING, &what, |namespace| {
            let live = namespace.get("deployment", &self.name);
            let number = |pointer: &str| live.pointer(pointer).and_then(Value::as_u64);
            let replicas = number("/spec/replicas");
            number("/status/observedGeneration") == number("/metadata/generation")
                && number("/status/updatedReplicas") == replicas
                && number("/status/availableReplicas") == replicas
                && namespace.pods(&self.name).len() as u64 == replicas.unwrap_or_default()
        });
        for mut set in self.namespace.list("replicaset", &format!("app={}", self.name)) {
            let Some(annotations) = set["metadata"]["annotations"].as_object_mut() else {
                continue;
            };
            let before = annotations.len();
            annotations.retain(|key, _| !LEFT_BY_UNDO.iter().any(|left| key.starts_with(left)));
            if annotations.len() < before {
                self.replace("replicasets", set)?;
            }
        }
        thread::sleep(REST);
        Ok(())
    }

    fn replace(&self, plural: &str, mut object: Value) -> Result<()> {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            // Whatever the status is meanwhile.
            metadata.remove("resourceVersion");
            metadata.remove("managedFields");
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("{}/{name}", collection(self.namespace, plural));
        let api = &self.namespace.cluster().api;
        let answer = api.send(&Method::PUT, &path, "application/json", &object)?;
        ensure!(answer.status == 200, "PUT {path}: {answer}");
        Ok(())
    }
}

/// Path of a collection of `apps/v1`.
pub(crate) fn collection(namespace: &Namespace, plural: &str) -> String {
    format!("/apis/apps/v1/namespaces/{}/{plural}", namespace.name())
}

/// Does something for each number below `count`, several at once. The first error counts.
pub(crate) fn for_each(count: usize, work: impl Fn(usize) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let worker = || -> Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            work(number)?;
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}
