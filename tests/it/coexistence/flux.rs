//! A Kustomization of a folder in Git, and a `HelmRelease` of a chart in Git with the manifest in its
//! values. Neither waits for health, so that a run ends at once.

use serde_json::{Value, json};

use crate::scene::text;
use crate::testbed::flux::{Flux, git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

use super::release::old;
use super::story::{self, Came, Owner};

const FILE: &str = "apps/web/deployment.yaml";
const CHART: &str = "charts/web";
/// What asks for a release that is made although nothing has changed.
const FORCED: &str = "reconcile.fluxcd.io/forceAt";

pub(super) fn measured_kustomization(bed: &TestBed, hint: &str, row: &str) {
    let namespace = bed.namespace(hint);
    let owner = Kustomized::deployed(bed, &namespace, &old());
    story::tell(row, &namespace, &owner);
}

pub(super) struct Kustomized<'a> {
    flux: &'a Flux,
    fleet: Fleet,
    namespace: &'a Namespace,
}

impl<'a> Kustomized<'a> {
    /// With a first release.
    pub(super) fn deployed(bed: &'a TestBed, namespace: &'a Namespace, first: &Value) -> Self {
        let (flux, fleet) = (bed.flux(), Fleet::new());
        fleet.write(FILE, &first.to_string());
        let commit = fleet.push("Add web");
        flux.apply(namespace, &git_repository("fleet", &fleet.url()));
        let web = kustomization("web", "fleet", "apps/web");
        flux.apply(namespace, &web.with(&json!({"spec": {"wait": false}})));
        flux.wait_applied(namespace, "web", &commit);
        Self { flux, fleet, namespace }
    }

    fn bring(&self, commit: &str) -> Came {
        self.flux.reconcile(self.namespace, "gitrepository", "fleet");
        self.namespace.wait_until(&format!("{commit} is applied"), |namespace| {
            let web = namespace.get("kustomization", "web");
            let place = if is_ready(&web) == Some(true) { "Applied" } else { "Attempted" };
            let revision = text(&web, &format!("/status/last{place}Revision")).to_owned();
            if revision.ends_with(commit) { ended(&web) } else { None }
        })
    }
}

impl Owner for Kustomized<'_> {
    fn shows(&self) -> String {
        conditions(&self.namespace.get("kustomization", "web"))
    }

    fn resync(&self) -> Came {
        let word = self.flux.reconcile(self.namespace, "kustomization", "web");
        self.flux.wait_handled(self.namespace, "kustomization", "web", &word);
        self.namespace.wait_until("the run has ended", |namespace| {
            ended(&namespace.get("kustomization", "web"))
        })
    }

    fn release(&self, manifest: &Value) -> Came {
        self.fleet.write(FILE, &manifest.to_string());
        self.bring(&self.fleet.push("Release web"))
    }

    fn revert(&self) -> Came {
        let newest = self.fleet.head();
        self.bring(&self.fleet.revert(&newest))
    }
}

/// What a `HelmRelease` does about what others change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Drift {
    Ignored,
    PutRight,
}

pub(super) fn measured_helm_release(bed: &TestBed, hint: &str, row: &str, drift: Drift) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace(hint), Fleet::new());
    fleet.write(&format!("{CHART}/Chart.yaml"), super::helm::CHART);
    fleet.write(&format!("{CHART}/templates/web.yaml"), super::helm::TEMPLATE);
    fleet.push("Add a chart");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let owner = Released { flux, _fleet: fleet, namespace: &namespace, drift };
    owner.release(&old()).expect("release 1 comes");
    story::tell(row, &namespace, &owner);
}

struct Released<'a> {
    flux: &'a Flux,
    _fleet: Fleet,
    namespace: &'a Namespace,
    drift: Drift,
}

impl Released<'_> {
    fn wait_ended(&self) -> Came {
        self.namespace.wait_until("the release has ended", |namespace| {
            let web = namespace.get("helmrelease", "web");
            let is_seen = web["status"]["observedGeneration"] == web["metadata"]["generation"];
            if is_seen { ended(&web) } else { None }
        })
    }

    fn ask(&self) -> Came {
        let word = self.flux.reconcile(self.namespace, "helmrelease", "web");
        self.flux.wait_handled(self.namespace, "helmrelease", "web", &word);
        self.wait_ended()
    }
}

impl Owner for Released<'_> {
    fn shows(&self) -> String {
        if self.drift == Drift::Ignored {
            self.ask().expect("it looks again");
        }
        conditions(&self.namespace.get("helmrelease", "web"))
    }

    fn resync(&self) -> Came {
        if self.drift == Drift::PutRight {
            return self.ask();
        }
        // It is forced only if both have the same word.
        let word = format!("forced-{}", jiff::Timestamp::now());
        let [force, request] =
            [FORCED, "reconcile.fluxcd.io/requestedAt"].map(|key| format!("{key}={word}"));
        let words = ["annotate", "--overwrite", "helmrelease/web", &force, &request];
        self.namespace.kubectl_ok(&words);
        self.namespace.wait_until("it is forced", |namespace| {
            text(&namespace.get("helmrelease", "web"), "/status/lastHandledForceAt") == word
        });
        self.flux.wait_handled(self.namespace, "helmrelease", "web", &word);
        self.wait_ended()
    }

    fn release(&self, manifest: &Value) -> Came {
        let mode = if self.drift == Drift::Ignored { "disabled" } else { "enabled" };
        let patient = json!({"disableWait": true});
        let release = helm_release("web", "fleet", "./charts/web").with(&json!({"spec": {
            "values": {"web": manifest},
            "driftDetection": {"mode": mode},
            "install": patient,
            "upgrade": patient,
        }}));
        self.flux.apply(self.namespace, &release);
        self.wait_ended()
    }
}

fn find<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().find(|condition| condition["type"] == kind)
}

fn is_ready(object: &Value) -> Option<bool> {
    match find(object, "Ready")?["status"].as_str()? {
        "True" => Some(true),
        "False" => Some(false),
        _ => None,
    }
}

/// What came of a run, if it has ended.
fn ended(object: &Value) -> Option<Came> {
    if is_ready(object)? {
        let is_over = find(object, "Reconciling").is_none_or(|found| found["status"] != "True");
        is_over.then_some(Ok(()))
    } else {
        Some(Err(text(find(object, "Ready")?, "/message").to_owned()))
    }
}

/// What a person sees: each condition with its reason and its message.
fn conditions(object: &Value) -> String {
    let conditions = object["status"]["conditions"].as_array();
    let words = |condition: &Value| {
        ["type", "status", "reason", "message"]
            .map(|key| condition[key].as_str().unwrap_or_default().to_owned())
            .join(" ")
    };
    conditions.into_iter().flatten().map(words).collect::<Vec<_>>().join("; ")
}
