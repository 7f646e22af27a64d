//! Reports as they are written, and as a real reader of Markdown sees them.

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};
use snapbox::file;

use super::*;
use crate::error::ErrorKind;
use crate::report::sample::{self, HOSTILE};
use crate::report::story::{Asked, BadRelease};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::outcome::{Ending, PodFailure};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::model::snapshot::PodWarning;
use crate::rollback::model::verification::Verification;
use crate::text::sanitize;

fn ended(exit: ExitStatus) -> Ended<'static> {
    Ended { command: "rb undo", exit, failure: None }
}

fn request() -> UndoRequest {
    UndoRequest { by: "dana".into(), hints: sample::hints(), ..UndoRequest::default() }
}

fn event(reason: &str, message: &str) -> PodWarning {
    PodWarning {
        namespace: "shop".into(),
        pod: "checkout-9f3c2ab77-abc".into(),
        uid: "u".into(),
        reason: reason.into(),
        message: message.into(),
        first: sample::time("2026-03-02T11:41:00Z"),
        last: sample::time("2026-03-02T11:59:00Z"),
    }
}

fn undone(ending: Ending) -> Story {
    let mut story = Story::default();
    let mut plan = sample::plan();
    plan.checks.push(sample::failing());
    plan.checks.iter_mut().filter(|check| check.blocks()).for_each(|check| check.overridden = true);
    story.planned(&plan, &request(), None);
    story.bad(
        &plan.target,
        BadRelease {
            pods: vec![sample::failure()],
            events: vec![event("BackOff", "Back-off restarting failed container")],
        },
    );
    story.undone(&plan, &sample::outcome(ending));
    story
}

#[test]
fn an_undo_that_went_well() {
    let mut story = undone(Ending::Complete);
    story.verified(&sample::verification(&[]), "", &sample::hints());
    let report = document(&story, &ended(ExitStatus::Success));
    snapbox::assert_data_eq!(report, file!["../../../tests/reports/rolled-back.md"].raw());
}

#[test]
fn an_undo_that_failed() {
    let report = document(&undone(Ending::PodsFailed), &ended(ExitStatus::Failed));
    snapbox::assert_data_eq!(report, file!["../../../tests/reports/pods-failed.md"].raw());
}

#[test]
fn an_undo_that_was_refused() {
    let mut story = Story::default();
    let mut plan = sample::plan();
    plan.checks.push(sample::failing());
    story.planned(&plan, &request(), None);
    let error = crate::error::Error::new(ErrorKind::Refused, "1 check before the write says no")
        .hint("to go on all the same: rb undo deployment/checkout --override pods.healthy");
    story.close(Some(&error));
    // The time is that of this run.
    let failure = Failure { at: sample::time("2026-03-02T12:00:01Z"), ..Failure::from(&error) };
    story.end(&plan.target, End::Failed(failure));
    let report = document(&story, &ended(ExitStatus::Refused));
    snapbox::assert_data_eq!(report, file!["../../../tests/reports/refused.md"].raw());
}

#[test]
fn a_verification() {
    let mut story = Story::default();
    story.verified(&sample::verification(&[sample::failing()]), "dana", &sample::hints());
    let ended = Ended { command: "rb verify", ..ended(ExitStatus::Failed) };
    let report = document(&story, &ended);
    snapbox::assert_data_eq!(report, file!["../../../tests/reports/verify-failed.md"].raw());
}

#[test]
fn without_a_workload_the_error_is_the_report() {
    let error = crate::error::Error::new(ErrorKind::NotFound, "there is no deployment/x");
    let failure = Failure::from(&error);
    let ended = Ended { failure: Some(&failure), ..ended(ExitStatus::NotFound) };
    let report = document(&Story::default(), &ended);
    assert_eq!(
        report,
        "## rb undo ended with exit code 4\n\nError (notFound): there is no deployment/x\n\n\n\
         Postmortem: owner TODO, due date TODO\n"
    );
}

/// All of it with the same foreign text wherever text is foreign.
fn with(foreign: &str) -> Story {
    let f = || foreign.to_owned();
    let finding = || Finding::fail(foreign).evidence([f(), f()]).hint(foreign);
    let check = || Check::new(foreign, finding(), Level::Required);
    let plan = |name: &str| -> Plan {
        let mut plan = sample::plan();
        plan.target.name = name.to_owned();
        plan.id = f();
        plan.cluster.context = f();
        for view in [&mut plan.from, &mut plan.to] {
            view.state = f();
            view.change_cause = Some(f());
            view.commit = Some(f());
            view.hash = f();
            view.images.iter_mut().for_each(|image| image.image = f());
        }
        plan.diff.iter_mut().for_each(|change| {
            change.summary = f();
            change.path = f();
        });
        plan.warnings = vec![f()];
        plan.forward = Some(f());
        let mut overridden = check();
        overridden.overridden = true;
        plan.checks = vec![check(), overridden];
        plan
    };
    let pod = || PodFailure { reason: f(), message: f(), log: vec![f(), f()], ..sample::failure() };
    let mut story = Story::default();
    let asked = UndoRequest {
        by: f(),
        reason: Some(f()),
        incident: Some(f()),
        hints: sample::hints(),
        ..UndoRequest::default()
    };
    for name in ["one", "two"] {
        let plan = plan(name);
        story.planned(&plan, &asked, None);
        story.bad(
            &plan.target,
            BadRelease { pods: vec![pod()], events: vec![event(foreign, foreign)] },
        );
        if name == "one" {
            let mut outcome = sample::outcome(Ending::Lost(f()));
            outcome.written.iter_mut().for_each(|written| written.summary = f());
            outcome.warnings = vec![f()];
            outcome.waited.failure = Some(pod());
            story.undone(&plan, &outcome);
            let mut verified: Verification = sample::verification(&[check()]);
            verified.target = plan.target.clone();
            verified.digests = [(f(), vec![f()])].into_iter().collect();
            story.verified(&verified, foreign, &sample::hints());
        } else {
            let error = crate::error::Error::new(ErrorKind::Refused, foreign).hint(foreign);
            story.failed(&plan.target, &error.because(foreign));
        }
    }
    story
}

/// What a reader sees: the kinds of nodes, and the text of each block.
fn read(markdown: &str) -> (Vec<String>, Vec<String>) {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.table = true;
    extension.autolink = true;
    extension.strikethrough = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.math_dollars = true;
    extension.math_code = true;
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options);
    let (mut kinds, mut texts) = (Vec::new(), Vec::new());
    walk(root, &mut kinds, &mut texts);
    (kinds, texts)
}

fn walk<'a>(node: &'a AstNode<'a>, kinds: &mut Vec<String>, texts: &mut Vec<String>) {
    match &node.data.borrow().value {
        NodeValue::Text(text) => {
            if let Some(last) = texts.last_mut() {
                last.push_str(text);
            }
        }
        NodeValue::CodeBlock(block) => {
            kinds.push("code block".to_owned());
            texts.push(block.literal.clone());
        }
        NodeValue::Heading(heading) => {
            kinds.push(format!("heading {}", heading.level));
            texts.push(String::new());
        }
        NodeValue::Document
        | NodeValue::Paragraph
        | NodeValue::List(_)
        | NodeValue::Item(_)
        | NodeValue::TaskItem(_)
        | NodeValue::Table(_)
        | NodeValue::TableRow(_)
        | NodeValue::TableCell => {
            kinds.push(node.data.borrow().value.xml_node_name().to_owned());
            texts.push(String::new());
        }
        other => panic!("a report has no {other:?}"),
    }
    node.children().for_each(|child| walk(child, kinds, texts));
}

#[test]
fn foreign_text_changes_nothing_but_the_text() {
    let ended = ended(ExitStatus::HalfDone);
    let (plain, hostile) = (document(&with("x"), &ended), document(&with(HOSTILE), &ended));
    let ((kinds, texts), (hostile_kinds, hostile_texts)) = (read(&plain), read(&hostile));
    assert_eq!(kinds, hostile_kinds, "{hostile}");
    assert!(kinds.len() > 200 && kinds.contains(&"code block".to_owned()), "{kinds:?}");
    // At the start of a text a marker of a CI runner is escaped, too.
    let plain = |text: &str| text.replace('\u{200b}', "").replace("\\x3a:", "::");
    let shown = plain(sanitize(HOSTILE).trim());
    let hostile_texts = hostile_texts.iter().map(|text| plain(text));
    let mut foreign = 0;
    for (text, hostile) in texts.iter().zip(hostile_texts) {
        // Short names of images, and lines of a log, are parts of the text.
        let is_part = text.contains("(x)") || text == "x\nx\n";
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        if words.any(|word| word == "x") && !is_part {
            foreign += 1;
            assert!(hostile.contains(&shown), "{text:?} has become {hostile:?}");
        }
    }
    assert!(foreign > 50, "{foreign}");
    for line in hostile.lines().map(str::trim_start) {
        assert!(!line.starts_with("::") && !line.contains("##["), "{line}");
    }
    assert!(!hostile.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}']), "{hostile}");
}

#[test]
fn values_of_variables_are_in_no_report() {
    let mut story = Story::default();
    let mut plan = sample::plan();
    let secret = serde_json::json!({"spec": {"containers": [{"env": [{"value": "s3cret"}]}]}});
    plan.diff.iter_mut().for_each(|change| {
        change.before = Some(secret.clone());
        change.after = Some(secret.clone());
    });
    story.planned(&plan, &request(), None);
    story.undone(&plan, &sample::outcome(Ending::Complete));
    assert!(!document(&story, &ended(ExitStatus::Success)).contains("s3cret"));
    let asked = Asked::of(&plan, &request());
    assert_eq!(asked.by, "dana");
}
