//! Real Argo CD on the test bed: application-controller and repo-server as processes of their own, which
//! start when the first test asks for them and end with the bed.
//!
//! ```ignore
//! let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("web"), Fleet::new());
//! fleet.app("apps/web", "web", "registry.test/web:1.0");
//! let commit = fleet.push("Add web");
//! let app = argocd.application(&namespace, &fleet.url(), "apps/web", &automated());
//! app.wait_synced(&commit);
//! app.refresh_to(&fleet.release("apps/web", "registry.test/web:1.1"));
//! ```
//!
//! All tests share an instance, `bed.argocd()`; each has Applications of its own, which are called as its
//! namespace is and go there. They are in the namespace of the instance and are gone when they are dropped.
//! It looks at Git every 10 s, without jitter, and makes no pause between waves.
//!
//! A test about the settings of Argo CD (how it marks what is its own) has an instance for itself, with a
//! namespace, a repo-server and a redis: `bed.with_argocd(settings, |argocd| …)`, which ends with the closure.
//! That of `bed.with_argocd_as_shipped(|argocd| …)` has the default timings (120 s and up to 60 s, a cache of
//! Git's answers for 3 minutes, 2 s between waves).
//!
//! What differs from `install.yaml`: no argocd-server, no dex, no notifications; the rights of the
//! administrator; a redis written in Go (`go/argocd/redis`), since it only holds what can be made again;
//! but for `with_argocd_as_shipped`, the source hydrator is on. Sources are folders and kustomizations; charts,
//! once `add_helm` was called; an `ApplicationSet`, once `start_application_sets` was; and what the
//! hydrator has rendered, once `start_hydrator` was. The metrics of the controller are served at all
//! addresses of the machine, and the commit-server has its socket in `/tmp`: Argo CD has no flags for that.
//!
//! Measured on 2 cores. The build takes 5.9 minutes of CPU from nothing: 3 minutes when the machine has
//! nothing else to do, 13 at a load of 16. Argo CD is one program of 149 MB, kustomize has 16 MB and
//! redis 6; Go's cache grows by 1.9 GB. Start, with the three kinds: 2.5 to 3.9 s. Memory, in MiB, after
//! the start and after the tests: controller 110, 210; repo-server 100, 125; redis 5, 7; the controller
//! of `ApplicationSet`s 125; the commit-server of the hydrator 91, 0.3 s to start.

mod application;
mod instances;
mod processes;

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

pub(crate) use self::application::{Application, automated, hydrated};
pub(super) use self::instances::Instances;
use self::instances::Setup;
pub(crate) use self::instances::Timings;
use self::processes::{Layout, Ports};
use super::TestBed;
use super::assets::Assets;
use super::cluster::Cluster;
use super::health::is_well;
use super::helm::Helm;
use super::kubectl;
use super::namespace::{Namespace, proper};
use super::ports;
use super::progress::say;
use super::supervisor::Server;
use super::wait::wait_until;

/// An idle machine needs 3 s.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A running instance.
pub(crate) struct ArgoCd {
    cluster: Arc<Cluster>,
    layout: Layout,
    helm: OnceLock<Result<(), String>>,
    application_sets: OnceLock<Result<(), String>>,
    commit_server: OnceLock<Result<(), String>>,
}

impl ArgoCd {
    fn start(bed: &TestBed, assets: &Assets, setup: &Setup<'_>) -> Result<Self> {
        let start = Instant::now();
        let name = setup.name;
        let [redis, repo_server, repo_server_health, controller_health] = ports::free()?;
        let [sets_metrics, sets_probe, sets_webhook] = ports::free()?;
        let [commit_server, commit_server_health] = ports::free()?;
        let layout = Layout {
            name: name.to_owned(),
            timings: setup.timings,
            folder: bed.directory().join(name),
            kubeconfig: bed.kubeconfig(),
            argocd: assets.path("argocd")?.to_owned(),
            redis: assets.path("redis")?.to_owned(),
            ports: Ports {
                redis,
                repo_server,
                repo_server_health,
                controller_health,
                sets_metrics,
                sets_probe,
                sets_webhook,
                commit_server,
                commit_server_health,
            },
        };
        layout.make_folders()?;
        symlink(assets.path("kustomize")?, layout.programs().join("kustomize"))
            .context("giving it kustomize")?;
        configure(&bed.cluster, setup, assets)?;
        for server in [layout.redis(), layout.repo_server(), layout.controller()] {
            bed.run_server(&server)?;
        }
        for (what, port) in
            [("repo-server", repo_server_health), ("application-controller", controller_health)]
        {
            wait_until(&format!("Argo CD's {what} is well"), START_LIMIT, || {
                bed.check()?;
                Ok(is_well(port, "/healthz"))
            })?;
        }
        say(format!("Argo CD ({name}) ready after {:.1} s", start.elapsed().as_secs_f64()));
        Ok(Self {
            cluster: Arc::clone(&bed.cluster),
            layout,
            helm: OnceLock::new(),
            application_sets: OnceLock::new(),
            commit_server: OnceLock::new(),
        })
    }

    /// The namespace of the instance and of its Applications.
    pub(crate) fn namespace(&self) -> &str {
        &self.layout.name
    }

    /// An Application for one folder of a repository, which goes into the test's namespace. It is synced
    /// by hand, unless `extra` says otherwise: a JSON merge patch, such as `automated()`.
    #[track_caller]
    pub(crate) fn application<'a>(
        &'a self,
        namespace: &'a Namespace,
        url: &str,
        folder: &str,
        extra: &Value,
    ) -> Application<'a> {
        let object = self.manifest(namespace.name(), namespace, url, folder, extra);
        Application::create(self, namespace, &object)
    }

    /// The same, but an `ApplicationSet` makes it and watches over it; `start_application_sets` first.
    #[track_caller]
    pub(crate) fn generated_application<'a>(
        &'a self,
        namespace: &'a Namespace,
        url: &str,
        folder: &str,
        extra: &Value,
    ) -> Application<'a> {
        let object = self.manifest(namespace.name(), namespace, url, folder, extra);
        Application::generate(self, namespace, &object)
    }

    /// The same as an object, with a name that the test gives, for a file of a fleet.
    pub(crate) fn manifest(
        &self,
        name: &str,
        namespace: &Namespace,
        url: &str,
        folder: &str,
        extra: &Value,
    ) -> Value {
        application::declared(self, name, namespace, url, folder, extra)
    }

    /// An Application that others make and delete: another Application, say.
    pub(crate) fn application_of_others<'a>(
        &'a self,
        namespace: &'a Namespace,
        name: &str,
    ) -> Application<'a> {
        Application::of_others(self, namespace, name)
    }

    /// Applies an object of Argo CD itself (an `ApplicationSet`, an `AppProject`) to its namespace.
    #[track_caller]
    pub(crate) fn apply(&self, manifest: &Value) {
        let arguments = ["-n", self.namespace(), "apply", "-f", "-"];
        let kubeconfig = self.cluster.admin_kubeconfig();
        let manifest = manifest.to_string();
        let output = proper(kubectl::run(&self.cluster, &kubeconfig, &arguments, &manifest));
        assert!(output.code == 0, "kubectl {}: {output}", arguments.join(" "));
    }

    /// Lets it render charts, from now on. Helm is built when it is nowhere, for minutes.
    #[track_caller]
    pub(crate) fn add_helm(&self) {
        let added = self.helm.get_or_init(|| {
            let helm = Helm::Three.program().map_err(|error| format!("{error:#}"))?;
            symlink(helm, self.layout.programs().join("helm")).map_err(|error| error.to_string())
        });
        proper(added.as_ref().map_err(|error| anyhow::anyhow!("no Helm for Argo CD: {error}")));
    }

    /// Starts the controller of `ApplicationSet`s, where it does not run.
    #[track_caller]
    pub(crate) fn start_application_sets(&self, bed: &TestBed) {
        let server = self.layout.application_sets();
        // It answers no question about its health.
        let health = (self.layout.ports.sets_metrics, "/metrics");
        start_once(bed, &self.application_sets, &server, health);
    }

    /// Starts what pushes for the source hydrator, where it does not run: without it, an Application with
    /// `hydrated()` is rendered in vain. It needs no credentials for a fleet.
    #[track_caller]
    pub(crate) fn start_hydrator(&self, bed: &TestBed) {
        let server = self.layout.commit_server();
        let health = (self.layout.ports.commit_server_health, "/healthz");
        start_once(bed, &self.commit_server, &server, health);
    }

    /// The path of its objects of a kind: `applications`.
    fn objects(&self, kinds: &str) -> String {
        format!("/apis/argoproj.io/v1alpha1/namespaces/{}/{kinds}", self.namespace())
    }
}

/// Starts one more server of an instance when the first test asks for it; the others wait for that.
#[track_caller]
fn start_once(
    bed: &TestBed,
    started: &OnceLock<Result<(), String>>,
    server: &Server,
    (port, path): (u16, &str),
) {
    let name = &server.name;
    let start = || {
        bed.run_server(server)?;
        wait_until(&format!("{name} is well"), START_LIMIT, || {
            bed.check()?;
            Ok(is_well(port, path))
        })
    };
    let started = started.get_or_init(|| start().map_err(|error| format!("{error:#}")));
    proper(started.as_ref().map_err(|error| anyhow::anyhow!("no {name}: {error}")));
}

/// The namespace, with the configuration that Argo CD brings, and the project `default`, which lets
/// everything be everywhere and would otherwise be made by argocd-server.
fn configure(cluster: &Cluster, setup: &Setup<'_>, assets: &Assets) -> Result<()> {
    let namespace = setup.name;
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    cluster.api.create("/api/v1/namespaces", &object).context("its namespace")?;
    let configuration = assets.path("argocd-config")?.display().to_string();
    let settings: BTreeMap<&str, &str> = setup.settings.iter().copied().collect();
    let settings = json!({"data": settings}).to_string();
    let create = ["create", "--validate=false", "-f", &configuration];
    let change = ["patch", "configmap", "argocd-cm", "--type=merge", "-p", &settings];
    for arguments in [create.as_slice(), change.as_slice()] {
        let arguments = [&["-n", namespace], arguments].concat();
        let output = kubectl::run(cluster, &cluster.admin_kubeconfig(), &arguments, "")?;
        ensure!(output.code == 0, "its configuration: {output}");
    }
    let project = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "default"},
        "spec": {
            "sourceRepos": ["*"],
            "destinations": [{"namespace": "*", "server": "*"}],
            "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
        },
    });
    let path = format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/appprojects");
    cluster.api.create(&path, &project).context("its project")?;
    Ok(())
}
