//! `rb undo` of what Argo CD and Flux take from Git, beside the same steps by hand: whole processes on
//! the real controllers of the test bed, in turn, in the same run.
//!
//! ```text
//! cargo bench --bench gitops -- [--quick] [--only argocd|flux|blocked|now|requests|big] [--rounds N]
//!                               [--check] [--json FILE] [--rb FILE]
//! ```
//!
//! The answer is Markdown on stdout; progress goes to stderr. What is measured and how is said in
//! docs/benchmarks.md. The way through the files: `place` is a service that an owner takes from Git;
//! `ways` are the ways to take a release of it back; `service` watches it meanwhile; `durable`,
//! `blocked`, `now`, `requests` and `big` are the situations; `process` runs a program and watches its
//! memory; `figure` and `report` make the table.

#![allow(
    clippy::indexing_slicing,
    reason = "a benchmark that does not find what it made fails by panicking"
)]

#[path = "gitops/big.rs"]
mod big;
#[path = "gitops/blocked.rs"]
mod blocked;
#[path = "gitops/durable.rs"]
mod durable;
#[path = "undo/figure.rs"]
#[allow(dead_code, reason = "a part of the targets is used here")]
mod figure;
#[path = "gitops/now.rs"]
mod now;
#[path = "gitops/options.rs"]
mod options;
#[path = "../tests/it/durable/phases.rs"]
mod phases;
#[path = "gitops/place.rs"]
mod place;
#[path = "git/process.rs"]
mod process;
#[path = "undo/report.rs"]
mod report;
#[path = "gitops/requests.rs"]
mod requests;
#[path = "gitops/service.rs"]
mod service;
#[path = "../tests/testbed/harness.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "each program that includes the harness uses a part of it"
)]
mod testbed;
#[path = "gitops/ways.rs"]
mod ways;

use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use self::figure::{Figure, Sample, Target, Unit};
use self::options::{Options, Situation};
use self::testbed::TestBed;

type Measure = fn(&TestBed, &Options) -> Result<Vec<Figure>>;

const SITUATIONS: [(Situation, Measure); 6] = [
    (Situation::Argocd, durable::under_argocd),
    (Situation::Flux, durable::under_flux),
    (Situation::Blocked, blocked::measure),
    (Situation::Now, now::measure),
    (Situation::Requests, requests::measure),
    (Situation::Big, big::measure),
];

fn main() -> Result<ExitCode> {
    if let Some(code) = testbed::run_supervisor_if_asked() {
        return Ok(code);
    }
    let options = Options::parse();
    let bed = TestBed::start()?;
    let mut figures = Vec::new();
    for (situation, measure) in SITUATIONS {
        if options.wants(situation) {
            say(&format!("{situation:?}, load {}", load()));
            figures.extend(measure(&bed, &options).with_context(|| format!("{situation:?}"))?);
        }
    }
    bed.stop()?;
    writeln!(io::stdout(), "{}", report::markdown(&figures, "other"))?;
    if let Some(file) = &options.json {
        report::write_json("gitops", &figures, options.rounds(), file)?;
    }
    let missed = figures.iter().filter(|figure| figure.is_met() == Some(false)).count();
    say(&format!("{missed} figures are not met, load {}", load()));
    Ok(if options.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// How busy the machine was in the last minute: much else than this makes all times doubtful.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// One line of a table.
fn line(
    situation: &str,
    what: &str,
    unit: Unit,
    [rb, other]: [Sample; 2],
    target: Option<Target>,
) -> Figure {
    let (situation, what) = (situation.to_owned(), what.to_owned());
    Figure { situation, what, unit, rb, kubectl: other, target, refused: None }
}

/// One line about how far it is.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "bench: {line}");
}
