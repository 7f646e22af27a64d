use super::*;
use crate::git::testing::{Scratch, gone, path, put};
use crate::git::tree::tree_changes::between;

fn entry(scratch: &Scratch, commit: Oid, name: &str) -> Entry {
    Draft::on(&scratch.open(), scratch.tree(commit)).get(&path(name)).unwrap().unwrap()
}

/// Files that sort differently as names and as folders.
const FILES: [(&str, &str); 6] = [
    ("a.yaml", "1\n"),
    ("a/b", "1\n"),
    ("a-b/c", "1\n"),
    ("a0", "1\n"),
    ("deep/er/est/x", "1\n"),
    ("z", "1\n"),
];

#[test]
fn a_draft_writes_what_git_would_write() {
    let scratch = Scratch::new();
    let first = scratch.commit(&FILES);
    let second = scratch.on(
        &[first],
        "second",
        &[
            put("a/b", "2\n"),
            put("a/c", "2\n"),
            put("a.b/x", "2\n"),
            put("new/er/x", "2\n"),
            gone("deep/er/est/x"),
            gone("z"),
        ],
    );
    let repository = scratch.open();
    let (from, to) = (scratch.tree(first), scratch.tree(second));
    for (from, to) in [(from, to), (to, from)] {
        let mut draft = Draft::on(&repository, from);
        for change in between(&repository, Some(from), Some(to)).unwrap() {
            draft.set(change.path, change.after);
        }
        assert_eq!(draft.write().unwrap(), to);
    }
}

#[test]
fn nothing_changed_is_the_same_tree() {
    let scratch = Scratch::new();
    let first = scratch.commit(&FILES);
    let repository = scratch.open();
    assert_eq!(Draft::on(&repository, scratch.tree(first)).write().unwrap(), scratch.tree(first));
}

#[test]
fn a_folder_whose_last_file_goes_is_gone() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a/b/c", "1\n"), ("x", "1\n")]);
    let repository = scratch.open();
    let mut draft = Draft::on(&repository, scratch.tree(first));
    draft.set(path("a/b/c"), None);
    let tree = draft.write().unwrap();
    assert_eq!(Draft::on(&repository, tree).get(&path("a")).unwrap(), None);
    let mut draft = Draft::on(&repository, tree);
    draft.set(path("x"), None);
    let empty = draft.write().unwrap();
    assert_eq!(empty.to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

#[test]
fn folders_and_files_in_the_way_are_seen() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a/b", "1\n"), ("f", "1\n")]);
    let repository = scratch.open();
    let file = entry(&scratch, first, "f");
    let mut draft = Draft::on(&repository, scratch.tree(first));
    assert!(draft.is_folder(&path("a")).unwrap());
    assert!(!draft.is_folder(&path("f")).unwrap());
    assert_eq!(draft.file_above(&path("f/x/y")).unwrap(), Some(path("f")));
    draft.set(path("a/b"), None);
    assert!(!draft.is_folder(&path("a")).unwrap());
    draft.set(path("f"), None);
    draft.set(path("f/x"), Some(file));
    assert!(draft.is_folder(&path("f")).unwrap());
    assert_eq!(draft.file_above(&path("f/x/y")).unwrap(), Some(path("f/x")));
}

#[test]
fn a_file_becomes_a_folder_and_back() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n"), ("z", "1\n")]);
    let second = scratch.on(&[first], "second", &[gone("a"), put("a/x", "1\n")]);
    let repository = scratch.open();
    for (from, to) in [(first, second), (second, first)] {
        let (from, to) = (scratch.tree(from), scratch.tree(to));
        let mut draft = Draft::on(&repository, from);
        for change in between(&repository, Some(from), Some(to)).unwrap() {
            draft.set(change.path, change.after);
        }
        assert_eq!(draft.write().unwrap(), to);
    }
}
