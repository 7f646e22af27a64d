//! Documents of what no cluster is needed for: verifications, and lines of the local log.

use std::collections::BTreeMap;

use kubectl_rb::error::{Error, ErrorKind};
use kubectl_rb::report::json::audit::AuditLine;
use kubectl_rb::report::json::event::EventLine;
use kubectl_rb::report::json::verify::VerifyDocument;
use kubectl_rb::report::story::Story;
use kubectl_rb::rollback::model::check::{Check, Finding, Level, VerifyVerdict};
use kubectl_rb::rollback::model::event::Event;
use kubectl_rb::rollback::model::hint::Hints;
use kubectl_rb::rollback::model::outcome::Ending;
use kubectl_rb::rollback::model::plan::Plan;
use kubectl_rb::rollback::model::progress::{Phase, PodCounts, Progress};
use kubectl_rb::rollback::model::request::UndoRequest;
use kubectl_rb::rollback::model::verification::Verification;
use serde_json::{Value, json};

use super::{assert_valid, golden_plans, target};
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![verifications_are_as_their_schema_says, the_log_is_as_its_schema_says]
}

/// A verification with every member that one can have.
fn verification() -> Verification {
    let plan: Plan = serde_json::from_value(golden_plans().remove(0)).expect("a plan");
    let finding = Finding::fail("2 pods do not run")
        .because("PodsFailed")
        .evidence(["pod web-1".to_owned()])
        .hint("kubectl get pods");
    let mut overridden = Check::new("pods.healthy", finding, Level::Required);
    overridden.overridden = true;
    let checks = vec![overridden, Check::new("logs", Finding::skipped("no rule"), Level::Advisory)];
    let pods = PodCounts { desired: 2, total: 2, updated: 2, ready: 2, available: 2 };
    let progress = Progress { phase: Phase::Complete, message: "done".into(), pods };
    Verification {
        target: plan.target,
        cluster: plan.cluster,
        revision: plan.to,
        since: Some(plan.made_at),
        started_at: plan.made_at,
        ended_at: plan.made_at,
        rounds: 3,
        ending: Ending::Complete,
        progress: Some(progress),
        checks,
        verdict: VerifyVerdict::Failed,
        staying: None,
        digests: BTreeMap::from([("web:1".to_owned(), vec!["sha256:0".to_owned()])]),
        config: BTreeMap::new(),
    }
}

pub(super) fn verify() -> Value {
    serde_json::to_value(VerifyDocument::from(&verification())).expect("a document")
}

fn verifications_are_as_their_schema_says() {
    let mut one = verification();
    assert_valid(&verify());
    one.since = None;
    one.progress = None;
    one.checks.clear();
    let bare = serde_json::to_value(VerifyDocument::from(&one)).expect("a document");
    assert_valid(&bare);
    for verdict in [
        VerifyVerdict::Verified,
        VerifyVerdict::VerifiedWithWarnings,
        VerifyVerdict::Unverified,
        VerifyVerdict::Failed,
    ] {
        one.verdict = verdict;
        let document = serde_json::to_value(VerifyDocument::from(&one)).expect("a document");
        assert_valid(&document);
        assert_eq!(document["verdict"], verdict.word());
        assert_eq!(document["exitCode"], one.exit_status().code());
    }
    let line: Value = serde_json::from_str(&EventLine::document(&verify()).text()).expect("a line");
    assert_valid(&line);
    assert_eq!((&line["type"], &line["target"]["kind"]), (&json!("verify"), &json!("Deployment")));
    let check = verification().checks.remove(0);
    let event = Event::Check { elapsed: 3, check };
    let line = EventLine::event(&event, &target()).expect("a line").text();
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_valid(&line);
    assert_eq!((&line["type"], &line["check"]["id"]), (&json!("check"), &json!("pods.healthy")));
    let mut plan = golden_plans().remove(0);
    plan["checks"] = verify()["checks"].clone();
    assert_valid(&plan);
}

fn the_log_is_as_its_schema_says() {
    let verified = verification();
    let at = verified.ended_at;
    let mut story = Story::default();
    story.verified(&verified, "dana", &Hints::default());
    let read = |story: &Story| -> Value {
        let line = AuditLine::of(&story.chapters()[0], at, 12).expect("a line").text();
        assert_eq!(line.matches('\n').count(), 1);
        assert!(!line.contains('\u{202e}'), "it steers no terminal: {line}");
        serde_json::from_str(&line).expect("JSON")
    };
    let line = read(&story);
    assert_valid(&line);
    assert_eq!((&line["command"], &line["from"]), (&json!("verify"), &Value::Null));
    assert_eq!(line["checks"], json!(["pods.healthy"]));
    let mut plan: Plan = serde_json::from_value(golden_plans().remove(0)).expect("a plan");
    plan.checks.clone_from(&verified.checks);
    let request = UndoRequest {
        by: "dana".into(),
        reason: Some("\u{202e}why".into()),
        incident: Some("INC-1".into()),
        ..UndoRequest::default()
    };
    let mut story = Story::default();
    story.planned(&plan, &request, None);
    story.close(Some(&Error::new(ErrorKind::Unconfirmed, "declined")));
    let line = read(&story);
    assert_valid(&line);
    assert_eq!((&line["command"], &line["result"]), (&json!("undo"), &json!("unconfirmed")));
    assert_eq!(
        (&line["overrides"], &line["operation"]),
        (&json!(["pods.healthy"]), &json!(plan.id))
    );
}
