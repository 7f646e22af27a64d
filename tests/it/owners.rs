//! Who owns a workload, asked of the real controllers: what `rb status` says of the chain.

mod argocd;

use serde_json::Value;

use crate::rb::{Rb, rb};
use crate::suite::Test;
use crate::testbed::Namespace;

pub(crate) fn tests() -> Vec<Test> {
    argocd::tests()
}

/// The owners of the Deployment `web`, the nearest first.
#[track_caller]
fn owners(namespace: &Namespace) -> Vec<Value> {
    let status = rb(namespace, "status deploy/web --watch=false -o json").json();
    status["owners"].as_array().expect("a list of owners").clone()
}

/// The same with the rights of a user.
#[track_caller]
fn owners_seen_by(namespace: &Namespace, user: &str) -> Vec<Value> {
    let call = Rb::new(&namespace.user(user)).words("status deploy/web --watch=false -o json");
    call.run().json()["owners"].as_array().expect("a list of owners").clone()
}

fn names(owners: &[Value]) -> Vec<&str> {
    owners.iter().filter_map(|owner| owner["name"].as_str()).collect()
}

/// What stands in the notes of an owner, in lines.
fn notes(owner: &Value) -> String {
    let notes = owner["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    notes.collect::<Vec<_>>().join("\n")
}
