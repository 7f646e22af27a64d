//! Whether an `ApplicationSet` would wipe a hold on an Application that it makes: it puts everything back
//! at once that it is not told to leave alone.

use serde_json::{Value, json};

use crate::rollback::model::record::HOLD_ANNOTATION;

use super::application_set::{automation, ignored};
use super::fields::{items, text, texts};
use super::rolling_sync;

/// Of these one is enough to leave the automation alone.
const POLICY: [&str; 7] = [
    "/spec",
    "/spec/syncPolicy",
    "/spec/syncPolicy/automated",
    "/spec/syncPolicy/automated/enabled",
    ".spec.syncPolicy",
    ".spec.syncPolicy.automated",
    ".spec.syncPolicy.automated.enabled",
];

/// Why a hold on an Application that a set makes would not last, as the end of a sentence that starts
/// with the set, and the change of the set that would make it last; `None`: it lasts. `set` is its
/// object where it could be read.
pub(super) fn wipes(application: &Value, set: Option<&Value>) -> Option<Wipe> {
    let Some(set) = set else {
        let why = "could not be read, and may put the settings of this Application back at once";
        return Some(Wipe { why: why.to_owned(), patch: None });
    };
    if rolling_sync::is_used(set) {
        let why = "starts the syncs of its Applications step by step, whatever their settings are";
        return Some(Wipe { why: why.to_owned(), patch: None });
    }
    if !automation(set).heals {
        return None;
    }
    let ignored = ignored(set, text(application, "/metadata/name"));
    let leaves_policy = ignored.iter().any(|path| POLICY.contains(&path.as_str()));
    let preserved = "/spec/preservedFields/annotations";
    let leaves_record = texts(set, preserved).any(|key| key == HOLD_ANNOTATION);
    if leaves_policy && leaves_record {
        return None;
    }
    let mut rules = items(set, "/spec/ignoreApplicationDifferences").to_vec();
    rules.extend((!leaves_policy).then(|| json!({"jsonPointers": ["/spec/syncPolicy"]})));
    let mut keys = items(set, preserved).to_vec();
    keys.extend((!leaves_record).then(|| json!(HOLD_ANNOTATION)));
    let spec = json!({"ignoreApplicationDifferences": rules,
        "preservedFields": {"annotations": keys}});
    Some(Wipe {
        why: "puts the settings and the annotations of this Application back at once".to_owned(),
        patch: Some(json!({"spec": spec})),
    })
}

/// A hold that a set would wipe.
pub(super) struct Wipe {
    pub(super) why: String,
    /// A merge patch of the set.
    pub(super) patch: Option<Value>,
}
