//! Whose pod is whose: a label is no proof. Checks judge the pods that the workload made from the
//! target's template, and name those that are in their way.

use serde_json::Value;

use super::{Scene, words};
use crate::rollback::model::check::Finding;
use crate::rollback::model::pod::{self, PodState};
use crate::rollback::model::target::Target;
use crate::rollback::model::{defaults, template};

/// A pod, read and as it is.
pub(super) struct Pod<'a> {
    pub(super) object: &'a Value,
    pub(super) state: PodState,
}

/// All pods that are selected, by whose they are; each list is in the order of names.
#[derive(Default)]
pub(super) struct Pods<'a> {
    /// The template hash of the target.
    pub(super) hash: String,
    /// Of the target.
    pub(super) target: Vec<Pod<'a>>,
    /// Of the workload, made from another template.
    pub(super) others: Vec<Pod<'a>>,
    /// Of the workload, whatever the template, and over: evicted, for example. No controller counts
    /// them, and nothing deletes them.
    pub(super) ended: Vec<Pod<'a>>,
    /// Of the workload and being deleted.
    pub(super) leaving: Vec<Pod<'a>>,
    /// Not of the workload.
    pub(super) strangers: Vec<Pod<'a>>,
}

impl<'a> Pods<'a> {
    /// Sorts what was seen. Where nobody knows the hash of the target, nobody knows its pods.
    pub(super) fn of(scene: &Scene<'a>) -> Result<Self, Finding> {
        let Some(target) = hash(scene) else {
            let label = words::label(scene);
            let message = format!(
                "which pods are of {label} cannot be told yet: the controller \
                                   has not named its template"
            );
            let finding = Finding::unknown(message).because("NotNamed");
            return Err(finding.hint(words::status(scene)));
        };
        let mut all: Vec<&Value> = scene.seen.pods.iter().collect();
        all.sort_by_key(|pod| words::name(pod));
        let mut pods = Self { hash: target, ..Self::default() };
        for object in all {
            let pod = Pod { object, state: PodState::read(object) };
            let list = if !is_own(scene, object, &pod.state) {
                &mut pods.strangers
            } else if pod.state.deleting {
                &mut pods.leaving
            } else if pod.is_over() {
                &mut pods.ended
            } else if pod.state.hash == pods.hash {
                &mut pods.target
            } else {
                &mut pods.others
            };
            list.push(pod);
        }
        Ok(pods)
    }

    /// The pod that is meant: by its uid, and by its name where there is none.
    pub(super) fn known(&self, name: &str, uid: &str) -> Option<&Pod<'a>> {
        let lists = [&self.target, &self.others, &self.ended, &self.leaving, &self.strangers];
        let is_it = |pod: &&Pod<'_>| match uid {
            "" => pod.state.name == name,
            uid => pod.state.uid == uid,
        };
        lists.into_iter().flatten().find(is_it)
    }

    /// Whether a pod of the workload was made from the target's template, wherever it is now.
    pub(super) fn is_of_target(&self, pod: &Pod<'_>) -> bool {
        pod.state.hash == self.hash
            && !self.strangers.iter().any(|stranger| stranger.state.uid == pod.state.uid)
    }

    /// The pods of the target, or the finding of a check that has nothing to look at without them.
    pub(super) fn target_of(scene: &Scene<'a>) -> Result<Vec<Pod<'a>>, Finding> {
        let pods = Self::of(scene)?;
        if pods.target.is_empty() { Err(none(scene)) } else { Ok(pods.target) }
    }
}

impl Pod<'_> {
    fn is_over(&self) -> bool {
        matches!(self.phase(), "Failed" | "Succeeded")
    }

    /// The phase; empty where nobody has seen the pod yet.
    pub(super) fn phase(&self) -> &str {
        self.text("/status/phase")
    }

    /// The states of its containers, init containers first.
    pub(super) fn container_statuses(&self) -> impl Iterator<Item = &Value> {
        ["/status/initContainerStatuses", "/status/containerStatuses"]
            .into_iter()
            .filter_map(|list| self.object.pointer(list)?.as_array())
            .flatten()
    }

    /// The object with its kind, which items of a list do not say.
    pub(super) fn kinded(&self) -> Value {
        let mut object = self.object.clone();
        if let Some(members) = object.as_object_mut() {
            members.insert("apiVersion".to_owned(), Value::from("v1"));
            members.insert("kind".to_owned(), Value::from("Pod"));
        }
        object
    }

    /// A text in it; empty where there is none.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The template hash of the target's pods.
fn hash(scene: &Scene<'_>) -> Option<String> {
    let expected = scene.expected;
    let live = scene.seen.workload.pointer("/spec/template");
    let is_live = match (&expected.template, live) {
        (Some(expected), Some(live)) => defaults::same(expected, live),
        (None, Some(_)) => true,
        (_, None) => false,
    };
    // A controller may store the same template under another name than before.
    let live_hash = scene.backend.live_hash(&scene.seen.workload).filter(|_| is_live);
    live_hash.or_else(|| Some(expected.hash.clone())).filter(|hash| !hash.is_empty())
}

/// Whether the workload made the pod, itself or through a `ReplicaSet`.
fn is_own(scene: &Scene<'_>, object: &Value, state: &PodState) -> bool {
    let uid = words::text(&scene.seen.workload, "/metadata/uid");
    (!uid.is_empty() && pod::controller(object) == uid)
        || scene.backend.stores().kind == "ReplicaSet"
            && is_of_replica_set(scene.target, object, &state.hash)
}

/// Whether a `ReplicaSet` of the Deployment controls a pod. It is known by its name, which the
/// controller makes of the Deployment's and the hash that it puts on the pods; it cuts the first where
/// both are too long (`kubernetes:pkg/controller/deployment/sync.go`, `generateReplicaSetName`).
fn is_of_replica_set(deployment: &Target, pod: &Value, hash: &str) -> bool {
    const LONGEST: usize = 253;
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let is_set = |owner: &&Value| {
        owner.get("controller") == Some(&Value::Bool(true))
            && owner.get("kind") == Some(&Value::from("ReplicaSet"))
            && words::text(owner, "/apiVersion").starts_with("apps/")
    };
    let Some(owner) = owners.into_iter().flatten().find(is_set) else { return false };
    let name = words::text(owner, "/name");
    let Some(of) = name.strip_suffix(hash).and_then(|rest| rest.strip_suffix('-')) else {
        return false;
    };
    let is_cut = name.len() == LONGEST && deployment.name.starts_with(of);
    !hash.is_empty() && (of == deployment.name || is_cut)
}

/// The finding where the target has no pod to look at.
fn none(scene: &Scene<'_>) -> Finding {
    nothing_runs(scene).or_else(|| gap(scene)).unwrap_or_else(|| {
        let message = format!("there is no pod of {} to look at", words::label(scene));
        Finding::unknown(message).because("NoPods").hint(list(scene))
    })
}

/// The finding where no pod is wanted: there is nothing to judge, and nothing is proven.
pub(super) fn nothing_runs(scene: &Scene<'_>) -> Option<Finding> {
    let why = scene.backend.runs_nothing(&scene.seen.workload)?;
    let message = format!("{why}: nothing ran, so nothing is proven");
    Some(Finding::skipped(message).because("NothingRan"))
}

/// The finding of a check that would pass, where it has not seen all pods.
pub(super) fn gap(scene: &Scene<'_>) -> Option<Finding> {
    let why = scene.seen.pods_gap.as_ref()?;
    let finding = Finding::unknown(format!("not all pods are known: {why}"));
    Some(finding.because("PodsUnknown").hint(list(scene)))
}

/// The label selector of the pods, quoted for a shell.
pub(super) fn selector(scene: &Scene<'_>) -> String {
    let selector = scene.backend.pod_selector(&scene.seen.workload, "");
    crate::text::shell_quote(&selector).into_owned()
}

/// The command that lists the pods with what says whose they are.
pub(super) fn list(scene: &Scene<'_>) -> String {
    let column = match scene.backend.stores().kind {
        "ReplicaSet" => template::HASH_LABEL,
        _ => template::REVISION_LABEL,
    };
    let selector = selector(scene);
    scene.hints.kubectl(&format!("get pods -l {selector} -L {column} -o wide"))
}

#[cfg(test)]
mod tests;
