//! `rollout.target`: is the pod template that has to be live the one that is?

use super::{Probe, Scene, words};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::{defaults, diff, template};
use crate::text::shell_quote;

pub(super) struct RolloutTarget;

impl Probe for RolloutTarget {
    fn id(&self) -> &'static str {
        "rollout.target"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        let (name, label) = (scene.target.reference(), words::label(scene));
        let Some(expected) = &scene.expected.template else {
            return Finding::skipped("no revision is asked for: what is live is what is verified");
        };
        let reference = shell_quote(&name).into_owned();
        let history = scene.hints.rb(&format!("history {reference}"));
        let Some(live) = scene.seen.workload.pointer("/spec/template") else {
            let message = format!("{name} shows no pod template");
            return Finding::unknown(message).because("NoTemplate").hint(history);
        };
        if defaults::same(expected, live) {
            return Finding::pass(format!("the template of {label} is live"));
        }
        // Its pods are replaced by others of the same release: what is known of them is over.
        if template::same_but_for_restart(&defaults::without(expected), &defaults::without(live)) {
            let message =
                format!("{name} was restarted meanwhile: its pods are new ones of {label}");
            let again = scene.hints.rb(&format!("verify {reference}"));
            return Finding::unknown(message).because("Restarted").hint(again).for_good();
        }
        let changes =
            diff::templates(&defaults::without(expected), &defaults::without(live), false);
        let lines = changes.into_iter().map(|change| change.summary).collect();
        let writer = template::last_writer(&scene.seen.workload);
        let by = writer.map(|writer| format!(", last written by {writer}")).unwrap_or_default();
        let finding = Finding::fail(format!("another template than that of {label} is live{by}"));
        finding.because("OtherTemplate").evidence(words::lines(lines)).hint(history).for_good()
    }
}

#[cfg(test)]
mod tests;
