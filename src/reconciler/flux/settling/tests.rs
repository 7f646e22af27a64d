use serde_json::json;

use super::super::helm_release::HelmReleases;
use super::super::kustomization::Kustomizations;
use super::*;
use crate::reconciler::Reconciler;

const SHA: &str = "9f3c2ab51d0e77aa0123456789abcdef01234567";

fn ready() -> Value {
    json!([{"type": "Ready", "status": "True"}])
}

fn release(revision: &str) -> Value {
    json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"namespace": "flux", "name": "web", "generation": 2},
        "spec": {"interval": "1h", "chart": {"spec": {"chart": "./charts/web",
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}},
        "status": {"observedGeneration": 2, "lastAttemptedGeneration": 2, "helmChart": "flux/flux-web",
            "lastAttemptedRevision": revision, "conditions": ready(),
            "history": [{"version": 3, "status": "deployed", "chartName": "web",
                "chartVersion": revision}]},
    })
}

fn repository() -> Value {
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"namespace": "flux", "name": "fleet", "generation": 1},
        "status": {"observedGeneration": 1, "conditions": ready(),
            "artifact": {"revision": format!("main@sha1:{SHA}")}}})
}

fn chart(of: &str) -> Value {
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmChart",
        "metadata": {"namespace": "flux", "name": "flux-web", "generation": 1},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"observedGeneration": 1, "observedSourceArtifactRevision": of,
            "conditions": ready(), "artifact": {"revision": "1.0.0"}}})
}

#[test]
fn a_release_has_to_have_the_chart_of_the_commit_that_was_fetched() {
    let now = format!("main@sha1:{SHA}");
    for (release, chart, expected) in [
        (release("1.0.0"), chart(&now), true),
        // The chart is still that of the commit before.
        (release("1.0.0"), chart("main@sha1:51d0e77aa0123456789abcdef012345679f3c2ab"), false),
        (release("0.9.0"), chart(&now), false),
    ] {
        let repository = repository();
        let others = [&repository, &chart];
        let state = HelmReleases.settled(&release, &others).unwrap();
        assert_eq!(state.is_applied(), expected, "{state}");
    }
    let unread = HelmReleases.settled(&release("1.0.0"), &[]);
    assert_eq!(unread.unwrap_err(), "GitRepository flux/fleet was not found, or cannot be read");
}

#[test]
fn who_writes_to_objects_is_known_by_name() {
    assert!(Kustomizations.writes_as("kustomize-controller"));
    assert!(HelmReleases.writes_as("helm-controller"));
    assert!(!Kustomizations.writes_as("gotk-kustomize-controller"));
    let words = HelmReleases.applies(&release("1.2.3"));
    assert_eq!(words.as_deref(), Some("web 1.2.3"));
}

#[test]
fn any_shape_comes_to_something() {
    for shape in [json!(null), json!([]), json!({"status": 1, "spec": {"sourceRef": 2}})] {
        for kind in [&Kustomizations as &dyn Reconciler, &HelmReleases] {
            let state = kind.settled(&shape, &[&shape]);
            assert!(!state.is_ok_and(|state| state.is_applied()), "{shape}");
            assert!(kind.hindrances(&shape, &Facts::default()).is_empty(), "{shape}");
            let _ = kind.agreement(&shape, &shape, None);
        }
    }
}
