//! The test bed: a real control plane as local processes, with kwok in the place of the kubelet.
//!
//! Included by the integration tests and by the examples with `#[path]`; a program that includes it
//! calls `run_supervisor_if_asked` first in its `main`. The way through the files:
//! - `assets`, `go_modules` and `go_build` find or build the programs; `servers` has their command lines, `kwok`
//!   the rules for pods;
//! - `control_plane` boots them under the `supervisor`, which outlives the tests by an instant and
//!   ends everything;
//! - `kubectl` and `helm` run these programs with nothing of the person's own environment;
//! - `cluster` is what a running control plane offers; `namespace` and `workload` are what a test
//!   works with;
//! - `proxy` stands between a client and the API server: it records, delays and breaks;
//! - `program` answers HTTP in the place of pods;
//! - `git_server` serves Git, by the real programs, and breaks on demand;
//! - `fleet` is a Git repository of what a cluster is to run; `flux` and `argocd` are real Flux and real
//!   Argo CD, which run it, once a test asks for them.
//!
//! It must not know anything of `rb`, and it must not imitate what the real programs do.

mod api;
pub(crate) mod argocd;
mod assets;
mod certificates;
mod cluster;
mod control_plane;
mod definitions;
mod discovery;
mod field;
mod fleet;
pub(crate) mod flux;
pub(crate) mod git_server;
mod go_build;
mod go_modules;
mod health;
mod helm;
mod kubeconfig;
mod kubectl;
mod kwok;
mod namespace;
mod ports;
mod program;
mod progress;
mod proxy;
mod runtime;
mod servers;
mod supervisor;
mod users;
mod wait;
mod workload;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, Result};

use self::argocd::{ArgoCd, Timings};
pub(crate) use self::assets::cache_folder;
pub(crate) use self::cluster::Cluster;
use self::control_plane::Booted;
pub(crate) use self::fleet::Fleet;
use self::flux::Flux;
pub(crate) use self::helm::Helm;
pub(crate) use self::kubectl::Output;
pub(crate) use self::namespace::Namespace;
use self::namespace::proper;
pub(crate) use self::program::{Program, own_address};
use self::progress::say;
pub(crate) use self::proxy::{Action, Gate, Proxy, Recorded, Reply, RequestHead, round_trips};
pub(crate) use self::supervisor::run_supervisor_if_asked;
use self::supervisor::{Server, Supervisor};
pub(crate) use self::wait::{IntoLook, Look, wait_until};

/// A running control plane. It ends with `stop`, or with this process, however that ends.
pub(crate) struct TestBed {
    cluster: Arc<Cluster>,
    supervisor: Mutex<Option<Supervisor>>,
    api_server: Server,
    flux: OnceLock<Result<Flux, String>>,
    argocd: argocd::Instances,
    /// Servers of Argo CD and Flux that run, by their names.
    owners: Mutex<Vec<String>>,
    owners_ended: AtomicBool,
}

impl TestBed {
    /// Boots it; the first time on a machine this builds the programs, which takes minutes.
    pub(crate) fn start() -> Result<Self> {
        let Booted { cluster, supervisor, api_server } = control_plane::boot()?;
        Ok(Self {
            cluster,
            supervisor: Mutex::new(Some(supervisor)),
            api_server,
            flux: OnceLock::new(),
            argocd: argocd::Instances::default(),
            owners: Mutex::default(),
            owners_ended: AtomicBool::default(),
        })
    }

    /// Kills the API server; the others stay. For a test that has a bed of its own.
    pub(crate) fn stop_api_server(&self) -> Result<()> {
        self.end_server(&self.api_server.name)
    }

    /// Starts it again, as it was, and waits until it takes requests.
    pub(crate) fn start_api_server(&self) -> Result<()> {
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        let supervisor = supervisor.as_mut().context("the test bed is stopped")?;
        supervisor.run(&self.api_server)?;
        control_plane::wait_until_ready(&self.cluster.api, supervisor)
    }

    /// Flux, which starts when the first test asks for it; the others wait for that.
    #[track_caller]
    pub(crate) fn flux(&self) -> &Flux {
        self.has_owners();
        let flux =
            self.flux.get_or_init(|| Flux::start(self).map_err(|error| format!("{error:#}")));
        proper(flux.as_ref().map_err(|error| anyhow::anyhow!("no Flux: {error}")))
    }

    /// Argo CD with short timings, which starts when the first test asks for it; the others wait for
    /// that.
    #[track_caller]
    pub(crate) fn argocd(&self) -> &ArgoCd {
        self.has_owners();
        proper(self.argocd.get(self))
    }

    /// One more Argo CD with short timings, for a test about its settings: with these, besides its own,
    /// in `argocd-cm`. It ends with `test`.
    #[track_caller]
    pub(crate) fn with_argocd(&self, settings: &[(&str, &str)], test: impl FnOnce(&ArgoCd)) {
        self.with_argocd_of(Timings::Short, settings, test);
    }

    /// The same with the timings that Argo CD has where nobody has changed them.
    #[track_caller]
    pub(crate) fn with_argocd_as_shipped(&self, test: impl FnOnce(&ArgoCd)) {
        self.with_argocd_of(Timings::AsShipped, &[], test);
    }

    #[track_caller]
    fn with_argocd_of(
        &self,
        timings: Timings,
        settings: &[(&str, &str)],
        test: impl FnOnce(&ArgoCd),
    ) {
        self.has_owners();
        let argocd = proper(self.argocd.own(self, timings, settings));
        test(&argocd);
        proper(argocd.end(self));
    }

    /// Ends Argo CD and Flux, where they run, for good: they watch whatever all other tests do, too.
    pub(crate) fn end_owners(&self) {
        self.owners_ended.store(true, Ordering::Relaxed);
        let servers = self.owners.lock().unwrap_or_else(PoisonError::into_inner).split_off(0);
        let ended = servers.iter().try_for_each(|server| self.end_server(server));
        match ended {
            Ok(()) => say(format!("ended, as no other test needs them: {}", servers.join(", "))),
            Err(error) => say(format!("Argo CD and Flux go on: {error:#}")),
        }
    }

    #[track_caller]
    fn has_owners(&self) {
        let ended = self.owners_ended.load(Ordering::Relaxed);
        assert!(!ended, "Argo CD and Flux have ended: this test belongs to those that come first");
    }

    /// Starts one more server, of an owner. It ends with the others, or with the bed.
    fn run_server(&self, server: &Server) -> Result<()> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner).push(server.name.clone());
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        supervisor.as_mut().context("the test bed is stopped")?.run(server)
    }

    /// Ends it before.
    fn end_server(&self, name: &str) -> Result<()> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner).retain(|owner| owner != name);
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        supervisor.as_mut().context("the test bed is stopped")?.end(name)
    }

    /// Ends all servers and removes their files. Once is enough; more does no harm.
    pub(crate) fn stop(&self) -> Result<()> {
        let supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner).take();
        supervisor.map_or(Ok(()), Supervisor::stop)
    }

    /// Fails when a server has ended that should run, with the end of its log.
    pub(crate) fn check(&self) -> Result<()> {
        let supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        supervisor.as_ref().context("the test bed is stopped")?.check()
    }

    /// A namespace of its own for one test. The hint is for people who read a log.
    #[track_caller]
    pub(crate) fn namespace(&self, hint: &str) -> Namespace {
        Namespace::create(&self.cluster, hint)
    }

    /// A proxy of its own for one test, before the API server.
    #[track_caller]
    pub(crate) fn proxy(&self) -> Proxy {
        Proxy::start(&self.cluster)
    }

    /// `https://127.0.0.1:PORT` of the API server.
    pub(crate) fn server(&self) -> &str {
        &self.cluster.server
    }

    /// The administrator's kubeconfig, namespace `default`.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.cluster.admin_kubeconfig()
    }

    pub(crate) fn kubectl(&self) -> &Path {
        &self.cluster.kubectl
    }

    /// Where the servers' files and logs are.
    pub(crate) fn directory(&self) -> &Path {
        &self.cluster.directory
    }
}

impl Drop for TestBed {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}
