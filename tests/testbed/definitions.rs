//! Kinds of objects that a test needs and the API server does not have: the definitions that come with
//! the programs which work on them.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::cluster::Cluster;
use super::kubectl;
use super::wait::wait_until;

const LIMIT: Duration = Duration::from_secs(60);
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Creates the kinds that the files of these folders define, and waits until all of them are served.
pub(crate) fn install(cluster: &Cluster, folders: &[&Path]) -> Result<()> {
    // Without validation: it would cost more than all the rest.
    let mut arguments =
        vec!["create".to_owned(), "--validate=false".to_owned(), "-oname".to_owned()];
    for folder in folders {
        arguments.extend(["-f".to_owned(), folder.display().to_string()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = kubectl::run(cluster, &cluster.admin_kubeconfig(), &arguments, "")?;
    ensure!(output.code == 0, "creating kinds: {output}");
    for line in output.stdout.lines() {
        let name = line.rsplit('/').next().unwrap_or_default();
        served(cluster, name).with_context(|| format!("waiting for the kind {name}"))?;
    }
    Ok(())
}

/// `name` is that of the definition: `widgets.example.com`.
fn served(cluster: &Cluster, name: &str) -> Result<()> {
    wait_until("the API server serves it", LIMIT, || {
        let definition = cluster.api.get(&format!("{DEFINITIONS}/{name}"))?.unwrap_or_default();
        let conditions = definition.pointer("/status/conditions").and_then(Value::as_array);
        let established = conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Established" && condition["status"] == "True");
        Ok(established && cluster.discovery.path(&cluster.api, name, "default").is_ok())
    })
}
