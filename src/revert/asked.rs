//! What the user names, as commits.

use jiff::Timestamp;

use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::history::{candidates, image_search, revisions};
use crate::git::remote::fetch::Needs;
use crate::git::repository::Repository;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::Mode;
use crate::rollback::model::revert_plan::Asked;

/// Which commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// `last`, `HEAD~2`, an id or its beginning, `A..B`.
    Named(String),
    /// Exactly these, newest first, by their ids.
    These(Vec<String>),
    /// The newest one that brought this image.
    Image(String),
    /// All since then.
    Since(Timestamp),
    /// None in particular: whatever came after the good commit.
    AfterGood,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which commits.
    pub which: Which,
    /// How.
    pub mode: Mode,
    /// Below these paths only; none is everywhere.
    pub paths: Vec<GitPath>,
    /// The commit whose state the paths get, as it was named.
    pub good: Option<String>,
    /// The parent of merge commits that is the branch, from 1.
    pub mainline: Option<u32>,
    /// How many files more may be deleted than the commits had added.
    pub allow_delete: usize,
}

/// The commits that are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meant {
    /// To take out, newest first.
    pub(super) commits: Vec<Oid>,
    /// Whose state the paths get.
    pub(super) good: Option<Oid>,
}

impl Request {
    /// The same again, from a plan.
    #[must_use]
    pub fn of(asked: &Asked) -> Self {
        let which = match asked.commits.as_slice() {
            [] => Which::AfterGood,
            commits => Which::These(commits.to_vec()),
        };
        let (mode, paths) = (asked.mode, asked.paths.clone());
        Self {
            which,
            mode,
            paths,
            good: asked.good.clone(),
            mainline: asked.mainline,
            allow_delete: asked.allow_delete,
        }
    }

    /// The commits that are named in full: they can be fetched by their ids.
    pub(super) fn needs(&self) -> Needs {
        let named = match &self.which {
            Which::Named(text) => std::slice::from_ref(text),
            Which::These(ids) => ids,
            Which::Image(_) | Which::Since(_) | Which::AfterGood => &[],
        };
        Needs::commits(named.iter().chain(&self.good).filter_map(|text| full_id(text)))
    }

    /// Whether the same words mean other commits once one more is on the branch.
    pub(super) fn moves(&self) -> bool {
        match &self.which {
            Which::Named(text) => text == "last" || text.contains("HEAD") || text.contains('@'),
            Which::Since(_) => true,
            Which::These(_) | Which::Image(_) | Which::AfterGood => false,
        }
    }

    /// Finds them. Errors as of [`revisions::resolve`], [`image_search::introduced`] and
    /// [`candidates::since`].
    pub(super) fn resolve(&self, repository: &Repository, tip: Oid) -> Result<Meant> {
        let good = match &self.good {
            Some(text) => Some(revisions::one(repository, tip, text)?),
            None => None,
        };
        let commits = match &self.which {
            Which::Named(text) => revisions::resolve(repository, tip, text, &self.paths)?,
            Which::These(ids) => {
                ids.iter().map(|id| revisions::one(repository, tip, id)).collect::<Result<_>>()?
            }
            Which::Image(image) => {
                vec![image_search::introduced(repository, tip, &self.paths, image)?.commit]
            }
            Which::Since(time) => candidates::since(repository, tip, &self.paths, *time)?,
            Which::AfterGood if good.is_some() => Vec::new(),
            Which::AfterGood => {
                return Err(Error::new(ErrorKind::Usage, "no commit to revert was named"));
            }
        };
        Ok(Meant { commits, good })
    }
}

fn full_id(text: &str) -> Option<Oid> {
    let is_full = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_full.then(|| Oid::from_str(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_ids_can_be_fetched() {
        let sha = "9f3c2ab9f3c2ab9f3c2ab9f3c2ab9f3c2ab9f3c2";
        let request = |text: &str, good: Option<&str>| Request {
            which: Which::Named(text.to_owned()),
            mode: Mode::Auto,
            paths: Vec::new(),
            good: good.map(str::to_owned),
            mainline: None,
            allow_delete: 0,
        };
        let ids = |request: Request| request.needs().commits.len();
        assert_eq!(ids(request(sha, None)), 1);
        assert_eq!(ids(request("9f3c2ab", Some(sha))), 1);
        assert_eq!(ids(request("HEAD~3", None)), 0);
        assert_eq!(ids(request(&format!("{sha}..{sha}"), None)), 0);
        assert_eq!(ids(request(&"z".repeat(40), None)), 0);
    }
}
