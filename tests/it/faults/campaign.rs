//! A campaign: the requests of a scenario are recorded, each is hit by everything that it may meet, a
//! run at a time, several workers beside each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use crate::testbed::TestBed;

use super::run::run;
use super::scenario::Scenario;
use super::shape::Asked;
use super::strike::Strike;
use super::subject::Batch;
use super::tally::Tally;

/// Workloads that are made at once.
const BATCH: usize = 12;
/// A word that a run has to have in its name: for whoever looks into one.
const ONLY: &str = "RB_FAULTS_ONLY";

/// A request and what hits it.
type Pair = (Asked, Strike);

/// How much of it there may be.
pub(super) struct Size {
    /// Runs; where there are more pairs, they are spread.
    pub(super) runs: usize,
    pub(super) workers: usize,
}

/// Breaks a scenario in every way, and fails the test if one of them is not told truly.
pub(super) fn campaign(bed: &TestBed, scenario: &Scenario, strikes: &[Strike], size: &Size) {
    let started = Instant::now();
    let pairs = pairs(&requests_of(bed, scenario), strikes);
    let name = |(asked, strike): &Pair| format!("{} | {asked} | {strike}", scenario.name);
    let only = std::env::var(ONLY).unwrap_or_default();
    let chosen: Vec<&Pair> = chosen(&pairs, size.runs)
        .into_iter()
        .map(|index| &pairs[index])
        .filter(|pair| name(pair).contains(&only))
        .collect();
    let (tally, violations) = (Tally::default(), Mutex::new(Vec::new()));
    tally.expect(pairs.iter().map(|(_, strike)| strike));
    // Fewer than there are workers would leave some without work.
    let share = chosen.len().div_ceil(size.workers).clamp(1, BATCH);
    let parts = Mutex::new(chosen.chunks(share));
    let work = || {
        loop {
            let part = parts.lock().expect("nobody panics with it").next();
            let Some(part) = part else { return };
            let count = if scenario.writes { part.len() } else { 1 };
            let batch = Batch::stage(bed, scenario, count);
            for (pair, subject) in part.iter().zip(batch.subjects.iter().cycle()) {
                let (asked, strike) = pair;
                let outcome = run(bed, scenario, &batch.namespace, subject, Some((asked, *strike)));
                tally.add(*strike, &outcome);
                let told = outcome.violations.iter().map(|what| format!("{}: {what}", name(pair)));
                violations.lock().expect("nobody panics with it").extend(told);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..size.workers {
            scope.spawn(work);
        }
    });
    tally.print(scenario.name, started.elapsed());
    let violations = violations.into_inner().expect("nobody panics with it");
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

/// What the scenario asks where nothing is wrong; that has to be right, too.
fn requests_of(bed: &TestBed, scenario: &Scenario) -> Vec<Asked> {
    let batch = Batch::stage(bed, scenario, 1);
    let outcome = run(bed, scenario, &batch.namespace, &batch.subjects[0], None);
    let wrong = outcome.violations;
    assert!(wrong.is_empty(), "{} without a fault:\n{}", scenario.name, wrong.join("\n"));
    outcome.asked
}

/// Everything that each request may meet.
fn pairs(asked: &[Asked], strikes: &[Strike]) -> Vec<Pair> {
    let mut asked = asked.to_vec();
    // Parallel requests come in any order, the choice must not.
    asked.sort_unstable();
    let met = |asked: &Asked| {
        let applies = strikes.iter().filter(|strike| strike.applies(&asked.shape));
        applies.map(|strike| (asked.clone(), *strike)).collect::<Vec<_>>()
    };
    asked.iter().flat_map(met).collect()
}

/// At most so many of them, spread: each request is hit, and each strike hits something.
fn chosen(pairs: &[Pair], limit: usize) -> Vec<usize> {
    let step = pairs.len().div_ceil(limit.max(1)).max(1);
    let mut place = BTreeMap::<&Asked, usize>::new();
    let requests: BTreeSet<&Asked> = pairs.iter().map(|(asked, _)| asked).collect();
    let mut chosen = BTreeSet::new();
    for (index, (asked, _)) in pairs.iter().enumerate() {
        let row = requests.iter().take_while(|request| **request < asked).count();
        let column = place.entry(asked).or_default();
        if (row + *column).is_multiple_of(step) {
            chosen.insert(index);
        }
        *column += 1;
    }
    let is_met = |chosen: &BTreeSet<usize>, pair: &Pair| {
        let met = || chosen.iter().filter_map(|index| pairs.get(*index));
        met().any(|(asked, _)| *asked == pair.0)
            && met().any(|(_, strike)| strike.to_string() == pair.1.to_string())
    };
    for (index, pair) in pairs.iter().enumerate() {
        if !is_met(&chosen, pair) {
            chosen.insert(index);
        }
    }
    chosen.into_iter().collect()
}
