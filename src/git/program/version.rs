//! Which `git` there is, and what to do about one that is missing or too old.

use std::fmt;
use std::path::Path;

use crate::error::{Error, ErrorKind};
use crate::text;

/// The first version that takes settings from its environment (`GIT_CONFIG_COUNT`).
pub(in crate::git) const OLDEST: Version = Version(2, 31);

/// `2.39`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32);

impl Version {
    /// From `git version 2.39.5 (Apple Git-154)`.
    pub(in crate::git) fn parse(said: &str) -> Option<Self> {
        let number = said.trim().strip_prefix("git version ")?.split_whitespace().next()?;
        let mut parts = number.split('.').map(str::parse);
        Some(Self(parts.next()?.ok()?, parts.next()?.ok()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// There is no `git`, or it cannot be run.
pub(in crate::git) fn missing(error: std::io::Error) -> Error {
    let message = "rb needs the program git for the network, and cannot run it";
    Error::new(ErrorKind::Usage, message).because(error).hint(install_hint())
}

/// There is one that cannot do what is needed.
pub(in crate::git) fn too_old(found: Version) -> Error {
    let message = format!("git {found} is too old: rb needs {OLDEST} or newer");
    Error::new(ErrorKind::Usage, message).hint(install_hint())
}

/// What answers in the place of `git` is something else.
pub(in crate::git) fn not_git(said: &str) -> Error {
    let said = text::truncate(said.lines().next().unwrap_or_default().trim(), 80).into_owned();
    Error::new(ErrorKind::Usage, "the program git on the PATH does not say its version")
        .because(format!("git version: {said:?}"))
        .hint("command -v git")
}

/// The command that installs it on this machine.
fn install_hint() -> String {
    let ways = [
        ("/etc/alpine-release", "apk add git"),
        ("/etc/debian_version", "sudo apt-get install --yes git"),
        ("/etc/redhat-release", "sudo dnf install --assumeyes git"),
        ("/etc/arch-release", "sudo pacman -S --noconfirm git"),
        ("/usr/bin/xcode-select", "xcode-select --install"),
    ];
    let way = ways.iter().find(|(mark, _)| Path::new(mark).exists());
    way.map_or("install git: https://git-scm.com/downloads", |(_, command)| command).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_and_not_text() {
        for (said, version) in [
            ("git version 2.39.5\n", Some(Version(2, 39))),
            ("git version 2.9.0", Some(Version(2, 9))),
            ("git version 2.39.5 (Apple Git-154)", Some(Version(2, 39))),
            ("git version 2.48.0-rc1", Some(Version(2, 48))),
            ("git version 2.50.windows.1", Some(Version(2, 50))),
            ("hub version 2.14", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(said), version, "{said}");
        }
        assert!(Version(2, 9) < OLDEST && Version(2, 31) >= OLDEST && Version(3, 0) > OLDEST);
    }
}
