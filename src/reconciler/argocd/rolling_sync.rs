//! `RollingSync`: an `ApplicationSet` that starts the syncs of its Applications itself, one step after the
//! other. It takes their automation away, and has them put back what differs all the same.

use serde_json::Value;

use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::Owner;

use super::application_set::maker;
use super::fields::{is_set, items, text};
use super::policy::{self, is_skipped};

/// Whether a set does that.
pub(super) fn is_used(set: &Value) -> bool {
    text(set, "/spec/strategy/type") == "RollingSync"
}

/// Asks for the set that makes an Application.
pub(super) fn ask(application: &Value) -> Option<Ask> {
    maker(application).map(|maker| Ask::Read(maker.object().to_string()))
}

/// The set that has an Application sync when it is its turn. It says of each at which step it is: of none where
/// the controller was not told to look at strategies, and -1 of one that no step fits.
pub(super) fn starter<'f>(application: &Value, facts: &'f Facts<'_>) -> Option<&'f str> {
    let set = facts.value(&ask(application)?).ok()?;
    let does_nothing =
        is_set(application, "/metadata/deletionTimestamp") || is_skipped(application);
    (is_used(set) && !does_nothing && has_a_turn(set, application))
        .then(|| text(set, "/metadata/name"))
}

fn has_a_turn(set: &Value, application: &Value) -> bool {
    let name = text(application, "/metadata/name");
    let entries = items(set, "/status/applicationStatus").iter();
    let step = entries
        .filter(|entry| text(entry, "/application") == name)
        .find_map(|entry| text(entry, "/step").parse::<usize>().ok()?.checked_sub(1));
    let steps = items(set, "/spec/strategy/rollingSync/steps");
    // A step that updates none waits for somebody.
    let starts = |step: &Value| match step.pointer("/maxUpdate") {
        Some(Value::Number(most)) => most.as_u64() != Some(0),
        Some(Value::String(most)) => most.trim_end_matches('%') != "0",
        _ => true,
    };
    step.is_some_and(|step| steps.get(step).is_none_or(starts))
}

/// Says of an Application what its set has it do.
pub(super) fn apply(owner: &mut Owner, application: &Value, facts: &Facts<'_>) {
    let Some(set) = starter(application, facts) else { return };
    let noun = policy::noun(&owner.of.clone().unwrap_or_default());
    owner.would = format!("ApplicationSet {set} has it put {noun} back when it is its step's turn");
    // The steps before it may take any time.
    owner.within = None;
    if let Some(automation) = &mut owner.automation {
        (automation.syncs, automation.heals, automation.suspended) = (true, true, false);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::application;
    use super::super::{Applications, policy};
    use super::*;
    use crate::reconciler::Reconciler as _;

    /// An Application of a set: what it is said to do where the set is like this, and what keeps it from
    /// taking up a commit.
    fn told(extra: &Value, set: &Value) -> (Owner, String) {
        let mut application = application(extra);
        application["metadata"]["ownerReferences"] = json!([{"apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet", "name": "fleet", "controller": true}]);
        let set =
            json!({"metadata": {"name": "fleet"}, "spec": set["spec"], "status": set["status"]});
        let asked = ask(&application).expect("its set");
        assert!(Applications.further(&application).contains(&asked));
        let mut owner = Owner {
            would: "as it says itself".to_owned(),
            automation: Some(policy::automation(&application)),
            ..Owner::default()
        };
        let facts = Facts::of([(asked, Some(set))]);
        Applications.complete(&mut owner, &application, &facts);
        (owner, Applications.hindrances(&application, &facts).join("; "))
    }

    #[test]
    fn a_set_has_its_applications_heal_whose_automation_is_off() {
        let of = |kind: &str, most: Value, step: &str| {
            let steps = json!([{"maxUpdate": most}]);
            json!({"spec": {"strategy": {"type": kind, "rollingSync": {"steps": steps}}},
                "status": {"applicationStatus": [{"application": "other", "step": "1"},
                    {"application": "web", "step": step}]}})
        };
        let rolling = of("RollingSync", json!(1), "1");
        let off = json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}});
        let skipped = json!({"metadata": {"annotations": {policy::SKIP: "true"}}});
        for (application, set, is_healed) in [
            (json!({}), &rolling, true),
            (off, &rolling, true),
            (skipped, &rolling, false),
            (json!({}), &of("RollingSync", json!("25%"), "1"), true),
            (json!({}), &of("AllAtOnce", json!(1), "1"), false),
            // No step fits it, or one that is for somebody else to do.
            (json!({}), &of("RollingSync", json!(1), "-1"), false),
            (json!({}), &of("RollingSync", json!(0), "1"), false),
            (json!({}), &of("RollingSync", json!("0%"), "1"), false),
            // The controller does not look at strategies.
            (json!({}), &json!({"spec": {"strategy": {"type": "RollingSync"}}}), false),
            (json!({}), &json!({}), false),
        ] {
            let (owner, hindrances) = told(&application, set);
            let automation = owner.automation.expect("how it is set up");
            let heals = automation.syncs && automation.heals && !automation.suspended;
            assert_eq!(heals, is_healed, "{application} {set}");
            let would = if is_healed {
                "ApplicationSet fleet has it put its own version back when it is its step's turn"
            } else {
                "as it says itself"
            };
            assert_eq!(owner.would, would);
            let is_kept = ["it does nothing", "only by hand"].map(|why| hindrances.contains(why));
            assert_eq!(!is_kept.contains(&true), is_healed, "{hindrances}");
        }
    }
}
