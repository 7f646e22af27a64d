use serde_json::json;

use super::*;

const FIELD: &str = "spec.syncPolicy.automated.enabled";

fn application(automated: &Value) -> Value {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"namespace": "argocd", "name": "web"},
        "spec": {"syncPolicy": {"automated": automated}}})
}

fn with(mut application: Value, member: &str, value: Value) -> Value {
    application["metadata"][member] = value;
    application
}

fn managed(manager: &str, automated: &Value) -> Value {
    let fields = json!({"f:spec": {"f:syncPolicy": {"f:automated": automated}}});
    json!([{"manager": manager, "operation": "Update", "fieldsV1": fields}])
}

fn turned(application: &Value) -> Vec<How> {
    match switch(application, &[]).unwrap() {
        Switch::Turn(forms) => forms,
        Switch::IsOff(why) => panic!("{why}"),
    }
}

#[test]
fn a_field_is_added_and_old_versions_lose_the_whole() {
    for automated in [json!({}), json!({"selfHeal": true}), json!({"enabled": true})] {
        let application = application(&automated);
        assert_eq!(turned(&application), [How::Enabled, How::Automated], "{automated}");
    }
}

#[test]
fn what_does_nothing_is_not_held() {
    let off = |application: &Value| match switch(application, &[]).unwrap() {
        Switch::IsOff(why) => why,
        turn @ Switch::Turn(_) => panic!("{turn:?}"),
    };
    for automated in [json!(null), json!({"enabled": false}), json!("x"), json!([])] {
        assert_eq!(off(&application(&automated)), "its automated sync is off", "{automated}");
    }
    let skipped = with(application(&json!({})), "annotations", json!({SKIP: "true"}));
    assert!(off(&skipped).contains(SKIP));
    let gone = with(application(&json!({})), "deletionTimestamp", json!("2026-01-01T00:00:00Z"));
    let error = switch(&gone, &[]).unwrap_err();
    assert_eq!(error.to_string(), "Application argocd/web cannot be held: it is being deleted");
}

/// What Git names, the Application above it puts back.
#[test]
fn under_an_application_only_what_git_does_not_name_lasts() {
    let tracking = json!({tracking::TRACKING: "apps:argoproj.io/Application:argocd/web"});
    let child = with(application(&json!({"selfHeal": true})), "annotations", tracking);
    assert_eq!(turned(&child), [How::Enabled]);
    let fields = managed("argocd-controller", &json!({".": {}, "f:selfHeal": {}}));
    assert_eq!(turned(&with(child.clone(), "managedFields", fields)), [How::Enabled]);
    let named = managed("argocd-controller", &json!({"f:enabled": {}}));
    let error = switch(&with(child.clone(), "managedFields", named), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        error.to_string(),
        format!(
            "Git names {FIELD} of Application argocd/web, so Argo CD application apps \
             (argocd-controller) puts it back"
        )
    );
    // A person's own setting is nobody's to put back.
    let set = managed("kubectl-edit", &json!({"f:enabled": {}}));
    assert_eq!(turned(&with(child, "managedFields", set)), [How::Enabled]);
}

fn generated() -> Value {
    let owner = json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
        "name": "fleet", "uid": "u", "controller": true}]);
    with(application(&json!({"selfHeal": true})), "ownerReferences", owner)
}

fn set(spec: &Value) -> Value {
    json!({"kind": "ApplicationSet", "metadata": {"name": "fleet", "namespace": "argocd"},
        "spec": spec})
}

#[test]
fn a_set_wipes_a_hold_and_says_what_would_keep_it() {
    for spec in [
        json!({}),
        json!({"ignoreApplicationDifferences": [{"jsonPointers": ["/spec/syncPolicy"]}]}),
        json!({"preservedFields": {"annotations": ["kubectl-rb/hold"]}}),
        json!({"ignoreApplicationDifferences": [{"name": "other", "jsonPointers":
            ["/spec/syncPolicy"]}], "preservedFields": {"annotations": ["kubectl-rb/hold"]}}),
        json!({"ignoreApplicationDifferences": 7, "preservedFields": []}),
    ] {
        let error = switch(&generated(), &[set(&spec)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{spec}");
        assert!(error.to_string().contains("ApplicationSet fleet puts the settings"), "{error}");
        let command = error.hints().last().expect("a command");
        let command = command.split_once(" -p '").expect("a patch").1.trim_end_matches('\'');
        let patch: Value = serde_json::from_str(command).expect("JSON");
        // What it says already stays, and with it a hold lasts.
        let wanted = switch(&generated(), &[set(&patch["spec"])]);
        assert_eq!(wanted.unwrap(), Switch::Turn(vec![How::Enabled, How::Automated]), "{patch}");
        for rule in spec["ignoreApplicationDifferences"].as_array().into_iter().flatten() {
            let rules = patch["spec"]["ignoreApplicationDifferences"].as_array().expect("rules");
            assert!(rules.contains(rule), "{patch}");
        }
    }
}

#[test]
fn a_set_that_leaves_applications_alone_is_in_nobodys_way() {
    let spec = json!({"syncPolicy": {"applicationsSync": "create-only"}});
    assert!(switch(&generated(), &[set(&spec)]).is_ok());
    let rolling = json!({"strategy": {"type": "RollingSync"}});
    let error = switch(&generated(), &[set(&rolling)]).unwrap_err().to_string();
    assert!(error.contains("starts the syncs of its Applications step by step"), "{error}");
    // Its controller takes their automation away.
    let mut off = generated();
    off["spec"]["syncPolicy"] = json!({});
    assert!(switch(&off, &[set(&rolling)]).is_err());
    assert!(matches!(switch(&off, &[set(&json!({}))]), Ok(Switch::IsOff(_))));
    let unread = switch(&generated(), &[]).unwrap_err().to_string();
    assert!(unread.contains("ApplicationSet fleet could not be read"), "{unread}");
}

#[test]
fn a_sync_goes_on_whatever_becomes_of_the_automation() {
    for (state, operation, goes_on) in [
        (json!({"phase": "Succeeded"}), json!(null), false),
        (json!({"phase": "Failed"}), json!(null), false),
        (json!(null), json!(null), false),
        (json!({"phase": "Running"}), json!({"sync": {"revision": "abc"}}), true),
        (json!({"phase": "Running", "finishedAt": "x"}), json!({}), true),
        (json!({"phase": "Terminating"}), json!({}), true),
        (json!({"phase": "Succeeded"}), json!({"sync": {}}), true),
    ] {
        let mut application = application(&json!({}));
        application["status"] = json!({"operationState": state});
        application["operation"] = operation;
        assert_eq!(under_way(&application).is_some(), goes_on, "{application}");
    }
}
