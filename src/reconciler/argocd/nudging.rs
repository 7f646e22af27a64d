//! What makes an Application act now: a request to compare, a sync where it does none by itself, the end
//! of an operation that stands in the way. All of it is written to the Application; Argo CD's own API is
//! not needed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::Path;
use crate::rollback::model::convergence::Convergence;
use crate::rollback::model::following::Unheard;
use crate::rollback::model::record::FIELD_MANAGER;

use super::super::following::{Following, Goal, Nudge, NudgeKind};
use super::super::marks::annotation;
use super::fields::{flag, items, text};
use super::operation::{self, Phase, revisions};
use super::policy::{is_automated, leaves_commits_out};
use super::revision::shorts;
use super::{API, converging, hydrator, qualified, sources};

pub(super) const REFRESH: &str = "argocd.argoproj.io/refresh";
const HYDRATE: &str = "argocd.argoproj.io/hydrate";
/// By this an operation of rb is known in the status.
pub(super) const OPERATION: &str = "kubectl-rb/operation";
const STATE: &str = "/status/operationState";

/// A request that comes while the Application is being compared anyway is lost: so it is made again,
/// the first time soon.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_secs(10);
/// After so long what is in the cache of the repo-server is not waited for any more.
const HARD_AFTER: Duration = Duration::from_secs(60);
/// How long a running operation may have to end by itself: a heal takes less.
const TO_END: Duration = Duration::from_secs(1);
/// How long a sync that an Application does by itself may take to begin.
const TO_BEGIN: Duration = Duration::from_secs(15);
/// A sync of rb that came to nothing is not asked for again sooner.
const NEXT_SYNC: Duration = Duration::from_secs(30);

/// Where the Application is.
pub(super) fn path(application: &Value) -> Path {
    let (namespace, name) =
        (text(application, "/metadata/namespace"), text(application, "/metadata/name"));
    Path::namespaced(API, namespace, "applications").name(name)
}

/// Whether it has not answered yet to a request to compare.
pub(super) fn is_refresh_open(application: &Value) -> bool {
    annotation(application, REFRESH).is_some()
}

/// What is to be written now.
pub(super) fn of(application: &Value, following: &Following<'_>) -> Vec<Nudge> {
    let nudge = match converging::of(application, following) {
        // It ends when the window does, instead of being applied then. Until then nothing moves.
        Convergence::Blocked { .. } if converging::is_in_window(application) => {
            terminate(application, following)
        }
        Convergence::Blocked { .. } => {
            terminate(application, following).or_else(|| stir(application, following))
        }
        _ if following.goal == Goal::Idle => None,
        Convergence::NotSeen { .. } => refresh(application, following),
        Convergence::Compared { .. } if converging::is_from_cache(application, following) => {
            refresh(application, following)
        }
        Convergence::Compared { .. } => {
            sync(application, following).or_else(|| stir(application, following))
        }
        _ => None,
    };
    nudge.into_iter().collect()
}

/// Has it looked at again, where nothing moves: it says so of an old state, perhaps, or its controller
/// does not run.
fn stir(application: &Value, following: &Following<'_>) -> Option<Nudge> {
    let is_stuck = following.unmoved >= PAUSE;
    is_stuck.then(|| refresh(application, following)).flatten()
}

fn refresh(application: &Value, following: &Following<'_>) -> Option<Nudge> {
    let path = path(application);
    let is_late =
        following.elapsed >= HARD_AFTER && following.last(NudgeKind::HardRefresh, &path).is_none();
    let is_hard = is_late || leaves_commits_out(application);
    let kind = if is_hard { NudgeKind::HardRefresh } else { NudgeKind::Refresh };
    // The same value once more is no event; another one is.
    let open = annotation(application, REFRESH);
    if open == Some("hard") || open.is_some() && !is_hard {
        return None;
    }
    let pause = if following.count(kind, &path) > 1 { PAUSE } else { FIRST_PAUSE };
    if !is_late && !following.is_due(kind, &path, pause) {
        return None;
    }
    let mut annotations = json!({REFRESH: if is_hard { "hard" } else { "normal" }});
    if hydrator::is_used(application)
        && let Some(annotations) = annotations.as_object_mut()
    {
        annotations.insert(HYDRATE.to_owned(), json!("normal"));
    }
    let how = if is_hard { ", without what is cached" } else { "" };
    Some(Nudge {
        kind,
        path,
        body: json!({"metadata": {"annotations": annotations}}),
        token: String::new(),
        summary: format!(
            "ask Argo CD application {} to compare with Git{how}",
            qualified(application)
        ),
        is_needed: false,
    })
}

/// Ends an operation to something else, which would run again and again with the commit behind it.
fn terminate(application: &Value, following: &Following<'_>) -> Option<Nudge> {
    let path = path(application);
    let is_time = match Phase::of(application) {
        Phase::Waiting => true,
        Phase::Running => following.unmoved >= TO_END,
        _ => false,
    };
    let is_due = following.is_due(NudgeKind::Terminate, &path, PAUSE);
    if !is_time || !is_due || !converging::is_pinned(application, following) {
        return None;
    }
    let to = operation::pinned(application);
    let to = if to.is_empty() { String::new() } else { format!(" to {to}") };
    Some(Nudge {
        kind: NudgeKind::Terminate,
        path,
        body: guarded(application, json!({"status": {"operationState": {"phase": "Terminating"}}})),
        token: String::new(),
        summary: format!(
            "terminate the sync{to} of Argo CD application {}",
            qualified(application)
        ),
        // It ends by itself, in minutes.
        is_needed: false,
    })
}

/// A sync to what was compared, hooks and all, as the Application does it by itself.
fn sync(application: &Value, following: &Following<'_>) -> Option<Nudge> {
    let path = path(application);
    let is_automated = is_automated(application);
    let begins = if is_automated { TO_BEGIN } else { Duration::ZERO };
    let is_time = following.unmoved >= begins
        && following.is_due(NudgeKind::Sync, &path, NEXT_SYNC)
        // What it has done it need not do again, though something may differ still.
        && !(Phase::of(application) == Phase::Succeeded
            && converging::was_tried(application, following)
            && !converging::had_ended(application, following));
    if !following.may_sync || !is_time || !is_syncable(application) {
        return None;
    }
    let token = following.next_token(NudgeKind::Sync, &path);
    let body = json!({
        "operation": operation_of(application, &token),
        // What is left in it would get into the new one, and make it a sync of some objects only.
        "status": {"operationState": null},
    });
    let to = shorts(revisions(application, "/status/sync"));
    Some(Nudge {
        kind: NudgeKind::Sync,
        path,
        body: guarded(application, body),
        token,
        summary: format!("sync Argo CD application {} to {to}", qualified(application)),
        is_needed: !is_automated,
    })
}

/// Whether an operation can be asked for, with a revision for each source. With one too few Argo CD
/// would take whatever `targetRevision` is then.
fn is_syncable(application: &Value) -> bool {
    let is_at_rest =
        matches!(Phase::of(application), Phase::Never | Phase::Succeeded | Phase::Failed);
    let several = items(application, "/status/sync/revisions");
    let revisions = revisions(application, "/status/sync").len();
    let sources =
        if hydrator::is_used(application) { 1 } else { sources::declared(application).len() };
    let is_whole = several.is_empty() || several.len() == revisions;
    is_at_rest && is_whole && revisions == sources && sources > 0
}

fn operation_of(application: &Value, token: &str) -> Value {
    let compared = revisions(application, "/status/sync");
    let is_multiple = !items(application, "/spec/sources").is_empty();
    let mut sync = json!({"syncStrategy": {"hook": {}}});
    let mut operation = json!({
        "initiatedBy": {"username": FIELD_MANAGER},
        "info": [{"name": OPERATION, "value": token}],
    });
    if let Some(sync) = sync.as_object_mut() {
        let (member, value) = match compared.as_slice() {
            [one] if !is_multiple => ("revision", json!(one)),
            all => ("revisions", json!(all)),
        };
        sync.insert(member.to_owned(), value);
        if is_automated(application) && flag(application, "/spec/syncPolicy/automated/prune") {
            sync.insert("prune".to_owned(), json!(true));
        }
        let options = application.pointer("/spec/syncPolicy/syncOptions");
        sync.extend(options.map(|options| ("syncOptions".to_owned(), options.clone())));
    }
    if let Some(operation) = operation.as_object_mut() {
        operation.insert("sync".to_owned(), sync);
        let retry = application.pointer("/spec/syncPolicy/retry");
        operation.extend(retry.map(|retry| ("retry".to_owned(), retry.clone())));
    }
    operation
}

/// The patch, for the object as it was read and no other.
pub(super) fn guarded(application: &Value, mut body: Value) -> Value {
    if let Some(body) = body.as_object_mut() {
        let version = text(application, "/metadata/resourceVersion");
        body.insert("metadata".to_owned(), json!({"resourceVersion": version}));
    }
    body
}

/// Whoever does what is asked of an Application, where nothing shows that he has seen it.
pub(super) fn unheard(application: &Value, following: &Following<'_>) -> Option<Unheard> {
    let path = path(application);
    let was_asked = |kind| following.last(kind, &path).is_some();
    let refresh = is_refresh_open(application)
        && (was_asked(NudgeKind::Refresh) || was_asked(NudgeKind::HardRefresh));
    let sync = was_asked(NudgeKind::Sync) && Phase::of(application) == Phase::Asked;
    let end = was_asked(NudgeKind::Terminate)
        && text(application, &format!("{STATE}/phase")) == "Terminating"
        && !converging::is_in_window(application);
    let namespace = match text(application, "/status/controllerNamespace") {
        "" => text(application, "/metadata/namespace"),
        control => control,
    };
    (refresh || sync || end).then(|| Unheard {
        who: "the application-controller of Argo CD".to_owned(),
        check: format!(
            "kubectl get pods -n {} -l app.kubernetes.io/name=argocd-application-controller",
            crate::text::shell_quote(namespace)
        ),
    })
}

#[cfg(test)]
mod tests;
