//! Runs a program to its end, and watches how much memory it has itself. The kernel's own figure for a
//! process that has ended holds that of its children as well: those are `git`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// How often it is looked at. What the kernel tells is the peak so far.
const PAUSE: Duration = Duration::from_millis(2);

/// One program with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Where it runs.
    pub(crate) folder: PathBuf,
}

/// What a run took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Took {
    pub(crate) wall: Duration,
    /// The peak of the last program alone, in bytes; `None` where this system does not tell.
    pub(crate) peak: Option<u64>,
}

/// Runs the calls one after the other, as `a && b` does. All must succeed.
pub(crate) fn run(calls: &[Call], variables: &BTreeMap<&str, PathBuf>) -> Result<Took> {
    let clock = Instant::now();
    let mut peak = None;
    for call in calls {
        peak = run_one(call, variables)
            .with_context(|| format!("{} {:?}", call.program.display(), call.arguments))?;
    }
    Ok(Took { wall: clock.elapsed(), peak })
}

fn run_one(call: &Call, variables: &BTreeMap<&str, PathBuf>) -> Result<Option<u64>> {
    let said = tempfile::NamedTempFile::new()?;
    let child = Command::new(&call.program)
        .args(&call.arguments)
        .current_dir(&call.folder)
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(said.reopen()?)
        .stderr(said.reopen()?)
        .spawn();
    let mut child = child.context("it does not start")?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let mut peak = None;
        loop {
            peak = peak.max(peak_so_far(&status));
            if stopped.recv_timeout(PAUSE) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                return peak;
            }
        }
    });
    let ended = child.wait()?;
    drop(stop);
    let peak = watch.join().ok().flatten();
    ensure!(ended.success(), "{ended}: {}", fs::read_to_string(said.path()).unwrap_or_default());
    Ok(peak)
}

fn peak_so_far(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}
