//! Names on the command line: which the API allows, and each once.

use crate::app::App;
use crate::backend::Rollbacker;
use crate::error::{Error, ErrorKind, Result};

use super::{Named, Wanted};

/// Longest name of an object, by the rules of the API.
const MAX_NAME: usize = 253;

/// Refuses a namespace that the API cannot have, before it becomes part of a path.
pub(in crate::cli) fn check_namespace(app: &App) -> Result<()> {
    app.connect.namespace.as_deref().map_or(Ok(()), |name| check("namespace", name))
}

pub(super) fn check(what: &str, name: &str) -> Result<()> {
    if is_object_name(name) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Usage, format!("{name:?} is not a {what} that an object can have"))
        .hint(
            "names have lower-case letters, digits, - and . and start and end with a letter or \
             digit",
        ))
}

/// Whether an object of the API can have this name.
pub(in crate::cli) fn is_object_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    name.len() <= MAX_NAME
        && name.chars().all(plain)
        && ends(name.chars().next())
        && ends(name.chars().last())
}

/// Each workload once, in the order in which they are named first.
pub(super) fn unique(all: impl Iterator<Item = Result<Named>>) -> Result<Wanted> {
    let mut named: Vec<Named> = Vec::new();
    for one in all {
        let one = one?;
        let is_it = |other: &Named| {
            other.name == one.name
                && other.namespace == one.namespace
                && other.backend.kind() == one.backend.kind()
        };
        if !named.iter().any(is_it) {
            named.push(one);
        }
    }
    Ok(Wanted::Several(named))
}

pub(super) fn unique_kinds(all: Vec<&'static dyn Rollbacker>) -> Vec<&'static dyn Rollbacker> {
    let mut kinds: Vec<&'static dyn Rollbacker> = Vec::new();
    for backend in all {
        if !kinds.iter().any(|known| known.kind() == backend.kind()) {
            kinds.push(backend);
        }
    }
    kinds
}
