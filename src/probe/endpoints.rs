//! `endpoints`: does every Service that selects the pods reach them, and nobody else?

mod service;
mod slices;

use serde_json::Value;

use super::pods::{self, Pods};
use super::{Probe, Scene, words};
use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};

use self::service::Service;
use self::slices::Slices;

pub(super) struct Endpoints;

/// As many slices as are read: one request for all Services of the namespace.
const LIMIT: &str = "500";

impl Probe for Endpoints {
    fn id(&self) -> &'static str {
        "endpoints"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        // Whether there is a Service may not be known yet, and a list that nobody needs costs less than
        // a round trip more.
        if scene.seen.services.is_ok() { vec![ask(scene)] } else { Vec::new() }
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        if let Err(why) = &scene.seen.services {
            let finding = Finding::unknown(format!("the Services cannot be read: {why}"));
            return finding.because("Unreadable").hint(scene.hints.kubectl("get services"));
        }
        if services(scene).next().is_none() {
            return Finding::skipped("no Service selects its pods");
        }
        if let Some(nothing) = pods::nothing_runs(scene) {
            return nothing;
        }
        let pods = match Pods::of(scene) {
            Ok(pods) => pods,
            Err(finding) => return finding,
        };
        match facts.value(&ask(scene)) {
            Ok(list) => found(scene, &pods, &Slices(list)),
            Err(error) => {
                let command = scene.hints.kubectl("get endpointslices");
                words::unread("the EndpointSlices", error, command)
            }
        }
    }
}

fn ask(scene: &Scene<'_>) -> Ask {
    let api = "apis/discovery.k8s.io/v1";
    let path = Path::namespaced(api, &scene.target.namespace, "endpointslices");
    Ask::Read(path.query("limit", LIMIT).to_string())
}

/// The Services of which the cluster keeps the addresses: not a mere name for something outside, and
/// not one whose addresses somebody writes by hand.
fn services<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a Value> {
    let all: &[Value] = scene.seen.services.as_deref().unwrap_or_default();
    all.iter().filter(|service| {
        let selector = service.pointer("/spec/selector").and_then(Value::as_object);
        words::text(service, "/spec/type") != "ExternalName"
            && selector.is_some_and(|selector| !selector.is_empty())
    })
}

/// The worst of all Services is what is told; of the others, one line each.
fn found(scene: &Scene<'_>, pods: &Pods<'_>, slices: &Slices<'_>) -> Finding {
    let mut findings: Vec<Finding> = services(scene)
        .map(|service| Service::new(scene, pods, slices, service).finding())
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.status));
    let mut findings = findings.into_iter();
    let Some(worst) = findings.next() else {
        return Finding::skipped("no Service selects its pods");
    };
    worst.evidence(words::lines(findings.map(|finding| finding.message).collect()))
}

#[cfg(test)]
mod tests;
