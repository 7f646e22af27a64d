//! What came before.

use super::*;

#[test]
fn it_is_said_what_tells_it() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("2.8.0")]);
    let bad = scratch.on(&[first], "bump web\x1b[2J", &[web("2.8.1")]);
    let found = case("apps/web", "r.example/shop/web:2.8.1", "r.example/shop/web:2.8.0")
        .brought(&scratch, bad);
    assert_eq!(
        found.evidence,
        [format!(
            "image web:2.8.1 came with {} (bump web\\x1b[2J); before it the files at apps/web name \
             web:2.8.0, as revision 41 ran",
            short(bad)
        )]
    );
    assert_eq!(found.images.len(), 1);
    assert_eq!(found.paths, [path("apps/web/deploy.yaml")]);
    let text = serde_json::to_string(&Provenance::Commits(found.clone())).unwrap();
    assert!(text.starts_with(r#"{"result":"commits","commits":[{"#), "{text}");
    let read: Provenance = serde_json::from_str(&text).unwrap();
    assert_eq!(read, Provenance::Commits(found));
}

#[test]
fn several_bumps_since_the_good_one_go_all() {
    let scratch = Scratch::new();
    let good = scratch.on(&[], "good", &[web("1")]);
    let one = scratch.on(&[good], "one", &[web("2")]);
    let env = scratch.on(&[one], "service", &[put("apps/web/service.yaml", "kind: Service\n")]);
    let two = scratch.on(&[env], "two", &[web("3")]);
    let later = scratch.on(&[two], "later", &[put("apps/web/service.yaml", "kind: Service # x\n")]);
    let case = case("apps/web", "shop/web:3", "shop/web:1");
    let found = case.brought(&scratch, later);
    assert_eq!(ids(&found.commits), [two, one]);
    assert_eq!(ids(&found.others), [later, env]);
    assert_eq!(id(&found.good), good);
    assert!(found.evidence[0].contains(&format!("as of {} the files", short(good))), "{found:?}");
    assert!(found.evidence[1].starts_with("2 other commits changed the files"), "{found:?}");
    // Where more than the images differs, all of them may have brought it.
    let found = Case { only_images: false, ..case }.brought(&scratch, later);
    assert_eq!(ids(&found.commits), [later, two, env, one]);
    assert!(found.others.is_empty());
    assert!(found.evidence[1].starts_with("more than images differs"), "{found:?}");
}

#[test]
fn what_was_reverted_and_applied_again_goes_back_to_the_revert() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1")]);
    let bad = scratch.on(&[first], "bump", &[web("2")]);
    let revert = scratch.on(&[bad], &format!("Revert\n\nThis reverts commit {bad}."), &[web("1")]);
    let case = case("apps/web", "shop/web:2", "shop/web:1");
    // While it is reverted there is nothing to take out.
    let found = case.not_in_git(&scratch, revert);
    assert_eq!(found.reason, NotInGitReason::AlreadyGood);
    assert_eq!(found.by.map(|by| id(&by)), Some(revert));
    let again = scratch.on(&[revert], "Reapply", &[web("2")]);
    let found = case.brought(&scratch, again);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![again], revert));
}

#[test]
fn a_merge_is_taken_out_as_a_whole() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1"), put("x", "1\n")]);
    let side = scratch.on(&[first], "side", &[web("1.5")]);
    let side = scratch.on(&[side], "side", &[web("2")]);
    let own = scratch.on(&[first], "own", &[put("x", "2\n")]);
    let merge = scratch.on(&[own, side], "merge", &[web("2")]);
    let tip = scratch.on(&[merge], "tip", &[put("x", "3\n")]);
    let found = case("apps/web", "shop/web:2", "shop/web:1").brought(&scratch, tip);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![merge], own));
    // A squash is a commit like any other.
    let squash = scratch.on(&[own], "web 2 (#7)", &[web("2"), put("apps/api/x.yaml", "a: 1\n")]);
    let found = case("apps/web", "shop/web:2", "shop/web:1").brought(&scratch, squash);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![squash], own));
    assert_eq!(found.files, [path("apps/web/deploy.yaml")]);
}

#[test]
fn two_images_that_came_one_after_the_other() {
    let scratch = Scratch::new();
    let proxy = |version: &str| {
        put("apps/web/proxy.yaml", deployment("proxy", &format!("proxy:{version}")))
    };
    let first = scratch.on(&[], "first", &[web("1"), proxy("1")]);
    let one = scratch.on(&[first], "proxy", &[proxy("2")]);
    let two = scratch.on(&[one], "web", &[web("2")]);
    let found = case("apps/web", "web=shop/web:2 proxy=proxy:2", "web=shop/web:1 proxy=proxy:1")
        .brought(&scratch, two);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![two, one], first));
    assert_eq!(found.images.len(), 2);
}

#[test]
fn containers_that_came_or_went() {
    let scratch = Scratch::new();
    let sidecar = put("apps/web/side.yaml", deployment("side", "side:1"));
    let first = scratch.on(&[], "first", &[web("1")]);
    let came = scratch.on(&[first], "came", &[sidecar]);
    let found =
        case("apps/web", "web=shop/web:1 side=side:1", "web=shop/web:1").brought(&scratch, came);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![came], first));
    assert!(found.evidence[0].starts_with("container side (side:1) came with"), "{found:?}");
    let went = scratch.on(&[came], "went", &[crate::git::testing::gone("apps/web/side.yaml")]);
    let found =
        case("apps/web", "web=shop/web:1", "web=shop/web:1 side=side:1").brought(&scratch, went);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![went], came));
    assert!(found.evidence[0].starts_with("container side went with"), "{found:?}");
}

#[test]
fn a_container_that_the_files_do_not_have_is_left_to_who_adds_it() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1")]);
    let bad = scratch.on(&[first], "bump", &[web("2")]);
    let case = case("apps/web", "shop/web:2 mesh=mesh:9", "shop/web:1 mesh=mesh:8");
    let found = case.brought(&scratch, bad);
    assert_eq!((ids(&found.commits), found.images.len()), (vec![bad], 1));
    let sentence = "the files at apps/web do not decide the image of container mesh";
    assert!(found.evidence.contains(&sentence.to_owned()), "{found:?}");
}

#[test]
fn more_history_is_asked_for_only_where_it_is_needed() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[web("1")]);
    let second = scratch.on(&[first], "second", &[put("x", "1\n")]);
    let bad = scratch.on(&[second], "bump", &[web("2")]);
    scratch.end_history_at(&[second]);
    // Before the bump it is good: what came before that does not matter.
    let case_one = case("apps/web", "shop/web:2", "shop/web:1");
    assert_eq!(ids(&case_one.brought(&scratch, bad).commits), [bad]);
    let error = case("apps/web", "shop/web:2", "shop/web:0").try_find(&scratch, bad).unwrap_err();
    assert_eq!(ShallowBoundary::of(&error).map(|boundary| boundary.commit), Some(second));
}
