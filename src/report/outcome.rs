//! How an undo ended, for people: the verdict first, its proof or its cause, and what to type next.

use crate::rollback::model::decision::Nothing;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Ending, NOT_READY, Outcome, Waited};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::template::short_images;
use crate::text::{plural, shell_quote};

use super::failure;
use super::style::{BAD, GOOD, Marks, WARN, paint};

/// The last lines of an undo.
#[must_use]
pub fn render(plan: &Plan, outcome: &Outcome, hints: &Hints, marks: Marks) -> String {
    let mut lines = vec![verdict(plan, &outcome.waited, marks)];
    lines.extend(details(&plan.target.reference(), &outcome.waited, marks));
    let direct = if plan.owners.is_empty() { "" } else { " --direct" };
    let live = &plan.to.hash;
    lines.extend(next(&plan.target.reference(), live, &outcome.waited, hints, direct));
    if let Some(forward) = &plan.forward {
        let forward = marks.foreign(forward);
        lines.push(labelled("forward", &format!("to go forward again: {forward}")));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The end of a wait that no write of this command came before.
#[must_use]
pub fn joined(nothing: &Nothing, waited: &Waited, hints: &Hints, marks: Marks) -> String {
    let reference = nothing.target.reference();
    let images = short_images(&nothing.live.images, &[]).join(", ");
    let live = format!("{} ({})", nothing.live.label(), marks.foreign(&images));
    let first = match waited.ending {
        Ending::Complete => format!(
            "{} {reference} runs the template of {live}; it was rolled back before, and this call \
             wrote nothing",
            paint(GOOD, "healthy:")
        ),
        _ => word(&waited.ending, &reference, &live, marks),
    };
    let mut lines = vec![first];
    lines.extend(details(&reference, waited, marks));
    lines.extend(next(&reference, &nothing.live.hash, waited, hints, ""));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn labelled(label: &str, text: &str) -> String {
    format!("  {label:<8} {text}")
}

fn verdict(plan: &Plan, waited: &Waited, marks: Marks) -> String {
    let images = short_images(&plan.to.images, &plan.from.images).join(", ");
    let target = format!("{} ({})", plan.to.label(), marks.foreign(&images));
    word(&waited.ending, &plan.target.reference(), &target, marks)
}

fn word(ending: &Ending, reference: &str, target: &str, marks: Marks) -> String {
    let by = |who: &Option<String>| {
        who.as_ref().map(|who| format!(" by {}", marks.foreign(who))).unwrap_or_default()
    };
    match ending {
        Ending::Complete => {
            format!("{} {reference} runs the template of {target}", paint(GOOD, "rolled back:"))
        }
        Ending::NothingRan => format!(
            "{} {reference} has the template of {target}; no pod is wanted, so nothing ran and \
             nothing is proven",
            paint(WARN, "patched:")
        ),
        Ending::NotWaited => format!(
            "{} {reference} to the template of {target}; not verified, nobody waited",
            paint(WARN, "patched:")
        ),
        Ending::TimedOut => {
            format!("{} {reference} did not become healthy in time", paint(BAD, "not converged:"))
        }
        Ending::DeadlineExceeded => {
            format!("{} {reference} exceeded its progress deadline", paint(BAD, "not converged:"))
        }
        Ending::PodsFailed => {
            format!("{} pods of {target} of {reference} do not run", paint(BAD, "failed:"))
        }
        Ending::PutBack(who) => format!(
            "{} the template that was left is live again on {reference}, put back{}",
            paint(BAD, "undone:"),
            by(who)
        ),
        Ending::Superseded(who) => format!(
            "{} another template went live on {reference}{} while rb waited",
            paint(WARN, "superseded:"),
            by(who)
        ),
        Ending::Deleted => {
            format!("{} {reference} was deleted while rb waited", paint(BAD, "gone:"))
        }
        Ending::Paused => {
            format!("{} {reference} was paused while rb waited", paint(BAD, "not converged:"))
        }
        Ending::AwaitsDeletion(_) => format!(
            "{} {reference} has the template of {target}, and its update strategy OnDelete keeps \
             older pods",
            paint(WARN, "not converged:")
        ),
        Ending::HeldByPartition => format!(
            "{} {reference} has the template of {target}, and its partition keeps pods at another \
             one",
            paint(WARN, "not converged:")
        ),
        Ending::HalfDone { why, .. } => format!(
            "{} {reference} has the template of {target}, but rb {}",
            paint(BAD, "half done:"),
            marks.foreign(why)
        ),
        Ending::Lost(why) => {
            format!(
                "{} {reference} cannot be watched any longer: {}",
                paint(WARN, "unknown:"),
                marks.foreign(why)
            )
        }
    }
}

fn details(reference: &str, waited: &Waited, marks: Marks) -> Vec<String> {
    let mut lines = Vec::new();
    let seconds = match waited.milliseconds {
        0..100 => "in less than 0.1s".to_owned(),
        ms => format!("after {}.{}s", ms / 1_000, ms / 100 % 10),
    };
    if let Some(progress) = &waited.progress {
        let pods = &progress.pods;
        let counts = format!(
            "{} of {} updated and {} available, {} in all, {seconds}",
            pods.updated,
            plural(pods.desired, "pod"),
            pods.available,
            pods.total
        );
        match waited.ending {
            Ending::Complete => lines.push(labelled("proof", &counts)),
            Ending::NotWaited | Ending::NothingRan => {}
            _ => lines.push(labelled("state", &counts)),
        }
    }
    if let Some(failed) = &waited.failure {
        lines.push(labelled("cause", &failure::summary(failed, marks)));
        lines.extend(failure::last_words(failed, marks).iter().map(|w| labelled("", w)));
    } else if matches!(waited.ending, Ending::TimedOut | Ending::DeadlineExceeded) {
        lines.push(labelled("cause", &format!("no pod of {reference} says why")));
    }
    lines
}

/// What to type now.
fn next(reference: &str, live: &str, waited: &Waited, hints: &Hints, direct: &str) -> Vec<String> {
    let quoted = shell_quote(reference);
    let status = hints.rb(&format!("status {quoted}"));
    let history = hints.rb(&format!("history {quoted}"));
    let mut lines = Vec::new();
    if let Some(failed) = &waited.failure
        && (failed.ended.is_some() || failed.reason == NOT_READY)
    {
        let (pod, container) = (shell_quote(&failed.pod), shell_quote(&failed.container));
        let before = failed.restarts > 0 || failed.reason == "CrashLoopBackOff";
        let previous = if before && failed.reason != NOT_READY { " --previous" } else { "" };
        let logs = format!("logs {pod} -c {container}{previous}");
        lines.push(labelled("logs", &hints.kubectl(&logs)));
    }
    match &waited.ending {
        Ending::Complete | Ending::NothingRan => {}
        Ending::PodsFailed => {
            let again = hints.rb(&format!("undo {quoted} --again{direct}"));
            lines.push(labelled("next", &format!("to go further back: {again}")));
        }
        Ending::PutBack(_) | Ending::Superseded(_) | Ending::Deleted => {
            lines.push(labelled("next", &format!("to see what is live: {history}")));
        }
        Ending::Paused => {
            let resume = hints.kubectl(&format!("rollout resume {quoted}"));
            lines.push(labelled("next", &format!("to resume it: {resume}")));
        }
        Ending::AwaitsDeletion(_) => {
            lines.push(labelled("next", &to_replace(reference, live, hints)));
        }
        Ending::HalfDone { pods, .. } => lines.push(labelled("next", &to_delete(pods, hints))),
        Ending::HeldByPartition => {
            lines.push(labelled("next", &to_let_through(reference, hints)));
        }
        Ending::TimedOut | Ending::DeadlineExceeded | Ending::Lost(_) | Ending::NotWaited => {
            lines.push(labelled("next", &format!("to go on watching: {status}")));
        }
    }
    lines
}

/// How to replace the pods that the update strategy leaves. Not with kubectl: it deletes all that it
/// is given at once.
pub(super) fn to_replace(reference: &str, live: &str, hints: &Hints) -> String {
    let to = if live.is_empty() { String::new() } else { format!(" --to-revision={live}") };
    let undo = format!("undo {}{to} --delete-pods", shell_quote(reference));
    format!("to replace them, one at a time: {}", hints.rb(&undo))
}

/// How to delete the pods that rb could not delete.
fn to_delete(pods: &[String], hints: &Hints) -> String {
    let names: Vec<_> = pods.iter().map(|name| shell_quote(name)).collect();
    let delete = hints.kubectl(&format!("delete pod {}", names.join(" ")));
    format!("to get them out of the way: {delete}")
}

/// How to roll back the pods below the partition too.
pub(super) fn to_let_through(reference: &str, hints: &Hints) -> String {
    let patch = r#"{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}"#;
    let patch = format!("patch {} --type=merge -p {}", shell_quote(reference), shell_quote(patch));
    format!("to let them go back too: {}", hints.kubectl(&patch))
}
