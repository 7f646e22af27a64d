//! What a plan from a file may do. The file may have come a long way, through hands that must not
//! gain the rights of whoever carries it out: it may make another template of its target live, and
//! leave rb's traces. Pure.

use serde_json::{Value, json};

use crate::backend::{CHANGE_CAUSE, Rollbacker, pod_path};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::field_owner::{FieldOwner, GivenAnnotation};
use crate::rollback::model::last_applied::{LAST_APPLIED, with_template};
use crate::rollback::model::plan::{Action, Plan};
use crate::rollback::model::record::{FIELD_MANAGER, PREFIX, ROLLED_BACK_ANNOTATION};
use crate::text::shell_quote;

/// Where a JSON Patch finds what was last applied.
const LAST_APPLIED_PATH: &str =
    "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";

/// Refuses a plan that would do anything else than undo its target.
pub(super) fn check(backend: &dyn Rollbacker, plan: &Plan) -> Result<()> {
    let workload = backend.path(&plan.target);
    let (mut patches, mut deletions, mut kept) = (0, 0, 0);
    for step in &plan.steps {
        let allowed = match &step.action {
            Action::PatchWorkload { path, body } => {
                patches += 1;
                *path == workload && is_undo(body)
            }
            Action::KeepTemplate { path, .. } => {
                kept += 1;
                *path == workload
            }
            // Whose pod it is, the cluster says.
            Action::DeletePod { path, uid, name, .. } => {
                deletions += 1;
                *path == pod_path(&plan.target.namespace, name) && !uid.is_empty()
            }
            Action::AnnotateRevision { path, body } => is_revision(path, plan) && is_trace(body),
            Action::CreateEvent { path, body } => {
                *path == format!("/api/v1/namespaces/{}/events", plan.target.namespace)
                    && body.get("kind") == Some(&Value::from("Event"))
            }
            Action::GiveBackFields { path, owner, others, annotations } => {
                let owners = [owner].into_iter().chain(others.iter().map(|other| &other.owner));
                *path == workload && is_a_return(owners, annotations)
            }
            Action::StampVerdict { path, .. } => *path == workload,
            Action::Wait { .. } => true,
            // What goes through Git is planned anew.
            Action::Record { .. }
            | Action::Settle { .. }
            | Action::Hold { .. }
            | Action::See { .. }
            | Action::Release { .. }
            | Action::SearchGit
            | Action::Revert { .. }
            | Action::Follow { .. }
            | Action::Unblock { .. } => false,
        };
        if !allowed {
            return Err(refused(plan, &format!("its step {:?} does more than that", step.id)));
        }
    }
    match (patches, kept) {
        (1, 0) => Ok(()),
        (0, 1) if deletions > 0 => Ok(()),
        _ => Err(refused(plan, &format!("it has {patches} patches"))),
    }
}

fn refused(plan: &Plan, why: &str) -> Error {
    let reference = plan.target.reference();
    let message = format!("the plan may only undo {reference}, and {why}: nothing was written");
    let again = format!("rb undo {} -n {}", shell_quote(&reference), plan.target.namespace);
    Error::new(ErrorKind::Refused, message).hint(format!("to plan again: {again}"))
}

/// Tests of any kind, then the template and annotations; nothing without the two tests that say
/// which object and which release it was planned for.
fn is_undo(body: &Value) -> bool {
    let operations = || body.as_array().into_iter().flatten();
    let text = |operation: &Value, member: &str| {
        operation.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let tests =
        |path: &str| operations().any(|o| text(o, "op") == "test" && text(o, "path") == path);
    let allowed = |operation: &Value| {
        let path = text(operation, "path");
        match text(operation, "op").as_str() {
            "test" => true,
            "replace" => path == "/spec/template",
            "add" if path == "/metadata/annotations" => operation.get("value") == Some(&json!({})),
            "add" if path == LAST_APPLIED_PATH => keeps_the_rest(body, operation),
            "add" => path.strip_prefix("/metadata/annotations/").is_some_and(is_ours),
            _ => false,
        }
    };
    let replaces = operations().filter(|o| text(o, "op") == "replace").count();
    operations().all(allowed) && replaces == 1 && tests("/metadata/uid") && tests("/spec/template")
}

/// Whether the key of an annotation, as a JSON pointer writes it, is one that an undo writes.
fn is_ours(key: &str) -> bool {
    let key = key.replace("~1", "/");
    key == CHANGE_CAUSE || key.starts_with(PREFIX)
}

/// Whether what was last applied becomes what the patch tested, with nothing but its template changed,
/// and that to the one which goes live: the next apply deletes what stands in there.
fn keeps_the_rest(body: &Value, operation: &Value) -> bool {
    let values = |op: &str, path: &str| {
        let is_it = |o: &&Value| {
            o.get("op") == Some(&Value::from(op)) && o.get("path") == Some(&Value::from(path))
        };
        let found: Vec<&Value> = body.as_array().into_iter().flatten().filter(is_it).collect();
        found.into_iter().filter_map(|o| o.get("value")).collect::<Vec<_>>()
    };
    let before = values("test", LAST_APPLIED_PATH);
    let template = values("replace", "/spec/template");
    let after = operation.get("value").and_then(Value::as_str);
    match (before.as_slice(), template.as_slice()) {
        ([before], [template]) => before.as_str().is_some_and(|before| {
            after.is_some() && with_template(before, template).as_deref() == after
        }),
        _ => false,
    }
}

/// Whether fields go to somebody who can have had them: none of rb's own, and no name that no field
/// manager can have.
fn is_a_return<'p>(
    mut owners: impl Iterator<Item = &'p FieldOwner>,
    annotations: &[GivenAnnotation],
) -> bool {
    let is_owner = |owner: &FieldOwner| {
        let named = !owner.manager.is_empty() && owner.manager.chars().all(|c| !c.is_control());
        named && owner.manager != FIELD_MANAGER && ["Apply", "Update"].contains(&&*owner.operation)
    };
    owners.all(is_owner)
        && annotations.iter().all(|given| {
            [CHANGE_CAUSE, LAST_APPLIED].contains(&&*given.key)
                && given.owner.as_ref().is_none_or(is_owner)
        })
}

/// Nothing but annotations of rb's own, on one object that it names by its uid.
fn is_trace(body: &Value) -> bool {
    let members = |value: &Value| value.as_object().map(|m| m.keys().cloned().collect::<Vec<_>>());
    let metadata = body.get("metadata").unwrap_or(&Value::Null);
    let annotations = metadata.get("annotations").and_then(members).unwrap_or_default();
    members(body).is_some_and(|keys| keys == ["metadata"])
        && members(metadata)
            .is_some_and(|keys| keys.iter().all(|key| key == "uid" || key == "annotations"))
        && metadata.get("uid").is_some_and(Value::is_string)
        && annotations.iter().all(|key| key == ROLLED_BACK_ANNOTATION)
}

/// Everything that stores revisions is of this group: `ReplicaSet`s and `ControllerRevision`s.
fn is_revision(path: &str, plan: &Plan) -> bool {
    path.strip_prefix("/apis/apps/v1/namespaces/")
        .and_then(|rest| rest.strip_prefix(&plan.target.namespace))
        .is_some_and(|rest| rest.starts_with('/') && !rest.contains(".."))
}
