//! Which workload: kubectl's `TYPE/NAME` or `TYPE NAME`.

use clap::Args;

use crate::app::App;
use crate::backend::{self, REGISTRY, Rollbacker};
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::target::Target;

/// Longest name of an object, by the rules of the API.
const MAX_NAME: usize = 253;

#[derive(Clone, Debug, Args)]
pub(super) struct TargetArgs {
    /// The workload: TYPE/NAME or TYPE NAME, e.g. deploy/checkout
    #[arg(value_name = "TYPE/NAME", required = true, num_args = 1..)]
    words: Vec<String>,
}

impl From<&Vec<String>> for TargetArgs {
    fn from(words: &Vec<String>) -> Self {
        Self { words: words.clone() }
    }
}

/// A kind and a name, before it is known in which namespace.
pub(super) struct Named {
    pub(super) backend: &'static dyn Rollbacker,
    name: String,
}

impl TargetArgs {
    /// Reads the words; no request is made.
    pub(super) fn parse(&self) -> Result<Named> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let (kind, name) = match words.as_slice() {
            [word] => word.split_once('/').ok_or_else(|| missing_name(word))?,
            [kind, name] if !kind.contains('/') && !name.contains('/') => (*kind, *name),
            _ => return Err(one_at_a_time(&words)),
        };
        let backend = backend::by_word(kind).ok_or_else(|| unknown_kind(kind))?;
        check_name("name", name)?;
        Ok(Named { backend, name: name.to_owned() })
    }
}

impl Named {
    /// The workload in the namespace that the connection says.
    pub(super) fn in_namespace_of(&self, cluster: &Cluster) -> Target {
        Target::new(self.backend.kind(), cluster.namespace(), &self.name)
    }
}

/// Refuses a namespace that the API cannot have, before it becomes part of a path.
pub(super) fn check_namespace(app: &App) -> Result<()> {
    app.connect.namespace.as_deref().map_or(Ok(()), |name| check_name("namespace", name))
}

fn check_name(what: &str, name: &str) -> Result<()> {
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
pub(super) fn is_object_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    name.len() <= MAX_NAME
        && name.chars().all(plain)
        && ends(name.chars().next())
        && ends(name.chars().last())
}

fn missing_name(word: &str) -> Error {
    match backend::by_word(word) {
        Some(_) => Error::new(ErrorKind::Usage, format!("{word} names no workload"))
            .hint(format!("name one: {word}/NAME")),
        None => Error::new(ErrorKind::Usage, format!("{word:?} is not TYPE/NAME"))
            .hint(format!("for a Deployment: deployment/{word}")),
    }
}

fn one_at_a_time(words: &[&str]) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("one workload at a time: TYPE/NAME or TYPE NAME, and not {:?}", words.join(" ")),
    )
    .hint("run it once for each of them")
}

fn unknown_kind(kind: &str) -> Error {
    let known: Vec<&str> = REGISTRY.iter().map(|backend| backend.kind().singular).collect();
    Error::new(
        ErrorKind::Usage,
        format!("{kind:?} is not a type that rb rolls back; it rolls back: {}", known.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<String> {
        let words = line.split(' ').map(str::to_owned).collect();
        TargetArgs { words }
            .parse()
            .map(|named| format!("{}:{}", named.backend.kind().kind, named.name))
    }

    #[test]
    fn a_workload_is_named_as_for_kubectl() {
        for line in ["deploy/web", "deployment web", "deployments.apps/web", "Deployment/web"] {
            assert_eq!(parse(line).unwrap(), "Deployment:web", "{line}");
        }
    }

    #[test]
    fn anything_else_is_a_usage_error() {
        for line in [
            "web",
            "deploy",
            "pod/web",
            "deploy/",
            "deploy/Web",
            "deploy/--help",
            "deploy/a..%2f",
            "deploy/../../secrets/x",
            "deploy/a deploy/b",
            "deploy a b",
        ] {
            assert_eq!(parse(line).unwrap_err().kind(), ErrorKind::Usage, "{line}");
        }
    }
}
