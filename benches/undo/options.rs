//! The command line of the benchmark.

use std::fmt;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

const ROUNDS: usize = 15;
const QUICK_ROUNDS: usize = 3;

/// Compares rb undo with kubectl rollout undo and status, on the test bed
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench undo --")]
pub(crate) struct Options {
    /// Measure this situation only; may be given more than once
    #[arg(long, value_name = "SITUATION")]
    only: Vec<Situation>,

    /// How often each tool runs [default: 15]
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

    /// Cargo passes it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// What the tools are put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Situation {
    /// One Deployment, the API server on the same machine
    Direct,
    /// The same behind a round trip of 50 ms
    Delayed,
    /// 100 Deployments in one call
    Many,
    /// One Deployment among a thousand
    Big,
}

impl Options {
    pub(crate) fn wants(&self, situation: Situation) -> bool {
        self.only.is_empty() || self.only.contains(&situation)
    }

    pub(crate) fn rounds(&self) -> usize {
        let usual = if self.quick { QUICK_ROUNDS } else { ROUNDS };
        self.rounds.map_or(usual, usize::from)
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "one Deployment, 0 ms",
            Self::Delayed => "one Deployment, 50 ms round trip",
            Self::Many => "100 Deployments in one call",
            Self::Big => "one Deployment among 1,000 with 10,000 ReplicaSets",
        })
    }
}
