use serde_json::json;

use super::super::record::{HOLD_ANNOTATION, RECORD_ANNOTATION, Side, Stored as Undos, Undo};
use super::*;

fn hold(id: &str) -> Hold {
    Hold {
        id: id.into(),
        by: "alice".into(),
        at: Timestamp::UNIX_EPOCH,
        reason: Some("bad".into()),
        incident: None,
        workload: Target { kind: "Deployment".into(), name: "web".into(), ..Target::default() },
        aim: Aim::default(),
    }
}

fn owner(holds: &str) -> Value {
    json!({"metadata": {"annotations": {HOLD_ANNOTATION: holds}}})
}

#[test]
fn what_is_written_is_read_again() {
    let original = json!({"prune": true});
    let holds = Holds::first(How::Automated, Some(original), &hold("1")).with(&hold("2")).unwrap();
    assert_eq!(Stored::on(&owner(&holds.to_annotation())), Stored::Holds(holds));
    assert_eq!(Stored::on(&json!({"metadata": {}})), Stored::Nothing);
}

#[test]
fn what_is_not_of_rb_is_told_apart() {
    for text in ["true", "", "{}", r#"{"by":"bob"}"#, r#"{"v":1}"#, r#"{"v":1,"holds":7}"#, "\u{0}"]
    {
        assert_eq!(Stored::on(&owner(text)), Stored::Foreign, "{text}");
    }
    assert_eq!(Stored::on(&owner(r#"{"v":2,"else":1}"#)), Stored::Newer(2));
}

#[test]
fn holders_do_not_release_each_other() {
    let holds = Holds::first(How::Suspend, None, &hold("1")).with(&hold("2")).unwrap();
    let left = holds.clone().without("1").unwrap();
    assert_eq!(left.holders(), "alice (2)");
    assert_eq!(left.without("2"), None);
    assert_eq!(holds.clone().without("3"), Some(holds));
}

#[test]
fn an_open_hold_is_never_dropped() {
    let first = Holds::first(How::Suspend, None, &hold("0"));
    let full = (1..MOST).fold(first, |all, id| all.with(&hold(&id.to_string())).unwrap());
    assert_eq!(full.clone().with(&hold("one more")), None);
    // One that is there may say more.
    let mut more = hold("3");
    more.aim.pushed = Some("c".into());
    assert_eq!(full.with(&more).unwrap().by_id("3"), Some(&more));
}

#[test]
fn a_hold_is_bounded() {
    let mut long = hold("1");
    long.by = "b".repeat(10_000);
    long.reason = Some("r".repeat(10_000));
    long.incident = Some("i".repeat(10_000));
    long.aim.images = vec!["i".repeat(10_000); 100];
    long.aim.commits = vec!["c".repeat(10_000); 100];
    long.aim.request = Some("u".repeat(10_000));
    let first = Holds::first(How::Suspend, None, &long);
    let full = (1..MOST)
        .fold(first, |all, id| all.with(&Hold { id: id.to_string(), ..long.clone() }).unwrap());
    // All annotations of an object together may have 256 KiB.
    let length = full.to_annotation().len();
    assert!(length < 180_000, "{length}");
}

#[test]
fn the_field_decides_whether_a_hold_is_in_force() {
    for (how, spec, in_force) in [
        (How::Enabled, json!({"syncPolicy": {"automated": {"enabled": false}}}), true),
        (How::Enabled, json!({"syncPolicy": {"automated": {"enabled": true}}}), false),
        (How::Enabled, json!({"syncPolicy": {"automated": {}}}), false),
        (How::Enabled, json!({"syncPolicy": {"automated": {"enabled": null}}}), false),
        (How::Automated, json!({"syncPolicy": {}}), true),
        (How::Automated, json!({}), true),
        (How::Automated, json!({"syncPolicy": {"automated": null}}), true),
        (How::Automated, json!({"syncPolicy": {"automated": {}}}), false),
        (How::Suspend, json!({"suspend": true}), true),
        (How::Suspend, json!({"suspend": "true"}), false),
        (How::Suspend, json!({}), false),
    ] {
        let holds = Holds::first(how, None, &hold("1"));
        assert_eq!(holds.is_in_force(&json!({"spec": spec})), in_force, "{how:?} {spec}");
    }
    assert_eq!(How::Enabled.words(), "spec.syncPolicy.automated.enabled is false");
    assert_eq!(How::Automated.words(), "spec.syncPolicy.automated is removed");
}

/// A workload with this template, on which rb has written these undos.
fn workload(template: &Value, undos: &[&str]) -> Value {
    let side = || Side {
        revision: None,
        hash: String::new(),
        fingerprint: None,
        images: vec![],
        commit: None,
        context: None,
    };
    let undo = |id: &&str| Undo {
        id: (*id).to_owned(),
        at: Timestamp::UNIX_EPOCH,
        by: "alice".into(),
        from: side(),
        to: side(),
        reason: None,
        incident: None,
        pending: false,
    };
    let record = Undos::Nothing.into_record("u");
    let record = undos.iter().map(undo).fold(record, Record::with_undo);
    json!({"metadata": {"uid": "u", "annotations": {RECORD_ANNOTATION: record.to_annotation()}},
        "spec": {"template": template}})
}

#[test]
fn the_phase_is_read_from_the_workload() {
    let (good, bad) = (json!({"spec": {"a": 1}}), json!({"spec": {"a": 2}}));
    let mut held = hold("1");
    held.aim.fingerprint = template::fingerprint(&good);
    for (workload, phase) in [
        (Some(workload(&bad, &[])), Some(Phase::Held)),
        (Some(workload(&bad, &["other"])), Some(Phase::Held)),
        (Some(workload(&good, &["1"])), Some(Phase::Patched)),
        (Some(workload(&good, &[])), Some(Phase::Patched)),
        (Some(workload(&bad, &["1"])), Some(Phase::Replaced)),
        (None, None),
    ] {
        assert_eq!(held.phase(workload.as_ref()), phase, "{workload:?}");
    }
    held.aim.request = Some("https://git.test/1".into());
    assert_eq!(held.phase(None), Some(Phase::Requested));
    held.aim.pushed = Some("c".into());
    assert_eq!(held.phase(Some(&workload(&bad, &[]))), Some(Phase::Pushed));
}

#[test]
fn what_is_to_do_follows_from_the_phase() {
    let mut open =
        OpenHold { owner: Target::default(), hold: hold("1"), in_force: true, phase: None };
    let on = "turn its automation on again";
    for (phase, words) in [
        (Some(Phase::Held), format!("put deployment/web back, revert the release in Git, {on}")),
        (Some(Phase::Patched), format!("revert the release in Git, {on}")),
        (None, format!("revert the release in Git, {on}")),
        (
            Some(Phase::Replaced),
            format!(
                "look at deployment/web, which was put back and has another release now; revert the \
                 release in Git, {on}"
            ),
        ),
        (Some(Phase::Requested), format!("merge the request, {on}")),
        (Some(Phase::Pushed), format!("{on} and wait until it has applied the commit")),
    ] {
        open.phase = phase;
        assert_eq!(open.to_do(), words);
    }
    open.phase = Some(Phase::Patched);
    open.hold.aim.commits =
        vec!["9f3c2ab9f3c2ab9f3c2ab9f3c2ab9f3c2ab9f3c2".into(), "main~1".into()];
    open.in_force = false;
    assert_eq!(open.to_do(), "revert 9f3c2ab9f, main~1 in Git, take the hold off");
}
