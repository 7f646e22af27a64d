use serde_json::json;

use super::*;
use crate::backend;
use crate::probe::{Expected, LogRules, Seen};
use crate::rollback::model::check::CheckStatus;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::target::Target;

fn pod(name: &str, hash: &str, ready: &str) -> Value {
    json!({
        "metadata": {"name": name, "labels": {"pod-template-hash": hash}},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    })
}

fn names(pods: &[&Value]) -> Vec<String> {
    pods.iter().map(|pod| which::name(pod).to_owned()).collect()
}

fn with_scene<T>(seen: &Seen, hash: &str, test: impl Fn(&Scene<'_>) -> T) -> T {
    let backend = backend::by_kind("Deployment").unwrap();
    let hash = hash.to_owned();
    test(&Scene {
        backend,
        target: &Target::new(backend.kind(), "shop", "web"),
        expected: &Expected { hash, label: "revision 41".to_owned(), ..Expected::default() },
        seen,
        logs: &LogRules::default(),
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
        hints: &Hints::default(),
    })
}

fn seen(pods: Vec<Value>) -> Seen {
    Seen { workload: json!({}), pods, pods_gap: None, services: Ok(Vec::new()) }
}

#[test]
fn ready_pods_of_the_target_are_asked() {
    let mut going = pod("web-0", "abc", "True");
    going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let pods = || {
        vec![
            pod("web-3", "abc", "True"),
            pod("web-2", "abc", "False"),
            pod("web-1", "abc", "True"),
            pod("old-1", "old", "True"),
            going.clone(),
        ]
    };
    let of = |hash: &str| with_scene(&seen(pods()), hash, |scene| names(&which::ready(scene)));
    assert_eq!(of("abc"), ["web-1", "web-3"]);
    assert_eq!(of("gone"), [] as [&str; 0]);
}

#[test]
fn many_pods_are_asked_in_turn() {
    let pods: Vec<Value> = (10..45).map(|n| pod(&format!("web-{n}"), "abc", "True")).collect();
    let all: Vec<&Value> = pods.iter().collect();
    let mut asked = std::collections::BTreeSet::new();
    for second in 0..4 {
        let now = jiff::Timestamp::from_second(1_800_000_000 + second).unwrap();
        let sample = names(&which::sample(&all, now));
        assert_eq!(sample.len(), 10);
        assert!(sample.is_sorted());
        asked.extend(sample);
    }
    assert_eq!(asked.len(), 35, "four rounds ask all of them");
    let now = jiff::Timestamp::from_second(7).unwrap();
    assert_eq!(names(&which::sample(&all[..3], now)), ["web-10", "web-11", "web-12"]);
    assert!(which::sample(&[], now).is_empty());
}

#[test]
fn without_pods_it_is_said_why() {
    let gap = Seen { pods_gap: Some("no right".to_owned()), ..seen(Vec::new()) };
    let none = Seen { workload: json!({"spec": {"replicas": 0}}), ..seen(Vec::new()) };
    for (seen, status, reason) in [
        (seen(Vec::new()), CheckStatus::Fail, "NoPods"),
        (gap, CheckStatus::Unknown, "PodsUnknown"),
        (none, CheckStatus::Skipped, "NothingRan"),
    ] {
        let finding = with_scene(&seen, "abc", which::none);
        assert_eq!((finding.status, finding.reason), (status, reason));
    }
}

#[test]
fn one_that_answers_badly_weighs_more_than_one_that_cannot_be_asked() {
    let probe = HttpProbe { path: "/readyz".to_owned(), ..HttpProbe::default() };
    let asked = |pod: &'static str, row| Asked { pod, row, command: Some(format!("ask {pod}")) };
    let good = || asked("web-1", Ok(()));
    let unknown = || asked("web-2", Err(Bad::unknown("ApiServer", "the API server says: no")));
    let bad = |pod| asked(pod, Err(Bad::answer("Status", "status 503")));
    for (rows, ready, status, message, evidence) in [
        (vec![good()], 1, CheckStatus::Pass, "3 good answers in a row from each of the 1 pod", 0),
        (
            vec![good(), unknown()],
            2,
            CheckStatus::Unknown,
            "1 of the 2 pods cannot be asked, web-2: the API server says: no",
            0,
        ),
        (
            vec![unknown(), bad("web-3"), bad("web-4")],
            30,
            CheckStatus::Fail,
            "2 of the 3 of 30 ready pods that were asked answer badly, web-3: status 503",
            2,
        ),
    ] {
        let finding = verdict(&probe, rows, ready);
        assert_eq!(finding.status, status);
        assert_eq!(finding.message, format!("GET /readyz: {message}"));
        assert_eq!(finding.evidence.len(), evidence);
    }
    let finding = verdict(&probe, vec![good(), bad("web-3")], 2);
    assert_eq!(finding.hint.as_deref(), Some("ask web-3"));
}
