use super::*;
use crate::git::testing::{Edit, Scratch, path, put};

fn image(tag: &str) -> Edit {
    put("apps/web/deploy.yaml", format!("image: registry.test/web:{tag}\n"))
}

fn inputs() -> Inputs {
    Inputs { folder: Some(path("apps/web")), ..Inputs::default() }
}

fn wish(deployed: &[Oid]) -> Wish {
    Wish { deployed: deployed.iter().map(Oid::to_string).collect(), least: 0, most: 50 }
}

fn reverting(id: Oid) -> String {
    format!("Revert it\n\nThis reverts commit {id}.\n")
}

/// Which of these each commit of the log is, its images, and which one took it out.
fn told(scratch: &Scratch, tip: Oid, wish: &Wish, names: &[(&str, Oid)]) -> Vec<String> {
    let name = |id: &str| {
        let found = names.iter().find(|(_, oid)| oid.to_string() == id);
        found.map_or("?", |(name, _)| name).to_owned()
    };
    let log = read(&scratch.open(), tip, &inputs(), wish).unwrap().log;
    log.commits
        .iter()
        .map(|one| {
            let by = one.reverted_by.as_deref().map(|id| format!(" by {}", name(id)));
            let own = if one.is_own { " rb" } else { "" };
            let images = one.images.join(",");
            format!("{} {images}{own}{}", name(&one.commit.id), by.unwrap_or_default())
        })
        .collect()
}

#[test]
fn what_was_deployed_stands_at_the_commit_whose_state_it_had() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[image("1"), put("x", "1\n")]);
    let other = scratch.on(&[first], "other", &[put("x", "2\n")]);
    let second = scratch.on(&[other], "second", &[image("2")]);
    let tip = scratch.on(&[second], "docs", &[put("x", "3\n")]);
    let aside = scratch.on(&[first], "aside", &[image("9")]);
    let unknown = Oid::from_str(&"ab".repeat(20)).unwrap();
    let found =
        read(&scratch.open(), tip, &inputs(), &wish(&[first, other, tip, aside, unknown])).unwrap();
    assert!(!found.is_cut && !found.log.has_more);
    let place = |id: Oid| found.log.places.get(&id.to_string()).cloned();
    assert_eq!(place(first), Some(Place::At(1)));
    assert_eq!(place(other), Some(Place::At(1)));
    assert_eq!(place(tip), Some(Place::At(0)));
    let Some(Place::Off(off)) = place(aside) else { panic!("it is not on the branch") };
    assert_eq!((off.commit.subject.as_str(), off.images.len()), ("aside", 1));
    assert_eq!(place(unknown), None);
    assert_eq!(found.log.paths, [path("apps/web/deploy.yaml")]);
}

#[test]
fn a_log_ends_where_it_is_enough() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[image("1")]);
    let second = scratch.on(&[first], "second", &[image("2")]);
    let third = scratch.on(&[second], "third", &[image("3")]);
    for (deployed, least, most, count, has_more) in [
        (vec![], 0, 50, 0, true),
        (vec![], 2, 50, 2, true),
        (vec![second], 0, 50, 2, true),
        (vec![first], 0, 50, 3, false),
        (vec![first], 0, 1, 1, true),
        (vec![], 9, 50, 3, false),
    ] {
        let wish = Wish { least, most, ..wish(&deployed) };
        let log = read(&scratch.open(), third, &inputs(), &wish).unwrap().log;
        assert_eq!((log.commits.len(), log.has_more), (count, has_more), "{wish:?}");
    }
}

#[test]
fn a_commit_is_reverted_by_the_one_that_says_so_and_did() {
    let scratch = Scratch::new();
    let one = scratch.on(&[], "one", &[image("1")]);
    let two = scratch.on(&[one], "two", &[image("2")]);
    let revert = scratch.on(&[two], &reverting(two), &[image("1")]);
    let own = format!("Roll back\n\nThis reverts commit {two}.\n\nRb-Operation: 0a\n");
    let by_rb = scratch.on(&[two], &own, &[image("1")]);
    // It says so, and changes something else.
    let liar = scratch.on(&[two], &reverting(two), &[image("2"), put("apps/web/c.yaml", "a: 1\n")]);
    let again = scratch.on(&[revert], &reverting(revert), &[image("2")]);
    // Without a word.
    let silent = scratch.on(&[revert], "two again", &[image("2")]);
    let names = [
        ("one", one),
        ("two", two),
        ("revert", revert),
        ("rb", by_rb),
        ("liar", liar),
        ("again", again),
        ("silent", silent),
    ];
    let all = Wish { least: 9, ..wish(&[]) };
    let web = "registry.test/web";
    for (tip, expected) in [
        (
            revert,
            vec![
                format!("revert {web}:1"),
                format!("two {web}:2 by revert"),
                format!("one {web}:1"),
            ],
        ),
        (
            by_rb,
            vec![format!("rb {web}:1 rb"), format!("two {web}:2 by rb"), format!("one {web}:1")],
        ),
        (
            again,
            vec![
                format!("again {web}:2"),
                format!("revert {web}:1 by again"),
                format!("two {web}:2"),
                format!("one {web}:1"),
            ],
        ),
        (
            silent,
            vec![
                format!("silent {web}:2"),
                format!("revert {web}:1"),
                format!("two {web}:2"),
                format!("one {web}:1"),
            ],
        ),
    ] {
        assert_eq!(told(&scratch, tip, &all, &names), expected);
    }
    // What it left is not what two left, so it is taken at its word.
    assert_eq!(told(&scratch, liar, &all, &names)[1], format!("two {web}:2 by liar"));
}
