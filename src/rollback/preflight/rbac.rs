//! `rbac`: may I do every planned write? A right that is missing half-way would leave the workload
//! half rolled back.

use super::{Preflight, Scene};
use crate::cluster::Permission;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::plan::{Action, Step};

/// How many missing rights are told in the message; the evidence has all.
const TOLD: usize = 4;

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
        let (mut missing, mut only_traces) = (Missing::default(), Missing::default());
        let (mut unknown, mut count) = (None, 0);
        for step in &scene.plan.steps {
            let Some(ask) = access(step) else { continue };
            count += 1;
            match facts.permission(&ask) {
                Ok(permission) if permission.allowed => {}
                Ok(permission) if step.optional => only_traces.add(permission),
                Ok(permission) => missing.add(permission),
                Err(_) if step.optional => {}
                Err(error) => unknown = unknown.or(Some(error)),
            }
        }
        // Several steps need the same right.
        only_traces.forget(&missing);
        if !missing.phrases.is_empty() {
            let finding =
                Finding::fail(missing.told()).because("Forbidden").hint(missing.commands());
            return finding.evidence(missing.phrases).evidence(only_traces.phrases);
        }
        if let Some(error) = unknown {
            return Finding::unknown(format!("the rights cannot be found out: {error}"))
                .hint_from(error);
        }
        if !only_traces.phrases.is_empty() {
            let message = format!("some traces will be missing: {}", only_traces.told());
            let finding = Finding::warn(message).because("NoTraces").hint(only_traces.commands());
            return finding.evidence(only_traces.phrases);
        }
        Finding::pass(format!("all {count} planned writes are allowed"))
    }
}

/// Rights that are missing, each once.
#[derive(Default)]
struct Missing {
    /// In words.
    phrases: Vec<String>,
    /// The commands that ask for them; they name no object, so there are fewer.
    can_i: Vec<String>,
}

impl Missing {
    fn add(&mut self, permission: &Permission) {
        for (list, text) in
            [(&mut self.phrases, &permission.phrase), (&mut self.can_i, &permission.can_i)]
        {
            if !list.contains(text) {
                list.push(text.clone());
            }
        }
    }

    fn forget(&mut self, other: &Self) {
        self.phrases.retain(|phrase| !other.phrases.contains(phrase));
        self.can_i.retain(|command| !other.can_i.contains(command));
    }

    fn told(&self) -> String {
        let list: Vec<&str> = self.phrases.iter().take(TOLD).map(String::as_str).collect();
        let more = match self.phrases.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        format!("not allowed to {}{more}", list.join(", nor to "))
    }

    fn commands(&self) -> String {
        self.can_i.join("; ")
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
        // Without these rights it goes on, slower, or ends with what is missing.
        Action::Record { .. }
        | Action::Unblock { .. }
        | Action::Hold { .. }
        | Action::See { .. }
        | Action::Release { .. }
        | Action::Settle { .. }
        | Action::Follow { .. }
        | Action::SearchGit
        | Action::Revert { .. }
        | Action::KeepTemplate { .. }
        | Action::Wait { .. } => return None,
    };
    Some(Ask::May(method, path.clone()))
}
