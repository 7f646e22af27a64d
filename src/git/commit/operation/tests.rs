use super::*;
use crate::git::testing::{Scratch, path, put};

fn operation<'a>(commits: &'a [Oid], paths: &'a [GitPath]) -> Operation<'a> {
    Operation {
        repository: "https://git.example/shop.git",
        branch: "main",
        commits,
        mode: Mode::Auto,
        paths,
        good: None,
    }
}

#[test]
fn the_same_answers_make_the_same_id() {
    let (one, two) = (Oid::from_bytes(&[1; 20]).unwrap(), Oid::from_bytes(&[2; 20]).unwrap());
    let paths = [path("a"), path("b")];
    let id = operation(&[one, two], &paths).id().unwrap();
    assert_eq!(id.len(), 16);
    let turned = [path("b"), path("a"), path("a")];
    assert_eq!(operation(&[two, one, one], &turned).id().unwrap(), id);
    let glued = [path("ab")];
    for other in [
        operation(&[one], &paths),
        operation(&[one, two], &paths[..1]),
        operation(&[one, two], &glued),
        Operation { repository: "https://git.example/other.git", ..operation(&[one, two], &paths) },
        Operation { branch: "release", ..operation(&[one, two], &paths) },
        Operation { mode: Mode::Revert, ..operation(&[one, two], &paths) },
        Operation { good: Some(one), ..operation(&[one, two], &paths) },
    ] {
        assert_ne!(other.id().unwrap(), id);
    }
}

#[test]
fn its_commit_is_found_until_it_is_undone() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("tag", "1\n"), ("x", "1\n")]);
    let bad = scratch.on(&[first], "bad", &[put("tag", "2\n")]);
    let commits = [bad];
    let operation = operation(&commits, &[]);
    let message = format!(
        "Revert \"bad\"\n\nThis reverts commit {bad}.\n\nRb-Operation: {}\nRb-Reverts: {bad}\n",
        operation.id().unwrap()
    );
    let done = |tip: Oid| {
        let found = operation.done(&scratch.open(), tip, None).unwrap();
        found.map(|commit| commit.id)
    };
    assert_eq!(done(bad), None);
    let ours = scratch.on(&[bad], &message, &[put("tag", "1\n")]);
    assert_eq!(done(ours), Some(ours.to_string()));
    // The next release does not undo it.
    let bumped = scratch.on(&[ours], "bump", &[put("tag", "3\n"), put("x", "2\n")]);
    assert_eq!(done(bumped), Some(ours.to_string()));
    // A bot brings the bad version back, or somebody reverts the revert.
    let bot = scratch.on(&[ours], "bump", &[put("tag", "2\n")]);
    assert_eq!(done(bot), None);
    let message = format!("Reapply\n\nThis reverts commit {ours}.\n");
    let reapplied = scratch.on(&[ours], &message, &[put("tag", "2\n")]);
    assert_eq!(done(reapplied), None);
    // Another operation's commit is not ours.
    let other = Operation { branch: "release", ..operation };
    assert_eq!(other.done(&scratch.open(), ours, None).unwrap(), None);
}
