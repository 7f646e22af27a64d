//! What each argument may become. Arguments are found by the name of their field, so that a new
//! command completes the same without a word here.

use std::ffi::OsStr;
use std::sync::Arc;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::line::Line;
use super::live;
use crate::backend::{self, REGISTRY};
use crate::cluster::KubeconfigNames;
use crate::reconciler::owner_kind::{self, OWNERS};
use crate::rollback::model::target::Kind;

/// Candidates at most. The last one of them all stays among them, since a shell completes what all
/// have in common.
const MOST: usize = 500;

type Find = fn(&Line, &str) -> Vec<CompletionCandidate>;

/// Tells the command line what its arguments may become.
pub(super) fn attach(command: Command, line: &Arc<Line>) -> Command {
    let commands: Vec<String> =
        command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let attach = |arg: Arg| match finder(arg.get_id().as_str()) {
        Some(find) => {
            let line = Arc::clone(line);
            arg.add(ArgValueCompleter::new(move |current: &OsStr| {
                current.to_str().map(|word| find(&line, word)).unwrap_or_default()
            }))
        }
        None if arg.get_id() == "page" => {
            let commands = commands.clone();
            arg.add(ArgValueCompleter::new(move |current: &OsStr| {
                plain(commands.clone(), current.to_str().unwrap_or_default())
            }))
        }
        None => arg,
    };
    command.mut_args(attach).mut_subcommands(|command| command.mut_args(attach))
}

fn finder(argument: &str) -> Option<Find> {
    Some(match argument {
        "words" => workloads,
        "to_revision" | "revision" => revisions,
        "namespace" => namespaces,
        "context" | "expect_context" => |line, word| plain(kubeconfig(line).contexts, word),
        "cluster" => |line, word| plain(kubeconfig(line).clusters, word),
        "user" => |line, word| plain(kubeconfig(line).users, word),
        _ => return None,
    })
}

fn kubeconfig(line: &Line) -> KubeconfigNames {
    KubeconfigNames::read(&line.connect).unwrap_or_default()
}

/// `TYPE/`, `TYPE/NAME`, or the name after a `TYPE`.
fn workloads(line: &Line, word: &str) -> Vec<CompletionCandidate> {
    if let Some(before) = line.targets.first().filter(|first| !first.contains('/')) {
        let before_it = line.targets.get(1..).unwrap_or_default();
        return match kind_of(before) {
            Some((kind, everywhere)) if !word.contains('/') => {
                let names = live::names(line, kind, everywhere).unwrap_or_default();
                plain(names.into_iter().filter(|name| !before_it.contains(name)).collect(), word)
            }
            _ => Vec::new(),
        };
    }
    let Some((typed, _)) = word.split_once('/') else { return kinds(word) };
    let Some((kind, everywhere)) = kind_of(typed) else { return Vec::new() };
    let names = live::names(line, kind, everywhere).unwrap_or_default();
    let names = names.iter().map(|name| format!("{typed}/{name}"));
    plain(names.filter(|name| !line.targets.contains(name)).collect(), word)
}

/// The kind that a word names, of workloads or of owners; and whether those without a namespace are
/// looked for in all of them.
fn kind_of(word: &str) -> Option<(&'static Kind, bool)> {
    let owner = || owner_kind::by_word(word).map(|owner| (owner.kind(), !owner.homes().is_empty()));
    backend::by_word(word).map(|backend| (backend.kind(), false)).or_else(owner)
}

/// Nothing typed: one word for each kind. Else every word for it that fits.
fn kinds(word: &str) -> Vec<CompletionCandidate> {
    let workloads = REGISTRY.iter().map(|backend| backend.kind());
    let owners = OWNERS.iter().map(|owner| owner.kind());
    let words = workloads.chain(owners).flat_map(|kind| {
        let short = if word.is_empty() { &[][..] } else { kind.short };
        let plural = (!word.is_empty()).then_some(kind.plural);
        short.iter().copied().chain([kind.singular]).chain(plural).collect::<Vec<_>>()
    });
    let of = |name: &str| CompletionCandidate::new(format!("{name}/"));
    words.filter(|name| name.starts_with(word)).map(of).collect()
}

/// The newest first, as they are likelier.
fn revisions(line: &Line, word: &str) -> Vec<CompletionCandidate> {
    let rows = live::revisions(line).unwrap_or_default();
    let rows = rows.into_iter().rev().filter(|(value, _)| value.starts_with(word));
    let of =
        |(value, words): (String, String)| CompletionCandidate::new(value).help(Some(words.into()));
    rows.take(MOST).map(of).collect()
}

fn namespaces(line: &Line, word: &str) -> Vec<CompletionCandidate> {
    plain(live::namespaces(line).unwrap_or_default(), word)
}

fn plain(mut names: Vec<String>, word: &str) -> Vec<CompletionCandidate> {
    names.retain(|name| name.starts_with(word));
    names.sort_unstable();
    names.dedup();
    if let Some(last) = names.pop() {
        names.truncate(MOST - 1);
        names.push(last);
    }
    names.into_iter().map(CompletionCandidate::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(candidates: &[CompletionCandidate]) -> Vec<&str> {
        candidates.iter().filter_map(|candidate| candidate.get_value().to_str()).collect()
    }

    #[test]
    fn of_many_names_the_first_and_the_last_are_left() {
        let names = || (0..5_000).map(|number| format!("web-{number:04}")).collect();
        let found = plain(names(), "web-");
        assert_eq!(found.len(), MOST);
        assert_eq!((values(&found)[0], values(&found)[MOST - 1]), ("web-0000", "web-4999"));
        assert_eq!(values(&plain(names(), "web-499")).len(), 10);
        assert!(plain(Vec::new(), "").is_empty());
    }

    #[test]
    fn a_kind_has_one_word_until_somebody_begins_another() {
        assert!(values(&kinds("")).contains(&"deployment/"));
        assert!(!values(&kinds("")).contains(&"deploy/"));
        assert_eq!(values(&kinds("deploy")), ["deploy/", "deployment/", "deployments/"]);
        assert!(kinds("pod").is_empty());
        assert_eq!(values(&kinds("app")), ["app/", "application/", "applications/"]);
        assert!(values(&kinds("")).contains(&"kustomization/"));
    }
}
