//! How an undo ended, for people: the verdict first, its proof or its cause, and what to type next.

use anstyle::Style;

use crate::exit::ExitStatus;
use crate::rollback::model::check::{Check, VerifyVerdict};
use crate::rollback::model::decision::Nothing;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Ending, NOT_READY, Outcome, Waited};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::template::short_images;
use crate::rollback::model::verification::Verification;
use crate::text::{plural, shell_quote};

use super::style::{BAD, GOOD, Marks, WARN, paint};
use super::{checks, durable, failure};

/// The last lines of an undo.
#[must_use]
pub fn render(plan: &Plan, outcome: &Outcome, hints: &Hints, marks: Marks) -> String {
    let mut lines = vec![verdict(plan, outcome, marks).painted()];
    lines.extend(details(&plan.target.reference(), &outcome.waited, marks));
    lines.extend(outcome.verification.iter().flat_map(|verified| checked(verified, hints, marks)));
    lines.extend(durable::ended(outcome, marks));
    let is_direct = !plan.owners.is_empty() && !plan.is_durable() && !plan.is_held();
    let direct = if is_direct { " --direct" } else { "" };
    let live = &plan.to.hash;
    lines.extend(next(&plan.target.reference(), live, &outcome.waited, hints, direct));
    lines.extend(super::card::todo(&plan.todo, marks));
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
    let mut lines = vec![joined_verdict(nothing, waited, marks).painted()];
    lines.extend(details(&reference, waited, marks));
    lines.extend(next(&reference, &nothing.live.hash, waited, hints, ""));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn labelled(label: &str, text: &str) -> String {
    format!("  {label:<8} {text}")
}

/// How an undo ended, in a sentence without marks.
#[must_use]
pub fn sentence(plan: &Plan, outcome: &Outcome, marks: Marks) -> String {
    verdict(plan, outcome, marks).plain()
}

/// What the verification after it found: how many checks are good, and each that is not.
fn checked(verified: &Verification, hints: &Hints, marks: Marks) -> Vec<String> {
    let counts = checks::counts(&verified.checks);
    let mut lines: Vec<String> =
        counts.into_iter().map(|counts| labelled("checks", &counts)).collect();
    let is_bad = |check: &&Check| check.objects() || check.is_warning();
    let bad: Vec<Check> = verified.checks.iter().filter(is_bad).cloned().collect();
    lines.extend(checks::table(&bad, marks).lines().map(str::to_owned));
    if verified.exit_status() != ExitStatus::Success {
        let verify = format!("verify {}", shell_quote(&verified.target.reference()));
        lines.push(labelled("next", &format!("to look again: {}", hints.rb(&verify))));
    }
    lines
}

/// The same of a wait that no write of this command came before.
#[must_use]
pub fn joined_sentence(nothing: &Nothing, waited: &Waited, marks: Marks) -> String {
    joined_verdict(nothing, waited, marks).plain()
}

/// The first line: a word that says it all, and the sentence.
struct Verdict {
    style: Style,
    word: &'static str,
    rest: String,
}

impl Verdict {
    fn painted(&self) -> String {
        format!("{} {}", paint(self.style, &format!("{}:", self.word)), self.rest)
    }

    fn plain(&self) -> String {
        format!("{}: {}", self.word, self.rest)
    }
}

fn verdict(plan: &Plan, outcome: &Outcome, marks: Marks) -> Verdict {
    let images = short_images(&plan.to.images, &plan.from.images).join(", ");
    let target = format!("{} ({})", plan.to.label(), marks.foreign(&images));
    let waited = &outcome.waited;
    let bad = outcome.verification.as_ref().filter(|v| v.exit_status() != ExitStatus::Success);
    if let Some(bad) = bad.filter(|_| waited.ending == Ending::Complete) {
        if let Some(by) = bad.replaced_by() {
            let (reference, by) = (plan.target.reference(), marks.foreign(&by.to_string()));
            let rest = format!("{reference} was good with the template of {target}, and then {by}");
            return Verdict { style: BAD, word: "undone", rest };
        }
        let is_failed = bad.verdict == VerifyVerdict::Failed;
        let (style, word) = if is_failed { (BAD, "failed") } else { (WARN, "unverified") };
        let ids: Vec<&str> =
            bad.checks.iter().filter(|c| c.objects()).map(|check| check.id.as_str()).collect();
        let what = if is_failed { "is not as it has to be" } else { "not all could be found out" };
        let rest = format!(
            "{} runs the template of {target}, and {what}: {}",
            plan.target.reference(),
            marks.foreign(&ids.join(", "))
        );
        return Verdict { style, word, rest };
    }
    // What was patched at once is back, whatever its owner does about Git.
    if let Ending::OwnerStopped(stopped) = &waited.ending
        && plan.patch().is_some()
    {
        let (reference, sentence) = (plan.target.reference(), marks.foreign(&stopped.sentence));
        let rest =
            format!("{reference} has the template of {target}, by the patch alone: {sentence}");
        return Verdict { style: WARN, word: "not applied", rest };
    }
    verdict_of(&waited.ending, &plan.target.reference(), &target, marks)
}

fn joined_verdict(nothing: &Nothing, waited: &Waited, marks: Marks) -> Verdict {
    let reference = nothing.target.reference();
    let images = short_images(&nothing.live.images, &[]).join(", ");
    let live = format!("{} ({})", nothing.live.label(), marks.foreign(&images));
    if waited.ending != Ending::Complete {
        return verdict_of(&waited.ending, &reference, &live, marks);
    }
    let rest = format!(
        "{reference} runs the template of {live}; it was rolled back before, and this call wrote \
         nothing"
    );
    Verdict { style: GOOD, word: "healthy", rest }
}

fn verdict_of(ending: &Ending, reference: &str, target: &str, marks: Marks) -> Verdict {
    let by = |who: &Option<String>| {
        who.as_ref().map(|who| format!(" by {}", marks.foreign(who))).unwrap_or_default()
    };
    let (style, word, rest) = match ending {
        Ending::Complete => {
            (GOOD, "rolled back", format!("{reference} runs the template of {target}"))
        }
        Ending::NothingRan => (
            WARN,
            "patched",
            format!(
                "{reference} has the template of {target}; no pod is wanted, so nothing ran and \
                 nothing is proven"
            ),
        ),
        Ending::NotWaited => (
            WARN,
            "patched",
            format!("{reference} to the template of {target}; not verified, nobody waited"),
        ),
        Ending::TimedOut => {
            (BAD, "not converged", format!("{reference} did not become healthy in time"))
        }
        Ending::DeadlineExceeded => {
            (BAD, "not converged", format!("{reference} exceeded its progress deadline"))
        }
        Ending::PodsFailed => {
            (BAD, "failed", format!("pods of {target} of {reference} do not run"))
        }
        Ending::PutBack(who) => (
            BAD,
            "undone",
            format!("the template that was left is live again on {reference}, put back{}", by(who)),
        ),
        Ending::Superseded(who) => (
            WARN,
            "superseded",
            format!("another template went live on {reference}{} while rb waited", by(who)),
        ),
        Ending::Deleted => (BAD, "gone", format!("{reference} was deleted while rb waited")),
        Ending::Paused => (BAD, "not converged", format!("{reference} was paused while rb waited")),
        Ending::AwaitsDeletion(_) => (
            WARN,
            "not converged",
            format!(
                "{reference} has the template of {target}, and its update strategy OnDelete keeps \
                 older pods"
            ),
        ),
        Ending::HeldByPartition => (
            WARN,
            "not converged",
            format!(
                "{reference} has the template of {target}, and its partition keeps pods at another \
                 one"
            ),
        ),
        Ending::HalfDone { why, .. } => (
            BAD,
            "half done",
            format!("{reference} has the template of {target}, but rb {}", marks.foreign(why)),
        ),
        Ending::Lost(why) => (
            WARN,
            "unknown",
            format!("{reference} cannot be watched any longer: {}", marks.foreign(why)),
        ),
        Ending::OwnerStopped(_)
        | Ending::Differs(_)
        | Ending::HoldOpen { .. }
        | Ending::AwaitsMerge { .. } => durable::ending(ending, reference, target, marks),
    };
    Verdict { style, word, rest }
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
        Ending::OwnerStopped(stopped) => {
            if let Some(check) = &stopped.check {
                lines.push(labelled("next", &format!("to see why: {check}")));
            }
            lines.push(labelled("next", &format!("to go on watching: {status}")));
        }
        Ending::HoldOpen { finish, give_up, .. } => {
            lines.push(labelled("next", &format!("to finish it: {finish}")));
            lines.push(labelled("", &format!("to give it up: {give_up}")));
        }
        Ending::AwaitsMerge { .. } => {
            lines.push(labelled("next", &format!("once it is merged: {status}")));
        }
        Ending::PodsFailed => {
            let again = hints.rb(&format!("undo {quoted} --again{direct}"));
            lines.push(labelled("next", &format!("to go further back: {again}")));
        }
        Ending::PutBack(_) | Ending::Superseded(_) | Ending::Deleted | Ending::Differs(_) => {
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
