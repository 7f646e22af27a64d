//! Values that tests of reports start from: a plan of `tests/plans`, and what came of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::rollback::model::check::{Check, Finding, Level, VerifyVerdict};
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Ending, Outcome, PodFailure, Waited, Written};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::pod::Ended;
use crate::rollback::model::progress::{Phase, PodCounts, Progress};
use crate::rollback::model::verification::Verification;

/// Text that breaks out wherever it is not escaped: of a line, a table, a code span, an element, a
/// CDATA section; and that a page would make a link, an image or a mention of.
pub(super) const HOSTILE: &str = "\n::error::owned\r\n  ##[error]owned\u{1b}[2J\u{9b}31m\u{202e}x\u{200b}\u{fffe}\u{ffff}\u{85}\u{8} \
     | \\| \\\\| `a` ```\n~~~ <script>x</script> <!-- --> &lt;b&gt; ]]> <![CDATA[ [x](https://evil.test) \
     ![x](https://evil.test/p.png) <https://evil.test> https://evil.test www.evil.test a@evil.test \
     @everyone #1 !2 ~x $3 %4 $$y$$ *b* _i_ ~~s~~ | --- | \u{1f44d}\n# head\n- item\n\n    code";

pub(super) fn plan() -> Plan {
    let text = include_str!("../../tests/plans/a-reason-and-an-incident/plan.json");
    let decision: Value = serde_json::from_str(text).unwrap();
    let mut plan: Plan = serde_json::from_value(decision["plan"].clone()).unwrap();
    plan.checks = vec![
        Check::new("rbac", Finding::pass("all rights are there"), Level::Required),
        Check::new("dryrun.pod", Finding::unknown("the webhook did not answer"), Level::Advisory),
    ];
    plan
}

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn outcome(ending: Ending) -> Outcome {
    let plan = plan();
    let is_well = ending == Ending::Complete;
    let written = ["patch", "event"].into_iter().zip(["12:00:02", "12:00:03"]);
    let step = |id: &str| plan.steps.iter().find(|step| step.id == id).unwrap().summary.clone();
    Outcome {
        written: written
            .map(|(id, at)| Written {
                step: id.into(),
                summary: step(id),
                at: time(&format!("2026-03-02T{at}Z")),
            })
            .collect(),
        warnings: Vec::new(),
        reverted: None,
        waited: Waited {
            ending,
            progress: Some(progress()),
            failure: (!is_well).then(failure),
            changed_at: None,
            deleted: Vec::new(),
            pods: Vec::new(),
            milliseconds: 41_300,
            ended_at: time("2026-03-02T12:00:44Z"),
        },
        verification: None,
    }
}

pub(super) fn progress() -> Progress {
    let pods = PodCounts { desired: 6, total: 6, updated: 6, ready: 6, available: 6 };
    Progress { phase: Phase::Complete, message: "successfully rolled out".into(), pods }
}

pub(super) fn failure() -> PodFailure {
    PodFailure {
        pod: "checkout-1".into(),
        container: "app".into(),
        reason: "CrashLoopBackOff".into(),
        message: "back-off 40s".into(),
        ended: Some(Ended { reason: "Error".into(), exit_code: 1, message: String::new() }),
        restarts: 3,
        log: vec!["starting".into(), "FATAL: no settings".into()],
    }
}

pub(super) fn failing() -> Check {
    let finding = Finding::fail("2 pods do not run")
        .because("PodsFailed")
        .evidence(["pod checkout-1: CrashLoopBackOff".to_owned()])
        .hint("kubectl logs checkout-1 -n shop --context prod-eu");
    Check { duration_ms: 12, ..Check::new("pods.healthy", finding, Level::Required) }
}

pub(super) fn verification(more: &[Check]) -> Verification {
    let converged = Finding::pass("6 of 6 pods updated and available");
    let mut checks = vec![Check::new("rollout.converged", converged, Level::Required)];
    checks.extend(more.iter().cloned());
    let plan = plan();
    let image = plan.to.images.first().unwrap().image.clone();
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    Verification {
        target: plan.target,
        cluster: plan.cluster,
        revision: plan.to,
        since: Some(time("2026-03-02T12:00:02Z")),
        started_at: time("2026-03-02T12:00:44Z"),
        ended_at: time("2026-03-02T12:01:14Z"),
        rounds: 15,
        ending: Ending::Complete,
        progress: Some(progress()),
        verdict: VerifyVerdict::of(&checks),
        checks,
        staying: None,
        digests: [(image, vec![digest])].into_iter().collect(),
        config: BTreeMap::new(),
    }
}

pub(super) fn hints() -> Hints {
    Hints { program: "rb".into(), pin: "--context prod-eu".into(), namespace: "shop".into() }
}
