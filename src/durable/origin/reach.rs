//! Getting to the repository of an owner, the user's way: by a rule of the configuration, else as the clone
//! does in which `rb` runs, else as the owner does.

use std::ffi::OsString;

use crate::config::Rewrite;
use crate::error::{Error, Result};
use crate::git::Oid;
use crate::git::remote::fetch::Needs;
use crate::revert::ground::{Ground, Reach};
use crate::rollback::model::ownership::Source;
use crate::text::{sanitize, shell_quote};

use super::Access;

/// The repositories that were fetched so far, each once for a branch.
#[derive(Debug)]
pub(super) struct Grounds<'a> {
    access: &'a Access<'a>,
    /// Those of this process.
    variables: &'a [(OsString, OsString)],
    fetched: Vec<Fetched>,
}

/// A repository with the branch, as it was fetched.
#[derive(Debug)]
pub(super) struct Fetched {
    url: String,
    branch: String,
    pub(super) ground: Ground,
    pub(super) tip: Oid,
}

impl<'a> Grounds<'a> {
    pub(super) fn new(access: &'a Access<'a>, variables: &'a [(OsString, OsString)]) -> Self {
        Self { access, variables, fetched: Vec::new() }
    }

    /// The repository of a source, at the tip of the branch that it wants: one fetch, and one question
    /// for the default branch where none is wanted.
    pub(super) async fn of(
        &mut self,
        source: &Source,
        progress: &mut dyn FnMut(&str),
    ) -> Result<usize> {
        let is_it = |one: &Fetched| one.url == source.url && one.branch == source.wants;
        if let Some(known) = self.fetched.iter().position(is_it) {
            return Ok(known);
        }
        let rewritten = Rewrite::apply(self.access.rewrites, &source.url);
        let url = rewritten.as_deref().unwrap_or(&source.url);
        let fetched = self.fetch(source, url, rewritten.is_some(), progress).await;
        let (ground, tip) = fetched.map_err(|error| explained(error, source, url))?;
        let (url, branch) = (source.url.clone(), source.wants.clone());
        self.fetched.push(Fetched { url, branch, ground, tip });
        Ok(self.fetched.len() - 1)
    }

    pub(super) fn get(&mut self, index: usize) -> Option<&mut Fetched> {
        self.fetched.get_mut(index)
    }

    /// Nothing is looked up afterwards.
    pub(super) fn take(&mut self, index: usize) -> Option<Fetched> {
        (index < self.fetched.len()).then(|| self.fetched.swap_remove(index))
    }

    async fn fetch(
        &self,
        source: &Source,
        url: &str,
        by_rule: bool,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(Ground, Oid)> {
        let branch = Some(source.wants.as_str()).filter(|branch| !branch.is_empty());
        let reach = Reach {
            repository: Some(url),
            branch,
            folder: self.access.folder,
            interactive: self.access.interactive,
            until: self.access.until,
        };
        let mut ground = Ground::reach_named(url, reach, self.variables).await?;
        if by_rule {
            let (from, to) = (sanitize(&source.url), sanitize(url));
            ground
                .notes
                .push(format!("{from} is reached as {to} (git.rewrite in the configuration)"));
        }
        let Ground { remote, store, branch, .. } = &mut ground;
        let tip = remote.fetch(store, branch, &Needs::default(), progress).await?;
        Ok((ground, tip))
    }
}

/// How to get there after all.
fn explained(error: Error, source: &Source, url: &str) -> Error {
    let error = error.without_again();
    let from = beginning(&source.url);
    error.hint(format!("try it by hand: git ls-remote {}", shell_quote(url))).hint(format!(
        "where you reach it by another URL, in rb.yaml: \
             git: {{rewrite: [{{from: {from:?}, to: \"https://HOST/\"}}]}}"
    ))
}

/// A URL up to its host, as a rule has it.
fn beginning(url: &str) -> String {
    let url = sanitize(url).into_owned();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split('/').next().unwrap_or_default();
            format!("{scheme}://{host}/")
        }
        None => match url.split_once(':') {
            Some((place, _)) => format!("ssh://{place}/"),
            None => url,
        },
    }
}
