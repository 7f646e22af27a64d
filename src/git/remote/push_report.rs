//! What `git push --porcelain` says about the one ref that was pushed. Pure.

use crate::git::remote::network_failure::{NetworkFailure, Reason};
use crate::git::remote::network_signs;

/// The fate of a ref.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::git) enum Report {
    /// It is as it was pushed.
    Done,
    /// It was so before: somebody else has pushed the very same commit.
    There,
    /// It is as it was before.
    Refused(NetworkFailure),
    /// The server did not say.
    Silent,
}

/// Reads stdout, and with it what was said.
pub(in crate::git) fn read(
    stdout: &[u8],
    full_name: &str,
    said: &[String],
    remote: &[String],
) -> Report {
    let stdout = String::from_utf8_lossy(stdout);
    // FLAG \t FROM:TO \t SUMMARY (REASON)
    let fate = stdout.lines().find_map(|line| {
        let (flag, rest) = line.split_once('\t')?;
        let (refs, summary) = rest.split_once('\t')?;
        let (_, to) = refs.split_once(':')?;
        (to == full_name).then_some((flag, summary))
    });
    match fate {
        None => Report::Silent,
        Some(("!", summary)) if summary.starts_with("[remote failure]") => Report::Silent,
        Some(("!", summary)) => {
            let brackets = summary.split_once('(').map_or(summary, |(_, rest)| rest);
            let verdict = brackets.strip_suffix(')').unwrap_or(brackets);
            let reason = match network_signs::verdict(verdict, said, remote) {
                // It did answer: nothing is open.
                Reason::Reset | Reason::Unknown => Reason::Hook,
                reason => reason,
            };
            let heard = if remote.is_empty() { vec![summary.to_owned()] } else { remote.to_vec() };
            Report::Refused(NetworkFailure::with(reason, &[], &heard))
        }
        Some(("=", _)) => Report::There,
        Some(_) => Report::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "refs/heads/main";

    fn fate(line: &str) -> Report {
        let stdout = format!("To https://git.test/a\n{line}\nDone\n");
        read(stdout.as_bytes(), MAIN, &[], &[])
    }

    #[test]
    fn the_line_of_our_ref_decides() {
        assert_eq!(fate(" \t12:refs/heads/main\t1..2"), Report::Done);
        assert_eq!(fate("=\t12:refs/heads/main\t[up to date]"), Report::There);
        assert_eq!(fate("*\t12:refs/heads/main\t[new branch]"), Report::Done);
        assert_eq!(fate(" \t12:refs/heads/other\t1..2"), Report::Silent);
        assert_eq!(fate(""), Report::Silent);
        let silent = "!\t12:refs/heads/main\t[remote failure] (remote failed to report status)";
        assert_eq!(fate(silent), Report::Silent);
    }

    #[test]
    fn refusals_carry_their_reason_and_the_words_of_the_server() {
        for (summary, reason) in [
            ("[rejected] (stale info)", Reason::LostRace),
            ("[remote rejected] (failed to update ref)", Reason::Locked),
            ("[remote rejected] (pre-receive hook declined)", Reason::Hook),
            ("[remote rejected] (something new)", Reason::Hook),
            ("[remote rejected] (unpacker error)", Reason::ServerFailed),
        ] {
            let Report::Refused(failure) = fate(&format!("!\t1:{MAIN}\t{summary}")) else {
                panic!("{summary}")
            };
            assert_eq!((failure.reason, failure.said), (reason, vec![summary.to_owned()]));
        }
        let stdout = format!("!\t1:{MAIN}\t[remote rejected] (pre-receive hook declined)\n");
        let remote = ["GH006: Protected branch update failed".to_owned()];
        let Report::Refused(failure) = read(stdout.as_bytes(), MAIN, &[], &remote) else {
            panic!("refused")
        };
        assert_eq!((failure.reason, failure.said), (Reason::Protected, remote.to_vec()));
    }
}
