//! What tests of Argo CD start from: a Deployment `web` in namespace `prod`, and an Application `web`
//! that lists it.

use serde_json::{Value, json};

use super::super::marks::reference;
use super::super::{Claim, Link, Reconciler as _};
use super::tracking::TRACKING;
use super::{Applications, VERSION};
use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::Owner;

pub(super) const SHA: &str = "9f3c2ab51d0e77aa0123456789abcdef01234567";
pub(super) const OLD: &str = "51d0e77aa0123456789abcdef012345679f3c2ab";

/// The Deployment, with these members of its metadata.
pub(super) fn deployment(metadata: &Value) -> Value {
    let mut object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": "prod", "name": "web"}});
    merge(&mut object["metadata"], metadata);
    object
}

/// The Deployment with this tracking id.
pub(super) fn tracked(id: &str) -> Value {
    deployment(&json!({"annotations": {TRACKING: id}}))
}

/// The Application, synced and healthy, with this merged over it.
pub(super) fn application(extra: &Value) -> Value {
    let mut object = json!({
        "apiVersion": VERSION, "kind": "Application",
        "metadata": {"namespace": "argocd", "name": "web"},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://git.test/fleet.git", "path": "apps/web",
                "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "prod"},
        },
        "status": {
            "controllerNamespace": "argocd",
            "reconciledAt": "2026-03-02T12:00:00Z",
            "sync": {"status": "Synced", "revision": SHA},
            "health": {"status": "Healthy"},
            "operationState": {"phase": "Succeeded", "finishedAt": "2026-03-02T11:00:00Z",
                "syncResult": {"revision": SHA}},
            "resources": [
                {"version": "v1", "kind": "Service", "namespace": "prod", "name": "web"},
                {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "prod",
                    "name": "web", "status": "Synced"},
            ],
        },
    });
    merge(&mut object, extra);
    object
}

/// The answers to what a claim asks, where the cluster has these Applications.
pub(super) fn facts(claim: &Claim, applications: &[Value]) -> Facts<'static> {
    let answer = |ask: Ask| {
        let Ask::Read(path) = &ask else { panic!("only objects are read") };
        let value = answer(path, applications);
        (ask, value)
    };
    Facts::of(Applications.asks(claim).into_iter().map(answer))
}

fn answer(path: &str, applications: &[Value]) -> Option<Value> {
    let named: Vec<&Value> = applications
        .iter()
        .filter(|application| {
            let target = reference(application);
            let single = format!("/namespaces/{}/applications/{}", target.namespace, target.name);
            path.contains(&format!("fieldSelector=metadata.name%3D{}&", target.name))
                || path.ends_with(&single)
        })
        .collect();
    if path.contains('?') {
        Some(json!({"items": named}))
    } else {
        named.first().map(|application| (*application).clone())
    }
}

/// What the marks of an object come to in a cluster with these Applications.
pub(super) fn links(object: &Value, applications: &[Value]) -> Vec<Link> {
    let claims = Applications.claims(object);
    let judge = |claim: &Claim| Applications.judge(claim, object, &facts(claim, applications));
    claims.iter().flat_map(judge).collect()
}

/// The one owner that they come to.
pub(super) fn owner(object: &Value, applications: &[Value]) -> Owner {
    let mut links = links(object, applications);
    assert_eq!(links.len(), 1, "{links:?}");
    links.remove(0).owner
}

/// The owner of the Deployment, with this merged over its Application.
pub(super) fn owner_with(extra: &Value) -> Owner {
    owner(&tracked("web:apps/Deployment:prod/web"), &[application(extra)])
}

fn merge(object: &mut Value, patch: &Value) {
    match patch {
        Value::Object(members) if object.is_object() => {
            for (member, value) in members {
                if value.is_null() {
                    object.as_object_mut().unwrap().remove(member);
                } else {
                    merge(&mut object[member], value);
                }
            }
        }
        _ => *object = patch.clone(),
    }
}
