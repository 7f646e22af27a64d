//! The addresses that the cluster keeps for a Service.

use serde_json::Value;

use crate::probe::words;

/// One list of `EndpointSlice`s.
pub(super) struct Slices<'a>(pub(super) &'a Value);

/// An address of a Service.
pub(super) struct Address<'a> {
    /// It.
    pub(super) ip: &'a str,
    /// `IPv4` or `IPv6`: a Service of both has each pod twice.
    pub(super) family: &'a str,
    /// Whether it takes new connections.
    pub(super) serves: bool,
    /// Whether it is on its way out.
    terminating: bool,
    /// uid of its pod, where it is one's.
    pub(super) uid: Option<&'a str>,
    /// Name of its pod.
    pub(super) pod: &'a str,
    /// Names of the ports that the pod has of those that the Service wants; most ports have none.
    pub(super) ports: Vec<&'a str>,
}

impl<'a> Slices<'a> {
    /// Whether there are more than were read.
    pub(super) fn are_cut(&self) -> bool {
        !words::text(self.0, "/metadata/continue").is_empty()
    }

    /// The addresses of the Service of this name.
    pub(super) fn addresses(&self, service: &'a str) -> impl Iterator<Item = Address<'a>> {
        let items = self.0.get("items").and_then(Value::as_array);
        let label = "/metadata/labels/kubernetes.io~1service-name";
        items
            .into_iter()
            .flatten()
            .filter(move |slice| words::text(slice, label) == service)
            .filter(|slice| words::text(slice, "/addressType") != "FQDN")
            .flat_map(of_slice)
    }
}

fn of_slice(slice: &Value) -> impl Iterator<Item = Address<'_>> {
    let ports = slice.get("ports").and_then(Value::as_array);
    let ports: Vec<&str> =
        ports.into_iter().flatten().map(|port| words::text(port, "/name")).collect();
    let endpoints = slice.get("endpoints").and_then(Value::as_array);
    endpoints.into_iter().flatten().map(move |endpoint| {
        let is = |condition: &str| {
            endpoint.pointer(&format!("/conditions/{condition}")).and_then(Value::as_bool)
        };
        // What is not said to be unready is ready: the API has it so.
        let (ready, terminating) = (is("ready").unwrap_or(true), is("terminating") == Some(true));
        let is_pod = words::text(endpoint, "/targetRef/kind") == "Pod";
        let uid = Some(words::text(endpoint, "/targetRef/uid"));
        Address {
            ip: words::text(endpoint, "/addresses/0"),
            family: words::text(slice, "/addressType"),
            serves: ready && !terminating,
            terminating,
            uid: uid.filter(|uid| is_pod && !uid.is_empty()),
            pod: words::text(endpoint, "/targetRef/name"),
            ports: ports.clone(),
        }
    })
}

impl Address<'_> {
    /// `10.0.0.1 of web-abc, not ready`.
    pub(super) fn words(&self) -> String {
        let of = if self.pod.is_empty() { String::new() } else { format!(" of {}", self.pod) };
        let state = match (self.serves, self.terminating) {
            (true, _) => "",
            (false, true) => ", going away",
            (false, false) => ", not ready",
        };
        format!("{}{of}{state}", self.ip)
    }
}
