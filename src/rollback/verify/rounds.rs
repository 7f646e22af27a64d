//! Rounds of checks of several workloads, side by side.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::seen;
use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline};
use crate::facts::{self, Ask, Facts};
use crate::probe::{self, Expected, LogRules, Probe, Scene, Seen};
use crate::reconciler::chain::Marked;
use crate::reconciler::rung::{self, Rung};
use crate::rollback::model::check::{Check, CheckStatus, Finding, Level};
use crate::rollback::model::demand::Demand;
use crate::rollback::model::event::{Event, Listeners};
use crate::rollback::model::hint::Hints;
use crate::rollback::model::http_probe::HttpProbe;
use crate::rollback::model::record::FIELD_MANAGER;
use crate::rollback::model::snapshot::now;
use crate::rollback::model::staying::Staying;
use crate::rollback::model::target::Target;

/// How long the answers of one round may take.
const FOR_ANSWERS: Duration = Duration::from_secs(10);
/// The pause after the first round; doubled after each, up to the interval.
const SOON: Duration = Duration::from_millis(250);
/// The check that says whether the others stayed good for long enough.
const STABLE: &str = "stable";

/// One workload whose checks are made.
pub(in crate::rollback) struct Member<'a> {
    pub(in crate::rollback) backend: &'a dyn Rollbacker,
    pub(in crate::rollback) target: &'a Target,
    /// Label selector of all its pods.
    pub(in crate::rollback) pod_selector: String,
    /// What tells who owns it, and who did before.
    pub(in crate::rollback) marks: Marked,
    pub(in crate::rollback) expected: &'a Expected,
    pub(in crate::rollback) demand: &'a Demand,
    pub(in crate::rollback) hints: &'a Hints,
    /// The workload and some of its pods as they were seen last, so that the first round need not
    /// find them before it asks about them.
    pub(in crate::rollback) before: Option<Seen>,
    /// When to give up; the first round is made in any case.
    pub(in crate::rollback) deadline: Deadline,
    /// Whether one round is all: nothing is to be hoped for.
    pub(in crate::rollback) once: bool,
}

/// What the rounds of one workload came to.
#[derive(Default)]
pub(in crate::rollback) struct Rounds {
    /// The checks of the last round, in their order.
    pub(in crate::rollback) checks: Vec<Check>,
    /// How many rounds there were.
    pub(in crate::rollback) count: u64,
    /// When the last one ended.
    pub(in crate::rollback) ended_at: Timestamp,
    /// Digests of the images that run.
    pub(in crate::rollback) digests: BTreeMap<String, Vec<String>>,
    /// resourceVersions of what the pods read.
    pub(in crate::rollback) config: BTreeMap<String, String>,
    /// The workload as it was seen last, where it is to be watched on.
    pub(in crate::rollback) workload: Option<Value>,
    /// What that came to.
    pub(in crate::rollback) staying: Option<Staying>,
    good_since: Option<Instant>,
    is_done: bool,
}

/// What one round found.
struct Round {
    checks: Vec<Check>,
    digests: BTreeMap<String, Vec<String>>,
    config: BTreeMap<String, String>,
    /// The workload, where it is to be watched on.
    workload: Option<Value>,
    /// Whether something is bad that waiting does not mend.
    is_final: bool,
}

/// Makes rounds of checks until each workload has an answer; the answers are in their order.
pub(in crate::rollback) async fn rounds(
    cluster: &Cluster,
    members: &[Member<'_>],
    listeners: &mut dyn Listeners,
) -> Vec<Rounds> {
    let started = Instant::now();
    let mut all: Vec<Rounds> = members.iter().map(|_| Rounds::default()).collect();
    loop {
        let active: Vec<usize> = all
            .iter()
            .enumerate()
            .filter(|(_, rounds)| !rounds.is_done)
            .map(|(index, _)| index)
            .collect();
        let asked: Vec<&Member<'_>> = active.iter().filter_map(|i| members.get(*i)).collect();
        if asked.is_empty() {
            return all;
        }
        let made = one_round(cluster, &asked).await;
        let mut pause = Duration::MAX;
        for ((index, member), round) in active.into_iter().zip(asked).zip(made) {
            let Some(rounds) = all.get_mut(index) else { continue };
            tell(index, started, &rounds.checks, &round.checks, listeners);
            rounds.take(round, member, started);
            pause = pause.min(pause_after(rounds.count).min(member.demand.interval()));
        }
        if all.iter().all(|rounds| rounds.is_done) {
            return all;
        }
        sleep(pause).await;
    }
}

/// What follows the pods, such as the slices of a Service, mostly needs a moment: the first rounds
/// come soon.
fn pause_after(rounds: u64) -> Duration {
    let doublings = u32::try_from(rounds.saturating_sub(1)).unwrap_or(u32::MAX);
    SOON.saturating_mul(2_u32.saturating_pow(doublings))
}

impl Rounds {
    fn take(&mut self, round: Round, member: &Member<'_>, started: Instant) {
        let demand = member.demand;
        let is_good = !round.checks.iter().any(Check::objects);
        let since = self.good_since.filter(|_| is_good).unwrap_or_else(Instant::now);
        self.good_since = is_good.then_some(since);
        self.checks = round.checks;
        self.digests = round.digests;
        self.config = round.config;
        self.workload = round.workload;
        self.count += 1;
        self.ended_at = now();
        let is_stable = is_good && since.elapsed() >= demand.stable_for();
        let patience = demand.patience.saturating_add(demand.stable_for());
        let out_of_time = member.deadline.passed() || started.elapsed() >= patience;
        self.is_done = round.is_final || is_stable || member.once || out_of_time;
        if self.is_done && demand.stable_for() > Duration::ZERO && is_good {
            self.checks.push(stability(since.elapsed(), demand.stable_for(), is_stable));
        }
    }
}

/// A verdict on less than was asked for would be a guess.
fn stability(good_for: Duration, wanted: Duration, is_stable: bool) -> Check {
    let (good_for, wanted) = (good_for.as_secs(), wanted.as_secs());
    let finding = if is_stable {
        Finding::pass(format!("all required checks stayed good for {wanted} s"))
    } else {
        Finding::unknown(format!(
            "all required checks were good for {good_for} s of {wanted} s when the time was up"
        ))
    };
    Check::new(STABLE, finding, Level::Required)
}

/// Tells what is not as it was in the round before.
fn tell(
    index: usize,
    started: Instant,
    before: &[Check],
    after: &[Check],
    listeners: &mut dyn Listeners,
) {
    let elapsed = started.elapsed().as_secs();
    for check in after {
        let was = before.iter().find(|old| old.id == check.id).map(|old| old.status);
        if was != Some(check.status) {
            listeners.on(index, Event::Check { elapsed, check: check.clone() });
        }
    }
}

async fn one_round(cluster: &Cluster, members: &[&Member<'_>]) -> Vec<Round> {
    let rounds = u32::try_from(members.len() / facts::AT_ONCE).unwrap_or(u32::MAX);
    let deadline = Deadline::after(FOR_ANSWERS.saturating_mul(rounds.saturating_add(1)));
    let owners = owners(cluster, members, deadline).shared();
    let members: Vec<(usize, &Member<'_>, LogRules)> = members
        .iter()
        .enumerate()
        .map(|(index, member)| (index, *member, log_rules(member.demand)))
        .collect();
    let first = |(_, member, logs): &(usize, &Member<'_>, LogRules)| {
        let guess = member.before.as_ref().map(|before| asks(&scene(member, before, logs), member));
        [seen::Asks::of(member).all(), guess.unwrap_or_default()].concat()
    };
    let one = async |(index, member, logs): &(usize, &Member<'_>, LogRules), facts: &Facts<'_>| {
        let mut seen = match seen::read(member, facts) {
            Ok(seen) => seen,
            Err(finding) => return unreadable(finding),
        };
        let (more, probed, owners) = {
            let scene = scene(member, &seen, logs);
            // What could not be guessed is asked for now.
            let more: Vec<Ask> =
                asks(&scene, member).into_iter().filter(|ask| !facts.knows(ask)).collect();
            let more = Facts::gather(cluster, more, FIELD_MANAGER, deadline);
            let probed = probe_all(cluster, member.demand, &scene, member.deadline);
            futures::join!(more, probed, owners.clone())
        };
        if let Some(owners) = owners.get(*index) {
            seen.owners = Arc::clone(owners);
        }
        judge(member.demand, &scene(member, &seen, logs), &more.and(facts), probed)
    };
    let rounds = facts::gather_each(cluster, &members, first, FIELD_MANAGER, deadline, one);
    // The owners are read beside all else; whoever judges waits for them.
    let (rounds, _) = futures::join!(rounds, owners.clone());
    rounds
}

/// The owners of each of them, in their order; none where no check asks for them.
async fn owners(
    cluster: &Cluster,
    members: &[&Member<'_>],
    deadline: Deadline,
) -> Arc<[Arc<[Rung]>]> {
    let asks = |member: &Member<'_>| {
        wanted(member.demand).any(|probe| probe.id().starts_with(probe::OWNERS))
    };
    let marks = members
        .iter()
        .map(|member| if asks(member) { member.marks.clone() } else { Marked::default() });
    let chains = rung::read(cluster, marks.collect(), FIELD_MANAGER, deadline).await;
    chains.into_iter().map(Arc::from).collect()
}

/// The HTTP probes of one workload, all at the same time, and how long each took.
async fn probe_all(
    cluster: &Cluster,
    demand: &Demand,
    scene: &Scene<'_>,
    deadline: Deadline,
) -> Vec<(String, Level, Finding, Duration)> {
    let is_wanted = |probe: &&HttpProbe| probe.level != Level::Ignore && wants(demand, &probe.id());
    let wanted = demand.http.iter().filter(is_wanted);
    let rounds = wanted.map(|probe| async move {
        let started = Instant::now();
        // Whoever answers slowly is to have a round of its own, also when the time is nearly up.
        let one = probe.timeout.saturating_add(probe.pause);
        let enough = one.saturating_mul(probe.consecutive.saturating_add(1));
        let limit = deadline.max(Deadline::after(enough));
        let finding = probe::http::run(cluster, probe, scene, limit).await;
        (probe.id(), probe.level, finding, started.elapsed())
    });
    futures::future::join_all(rounds).await
}

fn log_rules(demand: &Demand) -> LogRules {
    LogRules { patterns: demand.log_patterns.clone(), ignored: demand.log_ignored.clone() }
}

fn asks(scene: &Scene<'_>, member: &Member<'_>) -> Vec<Ask> {
    wanted(member.demand).flat_map(|probe| probe.asks(scene)).collect()
}

fn scene<'a>(member: &Member<'a>, seen: &'a Seen, logs: &'a LogRules) -> Scene<'a> {
    Scene {
        backend: member.backend,
        target: member.target,
        expected: member.expected,
        seen,
        logs,
        now: Timestamp::now(),
        hints: member.hints,
    }
}

/// Without the workload there is nothing to check.
fn unreadable(finding: Finding) -> Round {
    let check = Check::new("rollout.converged", finding, Level::Required);
    Round {
        checks: vec![check],
        digests: BTreeMap::new(),
        config: BTreeMap::new(),
        workload: None,
        is_final: false,
    }
}

fn wanted(demand: &Demand) -> impl Iterator<Item = &'static &'static dyn Probe> {
    probe::REGISTRY.iter().filter(|probe| wants(demand, probe.id()))
}

fn wants(demand: &Demand, id: &str) -> bool {
    demand.wants(id) && !demand.skipped.contains_key(id)
}

fn judge(
    demand: &Demand,
    scene: &Scene<'_>,
    facts: &Facts<'_>,
    probed: Vec<(String, Level, Finding, Duration)>,
) -> Round {
    let mut is_final = false;
    let mut checks = Vec::new();
    let mut add = |id: &str, finding: Finding, level: Level, took: Duration| {
        let is_for_good = finding.is_final;
        let mut check = Check::new(id, finding, level);
        if let Some(level) = demand.levels.get(id) {
            check.level = *level;
        }
        check.duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        is_final |= is_for_good && check.objects();
        checks.push(settled(check));
    };
    for probe in probe::REGISTRY.iter().filter(|probe| wants(demand, probe.id())) {
        let took = facts.took(&probe.asks(scene));
        add(probe.id(), probe.judge(scene, facts), probe.level(), took);
    }
    for (id, level, finding, took) in probed {
        add(&id, finding, level, took);
    }
    for id in demand.only.iter().filter(|id| is_unknown_probe(demand, id)) {
        let message = "no probe of this name is configured for this workload";
        let finding = Finding::unknown(message).because("Configuration").for_good();
        add(id, finding, Level::Required, Duration::ZERO);
    }
    for (id, reason) in &demand.skipped {
        let finding = Finding::skipped(format!("left out: {reason}"));
        checks.push(Check::new(id, finding, Level::Advisory));
    }
    let config = probe::versions(scene, facts);
    let workload = demand.watch_for.map(|_| scene.seen.workload.clone());
    Round { checks, digests: probe::digests(scene), config, workload, is_final }
}

/// Whether a check that is asked for by name would be a probe that nobody has configured. Without it,
/// a verification would be good because nothing was looked at.
fn is_unknown_probe(demand: &Demand, id: &str) -> bool {
    id.starts_with(probe::HTTP)
        && wants(demand, id)
        && demand.http.iter().all(|probe| probe.id() != id)
}

/// A failure that decides nothing reads like a warning.
fn settled(mut check: Check) -> Check {
    if check.level != Level::Required && check.status == CheckStatus::Fail {
        check.status = CheckStatus::Warn;
    }
    check
}
