#![expect(clippy::needless_pass_by_value, reason = "tables of JSON read better without borrows")]

use serde_json::json;

use super::*;

const V1: &str =
    "/apis/image.toolkit.fluxcd.io/v1/namespaces/flux-system/imageupdateautomations?limit=500";
const GIT_PATH: &str =
    "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/fleet";

fn apps(path: &str) -> Value {
    json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"namespace": "flux-system", "name": "apps"},
        "spec": {"path": path, "sourceRef": {"kind": "GitRepository", "name": "fleet"}}})
}

fn automation(spec: Value) -> Value {
    let mut item = json!({"metadata": {"namespace": "flux-system", "name": "auto"},
        "spec": {"interval": "10m", "sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    for (key, value) in spec.as_object().cloned().unwrap_or_default() {
        item["spec"][key] = value;
    }
    item
}

fn ask(path: &str) -> Ask {
    Ask::Read(path.to_owned())
}

fn judge(object: &Value, known: Vec<(Ask, Option<Value>)>) -> Vec<Owner> {
    let claims = ImageAutomations.claims(object);
    let [claim] = claims.as_slice() else { panic!("{claims:?}") };
    let links = ImageAutomations.judge(claim, object, &Facts::of(known));
    links.into_iter().map(|link| link.owner).collect()
}

fn beside(path: &str, spec: Value) -> Vec<Owner> {
    let repository = json!({"spec": {"ref": {"branch": "main"}}});
    let list = json!({"items": [automation(spec)]});
    judge(&apps(path), vec![(ask(V1), Some(list)), (ask(GIT_PATH), Some(repository))])
}

#[test]
fn one_that_writes_to_the_same_folder_undoes_a_revert() {
    let owners = beside("./apps/web", json!({"update": {"path": "./apps"}}));
    let [owner] = owners.as_slice() else { panic!("{owners:?}") };
    assert_eq!(owner.name, "ImageUpdateAutomation flux-system/auto");
    assert_eq!(
        owner.would,
        "it writes the newest image to apps of GitRepository flux-system/fleet again at its next run, \
         within 10m30s, which undoes a revert"
    );
    assert_eq!(owner.within, Some(630));
    let target = owner.object.as_ref().unwrap();
    assert_eq!(
        (target.api_version.as_str(), target.reference().as_str()),
        ("image.toolkit.fluxcd.io/v1", "imageupdateautomation/auto")
    );
    assert!(owner.notes.is_empty(), "{:?}", owner.notes);
}

#[test]
fn folder_repository_and_branch_decide() {
    for (path, spec, would, within) in [
        ("apps/web", json!({}), Some("to GitRepository flux-system/fleet again"), Some(630)),
        ("", json!({"update": {"path": "apps"}}), Some("to apps of"), Some(630)),
        ("apps/web", json!({"update": {"path": "apps/web/overlays"}}), Some("again"), Some(630)),
        ("apps/web", json!({"update": {"path": "apps/we"}}), None, None),
        ("apps/web", json!({"sourceRef": {"name": "fleet"}}), Some("again"), Some(630)),
        ("apps/web", json!({"sourceRef": {"name": "other"}}), None, None),
        ("apps/web", json!({"sourceRef": {"name": "fleet", "namespace": "shop"}}), None, None),
        ("apps/web", json!({"sourceRef": {"kind": "Bucket", "name": "fleet"}}), None, None),
        ("apps/web", json!({"sourceRef": ["fleet"]}), None, None),
        ("apps/web", json!({"suspend": true}), Some("it does nothing while it is suspended"), None),
        ("apps/web", json!({"git": {"push": {"branch": "main"}}}), Some("again"), Some(630)),
        (
            "apps/web",
            json!({"git": {"push": {"branch": "images"}}}),
            Some(
                "to branch images for GitRepository flux-system/fleet, which undoes a revert once",
            ),
            None,
        ),
        (
            "apps/web",
            json!({"git": {"checkout": {"ref": {"branch": "next"}}}}),
            Some("to branch next for"),
            None,
        ),
        (
            "apps/web",
            json!({"git": {"push": {"refspec": "refs/heads/main:refs/for/main"}}}),
            Some("to refspec refs/heads/main:refs/for/main for"),
            None,
        ),
        ("apps/web", json!({"git": [], "interval": 3, "update": []}), Some("again"), None),
    ] {
        let owners = beside(path, spec.clone());
        let found = owners.first();
        assert_eq!(found.is_some(), would.is_some(), "{spec}");
        let (Some(owner), Some(would)) = (found, would) else { continue };
        assert!(owner.would.contains(would), "{spec} {}", owner.would);
        assert_eq!(owner.within, within, "{spec}");
    }
}

#[test]
fn what_it_would_write_is_told() {
    let mut item = automation(json!({}));
    item["status"] = json!({"observedPolicies": {
            "api": {"name": "r.example/api", "tag": "2.0"}, "old": "r.example/old:1",
            "broken": {"name": "x"}, "absurd": []},
        "conditions": [{"type": "Ready", "status": "False", "reason": "GitOperationFailed"}]});
    let known = vec![(ask(V1), Some(json!({"items": ["absurd", item]})))];
    let owners = judge(&apps("apps"), known);
    assert_eq!(
        owners[0].notes,
        [
            "the newest images that it knows: r.example/api:2.0, r.example/old:1",
            "it is not ready: GitOperationFailed"
        ]
    );
}

#[test]
fn an_older_version_is_read_where_there_is_no_newer_one() {
    let old = V1.replace("/v1/", "/v1beta2/");
    let known = vec![(ask(V1), None), (ask(&old), Some(json!({"items": [automation(json!({}))]})))];
    let owners = judge(&apps("apps"), known);
    assert_eq!(owners[0].object.as_ref().unwrap().api_version, "image.toolkit.fluxcd.io/v1beta2");
    assert!(judge(&apps("apps"), vec![(ask(V1), None), (ask(&old), None)]).is_empty());
}

#[test]
fn without_the_right_to_list_that_is_said() {
    let object = apps("apps");
    let claims = ImageAutomations.claims(&object);
    let source = repository(&claims[0]);
    let old = V1.replace("/v1/", "/v1beta2/");
    assert_eq!(ImageAutomations.asks(&claims[0]), [ask(V1), ask(&old), ask(GIT_PATH)]);
    let forbidden = || Error::new(ErrorKind::Forbidden, "not allowed to list them");
    let facts = Facts::of([(ask(&old), None)]).with_error(ask(V1), forbidden());
    assert_eq!(
        unread(&source, &facts).unwrap(),
        "whether ImageUpdateAutomations write to its source is not known: not allowed to list them"
    );
    assert!(ImageAutomations.judge(&claims[0], &object, &facts).is_empty());
    assert_eq!(unread(&source, &Facts::of([(ask(V1), None), (ask(&old), None)])), None);
    assert_eq!(unread(&source, &Facts::of([])), None);
    let oci = SourceRef { kind: "OCIRepository", ..source };
    assert!(asks(&oci).is_empty() && unread(&oci, &facts).is_none());
}

#[test]
fn only_owners_with_a_git_repository_have_one() {
    let mut oci = apps("apps");
    oci["spec"]["sourceRef"]["kind"] = json!("OCIRepository");
    let release = json!({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"namespace": "flux-system", "name": "web"},
        "spec": {"chart": {"spec": {"chart": "./charts/web",
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}}});
    let mut foreign = apps("apps");
    foreign["apiVersion"] = json!("example.com/v1");
    let workload = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"}}});
    for (object, count) in
        [(apps("apps"), 1), (release, 1), (oci, 0), (foreign, 0), (workload, 0), (json!([]), 0)]
    {
        assert_eq!(ImageAutomations.claims(&object).len(), count, "{object}");
    }
}
