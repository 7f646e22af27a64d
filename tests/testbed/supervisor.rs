//! The process that owns the servers, so that none outlives the tests: not after a panic, not after
//! Ctrl-C, not after SIGKILL. The test program starts itself once more with `ARGUMENT`, in a
//! process group of its own (Ctrl-C in a terminal does not reach it), and holds the other end of
//! its stdin. Each line there is a server to start or to end; the end of the stream means that the
//! tests are gone: it kills the servers and removes the directory.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::wait::wait_until;

/// First argument of the supervisor process.
const ARGUMENT: &str = "__testbed_supervisor";
/// How often the supervisor looks whether a server has ended.
const CHILD_CHECK: Duration = Duration::from_millis(50);
/// How long a killed server may take to be gone.
const END_LIMIT: Duration = Duration::from_secs(30);
/// How much of a dead server's log is shown.
const LOG_TAIL_LINES: usize = 25;
/// Most servers are written in Go: memory that they tidy up less often costs less CPU time, of which a run of all
/// tests has none to spare. The API server comes near 1 GiB: a limit there costs more than it saves.
const LESS_TIDYING: [(&str, &str); 2] = [("GOGC", "200"), ("GOMEMLIMIT", "2GiB")];

/// A line to the supervisor.
#[derive(Serialize, Deserialize)]
enum Order {
    Run(Server),
    /// Kills the server of that name.
    End(String),
}

/// One server to run.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// A server with variables of its own has these alone, and nothing of the person's but `PATH`.
    pub(crate) environment: Vec<(String, String)>,
}

/// The tests' end of the supervisor.
pub(crate) struct Supervisor {
    process: Child,
    orders: ChildStdin,
    directory: PathBuf,
    started: Vec<String>,
}

impl Supervisor {
    /// Starts the supervisor; from here on `directory` belongs to it.
    pub(crate) fn start(directory: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("finding the test program")?;
        let log = File::create(directory.join("supervisor.log"))
            .context("creating the supervisor's log")?;
        let mut process = Command::new(program)
            .arg(ARGUMENT)
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("starting the supervisor")?;
        let orders = process.stdin.take().context("the supervisor has no stdin")?;
        Ok(Self { process, orders, directory: directory.to_owned(), started: Vec::new() })
    }

    /// Starts a server, for the first time or after its end.
    pub(crate) fn run(&mut self, server: &Server) -> Result<()> {
        // What is left of the last time would look like the end of this one.
        let _ = fs::remove_file(exit_file(&self.directory, &server.name));
        self.order(&Order::Run(server.clone()))?;
        self.started.push(server.name.clone());
        Ok(())
    }

    /// Kills a server, and waits until it has ended.
    pub(crate) fn end(&mut self, name: &str) -> Result<()> {
        self.started.retain(|started| started != name);
        self.order(&Order::End(name.to_owned()))?;
        let exit = exit_file(&self.directory, name);
        wait_until(&format!("{name} has ended"), END_LIMIT, || Ok(exit.exists()))
    }

    fn order(&mut self, order: &Order) -> Result<()> {
        let line = serde_json::to_string(order).context("writing an order")?;
        writeln!(self.orders, "{line}").context("ordering a server")
    }

    /// Fails, with the end of its log, when a server that should run has ended.
    pub(crate) fn check(&self) -> Result<()> {
        for name in &self.started {
            if let Ok(status) = fs::read_to_string(exit_file(&self.directory, name)) {
                let log = log_file(&self.directory, name);
                bail!("{name} ended ({status}); the end of {}:\n{}", log.display(), tail(&log));
            }
        }
        Ok(())
    }

    /// Ends everything and waits until it has ended.
    pub(crate) fn stop(self) -> Result<()> {
        let Self { mut process, orders, .. } = self;
        drop(orders);
        process.wait().context("waiting for the supervisor")?;
        Ok(())
    }
}

/// Where a server's output goes.
pub(crate) fn log_file(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.log"))
}

/// Exists once a server has ended, and says how.
fn exit_file(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.exit"))
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LOG_TAIL_LINES)..).unwrap_or_default().join("\n")
}

/// The first thing that the `main` of every program with a test bed calls: in the supervisor
/// process it does that process's work and answers with the exit code, in all others it answers
/// `None`.
pub(crate) fn run_supervisor_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let directory = PathBuf::from(arguments.next()?);
    let mut running = Vec::new();
    let outcome = obey(&orders(), &directory, &mut running);
    for (_, child) in &mut running {
        let _ = child.kill();
    }
    for (_, child) in &mut running {
        let _ = child.wait();
    }
    let _ = fs::remove_dir_all(&directory);
    Some(if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The lines of stdin, read on a thread so that the main one can look after the servers meanwhile.
fn orders() -> Receiver<String> {
    let (sender, orders) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(io::stdin()).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    orders
}

/// Starts and ends what is ordered and notes what has ended, until the orders end.
fn obey(
    orders: &Receiver<String>,
    directory: &Path,
    running: &mut Vec<(String, Child)>,
) -> Result<()> {
    loop {
        match orders.recv_timeout(CHILD_CHECK) {
            Ok(line) => match serde_json::from_str(&line).context("reading an order")? {
                Order::Run(server) => match spawn(&server, directory) {
                    Ok(child) => running.push((server.name, child)),
                    Err(error) => {
                        fs::write(exit_file(directory, &server.name), format!("{error:#}"))?;
                    }
                },
                Order::End(name) => {
                    for (_, child) in running.iter_mut().filter(|(running, _)| *running == name) {
                        let _ = child.kill();
                    }
                }
            },
            Err(RecvTimeoutError::Timeout) => note_the_ended(directory, running),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn spawn(server: &Server, directory: &Path) -> Result<Child> {
    let log = File::options().create(true).append(true).open(log_file(directory, &server.name));
    let log = log.context("opening its log")?;
    let mut command = Command::new(&server.program);
    if !server.environment.is_empty() {
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    }
    command
        .args(&server.arguments)
        .envs(LESS_TIDYING)
        .envs(server.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("sharing its log")?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("starting {}", server.program.display()))
}

fn note_the_ended(directory: &Path, running: &mut Vec<(String, Child)>) {
    running.retain_mut(|(name, child)| match child.try_wait() {
        Ok(Some(status)) => {
            let _ = fs::write(exit_file(directory, name), status.to_string());
            false
        }
        // Not known to have ended: kept, so that it is killed in the end.
        Ok(None) | Err(_) => true,
    });
}
