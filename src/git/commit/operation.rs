//! The operation id: what makes the same command, run again, find its own commit.

use git2::{ObjectType, Oid};

use crate::error::Result;
use crate::git::commit::trailers;
use crate::git::failure::{ShallowBoundary, failed};
use crate::git::history::ancestry::{State, since, state};
use crate::git::history::mainline::Bad;
use crate::git::repository::{Repository, view};
use crate::git::tree::draft::Draft;
use crate::git::tree::file_merge::ThreeWays;
use crate::git::tree::tree_changes::between;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{CommitView, Mode};

/// What an operation is: the same answers make the same id.
pub struct Operation<'a> {
    /// The canonical URL of the repository, without credentials.
    pub repository: &'a str,
    /// The branch, without `refs/heads/`.
    pub branch: &'a str,
    /// The commits to take out; their order plays no part.
    pub commits: &'a [Oid],
    /// As it was asked for.
    pub mode: Mode,
    /// The paths that it is limited to; their order plays no part.
    pub paths: &'a [GitPath],
    /// What the paths go back to, where that was said.
    pub good: Option<Oid>,
}

impl Operation<'_> {
    /// 16 hexadecimal digits.
    pub fn id(&self) -> Result<String> {
        let mut commits = self.commits.to_vec();
        commits.sort_unstable();
        commits.dedup();
        let mut paths: Vec<&GitPath> = self.paths.iter().collect();
        paths.sort_unstable();
        paths.dedup();
        let mut text = Vec::new();
        // NUL stands in none of them, so no two different operations write the same.
        let mut add = |part: &[u8]| {
            text.extend_from_slice(part);
            text.push(0);
        };
        add(self.repository.as_bytes());
        add(self.branch.as_bytes());
        add(mode_word(self.mode).as_bytes());
        add(self.good.map(|id| id.to_string()).unwrap_or_default().as_bytes());
        for commit in commits {
            add(commit.to_string().as_bytes());
        }
        add(b"");
        for path in paths {
            add(path.bytes());
        }
        let hash = Oid::hash_object(ObjectType::Blob, &text)
            .map_err(|error| failed("cannot make an operation id", &error))?;
        Ok(hash.to_string().chars().take(16).collect())
    }

    /// The commit of this operation that is on the branch, unless it was undone since: a later commit
    /// reverts it, or a bad change is in force again in a file that it took it out of. One that changed
    /// none of their files only says so.
    ///
    /// None, too, where the history that is here does not reach so far: [`crate::git::revert::attempt`] goes
    /// on from there only where every file is as the bad commits left it, and then nothing is done.
    pub fn done(
        &self,
        repository: &Repository,
        tip: Oid,
        mainline: Option<u32>,
    ) -> Result<Option<CommitView>> {
        let id = self.id()?;
        let mut found = None;
        let commits = match since(repository, tip, self.commits) {
            Err(error) if ShallowBoundary::of(&error).is_some() => return Ok(None),
            commits => commits?,
        };
        for commit in commits.into_iter().rev() {
            if trailers::values(&commit, trailers::OPERATION).contains(&id) {
                found = Some(commit);
            } else if let Some(done) = &found
                && trailers::reverted(&commit).contains(&done.id())
            {
                found = None;
            }
        }
        let Some(done) = found else { return Ok(None) };
        let before = repository.whole_commit(done.id())?.parent_ids().next();
        let before = before.map(|id| repository.find_commit(id)).transpose()?;
        let changed = between(repository, before.map(|c| c.tree_id()), Some(done.tree_id()))?;
        let mut now = Draft::on(repository, repository.find_commit(tip)?.tree_id());
        // A message alone proves nothing: anybody can write an id into it.
        let mut has_done = self.commits.is_empty();
        for bad in self.commits {
            for change in Bad::resolve(repository, tip, *bad, mainline)?.changes()? {
                if changed.iter().all(|file| file.path != change.path) {
                    continue;
                }
                has_done = true;
                let tip = now.get(&change.path)?;
                let ways = ThreeWays { bad: change.after, tip, good: change.before };
                if state(repository, ways)? == State::InForce {
                    return Ok(None);
                }
            }
        }
        Ok(has_done.then(|| view(&done)))
    }
}

/// A mode as trailers and ids have it.
#[must_use]
pub fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Auto => "auto",
        Mode::Revert => "revert",
        Mode::Subset => "subset",
        Mode::Restore => "restore",
    }
}

#[cfg(test)]
mod tests;
