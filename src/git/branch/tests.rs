use super::*;
use crate::git::testing::{Scratch, put};

#[test]
fn branches_are_found_by_both_names() {
    let scratch = Scratch::new();
    let tip = scratch.commit(&[("a", "1\n")]);
    scratch.branch("release/1.2", tip);
    let repository = scratch.open();
    for name in ["release/1.2", "refs/heads/release/1.2"] {
        let found = find(&repository, name).unwrap();
        assert_eq!(found, Branch { name: "release/1.2".to_owned(), tip });
    }
}

#[test]
fn what_is_no_branch_is_named() {
    let scratch = Scratch::new();
    let tip = scratch.commit(&[("a", "1\n")]);
    scratch.branch("main", tip);
    scratch.reference("refs/tags/v1", tip);
    let repository = scratch.open();
    let id = tip.to_string();
    for (name, kind, message) in [
        ("v1", ErrorKind::Usage, "v1 is a tag and not a branch"),
        ("refs/tags/v1", ErrorKind::Usage, "refs/tags/v1 is a tag and not a branch"),
        ("refs/remotes/o/main", ErrorKind::Usage, "refs/remotes/o/main is not below refs/heads/"),
        (&id[..12], ErrorKind::Usage, &format!("{} is a commit and not a branch", &id[..12])),
        ("gone", ErrorKind::NotFound, "there is no branch gone in the repository"),
        ("--upload-pack=x", ErrorKind::Usage, "--upload-pack=x is no name for a branch"),
        ("a..b", ErrorKind::Usage, "a..b is no name for a branch"),
        ("a\nb", ErrorKind::Usage, "a\\nb is no name for a branch"),
        ("", ErrorKind::Usage, " is no name for a branch"),
    ] {
        let error = find(&repository, name).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message), "{name}");
        assert!(!error.hints().is_empty());
    }
}

#[test]
fn head_names_a_branch_or_nothing() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let tip = scratch.on(&[first], "tip", &[put("a", "2\n")]);
    scratch.branch("trunk", tip);
    let head_file = scratch.folder().join("HEAD");
    std::fs::write(&head_file, "ref: refs/heads/trunk\n").unwrap();
    assert_eq!(head(&scratch.open()).unwrap().name, "trunk");
    std::fs::write(&head_file, format!("{tip}\n")).unwrap();
    let error = head(&scratch.open()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().starts_with("HEAD is detached"));
}
