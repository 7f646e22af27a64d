//! The status of a rollout for people: kubectl's sentence, and what it does not say.

use crate::rollback::model::evidence::ago;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Ending, Waited};
use crate::rollback::model::status::Status;
use crate::rollback::model::template::short_images;
use crate::text::shell_quote;

use super::several::word_of_ending;
use super::style::{BAD, Marks, NAME, WARN, paint};
use super::{failure, holds, outcome, owners};

/// What is live, printed before the wait.
#[must_use]
pub fn heading(status: &Status, hints: &Hints, marks: Marks) -> String {
    let images = short_images(&status.live.images, &[]).join(", ");
    let mut text = format!(
        "{} {}, {}: {}\n",
        paint(NAME, &status.target.reference()),
        status.live.label(),
        marks.foreign(&images),
        marks.foreign(&status.live.state)
    );
    if let Some(undo) = &status.undo {
        let what = undo.from.revision.map_or_else(String::new, |n| format!(" from revision {n}"));
        let when = ago(status.read_at, undo.at);
        let line = format!("rolled back{what} by {} {when} ago", undo.by);
        text += &format!("  {:<8} {}\n", "undo", marks.foreign(&line));
    }
    text.extend(owners::lines(&status.owners, marks));
    text.extend(held(status, hints, marks));
    for gap in &status.gaps {
        text += &format!("  {:<8} {}\n", "note", marks.foreign(gap));
    }
    text
}

/// The holds on its owners that nobody has released.
#[must_use]
pub fn held(status: &Status, hints: &Hints, marks: Marks) -> Option<String> {
    let lines: String =
        status.holds().map(|open| holds::lines(open, status.read_at, hints, marks)).collect();
    (!lines.is_empty()).then_some(lines)
}

/// The end of it: the sentence of `kubectl rollout status`, and the pod that explains a failure.
#[must_use]
pub fn ending(status: &Status, waited: &Waited, hints: &Hints, marks: Marks) -> String {
    let sentence = waited.progress.as_ref().map_or("nothing was seen", |p| p.message.as_str());
    let mut text = format!("{}\n", marks.foreign(sentence));
    if let Some(why) = why_it_ended(status, waited, hints) {
        text += &paint(WARN, &format!("  {:<8} {}\n", "end", marks.foreign(&why)));
    }
    if let Some(failed) = &waited.failure {
        let line = format!("  {:<8} {}\n", "cause", failure::summary(failed, marks));
        text += &paint(BAD, &line);
        for words in failure::last_words(failed, marks) {
            text += &format!("  {:<8} {words}\n", "");
        }
    }
    text
}

/// The same in one sentence without marks, for where there is room for no more.
#[must_use]
pub fn sentence(status: &Status, ending: Option<&Ending>, waited: &Waited, marks: Marks) -> String {
    let word = ending.map_or("in progress", word_of_ending);
    let reference = status.target.reference();
    let mut text = format!("{reference} with {}: {word}", status.live.label());
    let message = waited.progress.as_ref().map(|progress| marks.foreign(&progress.message));
    text.extend(message.map(|message| format!("; {message}")));
    let cause = waited.failure.as_ref().map(|failed| failure::summary(failed, marks));
    text.extend(cause.map(|cause| format!("; {cause}")));
    text
}

/// What kubectl's sentence does not say: it tells where the rollout stands, not why the wait is over.
fn why_it_ended(status: &Status, waited: &Waited, hints: &Hints) -> Option<String> {
    match &waited.ending {
        Ending::TimedOut => Some("it was not done in time".to_owned()),
        Ending::Paused => {
            let reference = shell_quote(&status.target.reference()).into_owned();
            let resume = hints.kubectl(&format!("rollout resume {reference}"));
            Some(format!("it is paused; to resume it: {resume}"))
        }
        Ending::Deleted => Some("it was deleted".to_owned()),
        Ending::AwaitsDeletion(_) => {
            let (reference, live) = (status.target.reference(), &status.live.hash);
            Some(outcome::to_replace(&reference, live, hints))
        }
        Ending::Superseded(by) | Ending::PutBack(by) => {
            let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            Some(format!("another template went live{by} meanwhile: this was about the one above"))
        }
        Ending::Lost(why) => Some(format!("it cannot be watched any longer: {why}")),
        _ => None,
    }
}
