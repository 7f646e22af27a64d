//! Real Flux on the test bed: source-controller, kustomize-controller and helm-controller as processes
//! of their own, which start when the first test asks for them and end with the bed.
//!
//! ```ignore
//! let (flux, namespace, fleet) = (bed.flux(), bed.namespace("web"), Fleet::new());
//! fleet.app("apps/web", "web", "registry.test/web:1.0");
//! let commit = fleet.push("Add web");
//! flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
//! flux.apply(&namespace, &kustomization("web", "fleet", "./apps/web").with(&json!({…})));
//! flux.wait_applied(&namespace, "web", &commit);
//! let commit = fleet.release("apps/web", "registry.test/web:1.1");
//! flux.reconcile(&namespace, "gitrepository", "fleet");
//! flux.wait_applied(&namespace, "web", &commit);
//! ```
//!
//! All tests share the controllers; each has its objects in its own namespace, so they do not meet.
//! Flux has no timing of its own to shorten: an interval and a timeout belong to each object. Here the
//! interval is an hour unless a test says otherwise, so nothing happens but what the test asks for by
//! `reconcile`; a timeout that is not said is, as always in Flux, half a minute less than the interval.
//!
//! Flux's gate `CancelHealthCheckOnNewRevision`, off by default, is on for the objects to which a test
//! gives `cancelling()`, after `start_cancelling`: a second kustomize- and helm-controller, which by the
//! label with which Flux divides objects among controllers have these and no others. In the same way
//! `of_nobody()` is an object whose controller does not run.
//!
//! What differs from `flux install`: no leader election, no notification-controller, the rights of the
//! administrator, and twenty objects at once instead of four, so that a test whose health check is
//! blocked for minutes does not hold up the others.
//!
//! Measured on 2 cores. The build takes 6.8 minutes of CPU from nothing: 3.5 minutes when the machine has
//! nothing else to do, 17 at a load of 13. The first program has most of it (source-controller, 101 MB,
//! 5.5 minutes of CPU; kustomize-controller, 86 MB, 0.9; helm-controller, 79 MB, 0.3); Go's cache grows
//! by 2.1 GB. Start, with the eight kinds: 0.6 to 1.1 s, 3 s at a load of 19. Memory, in MiB, after the
//! start and after the tests: source-controller 74, 88; kustomize-controller 64, 121; helm-controller
//! 59, 77. A release with `wait` is done 5.5 s after the request, without it after 1.5 s.

mod objects;
mod processes;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

pub(crate) use self::objects::{FluxObject, git_repository, helm_release, kustomization};
use self::processes::{Layout, Share};
use super::TestBed;
use super::assets::Assets;
use super::definitions;
use super::field::{condition, text};
use super::fleet::Fleet;
use super::health::is_well;
use super::namespace::{Namespace, proper};
use super::ports;
use super::progress::say;
use super::wait::wait_until;

/// An idle machine needs 1 s.
const START_LIMIT: Duration = Duration::from_secs(90);
const NAMESPACE: &str = "flux-system";
/// The annotation that asks a controller to work on an object now.
const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";
const CONTROLLERS: [&str; 3] = ["source-controller", "kustomize-controller", "helm-controller"];

/// The running controllers.
pub(crate) struct Flux {
    layout: Layout,
    requests: AtomicUsize,
    cancelling: OnceLock<Result<(), String>>,
}

#[expect(clippy::unused_self, reason = "who waits for Flux has to have started it")]
impl Flux {
    /// Builds what is not yet built, which takes minutes, and starts it.
    pub(super) fn start(bed: &TestBed) -> Result<Self> {
        let assets = Assets::module("flux")?;
        let start = Instant::now();
        let folders = ["flux-sources", "flux-kustomizations", "flux-helmreleases"];
        let folders =
            [assets.path(folders[0])?, assets.path(folders[1])?, assets.path(folders[2])?];
        definitions::install(&bed.cluster, &folders)?;
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        bed.cluster.api.create("/api/v1/namespaces", &namespace).context("its namespace")?;

        let [storage] = ports::free()?;
        let layout = Layout { folder: bed.directory().join("flux"), storage, programs: assets };
        start_all(bed, &layout, &CONTROLLERS, Share::Ordinary)?;
        say(format!("Flux ready after {:.1} s", start.elapsed().as_secs_f64()));
        Ok(Self { layout, requests: AtomicUsize::default(), cancelling: OnceLock::new() })
    }

    /// Starts the controllers of the objects that are `cancelling()`, where they do not run.
    #[track_caller]
    pub(crate) fn start_cancelling(&self, bed: &TestBed) {
        let started = self.cancelling.get_or_init(|| {
            let controllers = ["kustomize-controller", "helm-controller"];
            start_all(bed, &self.layout, &controllers, Share::Cancelling)
                .map_err(|error| format!("{error:#}"))
        });
        proper(started.as_ref().map_err(|error| anyhow::anyhow!("no cancelling Flux: {error}")));
    }

    /// Applies an object to the namespace. A Kustomization deploys to it unless it says where else.
    #[track_caller]
    pub(crate) fn apply(&self, namespace: &Namespace, object: &FluxObject) {
        namespace.delete_whole();
        namespace.apply(&object.manifest(namespace.name()));
    }

    /// A `GitRepository` `fleet` and a Kustomization `web`, with its health check, for one folder of it;
    /// waits until what was pushed last is there.
    #[track_caller]
    pub(crate) fn deploy(&self, namespace: &Namespace, fleet: &Fleet, name: &str, folder: &str) {
        self.apply(namespace, &git_repository("fleet", &fleet.url()));
        self.apply(namespace, &kustomization(name, "fleet", folder));
        self.wait_applied(namespace, name, &fleet.head());
    }

    /// Asks for an object to be looked at now, as `flux reconcile` does, and gives the word with which
    /// it was asked. A source that has something new wakes all that use it.
    #[track_caller]
    pub(crate) fn reconcile(&self, namespace: &Namespace, kind: &str, name: &str) -> String {
        let word = format!("test-{}", self.requests.fetch_add(1, Ordering::Relaxed));
        let annotation = format!("{REQUESTED}={word}");
        namespace.kubectl_ok(&["annotate", "--overwrite", kind, name, &annotation]);
        word
    }

    /// Waits until a controller has done what `reconcile` asked of it. That says nothing of success.
    #[track_caller]
    pub(crate) fn wait_handled(&self, namespace: &Namespace, kind: &str, name: &str, word: &str) {
        namespace.wait_until(&format!("{kind}/{name} is looked at again"), |namespace| {
            text(&namespace.get(kind, name), "/status/lastHandledReconcileAt") == word
        });
    }

    /// Waits until a `GitRepository` has fetched that commit: it may have looked, and not got it.
    #[track_caller]
    pub(crate) fn wait_fetched(&self, namespace: &Namespace, name: &str, commit: &str) {
        namespace.wait_until(&format!("gitrepository/{name} has {commit}"), |namespace| {
            let object = namespace.get("gitrepository", name);
            let is_there = text(&object, "/status/artifact/revision").ends_with(commit);
            if is_there { Ok(()) } else { Err(status(&object)) }
        });
    }

    /// Waits until a Kustomization has applied that commit and is done with it.
    #[track_caller]
    pub(crate) fn wait_applied(&self, namespace: &Namespace, name: &str, commit: &str) -> Value {
        namespace.wait_until(&format!("kustomization/{name} has applied {commit}"), |namespace| {
            let object = namespace.get("kustomization", name);
            let is_applied = text(&object, "/status/lastAppliedRevision").ends_with(commit);
            if is_applied { settled(object) } else { Err(status(&object)) }
        })
    }

    /// Waits until a `HelmRelease` has released what its spec says.
    #[track_caller]
    pub(crate) fn wait_released(&self, namespace: &Namespace, name: &str) -> Value {
        namespace.wait_until(&format!("helmrelease/{name} is released"), |namespace| {
            settled(namespace.get("helmrelease", name))
        })
    }
}

fn start_all(bed: &TestBed, layout: &Layout, controllers: &[&str], share: Share) -> Result<()> {
    let mut healths = Vec::new();
    for controller in controllers {
        let [health] = ports::free()?;
        bed.run_server(&layout.server(bed, controller, share, health)?)?;
        healths.push(health);
    }
    for (controller, health) in controllers.iter().zip(healths) {
        wait_until(&format!("{controller} is ready"), START_LIMIT, || {
            bed.check()?;
            Ok(is_well(health, "/readyz"))
        })?;
    }
    Ok(())
}

/// The object, if it is ready in its newest generation and nothing is on the way; else its status.
fn settled(object: Value) -> Result<Value, String> {
    let is_settled = object.pointer("/status/observedGeneration")
        == object.pointer("/metadata/generation")
        && condition(&object, "Ready") == "True"
        && condition(&object, "Reconciling") != "True";
    if is_settled { Ok(object) } else { Err(status(&object)) }
}

fn status(object: &Value) -> String {
    object.get("status").map(Value::to_string).unwrap_or_default()
}
