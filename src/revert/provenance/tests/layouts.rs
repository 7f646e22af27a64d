//! Where the image stands.

use super::*;

/// What a commit does in one layout: with the version, a way to bump it.
type Bump = fn(&str) -> Edit;

fn in_base(version: &str) -> Edit {
    put("base/deploy.yaml", deployment("web", &format!("shop/web:{version}")))
}

fn overlay(rest: &str) -> Edit {
    put("apps/web/kustomization.yaml", format!("resources: [../../base]\n{rest}"))
}

fn by_tag(version: &str) -> Edit {
    overlay(&format!("images: [{{name: shop/web, newTag: '{version}'}}]\n"))
}

fn by_patch(version: &str) -> Edit {
    put("apps/web/patch.yaml", deployment("web", &format!("shop/web:{version}")))
}

fn by_component(version: &str) -> Edit {
    let text = format!("kind: Component\nimages:\n- name: shop/web\n  newTag: '{version}'\n");
    put("parts/web/kustomization.yaml", text)
}

/// Commits a good version, a neighbour, the bad one and another neighbour, and asks.
fn bumped(start: Vec<Edit>, bump: Bump, inputs: Inputs, file: &str) {
    let scratch = Scratch::new();
    let mut edits = start;
    edits.push(bump("2.8.0"));
    let first = scratch.on(&[], "first", &edits);
    let before = scratch.on(&[first], "api", &[put("apps/api/deploy.yaml", "image: shop/api:1\n")]);
    let bad = scratch.on(&[before], "bump web", &[bump("2.8.1"), put("apps/api/x.yaml", "a: 1\n")]);
    let tip = scratch.on(&[bad], "api", &[put("apps/api/deploy.yaml", "image: shop/api:2\n")]);
    let case = Case { inputs, ..case("", "shop/web:2.8.1", "shop/web:2.8.0") };
    let found = case.brought(&scratch, tip);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad], before), "{file}");
    assert_eq!(found.files, [path(file)], "only its own files");
    assert_eq!((found.proof, found.others.len()), (Proof::Images, 0));
    assert!(found.paths.iter().any(|entry| path(file).is_in(entry)), "{:?}", found.paths);
}

fn folder() -> Inputs {
    Inputs { folder: Some(path("apps/web")), ..Inputs::default() }
}

fn base() -> Vec<Edit> {
    vec![put("base/kustomization.yaml", "resources: [deploy.yaml]\n"), in_base("2.8.0")]
}

fn with(mut edits: Vec<Edit>, edit: Edit) -> Vec<Edit> {
    edits.push(edit);
    edits
}

#[test]
fn in_a_plain_folder() {
    bumped(vec![], web, folder(), "apps/web/deploy.yaml");
    bumped(vec![], web, Inputs { recursive: true, ..folder() }, "apps/web/deploy.yaml");
}

#[test]
fn in_the_base_of_a_kustomization() {
    let start = with(base(), overlay("namePrefix: prod-\n"));
    bumped(start, in_base, folder(), "base/deploy.yaml");
}

#[test]
fn in_the_images_of_an_overlay() {
    bumped(base(), by_tag, folder(), "apps/web/kustomization.yaml");
}

#[test]
fn in_a_patch_of_an_overlay() {
    let start = with(base(), overlay("patches: [{path: patch.yaml}]\n"));
    bumped(start, by_patch, folder(), "apps/web/patch.yaml");
}

#[test]
fn in_a_component() {
    let start = with(base(), overlay("components: [../../parts/web]\n"));
    bumped(start, by_component, folder(), "parts/web/kustomization.yaml");
}

#[test]
fn outside_of_generate_paths_that_are_too_narrow() {
    let start = with(base(), overlay(""));
    let inputs = Inputs { generate_paths: ".".to_owned(), ..folder() };
    bumped(start, in_base, inputs, "base/deploy.yaml");
}

#[test]
fn in_values_of_a_chart() {
    fn own(version: &str) -> Edit {
        put("apps/web/values.yaml", format!("image: {{repository: shop/web, tag: '{version}'}}\n"))
    }
    fn prod(version: &str) -> Edit {
        put("values/prod.yaml", format!("image: {{tag: '{version}'}}\n"))
    }
    let chart = || {
        vec![
            put("apps/web/Chart.yaml", "name: web\n"),
            put("apps/web/templates/d.yaml", "image: {{ .Values.image.tag }}\n"),
        ]
    };
    bumped(chart(), own, folder(), "apps/web/values.yaml");
    let value_files = vec!["../../values/prod.yaml".to_owned()];
    let start = with(chart(), own("2.7.0"));
    bumped(start, prod, Inputs { value_files, ..folder() }, "values/prod.yaml");
    // The chart is from elsewhere.
    let value_files = vec!["values/prod.yaml".to_owned()];
    bumped(vec![], prod, Inputs { value_files, ..Inputs::default() }, "values/prod.yaml");
}

#[test]
fn by_digest() {
    let scratch = Scratch::new();
    let image = |digit: &str| format!("shop/web@sha256:{}", digit.repeat(64));
    let digest = |digit: &str| {
        overlay(&format!("images: [{{name: shop/web, digest: 'sha256:{}'}}]\n", digit.repeat(64)))
    };
    let first = scratch.on(&[], "first", &with(base(), digest("a")));
    let bad = scratch.on(&[first], "bump", &[digest("b")]);
    let found = case("apps/web", &image("b"), &image("a")).brought(&scratch, bad);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad], first));
    // From a tag to a digest.
    let tag = scratch.on(&[bad], "to a tag", &[by_tag("2.8.0")]);
    let tip = scratch.on(&[tag], "pin", &[digest("c")]);
    let found = case("apps/web", &image("c"), "shop/web:2.8.0").brought(&scratch, tip);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![tip], tag));
}

#[test]
fn the_same_image_in_two_apps() {
    let scratch = Scratch::new();
    let worker = |version: &str| {
        put("apps/worker/deploy.yaml", deployment("worker", &format!("shop/web:{version}")))
    };
    let first = scratch.on(&[], "first", &[web("1"), worker("1")]);
    let other = scratch.on(&[first], "worker", &[worker("2")]);
    let bad = scratch.on(&[other], "web", &[web("2")]);
    let tip = scratch.on(&[bad], "worker", &[worker("3")]);
    let found = case("apps/web", "shop/web:2", "shop/web:1").brought(&scratch, tip);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad], other));
    // Both in one folder: the container tells them apart.
    let worker = |version: &str| {
        put("apps/web/worker.yaml", deployment("worker", &format!("shop/web:{version}")))
    };
    let start = scratch.on(&[first], "together", &[worker("1")]);
    let first_bump = scratch.on(&[start], "worker", &[worker("2")]);
    let bad = scratch.on(&[first_bump], "web", &[web("2")]);
    let found = case("apps/web", "shop/web:2", "shop/web:1").brought(&scratch, bad);
    assert_eq!((ids(&found.commits), id(&found.good)), (vec![bad], first_bump));
    let found = case("apps/web", "worker=shop/web:2", "worker=shop/web:1").brought(&scratch, bad);
    assert_eq!((ids(&found.commits), ids(&found.others)), (vec![first_bump], vec![bad]));
    assert_eq!(id(&found.good), start);
}

#[test]
fn where_only_a_word_has_the_version() {
    let scratch = Scratch::new();
    let version =
        |version: &str| put("apps/web/x.yaml", format!("substitute: {{version: {version}}}\n"));
    let first = scratch.on(&[], "first", &[version("v1")]);
    let bad = scratch.on(&[first], "bump", &[version("v2")]);
    let found = case("apps/web", "shop/web:v2", "shop/web:v1").brought(&scratch, bad);
    assert_eq!((ids(&found.commits), found.proof), (vec![bad], Proof::Words));
}
