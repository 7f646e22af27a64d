//! `refs`: does everything that the old template names still exist? A `ConfigMap` with a hash in its
//! name goes with the release that it belonged to, and then the old pods cannot start.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Preflight, Scene, dryrun_pod};
use crate::cluster::Path;
use crate::error::Error;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::references::{PULL_SECRETS, Reference, Referred, references};

pub(super) struct Refs;

impl Preflight for Refs {
    fn id(&self) -> &'static str {
        "refs"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn is_critical(&self) -> bool {
        true
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        let all = of_target(scene).into_iter().filter(|reference| !reference.optional);
        all.map(|reference| ask(&reference, scene.namespace())).collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        if scene.template().is_none() {
            return Finding::skipped("the template is live already");
        }
        let all: Vec<Reference> = of_target(scene).into_iter().filter(|r| !r.optional).collect();
        if all.is_empty() {
            return Finding::skipped("the old template needs no other object");
        }
        let left = scene.left_template().map(|left| references(left, &[])).unwrap_or_default();
        let is_admitted = dryrun_pod::admitted(scene, facts).is_some();
        let mut seen = Seen::default();
        for reference in &all {
            let answer = facts.find(&ask(reference, scene.namespace()));
            match answer.map(|found| absence(reference, found)) {
                Ok(absent) => {
                    let goes_without = reference.by == PULL_SECRETS
                        && left.iter().any(|l| l.by == PULL_SECRETS && l.name == reference.name);
                    let missing = if goes_without { &mut seen.spared } else { &mut seen.missing };
                    for what in absent {
                        missing.entry(what).or_default().push(reference.by.clone());
                    }
                }
                // Who may read nothing outside of the namespace need not: the API server has looked.
                Err(_) if is_admitted && reference.kind.is_cluster_wide() => {}
                Err(error) => seen.unknown.push((reference, error)),
            }
        }
        seen.finding(scene, &all)
    }
}

/// What the template that is to be live names.
pub(super) fn of_target(scene: &Scene<'_>) -> Vec<Reference> {
    let claims = scene.subject.workload.pointer("/spec/volumeClaimTemplates");
    let claims = claims.and_then(Value::as_array).into_iter().flatten();
    let claims: Vec<&str> =
        claims.filter_map(|claim| claim.pointer("/metadata/name")?.as_str()).collect();
    scene.template().map(|template| references(template, &claims)).unwrap_or_default()
}

/// What tells of an object that is named. Of Secrets, no value is read.
pub(super) fn ask(reference: &Reference, namespace: &str) -> Ask {
    let (group, plural) = reference.kind.resource();
    let collection = if reference.kind.is_cluster_wide() {
        Path::cluster_wide(group, plural)
    } else {
        Path::namespaced(group, namespace, plural)
    };
    let path = collection.name(&reference.name).to_string();
    if reference.kind == Referred::Secret { Ask::Keys(path) } else { Ask::Read(path) }
}

/// `ConfigMap settings`.
pub(super) fn name(reference: &Reference) -> String {
    format!("{} {}", reference.kind.word(), reference.name)
}

/// What is not there: the object, or some of its keys.
fn absence(reference: &Reference, found: Option<&Value>) -> Vec<String> {
    let name = name(reference);
    let Some(object) = found else { return vec![name] };
    let is_going = object.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string);
    if is_going && reference.kind == Referred::PersistentVolumeClaim {
        return vec![format!("{name}, which is being deleted")];
    }
    let keys = keys(object);
    let absent = reference.keys.iter().filter(|key| !keys.contains(&key.as_str()));
    absent.map(|key| format!("key {key} of {name}")).collect()
}

/// The keys of a `ConfigMap`, or of what is known of a Secret.
fn keys(object: &Value) -> Vec<&str> {
    let names = object.get("keys").and_then(Value::as_array).into_iter().flatten();
    let members = ["data", "binaryData"].map(|member| object.get(member)?.as_object());
    let members = members.into_iter().flatten().flatten();
    names.filter_map(Value::as_str).chain(members.map(|(key, _)| key.as_str())).collect()
}

/// What became of all that is named.
#[derive(Default)]
struct Seen<'r> {
    /// What is missing, and what names it.
    missing: BTreeMap<String, Vec<String>>,
    /// The same where pods have been doing without it.
    spared: BTreeMap<String, Vec<String>>,
    unknown: Vec<(&'r Reference, &'r Error)>,
}

impl Seen<'_> {
    fn finding(self, scene: &Scene<'_>, all: &[Reference]) -> Finding {
        let unknown: Vec<String> = self
            .unknown
            .iter()
            .map(|(reference, error)| format!("{} is not known: {error}", name(reference)))
            .collect();
        if !self.missing.is_empty() {
            let absent = [&self.missing, &self.spared].map(told).concat();
            let message = format!("the old template needs what is missing: {}", absent.join("; "));
            let finding = Finding::fail(message).because("Missing").evidence(absent);
            return finding.evidence(unknown).hint(self.listing(scene));
        }
        if let Some((reference, error)) = self.unknown.first() {
            let more = match self.unknown.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let message = format!("whether {} exists{more}: {error}", name(reference));
            let finding = Finding::unknown(message).evidence(unknown);
            return finding.evidence(told(&self.spared)).hint_from(error);
        }
        if !self.spared.is_empty() {
            let absent = told(&self.spared);
            let message = format!("missing, as it is for what is live: {}", absent.join("; "));
            let hint = self.listing(scene);
            return Finding::warn(message).because("Missing").evidence(absent).hint(hint);
        }
        let mut names: Vec<String> = all.iter().map(name).collect();
        names.sort_unstable();
        names.dedup();
        let count = names.len();
        let message = format!("all that the old template names is there: {count} found");
        Finding::pass(message).evidence(names)
    }

    /// The command that lists what there is of the kinds of which something is missing.
    fn listing(&self, scene: &Scene<'_>) -> String {
        let missing = || self.missing.keys().chain(self.spared.keys());
        let is_named = |kind: &&str| missing().any(|what| what.contains(&format!("{kind} ")));
        let kinds = [
            Referred::ConfigMap,
            Referred::Secret,
            Referred::PersistentVolumeClaim,
            Referred::ServiceAccount,
            Referred::PriorityClass,
            Referred::RuntimeClass,
        ];
        let kinds: Vec<&str> = kinds.map(Referred::word).into_iter().filter(is_named).collect();
        scene.kubectl(&format!("get {}", kinds.join(",").to_lowercase()))
    }
}

/// `ConfigMap settings (volume config; container app, envFrom 1)`.
fn told(missing: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    missing.iter().map(|(what, by)| format!("{what} ({})", by.join("; "))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::given::Given;
    use super::*;
    use crate::error::ErrorKind;
    use crate::rollback::model::check::CheckStatus;
    use serde_json::json;

    fn old_spec() -> Value {
        json!({
            "containers": [{"name": "app", "image": "web:1.0",
                "envFrom": [{"configMapRef": {"name": "settings"}},
                    {"configMapRef": {"name": "extra", "optional": true}}],
                "env": [{"name": "PASSWORD", "valueFrom":
                    {"secretKeyRef": {"name": "db", "key": "password"}}}]}],
            "volumes": [{"name": "config", "configMap": {"name": "settings"}},
                {"name": "data", "persistentVolumeClaim": {"claimName": "disk"}}],
            "imagePullSecrets": [{"name": "registry"}],
            "priorityClassName": "high",
        })
    }

    fn at(path: &str) -> Ask {
        Ask::Read(format!("/api/v1/namespaces/shop/{path}"))
    }

    fn secret(name: &str) -> Ask {
        Ask::Keys(format!("/api/v1/namespaces/shop/secrets/{name}"))
    }

    fn all() -> Vec<(Ask, Value)> {
        vec![
            (at("configmaps/settings"), json!({"data": {"LIMIT": "1"}})),
            (secret("db"), json!({"keys": ["password", "user"]})),
            (at("persistentvolumeclaims/disk"), json!({"metadata": {}})),
            (secret("registry"), json!({"keys": []})),
            (
                Ask::Read("/apis/scheduling.k8s.io/v1/priorityclasses/high".into()),
                json!({"value": 1}),
            ),
        ]
    }

    #[test]
    fn all_that_is_missing_is_named_with_what_names_it() {
        let given = Given::specs(&old_spec(), &json!({}));
        let found = given.find(&Refs, all());
        assert_eq!(found.status, CheckStatus::Pass, "{found:?}");
        assert_eq!(found.message, "all that the old template names is there: 5 found");
        let known = [(secret("db"), json!({"keys": ["user"]}))];
        let found = given.find(&Refs, known);
        assert_eq!(found.status, CheckStatus::Fail);
        let missing = [
            "ConfigMap settings (container app, envFrom 1; volume config)",
            "PersistentVolumeClaim disk (volume data)",
            "PriorityClass high (priorityClassName)",
            "Secret registry (imagePullSecrets)",
            "key password of Secret db (container app, variable PASSWORD)",
        ];
        assert_eq!(found.evidence, missing);
        assert!(missing.iter().all(|line| found.message.contains(line)), "{}", found.message);
        assert_eq!(
            found.hint.as_deref(),
            Some("kubectl get configmap,secret,persistentvolumeclaim,priorityclass -n shop")
        );
    }

    #[test]
    fn what_does_not_stop_the_pods_does_not_stop_the_undo() {
        // The kubelet goes on without it, as it does now.
        let given = Given::specs(&old_spec(), &json!({"imagePullSecrets": [{"name": "registry"}]}));
        let known = all().into_iter().filter(|(ask, _)| *ask != secret("registry"));
        let found = given.find(&Refs, known);
        assert_eq!(found.status, CheckStatus::Warn);
        let message = "missing, as it is for what is live: Secret registry (imagePullSecrets)";
        assert_eq!(found.message, message);
        let none = Given::specs(&json!({}), &old_spec()).find(&Refs, []);
        assert_eq!(none.status, CheckStatus::Skipped);
    }

    #[test]
    fn a_claim_on_its_way_out_is_no_claim() {
        let given = Given::specs(&old_spec(), &json!({}));
        let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
        let known = all().into_iter().map(|(ask, value)| {
            let is_it = ask == at("persistentvolumeclaims/disk");
            (ask, if is_it { going.clone() } else { value })
        });
        let found = given.find(&Refs, known);
        let missing = "PersistentVolumeClaim disk, which is being deleted (volume data)";
        assert_eq!(found.evidence, [missing]);
    }

    #[test]
    fn what_may_not_be_read_is_unknown_and_not_missing() {
        let given = Given::specs(&old_spec(), &json!({}));
        let scene = given.scene();
        let known = all().into_iter().map(|(ask, value)| (ask, Some(value)));
        let error = || {
            Error::new(ErrorKind::Forbidden, "not allowed to get secrets")
                .hint("kubectl auth can-i")
        };
        let facts = Facts::of(known).with_error(secret("db"), error());
        let facts = facts.with_error(secret("registry"), error());
        let found = Refs.judge(&scene, &facts);
        assert_eq!(found.status, CheckStatus::Unknown);
        let message = "whether Secret db exists, and 1 more: not allowed to get secrets";
        assert_eq!(found.message, message);
        assert_eq!(found.hint.as_deref(), Some("kubectl auth can-i"));
        // What is missing for sure weighs more.
        let known = all().into_iter().map(|(ask, value)| {
            let is_there = ask != at("configmaps/settings");
            (ask, is_there.then_some(value))
        });
        let facts = Facts::of(known).with_error(secret("db"), error());
        let found = Refs.judge(&scene, &facts);
        assert_eq!(found.status, CheckStatus::Fail);
        assert_eq!(found.evidence.len(), 2, "{found:?}");
    }

    #[test]
    fn claims_of_a_stateful_set_are_its_own() {
        let mut given = Given::specs(&old_spec(), &json!({}));
        Arc::make_mut(&mut given.subject.workload)["spec"]["volumeClaimTemplates"] =
            json!([{"metadata": {"name": "data"}}]);
        let found = given.find(&Refs, []);
        assert!(!found.message.contains("disk"), "{}", found.message);
    }
}
