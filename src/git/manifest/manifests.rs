//! Whether manifests can still be read after a revert. Two clean merges of lines may make one broken
//! file, and a file that goes may be named by a kustomization that stays.

use std::collections::BTreeSet;
use std::fmt;

use git2::Oid;
use serde::Deserialize;
use serde::de::{Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::error::Result;
use crate::git::manifest::apps::ROOTS;
use crate::git::repository::Repository;
use crate::git::tree::draft::Draft;
use crate::git::tree::entry::Entry;
use crate::git::tree::file_merge::is_lfs_pointer;
use crate::git::tree::tree_changes::Change;
use crate::rollback::model::git_path::GitPath;
use crate::text::sanitize;

/// A larger file is not read.
const LARGEST: usize = 4 * 1024 * 1024;

/// The first file that cannot be read after the change but could before, and why.
pub(in crate::git) fn broken(
    repository: &Repository,
    tip: Oid,
    tree: Oid,
    files: &[Change],
) -> Result<Option<(GitPath, String)>> {
    for file in files.iter().filter(|file| is_yaml(&file.path)) {
        let Some(after) = content(repository, file.after)? else { continue };
        if let Err(why) = read(&file.path, &after) {
            let before = content(repository, file.before)?;
            let is_template = match before {
                Some(before) => read(&file.path, &before).is_err(),
                None => after.windows(2).any(|pair| pair == b"{{"),
            };
            if !is_template {
                return Ok(Some((file.path.clone(), why)));
            }
        }
    }
    dangling(repository, tip, tree, files)
}

fn is_yaml(path: &GitPath) -> bool {
    let name = path.name();
    name.ends_with(b".yaml") || name.ends_with(b".yml") || is_kustomization(path)
}

fn is_kustomization(path: &GitPath) -> bool {
    ROOTS.iter().take(3).any(|name| *name == path.name())
}

/// `None` where it is no file, or none that is read.
fn content(repository: &Repository, entry: Option<Entry>) -> Result<Option<Vec<u8>>> {
    let Some(entry) = entry.filter(|entry| entry.is_file()) else { return Ok(None) };
    if repository.blob_size(entry.id).is_none_or(|size| size > LARGEST) {
        return Ok(None);
    }
    let content = repository.blob(entry.id)?;
    Ok((!is_lfs_pointer(&content)).then_some(content))
}

/// Reads a file; fails with what is wrong, in words that quote nothing of it.
fn read(path: &GitPath, content: &[u8]) -> std::result::Result<(), String> {
    let text = std::str::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if is_kustomization(path) {
        return kustomization(text).map(|_| ());
    }
    match serde_yaml::from_multiple::<Anything>(text) {
        Ok(_) | Err(serde_yaml::Error::Budget { .. }) => Ok(()),
        Err(error) => Err(words("it is no YAML", &error)),
    }
}

fn words(what: &str, error: &serde_yaml::Error) -> String {
    match error.location() {
        Some(at) => format!("{what}: line {}, column {}", at.line(), at.column()),
        None => what.to_owned(),
    }
}

/// The parts of a kustomization that name other files.
#[derive(Default, Deserialize)]
struct Kustomization {
    #[serde(default)]
    resources: Option<Vec<String>>,
    #[serde(default)]
    bases: Option<Vec<String>>,
    #[serde(default)]
    components: Option<Vec<String>>,
}

impl Kustomization {
    fn local(self) -> impl Iterator<Item = String> {
        let Self { resources, bases, components } = self;
        let all = [resources, bases, components].into_iter().flatten().flatten();
        // Anything else is fetched from somewhere.
        all.filter(|name| !name.contains("://") && !name.contains("?ref=") && !name.contains('@'))
    }
}

fn kustomization(text: &str) -> std::result::Result<Kustomization, String> {
    serde_yaml::from_str::<Anything>(text).map_err(|error| words("it is no YAML", &error))?;
    let read = serde_yaml::from_str::<Option<Kustomization>>(text);
    read.map(Option::unwrap_or_default).map_err(|error| words("it is no kustomization", &error))
}

/// A kustomization at or above a changed file that names a file that is not there, and did not lack it
/// before.
fn dangling(
    repository: &Repository,
    tip: Oid,
    tree: Oid,
    files: &[Change],
) -> Result<Option<(GitPath, String)>> {
    let mut folders = BTreeSet::new();
    for file in files {
        let mut next = file.path.folder();
        while let Some(folder) = next {
            next = folder.folder();
            if !folders.insert(folder) {
                break;
            }
        }
    }
    let (mut was, mut now) = (Draft::on(repository, tip), Draft::on(repository, tree));
    for folder in folders {
        for name in ROOTS.iter().take(3) {
            let path = folder.join(name);
            let Some(content) = content(repository, now.get(&path)?)? else { continue };
            let text = String::from_utf8_lossy(&content).into_owned();
            let Ok(kustomization) = kustomization(&text) else { continue };
            for named in kustomization.local() {
                let Some(target) = resolve(&folder, &named) else { continue };
                if now.get(&target)?.is_some() {
                    continue;
                }
                // What was broken before is not the revert's doing.
                let same = was.get(&path)? == now.get(&path)?;
                if same && was.get(&target)?.is_none() {
                    continue;
                }
                let named = sanitize(&named).into_owned();
                return Ok(Some((path, format!("it names {named}, which is not there then"))));
            }
        }
    }
    Ok(None)
}

/// Where a relative path leads; `None` out of the repository, or to nothing that can be told.
fn resolve(folder: &GitPath, named: &str) -> Option<GitPath> {
    let mut at = folder.clone();
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." => at = at.folder()?,
            part => at = at.join(part.as_bytes()),
        }
    }
    (!named.starts_with('/') && at != *folder).then_some(at)
}

/// Any YAML: read to its end and forgotten.
struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

macro_rules! any_scalar {
    ($($method:ident($type:ty)),*) => {
        $(fn $method<E>(self, _: $type) -> std::result::Result<Anything, E> {
            Ok(Anything)
        })*
    };
}

impl<'de> Visitor<'de> for Reader {
    type Value = Anything;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    any_scalar!(
        visit_bool(bool),
        visit_i64(i64),
        visit_u64(u64),
        visit_i128(i128),
        visit_u128(u128),
        visit_f64(f64),
        visit_str(&str),
        visit_bytes(&[u8])
    );

    fn visit_unit<E>(self) -> std::result::Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_none<E>(self) -> std::result::Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_some<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Anything, D::Error> {
        Anything::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Anything, D::Error> {
        Anything::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Anything, A::Error> {
        while items.next_element::<Anything>()?.is_some() {}
        Ok(Anything)
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        mut entries: A,
    ) -> std::result::Result<Anything, A::Error> {
        while entries.next_entry::<Anything, Anything>()?.is_some() {}
        Ok(Anything)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, choice: A) -> std::result::Result<Anything, A::Error> {
        let (_, content) = choice.variant::<Anything>()?;
        content.newtype_variant()
    }
}

#[cfg(test)]
mod tests;
