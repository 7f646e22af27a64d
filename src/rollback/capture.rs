//! Evidence of why a release failed, read before a rollback takes it away: the pods that fail, what
//! their containers said, the Events, and the workload as it was.

use std::time::Duration;

use serde_json::Value;

use super::model::captured::{Captured, CapturedLog};
use super::model::pod::PodState;
use super::model::record::FIELD_MANAGER;
use super::model::target::Target;
use super::model::template;
use crate::cluster::{Cluster, Deadline, Path};
use crate::error::ErrorKind;
use crate::facts::{self, Ask, Facts};

/// How long it may hold up the write, in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pods that are looked at at most: the others fail in the same way.
const PODS: usize = 10;
/// Lines of a log, from its end.
const LINES: &str = "200";
/// Bytes of a log.
const BYTES: &str = "262144";

/// One workload to take evidence of.
pub struct About<'a> {
    /// It.
    pub target: &'a Target,
    /// Its path below the API server's URL.
    pub path: String,
    /// Label selector of its pods.
    pub pod_selector: String,
    /// Template hash of the release that is to be left; empty where it has none yet.
    pub hash: &'a str,
}

/// What was found of each, in their order. What could not be read within the time is named in it.
pub async fn capture(cluster: &Cluster, all: &[About<'_>], deadline: Deadline) -> Vec<Captured> {
    let deadline = deadline.earlier(PATIENCE);
    let first = |about: &About<'_>| asks(about).to_vec();
    let objects = async |about: &About<'_>, facts: &Facts<'_>| objects(about, facts);
    let mut captured =
        facts::gather_each(cluster, all, first, FIELD_MANAGER, deadline, objects).await;
    let wanted: Vec<(Vec<(Log, Ask)>, Vec<_>)> = all
        .iter()
        .zip(&captured)
        .map(|(about, one)| (logs(about, one), one.missing.clone()))
        .collect();
    let second =
        |(logs, _): &(Vec<(Log, Ask)>, Vec<_>)| logs.iter().map(|(_, ask)| ask.clone()).collect();
    let texts = facts::gather_each(
        cluster,
        &wanted,
        second,
        FIELD_MANAGER,
        deadline,
        async |(logs, missing), facts| read_logs(logs, facts, missing.clone()),
    )
    .await;
    for (one, (logs, missing)) in captured.iter_mut().zip(texts) {
        (one.logs, one.missing) = (logs, missing);
    }
    captured
}

fn asks(about: &About<'_>) -> [Ask; 3] {
    let list = |resource: &str| Path::namespaced("api/v1", &about.target.namespace, resource);
    let pods = list("pods").query("labelSelector", &about.pod_selector).query("limit", "500");
    [
        Ask::Read(about.path.clone()),
        Ask::Read(pods.to_string()),
        Ask::Read(list("events").query("limit", "500").to_string()),
    ]
}

fn objects(about: &About<'_>, facts: &Facts<'_>) -> Captured {
    let [workload, pods, events] = asks(about);
    let mut missing = Vec::new();
    let mut read = |what: &str, ask: &Ask| match facts.value(ask) {
        Ok(value) => value.clone(),
        Err(error) => {
            missing.push(format!("{what}: {error}"));
            Value::Null
        }
    };
    let (live, pods, events) =
        (read("the workload", &workload), read("pods", &pods), read("events", &events));
    let items = |list: Value| match list.get("items") {
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    };
    let is_failing = |pod: &Value| {
        let state = PodState::read(pod);
        let is_of_it = about.hash.is_empty() || state.hash == about.hash;
        is_of_it && !state.deleting && !state.ready
    };
    let mut pods: Vec<Value> = items(pods).into_iter().filter(is_failing).collect();
    if pods.len() > PODS {
        missing.push(format!("{} more pods that are not ready", pods.len() - PODS));
        pods.truncate(PODS);
    }
    let names: Vec<String> = pods.iter().map(|pod| PodState::read(pod).name).collect();
    let is_about = |event: &Value| {
        let name =
            event.pointer("/involvedObject/name").and_then(Value::as_str).unwrap_or_default();
        // Pods of a ReplicaSet are named after it, and that after its Deployment.
        name == about.target.name
            || names.iter().any(|pod| pod == name || pod.starts_with(&format!("{name}-")))
    };
    let events = items(events).into_iter().filter(is_about).collect();
    let mut captured = Captured { live, pods, events, logs: Vec::new(), missing };
    template::hide_environment(&mut captured.live);
    captured.pods.iter_mut().for_each(template::hide_environment);
    captured
}

/// The log of one container.
struct Log {
    pod: String,
    container: String,
    previous: bool,
}

fn logs(about: &About<'_>, captured: &Captured) -> Vec<(Log, Ask)> {
    let mut logs = Vec::new();
    for pod in &captured.pods {
        let state = PodState::read(pod);
        for container in &state.containers {
            let path = Path::namespaced("api/v1", &about.target.namespace, "pods")
                .name(&state.name)
                .subresource("log")
                .query("container", &container.name)
                .query("tailLines", LINES)
                .query("limitBytes", BYTES);
            let log = |previous| Log {
                pod: state.name.clone(),
                container: container.name.clone(),
                previous,
            };
            // One that never ran said nothing.
            let never_ran = container.waiting.is_some() && container.ended.is_none();
            if !never_ran {
                logs.push((log(false), Ask::Text(path.to_string())));
            }
            if container.restarts > 0 {
                let path = path.query("previous", "true");
                logs.push((log(true), Ask::Text(path.to_string())));
            }
        }
    }
    logs
}

fn read_logs(
    logs: &[(Log, Ask)],
    facts: &Facts<'_>,
    mut missing: Vec<String>,
) -> (Vec<CapturedLog>, Vec<String>) {
    let mut texts = Vec::new();
    for (log, ask) in logs {
        match facts.text(ask) {
            Ok(text) => texts.push(CapturedLog {
                pod: log.pod.clone(),
                container: log.container.clone(),
                previous: log.previous,
                text: text.to_owned(),
            }),
            // It was restarted and cleaned up meanwhile, or never was there.
            Err(error) if log.previous && error.kind() == ErrorKind::Refused => {}
            Err(error) => missing.push(format!("log of {}/{}: {error}", log.pod, log.container)),
        }
    }
    (texts, missing)
}
