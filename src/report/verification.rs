//! What a verification came to, for people: the verdict first, what is proven, the checks, and what
//! to type next.

use anstyle::Style;

use crate::exit::ExitStatus;
use crate::rollback::model::check::{Check, CheckStatus, VerifyVerdict};
use crate::rollback::model::evidence::ago;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::image::short_digest;
use crate::rollback::model::staying::Staying;
use crate::rollback::model::template::short_images;
use crate::rollback::model::verification::Verification;
use crate::text::{plural, shell_quote};

use super::checks;
use super::style::{BAD, GOOD, Marks, WARN, paint};

/// The whole answer.
#[must_use]
pub fn render(verification: &Verification, hints: &Hints, marks: Marks) -> String {
    let (style, word) = word(verification.verdict);
    let sentence = sentence(verification, marks);
    let mut text = format!("{} {sentence}\n", paint(style, &format!("{word}:")));
    text += &details(verification, marks);
    if let Some(next) = next(verification, hints) {
        text += &labelled("next", &marks.foreign(&next));
    }
    text
}

/// What the verdict rests on: what is proven, the digests, the counts and the table.
#[must_use]
pub fn details(verification: &Verification, marks: Marks) -> String {
    let is_good = verification.exit_status() == ExitStatus::Success;
    let label = if is_good { "proof" } else { "state" };
    let mut text = labelled(label, &pods(verification));
    text += &labelled("looked", &looked(verification));
    for (image, digests) in &verification.digests {
        let digests: Vec<&str> = digests.iter().map(|digest| short_digest(digest)).collect();
        text += &labelled("digest", &marks.foreign(&format!("{image}: {}", digests.join(", "))));
    }
    if let Some(counts) = checks::counts(&verification.checks) {
        text += &labelled("checks", &counts);
    }
    text + &checks::table(&verification.checks, marks)
}

/// The verdict as a sentence without its first word: for annotations and reports too.
#[must_use]
pub fn sentence(verification: &Verification, marks: Marks) -> String {
    let reference = verification.target.reference();
    let images = short_images(&verification.revision.images, &[]).join(", ");
    let revision = format!("{} ({})", verification.revision.label(), marks.foreign(&images));
    let named = |status: CheckStatus| {
        let is_it = |check: &&Check| check.objects() && check.status == status;
        let ids: Vec<&str> =
            verification.checks.iter().filter(is_it).map(|check| check.id.as_str()).collect();
        marks.foreign(&ids.join(", "))
    };
    if let Some(by) = verification.replaced_by() {
        let by = marks.foreign(&by.to_string());
        return format!("{reference} was good with {revision}, and then {by}");
    }
    match verification.verdict {
        VerifyVerdict::Verified => format!("{reference} runs {revision}, and every check is good"),
        VerifyVerdict::VerifiedWithWarnings => {
            format!("{reference} runs {revision}, and something is worth a look")
        }
        VerifyVerdict::Unverified => format!(
            "nothing speaks against {revision} of {reference}, and this could not be found out: {}",
            named(CheckStatus::Unknown)
        ),
        VerifyVerdict::Failed => format!(
            "{reference} with {revision} is not as it has to be: {}",
            named(CheckStatus::Fail)
        ),
    }
}

/// The verdict in words.
#[must_use]
pub fn word(verdict: VerifyVerdict) -> (Style, &'static str) {
    match verdict {
        VerifyVerdict::Verified => (GOOD, "verified"),
        VerifyVerdict::VerifiedWithWarnings => (WARN, "verified, with warnings"),
        VerifyVerdict::Unverified => (WARN, "unverified"),
        VerifyVerdict::Failed => (BAD, "failed"),
    }
}

fn pods(verification: &Verification) -> String {
    let Some(progress) = &verification.progress else { return "no pod was seen".to_owned() };
    let pods = &progress.pods;
    format!(
        "{} of {} updated and {} available, {} in all",
        pods.updated,
        plural(pods.desired, "pod"),
        pods.available,
        pods.total
    )
}

fn looked(verification: &Verification) -> String {
    let rounds = i64::try_from(verification.rounds).unwrap_or(i64::MAX);
    let took = ago(verification.ended_at, verification.started_at);
    let since = verification.since.map_or_else(
        || "since when it is live is not known".to_owned(),
        |since| format!("it is live for {}", ago(verification.ended_at, since)),
    );
    format!("{} of all checks in {took}; {since}", plural(rounds, "round"))
}

/// What to type now; nothing where all is well.
#[must_use]
pub fn next(verification: &Verification, hints: &Hints) -> Option<String> {
    let reference = verification.target.reference();
    let quoted = shell_quote(&reference);
    match verification.verdict {
        VerifyVerdict::Verified => None,
        VerifyVerdict::VerifiedWithWarnings | VerifyVerdict::Unverified => {
            let again = hints.rb(&format!("verify {quoted}"));
            Some(format!("to look again: {again}"))
        }
        VerifyVerdict::Failed if verification.is_only_late() => {
            let status = hints.rb(&format!("status {quoted}"));
            Some(format!("to go on watching: {status}"))
        }
        VerifyVerdict::Failed
            if verification.staying.as_ref().is_some_and(Staying::is_of_others) =>
        {
            let status = hints.rb(&format!("status {quoted}"));
            Some(format!("to see who owns it: {status}"))
        }
        VerifyVerdict::Failed => {
            let undo = hints.rb(&format!("undo {quoted}"));
            Some(format!("to roll it back: {undo}"))
        }
    }
}

fn labelled(label: &str, text: &str) -> String {
    format!("  {label:<8} {text}\n")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::rollback::model::check::{Finding, Level};
    use crate::rollback::model::outcome::Ending;
    use crate::rollback::model::staying::{Culprit, Stay};
    use snapbox::str;

    const UTF8: Marks = Marks { unicode: true };

    #[test]
    fn whoever_put_another_template_on_it_is_in_the_first_line() {
        let by = Culprit { manager: Some("set\n::error::".to_owned()), ..Culprit::default() };
        let staying = Staying {
            seconds: 60,
            milliseconds: 2_000,
            ending: Stay::Replaced,
            by: Some(by),
            why: None,
        };
        let check = staying.check("rb status deployment/checkout");
        let mut verification = sample::verification(&[check]);
        verification.staying = Some(staying);
        assert_eq!(verification.exit_status(), ExitStatus::Failed);
        let text = shown(&verification);
        let first = text.lines().next().unwrap();
        assert!(
            first.starts_with("failed: deployment/checkout was good with revision 41"),
            "{first}"
        );
        assert!(first.contains(", and then set"), "{first}");
        assert!(first.ends_with("put another template on it"), "{first}");
        assert!(text.contains("to see who owns it: rb status deployment/checkout"), "{text}");
    }

    fn shown(verification: &Verification) -> String {
        let text = render(verification, &sample::hints(), UTF8);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_good_one_says_what_is_proven() {
        snapbox::assert_data_eq!(
            shown(&sample::verification(&[])),
            str![[r"
verified: deployment/checkout runs revision 41 (checkout:2.8.0), and every check is good
  proof    6 of 6 pods updated and 6 available, 6 in all
  looked   15 rounds of all checks in 30s; it is live for 1m12s
  digest   ghcr.example/shop/checkout:2.8.0: 0123456789ab
  checks   1 passed
  ✔ rollout.converged  pass       6 of 6 pods updated and available

"]]
        );
    }

    #[test]
    fn a_bad_one_names_what_is_bad_and_how_to_go_back() {
        snapbox::assert_data_eq!(
            shown(&sample::verification(&[sample::failing()])),
            str![[r"
failed: deployment/checkout with revision 41 (checkout:2.8.0) is not as it has to be: pods.healthy
  state    6 of 6 pods updated and 6 available, 6 in all
  looked   15 rounds of all checks in 30s; it is live for 1m12s
  digest   ghcr.example/shop/checkout:2.8.0: 0123456789ab
  checks   1 passed, 1 says no
  ✔ rollout.converged  pass       6 of 6 pods updated and available
  ✖ pods.healthy       fail       2 pods do not run
                                  pod checkout-1: CrashLoopBackOff
    hint: kubectl logs checkout-1 -n shop --context prod-eu
  next     to roll it back: rb undo deployment/checkout -n shop --context prod-eu

"]]
        );
    }

    #[test]
    fn the_next_command_goes_with_the_verdict() {
        let late = Check::new("rollout.converged", Finding::fail("late"), Level::Required);
        let unknown = Check::new("logs", Finding::unknown("403"), Level::Required);
        let warned = Check::new("logs", Finding::warn("panic"), Level::Required);
        for (checks, ending, command) in [
            (vec![], Ending::Complete, None),
            (vec![warned], Ending::Complete, Some("rb verify deployment/checkout")),
            (vec![unknown], Ending::Complete, Some("rb verify deployment/checkout")),
            (vec![late.clone()], Ending::TimedOut, Some("rb status deployment/checkout")),
            (vec![late], Ending::PodsFailed, Some("rb undo deployment/checkout")),
        ] {
            let mut verification = sample::verification(&checks);
            verification.ending = ending;
            let next = next(&verification, &sample::hints());
            assert_eq!(next.is_some(), command.is_some(), "{next:?}");
            if let (Some(next), Some(command)) = (next, command) {
                assert!(next.contains(command), "{next}");
            }
        }
    }
}
