//! Writes the commit of a revert. Nothing but a private ref points to it until it is pushed.

pub(in crate::git) mod ci_markers;
pub mod identity;
pub mod message;
pub mod operation;
pub mod signing;
pub(in crate::git) mod signing_program;
pub(in crate::git) mod trailers;

use git2::{ErrorCode, Oid, Signature, Time};
use jiff::Zoned;

use crate::error::{Error, ErrorKind, Result};
use crate::git::commit::identity::Identity;
use crate::git::commit::signing::Signing;
use crate::git::failure::failed;
use crate::git::repository::{Repository, raw_parents};
use crate::text::sanitize;

/// The private refs that keep our commits until they are pushed.
const REFS: &str = "refs/rb/";

/// What a commit is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewCommit<'a> {
    /// The tree of the revert.
    pub tree: Oid,
    /// The tip that it was made on: its only parent.
    pub parent: Oid,
    /// The whole message.
    pub message: &'a str,
    /// Who wanted it.
    pub author: &'a Identity,
    /// Who makes it.
    pub committer: &'a Identity,
    /// When; the offset is written, too.
    pub at: &'a Zoned,
}

/// Writes it to the repository, signed where that is wanted, and reads it again to be sure.
pub fn create(
    repository: &Repository,
    new: &NewCommit<'_>,
    signing: Option<&Signing>,
) -> Result<Oid> {
    let git = repository.raw();
    let broken = |error: git2::Error| failed("cannot make the commit", &error);
    let author = signature(new.author, new.at)?;
    let committer = signature(new.committer, new.at)?;
    let (tree, parent) = (repository.tree(new.tree)?, repository.find_commit(new.parent)?);
    let content = git
        .commit_create_buffer(&author, &committer, new.message, &tree, &[&parent])
        .map_err(broken)?;
    let content = std::str::from_utf8(&content).map_err(|error| {
        Error::new(ErrorKind::Internal, "the commit is not UTF-8").because(error)
    })?;
    let id = match signing {
        Some(signing) => {
            let signature = signing.sign(content)?;
            git.commit_signed(content, &signature, None).map_err(broken)?
        }
        None => repository.write(git2::ObjectType::Commit, content.as_bytes())?,
    };
    check(repository, id, new)?;
    Ok(id)
}

/// Lets a private ref point to a commit, so that no tidying up takes it away. Gives the ref's name.
pub fn keep(repository: &Repository, operation: &str, commit: Oid) -> Result<String> {
    let name = ref_name(operation)?;
    let log = "rb revert-commit";
    repository
        .raw()
        .reference(&name, commit, true, log)
        .map_err(|error| failed(format!("cannot write the ref {name}"), &error))?;
    Ok(name)
}

/// Takes the private ref of an operation away; there may be none.
pub fn forget(repository: &Repository, operation: &str) -> Result<()> {
    let name = ref_name(operation)?;
    let deleted = repository.raw().find_reference(&name).and_then(|mut found| found.delete());
    match deleted {
        Err(error) if error.code() != ErrorCode::NotFound => {
            Err(failed(format!("cannot delete the ref {name}"), &error))
        }
        _ => Ok(()),
    }
}

fn ref_name(operation: &str) -> Result<String> {
    let is_id = !operation.is_empty() && operation.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id {
        return Ok(format!("{REFS}{operation}"));
    }
    let message = format!("{} is no id of an operation", sanitize(operation));
    Err(Error::new(ErrorKind::Internal, message))
}

fn signature(identity: &Identity, at: &Zoned) -> Result<Signature<'static>> {
    let seconds = at.timestamp().as_second();
    let time = Time::new(seconds, at.offset().seconds() / 60);
    Signature::new(&identity.name, &identity.email, &time).map_err(|error| {
        let shown = identity.to_string();
        let message = format!("{} cannot stand in a commit", sanitize(&shown));
        Error::new(ErrorKind::Usage, message).because(crate::git::failure::words(&error))
    })
}

/// What is pushed is what was planned: that tree, on that tip and nothing else, with that message.
fn check(repository: &Repository, id: Oid, new: &NewCommit<'_>) -> Result<()> {
    let commit = repository.find_commit(id)?;
    let is_it = commit.tree_id() == new.tree
        && raw_parents(&commit) == 1
        && commit.parent_ids().eq([new.parent])
        && commit.message_raw_bytes() == new.message.as_bytes();
    if is_it {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Internal,
        "the commit that was written is not the one that was planned",
    ))
}

#[cfg(test)]
mod tests;
