//! One Service: whom it reaches.

use std::collections::BTreeSet;

use serde_json::Value;

use super::LIMIT;
use super::slices::{Address, Slices};
use crate::probe::pods::{self, Pod, Pods};
use crate::probe::{Scene, words};
use crate::rollback::model::check::Finding;
use crate::text::{plural, shell_quote};

/// A Service with its addresses.
pub(super) struct Service<'s, 'a> {
    scene: &'s Scene<'a>,
    pods: &'s Pods<'a>,
    object: &'s Value,
    addresses: Vec<Address<'s>>,
    /// Whether there may be addresses that were not read.
    is_cut: bool,
}

impl<'s, 'a> Service<'s, 'a> {
    pub(super) fn new(
        scene: &'s Scene<'a>,
        pods: &'s Pods<'a>,
        slices: &'s Slices<'s>,
        object: &'s Value,
    ) -> Self {
        let addresses = slices.addresses(words::name(object)).collect();
        Self { scene, pods, object, addresses, is_cut: slices.are_cut() }
    }

    /// The first of these that is so: addresses of others, no address, a part of it missing.
    pub(super) fn finding(&self) -> Finding {
        let bad = self.strangers().or_else(|| self.nobody()).or_else(|| self.gap());
        let bad = bad.or_else(|| self.nameless()).or_else(|| self.unreachable());
        let Some(finding) = bad else {
            let (name, reached) = (self.name(), self.reached().len());
            let all = plural(words::count(&self.pods.target), "pod");
            return Finding::pass(format!(
                "Service {name} reaches {reached} of {all}, and nobody else"
            ));
        };
        if finding.hint.is_some() { finding } else { finding.hint(self.hint()) }
    }

    fn name(&self) -> &'s str {
        words::name(self.object)
    }

    fn hint(&self) -> String {
        let label = format!("kubernetes.io/service-name={}", self.name());
        let get = format!("get endpointslices -l {} -o yaml", shell_quote(&label));
        self.scene.hints.kubectl(&get)
    }

    /// Those that take new connections.
    fn serving(&self) -> impl Iterator<Item = &Address<'s>> {
        self.addresses.iter().filter(|address| address.serves)
    }

    /// Those of the target.
    fn own(&self) -> impl Iterator<Item = &Address<'s>> {
        self.serving().filter(|address| has(&self.pods.target, address))
    }

    fn reached(&self) -> BTreeSet<&str> {
        self.own().map(|address| address.pod).collect()
    }

    /// Traffic that goes to pods of others. Those that are on their way out are off the list in a
    /// moment.
    fn strangers(&self) -> Option<Finding> {
        let is_passing = |a: &Address<'_>| has(&self.pods.leaving, a) || has(&self.pods.ended, a);
        let others: Vec<&Address<'_>> = self
            .serving()
            .filter(|a| a.uid.is_some() && !has(&self.pods.target, a) && !is_passing(a))
            .collect();
        let names: BTreeSet<&str> = others.iter().map(|address| address.pod).collect();
        if names.is_empty() {
            return None;
        }
        let is_old = others.iter().any(|address| has(&self.pods.others, address));
        // Nobody is a stranger before all are known.
        if let Some(gap) = pods::gap(self.scene).filter(|_| !is_old) {
            return Some(gap);
        }
        let (name, label) = (self.name(), words::label(self.scene));
        let names = words::few(names);
        let also = if self.own().next().is_some() { "also reaches" } else { "reaches only" };
        let message = format!("Service {name} {also} pods that are not of {label}: {names}");
        let lines: BTreeSet<String> = others.iter().map(|address| self.whose(address)).collect();
        let reason = if is_old { "OldPods" } else { "ForeignPods" };
        let lines = words::lines(lines.into_iter().collect());
        Some(Finding::fail(message).because(reason).evidence(lines))
    }

    fn whose(&self, address: &Address<'_>) -> String {
        let workload = self.scene.target.reference();
        let whose = if has(&self.pods.others, address) {
            "of another revision".to_owned()
        } else if has(&self.pods.strangers, address) {
            format!("not made by {workload}, although it has its labels")
        } else {
            format!("selected by the Service and not by {workload}")
        };
        format!("{}: {whose}", address.words())
    }

    fn nobody(&self) -> Option<Finding> {
        if self.own().next().is_some() || self.is_cut || self.scene.seen.pods_gap.is_some() {
            return None;
        }
        let message = format!("Service {} has no ready address", self.name());
        let lines = words::lines(self.addresses.iter().map(Address::words).collect());
        Some(Finding::fail(message).because("NoEndpoints").evidence(lines))
    }

    fn gap(&self) -> Option<Finding> {
        let message = format!("only the first {LIMIT} EndpointSlices of the namespace were read");
        let cut = || self.is_cut.then(|| Finding::unknown(message).because("TooMany"));
        pods::gap(self.scene).or_else(cut)
    }

    /// An address that somebody wrote by hand.
    fn nameless(&self) -> Option<Finding> {
        let nameless = self.serving().find(|address| address.uid.is_none())?;
        let (name, address) = (self.name(), nameless.ip);
        let message = format!("Service {name} has the address {address}, and nothing says whose");
        Some(Finding::unknown(message).because("NoTargetRef"))
    }

    /// A port or a family of addresses under which no pod is reached: a port that the template calls
    /// by another name is left out.
    fn unreachable(&self) -> Option<Finding> {
        let name = self.name();
        let list = |pointer: &str| {
            self.object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
        };
        let ports: Vec<&Value> = list("/spec/ports").collect();
        let lacks = |port: &&&Value| {
            let name = words::text(port, "/name");
            !self.own().any(|address| address.ports.contains(&name))
        };
        let lacking: Vec<&&Value> = ports.iter().filter(lacks).collect();
        if let Some(port) = lacking.first() {
            let number = port.get("port").cloned().unwrap_or_default();
            let at = port.get("targetPort").cloned().unwrap_or_default();
            let message =
                format!("port {number} of Service {name} reaches no pod: none has a port {at}");
            let all = lacking.len() == ports.len();
            let finding = if all { Finding::fail(message) } else { Finding::warn(message) };
            return Some(finding.because("NoPort"));
        }
        let mut families = list("/spec/ipFamilies").filter_map(Value::as_str);
        let lacking = families.find(|family| !self.own().any(|a| a.family == *family))?;
        let message = format!("Service {name} has no ready address of {lacking}");
        Some(Finding::warn(message).because("NoAddressOfFamily"))
    }
}

/// Whether an address is that of one of these pods.
fn has(pods: &[Pod<'_>], address: &Address<'_>) -> bool {
    address.uid.is_some_and(|uid| pods.iter().any(|pod| pod.state.uid == uid))
}
