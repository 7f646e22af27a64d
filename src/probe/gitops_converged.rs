//! `gitops.converged`: have those who take the workload from Git applied what they want, and is nothing
//! going on? Their own words are not enough: `Synced` is said while a sync to something else still runs,
//! and `Ready` of a revision before the one that was fetched.

use serde_json::Value;

use super::{Probe, Scene, owners};
use crate::facts::{Ask, Facts};
use crate::reconciler::rung::Rung;
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::convergence::Convergence;

pub(super) struct GitopsConverged;

impl Probe for GitopsConverged {
    fn id(&self) -> &'static str {
        "gitops.converged"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        let near = match owners::near(scene) {
            Ok(near) => near,
            Err(finding) => return finding,
        };
        let findings = near.into_iter().map(|rung| {
            let finding = found(rung).unwrap_or_else(|finding| finding);
            owners::weighed(scene, &rung.owner, finding)
        });
        owners::worst(findings.collect(), || Finding::skipped("nobody owns it"))
    }
}

fn found(rung: &Rung) -> Result<Finding, Finding> {
    let object = owners::object(rung)?;
    let others: Vec<&Value> = rung.others.iter().collect();
    let name = &rung.owner.name;
    let state = rung.reconciler.settled(object, &others).map_err(|why| {
        Finding::unknown(format!("how far {name} is cannot be told: {why}")).because("Unreadable")
    })?;
    let message = format!("{name} {}", told(&state));
    let reason = match state {
        Convergence::Applied { .. } | Convergence::Healthy { .. } => {
            return Ok(Finding::pass(message));
        }
        Convergence::NotSeen { .. } => "NotCompared",
        Convergence::Compared { .. } | Convergence::Superseded { .. } => "NotApplied",
        Convergence::Running { .. } => "Running",
        Convergence::Blocked { .. } => "Blocked",
        Convergence::Failed { .. } => "Failed",
        Convergence::Suspended { .. } => "Suspended",
    };
    Ok(Finding::fail(message).because(reason))
}

/// Nobody waits for a commit here: so it is not told of one.
fn told(state: &Convergence) -> String {
    match state {
        Convergence::NotSeen { has, why } => {
            let has = has.as_ref().map(|has| format!(" and is at {has}")).unwrap_or_default();
            let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("is not up to date{has}{why}")
        }
        Convergence::Compared { waits } => format!("waits for {waits}"),
        state => state.to_string(),
    }
}

#[cfg(test)]
mod tests;
