//! What a `HelmRelease` does by itself to an object of its own.

use serde_json::Value;

use crate::rollback::model::ownership::Automation;
use crate::rollback::model::target::Target;

use super::super::acts::Acts;
use super::super::condition::{failure, is_true, true_one};
use super::super::duration::{self, within, words};
use super::super::fields::{flag, is_set, list, text, word};
use super::super::ignore::Ignored;
use super::super::opt_out;
use super::state;

const BACK: &str = "puts back what the release says";
/// Why it does not even try.
const WAITS: [&str; 3] = ["DependencyNotReady", "SourceNotReady", "ArtifactFailed"];
/// How long until a failed action is tried again, where that is at a fixed time and nothing is said.
const RETRY: &str = "5m";

/// `object` is the one that it owns, with its marks.
pub(super) fn of(owner: &Value, object: &Value, target: &Target) -> Acts {
    let suspended = flag(owner, "/spec/suspend");
    let ignored = Ignored::of(target, list(owner, "/spec/driftDetection/ignore"));
    let (would, within) = if is_set(owner, "/metadata/deletionTimestamp") {
        let end = if suspended { "leaves its release behind" } else { "uninstalls its release" };
        (format!("it is being deleted, and {end}"), None)
    } else {
        standing_still(owner).unwrap_or_else(|| drift(owner, object, &ignored))
    };
    let heals = corrects(owner) && left_alone(object, &ignored).is_none();
    Acts { would, within, automation: Automation { syncs: true, heals, prunes: true, suspended } }
}

fn corrects(owner: &Value) -> bool {
    text(owner, "/spec/driftDetection/mode") == "enabled"
}

/// Why it does not look whether the object has changed.
fn left_alone(object: &Value, ignored: &Ignored) -> Option<String> {
    let whole = ignored.words().filter(|_| ignored.is_all());
    opt_out::from_drift(object)
        .or(whole.map(|paths| format!("spec.driftDetection.ignore: {paths}")))
}

/// Where its state decides, and not how it is set up.
fn standing_still(owner: &Value) -> Option<(String, Option<u64>)> {
    if flag(owner, "/spec/suspend") {
        let would = format!(
            "it does nothing while it is suspended; its next upgrade, once it is resumed, {BACK}"
        );
        return Some((would, None));
    }
    if let Some(stalled) = true_one(owner, "Stalled") {
        let why = stalled.reason();
        let would = format!(
            "it does nothing until its chart or its values change ({why}), and then {BACK}"
        );
        return Some((would, None));
    }
    if let Some(action) = state::action(owner) {
        let (name, most) = (action.name, words(action.most));
        let would = format!(
            "it is in the middle of {name}, for up to {most}; if that fails, what it does then {BACK}"
        );
        return Some((would, Some(action.most)));
    }
    let reason = failure(owner)?.reason();
    if WAITS.contains(&reason) {
        let would = format!(
            "it does nothing until its chart and what it depends on are ready ({reason}); its next \
             upgrade {BACK}"
        );
        return Some((would, None));
    }
    // With nothing under way it stays as it is: no retries are left, or none were wanted.
    if !is_true(owner, "Reconciling") {
        return None;
    }
    let within = retry(owner);
    let latest = within.map(|within| format!(", within {}", words(within))).unwrap_or_default();
    let would = format!("it tries again by itself{latest} ({reason}), and {BACK}");
    Some((would, within))
}

/// When a failed action is tried again, where that is at a fixed time.
fn retry(owner: &Value) -> Option<u64> {
    let action = match text(owner, "/status/lastAttemptedReleaseAction") {
        "install" => "install",
        _ => "upgrade",
    };
    let strategy = owner.pointer(&format!("/spec/{action}/strategy"))?;
    (text(strategy, "/name") == "RetryOnFailure").then_some(())?;
    duration::parse(word(strategy, "/retryInterval").unwrap_or(RETRY)).map(within)
}

fn drift(owner: &Value, object: &Value, ignored: &Ignored) -> (String, Option<u64>) {
    let later = format!("its next upgrade {BACK}");
    if !corrects(owner) {
        let now = match text(owner, "/spec/driftDetection/mode") {
            "warn" => {
                "it tells of the difference and changes nothing now (drift detection only warns)"
            }
            _ => "it does nothing now (drift detection is off)",
        };
        return (format!("{now}, and {later}"), None);
    }
    if let Some(why) = left_alone(object, ignored) {
        return (format!("it does nothing by itself to this object ({why}), and {later}"), None);
    }
    let within = duration::at(owner, "/spec/interval").map(within);
    let latest = within.map(|within| format!(", within {}", words(within))).unwrap_or_default();
    let mut would = format!("it {BACK} at its next run{latest} (drift detection is on)");
    if let Some(paths) = ignored.words() {
        would.push_str(&format!(", but not {paths} (spec.driftDetection.ignore)"));
    }
    (would, within)
}
