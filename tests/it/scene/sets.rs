//! What tests of StatefulSets and DaemonSets start from and look at: one called `web` in a namespace
//! of its own, with some releases.

use serde_json::{Value, json};

use super::{image, text};
use crate::rb::{Ran, Rb, rb};
use crate::testbed::{Namespace, Proxy, Recorded, RequestHead, TestBed};

const IN_TEMPLATE: &str = "/spec/template/spec/containers/0/image";
const STORED: &str = "/data/spec/template/spec/containers/0/image";

/// A StatefulSet or DaemonSet `web`.
pub(crate) struct Set {
    pub(crate) namespace: Namespace,
    pub(crate) kind: &'static str,
}

impl Set {
    /// A StatefulSet with these releases, one after the other; each is settled before the next one
    /// comes. `extra` is merged over it.
    #[track_caller]
    pub(crate) fn stateful(
        bed: &TestBed,
        hint: &str,
        replicas: u32,
        tags: &[&str],
        extra: &Value,
    ) -> Self {
        let set = Self { namespace: bed.namespace(hint), kind: "statefulset" };
        set.namespace.statefulset_with("web", &image(tags[0]), replicas, extra);
        set.go_on(tags)
    }

    /// The same as a DaemonSet.
    #[track_caller]
    pub(crate) fn daemon(bed: &TestBed, hint: &str, tags: &[&str], extra: &Value) -> Self {
        let set = Self { namespace: bed.namespace(hint), kind: "daemonset" };
        set.namespace.daemonset_with("web", &image(tags[0]), extra);
        set.go_on(tags)
    }

    fn go_on(self, tags: &[&str]) -> Self {
        self.stored(tags[0]);
        self.settle(tags[0]);
        for tag in &tags[1..] {
            self.release(tag);
        }
        self
    }

    /// Deploys one more release and waits until it is settled.
    #[track_caller]
    pub(crate) fn release(&self, tag: &str) {
        self.deploy(tag);
        self.settle(tag);
    }

    /// Deploys one more release and waits until its template is stored.
    #[track_caller]
    pub(crate) fn deploy(&self, tag: &str) {
        let container = format!("app={}", image(tag));
        self.namespace.kubectl_ok(&["set", "image", &self.reference(), &container]);
        self.stored(tag);
    }

    /// Until the controller has seen the newest template and stored it.
    #[track_caller]
    pub(crate) fn stored(&self, tag: &str) {
        self.namespace.wait_until(&format!("release {tag} is stored"), |_| {
            let web = self.object();
            let name = self.find(tag).map(|stored| text(&stored, "/metadata/name").to_owned());
            let live = text(&web, "/status/updateRevision");
            let is_live = name.as_deref() == Some(live) || self.kind == "daemonset";
            let seen = is_observed(&web) && text(&web, IN_TEMPLATE) == image(tag);
            let stored = name.is_some() && is_live && seen;
            stored.then_some(()).ok_or(format!("stored as {name:?}, live {live:?}, seen {seen}"))
        });
    }

    /// Until what the image tag asks for is to be seen.
    #[track_caller]
    pub(crate) fn settle(&self, tag: &str) {
        let web = self.object();
        let on_delete = text(&web, "/spec/updateStrategy/type") == "OnDelete";
        let has_pods = !self.namespace.pods("web").is_empty();
        if self.desired(&web) == 0 || on_delete && has_pods {
            return;
        }
        if ["crash", "oom"].iter().any(|word| tag.contains(word)) {
            self.namespace.wait_until(&format!("a pod of {tag} backs off"), |_| {
                let events = self.namespace.list("event", "");
                self.pods_of(tag).iter().any(|pod| {
                    events.iter().any(|event| {
                        event["reason"] == "BackOff"
                            && event["involvedObject"]["uid"] == pod["metadata"]["uid"]
                    })
                })
            });
        } else if ["hang", "slow", "flap"].iter().any(|word| tag.contains(word)) {
            self.namespace.wait_until(&format!("a pod of {tag} runs"), |_| {
                self.pods_of(tag).iter().any(|pod| pod["status"]["phase"] == "Running")
            });
        } else {
            self.rolled_out();
        }
    }

    /// Until all that is to run the newest template does, and is available.
    #[track_caller]
    pub(crate) fn rolled_out(&self) {
        self.namespace.wait_until("web is rolled out", |_| {
            let web = self.object();
            let number = |pointer: &str| web.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
            let (desired, partition) =
                (self.desired(&web), number("/spec/updateStrategy/rollingUpdate/partition"));
            let (updated, available) = if self.kind == "daemonset" {
                ("/status/updatedNumberScheduled", "/status/numberAvailable")
            } else {
                ("/status/updatedReplicas", "/status/availableReplicas")
            };
            is_observed(&web)
                && number(updated) >= desired.saturating_sub(partition)
                && number(available) == desired
        });
    }

    fn desired(&self, web: &Value) -> u64 {
        let pointer = if self.kind == "daemonset" {
            "/status/desiredNumberScheduled"
        } else {
            "/spec/replicas"
        };
        web.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
    }

    /// `statefulset/web`.
    pub(crate) fn reference(&self) -> String {
        format!("{}/web", self.kind)
    }

    /// It as it is now.
    #[track_caller]
    pub(crate) fn object(&self) -> Value {
        self.namespace.get(self.kind, "web")
    }

    fn find(&self, tag: &str) -> Option<Value> {
        let mut stored = self.namespace.list("controllerrevision", "");
        stored.retain(|revision| text(revision, STORED) == image(tag));
        stored.pop()
    }

    /// The ControllerRevision of the release.
    #[track_caller]
    pub(crate) fn revision(&self, tag: &str) -> Value {
        self.find(tag).unwrap_or_else(|| panic!("no ControllerRevision has {tag}"))
    }

    /// The template hash of the release.
    #[track_caller]
    pub(crate) fn hash(&self, tag: &str) -> String {
        let name = text(&self.revision(tag), "/metadata/name").to_owned();
        name.rsplit('-').next().unwrap_or_default().to_owned()
    }

    /// The pods that have this image.
    pub(crate) fn pods_of(&self, tag: &str) -> Vec<Value> {
        let mut pods = self.namespace.pods("web");
        pods.retain(|pod| text(pod, "/spec/containers/0/image") == image(tag));
        pods
    }

    /// The uid of a pod, if it is there.
    pub(crate) fn uid(&self, pod: &str) -> Option<String> {
        Some(text(&self.namespace.find("pod", pod)?, "/metadata/uid").to_owned())
    }

    /// Fails the test unless this release is what is declared.
    #[track_caller]
    pub(crate) fn assert_live(&self, tag: &str) {
        assert_eq!(text(&self.object(), IN_TEMPLATE), image(tag));
    }

    /// Fails the test unless every pod has this image, and there are so many.
    #[track_caller]
    pub(crate) fn assert_all_run(&self, tag: &str, count: usize) {
        let pods = self.namespace.pods("web");
        let images: Vec<_> = pods.iter().map(|p| text(p, "/spec/containers/0/image")).collect();
        assert_eq!(images, vec![image(tag); count]);
    }

    /// The undo record.
    #[track_caller]
    pub(crate) fn record(&self) -> Value {
        let web = self.object();
        let record = web["metadata"]["annotations"]["kubectl-rb/record"].as_str();
        serde_json::from_str(record.expect("an undo record")).expect("JSON")
    }

    /// `rb` with the administrator's rights; WEB stands for the reference.
    pub(crate) fn rb(&self, words: &str) -> Ran {
        rb(&self.namespace, &self.words(words))
    }

    /// No controller gives these kinds up: what waits in vain does so for ten minutes.
    fn words(&self, words: &str) -> String {
        let waits = ["undo ", "status "].iter().any(|command| words.starts_with(command))
            && !["--timeout", "--no-wait"].iter().any(|flag| words.contains(flag));
        let limit = if waits { " --timeout=90s" } else { "" };
        // Before the other words: a test may add the value of the last flag.
        let words = words.replace("WEB", &self.reference());
        match words.split_once(' ') {
            Some((command, rest)) => format!("{command}{limit} {rest}"),
            None => words,
        }
    }

    /// The same through a proxy, not yet run.
    pub(crate) fn through(&self, proxy: &Proxy, words: &str) -> Rb {
        Rb::new(&proxy.kubeconfig(&self.namespace)).words(&self.words(words))
    }
}

pub(crate) fn is_observed(web: &Value) -> bool {
    web["status"]["observedGeneration"] == web["metadata"]["generation"]
}

/// Whether a request would write the template.
pub(crate) fn writes_template(request: &RequestHead) -> bool {
    let paths = ["/statefulsets/web", "/daemonsets/web"];
    request.method == "PATCH"
        && paths.iter().any(|path| request.path.contains(path))
        && !request.path.contains("dryRun")
        && serde_json::from_slice::<Value>(&request.body).is_ok_and(|patch| {
            let operations = patch.as_array().into_iter().flatten();
            operations.into_iter().any(|o| o["op"] == "replace" && o["path"] == "/spec/template")
        })
}

/// Whether a request would really delete a pod.
pub(crate) fn deletes(request: &RequestHead) -> bool {
    request.method == "DELETE" && request.path.contains("/pods/") && !is_dry_run(request)
}

fn is_dry_run(request: &RequestHead) -> bool {
    // The query of a DELETE with a body is not read by the API server.
    body(request)["dryRun"] == json!(["All"])
}

/// What a request sent.
pub(crate) fn body(request: &RequestHead) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

/// The deletions of pods that were sent, whatever became of them.
pub(crate) fn deletions(proxy: &Proxy) -> Vec<Recorded> {
    proxy.requests().into_iter().filter(|record| deletes(&record.request)).collect()
}
