use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::probe::fixture::{HASH, OLD, Shop, web_pod};
use crate::rollback::model::check::CheckStatus;

fn names(shop: &Shop) -> Result<Vec<String>, &'static str> {
    let ready = which::ready(&shop.scene()).map_err(|finding| finding.reason)?;
    Ok(ready.into_iter().map(|pod| pod.state.name).collect())
}

#[test]
fn ready_pods_of_the_target_are_asked() {
    let not_ready = || json!({"/status/conditions/0/status": "False"});
    let going = json!({"/metadata/deletionTimestamp": "2026-11-25T21:04:00Z"});
    let [one, two] = ["b7dfr", "wjbq8"].map(|suffix| format!("web-{HASH}-{suffix}"));
    let shop = || Shop::web().and_pod(web_pod(OLD, "zzzzz"));
    assert_eq!(names(&shop()), Ok(vec![one.clone(), two.clone()]));
    assert_eq!(names(&shop().pod(0, &going)), Ok(vec![two.clone()]));
    assert_eq!(names(&shop().pod(0, &not_ready())), Ok(vec![two]));
    let none = || shop().pod(0, &not_ready()).pod(1, &not_ready());
    assert_eq!(names(&none()), Err("NoPods"));
    assert_eq!(names(&none().with_gap()), Err("PodsUnknown"));
    assert_eq!(names(&Shop::web().scaled_to_0()), Err("NothingRan"));
}

#[test]
fn many_pods_are_asked_in_turn() {
    let all: Vec<u32> = (0..35).collect();
    let mut asked: BTreeSet<u32> = BTreeSet::new();
    for second in 0..4 {
        let now = jiff::Timestamp::from_second(1_800_000_000 + second).unwrap();
        let sample = which::sample(&all, now);
        assert_eq!(sample.len(), 10);
        assert!(sample.is_sorted());
        asked.extend(sample);
    }
    assert_eq!(asked.len(), 35, "four rounds ask all of them");
    let now = jiff::Timestamp::from_second(7).unwrap();
    assert_eq!(which::sample(&["a", "b", "c"], now), [&"a", &"b", &"c"]);
    assert!(which::sample::<u32>(&[], now).is_empty());
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
