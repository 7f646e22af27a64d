//! The command line of the benchmark.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};

const ROUNDS: usize = 3;

/// Compares rb undo with the same steps by hand, on real Argo CD and Flux
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench gitops --")]
pub(crate) struct Options {
    /// Measure this situation only; may be given more than once
    #[arg(long, value_name = "SITUATION")]
    only: Vec<Situation>,

    /// How often each way is gone [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,

    /// One round: to see that it works, not to compare
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

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Situation {
    /// Through Git, under Argo CD
    Argocd,
    /// Through Git, under Flux
    Flux,
    /// Through Git, while a health check of Flux holds everything back
    Blocked,
    /// With --now
    Now,
    /// What is asked of the API server
    Requests,
    /// Memory with an Application of 2,000 resources
    Big,
}

impl Options {
    pub(crate) fn wants(&self, situation: Situation) -> bool {
        self.only.is_empty() || self.only.contains(&situation)
    }

    pub(crate) fn rounds(&self) -> usize {
        let usual = if self.quick { 1 } else { ROUNDS };
        self.rounds.map_or(usual, usize::from)
    }

    pub(crate) fn rb(&self) -> &Path {
        self.rb.as_deref().unwrap_or(Path::new(env!("CARGO_BIN_EXE_rb")))
    }
}
