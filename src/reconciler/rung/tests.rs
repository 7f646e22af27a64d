//! What is read of owners and their sources, over facts that stand still: and how often.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::reconciler::chain::marks;

const KUSTOMIZATION: &str =
    "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux/kustomizations/web";
const REPOSITORY: &str = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux/gitrepositories/fleet";
const DEPENDENCY: &str = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux/kustomizations/db";

/// What is read of this workload where the cluster has these objects, and how often each was asked for.
fn read(workload: &Value, objects: &[(&str, Value)]) -> (Vec<Rung>, BTreeMap<String, usize>) {
    let asked: RefCell<BTreeMap<String, usize>> = RefCell::default();
    let gather = async |asks: Vec<Ask>| {
        let distinct: HashSet<Ask> = asks.into_iter().collect();
        Facts::of(distinct.into_iter().map(|ask| {
            let Ask::Read(path) = &ask else { panic!("only objects are read") };
            *asked.borrow_mut().entry(path.clone()).or_default() += 1;
            let answer = objects.iter().find(|(known, _)| known == path);
            let answer = answer.map(|(_, object)| object.clone());
            (ask, answer)
        }))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let chains = runtime.block_on(climb(vec![marks(workload).into()], gather));
    (chains.into_iter().next().unwrap(), asked.into_inner())
}

fn workload(labels: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web", "labels": labels}})
}

fn kustomization() -> Value {
    json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"namespace": "flux", "name": "web"},
        "spec": {"suspend": true, "sourceRef": {"kind": "GitRepository", "name": "fleet"},
            "dependsOn": [{"name": "db"}]},
        "status": {"inventory": {"entries": [{"id": "shop_web_apps_Deployment", "v": "v1"}]}}})
}

#[test]
fn an_object_without_marks_costs_nothing() {
    let (chain, asked) = read(&workload(&json!({"app": "web"})), &[]);
    assert!(chain.is_empty());
    assert!(asked.is_empty(), "{asked:?}");
}

#[test]
fn an_owner_comes_with_its_source_and_each_is_asked_for_once() {
    let labels = json!({"kustomize.toolkit.fluxcd.io/name": "web",
        "kustomize.toolkit.fluxcd.io/namespace": "flux"});
    let repository = json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"namespace": "flux", "name": "fleet"}, "spec": {"suspend": true}});
    let objects = [(KUSTOMIZATION, kustomization()), (REPOSITORY, repository)];
    let (chain, asked) = read(&workload(&labels), &objects);
    let [rung] = chain.as_slice() else { panic!("{chain:?}") };
    assert!(rung.is_near());
    assert_eq!(rung.object.as_ref().unwrap()["spec"]["suspend"], true);
    let names: Vec<&Value> = rung.others.iter().map(|other| &other["metadata"]["name"]).collect();
    assert_eq!(names, ["fleet"]);
    let expected =
        ["it is suspended", "GitRepository flux/fleet is suspended, so it gets nothing new"];
    assert_eq!(rung.hindrances, expected);
    // Not even what is not there is asked for again and again.
    assert!(asked[DEPENDENCY] <= 2, "{asked:?}");
    let others = asked.iter().filter(|(path, _)| *path != DEPENDENCY);
    assert!(others.into_iter().all(|(_, count)| *count == 1), "{asked:?}");
}

#[test]
fn only_who_takes_it_from_a_source_is_near() {
    let helm =
        json!({"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"});
    let mut object = workload(&json!({}));
    object["metadata"]["annotations"] = helm;
    let (chain, asked) = read(&object, &[]);
    assert_eq!(chain.len(), 1);
    assert!(!chain[0].is_near() && asked.is_empty());
}
