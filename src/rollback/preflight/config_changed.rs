//! `config.changed`: has what the old template reads changed since it ran? Going back does not bring
//! back what a `ConfigMap` or a Secret said then. Of Secrets, nothing but the names of keys is looked
//! at.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::config_difference::difference;
use super::refs::{ask, name, of_target};
use super::{Preflight, Scene};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::evidence::ago;
use crate::rollback::model::key_writes::{KeyWrite, key_writes};
use crate::rollback::model::record::Verdict;
use crate::rollback::model::references::{Reference, Referred, references};
use crate::text::{plural, shell_quote};

/// What is written so shortly before the next release belongs to that: tools apply a `ConfigMap`
/// before the workload that reads it.
const WITH_THE_RELEASE: SignedDuration = SignedDuration::from_mins(1);

pub(super) struct ConfigChanged;

impl Preflight for ConfigChanged {
    fn id(&self) -> &'static str {
        "config.changed"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        let all = read_by_target(scene);
        let successors = all.values().filter_map(|read| read.successor.as_ref());
        let both = all.values().map(|read| &read.reference).chain(successors);
        both.map(|reference| ask(reference, scene.namespace())).collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        if scene.template().is_none() {
            return Finding::skipped("the template is live already");
        }
        let all = read_by_target(scene);
        if all.is_empty() {
            return Finding::skipped("the old template reads no ConfigMap and no Secret");
        }
        let label = scene.plan.to.label();
        let (mut changed, mut evidence, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for read in all.values() {
            let named = name(&read.reference);
            let object = match facts.find(&ask(&read.reference, scene.namespace())) {
                // What is missing, `refs` says.
                Ok(None) => continue,
                Ok(Some(object)) => object,
                Err(error) => {
                    unknown.push((format!("{named}: {error}"), Some(error)));
                    continue;
                }
            };
            evidence.extend(read.successor.as_ref().and_then(|successor| {
                let new = facts.find(&ask(successor, scene.namespace())).ok()??;
                let what = difference(object, new);
                Some(format!("{named} in the place of {}: {what}", successor.name))
            }));
            match change(scene, &read.reference, object) {
                Some(Change::No) => {}
                Some(Change::Yes(words)) => changed.push((&read.reference, words)),
                None => unknown.push((format!("{named}: nothing tells when {label} ran"), None)),
            }
        }
        let lines = |reference: &Reference, words: &String| format!("{} {words}", name(reference));
        let told: Vec<String> = changed.iter().map(|(r, words)| lines(r, words)).collect();
        let doubts: Vec<String> = unknown.iter().map(|(why, _)| why.clone()).collect();
        if let Some((first, _)) = changed.first() {
            let message = format!("changed since {label} ran: {}", told.join("; "));
            let finding = Finding::warn(message).because("ConfigChanged").evidence(told);
            return finding.evidence(evidence).evidence(doubts).hint(show(scene, first));
        }
        let more = match unknown.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        if let Some((why, error)) = unknown.into_iter().next() {
            let finding =
                Finding::unknown(format!("{why}{more}")).evidence(doubts).evidence(evidence);
            return match error {
                Some(error) => finding.hint_from(error),
                None => finding,
            };
        }
        let count = plural(i64::try_from(all.len()).unwrap_or(i64::MAX), "object");
        let mut message = format!("{count} that it reads did not change since {label} ran");
        if !evidence.is_empty() {
            message = format!("{message}; {}", evidence.join("; "));
        }
        Finding::pass(message).evidence(evidence)
    }
}

/// A `ConfigMap` or Secret that the old template reads.
struct Read {
    reference: Reference,
    /// What the template that is left reads in its stead, under another name.
    successor: Option<Reference>,
}

/// All of them, each once.
fn read_by_target(scene: &Scene<'_>) -> BTreeMap<(Referred, String), Read> {
    let left = scene.left_template().map(|left| references(left, &[])).unwrap_or_default();
    let is_config = |r: &Reference| matches!(r.kind, Referred::ConfigMap | Referred::Secret);
    let mut all: BTreeMap<(Referred, String), Read> = BTreeMap::new();
    for reference in of_target(scene).into_iter().filter(is_config) {
        let same_place = |other: &&Reference| {
            other.by == reference.by && other.kind == reference.kind && other.name != reference.name
        };
        let successor = left.iter().find(same_place).cloned();
        let key = (reference.kind, reference.name.clone());
        let read = all.entry(key).or_insert(Read { reference, successor: None });
        if read.successor.is_none() {
            read.successor = successor;
        }
    }
    all
}

enum Change {
    No,
    /// When, by whom and what, in words.
    Yes(String),
}

/// Whether the object changed since the target ran; `None` where nothing tells.
fn change(scene: &Scene<'_>, reference: &Reference, object: &Value) -> Option<Change> {
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    let stamped = stamp(scene, reference);
    if stamped.is_some_and(|(_, stamped)| version == Some(stamped)) {
        return Some(Change::No);
    }
    let since = match stamped {
        Some((verdict, _)) => verdict.at,
        None => since(scene)?,
    };
    let made = object.pointer("/metadata/creationTimestamp").and_then(time);
    if let Some(made) = made.filter(|made| *made > since) {
        return Some(Change::Yes(format!("made anew {} ago", ago(scene.now, made))));
    }
    let writes: Vec<KeyWrite<'_>> = key_writes(object).filter(|write| write.at > since).collect();
    let newest = writes.iter().max_by_key(|write| write.at);
    match (newest, stamped) {
        (Some(newest), _) => {
            let keys: BTreeSet<&str> =
                writes.iter().flat_map(|write| write.keys.iter().copied()).collect();
            let keys = keys.into_iter().collect::<Vec<_>>().join(", ");
            let (when, who) = (ago(scene.now, newest.at), newest.manager);
            Some(Change::Yes(format!("{when} ago by {who} ({keys})")))
        }
        (None, Some((verdict, _))) => {
            let when = ago(scene.now, verdict.at);
            Some(Change::Yes(format!("not as it was when verified {when} ago")))
        }
        (None, None) => Some(Change::No),
    }
}

/// The `resourceVersion` that the object had when the target was last seen well.
fn stamp<'s>(scene: &'s Scene<'_>, reference: &Reference) -> Option<(&'s Verdict, &'s str)> {
    let verdict =
        scene.subject.record.verdict_on(&scene.plan.to.hash, &scene.subject.target_uid)?;
    Some((verdict, verdict.config.get(&reference.key())?))
}

/// What is later than this, the target has not met.
fn since(scene: &Scene<'_>) -> Option<Timestamp> {
    let ran_until = scene.subject.ran_until?;
    let before = ran_until.checked_sub(WITH_THE_RELEASE).unwrap_or(ran_until);
    // What was written with the target itself is the target's.
    Some(scene.plan.to.created.map_or(before, |created| before.max(created)).min(ran_until))
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// The command that shows who wrote what; of a Secret, one that shows no value.
fn show(scene: &Scene<'_>, reference: &Reference) -> String {
    let named = shell_quote(&reference.name);
    match reference.kind {
        Referred::Secret => scene.kubectl(&format!("describe secret {named}")),
        _ => scene.kubectl(&format!("get configmap {named} -o yaml --show-managed-fields")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{Given, OLD_CREATED};
    use super::*;
    use crate::rollback::model::check::CheckStatus;
    use crate::rollback::model::record::Finding as Word;
    use serde_json::{Map, json};

    fn reads(name: &str) -> Value {
        json!({"volumes": [{"name": "config", "configMap": {"name": name}},
            {"name": "keys", "secret": {"secretName": "db"}}]})
    }

    fn map(name: &str) -> Ask {
        Ask::Read(format!("/api/v1/namespaces/shop/configmaps/{name}"))
    }

    fn secret() -> Ask {
        Ask::Keys("/api/v1/namespaces/shop/secrets/db".into())
    }

    fn written(at: &str, keys: &[&str]) -> Value {
        let fields: Map<String, Value> =
            keys.iter().map(|key| (format!("f:{key}"), json!({}))).collect();
        json!({"manager": "kubectl-edit", "operation": "Update", "time": at,
            "fieldsV1": {"f:data": fields}})
    }

    fn object(version: &str, made: &str, writes: &Value) -> Value {
        json!({"metadata": {"resourceVersion": version, "creationTimestamp": made,
            "managedFields": writes}})
    }

    #[test]
    fn only_what_was_written_since_the_target_ran_counts() {
        let given = Given::specs(&reads("settings"), &reads("settings"));
        let first = written("2025-12-31T00:00:00Z", &["LIMIT", "MODE"]);
        for (made, writes, changed) in [
            ("2025-12-31T00:00:00Z", json!([first]), None),
            // While the target ran, it was restarted or it was not.
            ("2025-12-31T00:00:00Z", json!([written("2026-01-01T06:00:00Z", &["LIMIT"])]), None),
            (
                "2025-12-31T00:00:00Z",
                json!([first, written("2026-01-01T23:00:00Z", &["LIMIT"])]),
                Some("60m ago by kubectl-edit (LIMIT)"),
            ),
            // What came with the release that is left was applied just before it.
            (
                "2025-12-31T00:00:00Z",
                json!([written("2026-01-01T11:59:58Z", &["MODE", "LIMIT"])]),
                Some("12h ago by kubectl-edit (LIMIT, MODE)"),
            ),
            // A label says nothing of what is in it.
            (
                "2025-12-31T00:00:00Z",
                json!([first, {"manager": "x", "time": "2026-01-01T23:00:00Z",
                    "fieldsV1": {"f:metadata": {"f:labels": {}}}}]),
                None,
            ),
            ("2026-01-01T18:00:00Z", json!([]), Some("made anew 6h ago")),
        ] {
            let known = [(map("settings"), object("7", made, &writes)), (secret(), json!({}))];
            let found = given.find(&ConfigChanged, known);
            match changed {
                Some(words) => {
                    assert_eq!(found.status, CheckStatus::Warn, "{writes}");
                    let message =
                        format!("changed since revision 1 ran: ConfigMap settings {words}");
                    assert_eq!(found.message, message);
                    let hint =
                        "kubectl get configmap settings -o yaml --show-managed-fields -n shop";
                    assert_eq!(found.hint.as_deref(), Some(hint));
                }
                None => assert_eq!(found.status, CheckStatus::Pass, "{writes} {found:?}"),
            }
        }
    }

    #[test]
    fn of_a_secret_only_names_of_keys_are_told() {
        let given = Given::specs(&reads("settings"), &reads("settings"));
        let writes = json!([written("2026-01-01T23:59:00Z", &["password"])]);
        let known = [(secret(), object("7", OLD_CREATED, &writes)), (map("settings"), json!({}))];
        let found = given.find(&ConfigChanged, known);
        assert_eq!(found.evidence, ["Secret db 1m ago by kubectl-edit (password)"]);
        assert_eq!(found.hint.as_deref(), Some("kubectl describe secret db -n shop"));
    }

    #[test]
    fn another_name_in_the_same_place_is_compared_by_keys() {
        let given = Given::specs(&reads("settings-a1"), &reads("settings-b2"));
        let old = json!({"data": {"LIMIT": "1", "MODE": "x", "OLD": "s3cret"}});
        let new = json!({"data": {"LIMIT": "2", "MODE": "x", "FEATURE": "s3cret"}});
        let known = [(map("settings-a1"), old), (map("settings-b2"), new), (secret(), json!({}))];
        let found = given.find(&ConfigChanged, known);
        assert_eq!(found.status, CheckStatus::Pass);
        let told = "ConfigMap settings-a1 in the place of settings-b2: changed LIMIT, back OLD, gone \
             FEATURE";
        assert_eq!(found.evidence, [told]);
        assert!(!format!("{found:?}").contains("s3cret"));
    }

    #[test]
    fn a_stamp_tells_for_certain() {
        let mut given = Given::specs(&reads("settings"), &reads("settings"));
        let verdict = Verdict {
            uid: "r1".into(),
            hash: "h1".into(),
            verdict: Word::Verified,
            at: "2026-01-01T06:00:00Z".parse().unwrap(),
            config: BTreeMap::from([("ConfigMap/settings".into(), "7".into())]),
            digests: BTreeMap::new(),
        };
        given.subject.record = given.subject.record.with_verdict(verdict);
        let later = json!([written("2026-01-01T23:00:00Z", &["LIMIT"])]);
        let earlier = json!([written("2026-01-01T05:00:00Z", &["LIMIT"])]);
        for (version, writes, words) in [
            ("7", &later, None),
            ("8", &later, Some("60m ago by kubectl-edit (LIMIT)")),
            // A key that is gone leaves no time behind.
            ("8", &earlier, Some("not as it was when verified 18h ago")),
        ] {
            let object = object(version, "2025-12-31T00:00:00Z", writes);
            let known = [(map("settings"), object), (secret(), json!({}))];
            let found = given.find(&ConfigChanged, known);
            let told: Vec<_> =
                words.iter().map(|words| format!("ConfigMap settings {words}")).collect();
            assert_eq!(found.evidence, told, "{version}");
        }
    }

    #[test]
    fn what_nobody_knows_is_unknown() {
        let mut given = Given::specs(&reads("settings"), &reads("settings"));
        given.subject.ran_until = None;
        let known = [(map("settings"), json!({})), (secret(), json!({}))];
        let found = given.find(&ConfigChanged, known);
        assert_eq!(found.status, CheckStatus::Unknown);
        let none = Given::specs(&json!({}), &reads("settings")).find(&ConfigChanged, []);
        assert_eq!(none.status, CheckStatus::Skipped);
    }
}
