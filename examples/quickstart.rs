//! A release that crashes, and the way back, in one command:
//!
//! ```text
//! cargo run --example quickstart
//! cargo run --example quickstart -- --context NAME
//! ```
//!
//! It builds `rb`, starts a real control plane on this machine (tests/testbed), deploys a small
//! shop, then a release of it that crashes, and rolls that back. Every command is shown before it
//! runs. With `--context` it uses a cluster that is already there, with the kubectl of this
//! machine, in a namespace of its own that is removed at the end, also after a failure or Ctrl-C.
//!
//! It ends with 0 only if everything was as it should be, so it is a test too. The way through the
//! files: `stage` is the cluster it plays on, `story` what happens, `transcript` what is shown.

#[path = "quickstart/stage.rs"]
mod stage;
#[path = "quickstart/story.rs"]
mod story;
#[path = "../tests/testbed/harness.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "each program that includes the harness uses a part of it"
)]
mod testbed;
#[path = "quickstart/transcript.rs"]
mod transcript;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::stage::Cleanup;

/// Deploys a release that crashes and rolls it back with rb
#[derive(Clone, Debug, Parser)]
struct Options {
    /// Play on the cluster of this context, not on the test bed
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Kubeconfig that has the context, instead of $KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE", requires = "context")]
    kubeconfig: Option<PathBuf>,

    /// Folder with good.yaml and bad.yaml, instead of those of the quickstart
    #[arg(long, value_name = "FOLDER")]
    manifests: Option<PathBuf>,

    /// Wait for Enter before each step
    #[arg(long)]
    pause: bool,
}

/// How the story ended.
enum Ending {
    Told(Result<()>),
    Stopped { code: u8 },
}

fn main() -> Result<ExitCode> {
    if let Some(code) = testbed::run_supervisor_if_asked() {
        return Ok(code);
    }
    let options = Options::parse();
    let cleanup = Cleanup::default();
    let ending = until_told_or_stopped(options, &cleanup)?;
    // On every way out.
    let cleaned = cleanup.run();
    let (outcome, code) = match ending {
        Ending::Told(outcome) => (outcome, 1),
        Ending::Stopped { code } => (Err(anyhow!("stopped before the end")), code),
    };
    let failures: Vec<_> = [outcome, cleaned].into_iter().filter_map(Result::err).collect();
    for failure in &failures {
        writeln!(io::stderr(), "quickstart: {failure:#}")?;
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(code) })
}

/// Tells the story on a thread of its own, so that Ctrl-C is heard at any time.
fn until_told_or_stopped(options: Options, cleanup: &Cleanup) -> Result<Ending> {
    let (sender, told) = oneshot::channel();
    let cleanup = cleanup.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        thread::spawn(move || sender.send(story::tell(&options, &cleanup)));
        Ok(tokio::select! {
            outcome = told => Ending::Told(outcome.context("the story broke off")?),
            _ = interrupt.recv() => Ending::Stopped { code: 130 },
            _ = terminate.recv() => Ending::Stopped { code: 143 },
        })
    })
}
