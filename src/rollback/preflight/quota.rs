//! `quota`: do the pods of the old template fit into what the quotas of the namespace have left?

use super::room::{self, Roll, Room, Shortage};
use super::{Preflight, Scene};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::text::plural;

pub(super) struct Quota;

impl Preflight for Quota {
    fn id(&self) -> &'static str {
        "quota"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        room::ask(scene).into_iter().collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let Some(ask) = room::ask(scene) else { return Finding::skipped("no pod is to be made") };
        let room = match facts.items(&ask) {
            Ok([]) => return Finding::skipped("the namespace has no ResourceQuota"),
            Ok(quotas) => Room::of(scene, facts, quotas),
            Err(error) => return Finding::unknown(error.to_string()).hint_from(error),
        };
        let roll = Roll::of(scene);
        let all = room.shortages(roll.missing, roll.others);
        if !all.is_empty() {
            let pods = plural(roll.desired, "pod");
            let message = format!("no room for {pods} of the old template: {}", told(&all));
            return found(scene, &room, message, &all);
        }
        let first = room.shortages(roll.at_once, 0);
        if !first.is_empty() {
            let pods = plural(roll.at_once, "pod");
            let message =
                format!("no room for {pods} more: they come as old ones go ({})", told(&first));
            return found(scene, &room, message, &first);
        }
        if room.is_unlimited() {
            return Finding::skipped("no ResourceQuota counts such pods").evidence(room.untold);
        }
        let message = match roll.at_once {
            0 => "the quotas have room for the old template".to_owned(),
            more => format!("the quotas have room for {} more", plural(more, "pod")),
        };
        Finding::pass(message).evidence(room.untold)
    }
}

fn told(shortages: &[Shortage]) -> String {
    shortages.iter().map(Shortage::words).collect::<Vec<_>>().join("; ")
}

fn found(scene: &Scene<'_>, room: &Room<'_>, message: String, short: &[Shortage]) -> Finding {
    let lines = short.iter().map(Shortage::words).chain(room.untold.iter().cloned());
    Finding::warn(message)
        .because("QuotaTooSmall")
        .evidence(lines)
        .hint(scene.kubectl("describe resourcequotas"))
}

#[cfg(test)]
mod tests {
    use super::super::given::Given;
    use super::*;
    use crate::rollback::model::check::CheckStatus;
    use serde_json::{Value, json};

    fn spec(cpu: &str) -> Value {
        json!({"containers": [{"name": "app", "resources": {"requests": {"cpu": cpu}}}]})
    }

    fn quota(hard: &Value, used: &Value) -> Value {
        json!({"metadata": {"name": "small"}, "spec": {"hard": hard},
            "status": {"hard": hard, "used": used}})
    }

    #[test]
    fn what_the_roll_needs_is_held_against_what_is_left() {
        // Three pods of 1 CPU are to become three of `cpu`; one comes before the first one goes.
        for (cpu, hard, used, status, message) in [
            ("1", json!({"cpu": 5}), json!({"cpu": 3}), CheckStatus::Pass, "room for 1 pod more"),
            (
                "1",
                json!({"requests.cpu": "3500m"}),
                json!({"requests.cpu": 3}),
                CheckStatus::Warn,
                "no room for 1 pod more: they come as old ones go (quota small: requests.cpu 1 \
                 wanted, 500m left)",
            ),
            (
                "2",
                json!({"cpu": 5, "pods": 10}),
                json!({"cpu": 3, "pods": 3}),
                CheckStatus::Warn,
                "no room for 3 pods of the old template: quota small: cpu 3 wanted, 2 left",
            ),
            (
                "1",
                json!({"pods": 3, "services": 0}),
                json!({"pods": 3}),
                CheckStatus::Warn,
                "quota small: pods 1 wanted, 0 left",
            ),
            ("1", json!({"services": 0}), json!({}), CheckStatus::Pass, "room"),
        ] {
            let given = Given::specs(&spec(cpu), &spec("1"));
            let found = given.find_in(&Quota, &json!([quota(&hard, &used)]));
            assert_eq!(found.status, status, "{hard} {used} {found:?}");
            assert!(found.message.contains(message), "{hard} {used} {}", found.message);
        }
    }

    #[test]
    fn pods_of_the_target_that_are_there_need_no_room() {
        // In the middle of a roll: two of the old pods run still, and two of the new.
        let mut given = Given::workload(
            &json!({"spec": spec("1")}),
            &json!({"spec": spec("1")}),
            &json!({"status": {"replicas": 4}}),
        );
        given.plan.to.replicas.current = 2;
        let full = quota(&json!({"cpu": 4}), &json!({"cpu": 4}));
        assert_eq!(given.find_in(&Quota, &json!([full])).status, CheckStatus::Pass);
    }

    #[test]
    fn a_quota_of_another_scope_does_not_count() {
        let given = Given::specs(&spec("1"), &spec("1"));
        let mut full = quota(&json!({"pods": 3}), &json!({"pods": 3}));
        full["spec"]["scopes"] = json!(["BestEffort"]);
        assert_eq!(given.find_in(&Quota, &json!([full])).status, CheckStatus::Skipped);
        full["spec"]["scopes"] = json!(["CrossNamespacePodAffinity"]);
        let found = given.find_in(&Quota, &json!([full]));
        assert_eq!(found.status, CheckStatus::Skipped);
        assert_eq!(
            found.evidence,
            ["quota small is left out: its scope CrossNamespacePodAffinity is not known"]
        );
        assert_eq!(given.find_in(&Quota, &json!([])).status, CheckStatus::Skipped);
    }

    #[test]
    fn where_no_pod_runs_nothing_is_asked() {
        let replicas = json!({"spec": {"replicas": 0}, "status": {"replicas": 0}});
        let given = Given::workload(&json!({}), &json!({}), &replicas);
        assert!(Quota.asks(&given.scene()).is_empty());
    }
}
