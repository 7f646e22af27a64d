//! `order`: what else changed together with what is left? One workload that goes back alone may not
//! understand the others.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{Preflight, Scene};
use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::text::shell_quote;

/// In seconds: what is stored so close together belongs together.
const TOGETHER: i64 = 60;
/// How many are named in the message.
const NAMED: usize = 5;

pub(super) struct Order;

impl Preflight for Order {
    fn id(&self) -> &'static str {
        "order"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        let lists = ["replicasets", "controllerrevisions"].map(|plural| {
            let path = Path::namespaced("apis/apps/v1", scene.namespace(), plural);
            Ask::Metadata(path.query("limit", "500").to_string())
        });
        scene.subject.live_created.into_iter().flat_map(|_| lists.clone()).collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let Some(live) = scene.subject.live_created else {
            return Finding::skipped("nothing tells when what is live was deployed");
        };
        let mut newest: BTreeMap<String, (Stored, usize)> = BTreeMap::new();
        for ask in self.asks(scene) {
            let list = match facts.value(&ask) {
                Ok(list) => list,
                Err(error) => return Finding::unknown(error.to_string()).hint_from(error),
            };
            if list
                .pointer("/metadata/continue")
                .and_then(Value::as_str)
                .is_some_and(|c| !c.is_empty())
            {
                let message = "the namespace stores more than 500 revisions: they are not compared";
                return Finding::unknown(message).because("TooMany");
            }
            let items = list.get("items").and_then(Value::as_array).into_iter().flatten();
            for (owner, stored) in items.filter_map(stored) {
                let (known, count) = newest.entry(owner).or_insert((stored, 0));
                *known = (*known).max(stored);
                *count += 1;
            }
        }
        let is_meant = |reference: &str| {
            scene.together.iter().any(|one| {
                let target = &one.plan.target;
                target.namespace == scene.namespace() && target.reference() == reference
            })
        };
        let apart = |stored: &Stored| (stored.created.as_second() - live.as_second()).abs();
        let others: Vec<&String> = newest
            .iter()
            // What was deployed for the first time has nothing to go back to.
            .filter(|(reference, (stored, count))| {
                *count > 1 && apart(stored) < TOGETHER && !is_meant(reference)
            })
            .map(|(reference, _)| reference)
            .collect();
        if others.is_empty() {
            return Finding::pass("nothing else in the namespace was deployed together with it");
        }
        let named = others.iter().take(NAMED).map(|name| name.as_str());
        let list = named.clone().collect::<Vec<_>>().join(", ");
        let more = match others.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("deployed within the same minute, and not rolled back: {list}{more}");
        let words: Vec<_> = named.map(shell_quote).collect();
        let history = scene.request.hints.rb(&format!("history {}", words.join(" ")));
        let evidence = others.into_iter().cloned();
        Finding::warn(message).because("DeployedTogether").evidence(evidence).hint(history)
    }
}

/// A stored revision; the greatest is the newest of its workload.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stored {
    /// Of a `ReplicaSet` that is live again: it is older than what was left.
    number: Option<i64>,
    created: Timestamp,
}

/// What an object stores, and of which workload.
fn stored(object: &Value) -> Option<(String, Stored)> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
    let text = |member: &str| owner.get(member).and_then(Value::as_str).unwrap_or_default();
    let annotations = object.pointer("/metadata/annotations");
    let number = annotations.and_then(|all| all.get("deployment.kubernetes.io/revision")?.as_str());
    let created = object.pointer("/metadata/creationTimestamp")?.as_str()?.parse().ok()?;
    let reference = format!("{}/{}", text("kind").to_ascii_lowercase(), text("name"));
    Some((reference, Stored { number: number.and_then(|number| number.parse().ok()), created }))
}

#[cfg(test)]
mod tests {
    use super::super::given::{Given, LEFT_CREATED, OLD_CREATED};
    use super::*;
    use crate::rollback::model::check::CheckStatus;
    use serde_json::json;

    fn of(kind: &str, owner: &str, number: &str, created: &str) -> Value {
        json!({"metadata": {"creationTimestamp": created,
            "annotations": {"deployment.kubernetes.io/revision": number},
            "ownerReferences": [{"kind": kind, "name": owner, "controller": true}]}})
    }

    /// What is stored, and before it a first release of each of these workloads.
    fn find(given: &Given, items: &Value, list: &Value) -> Finding {
        let mut items = items.as_array().cloned().unwrap_or_default();
        let first = |kind, owner, number| of(kind, owner, number, "2025-01-01T00:00:00Z");
        items.extend([
            first("Deployment", "web", "1"),
            first("Deployment", "api", "1"),
            first("StatefulSet", "db", ""),
        ]);
        let asks = Order.asks(&given.scene());
        let lists = [json!({"items": items, "metadata": list}), json!({"items": []})];
        given.find(&Order, asks.into_iter().zip(lists))
    }

    #[test]
    fn what_was_deployed_in_the_same_minute_is_named() {
        let given = Given::specs(&json!({}), &json!({}));
        let soon = "2026-01-01T12:00:59Z";
        for (items, named) in [
            (json!([of("Deployment", "web", "2", LEFT_CREATED)]), vec!["deployment/web"]),
            (json!([of("Deployment", "api", "7", OLD_CREATED)]), vec![]),
            (json!([of("Deployment", "api", "7", "2026-01-01T12:01:00Z")]), vec![]),
            (json!([of("Deployment", "api", "7", soon)]), vec!["deployment/api"]),
            (
                json!([
                    of("StatefulSet", "db", "", "2026-01-01T11:59:30Z"),
                    of("Deployment", "api", "7", soon)
                ]),
                vec!["deployment/api", "statefulset/db"],
            ),
            // It has gone on since, or back.
            (
                json!([
                    of("Deployment", "api", "7", soon),
                    of("Deployment", "api", "8", "2026-01-01T18:00:00Z")
                ]),
                vec![],
            ),
            (
                json!([
                    of("Deployment", "api", "7", soon),
                    of("Deployment", "api", "8", OLD_CREATED)
                ]),
                vec![],
            ),
            (json!([{"metadata": {"creationTimestamp": soon}}, {}]), vec![]),
            // There is nothing that this one could go back to.
            (json!([of("Deployment", "new", "1", soon)]), vec![]),
        ] {
            let found = find(&given, &items, &json!({}));
            assert_eq!(found.evidence, named, "{items}");
            let status = if named.is_empty() { CheckStatus::Pass } else { CheckStatus::Warn };
            assert_eq!(found.status, status);
            if let Some(hint) = found.hint {
                assert_eq!(hint, format!("rb history {} -n shop", named.join(" ")));
            }
        }
    }

    #[test]
    fn what_goes_back_too_is_not_named() {
        let given = Given::specs(&json!({}), &json!({}));
        let together = [given.inquiry()];
        let scene = given.scene_among(&together);
        let lists = [json!([of("Deployment", "web", "2", LEFT_CREATED)]), json!([])];
        let lists = lists.map(|items| Some(json!({"items": items})));
        let facts = Facts::of(Order.asks(&scene).into_iter().zip(lists));
        assert_eq!(Order.judge(&scene, &facts).status, CheckStatus::Pass);
    }

    #[test]
    fn more_than_a_page_is_unknown() {
        let given = Given::specs(&json!({}), &json!({}));
        let found = find(&given, &json!([]), &json!({"continue": "x"}));
        assert_eq!((found.status, found.reason), (CheckStatus::Unknown, "TooMany"));
    }
}
