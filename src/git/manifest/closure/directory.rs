//! A folder whose manifests are taken as they are, with its subfolders or without.

use crate::error::Result;
use crate::git::manifest::apps::ROOTS;
use crate::rollback::model::git_path::GitPath;

use super::Inputs;
use super::glob::{Star, matches_any};
use super::kustomize;
use super::named::{self, Named};
use super::reading::{Found, Reading};

/// The images of the manifests. With subfolders all of the folder is counted in; a kustomization below
/// it is followed, as Flux does. Without, its own files are.
pub(super) fn images(
    reading: &mut Reading<'_, '_>,
    folder: &GitPath,
    inputs: &Inputs,
) -> Result<Vec<Named>> {
    let Some(Found { path: folder, .. }) = reading.find(folder)? else { return Ok(Vec::new()) };
    if inputs.recursive {
        reading.whole(&folder);
    }
    reading.watch(&folder);
    let mut found = Vec::new();
    let mut open = vec![folder.clone()];
    while let Some(current) = open.pop() {
        if current != folder && kustomize::file_of(reading, &current)?.is_some() {
            found.extend(kustomize::build(reading, &current)?);
            continue;
        }
        for (path, _) in reading.list(&current)? {
            let Some(real) = reading.find(&path)? else { continue };
            // Links to folders are not followed: they may lead back.
            let is_own = real.path == path;
            if real.entry.is_tree() && inputs.recursive && is_own {
                open.push(path);
            } else if real.entry.is_file()
                && is_manifest(&path)
                && counts(inputs, &relative(&folder, &path))
                && let Some((file, content)) = reading.file(&path)?
            {
                found.extend(named::of(&content, &file));
            }
        }
    }
    Ok(found)
}

fn is_manifest(path: &GitPath) -> bool {
    let name = path.name();
    let ends = [&b".yaml"[..], b".yml", b".json"].iter().any(|end| name.ends_with(end));
    ends && !ROOTS.contains(&name)
}

/// A path as it is below a folder.
fn relative(folder: &GitPath, path: &GitPath) -> String {
    let skipped = if folder.bytes().is_empty() { 0 } else { folder.bytes().len() + 1 };
    let rest = path.bytes().get(skipped..).unwrap_or_default();
    String::from_utf8_lossy(rest).into_owned()
}

fn counts(inputs: &Inputs, path: &str) -> bool {
    let is_in = |pattern: &str| matches_any(pattern, path, Star::Everything);
    (inputs.include.is_empty() || is_in(&inputs.include))
        && (inputs.exclude.is_empty() || !is_in(&inputs.exclude))
}
