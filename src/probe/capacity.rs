//! `capacity`: are there as many pods as there have to be? A good release on too few pods is an outage
//! too.

mod autoscaler;
mod budget;

use super::{Probe, Scene, words};
use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::text::{plural, shell_quote};

pub(super) struct Capacity;

/// As many objects as are read of a kind: one request for the namespace.
const LIMIT: &str = "500";

impl Probe for Capacity {
    fn id(&self) -> &'static str {
        "capacity"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        vec![autoscaler::ask(scene), budget::ask(scene)]
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let autoscalers = autoscaler::of(scene, facts);
        let scales = autoscalers.as_ref().is_ok_and(|list| !list.is_empty());
        let mut findings = vec![before(scene, scales)];
        findings.extend(match autoscalers {
            Ok(list) => list.iter().flat_map(|one| autoscaler::findings(scene, one)).collect(),
            Err(finding) => vec![finding],
        });
        findings.extend(budget::findings(scene, facts));
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.status));
        let mut findings = findings.into_iter();
        let Some(worst) = findings.next() else { return Finding::skipped("nothing limits it") };
        worst.evidence(words::lines(findings.map(|finding| finding.message).collect()))
    }
}

/// Replicas now and before the rollback.
fn before(scene: &Scene<'_>, scales: bool) -> Finding {
    let wanted = wanted(scene);
    let Some(before) = scene.expected.replicas_before.filter(|before| wanted < *before) else {
        return Finding::pass(format!("{} wanted", plural(wanted, "pod")));
    };
    let message = format!("{} wanted, and {before} before", plural(wanted, "pod"));
    if scales {
        return Finding::warn(format!("{message}: its autoscaler may have done that"))
            .because("FewerReplicas");
    }
    let reference = shell_quote(&scene.target.reference()).into_owned();
    let scale = scene.hints.kubectl(&format!("scale {reference} --replicas={before}"));
    Finding::fail(message).because("FewerReplicas").hint(scale)
}

/// How many pods are wanted.
fn wanted(scene: &Scene<'_>) -> i64 {
    scene.backend.progress(&scene.seen.workload, None).pods.desired
}

/// One list of a kind in the namespace.
fn list(scene: &Scene<'_>, group_version: &str, plural: &str) -> Ask {
    let path = Path::namespaced(group_version, &scene.target.namespace, plural);
    Ask::Read(path.query("limit", LIMIT).to_string())
}

/// The finding where the list of a kind was not all there is.
fn cut(scene: &Scene<'_>, facts: &Facts<'_>, ask: &Ask, what: &str) -> Option<Finding> {
    let list = facts.value(ask).ok()?;
    let is_cut = !words::text(list, "/metadata/continue").is_empty();
    let message = format!("of the {what} of the namespace, only the first {LIMIT} were read");
    let command = scene.hints.kubectl(&format!("get {what}"));
    is_cut.then(|| Finding::unknown(message).because("TooMany").hint(command))
}

#[cfg(test)]
mod tests;
