use super::*;
use crate::git::testing::{Scratch, lines};
use crate::git::tree::entry::{FILE, PROGRAM, TREE};

/// Three states of one file, of which one or more may be the same.
fn merged(repository: &Repository, [bad, tip, good]: [Option<(i32, &str)>; 3]) -> Merged {
    let entry = |state: Option<(i32, &str)>| {
        state.map(|(mode, text)| Entry {
            id: repository.write(ObjectType::Blob, text.as_bytes()).unwrap(),
            mode,
        })
    };
    let ways = ThreeWays { bad: entry(bad), tip: entry(tip), good: entry(good) };
    merge(repository, ways).unwrap()
}

#[test]
fn one_side_alone_decides() {
    let scratch = Scratch::new();
    let repository = scratch.open();
    let file = |text| Some((FILE, text));
    for (states, result) in [
        ([file("2"), file("2"), file("1")], file("1")),
        ([file("2"), file("2"), None], None),
        ([None, None, file("1")], file("1")),
        // It is out already.
        ([file("2"), file("1"), file("1")], file("1")),
        ([file("2"), None, None], None),
        ([None, file("1"), file("1")], file("1")),
    ] {
        let expected = match merged(&repository, [result, result, result]) {
            Merged::Clean(entry) => entry,
            Merged::Conflict(_) => unreachable!(),
        };
        assert_eq!(merged(&repository, states), Merged::Clean(expected), "{states:?}");
    }
}

#[test]
fn lines_are_merged_as_git_merges_them() {
    let scratch = Scratch::new();
    let repository = scratch.open();
    let bad = lines(&[(3, "bad")]);
    let tip = lines(&[(3, "bad"), (15, "later")]);
    let good = lines(&[]);
    let states = [bad.as_str(), &tip, &good].map(|text| Some((FILE, text)));
    let result = merged(&repository, states);
    let Merged::Clean(Some(entry)) = result else { panic!("{result:?}") };
    assert_eq!(repository.blob(entry.id).unwrap(), lines(&[(15, "later")]).as_bytes());
}

#[test]
fn what_cannot_be_merged_has_a_reason() {
    let scratch = Scratch::new();
    let repository = scratch.open();
    let of = |mode: i32, text| Some((mode, text));
    for (states, reason) in [
        ([of(FILE, "2\n"), of(FILE, "3\n"), of(FILE, "1\n")], ConflictReason::Content),
        ([of(FILE, "2"), None, of(FILE, "1")], ConflictReason::Deleted),
        ([of(FILE, "2"), of(FILE, "3"), None], ConflictReason::Deleted),
        ([of(FILE, "2\0"), of(FILE, "3"), of(FILE, "1")], ConflictReason::Binary),
        ([of(LINK, "2"), of(LINK, "3"), of(LINK, "1")], ConflictReason::Link),
        ([of(FILE, "2"), of(LINK, "3"), of(FILE, "1")], ConflictReason::Link),
        ([of(SUBMODULE, "2"), of(SUBMODULE, "3"), of(SUBMODULE, "1")], ConflictReason::Submodule),
        ([of(FILE, "2"), of(TREE, "3"), of(FILE, "1")], ConflictReason::Folder),
        ([None, of(FILE, "1"), of(PROGRAM, "1")], ConflictReason::Mode),
        ([None, of(FILE, "a\n"), of(FILE, "b\n")], ConflictReason::Content),
    ] {
        assert_eq!(merged(&repository, states), Merged::Conflict(reason), "{states:?}");
    }
}

#[test]
fn the_mode_and_the_text_are_decided_apart() {
    let scratch = Scratch::new();
    let repository = scratch.open();
    let states = [Some((PROGRAM, "1")), Some((PROGRAM, "2")), Some((FILE, "1"))];
    let Merged::Clean(Some(entry)) = merged(&repository, states) else { panic!() };
    assert_eq!(entry.mode, FILE);
    assert_eq!(repository.blob(entry.id).unwrap(), b"2");
}
