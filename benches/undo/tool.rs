//! The two tools that are compared, and how each is called.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::run::{self, Call, Took};
use super::testbed::TestBed;

/// Both tools on one test bed, with a home of their own: kubectl keeps its discovery there.
pub(crate) struct Tools<'b> {
    bed: &'b TestBed,
    home: tempfile::TempDir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Rb,
    Kubectl,
}

/// The order of a round.
pub(crate) const BOTH: [Tool; 2] = [Tool::Rb, Tool::Kubectl];

impl<'b> Tools<'b> {
    pub(crate) fn new(bed: &'b TestBed) -> Result<Self> {
        Ok(Self { bed, home: tempfile::tempdir()? })
    }

    /// Runs command lines of a tool one after the other, without its name in front.
    pub(crate) fn run(&self, tool: Tool, lines: &[&str], kubeconfig: &Path) -> Result<Took> {
        let program = self.program(tool);
        let calls: Vec<Call> = lines.iter().map(|line| Call::new(&program, line)).collect();
        run::run(&calls, kubeconfig, self.home.path())
    }

    fn program(&self, tool: Tool) -> PathBuf {
        match tool {
            Tool::Rb => PathBuf::from(env!("CARGO_BIN_EXE_rb")),
            Tool::Kubectl => self.bed.kubectl().to_owned(),
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rb => "rb",
            Self::Kubectl => "kubectl",
        })
    }
}
