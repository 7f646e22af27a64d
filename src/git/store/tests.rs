use std::path::PathBuf;

use super::*;

fn kept(scratch: &Path) -> Store {
    Store::kept(scratch.join("a.git"), scratch.join("lock")).unwrap()
}

/// A commit of the empty tree, with these parents.
fn commit(repository: &git2::Repository, parents: &[Oid]) -> Oid {
    let tree = repository.treebuilder(None).unwrap().write().unwrap();
    let tree = repository.find_tree(tree).unwrap();
    let who = git2::Signature::new("n", "e@x.test", &git2::Time::new(0, 0)).unwrap();
    let parents: Vec<_> = parents.iter().map(|id| repository.find_commit(*id).unwrap()).collect();
    let parents: Vec<_> = parents.iter().collect();
    repository.commit(None, &who, &who, "m", &tree, &parents).unwrap()
}

#[test]
fn it_is_bare_and_private_and_holds_what_is_written() {
    let scratch = tempfile::tempdir().unwrap();
    let store = kept(scratch.path());
    let repository = store.repository().unwrap();
    let id = commit(&repository, &[]);
    let again = kept(scratch.path());
    let open = |path: &Path| git2::Repository::open(path).map_err(|error| unreadable(&error));
    let opened = again.open(open).unwrap();
    assert!(opened.is_bare() && opened.find_commit(id).is_ok());
    #[cfg(unix)]
    crate::git::store::owner::check(again.git_dir()).unwrap();
}

#[test]
fn each_branch_has_a_tip_of_its_own() {
    let scratch = tempfile::tempdir().unwrap();
    let store = kept(scratch.path());
    let repository = store.repository().unwrap();
    let id = commit(&repository, &[]);
    let [a, b] = ["a", "a/b"].map(|name| BranchName::parse(name).unwrap());
    assert_eq!(store.tip(&a).unwrap(), None);
    for branch in [&a, &b] {
        repository.reference(&tip_ref(branch).unwrap(), id, true, "").unwrap();
        assert_eq!(store.tip(branch).unwrap(), Some(id));
    }
}

#[test]
fn what_a_killed_fetch_leaves_is_removed() {
    let scratch = tempfile::tempdir().unwrap();
    drop(kept(scratch.path()));
    let left: Vec<PathBuf> = ["shallow.lock", "objects/pack/tmp_pack_x1", "refs/rb/tips/x.lock"]
        .map(|name| scratch.path().join("a.git").join(name))
        .into();
    for path in &left {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    drop(kept(scratch.path()));
    assert!(left.iter().all(|path| !path.exists()), "{left:?}");
}

#[test]
fn one_that_has_grown_too_much_is_made_anew() {
    let scratch = tempfile::tempdir().unwrap();
    let store = kept(scratch.path());
    let id = commit(&store.repository().unwrap(), &[]);
    let packs = store.git_dir().join("objects").join("pack");
    for number in 0..50 {
        std::fs::write(packs.join(format!("pack-{number}.pack")), "").unwrap();
    }
    assert!(kept(scratch.path()).repository().unwrap().find_commit(id).is_ok());
    std::fs::write(packs.join("pack-50.pack"), "").unwrap();
    assert!(kept(scratch.path()).repository().unwrap().find_commit(id).is_err());
}

#[test]
fn a_temporary_one_borrows_objects_and_goes() {
    let scratch = tempfile::tempdir().unwrap();
    for name in ["plain", "sp ace", "#hash"] {
        let checkout = git2::Repository::init(scratch.path().join(name)).unwrap();
        let id = commit(&checkout, &[]);
        let store = Store::temporary(Some(&checkout.path().join("objects"))).unwrap();
        assert!(!store.is_kept());
        let git_dir = store.git_dir().to_owned();
        let repository = store.repository().unwrap();
        assert!(repository.find_commit(id).is_ok(), "{name}");
        let made = commit(&repository, &[id]);
        assert!(checkout.find_commit(made).is_err(), "nothing is written to the checkout");
        drop(store);
        assert!(!git_dir.exists());
    }
}
