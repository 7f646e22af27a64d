//! The paths that the annotation `argocd.argoproj.io/manifest-generate-paths` names. It is a hint for
//! Argo CD's cache and often too narrow, so it only ever adds to what is followed.

use git2::Oid;

use crate::error::Result;
use crate::git::repository::Repository;
use crate::git::tree::draft::Draft;
use crate::git::tree::entry::Entry;
use crate::git::tree::paths::covers;
use crate::rollback::model::git_path::GitPath;
use crate::text::sanitize;

use super::Closure;
use super::glob::{Star, is_pattern, matches};
use super::reading::lexical;

/// Files that patterns add at most.
const MOST: usize = 5_000;

/// Adds what the annotation names, and says what it leaves out.
pub(super) fn add(
    repository: &Repository,
    tree: Oid,
    folder: &GitPath,
    annotation: &str,
    closure: &mut Closure,
) -> Result<()> {
    let entries: Vec<&str> =
        annotation.split(';').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    if entries.is_empty() {
        return Ok(());
    }
    let mut named: Vec<GitPath> = Vec::new();
    let mut draft = Draft::on(repository, tree);
    for entry in entries {
        let path = match entry.strip_prefix('/') {
            Some(rest) => lexical(&GitPath::default(), rest),
            None => lexical(folder, entry),
        };
        let Some(path) = path else {
            let entry = sanitize(entry);
            closure
                .notes
                .push(format!("{entry} in manifest-generate-paths leads out of the repository"));
            continue;
        };
        if is_pattern(&path.argument()) {
            expand(repository, &mut draft, &path, &mut named, closure)?;
        } else if draft.get(&path)?.is_some() {
            named.push(path);
        } else {
            closure.watched.push(path);
        }
    }
    let left_out = closure.paths.iter().find(|path| !named.iter().any(|entry| path.is_in(entry)));
    if let Some(path) = left_out {
        let path = sanitize(&path.to_string()).into_owned();
        closure.notes.push(format!(
            "manifest-generate-paths leaves out {path}: Argo CD may not notice when that changes"
        ));
    }
    for path in named {
        if closure.paths.is_empty() || !covers(&closure.paths, &path) {
            closure.paths.retain(|known| !known.is_in(&path));
            closure.paths.push(path.clone());
            closure.hinted.push(path);
        }
    }
    closure.paths.sort_unstable();
    closure.watched.sort_unstable();
    closure.watched.dedup();
    Ok(())
}

/// The files that a pattern names. A star does not cross a slash, so it is followed part by part.
fn expand(
    repository: &Repository,
    draft: &mut Draft<'_>,
    pattern: &GitPath,
    named: &mut Vec<GitPath>,
    closure: &mut Closure,
) -> Result<()> {
    let pattern = pattern.argument();
    let parts: Vec<&str> = pattern.split('/').collect();
    let plain = parts.iter().take_while(|part| !is_pattern(part)).count();
    let start = GitPath::new(parts.get(..plain).unwrap_or_default().join("/").into_bytes());
    // What comes below it may be of the pattern.
    closure.watched.push(start.clone());
    let Some(entry) = draft.get(&start)? else { return Ok(()) };
    let mut open: Vec<(GitPath, Entry)> = vec![(start, entry)];
    for part in parts.iter().skip(plain) {
        let mut next = Vec::new();
        for (folder, entry) in open.into_iter().filter(|(_, entry)| entry.is_tree()) {
            let tree = repository.tree(entry.id)?;
            for child in &tree {
                let name = String::from_utf8_lossy(child.name_bytes()).into_owned();
                if next.len() < MOST && matches(part, &name, Star::Part) {
                    next.push((folder.join(child.name_bytes()), Entry::of(&child)));
                }
            }
        }
        open = next;
    }
    named.extend(open.into_iter().filter(|(_, entry)| !entry.is_tree()).map(|(path, _)| path));
    Ok(())
}
