//! Whether rb is right where it differs from `git revert`: looked up in the history by other means than
//! its own. Texts are merged by `git merge-file`.

use std::collections::BTreeSet;
use std::path::Path;

use git2::{Commit, Oid, Repository, Tree};
use tempfile::TempDir;

use super::scribe::{command, git};

/// An entry of a tree: mode and content.
type Entry = Option<(i32, Vec<u8>)>;

/// The history that it is looked up in.
pub(super) struct History {
    repository: Repository,
    folder: TempDir,
}

impl History {
    pub(super) fn of(path: &Path) -> Self {
        let repository = Repository::open(path).expect("a repository");
        Self { repository, folder: TempDir::new().expect("a folder") }
    }

    /// Why it is wrong to leave a file as it is when `bad` is taken out; `None` where it is right: a
    /// commit after it says that it reverts it, what that left of the file holds nothing of the change,
    /// and no commit since has put the change back.
    pub(super) fn why_not_out(&self, bad: &str, path: &str) -> Option<String> {
        let commits = self.after(bad);
        let says = |id: &str, commit: &Commit<'_>| {
            let line = format!("This reverts commit {id}.");
            commit.message().is_ok_and(|message| message.lines().any(|other| other == line))
        };
        let Some(at) = commits.iter().rposition(|commit| says(bad, commit)) else {
            return Some("no commit says that it reverts it".to_owned());
        };
        let (revert, later) = commits[at..].split_first().expect("the revert");
        let name = revert.id().to_string();
        if later.iter().any(|commit| says(&name, commit)) {
            return Some(format!("{name} was reverted itself"));
        }
        let bad = self.commit(bad);
        let after = entry(&self.repository, &tree(&bad), path);
        let before = entry(&self.repository, &tree(&bad.parent(0).expect("a parent")), path);
        let out = |commit: &Commit<'_>| {
            self.take_out(&after, &before, &entry(&self.repository, &tree(commit), path))
        };
        if out(revert) != TakenOut::Same {
            return Some(format!("{name} did not take it out"));
        }
        let back = later.iter().find(|commit| out(commit) == TakenOut::Other);
        if let Some(back) = back {
            return Some(format!("{} put it back", back.id()));
        }
        // No two commits give the same tag: where this one is, the change is.
        let tags = |entry: &Entry| -> BTreeSet<Vec<u8>> {
            let lines = entry.iter().flat_map(|(_, text)| text.split(|byte| *byte == b'\n'));
            lines.filter(|line| line.starts_with(b"  newTag: ")).map(<[u8]>::to_vec).collect()
        };
        let tip = entry(&self.repository, &tree(&self.commit("main")), path);
        let added: BTreeSet<_> = tags(&after).difference(&tags(&before)).cloned().collect();
        let is_there = tags(&tip).intersection(&added).next().is_some();
        is_there.then(|| "its tag is at the tip".to_owned())
    }

    /// The commits of `main` that are not behind this one, oldest first.
    fn after(&self, id: &str) -> Vec<Commit<'_>> {
        let range = format!("{id}..main");
        let list = git(self.repository.path(), &["rev-list", "--topo-order", "--reverse", &range]);
        list.lines().map(|id| self.commit(id)).collect()
    }

    fn commit(&self, name: &str) -> Commit<'_> {
        let found = self.repository.revparse_single(name);
        found.and_then(|object| object.peel_to_commit()).expect("a commit")
    }

    /// What comes of a file when the change from `before` to `after` is taken out of it.
    fn take_out(&self, after: &Entry, before: &Entry, now: &Entry) -> TakenOut {
        if now == before {
            return TakenOut::Same;
        }
        if now == after {
            return TakenOut::Other;
        }
        let (Some(after), Some(before), Some(now)) = (after, before, now) else {
            return TakenOut::Conflict;
        };
        // A link has no lines.
        if [after, before, now].iter().any(|(mode, _)| mode & 0o170_000 != 0o100_000) {
            return TakenOut::Conflict;
        }
        let paths = [("now", now), ("after", after), ("before", before)].map(|(name, entry)| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, &entry.1).expect("a file");
            path
        });
        let mut merge = command(self.folder.path());
        let output = merge.args(["merge-file", "-p", "--quiet"]).args(paths).output().expect("git");
        let mode = if now.0 == after.0 { before.0 } else { now.0 };
        match output.status.success() {
            false => TakenOut::Conflict,
            true if output.stdout == now.1 && mode == now.0 => TakenOut::Same,
            true => TakenOut::Other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TakenOut {
    /// Nothing is left of it.
    Same,
    /// It is there, and can be taken out.
    Other,
    /// It was changed over.
    Conflict,
}

fn tree<'r>(commit: &Commit<'r>) -> Tree<'r> {
    commit.tree().expect("a tree")
}

/// A submodule has the id of its commit for content.
fn entry(repository: &Repository, tree: &Tree<'_>, path: &str) -> Entry {
    let entry = tree.get_path(Path::new(path)).ok()?;
    if entry.filemode() == 0o040_000 {
        return None;
    }
    let content = match repository.find_blob(entry.id()) {
        Ok(blob) => blob.content().to_vec(),
        Err(_) => Oid::as_bytes(&entry.id()).to_vec(),
    };
    Some((entry.filemode(), content))
}
