use serde_json::json;

use super::*;
use crate::rollback::model::ownership::SourceKind;

const GIT: &str = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/fleet";

fn complete(change: Value, known: Vec<(Ask, Option<Value>)>) -> Owner {
    let (mut owner, object) = judge_with(&workload(json!({})), apps(change));
    let object = object.unwrap();
    Kustomizations.complete(&mut owner, &object, &Facts::of(known));
    owner
}

fn repository(commit: &str) -> (Ask, Option<Value>) {
    let object = json!({"spec": {"url": "https://git.example/fleet", "ref": {"branch": "main"}},
        "status": {"artifact": {"revision": main(commit)}}});
    (ask(GIT), Some(object))
}

#[test]
fn the_live_revision_is_the_one_that_was_applied() {
    let with = |reason: &str, healthy: &str| {
        let mut conditions = failed(reason)["status"]["conditions"].clone();
        if !healthy.is_empty() {
            let healthy = json!({"type": "Healthy", "status": healthy});
            conditions.as_array_mut().unwrap().push(healthy);
        }
        json!({"status": {"lastAppliedRevision": main(BEFORE), "conditions": conditions}})
    };
    let retried = json!({"status": {"lastAppliedRevision": main(BEFORE), "conditions": [
        {"type": "Ready", "status": "Unknown"}, {"type": "Healthy", "status": "False"}]}});
    for (change, live) in [
        (json!({}), NOW),
        (checking(), NOW),
        (with("HealthCheckFailed", "False"), NOW),
        (with("HealthCheckCanceled", "Unknown"), NOW),
        (with("PruneFailed", ""), NOW),
        (retried, NOW),
        // Not a byte of it was applied.
        (with("BuildFailed", "True"), BEFORE),
        (with("BuildFailed", "False"), BEFORE),
        (with("ArtifactFailed", ""), BEFORE),
        // What of it was applied is not known.
        (with("ReconciliationFailed", ""), BEFORE),
    ] {
        let owner = complete(change.clone(), vec![repository(NOW)]);
        let [source] = owner.sources.as_slice() else { panic!("{owner:?}") };
        assert_eq!(source.revision.as_deref(), Some(live), "{change}");
    }
}

#[test]
fn its_source_is_told_with_the_folder() {
    let owner = complete(json!({}), vec![repository(NOW)]);
    let [source] = owner.sources.as_slice() else { panic!("{owner:?}") };
    assert_eq!(
        (source.kind, source.url.as_str(), source.wants.as_str(), source.is_branch),
        (SourceKind::Git, "https://git.example/fleet", "main", true)
    );
    assert_eq!(source.path.as_deref(), Some("apps/web"));
    assert_eq!(source.object.as_ref().unwrap().reference(), "gitrepository/fleet");
    assert!(owner.notes.is_empty(), "{:?}", owner.notes);

    let newer = complete(json!({}), vec![repository(BEFORE)]);
    assert_eq!(newer.notes, ["its source has main@112345678, which it has not tried yet"]);
    assert_eq!(newer.sources[0].revision.as_deref(), Some(NOW));

    let digest = format!("latest@sha256:{}", "a".repeat(64));
    let oci = ask("/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/ocirepositories/fleet");
    let object = json!({"spec": {"url": "oci://r.example/fleet"}});
    let change = json!({"spec": {"path": null, "sourceRef": {"kind": "OCIRepository"}},
        "status": {"lastAppliedRevision": digest, "lastAttemptedRevision": digest}});
    let owner = complete(change, vec![(oci, Some(object))]);
    assert_eq!(owner.sources[0].revision, Some(digest));
    assert_eq!(owner.sources[0].path.as_deref(), Some(""));
}

#[test]
fn all_that_is_wanted_besides_is_asked_at_once() {
    let change = json!({"spec": {"dependsOn": [{"name": "infra"}]}});
    let (_, object) = judge_with(&workload(json!({})), apps(change.clone()));
    let asks = Kustomizations.further(&object.unwrap());
    let infra = READ.replace("apps", "infra");
    let expected = [ask(GIT)].into_iter().chain(image_automation::asks(&SourceRef {
        kind: "GitRepository",
        namespace: "flux-system",
        name: "fleet",
    }));
    assert_eq!(asks, expected.chain([ask(&infra)]).collect::<Vec<_>>());
    let owner = complete(change, vec![repository(NOW), (ask(&infra), None)]);
    assert_eq!(owner.notes, ["it waits for Kustomization flux-system/infra, which does not exist"]);
    let owner = complete(checking(), vec![repository(NOW)]);
    let last = owner.notes.last().unwrap();
    assert!(last.contains("until 2026-11-26T04:35:00Z at the latest"), "{last}");
}
