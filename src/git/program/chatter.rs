//! What `git` says on stderr while it works, line by line: progress for whoever watches, the lines of
//! the server (`remote: …`), and what is left for the error. Bounded, and without secrets.

use std::collections::VecDeque;

use crate::git::program::OnProgress;

/// Lines of each sort that are kept: the last ones. The first are kept too, see [`Lines`].
const KEPT: usize = 60;
/// Bytes of a line that are kept.
const LINE_LIMIT: usize = 1000;
/// What `git` counts.
const PROGRESS: [&str; 11] = [
    "Enumerating objects",
    "Counting objects",
    "Compressing objects",
    "Delta compression",
    "Receiving objects",
    "Resolving deltas",
    "Unpacking objects",
    "Writing objects",
    "Checking connectivity",
    "Checking objects",
    "Total ",
];

/// Reads stderr as it comes.
pub(in crate::git) struct Chatter<'a> {
    unfinished: Vec<u8>,
    progress: &'a mut OnProgress<'a>,
    secrets: &'a [&'a str],
    remote: Lines,
    own: Lines,
}

/// The first and the last lines of a text of any length.
#[derive(Default)]
struct Lines {
    first: Vec<String>,
    last: VecDeque<String>,
}

impl Lines {
    fn push(&mut self, line: String) {
        if self.first.len() < KEPT {
            self.first.push(line);
            return;
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    fn into_vec(mut self) -> Vec<String> {
        self.first.extend(self.last);
        self.first
    }
}

impl<'a> Chatter<'a> {
    pub(in crate::git) fn new(progress: &'a mut OnProgress<'a>, secrets: &'a [&'a str]) -> Self {
        let (remote, own) = (Lines::default(), Lines::default());
        Self { unfinished: Vec::new(), progress, secrets, remote, own }
    }

    /// Takes what has come.
    pub(in crate::git) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.end_line(),
                _ if self.unfinished.len() < LINE_LIMIT => self.unfinished.push(*byte),
                _ => {}
            }
        }
    }

    /// The lines of `git` and those of the server.
    pub(in crate::git) fn finish(mut self) -> (Vec<String>, Vec<String>) {
        self.end_line();
        (self.own.into_vec(), self.remote.into_vec())
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.unfinished)).into_owned();
        // With colours or a terminal, git ends sideband lines with an escape that erases the rest.
        let line = line.trim_end_matches("\u{1b}[K").trim_end();
        if line.is_empty() {
            return;
        }
        let line = without_secrets(line, self.secrets);
        match line.strip_prefix("remote:").map(str::trim_start) {
            Some(text) if is_progress(text) => (self.progress)(text),
            Some("") => {}
            Some(text) => self.remote.push(text.to_owned()),
            None if is_progress(&line) => (self.progress)(&line),
            None if line.starts_with("hint: ") => {}
            None => self.own.push(line),
        }
    }
}

fn is_progress(line: &str) -> bool {
    PROGRESS.iter().any(|start| line.starts_with(start))
}

/// The text with `***` for the secrets, and for what stands before the `@` of a URL.
fn without_secrets(line: &str, secrets: &[&str]) -> String {
    let mut line = line.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        line = line.replace(secret, "***");
    }
    let mut safe = String::with_capacity(line.len());
    let mut rest = line.as_str();
    while let Some((before, after)) = rest.split_once("://") {
        safe.push_str(before);
        safe.push_str("://");
        let end = after.find(['/', ' ', '\'', '"']).unwrap_or(after.len());
        let (authority, following) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((userinfo, host)) if userinfo.contains(':') || !before.ends_with("ssh") => {
                safe.push_str("***@");
                safe.push_str(host);
            }
            _ => safe.push_str(authority),
        }
        rest = following;
    }
    safe.push_str(rest);
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]], secrets: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>) {
        let mut seen = Vec::new();
        let mut progress = |line: &str| seen.push(line.to_owned());
        let mut chatter = Chatter::new(&mut progress, secrets);
        for piece in pieces {
            chatter.push(piece);
        }
        let (own, remote) = chatter.finish();
        (own, remote, seen)
    }

    #[test]
    fn progress_the_server_and_git_are_told_apart() {
        let (own, remote, progress) = read(
            &[
                b"remote: Counting objects:  50% (1/2)\rremote: Counting obj",
                b"ects: 100% (2/2), done.\x1b[K\nReceiving objects: 100% (2/2), done.\n",
                b"remote: \nremote: GH006: Protected branch update failed.\x1b[K\n",
                b"error: failed to push some refs\nhint: Updates were rejected\nfatal: x",
            ],
            &[],
        );
        assert_eq!(own, ["error: failed to push some refs", "fatal: x"]);
        assert_eq!(remote, ["GH006: Protected branch update failed."]);
        let last = progress.last().map(String::as_str);
        assert_eq!((progress.len(), last), (3, Some("Receiving objects: 100% (2/2), done.")));
    }

    #[test]
    fn a_flood_is_bounded_at_both_ends() {
        let flood: String = (0..100_000).map(|line| format!("remote: line {line}\n")).collect();
        let (_, remote, _) = read(&[flood.as_bytes(), &vec![b'x'; 1_000_000]], &[]);
        assert_eq!(remote.len(), 2 * KEPT);
        assert_eq!(remote.first().map(String::as_str), Some("line 0"));
        assert_eq!(remote.last().map(String::as_str), Some("line 99999"));
        let (own, ..) = read(&[&vec![b'x'; 1_000_000]], &[]);
        assert_eq!(own.iter().map(String::len).sum::<usize>(), LINE_LIMIT);
    }

    #[test]
    fn secrets_are_not_repeated() {
        let (own, ..) = read(
            &[b"fatal: https://u:pw@h.test/a 's3cret'\nfor ssh://git@h.test/a and http://tok@h\n"],
            &["s3cret", ""],
        );
        assert_eq!(
            own,
            ["fatal: https://***@h.test/a '***'", "for ssh://git@h.test/a and http://***@h"]
        );
    }
}
