//! Runs a program that signs: `gpg`, `gpgsm`, `ssh-keygen`, or what the user has put in their place.

use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::text::sanitize;

/// A program, and how long it may take.
pub(in crate::git) struct Program<'a> {
    pub(in crate::git) name: &'a str,
    pub(in crate::git) folder: &'a Path,
    pub(in crate::git) timeout: Duration,
}

/// What it said.
pub(in crate::git) struct Answer {
    pub(in crate::git) succeeded: bool,
    pub(in crate::git) stdout: String,
    pub(in crate::git) stderr: String,
}

impl Program<'_> {
    /// Runs it to its end, or ends it when its time is over.
    pub(in crate::git) fn run(&self, arguments: &[&str], input: Option<&str>) -> Result<Answer> {
        let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = Command::new(self.name)
            .args(arguments)
            .current_dir(self.folder)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| self.not_started(error))?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            let input = input.to_owned();
            // A program that does not read it says why; a full pipe must not hold us up.
            thread::spawn(move || stdin.write_all(input.as_bytes()).ok());
        }
        let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let end = Instant::now() + self.timeout;
        let (Some(stdout), Some(stderr)) = (received(&stdout, end), received(&stderr, end)) else {
            return Err(self.too_slow(&mut child));
        };
        let status = child.wait().map_err(|error| self.not_started(error))?;
        Ok(Answer { succeeded: status.success(), stdout, stderr })
    }

    fn not_started(&self, error: std::io::Error) -> Error {
        let name = sanitize(self.name);
        Error::new(ErrorKind::Usage, format!("cannot run {name} to sign the commit"))
            .because(error)
            .hint(format!("install {name}, or name another program in gpg.program"))
    }

    fn too_slow(&self, child: &mut Child) -> Error {
        // It may have ended by itself just now.
        let _ = child.kill();
        let _ = child.wait();
        let message = format!("{} did not sign the commit in time", sanitize(self.name));
        Error::new(ErrorKind::Refused, message)
            .because("it may wait for a passphrase or for a key to be touched")
            .hint("unlock the key first: git commit-tree -S HEAD^{tree} -m test")
    }
}

/// Reads to the end beside this thread.
fn reader(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut stream) = stream {
        thread::spawn(move || {
            let mut content = Vec::new();
            let _ = stream.read_to_end(&mut content);
            let _ = sender.send(String::from_utf8_lossy(&content).into_owned());
        });
    }
    receiver
}

fn received(receiver: &Receiver<String>, end: Instant) -> Option<String> {
    receiver.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, timeout: Duration, input: Option<&str>) -> Result<Answer> {
        Program { name: "sh", folder: Path::new("/"), timeout }.run(&["-c", script], input)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn it_says_what_the_program_said() {
        let answer = sh("cat; echo why >&2; exit 3", LONG, Some("text")).unwrap();
        assert!(!answer.succeeded);
        assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("text", "why\n"));
    }

    #[test]
    fn a_program_that_does_not_read_its_input_holds_nobody_up() {
        let answer = sh("exit 0", LONG, Some(&"x".repeat(1024 * 1024))).unwrap();
        assert!(answer.succeeded);
    }

    #[test]
    fn a_program_that_waits_for_ever_is_ended() {
        // `exec`: the shell must not leave a child behind that holds the pipe.
        let error = sh("exec sleep 600", Duration::from_millis(1), None).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(error.to_string(), "sh did not sign the commit in time");
    }

    #[test]
    fn a_missing_program_is_named() {
        let program = Program { name: "rb-no-such-program", folder: Path::new("/"), timeout: LONG };
        let error = program.run(&[], None).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.hints()[0].starts_with("install rb-no-such-program"));
    }
}
