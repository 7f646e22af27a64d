//! Revisions that are stored in `ControllerRevision`s: those of StatefulSets and DaemonSets.

use serde_json::Value;

use super::read;
use crate::rollback::model::context::Context;
use crate::rollback::model::pod::PodState;
use crate::rollback::model::revision::{Replicas, Revision};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::Kind;

pub(super) const CONTROLLER_REVISION: Kind = Kind {
    api_version: "apps/v1",
    kind: "ControllerRevision",
    plural: "controllerrevisions",
    singular: "controllerrevision",
    short: &[],
};

/// What the status of a workload counts, of any revision unless it says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Wanted.
    pub(super) desired: i64,
    /// Existing.
    pub(super) total: i64,
    /// Existing, of the newest template.
    pub(super) updated: i64,
    /// Ready.
    pub(super) ready: i64,
    /// Available.
    pub(super) available: i64,
}

/// The revision that a `ControllerRevision` stores.
pub(super) fn revision(stored: &Value) -> Revision {
    let text = |pointer: &str| {
        stored.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let name = text("/metadata/name");
    let number = stored.get("revision");
    let readable = number.and_then(Value::as_i64).filter(|number| *number >= 0);
    let (template, unusable) = match template(stored) {
        Ok(template) => (template, None),
        Err(why) => (Value::Null, Some(why)),
    };
    Revision {
        number: readable,
        unreadable_number: number.filter(|_| readable.is_none()).map(Value::to_string),
        past_numbers: Vec::new(),
        // The hash is the last part of the name, as pods have it in their label.
        hash: name.rsplit('-').next().unwrap_or_default().to_owned(),
        name,
        uid: text("/metadata/uid"),
        created: text("/metadata/creationTimestamp").parse().ok(),
        context: Context::of(stored, &template),
        template,
        replicas: Replicas::default(),
        change_cause: read::annotation(stored, read::CHANGE_CAUSE).map(str::to_owned),
        unusable,
    }
}

/// The pod template in it. The data is a patch of the workload, `{"spec": {"template": …}}`, with a
/// mark for the merge that is no part of the template; the API server does not look into it, so it
/// may be anything.
fn template(stored: &Value) -> Result<Value, String> {
    let data = stored.get("data").unwrap_or(&Value::Null);
    let written_for = data.get("apiVersion").and_then(Value::as_str).unwrap_or("apps/v1");
    if written_for != "apps/v1" {
        return Err(format!("its data is of {written_for} and not of apps/v1"));
    }
    let mut template = data.pointer("/spec/template").cloned().unwrap_or_default();
    let containers = template.pointer("/spec/containers").and_then(Value::as_array);
    if containers.is_none_or(Vec::is_empty) {
        return Err("its data holds no pod template".to_owned());
    }
    if let Some(members) = template.as_object_mut() {
        members.shift_remove("$patch");
    }
    Ok(template)
}

/// Counts the pods of each revision: by the pods themselves where they were read, else as far as
/// the status tells. `live` is the newest template's revision, `current` the one before it where
/// the status names it.
pub(super) fn count(
    revisions: &mut [Revision],
    snapshot: &Snapshot,
    counts: Counts,
    live: Option<&str>,
    current: Option<&str>,
) {
    let min_ready = snapshot.workload.pointer("/spec/minReadySeconds").and_then(Value::as_i64);
    let older = counts.total - counts.updated;
    for revision in revisions {
        let is_live = live == Some(&revision.name);
        revision.replicas = if !snapshot.pods.is_empty() {
            let pods = pods_of(snapshot, revision);
            of_pods(&pods, min_ready.unwrap_or_default(), snapshot)
        } else if is_live {
            Replicas {
                desired: 0,
                current: counts.updated,
                // Those of older revisions are ready first.
                ready: (counts.ready - older).max(0),
                available: (counts.available - older).max(0),
            }
        } else if current == Some(&revision.name) {
            let of_it = |count: i64| count.min(older);
            Replicas {
                desired: older,
                current: older,
                ready: of_it(counts.ready),
                available: of_it(counts.available),
            }
        } else {
            Replicas::default()
        };
        if is_live {
            revision.replicas.desired = (counts.desired - older).max(revision.replicas.current);
        }
    }
}

fn pods_of<'a>(snapshot: &'a Snapshot, revision: &Revision) -> Vec<&'a PodState> {
    let is_own = |pod: &&PodState| pod.hash == revision.hash && pod.owner == snapshot.uid();
    snapshot.pods.iter().filter(is_own).filter(|pod| !pod.deleting).collect()
}

fn of_pods(pods: &[&PodState], min_ready: i64, snapshot: &Snapshot) -> Replicas {
    let count = |test: &dyn Fn(&PodState) -> bool| {
        i64::try_from(pods.iter().filter(|pod| test(pod)).count()).unwrap_or(i64::MAX)
    };
    let all = count(&|_| true);
    Replicas {
        desired: all,
        current: all,
        ready: count(&|pod| pod.ready),
        available: count(&|pod| pod.is_available(min_ready, snapshot.taken_at)),
    }
}

/// The pods of the workload that were made from another revision than `target`, those that do not
/// serve first and then the newest names: that is the order in which to delete them.
pub(super) fn pods_of_others<'a>(snapshot: &'a Snapshot, target: &Revision) -> Vec<&'a PodState> {
    let is_other =
        |pod: &&PodState| pod.owner == snapshot.uid() && !pod.deleting && pod.hash != target.hash;
    let mut pods: Vec<&PodState> = snapshot.pods.iter().filter(is_other).collect();
    pods.sort_by_key(|pod| (pod.ready, std::cmp::Reverse(ordinal(&pod.name))));
    pods
}

/// The number at the end of a pod's name, where it has one.
pub(super) fn ordinal(name: &str) -> Option<i64> {
    name.rsplit('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stored(data: &Value) -> Value {
        json!({"metadata": {"name": "my-web-5d8f7c", "uid": "u"}, "revision": 3, "data": data})
    }

    #[test]
    fn the_template_is_taken_out_of_the_patch() {
        let template = json!({"metadata": {"labels": {"app": "web"}},
                              "spec": {"containers": [{"name": "app"}]}});
        let mut data = json!({"spec": {"template": template}});
        data["spec"]["template"]["$patch"] = json!("replace");
        let revision = revision(&stored(&data));
        assert_eq!(revision.template.to_string(), template.to_string());
        assert_eq!((revision.number, revision.hash.as_str()), (Some(3), "5d8f7c"));
        assert_eq!(revision.unusable, None);
    }

    #[test]
    fn data_that_is_no_template_of_this_api_is_named() {
        for (data, why) in [
            (json!({}), "its data holds no pod template"),
            (json!("garbage"), "its data holds no pod template"),
            (json!({"spec": {"template": {"spec": {}}}}), "its data holds no pod template"),
            (
                json!({"spec": {"template": {"spec": {"containers": []}}}}),
                "its data holds no pod template",
            ),
            (
                json!({"apiVersion": "apps/v1beta1", "spec": {"template": {}}}),
                "its data is of apps/v1beta1 and not of apps/v1",
            ),
        ] {
            let revision = revision(&stored(&data));
            assert_eq!(revision.unusable.as_deref(), Some(why), "{data}");
            assert_eq!(revision.template, Value::Null);
        }
    }

    #[test]
    fn numbers_that_cannot_be_read_are_kept_as_text() {
        let mut object = stored(&json!({}));
        object["revision"] = json!(-1);
        assert_eq!(revision(&object).number, None);
        assert_eq!(revision(&object).unreadable_number.as_deref(), Some("-1"));
    }
}
