//! What a Kustomization does by itself to an object of its own.

use serde_json::Value;

use crate::rollback::model::ownership::Automation;
use crate::rollback::model::target::Target;

use super::super::acts::Acts;
use super::super::condition::{failure, true_one};
use super::super::duration::{self, seconds, within, words};
use super::super::fields::{flag, is_set, list, text};
use super::super::health_check;
use super::super::ignore::Ignored;
use super::super::opt_out;

const BACK: &str = "puts back what its source says";
/// Why it does not even try.
const WAITS: &str = "DependencyNotReady";

/// `object` is the one that it owns, with its marks.
pub(super) fn of(owner: &Value, object: &Value, target: &Target) -> Acts {
    let ignored = Ignored::of(target, list(owner, "/spec/ignore"));
    let whole = ignored.words().filter(|_| ignored.is_all());
    let whole = whole.map(|paths| format!("spec.ignore: {paths}"));
    let left_alone = opt_out::from_apply(object).or(whole);
    let automation = Automation {
        syncs: left_alone.is_none(),
        heals: left_alone.is_none(),
        prunes: flag(owner, "/spec/prune") && !opt_out::is_kept(object),
        suspended: flag(owner, "/spec/suspend"),
    };
    let (mut would, within) = match left_alone {
        _ if is_set(owner, "/metadata/deletionTimestamp") => (ending(owner, object), None),
        Some(why) => (
            format!(
                "it leaves this object alone ({why}): a direct write stays, and a revert in Git does \
                 not reach it"
            ),
            None,
        ),
        None => next_run(owner),
    };
    if automation.heals
        && let Some(paths) = ignored.words()
    {
        would.push_str(&format!(", but not {paths} (spec.ignore)"));
    }
    Acts { would, within, automation }
}

/// It is being deleted.
fn ending(owner: &Value, object: &Value) -> String {
    let deletes = match text(owner, "/spec/deletionPolicy") {
        "Delete" | "WaitForTermination" => true,
        "Orphan" => false,
        _ => flag(owner, "/spec/prune"),
    };
    let deletes = deletes && !flag(owner, "/spec/suspend") && !opt_out::is_kept(object);
    let end = if deletes { "deletes this object with it" } else { "leaves this object behind" };
    format!("it is being deleted, and {end}")
}

fn next_run(owner: &Value) -> (String, Option<u64>) {
    if flag(owner, "/spec/suspend") {
        let would = format!("it does nothing while it is suspended, and {BACK} once it is resumed");
        return (would, None);
    }
    if let Some(stalled) = true_one(owner, "Stalled") {
        let why = stalled.reason();
        let would = format!("it does nothing until its spec is changed ({why}), and then {BACK}");
        return (would, None);
    }
    let failure = failure(owner);
    if failure.is_some_and(|ready| ready.reason() == WAITS) {
        let would = format!("it does nothing until what it depends on is ready, and then {BACK}");
        return (would, None);
    }
    let interval = duration::at(owner, "/spec/interval");
    // A try after a failure comes exactly then.
    let retry = duration::at(owner, "/spec/retryInterval").or(interval).map(seconds);
    let regular = interval.map(within);
    if let Some(running) = health_check::running(owner) {
        let most = seconds(running.timeout);
        let would =
            format!("it waits for health, for up to {}, and {BACK} after that", words(most));
        return (would, regular.max(retry).map(|next| next.saturating_add(most)));
    }
    let (when, within) = match failure {
        Some(_) => ("its next try", retry),
        None => ("its next run", regular),
    };
    let latest = within.map(|within| format!(", within {}", words(within))).unwrap_or_default();
    (format!("it {BACK} at {when}{latest}, and whenever its source changes"), within)
}
