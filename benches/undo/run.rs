//! Runs programs one after the other, as `a && b` does, and says what they took.
//!
//! This program starts itself once more for that: the kernel counts the CPU time and the peak memory
//! of children that have ended all together, and a child begins with the peak of the process that
//! starts it. A small process of its own for each measurement keeps both clean.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde::{Deserialize, Serialize};

/// First argument of the process that measures.
const ARGUMENT: &str = "__bench_measure";

/// One program with its arguments.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
}

impl Call {
    /// `arguments` is split at blanks.
    pub(crate) fn new(program: &Path, arguments: &str) -> Self {
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        Self { program: program.to_owned(), arguments }
    }
}

/// How one program ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) wall: Duration,
    pub(crate) code: i32,
    /// Both streams, for messages.
    pub(crate) said: String,
}

/// What a sequence of programs took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Took {
    /// When the first one was started.
    pub(crate) started: SystemTime,
    /// From the start of the first to the end of the last.
    pub(crate) wall: Duration,
    pub(crate) calls: Vec<Ended>,
    /// User and system time of all of them.
    pub(crate) cpu: Duration,
    /// The peak of the one that needed most, in bytes.
    pub(crate) peak: u64,
}

impl Took {
    pub(crate) fn succeeded(&self) -> bool {
        self.calls.iter().all(|call| call.code == 0)
    }
}

/// Runs the calls with this kubeconfig and nothing else of the environment. One that fails is the
/// last.
pub(crate) fn run(calls: &[Call], kubeconfig: &Path, home: &Path) -> Result<Took> {
    let output = Command::new(std::env::current_exe().context("finding this program")?)
        .arg(ARGUMENT)
        .arg(serde_json::to_string(calls)?)
        .env_clear()
        .env("KUBECONFIG", kubeconfig)
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("USER", "bench")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("starting the process that measures")?;
    ensure!(output.status.success(), "the process that measures: {}", output.status);
    serde_json::from_slice(&output.stdout).context("reading the measurement")
}

/// The work of the process that measures.
pub(crate) fn measure_if_asked() -> Result<Option<ExitCode>> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().is_none_or(|first| first != ARGUMENT) {
        return Ok(None);
    }
    let calls: Vec<Call> = serde_json::from_str(&arguments.next().unwrap_or_default())?;
    let (started, clock) = (SystemTime::now(), Instant::now());
    let mut ends: Vec<Ended> = Vec::new();
    for call in &calls {
        let end = run_one(call)?;
        let goes_on = end.code == 0;
        ends.push(end);
        if !goes_on {
            break;
        }
    }
    let wall = clock.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("asking for the usage")?;
    let took = Took { started, wall, calls: ends, cpu: cpu(&usage), peak: peak(&usage) };
    serde_json::to_writer(io::stdout(), &took)?;
    io::stdout().flush()?;
    Ok(Some(ExitCode::SUCCESS))
}

fn run_one(call: &Call) -> Result<Ended> {
    let started = Instant::now();
    let output = Command::new(&call.program)
        .args(&call.arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", call.program.display()))?;
    let wall = started.elapsed();
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    Ok(Ended { wall, code: output.status.code().unwrap_or(-1), said: said.concat() })
}

fn cpu(usage: &Usage) -> Duration {
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(microseconds).unwrap_or_default())
}

fn peak(usage: &Usage) -> u64 {
    // Apple's systems count bytes, the others kilobytes.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    u64::try_from(usage.max_rss()).unwrap_or_default() * unit
}
