//! The branch that a revert goes to. A branch is a branch: never an option, a tag, a pattern or a commit
//! in disguise, for those take no pushes.

use std::fmt;

use git2::Oid;

use crate::error::{Error, ErrorKind, Result};
use crate::text;

/// A branch and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: BranchName,
    /// Its newest commit.
    pub tip: Oid,
}

/// The name of a branch, without `refs/heads/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchName(String);

impl BranchName {
    /// Takes it with or without `refs/heads/`. Usage error: a name that no branch can have.
    pub fn parse(name: &str) -> Result<Self> {
        let short = name.strip_prefix("refs/heads/").unwrap_or(name);
        let is_other = short.starts_with("refs/");
        // Git allows a leading `-` below refs/heads/, and then takes the name for an option.
        let is_plain = !short.starts_with('-') && short != "HEAD";
        if !is_other && is_plain && git2::Branch::name_is_valid(short).unwrap_or(false) {
            return Ok(Self(short.to_owned()));
        }
        let why = match name {
            _ if name.starts_with("refs/tags/") => "is a tag and not a branch",
            _ if is_other => "is not below refs/heads/",
            _ => "is no name of a branch",
        };
        let shown = text::truncate(&text::sanitize(name), 80).into_owned();
        Err(Error::new(ErrorKind::Usage, format!("{shown:?} {why}"))
            .again("name a branch", ["--branch", "main"]))
    }

    /// Without `refs/heads/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// With `refs/heads/`.
    #[must_use]
    pub fn full(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

/// Safe to show.
impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::sanitize(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_a_branch() {
        for (name, short) in [
            ("main", "main"),
            ("refs/heads/main", "main"),
            ("release/1.x", "release/1.x"),
            ("größe", "größe"),
            ("heads/main", "heads/main"),
        ] {
            let branch = BranchName::parse(name).expect(name);
            assert_eq!((branch.as_str(), branch.full()), (short, format!("refs/heads/{short}")));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (name, why) in [
            ("refs/tags/v1", "is a tag"),
            ("refs/pull/1/head", "not below"),
            ("refs/heads/refs/heads/x", "not below"),
            ("--upload-pack=touch /tmp/x", "no name"),
            ("-f", "no name"),
            ("", "no name"),
            ("HEAD", "no name"),
            ("a..b", "no name"),
            ("a b", "no name"),
            ("+main", ""),
            ("main:other", "no name"),
            ("a*", "no name"),
            ("main\nx", "no name"),
            ("\u{1b}[2J", "no name"),
            ("x.lock", "no name"),
            ("@{-1}", "no name"),
        ] {
            match BranchName::parse(name) {
                // A plus is a letter in a name. Nothing is ever put before it that would make it one
                // of a refspec: those begin with a commit.
                Ok(branch) => {
                    assert_eq!((name, branch.full()), ("+main", "refs/heads/+main".into()));
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Usage, "{name}");
                    assert!(!why.is_empty() && error.to_string().contains(why), "{name}: {error}");
                    assert!(!error.to_string().contains('\u{1b}'));
                }
            }
        }
    }
}
