//! Getting to the repository of an owner, the user's way: by a rule of the configuration, else as the clone
//! does in which `rb` runs, else as the owner does.

use std::ffi::OsString;

use crate::config::Rewrite;
use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::branch::BranchName;
use crate::git::remote::fetch::{History, Needs};
use crate::git::remote::remote_url::RemoteUrl;
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
    /// for the default branch where none is wanted. The inner error is that what is wanted is no branch.
    pub(super) async fn of(
        &mut self,
        source: &Source,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Result<usize, Error>> {
        let is_it = |one: &Fetched| one.url == source.url && one.branch == source.wants;
        if let Some(known) = self.fetched.iter().position(is_it) {
            return Ok(Ok(known));
        }
        let rewritten = Rewrite::apply(self.access.rewrites, &source.url);
        let url = rewritten.as_deref().unwrap_or(&source.url);
        let fetched = self.fetch(source, url, rewritten.is_some(), progress).await;
        let (ground, tip) = match fetched.map_err(|error| explained(error, source, url))? {
            Ok(fetched) => fetched,
            Err(no_branch) => return Ok(Err(no_branch)),
        };
        let (url, branch) = (source.url.clone(), source.wants.clone());
        self.fetched.push(Fetched { url, branch, ground, tip });
        Ok(Ok(self.fetched.len() - 1))
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
    ) -> Result<Result<(Ground, Oid), Error>> {
        let branch = Some(source.wants.as_str()).filter(|branch| !branch.is_empty());
        if let Some(Err(error)) = branch.map(BranchName::parse) {
            return Ok(Err(error.without_again()));
        }
        RemoteUrl::parse(url).map_err(|error| {
            let message = "the owner has its repository under a URL that cannot be used";
            Error::new(ErrorKind::Refused, message).because(error.to_string())
        })?;
        let reach = Reach {
            repository: Some(url),
            branch,
            folder: self.access.folder,
            interactive: self.access.interactive,
            until: self.access.until,
        };
        let mut ground = Ground::reach_named(url, reach, self.variables).await?;
        if by_rule {
            let (from, to) = (shown(&source.url), shown(url));
            ground
                .notes
                .push(format!("{from} is reached as {to} (git.rewrite in the configuration)"));
        }
        let Ground { remote, store, branch, .. } = &mut ground;
        // Into an empty copy with some of what came before: that is what is looked at next.
        let needs = match store.tip(branch)? {
            Some(_) => Needs::default(),
            None => Needs::history(History::Deeper),
        };
        match remote.fetch(store, branch, &needs, progress).await {
            Ok(tip) => Ok(Ok((ground, tip))),
            // It is a tag.
            Err(error) if error.kind() == ErrorKind::Usage => Ok(Err(error.without_again())),
            Err(error) => Err(error),
        }
    }
}

/// How to get there after all.
fn explained(error: Error, source: &Source, url: &str) -> Error {
    let error = error.without_again();
    let from = beginning(&shown(&source.url));
    // Most errors of the network have it already.
    let list = format!("git ls-remote {}", shell_quote(&shown(url)));
    let is_said = error.hints().iter().any(|hint| hint.contains(&list));
    let error = if is_said { error } else { error.hint(format!("try it by hand: {list}")) };
    error.hint(format!(
        "where you reach it by another URL, in rb.yaml: \
             git: {{rewrite: [{{from: {from:?}, to: \"https://HOST/\"}}]}}"
    ))
}

/// A URL for people: without credentials, which an owner may have in it.
pub(super) fn shown(url: &str) -> String {
    match RemoteUrl::parse(url) {
        Ok(url) => url.to_string(),
        Err(_) => match url.split_once("://") {
            Some((scheme, rest)) => {
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                sanitize(&format!("{scheme}://{place}")).into_owned()
            }
            None => sanitize(url).into_owned(),
        },
    }
}

/// A URL up to its host, as a rule has it.
fn beginning(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split('/').next().unwrap_or_default();
            format!("{scheme}://{host}/")
        }
        None => match url.split_once(':') {
            Some((place, _)) => format!("ssh://{place}/"),
            None => url.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_an_owner_are_not_shown() {
        for (url, expected) in [
            ("https://ann:secret@git.test/fleet.git", "https://git.test/fleet.git"),
            ("https://ann:secret@git.test/fleet?x", "https://git.test/fleet?x"),
            ("git@git.test:fleet", "git@git.test:fleet"),
            ("https://git.test/\u{1b}[2J", "https://git.test/\u{fffd}[2J"),
        ] {
            let found = shown(url);
            assert!(!found.contains("secret") && !found.contains('\u{1b}'), "{found}");
            if !expected.contains('\u{fffd}') {
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn a_rule_begins_as_the_url_of_the_owner_does() {
        for (url, expected) in [
            ("git@git.test:shop/fleet.git", "ssh://git@git.test/"),
            ("ssh://git@git.test:2222/fleet", "ssh://git@git.test:2222/"),
            ("https://git.test/fleet", "https://git.test/"),
            ("/srv/fleet", "/srv/fleet"),
        ] {
            assert_eq!(beginning(url), expected);
        }
    }
}
