//! Holds on owners, by the real controllers: what they leave alone, what they put back, and that a release
//! gives back exactly what was there.

mod argocd;
mod flux;
mod open;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use kubectl_rb::cluster::{Cluster, ConnectOptions, Deadline};
use kubectl_rb::error::Result;
use kubectl_rb::reconciler::chain;
use kubectl_rb::reconciler::hold::{self, Held, Released, Wanted};
use kubectl_rb::rollback::model::hold::{Aim, Hold};
use kubectl_rb::rollback::model::ownership::Owner;
use kubectl_rb::rollback::model::target::Target;
use serde_json::Value;

use crate::scene::text;
use crate::suite::Test;
use crate::testbed::{Fleet, Namespace};

pub(crate) fn tests() -> Vec<Test> {
    [argocd::tests(), flux::tests(), open::tests()].concat()
}

const WEB: &str = "apps/web";
const HOLD: &str = "kubectl-rb/hold";
/// Of each call; the machine may be busy.
const LIMIT: Duration = Duration::from_secs(120);
/// How often an owner is made to look again: with the default timings that is ten minutes and more.
const LOOKS: usize = 10;

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

/// The Deployment `web` of a namespace.
fn workload(namespace: &Namespace) -> Target {
    Target {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: namespace.name().to_owned(),
        name: "web".to_owned(),
    }
}

/// A hold for it.
fn holder(namespace: &Namespace, id: &str) -> Hold {
    Hold {
        id: id.to_owned(),
        by: "alice".to_owned(),
        at: Timestamp::now(),
        reason: Some("release 1.1 loses orders".to_owned()),
        incident: Some("INC-7".to_owned()),
        workload: workload(namespace),
        aim: Aim::default(),
    }
}

/// Does something on the cluster, as this user.
fn on<T>(kubeconfig: &Path, work: impl AsyncFnOnce(&Cluster, Deadline) -> T) -> T {
    let options =
        ConnectOptions { kubeconfig: Some(kubeconfig.to_owned()), ..ConnectOptions::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let deadline = Deadline::after(LIMIT);
        let cluster = Cluster::connect(&options, deadline).await.expect("a connection");
        work(&cluster, deadline).await
    })
}

/// The owners of the Deployment.
fn owners(namespace: &Namespace) -> Vec<Owner> {
    let marks = chain::marks(&namespace.get("deployment", "web"));
    on(namespace.kubeconfig(), async |cluster, deadline| {
        chain::read(cluster, vec![marks], "rb", deadline).await.remove(0)
    })
}

/// Who is to be held before it is patched.
#[track_caller]
fn wanted(namespace: &Namespace) -> Vec<Target> {
    let owners = owners(namespace);
    let Wanted { hold, cannot, warnings } = hold::wanted(&owners);
    assert!(cannot.is_empty() && warnings.is_empty(), "{cannot:?} {warnings:?}");
    hold.into_iter().cloned().collect()
}

fn hold_as(kubeconfig: &Path, owner: &Target, hold: &Hold, chain: &[Owner]) -> Result<Held> {
    on(kubeconfig, async |cluster, deadline| {
        hold::hold(cluster, owner, hold, chain, deadline).await
    })
}

fn hold(namespace: &Namespace, owner: &Target, id: &str) -> Result<Held> {
    let (kubeconfig, chain) = (namespace.kubeconfig(), owners(namespace));
    hold_as(kubeconfig, owner, &holder(namespace, id), &chain)
}

fn release(namespace: &Namespace, owner: &Target, id: &str) -> Result<Released> {
    on(namespace.kubeconfig(), async |cluster, deadline| {
        hold::release(cluster, owner, id, deadline).await
    })
}

/// The spec, byte for byte as the API server sends it.
fn spec(owner: &Value) -> String {
    owner["spec"].to_string()
}

fn has_hold(owner: &Value) -> bool {
    !text(owner, "/metadata/annotations/kubectl-rb~1hold").is_empty()
}
