//! `rb undo` beside `kubectl rollout undo` and `kubectl rollout status`: whole processes on the test
//! bed, in turn, in the same run.
//!
//! ```text
//! cargo bench --bench undo -- [--quick] [--only direct|delayed|many|big] [--rounds N] [--check]
//!                             [--json FILE]
//! ```
//!
//! The answer is a Markdown table on stdout; progress goes to stderr. What is measured and how is
//! said in docs/benchmarks.md. The way through the files: `single`, `many` and `big` are the
//! situations; `workload` brings a Deployment into the same state before each round; `run` runs
//! programs and measures them; `wire` reads the proxy's record; `figure` and `report` make the table.

#![allow(
    clippy::indexing_slicing,
    reason = "a benchmark that does not find what it made fails by panicking"
)]

#[path = "undo/big.rs"]
mod big;
#[path = "undo/figure.rs"]
mod figure;
#[path = "undo/many.rs"]
mod many;
#[path = "undo/options.rs"]
mod options;
#[path = "undo/report.rs"]
mod report;
#[path = "undo/run.rs"]
mod run;
#[path = "undo/single.rs"]
mod single;
#[path = "../tests/testbed/harness.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "each program that includes the harness uses a part of it"
)]
mod testbed;
#[path = "undo/tool.rs"]
mod tool;
#[path = "undo/wire.rs"]
mod wire;
#[path = "undo/workload.rs"]
mod workload;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use self::figure::Figure;
use self::options::{Options, Situation};

fn main() -> Result<ExitCode> {
    if let Some(code) = testbed::run_supervisor_if_asked() {
        return Ok(code);
    }
    if let Some(code) = run::measure_if_asked()? {
        return Ok(code);
    }
    let options = Options::parse();
    let mut figures = Vec::new();
    for (situation, measure) in SITUATIONS {
        if options.wants(situation) {
            say(&format!("{situation}: {} rounds", options.rounds()));
            figures.extend(measure(&options).with_context(|| situation.to_string())?);
        }
    }
    writeln!(io::stdout(), "{}", report::markdown(&figures, "kubectl"))?;
    if let Some(file) = &options.json {
        report::write_json("undo", &figures, options.rounds(), file)?;
    }
    let missed = figures.iter().filter(|figure| figure.is_met() == Some(false)).count();
    say(&format!("{missed} figures are not met"));
    Ok(if options.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

type Measure = fn(&Options) -> Result<Vec<Figure>>;

const SITUATIONS: [(Situation, Measure); 4] = [
    (Situation::Direct, single::direct),
    (Situation::Delayed, single::delayed),
    (Situation::Many, many::measure),
    (Situation::Big, big::measure),
];

/// One line about how far it is.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "bench: {line}");
}
