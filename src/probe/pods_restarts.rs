//! `pods.restarts`: how often did containers of the target start again since it is live?

use super::pods::{self, Pod, Pods};
use super::{Probe, Scene, since, words};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::text::{plural, shell_quote};

pub(super) struct PodsRestarts;

/// This many are no accident any more.
const TOO_MANY: i64 = 3;

impl Probe for PodsRestarts {
    fn id(&self) -> &'static str {
        "pods.restarts"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        let pods = match Pods::target_of(scene) {
            Ok(pods) => pods,
            Err(finding) => return finding,
        };
        let mut restarted: Vec<(&Pod<'_>, Restarts)> =
            pods.iter().map(|pod| (pod, restarts(scene, pod))).collect();
        restarted.retain(|(_, restarts)| restarts.count > 0);
        restarted.sort_by_key(|(_, restarts)| std::cmp::Reverse(restarts.count));
        let since = words::since(scene);
        let Some((worst, _)) = restarted.first() else {
            let gap = pods::gap(scene);
            return gap.unwrap_or_else(|| Finding::pass(format!("no restart {since}")));
        };
        let total: i64 = restarted.iter().map(|(_, restarts)| restarts.count).sum();
        let least = restarted.iter().any(|(_, restarts)| restarts.at_least);
        let at_least = |yes: bool| if yes { "at least " } else { "" };
        let times = plural(total, "restart");
        let message = format!("{}{times} {since}", at_least(least));
        let line = |(pod, restarts): &(&Pod<'_>, Restarts)| {
            let times = plural(restarts.count, "restart");
            let name = &pod.state.name;
            format!("{name}: {}{times}{}", at_least(restarts.at_least), restarts.last)
        };
        let lines = restarted.iter().map(line).collect();
        let describe = format!("describe pod {}", shell_quote(&worst.state.name));
        let bad = total >= TOO_MANY;
        let finding = if bad { Finding::fail(message) } else { Finding::warn(message) };
        let finding = finding.because("Restarted").evidence(words::lines(lines));
        finding.hint(scene.hints.kubectl(&describe))
    }
}

struct Restarts {
    count: i64,
    /// Of a pod that was there before, only the last end of each container has a time.
    at_least: bool,
    /// How it last ended.
    last: String,
}

fn restarts(scene: &Scene<'_>, pod: &Pod<'_>) -> Restarts {
    let made = since::made(scene, pod);
    let mut restarts = Restarts { count: 0, at_least: false, last: String::new() };
    for status in pod.container_statuses() {
        let all = status.get("restartCount").and_then(serde_json::Value::as_i64).unwrap_or(0);
        let last = status.pointer("/lastState/terminated");
        let counts = if made {
            all
        } else {
            i64::from(all > 0 && last.is_some_and(|end| since::ended(scene, pod, end)))
        };
        // A single restart is all of them.
        restarts.at_least |= !made && counts > 0 && all > 1;
        restarts.count += counts;
        if let Some(end) = last.filter(|_| counts > 0) {
            let (name, reason) = (words::text(status, "/name"), words::text(end, "/reason"));
            let code = end.get("exitCode").cloned().unwrap_or_default();
            restarts.last =
                format!(", container {name} last ended with {reason}, exit code {code}");
        }
    }
    restarts
}

#[cfg(test)]
mod tests;
