//! `surge`: can the roll begin at all? Where no pod may be missing, one has to come before the first
//! one goes; and where there is no room for it, the controller waits for ever.

use super::room::{self, Roll, Room, Shortage};
use super::{Preflight, Scene, dryrun_pod};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::text::shell_quote;

pub(super) struct Surge;

impl Preflight for Surge {
    fn id(&self) -> &'static str {
        "surge"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        room::ask(scene).into_iter().collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let Some(ask) = room::ask(scene) else { return Finding::skipped("no pod is to be made") };
        let roll = Roll::of(scene);
        let Some(rolling) = roll.rolling else {
            return Finding::skipped("its strategy replaces no pod step by step");
        };
        let limits = format!(
            "at most {} more and {} fewer than {}",
            rolling.surge, rolling.unavailable, roll.desired
        );
        let has_to_come_first = rolling.unavailable == 0 && roll.at_once > 0;
        if !has_to_come_first {
            return Finding::pass(limits);
        }
        let refused = dryrun_pod::is_over_quota(scene, facts);
        let short = match facts.items(&ask) {
            Ok(quotas) => Room::of(scene, facts, quotas).shortages(1, 0),
            Err(_) if refused => Vec::new(),
            Err(error) => {
                let message =
                    format!("{limits}, and whether a quota has room for one more: {error}");
                return Finding::unknown(message).hint_from(error);
            }
        };
        if short.is_empty() && !refused {
            return Finding::pass(limits);
        }
        let short: Vec<String> = short.iter().map(Shortage::words).collect();
        let message = "the roll cannot begin: no pod may be missing (maxUnavailable is 0), and the \
             quota has no room for one more";
        let finding = Finding::fail(message).because("CannotBegin").evidence([limits]);
        finding.evidence(short).hint(let_one_go(scene))
    }
}

/// The command that lets one pod be missing.
fn let_one_go(scene: &Scene<'_>) -> String {
    let target = &scene.plan.target;
    let field = if target.kind == "Deployment" { "strategy" } else { "updateStrategy" };
    let patch = format!(r#"{{"spec":{{"{field}":{{"rollingUpdate":{{"maxUnavailable":1}}}}}}}}"#);
    let (reference, patch) = (target.reference(), shell_quote(&patch).into_owned());
    scene.kubectl(&format!("patch {} --type=merge -p {patch}", shell_quote(&reference)))
}

#[cfg(test)]
mod tests {
    use super::super::given::Given;
    use super::*;
    use crate::backend;
    use crate::rollback::model::check::CheckStatus;
    use serde_json::{Value, json};

    fn rolling(surge: impl Into<Value>, unavailable: impl Into<Value>) -> Value {
        json!({"type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": surge.into(), "maxUnavailable": unavailable.into()}})
    }

    #[test]
    fn a_roll_that_cannot_begin_is_told_with_what_lets_it() {
        let full = json!([{"metadata": {"name": "small"},
            "status": {"hard": {"pods": 3}, "used": {"pods": 3}}}]);
        for (strategy, quotas, status, message) in [
            (rolling(1, 0), json!([]), CheckStatus::Pass, "1 more and 0 fewer than 3"),
            (rolling("25%", "25%"), full.clone(), CheckStatus::Fail, "cannot begin"),
            (rolling("25%", "34%"), full.clone(), CheckStatus::Pass, "1 fewer"),
            (rolling(0, 1), full.clone(), CheckStatus::Pass, "0 more and 1 fewer"),
            (json!({"type": "Recreate"}), full.clone(), CheckStatus::Skipped, "its strategy"),
        ] {
            let extra = json!({"spec": {"strategy": strategy}});
            let given = Given::workload(&json!({}), &json!({}), &extra);
            let found = given.find_in(&Surge, &quotas);
            assert_eq!(found.status, status, "{strategy} {found:?}");
            assert!(found.message.contains(message), "{strategy} {}", found.message);
            if status == CheckStatus::Fail {
                let hint = r#"kubectl patch deployment/web --type=merge -p '{"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":1}}}}' -n shop"#;
                assert_eq!(found.hint.as_deref(), Some(hint));
            }
        }
    }

    #[test]
    fn a_daemon_set_has_its_own_field() {
        let mut given = Given::specs(&json!({}), &json!({}));
        given.subject.backend = backend::by_kind("DaemonSet").unwrap();
        given.plan.target.kind = "DaemonSet".into();
        given.subject.workload = json!({
            "metadata": {"generation": 2},
            "spec": {"updateStrategy": rolling(1, 0)},
            "status": {"observedGeneration": 2, "desiredNumberScheduled": 3,
                "currentNumberScheduled": 3},
        })
        .into();
        let full = json!([{"metadata": {"name": "small"},
            "status": {"hard": {"pods": 3}, "used": {"pods": 3}}}]);
        let found = given.find_in(&Surge, &full);
        assert_eq!(found.status, CheckStatus::Fail, "{found:?}");
        assert!(found.hint.is_some_and(|hint| hint.contains("updateStrategy")));
    }
}
