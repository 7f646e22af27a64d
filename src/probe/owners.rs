//! What the checks of owners share: whose word counts, how much, and what is said where there is none.

use serde_json::Value;

use super::{Scene, words};
use crate::reconciler::rung::Rung;
use crate::rollback::model::check::{CheckStatus, Finding, Level};
use crate::rollback::model::ownership::{Owner, Proof};

/// The owners whose word counts; where there is none, what is to be said.
pub(super) fn near<'s>(scene: &Scene<'s>) -> Result<Vec<&'s Rung>, Finding> {
    let all = &scene.seen.owners;
    let near: Vec<&Rung> = all.iter().filter(|rung| rung.is_near()).collect();
    if !near.is_empty() {
        return Ok(near);
    }
    let others = || all.iter().map(|rung| &rung.owner).filter(|owner| owner.of.is_none());
    let refuted = others().filter_map(refuted);
    let name = others().find(|owner| owner.counts()).map(|owner| owner.name.as_str());
    let message = match name {
        Some(name) => format!("no owner has a source in Git: {name} owns it"),
        None => "nobody owns it who takes it from Git".to_owned(),
    };
    Err(Finding::skipped(message).evidence(refuted.collect::<Vec<_>>()))
}

fn refuted(owner: &Owner) -> Option<String> {
    let Proof::Refuted(why) = &owner.proof else { return None };
    Some(format!("{} ({}) counts for nothing: {why}", owner.name, owner.mark))
}

/// The object of an owner, or the finding that it could not be read.
pub(super) fn object(rung: &Rung) -> Result<&Value, Finding> {
    let name = &rung.owner.name;
    match (&rung.object, &rung.owner.proof) {
        (_, Proof::Unread(why)) => {
            Err(Finding::unknown(format!("{name} is not known: {why}")).because("Unreadable"))
        }
        (Some(object), _) => Ok(object),
        (None, _) => Err(Finding::unknown(format!("{name} was not read")).because("Unreadable")),
    }
}

/// A finding about an owner counts in full where the owner acts by itself: what it has not done yet, it
/// will do. After an undo past the owners it is as it was said to be.
pub(super) fn weighed(scene: &Scene<'_>, owner: &Owner, finding: Finding) -> Finding {
    let is_good = finding.status == CheckStatus::Pass || finding.hint.is_some();
    let finding = if is_good { finding } else { finding.hint(words::status(scene)) };
    let acts =
        owner.automation.as_ref().is_none_or(|by_itself| by_itself.syncs && !by_itself.suspended);
    if acts && !scene.expected.past_owners { finding } else { finding.level(Level::Advisory) }
}

/// The worst of what was found of several owners, with the words of the others.
pub(super) fn worst(findings: Vec<Finding>, none: impl FnOnce() -> Finding) -> Finding {
    let rank = |finding: &Finding| {
        let is_advisory = finding.level == Some(Level::Advisory);
        match finding.status {
            CheckStatus::Fail if !is_advisory => 5,
            CheckStatus::Unknown if !is_advisory => 4,
            CheckStatus::Fail | CheckStatus::Warn => 3,
            CheckStatus::Unknown => 2,
            _ => 1,
        }
    };
    // The first of several that are as bad.
    let worst = findings.iter().enumerate().rev().max_by_key(|(_, finding)| rank(finding));
    let Some(place) = worst.map(|(place, _)| place) else { return none() };
    let (mut worst, mut others) = (None, Vec::new());
    for (index, finding) in findings.into_iter().enumerate() {
        if index == place {
            worst = Some(finding);
        } else {
            others.push(finding.message);
        }
    }
    worst.map_or_else(none, |worst| worst.evidence(others))
}

#[cfg(test)]
mod tests;
