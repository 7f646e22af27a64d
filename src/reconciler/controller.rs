//! A controller that made the object: its owner reference says so, and the API server keeps that true.

use serde_json::Value;

use crate::facts::Facts;
use crate::rollback::model::ownership::{Owner, Proof};
use crate::rollback::model::target::Target;

use super::argocd::is_application_set;
use super::marks::reference;
use super::{Claim, Link, Reconciler};

/// Controllers of objects.
#[derive(Debug)]
pub(super) struct Controllers;

impl Reconciler for Controllers {
    fn claims(&self, object: &Value) -> Vec<Claim> {
        let claim = |owner: &Value| Claim {
            namespace: object
                .pointer("/metadata/namespace")
                .and_then(Value::as_str)
                .map(str::to_owned),
            name: text(owner, "name"),
            mark: "metadata.ownerReferences".to_owned(),
            of: reference(object),
            place: None,
        };
        // Of that one more is known.
        let others = controller_of(object).filter(|owner| !is_application_set(owner));
        others.map(claim).into_iter().collect()
    }

    fn judge(&self, claim: &Claim, object: &Value, _facts: &Facts<'_>) -> Vec<Link> {
        let Some(owner) = controller_of(object) else { return Vec::new() };
        let target = Target {
            api_version: text(owner, "apiVersion"),
            kind: text(owner, "kind"),
            namespace: claim.namespace.clone().unwrap_or_default(),
            name: claim.name.clone(),
        };
        let owner = Owner {
            name: format!("{} {}", target.kind, target.name),
            would: "its controller writes this object and puts its own version back".to_owned(),
            mark: claim.mark.clone(),
            object: Some(target),
            proof: Proof::Listed,
            ..Owner::default()
        };
        vec![Link { owner, object: None }]
    }
}

fn controller_of(object: &Value) -> Option<&Value> {
    let references = object.pointer("/metadata/ownerReferences")?.as_array()?;
    references
        .iter()
        .find(|reference| reference.get("controller").and_then(Value::as_bool) == Some(true))
}

fn text(owner: &Value, member: &str) -> String {
    owner.get(member).and_then(Value::as_str).unwrap_or("?").to_owned()
}
