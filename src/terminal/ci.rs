//! What CI systems read beside the answer: parts of the log on stderr that can be folded, and lines
//! that are added to files which the system names.

use std::fs::OpenOptions;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::path::Path;

use jiff::Timestamp;

use crate::report::{github, gitlab};

use super::{Console, Verbosity};

/// The part of a log that shows the plan.
pub const PLAN: &str = "Plan";
/// The part of a log that shows the wait.
pub const WAIT: &str = "Wait";
/// The part of a log that shows how checks change.
pub const VERIFY: &str = "Verify";

/// A CI system that rb speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// A part of the log; it ends when this is dropped.
pub struct Section {
    console: Console,
    open: Option<(Runner, String)>,
}

impl Section {
    pub(super) fn begin(console: Console, title: &str) -> Self {
        let open = console.runner.filter(|_| console.verbosity > Verbosity::Quiet).map(|runner| {
            let now = Timestamp::now();
            // A job may call rb several times.
            let name = format!("rb_{}_{}", title.to_ascii_lowercase(), now.as_millisecond());
            console.mark(&match runner {
                Runner::GitHub => github::group(title),
                Runner::GitLab => gitlab::section_start(now, &name, title),
            });
            (runner, name)
        });
        Self { console, open }
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        match self.open.take() {
            Some((Runner::GitHub, _)) => self.console.mark(&github::end_group()),
            Some((Runner::GitLab, name)) => {
                self.console.mark(&gitlab::section_end(Timestamp::now(), &name));
            }
            None => {}
        }
    }
}

/// Adds to a file of the CI system.
pub fn append(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

/// A line that no value holds by chance or on purpose.
#[must_use]
pub fn delimiter() -> String {
    // Each has keys of its own, from the operating system's randomness.
    let random = || std::hash::RandomState::new().build_hasher().finish();
    format!("rb_{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_differ() {
        let (one, other) = (delimiter(), delimiter());
        assert_ne!(one, other);
        assert_eq!(one.len(), 35);
    }
}
