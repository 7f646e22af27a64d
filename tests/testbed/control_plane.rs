//! Boots a control plane: writes the files, starts the servers in the order in which they need each
//! other, and waits until a pod could run. It holds one deadline for all of it; a server that dies
//! on the way ends the wait with its log.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::api::Api;
use super::assets::Assets;
use super::certificates::{Authority, ServiceAccountKey};
use super::cluster::{Cluster, authority_file};
use super::discovery::Discovery;
use super::kwok;
use super::ports;
use super::progress::say;
use super::servers::{Layout, Ports};
use super::supervisor::{Server, Supervisor};
use super::users;
use super::wait::wait_until;

/// Enough for a machine that does something else too; an idle one needs 4 s.
const BOOT_LIMIT: Duration = Duration::from_secs(90);
/// More than one, so that a DaemonSet has more than one pod.
const NODES: [&str; 3] = ["testbed", "testbed-2", "testbed-3"];

/// A control plane that runs, and those who run it.
pub(crate) struct Booted {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) supervisor: Supervisor,
    /// As it was started.
    pub(crate) api_server: Server,
}

/// Starts everything. What fails on the way takes what is already started with it.
pub(crate) fn boot() -> Result<Booted> {
    let assets = Assets::locate()?;
    let start = Instant::now();
    let directory = tempfile::Builder::new()
        .prefix("kubectl-rb-testbed-")
        .tempdir()
        .context("creating a directory for the test bed")?
        .keep();
    let mut supervisor = Supervisor::start(&directory)?;
    let [etcd, etcd_peer, api_server, kwok] = ports::free()?;
    let ports = Ports { etcd, etcd_peer, api_server, kwok };
    let layout = Layout { assets: &assets, directory: &directory, ports };

    let cluster = prepare(&layout)?;
    let api_server = layout.api_server()?;
    supervisor.run(&layout.etcd()?)?;
    supervisor.run(&api_server)?;
    wait_for_api_server(&cluster.api, &supervisor, start)?;
    say(format!("API server ready after {:.1} s", start.elapsed().as_secs_f64()));
    for server in [layout.controller_manager()?, layout.scheduler()?] {
        supervisor.run(&server)?;
    }
    create_nodes(&cluster.api)?;
    create_logs_kind(&cluster.api, &supervisor, start)?;
    supervisor.run(&layout.kwok()?)?;
    wait_for_nodes(&cluster.api, &supervisor, start)?;
    say(format!("ready after {:.1} s", start.elapsed().as_secs_f64()));
    Ok(Booted { cluster, supervisor, api_server })
}

/// Writes the files that the servers read, and makes the client that watches them start.
fn prepare(layout: &Layout<'_>) -> Result<Arc<Cluster>> {
    let directory = layout.directory;
    let authority = Authority::generate()?;
    let identity = authority.issue()?;
    let service_account = ServiceAccountKey::generate()?;
    let files = [
        (authority_file(directory), authority.pem().to_owned()),
        (directory.join("server.crt"), identity.certificate_pem()),
        (directory.join("server.key"), identity.key_pem()),
        (directory.join("service-account.key"), service_account.private_pem),
        (directory.join("service-account.pub"), service_account.public_pem),
        (directory.join("tokens.csv"), users::token_file()),
        (directory.join("kwok.yaml"), kwok::configuration()),
    ];
    for (path, content) in files {
        write(&path, &content)?;
    }
    for (name, content) in kwok::LOGS {
        write(&directory.join(name), content)?;
    }
    let server = format!("https://127.0.0.1:{}", layout.ports.api_server);
    let token = users::token(users::ADMIN)?;
    let cluster = Cluster {
        api: Api::new(&authority, &server, token.clone())?,
        server: server.clone(),
        directory: directory.to_owned(),
        kubectl: PathBuf::from(layout.assets.path("kubectl")?),
        authority,
        discovery: Discovery::default(),
    };
    cluster.write_kubeconfig("admin", &server, &token, "default")?;
    Ok(Arc::new(cluster))
}

fn write(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content).with_context(|| format!("writing {}", path.display()))
}

/// Waits until the API server takes requests again, after it was started once more.
pub(crate) fn wait_until_ready(api: &Api, supervisor: &Supervisor) -> Result<()> {
    wait_for_api_server(api, supervisor, Instant::now())
}

fn wait_for_api_server(api: &Api, supervisor: &Supervisor, start: Instant) -> Result<()> {
    wait_until("the API server is ready", remaining(start), || {
        supervisor.check()?;
        // Until it listens, each request is an error: that is the ordinary case here.
        Ok(matches!(api.get("/readyz"), Ok(Some(_))))
    })
}

fn create_nodes(api: &Api) -> Result<()> {
    for name in NODES {
        let node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {
                "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
            }},
        });
        api.create("/api/v1/nodes", &node).context("creating a node")?;
    }
    Ok(())
}

fn create_logs_kind(api: &Api, supervisor: &Supervisor, start: Instant) -> Result<()> {
    let definition = serde_json::from_str(kwok::LOGS_CRD).context("reading logs-crd.json")?;
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    api.create(definitions, &definition).context("creating the kind Logs")?;
    wait_until("the kind Logs is served", remaining(start), || {
        supervisor.check()?;
        Ok(api.get("/apis/kwok.x-k8s.io/v1alpha1/logs")?.is_some())
    })
}

/// kwok makes the nodes ready, so this waits for kwok too; the service account says that the
/// controllers run.
fn wait_for_nodes(api: &Api, supervisor: &Supervisor, start: Instant) -> Result<()> {
    wait_until("the nodes are ready and the controllers run", remaining(start), || {
        supervisor.check()?;
        let nodes = api.get("/api/v1/nodes")?.unwrap_or_default();
        let account = api.get("/api/v1/namespaces/default/serviceaccounts/default")?;
        let nodes = nodes.pointer("/items").and_then(Value::as_array);
        let ready = nodes.into_iter().flatten().filter(|node| is_ready(node)).count();
        Ok(if ready == NODES.len() && account.is_some() {
            Ok(())
        } else {
            Err(format!("nodes ready: {ready}, default service account: {}", account.is_some()))
        })
    })
}

fn is_ready(node: &Value) -> bool {
    let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn remaining(start: Instant) -> Duration {
    BOOT_LIMIT.saturating_sub(start.elapsed())
}
