//! What an owner waits for before it does anything: `spec.dependsOn`. It looks every 30 s, one level after
//! the other.

use serde_json::Value;

use crate::error::ErrorKind;
use crate::facts::{Ask, Facts};

use super::super::following::{Address, Following};
use super::condition::{Condition, is_true};
use super::fields::{list, number, text, word};
use super::kind::Kind;
use super::revision;

/// Dependencies that are read at most.
const MOST: usize = 8;

struct Dependency<'v> {
    namespace: &'v str,
    name: &'v str,
}

/// What is read to know whether they are ready.
pub(super) fn asks(kind: &Kind, owner: &Value) -> Vec<Ask> {
    all(owner).take(MOST).map(|one| kind.read(one.namespace, one.name)).collect()
}

/// Where they are.
pub(super) fn addresses(kind: &Kind, owner: &Value) -> Vec<Address> {
    all(owner).take(MOST).map(|one| kind.address(one.namespace, one.name)).collect()
}

/// Whether all of them are done with what the owner's source has now. What was not read is not.
pub(super) fn are_done(
    owner: &Value,
    addresses: &[Address],
    artifact: Option<&str>,
    following: &Following<'_>,
) -> bool {
    addresses.iter().all(|address| {
        following.other(&address.target).is_some_and(|found| is_done(found, owner, artifact))
    })
}

fn is_done(found: &Value, owner: &Value, artifact: Option<&str>) -> bool {
    let seen = number(found, "/status/observedGeneration");
    let is_ready = is_true(found, "Ready") && seen == number(found, "/metadata/generation");
    let applied = text(found, "/status/lastAppliedRevision");
    let artifact = artifact.filter(|_| source(owner).is_some() && source(found) == source(owner));
    is_ready && artifact.is_none_or(|artifact| revision::are_same(applied, artifact))
}

/// Those that are not ready, each in a sentence. `artifact`: what the owner's source has now.
pub(super) fn notes(
    kind: &Kind,
    owner: &Value,
    artifact: Option<&str>,
    facts: &Facts<'_>,
) -> Vec<String> {
    let mut notes: Vec<String> =
        all(owner).take(MOST).filter_map(|one| one.note(kind, owner, artifact, facts)).collect();
    let more = all(owner).count().saturating_sub(MOST);
    if more > 0 {
        notes.push(format!("it depends on {more} more, which were not looked at"));
    }
    notes
}

fn all(owner: &Value) -> impl Iterator<Item = Dependency<'_>> {
    let own = text(owner, "/metadata/namespace");
    list(owner, "/spec/dependsOn").iter().filter_map(move |one| {
        let namespace = word(one, "/namespace").unwrap_or(own);
        Some(Dependency { namespace, name: word(one, "/name")? })
    })
}

impl Dependency<'_> {
    fn note(
        &self,
        kind: &Kind,
        owner: &Value,
        artifact: Option<&str>,
        facts: &Facts<'_>,
    ) -> Option<String> {
        let who = format!("{} {}/{}", kind.word, self.namespace, self.name);
        let found = match facts.value(&kind.read(self.namespace, self.name)) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Some(format!("it waits for {who}, which does not exist"));
            }
            Err(error) => {
                return Some(format!(
                    "whether {who}, on which it depends, is ready is not known: {error}"
                ));
            }
        };
        let seen = number(found, "/status/observedGeneration");
        if !is_true(found, "Ready") || seen != number(found, "/metadata/generation") {
            let why = Condition::of(found, "Ready").map(|ready| format!(" ({})", ready.words()));
            let why = why.unwrap_or_default();
            return Some(format!("it waits for {who}, which is not ready{why}"));
        }
        // Of the same source, it has to be as far.
        let applied = text(found, "/status/lastAppliedRevision");
        let artifact = artifact.filter(|_| source(found) == source(owner))?;
        (!revision::are_same(applied, artifact)).then(|| {
            format!("it waits for {who}, which has not applied {} yet", revision::words(artifact))
        })
    }
}

/// What is applied: kind, namespace and name. A chart has none.
fn source(owner: &Value) -> Option<(&str, &str, &str)> {
    let name = word(owner, "/spec/sourceRef/name")?;
    let namespace = word(owner, "/spec/sourceRef/namespace");
    let namespace = namespace.unwrap_or_else(|| text(owner, "/metadata/namespace"));
    Some((text(owner, "/spec/sourceRef/kind"), namespace, name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kustomization::KIND;
    use super::*;
    use crate::error::Error;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn owner(depends_on: &Value) -> Value {
        json!({"metadata": {"namespace": "flux-system"}, "spec": {"dependsOn": depends_on,
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}}})
    }

    fn dependency(ready: &str, applied: &str) -> Value {
        json!({"metadata": {"namespace": "infra", "generation": 1},
            "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet",
                "namespace": "flux-system"}},
            "status": {"observedGeneration": 1, "lastAppliedRevision": applied,
                "conditions": [{"type": "Ready", "status": ready, "reason": "BuildFailed"}]}})
    }

    fn note(found: Option<Value>, artifact: Option<&str>) -> Vec<String> {
        let owner = owner(&json!([{"name": "crds", "namespace": "infra"}]));
        let asks = asks(&KIND, &owner);
        let [ask] = asks.as_slice() else { panic!("{asks:?}") };
        notes(&KIND, &owner, artifact, &Facts::of([(ask.clone(), found)]))
    }

    #[test]
    fn what_is_not_ready_is_told() {
        let artifact = format!("main@sha1:{SHA}");
        let old = "main@sha1:1123456789abcdef0123456789abcdef01234567";
        let mut elsewhere = dependency("True", old);
        elsewhere["spec"]["sourceRef"]["name"] = json!("other");
        let mut unseen = dependency("True", &artifact);
        unseen["metadata"]["generation"] = json!(2);
        for (found, expected) in [
            (Some(dependency("True", &artifact)), None),
            (Some(elsewhere), None),
            (Some(dependency("True", old)), Some("which has not applied main@012345678 yet")),
            (Some(dependency("False", &artifact)), Some("which is not ready (BuildFailed)")),
            (Some(unseen), Some("which is not ready (BuildFailed)")),
            (Some(json!([])), Some("which is not ready")),
            (None, Some("which does not exist")),
        ] {
            let told = note(found.clone(), Some(&artifact));
            let expected =
                expected.map(|end| format!("it waits for Kustomization infra/crds, {end}"));
            assert_eq!(told, Vec::from_iter(expected), "{found:?}");
        }
        assert!(note(Some(dependency("True", old)), None).is_empty());
    }

    #[test]
    fn rights_and_numbers_are_limited() {
        let one = owner(&json!([{"name": "crds"}]));
        let ask = asks(&KIND, &one).pop().unwrap();
        let error = Error::new(ErrorKind::Forbidden, "not allowed");
        let facts = Facts::of([]).with_error(ask, error);
        assert_eq!(
            notes(&KIND, &one, None, &facts),
            [
                "whether Kustomization flux-system/crds, on which it depends, is ready is not known: \
                 not allowed"
            ]
        );
        let many: Vec<Value> = (0..20).map(|index| json!({"name": format!("d{index}")})).collect();
        let many = owner(&json!(many));
        assert_eq!(asks(&KIND, &many).len(), MOST);
        let told = notes(&KIND, &many, None, &Facts::of([]));
        assert_eq!(told.last().unwrap(), "it depends on 12 more, which were not looked at");
        for absurd in [json!({"name": "x"}), json!("x"), json!([1, "x", {"name": ""}, {}])] {
            assert!(asks(&KIND, &owner(&absurd)).is_empty());
        }
    }
}
