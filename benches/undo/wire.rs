//! What a run looks like on the wire, from the record of the proxy it went through.

use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::run::Took;
use super::testbed::{Proxy, Recorded};

/// A run as the proxy saw it.
pub(crate) struct Wire {
    /// From the start of the process until the answer to the last write of a template was back at
    /// the client; `None` where none was accepted.
    pub(crate) accepted: Option<Duration>,
    /// How many writes of a template were accepted.
    pub(crate) writes: usize,
    pub(crate) requests: usize,
    /// One after the other, to the first write of a template, without those of the handshakes.
    pub(crate) round_trips: usize,
}

/// Reads the record and forgets it. `one_way` is what the proxy adds to each direction: an answer is
/// back at the client so much later than it leaves the proxy.
pub(crate) fn take(proxy: &Proxy, took: &Took, one_way: Duration) -> Wire {
    let requests = proxy.requests();
    let round_trips = proxy.round_trips(is_accepted_write);
    proxy.clear();
    let answers = requests.iter().filter(|r| is_accepted_write(r)).filter_map(|r| r.answered);
    let (writes, last) = (answers.clone().count(), answers.max());
    let accepted = last
        .and_then(|answered| (system_time(answered) + one_way).duration_since(took.started).ok());
    Wire { accepted, writes, requests: requests.len(), round_trips }
}

/// rb's later writes only test the template, and its dry runs write nothing.
fn is_accepted_write(record: &Recorded) -> bool {
    let request = &record.request;
    request.method == "PATCH"
        && !request.is_dry_run()
        && request.path.contains("/deployments/")
        && record.status == Some(200)
        && serde_json::from_slice::<Value>(&request.body).is_ok_and(|patch| {
            let mut operations = patch.as_array().into_iter().flatten();
            operations.any(|o| o["op"] == "replace" && o["path"] == "/spec/template")
        })
}

/// The processes have this clock in common.
fn system_time(instant: Instant) -> SystemTime {
    SystemTime::now() - instant.elapsed()
}
