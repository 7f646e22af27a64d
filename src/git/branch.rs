//! The branch that a revert goes to. A branch is a branch: a tag or a commit takes no pushes.

use git2::{ErrorCode, Oid, Reference};

use crate::error::{Error, ErrorKind, Result};
use crate::git::failure::failed;
use crate::git::repository::Repository;
use crate::text::{sanitize, shell_quote};

/// A branch and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name, without `refs/heads/`.
    pub name: String,
    /// Its newest commit.
    pub tip: Oid,
}

/// Finds a branch by its name, with or without `refs/heads/`. Fails with [`ErrorKind::NotFound`] where
/// there is none, and with [`ErrorKind::Usage`] where the name is that of a tag or of a commit.
pub fn find(repository: &Repository, name: &str) -> Result<Branch> {
    let short = check_name(name)?;
    let full = format!("refs/heads/{short}");
    match repository.raw().find_reference(&full) {
        Ok(reference) => tip(short, &reference),
        Err(error) if error.code() == ErrorCode::NotFound => Err(no_branch(repository, short)),
        Err(error) => Err(failed(format!("cannot read the branch {}", sanitize(short)), &error)),
    }
}

/// The branch that `HEAD` names. Fails with [`ErrorKind::Usage`] where it is detached.
pub fn head(repository: &Repository) -> Result<Branch> {
    let unreadable = |error: git2::Error| failed("cannot read HEAD", &error);
    let head = repository.raw().find_reference("HEAD").map_err(unreadable)?;
    let Some(target) = head.symbolic_target().map_err(unreadable)? else {
        return Err(Error::new(
            ErrorKind::Usage,
            "HEAD is detached: it is at a commit, on no branch",
        )
        .hint("name the branch with --branch NAME")
        .hint("git switch NAME"));
    };
    let target = target.to_owned();
    find(repository, &target)
}

/// The name of a branch without `refs/heads/`. Fails with [`ErrorKind::Usage`] where no branch can be
/// called that, an option in disguise (`--upload-pack=…`) above all.
pub fn check_name(name: &str) -> Result<&str> {
    let short = name.strip_prefix("refs/heads/").unwrap_or(name);
    let is_other = short.starts_with("refs/");
    if !is_other && !short.starts_with('-') && git2::Branch::name_is_valid(short).unwrap_or(false) {
        return Ok(short);
    }
    let what = if name.starts_with("refs/tags/") {
        "is a tag and not a branch"
    } else if is_other {
        "is not below refs/heads/"
    } else {
        "is no name for a branch"
    };
    Err(Error::new(ErrorKind::Usage, format!("{} {what}", sanitize(name)))
        .hint("name a branch, e.g. --branch main"))
}

fn tip(name: &str, reference: &Reference<'_>) -> Result<Branch> {
    let commit = reference.peel_to_commit();
    let tip = commit.map_err(|error| {
        failed(format!("the branch {} is at no commit", sanitize(name)), &error)
    })?;
    Ok(Branch { name: name.to_owned(), tip: tip.id() })
}

fn no_branch(repository: &Repository, name: &str) -> Error {
    let shown = sanitize(name).into_owned();
    if repository.raw().find_reference(&format!("refs/tags/{name}")).is_ok() {
        return Error::new(ErrorKind::Usage, format!("{shown} is a tag and not a branch"))
            .because("a revert is a new commit on a branch; a tag stays where it is")
            .hint("name the branch that holds it: --branch NAME")
            .hint(format!("git branch --all --contains {}", shell_quote(&shown)));
    }
    let is_commit = name.len() >= 7 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit && repository.raw().revparse_single(name).is_ok() {
        return Error::new(ErrorKind::Usage, format!("{shown} is a commit and not a branch"))
            .hint("name the branch with --branch NAME");
    }
    Error::new(ErrorKind::NotFound, format!("there is no branch {shown} in the repository"))
        .hint("git branch --all")
}

#[cfg(test)]
mod tests;
