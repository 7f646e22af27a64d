//! The equivalent commands of kubectl, for people who must or want to act without rb.

use crate::rollback::model::hint::Hints;
use crate::rollback::model::plan::Plan;
use crate::text::{sanitize, shell_quote};

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
        "# It also replaces the annotations of the workload by those of the old revision."
            .to_owned(),
        "set -e".to_owned(),
    ];
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
    let seconds = plan.wait().map_or(600, |(_, seconds)| seconds);
    lines.push(hints.kubectl(&format!("rollout status {quoted} --timeout={seconds}s")));
    lines.join("\n") + "\n"
}
