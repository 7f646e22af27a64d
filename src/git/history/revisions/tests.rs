use super::*;
use crate::git::ShallowBoundary;
use crate::git::testing::{Scratch, path, put};

/// A branch of four commits, the second of which is a merge.
struct Line {
    scratch: Scratch,
    first: Oid,
    side: Oid,
    merge: Oid,
    third: Oid,
    tip: Oid,
}

fn line() -> Line {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n"), ("b", "1\n")]);
    let side = scratch.on(&[first], "side", &[put("b", "2\n")]);
    let merge = scratch.on(&[first, side], "merge", &[put("b", "2\n")]);
    let third = scratch.on(&[merge], "third", &[put("a", "3\n")]);
    let tip = scratch.on(&[third], "tip", &[put("b", "4\n")]);
    Line { scratch, first, side, merge, third, tip }
}

#[test]
fn revisions_are_read_as_git_reads_them() {
    let Line { scratch, first, side, merge, third, tip } = line();
    let repository = scratch.open();
    let a = [path("a")];
    let id = third.to_string();
    let upper = id[..9].to_uppercase();
    let range = format!("{first}..{third}");
    let open = format!("{merge}..");
    let head = format!("{}..HEAD~1", &merge.to_string()[..10]);
    for (text, paths, found) in [
        ("HEAD", &[][..], vec![tip]),
        ("@", &[], vec![tip]),
        ("HEAD~1", &[], vec![third]),
        ("HEAD~", &[], vec![third]),
        ("HEAD^", &[], vec![third]),
        ("HEAD^^", &[], vec![merge]),
        ("HEAD~3", &[], vec![first]),
        ("HEAD~1~1", &[], vec![merge]),
        (id.as_str(), &[], vec![third]),
        (&id[..7], &[], vec![third]),
        (&upper, &[], vec![third]),
        ("last", &[], vec![tip]),
        ("last", &a, vec![third]),
        (&range, &[], vec![third, merge]),
        (&open, &[], vec![tip, third]),
        (&head, &[], vec![third]),
    ] {
        assert_eq!(resolve(&repository, tip, text, paths).unwrap(), found, "{text}");
    }
    let side_range = format!("{side}..{tip}");
    for (text, kind, message) in [
        ("HEAD~9", ErrorKind::NotFound, "HEAD~9 goes back past the first commit"),
        ("main", ErrorKind::Usage, "main names no commit"),
        ("", ErrorKind::Usage, " names no commit"),
        ("abc", ErrorKind::Usage, "abc names no commit"),
        ("HEAD^2", ErrorKind::Usage, "HEAD^2 names no commit"),
        (
            "HEAD~99999999999999999999",
            ErrorKind::Usage,
            "HEAD~99999999999999999999 names no commit",
        ),
        ("..HEAD", ErrorKind::Usage, "..HEAD names no commit"),
        ("HEAD~1...HEAD", ErrorKind::Usage, "HEAD~1...HEAD names no commit"),
        ("--exec=x", ErrorKind::Usage, "--exec=x names no commit"),
        ("HEAD\x1b[2J", ErrorKind::Usage, "HEAD\\x1b[2J names no commit"),
        ("0123456789", ErrorKind::NotFound, "no commit of the repository begins with 0123456789"),
        ("HEAD..HEAD", ErrorKind::Usage, "the range HEAD..HEAD holds no commit"),
        ("HEAD..HEAD~2", ErrorKind::Usage, "the range HEAD..HEAD~2 holds no commit"),
        (&side_range, ErrorKind::Usage, &format!("the range {side_range} is none")),
    ] {
        let error = resolve(&repository, tip, text, &[]).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
    }
    let error = resolve(&repository, tip, "last", &[path("nowhere")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let tree = scratch.tree(tip).to_string();
    let error = resolve(&repository, tip, &tree, &[]).unwrap_err();
    assert!(error.to_string().ends_with("is a tree and not a commit"), "{error}");
}

#[test]
fn an_ambiguous_beginning_lists_the_commits() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    // Of 700 ids, two begin with the same four digits: 65,536 there are. Almost always; if not, more.
    let mut ids = vec![first];
    let beginning = loop {
        let last = *ids.last().unwrap();
        ids.push(scratch.on(&[last], "same", &[]));
        let newest = ids.last().unwrap().to_string()[..4].to_owned();
        let before = &ids[..ids.len() - 1];
        if before.iter().any(|id| id.to_string().starts_with(&newest)) {
            break newest;
        }
    };
    let tip = *ids.last().unwrap();
    let error = resolve(&scratch.open(), tip, &beginning, &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().ends_with("is the beginning of more than one id"), "{error}");
    assert!(error.hints().len() >= 2, "{:?}", error.hints());
    assert!(error.hints().iter().all(|hint| hint.contains(&format!(": {beginning}"))));
}

#[test]
fn where_history_ends_too_early_more_of_it_is_asked_for() {
    let Line { scratch, merge, tip, third, .. } = line();
    scratch.end_history_at(&[third]);
    let repository = scratch.open();
    // Too few digits may be those of a commit that is not here, and others are perhaps there.
    let few = &tip.to_string()[..6];
    for text in ["HEAD~2", &format!("{merge}..HEAD"), "0123456789", few] {
        let error = resolve(&repository, tip, text, &[]).unwrap_err();
        assert_eq!(ShallowBoundary::of(&error), Some(ShallowBoundary { commit: third }), "{text}");
    }
    assert_eq!(resolve(&repository, tip, "HEAD~1", &[]).unwrap(), [third]);
    assert_eq!(resolve(&repository, tip, &tip.to_string()[..7], &[]).unwrap(), [tip]);
}
