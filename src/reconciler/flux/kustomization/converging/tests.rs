//! What a watcher sees, in the order in which the controllers write it.

use std::time::Duration;

use serde_json::json;

use super::super::super::super::following::Given;
use super::super::super::super::following::given::{ABOVE, BAD, NEWER, REVERT, following, nudged};
use super::*;

fn main(commit: &str) -> String {
    format!("main@sha1:{commit}")
}

fn source(commit: &str) -> Value {
    json!({"kind": "GitRepository", "metadata": {"namespace": "flux-system", "name": "fleet"},
        "status": {"artifact": {"revision": main(commit)}}})
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": "2026-03-02T12:00:00Z"})
}

/// A Kustomization that tried and applied these, with these conditions.
fn web(tried: &str, applied: &str, conditions: &[Value]) -> Value {
    json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"namespace": "flux-system", "name": "web", "generation": 3},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"observedGeneration": 3, "lastAttemptedRevision": main(tried),
            "lastAppliedRevision": main(applied), "conditions": conditions},
    })
}

fn ready() -> Value {
    condition("Ready", "True", "ReconciliationSucceeded", "Applied revision")
}

fn failing(reason: &str, message: &str) -> [Value; 2] {
    [
        condition("Ready", "False", reason, message),
        condition("Reconciling", "True", "ProgressingWithRetry", "tries again"),
    ]
}

#[track_caller]
fn assert_says(owner: &Value, source: &Value, words: &str) {
    assert_eq!(of(owner, &following(&[source], &[])).to_string(), words, "{owner}");
}

/// Nothing of its status says which values it has read.
#[test]
fn values_from_elsewhere_count_with_a_run_that_has_begun_since() {
    let at = source(REVERT);
    let others = [&at];
    let path = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/web";
    let asked = [nudged(NudgeKind::Refresh, path, "token", 0)];
    let message =
        format!("Running health checks for revision {} with a timeout of 30s", main(REVERT));
    let checking = [
        condition("Ready", "Unknown", "Progressing", "Reconciliation in progress"),
        condition("Reconciling", "True", "Progressing", &message),
    ];
    let failed = failing("HealthCheckFailed", "timeout");
    let waits = "has seen the commit and waits for its next run";
    let blocked = "is held back by the health check of main@111111111";
    let applied = "has applied main@111111111";
    for (conditions, written, before, meanwhile, after) in [
        (&[ready()][..], "", waits, waits, applied),
        (
            &checking,
            ": its health check runs",
            blocked,
            "is at work (health check)",
            "is at work (health check)",
        ),
        (
            &failed,
            ": HealthCheckFailed: timeout",
            waits,
            waits,
            "has failed: HealthCheckFailed: timeout",
        ),
    ] {
        let mut web = web(REVERT, REVERT, conditions);
        let only_written = Following { goal: Goal::Written, ..following(&others, &[]) };
        assert_eq!(of(&web, &only_written).to_string(), format!("{applied}{written}"));
        let says = |web: &Value, given: &[Given]| {
            let anew = Following { goal: Goal::Anew, ..following(&others, given) };
            of(web, &anew).to_string()
        };
        assert!(says(&web, &[]).starts_with(before), "{}", says(&web, &[]));
        assert!(says(&web, &asked).starts_with(meanwhile), "{}", says(&web, &asked));
        web["status"]["lastHandledReconcileAt"] = json!("token");
        assert!(says(&web, &asked).starts_with(after), "{}", says(&web, &asked));
    }
}

#[test]
fn what_was_written_of_another_commit_does_not_count() {
    let at = source(REVERT);
    let others = [&at];
    let message = format!("Running health checks for revision {} with a timeout of 30s", main(BAD));
    let checking = [
        condition("Ready", "Unknown", "Progressing", "Reconciliation in progress"),
        condition("Reconciling", "True", "Progressing", &message),
    ];
    let only_written = Following { goal: Goal::Written, ..following(&others, &[]) };
    for (conditions, says) in [
        (&checking, "is held back by the health check of main@222222222"),
        (&failing("HealthCheckFailed", "timeout"), "has seen the commit and waits"),
    ] {
        let words = of(&web(BAD, BAD, conditions), &only_written).to_string();
        assert!(words.starts_with(says), "{words}");
    }
}

#[test]
fn all_of_it_has_to_fit() {
    let at = source(REVERT);
    let done = web(REVERT, REVERT, &[ready()]);
    assert_says(&done, &at, "has applied main@111111111");
    let mut waited = done.clone();
    waited["spec"]["wait"] = json!(true);
    assert_says(&waited, &at, "has applied main@111111111 and says that it is healthy");
    // Others push too.
    let above = web(ABOVE, ABOVE, &[ready()]);
    assert_says(&above, &source(ABOVE), "has applied main@333333333");

    // Conditions are written first: ready, and nothing else is of the commit.
    let running = "is at work (run)";
    assert_says(&web(REVERT, BAD, &[ready()]), &at, running);
    assert_says(&web(BAD, BAD, &[ready()]), &at, "has seen the commit and waits for its next run");
    let going_on = condition("Reconciling", "True", "Progressing", "Detecting drift");
    let unfinished = web(REVERT, REVERT, &[ready(), going_on]);
    assert_says(&unfinished, &at, "is at work (run): Detecting drift");
    let mut unseen = done;
    unseen["metadata"]["generation"] = json!(4);
    assert_says(&unseen, &at, running);
}

#[test]
fn a_suspended_one_has_all_the_signs_of_a_good_one() {
    let mut owner = web(REVERT, REVERT, &[ready()]);
    owner["spec"]["suspend"] = json!(true);
    assert_says(&owner, &source(REVERT), "does nothing: spec.suspend is true");
    let mut behind = source(BAD);
    behind["spec"] = json!({"suspend": true});
    let by =
        "does nothing: GitRepository flux-system/fleet is suspended, so it fetches nothing new";
    assert_says(&web(BAD, BAD, &[ready()]), &behind, by);
    // It has fetched the commit before.
    let mut at = source(REVERT);
    at["spec"] = json!({"suspend": true});
    assert_says(&web(REVERT, REVERT, &[ready()]), &at, "has applied main@111111111");
}

#[test]
fn a_run_is_told_step_by_step() {
    let at = source(REVERT);
    let run = |message: &str| {
        [
            condition("Ready", "Unknown", "Progressing", message),
            condition("Reconciling", "True", "Progressing", message),
        ]
    };
    // The revision that was tried is written after the first message.
    let fetching = web(BAD, BAD, &run("Fetching manifests for revision main@sha1:1"));
    assert_says(&fetching, &at, "is at work (run): Fetching manifests for revision main@sha1:1");
    let building = web(REVERT, BAD, &run("Building manifests\nwith a timeout"));
    assert_says(&building, &at, "is at work (run): Building manifests");
}

fn checking(commit: &str) -> Value {
    let message =
        format!("Running health checks for revision {} with a timeout of 5m0s", main(commit));
    let mut owner = web(
        commit,
        BAD,
        &[
            condition("Ready", "Unknown", "Progressing", &message),
            condition("Reconciling", "True", "Progressing", &message),
            condition("Healthy", "Unknown", "Progressing", &message),
        ],
    );
    owner["spec"]["wait"] = json!(true);
    owner
}

/// The biggest trap: the check of what is reverted holds the revert back.
#[test]
fn a_health_check_of_the_bad_release_is_told_with_its_end() {
    for source in [source(REVERT), source(BAD)] {
        let state = of(&checking(BAD), &following(&[&source], &[]));
        let Convergence::Blocked { by, until, remedy } = state else { panic!("{state:?}") };
        assert_eq!(by, "the health check of main@222222222");
        assert_eq!(until, Some("2026-03-02T12:05:00Z".parse().unwrap()));
        assert!(remedy.unwrap().contains(GATE));
    }
    let own = of(&checking(REVERT), &following(&[&source(REVERT)], &[]));
    let Convergence::Running { phase, since, .. } = own else { panic!("{own:?}") };
    assert_eq!(phase, "health check");
    assert_eq!(since, Some("2026-03-02T12:00:00Z".parse().unwrap()));
}

#[test]
fn a_failure_counts_only_where_the_commit_was_tried() {
    let at = source(REVERT);
    let message = "health check failed after 20s: timeout waiting for: [Deployment/shop/web status: \
                   'InProgress']";
    let failed = failing("HealthCheckFailed", message);
    let told = of(&web(REVERT, BAD, &failed), &following(&[&at], &[]));
    let Convergence::Failed { reason, object } = told else { panic!("{told:?}") };
    assert!(reason.starts_with("HealthCheckFailed: health check failed after 20s"), "{reason}");
    assert_eq!(object.as_deref(), Some("Deployment shop/web"));
    let built = failing("BuildFailed", "no such file");
    assert_says(&web(REVERT, BAD, &built), &at, "has failed: BuildFailed: no such file");
    // The old failure: waiting goes on.
    let waits = "has seen the commit and waits for its next run";
    assert_says(&web(BAD, BAD, &failed), &at, waits);
    // A new revision has ended the check of the old one.
    let cancelled = failing("HealthCheckCanceled", "New reconciliation triggered");
    assert_says(&web(REVERT, BAD, &cancelled), &at, "is at work (run)");
    let stalled = [condition("Stalled", "True", "InvalidCELExpression", "bad")];
    assert_says(&web(BAD, BAD, &stalled), &at, "has failed: InvalidCELExpression: bad");
    let mut changed = web(BAD, BAD, &stalled);
    changed["metadata"]["generation"] = json!(4);
    assert_says(&changed, &at, waits);
}

/// The revision that was tried is not written where the folder is missing.
#[test]
fn a_missing_folder_is_known_by_a_run_of_our_own() {
    let at = source(REVERT);
    let mut owner = web(BAD, BAD, &failing("ArtifactFailed", "kustomization path not found"));
    let waits = "has seen the commit and waits for its next run";
    assert_says(&owner, &at, waits);
    let path = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/web";
    let given = [nudged(NudgeKind::Refresh, path, "token", 0)];
    let others = [&at];
    assert_eq!(of(&owner, &following(&others, &given)).to_string(), waits);
    owner["status"]["lastHandledReconcileAt"] = json!("token");
    assert_eq!(
        of(&owner, &following(&others, &given)).to_string(),
        "has failed: ArtifactFailed: kustomization path not found"
    );
    for message in [
        "Source artifact not found, retrying in 30s",
        "Source is not ready, artifact not found, retrying in 30s",
    ] {
        owner["status"]["conditions"] = json!(failing("ArtifactFailed", message));
        assert_eq!(of(&owner, &following(&others, &given)).to_string(), waits, "{message}");
    }
}

#[test]
fn what_it_depends_on_holds_it_back() {
    let message = "dependency 'flux-system/crds' is not ready";
    // Without a condition Reconciling.
    let owner = web(BAD, BAD, &[condition("Ready", "False", "DependencyNotReady", message)]);
    let words = format!("is held back by DependencyNotReady: {message}");
    assert_says(&owner, &source(REVERT), &words);
}

#[test]
fn a_source_without_the_commit_is_said() {
    let owner = web(BAD, BAD, &[ready()]);
    assert_says(&owner, &source(BAD), "has not seen the commit yet and is at main@222222222");
    // At first it was only not read yet.
    let early = of(&owner, &following(&[], &[])).to_string();
    assert_eq!(early, "has not seen the commit yet");
    let later = Following { elapsed: Duration::from_secs(2), ..following(&[], &[]) };
    assert_eq!(
        of(&owner, &later).to_string(),
        "has not seen the commit yet: GitRepository flux-system/fleet was not found, or cannot be read"
    );
    let newer = "has a newer release, main@444444444";
    assert_says(&owner, &source(NEWER), newer);
    assert_says(&web(NEWER, BAD, &[ready()]), &source(BAD), newer);
}

#[test]
fn whatever_the_shape_nothing_fails() {
    for shape in [json!(null), json!([]), json!({"spec": {"sourceRef": []}, "status": "x"})] {
        let state = of(&shape, &following(&[], &[]));
        assert!(matches!(state, Convergence::NotSeen { .. }), "{state:?}");
    }
    for message in ["", "[", "[ status:", "[/ status:", "[a b/c status:", "]["] {
        assert_eq!(object(message), None, "{message}");
    }
}
