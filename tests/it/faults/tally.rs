//! What the campaign has done, in a table for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::run::Outcome;
use super::strike::Strike;

/// Runs of all campaigns so far.
static ALL: AtomicUsize = AtomicUsize::new(0);

/// The runs of one scenario.
#[derive(Default)]
pub(super) struct Tally {
    rows: Mutex<BTreeMap<String, Row>>,
}

/// What hit, and how that went.
#[derive(Default)]
struct Row {
    /// Requests that it may hit.
    requests: usize,
    runs: usize,
    /// Runs in which the request did not come up.
    missed: usize,
    violations: usize,
    /// How often a run ended with this code.
    codes: BTreeMap<i32, usize>,
}

impl Tally {
    /// Notes what hits each of the requests, whether that is run or left out.
    pub(super) fn expect<'a>(&self, strikes: impl Iterator<Item = &'a Strike>) {
        let mut rows = self.rows.lock().expect("nobody panics with it");
        for strike in strikes {
            rows.entry(strike.to_string()).or_default().requests += 1;
        }
    }

    pub(super) fn add(&self, strike: Strike, outcome: &Outcome) {
        let mut rows = self.rows.lock().expect("nobody panics with it");
        let row = rows.entry(strike.to_string()).or_default();
        row.runs += 1;
        row.missed += usize::from(!outcome.is_hit);
        row.violations += outcome.violations.len();
        *row.codes.entry(outcome.code).or_default() += 1;
    }

    /// Prints the table, with how many runs there were in all so far.
    pub(super) fn print(&self, scenario: &str, took: Duration) {
        let rows = self.rows.lock().expect("nobody panics with it");
        let sum = |number: fn(&Row) -> usize| rows.values().map(number).sum::<usize>();
        let (runs, pairs) = (sum(|row| row.runs), sum(|row| row.requests));
        let all = ALL.fetch_add(runs, Ordering::SeqCst) + runs;
        let mut text = format!(
            "faults: {scenario}: {runs} runs in {} s, {} left out, {} violations ({all} runs in all \
             so far)\n",
            took.as_secs(),
            pairs - runs,
            sum(|row| row.violations),
        );
        for (strike, row) in rows.iter() {
            let codes: Vec<_> = row.codes.iter().map(|(code, n)| format!("{n} x {code}")).collect();
            let Row { requests, runs, violations, missed, .. } = row;
            let _ = write!(
                text,
                "  {strike:<16} {runs:>3} of {requests:>3} requests, {violations} violations; ended \
                 with {}",
                codes.join(", ")
            );
            let missed = if *missed == 0 { "" } else { &format!("; {missed} did not come up") };
            let _ = writeln!(text, "{missed}");
        }
        let _ = io::stdout().lock().write_all(text.as_bytes());
    }
}
