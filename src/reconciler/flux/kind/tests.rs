use serde_json::json;

use super::super::kustomization::KIND;
use super::*;

const READ: &str =
    "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/apps";
const GROUP: &str = "/apis/kustomize.toolkit.fluxcd.io";

fn labelled(labels: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web", "labels": labels}})
}

fn ask(path: &str) -> Ask {
    Ask::Read(path.to_owned())
}

fn claim() -> Claim {
    Claim { namespace: Some("flux-system".into()), name: "apps".into(), ..Claim::default() }
}

fn served(versions: &[&str]) -> Value {
    let versions: Vec<Value> = versions.iter().map(|name| json!({"version": name})).collect();
    json!({"kind": "APIGroup", "versions": versions})
}

#[test]
fn labels_claim_an_owner() {
    let both = json!({"kustomize.toolkit.fluxcd.io/name": "apps",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system"});
    let claims = KIND.claims(&labelled(&both));
    let [one] = claims.as_slice() else { panic!("{claims:?}") };
    assert_eq!(one.mark, "label kustomize.toolkit.fluxcd.io/name");
    assert_eq!((one.namespace.as_deref(), one.name.as_str()), (Some("flux-system"), "apps"));
    assert_eq!(one.of.reference(), "deployment/web");
    assert_eq!(KIND.named(one), "Kustomization flux-system/apps");
    assert_eq!(KIND.asks(one), [ask(READ), ask(GROUP)]);
    for nothing in [
        json!({}),
        json!({"kustomize.toolkit.fluxcd.io/name": ""}),
        json!({"kustomize.toolkit.fluxcd.io/name": ["apps"]}),
        json!({"kustomize.toolkit.fluxcd.io/namespace": "flux-system"}),
        json!({"helm.toolkit.fluxcd.io/name": "apps"}),
        json!(["kustomize.toolkit.fluxcd.io/name"]),
    ] {
        assert!(KIND.claims(&labelled(&nothing)).is_empty(), "{nothing}");
    }
}

#[test]
fn a_hostile_name_reaches_no_other_object() {
    let labels = json!({"kustomize.toolkit.fluxcd.io/name": "../../../../api/v1/secrets?x=#",
        "kustomize.toolkit.fluxcd.io/namespace": "a/b"});
    let claims = KIND.claims(&labelled(&labels));
    let asks = KIND.asks(claims.first().unwrap());
    let hostile = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/a%2Fb/kustomizations/\
                   ..%2F..%2F..%2F..%2Fapi%2Fv1%2Fsecrets%3Fx%3D%23";
    assert_eq!(asks, [ask(hostile), ask(GROUP)]);
}

#[test]
fn what_applies_itself_ends_the_chain() {
    let mut object = json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"namespace": "flux-system", "name": "flux-system", "labels": {
            "kustomize.toolkit.fluxcd.io/name": "flux-system",
            "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}});
    assert!(KIND.claims(&object).is_empty());
    object["metadata"]["name"] = json!("apps");
    let claims = KIND.claims(&object);
    let [one] = claims.as_slice() else { panic!("{claims:?}") };
    // There is one, so there may be others: nothing else is asked.
    let parent = READ.replace("apps", "flux-system");
    assert_eq!(KIND.asks(one), [ask(&parent)]);
    let facts = Facts::of([(ask(&parent), None)]);
    let found = KIND.find(one, &facts);
    assert!(matches!(&found, Standing::Not(Proof::Refuted(_))), "{found:?}");
}

#[test]
fn an_owner_that_is_not_there_is_told_from_one_that_cannot_be_read() {
    let forbidden = || Error::new(ErrorKind::Forbidden, "not allowed to get kustomizations apps");
    let late = || Error::new(ErrorKind::Unreachable, "no answer in time");
    let known = |group: Option<Value>| Facts::of([(ask(READ), None), (ask(GROUP), group)]);
    let refuted =
        "there is no Kustomization flux-system/apps: it was deleted, or is on another cluster";
    let not_allowed = Proof::Unread("not allowed to get kustomizations apps".into());
    let none_here = "this cluster has no Kustomizations (kustomize.toolkit.fluxcd.io): Flux is not \
                     installed here, or applies this from another cluster";
    let other = "this cluster has Kustomizations (kustomize.toolkit.fluxcd.io) as v1beta1, v1beta2 \
                 only, and v1 is wanted";
    for (facts, expected) in [
        (known(Some(served(&["v1", "v1beta2"]))), Proof::Refuted(refuted.into())),
        (known(None), Proof::Unread(none_here.into())),
        (known(Some(served(&["v1beta1", "v1beta2"]))), Proof::Unread(other.into())),
        (known(Some(json!([]))), Proof::Unread("there is no such".into())),
        (
            Facts::of([(ask(GROUP), Some(served(&["v1"])))]).with_error(ask(READ), forbidden()),
            not_allowed.clone(),
        ),
        // Who may not look is told so by the API server before it says that there is nothing.
        (
            Facts::of([(ask(GROUP), None)]).with_error(ask(READ), forbidden()),
            Proof::Unread(none_here.into()),
        ),
        (
            Facts::of([]).with_error(ask(READ), forbidden()).with_error(ask(GROUP), late()),
            not_allowed,
        ),
        (
            Facts::of([(ask(READ), None)]).with_error(ask(GROUP), late()),
            Proof::Unread("there is no such".into()),
        ),
    ] {
        let found = KIND.find(&claim(), &facts);
        assert!(matches!(&found, Standing::Not(proof) if *proof == expected), "{found:?}");
    }
    assert!(matches!(KIND.find(&claim(), &Facts::of([])), Standing::Unasked));
    let alone = Claim { namespace: None, ..claim() };
    let nothing = Facts::of([]);
    let found = KIND.find(&alone, &nothing);
    assert!(
        matches!(&found, Standing::Not(Proof::Refuted(why))
            if why == "there is no label kustomize.toolkit.fluxcd.io/namespace beside it"),
        "{found:?}"
    );
}

#[test]
fn the_long_lists_of_an_owner_are_left_out() {
    let owner = json!({"apiVersion": "v", "kind": "K", "spec": {"path": "x"},
        "metadata": {"name": "n", "generation": 3, "deletionTimestamp": "t", "labels": {"a": "b"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "c": "d"},
            "managedFields": [{"manager": "m", "fieldsV1": {"f:spec": {}}}]},
        "status": {"inventory": {"entries": [{"id": "x"}]}, "lastAppliedRevision": "main@sha1:a"}});
    let slim = slim(&owner);
    assert_eq!(slim["spec"], owner["spec"]);
    assert_eq!(slim["status"], json!({"lastAppliedRevision": "main@sha1:a"}));
    assert_eq!(slim["metadata"]["generation"], 3);
    assert_eq!(slim["metadata"]["deletionTimestamp"], "t");
    assert_eq!(slim["metadata"]["annotations"], json!({"c": "d"}));
    assert_eq!(slim["metadata"]["managedFields"], json!([{"manager": "m"}]));
    assert_eq!(super::slim(&json!(["absurd"])), Value::Null);
    assert_eq!(
        super::slim(&json!({"metadata": 1, "status": []})),
        json!({"metadata": 1, "status": []})
    );
}
