//! How far a `HelmRelease` is, and what it does about failures and takes besides its chart.

use serde_json::Value;

use super::super::condition::{trouble, true_one};
use super::super::duration::{parse, seconds, words};
use super::super::fields::{first_few, list, number, text, word};

/// Each a sentence about it.
pub(super) fn notes(owner: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(action(owner).map(Action::words).or_else(|| trouble(owner)));
    notes.extend(remediated(owner));
    if let Some(drifted) = true_one(owner, "Drifted") {
        notes.push(format!("it has found that the cluster differs: {}", drifted.words()));
    }
    notes.extend(remediation(owner));
    notes.extend(values(owner));
    notes
}

/// The snapshot of the newest release. They are not always in order.
pub(super) fn latest(owner: &Value) -> Option<&Value> {
    list(owner, "/status/history").iter().max_by_key(|one| number(one, "/version"))
}

/// What it does right now.
pub(super) struct Action<'v> {
    pub name: &'v str,
    /// How long at the most, in seconds.
    pub most: u64,
    pub since: &'v str,
}

/// As it says itself: `Running 'upgrade' action with timeout of 5m0s`.
pub(super) fn action(owner: &Value) -> Option<Action<'_>> {
    let running = true_one(owner, "Reconciling")?;
    let rest = running.message().strip_prefix("Running '")?;
    let (name, timeout) = rest.split_once("' action with timeout of ")?;
    Some(Action { name, most: seconds(parse(timeout.trim_end())?), since: running.since() })
}

impl Action<'_> {
    fn words(self) -> String {
        let since =
            if self.since.is_empty() { String::new() } else { format!(" since {}", self.since) };
        let (name, most) = (self.name, words(self.most));
        format!(
            "it is busy{since} with {name}, for up to {most}, and takes up nothing new until then"
        )
    }
}

/// It has rolled back by itself: then the cluster and Git differ, and a revert in Git changes nothing more.
fn remediated(owner: &Value) -> Option<String> {
    let remediated = true_one(owner, "Remediated")?;
    let runs = latest(owner).and_then(|latest| {
        let (name, version) = (word(latest, "/chartName")?, word(latest, "/chartVersion")?);
        Some(format!(", which runs {name} {version}"))
    });
    Some(format!(
        "it has undone its last action by itself ({}){}: its spec still asks for what failed",
        remediated.reason(),
        runs.unwrap_or_default()
    ))
}

/// What it does where an upgrade fails.
fn remediation(owner: &Value) -> Option<String> {
    let upgrade = owner.pointer("/spec/upgrade")?;
    if text(upgrade, "/strategy/name") == "RetryOnFailure" {
        return Some("it tries a failed upgrade again and again".to_owned());
    }
    let retries = number(upgrade, "/remediation/retries").unwrap_or_default();
    let says_last = upgrade.pointer("/remediation/remediateLastFailure").and_then(Value::as_bool);
    let end = match text(upgrade, "/remediation/strategy") {
        "uninstall" => "uninstalls the release",
        _ => "rolls back by itself",
    };
    let tries = match retries {
        0 if says_last == Some(true) => "without another try".to_owned(),
        0 => return None,
        count if count < 0 => "and tries again without end".to_owned(),
        1 => "and tries again once".to_owned(),
        count => format!("and tries again {count} times"),
    };
    Some(format!("after a failed upgrade it {end} {tries}"))
}

/// Values from elsewhere: a revert of the `HelmRelease` does not bring them back.
fn values(owner: &Value) -> Option<String> {
    let from = |value: &Value| Some(format!("{} {}", text(value, "/kind"), word(value, "/name")?));
    let all: Vec<String> = list(owner, "/spec/valuesFrom").iter().filter_map(from).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    (!all.is_empty()).then(|| {
        format!(
            "it takes values from {} (spec.valuesFrom): a change there is seen at once only with the \
             label reconcile.fluxcd.io/watch: Enabled",
            first_few(&all)
        )
    })
}
