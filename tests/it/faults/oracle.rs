//! What has to be true after a run. It reads the cluster with kubectl, takes from the proxy what the
//! API server really did, and shares no code with `rb`: what `rb` says is held against both.

mod document;
pub(super) mod lies;
pub(super) mod status;
mod traces;
pub(super) mod undo;
mod unharmed;
pub(super) mod verify;

use std::fmt;

use serde_json::Value;

use crate::rb::Ran;
use crate::scene::{image, text};
use crate::testbed::{Namespace, Recorded, RequestHead};

use super::run::Hit;
use super::scenario::{Effect, GOOD, Kind, Scenario, image_of};
use super::strike::{Moment, Strike};
use super::subject::{Subject, items};

/// A run, and what came of it.
pub(super) struct Case<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) subject: &'a Subject,
    /// What hit a request; none did where the request did not come up.
    pub(super) hit: Option<Hit<'a>>,
    pub(super) ran: &'a Ran,
    pub(super) recorded: &'a [Recorded],
    /// Whether somebody else has changed the workload meanwhile.
    pub(super) is_changed: bool,
    /// What kubectl shows of each workload.
    pub(super) seen: Vec<Seen>,
}

/// One workload as kubectl shows it, and its pods.
pub(super) struct Seen {
    workload: Value,
    pods: Vec<Value>,
}

/// Looks at the workloads of a run.
pub(super) fn look(namespace: &Namespace, scenario: &Scenario, subject: &Subject) -> Vec<Seen> {
    let kinds = format!("{},pod", scenario.words());
    let selector = format!("--selector=run={}", subject.name);
    let all = items(&namespace.kubectl_ok(&["get", &kinds, &selector, "-o", "json"]));
    let seen = |kind: &Kind| Seen {
        workload: all.iter().find(|o| o["kind"] == kind.kind).cloned().unwrap_or_default(),
        pods: all
            .iter()
            .filter(|o| o["kind"] == "Pod" && o["metadata"]["labels"]["part"] == kind.word)
            .cloned()
            .collect(),
    };
    scenario.kinds.iter().map(seen).collect()
}

impl Seen {
    fn is_live(&self, tag: &str) -> bool {
        image_of(&self.workload) == image(tag)
    }

    /// Why it is not true that this release is live and runs, and nothing else.
    fn does_not_run(&self, tag: &str) -> Option<String> {
        if !self.is_live(tag) {
            return Some(format!("{} is live", image_of(&self.workload)));
        }
        let is_ready = |pod: &Value| {
            let conditions = pod["status"]["conditions"].as_array();
            conditions.into_iter().flatten().any(|c| c["type"] == "Ready" && c["status"] == "True")
        };
        let stays = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_null();
        let pods: Vec<_> =
            self.pods.iter().filter(stays).map(|pod| (image_of(pod), is_ready(pod))).collect();
        let is_all = pods == [(image(tag).as_str(), true)];
        (!is_all).then(|| format!("these pods run: {pods:?} of {self}"))
    }

    fn name(&self) -> String {
        let name = text(&self.workload, "/metadata/name");
        format!("{}/{name}", text(&self.workload, "/kind").to_lowercase())
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.workload["status"])?;
        for pod in &self.pods {
            let (metadata, status) = (&pod["metadata"], &pod["status"]);
            let Value::String(name) = &metadata["name"] else { continue };
            let (phase, deleted) = (&status["phase"], &metadata["deletionTimestamp"]);
            write!(f, "; pod {name} {phase}, deleted {deleted}, {}", image_of(pod))?;
        }
        Ok(())
    }
}

impl Case<'_> {
    /// What did this: no word of `rb` is to be expected where it was killed.
    fn was_killed(&self) -> bool {
        self.signal().is_some_and(|(name, _)| name == "KILL")
    }

    fn signal(&self) -> Option<(&'static str, Moment)> {
        match self.hit? {
            (_, Strike::Signal(signal, moment)) => Some((signal.name, moment)),
            (_, Strike::Fault(_)) => None,
        }
    }

    fn wrong_code(&self) -> Option<String> {
        let (code, own) = (self.ran.code, self.scenario.code);
        let wanted = match self.hit {
            None => own,
            // It may have ended by itself before the signal came.
            Some((_, Strike::Signal(signal, _))) if code != own => signal.code,
            Some((asked, strike)) if strike.is_survived(&asked.shape) => own,
            // More than one may be true.
            Some(_) => code,
        };
        (code != wanted).then(|| format!("it ended with {code} and not with {wanted}"))
    }

    /// The writes of one workload's template that reached the API server, or were to.
    fn template_writes(&self, seen: &Seen) -> impl Iterator<Item = &Recorded> {
        let name = format!("s/{}", text(&seen.workload, "/metadata/name"));
        let kind = text(&seen.workload, "/kind").to_lowercase();
        self.recorded.iter().filter(move |record| {
            writes_template(&record.request)
                && path_of(&record.request).ends_with(&format!("/{kind}{name}"))
        })
    }

    /// How many of them were accepted.
    fn accepted(&self, seen: &Seen) -> usize {
        self.template_writes(seen).filter(|record| is_done(record)).count()
    }
}

/// Whether a request would write the template of a workload.
pub(super) fn writes_template(request: &RequestHead) -> bool {
    request.is_write() && touches(request, |path| path == "/spec/template")
}

/// Whether it is a JSON patch that changes something at such a path.
fn touches(request: &RequestHead, mut is_it: impl FnMut(&str) -> bool) -> bool {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let mut operations = body.as_array().into_iter().flatten();
    operations.any(|o| o["op"] != "test" && o["path"].as_str().is_some_and(&mut is_it))
}

fn path_of(request: &RequestHead) -> &str {
    request.path.split('?').next().unwrap_or_default()
}

/// Whether the API server did it.
fn is_done(record: &Recorded) -> bool {
    record.upstream.is_some_and(|status| (200..300).contains(&status))
}

/// What has to be true after the second call, which nothing was in the way of.
pub(super) fn afterwards(case: &Case<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    if case.ran.code != case.scenario.code {
        wrong.push(format!("ended with {}", case.ran.code));
    }
    for seen in case.seen.iter().filter(|_| case.scenario.effect != Effect::Nothing) {
        let (accepted, is_undo) = (case.accepted(seen), case.scenario.effect == Effect::Template);
        let (wanted, tag) = if is_undo { (1, GOOD) } else { (0, case.scenario.live) };
        let times = (accepted != wanted).then(|| format!("was written {accepted} times in all"));
        let complaints = unharmed::complaints(case, seen).into_iter().chain(times);
        let complaints = complaints.chain(seen.does_not_run(tag));
        wrong.extend(complaints.map(|what| format!("{}: {what}", seen.name())));
    }
    wrong.into_iter().map(|what| format!("after the second call: {what}")).collect()
}
