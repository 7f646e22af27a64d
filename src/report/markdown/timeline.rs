//! When what happened, in UTC, and how that is known.

use jiff::Timestamp;

use crate::report::several::word_of_ending;
use crate::report::story::{Chapter, End};
use crate::rollback::model::outcome::{Ending, Outcome, Waited};
use crate::rollback::model::plan::{Action, Plan};
use crate::rollback::model::verification::Verification;

use super::escape::{table, text};

const TODO: &str = "TODO";
const OURS: &str = "rb, by the clock of the machine that it ran on";
const OF_OBJECT: &str = "creationTimestamp of the object that stores the revision";

/// A time as everything in a report has it.
pub(super) fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// When, what, and where that is from.
type Row = [String; 3];

pub(super) fn section(chapter: &Chapter) -> String {
    let mut rows = Vec::new();
    if let Some(plan) = &chapter.plan {
        rows.extend(before(chapter, plan));
    }
    match &chapter.end {
        End::Undone(outcome) => rows.extend(of_outcome(chapter, outcome)),
        End::Nothing(_, Some(waited)) => rows.push(of_wait(waited)),
        End::Failed(failure) => {
            let what = format!("ended: {}", failure.kind.word());
            rows.push(row(Some(failure.at), &what, OURS));
        }
        End::Nothing(_, None) | End::Planned | End::LeftOut => {}
    }
    if let Some(verified) = &chapter.verification {
        rows.extend(of_verification(chapter, verified));
    } else if matches!(chapter.end, End::Undone(_)) {
        rows.push(row(None, "verified", TODO));
    }
    if rows.is_empty() {
        return String::new();
    }
    format!("### Timeline (UTC)\n\n{}\n", table(["time", "what", "source"], rows))
}

fn row(at: Option<Timestamp>, what: &str, source: &str) -> Row {
    [at.map_or_else(|| TODO.to_owned(), utc), what.to_owned(), source.to_owned()]
}

fn before(chapter: &Chapter, plan: &Plan) -> Vec<Row> {
    let made = format!("release made: {}", text(&plan.from.label()));
    let mut rows = vec![row(plan.from.created, &made, OF_OBJECT)];
    let first = chapter.bad.events.iter().min_by_key(|event| event.first);
    rows.extend(first.map(|event| {
        let what = format!("first Warning Event on its pods: {}", text(&event.reason));
        row(Some(event.first), &what, "firstTimestamp of the Event")
    }));
    rows.push(row(None, "noticed", TODO));
    rows.push(row(Some(plan.made_at), "undo planned", OURS));
    rows
}

fn of_outcome(chapter: &Chapter, outcome: &Outcome) -> Vec<Row> {
    let is_patch = |id: &str| {
        let steps = chapter.plan.iter().flat_map(|plan| &plan.steps);
        let mut patches = steps.filter(|step| {
            matches!(step.action, Action::PatchWorkload { .. } | Action::Revert { .. })
        });
        patches.any(|step| step.id == id)
    };
    let accepted = outcome.written.iter().find(|written| is_patch(&written.step));
    let mut rows: Vec<Row> = accepted
        .map(|written| {
            row(Some(written.at), "write accepted", "the API server's answer; its time: rb")
        })
        .into_iter()
        .collect();
    rows.push(of_wait(&outcome.waited));
    rows
}

fn of_wait(waited: &Waited) -> Row {
    let (at, watch) = (Some(waited.ended_at), "watch of the workload and its pods; its time: rb");
    match &waited.ending {
        Ending::Complete => row(at, "converged", watch),
        Ending::NotWaited => row(None, "converged", TODO),
        ending => row(at, &format!("not converged: {}", word_of_ending(ending)), watch),
    }
}

fn of_verification(chapter: &Chapter, verified: &Verification) -> Vec<Row> {
    let mut rows = Vec::new();
    if chapter.plan.is_none() {
        rows.push(row(
            verified.since,
            "live since",
            "the record of the undo, or the newest template",
        ));
        rows.push(row(Some(verified.started_at), "verification begun", OURS));
    }
    rows.push(row(
        Some(verified.ended_at),
        verified.verdict.word(),
        "the checks below; its time: rb",
    ));
    rows
}
