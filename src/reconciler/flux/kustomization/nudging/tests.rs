use serde_json::json;

use super::super::super::super::following::Given;
use super::super::super::super::following::given::{BAD, REVERT, after, following, nudged};
use super::*;

const SOURCE_PATH: &str =
    "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/fleet";
const WEB_PATH: &str =
    "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/web";

fn main(commit: &str) -> String {
    format!("main@sha1:{commit}")
}

fn source(commit: &str, handled: &str) -> Value {
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"namespace": "flux-system", "name": "fleet"},
        "status": {"artifact": {"revision": main(commit)}, "lastHandledReconcileAt": handled}})
}

/// A Kustomization of this name that has applied the commit, and is done.
fn named(name: &str, commit: &str) -> Value {
    json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"namespace": "flux-system", "name": name, "generation": 1},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"observedGeneration": 1, "lastAttemptedRevision": main(commit),
            "lastAppliedRevision": main(commit),
            "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

/// The same, which waits for others.
fn waiting(name: &str, on: &str) -> Value {
    let mut owner = named(name, BAD);
    owner["spec"]["dependsOn"] = json!([{"name": on}]);
    owner["status"]["conditions"] =
        json!([{"type": "Ready", "status": "False", "reason": "DependencyNotReady"}]);
    owner
}

fn paths(nudges: &[Nudge]) -> Vec<&str> {
    nudges.iter().map(|nudge| nudge.path.as_str()).collect()
}

fn fetched(token: &str, millis: u64) -> Given {
    nudged(NudgeKind::Fetch, SOURCE_PATH, token, millis)
}

#[test]
fn one_request_to_the_source_is_enough() {
    let (web, behind) = (named("web", BAD), source(BAD, ""));
    let nudges = of(&web, &following(&[&behind], &[]));
    let [nudge] = nudges.as_slice() else { panic!("{nudges:?}") };
    assert_eq!((nudge.kind, nudge.path.as_str()), (NudgeKind::Fetch, SOURCE_PATH));
    assert_eq!(nudge.summary, "ask GitRepository flux-system/fleet to fetch now");
    let annotations = json!({"reconcile.fluxcd.io/requestedAt": "token"});
    assert_eq!(nudge.body, json!({"metadata": {"annotations": annotations}}));
    // It is not there yet, and not done: nothing more.
    assert!(of(&web, &after(9_000, &[&behind], &[fetched("token", 0)])).is_empty());
    // Somebody else was faster.
    assert!(of(&web, &following(&[&source(REVERT, "")], &[])).is_empty());
    let others = [&behind];
    let idle = Following { goal: Goal::Idle, ..following(&others, &[]) };
    assert!(of(&web, &idle).is_empty());
}

/// Nobody else does, and nothing is waited for.
#[test]
fn who_takes_changed_values_is_asked_to_run_at_once() {
    let (mut web, at) = (named("web", REVERT), source(REVERT, ""));
    let others = [&at];
    let anew = |given| Following { goal: Goal::Anew, ..after(11_000, &others, given) };
    assert_eq!(paths(&of(&web, &Following { elapsed: Duration::ZERO, ..anew(&[]) })), [WEB_PATH]);
    let given = [nudged(NudgeKind::Refresh, WEB_PATH, "token", 0)];
    assert!(of(&web, &anew(&given)).is_empty());
    web["status"]["lastHandledReconcileAt"] = json!("token");
    assert!(of(&web, &anew(&given)).is_empty());
}

/// A host of Git that shows a push a little later.
#[test]
fn a_source_that_saw_nothing_new_is_asked_again_and_again() {
    let given = [
        fetched("token", 0),
        fetched("token.1", 500),
        fetched("token.2", 1_500),
        fetched("token.3", 3_500),
        fetched("token.4", 7_500),
    ];
    let web = named("web", BAD);
    for (count, millis) in [(1, 500), (2, 1_500), (3, 3_500), (4, 7_500), (5, 17_500)] {
        let given = &given[..count];
        let behind = source(BAD, &given[count - 1].token);
        let others = [&behind];
        assert!(of(&web, &after(millis - 1, &others, given)).is_empty(), "{count}");
        let nudges = of(&web, &after(millis, &others, given));
        assert_eq!(nudges.len(), 1, "{count}");
        assert_eq!(nudges[0].token, format!("token.{count}"));
    }
}

#[test]
fn a_source_that_cannot_fetch_has_a_second_try() {
    let (web, mut behind) = (named("web", BAD), source(BAD, "token"));
    behind["status"]["conditions"] = json!([{"type": "FetchFailed", "status": "True",
        "reason": "GitOperationFailed", "message": "no route to host"}]);
    let one = [fetched("token", 0)];
    assert_eq!(paths(&of(&web, &after(500, &[&behind], &one))), [SOURCE_PATH]);
    let unseen = "has not seen the commit yet and is at main@222222222: GitOperationFailed: no route \
                  to host";
    assert_eq!(converging::of(&web, &following(&[&behind], &one)).to_string(), unseen);
    let two = [fetched("token", 0), fetched("token.1", 500)];
    // The second is not handled yet.
    assert_eq!(converging::of(&web, &following(&[&behind], &two)).to_string(), unseen);
    behind["status"]["lastHandledReconcileAt"] = json!("token.1");
    let failed =
        "has failed at GitRepository flux-system/fleet: GitOperationFailed: no route to host";
    assert_eq!(converging::of(&web, &following(&[&behind], &two)).to_string(), failed);
    assert!(of(&web, &after(9_000, &[&behind], &two)).is_empty());
    // A commit that nobody signed stays so.
    behind["status"]["lastHandledReconcileAt"] = json!("token");
    behind["status"]["conditions"] =
        json!([{"type": "SourceVerified", "status": "False", "reason": "NoSignature"}]);
    let failed = "has failed at GitRepository flux-system/fleet: NoSignature";
    assert_eq!(converging::of(&web, &following(&[&behind], &one)).to_string(), failed);
}

/// The first run may have read what its source had before.
#[test]
fn a_run_is_asked_for_where_none_begins() {
    let (mut web, at) = (named("web", BAD), source(REVERT, ""));
    let others = [&at];
    assert!(of(&web, &after(1_999, &others, &[])).is_empty());
    let nudges = of(&web, &after(2_000, &others, &[]));
    assert_eq!(paths(&nudges), [WEB_PATH]);
    assert_eq!(nudges[0].summary, "ask Kustomization flux-system/web to run now");
    let given = [nudged(NudgeKind::Refresh, WEB_PATH, "token", 2_000)];
    // Who has not heard the first does not hear the second.
    assert!(of(&web, &after(12_000, &others, &given)).is_empty());
    web["status"]["lastHandledReconcileAt"] = json!("token");
    assert!(of(&web, &after(11_999, &others, &given)).is_empty());
    assert_eq!(paths(&of(&web, &after(12_000, &others, &given))), [WEB_PATH]);
    assert!(of(&named("web", REVERT), &after(90_000, &others, &[])).is_empty());
}

#[test]
fn who_waits_for_others_is_asked_once_they_are_done() {
    let (mut web, at) = (waiting("web", "crds"), source(REVERT, ""));
    let (behind, done) = (named("crds", BAD), named("crds", REVERT));
    assert!(of(&web, &following(&[&at], &[])).is_empty());
    assert!(of(&web, &following(&[&at, &behind], &[])).is_empty());
    assert_eq!(paths(&of(&web, &following(&[&at, &done], &[]))), [WEB_PATH]);
    let given = [nudged(NudgeKind::Refresh, WEB_PATH, "token", 0)];
    web["status"]["lastHandledReconcileAt"] = json!("token");
    assert!(of(&web, &after(1_999, &[&at, &done], &given)).is_empty());
    assert_eq!(of(&web, &after(2_000, &[&at, &done], &given)).len(), 1);
    // In a row of three the middle one is first.
    let (middle, done) = (waiting("crds", "base"), named("base", REVERT));
    let nudges = of(&web, &following(&[&at, &middle, &done], &[]));
    let [nudge] = nudges.as_slice() else { panic!("{nudges:?}") };
    assert_eq!(nudge.summary, "ask Kustomization flux-system/crds to run now");
}

#[test]
fn source_and_dependencies_are_watched() {
    let watched = watched(&waiting("web", "crds"));
    let names: Vec<&str> = watched.iter().map(|address| address.target.name.as_str()).collect();
    assert_eq!(names, ["fleet", "crds"]);
    assert_eq!(watched[0].object().as_str(), SOURCE_PATH);
    assert!(super::watched(&source(BAD, "")).is_empty());
}

#[test]
fn who_has_not_answered_is_named() {
    let (web, behind) = (named("web", BAD), source(BAD, "old"));
    let given = [fetched("token", 0)];
    let address = KIND.address_of(&web);
    let unheard = |web: &Value, source: &Value, given: &[Given]| {
        request::unheard(web, &address, &following(&[source], given)).map(|unheard| unheard.who)
    };
    let expected = Some("the source-controller of Flux".to_owned());
    assert_eq!(unheard(&web, &behind, &given), expected);
    assert_eq!(unheard(&web, &source(BAD, "token"), &given), None);
    // It is busy, so it is there.
    let mut busy = behind.clone();
    busy["status"]["conditions"] =
        json!([{"type": "Reconciling", "status": "True", "reason": "Progressing"}]);
    assert_eq!(unheard(&web, &busy, &given), None);
    let both = [fetched("token", 0), nudged(NudgeKind::Refresh, WEB_PATH, "token", 2_000)];
    let expected = Some("the kustomize-controller of Flux".to_owned());
    assert_eq!(unheard(&web, &source(REVERT, "token"), &both), expected);
    assert_eq!(unheard(&web, &behind, &[]), None);
}
