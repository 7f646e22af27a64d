//! `rbac`: may I do every planned write? A right that is missing half-way would leave the workload
//! half rolled back.

use super::{Preflight, Scene};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::plan::{Action, Step};

pub(super) struct Rbac;

impl Preflight for Rbac {
    fn id(&self) -> &'static str {
        "rbac"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn must_be_answered(&self) -> bool {
        true
    }

    fn is_critical(&self) -> bool {
        true
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        scene.plan.steps.iter().filter_map(access).collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let (mut missing, mut only_traces, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let (mut can_i, mut count) = (None, 0);
        for step in &scene.plan.steps {
            let Some(ask) = access(step) else { continue };
            count += 1;
            match facts.permission(&ask) {
                Ok(permission) if permission.allowed => {}
                Ok(permission) if step.optional => only_traces.push(permission.phrase.clone()),
                Ok(permission) => {
                    missing.push(permission.phrase.clone());
                    can_i.get_or_insert_with(|| permission.can_i.clone());
                }
                Err(_) if step.optional => {}
                Err(error) => unknown.push(error.to_string()),
            }
        }
        let only_traces: std::collections::BTreeSet<String> = only_traces.into_iter().collect();
        if !missing.is_empty() {
            let finding = Finding::fail(format!("not allowed to {}", missing.join(", nor to ")));
            let finding = finding.because("Forbidden").evidence(only_traces);
            return match can_i {
                Some(command) => finding.hint(command),
                None => finding,
            };
        }
        if let Some(why) = unknown.first() {
            return Finding::unknown(format!("the rights cannot be found out: {why}"));
        }
        if !only_traces.is_empty() {
            let list: Vec<String> = only_traces.into_iter().collect();
            let message =
                format!("no trace will be left: not allowed to {}", list.join(", nor to "));
            return Finding::warn(message).because("NoTraces");
        }
        Finding::pass(format!("all {count} planned writes are allowed"))
    }
}

/// The right that a step needs.
fn access(step: &Step) -> Option<Ask> {
    let (method, path) = match &step.action {
        Action::PatchWorkload { path, .. }
        | Action::GiveBackFields { path, .. }
        | Action::AnnotateRevision { path, .. }
        | Action::StampVerdict { path, .. } => ("PATCH", path),
        Action::CreateEvent { path, .. } => ("POST", path),
        Action::DeletePod { path, .. } => ("DELETE", path),
        Action::KeepTemplate { .. } | Action::Wait { .. } => return None,
    };
    Some(Ask::May(method, path.clone()))
}
