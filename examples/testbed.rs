//! Keeps a test bed running, to play with by hand: a real Kubernetes control plane on this machine,
//! with pods that become ready, crash or hang as the tag of their image says
//! (tests/testbed/README.md).
//!
//! ```text
//! cargo run --example testbed [-- [--kubeconfig FILE] [--flux] [--argocd]]
//! ```
//!
//! It says where the kubeconfig and kubectl are, and with `--kubeconfig` writes the kubeconfig to
//! that place too. `--flux` and `--argocd` start these, with a Git repository in which there is an app
//! for them. It ends with Ctrl-C, and everything that it started or wrote is gone then. The
//! first run builds the programs with Go, which takes minutes.

#[path = "../tests/testbed/harness.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "each program that includes the harness uses a part of it"
)]
mod testbed;

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use testbed::{Fleet, TestBed};

/// How often it looks whether all servers still run.
const CHECK: Duration = Duration::from_secs(1);

fn main() -> Result<ExitCode> {
    if let Some(code) = testbed::run_supervisor_if_asked() {
        return Ok(code);
    }
    let Options { copy, flux, argocd } = options()?;
    let bed = TestBed::start()?;
    let kubeconfig = bed.kubeconfig();
    if let Some(copy) = &copy {
        fs::copy(&kubeconfig, copy).with_context(|| format!("writing {}", copy.display()))?;
    }
    writeln!(
        io::stdout(),
        "export KUBECONFIG={}\nalias kubectl={}\n# Ctrl-C ends it.",
        copy.as_ref().unwrap_or(&kubeconfig).display(),
        bed.kubectl().display(),
    )?;
    let fleet = (flux || argocd).then(Fleet::new);
    if let Some(fleet) = &fleet {
        fleet.app("apps/web", "web", "shop/web:1.0");
        fleet.push("Add web");
        writeln!(io::stdout(), "export FLEET={}  # apps/web is there; you may push", fleet.url())?;
    }
    if flux {
        bed.flux();
    }
    if argocd {
        bed.argocd();
    }
    let outcome = until_interrupted(&bed);
    if let Some(copy) = &copy {
        fs::remove_file(copy).with_context(|| format!("removing {}", copy.display()))?;
    }
    bed.stop()?;
    outcome.map(|()| ExitCode::SUCCESS)
}

#[derive(Default)]
struct Options {
    /// Where the kubeconfig is wanted too.
    copy: Option<PathBuf>,
    flux: bool,
    argocd: bool,
}

fn options() -> Result<Options> {
    let mut options = Options::default();
    let mut arguments = env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--kubeconfig") => {
                options.copy = Some(arguments.next().context("--kubeconfig needs a FILE")?.into());
            }
            Some("--flux") => options.flux = true,
            Some("--argocd") => options.argocd = true,
            _ => bail!("usage: testbed [--kubeconfig FILE] [--flux] [--argocd]"),
        }
    }
    Ok(options)
}

/// Returns at Ctrl-C, or with an error when a server has ended.
fn until_interrupted(bed: &TestBed) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        loop {
            match tokio::time::timeout(CHECK, tokio::signal::ctrl_c()).await {
                Ok(interrupted) => return interrupted.context("waiting for Ctrl-C"),
                Err(_) => bed.check()?,
            }
        }
    })
}
