//! What an Application does to a direct write, and when.

use serde_json::Value;

use crate::rollback::model::ownership::Automation;
use crate::rollback::model::target::Target;

use super::super::marks::annotation;
use super::fields::{flag, items, text};
use super::operation::{self, Phase};

pub(super) const SKIP: &str = "argocd.argoproj.io/skip-reconcile";
/// Argo CD compares only commits that touch one of these paths.
pub(super) const PATHS: &str = "argocd.argoproj.io/manifest-generate-paths";
/// While it is there, what the Application lists is deleted with it.
const CASCADE: &str = "resources-finalizer.argocd.argoproj.io";

/// The first time it takes a fraction of a second.
const AT_ONCE: u64 = 1;
/// After a heal it waits 2 s, then three times as long each time, up to 5 minutes.
const FIRST_PAUSE: u64 = 2;
const LONGEST_PAUSE: u64 = 300;
/// It looks at Git every 2 to 3 minutes, and may get an answer that is 3 minutes old.
const SEEN_WITHIN: &str = "6 min";

/// What it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Act {
    /// In words.
    pub(super) would: String,
    /// Within how many seconds, at the most; `None`: at no time that is known.
    pub(super) within: Option<u64>,
}

/// What it is of the object that it puts back.
pub(super) fn noun(of: &Target) -> &'static str {
    if of.kind == "Application" && super::is_of_argo(&of.api_version) {
        "the settings of this Application"
    } else if of.kind == "ApplicationSet" && super::is_of_argo(&of.api_version) {
        "the settings of this ApplicationSet"
    } else {
        "its own version"
    }
}

/// How it is set up to act by itself.
pub(super) fn automation(application: &Value) -> Automation {
    let syncs = is_automated(application);
    let automated =
        |member: &str| syncs && flag(application, &format!("/spec/syncPolicy/automated/{member}"));
    Automation {
        syncs,
        heals: automated("selfHeal"),
        prunes: automated("prune"),
        suspended: is_skipped(application) || is_paused(application),
    }
}

/// What it does to a direct write. `noun` is what it puts back.
pub(super) fn counteraction(application: &Value, noun: &str) -> Act {
    let never = |would: String| Act { would, within: None };
    if application.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string) {
        return never(deletion(application));
    }
    if is_skipped(application) {
        return never(format!(
            "it does nothing while annotation {SKIP} is on it, and puts {noun} back after that"
        ));
    }
    let phase = Phase::of(application);
    if !is_automated(application) {
        return never(by_hand(application, phase, noun));
    }
    if text(application, "/status/sync/status") == "Unknown" {
        return never(format!(
            "it puts {noun} back once it can compare again, which it cannot now"
        ));
    }
    let is_at_compared = operation::is_at_compared(application, leaves_commits_out(application));
    if phase == Phase::Failed && is_at_compared {
        return never(format!(
            "it does nothing by itself after its last sync failed, and puts {noun} back at the next \
             commit"
        ));
    }
    if flag(application, "/spec/syncPolicy/automated/selfHeal") {
        let within = pause(application);
        return Act {
            would: format!("it puts {noun} back within {within} s"),
            within: Some(within),
        };
    }
    // A drift from a commit that was never synced is a reason to sync, whatever self-heal says.
    if !is_at_compared {
        let would = format!(
            "it puts {noun} back within {AT_ONCE} s, since it has not synced the commit yet with \
             which it compares"
        );
        return Act { would, within: Some(AT_ONCE) };
    }
    never(format!("it puts {noun} back at the next commit, which it sees within {SEEN_WITHIN}"))
}

/// What becomes of an object with it.
pub(super) fn deletion(application: &Value) -> String {
    let cascades = items(application, "/metadata/finalizers")
        .iter()
        .filter_map(Value::as_str)
        .any(|finalizer| finalizer.starts_with(CASCADE));
    if cascades {
        "it is being deleted, and deletes this object with it".to_owned()
    } else {
        "it is being deleted, and leaves this object as it is".to_owned()
    }
}

fn by_hand(application: &Value, phase: Phase, noun: &str) -> String {
    if matches!(phase, Phase::Asked | Phase::Running | Phase::Waiting) {
        return format!("it may put {noun} back with the sync that is running");
    }
    if is_paused(application) {
        return format!(
            "it does nothing while automated.enabled is false, and puts {noun} back after that or at \
             the next sync"
        );
    }
    format!("it does nothing by itself, and puts {noun} back at the next sync")
}

/// Auto-sync is on where `automated` is there and `enabled` does not say otherwise.
pub(super) fn is_automated(application: &Value) -> bool {
    let automated = application.pointer("/spec/syncPolicy/automated");
    automated.is_some_and(Value::is_object) && !is_paused(application)
}

fn is_paused(application: &Value) -> bool {
    let enabled = application.pointer("/spec/syncPolicy/automated/enabled");
    enabled.and_then(Value::as_bool) == Some(false)
}

/// Whether it takes what it has of the commit before for each commit outside of some paths.
pub(super) fn leaves_commits_out(application: &Value) -> bool {
    annotation(application, PATHS).is_some_and(|paths| !paths.is_empty())
}

/// What Go reads as true.
pub(super) fn is_skipped(application: &Value) -> bool {
    let value = annotation(application, SKIP);
    value.is_some_and(|value| matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

/// How long the next heal may wait.
fn pause(application: &Value) -> u64 {
    let counts = ["autoHealAttemptsCount", "selfHealAttemptsCount"];
    let count = counts.iter().find_map(|count| {
        let pointer = format!("/status/operationState/operation/sync/{count}");
        application.pointer(&pointer).and_then(Value::as_u64)
    });
    match count {
        None | Some(0) => AT_ONCE,
        Some(heals) => {
            let times = u32::try_from(heals - 1).unwrap_or(u32::MAX);
            let pause = 3_u64.checked_pow(times).and_then(|times| times.checked_mul(FIRST_PAUSE));
            pause.map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE))
        }
    }
}
