//! What `git`, `ssh`, curl and the hosts say, and which reason it is. Pure. The texts are those of
//! `LC_ALL=C`; the first line of the table that fits decides, so special ones stand before general ones.

use crate::git::remote::network_failure::Reason;

/// Who says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// `git`, `ssh` and curl, on this machine.
    Git,
    /// The server, in lines that begin with `remote:`, or any of the two: over SSH the words of a host
    /// come as they are.
    Any,
}

/// In lower case.
const SIGNS: &[(By, &str, Reason)] = &[
    // This machine.
    (By::Git, "no space left on device", Reason::DiskFull),
    (By::Git, "disk quota exceeded", Reason::DiskFull),
    (By::Git, "transport '", Reason::NotAllowed),
    (By::Git, "mismatched algorithms", Reason::ObjectFormat),
    (By::Git, "unsupported object format", Reason::ObjectFormat),
    // The way there.
    (By::Git, "host key verification failed", Reason::HostKey),
    (By::Git, "no matching host key type", Reason::HostKey),
    (By::Git, "proxy connect aborted", Reason::Proxy),
    (By::Git, "from proxy after connect", Reason::Proxy),
    (By::Git, "connect tunnel failed", Reason::Proxy),
    (By::Git, "could not resolve proxy", Reason::Proxy),
    (By::Git, "proxy authentication", Reason::Proxy),
    (By::Git, "error: 407", Reason::Proxy),
    (By::Git, "could not resolve host", Reason::Dns),
    (By::Git, "name or service not known", Reason::Dns),
    (By::Git, "temporary failure in name resolution", Reason::Dns),
    (By::Git, "no address associated with hostname", Reason::Dns),
    (By::Git, "nodename nor servname", Reason::Dns),
    (By::Git, "certificate", Reason::Certificate),
    (By::Git, "error setting certificate", Reason::Certificate),
    (By::Git, "no alternative certificate subject name", Reason::Certificate),
    (By::Git, "connection timed out", Reason::Timeout),
    (By::Git, "operation timed out", Reason::Timeout),
    (By::Git, "operation too slow", Reason::Timeout),
    (By::Git, "timeout was reached", Reason::Timeout),
    (By::Git, "no route to host", Reason::Refused),
    (By::Git, "network is unreachable", Reason::Refused),
    (By::Git, "connection refused", Reason::Refused),
    (By::Git, "couldn't connect to server", Reason::Refused),
    (By::Git, "could not connect to server", Reason::Refused),
    // Rules of the hosts.
    (By::Any, "gh001", Reason::TooLarge),
    (By::Any, "exceeds github's file size limit", Reason::TooLarge),
    (By::Any, "pack exceeds maximum allowed size", Reason::TooLarge),
    (By::Any, "is larger than the allowed size", Reason::TooLarge),
    (By::Git, "returned error: 413", Reason::TooLarge),
    (By::Any, "push cannot contain secrets", Reason::Hook),
    (By::Any, "gh006", Reason::Protected),
    (By::Any, "changes must be made through a pull request", Reason::Protected),
    (By::Any, "changes must be made through the merge queue", Reason::Protected),
    (By::Any, "push code to protected branches", Reason::Protected),
    (By::Any, "push to protected branch", Reason::Protected),
    (By::Any, "protected branch hook declined", Reason::Protected),
    (By::Any, "tf402455", Reason::Protected),
    (By::Any, "can only be modified through pull requests", Reason::Protected),
    (By::Any, "permission denied to update branch", Reason::Protected),
    (By::Any, "protected branch update failed", Reason::Protected),
    (By::Any, "gh013", Reason::Hook),
    // Who we are.
    (By::Any, "authentication failed", Reason::Authentication),
    (By::Git, "could not read username", Reason::Authentication),
    (By::Git, "could not read password", Reason::Authentication),
    (By::Git, "terminal prompts disabled", Reason::Authentication),
    (By::Git, "unable to read askpass response", Reason::Authentication),
    (By::Git, "returned error: 401", Reason::Authentication),
    (By::Git, "permission denied (", Reason::Authentication),
    (By::Git, "too many authentication failures", Reason::Authentication),
    (By::Git, "bad permissions", Reason::Authentication),
    (By::Git, "http 401", Reason::Authentication),
    // What we may.
    (By::Any, "has been marked as read only", Reason::Forbidden),
    (By::Any, "not allowed to push code to this project", Reason::Forbidden),
    (By::Any, "you are not allowed to", Reason::Forbidden),
    (By::Any, "this deploy key does not have write access", Reason::Forbidden),
    (By::Any, "archived so it is read-only", Reason::Forbidden),
    (By::Any, "tf401027", Reason::Forbidden),
    (By::Any, "access denied", Reason::Forbidden),
    (By::Any, "write access to repository not granted", Reason::Forbidden),
    (By::Git, "returned error: 403", Reason::Forbidden),
    (By::Git, "http 403", Reason::Forbidden),
    (By::Git, "service not enabled", Reason::Forbidden),
    // What there is.
    (By::Git, "couldn't find remote ref", Reason::NoBranch),
    (By::Git, "server does not allow request for unadvertised object", Reason::NotAdvertised),
    (By::Any, "not our ref", Reason::NoCommit),
    (By::Git, "dubious ownership", Reason::Owner),
    (By::Any, "repository not found", Reason::NotFound),
    (By::Any, "the project you were looking for could not be found", Reason::NotFound),
    (By::Git, "' not found", Reason::NotFound),
    (By::Git, "returned error: 30", Reason::Moved),
    (By::Git, "returned error: 404", Reason::NotFound),
    (By::Git, "returned error: 410", Reason::NotFound),
    (By::Git, "does not appear to be a git repository", Reason::NotFound),
    (By::Git, "does not exist", Reason::NotFound),
    (By::Git, "not valid: is this a git repository?", Reason::NotGit),
    (By::Git, "unable to update url base from redirection", Reason::NotGit),
    (By::Git, "bad line length character", Reason::NotGit),
    (By::Git, "invalid response; got", Reason::NotGit),
    (By::Git, "expected service, got", Reason::NotGit),
    (By::Git, "invalid content-type", Reason::NotGit),
    (By::Git, "received http/0.9 when not allowed", Reason::NotGit),
    (By::Git, "unsupported protocol", Reason::NotGit),
    // The server.
    (By::Git, "returned error: 429", Reason::Busy),
    (By::Git, "http 429", Reason::Busy),
    (By::Git, "returned error: 5", Reason::ServerFailed),
    (By::Git, "http 5", Reason::ServerFailed),
    (By::Any, "internal server error", Reason::ServerFailed),
    (By::Any, "remote unpack failed", Reason::ServerFailed),
    (By::Any, "no space left on device", Reason::ServerFailed),
    // A connection that broke, before what follows of it.
    (By::Git, "connection reset", Reason::Reset),
    (By::Git, "recv failure", Reason::Reset),
    (By::Git, "send failure", Reason::Reset),
    (By::Git, "broken pipe", Reason::Reset),
    (By::Git, "empty reply from server", Reason::Reset),
    (By::Git, "transfer closed", Reason::Reset),
    (By::Git, "unexpected disconnect", Reason::Reset),
    (By::Git, "rpc failed", Reason::Reset),
    (By::Git, "early eof", Reason::Reset),
    (By::Git, "connection closed by", Reason::Reset),
    (By::Git, "kex_exchange_identification", Reason::Reset),
    (By::Git, "gnutls", Reason::Reset),
    (By::Git, "ssl_", Reason::Reset),
    (By::Git, "the remote end hung up", Reason::Reset),
    // It follows from each of them, too.
    (By::Git, "expected flush after ref listing", Reason::NotGit),
    // Our copy. After the connection: one that breaks leaves a pack without its end.
    (By::Git, "is corrupt", Reason::BrokenCopy),
    (By::Git, "bad object", Reason::BrokenCopy),
    (By::Git, "error: index file", Reason::BrokenCopy),
    (By::Git, "error: packfile", Reason::BrokenCopy),
    (By::Git, "object file", Reason::BrokenCopy),
    (By::Git, "inflate:", Reason::BrokenCopy),
    (By::Git, "missing necessary objects", Reason::BrokenCopy),
    (By::Git, "did not send all necessary objects", Reason::BrokenCopy),
    (By::Git, "not a git repository", Reason::BrokenCopy),
    (By::Git, "bad shallow line", Reason::BrokenCopy),
    (By::Git, "shallow file has changed", Reason::BrokenCopy),
    (By::Git, "invalid sha1 pointer", Reason::BrokenCopy),
    (By::Git, "unresolved deltas", Reason::BrokenCopy),
    (By::Git, "unable to read", Reason::BrokenCopy),
    (By::Git, "pack has bad", Reason::BrokenCopy),
    (By::Git, "bad config", Reason::BrokenCopy),
];

/// In the brackets of a refused ref: `[remote rejected] main -> main (…)`.
const VERDICTS: &[(&str, Reason)] = &[
    ("stale info", Reason::LostRace),
    ("fetch first", Reason::LostRace),
    ("non-fast-forward", Reason::LostRace),
    ("needs force", Reason::LostRace),
    ("remote ref updated since checkout", Reason::LostRace),
    ("incorrect old value provided", Reason::LostRace),
    ("but expected", Reason::LostRace),
    ("reference already exists", Reason::LostRace),
    ("already exists", Reason::LostRace),
    ("file exists", Reason::Locked),
    ("cannot lock ref", Reason::Locked),
    ("failed to lock", Reason::Locked),
    ("unable to lock", Reason::Locked),
    ("failed to update ref", Reason::Locked),
    ("unpacker error", Reason::ServerFailed),
    ("remote failed to report status", Reason::Unknown),
    ("protected branch", Reason::Protected),
    ("branch is currently checked out", Reason::Hook),
    ("shallow update not allowed", Reason::Hook),
    ("deny updating a hidden ref", Reason::Hook),
    ("hook declined", Reason::Hook),
    ("declined", Reason::Hook),
    ("prohibited", Reason::Hook),
];

/// The reason of a call that failed.
pub(in crate::git) fn reason(said: &[String], remote: &[String]) -> Reason {
    let said: Vec<String> = said.iter().map(|line| line.to_ascii_lowercase()).collect();
    let remote: Vec<String> = remote.iter().map(|line| line.to_ascii_lowercase()).collect();
    let has = |lines: &[String], sign: &str| lines.iter().any(|line| line.contains(sign));
    let fits = |by: By, sign: &str| has(&said, sign) || (by == By::Any && has(&remote, sign));
    let found = SIGNS.iter().find(|(by, sign, _)| fits(*by, sign));
    found.map_or(Reason::Unknown, |(.., reason)| *reason)
}

/// The reason of a ref that was refused: `verdict` is the text in its brackets.
pub(in crate::git) fn verdict(verdict: &str, said: &[String], remote: &[String]) -> Reason {
    let verdict = verdict.to_ascii_lowercase();
    let found = VERDICTS.iter().find(|(sign, _)| verdict.contains(sign)).map(|(_, found)| *found);
    // Some hosts write their own words into the brackets.
    let words: Vec<String> = remote.iter().chain([&verdict]).cloned().collect();
    let told = reason(said, &words);
    match found {
        // A host words a lost race as a failure of its hook, and says so in its lines.
        Some(Reason::Hook | Reason::Locked) | None if lost(said, remote) => Reason::LostRace,
        Some(Reason::Hook | Reason::ServerFailed) | None => match told {
            Reason::Unknown | Reason::Reset | Reason::BrokenCopy => found.unwrap_or(told),
            told => told,
        },
        Some(found) => found,
    }
}

fn lost(said: &[String], remote: &[String]) -> bool {
    let mut lines = said.iter().chain(remote).map(|line| line.to_ascii_lowercase());
    lines.any(|line| {
        line.contains("incorrect old value provided")
            || (line.contains("cannot lock ref") && line.contains("but expected"))
    })
}

#[cfg(test)]
mod tests;
