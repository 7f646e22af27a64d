//! Having an `ApplicationSet` read its generators again, and how far it is with that.
//!
//! It reads what they have in Git every three minutes by default. Asked by an annotation it does so at
//! once, and takes the annotation away when its Applications are as they say
//! (`applicationset/controllers/applicationset_controller.go`, `RefreshRequired`). It says nowhere which
//! commit it has read.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::Path;
use crate::rollback::model::convergence::Convergence;
use crate::rollback::model::following::Unheard;
use crate::text::{shell_quote, truncate};

use super::super::following::{Following, Goal, Nudge, NudgeKind};
use super::fields::{is_set, items, text};
use super::{API, generators};

/// Any value asks.
const ASK: &str = "argocd.argoproj.io/application-set-refresh";
/// So often it reads Git where nobody says otherwise, in seconds.
const USUAL: u64 = 180;
/// What its Applications need, once it has begun.
const MARGIN: Duration = Duration::from_secs(10);
/// Where it was asked, has the annotation no more, and nobody has seen it go: it was faster than that.
const FASTER: Duration = Duration::from_secs(5);
/// Columns of a message.
const COLUMNS: usize = 300;

/// How far it is.
pub(super) fn of(set: &Value, following: &Following<'_>) -> Convergence {
    if is_set(set, "/metadata/deletionTimestamp") {
        return Convergence::Failed { reason: "it is being deleted".to_owned(), object: None };
    }
    let done = || Convergence::Applied { revision: "what Git holds now".to_owned(), why: None };
    if following.goal == Goal::Idle {
        return done();
    }
    let asked = following.last(NudgeKind::Refresh, &path(set));
    let has_read = match asked {
        _ if is_open(set) => false,
        Some(asked) => {
            let moved = following.elapsed.saturating_sub(following.unmoved);
            moved > asked.at || following.elapsed >= asked.at.saturating_add(FASTER)
        }
        None => following.elapsed >= interval(set).saturating_add(MARGIN),
    };
    if has_read { done() } else { Convergence::NotSeen { has: None, why: error(set) } }
}

/// What is to be written now.
pub(super) fn nudges(set: &Value, following: &Following<'_>) -> Vec<Nudge> {
    let path = path(set);
    if following.goal == Goal::Idle || following.count(NudgeKind::Refresh, &path) > 0 {
        return Vec::new();
    }
    vec![Nudge {
        kind: NudgeKind::Refresh,
        path,
        body: json!({"metadata": {"annotations": {ASK: "true"}}}),
        token: String::new(),
        summary: format!(
            "ask ApplicationSet {}/{} to read its generators now",
            text(set, "/metadata/namespace"),
            text(set, "/metadata/name")
        ),
        is_needed: false,
    }]
}

/// Who has not picked up what was asked.
pub(super) fn unheard(set: &Value, following: &Following<'_>) -> Option<Unheard> {
    let was_asked = following.last(NudgeKind::Refresh, &path(set)).is_some();
    (was_asked && is_open(set)).then(|| Unheard {
        who: "the applicationset-controller of Argo CD".to_owned(),
        check: format!(
            "kubectl get pods -n {} -l app.kubernetes.io/name=argocd-applicationset-controller",
            shell_quote(text(set, "/metadata/namespace"))
        ),
    })
}

fn path(set: &Value) -> Path {
    let (namespace, name) = (text(set, "/metadata/namespace"), text(set, "/metadata/name"));
    Path::namespaced(API, namespace, "applicationsets").name(name)
}

fn is_open(set: &Value) -> bool {
    let annotations = set.pointer("/metadata/annotations");
    annotations.is_some_and(|annotations| annotations.get(ASK).is_some())
}

/// How long it takes at most until it reads Git by itself.
fn interval(set: &Value) -> Duration {
    let of = |(_, generator): (usize, &Value)| {
        let seconds = generator.pointer("/git/requeueAfterSeconds").and_then(Value::as_u64);
        seconds.filter(|seconds| *seconds > 0).unwrap_or(USUAL)
    };
    let longest = generators::of_git(set).into_iter().map(of).max();
    Duration::from_secs(longest.unwrap_or(USUAL))
}

/// Why it cannot make its Applications, where it says so.
fn error(set: &Value) -> Option<String> {
    let is_error = |condition: &&Value| {
        text(condition, "/type") == "ErrorOccurred" && text(condition, "/status") == "True"
    };
    let found = items(set, "/status/conditions").iter().find(is_error)?;
    Some(truncate(text(found, "/message"), COLUMNS).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::super::following::Given;
    use super::*;
    use crate::rollback::model::convergence::Relation;

    fn set(annotations: &Value, error: Option<&str>) -> Value {
        let conditions = error
            .map(|error| json!([{"type": "ErrorOccurred", "status": "True", "message": error}]));
        json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
            "metadata": {"name": "fleet", "namespace": "argocd", "annotations": annotations},
            "spec": {"generators": [{"git": {"repoURL": "https://git.test/fleet.git"}}]},
            "status": {"conditions": conditions},
        })
    }

    /// What is said at a time, of a set that changed last so many seconds ago and was asked then.
    fn said(set: &Value, elapsed: u64, unmoved: u64, asked: Option<u64>) -> Convergence {
        let given: Vec<Given> = asked
            .into_iter()
            .map(|at| Given {
                kind: NudgeKind::Refresh,
                path: path(set).to_string(),
                token: String::new(),
                at: Duration::from_secs(at),
            })
            .collect();
        let relation = |_: &str| Relation::Other;
        let following = Following {
            elapsed: Duration::from_secs(elapsed),
            unmoved: Duration::from_secs(unmoved),
            given: &given,
            ..Following::of_nobody(&relation, &[])
        };
        assert_eq!(nudges(set, &following).is_empty(), asked.is_some());
        assert_eq!(unheard(set, &following).is_some(), asked.is_some() && is_open(set));
        of(set, &following)
    }

    #[test]
    fn it_has_read_when_it_takes_the_annotation_away() {
        let (quiet, open) = (json!({}), json!({ASK: "true"}));
        for (annotations, elapsed, unmoved, asked, has_read) in [
            // Nobody has asked: it reads after three minutes.
            (&quiet, 1, 1, None, false),
            (&quiet, 189, 189, None, false),
            (&quiet, 190, 190, None, true),
            // What was asked is not seen yet, or seen and not done.
            (&quiet, 2, 2, Some(1), false),
            (&open, 3, 1, Some(1), false),
            (&open, 300, 298, Some(1), false),
            // It is done, or was done before anybody could see it.
            (&quiet, 4, 1, Some(1), true),
            (&quiet, 6, 6, Some(1), true),
        ] {
            let found = said(&set(annotations, None), elapsed, unmoved, asked);
            let is_done = matches!(found, Convergence::Applied { .. });
            assert_eq!(is_done, has_read, "{annotations} {elapsed} {unmoved} {asked:?}: {found}");
        }
    }

    #[test]
    fn what_keeps_it_from_reading_is_told() {
        let found = said(&set(&json!({ASK: "true"}), Some("no such branch")), 3, 1, Some(1));
        assert!(found.to_string().contains("no such branch"), "{found}");
    }
}
