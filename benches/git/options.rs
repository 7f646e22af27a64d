//! The command line of the benchmark.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};

use super::situation::Situation;

const ROUNDS: usize = 7;
const QUICK_ROUNDS: usize = 2;

/// Compares rb revert-commit with git clone, revert and push
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench git --")]
pub(crate) struct Options {
    /// Measure on this repository only; may be given more than once
    #[arg(long, value_name = "REPOSITORY")]
    only: Vec<Which>,

    /// How often each way is gone [default: 7]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,

    /// Few rounds: to see that it works, not to compare
    #[arg(long)]
    quick: bool,

    /// End with 1 when a figure is not met
    #[arg(long)]
    pub(crate) check: bool,

    /// Write all values to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Measure this program in the place of the one that was built
    #[arg(long, value_name = "FILE")]
    rb: Option<PathBuf>,

    /// Cargo passes it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// The repositories, and the way over files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// 500 files, 1,000 commits
    Small,
    /// 5,000 files, 10,000 commits
    Medium,
    /// 50,000 files, 50,000 commits
    Large,
    /// 5,000 files, 10,000 commits, over file://
    File,
}

impl Options {
    pub(crate) fn wants(&self, situation: &Situation) -> bool {
        self.only.is_empty() || self.only.contains(&situation.which)
    }

    pub(crate) fn rb(&self) -> &Path {
        self.rb.as_deref().unwrap_or(Path::new(env!("CARGO_BIN_EXE_rb")))
    }

    pub(crate) fn rounds(&self) -> usize {
        let usual = if self.quick { QUICK_ROUNDS } else { ROUNDS };
        self.rounds.map_or(usual, usize::from)
    }
}
