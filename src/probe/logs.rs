//! `logs`: did the target's pods write down that something is wrong?

mod lines;

use serde_json::Value;

use super::pods::{self, Pod, Pods};
use super::{Probe, Scene, words};
use crate::cluster::Path;
use crate::error::ErrorKind;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::text::{plural, shell_quote};

use self::lines::{Badness, Lines};

pub(super) struct Logs;

/// The logs of this many pods are read: of a hundred that run the same, ten tell enough.
const SAMPLE: usize = 10;
/// Of each container: its last lines, and of them no more bytes than this.
const TAIL: &str = "200";
const BYTES: &str = "65536";

impl Probe for Logs {
    fn id(&self) -> &'static str {
        "logs"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        let Ok(pods) = Pods::target_of(scene) else { return Vec::new() };
        let sample = pods.iter().take(SAMPLE);
        sample.flat_map(started).map(|log| log.ask(scene)).collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let pods = match Pods::target_of(scene) {
            Ok(pods) => pods,
            Err(finding) => return finding,
        };
        let lines = match Lines::new(scene.logs) {
            Ok(lines) => lines,
            Err(why) => {
                let logs =
                    format!("logs -l {} --all-containers --tail={TAIL}", pods::selector(scene));
                let command = scene.hints.kubectl(&logs);
                return Finding::unknown(why).because("BadPattern").hint(command);
            }
        };
        let sample: Vec<Log<'_>> = pods.iter().take(SAMPLE).flat_map(started).collect();
        let mut bad: Vec<(Badness, &Log<'_>, &str)> = Vec::new();
        let mut unread = None;
        for log in &sample {
            match facts.text(&log.ask(scene)) {
                Ok(text) => {
                    let judge = |line| Some((lines.judge(line)?, log, line));
                    bad.extend(text.lines().filter_map(judge));
                }
                // The pod went away meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => unread = unread.or(Some((log, error))),
            }
        }
        // The newest of a log stands at its end.
        bad.reverse();
        bad.sort_by_key(|(badness, ..)| std::cmp::Reverse(*badness));
        let since = words::since(scene);
        if let Some((badness, log, line)) = bad.first() {
            let count = plural(words::count(&bad), "line");
            let (pod, line) = (&log.pod.state.name, words::one_line(line));
            let message = format!("{count} in the logs {since}, in {pod}: {line}");
            let all = bad.iter().skip(1).map(|(_, log, line)| {
                format!("{} {}: {}", log.pod.state.name, log.container, words::one_line(line))
            });
            let finding = match badness {
                Badness::Named => Finding::fail(message).because("PatternFound"),
                Badness::LastWords => Finding::warn(message).because("LastWords"),
            };
            return finding.evidence(words::lines(all.collect())).hint(log.command(scene));
        }
        if let Some((log, error)) = unread {
            let what = format!("the log of {}", log.pod.state.name);
            return words::unread(&what, error, log.command(scene));
        }
        if sample.is_empty() {
            let message = "no container has started yet".to_owned();
            return Finding::unknown(message).because("NotStarted").hint(pods::list(scene));
        }
        if let Some(gap) = pods::gap(scene) {
            return gap;
        }
        Finding::pass(format!("nothing in the logs of {} {since}", sampled(pods.len())))
    }
}

/// `3 pods`, or `10 of 25 pods`.
fn sampled(all: usize) -> String {
    let plural = |count: usize| plural(i64::try_from(count).unwrap_or(i64::MAX), "pod");
    if all > SAMPLE { format!("{SAMPLE} of {}", plural(all)) } else { plural(all) }
}

/// The log of a container.
struct Log<'a> {
    pod: &'a Pod<'a>,
    container: &'a str,
}

impl Log<'_> {
    fn ask(&self, scene: &Scene<'_>) -> Ask {
        let path = Path::namespaced("api/v1", &scene.target.namespace, "pods");
        let mut path = path
            .name(&self.pod.state.name)
            .subresource("log")
            .query("container", self.container)
            .query("tailLines", TAIL)
            .query("limitBytes", BYTES);
        if let Some(since) = scene.expected.since {
            let whole = jiff::Timestamp::from_second(since.as_second()).unwrap_or(since);
            path = path.query("sinceTime", &whole.to_string());
        }
        Ask::Text(path.to_string())
    }

    fn command(&self, scene: &Scene<'_>) -> String {
        let (pod, container) = (shell_quote(&self.pod.state.name), shell_quote(self.container));
        scene.hints.kubectl(&format!("logs {pod} -c {container} --tail={TAIL}"))
    }
}

/// The logs of the containers of a pod that have one: the kubelet refuses to show that of a container
/// that never ran.
fn started<'a>(pod: &'a Pod<'a>) -> impl Iterator<Item = Log<'a>> {
    let has_run = |status: &&Value| {
        let states = ["/state/running", "/state/terminated", "/lastState/terminated"];
        states.iter().any(|state| status.pointer(state).is_some())
    };
    let statuses = pod.container_statuses().filter(has_run);
    statuses.map(|status| Log { pod, container: words::text(status, "/name") })
}

#[cfg(test)]
mod tests;
