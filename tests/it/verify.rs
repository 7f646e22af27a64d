//! `rb verify` on a real API server: what each check finds there, and what the verdict is.

mod gitops;
mod images;
mod pods;
mod rollout;
mod services;
mod surroundings;

use std::fmt::Write as _;

use serde_json::Value;

use crate::rb::{Ran, Rb, rb};
use crate::suite::Test;
use crate::testbed::Namespace;

pub(crate) fn tests() -> Vec<Test> {
    [
        gitops::tests(),
        images::tests(),
        pods::tests(),
        rollout::tests(),
        services::tests(),
        surroundings::tests(),
    ]
    .concat()
}

/// A verification with the document that it came to.
struct Verified {
    ran: Ran,
    document: Value,
}

/// Verifies the Deployment `web`.
#[track_caller]
fn verify(namespace: &Namespace, words: &str) -> Verified {
    verify_of(namespace, &format!("deploy/web {words}"))
}

/// Verifies the Deployment `web` without waiting long for what is bad to mend.
#[track_caller]
fn verify_now(namespace: &Namespace, words: &str) -> Verified {
    verify(namespace, &format!("--wait=5s {words}"))
}

/// Verifies what the words name.
#[track_caller]
fn verify_of(namespace: &Namespace, words: &str) -> Verified {
    Verified::of(rb(namespace, &format!("verify {words} -o json")))
}

/// Verifies the Deployment `web` as somebody else.
#[track_caller]
fn verify_as(namespace: &Namespace, user: &str) -> Verified {
    let call = Rb::new(&namespace.user(user)).words("verify deploy/web --wait=5s -o json");
    Verified::of(call.run())
}

impl Verified {
    #[track_caller]
    fn of(ran: Ran) -> Self {
        let document = ran.json();
        Self { ran, document }
    }

    /// Fails the test unless this is the verdict, and the code that the command ended with.
    #[track_caller]
    fn is(self, verdict: &str, code: i32) -> Self {
        assert_eq!(self.document["verdict"], verdict, "{self}");
        assert_eq!(self.ran.code, code, "{self}");
        self
    }

    /// The check of this name.
    #[track_caller]
    fn check(&self, id: &str) -> &Value {
        let checks = self.document["checks"].as_array().into_iter().flatten();
        let found = checks.into_iter().find(|check| check["id"] == id);
        found.unwrap_or_else(|| panic!("{id} was not made:\n{self}"))
    }

    /// Fails the test unless the check came to this, for this reason ("" where there is none).
    #[track_caller]
    fn finds(&self, id: &str, status: &str, reason: &str) -> &Value {
        let check = self.check(id);
        let found = (check["status"].as_str(), check["reason"].as_str().unwrap_or_default());
        assert_eq!(found, (Some(status), reason), "{id}:\n{self}");
        check
    }

    /// Fails the test unless all checks came to one of these.
    #[track_caller]
    fn all_are(&self, statuses: &[&str]) {
        for check in self.document["checks"].as_array().into_iter().flatten() {
            let status = check["status"].as_str().unwrap_or_default();
            assert!(statuses.contains(&status), "{check}:\n{self}");
        }
    }
}

impl std::fmt::Display for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut all = String::new();
        for check in self.document["checks"].as_array().into_iter().flatten() {
            let _ = writeln!(all, "{check}");
        }
        write!(f, "{all}--- stderr\n{}--- exit {}", self.ran.stderr, self.ran.code)
    }
}

/// Writes parts of the status of a pod, as its kubelet would: a JSON Patch.
#[track_caller]
fn patch_status(namespace: &Namespace, pod: &Value, patch: &Value) {
    let name = crate::scene::text(pod, "/metadata/name");
    let patch = patch.to_string();
    let subresource = "--subresource=status";
    namespace.kubectl_ok(&["patch", "pod", name, subresource, "--type=json", "-p", &patch]);
}

/// A Service with this name, for the pods with this label.
#[track_caller]
fn service(namespace: &Namespace, name: &str, app: &str) {
    let service = serde_json::json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": 8080}]}});
    namespace.apply(&service.to_string());
}

/// Waits until a Service has so many addresses that serve.
#[track_caller]
fn serves(namespace: &Namespace, name: &str, count: usize) {
    let selector = format!("kubernetes.io/service-name={name}");
    namespace.wait_until(&format!("Service {name} has {count} addresses"), |namespace| {
        let slices = namespace.list("endpointslice", &selector);
        let endpoints = slices.iter().filter_map(|slice| slice["endpoints"].as_array()).flatten();
        endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true).count() == count
    });
}
