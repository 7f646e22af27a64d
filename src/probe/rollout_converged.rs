//! `rollout.converged`: has the controller seen the template, and are all pods that are wanted there,
//! of it, and available, and no others?

use jiff::Timestamp;
use serde_json::Value;

use super::{Probe, Scene, pods, words};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::kstatus;
use crate::rollback::model::progress::{Phase, PodCounts, Progress};
use crate::text::{plural, shell_quote};

pub(super) struct RolloutConverged;

impl Probe for RolloutConverged {
    fn id(&self) -> &'static str {
        "rollout.converged"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        let workload = &scene.seen.workload;
        let progress = scene.backend.progress(workload, stale(scene).as_deref());
        let finding = found(scene, &progress);
        let PodCounts { desired, total, updated, ready, available } = progress.pods;
        let counts = format!(
            "{desired} wanted: {updated} of the newest template, {ready} ready, {available} \
             available, {total} in all"
        );
        // What a dashboard shows may differ: it waits for less here and for more there.
        let judged = kstatus::status(workload, scene.now).to_string();
        let refused = scene.backend.pods_refused(workload);
        finding.evidence([counts, judged].into_iter().chain(refused))
    }
}

/// The mark of the condition that reports an exceeded deadline, where it is from before the target
/// was live: it says nothing of it.
fn stale(scene: &Scene<'_>) -> Option<String> {
    let marker = scene.backend.deadline_marker(&scene.seen.workload)?;
    let at: Timestamp = marker.parse().ok()?;
    let since = scene.expected.since?;
    (at.as_second() <= since.as_second()).then_some(marker)
}

fn found(scene: &Scene<'_>, progress: &Progress) -> Finding {
    let workload = &scene.seen.workload;
    let name = scene.target.reference();
    if workload.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string) {
        let finding = Finding::fail(format!("{name} is being deleted")).because("Terminating");
        return finding.hint(words::status(scene)).for_good();
    }
    let said = progress.message.trim_end_matches('.');
    let fail = |reason: &'static str, hint: String| {
        Finding::fail(said.to_owned()).because(reason).hint(hint)
    };
    let quoted = shell_quote(&name).into_owned();
    match progress.phase {
        Phase::Complete => complete(scene, progress.pods),
        Phase::Unobserved => fail("NotObserved", words::status(scene)),
        Phase::Rolling => fail(missing(progress.pods), words::status(scene)),
        Phase::DeadlineExceeded => {
            fail("ProgressDeadlineExceeded", words::status(scene)).for_good()
        }
        Phase::Paused => {
            let resume = scene.hints.kubectl(&format!("rollout resume {quoted}"));
            let message = format!("{name} is paused with a change that is not rolled out");
            Finding::fail(message).because("Paused").hint(resume).for_good()
        }
        // Both are over for kubectl and kstatus; the pods that are left are of another revision.
        Phase::AwaitsDeletion => fail("OnDelete", to_replace(scene)).for_good(),
        Phase::Partitioned => {
            let old = progress.pods.desired - progress.pods.updated;
            let message =
                format!("the partition of {name} keeps {} at another revision", plural(old, "pod"));
            let patch = r#"{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}"#;
            let patch = format!("patch {quoted} --type=merge -p {}", shell_quote(patch));
            let hint = scene.hints.kubectl(&patch);
            Finding::fail(message).because("Partitioned").hint(hint).for_good()
        }
    }
}

/// How to replace the pods that the update strategy leaves: not with kubectl, which deletes all that
/// it is given at once.
fn to_replace(scene: &Scene<'_>) -> String {
    match scene.expected.hash.as_str() {
        "" => pods::list(scene),
        hash => {
            let name = scene.target.reference();
            let undo = format!("undo {} --to-revision={hash} --delete-pods", shell_quote(&name));
            scene.hints.rb(&undo)
        }
    }
}

/// What is missing in the middle of a rollout.
fn missing(pods: PodCounts) -> &'static str {
    if pods.total == 0 && pods.desired > 0 {
        "NoPods"
    } else if pods.updated < pods.desired {
        "LessUpdated"
    } else if pods.total > pods.updated {
        "OldPods"
    } else {
        "LessAvailable"
    }
}

/// The controller is done; it counts pods that are too many only while it replaces others.
fn complete(scene: &Scene<'_>, pods: PodCounts) -> Finding {
    if pods.total > pods.desired {
        let more = plural(pods.total - pods.desired, "pod");
        let message = format!("{more} more than wanted are still there");
        return Finding::fail(message).because("ExtraPods").hint(pods::list(scene));
    }
    if pods.ready < pods.desired {
        let message = format!("{} of {} are ready", pods.ready, plural(pods.desired, "pod"));
        return Finding::fail(message).because("LessReady").hint(pods::list(scene));
    }
    if let Some(why) = scene.backend.runs_nothing(&scene.seen.workload) {
        let message = format!("{why}: nothing ran, so nothing is proven");
        return Finding::unknown(message).because("NothingRan").hint(words::status(scene));
    }
    let what = if pods.desired == 1 { "the pod is" } else { "all pods are" };
    Finding::pass(format!("{what} of the newest template and available: {}", pods.desired))
}

#[cfg(test)]
mod tests;
