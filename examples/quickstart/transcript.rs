//! What a person sees: a heading for each step, each command before it runs, and what it says. A
//! command writes to the same terminal itself, so that it behaves as it would when typed.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anstyle::{Effects, Style};
use anyhow::{Context as _, Result, ensure};

const LOUD: Style = Style::new().effects(Effects::BOLD);
const QUIET: Style = Style::new().effects(Effects::DIMMED);

/// The steps that are shown.
pub(crate) struct Transcript {
    steps: usize,
    pause: bool,
}

impl Transcript {
    pub(crate) fn new(pause: bool) -> Self {
        Self { steps: 0, pause }
    }

    pub(crate) fn pauses(&self) -> bool {
        self.pause
    }

    /// Begins a step.
    pub(crate) fn step(&mut self, title: &str) -> Result<()> {
        self.steps += 1;
        if self.pause && self.steps > 1 {
            wait_for_enter()?;
        }
        say(format_args!("\n{LOUD}{}. {title}{LOUD:#}", self.steps))
    }
}

/// A line of our own.
pub(crate) fn say(text: impl Display) -> Result<()> {
    Ok(writeln!(anstream::stdout(), "{text}")?)
}

/// A remark.
pub(crate) fn note(text: &str) -> Result<()> {
    say(format_args!("{QUIET}{text}{QUIET:#}"))
}

/// A command as it is typed.
pub(crate) fn show(command: impl Display) -> Result<()> {
    say(format_args!("{LOUD}$ {command}{LOUD:#}"))
}

/// A command: what is shown as its name, and what is run.
pub(crate) struct Call {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(&'static str, OsString)>,
    is_shielded: bool,
}

impl Call {
    pub(crate) fn new(name: &'static str, program: &Path, arguments: &[&str]) -> Self {
        Self {
            name,
            program: program.to_owned(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            variables: Vec::new(),
            is_shielded: false,
        }
    }

    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Shows and runs it; it has to end with that code.
    pub(crate) fn run(&self, expected: i32) -> Result<()> {
        show(self)?;
        let status = self.command().status();
        let status = status.with_context(|| format!("starting {}", self.program.display()))?;
        ensure!(
            status.code() == Some(expected),
            "{} ended with {status}; it should have ended with {expected}",
            self.name
        );
        Ok(())
    }

    /// Runs it without showing it, and gives what it said on stdout.
    pub(crate) fn ask(&self) -> Result<String> {
        let output = self.command().stdout(Stdio::piped()).output();
        let output = output.with_context(|| format!("starting {}", self.program.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{self}: {}: {said}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Out of reach of Ctrl-C: for what must not be left half done.
    pub(crate) fn shielded(mut self) -> Self {
        self.is_shielded = true;
        self
    }

    /// Runs in the root of the checkout: paths are shown from there.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
        // What it leaves behind in CI is not a part of the story.
        command.env_remove("CI");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if self.is_shielded {
            command.process_group(0);
        }
        command
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name)?;
        self.arguments.iter().try_for_each(|word| write!(f, " {}", quoted(word)))
    }
}

/// A word as it is typed in a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=/.,:@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

pub(crate) fn wait_for_enter() -> Result<()> {
    write!(anstream::stderr(), "{QUIET}Enter to go on {QUIET:#}")?;
    io::stderr().flush()?;
    // The end of the input is an answer too.
    io::stdin().read_line(&mut String::new()).context("reading the answer")?;
    Ok(())
}
