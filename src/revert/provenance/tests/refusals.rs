//! Where a revert of the app's files is not the way.

use super::*;

#[test]
fn what_drifted_has_no_commit() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("2.8.0")]);
    let found = case("apps/web", "shop/web:2.8.1", "shop/web:2.8.0").not_in_git(&scratch, first);
    assert_eq!((found.reason, found.by), (NotInGitReason::AlreadyGood, None));
    assert_eq!(
        found.evidence,
        ["the files at apps/web name web:2.8.0 already, as revision 41 ran"]
    );
}

#[test]
fn what_the_owner_lays_over_the_files_is_named() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("2.8.0")]);
    let bad = scratch.on(&[first], "bump", &[web("2.8.1")]);
    let place = "parameter image.tag of Argo CD application web";
    for (value, gives) in [
        ("2.8.1", true),
        ("shop/web:2.8.1", true),
        ("web:2.8.1", true),
        ("shop/web=r.example/shop/web:2.8.1", true),
        ("2.8", false),
        ("2.8.0", false),
        ("eb:2.8.1", false),
        ("", false),
    ] {
        let over = Override { place: place.to_owned(), value: value.to_owned() };
        let base = case("apps/web", "r.example/shop/web:2.8.1", "r.example/shop/web:2.8.0");
        let case = Case { overrides: vec![over], ..base };
        if gives {
            let found = case.elsewhere(&scratch, bad);
            assert_eq!((found.places, found.is_certain), (vec![place.to_owned()], true), "{value}");
        } else {
            assert_eq!(ids(&case.brought(&scratch, bad).commits), [bad], "{value}");
        }
    }
}

#[test]
fn a_chart_from_elsewhere_has_the_image() {
    let scratch = Scratch::new();
    let text = "helmCharts: [{name: web, repo: 'https://charts.example', version: 1.2.3}]\n";
    let first = scratch.on(&[], "first", &[put("apps/web/kustomization.yaml", text)]);
    let found = case("apps/web", "shop/web:2", "shop/web:1").elsewhere(&scratch, first);
    assert_eq!(found.places, ["chart web 1.2.3 of https://charts.example"]);
    assert!(!found.is_certain);
    assert_eq!(found.evidence[0], "the files at apps/web do not name web:2");
}

#[test]
fn another_release_was_committed_since() {
    let scratch = Scratch::new();
    let good = scratch.on(&[], "good", &[web("1")]);
    let bad = scratch.on(&[good], "bad", &[web("2")]);
    let next = scratch.on(&[bad], "next", &[web("3")]);
    let tip = scratch.on(&[next], "more", &[put("apps/web/more.yaml", "a: 1\n")]);
    let found = case("apps/web", "shop/web:2", "shop/web:1").ambiguous(&scratch, tip);
    assert_eq!((found.doubt, ids(&found.candidates)), (Doubt::Superseded, vec![tip, next]));
    assert_eq!(
        found.evidence,
        [
            "the files at apps/web do not name web:2 but shop/web:3".to_owned(),
            format!("they did before {} (next)", short(next)),
            format!("{} (bad) had brought it", short(bad)),
        ]
    );
}

#[test]
fn an_image_that_was_never_committed_is_no_good_state() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1")]);
    let bad = scratch.on(&[first], "bump", &[web("2")]);
    let tip = scratch.on(&[bad], "more", &[put("apps/web/more.yaml", "a: 1\n")]);
    let found = case("apps/web", "shop/web:2", "shop/web:hotfix").ambiguous(&scratch, tip);
    assert_eq!((found.doubt, ids(&found.candidates)), (Doubt::NoGoodState, vec![bad]));
    assert_eq!(
        found.evidence,
        [format!(
            "web:2 came with {} (bump); before it the files at apps/web name shop/web:1, and never \
             web:hotfix, which revision 41 ran",
            short(bad)
        )]
    );
    // It came with the first commit of all.
    let found = case("apps/web", "shop/web:1", "shop/web:0").ambiguous(&scratch, first);
    assert_eq!((found.doubt, ids(&found.candidates)), (Doubt::NoGoodState, vec![first]));
}

#[test]
fn a_state_from_long_before_the_revision_is_not_looked_for() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1")]);
    let bad = scratch.on(&[first], "bump", &[web("2")]);
    let later = scratch.on(&[bad], "more", &[put("apps/web/more.yaml", "a: 1\n")]);
    let base = || case("apps/web", "shop/web:2", "shop/web:1");
    let made = scratch.open().view(bad).unwrap().at.as_second();
    let days = |days: i64| Some(Timestamp::from_second(made + days * 86_400).unwrap());
    let found = Case { created: days(29), ..base() }.brought(&scratch, later);
    assert_eq!(id(&found.good), first);
    // The walk stops at the first commit that is a month older than the revision.
    let found = Case { created: days(40), ..base() }.ambiguous(&scratch, later);
    assert_eq!(found.doubt, Doubt::NoGoodState);
    assert!(found.evidence[0].ends_with("as far back as was looked"), "{found:?}");
}

#[test]
fn a_folder_that_is_not_there_says_so() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1")]);
    let found = case("apps/gone", "shop/web:2", "shop/web:1").elsewhere(&scratch, first);
    assert!(found.places.is_empty());
    assert!(found.evidence.contains(&"there is no folder apps/gone".to_owned()), "{found:?}");
}
