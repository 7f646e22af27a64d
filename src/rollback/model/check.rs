//! Checks: what was looked at before a write or after it, what was found, and how much that counts.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckStatus {
    /// There was nothing to check, or it was left out on demand; the message says why.
    Skipped,
    /// Good.
    Pass,
    /// Worth a look.
    Warn,
    /// It could not be found out: no right, no data, no answer in time.
    Unknown,
    /// Bad.
    Fail,
}

impl CheckStatus {
    /// The word in JSON and in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

/// How much a check counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Where it fails or stays unknown, the answer is no.
    Required,
    /// It is told, and decides nothing.
    Advisory,
    /// It is not even looked at.
    Ignore,
}

/// What a check found, before it is known how much that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Good or bad.
    pub status: CheckStatus,
    /// One word for machines, in capitals like a Kubernetes reason: `MutableTag`. Empty where the
    /// status says it all.
    pub reason: &'static str,
    /// One sentence without a full stop.
    pub message: String,
    /// What it rests on, one line each.
    pub evidence: Vec<String>,
    /// A command that shows more or mends it.
    pub hint: Option<String>,
    /// How much it counts, where that depends on what was found; else the check's own level.
    pub level: Option<Level>,
    /// Whether waiting will not mend it.
    pub is_final: bool,
}

impl Finding {
    fn new(status: CheckStatus, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            reason: "",
            message,
            evidence: Vec::new(),
            hint: None,
            level: None,
            is_final: false,
        }
    }

    /// Good.
    #[must_use]
    pub fn pass(message: impl Into<String>) -> Self {
        Self::new(CheckStatus::Pass, message)
    }

    /// Worth a look.
    #[must_use]
    pub fn warn(message: impl Into<String>) -> Self {
        Self::new(CheckStatus::Warn, message)
    }

    /// Bad.
    #[must_use]
    pub fn fail(message: impl Into<String>) -> Self {
        Self::new(CheckStatus::Fail, message)
    }

    /// It could not be found out.
    #[must_use]
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::new(CheckStatus::Unknown, message)
    }

    /// There is nothing to check.
    #[must_use]
    pub fn skipped(message: impl Into<String>) -> Self {
        Self::new(CheckStatus::Skipped, message)
    }

    /// With one word for machines.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }

    /// With what it rests on.
    #[must_use]
    pub fn evidence(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(lines);
        self
    }

    /// With a command to paste.
    #[must_use]
    pub fn hint(mut self, command: impl Into<String>) -> Self {
        self.hint = Some(command.into());
        self
    }

    /// With the command of the error that stood in the way, where it has one.
    #[must_use]
    pub fn hint_from(mut self, error: &Error) -> Self {
        self.hint = error.hints().first().cloned();
        self
    }

    /// It will not mend by waiting: a verification need not go on.
    #[must_use]
    pub fn for_good(mut self) -> Self {
        self.is_final = true;
        self
    }

    /// Counts this much, whatever the check's own level.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }
}

/// A check with its result: the same in a plan and after a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Its stable name, e.g. `dryrun.pod`.
    pub id: String,
    /// What it came to.
    pub status: CheckStatus,
    /// How much that counts.
    pub level: Level,
    /// One word for machines; absent where the status says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// One sentence. Foreign text inside is not sanitized yet.
    pub message: String,
    /// What it rests on, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// A command that shows more or mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the user said to go on although it says no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

impl Check {
    /// A finding of the check with this id, which counts as `level` unless the finding says
    /// otherwise.
    #[must_use]
    pub fn new(id: &str, finding: Finding, level: Level) -> Self {
        Self {
            id: id.to_owned(),
            status: finding.status,
            level: finding.level.unwrap_or(level),
            reason: (!finding.reason.is_empty()).then(|| finding.reason.to_owned()),
            message: finding.message,
            evidence: finding.evidence,
            hint: finding.hint,
            overridden: false,
            duration_ms: 0,
        }
    }

    /// Whether it says no: it is required, and failed or could not be answered.
    #[must_use]
    pub fn objects(&self) -> bool {
        self.level == Level::Required
            && matches!(self.status, CheckStatus::Fail | CheckStatus::Unknown)
    }

    /// Whether it says no and nobody has overridden that.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.objects() && !self.overridden
    }

    /// Whether it is to be told, although it does not block.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        let is_bad =
            matches!(self.status, CheckStatus::Warn | CheckStatus::Fail | CheckStatus::Unknown);
        is_bad && !self.blocks()
    }
}

/// What a verification comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyVerdict {
    /// Every required check is good.
    Verified,
    /// The same, and something is worth a look.
    VerifiedWithWarnings,
    /// A required check could not be answered, or none was made.
    Unverified,
    /// A required check is bad.
    Failed,
}

impl VerifyVerdict {
    /// Of these checks: the first of the rules that fits.
    #[must_use]
    pub fn of(checks: &[Check]) -> Self {
        let required = |status: CheckStatus| {
            checks.iter().any(|check| check.level == Level::Required && check.status == status)
        };
        // Whoever looks at nothing has proved nothing.
        let is_nothing_known = checks.iter().all(|check| check.status == CheckStatus::Skipped);
        if required(CheckStatus::Fail) {
            Self::Failed
        } else if required(CheckStatus::Unknown) || is_nothing_known {
            Self::Unverified
        } else if checks.iter().any(Check::is_warning) {
            Self::VerifiedWithWarnings
        } else {
            Self::Verified
        }
    }

    /// The word in JSON and in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::VerifiedWithWarnings => "verified-with-warnings",
            Self::Unverified => "unverified",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: CheckStatus, level: Level) -> Check {
        Check::new("x", Finding::new(status, ""), level)
    }

    #[test]
    fn the_first_rule_that_fits_is_the_verdict() {
        use CheckStatus::{Fail, Pass, Skipped, Unknown, Warn};
        use Level::{Advisory, Required};
        for (checks, verdict) in [
            (vec![], VerifyVerdict::Unverified),
            (vec![(Skipped, Required), (Skipped, Advisory)], VerifyVerdict::Unverified),
            (vec![(Pass, Required), (Skipped, Required)], VerifyVerdict::Verified),
            (vec![(Fail, Required), (Unknown, Required)], VerifyVerdict::Failed),
            (vec![(Unknown, Required), (Warn, Advisory)], VerifyVerdict::Unverified),
            (vec![(Pass, Required), (Fail, Advisory)], VerifyVerdict::VerifiedWithWarnings),
            (vec![(Unknown, Advisory)], VerifyVerdict::VerifiedWithWarnings),
            (vec![(Warn, Required)], VerifyVerdict::VerifiedWithWarnings),
        ] {
            let checks: Vec<Check> = checks.into_iter().map(|(s, l)| check(s, l)).collect();
            assert_eq!(VerifyVerdict::of(&checks), verdict, "{checks:?}");
        }
    }

    #[test]
    fn the_order_of_checks_changes_no_verdict() {
        use CheckStatus::{Fail, Pass, Skipped, Unknown, Warn};
        let statuses = [Fail, Pass, Skipped, Unknown, Warn];
        let any: Vec<(CheckStatus, Level)> = [Level::Required, Level::Advisory]
            .into_iter()
            .flat_map(|level| statuses.map(|status| (status, level)))
            .collect();
        for a in &any {
            for b in &any {
                for c in &any {
                    let of = |order: [&(CheckStatus, Level); 3]| {
                        VerifyVerdict::of(&order.map(|(status, level)| check(*status, *level)))
                    };
                    let verdict = of([a, b, c]);
                    for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
                        assert_eq!(of(order), verdict, "{order:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_overridden_does_not_block_and_is_still_told() {
        let mut fail = check(CheckStatus::Fail, Level::Required);
        assert!(fail.blocks() && !fail.is_warning());
        fail.overridden = true;
        assert!(fail.objects() && !fail.blocks() && fail.is_warning());
    }
}
