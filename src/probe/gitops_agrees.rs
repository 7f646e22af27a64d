//! `gitops.agrees`: is what is live what its owner would apply? Git itself is not read for that: what was
//! compared instead is said.

use super::{Probe, Scene, owners, words};
use crate::facts::{Ask, Facts};
use crate::reconciler::rung::Rung;
use crate::rollback::model::agreement::Agrees;
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::template_fields::Stranger;

pub(super) struct GitopsAgrees;

impl Probe for GitopsAgrees {
    fn id(&self) -> &'static str {
        "gitops.agrees"
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
        // What owns the release that owns the workload does not write the workload.
        let direct = near.into_iter().filter(|rung| rung.owner.of.is_none());
        let findings = direct.map(|rung| {
            let finding = found(scene, rung).unwrap_or_else(|finding| finding);
            owners::weighed(scene, &rung.owner, finding)
        });
        owners::worst(findings.collect(), || Finding::skipped("nobody owns it"))
    }
}

fn found(scene: &Scene<'_>, rung: &Rung) -> Result<Finding, Finding> {
    let object = owners::object(rung)?;
    let undone = scene.expected.undone;
    let agreement = rung.reconciler.agreement(object, &scene.seen.workload, undone);
    let (name, compared) = (&rung.owner.name, &agreement.compared);
    let told: Vec<String> =
        agreement.strangers.iter().map(|stranger| stranger_words(scene, stranger)).collect();
    Ok(match agreement.agrees {
        Agrees::Unknown(why) => {
            let message = format!("whether {name} agrees cannot be told: {why}");
            Finding::unknown(message).because("NotCompared").evidence(told)
        }
        Agrees::No(why) => {
            let patch = agreement.strangers.iter().find(|stranger| !stranger.is_marks_only());
            let by = patch.map(|stranger| format!("; {}", stranger_words(scene, stranger)));
            let reason = if by.is_some() { "LivePatch" } else { "Differs" };
            let by = by.unwrap_or_default();
            let message = format!("what is live is not what {name} would apply: {why}{by}");
            let would = format!("{name}: {}", rung.owner.would);
            let finding = Finding::fail(message).because(reason).evidence(told);
            finding.evidence([would]).hint(history(scene))
        }
        Agrees::Yes if !agreement.hidden.is_empty() => {
            let hidden = words::few(agreement.hidden.iter().map(String::as_str));
            let message = format!(
                "{name} finds no difference, but leaves {hidden} alone, in which there may be one"
            );
            Finding::warn(message).because("Ignored").evidence(told)
        }
        Agrees::Yes => {
            let message =
                format!("{name} agrees with what is live, by {compared}; Git was not read");
            Finding::pass(message).evidence(told)
        }
    })
}

/// `kubectl-set wrote spec.containers[web].image 3m ago`.
fn stranger_words(scene: &Scene<'_>, stranger: &Stranger) -> String {
    let fields = words::few(stranger.fields.iter().map(String::as_str));
    let at = stranger.at.map(|at| format!(" {}", words::ago(scene, at))).unwrap_or_default();
    format!("{} wrote {fields}{at}", stranger.manager)
}

fn history(scene: &Scene<'_>) -> String {
    let reference = crate::text::shell_quote(&scene.target.reference()).into_owned();
    scene.hints.rb(&format!("history {reference}"))
}

#[cfg(test)]
mod tests;
