use super::*;
use crate::git::testing::{Scratch, put};

fn ann() -> Identity {
    Identity { name: "Ann Ä".to_owned(), email: "ann@shop.example".to_owned() }
}

fn bot() -> Identity {
    Identity { name: "rb".to_owned(), email: "rb@shop.example".to_owned() }
}

fn at() -> Zoned {
    "2026-11-25T20:00:00+05:30[+05:30]".parse().unwrap()
}

#[test]
fn it_says_who_and_when_and_has_one_parent() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("a", "2\n")]);
    let repository = scratch.open();
    let (author, committer, at) = (ann(), bot(), at());
    let new = NewCommit {
        tree: scratch.tree(first),
        parent: bad,
        message: "Revert\n\nRb-Operation: x\n",
        author: &author,
        committer: &committer,
        at: &at,
    };
    let id = create(&repository, &new, None).unwrap();
    let raw = repository.raw().odb().unwrap().read(id).unwrap().data().to_vec();
    let tree = scratch.tree(first);
    assert_eq!(
        String::from_utf8(raw).unwrap(),
        format!(
            "tree {tree}\nparent {bad}\n\
             author Ann Ä <ann@shop.example> 1795617000 +0530\n\
             committer rb <rb@shop.example> 1795617000 +0530\n\n\
             Revert\n\nRb-Operation: x\n"
        )
    );
    // The same again is the same commit.
    assert_eq!(create(&repository, &new, None).unwrap(), id);
}

#[test]
fn a_private_ref_keeps_it_and_lets_it_go() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let repository = scratch.open();
    assert_eq!(keep(&repository, "0123abcd", first).unwrap(), "refs/rb/0123abcd");
    assert_eq!(repository.raw().refname_to_id("refs/rb/0123abcd").unwrap(), first);
    forget(&repository, "0123abcd").unwrap();
    forget(&repository, "0123abcd").unwrap();
    assert!(repository.raw().refname_to_id("refs/rb/0123abcd").is_err());
    for name in ["", "../heads/main", "a/b", "-x"] {
        assert!(keep(&repository, name, first).is_err(), "{name}");
        assert!(forget(&repository, name).is_err(), "{name}");
    }
}
