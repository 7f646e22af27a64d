//! Requests to the controllers of Flux: an annotation whose value they repeat in the status once a run
//! has begun after it. That proves a run, and not that it did anything.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rollback::model::following::Unheard;

use super::super::following::{Address, Following, Given, Nudge, NudgeKind};
use super::condition::true_one;
use super::fields::text;

pub(super) const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";
/// Where Flux is, unless somebody chose otherwise.
const NAMESPACE: &str = "flux-system";

/// Asks for a run of an object.
pub(super) fn of(kind: NudgeKind, address: &Address, following: &Following<'_>) -> Nudge {
    let path = address.object();
    let token = following.next_token(kind, &path);
    let target = &address.target;
    let what = match kind {
        NudgeKind::Fetch => "fetch",
        _ => "run",
    };
    Nudge {
        kind,
        path,
        body: json!({"metadata": {"annotations": {REQUESTED: token}}}),
        token,
        summary: format!("ask {} {}/{} to {what} now", target.kind, target.namespace, target.name),
        is_needed: false,
    }
}

/// Whether a run of the object has begun after this.
pub(super) fn is_handled(object: &Value, given: &Given) -> bool {
    text(object, "/status/lastHandledReconcileAt") == given.token
}

/// Asks again, where the last request was handled and is so long ago, or there was none.
pub(super) fn again(
    kind: NudgeKind,
    address: &Address,
    object: &Value,
    following: &Following<'_>,
    pause: Duration,
) -> Option<Nudge> {
    let path = address.object();
    let is_open = following.last(kind, &path).is_some_and(|last| !is_handled(object, last));
    (!is_open && following.is_due(kind, &path, pause)).then(|| of(kind, address, following))
}

/// The controller that has not begun a run that was asked for, of the owner or of one of the others. One
/// that is busy with a run takes up nothing else, and is there.
pub(super) fn unheard(
    owner: &Value,
    address: &Address,
    following: &Following<'_>,
) -> Option<Unheard> {
    let is_own = |given: &Given| given.path == address.object().as_str();
    let mut latest: Vec<&Given> = Vec::new();
    for given in following.given.iter().rev() {
        if !latest.iter().any(|later| later.path == given.path) {
            latest.push(given);
        }
    }
    latest.into_iter().find_map(|given| {
        let object = if is_own(given) { owner } else { object_at(given, following)? };
        let is_busy = true_one(object, "Reconciling")
            .is_some_and(|running| running.reason() != "ProgressingWithRetry");
        let is_open = !is_busy && !is_handled(object, given);
        is_open.then(|| controller_of(text(object, "/kind")))
    })
}

/// One of the others, by the end of its path.
fn object_at<'a>(given: &Given, following: &Following<'a>) -> Option<&'a Value> {
    following.others.iter().copied().find(|object| {
        let kind = text(object, "/kind").to_ascii_lowercase();
        let (namespace, name) =
            (text(object, "/metadata/namespace"), text(object, "/metadata/name"));
        // The plural of each of these kinds is its own beginning and an ending.
        let stem = kind.strip_suffix('y').unwrap_or(&kind);
        given.path.contains(&format!("/namespaces/{namespace}/{stem}"))
            && given.path.ends_with(&format!("/{name}"))
    })
}

fn controller_of(kind: &str) -> Unheard {
    let controller = match kind {
        "Kustomization" => "kustomize-controller",
        "HelmRelease" => "helm-controller",
        _ => "source-controller",
    };
    Unheard {
        who: format!("the {controller} of Flux"),
        check: format!("kubectl get pods -n {NAMESPACE} -l app={controller}"),
    }
}
