//! Runs kubectl as a person would, but with nothing of the person's own environment.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::cluster::Cluster;

/// What a finished program left behind.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// -1 when a signal ended it.
    pub(crate) code: i32,
}

/// `kubectl ARGUMENTS` with that kubeconfig, and `input` on its stdin.
pub(crate) fn run(
    cluster: &Cluster,
    kubeconfig: &Path,
    arguments: &[&str],
    input: &str,
) -> Result<Output> {
    let mut command = Command::new(&cluster.kubectl);
    command.args(arguments).env_clear().env("KUBECONFIG", kubeconfig);
    // Its discovery cache goes here, so that runs do not see each other's.
    command.env("HOME", &cluster.directory);
    // It ends before it needs its memory back: that saves a fourth of its CPU time, of thousands of runs.
    command.env("GOGC", "off");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().context("starting kubectl")?;
    if let Some(mut stdin) = process.stdin.take() {
        // A kubectl that fails early does not read it; its own message says more than the broken
        // pipe.
        let _ = std::io::Write::write_all(&mut stdin, input.as_bytes());
    }
    let output = process.wait_with_output().context("waiting for kubectl")?;
    Ok(Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    })
}

impl fmt::Display for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stdout, stderr, code } = self;
        write!(formatter, "exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}
