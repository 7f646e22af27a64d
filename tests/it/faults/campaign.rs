//! A campaign: the requests of a scenario are recorded, each is hit by everything that it may meet, a
//! run at a time, several workers beside each other.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use crate::testbed::TestBed;

use super::run::run;
use super::scenario::{Effect, Scenario};
use super::shape::Asked;
use super::strike::Strike;
use super::subject::Batch;
use super::tally::Tally;

/// Workloads that are made at once.
const BATCH: usize = 12;
/// A word that a run has to have in its name: for whoever looks into one.
const ONLY: &str = "RB_FAULTS_ONLY";

/// Set: nothing is left out.
const EVERYTHING: &str = "RB_FAULTS_EVERYTHING";

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
    let limit = if std::env::var_os(EVERYTHING).is_some() { pairs.len() } else { size.runs };
    let mut chosen = chosen(&pairs, strikes, limit);
    chosen.retain(|pair| name(pair).contains(&only));
    let (tally, violations) = (Tally::default(), Mutex::new(Vec::new()));
    tally.expect(pairs.iter().map(|(_, strike)| strike));
    // Fewer than there are workers would leave some without work.
    let share = chosen.len().div_ceil(size.workers).clamp(1, BATCH);
    let parts = Mutex::new(chosen.chunks(share));
    let work = || {
        loop {
            let part = parts.lock().expect("nobody panics with it").next();
            let Some(part) = part else { return };
            let count = if scenario.effect == Effect::Nothing { 1 } else { part.len() };
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

/// So many of them, spread: they are taken along the diagonals of the table of requests and strikes,
/// so that each request is hit as often as the others, and each strike hits as many.
fn chosen<'p>(pairs: &'p [Pair], strikes: &[Strike], limit: usize) -> Vec<&'p Pair> {
    let requests: BTreeSet<&Asked> = pairs.iter().map(|(asked, _)| asked).collect();
    let columns: Vec<String> = strikes.iter().map(Strike::to_string).collect();
    let place = |(asked, strike): &&Pair| {
        let row = requests.iter().take_while(|request| **request < asked).count();
        let name = strike.to_string();
        let column = columns.iter().position(|column| *column == name).unwrap_or_default();
        ((row + column) % columns.len(), row)
    };
    let mut chosen: Vec<&Pair> = pairs.iter().collect();
    chosen.sort_by_key(place);
    chosen.truncate(limit);
    // A strike that hits few requests may stand on the diagonals that are left.
    let is_met = |chosen: &[&Pair], strike: &Strike| {
        chosen.iter().any(|(_, other)| other.to_string() == strike.to_string())
    };
    for pair in pairs {
        if !is_met(&chosen, &pair.1) {
            chosen.push(pair);
        }
    }
    chosen
}
