//! What tests of a rollback start from and look at: a Deployment `web` with some releases, what is
//! live, and the writes that a proxy saw.

pub(crate) mod ingress;
pub(crate) mod projects;
pub(crate) mod sets;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::rb::{Ran, program};
use crate::testbed::{Namespace, Proxy, Recorded, RequestHead, TestBed};

/// The image of a release.
pub(crate) fn image(tag: &str) -> String {
    format!("registry.test:5000/shop/web:{tag}")
}

/// Deploys these releases, one after the other; each is settled before the next one comes.
pub(crate) fn releases(namespace: &Namespace, replicas: u32, tags: &[&str]) {
    releases_with(namespace, replicas, tags, &Value::Null);
}

/// The same with more in the Deployment; `extra` is merged over it.
pub(crate) fn releases_with(namespace: &Namespace, replicas: u32, tags: &[&str], extra: &Value) {
    let (first, rest) = tags.split_first().expect("a release at least");
    namespace.deployment_with("web", &image(first), replicas, extra);
    settle(namespace, first);
    for tag in rest {
        release(namespace, tag);
    }
}

/// Deploys one more release and waits until it is settled.
pub(crate) fn release(namespace: &Namespace, tag: &str) {
    namespace.set_image("web", &image(tag));
    settle(namespace, tag);
}

/// Until what the image tag asks for is to be seen: pods that crash have crashed (and Events say
/// so), pods that come up late or never are on their way, others are available.
pub(crate) fn settle(namespace: &Namespace, tag: &str) {
    stored(namespace, tag);
    if namespace.get("deployment", "web")["spec"]["replicas"] == 0 {
        return;
    }
    if ["crash", "oom"].iter().any(|word| tag.contains(word)) {
        backed_off(namespace, tag);
    } else if !["hang", "slow", "flap", "missing", "config"].iter().any(|w| tag.contains(w)) {
        namespace.rollout_done("web");
    }
}

/// Waits until the controller has taken the release up: its template is stored, with a number.
pub(crate) fn stored(namespace: &Namespace, tag: &str) {
    namespace.wait_until(&format!("release {tag} is stored"), |namespace| {
        let web = namespace.get("deployment", "web");
        let numbers = find_replica_set(namespace, tag).map(|set| {
            [&web, &set].map(|object| object["metadata"]["annotations"][REVISION].clone())
        });
        is_observed(&web) && numbers.is_some_and(|[live, set]| live == set)
    });
}

/// Waits until an Event says that a pod of the release is backing off.
pub(crate) fn backed_off(namespace: &Namespace, tag: &str) {
    let name = text(&replica_set(namespace, tag), "/metadata/name").to_owned();
    namespace.wait_until(&format!("a pod of {tag} backs off"), |namespace| {
        namespace.list("event", "").iter().any(|event| {
            event["reason"] == "BackOff"
                && text(event, "/involvedObject/name").starts_with(&format!("{name}-"))
        })
    });
}

/// Waits until the controller says that the new pods have missed their deadline. Its own look at the
/// clock may be minutes late, or never come where it judged too early: any write wakes it. The write
/// makes a new generation, so it comes last: the controller has until the next look to observe it.
pub(crate) fn missed_its_deadline(namespace: &Namespace) {
    namespace.wait_until("the deadline is exceeded", |namespace| {
        let web = namespace.get("deployment", "web");
        let missed = is_observed(&web)
            && web["status"]["updatedReplicas"] != 0
            && has_missed_its_deadline(&web);
        if is_observed(&web) && !missed {
            wake(namespace, &["deployment/web"]);
        }
        missed
    });
}

pub(crate) fn has_missed_its_deadline(web: &Value) -> bool {
    let conditions = web["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|c| c["reason"] == "ProgressDeadlineExceeded")
}

/// After pods were refused the controller tries again later and later, and at once after a write.
pub(crate) fn wake_replica_sets(namespace: &Namespace) {
    wake(namespace, &["replicaset", "--all"]);
}

/// Writes what means nothing, so that its controller looks at it.
fn wake(namespace: &Namespace, what: &[&str]) {
    let now = format!("example.test/look={}", jiff::Timestamp::now());
    namespace.kubectl_ok(&[&["annotate", "--overwrite"], what, &[&now]].concat());
}

pub(crate) const REVISION: &str = "deployment.kubernetes.io/revision";

pub(crate) fn is_observed(web: &Value) -> bool {
    web["status"]["observedGeneration"] == web["metadata"]["generation"]
}

/// The ReplicaSet of the release.
#[track_caller]
pub(crate) fn replica_set(namespace: &Namespace, tag: &str) -> Value {
    find_replica_set(namespace, tag).unwrap_or_else(|| panic!("no ReplicaSet runs {tag}"))
}

fn find_replica_set(namespace: &Namespace, tag: &str) -> Option<Value> {
    let sets = namespace.list("replicaset", "app=web");
    sets.into_iter().find(|set| text(set, IN_TEMPLATE) == image(tag))
}

const IN_TEMPLATE: &str = "/spec/template/spec/containers/0/image";

/// The template hash of the release.
#[track_caller]
pub(crate) fn hash(namespace: &Namespace, tag: &str) -> String {
    text(&replica_set(namespace, tag), "/metadata/labels/pod-template-hash").to_owned()
}

/// The template of the release as its ReplicaSet stores it, without the controller's label.
#[track_caller]
pub(crate) fn template(namespace: &Namespace, tag: &str) -> Value {
    let mut template = replica_set(namespace, tag)["spec"]["template"].clone();
    let labels = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut);
    labels.expect("labels").shift_remove("pod-template-hash");
    template
}

/// Fails the test unless this release is what the Deployment declares.
#[track_caller]
pub(crate) fn assert_live(namespace: &Namespace, tag: &str) {
    assert_eq!(live(namespace), image(tag));
}

/// The image that the Deployment declares.
pub(crate) fn live(namespace: &Namespace) -> String {
    text(&namespace.get("deployment", "web"), IN_TEMPLATE).to_owned()
}

/// An annotation of the Deployment; empty where there is none.
pub(crate) fn annotation(namespace: &Namespace, key: &str) -> String {
    let web = namespace.get("deployment", "web");
    web["metadata"]["annotations"][key].as_str().unwrap_or_default().to_owned()
}

/// The undo record on the Deployment.
#[track_caller]
pub(crate) fn record(namespace: &Namespace) -> Value {
    serde_json::from_str(&annotation(namespace, "kubectl-rb/record")).expect("an undo record")
}

/// The Events of rb in the namespace.
pub(crate) fn rollback_events(namespace: &Namespace) -> Vec<Value> {
    let events = namespace.list("event", "");
    events.into_iter().filter(|event| event["reason"] == "RolledBack").collect()
}

/// Whether a request would write the template of a Deployment.
pub(crate) fn writes_template(request: &RequestHead) -> bool {
    request.method == "PATCH"
        && request.path.contains("/deployments/web")
        && !request.path.contains("dryRun")
        && serde_json::from_slice::<Value>(&request.body).is_ok_and(|patch| {
            let operations = patch.as_array().into_iter().flatten();
            operations.into_iter().any(|o| o["op"] == "replace" && o["path"] == "/spec/template")
        })
}

/// The requests that would write the template, whatever became of them.
pub(crate) fn template_writes(proxy: &Proxy) -> Vec<Recorded> {
    let requests = proxy.requests();
    requests.into_iter().filter(|record| writes_template(&record.request)).collect()
}

/// How many writes of the template the API server accepted.
pub(crate) fn accepted(proxy: &Proxy) -> usize {
    template_writes(proxy).iter().filter(|record| record.status == Some(200)).count()
}

/// A text in an object; empty where there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The rest of the line in which rb says this: a command to paste.
#[track_caller]
pub(crate) fn hint(ran: &Ran, label: &str) -> String {
    let lines = ran.stdout.lines().chain(ran.stderr.lines());
    let rest = lines.filter_map(|line| line.split_once(label)).map(|(_, rest)| rest.trim());
    rest.map(str::to_owned).next().unwrap_or_else(|| panic!("{label:?} is not said:\n{ran}"))
}

/// Pastes a command into a shell that finds `rb` and `kubectl`; it must succeed.
#[track_caller]
pub(crate) fn paste(bed: &TestBed, namespace: &Namespace, command: &str) -> String {
    let rb = program();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [rb.parent(), bed.kubectl().parent()].into_iter().flatten().map(Path::to_owned);
    let path = std::env::join_paths(folders.chain(std::env::split_paths(&path))).expect("a PATH");
    let home = tempfile::tempdir().expect("a home folder");
    let output = Command::new("sh")
        .args(["-c", command])
        .env("HOME", home.path())
        .env("PATH", path)
        .env("KUBECONFIG", namespace.kubeconfig())
        .output()
        .expect("a shell");
    let [stdout, stderr] = [output.stdout, output.stderr];
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{command}\n{said}");
    said
}

/// Puts finalizers on the pods of `web`, or takes them away with null: pods that are deleted then
/// stay for as long as the test wants, as those with a long `preStop` hook do.
pub(crate) fn hold_pods(namespace: &Namespace, finalizers: &Value) {
    let patch = json!({"metadata": {"finalizers": finalizers}}).to_string();
    for pod in namespace.pods("web") {
        let name = format!("pod/{}", text(&pod, "/metadata/name"));
        namespace.kubectl_ok(&["patch", &name, "--type=merge", "-p", &patch]);
    }
}

/// Lets the namespace have so many objects of a kind, and waits until that is enforced.
pub(crate) fn quota(namespace: &Namespace, kind: &str, count: &str) {
    namespace.kubectl_ok(&["create", "quota", "only", &format!("--hard={kind}={count}")]);
    namespace.wait_until("the quota is enforced", |namespace| {
        namespace.get("resourcequota", "only")["status"]["used"][kind] == count
    });
}
