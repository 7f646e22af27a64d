//! Who owns a workload, and what he would do to a direct write, by the real controllers.

mod argocd;
mod elsewhere;
mod flux;

use std::path::Path;

use serde_json::Value;

use crate::rb::Rb;
use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    [argocd::tests(), elsewhere::tests(), flux::tests()].concat()
}

/// The chain of owners that a user sees, the nearest first.
#[track_caller]
fn owners(kubeconfig: &Path, workload: &str) -> Vec<Value> {
    let words = format!("history {workload} -o json");
    let document = Rb::new(kubeconfig).words(&words).run().ends_with(0).json();
    document["owners"].as_array().expect("a list of owners").clone()
}

/// What is said beside the chain, sentence by sentence.
fn notes(owner: &Value) -> Vec<&str> {
    owner["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
