//! What `git ls-remote --symref` says: where branches stand, and which one is the default. Pure.

use git2::Oid;

use crate::error::{Error, ErrorKind};
use crate::git::branch::BranchName;
use crate::git::remote::remote_url::RemoteUrl;
use crate::text::shell_quote;

/// Refs of a repository, as far as was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    head: Option<String>,
    refs: Vec<(String, Oid)>,
}

impl Heads {
    pub(in crate::git) fn parse(output: &[u8]) -> Self {
        let mut heads = Self::default();
        for line in String::from_utf8_lossy(output).lines() {
            let Some((value, name)) = line.split_once('\t') else { continue };
            match value.strip_prefix("ref: ") {
                Some(target) if name == "HEAD" => heads.head = Some(target.to_owned()),
                Some(_) => {}
                None => heads.refs.extend(Oid::from_str(value).map(|id| (name.to_owned(), id))),
            }
        }
        heads
    }

    /// Where the branch stands. `None`: it is not there.
    #[must_use]
    pub fn tip(&self, branch: &BranchName) -> Option<Oid> {
        self.find(&branch.full())
    }

    /// The branch that a clone would check out.
    #[must_use]
    pub fn default_branch(&self) -> Option<BranchName> {
        BranchName::parse(self.head.as_deref()?).ok()
    }

    fn find(&self, name: &str) -> Option<Oid> {
        self.refs.iter().find(|(found, _)| found == name).map(|(_, id)| *id)
    }

    /// The error where the branch is not there.
    pub(in crate::git) fn missing(&self, branch: &BranchName, url: &RemoteUrl) -> Error {
        let default = self.default_branch().filter(|default| default != branch);
        let list = format!("git ls-remote --heads {}", shell_quote(url.argument()));
        let error = if self.find(&format!("refs/tags/{}", branch.as_str())).is_some() {
            let message = format!("{branch} is a tag of {url} and not a branch");
            Error::new(ErrorKind::Usage, message)
                .because("a revert is a new commit on a branch; a tag stays where it is")
        } else if self.refs.is_empty() && self.head.is_none() {
            let message = format!("there is no branch {branch} in {url}");
            Error::new(ErrorKind::NotFound, message)
                .because("it has no commit yet, or its default branch is gone, too")
        } else {
            Error::new(ErrorKind::NotFound, format!("there is no branch {branch} in {url}"))
        };
        let error = match default {
            Some(default) => error.again("", ["--branch", default.as_str()]),
            None => error,
        };
        error.hint(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";

    fn heads() -> Heads {
        let output = format!(
            "ref: refs/heads/main\tHEAD\n{ONE}\tHEAD\n{ONE}\trefs/heads/main\n\
             {ONE}\trefs/heads/x/refs/heads/gone\n{ONE}\trefs/tags/v1\nnonsense\nzz\trefs/heads/z\n"
        );
        Heads::parse(output.as_bytes())
    }

    #[test]
    fn branches_are_found_by_their_whole_name() {
        let branch = |name| BranchName::parse(name).unwrap();
        assert_eq!(heads().tip(&branch("main")), Some(Oid::from_str(ONE).unwrap()));
        for name in ["gone", "v1", "z"] {
            assert_eq!(heads().tip(&branch(name)), None, "{name}");
        }
        assert_eq!(heads().default_branch(), Some(branch("main")));
        assert_eq!(Heads::parse(b"").default_branch(), None);
        assert_eq!(Heads::parse(b"ref: refs/tags/x\tHEAD\n").default_branch(), None);
    }

    #[test]
    fn what_is_there_in_its_place_is_said() {
        let url = RemoteUrl::parse("https://git.test/a").unwrap();
        let error = |heads: &Heads, name| heads.missing(&BranchName::parse(name).unwrap(), &url);
        let tag = error(&heads(), "v1");
        assert_eq!(tag.kind(), ErrorKind::Usage);
        assert_eq!(tag.to_string(), "v1 is a tag of https://git.test/a and not a branch");
        assert_eq!(tag.hints()[0], "--branch main");
        let gone = error(&heads(), "gone");
        assert_eq!(gone.kind(), ErrorKind::NotFound);
        assert_eq!(gone.to_string(), "there is no branch gone in https://git.test/a");
        let empty = error(&Heads::default(), "main");
        assert_eq!(empty.to_string(), "there is no branch main in https://git.test/a");
        assert!(empty.causes()[0].starts_with("it has no commit yet"), "{empty:?}");
    }
}
