//! Probes of HTTP endpoints that the configuration names: does the program answer as it should?
//!
//! One round is a row of requests one after the other, each of which has to be answered well; nothing
//! is tried again inside a round. Whatever the program answers is an answer; what the API server, a
//! proxy or the network say in its place tells nothing of the program, and the check stays unknown.

mod judge;
mod pods;
mod ports;
mod row;
mod service;
mod url;

use crate::cluster::{Cluster, Deadline};
use crate::rollback::model::check::Finding;
use crate::rollback::model::http_probe::{HttpProbe, Via};

use super::Scene;

/// Makes one round.
pub async fn run(
    cluster: &Cluster,
    probe: &HttpProbe,
    scene: &Scene<'_>,
    deadline: Deadline,
) -> Finding {
    if let Some(flaw) = probe.flaw() {
        let message = format!("the probe {} of the configuration is wrong: {flaw}", probe.name);
        return Finding::unknown(message).because("Configuration").for_good();
    }
    match &probe.via {
        Via::Service { .. } => service::round(cluster, probe, scene, deadline).await,
        Via::Pod => pods::round(cluster, probe, scene, deadline).await,
        Via::Url(_) => url::round(probe, deadline).await,
    }
}
