//! Takes commits out of a branch, in memory.
//!
//! Three ways, from the narrowest effect to the widest: what the commits changed (`revert`), that below
//! some paths only (`subset`), or the paths as they were in a good commit (`restore`). `auto` takes the
//! first that stays below the paths and has no conflicts, and says which it passed over; without paths
//! it reverts and nothing else. Nobody should carry out what came of `auto` without having seen its
//! files and the commits in [`Reverted::also`].

use git2::Oid;

use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::Branch;
use crate::git::history::already::earlier;
use crate::git::history::ancestry::prove;
use crate::git::history::mainline::Bad;
use crate::git::repository::{Repository, view};
use crate::git::tree::paths::covers;
use crate::git::tree::restore;
use crate::git::tree::take_out::{TakeOut, Taken};
use crate::git::tree::tree_changes::{Change, between};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{
    Attempt, Blocked, CommitView, Conflict, Mode, NextWay, Nothing, NothingReason, PassedOver,
    PassedOverReason, Reverted,
};
use crate::text::{plural, sanitize};

/// How many files a reason for passing a way over names.
const NAMED: usize = 10;
/// More files than this are not offered as paths to restore.
const OFFERED: usize = 20;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The branch that it is made for.
    pub branch: &'a Branch,
    /// The commits to take out, newest first. Only a restore with a good commit does without.
    pub commits: &'a [Oid],
    /// How.
    pub mode: Mode,
    /// Below these paths only; none is everywhere.
    pub paths: &'a [GitPath],
    /// The commit whose state restored paths get; default: what the oldest commit was made on.
    pub good: Option<Oid>,
    /// The parent of merge commits that is the good side, from 1.
    pub mainline: Option<u32>,
}

/// Makes the tree and writes it to the repository; nothing points to it yet.
///
/// Fails with [`ErrorKind::Refused`] where a commit is not on the branch, is the first of the
/// repository, or would change files outside the paths; with [`super::ShallowBoundary`] or
/// [`super::MissingObject`] behind the error where more has to be fetched first; with
/// [`ErrorKind::NotFound`] where nothing was changed below the paths; and with [`ErrorKind::Usage`]
/// where the request makes no sense.
pub fn attempt(repository: &Repository, request: &Request<'_>) -> Result<Attempt> {
    let attempt = Try::new(repository, request)?;
    match request.mode {
        Mode::Auto => attempt.auto(),
        Mode::Revert => attempt.whole(),
        Mode::Subset => attempt.subset(),
        Mode::Restore => attempt.restored(request.paths, Vec::new()),
    }
}

/// What a way of taking commits out comes to.
enum Made {
    Clean(Oid, Vec<Change>),
    Same,
    Conflicts(Vec<Conflict>),
}

struct Try<'r> {
    repository: &'r Repository,
    request: Request<'r>,
    tip_tree: Oid,
    bads: Vec<Bad<'r>>,
}

impl<'r> Try<'r> {
    fn new(repository: &'r Repository, request: &Request<'r>) -> Result<Self> {
        let tip = request.branch.tip;
        let tip_tree = repository.find_commit(tip)?.tree_id();
        let mut bads: Vec<Bad<'r>> = Vec::with_capacity(request.commits.len());
        for id in request.commits {
            if bads.iter().any(|bad| bad.commit.id() == *id) {
                continue;
            }
            let bad = Bad::resolve(repository, tip, *id, request.mainline)?;
            prove(repository, tip, &bad, request.branch.name.as_str())?;
            bads.push(bad);
        }
        if bads.is_empty() && !(request.mode == Mode::Restore && request.good.is_some()) {
            return Err(Error::new(ErrorKind::Usage, "no commit to revert was named"));
        }
        if request.paths.is_empty() && matches!(request.mode, Mode::Subset | Mode::Restore) {
            let message = match request.mode {
                Mode::Restore => "--mode restore needs a path: it puts paths back as they were",
                _ => "--mode subset needs a path: it takes out what was changed below some",
            };
            return Err(
                Error::new(ErrorKind::Usage, message).again("for example", ["--path", "apps/web"])
            );
        }
        Ok(Self { repository, request: *request, tip_tree, bads })
    }

    /// The first way that is clean and stays below the paths.
    fn auto(&self) -> Result<Attempt> {
        let paths = self.request.paths;
        let mut passed_over = Vec::new();
        match self.make(&[])? {
            Made::Same => return self.nothing(),
            Made::Conflicts(conflicts) if paths.is_empty() => {
                return self.blocked(Mode::Revert, conflicts);
            }
            Made::Clean(tree, files) => {
                let foreign = foreign(paths, &files);
                if foreign.is_empty() {
                    return Ok(self.clean(Mode::Revert, tree, &files, passed_over));
                }
                let why = PassedOverReason::ForeignPaths;
                passed_over.push(passed(Mode::Revert, why, foreign));
            }
            Made::Conflicts(conflicts) => passed_over.push(passed_for(Mode::Revert, &conflicts)),
        }
        match self.make(paths)? {
            Made::Same => return self.nothing(),
            Made::Clean(tree, files) => {
                return Ok(self.clean(Mode::Subset, tree, &files, passed_over));
            }
            Made::Conflicts(conflicts) => passed_over.push(passed_for(Mode::Subset, &conflicts)),
        }
        self.restored(paths, passed_over)
    }

    fn whole(&self) -> Result<Attempt> {
        match self.make(&[])? {
            Made::Same => self.nothing(),
            Made::Conflicts(conflicts) => self.blocked(Mode::Revert, conflicts),
            Made::Clean(tree, files) => {
                let foreign = foreign(self.request.paths, &files);
                match foreign.first() {
                    None => Ok(self.clean(Mode::Revert, tree, &files, Vec::new())),
                    Some(first) => Err(foreign_paths(first, foreign.len())),
                }
            }
        }
    }

    fn subset(&self) -> Result<Attempt> {
        match self.make(self.request.paths)? {
            Made::Same => self.nothing(),
            Made::Conflicts(conflicts) => self.blocked(Mode::Subset, conflicts),
            Made::Clean(tree, files) => Ok(self.clean(Mode::Subset, tree, &files, Vec::new())),
        }
    }

    fn restored(&self, paths: &[GitPath], passed_over: Vec<PassedOver>) -> Result<Attempt> {
        let tip = self.request.branch.tip;
        let good = self.good()?;
        restore::check_good(
            self.repository,
            tip,
            good,
            &self.bads,
            self.request.branch.name.as_str(),
        )?;
        let commit = self.repository.find_commit(good)?;
        let tree = restore::tree(self.repository, self.tip_tree, &commit, paths)?;
        let files = between(self.repository, Some(self.tip_tree), Some(tree))?;
        if files.is_empty() {
            return self.nothing_because(NothingReason::AlreadyRestored);
        }
        let mut reverted = self.reverted(Mode::Restore, tree, &files, passed_over);
        reverted.also = restore::also(self.repository, tip, good, paths, &self.bads)?;
        reverted.good = Some(good.to_string());
        reverted.paths = paths.to_vec();
        Ok(Attempt::Clean(reverted))
    }

    fn good(&self) -> Result<Oid> {
        let default = self.bads.last().map(|bad| bad.parent.id());
        self.request.good.or(default).ok_or_else(|| {
            Error::new(ErrorKind::Usage, "which commit was good?")
                .again("name it", ["--to", "COMMIT"])
        })
    }

    /// Takes the commits out, below these paths only.
    fn make(&self, paths: &[GitPath]) -> Result<Made> {
        let Taken { tree, conflicts, changes, covered } = TakeOut {
            repository: self.repository,
            branch: self.request.branch.name.as_str(),
            tip: self.request.branch.tip,
            tip_tree: self.tip_tree,
            bads: &self.bads,
            paths,
        }
        .run()?;
        let Some(tree) = tree else { return Ok(Made::Conflicts(conflicts)) };
        if changes > 0 && covered == 0 {
            return Err(self.touches_nothing(paths));
        }
        let files = between(self.repository, Some(self.tip_tree), Some(tree))?;
        Ok(if files.is_empty() { Made::Same } else { Made::Clean(tree, files) })
    }

    fn clean(
        &self,
        mode: Mode,
        tree: Oid,
        files: &[Change],
        passed_over: Vec<PassedOver>,
    ) -> Attempt {
        Attempt::Clean(self.reverted(mode, tree, files, passed_over))
    }

    fn reverted(
        &self,
        mode: Mode,
        tree: Oid,
        files: &[Change],
        passed_over: Vec<PassedOver>,
    ) -> Reverted {
        Reverted {
            mode,
            passed_over,
            good: None,
            paths: self.request.paths.to_vec(),
            tree: tree.to_string(),
            tip: self.request.branch.tip.to_string(),
            commits: self.views(),
            parents: self.bads.iter().map(|bad| bad.parent.id().to_string()).collect(),
            also: Vec::new(),
            files: files.iter().map(Change::view).collect(),
        }
    }

    fn views(&self) -> Vec<CommitView> {
        self.bads.iter().map(|bad| view(&bad.commit)).collect()
    }

    fn nothing(&self) -> Result<Attempt> {
        for bad in &self.bads {
            if !bad.changes()?.is_empty() {
                return self.nothing_because(NothingReason::AlreadyReverted);
            }
        }
        self.nothing_because(NothingReason::Empty)
    }

    fn nothing_because(&self, reason: NothingReason) -> Result<Attempt> {
        let mut by = None;
        if reason != NothingReason::Empty {
            for bad in &self.bads {
                let tip = self.request.branch.tip;
                if by.is_none() {
                    let found = earlier(self.repository, tip, bad.commit.id())?;
                    by = found.map(|found| view(&found.by));
                }
            }
        }
        Ok(Attempt::Nothing(Nothing { reason, commits: self.views(), by }))
    }

    fn blocked(&self, mode: Mode, conflicts: Vec<Conflict>) -> Result<Attempt> {
        let next = self.next(mode)?;
        Ok(Attempt::Blocked(Blocked { mode, commits: self.views(), conflicts, next }))
    }

    /// The next way that goes through.
    fn next(&self, mode: Mode) -> Result<Option<NextWay>> {
        let way = |mode, paths| NextWay { mode, paths, good: None, also: Vec::new() };
        let mut paths = self.request.paths.to_vec();
        if mode == Mode::Revert && !paths.is_empty() {
            match self.make(&paths) {
                Ok(Made::Clean(..)) => return Ok(Some(way(Mode::Subset, paths))),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        if paths.is_empty() {
            for bad in &self.bads {
                paths.extend(bad.changes()?.into_iter().map(|change| change.path));
            }
            paths.sort_unstable();
            paths.dedup();
            if paths.len() > OFFERED {
                return Ok(None);
            }
        }
        match self.restored(&paths, Vec::new()) {
            Ok(Attempt::Clean(restored)) => {
                let Reverted { good, also, .. } = restored;
                Ok(Some(NextWay { good, also, ..way(Mode::Restore, paths) }))
            }
            Ok(_) => Ok(None),
            // It is only an offer: what stands in its way is said by whoever takes it up.
            Err(error) if super::ShallowBoundary::of(&error).is_some() => Ok(None),
            Err(error) if matches!(error.kind(), ErrorKind::Refused | ErrorKind::NotFound) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn touches_nothing(&self, paths: &[GitPath]) -> Error {
        let list: Vec<String> =
            paths.iter().map(|path| sanitize(&path.to_string()).into_owned()).collect();
        let list = list.join(", ");
        let what = match self.bads.as_slice() {
            [only] => format!("commit {} changed nothing", only.commit.id()),
            bads => format!("none of the {} commits changed anything", bads.len()),
        };
        let error = Error::new(ErrorKind::NotFound, format!("{what} below {list}"));
        match self.bads.first() {
            Some(bad) => error.again("without the path", ["--path"]).hint(format!(
                "what it changed, in a checkout: git show --stat {}",
                bad.commit.id()
            )),
            None => error,
        }
    }
}

fn foreign(paths: &[GitPath], files: &[Change]) -> Vec<GitPath> {
    files.iter().filter(|file| !covers(paths, &file.path)).map(|file| file.path.clone()).collect()
}

fn passed(mode: Mode, why: PassedOverReason, mut files: Vec<GitPath>) -> PassedOver {
    files.truncate(NAMED);
    PassedOver { mode, why, files }
}

fn passed_for(mode: Mode, conflicts: &[Conflict]) -> PassedOver {
    let files = conflicts.iter().map(|conflict| conflict.path.clone()).collect();
    passed(mode, PassedOverReason::Conflicts, files)
}

fn foreign_paths(first: &GitPath, count: usize) -> Error {
    let first = first.to_string();
    let count = plural(i64::try_from(count).unwrap_or(i64::MAX), "file");
    let message = format!("the revert would change {count} outside the paths");
    Error::new(ErrorKind::Refused, message)
        .because(format!("e.g. {}", sanitize(&first)))
        .again("take out what lies below the paths only", ["--mode", "subset"])
}

#[cfg(test)]
mod tests;
