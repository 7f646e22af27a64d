//! The commits that the user names: `last`, `HEAD~2`, an id or its beginning, `A..B`.

use git2::{ErrorCode, ObjectType, Oid};

use crate::error::{Error, ErrorKind, Result};
use crate::git::failure::{failed, unreadable};
use crate::git::history::ancestry::{boundary_behind, is_behind};
use crate::git::history::candidates;
use crate::git::history::mainline::parent_id;
use crate::git::repository::{Repository, view};
use crate::rollback::model::git_path::GitPath;
use crate::text::{sanitize, shorten};

/// Git takes no shorter beginning of an id.
const SHORTEST: usize = 4;
/// Fewer digits may well be those of a commit that was not fetched, too.
const UNIQUE: usize = 7;
/// How many commits an error lists.
const LISTED: usize = 5;

/// The commits that `text` names on the branch whose tip is given, newest first; never none. `last` is
/// the newest commit that changed one of the paths.
///
/// A range is followed along first parents: a merge in it stands for all that it brought. Fails with
/// [`ErrorKind::Usage`] where the text is no revision or more than one commit begins like it, with
/// [`ErrorKind::NotFound`] where there is no such commit.
pub fn resolve(
    repository: &Repository,
    tip: Oid,
    text: &str,
    paths: &[GitPath],
) -> Result<Vec<Oid>> {
    if text == "last" {
        return newest(repository, tip, paths).map(|id| vec![id]);
    }
    if text.contains("...") {
        return Err(no_revision(text));
    }
    let Some((from, to)) = text.split_once("..") else {
        return one(repository, tip, text).map(|id| vec![id]);
    };
    if from.is_empty() {
        return Err(no_revision(text));
    }
    let from = one(repository, tip, from)?;
    let to = if to.is_empty() { tip } else { one(repository, tip, to)? };
    range(repository, from, to, text)
}

/// One commit: `HEAD`, an id or its beginning, with `~N` and `^` after it.
pub fn one(repository: &Repository, tip: Oid, text: &str) -> Result<Oid> {
    let end = text.find(['~', '^']).unwrap_or(text.len());
    let (name, mut suffix) = text.split_at_checked(end).ok_or_else(|| no_revision(text))?;
    let mut id = match name {
        "HEAD" | "@" => tip,
        name if name.len() >= SHORTEST
            && name.len() <= 40
            && name.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            by_id(repository, tip, name)?
        }
        _ => return Err(no_revision(text)),
    };
    while !suffix.is_empty() {
        let (steps, rest) = step(suffix).ok_or_else(|| no_revision(text))?;
        id = back(repository, id, steps, text)?;
        suffix = rest;
    }
    Ok(id)
}

/// Takes `~`, `~3` or `^` off the front.
fn step(suffix: &str) -> Option<(usize, &str)> {
    if let Some(rest) = suffix.strip_prefix('^') {
        return rest.chars().next().is_none_or(|c| "~^".contains(c)).then_some((1, rest));
    }
    let rest = suffix.strip_prefix('~')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at_checked(end)?;
    Some((if digits.is_empty() { 1 } else { digits.parse().ok()? }, rest))
}

fn back(repository: &Repository, mut id: Oid, steps: usize, text: &str) -> Result<Oid> {
    for _ in 0..steps {
        let commit = repository.whole_commit(id)?;
        let Some(parent) = commit.parent_ids().next() else {
            let message = format!("{} goes back past the first commit", sanitize(text));
            return Err(Error::new(ErrorKind::NotFound, message)
                .because(format!("{id} has no parent"))
                .again("which there are", [""]));
        };
        id = parent;
    }
    Ok(id)
}

fn range(repository: &Repository, from: Oid, to: Oid, text: &str) -> Result<Vec<Oid>> {
    let mut commits = Vec::new();
    let mut id = to;
    while id != from {
        let commit = repository.whole_commit(id)?;
        if commit.parent_count() == 0 {
            return Err(not_in_line(repository, from, to, text)?);
        }
        commits.push(id);
        id = parent_id(&commit, 1)?;
    }
    if commits.is_empty() {
        let message = format!("the range {} holds no commit", sanitize(text));
        return Err(Error::new(ErrorKind::Usage, message)
            .because("A..B is what came after A, up to B and with it"));
    }
    Ok(commits)
}

fn not_in_line(repository: &Repository, from: Oid, to: Oid, text: &str) -> Result<Error> {
    let none = |what: &str| {
        let message = format!("the range {} {what}", sanitize(text));
        Error::new(ErrorKind::Usage, message)
    };
    Ok(if is_behind(repository, to, from)? {
        none("is none")
            .because(format!("{from} came to {to} through a merge, not along first parents"))
            .again("begin it at a commit of the branch itself", [""])
    } else if is_behind(repository, from, to)? {
        none("holds no commit")
            .because(format!("it is the wrong way round: {to} is older than {from}"))
            .again("", [format!("{}..{}", short(to), short(from))])
    } else {
        none("is none")
            .because(format!("{from} does not lie behind {to}"))
            .again("which commits there are", [""])
    })
}

fn short(id: Oid) -> String {
    id.to_string().chars().take(9).collect()
}

fn newest(repository: &Repository, tip: Oid, paths: &[GitPath]) -> Result<Oid> {
    if paths.is_empty() {
        return Ok(tip);
    }
    let found = candidates::touching(repository, tip, paths)?.next().transpose()?;
    found.ok_or_else(|| {
        let list: Vec<String> = paths.iter().map(ToString::to_string).collect();
        let message = format!("no commit of the branch changed {}", sanitize(&list.join(", ")));
        Error::new(ErrorKind::NotFound, message).again("which commits there are", ["", "--path"])
    })
}

/// A commit by its id or the beginning of it. In a shallow repository it may lie where nothing was
/// fetched yet: then that is what the error says.
fn by_id(repository: &Repository, tip: Oid, text: &str) -> Result<Oid> {
    let git = repository.raw();
    let not_here = |error: Error| {
        if repository.is_shallow() { boundary_behind(repository, tip) } else { Ok(error) }
    };
    if text.len() < UNIQUE && repository.is_shallow() {
        return Err(boundary_behind(repository, tip)?);
    }
    match git.find_object_by_prefix(text, None) {
        Ok(object) => {
            if let Ok(commit) = object.peel_to_commit() {
                return Ok(commit.id());
            }
            let what = object.kind().map_or("something else", |kind| kind.str());
            let message = format!("{text} is a {what} and not a commit");
            let error = Error::new(ErrorKind::Usage, message).again("which there are", [""]);
            Err(not_here(error)?)
        }
        Err(error) if error.code() == ErrorCode::Ambiguous => {
            let mut commits = beginning_with(repository, text)?;
            match (commits.pop(), commits.is_empty()) {
                (Some(only), true) => Ok(only),
                (last, _) => Err(ambiguous(repository, text, commits.into_iter().chain(last))),
            }
        }
        Err(error) if error.code() == ErrorCode::NotFound => {
            let what = if text.len() == 40 { "is" } else { "begins with" };
            let message = format!("no commit of the repository {what} {text}");
            let error = Error::new(ErrorKind::NotFound, message)
                .because("it may be of another repository, or not pushed yet")
                .again("which there are", [""]);
            Err(not_here(error)?)
        }
        Err(error) => Err(failed(format!("cannot look for {text}"), &error)),
    }
}

/// All commits whose ids begin like this. Every object is looked at: it is done only where more than
/// one begins so, and the others may be files.
fn beginning_with(repository: &Repository, text: &str) -> Result<Vec<Oid>> {
    let unreadable_store = |error: &git2::Error| failed("cannot read the objects", error);
    let database = repository.raw().odb().map_err(|error| unreadable_store(&error))?;
    let beginning = text.to_ascii_lowercase();
    let mut found = Vec::new();
    database
        .foreach(|id| {
            if id.to_string().starts_with(&beginning) {
                found.push(*id);
            }
            true
        })
        .map_err(|error| unreadable_store(&error))?;
    found.sort_unstable();
    found.dedup();
    let mut commits = Vec::new();
    for id in found {
        let (_, kind) = database.read_header(id).map_err(|e| unreadable("object", id, &e))?;
        if kind == ObjectType::Commit {
            commits.push(id);
        }
    }
    Ok(commits)
}

fn ambiguous(repository: &Repository, text: &str, ids: impl Iterator<Item = Oid>) -> Error {
    let mut error =
        Error::new(ErrorKind::Usage, format!("{text} is the beginning of more than one id"));
    let mut count = 0;
    for id in ids {
        count += 1;
        if count <= LISTED
            && let Ok(commit) = repository.find_commit(id)
        {
            let subject = sanitize(&view(&commit).subject).into_owned();
            error = error.again(&shorten(&subject, 50), [short(id)]);
        }
    }
    if count == 0 { error.because("none of them is a commit") } else { error }
}

fn no_revision(text: &str) -> Error {
    let message = format!("{} names no commit", sanitize(text));
    Error::new(ErrorKind::Usage, message)
        .because("it takes an id or its first 7 digits, HEAD~2, A..B, or last")
        .again("which there are", [""])
}

#[cfg(test)]
mod tests;
