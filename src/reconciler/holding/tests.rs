use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::reconciler::from_git;
use crate::rollback::model::hold::Aim;

fn holder(id: &str) -> Hold {
    Hold {
        id: id.into(),
        by: "alice".into(),
        at: Timestamp::UNIX_EPOCH,
        reason: None,
        incident: None,
        workload: Target { kind: "Deployment".into(), name: "web".into(), ..Target::default() },
        aim: Aim::default(),
    }
}

fn application(automated: &Value) -> Value {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"namespace": "argocd", "name": "web", "uid": "u"},
        "spec": {"project": "default", "syncPolicy": {"automated": automated}}})
}

fn kustomization(spec: &Value) -> Value {
    json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"namespace": "shop", "name": "web", "uid": "u",
            "annotations": {"a": "b"}}, "spec": spec})
}

fn kind(owner: &Value) -> &'static dyn Reconciler {
    from_git(&reference(owner)).expect("a kind of owner")
}

/// What the API server makes of a patch, or why it does not.
fn applied(before: &Value, operations: &Value) -> Result<Value, String> {
    let mut after = before.clone();
    for operation in operations.as_array().expect("operations") {
        let path = operation["path"].as_str().expect("a path");
        let (parent, key) = path.rsplit_once('/').expect("a parent");
        let key = key.replace("~1", "/");
        let around = after.pointer_mut(parent).ok_or(format!("nothing at {parent}"))?;
        let members = around.as_object_mut().ok_or(format!("no object around {path}"))?;
        match operation["op"].as_str().expect("an operation") {
            "test" => {
                let found = members.get(&key).unwrap_or(&Value::Null);
                if *found != operation["value"] {
                    return Err(format!("{path} is {found}"));
                }
            }
            "add" => drop(members.insert(key, operation["value"].clone())),
            "remove" => {
                members.shift_remove(&key).ok_or(format!("nothing at {path}"))?;
            }
            other => panic!("{other}"),
        }
    }
    Ok(after)
}

#[track_caller]
fn held(owner: &Value, id: &str, dropped: Option<How>) -> Value {
    match super::hold(kind(owner), owner, &holder(id), &[], dropped).unwrap() {
        Holding::Write(write) => applied(owner, &write.body).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn released(owner: &Value, id: &str) -> (Value, Then) {
    match release(kind(owner), owner, id).unwrap() {
        Releasing::Write(write) => (applied(owner, &write.body).unwrap(), write.then),
        Releasing::NotHeld => panic!("not held"),
    }
}

#[test]
fn a_release_gives_back_exactly_what_was_there() {
    for owner in [
        application(&json!({})),
        application(&json!({"selfHeal": true, "prune": true})),
        application(&json!({"enabled": true, "selfHeal": true})),
        application(&json!({"enabled": null})),
        kustomization(&json!({"path": "./a"})),
        kustomization(&json!({"suspend": false, "path": "./a"})),
        kustomization(&json!({})),
    ] {
        let is_application = owner["kind"] == "Application";
        let forms = if is_application { vec![None, Some(How::Enabled)] } else { vec![None] };
        for dropped in forms {
            let off = held(&owner, "1", dropped);
            let Stored::Holds(holds) = Stored::on(&off) else { panic!("{off}") };
            assert!(holds.is_in_force(&off), "{off}");
            let (on, then) = released(&off, "1");
            assert_eq!(then, Then::Restored);
            let bare = |value: &Value| match value {
                Value::Object(members) if members.is_empty() => Value::Null,
                other => other.clone(),
            };
            // Members come in another order, and the server leaves nulls out.
            let spec =
                |owner: &Value| owner["spec"].to_string().replace("{\"enabled\":null}", "{}");
            assert_eq!(sorted(&spec(&on)), sorted(&spec(&owner)), "{dropped:?}");
            assert_eq!(
                bare(&on["metadata"]["annotations"]),
                owner["metadata"]["annotations"],
                "{dropped:?}"
            );
        }
    }
}

fn sorted(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn the_automation_comes_back_with_the_last_holder() {
    for owner in [application(&json!({"selfHeal": true})), kustomization(&json!({}))] {
        let both = held(&held(&owner, "1", None), "2", None);
        let (one, then) = released(&both, "1");
        assert_eq!(then, Then::HeldByOthers("alice (2)".into()));
        assert_eq!(one["spec"], both["spec"]);
        assert!(matches!(release(kind(&one), &one, "1").unwrap(), Releasing::NotHeld));
        let (none, then) = released(&one, "2");
        assert_eq!((then, &none["spec"]), (Then::Restored, &owner["spec"]));
    }
}

#[test]
fn the_same_hold_is_not_made_twice_and_may_say_more() {
    let owner = kustomization(&json!({}));
    let off = held(&owner, "1", None);
    let again = hold(kind(&off), &off, &holder("1"), &[], None).unwrap();
    assert_eq!(again, Holding::Already(How::Suspend));
    let mut more = holder("1");
    more.aim.pushed = Some("c".into());
    let Holding::Write(write) = hold(kind(&off), &off, &more, &[], None).unwrap() else {
        panic!("nothing to write")
    };
    let pushed = applied(&off, &write.body).unwrap();
    let Stored::Holds(holds) = Stored::on(&pushed) else { panic!("{pushed}") };
    assert_eq!(holds.by_id("1"), Some(&more));
    assert_eq!(released(&pushed, "1").0["spec"], owner["spec"]);
}

#[test]
fn what_somebody_else_has_changed_is_not_overwritten() {
    for (owner, path, value) in [
        (
            application(&json!({"selfHeal": true})),
            "/spec/syncPolicy/automated/enabled",
            json!(true),
        ),
        (kustomization(&json!({})), "/spec/suspend", json!(false)),
    ] {
        let mut on = held(&owner, "1", None);
        *on.pointer_mut(path).expect("the field") = value.clone();
        let error = hold(kind(&on), &on, &holder("2"), &[], None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Held);
        assert!(
            error.to_string().contains("somebody has turned its automation on again"),
            "{error}"
        );
        assert!(error.hints()[0].contains("kubectl get"), "{error:?}");
        // The record goes, the field stays as they left it.
        let (after, then) = released(&on, "1");
        assert!(matches!(then, Then::LeftAsItIs(_)), "{then:?}");
        assert_eq!(after.pointer(path), Some(&value));
        assert_eq!(after.pointer(HOLD_POINTER), None);
    }
    // Somebody has taken away all that the field was in.
    let mut bare = held(&application(&json!({})), "1", None);
    bare["spec"].as_object_mut().expect("a spec").shift_remove("syncPolicy");
    let (after, then) = released(&bare, "1");
    let left = "spec.syncPolicy.automated.enabled is not set";
    assert_eq!(then, Then::LeftAsItIs(left.into()));
    assert_eq!(after["spec"], json!({"project": "default"}));
    let removed = held(&application(&json!({"prune": true})), "1", Some(How::Enabled));
    let mut bare = removed;
    bare["spec"].as_object_mut().expect("a spec").shift_remove("syncPolicy");
    let (after, _) = released(&bare, "1");
    assert_eq!(after["spec"]["syncPolicy"], json!({"automated": {"prune": true}}));
}

#[test]
fn a_note_of_somebody_else_is_left_alone() {
    for note in ["true", r#"{"by":"bob"}"#, r#"{"v":9}"#] {
        let mut owner = kustomization(&json!({}));
        owner["metadata"]["annotations"][HOLD_ANNOTATION] = json!(note);
        let one = hold(kind(&owner), &owner, &holder("1"), &[], None).unwrap_err();
        let other = release(kind(&owner), &owner, "1").unwrap_err();
        assert_eq!((one.kind(), other.kind()), (ErrorKind::Held, ErrorKind::Held), "{note}");
    }
}

/// Whatever else changes in between, the patch fails where it would overwrite.
#[test]
fn a_patch_fails_where_somebody_was_faster() {
    let owner = application(&json!({"selfHeal": true}));
    let write = |owner: &Value| match hold(kind(owner), owner, &holder("1"), &[], None).unwrap() {
        Holding::Write(write) => write.body,
        other => panic!("{other:?}"),
    };
    let patch = write(&owner);
    for (path, value) in [
        ("/metadata/uid", json!("another")),
        ("/spec/syncPolicy/automated", json!({"enabled": true})),
        ("/metadata", json!({"uid": "u", "annotations": {HOLD_ANNOTATION: "x"}})),
    ] {
        let mut other = owner.clone();
        *other.pointer_mut(path).expect("it") = value;
        assert!(applied(&other, &patch).is_err(), "{path}");
    }
    // A status, another annotation, another part of the spec are no reason to fail.
    let mut other = owner.clone();
    other["status"] = json!({"sync": 1});
    other["spec"]["project"] = json!("other");
    assert!(applied(&other, &patch).is_ok());
    let off = applied(&owner, &patch).unwrap();
    let Releasing::Write(release) = release(kind(&off), &off, "1").unwrap() else {
        panic!("not held")
    };
    let joined = held(&off, "2", None);
    assert!(applied(&joined, &release.body).is_err(), "another holder has come");
}

#[test]
fn an_old_server_that_drops_the_field_gets_the_other_form() {
    let owner = application(&json!({"selfHeal": true}));
    let mut dropped = held(&owner, "1", None);
    let automated = dropped.pointer_mut("/spec/syncPolicy/automated").expect("a policy");
    automated.as_object_mut().expect("it").shift_remove("enabled");
    let off = held(&dropped, "1", Some(How::Enabled));
    assert_eq!(off["spec"]["syncPolicy"], json!({}));
    assert_eq!(released(&off, "1").0["spec"], owner["spec"]);
    // There is no third one.
    let error = hold(kind(&dropped), &owner, &holder("1"), &[], Some(How::Automated)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[test]
fn there_is_room_for_so_many_and_no_more() {
    let full =
        (0..MOST).fold(kustomization(&json!({})), |owner, id| held(&owner, &id.to_string(), None));
    let error = hold(kind(&full), &full, &holder("one more"), &[], None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Held);
    assert!(error.to_string().contains("is held by 16 others already"), "{error}");
}

#[test]
fn what_cannot_be_held_is_refused() {
    let set = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x",
        "namespace": "shop"}});
    let error = hold(&crate::reconciler::helm::Releases, &set, &holder("1"), &[], None);
    let message = "ConfigMap shop/x is nothing that rb can hold";
    assert_eq!(error.unwrap_err().to_string(), message);
}
