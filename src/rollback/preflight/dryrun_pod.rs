//! `dryrun.pod`: would a pod of the old template be admitted today? Many policies look at pods only,
//! and what the workload's dry run says nothing of shows up here before it shows up as a rollout
//! that makes no pods.

use serde_json::{Value, json};

use super::dryrun_workload::{cannot_rehearse, cut};
use super::{Preflight, Scene};
use crate::cluster::{Path, Write, WriteError};
use crate::error::ErrorKind;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::denial::denial;
use crate::rollback::model::template::{HASH_LABEL, REVISION_LABEL};

pub(super) struct DryrunPod;

impl Preflight for DryrunPod {
    fn id(&self) -> &'static str {
        "dryrun.pod"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        ask(scene).into_iter().collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let Some(ask) = ask(scene) else { return Finding::skipped("no pod is to be made") };
        let error = match facts.rehearsal(&ask) {
            Some(Ok(_)) => return Finding::pass("a pod of the old template is admitted"),
            Some(Err(error)) => error,
            None => return Finding::unknown("the API server was not asked"),
        };
        let causes = error.error().causes();
        if cannot_rehearse(&causes) {
            return Finding::unknown("a webhook of the cluster cannot take part in a dry run");
        }
        // The pods that are replaced give back what they use.
        if exceeds_quota(&causes) {
            let message = "the quota is used up now: pods can be made only as old ones go";
            return Finding::warn(message).because("QuotaUsedUp").evidence(causes);
        }
        match error {
            WriteError::Throttled { error, .. } | WriteError::Unknown(error) => {
                Finding::unknown(error.to_string())
            }
            // Whoever rolls back need not be allowed to make pods: the controller makes them.
            WriteError::Rejected(error) if error.kind() == ErrorKind::Forbidden => {
                let finding = Finding::unknown(error.to_string()).because("Forbidden");
                finding.evidence(causes).hint_from(error)
            }
            WriteError::Rejected(_) | WriteError::Conflict(_) => {
                let why = denial(&causes).or(causes.first().map(String::as_str));
                let why = why.map(|why| format!(": {}", cut(why)));
                let why = why.unwrap_or_default();
                let message = format!("the cluster does not admit a pod of the old template{why}");
                Finding::fail(message).because("NotAdmitted").evidence(causes)
            }
        }
    }
}

/// The pod as the API server would make it, with all defaults: where it was asked and said yes.
pub(super) fn admitted<'f>(scene: &Scene<'_>, facts: &'f Facts<'_>) -> Option<&'f Value> {
    facts.rehearsal(&ask(scene)?)?.ok()
}

/// Whether the API server said that a quota has no room for one more pod.
pub(super) fn is_over_quota(scene: &Scene<'_>, facts: &Facts<'_>) -> bool {
    let answer = ask(scene).and_then(|ask| facts.rehearsal(&ask));
    answer.is_some_and(|answer| answer.is_err_and(|error| exceeds_quota(&error.error().causes())))
}

fn exceeds_quota(causes: &[String]) -> bool {
    causes.iter().any(|cause| cause.contains("exceeded quota"))
}

fn ask(scene: &Scene<'_>) -> Option<Ask> {
    scene.template_to_run()?;
    let path = Path::namespaced("api/v1", scene.namespace(), "pods").to_string();
    Some(Ask::Rehearse(Write::Create { path, body: pod(scene)? }))
}

/// A pod as the controller would make it.
fn pod(scene: &Scene<'_>) -> Option<Value> {
    let template = scene.template()?;
    let owner = scene.subject.pod_owner.as_ref()?;
    let text = |member: &str| owner.get(member).and_then(Value::as_str).unwrap_or_default();
    let (name, hash) = (text("name"), scene.plan.to.hash.as_str());
    let (label, hash) = match text("kind") {
        "ReplicaSet" => (HASH_LABEL, hash),
        "StatefulSet" => (REVISION_LABEL, scene.subject.target_name.as_str()),
        _ => (REVISION_LABEL, hash),
    };
    let mut metadata = template.get("metadata").cloned().unwrap_or_else(|| json!({}));
    let members = metadata.as_object_mut()?;
    members.shift_remove("creationTimestamp");
    members.shift_remove("name");
    members.insert("generateName".to_owned(), json!(format!("{name}-")));
    members.insert("ownerReferences".to_owned(), json!([owner]));
    let labels = members.entry("labels").or_insert_with(|| json!({}));
    labels.as_object_mut()?.insert(label.to_owned(), json!(hash));
    let mut spec = template.get("spec")?.clone();
    add_claims(&mut spec, &scene.subject.workload, name);
    Some(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}))
}

/// A `StatefulSet` gives each pod a volume for each of its claim templates: without them the mounts
/// would not be valid.
fn add_claims(spec: &mut Value, workload: &Value, name: &str) {
    let templates = workload.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let volumes = templates.into_iter().flatten().filter_map(|template| {
        let claim = template.pointer("/metadata/name")?.as_str()?;
        Some(json!({"name": claim,
            "persistentVolumeClaim": {"claimName": format!("{claim}-{name}-0")}}))
    });
    let volumes: Vec<Value> = volumes.collect();
    if volumes.is_empty() {
        return;
    }
    if let Some(members) = spec.as_object_mut() {
        let list = members.entry("volumes").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.retain(|old| volumes.iter().all(|new| new.get("name") != old.get("name")));
            list.extend(volumes);
        }
    }
}
