//! A namespace of one test: what the test puts into the cluster, looks at and waits for. Its
//! functions fail the test themselves, with everything that was seen, so that a test reads as a
//! list of what happens. Dropping it deletes in the background what would use the CPU for the rest of
//! the run, such as crashing pods.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::kubectl::{self, Output};
use super::users;
use super::wait::{IntoLook, wait_until};

/// How long `wait_until` waits when the test says nothing else.
const LIMIT: Duration = Duration::from_secs(180);
/// How much of the last answer a failing wait shows.
const SHOWN: usize = 4_000;
/// What goes on when a test has ended: who makes others first. To delete a whole namespace costs three
/// times as much, since the controller goes through all kinds that there are.
const AT_WORK: [(&str, &str); 8] = [
    ("apis/autoscaling/v2", "horizontalpodautoscalers"),
    ("apis/apps/v1", "deployments"),
    ("apis/apps/v1", "statefulsets"),
    ("apis/apps/v1", "daemonsets"),
    ("apis/apps/v1", "replicasets"),
    ("apis/batch/v1", "cronjobs"),
    ("apis/batch/v1", "jobs?propagationPolicy=Background"),
    ("api/v1", "pods?gracePeriodSeconds=0"),
];

pub(crate) struct Namespace {
    cluster: Arc<Cluster>,
    name: String,
    kubeconfig: PathBuf,
    /// The last answer that a test has looked at, for the message of a failing wait.
    last_seen: Mutex<String>,
    /// Whether all of it has to go.
    goes_whole: AtomicBool,
}

impl Namespace {
    #[track_caller]
    pub(crate) fn create(cluster: &Arc<Cluster>, hint: &str) -> Self {
        static CREATED: AtomicUsize = AtomicUsize::new(0);
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("{hint}-{}-{number}", std::process::id());
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        proper(cluster.api.create("/api/v1/namespaces", &object));
        let kubeconfig = proper(kubeconfig(cluster, &name, users::ADMIN));
        let cluster = Arc::clone(cluster);
        Self { cluster, name, kubeconfig, last_seen: Mutex::default(), goes_whole: false.into() }
    }

    /// Has the whole namespace deleted in the end: it holds more that goes on than workloads.
    pub(crate) fn delete_whole(&self) {
        self.goes_whole.store(true, Ordering::Relaxed);
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The administrator's kubeconfig, with this namespace.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The kubeconfig of an ordinary user (`alice`, `bob`, …), with this namespace. Ordinary users
    /// have no rights.
    #[track_caller]
    pub(crate) fn user(&self, user: &str) -> PathBuf {
        proper(kubeconfig(&self.cluster, &self.name, user))
    }

    /// A kubeconfig whose token the API server refuses (401).
    #[track_caller]
    pub(crate) fn expired_credentials(&self) -> PathBuf {
        let name = format!("{}-expired", self.name);
        let Cluster { server, .. } = &*self.cluster;
        proper(self.cluster.write_kubeconfig(&name, server, users::REFUSED_TOKEN, &self.name))
    }

    /// Runs kubectl in this namespace, whatever comes of it.
    #[track_caller]
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Output {
        proper(kubectl::run(&self.cluster, &self.kubeconfig, arguments, ""))
    }

    /// Runs kubectl, which must succeed, and gives what it printed.
    #[track_caller]
    pub(crate) fn kubectl_ok(&self, arguments: &[&str]) -> String {
        succeeded(arguments, self.kubectl(arguments))
    }

    /// `kubectl apply` of a text with one or more objects, client-side as people do it.
    #[track_caller]
    pub(crate) fn apply(&self, manifest: &str) {
        let arguments = ["apply", "-f", "-"];
        let output = proper(kubectl::run(&self.cluster, &self.kubeconfig, &arguments, manifest));
        succeeded(&arguments, output);
    }

    /// The object, which must exist. `kind` is any word that kubectl knows for it.
    #[track_caller]
    pub(crate) fn get(&self, kind: &str, name: &str) -> Value {
        self.find(kind, name).unwrap_or_else(|| panic!("no {kind}/{name} in {}", self.name))
    }

    /// The object, if it exists.
    #[track_caller]
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<Value> {
        let collection = proper(self.cluster.discovery.path(&self.cluster.api, kind, &self.name));
        self.look_at(&format!("{collection}/{name}"))
    }

    /// All objects of a kind with that label selector ("" for all).
    #[track_caller]
    pub(crate) fn list(&self, kind: &str, selector: &str) -> Vec<Value> {
        let collection = proper(self.cluster.discovery.path(&self.cluster.api, kind, &self.name));
        let selector = selector.replace(',', "%2C").replace('=', "%3D").replace(' ', "");
        let answer = self.look_at(&format!("{collection}?labelSelector={selector}"));
        match answer.as_ref().and_then(|list| list.get("items")) {
            Some(Value::Array(items)) => items.clone(),
            _ => Vec::new(),
        }
    }

    /// Looks until it is there, for three minutes at most; then fails the test and shows what was seen
    /// last.
    #[track_caller]
    pub(crate) fn wait_until<A: IntoLook>(
        &self,
        what: &str,
        look: impl FnMut(&Self) -> A,
    ) -> A::Value {
        self.wait_at_most(LIMIT, what, look)
    }

    #[track_caller]
    pub(crate) fn wait_at_most<A: IntoLook>(
        &self,
        limit: Duration,
        what: &str,
        mut look: impl FnMut(&Self) -> A,
    ) -> A::Value {
        match wait_until(what, limit, || Ok(look(self))) {
            Ok(value) => value,
            Err(error) => panic!("{error:#}\n{}", self.describe()),
        }
    }

    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    #[track_caller]
    fn look_at(&self, path: &str) -> Option<Value> {
        let answer = proper(self.cluster.api.get(path));
        let mut seen = self.last_seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = answer.as_ref().map_or_else(|| format!("nothing at {path}"), Value::to_string);
        answer
    }

    /// What is in the namespace, for a person who reads why a test failed.
    fn describe(&self) -> String {
        let seen = self.last_seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let seen: String = seen.chars().take(SHOWN).collect();
        let state = self.kubectl(&["get", "all,events", "-o", "wide"]);
        format!("last answer of the API server: {seen}\nnamespace {}: {state}", self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let name = &self.name;
        let paths = if self.goes_whole.load(Ordering::Relaxed) {
            vec![format!("/api/v1/namespaces/{name}")]
        } else {
            let path = |(api, kind): &(_, _)| format!("/{api}/namespaces/{name}/{kind}");
            AT_WORK.iter().map(path).collect()
        };
        self.cluster.api.delete_in_background(&paths);
    }
}

fn kubeconfig(cluster: &Cluster, namespace: &str, user: &str) -> Result<PathBuf> {
    cluster.write_kubeconfig(
        &format!("{namespace}-{user}"),
        &cluster.server,
        &users::token(user)?,
        namespace,
    )
}

#[track_caller]
fn succeeded(arguments: &[&str], output: Output) -> String {
    assert!(output.code == 0, "kubectl {}: {output}", arguments.join(" "));
    output.stdout
}

/// What must not fail in a test: the harness's own work.
#[track_caller]
pub(crate) fn proper<T>(outcome: Result<T>) -> T {
    outcome.unwrap_or_else(|error| panic!("test bed: {error:#}"))
}
