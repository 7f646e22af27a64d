//! What holds of the planner in every history, and not only in those that somebody thought of.

mod histories;
mod json_patch;

use kubectl_rb::rollback::model::decision::Decision;
use kubectl_rb::rollback::model::defaults;
use kubectl_rb::rollback::model::history::{Mark, Row};
use kubectl_rb::rollback::model::plan::Plan;
use kubectl_rb::rollback::model::request::UndoRequest;
use kubectl_rb::rollback::model::revision::RevisionSpec;
use kubectl_rb::rollback::model::snapshot::Snapshot;
use kubectl_rb::rollback::model::template::{same_but_for_restart, without_hash};
use kubectl_rb::rollback::{diff, history, planner};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};

use crate::plans::deployments;
use crate::suite::{Test, pure};
use histories::{APPLIED_TEMPLATE, LAST_APPLIED, any_json, history as any_history, template};

/// Enough to find what breaks a rule, and all of it in a few seconds. `PROPTEST_CASES` asks for
/// more.
const CASES: u32 = 96;

pub(crate) fn tests() -> Vec<Test> {
    pure![
        the_default_is_never_live_and_never_doubtful,
        a_second_undo_never_lands_on_what_was_left,
        a_plan_survives_its_file,
        the_patch_makes_the_target_live_and_nothing_else,
        an_explicit_target_is_what_was_asked_for,
        no_json_makes_planning_panic,
        nothing_differs_from_itself,
    ]
}

fn check<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    // No file of seeds: a failure prints its smallest input, which belongs into `tests/plans`.
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    if let Err(failure) = TestRunner::new(config).run(strategy, test) {
        panic!("{failure}");
    }
}

fn request() -> UndoRequest {
    UndoRequest {
        again: true,
        direct: true,
        by: "alice".to_owned(),
        operation: "op-this".to_owned(),
        ..UndoRequest::default()
    }
}

fn plan(snapshot: &Snapshot, request: &UndoRequest) -> Option<Plan> {
    match planner::decide(deployments(), snapshot, request) {
        Decision::Undo(plan) => Some(*plan),
        Decision::Nothing(_) | Decision::Again(_) | Decision::Owned(_) | Decision::Refused(_) => {
            None
        }
    }
}

/// The stored revision that a plan goes to.
fn target(snapshot: &Snapshot, plan: &Plan) -> Row {
    let rows = history::of(deployments(), snapshot).rows;
    rows.into_iter().find(|row| row.hash == plan.to.hash).expect("the target is stored")
}

fn live_template(snapshot: &Snapshot) -> Value {
    snapshot.workload["spec"]["template"].clone()
}

fn the_default_is_never_live_and_never_doubtful() {
    check(&any_history(), |history| {
        let snapshot = history.snapshot();
        let Some(plan) = plan(&snapshot, &request()) else { return Ok(()) };
        let target = target(&snapshot, &plan);
        for mark in [Mark::Current, Mark::RolledBack, Mark::Doubtful] {
            prop_assert!(!target.marks.contains(&mark), "{mark:?}: {target:#?}");
        }
        prop_assert!(!same_but_for_restart(&target.template, &live_template(&snapshot)));
        // Not taken from the planner's own words: the history says what is bad about each.
        prop_assert!(!history.is_bad(&plan.to.hash), "{:?} is bad", plan.to.hash);
        Ok(())
    });
}

fn a_second_undo_never_lands_on_what_was_left() {
    check(&any_history(), |history| {
        let mut snapshot = history.snapshot();
        // The controller has to have stored what is left: a record cannot name it otherwise.
        let mut left: Vec<Value> = Vec::new();
        while let Some(plan) = plan(&snapshot, &request()).filter(|plan| !plan.from.hash.is_empty())
        {
            let target = target(&snapshot, &plan).template;
            for bad in &left {
                prop_assert!(!same_but_for_restart(bad, &target), "back to {target}");
            }
            left.push(live_template(&snapshot));
            prop_assert!(left.len() <= snapshot.stored.len(), "it goes round in circles");
            histories::carry_out(&mut snapshot, &plan);
        }
        Ok(())
    });
}

fn a_plan_survives_its_file() {
    check(&any_history(), |history| {
        let Some(plan) = plan(&history.snapshot(), &request()) else { return Ok(()) };
        let text = serde_json::to_string_pretty(&plan).expect("a plan is JSON");
        prop_assert_eq!(serde_json::from_str::<Plan>(&text).expect("a plan can be read"), plan);
        Ok(())
    });
}

fn the_patch_makes_the_target_live_and_nothing_else() {
    check(&(any_history(), any_history()), |(history, other)| {
        let snapshot = history.snapshot();
        let Some(plan) = plan(&snapshot, &request()) else { return Ok(()) };
        let (path, body) = plan.patch().expect("a plan has a patch");
        prop_assert_eq!(path, "/apis/apps/v1/namespaces/shop/deployments/web");
        let mut after = snapshot.workload.clone();
        json_patch::apply(&mut after, body).expect("it fits what it was made for");
        let stored = snapshot
            .stored
            .iter()
            .find(|rs| rs["metadata"]["labels"]["pod-template-hash"] == plan.to.hash.as_str())
            .expect("the target is stored");
        let wanted = without_hash(stored["spec"]["template"].clone());
        // As text: not even the order of members changes.
        prop_assert_eq!(after["spec"]["template"].to_string(), wanted.to_string());
        only_ours_changed(&snapshot.workload, &after)?;
        // Another release in between: the patch does not fit any more.
        let mut released = snapshot.workload.clone();
        released["spec"]["template"] = other.live_template();
        let changed = released["spec"]["template"] != snapshot.workload["spec"]["template"];
        prop_assert_eq!(json_patch::apply(&mut released, body).is_err(), changed);
        Ok(())
    });
}

/// Everything but the template and two annotations is as it was, and of what was last applied all but
/// the template in it.
fn only_ours_changed(before: &Value, after: &Value) -> Result<(), TestCaseError> {
    let rest = |workload: &Value| {
        let mut rest = workload.clone();
        rest["spec"]["template"] = Value::Null;
        if let Some(annotations) = rest["metadata"]["annotations"].as_object_mut() {
            let ours = ["kubernetes.io/change-cause", "kubectl-rb/record", LAST_APPLIED];
            annotations.retain(|key, _| !ours.contains(&key.as_str()));
        } else {
            rest["metadata"]["annotations"] = Value::Object(Map::new());
        }
        rest
    };
    prop_assert_eq!(rest(before), rest(after));
    let live = defaults::without(&after["spec"]["template"]).to_string();
    let applied = |workload: &Value| {
        workload["metadata"]["annotations"][LAST_APPLIED].as_str().map(str::to_owned)
    };
    let expected = applied(before).map(|text| text.replace(APPLIED_TEMPLATE, &live));
    prop_assert_eq!(expected, applied(after));
    Ok(())
}

fn an_explicit_target_is_what_was_asked_for() {
    check(&(any_history(), any::<prop::sample::Index>()), |(history, index)| {
        let snapshot = history.snapshot();
        let rows = history::of(deployments(), &snapshot).rows;
        prop_assume!(!rows.is_empty());
        let row = index.get(&rows);
        let to = RevisionSpec::parse(&row.hash);
        let decision = planner::decide(deployments(), &snapshot, &UndoRequest { to, ..request() });
        match decision {
            Decision::Undo(plan) => prop_assert_eq!(&plan.to.hash, &row.hash),
            Decision::Nothing(nothing) => prop_assert_eq!(&nothing.live.hash, &row.hash),
            other => prop_assert!(false, "{other:?}"),
        }
        Ok(())
    });
}

fn no_json_makes_planning_panic() {
    let junk = (any_history(), prop::collection::vec(any_json(), 6), any::<String>());
    check(&junk, |(history, junk, word)| {
        let mut snapshot = history.snapshot();
        for (pointer, junk) in histories::PLACES.iter().zip(junk.iter().cycle()) {
            let _ = planner::decide(deployments(), &snapshot, &request());
            if let Some(place) = snapshot.workload.pointer_mut(pointer) {
                *place = junk.clone();
            }
            for stored in &mut snapshot.stored {
                if let Some(place) = stored.pointer_mut(pointer) {
                    *place = junk.clone();
                }
            }
            let asked = UndoRequest {
                to: RevisionSpec::parse(&word),
                from: Some(RevisionSpec::condition(&word)),
                reason: Some(word.clone()),
                ..request()
            };
            let _ = planner::decide(deployments(), &snapshot, &asked);
            let _ = history::of(deployments(), &snapshot);
        }
        Ok(())
    });
}

fn nothing_differs_from_itself() {
    check(&(template(), template(), any_json()), |(a, b, junk)| {
        prop_assert_eq!(diff::templates(&a, &a, true), []);
        prop_assert_eq!(diff::templates(&junk, &junk, true), []);
        // And a difference is never silent.
        prop_assert_eq!(diff::templates(&a, &b, false).is_empty(), a == b);
        let _ = diff::templates(&a, &junk, false);
        Ok(())
    });
}
