//! The generators of an `ApplicationSet`, and the repositories that they read.

use serde_json::Value;

use crate::rollback::model::ownership::{Source, SourceKind};

use super::fields::{is_set, items, text};
use super::revision::may_be_branch;

/// Generators may stand in generators, and those once more.
const DEPTH: usize = 3;

/// The repositories that its generators read: a commit there changes the Applications.
pub(super) fn sources(set: &Value) -> Vec<Source> {
    let mut sources = Vec::new();
    for (index, generator) in of_git(set) {
        if index == sources.len() {
            sources.push(source(generator));
        }
    }
    sources
}

/// The generators that read a repository, each with the place of that among the sources.
pub(super) fn of_git(set: &Value) -> Vec<(usize, &Value)> {
    let mut sources: Vec<Source> = Vec::new();
    let of_git = all(set).into_iter().filter(|generator| is_set(generator, "/git"));
    of_git
        .map(|generator| {
            let source = source(generator);
            let known = sources.iter().position(|known| *known == source);
            let index = known.unwrap_or(sources.len());
            if known.is_none() {
                sources.push(source);
            }
            (index, generator)
        })
        .collect()
}

/// All of its generators, with those that others combine.
pub(super) fn all(set: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    collect(items(set, "/spec/generators"), DEPTH, &mut found);
    found
}

fn collect<'v>(generators: &'v [Value], depth: usize, found: &mut Vec<&'v Value>) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    for generator in generators {
        found.push(generator);
        for combined in ["/matrix/generators", "/merge/generators"] {
            collect(items(generator, combined), deeper, found);
        }
    }
}

fn source(generator: &Value) -> Source {
    let wants = match text(generator, "/git/revision") {
        "HEAD" => "",
        wants => wants,
    };
    let paths = ["/git/directories", "/git/files"];
    let path = paths
        .iter()
        .flat_map(|list| items(generator, list))
        .map(|item| text(item, "/path"))
        .find(|path| !path.is_empty());
    Source {
        kind: SourceKind::Git,
        url: text(generator, "/git/repoURL").to_owned(),
        wants: wants.to_owned(),
        is_branch: may_be_branch(wants),
        path: path.map(str::to_owned),
        ..Source::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_repositories_of_its_generators_are_its_sources() {
        let git = json!({"git": {"repoURL": "https://git.test/env.git", "revision": "HEAD",
            "files": [{"path": "envs/*.json"}]}});
        let set = json!({"spec": {"generators": [
            {"list": {"elements": []}},
            git,
            {"matrix": {"generators": [{"clusters": {}}, git, {"merge": {"generators": [
                {"git": {"repoURL": "https://git.test/deep.git", "revision": "v1",
                    "directories": [{"path": "apps/*"}]}}]}}]}},
            [], "x"]}});
        let sources = sources(&set);
        let found: Vec<_> = sources
            .iter()
            .map(|s| (s.url.as_str(), s.wants.as_str(), s.path.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(
            found,
            [
                ("https://git.test/env.git", "", "envs/*.json"),
                ("https://git.test/deep.git", "v1", "apps/*")
            ]
        );
    }
}
