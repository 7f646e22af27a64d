//! What libgit2 says, in our words; and the two failures that more history or more objects would cure.

use std::fmt;

use git2::{ErrorClass, ErrorCode, Oid};

use crate::error::{Error, ErrorKind};
use crate::text::sanitize;

/// History ends here only because the repository is shallow: fetching more of it helps. It stands
/// behind an [`Error`] as its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShallowBoundary {
    /// The commit whose parents are missing.
    pub commit: Oid,
}

impl fmt::Display for ShallowBoundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the history was fetched up to {} and no further", self.commit)
    }
}

impl std::error::Error for ShallowBoundary {}

impl ShallowBoundary {
    /// The boundary behind an error, where it is one.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        std::error::Error::source(error)?.downcast_ref().copied()
    }
}

/// An object is not in the repository: it is partial, or broken. It stands behind an [`Error`] as its
/// source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingObject {
    /// The object.
    pub id: Oid,
}

impl fmt::Display for MissingObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object {} is not here", self.id)
    }
}

impl std::error::Error for MissingObject {}

impl MissingObject {
    /// The object that an error misses, where that is what it is about.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        std::error::Error::source(error)?.downcast_ref().copied()
    }
}

/// A commit at the edge of a shallow repository: to libgit2 it has no parents, and its revert would
/// delete every file.
pub(super) fn shallow_boundary(commit: Oid) -> Error {
    let message = format!("the parents of commit {commit} are not here: the repository is shallow");
    Error::new(ErrorKind::Refused, message)
        .because(ShallowBoundary { commit })
        .hint("git fetch --unshallow")
}

/// Reading an object failed.
pub(super) fn unreadable(what: &str, id: Oid, error: &git2::Error) -> Error {
    let message = format!("cannot read {what} {id}");
    if error.code() == ErrorCode::NotFound {
        return Error::new(
            ErrorKind::Internal,
            format!("{what} {id} is missing in the repository"),
        )
        .because(MissingObject { id })
        .hint("git fetch --refetch");
    }
    Error::new(ErrorKind::Internal, message).because(words(error)).hint("git fsck")
}

/// Anything else.
pub(super) fn failed(what: impl Into<String>, error: &git2::Error) -> Error {
    let kind = match (error.class(), error.code()) {
        (ErrorClass::Config, ErrorCode::Owner) => ErrorKind::Refused,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, what).because(words(error))
}

/// It may quote what stands in the repository.
pub(super) fn words(error: &git2::Error) -> String {
    sanitize(error.message()).into_owned()
}
