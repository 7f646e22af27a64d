//! Looking before the leap: the old template meets today's cluster before anything is written.
//!
//! Each check is a file and a line in `REGISTRY`. It names what it wants to know of the cluster, and
//! judges the answers: both are functions of values. All that the checks ask for is asked at the same
//! time, once, and within five seconds; what has no answer then is unknown and never a silent pass.

mod config_changed;
mod config_difference;
mod data;
mod dryrun_pod;
mod dryrun_workload;
mod freeze;
#[cfg(test)]
mod given;
mod hpa;
mod lock;
mod loops;
mod migration;
mod order;
mod pdb;
mod quota;
mod rbac;
mod refs;
mod refusal;
mod room;
mod scene;
mod surge;

use std::time::Duration;

use crate::cluster::{Cluster, Deadline};
use crate::facts::{self, Ask, Facts};

use super::execute::AT_ONCE;
use super::model::check::{Check, CheckStatus, Finding, Level};
use super::model::plan::Plan;
use super::model::record::FIELD_MANAGER;
use super::model::request::{CheckRule, UndoRequest};
use super::model::snapshot::now;
use super::subject::Subject;

pub(super) use self::data::Left;
pub use self::refusal::refusal;
use self::scene::Scene;

/// How long all checks together may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// All checks, in the order in which they are told.
static REGISTRY: &[&dyn Preflight] = &[
    &rbac::Rbac,
    &dryrun_workload::DryrunWorkload,
    &dryrun_pod::DryrunPod,
    &refs::Refs,
    &config_changed::ConfigChanged,
    &data::Data,
    &quota::Quota,
    &surge::Surge,
    &hpa::Hpa,
    &pdb::Pdb,
    &order::Order,
    &freeze::Freeze,
    &lock::Lock,
    &loops::Loop,
];

/// A check before the write.
trait Preflight: Sync {
    /// Its stable name.
    fn id(&self) -> &'static str;

    /// How much it counts, unless what it finds says otherwise.
    fn level(&self) -> Level;

    /// Whether rb refuses where this cannot be found out.
    fn must_be_answered(&self) -> bool {
        false
    }

    /// Whether it is looked at even when every second counts.
    fn is_critical(&self) -> bool {
        false
    }

    /// What it wants to know.
    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask>;

    /// What the answers mean.
    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding;
}

/// The names of all checks, in their order.
pub fn ids() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|check| check.id())
}

/// What looking came to.
#[derive(Debug)]
pub enum Looked {
    /// The checks, in their order.
    Checked(Vec<Check>),
    /// The workload is not as the plan has it any more.
    Stale,
}

/// Runs all checks of a plan.
pub async fn look(
    cluster: &Cluster,
    subject: &Subject,
    plan: &Plan,
    request: &UndoRequest,
    deadline: Deadline,
) -> Looked {
    let looked = look_all(cluster, &[Inquiry { subject, plan, request }], deadline).await;
    // One plan, one answer.
    looked.into_iter().next().unwrap_or(Looked::Stale)
}

/// One of several plans that are looked at together.
pub struct Inquiry<'a> {
    /// What was kept of its workload.
    pub subject: &'a Subject,
    /// It.
    pub plan: &'a Plan,
    /// What was asked for.
    pub request: &'a UndoRequest,
}

/// Runs the checks of several plans; the answers are in their order. What more than one of them asks
/// for is asked once.
pub async fn look_all(
    cluster: &Cluster,
    inquiries: &[Inquiry<'_>],
    deadline: Deadline,
) -> Vec<Looked> {
    let rounds = u32::try_from(inquiries.len() / AT_ONCE).unwrap_or(u32::MAX).saturating_add(1);
    let deadline = deadline.earlier(PATIENCE.saturating_mul(rounds));
    let now = now();
    let scenes: Vec<Scene<'_>> =
        inquiries.iter().map(|one| Scene::of(one, inquiries, now)).collect();
    let asks = |scene: &Scene<'_>| {
        wanted(scene.request).flat_map(|check| check.asks(scene)).collect::<Vec<Ask>>()
    };
    facts::gather_each(cluster, &scenes, asks, FIELD_MANAGER, deadline, async |scene, facts| {
        judged(cluster, scene, facts, deadline).await
    })
    .await
}

async fn judged(
    cluster: &Cluster,
    scene: &Scene<'_>,
    facts: &Facts<'_>,
    deadline: Deadline,
) -> Looked {
    if dryrun_workload::is_stale(cluster, scene, facts, deadline).await {
        return Looked::Stale;
    }
    Looked::Checked(judge_all(scene, facts))
}

fn wanted(request: &UndoRequest) -> impl Iterator<Item = &'static &'static dyn Preflight> {
    REGISTRY.iter().filter(|check| {
        let is_ignored = request.check_rules.get(check.id()) == Some(&CheckRule::Ignore);
        !is_ignored && (check.is_critical() || !request.critical_only)
    })
}

fn judge_all(scene: &Scene<'_>, facts: &Facts<'_>) -> Vec<Check> {
    let request = scene.request;
    let judge = |check: &&'static dyn Preflight| {
        let finding = check.judge(scene, facts);
        let level = match finding.status {
            // What cannot be found out is told, and blocks only where nothing may go on without it.
            CheckStatus::Unknown if !check.must_be_answered() => Level::Advisory,
            CheckStatus::Unknown => Level::Required,
            _ => check.level(),
        };
        let mut checked = Check::new(check.id(), finding, level);
        if let Some(rule) = request.check_rules.get(check.id()) {
            configured(&mut checked, *rule);
        }
        checked.overridden =
            checked.objects() && request.overrides.iter().any(|id| id == check.id());
        let took = facts.took(&check.asks(scene)).as_millis();
        checked.duration_ms = u64::try_from(took).unwrap_or(u64::MAX);
        checked
    };
    let mut checks: Vec<Check> = wanted(request).map(judge).collect();
    for check in &mut checks {
        // The rule is for what was looked at; a failure that does not block reads like a warning.
        if check.level != Level::Required && check.status == CheckStatus::Fail {
            check.status = CheckStatus::Warn;
        }
    }
    checks
}

/// What the configuration makes of a check.
fn configured(check: &mut Check, rule: CheckRule) {
    match rule {
        CheckRule::Block if matches!(check.status, CheckStatus::Warn | CheckStatus::Fail) => {
            check.status = CheckStatus::Fail;
            check.level = Level::Required;
        }
        CheckRule::Warn => check.level = Level::Advisory,
        CheckRule::Block | CheckRule::Ignore => {}
    }
}

#[cfg(test)]
mod tests {
    use super::given::Given;
    use super::*;
    use crate::error::{Error, ErrorKind};
    use serde_json::{Value, json};

    /// A frozen namespace with a held workload, whose data are too new.
    fn trouble() -> Given {
        let template = |annotations: Value| json!({"metadata": {"annotations": annotations}});
        let hold = json!({"metadata": {"annotations": {"kubectl-rb/hold": "audit"}}});
        let unsafe_to_leave = json!({"kubectl-rb/rollback": "unsafe"});
        Given::workload(&template(json!({})), &template(unsafe_to_leave), &hold)
    }

    /// What is refused where nothing but the namespace is known.
    fn refused(given: &mut Given) -> (Option<Error>, Vec<Check>) {
        let frozen = json!({"metadata": {"annotations": {"kubectl-rb/freeze": "audit"}}});
        let facts = Facts::of([(freeze::namespace(&given.scene()), Some(frozen))]);
        let checks: Vec<Check> = judge_all(&given.scene(), &facts)
            .into_iter()
            .filter(|check| ["freeze", "lock", "data"].contains(&check.id.as_str()))
            .collect();
        given.plan.checks.clone_from(&checks);
        (refusal(&given.plan, false, |flags| format!("rb undo {flags}")), checks)
    }

    #[test]
    fn a_hold_that_is_to_block_has_a_kind_of_its_own() {
        let mut given = trouble();
        given.request.check_rules =
            [("freeze", CheckRule::Block), ("lock", CheckRule::Block), ("data", CheckRule::Warn)]
                .map(|(id, rule)| (id.to_owned(), rule))
                .into();
        let (error, checks) = refused(&mut given);
        let error = error.expect("it is refused");
        assert_eq!(error.kind(), ErrorKind::Held);
        assert_eq!(error.kind().exit_status().code(), 11);
        let last = error.hints().last().expect("a hint");
        assert_eq!(
            last,
            "to go on all the same: rb undo --override freeze --override lock --reason TEXT"
        );
        let data = checks.iter().find(|check| check.id == "data");
        assert!(data.is_some_and(|data| data.status == CheckStatus::Warn && !data.blocks()));
        given.request.overrides = vec!["freeze".into(), "lock".into()];
        assert!(refused(&mut given).0.is_none());
        // Beside something worse, a hold is not the news.
        given.request.overrides.clear();
        given.request.check_rules.remove("data");
        let (error, _) = refused(&mut given);
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Refused));
    }

    #[test]
    fn by_default_a_hold_is_told_and_does_not_block() {
        let mut given = trouble();
        let (error, checks) = refused(&mut given);
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Refused));
        let blocks: Vec<bool> = checks.iter().map(Check::blocks).collect();
        assert_eq!(blocks, [true, false, false]);
        given.request.check_rules =
            [("data".to_owned(), CheckRule::Ignore), ("lock".to_owned(), CheckRule::Ignore)].into();
        let (error, checks) = refused(&mut given);
        assert!(error.is_none());
        let ids: Vec<&str> = checks.iter().map(|check| check.id.as_str()).collect();
        assert_eq!(ids, ["freeze"]);
    }

    #[test]
    fn every_file_of_a_check_is_registered() {
        let others =
            ["config_difference", "given", "migration", "refusal", "room", "scene", "subject"];
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rollback/preflight");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
            .filter(|name| !others.contains(&name.as_str()))
            .collect();
        // What a keyword is called, no file can be called.
        let file = |id: &str| if id == "loop" { "loops".to_owned() } else { id.replace('.', "_") };
        let mut checks: Vec<String> = ids().map(file).collect();
        files.sort_unstable();
        checks.sort_unstable();
        assert_eq!(files, checks);
    }
}
