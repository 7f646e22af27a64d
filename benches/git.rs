//! `rb revert-commit` beside `git clone && git revert && git push`, from a whole clone and from a partial
//! one: whole processes on generated repositories, in turn, in the same run.
//!
//! ```text
//! cargo bench --bench git -- [--quick] [--only small|medium|large|file] [--rounds N] [--check]
//!                            [--json FILE]
//! ```
//!
//! The answer is Markdown on stdout; progress goes to stderr. What is measured and how is said in
//! docs/benchmarks.md. The way through the files: `repository` generates and keeps the repositories;
//! `ways` are the ways to revert; `situation` runs them in turn on the same state; `line` is a long
//! line to the server; `process` runs a program and watches its memory; `table` shows what came out.

#![allow(
    clippy::indexing_slicing,
    reason = "a benchmark that does not find what it made fails by panicking"
)]

#[path = "undo/figure.rs"]
#[allow(dead_code, reason = "only the samples are used here")]
mod figure;
#[path = "git/line.rs"]
mod line;
#[path = "git/options.rs"]
mod options;
#[path = "git/process.rs"]
mod process;
#[path = "git/repository.rs"]
mod repository;
#[path = "git/situation.rs"]
mod situation;
#[path = "git/table.rs"]
mod table;
#[path = "../tests/testbed/harness.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "each program that includes the harness uses a part of it"
)]
mod testbed;
#[path = "git/ways.rs"]
mod ways;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use self::options::Options;

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let mut tables = Vec::new();
    for situation in situation::ALL {
        if options.wants(&situation) {
            say(&format!("{situation}: {} rounds", options.rounds()));
            let table = situation::measure(&situation, options.rounds(), options.rb());
            tables.push(table.with_context(|| situation.to_string())?);
        }
    }
    for table in &tables {
        writeln!(io::stdout(), "{}", table.markdown())?;
    }
    if let Some(file) = &options.json {
        table::write_json(&tables, options.rounds(), file)?;
    }
    let missed: usize = tables.iter().map(table::Table::missed).sum();
    say(&format!("{missed} figures are not met"));
    Ok(if options.check && missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One line about how far it is.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "bench: {line}");
}
