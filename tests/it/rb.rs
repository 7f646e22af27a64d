//! Running the built `rb` as a user would: an environment made from nothing, a home of its own, and
//! everything it says and ends with in one value.

use std::ffi::OsStr;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::schemas::assert_valid;
use crate::testbed::Namespace;

/// A call of `rb`, not yet made.
pub(crate) struct Rb {
    command: Command,
    home: tempfile::TempDir,
}

/// What a call came to.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

/// `rb` with the administrator's rights in a namespace. `arguments` is split at blanks.
pub(crate) fn rb(namespace: &Namespace, arguments: &str) -> Ran {
    Rb::new(namespace.kubeconfig()).words(arguments).run()
}

impl Rb {
    /// A call with this kubeconfig, by a user called `tester`.
    pub(crate) fn new(kubeconfig: &Path) -> Self {
        let home = tempfile::tempdir().expect("a home folder");
        let mut command = Command::new(program());
        command
            // What it leaves behind goes away with it.
            .current_dir(home.path())
            .env_clear()
            .env("HOME", home.path())
            .env("KUBECONFIG", kubeconfig)
            .env("LANG", "C.UTF-8")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("USER", "tester")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { command, home }
    }

    /// Adds arguments, split at blanks.
    pub(crate) fn words(mut self, arguments: &str) -> Self {
        self.command.args(arguments.split_whitespace());
        self
    }

    /// Adds one argument as it is.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// What it reads from standard input.
    pub(crate) fn input(mut self, text: &str) -> Self {
        let file = self.home.path().join("stdin");
        std::fs::write(&file, text).expect("a file that can be written");
        self.command.stdin(std::fs::File::open(&file).expect("a file"));
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The working directory.
    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Ran {
        let output = self.command.output().expect("rb starts");
        let ran = Ran::new(&output);
        drop(self.home);
        ran
    }

    /// Starts it.
    pub(crate) fn spawn(mut self) -> Running {
        let mut child = self.command.spawn().expect("rb starts");
        let stdout = read(child.stdout.take().expect("a pipe"));
        let stderr = read(child.stderr.take().expect("a pipe"));
        Running { child, stdout, stderr, _home: self.home }
    }
}

/// Reads all of a pipe beside the test: a full one would stop `rb`.
fn read(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe");
        bytes
    })
}

/// A call that is under way.
pub(crate) struct Running {
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    _home: tempfile::TempDir,
}

impl Running {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ran {
        let status = self.child.wait().expect("rb ends");
        let [stdout, stderr] =
            [self.stdout, self.stderr].map(|pipe| pipe.join().expect("it was read"));
        Ran::new(&Output { status, stdout, stderr })
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Waits for its end; kills it where that does not come in time, and gives nothing then.
    pub(crate) fn wait_at_most(self, limit: Duration) -> Option<Ran> {
        let id = self.id().to_string();
        let (ended, end) = mpsc::channel::<()>();
        let watchdog = thread::spawn(move || {
            let is_late = end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            is_late && Command::new("kill").args(["-KILL", &id]).status().is_ok()
        });
        let ran = self.wait();
        drop(ended);
        let was_late = watchdog.join().expect("the watchdog does not panic");
        (!was_late).then_some(ran)
    }
}

impl Ran {
    pub(crate) fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// Fails the test, with everything that was said, unless it ended with this code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Fails the test unless stdout and stderr together hold this text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "{text:?} is not said:\n{self}");
        self
    }

    /// Fails the test unless stdout holds this text, wherever its lines are broken.
    #[track_caller]
    pub(crate) fn tells(self, text: &str) -> Self {
        let words: Vec<&str> = self.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains(text), "{text:?} is not told:\n{self}");
        self
    }

    /// stdout as one JSON document, which is as its schema says.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => {
                assert_valid(&value);
                value
            }
            Err(error) => panic!("stdout is not one JSON document: {error}\n{self}"),
        }
    }

    /// stdout as JSON documents, one a line, each as its schema says.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let read = |line| match serde_json::from_str(line) {
            Ok(value) => {
                assert_valid(&value);
                value
            }
            Err(error) => panic!("{line:?} is not a JSON document: {error}\n{self}"),
        };
        self.stdout.lines().map(read).collect()
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stdout, stderr, code } = self;
        write!(f, "{stdout}--- stderr\n{stderr}--- exit {code}")
    }
}

/// The program under test.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_rb"))
}
