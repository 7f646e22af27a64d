//! `pods.healthy`: does a pod of the target crash, or wait for what never comes?

use serde_json::Value;

use super::pods::{self, Pod, Pods};
use super::{Probe, Scene, since, words};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::kstatus;
use crate::rollback::model::pod::{Ailment, Severity};
use crate::text::{plural, shell_quote};

pub(super) struct PodsHealthy;

/// Reasons that do not mend by waiting.
const TERMINAL: &[&str] = &[
    OOM_KILLED,
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];
/// Those that may: an image may come at the second try.
const PASSING: &[&str] = &["ErrImagePull", "ImageInspectError", "RegistryUnavailable"];
const OOM_KILLED: &str = "OOMKilled";
/// A container that ended this often will end again.
const CRASHES: i64 = 2;

impl Probe for PodsHealthy {
    fn id(&self) -> &'static str {
        "pods.healthy"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        match Pods::of(scene) {
            Ok(pods) => found(scene, &pods),
            Err(finding) => finding,
        }
    }
}

fn found(scene: &Scene<'_>, pods: &Pods<'_>) -> Finding {
    let label = words::label(scene);
    let mut troubles: Vec<Trouble<'_>> =
        pods.target.iter().filter_map(|pod| trouble(scene, pod)).collect();
    troubles.sort_by_key(|trouble| std::cmp::Reverse(trouble.rank));
    if let Some(worst) = troubles.first() {
        let all = plural(words::count(&pods.target), "pod");
        let message = format!("{} of {all} of {label} in trouble: {}", troubles.len(), worst.line);
        let ailing: Vec<&Pod<'_>> = troubles.iter().map(|trouble| trouble.pod).collect();
        let lines = troubles.iter().skip(1).map(|trouble| trouble.line.clone()).collect();
        let finding = Finding::fail(message).because(worst.reason).hint(worst.hint(scene));
        let finding = finding.evidence(words::lines(lines)).evidence(judged(scene, &ailing));
        return if worst.is_final { finding.for_good() } else { finding };
    }
    if pods.target.is_empty() {
        let refused = scene.backend.pods_refused(&scene.seen.workload);
        let message = format!("there is no pod of {label}, and pods are wanted");
        let fail = || Finding::fail(message).because("NoPods").hint(pods::list(scene));
        let not_known = pods::nothing_runs(scene).or_else(|| pods::gap(scene));
        return not_known.unwrap_or_else(|| fail().evidence(refused));
    }
    if let Some(gap) = pods::gap(scene) {
        return gap;
    }
    // Its controller has made others in their place.
    let ended: Vec<&Pod<'_>> = pods.ended.iter().filter(|pod| since::made(scene, pod)).collect();
    if !ended.is_empty() {
        let names = words::few(ended.iter().map(|pod| pod.state.name.as_str()));
        let message = format!("over and replaced: {names}");
        let lines = ended.iter().map(|pod| over(pod)).collect();
        let finding = Finding::warn(message).because("PodsEnded").evidence(words::lines(lines));
        return finding.evidence(judged(scene, &ended)).hint(pods::list(scene));
    }
    let unready: Vec<&Pod<'_>> = pods.target.iter().filter(|pod| !pod.state.ready).collect();
    if unready.is_empty() {
        let all = plural(words::count(&pods.target), "pod");
        return Finding::pass(format!("{all} of {label} ready, nothing ails them"));
    }
    let names = words::few(unready.iter().map(|pod| pod.state.name.as_str()));
    let finding = Finding::warn(format!("not ready, and nothing says why: {names}"));
    finding.because("NotReady").evidence(judged(scene, &unready)).hint(pods::list(scene))
}

/// What is wrong with a pod.
struct Trouble<'a> {
    pod: &'a Pod<'a>,
    container: String,
    reason: &'static str,
    line: String,
    /// Whether waiting will not mend it.
    is_final: bool,
    /// Whether its log says more.
    has_log: bool,
    /// What will not mend comes first, and of that what tells most.
    rank: (bool, bool, i64),
}

impl Trouble<'_> {
    fn hint(&self, scene: &Scene<'_>) -> String {
        let pod = shell_quote(&self.pod.state.name);
        if self.has_log && self.reason != OOM_KILLED {
            let container = shell_quote(&self.container);
            return scene.hints.kubectl(&format!("logs {pod} -c {container} --previous"));
        }
        scene.hints.kubectl(&format!("describe pod {pod}"))
    }
}

fn trouble<'a>(scene: &Scene<'_>, pod: &'a Pod<'a>) -> Option<Trouble<'a>> {
    if let Some(ailment) = pod.state.ailment() {
        return Some(ails(pod, ailment));
    }
    let name = &pod.state.name;
    if let Some((container, at)) = killed(scene, pod) {
        let line = format!("{name}: container {container} used up its memory and was killed {at}");
        let (reason, rank) = (OOM_KILLED, (true, false, 0));
        return Some(Trouble { pod, container, reason, line, is_final: true, has_log: true, rank });
    }
    let why = pod.state.unschedulable.as_deref()?;
    let line = format!("{name}: no node takes it: {}", words::one_line(why));
    let (container, reason, rank) = (String::new(), "Unschedulable", (false, false, 0));
    Some(Trouble { pod, container, reason, line, is_final: false, has_log: false, rank })
}

fn ails<'a>(pod: &'a Pod<'a>, ailment: Ailment) -> Trouble<'a> {
    let Ailment { container, reason, message, ended, restarts, severity } = ailment;
    let crashed = severity == Severity::Crashed;
    let mut line = format!("{}: container {container}: {reason}", pod.state.name);
    let mut said = message;
    if let Some(ended) = ended.as_ref().filter(|_| crashed) {
        let word = Some(&ended.reason).filter(|word| **word != reason && !word.is_empty());
        let word = word.map(|word| format!("{word}, ")).unwrap_or_default();
        let times = plural(restarts, "restart");
        line += &format!(", last ended with {word}exit code {}, {times}", ended.exit_code);
        // What the kubelet says of a crash is how long it waits.
        said.clone_from(&ended.message);
    }
    let said = words::one_line(&said);
    if !said.is_empty() {
        line += &format!(": {said}");
    }
    let is_oom = ended.as_ref().is_some_and(|ended| ended.reason == OOM_KILLED);
    let word = if crashed && is_oom { OOM_KILLED } else { &reason };
    let known = TERMINAL.iter().chain(PASSING).find(|known| **known == word).copied();
    let is_final = TERMINAL.contains(&word) || crashed && restarts >= CRASHES;
    Trouble {
        pod,
        container,
        reason: known.unwrap_or(if crashed { "Crashed" } else { "NotRunning" }),
        line,
        is_final,
        has_log: crashed,
        rank: (is_final, crashed, restarts),
    }
}

/// The container that used up its memory since the target is live, and when, although it runs again.
fn killed(scene: &Scene<'_>, pod: &Pod<'_>) -> Option<(String, String)> {
    let ends = pod.container_statuses().flat_map(|status| {
        let ends = ["/state/terminated", "/lastState/terminated"];
        ends.into_iter().filter_map(move |end| Some((status, status.pointer(end)?)))
    });
    let (status, end) = ends
        .filter(|(_, end)| end.get("reason") == Some(&Value::from(OOM_KILLED)))
        .find(|(_, end)| since::ended(scene, pod, end))?;
    let at = since::end(end).map(|at| words::ago(scene, at)).unwrap_or_default();
    Some((words::text(status, "/name").to_owned(), at))
}

/// `web-abc: Failed, Evicted: The node was low on resource: memory`.
fn over(pod: &Pod<'_>) -> String {
    let (name, phase, reason) = (&pod.state.name, pod.phase(), pod.text("/status/reason"));
    let message = words::one_line(pod.text("/status/message"));
    let comma = if reason.is_empty() { "" } else { ", " };
    let colon = if message.is_empty() { "" } else { ": " };
    format!("{name}: {phase}{comma}{reason}{colon}{message}")
}

/// What kstatus says of pods: a dashboard shows it, and is often milder.
fn judged(scene: &Scene<'_>, pods: &[&Pod<'_>]) -> Vec<String> {
    let judge = |pod: &&Pod<'_>| {
        format!("{}: {}", pod.state.name, kstatus::status(&pod.kinded(), scene.now))
    };
    words::lines(pods.iter().map(judge).collect())
}

#[cfg(test)]
mod tests;
