//! Checks as a `JUnit` file, for the test tab of a CI system: a suite for each workload, a case for
//! each check. What the answer rests on fails; what is only worth a look is said beside it.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::exit::ExitStatus;
use crate::rollback::model::check::{Check, CheckStatus, Level};
use crate::text::sanitize;

use super::story::{Chapter, Failure, Story};
use super::style::Marks;

/// The file; `command` is what was called: `rb verify`.
#[must_use]
pub fn document(story: &Story, command: &str, failure: Option<&Failure>) -> String {
    let mut report = Report::new("rb");
    for chapter in story.chapters() {
        report.add_test_suite(suite(chapter));
    }
    if story.chapters().is_empty() {
        let mut suite = TestSuite::new(clean(command));
        let status = failure.map_or_else(TestCaseStatus::success, |failure| {
            let mut lines = failure.causes.clone();
            lines.extend(failure.hints.iter().cloned());
            failed(failure.kind.word(), &failure.message, &lines)
        });
        suite.add_test_case(TestCase::new(clean(command), status));
        report.add_test_suite(suite);
    }
    report.to_string().unwrap_or_default()
}

fn suite(chapter: &Chapter) -> TestSuite {
    let mut suite = TestSuite::new(clean(&chapter.target.reference()));
    if let Some(verified) = &chapter.verification {
        let seconds = verified.ended_at.as_second() - verified.started_at.as_second();
        suite.set_time(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()));
    }
    let class = format!("{}.{}", chapter.target.namespace, chapter.target.name);
    if !chapter.is_verify() {
        let mut case = TestCase::new("undo", undo(chapter));
        case.set_classname(clean(&class));
        if let Some(waited) = chapter.waited() {
            case.set_time(Duration::from_millis(waited.milliseconds));
        }
        suite.add_test_case(case);
    }
    let before = chapter.planned_checks().map(|check| (check, "preflight"));
    let after = chapter.verified_checks().map(|check| (check, "verify"));
    for (check, when) in before.chain(after) {
        let mut case = case(check);
        case.set_classname(clean(&format!("{class}.{when}")));
        suite.add_test_case(case);
    }
    suite
}

/// The undo itself: all checks may be good, and it still went wrong.
fn undo(chapter: &Chapter) -> TestCaseStatus {
    let sentence = chapter.sentence(Marks { unicode: true });
    match chapter.result() {
        // Nothing was to be done to it.
        "planned" | "leftOut" => skipped(&sentence),
        _ if chapter.exit_status() == ExitStatus::Success => TestCaseStatus::success(),
        word => failed(word, &sentence, &[]),
    }
}

fn case(check: &Check) -> TestCase {
    let word = check.reason.as_deref().unwrap_or(check.status.word());
    let mut lines = check.evidence.clone();
    lines.extend(check.hint.iter().map(|hint| format!("hint: {hint}")));
    let is_left_out = check.status == CheckStatus::Skipped || check.level == Level::Ignore;
    let status = if is_left_out {
        skipped(&check.message)
    } else if check.blocks() {
        failed(word, &check.message, &lines)
    } else {
        TestCaseStatus::success()
    };
    let mut case = TestCase::new(clean(&check.id), status);
    case.set_time(Duration::from_millis(check.duration_ms));
    if check.is_warning() && !is_left_out {
        let word = super::checks::word(check);
        lines.insert(0, format!("{word}: {}", check.message));
        case.set_system_out(body(&lines));
    }
    case
}

fn failed(kind: &str, message: &str, lines: &[String]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(clean(kind)).set_message(clean(message));
    if !lines.is_empty() {
        status.set_description(body(lines));
    }
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(clean(why));
    status
}

fn body(lines: &[String]) -> String {
    lines.iter().map(|line| clean(line)).collect::<Vec<_>>().join("\n")
}

/// Text that is safe to show, and that XML can hold: U+FFFE and U+FFFF it cannot, not even escaped.
fn clean(text: &str) -> String {
    sanitize(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::report::sample::{self, HOSTILE};
    use crate::rollback::model::check::Finding;
    use crate::rollback::model::outcome::Ending;
    use crate::rollback::model::request::UndoRequest;
    use roxmltree::Document;
    use snapbox::{IntoData as _, str};

    fn verified(checks: &[Check]) -> Story {
        let mut story = Story::default();
        story.verified(&sample::verification(checks), "dana", &sample::hints());
        story
    }

    #[test]
    fn each_check_is_a_case() {
        let unknown = Check::new("logs", Finding::unknown("no right"), Level::Required);
        let warned = Check::new("events", Finding::warn("BackOff"), Level::Advisory);
        let skipped = Check::new("slo", Finding::skipped("not configured"), Level::Required);
        let story = verified(&[sample::failing(), unknown, warned, skipped]);
        snapbox::assert_data_eq!(document(&story, "rb verify", None), str![[r#"
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="rb" tests="5" skipped="1" failures="2" errors="0">
    <testsuite name="deployment/checkout" tests="5" skipped="1" errors="0" failures="2" time="30.000">
        <testcase name="rollout.converged" classname="shop.checkout.verify" time="0.000"/>
        <testcase name="pods.healthy" classname="shop.checkout.verify" time="0.012">
            <failure message="2 pods do not run" type="PodsFailed">pod checkout-1: CrashLoopBackOff
hint: kubectl logs checkout-1 -n shop --context prod-eu</failure>
        </testcase>
        <testcase name="logs" classname="shop.checkout.verify" time="0.000">
            <failure message="no right" type="unknown"/>
        </testcase>
        <testcase name="events" classname="shop.checkout.verify" time="0.000">
            <system-out>warn: BackOff</system-out>
        </testcase>
        <testcase name="slo" classname="shop.checkout.verify" time="0.000">
            <skipped message="not configured"/>
        </testcase>
    </testsuite>
</testsuites>

"#]].raw());
    }

    #[test]
    fn an_undo_that_went_wrong_is_red_although_its_checks_are_good() {
        let mut story = Story::default();
        let plan = sample::plan();
        story.planned(&plan, &UndoRequest::default(), None);
        let is_red = |story: &Story| {
            let text = document(story, "rb undo", None);
            let read = Document::parse(&text).unwrap();
            let count = |tag| read.descendants().filter(|node| node.has_tag_name(tag)).count();
            assert_eq!(count("testcase"), 1 + plan.checks.len());
            count("failure") > 0
        };
        assert!(!is_red(&story), "a plan is no failure");
        story.undone(&plan, &sample::outcome(Ending::TimedOut));
        assert!(is_red(&story));
        story.undone(&plan, &sample::outcome(Ending::Complete));
        assert!(!is_red(&story));
    }

    #[test]
    fn an_error_without_a_workload_is_a_case_too() {
        let failure = Failure::from(&Error::new(ErrorKind::NotFound, "no deployment/x"));
        let text = document(&Story::default(), "rb undo", Some(&failure));
        assert!(text.contains("failures=\"1\"") && text.contains("no deployment/x"), "{text}");
    }

    /// Another reader of XML than the one that wrote it finds every text again.
    #[test]
    fn foreign_text_stays_text() {
        let finding = || Finding::fail(HOSTILE).evidence([HOSTILE.to_owned()]).hint(HOSTILE);
        let check = |level| Check::new(HOSTILE, finding(), level);
        let story = verified(&[check(Level::Required), check(Level::Advisory)]);
        let text = document(&story, "rb verify", None);
        let forbidden = |c: char| {
            (c.is_control() && c != '\n') || "\u{202e}\u{200b}\u{fffe}\u{ffff}".contains(c)
        };
        assert!(!text.contains(forbidden), "{text:?}");
        for line in text.lines().map(str::trim_start) {
            assert!(!line.starts_with("::") && !line.contains("##["), "{line}");
        }
        let read = Document::parse(&text).unwrap();
        let all = |tag: &str| -> Vec<_> {
            read.descendants().filter(|node| node.has_tag_name(tag)).collect()
        };
        let shown = clean(HOSTILE);
        assert_eq!(all("testcase")[1].attribute("name"), Some(shown.as_str()));
        assert_eq!(all("failure")[0].attribute("message"), Some(shown.as_str()));
        for out in [all("failure")[0], all("system-out")[0]] {
            let out = out.text().unwrap_or_default();
            assert!(out.contains(&shown) && out.contains("]]>"), "{out}");
        }
        assert_eq!(all("failure").len(), 1);
    }
}
