//! What an owner of owners makes no more, once the files that it reads have changed.

use crate::git::manifest::entries::Entries;

use super::argocd::repository;

/// A branch of a repository.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The repository, as an owner has it.
    pub url: &'a str,
    /// The branch, by its name.
    pub branch: &'a str,
}

/// A change to a branch.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Where.
    pub place: Place<'a>,
    /// What becomes of its files and folders.
    pub entries: &'a Entries,
}

/// What branches are called that are followed where none is named.
const DEFAULT_BRANCHES: [&str; 2] = ["main", "master"];

impl Place<'_> {
    /// Whether who reads this revision of a repository reads the branch.
    #[must_use]
    pub fn is_read_as(&self, url: &str, wants: &str) -> bool {
        let is_branch = match wants {
            "" | "HEAD" => DEFAULT_BRANCHES.contains(&self.branch),
            wants => wants.strip_prefix("refs/heads/").unwrap_or(wants) == self.branch,
        };
        is_branch && is_one_repository(url, self.url)
    }
}

/// Whether two URLs are of one repository, as far as its owners compare them.
#[must_use]
pub fn is_one_repository(one: &str, other: &str) -> bool {
    repository(one) == repository(other)
}

/// An owner that is not made any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dropped {
    /// Its name; `None`: it is made of something else besides, and nobody knows which it is.
    pub name: Option<String>,
    /// The file or the folder of which it was made.
    pub entry: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of an owner that is not made any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is deleted, with all its objects.
    WithObjects,
    /// It is deleted, and its objects stay.
    Alone,
    /// It stays.
    Stays,
}
