use super::*;
use crate::git::testing::{Scratch, gone, path, put};

fn kustomization(tag: &str) -> String {
    format!("images:\n- name: ghcr.example/shop/web\n  newTag: {tag}\n")
}

#[test]
fn the_newest_commit_that_brought_an_image() {
    let scratch = Scratch::new();
    let digest = "0123456789abcdef".repeat(4);
    let first = scratch
        .commit(&[("dev/k.yaml", &kustomization("1.0")), ("prod/k.yaml", &kustomization("1.0"))]);
    let dev = scratch.on(&[first], "dev", &[put("dev/k.yaml", kustomization("1.1"))]);
    let prod = scratch.on(&[dev], "prod", &[put("prod/k.yaml", kustomization("1.1"))]);
    let moved = scratch.on(
        &[prod],
        "move",
        &[gone("prod/k.yaml"), put("live/k.yaml", kustomization("1.1"))],
    );
    let text = format!("image: web@sha256:{digest}\n");
    let by_digest = scratch.on(&[moved], "digest", &[put("job/j.yaml", text)]);
    let tip = scratch.on(&[by_digest], "longer tag", &[put("job/k.yaml", kustomization("1.10"))]);
    let repository = scratch.open();
    let find = |image: &str, below: &[&str]| {
        let paths: Vec<GitPath> = below.iter().map(|text| path(text)).collect();
        introduced(&repository, tip, &paths, image)
    };
    for (image, below, commit, file) in [
        ("1.1", &[][..], prod, "prod/k.yaml"),
        ("web:1.1", &[], prod, "prod/k.yaml"),
        ("ghcr.example/shop/web:1.1", &["dev"], dev, "dev/k.yaml"),
        ("1.10", &[], tip, "job/k.yaml"),
        (&digest[..8], &[], by_digest, "job/j.yaml"),
        (&format!("sha256:{digest}"), &[], by_digest, "job/j.yaml"),
        (&format!("web@sha256:{digest}"), &[], by_digest, "job/j.yaml"),
    ] {
        let found = find(image, below).unwrap();
        assert_eq!(found, Introduced { commit, files: vec![path(file)] }, "{image}");
    }
    for (image, kind) in [
        ("api:1.1", ErrorKind::NotFound),
        ("9.9", ErrorKind::NotFound),
        ("", ErrorKind::Usage),
        ("web:", ErrorKind::Usage),
        ("a b", ErrorKind::Usage),
    ] {
        assert_eq!(find(image, &[]).unwrap_err().kind(), kind, "{image}");
    }
}

#[test]
fn where_no_line_names_an_image_the_word_is_looked_for() {
    let scratch = Scratch::new();
    let first = scratch.commit(&[("values.txt", "version = 1.0\n")]);
    let bumped = scratch.on(&[first], "bump", &[put("values.txt", "version = 1.1\n")]);
    let tip = scratch.on(&[bumped], "no version", &[put("values.txt", "version = 1.1-rc1\n")]);
    let found = introduced(&scratch.open(), tip, &[], "1.1").unwrap();
    assert_eq!(found.commit, bumped);
}

#[test]
fn a_word_does_not_begin_or_end_within_a_longer_one() {
    for (text, count) in [("1.1", 1), ("v1.1", 0), ("1.1.2", 0), ("(1.1) \"1.1\"", 2), ("11.1", 0)]
    {
        assert_eq!(words(text, "1.1"), count, "{text}");
    }
}
