//! Everything that a file can be, and what a later change makes of its revert.

use super::super::Attempt;
use super::Case;
use crate::git::testing::{Edit, Scratch, gone, lines, link, program, put, submodule};
use crate::rollback::model::revert::ConflictReason;

/// Before the bad commit, in it, and in a later one, where there is one.
type Edits = [Vec<Edit>; 3];
/// What it is called, what is done, and the conflict where there is one.
type Row = (&'static str, Edits, Option<ConflictReason>);

/// What stands in one file.
fn contents() -> Vec<Row> {
    let pointer = |oid: &str| {
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 1\n")
    };
    let commit = "1".repeat(40);
    let other = "2".repeat(40);
    let third = "3".repeat(40);
    let crlf = |text: String| text.replace('\n', "\r\n");
    vec![
        ("binary", [vec![put("f", b"\0a")], vec![put("f", b"\0b")], vec![]], None),
        (
            "binary, changed again",
            [vec![put("f", b"\0a")], vec![put("f", b"\0b")], vec![put("f", b"\0c")]],
            Some(ConflictReason::Binary),
        ),
        ("exec bit", [vec![put("f", "x\n")], vec![program("f", "x\n")], vec![]], None),
        (
            "exec bit below a changed text",
            [
                vec![put("f", lines(&[]))],
                vec![program("f", lines(&[]))],
                vec![program("f", lines(&[(9, "later")]))],
            ],
            None,
        ),
        ("link", [vec![link("f", "a")], vec![link("f", "b")], vec![]], None),
        (
            "link, changed again",
            [vec![link("f", "a")], vec![link("f", "b")], vec![link("f", "c")]],
            Some(ConflictReason::Link),
        ),
        ("file to link", [vec![put("f", "a\n")], vec![link("f", "b")], vec![]], None),
        ("submodule", [vec![submodule("f", &commit)], vec![submodule("f", &other)], vec![]], None),
        (
            "submodule, changed again",
            [
                vec![submodule("f", &commit)],
                vec![submodule("f", &other)],
                vec![submodule("f", &third)],
            ],
            Some(ConflictReason::Submodule),
        ),
        ("pointer", [vec![put("f", pointer("a"))], vec![put("f", pointer("b"))], vec![]], None),
        (
            "pointer, changed again",
            [
                vec![put("f", pointer("a"))],
                vec![put("f", pointer("b"))],
                vec![put("f", pointer("c"))],
            ],
            Some(ConflictReason::LfsPointer),
        ),
        (
            "line ends",
            [
                vec![put("f", lines(&[]))],
                vec![put("f", lines(&[(3, "bad")]))],
                vec![put("f", crlf(lines(&[(3, "bad")])))],
            ],
            Some(ConflictReason::LineEnds),
        ),
        (
            "carriage returns that stay",
            [
                vec![put("f", crlf(lines(&[])))],
                vec![put("f", crlf(lines(&[(3, "bad")])))],
                vec![put("f", crlf(lines(&[(3, "bad"), (15, "later")])))],
            ],
            None,
        ),
    ]
}

/// Files and folders that come and go.
fn places() -> Vec<Row> {
    vec![
        (
            "deleted, and put back",
            [vec![put("f", "x\n"), put("g", "x\n")], vec![gone("f")], vec![]],
            None,
        ),
        (
            "file to folder",
            [vec![put("f", "x\n")], vec![gone("f"), put("f/a", "y\n")], vec![]],
            None,
        ),
        (
            "a folder came in its place",
            [vec![put("f", "x\n"), put("g", "x\n")], vec![gone("f")], vec![put("f/a", "y\n")]],
            Some(ConflictReason::Folder),
        ),
        (
            "a file came in place of its folder",
            [vec![put("d/f", "x\n"), put("g", "x\n")], vec![gone("d/f")], vec![put("d", "y\n")]],
            Some(ConflictReason::Folder),
        ),
        (
            "a name that is no UTF-8",
            [vec![put(b"caf\xe9", "1\n")], vec![put(b"caf\xe9", "2\n")], vec![]],
            None,
        ),
        (
            "a folder that is empty afterwards",
            [vec![put("g", "x\n")], vec![put("d/e/f", "x\n")], vec![]],
            None,
        ),
    ]
}

#[test]
fn whatever_a_file_is_it_goes_back_or_has_a_reason() {
    for (name, [before, bad, later], conflict) in contents().into_iter().chain(places()) {
        let scratch = Scratch::new();
        let first = scratch.on(&[], "first", &before);
        let bad = scratch.on(&[first], "bad", &bad);
        let tip = if later.is_empty() { bad } else { scratch.on(&[bad], "later", &later) };
        let unchanged = later.is_empty();
        let tree = scratch.tree(first);
        let case = Case::new(scratch, tip, &[bad]);
        match case.attempt().unwrap() {
            Attempt::Clean(reverted) => {
                assert_eq!(conflict, None, "{name}");
                if unchanged {
                    assert_eq!(reverted.tree, tree.to_string(), "{name}");
                }
            }
            Attempt::Blocked(blocked) => {
                assert_eq!(Some(blocked.conflicts[0].reason), conflict, "{name}");
            }
            Attempt::Nothing(nothing) => panic!("{name}: {nothing:?}"),
        }
    }
}
