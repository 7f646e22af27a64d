use super::*;
use serde_json::json;

fn undo(id: usize) -> Undo {
    Undo {
        id: id.to_string(),
        at: Timestamp::UNIX_EPOCH,
        by: "alice".into(),
        from: Side {
            revision: Some(2),
            hash: "b".into(),
            fingerprint: None,
            images: vec![],
            commit: None,
            context: None,
        },
        to: Side {
            revision: Some(1),
            hash: "a".into(),
            fingerprint: None,
            images: vec![],
            commit: None,
            context: None,
        },
        reason: None,
        incident: None,
        pending: false,
    }
}

#[test]
fn a_try_takes_the_place_of_one_that_nobody_has_seen_arrive() {
    let ids = |record: &Record| record.undos.iter().map(|undo| undo.id.clone()).collect::<Vec<_>>();
    let begun = |record: Record, id| record.with_undo(undo(id)).with_last_pending();
    let record = begun(begun(Stored::Nothing.into_record("u"), 1), 2);
    assert_eq!(ids(&record), ["2"]);
    let mut other = undo(3);
    other.to.hash = "c".into();
    assert_eq!(ids(&record.clone().with_undo(other)), ["2", "3"]);
    // What arrived and was put back counts each time.
    let record = record.with_undo(undo(4)).with_undo(undo(5));
    assert_eq!(ids(&record), ["4", "5"]);
    assert!(!record.to_annotation().contains("pending"));
}

#[test]
fn the_pointer_leads_to_the_annotation() {
    let object = serde_json::json!({"metadata": {"annotations": {RECORD_ANNOTATION: "x"}}});
    assert_eq!(object.pointer(RECORD_POINTER), Some(&"x".into()));
    let object = serde_json::json!({"metadata": {"annotations": {HOLD_ANNOTATION: "x"}}});
    assert_eq!(object.pointer(HOLD_POINTER), Some(&"x".into()));
}

#[test]
fn a_record_of_another_workload_counts_for_nothing() {
    let text = Stored::Nothing.into_record("u1").with_undo(undo(1)).to_annotation();
    assert!(matches!(Stored::read(Some(&text), "u1"), Stored::Record(_)));
    assert_eq!(Stored::read(Some(&text), "u2"), Stored::Nothing);
}

#[test]
fn what_cannot_be_read_is_told_apart_from_what_is_newer() {
    assert_eq!(Stored::read(Some("{}"), "u"), Stored::Unreadable);
    assert_eq!(Stored::read(Some("\u{0}"), "u"), Stored::Unreadable);
    assert_eq!(Stored::read(Some(r#"{"v":2,"new":true}"#), "u"), Stored::Newer(2));
    assert_eq!(Stored::read(None, "u"), Stored::Nothing);
}

#[test]
fn what_is_left_is_not_verified_any_longer() {
    let verdict = |hash: &str| Verdict {
        uid: "r".into(),
        hash: hash.into(),
        verdict: Finding::Verified,
        at: Timestamp::UNIX_EPOCH,
        config: BTreeMap::new(),
        digests: BTreeMap::new(),
    };
    let record = Stored::Nothing.into_record("u");
    let record = record.with_verdict(verdict("a")).with_verdict(verdict("b"));
    let record = record.with_undo(undo(1));
    assert!(record.verdict_on("b", "r").is_none());
    assert!(record.verdict_on("a", "r").is_some());
}

#[test]
fn a_full_record_with_contexts_fits_into_an_annotation() {
    let mut full = undo(1);
    let context = json!({"copy": "0".repeat(16), "build": "b".repeat(200),
        "digest": "d".repeat(200), "flags": ["f".repeat(197)], "migrations": ["m".repeat(197)]});
    full.to.context = serde_json::from_value(context).unwrap();
    full.to.commit = Some("c".repeat(256));
    let record = (0..100).fold(Stored::Nothing.into_record("u"), |r, _| r.with_undo(full.clone()));
    assert!(record.to_annotation().len() < 24_000);
    assert_eq!(Stored::read(Some(&record.to_annotation()), "u"), Stored::Record(record));
}

#[test]
fn details_of_verdicts_are_bounded_and_the_newest_are_kept() {
    let verdict = |hash: usize, objects: usize| Verdict {
        uid: "r".into(),
        hash: hash.to_string(),
        verdict: Finding::Verified,
        at: Timestamp::UNIX_EPOCH,
        config: (0..objects).map(|n| (format!("Secret/{n:060}"), "123456789".into())).collect(),
        digests: BTreeMap::from([("app".into(), vec!["d".repeat(71)])]),
    };
    let record = (0..100).fold(Stored::Nothing.into_record("u"), |r, i| {
        r.with_verdict(verdict(i, 10)).with_undo(undo(i))
    });
    assert!(record.to_annotation().len() < 16_000, "{}", record.to_annotation().len());
    let has_details = |v: &&Verdict| !v.config.is_empty() && !v.digests.is_empty();
    let kept: Vec<&str> =
        record.verdicts.iter().filter(has_details).map(|v| v.hash.as_str()).collect();
    assert_eq!(kept, ["94", "95", "96", "97", "98", "99"]);
    assert_eq!(Stored::read(Some(&record.to_annotation()), "u"), Stored::Record(record.clone()));
    // What has no room at all is left out, and costs the others nothing.
    let record = record.with_verdict(verdict(100, 1_000));
    assert!(record.verdicts.last().is_some_and(|v| v.config.is_empty()));
    assert_eq!(record.verdicts.iter().filter(has_details).count(), 6);
}

#[test]
fn the_record_is_bounded_and_keeps_the_newest() {
    let record = (0..100).fold(Stored::Nothing.into_record("u"), |r, i| r.with_undo(undo(i)));
    assert_eq!(record.undos.len(), KEPT);
    assert_eq!(record.last_undo().map(|u| u.id.as_str()), Some("99"));
    assert!(record.to_annotation().len() < 6_000);
}
