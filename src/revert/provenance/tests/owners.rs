//! What the owner says that it applied.

use super::*;

fn env(value: &str) -> Edit {
    put("apps/web/config.yaml", format!("data: {{FEATURE: {value}}}\n"))
}

fn other(text: &str) -> Edit {
    put("apps/api/x.yaml", format!("a: {text}\n"))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn a_change_without_an_image_goes_by_the_owner_alone() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1"), env("a")]);
    let good = scratch.on(&[first], "api", &[other("1")]);
    let bad = scratch.on(&[good], "env", &[env("b")]);
    let later = scratch.on(&[bad], "api", &[other("2")]);
    let base = case("apps/web", "shop/web:1", "shop/web:1");
    let history = [(later, 4_000), (bad, 3_000), (good, 2_000), (first, 1_000)];
    let case =
        Case { only_images: false, created: Some(at(1_990)), applied: applied(&history), ..base };
    let found = case.brought(&scratch, later);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad], good));
    assert_eq!(found.proof, Proof::OwnerHistory);
    assert!(found.evidence[0].starts_with("the images are those that revision 41 ran"));
    assert_eq!(
        found.evidence[1],
        format!("it applied {} when revision 41 came to be", short(good))
    );
    // Without a time it is the newest with other files.
    let found = Case { created: None, ..case }.brought(&scratch, later);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad], good));
    assert!(found.evidence[1].ends_with("when is not recorded"), "{found:?}");
}

#[test]
fn where_the_owner_applied_the_same_files_no_commit_brought_it() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1")]);
    let tip = scratch.on(&[first], "api", &[other("1")]);
    for (image, reason) in [
        ("shop/web:latest", NotInGitReason::MutableTag),
        ("shop/web", NotInGitReason::MutableTag),
        ("shop/web:1", NotInGitReason::Unchanged),
        ("shop/web:latest@sha256:00", NotInGitReason::Unchanged),
    ] {
        for created in [None, Some(at(990))] {
            let base = case("apps/web", image, image);
            let applied = applied(&[(tip, 2_000), (first, 1_000)]);
            let found = Case { created, applied, ..base }.not_in_git(&scratch, tip);
            assert_eq!(found.reason, reason, "{image}: {found:?}");
        }
    }
}

#[test]
fn without_a_record_nothing_is_guessed() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1"), env("a")]);
    let tip = scratch.on(&[first], "env", &[env("b")]);
    for history in [vec![], vec![(tip, 2_000)]] {
        let base = case("apps/web", "shop/web:1", "shop/web:1");
        let found = Case { applied: applied(&history), ..base }.ambiguous(&scratch, tip);
        assert_eq!((found.doubt, ids(&found.candidates)), (Doubt::NotRecorded, vec![tip, first]));
    }
}

#[test]
fn a_commit_that_is_gone_or_beside_the_branch_is_said() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1"), env("a")]);
    let side = scratch.on(&[first], "side", &[env("never here")]);
    let tip = scratch.on(&[first], "env", &[env("b")]);
    let base = || case("apps/web", "shop/web:1", "shop/web:1");
    let lost = Oid::from_str(&"1".repeat(40)).unwrap();
    for (commit, words) in [(side, "the branch was never as"), (lost, "not in the repository")] {
        let applied = applied(&[(tip, 2_000), (commit, 1_000)]);
        let found = Case { created: Some(at(990)), applied, ..base() }.ambiguous(&scratch, tip);
        assert_eq!(found.doubt, Doubt::NotOnBranch);
        assert!(found.evidence.iter().any(|sentence| sentence.contains(words)), "{found:?}");
    }
    // The files at the tip are as the revision ran.
    let applied = applied(&[(tip, 2_000), (first, 1_000)]);
    let again = scratch.on(&[tip], "back", &[env("a")]);
    let found = Case { created: Some(at(990)), applied, ..base() }.not_in_git(&scratch, again);
    assert_eq!(found.reason, NotInGitReason::AlreadyGood);
}

#[test]
fn the_recorded_commit_is_held_against_the_content() {
    let scratch = Scratch::new();
    let old = scratch.on(&[], "old", &[web("1"), env("a")]);
    let new = scratch.on(&[old], "env", &[env("b")]);
    let bad = scratch.on(&[new], "bump", &[web("2")]);
    let base = || case("apps/web", "shop/web:2", "shop/web:1");
    let say = |found: &Brought, words: &str| {
        assert!(found.evidence.iter().any(|sentence| sentence.contains(words)), "{found:?}");
    };
    let history = applied(&[(bad, 3_000), (new, 2_000), (old, 1_000)]);
    // It fits: the files there are those of the newest good state.
    let case = Case { created: Some(at(1_990)), applied: history.clone(), ..base() };
    let found = case.brought(&scratch, bad);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad], new));
    say(
        &found,
        &format!(
            "the owner applied {} when revision 41 came to be, and the files there are \
        the same",
            short(new)
        ),
    );
    // The revision ran an older state of the same image, and that counts where more than it differs.
    let older =
        Case { created: Some(at(990)), applied: history.clone(), only_images: false, ..base() };
    let found = older.brought(&scratch, bad);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad, new], old));
    let found = Case { only_images: true, ..older }.brought(&scratch, bad);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad], new));
    say(&found, "name the same images and differ otherwise");
    // It says what the files do not.
    let history = applied(&[(old, 4_000), (bad, 1_000)]);
    let found = Case { created: Some(at(990)), applied: history, ..base() }.brought(&scratch, bad);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad], new));
    say(&found, "the files there name other images: their content counts");
    say(&found, "last, and the files there do not name web:2");
}

#[test]
fn a_witness_that_is_not_here_costs_no_fetch() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1")]);
    let bad = scratch.on(&[first], "bump", &[web("2")]);
    scratch.end_history_at(&[first]);
    let lost = Oid::from_str(&"1".repeat(40)).unwrap();
    let base = || Case {
        created: Some(at(990)),
        applied: applied(&[(bad, 2_000), (lost, 1_000)]),
        ..case("apps/web", "shop/web:2", "shop/web:1")
    };
    assert_eq!(ids(&base().brought(&scratch, bad).commits), [bad]);
    // Where it decides, it is fetched.
    let needed = Case { only_images: false, ..base() };
    let error = needed.try_find(&scratch, bad).unwrap_err();
    assert!(ShallowBoundary::of(&error).is_some(), "{error}");
}
