//! The only table of exit codes.
//!
//! Codes are an interface: scripts, CI jobs and runbooks test them. README and `rb --help` carry
//! this table, and a test compares them with it. Codes that are not listed are reserved.

/// How a command ended, as a process exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitStatus {
    /// Done, verified, or nothing to do.
    Success,
    /// The cluster could not be reached, or rb itself failed.
    Error,
    /// The command line or a configuration file is wrong.
    Usage,
    /// Refused before anything was changed.
    Refused,
    /// No such object, or no revision to go back to.
    NotFound,
    /// The write was accepted; the rollout did not converge in time.
    NotConverged,
    /// The write was accepted; the target's pods failed, or somebody put the old version back.
    Failed,
    /// Nothing proves success or failure.
    Inconclusive,
    /// A guard rolled back and verified.
    GuardRolledBack,
    /// Some of the planned writes are missing.
    HalfDone,
    /// Nobody said yes.
    Unconfirmed,
    /// A hold, lock or freeze stands in the way, or one of ours is left open.
    Held,
    /// A change request has to be merged first.
    Waiting,
    /// Stopped by SIGINT (Ctrl-C).
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
}

/// One row per status, in the order of severity: of several targets, the first one that occurred
/// decides the exit code. Signals end the whole command and stand first.
pub const TABLE: &[(ExitStatus, u8, &str)] = &[
    (ExitStatus::Interrupted, 130, "interrupted (SIGINT)"),
    (ExitStatus::Terminated, 143, "terminated (SIGTERM)"),
    (ExitStatus::HalfDone, 9, "half done: some planned writes are missing, page a human"),
    (ExitStatus::Error, 1, "error: unreachable, or internal"),
    (
        ExitStatus::Failed,
        6,
        "applied, but the target's pods failed, verification failed, or it was put back",
    ),
    (ExitStatus::NotConverged, 5, "applied, not converged in time"),
    (ExitStatus::Held, 11, "a hold, lock or freeze stands in the way, or is left open"),
    (ExitStatus::Inconclusive, 7, "unverified or inconclusive"),
    (
        ExitStatus::Refused,
        3,
        "refused before anything was changed: preflight, rights, lost race, ownership, paused",
    ),
    (ExitStatus::NotFound, 4, "no such object or no eligible revision"),
    (ExitStatus::Usage, 2, "usage or configuration"),
    (ExitStatus::Unconfirmed, 10, "confirmation needed or declined"),
    (ExitStatus::Waiting, 12, "waiting for a change request"),
    (ExitStatus::GuardRolledBack, 8, "guard rolled back and verified"),
    (ExitStatus::Success, 0, "done, verified, or nothing to do"),
];

impl ExitStatus {
    /// The number that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        TABLE.iter().find(|row| row.0 == self).map_or(1, |row| row.1)
    }

    /// What it means, in the words of the table.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }

    /// The more severe of two: what a command with several targets ends with.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        TABLE
            .iter()
            .map(|row| row.0)
            .find(|status| *status == self || *status == other)
            .unwrap_or(self)
    }
}

/// The table as `--help` and README show it: ordered by code.
#[must_use]
pub fn help_table() -> String {
    let mut rows: Vec<_> = TABLE.iter().map(|(_, code, meaning)| (*code, *meaning)).collect();
    rows.sort_unstable_by_key(|row| row.0);
    rows.iter().map(|(code, meaning)| format!("  {code:>3}  {meaning}\n")).collect()
}

/// The codes of commands that were not interrupted, the worst first: `9, 1, 6, …, 0`.
#[must_use]
pub fn order_of_severity() -> String {
    let codes = TABLE.iter().map(|(_, code, _)| *code).filter(|code| *code < 128);
    codes.map(|code| code.to_string()).collect::<Vec<_>>().join(", ")
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_documented_ones() {
        let codes: Vec<u8> = TABLE.iter().map(|row| row.1).collect();
        assert_eq!(codes, [130, 143, 9, 1, 6, 5, 11, 7, 3, 4, 2, 10, 12, 8, 0]);
    }

    #[test]
    fn the_worst_is_by_severity_and_not_by_number() {
        for (a, b, worst) in [
            (ExitStatus::Success, ExitStatus::Waiting, ExitStatus::Waiting),
            (ExitStatus::Waiting, ExitStatus::Unconfirmed, ExitStatus::Unconfirmed),
            (ExitStatus::Held, ExitStatus::NotConverged, ExitStatus::NotConverged),
            (ExitStatus::Error, ExitStatus::HalfDone, ExitStatus::HalfDone),
        ] {
            assert_eq!(a.worst(b), worst);
            assert_eq!(b.worst(a), worst);
        }
    }

    #[test]
    fn the_order_of_targets_changes_nothing() {
        let all: Vec<ExitStatus> = TABLE.iter().map(|row| row.0).collect();
        let rank = |status: ExitStatus| all.iter().position(|other| *other == status);
        for a in &all {
            assert_eq!(a.worst(*a), *a);
            assert_eq!(a.worst(ExitStatus::Success), *a);
            for b in &all {
                let worst = a.worst(*b);
                assert_eq!(worst, b.worst(*a));
                assert_eq!(rank(worst), rank(*a).min(rank(*b)));
                for c in &all {
                    assert_eq!(worst.worst(*c), a.worst(b.worst(*c)));
                }
            }
        }
    }
}
