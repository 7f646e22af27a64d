//! `data`: does the old code fit the data as they are now? Migrations do not go back with the pods,
//! and old code on newer data crashes, or worse, does not.

use std::cmp::Ordering;

use serde_json::Value;

use super::migration::compare;
use super::{Preflight, Scene};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};

/// The migration that the data of a release are at.
const ID: &str = "kubectl-rb/migration-id";
/// The first one that a release works with.
const MIN: &str = "kubectl-rb/schema-min";
/// The last one.
const MAX: &str = "kubectl-rb/schema-max";
/// What a release says of going back from it.
pub(super) const ROLLBACK: &str = "kubectl-rb/rollback";

pub(super) struct Data;

impl Preflight for Data {
    fn id(&self) -> &'static str {
        "data"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        let on_target = |key| annotation(scene.template(), key);
        let no_way_back: Vec<String> = scene.subject.left.iter().filter_map(objection).collect();
        if !no_way_back.is_empty() {
            let finding = Finding::fail(no_way_back.join("; ")).because("NotSafe");
            return finding.hint(scene.rb("history"));
        }
        let (min, max) = (on_target(MIN), on_target(MAX));
        if min.is_none() && max.is_none() {
            return without_a_range(scene);
        }
        let (target, range) = (scene.plan.to.label(), range(min, max));
        let Some((id, whence)) = newest(scene) else {
            let message =
                format!("{target} works with {range}; where the data are now is not recorded");
            return Finding::unknown(message).because("NoMigrationId");
        };
        let told =
            format!("the data are at migration {id} ({whence}), and {target} works with {range}");
        let order = |limit: Option<&str>| limit.map(|limit| compare(&id, limit));
        match (order(min), order(max)) {
            (Some(Some(Ordering::Less)), _) => Finding::fail(told).because("SchemaTooOld"),
            (_, Some(Some(Ordering::Greater))) => {
                Finding::fail(told).because("SchemaTooNew").hint(scene.rb("history"))
            }
            (Some(None), _) | (_, Some(None)) => {
                Finding::unknown(format!("{told}: these cannot be compared")).because("NotNumbers")
            }
            _ => Finding::pass(told),
        }
    }
}

/// A revision that a rollback leaves or passes over, and what it says of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rollback) struct Left {
    pub(super) label: String,
    pub(super) says: String,
}

impl Left {
    /// Of a revision with this template; `None` where it says nothing.
    pub(in crate::rollback) fn of(label: String, template: &Value) -> Option<Self> {
        let says = annotation(Some(template), ROLLBACK)?.to_owned();
        Some(Self { label, says })
    }
}

/// Why a revision must not be left.
fn objection(left: &Left) -> Option<String> {
    let Left { label, says } = left;
    match says.as_str() {
        "unsafe" => Some(format!("{label} says that going back from it is not safe")),
        "needs-restore" => {
            Some(format!("{label} says that going back from it needs its data restored first"))
        }
        _ => None,
    }
}

fn without_a_range(scene: &Scene<'_>) -> Finding {
    match scene.subject.left.iter().find(|left| left.says != "safe") {
        Some(Left { label, says }) => {
            let message = format!("{label} says {ROLLBACK}: {says}, and that is no word for it");
            let words = "safe, unsafe and needs-restore are".to_owned();
            Finding::unknown(message).because("UnknownWord").evidence([words])
        }
        None if scene.subject.left.is_empty() => {
            Finding::skipped("no annotation tells which data the old template works with")
        }
        None => Finding::pass("what is left says that going back is safe"),
    }
}

fn range(min: Option<&str>, max: Option<&str>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("migrations {min} to {max}"),
        (Some(min), None) => format!("migrations from {min} on"),
        (None, max) => format!("migrations up to {}", max.unwrap_or_default()),
    }
}

/// The newest migration that is known, and what tells it.
fn newest(scene: &Scene<'_>) -> Option<(String, String)> {
    if let Some(id) = annotation(scene.left_template(), ID) {
        return Some((id.to_owned(), format!("annotation {ID} of what is live")));
    }
    let recorded = scene.plan.from.context.migrations.iter().flatten();
    let later = |a: &&String, b: &&String| compare(a, b).unwrap_or(Ordering::Less);
    let id = recorded.max_by(later)?;
    Some((id.clone(), "the newest that is recorded of what is live".to_owned()))
}

/// An annotation of a template that is not empty.
fn annotation<'t>(template: Option<&'t Value>, key: &str) -> Option<&'t str> {
    let text = template?.pointer("/metadata/annotations")?.get(key)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::given::Given;
    use super::*;
    use crate::rollback::model::check::CheckStatus;
    use serde_json::json;

    fn range(min: &str, max: &str) -> Value {
        json!({MIN: min, MAX: max})
    }

    #[test]
    fn the_data_decide_whether_old_code_may_run() {
        use CheckStatus::{Fail, Pass, Skipped, Unknown};
        for (old, left, status, message) in [
            (json!({}), json!({}), Skipped, "no annotation"),
            (json!({}), json!({ID: "43"}), Skipped, "no annotation"),
            (range("40", "42"), json!({ID: "42"}), Pass, "at migration 42"),
            (range("40", "42"), json!({ID: "40"}), Pass, "at migration 40"),
            (
                range("40", "42"),
                json!({ID: "0043_drop"}),
                Fail,
                "at migration 0043_drop (annotation kubectl-rb/migration-id of what is live), and \
                 revision 1 works with migrations 40 to 42",
            ),
            (range("40", "42"), json!({ID: "9"}), Fail, "at migration 9"),
            (json!({MIN: "40"}), json!({ID: "99"}), Pass, "migrations from 40 on"),
            (json!({MAX: "40"}), json!({ID: "99"}), Fail, "migrations up to 40"),
            (range("40", "42"), json!({ID: "drop-name"}), Unknown, "cannot be compared"),
            (range("40", "42"), json!({}), Unknown, "is not recorded"),
            (range("40", "42"), json!({"migrations": "41,43,9"}), Fail, "at migration 43"),
            (json!({}), json!({ROLLBACK: "unsafe"}), Fail, "revision 2 says that going back"),
            (json!({}), json!({ROLLBACK: "needs-restore"}), Fail, "needs its data restored"),
            (json!({}), json!({ROLLBACK: "safe"}), Pass, "going back is safe"),
            (json!({}), json!({ROLLBACK: "unsave"}), Unknown, "is no word"),
            (range("40", "42"), json!({ID: "43", ROLLBACK: "safe"}), Fail, "at migration 43"),
            // What the old release said of itself does not matter now.
            (json!({ROLLBACK: "unsafe"}), json!({}), Skipped, "no annotation"),
        ] {
            let found = Given::annotations(&old, &left).find(&Data, []);
            assert_eq!(found.status, status, "{old} {left} {found:?}");
            assert!(found.message.contains(message), "{old} {left} {}", found.message);
        }
    }

    #[test]
    fn what_is_passed_over_is_left_too() {
        let mut given = Given::annotations(&json!({}), &json!({ROLLBACK: "safe"}));
        let left = |label: &str, says: &str| Left { label: label.into(), says: says.into() };
        assert_eq!(given.subject.left, [left("revision 2", "safe")]);
        given.subject.left.push(left("revision 1", "unsafe"));
        let found = given.find(&Data, []);
        assert_eq!(found.message, "revision 1 says that going back from it is not safe");
    }
}
