//! Through the API server to each ready pod: finds the one that answers badly.

mod which;

use futures::future::join_all;

use super::super::pods::Pod;
use super::super::{Scene, words};
use super::ports::Ports;
use super::row::{Bad, Way, in_a_row, row};
use super::service::command;
use crate::cluster::{Cluster, Deadline, Path, Why};
use crate::rollback::model::check::Finding;
use crate::rollback::model::http_probe::{HttpProbe, Scheme, encode, shown};
use crate::text::plural;

/// What was asked, and how it went.
struct Asked<'a> {
    pod: &'a str,
    row: Result<(), Bad>,
    /// The same by hand.
    command: Option<String>,
}

pub(super) async fn round(
    cluster: &Cluster,
    probe: &HttpProbe,
    scene: &Scene<'_>,
    deadline: Deadline,
) -> Finding {
    let ready = match which::ready(scene) {
        Ok(ready) => ready,
        Err(finding) => return finding,
    };
    let sample = which::sample(&ready, scene.now);
    let asked = join_all(sample.iter().map(|pod| ask(cluster, probe, scene, pod, deadline))).await;
    // A pod that has gone meanwhile is nobody's fault.
    let is_there = |asked: &Asked<'_>| match &asked.row {
        Err(bad) => bad.why != Some(Why::NotFound),
        Ok(()) => true,
    };
    let asked: Vec<Asked<'_>> = asked.into_iter().filter(is_there).collect();
    if asked.is_empty() {
        return which::none(scene);
    }
    let finding = verdict(probe, asked, ready.len());
    let gap = scene.seen.pods_gap.iter().map(|gap| format!("not all pods are known: {gap}"));
    finding.evidence(gap)
}

async fn ask<'a>(
    cluster: &Cluster,
    probe: &HttpProbe,
    scene: &Scene<'_>,
    pod: &'a Pod<'_>,
    deadline: Deadline,
) -> Asked<'a> {
    let name = pod.state.name.as_str();
    let port = match Ports::of_pod(pod.object).choose_or_number(probe) {
        Ok(port) => port,
        Err(bad) => return Asked { pod: name, row: Err(bad), command: None },
    };
    let pods = Path::namespaced("api/v1", &scene.target.namespace, "pods");
    let proxy = pods.program(name, &port.to_string(), probe.scheme == Scheme::Https);
    let behind = encode(&probe.path).unwrap_or_default();
    let command = command(scene.hints, &proxy, &behind);
    let row = in_a_row(&Way::Carried { cluster, proxy, behind }, probe, deadline).await;
    Asked { pod: name, row, command }
}

/// What the rows of all pods come to. One that answers badly weighs more than one that cannot be
/// asked.
fn verdict(probe: &HttpProbe, asked: Vec<Asked<'_>>, ready: usize) -> Finding {
    let path = encode(&probe.path).unwrap_or_default();
    let place = format!("{} {}", probe.method.word(), shown(&path));
    let all = asked.len();
    let of_all = if ready > all {
        format!("{all} of {ready} ready pods that were asked")
    } else {
        plural(i64::try_from(all).unwrap_or(i64::MAX), "pod")
    };
    let bad = |is_failure: bool| {
        let is_it = move |asked: &&Asked<'_>| {
            asked.row.as_ref().is_err_and(|bad| bad.is_failure == is_failure)
        };
        asked.iter().filter(is_it).collect::<Vec<_>>()
    };
    let (failed, unknown) = (bad(true), bad(false));
    let (bad, does) = match (failed.len(), unknown.len()) {
        (0, 0) => {
            return Finding::pass(format!("{place}: {} from each of the {of_all}", row(probe)));
        }
        (0, _) => (unknown, "cannot be asked"),
        (1, _) => (failed, "answers badly"),
        (..) => (failed, "answer badly"),
    };
    let lines = words::lines(bad.iter().filter_map(|asked| asked.line()).collect());
    let number = bad.len();
    let first = bad.first().map(|asked| asked.pod.to_owned());
    let first = asked.into_iter().find(|asked| Some(asked.pod) == first.as_deref());
    let Some(Asked { pod, row: Err(first), command }) = first else {
        return Finding::unknown(place);
    };
    let place = format!("{place}: {number} of the {of_all} {does}, {pod}");
    let finding = first.finding(&place, command);
    if number > 1 { finding.evidence(lines) } else { finding }
}

impl Asked<'_> {
    fn line(&self) -> Option<String> {
        let bad = self.row.as_ref().err()?;
        Some(format!("pod {}: {}", self.pod, bad.message))
    }
}

#[cfg(test)]
mod tests;
