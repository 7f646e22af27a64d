//! How an owner of Flux stands while nobody waits for it: whether it is done with what its source has,
//! whether anybody has written over what it applied, and what keeps it from acting by itself.

use jiff::Timestamp;
use serde_json::Value;

use crate::facts::Facts;
use crate::rollback::model::agreement::{Agreement, Agrees};
use crate::rollback::model::convergence::{Applied, Convergence, Relation};
use crate::rollback::model::template_fields::strangers;

use super::super::following::Following;
use super::super::marks::{annotation, reference};
use super::condition::{failure, true_one};
use super::fields::{flag, is_set, text, word};
use super::ignore::Ignored;
use super::kind::Kind;
use super::request::REQUESTED;
use super::revision;
use super::source::SourceRef;

/// How far it is with what its sources have fetched last. `judge` says how far it is with a commit;
/// `source` is what has to be known for that.
pub(super) fn settled(
    owner: &Value,
    others: &[&Value],
    source: Option<SourceRef<'_>>,
    judge: impl Fn(&Value, &Following<'_>) -> Convergence,
) -> Result<Convergence, String> {
    if !flag(owner, "/spec/suspend") && is_asked(owner) {
        let why = Some("it was asked to run, and has not begun".to_owned());
        return Ok(Convergence::NotSeen { has: None, why });
    }
    if let Some(source) = source {
        let target = source.target();
        let is_it = |other: &&&Value| reference(other) == target;
        let Some(object) = others.iter().find(is_it) else {
            return Err(format!("{} was not found, or cannot be read", source.named()));
        };
        if let Some(why) = not_fetched(&source, object).filter(|_| !flag(owner, "/spec/suspend")) {
            let has = word(object, "/status/artifact/revision").map(revision::words);
            return Ok(Convergence::NotSeen { has, why: Some(why) });
        }
    }
    let artifacts: Vec<&str> =
        others.iter().filter_map(|other| word(other, "/status/artifact/revision")).collect();
    let relation = |seen: &str| {
        if artifacts.iter().any(|artifact| revision::are_same(artifact, seen)) {
            Relation::Ours
        } else {
            Relation::Other
        }
    };
    Ok(judge(owner, &Following::of_nobody(&relation, others)))
}

/// Why what a source has fetched is not what there is to fetch.
fn not_fetched(source: &SourceRef<'_>, object: &Value) -> Option<String> {
    let name = source.named();
    if is_asked(object) && !flag(object, "/spec/suspend") {
        return Some(format!("{name} was asked to fetch, and has not done so"));
    }
    let failed = true_one(object, "Stalled").or(true_one(object, "FetchFailed"));
    let failed = failed.or(failure(object))?;
    Some(format!("{name} cannot be fetched: {}", failed.words()))
}

/// Whether somebody has asked it to run, and it has not begun.
fn is_asked(object: &Value) -> bool {
    annotation(object, REQUESTED).is_some_and(|asked| {
        !asked.is_empty() && asked != text(object, "/status/lastHandledReconcileAt")
    })
}

/// Whether anybody else owns fields of the template now. `applied`: what it has applied, the newest
/// first; `left_alone`: why it does not write to the workload; `ignored`: the fields that it leaves alone.
pub(super) fn agreement(
    kind: &Kind,
    workload: &Value,
    undone: Option<Timestamp>,
    applied: &[Applied],
    left_alone: Option<String>,
    ignored: &Ignored,
) -> Agreement {
    let manager = kind.manager;
    let compared = format!(
        "the fields of the template that {manager} owns with those that others own (managedFields)"
    );
    if let Some(why) = left_alone {
        return Agreement::unknown(format!("it leaves the workload alone ({why})"));
    }
    let Some(strangers) = strangers(workload, |name| name == manager) else {
        return Agreement::unknown("nothing tells who wrote the template: it has no managedFields");
    };
    let hidden = ignored.of_template();
    let written: Vec<&str> = strangers
        .iter()
        .filter(|stranger| !stranger.is_marks_only())
        .map(|stranger| stranger.manager.as_str())
        .collect();
    // An undo gives the fields back whose values it wrote, so they tell nothing of it.
    let ran = applied.first().and_then(|newest| newest.at);
    let is_past = undone.is_some_and(|undone| ran.is_none_or(|ran| ran < undone));
    let agrees = if !written.is_empty() {
        Agrees::No(format!("{manager} does not own all fields of the template any more"))
    } else if is_past {
        let why = "rb has written the template, and it has applied nothing since";
        Agrees::Unknown(why.to_owned())
    } else {
        Agrees::Yes
    };
    Agreement { agrees, compared, strangers, hidden }
}

/// Why it does not take up a commit by itself.
pub(super) fn hindrances(
    owner: &Value,
    source: Option<SourceRef<'_>>,
    facts: &Facts<'_>,
) -> Vec<String> {
    let mut all = Vec::new();
    if flag(owner, "/spec/suspend") {
        all.push("it is suspended".to_owned());
    }
    if is_set(owner, "/metadata/deletionTimestamp") {
        all.push("it is being deleted".to_owned());
    }
    let Some(source) = source else { return all };
    if let Some(Ok(object)) = source.find(facts)
        && flag(object, "/spec/suspend")
    {
        all.push(format!("{} is suspended, so it gets nothing new", source.named()));
    }
    all
}

#[cfg(test)]
mod tests;
