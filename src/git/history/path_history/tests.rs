use super::*;
use crate::git::ShallowBoundary;
use crate::git::testing::{Edit, Scratch, gone, path, put};

fn inputs(folder: &str) -> Inputs {
    Inputs { folder: Some(path(folder)), ..Inputs::default() }
}

fn kustomization(tag: &str) -> Edit {
    let text = format!("resources: [../base]\nimages: [{{name: web, newTag: {tag}}}]\n");
    put("apps/web/kustomization.yaml", text)
}

/// The commits that changed the app, newest first, until there is an error.
fn changes(history: &mut PathHistory<'_>) -> (Vec<String>, Option<Error>) {
    let mut ids = Vec::new();
    loop {
        match history.next_change() {
            Ok(Some(step)) => ids.push(step.commit.id),
            Ok(None) => return (ids, None),
            Err(error) => return (ids, Some(error)),
        }
    }
}

fn texts(ids: &[Oid]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[test]
fn only_what_the_app_is_rendered_from_counts() {
    let scratch = Scratch::new();
    let base = put("apps/base/kustomization.yaml", "resources: [d.yaml]\n");
    let first = scratch.on(
        &[],
        "first",
        &[kustomization("v1"), base, put("apps/base/d.yaml", "image: web:v0\n"), put("x", "1\n")],
    );
    let neighbour = scratch.on(&[first], "other app", &[put("apps/api/deploy.yaml", "a: 1\n")]);
    let bump = scratch.on(&[neighbour], "bump", &[kustomization("v2")]);
    let unread = scratch.on(&[bump], "not named", &[put("apps/base/readme.md", "x\n")]);
    let base = scratch.on(&[unread], "base", &[put("apps/base/d.yaml", "image: web:v0 # x\n")]);
    let tip = scratch.on(&[base], "docs", &[put("x", "2\n")]);
    let (repository, inputs) = (scratch.open(), inputs("apps/web"));
    let mut history = PathHistory::new(&repository, &inputs, tip).unwrap();
    assert_eq!(changes(&mut history).0, texts(&[base, bump, first]));
    // Both are the same to the app.
    let one = history.state_of(&neighbour.to_string()).unwrap().unwrap();
    let other = history.state_of(&first.to_string()).unwrap().unwrap();
    assert!(one.is_same(&other));
    assert!(history.state_of(&"1".repeat(40)).unwrap().is_none());
    assert!(history.state_of("HEAD").unwrap().is_none());
    assert!(history.state_of(&first.to_string()[..7]).unwrap().is_none());
}

#[test]
fn steps_have_the_state_before_and_after() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[kustomization("v1")]);
    let bump = scratch.on(&[first], "bump", &[kustomization("v2")]);
    let (repository, inputs) = (scratch.open(), inputs("apps/web"));
    let mut history = PathHistory::new(&repository, &inputs, bump).unwrap();
    let step = history.next_change().unwrap().unwrap();
    let image = |state: &State| state.closure.images[0].reference();
    assert_eq!(image(&step.after), "web:v2");
    assert_eq!(image(step.before.as_ref().unwrap()), "web:v1");
    assert_eq!(step.parent.unwrap().id, first.to_string());
    let step = history.next_change().unwrap().unwrap();
    assert_eq!(step.commit.id, first.to_string());
    assert!(step.before.is_none() && step.parent.is_none());
    assert!(history.next_change().unwrap().is_none());
    assert!(!history.gave_up());
}

#[test]
fn files_that_come_and_go_change_it() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[put("app/a.yaml", "image: a:1\n")]);
    let came = scratch.on(&[first], "came", &[put("app/b.yaml", "image: b:1\n")]);
    let text = scratch.on(&[came], "no manifest", &[put("app/b.txt", "x\n")]);
    let went = scratch.on(&[text], "went", &[gone("app/a.yaml")]);
    let below = scratch.on(&[went], "below", &[put("app/sub/c.yaml", "image: c:1\n")]);
    let (repository, inputs) = (scratch.open(), inputs("app"));
    let mut history = PathHistory::new(&repository, &inputs, below).unwrap();
    assert_eq!(changes(&mut history).0, texts(&[went, came, first]));
    // A kustomization that comes makes another thing of it.
    let kustomize = scratch.on(
        &[below],
        "kustomize",
        &[put("app/kustomization.yaml", "resources: [sub/c.yaml]")],
    );
    let mut history = PathHistory::new(&repository, &inputs, kustomize).unwrap();
    assert_eq!(history.next_change().unwrap().unwrap().commit.id, kustomize.to_string());
}

#[test]
fn a_merge_stands_for_what_it_brought() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[kustomization("v1"), put("x", "1\n")]);
    let side = scratch.on(&[first], "side", &[kustomization("v2")]);
    let own = scratch.on(&[first], "own", &[put("x", "2\n")]);
    let merge = scratch.on(&[own, side], "merge", &[kustomization("v2")]);
    let (repository, inputs) = (scratch.open(), inputs("apps/web"));
    let mut history = PathHistory::new(&repository, &inputs, merge).unwrap();
    let step = history.next_change().unwrap().unwrap();
    assert_eq!((step.commit.id, step.parent.unwrap().id), (merge.to_string(), own.to_string()));
    assert_eq!(changes(&mut history).0, texts(&[first]));
}

#[test]
fn where_history_ends_too_early_more_of_it_is_asked_for() {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "first", &[kustomization("v1")]);
    let second = scratch.on(&[first], "second", &[put("x", "1\n")]);
    let tip = scratch.on(&[second], "tip", &[kustomization("v2")]);
    scratch.end_history_at(&[second]);
    let (repository, inputs) = (scratch.open(), inputs("apps/web"));
    let mut history = PathHistory::new(&repository, &inputs, tip).unwrap();
    let (ids, error) = changes(&mut history);
    assert_eq!(ids, texts(&[tip]));
    let boundary = ShallowBoundary::of(&error.unwrap()).unwrap();
    assert_eq!(boundary.commit, second);
    let error = history.state_of(&"1".repeat(40)).err().unwrap();
    assert!(ShallowBoundary::of(&error).is_some(), "{error}");
}

#[test]
fn a_version_is_found_as_a_word_and_files_differ_below_the_paths() {
    let scratch = Scratch::new();
    let first =
        scratch.on(&[], "first", &[put("app/a.yaml", "data: {version: v1}\n"), put("x", "1")]);
    let edits = [put("app/a.yaml", "data: {version: v2, other: v20}\n"), put("x", "2")];
    let tip = scratch.on(&[first], "tip", &edits);
    let (repository, inputs) = (scratch.open(), inputs("app"));
    let mut history = PathHistory::new(&repository, &inputs, tip).unwrap();
    let state = history.state();
    assert_eq!(history.mentions(&state, "shop/web:v2").unwrap(), [path("app/a.yaml")]);
    assert!(history.mentions(&state, "shop/web:v1").unwrap().is_empty());
    assert!(history.mentions(&state, "shop/web").unwrap().is_empty());
    let differing =
        |paths: &[GitPath]| history.differing(&first.to_string(), &tip.to_string(), paths).unwrap();
    assert_eq!(differing(&state.closure.paths), [path("app/a.yaml")]);
    assert!(differing(&[]).is_empty());
}
