use super::super::{MissingObject, ShallowBoundary};
use super::*;
use crate::git::testing::{Scratch, put};

#[test]
fn a_shallow_file_is_read_and_parents_are_counted() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let second = scratch.on(&[first], "second", &[put("a", "2\n")]);
    scratch.end_history_at(&[second]);
    let repository = scratch.open();
    assert!(repository.is_shallow());
    let commit = repository.find_commit(second).unwrap();
    // What libgit2 says, and what is true.
    assert_eq!((commit.parent_count(), raw_parents(&commit)), (0, 1));
    assert_eq!(repository.view(second).unwrap().parents, 1);
    for error in [
        repository.whole_commit(second).err().unwrap(),
        repository.revertible(second).err().unwrap(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(ShallowBoundary::of(&error), Some(ShallowBoundary { commit: second }));
    }
}

#[test]
fn a_handle_that_is_open_keeps_the_edge_and_a_new_one_does_not() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let second = scratch.on(&[first], "second", &[put("a", "2\n")]);
    scratch.end_history_at(&[second]);
    let before = scratch.open();
    assert!(before.whole_commit(second).is_err());
    std::fs::remove_file(scratch.folder().join("shallow")).unwrap();
    assert!(scratch.open().whole_commit(second).is_ok());
}

#[test]
fn the_first_commit_has_nothing_before_it() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let error = scratch.open().revertible(first).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(ShallowBoundary::of(&error).is_none());
}

#[test]
fn what_is_missing_is_said() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let id = scratch.tree(first);
    scratch.lose(id);
    let error = scratch.open().tree(id).err().unwrap();
    assert_eq!(MissingObject::of(&error), Some(MissingObject { id }));
    assert_eq!(error.hints(), ["git fetch --refetch"]);
}

#[test]
fn a_checkout_is_used_without_its_work_tree() {
    let folder = tempfile::TempDir::new().unwrap();
    git2::Repository::init(folder.path()).unwrap();
    let repository = Repository::open(folder.path()).unwrap();
    assert!(repository.raw().is_bare());
    assert_eq!(repository.raw().workdir(), None);
}

#[test]
fn what_is_no_repository() {
    let folder = tempfile::TempDir::new().unwrap();
    for path in [folder.path().to_path_buf(), folder.path().join("nowhere")] {
        let error = Repository::open(&path).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().ends_with("is not a Git repository"), "{error}");
    }
}
