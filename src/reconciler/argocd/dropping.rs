//! The Applications that an `ApplicationSet` deletes once its Git generators do not name them any more.
//!
//! As in `applicationset/generators/git.go`: an entry is a file, or an item of the list in it, or a folder.
//! Each makes an Application whose name is a template.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::git::manifest::entries::{Entries, EntryFile, is_of_pattern};

use super::super::dropped::{Change, Dropped, Fate};
use super::entry_name::{Entry, Pattern, Words};
use super::fields::{flag, items, text, texts};
use super::{application_set, generators};

/// An Application with it is deleted with its objects.
const WITH_OBJECTS: &str = "resources-finalizer.argocd.argoproj.io";

/// What is not made any more after the change.
pub(super) fn of(set: &Value, change: &Change<'_>) -> Vec<Dropped> {
    let made = Made::by(set);
    let mut dropped = BTreeSet::new();
    for (_, generator) in generators::of_git(set) {
        let (url, wants) = (text(generator, "/git/repoURL"), text(generator, "/git/revision"));
        if !change.place.is_read_as(url, wants) {
            continue;
        }
        let words = Words::of(set, generator);
        let fate = fate(set, generator);
        let name = |(entry, pattern): &(String, Pattern)| (entry.clone(), made.names(pattern));
        let after: Vec<_> = entries(generator, change.entries, &words, Side::After);
        let stays = |pattern: &Pattern| after.iter().any(|(_, other)| other == pattern);
        let before = entries(generator, change.entries, &words, Side::Before);
        for (entry, names) in before.iter().filter(|(_, one)| !stays(one)).map(name) {
            let one = |name: Option<String>| Dropped { name, entry: entry.clone(), fate };
            match names {
                Some(names) => dropped.extend(names.into_iter().map(|name| one(Some(name)))),
                None => dropped.extend([one(None)]),
            }
        }
    }
    dropped.into_iter().collect()
}

fn fate(set: &Value, generator: &Value) -> Fate {
    if !application_set::automation(set).prunes {
        return Fate::Stays;
    }
    let finalizers = |at: &str| texts(set, at).map(str::to_owned).collect::<Vec<_>>();
    let mut of_template: Vec<String> =
        texts(generator, "/git/template/metadata/finalizers").map(str::to_owned).collect();
    if of_template.is_empty() {
        of_template = finalizers("/spec/template/metadata/finalizers");
    }
    // Without any, the set adds its own.
    let with_objects = if of_template.is_empty() {
        !flag(set, "/spec/syncPolicy/preserveResourcesOnDeletion")
    } else {
        of_template.iter().any(|one| one.starts_with(WITH_OBJECTS))
    };
    if with_objects { Fate::WithObjects } else { Fate::Alone }
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

/// The entries of a generator among what changes, each with the name that it makes. A folder that is left
/// is none of these.
fn entries(
    generator: &Value,
    change: &Entries,
    words: &Words<'_>,
    side: Side,
) -> Vec<(String, Pattern)> {
    let mut found = Vec::new();
    if let Side::Before = side {
        let folders = change.folders.iter().map(ToString::to_string);
        for folder in folders.filter(|folder| is_folder_of(generator, folder)) {
            let pattern = words.name(&Entry { path: &folder, file: None, params: &Value::Null });
            found.push((folder, pattern));
        }
    }
    for EntryFile { path, before, after } in &change.files {
        let values = match side {
            Side::Before => before,
            Side::After => after,
        };
        let path = path.to_string();
        let Some(values) = values.as_ref().filter(|_| is_file_of(generator, &path)) else {
            continue;
        };
        let (folder, file) = path.rsplit_once('/').unwrap_or((".", &path));
        let one = std::slice::from_ref(values);
        for params in values.as_array().map_or(one, Vec::as_slice) {
            let pattern = words.name(&Entry { path: folder, file: Some(file), params });
            found.push((path.clone(), pattern));
        }
    }
    found
}

fn is_folder_of(generator: &Value, folder: &str) -> bool {
    let is_hidden = folder.split('/').any(|part| part.starts_with('.'));
    !is_hidden
        && fits(generator, "/git/directories", |pattern| is_of_pattern(pattern, folder, false))
}

/// A pattern without anything to it is a file, or all of a folder.
fn is_file_of(generator: &Value, path: &str) -> bool {
    fits(generator, "/git/files", |pattern| {
        let pattern = pattern.trim_matches('/');
        let below = path.strip_prefix(pattern).is_some_and(|rest| rest.starts_with('/'));
        below || is_of_pattern(pattern, path, true)
    })
}

/// Whether a pattern of the list fits, and none that excludes.
fn fits(generator: &Value, list: &str, is_it: impl Fn(&str) -> bool) -> bool {
    // It reads files only where it has no folders to look for.
    if list == "/git/files" && !items(generator, "/git/directories").is_empty() {
        return false;
    }
    let (excludes, includes): (Vec<&Value>, Vec<&Value>) =
        items(generator, list).iter().partition(|item| flag(item, "/exclude"));
    let any = |items: &[&Value]| items.iter().any(|item| is_it(text(item, "/path")));
    any(&includes) && !any(&excludes)
}

/// The Applications that the set has made.
struct Made<'a> {
    names: Vec<&'a str>,
    /// Whether these are all.
    are_all: bool,
}

impl<'a> Made<'a> {
    fn by(set: &'a Value) -> Self {
        let of_set = items(set, "/status/resources").iter();
        let applications = of_set.filter(|one| text(one, "/kind") == "Application");
        let names: Vec<&str> = applications.map(|one| text(one, "/name")).collect();
        let count = set.pointer("/status/resourcesCount").and_then(Value::as_u64);
        let are_all = !names.is_empty() && count.is_none_or(|count| count == names.len() as u64);
        Self { names, are_all }
    }

    /// Those that are called so; `None`: nobody knows.
    fn names(&self, pattern: &Pattern) -> Option<Vec<String>> {
        if let Some(exact) = pattern.exact() {
            // One that was never made is not deleted.
            let is_there = !self.are_all || self.names.contains(&exact.as_str());
            return Some(Some(exact).filter(|_| is_there).into_iter().collect());
        }
        let named = self.names.iter().filter(|name| pattern.fits(name));
        let named: Vec<String> = named.map(|name| (*name).to_owned()).collect();
        (self.are_all && pattern.says_something()).then_some(named)
    }
}

#[cfg(test)]
mod tests;
