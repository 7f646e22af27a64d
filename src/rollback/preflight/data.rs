//! `data`: does the old code fit the data as they are now? Migrations do not go back with the pods,
//! and old code on newer data crashes, or worse, does not.

use std::cmp::Ordering;

use serde_json::Value;

use super::migration::compare;
use super::{Preflight, Scene};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::context::Context;

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
        let Some((id, whose)) = newest(scene) else {
            let message =
                format!("{target} works with {range}; where the data are now is not recorded");
            return Finding::unknown(message).because("NoMigrationId");
        };
        let told =
            format!("the data are at migration {id} of {whose}, and {target} works with {range}");
        let order = |limit: Option<&str>| limit.map(|limit| compare(id, limit));
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

/// A revision that a rollback leaves or passes over, and what it says of its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rollback) struct Left {
    /// `revision 42`.
    pub(super) label: String,
    /// What it says of going back from it.
    pub(super) says: Option<String>,
    /// The migration that its data are at.
    pub(super) id: Option<String>,
}

impl Left {
    /// Of a revision with this template and this context; `None` where it says nothing.
    pub(in crate::rollback) fn of(
        label: String,
        template: &Value,
        context: &Context,
    ) -> Option<Self> {
        let says = annotation(Some(template), ROLLBACK).map(str::to_owned);
        let later = |a: &&String, b: &&String| compare(a, b).unwrap_or(Ordering::Less);
        let recorded = || context.migrations.iter().flatten().max_by(later).cloned();
        let id = annotation(Some(template), ID).map(str::to_owned).or_else(recorded);
        (says.is_some() || id.is_some()).then_some(Self { label, says, id })
    }
}

/// Why a revision must not be left.
fn objection(left: &Left) -> Option<String> {
    let Left { label, says, .. } = left;
    match says.as_deref()? {
        "unsafe" => Some(format!("{label} says that going back from it is not safe")),
        "needs-restore" => {
            Some(format!("{label} says that going back from it needs its data restored first"))
        }
        _ => None,
    }
}

fn without_a_range(scene: &Scene<'_>) -> Finding {
    let words =
        || scene.subject.left.iter().filter_map(|left| Some((&left.label, left.says.as_ref()?)));
    match words().find(|(_, says)| *says != "safe") {
        Some((label, says)) => {
            let message = format!("{label} says {ROLLBACK}: {says}, and that is no word for it");
            let words = "safe, unsafe and needs-restore are".to_owned();
            Finding::unknown(message).because("UnknownWord").evidence([words])
        }
        None if words().next().is_none() => {
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

/// The newest migration that is known, and whose it is: data do not go back where code does.
fn newest<'s>(scene: &'s Scene<'_>) -> Option<(&'s str, &'s str)> {
    let mut left = scene.subject.left.iter();
    left.find_map(|left| Some((left.id.as_deref()?, left.label.as_str())))
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
                "at migration 0043_drop of revision 2, and revision 1 works with migrations 40 to 42",
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
        let mut given = Given::annotations(&range("40", "42"), &json!({ROLLBACK: "safe"}));
        let left = |label: &str, says: &str, id: Option<&str>| Left {
            label: label.into(),
            says: Some(says.into()),
            id: id.map(str::to_owned),
        };
        assert_eq!(given.subject.left, [left("revision 2", "safe", None)]);
        // The data are at least where the last one that tells has taken them.
        given.subject.left.push(left("revision 0", "safe", Some("43")));
        let found = given.find(&Data, []);
        assert_eq!(found.reason, "SchemaTooNew", "{found:?}");
        given.subject.left.push(left("revision 1", "unsafe", None));
        let found = given.find(&Data, []);
        assert_eq!(found.message, "revision 1 says that going back from it is not safe");
    }
}
