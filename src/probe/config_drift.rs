//! `config.drift`: is the configuration that the pods read still what the release ran with? Of
//! `ConfigMap`s and Secrets alike nothing but the names of keys is looked at.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{Probe, Scene};
use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::evidence::ago;
use crate::rollback::model::key_writes::key_writes;
use crate::rollback::model::references::{Reference, Referred, references};
use crate::text::{plural, shell_quote};

pub(super) struct ConfigDrift;

impl Probe for ConfigDrift {
    fn id(&self) -> &'static str {
        "config.drift"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        read_by_pods(scene).values().map(|reference| ask(scene, reference)).collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let all = read_by_pods(scene);
        if all.is_empty() {
            return Finding::skipped("the template reads no ConfigMap and no Secret");
        }
        let (mut drifted, mut unknown, mut hint) = (Vec::new(), Vec::new(), None);
        for (name, reference) in &all {
            match facts.find(&ask(scene, reference)) {
                Ok(None) if reference.optional => {}
                Ok(None) => drifted.push(format!("{name} does not exist")),
                Ok(Some(object)) => {
                    if let Some(words) = drift(scene, name, object) {
                        drifted.push(format!("{name} {words}"));
                        hint.get_or_insert_with(|| show(scene, reference));
                    }
                }
                Err(error) => unknown.push(format!("{name}: {error}")),
            }
        }
        if let Some(first) = drifted.first() {
            let more = match drifted.len() - 1 {
                0 => String::new(),
                count => format!(", and {count} more"),
            };
            let finding = Finding::warn(format!("{first}{more}")).because("ConfigDrift");
            let finding = finding.evidence(drifted).evidence(unknown);
            return match hint {
                Some(hint) => finding.hint(hint),
                None => finding,
            };
        }
        if let Some(first) = unknown.first() {
            return Finding::unknown(first.clone()).evidence(unknown);
        }
        let count = plural(i64::try_from(all.len()).unwrap_or(i64::MAX), "object");
        Finding::pass(format!("{count} that the pods read did not change since they last ran"))
    }
}

/// The `resourceVersion`s of what the pods read: what a later look is compared with.
#[must_use]
pub fn versions(scene: &Scene<'_>, facts: &Facts<'_>) -> BTreeMap<String, String> {
    let version = |(name, reference): (String, Reference)| {
        let object = facts.find(&ask(scene, &reference)).ok()??;
        Some((name, object.pointer("/metadata/resourceVersion")?.as_str()?.to_owned()))
    };
    read_by_pods(scene).into_iter().filter_map(version).collect()
}

/// Each once, by `ConfigMap/settings`.
fn read_by_pods(scene: &Scene<'_>) -> BTreeMap<String, Reference> {
    let live = || scene.seen.workload.pointer("/spec/template");
    let Some(template) = scene.expected.template.as_ref().or_else(live) else {
        return BTreeMap::new();
    };
    let is_config = |r: &Reference| matches!(r.kind, Referred::ConfigMap | Referred::Secret);
    let all = references(template, &[]).into_iter().filter(is_config);
    all.map(|reference| (format!("{}/{}", reference.kind.word(), reference.name), reference))
        .collect()
}

fn ask(scene: &Scene<'_>, reference: &Reference) -> Ask {
    let (group, plural) = reference.kind.resource();
    let path = Path::namespaced(group, &scene.target.namespace, plural).name(&reference.name);
    Ask::Keys(path.to_string())
}

/// How an object differs from what the release ran with, in words.
fn drift(scene: &Scene<'_>, name: &str, object: &Value) -> Option<String> {
    let expected = scene.expected;
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    let stamped = expected.config.get(name);
    if stamped.is_some_and(|stamped| version == Some(stamped)) {
        return None;
    }
    let since = expected.ran_until.or(expected.since)?;
    let later: Vec<_> = key_writes(object).filter(|write| write.at > since).collect();
    let Some(newest) = later.iter().max_by_key(|write| write.at) else {
        return stamped.map(|_| "is not what it was when the release was verified".to_owned());
    };
    let keys: Vec<&str> = later.iter().flat_map(|write| write.keys.iter().copied()).collect();
    let what = match expected.since {
        Some(live) if newest.at > live => {
            "since the release is live, and not all pods may have read it"
        }
        _ => "since the release last ran",
    };
    let (when, who) = (ago(in_seconds(scene.now), newest.at), newest.manager);
    Some(format!("was written {when} ago by {who} (keys {}), {what}", keys.join(", ")))
}

fn in_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// The command that shows who wrote what; of a Secret, one that shows no value.
fn show(scene: &Scene<'_>, reference: &Reference) -> String {
    let named = shell_quote(&reference.name);
    match reference.kind {
        Referred::Secret => scene.hints.kubectl(&format!("describe secret {named}")),
        _ => scene.hints.kubectl(&format!("get configmap {named} -o yaml --show-managed-fields")),
    }
}
