//! Which keys there are, and where. The reader refuses all others, and tests hold this table against
//! the JSON Schema.

/// A mapping of the format with fixed keys.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// Where it stands: `verify.http[]`. Everything below `verify` stands below `workloads[].verify`
    /// too.
    pub path: &'static str,
    /// Its keys.
    pub keys: &'static [&'static str],
}

/// The whole file.
pub(super) const ROOT: Section =
    Section { path: "", keys: &["version", "preflight", "verify", "workloads", "git"] };

/// What is checked before an undo.
pub(super) const PREFLIGHT: Section =
    Section { path: "preflight", keys: &["checks", "requireReason", "verifiedOnly"] };

/// How a revert in Git is written.
pub(super) const GIT: Section = Section { path: "git", keys: &["message", "signOff", "rewrite"] };

/// Another URL for a repository.
pub(super) const REWRITE: Section = Section { path: "git.rewrite[]", keys: &["from", "to"] };

/// What holds for some workloads.
pub(super) const WORKLOAD: Section = Section { path: "workloads[]", keys: &["match", "verify"] };

/// Which workloads these are.
pub(super) const MATCH: Section =
    Section { path: "workloads[].match", keys: &["namespace", "name", "kind", "labels"] };

/// How a release is verified.
pub(super) const VERIFY: Section =
    Section { path: "verify", keys: &["stableFor", "interval", "checks", "logs", "http"] };

/// What to look for in logs.
pub(super) const LOGS: Section = Section { path: "verify.logs", keys: &["patterns", "ignore"] };

/// A probe.
pub(super) const HTTP: Section = Section {
    path: "verify.http[]",
    keys: &[
        "name",
        "via",
        "service",
        "scheme",
        "port",
        "path",
        "url",
        "method",
        "headers",
        "headersFromEnv",
        "expect",
        "consecutive",
        "timeout",
        "level",
    ],
};

/// What a good answer is.
pub(super) const EXPECT: Section =
    Section { path: "verify.http[].expect", keys: &["status", "bodyContains", "headers"] };

/// All of them. Mappings whose keys the user chooses (checks, labels, headers) are not among them.
pub const FORMAT: [&Section; 10] =
    [&ROOT, &PREFLIGHT, &GIT, &REWRITE, &WORKLOAD, &MATCH, &VERIFY, &LOGS, &HTTP, &EXPECT];
