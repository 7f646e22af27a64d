use serde_json::json;

use super::super::given::{OLD, SHA, application, deployment};
use super::*;
use crate::error::ErrorKind;

const NOW: &str = "2026-03-02T12:30:00Z";

fn project(windows: &Value) -> Value {
    json!({"spec": {"syncWindows": windows}})
}

fn told(application: &Value, project: Option<Result<&Value, &Error>>) -> Vec<String> {
    hindrances(application, false, project, NOW.parse().unwrap())
}

#[test]
fn what_keeps_it_from_acting_is_told() {
    let automated = |extra: Value| {
        let mut app = application(&json!({"spec": {"syncPolicy": {"automated": {}}}}));
        app["spec"]["syncPolicy"]["automated"] = extra;
        app
    };
    assert_eq!(told(&automated(json!({})), None), [] as [&str; 0]);
    let paused = automated(json!({"enabled": false}));
    assert_eq!(told(&paused, None), ["it syncs only by hand (automated.enabled is false)"]);
    let by_hand = application(&json!({}));
    let expected = ["it syncs only by hand (it has no syncPolicy.automated)"];
    assert_eq!(told(&by_hand, None), expected);
    let skipped = application(&json!({"metadata": {"annotations": {SKIP: "true"},
        "deletionTimestamp": NOW}}));
    let expected = [
        format!("annotation {SKIP} is on it, so it does nothing"),
        "it is being deleted".to_owned(),
    ];
    assert_eq!(told(&skipped, None), expected);
}

#[test]
fn a_window_that_denies_now_is_told() {
    let app = application(&json!({"spec": {"syncPolicy": {"automated": {}}}}));
    for (windows, expected) in [
        (json!([]), None),
        (
            json!([{"kind": "deny", "schedule": "0 * * * *", "duration": "45m", "applications": ["web"]}]),
            Some("it may not sync at all until 2026-03-02T12:45:00Z: "),
        ),
        (
            json!([{"kind": "deny", "schedule": "0 * * * *", "duration": "45m", "applications": ["other"]}]),
            None,
        ),
        (
            json!([{"kind": "deny", "schedule": "soon", "duration": "45m", "applications": ["web"]}]),
            Some("whether it may sync now cannot be told: "),
        ),
    ] {
        let project = project(&windows);
        let told = told(&app, Some(Ok(&project)));
        match expected {
            None => assert!(told.is_empty(), "{windows}: {told:?}"),
            Some(start) => assert!(told[0].starts_with(start), "{windows}: {told:?}"),
        }
    }
    let error = Error::new(ErrorKind::Forbidden, "not allowed to get appprojects");
    let expected =
        ["whether a sync window holds it up is not known: not allowed to get appprojects"];
    assert_eq!(told(&app, Some(Err(&error))), expected);
}

#[test]
fn an_operation_says_what_is_applied_now() {
    let pinned = application(&json!({"operation": {"sync": {"revision": OLD}},
        "status": {"operationState": null}}));
    assert_eq!(applies(&pinned).as_deref(), Some(&OLD[..7]));
    let rest = application(&json!({"status": {"operationState": null}}));
    assert_eq!(applies(&rest).as_deref(), Some(&SHA[..7]));
}

#[test]
fn the_source_has_to_be_the_one_that_was_compared() {
    let compared = |source: Value| {
        application(&json!({"status": {"sync": {"comparedTo": {"source": source}}}}))
    };
    let own = json!({"repoURL": "https://git.test/fleet.git", "path": "apps/web", "targetRevision": "main"});
    assert!(is_as_declared(&application(&json!({}))));
    assert!(is_as_declared(&compared(own.clone())));
    let mut other = own.clone();
    other["targetRevision"] = json!("v1");
    assert!(!is_as_declared(&compared(other)));
    let mut several = compared(own);
    several["spec"]["sources"] = json!([several["spec"]["source"], {"repoURL": "b"}]);
    assert!(!is_as_declared(&several));
}

#[test]
fn what_is_laid_over_the_source_has_to_be_what_was_compared() {
    let source = |over: &Value| {
        let mut source = json!({"repoURL": "https://git.test/fleet.git", "path": "apps/web"});
        source.as_object_mut().unwrap().extend(over.as_object().cloned().unwrap());
        source
    };
    let tag = |tag: &str| json!({"helm": {"parameters": [{"name": "image.tag", "value": tag}]}});
    for (declared, compared, is_same) in [
        (json!({}), json!({}), true),
        (tag("1.0"), tag("1.0"), true),
        (tag("1.0"), tag("1.1"), false),
        (tag("1.0"), json!({}), false),
        // What says nothing is left out by Argo CD.
        (json!({"helm": {"parameters": []}}), json!({}), true),
        (
            json!({"helm": {"parameters": [{"name": "a", "value": "1", "forceString": false}]}}),
            json!({"helm": {"parameters": [{"name": "a", "value": "1"}]}}),
            true,
        ),
        (json!({"helm": {"values": "a: 1"}}), json!({"helm": {"values": "a: 2"}}), false),
        (
            json!({"helm": {"valuesObject": {"a": 1}}}),
            json!({"helm": {"valuesObject": {"a": 1}}}),
            true,
        ),
        (
            json!({"kustomize": {"images": ["web:1"]}}),
            json!({"kustomize": {"images": ["web:2"]}}),
            false,
        ),
        (json!({"kustomize": {}}), json!({}), true),
    ] {
        let application = json!({
            "spec": {"source": source(&declared)},
            "status": {"sync": {"comparedTo": {"source": source(&compared)}}},
        });
        assert_eq!(is_as_declared(&application), is_same, "{declared} {compared}");
    }
}

#[test]
fn any_shape_comes_to_something() {
    for shape in [json!(null), json!([]), json!({"status": 1, "spec": {"sources": 2}})] {
        let _ = (settled(&shape), told(&shape, None), applies(&shape));
        let agreement = agreement(&shape, &deployment(&json!({})));
        assert!(matches!(agreement.agrees, Agrees::Unknown(_)), "{agreement:?}");
    }
}
