//! Who changed the template while rb waited, as far as the managed fields tell. Pure.
//!
//! They tell whole seconds, only who *set* fields, and rb itself gave the fields that it had taken
//! back to others, with the time of its own write: none of that may accuse the wrong one.

use serde_json::Value;

use crate::rollback::diff;
use crate::rollback::managed_fields::written_by_rb;
use crate::rollback::model::record::{FIELD_MANAGER, Record};
use crate::rollback::model::template;

use super::judge::Goal;

/// The field manager that wrote the live template, which is not the goal's; `None` where the object
/// does not say.
pub(super) fn of(goal: &Goal, workload: &Value) -> Option<String> {
    let newest = template::writes(workload).filter_map(|(_, at)| at).max();
    if is_another_undo(goal, workload) && written_by_rb(workload) >= newest {
        return Some(FIELD_MANAGER.to_owned());
    }
    let Some(ours) = goal.written_at else { return template::last_writer(workload) };
    let is_receiver = |manager: &str| goal.receivers.iter().any(|receiver| receiver == manager);
    let (manager, at) = template::writes(workload)
        .filter_map(|(manager, at)| Some((manager, at?)))
        .filter(|(manager, at)| *at > ours || (*at == ours && *manager != FIELD_MANAGER))
        .max_by_key(|(manager, at)| (*at, !is_receiver(manager)))?;
    let proves_nothing = is_receiver(manager) && at == ours && only_lost(goal, workload);
    (!proves_nothing).then(|| manager.to_owned())
}

/// Whether the record has a newer undo: that one has given its fields back, too.
fn is_another_undo(goal: &Goal, workload: &Value) -> bool {
    let newest = Record::on(workload).last_undo().map(|undo| undo.id.clone());
    newest.is_some() && newest != goal.undo
}

/// Whether the live template is the goal's without some fields: who removes fields leaves no trace,
/// and who still owns the rest did nothing.
fn only_lost(goal: &Goal, workload: &Value) -> bool {
    let (Some(wanted), Some(live)) = (&goal.template, workload.pointer("/spec/template")) else {
        return false;
    };
    let changes = diff::templates(wanted, live, true);
    changes.iter().all(|change| change.before.is_some() && change.after.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BEFORE: &str = "2026-01-01T00:00:00Z";
    const OURS: &str = "2026-01-01T00:00:05Z";
    const LATER: &str = "2026-01-01T00:00:06Z";

    fn goal() -> Goal {
        Goal {
            template: Some(json!({"spec": {"image": "1", "old": true}})),
            left: None,
            generation: 1,
            stale: None,
            written_at: OURS.parse().ok(),
            receivers: vec!["kubectl".to_owned()],
            undo: Some("mine".to_owned()),
            hash: String::new(),
            ..Goal::default()
        }
    }

    fn workload(undo: &str, live: &Value, entries: &[(&str, &str, bool)]) -> Value {
        let side = json!({"hash": "h"});
        let record = json!({"v": 1, "uid": "u", "undos": [
            {"id": undo, "at": BEFORE, "by": "a", "from": side, "to": side}]});
        let entry = |(manager, time, of_template): &(&str, &str, bool)| {
            let fields = if *of_template { json!({"f:template": {}}) } else { json!({}) };
            json!({"manager": manager, "operation": "Update", "apiVersion": "apps/v1",
                   "time": time, "fieldsV1": {"f:spec": fields}})
        };
        json!({
            "metadata": {
                "uid": "u",
                "annotations": {"kubectl-rb/record": record.to_string()},
                "managedFields": entries.iter().map(entry).collect::<Vec<_>>(),
            },
            "spec": {"template": {"spec": live}},
        })
    }

    #[test]
    fn nobody_is_accused_of_what_rb_wrote() {
        let bad = json!({"image": "2"});
        let lost = json!({"image": "1"});
        let own = ("rb", OURS, false);
        for (undo, live, entries, expected) in [
            // Another manager, later or in the same second.
            ("mine", &bad, vec![("kubectl", OURS, true), own, ("set", LATER, true)], Some("set")),
            ("mine", &bad, vec![("set", OURS, true), ("kubectl", OURS, true), own], Some("set")),
            // The owner itself, later or in the same second.
            ("mine", &bad, vec![("kubectl", LATER, true), own], Some("kubectl")),
            ("mine", &bad, vec![("kubectl", OURS, true), own], Some("kubectl")),
            // Somebody removed a field: whoever has the rest did not.
            ("mine", &lost, vec![("kubectl", OURS, true), own], None),
            ("mine", &lost, vec![("kubectl", BEFORE, true), ("rb", OURS, true)], None),
            // Another undo, whose fields went to the owner again.
            ("other", &bad, vec![("kubectl", LATER, true), ("rb", LATER, false)], Some("rb")),
            ("other", &bad, vec![("kubectl", LATER, true), own], Some("kubectl")),
        ] {
            let found = of(&goal(), &workload(undo, live, &entries));
            assert_eq!(found.as_deref(), expected, "{entries:?}");
        }
    }
}
