use super::*;
use crate::git::ShallowBoundary;
use crate::git::testing::{Scratch, path, put};

fn subjects(found: &[Candidate]) -> Vec<&str> {
    found.iter().map(|candidate| candidate.commit.subject.as_str()).collect()
}

#[test]
fn candidates_are_listed_newest_first_with_apps_and_images() {
    let scratch = Scratch::new();
    let image = |tag: &str| format!("images:\n- name: web\n  newTag: {tag}\n");
    let first = scratch.commit(&[("apps/web/kustomization.yaml", &image("1")), ("docs/x", "1\n")]);
    let bump = scratch.on(&[first], "bump web", &[put("apps/web/kustomization.yaml", image("2"))]);
    let docs = scratch.on(&[bump], "docs", &[put("docs/x", "2\n")]);
    let side = scratch.on(&[bump], "side", &[put("apps/web/extra.yaml", "a: 1\n")]);
    let tip = scratch.on(&[docs, side], "merge", &[put("apps/web/extra.yaml", "a: 1\n")]);
    let repository = scratch.open();
    let found = list(&repository, tip, &[path("apps/web")], None, 10).unwrap();
    // The merge only passes on what the side has.
    assert_eq!(subjects(&found), ["side", "bump web", "first"]);
    assert_eq!(found[1].commit.author, "Ann");
    assert_eq!(found[1].apps, [path("apps/web")]);
    let images: Vec<_> =
        found[1].images.iter().map(|i| (i.before.as_deref(), i.after.as_deref())).collect();
    assert_eq!(images, [(Some("web:1"), Some("web:2"))]);
    assert_eq!(found[2].files.len(), 1);
    let found = list(&repository, tip, &[], None, 2).unwrap();
    assert_eq!(found.len(), 2);
    assert!(list(&repository, tip, &[], None, 0).unwrap().is_empty());
    assert!(list(&repository, tip, &[path("nowhere")], None, 9).unwrap().is_empty());
}

#[test]
fn files_beyond_some_are_counted() {
    let scratch = Scratch::new();
    let edits: Vec<_> = (0..30).map(|number| put(format!("f{number:02}"), "x\n")).collect();
    let first = scratch.on(&[], "first", &edits);
    let found = list(&scratch.open(), first, &[], None, 1).unwrap();
    assert_eq!((found[0].files.len(), found[0].more_files), (20, 10));
}

#[test]
fn since_a_time_means_the_commits_of_the_branch_itself() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n"), ("b", "1\n")]);
    let side = scratch.on(&[first], "side", &[put("a", "2\n")]);
    let merge = scratch.on(&[first, side], "merge", &[put("a", "2\n")]);
    let other = scratch.on(&[merge], "other", &[put("b", "2\n")]);
    let tip = scratch.on(&[other], "tip", &[put("a", "3\n")]);
    let repository = scratch.open();
    let at = repository.view(merge).unwrap().at;
    assert_eq!(since(&repository, tip, &[path("a")], at).unwrap(), [tip, merge]);
    assert_eq!(since(&repository, tip, &[], at).unwrap(), [tip, other, merge]);
    let later = repository.view(tip).unwrap().at + jiff::SignedDuration::from_secs(1);
    let error = since(&repository, tip, &[], later).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let found = list(&repository, tip, &[], Some(at), 10).unwrap();
    assert_eq!(subjects(&found), ["tip", "other"]);
}

#[test]
fn a_list_ends_at_the_edge_only_where_it_has_to() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("a", "1\n")]);
    let second = scratch.on(&[first], "second", &[put("a", "2\n")]);
    let tip = scratch.on(&[second], "tip", &[put("a", "3\n")]);
    scratch.end_history_at(&[second]);
    let repository = scratch.open();
    assert_eq!(list(&repository, tip, &[], None, 1).unwrap().len(), 1);
    let error = list(&repository, tip, &[], None, 2).unwrap_err();
    assert_eq!(ShallowBoundary::of(&error), Some(ShallowBoundary { commit: second }));
}
