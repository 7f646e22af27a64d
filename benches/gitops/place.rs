//! A service that an owner takes from Git: an app in a fleet of its own, in a namespace of its own.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::service;
use super::testbed::argocd::{Application, automated};
use super::testbed::flux::{Flux, git_repository, kustomization};
use super::testbed::{Fleet, Namespace, TestBed};

pub(crate) const NAME: &str = "web";
pub(crate) const FOLDER: &str = "apps/web";
/// What the controllers still do when all is as it should be must not slow down who comes next.
const REST: Duration = Duration::from_millis(300);

/// Who brings it from Git to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An Application that syncs and heals itself.
    ArgoCd,
    /// A Kustomization with `wait: true`, Flux's health check, and its default timeout.
    FluxWaits,
    /// A Kustomization without a health check.
    FluxApplies,
}

enum Owner<'a> {
    Application(Application<'a>),
    Kustomization(&'a Flux),
}

pub(crate) struct Place<'a> {
    pub(crate) namespace: &'a Namespace,
    pub(crate) fleet: Fleet,
    owner: Owner<'a>,
    waits: bool,
    releases: usize,
}

impl<'a> Place<'a> {
    /// With release 1, which runs.
    pub(crate) fn new(bed: &'a TestBed, namespace: &'a Namespace, kind: Kind) -> Self {
        let fleet = Fleet::new();
        fleet.app(FOLDER, NAME, &image(1, ""));
        let commit = fleet.push("Add web");
        let owner = match kind {
            Kind::ArgoCd => {
                let (argocd, url) = (bed.argocd(), fleet.url());
                Owner::Application(argocd.application(namespace, &url, FOLDER, &automated()))
            }
            Kind::FluxWaits | Kind::FluxApplies => {
                let flux = bed.flux();
                let waits = json!({"spec": {"wait": kind == Kind::FluxWaits}});
                flux.apply(namespace, &git_repository("fleet", &fleet.url()));
                flux.apply(namespace, &kustomization(NAME, "fleet", FOLDER).with(&waits));
                Owner::Kustomization(flux)
            }
        };
        let waits = kind == Kind::FluxWaits;
        let place = Self { namespace, fleet, owner, waits, releases: 1 };
        place.wait_for(&commit);
        place.namespace.rollout_done(NAME);
        place
    }

    /// A release that comes up, and is to be taken back all the same: all pods are replaced then. Its
    /// commit.
    pub(crate) fn release(&mut self) -> String {
        let commit = self.push("");
        self.look();
        self.wait_for(&commit);
        let image = image(self.releases, "");
        self.namespace.wait_until("the release is well", |n| service::is_well(n, &image));
        self.namespace.wait_until("the pods before are gone", |n| n.pods(NAME).len() == 2);
        thread::sleep(REST);
        commit
    }

    /// A release that crashes, at the moment when the owner has brought it; where the owner waits for
    /// its health, it is doing so.
    pub(crate) fn crash(&mut self) -> String {
        let commit = self.push("-crash");
        self.look();
        match &self.owner {
            Owner::Kustomization(_) if self.waits => {
                self.namespace.wait_until("its health check runs", |namespace| {
                    let object = namespace.get("kustomization", NAME);
                    object["status"]["lastAttemptedRevision"] == format!("main@sha1:{commit}")
                        && is_checked(&object)
                });
            }
            _ => self.wait_for(&commit),
        }
        thread::sleep(REST);
        commit
    }

    fn push(&mut self, end: &str) -> String {
        self.releases += 1;
        self.fleet.pull();
        self.fleet.release(FOLDER, &image(self.releases, end))
    }

    /// Has the owner look at Git.
    fn look(&self) {
        match &self.owner {
            Owner::Application(app) => {
                app.refresh_to(&self.fleet.head());
            }
            Owner::Kustomization(flux) => {
                flux.reconcile(self.namespace, "gitrepository", "fleet");
            }
        }
    }

    /// Until the owner says that it has applied a commit.
    pub(crate) fn wait_for(&self, commit: &str) {
        match &self.owner {
            Owner::Application(app) => {
                app.wait_synced(commit);
            }
            Owner::Kustomization(flux) => {
                flux.wait_applied(self.namespace, NAME, commit);
            }
        }
    }

    /// The Application, where it is one.
    pub(crate) fn application(&self) -> Option<&Application<'a>> {
        match &self.owner {
            Owner::Application(app) => Some(app),
            Owner::Kustomization(_) => None,
        }
    }
}

fn is_checked(kustomization: &Value) -> bool {
    let conditions = kustomization["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|condition| {
        let message = condition["message"].as_str().unwrap_or_default();
        condition["type"] == "Reconciling" && message.starts_with("Running health checks")
    })
}

/// The image of a release.
pub(crate) fn image(release: usize, end: &str) -> String {
    format!("registry.test/web:{release}.0{end}")
}

/// The image of the first release: that is what everybody goes back to.
pub(crate) fn good() -> String {
    image(1, "")
}
