//! The equivalent commands of kubectl, for people who must or want to act without rb.

use crate::rollback::model::hint::Hints;
use crate::rollback::model::leftover::WhyLeft;
use crate::rollback::model::plan::{Action, Plan};
use crate::text::{sanitize, shell_quote};

use super::durable;

/// A shell script. It is not as careful as rb: kubectl has no precondition, replaces the
/// annotations and knows revisions by number only; the comments say so.
#[must_use]
pub fn script(plan: &Plan, hints: &Hints) -> String {
    let reference = plan.target.reference();
    let quoted = shell_quote(&reference);
    let mut lines = vec![
        "#!/bin/sh".to_owned(),
        format!("# {reference}: {} back to {}.", plan.from.label(), plan.to.label()),
        "# kubectl checks nothing: run this only while the revision above is live.".to_owned(),
    ];
    if plan.target.kind == "Deployment" {
        let replaces =
            "# It also replaces the annotations of the workload by those of the old revision.";
        lines.push(replaces.to_owned());
    }
    lines.push("set -e".to_owned());
    if plan.is_durable() {
        lines.extend(durable::script(plan, hints));
        lines.push(hints.kubectl(&format!("rollout status {quoted}")));
        return lines.join("\n") + "\n";
    }
    if plan.kept().is_some() {
        lines.extend(deletions(plan, hints));
        return lines.join("\n") + "\n";
    }
    let Some(number) = plan.to.revision else {
        lines.push(format!("# {} has no number, so kubectl cannot name it.", plan.to.label()));
        lines.push("exit 1".to_owned());
        return lines.join("\n") + "\n";
    };
    lines.push(hints.kubectl(&format!("rollout undo {quoted} --to-revision={number}")));
    let cause = plan.patch_value("add", "/metadata/annotations/kubernetes.io~1change-cause");
    if let Some(cause) = cause.and_then(serde_json::Value::as_str) {
        let cause = sanitize(cause);
        let assignment = format!("kubernetes.io/change-cause={cause}");
        let assignment = shell_quote(&assignment);
        lines.push(hints.kubectl(&format!("annotate --overwrite {quoted} {assignment}")));
    }
    lines.extend(deletions(plan, hints));
    // kubectl has no status for the strategy OnDelete.
    if plan.leftovers.as_ref().is_none_or(|left| left.why != WhyLeft::OnDelete) {
        let seconds = plan.wait().map_or(600, |(_, seconds)| seconds);
        lines.push(hints.kubectl(&format!("rollout status {quoted} --timeout={seconds}s")));
    }
    lines.join("\n") + "\n"
}

/// The deletions, after the controller has seen the template; between those of pods that serve, all
/// have to be available.
fn deletions(plan: &Plan, hints: &Hints) -> Vec<String> {
    let reference = plan.target.reference();
    let field = |path: &str| {
        let get = format!("get {} -o jsonpath='{{{path}}}'", shell_quote(&reference));
        format!("\"$({})\"", hints.kubectl(&get))
    };
    let until = |left: &str, right: &str| {
        format!("until [ {} = {} ]; do sleep 1; done", field(left), field(right))
    };
    let [available, wanted] = if plan.target.kind == "DaemonSet" {
        [".status.numberAvailable", ".status.desiredNumberScheduled"]
    } else {
        [".status.availableReplicas", ".spec.replicas"]
    };
    let mut lines = Vec::new();
    for step in &plan.steps {
        let Action::DeletePod { name, ready, .. } = &step.action else { continue };
        if lines.is_empty() {
            lines.push(
                "# Before, the controller would make the pod from the bad template.".to_owned(),
            );
            lines.push(until(".metadata.generation", ".status.observedGeneration"));
        } else if *ready {
            lines.push("sleep 5".to_owned());
        }
        if *ready {
            lines.push(until(available, wanted));
        }
        lines.push(hints.kubectl(&format!("delete pod {}", shell_quote(name))));
    }
    lines
}
