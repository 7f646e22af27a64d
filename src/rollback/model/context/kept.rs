//! What the undo record keeps of a context, because the cluster loses it.
//!
//! The Deployment controller copies the annotations of a Deployment onto its newest `ReplicaSet`
//! again and again (kubernetes:pkg/controller/deployment/util, `SetNewReplicaSetAnnotations`). An
//! undo leaves foreign annotations of the Deployment as they are, so the `ReplicaSet` that was gone
//! back to soon carries those of the release that was left. What it carried before is kept in the
//! record, with a fingerprint of what the copy makes of it: as long as that is what is there, the
//! record is right; where it is not, somebody has written since, or nothing was copied.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::record::{RECORD_ANNOTATION, Side, Stored};
use super::super::revision::{Revision, Revisions};
use super::super::snapshot::Snapshot;
use super::super::template::short_hash;
use super::Context;

/// Longest word and longest list (all its entries together) that are kept, in bytes. The record is
/// one annotation: what is longer is unknown after an undo rather than wrong.
const MAX_KEPT: usize = 200;

/// What the object that stores a revision said before the controller wrote over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptContext {
    /// Fingerprint of what it says after the copy.
    pub copy: String,
    /// What it said; the commit is kept beside it.
    #[serde(flatten)]
    pub context: Context,
}

/// What to keep of the revision that is gone back to; `None` where the copy changes nothing.
#[must_use]
pub fn keep(snapshot: &Snapshot, target: &Revision) -> Option<KeptContext> {
    let copy = Context::read(&copied(snapshot, target));
    let template = Context::on(&target.template);
    if template.clone().or(&copy) == target.context {
        return None;
    }
    let own = &target.context;
    let context = Context {
        commit: None,
        build: word(own.build.as_ref(), template.build.is_some()),
        digest: word(own.digest.as_ref(), template.digest.is_some()),
        flags: list(own.flags.as_ref(), template.flags.is_some()),
        migrations: list(own.migrations.as_ref(), template.migrations.is_some()),
    };
    Some(KeptContext { copy: fingerprint(&copy), context })
}

/// A word, unless it is in the template, where it is safe, or too long.
fn word(text: Option<&String>, is_in_template: bool) -> Option<String> {
    text.filter(|text| !is_in_template && text.len() <= MAX_KEPT).cloned()
}

/// A list, likewise.
fn list(entries: Option<&Vec<String>>, is_in_template: bool) -> Option<Vec<String>> {
    let bytes = |list: &Vec<String>| list.iter().map(|entry| entry.len() + 3).sum::<usize>();
    entries.filter(|list| !is_in_template && bytes(list) <= MAX_KEPT).cloned()
}

/// The annotations of the stored object as the controller will leave them.
fn copied(snapshot: &Snapshot, target: &Revision) -> Value {
    let pointer = "/metadata/annotations";
    let stored = stored(snapshot, target).and_then(|object| object.pointer(pointer));
    let mut annotations = stored.and_then(Value::as_object).cloned().unwrap_or_default();
    let workload = snapshot.workload.pointer(pointer).and_then(Value::as_object);
    annotations.extend(workload.cloned().unwrap_or_default());
    Value::Object(annotations)
}

fn stored<'a>(snapshot: &'a Snapshot, revision: &Revision) -> Option<&'a Value> {
    let uid = Some(revision.uid.as_str());
    snapshot.stored.iter().find(|o| o.pointer("/metadata/uid").and_then(Value::as_str) == uid)
}

fn fingerprint(context: &Context) -> String {
    // A context has only strings and lists: writing it cannot fail.
    short_hash(&serde_json::to_string(context).unwrap_or_default())
}

/// Corrects the contexts of revisions that rb went back to, by what its record has kept.
#[must_use]
pub fn restore(mut revisions: Revisions, snapshot: &Snapshot) -> Revisions {
    let annotation = snapshot.annotation(RECORD_ANNOTATION);
    let Stored::Record(record) = Stored::read(annotation, snapshot.uid()) else {
        return revisions;
    };
    for revision in &mut revisions.list {
        let on_object = stored(snapshot, revision).map(Context::on).unwrap_or_default();
        // Not only the newest: what it copies is there only after the controller's next sync.
        let mut sides = record.undos.iter().rev().map(|undo| &undo.to);
        let known = sides.find_map(|to| known(to, &revision.hash, &on_object));
        if let Some(known) = known {
            revision.context = Context::on(&revision.template).or(&known);
        }
    }
    revisions
}

/// What one undo's target was, where the object with this hash shows a copy in its stead.
fn known(to: &Side, hash: &str, on_object: &Context) -> Option<Context> {
    let kept = to.context.as_ref().filter(|_| !hash.is_empty() && to.hash == hash)?;
    let is_copy = kept.copy == fingerprint(on_object);
    is_copy.then(|| Context { commit: to.commit.clone(), ..kept.context.clone() })
}

#[cfg(test)]
mod tests {
    use super::super::super::record::{Record, Undo};
    use super::super::super::target::{ClusterRef, Kind, Target};
    use super::*;
    use jiff::Timestamp;
    use serde_json::json;

    const DEPLOYMENT: Kind = Kind {
        api_version: "apps/v1",
        kind: "Deployment",
        plural: "deployments",
        singular: "deployment",
        short: &[],
    };

    /// A cluster in small: what a Deployment and its `ReplicaSet`s say, and the record.
    struct Shop {
        deployment: Value,
        sets: Vec<(&'static str, Value)>,
        live: &'static str,
        record: Record,
    }

    impl Shop {
        fn new() -> Self {
            let record = Stored::Nothing.into_record("d");
            Self { deployment: json!({}), sets: Vec::new(), live: "", record }
        }

        /// Somebody applies a manifest; the controller syncs.
        fn deploy(&mut self, hash: &'static str, annotations: Value) {
            self.deployment = annotations;
            self.make_live(hash);
        }

        fn make_live(&mut self, hash: &'static str) {
            self.live = hash;
            if self.sets.iter().all(|(other, _)| *other != hash) {
                self.sets.push((hash, json!({})));
            }
            self.sync();
        }

        /// What the controller does at every sync.
        fn sync(&mut self) {
            let copied = self.deployment.as_object().unwrap().clone();
            let live = self.live;
            for (_, annotations) in self.sets.iter_mut().filter(|(hash, _)| *hash == live) {
                annotations.as_object_mut().unwrap().extend(copied.clone());
            }
        }

        fn snapshot(&self) -> Snapshot {
            let mut annotations = self.deployment.clone();
            annotations[RECORD_ANNOTATION] = self.record.to_annotation().into();
            let set = |(hash, annotations): &(&str, Value)| json!({"metadata": {"uid": hash, "annotations": annotations}});
            Snapshot {
                taken_at: Timestamp::UNIX_EPOCH,
                cluster: ClusterRef { context: String::new(), server: String::new() },
                target: Target::new(&DEPLOYMENT, "shop", "web"),
                workload: json!({"metadata": {"uid": "d", "annotations": annotations}}),
                stored: self.sets.iter().map(set).collect(),
                pods: Vec::new(),
                warnings: Vec::new(),
                owners: Vec::new(),
                owner_objects: Vec::new(),
                gaps: Vec::new(),
            }
        }

        fn revision(&self, hash: &str) -> Revision {
            let snapshot = self.snapshot();
            let list = snapshot.stored.iter().map(|set| {
                let uid = set["metadata"]["uid"].as_str().unwrap();
                Revision {
                    number: None,
                    unreadable_number: None,
                    past_numbers: Vec::new(),
                    hash: uid.to_owned(),
                    name: uid.to_owned(),
                    uid: uid.to_owned(),
                    created: None,
                    template: Value::Null,
                    replicas: crate::rollback::model::revision::Replicas::default(),
                    change_cause: None,
                    unusable: None,
                    context: Context::of(set, &Value::Null),
                }
            });
            let revisions = Revisions::new(list.collect(), Value::from("another"));
            let revisions = restore(revisions, &snapshot);
            revisions.list.into_iter().find(|revision| revision.hash == hash).unwrap()
        }

        fn undo(&mut self, hash: &'static str) {
            self.undo_before_the_sync(hash);
            self.sync();
        }

        fn undo_before_the_sync(&mut self, hash: &'static str) {
            let target = self.revision(hash);
            let side = |hash: &str| Side {
                revision: None,
                hash: hash.to_owned(),
                fingerprint: None,
                images: Vec::new(),
                commit: None,
                context: None,
            };
            let mut to = side(hash);
            to.commit.clone_from(&target.context.commit);
            to.context = keep(&self.snapshot(), &target);
            let undo = Undo {
                id: String::new(),
                at: Timestamp::UNIX_EPOCH,
                by: String::new(),
                from: side(self.live),
                to,
                reason: None,
                incident: None,
                pending: false,
            };
            self.record = self.record.clone().with_undo(undo);
            self.live = hash;
        }

        #[track_caller]
        fn says(&self, commits: &[(&str, Option<&str>)]) {
            for (hash, commit) in commits {
                assert_eq!(self.revision(hash).context.commit.as_deref(), *commit, "{hash}");
            }
        }
    }

    fn three_releases() -> Shop {
        let mut shop = Shop::new();
        shop.deploy("one", json!({"git-sha": "a", "feature-flags": "x"}));
        shop.deploy("two", json!({"git-sha": "b"}));
        shop.deploy("three", json!({"git-sha": "c", "build-id": "3"}));
        shop
    }

    #[test]
    fn what_is_live_again_keeps_its_own_context() {
        let mut shop = three_releases();
        shop.undo("two");
        assert_eq!(shop.sets[1].1["git-sha"], "c", "the copy is what it is about");
        shop.says(&[("one", Some("a")), ("two", Some("b")), ("three", Some("c"))]);
        assert_eq!(shop.revision("two").context.build, None);
        shop.undo("one");
        shop.says(&[("one", Some("a")), ("two", Some("b")), ("three", Some("c"))]);
        assert_eq!(shop.revision("one").context.flags, Some(vec!["x".to_owned()]));
        shop.undo("three");
        shop.undo("two");
        shop.says(&[("one", Some("a")), ("two", Some("b")), ("three", Some("c"))]);
    }

    #[test]
    fn who_writes_after_an_undo_is_believed() {
        let mut shop = three_releases();
        shop.undo("two");
        // The revert commit makes the same template again.
        shop.deploy("two", json!({"git-sha": "d"}));
        shop.says(&[("two", Some("d")), ("three", Some("c"))]);
        shop.deploy("four", json!({"git-sha": "e"}));
        shop.undo("two");
        shop.says(&[("one", Some("a")), ("two", Some("d")), ("three", Some("c"))]);
        shop.says(&[("four", Some("e"))]);
    }

    #[test]
    fn before_the_controller_has_copied_nothing_is_wrong_either() {
        let mut shop = three_releases();
        shop.undo("two");
        shop.deploy("four", json!({"git-sha": "e"}));
        shop.undo_before_the_sync("two");
        shop.says(&[("two", Some("b")), ("four", Some("e"))]);
        shop.sync();
        shop.says(&[("two", Some("b")), ("four", Some("e"))]);
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_lost() {
        let mut shop = Shop::new();
        shop.deploy("one", json!({}));
        shop.deploy("two", json!({"note": "x"}));
        shop.undo("one");
        assert_eq!(shop.record.undos[0].to.context, None);
        shop.deploy("three", json!({"git-sha": "c"}));
        shop.undo("two");
        assert!(shop.record.undos[1].to.context.is_some(), "that it had none is to be known too");
        shop.says(&[("one", None), ("two", None), ("three", Some("c"))]);
    }

    #[test]
    fn what_is_too_long_is_unknown_rather_than_wrong() {
        let long: String = (0..200).map(|i| format!("flag-{i},")).collect();
        let mut shop = Shop::new();
        shop.deploy("one", json!({"git-sha": "a", "feature-flags": long}));
        shop.deploy("two", json!({"git-sha": "b", "feature-flags": "new"}));
        shop.undo("one");
        assert_eq!(shop.revision("one").context.flags, None);
        shop.says(&[("one", Some("a")), ("two", Some("b"))]);
        (0..40).for_each(|_| {
            shop.undo("two");
            shop.undo("one");
        });
        assert!(shop.record.to_annotation().len() < 6_000);
    }
}
