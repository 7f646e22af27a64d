//! The same command, called again. `last` and `HEAD~2` mean another commit once a revert is on top, and
//! would put the bad release back: what they meant then is what counts.

use crate::error::{Error, ErrorKind, Result};
use crate::git::history::own_reverts::{OwnRevert, on_top, own_revert};
use crate::git::repository::Repository;
use crate::git::{Oid, ShallowBoundary};
use crate::rollback::model::revert_outcome::NothingToRevert;

use super::asked::{Meant, Request};
use super::refusal::{count_or_id, short};

/// Reverts on top of the branch that are looked at.
const MOST: usize = 20;

/// What the same command did before, where it did. `id_of` gives the id of the operation for what was
/// meant. Refused: what is meant by its place is a revert of ours, which only its id names.
pub(super) fn repeated(
    repository: &Repository,
    tip: Oid,
    request: &Request,
    meant: &Meant,
    id_of: impl Fn(&Meant) -> Result<String>,
) -> Result<Option<NothingToRevert>> {
    if !request.moves() {
        return Ok(None);
    }
    let only = match meant.commits.as_slice() {
        [only] => own_revert(repository, *only)?,
        _ => None,
    };
    let mut earlier = on_top(repository, tip, MOST)?;
    earlier.extend(only.clone());
    for own in earlier {
        let before = match request.resolve(repository, own.parent) {
            Err(error) if ShallowBoundary::of(&error).is_some() => return Err(error),
            Err(_) => continue,
            Ok(before) => before,
        };
        if id_of(&before)? == own.operation {
            return Ok(Some(done(&own)));
        }
    }
    match only {
        Some(own) => Err(is_ours(&own)),
        None => Ok(None),
    }
}

fn done(own: &OwnRevert) -> NothingToRevert {
    let commit = own.commit.to_string();
    let what = count_or_id(own.reverts.iter().map(Oid::to_string));
    let message = format!(
        "this was done before, by {}, which takes out {what}; name a commit to go further back",
        short(&commit)
    );
    NothingToRevert { reason: "alreadyDone", message, commit: Some(commit) }
}

fn is_ours(own: &OwnRevert) -> Error {
    let id = short(&own.commit.to_string());
    let what = count_or_id(own.reverts.iter().map(Oid::to_string));
    Error::new(ErrorKind::Refused, format!("the commit that is meant, {id}, is a revert by rb"))
        .because(format!("it takes out {what}: to revert it would put that back"))
        .hint(format!("if that is meant, name it by its id: rb revert-commit {id}"))
        .hint("to go further back, name another commit: rb revert-commit lists them")
}
