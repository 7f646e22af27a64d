//! What `rb verify` finds of the owners of a workload, with the real controllers; and `--watch-for`.

mod argocd;
mod flux;
mod watch;

use serde_json::Value;

use super::Verified;
use crate::suite::Test;
use crate::testbed::Fleet;

pub(super) fn tests() -> Vec<Test> {
    [argocd::tests(), flux::tests(), watch::tests()].concat()
}

const WEB: &str = "apps/web";
const CHECKS: [&str; 3] = ["gitops.converged", "gitops.agrees", "gitops.automation"];

/// The image of a release.
fn image(tag: &str) -> String {
    format!("registry.test/web:{tag}")
}

/// A fleet whose app `web` has the image of release 1.0, and the commit that brought it.
fn web() -> (Fleet, String) {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", &image("1.0"));
    let commit = fleet.push("Add web");
    (fleet, commit)
}

/// Fails the test unless all checks of owners are good.
#[track_caller]
fn all_good(verified: &Verified) {
    for id in CHECKS {
        verified.finds(id, "pass", "");
    }
}

#[track_caller]
fn message(check: &Value) -> &str {
    check["message"].as_str().expect("a message")
}
