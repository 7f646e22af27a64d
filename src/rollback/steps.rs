//! The steps of an undo: one write that matters, traces beside the wait, and the verdict. Pure.

use serde_json::json;

use crate::backend::{AnnotationEdit, pod_path};
use crate::text::{sanitize, shell_quote};

use super::model::field_owner::GivenAnnotation;
use super::model::last_applied::LAST_APPLIED;
use super::model::leftover::{LeftPod, WhyLeft};
use super::model::plan::{Action, RevisionView, Step};
use super::model::record::{PREFIX, RECORD_ANNOTATION, ROLLED_BACK_ANNOTATION, Record, Undo};
use super::model::revision::Revision;
use super::model::template::{self, short_images};
use super::planner::Planner;
use super::{annotation_edits, managed_fields};

/// Seconds that are added to the controller's own deadline: it must speak first.
const GRACE_SECONDS: u64 = 30;
/// Seconds to wait where the workload names no deadline.
const DEFAULT_SECONDS: u64 = 600;
/// Longest change-cause, in characters.
const MAX_CAUSE: usize = 500;

/// All steps, in order.
pub(super) fn of(
    planner: &Planner<'_>,
    target: &Revision,
    undo: &Undo,
    from: &RevisionView,
    to: &RevisionView,
) -> Vec<Step> {
    let edits = annotation_edits::of(planner, target, undo, cause(undo, from, to));
    let mut steps = vec![patch(planner, target, from, to, &edits)];
    steps.extend(give_back(planner, &edits));
    steps.extend(annotate_left_revision(planner, undo, to));
    steps.push(event(planner, undo, from, to));
    steps.extend(deletions(planner, target));
    if !planner.request.no_wait {
        steps.push(wait(planner, target, to));
        steps.extend(stamp(planner, target, planner.record_with(undo), None));
    }
    steps
}

/// The steps where the template is live already and pods of another one are in its way.
pub(super) fn to_finish(
    planner: &Planner<'_>,
    live: &Revision,
    undo: &Undo,
    to: &RevisionView,
) -> Vec<Step> {
    let mut steps = vec![keep(planner, to)];
    steps.extend(deletions(planner, live));
    if !planner.request.no_wait {
        steps.push(wait(planner, live, to));
        let replaces = planner.snapshot.annotation(RECORD_ANNOTATION).unwrap_or_default();
        let record = planner.record_of_finish(live, undo);
        steps.extend(stamp(planner, live, record, Some(replaces.to_owned())));
    }
    steps
}

/// The steps where an earlier call has made the template live, and the rest is still to be done.
pub(super) fn to_resume(planner: &Planner<'_>, live: &Revision, to: &RevisionView) -> Vec<Step> {
    let mut steps = vec![keep(planner, to), wait(planner, live, to)];
    let replaces = planner.snapshot.annotation(RECORD_ANNOTATION).unwrap_or_default().to_owned();
    steps.extend(stamp(planner, live, Some(planner.record.clone()), Some(replaces)));
    steps
}

fn keep(planner: &Planner<'_>, to: &RevisionView) -> Step {
    let reference = planner.snapshot.target.reference();
    Step {
        id: "keep".to_owned(),
        summary: format!("leave {reference} at the template of {}", to.label()),
        action: Action::KeepTemplate {
            path: planner.backend.path(&planner.snapshot.target),
            uid: planner.snapshot.uid().to_owned(),
            fingerprint: template::fingerprint(&planner.revisions.live_template),
        },
        preconditions: vec!["same uid and template".to_owned()],
        expects: format!("the template of {}", to.label()),
        compensation: None,
        optional: false,
    }
}

/// Deletes the pods that the controller would leave, where that is to be done.
fn deletions(planner: &Planner<'_>, target: &Revision) -> Vec<Step> {
    let Some(leftovers) = planner.leftovers_to_delete(target) else { return Vec::new() };
    let namespace = &planner.snapshot.target.namespace;
    let why = match leftovers.why {
        WhyLeft::Stuck => "since the controller waits for it",
        WhyLeft::OnDelete => "since its update strategy is OnDelete",
    };
    let deletion = |pod: &LeftPod| Step {
        id: format!("delete-{}", pod.name),
        summary: format!("delete pod {}, {why}", pod.name),
        action: Action::DeletePod {
            path: pod_path(namespace, &pod.name),
            uid: pod.uid.clone(),
            name: pod.name.clone(),
            ready: pod.ready,
        },
        preconditions: vec![
            "same uid".to_owned(),
            "the controller has seen the template".to_owned(),
        ],
        expects: "the controller makes it again from the new template".to_owned(),
        compensation: None,
        optional: false,
    };
    leftovers.pods.iter().map(deletion).collect()
}

fn name_with_images(view: &RevisionView, other: &RevisionView) -> String {
    format!("{} ({})", view.label(), short_images(&view.images, &other.images).join(", "))
}

pub(super) fn cause(undo: &Undo, from: &RevisionView, to: &RevisionView) -> String {
    let what =
        format!("rb undo: {} back to {}", name_with_images(from, to), name_with_images(to, from));
    let reason = undo.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let incident = undo.incident.as_ref().map(|id| format!(" [{id}]")).unwrap_or_default();
    // kubectl prints this as it is, on terminals of other people.
    let [what, reason, incident] =
        [what, reason, incident].map(|part| sanitize(&part).into_owned());
    // A long reason is cut rather than what follows it.
    let room = MAX_CAUSE.saturating_sub(what.chars().count() + incident.chars().count());
    let reason: String = reason.chars().take(room).collect();
    format!("{what}{reason}{incident}").chars().take(MAX_CAUSE).collect()
}

fn patch(
    planner: &Planner<'_>,
    target: &Revision,
    from: &RevisionView,
    to: &RevisionView,
    edits: &[AnnotationEdit],
) -> Step {
    let workload = &planner.snapshot.workload;
    let reference = planner.snapshot.target.reference();
    let last_applied = edits.iter().any(|edit| edit.key == LAST_APPLIED);
    Step {
        id: "patch".to_owned(),
        summary: format!("patch {reference} to the template of {}", to.label()),
        action: Action::PatchWorkload {
            path: planner.backend.path(&planner.snapshot.target),
            body: planner.backend.undo_patch(workload, target, edits),
        },
        preconditions: vec![
            "same uid".to_owned(),
            format!("the live template is still that of {}", from.label()),
            if last_applied {
                "same change-cause, undo record and last-applied configuration".to_owned()
            } else {
                "same change-cause and undo record".to_owned()
            },
        ],
        expects: format!("the template of {}", to.label()),
        compensation: planner.forward(),
        optional: false,
    }
}

/// The fields that the patch takes from others go back to them: the next server-side apply must
/// neither meet rb nor leave what only the old template has.
fn give_back(planner: &Planner<'_>, edits: &[AnnotationEdit]) -> Option<Step> {
    let workload = &planner.snapshot.workload;
    let owner = managed_fields::template_owner(workload)?;
    let given = |edit: &AnnotationEdit| GivenAnnotation {
        key: edit.key.clone(),
        owner: managed_fields::annotation_owner(workload, &edit.key),
    };
    let not_own = edits.iter().filter(|edit| !edit.key.starts_with(PREFIX));
    let others = managed_fields::other_owners(workload, &owner);
    let also: String = others.iter().map(|other| format!(" and {}", other.owner)).collect();
    Some(Step {
        id: "ownership".to_owned(),
        summary: format!("give the fields of the template back to field manager {owner}{also}"),
        action: Action::GiveBackFields {
            path: planner.backend.path(&planner.snapshot.target),
            annotations: not_own.map(given).collect(),
            owner,
            others,
        },
        preconditions: vec!["same uid, template and entries of managedFields".to_owned()],
        expects: "the next server-side apply meets no conflict with rb".to_owned(),
        compensation: None,
        optional: true,
    })
}

/// A copy of the record for people who look at the revision that was left.
fn annotate_left_revision(planner: &Planner<'_>, undo: &Undo, to: &RevisionView) -> Option<Step> {
    let left = planner.revisions.live()?;
    let path = planner.backend.revision_path(&planner.snapshot.target, left)?;
    let value = json!({
        "workload": planner.snapshot.uid(),
        "hash": left.hash,
        "undo": undo,
    });
    Some(Step {
        id: "annotate".to_owned(),
        summary: format!("annotate {} as rolled back", left.name),
        action: Action::AnnotateRevision {
            path,
            body: json!({"metadata": {
                // A uid in the body is a precondition: the API server refuses another object.
                "uid": left.uid,
                "annotations": {ROLLED_BACK_ANNOTATION: value.to_string()},
            }}),
        },
        preconditions: vec!["same uid".to_owned()],
        expects: format!("{} says that it was left for {}", left.name, to.label()),
        compensation: None,
        optional: true,
    })
}

fn event(planner: &Planner<'_>, undo: &Undo, from: &RevisionView, to: &RevisionView) -> Step {
    let target = &planner.snapshot.target;
    let message = format!("{} by {}", cause(undo, from, to), undo.by);
    // Events tell time in whole seconds.
    let at = undo.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let body = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": format!("rb-{}", undo.id), "namespace": target.namespace},
        "involvedObject": {
            "apiVersion": target.api_version,
            "kind": target.kind,
            "namespace": target.namespace,
            "name": target.name,
            "uid": planner.snapshot.uid(),
        },
        "type": "Normal",
        "reason": "RolledBack",
        "message": message.chars().take(1_000).collect::<String>(),
        "source": {"component": "rb"},
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    });
    Step {
        id: "event".to_owned(),
        summary: format!("write an Event on {}", target.reference()),
        action: Action::CreateEvent {
            path: format!("/api/v1/namespaces/{}/events", target.namespace),
            body,
        },
        preconditions: Vec::new(),
        expects: "an Event RolledBack".to_owned(),
        compensation: None,
        optional: true,
    }
}

fn wait(planner: &Planner<'_>, target: &Revision, to: &RevisionView) -> Step {
    let workload = &planner.snapshot.workload;
    let reference = planner.snapshot.target.reference();
    let timeout_seconds = planner
        .request
        .timeout_seconds
        .unwrap_or_else(|| default_timeout(planner.backend.progress_deadline(workload)));
    let status = format!("status {}", shell_quote(&reference));
    Step {
        id: "wait".to_owned(),
        summary: format!("wait until {reference} runs {} and nothing else", to.label()),
        action: Action::Wait {
            pod_selector: planner.backend.pod_selector(workload, &target.hash),
            timeout_seconds,
        },
        preconditions: vec!["the patch was accepted".to_owned()],
        expects: "every pod is of the target template and available".to_owned(),
        compensation: Some(planner.request.hints.rb(&status)),
        optional: false,
    }
}

/// How long to wait where the user did not say: the controller must be able to give up first.
#[must_use]
pub(super) fn default_timeout(progress_deadline: Option<u64>) -> u64 {
    progress_deadline.map_or(DEFAULT_SECONDS, |seconds| seconds + GRACE_SECONDS)
}

fn stamp(
    planner: &Planner<'_>,
    target: &Revision,
    record: Option<Record>,
    replaces: Option<String>,
) -> Option<Step> {
    let record = record?;
    if planner.backend.runs_nothing(&planner.snapshot.workload).is_some() {
        return None;
    }
    Some(Step {
        id: "stamp".to_owned(),
        summary: format!("record the verdict on {}", target.label()),
        action: Action::StampVerdict {
            path: planner.backend.path(&planner.snapshot.target),
            uid: planner.snapshot.uid().to_owned(),
            hash: target.hash.clone(),
            revision_uid: target.uid.clone(),
            record,
            replaces,
        },
        preconditions: vec!["same uid, template and undo record".to_owned()],
        expects: "later undos know how this revision did".to_owned(),
        compensation: None,
        optional: true,
    })
}
