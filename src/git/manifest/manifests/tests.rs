use super::*;
use crate::git::testing::{Edit, Scratch, gone, path, put};
use crate::git::tree::tree_changes::between;

/// What is broken after these edits of these files.
fn found(before: &[Edit], edits: &[Edit]) -> Option<(GitPath, String)> {
    let scratch = Scratch::new();
    let first = scratch.on(&[], "before", before);
    let second = scratch.on(&[first], "after", edits);
    let (tip, tree) = (scratch.tree(first), scratch.tree(second));
    let repository = scratch.open();
    let files = between(&repository, Some(tip), Some(tree)).unwrap();
    broken(&repository, tip, tree, &files).unwrap()
}

#[test]
fn yaml_is_read() {
    for (text, why) in [
        ("a: 1\n---\nb: [1, 2]\n", None),
        ("", None),
        ("# nothing\n", None),
        ("a: !Ref x\nb: !!binary aGk=\nc: !Sub {d: [1]}\n", None),
        ("1: x\ntrue: y\nnull: z\n? [a]\n: b\n", None),
        ("base: &b {x: 1}\nweb:\n  <<: *b\n", None),
        ("a: 1\na: 2\n", Some("it is no YAML: line 2, column 1")),
        ("a: [1\n", Some("it is no YAML")),
        ("<<<<<<< main\na: 1\n=======\na: 2\n>>>>>>> x\n", Some("it is no YAML")),
        ("a: *none\n", Some("it is no YAML")),
        ("a:\n\tb: 1\n", Some("it is no YAML")),
    ] {
        let result = found(&[put("f.yaml", "old: 1\n")], &[put("f.yaml", text)]);
        let result = result.map(|(_, why)| why);
        match (&result, why) {
            (None, None) => {}
            (Some(result), Some(why)) => assert!(result.starts_with(why), "{text}: {result}"),
            _ => panic!("{text:?}: {result:?}"),
        }
    }
    let latin = found(&[put("f.yaml", "old: 1\n")], &[put("f.yaml", b"a: caf\xe9\n")]);
    assert_eq!(latin.unwrap().1, "it is not UTF-8");
}

#[test]
fn what_was_no_yaml_before_need_not_be() {
    let template = "kind: {{ .Values.kind }}\n{{- if .x }}\na: [\n{{ end }}\n";
    let changed = format!("{template}more: {{{{ x }}}}\n");
    assert_eq!(found(&[put("t.yaml", template)], &[put("t.yaml", changed)]), None);
    // It comes back.
    assert_eq!(found(&[put("x", "1")], &[put("t.yaml", template)]), None);
    assert!(found(&[put("x", "1")], &[put("t.yaml", "a: [\n")]).is_some());
    // It is not called YAML.
    assert_eq!(found(&[put("x", "1")], &[put("x", "a: [\n")]), None);
}

#[test]
fn a_kustomization_is_one() {
    let file = "apps/kustomization.yaml";
    for (text, is_one) in [
        ("resources:\n- https://git.example/x\n", true),
        ("resources:\n", true),
        ("", true),
        ("namePrefix: a\n", true),
        ("resources: x.yaml\n", false),
        ("- x.yaml\n", false),
        ("just words\n", false),
        ("namePrefix: a\nnamePrefix: b\n", false),
    ] {
        let result = found(&[put(file, "namePrefix: x\n")], &[put(file, text)]);
        assert_eq!(result.is_none(), is_one, "{text:?}: {result:?}");
    }
}

#[test]
fn a_file_that_goes_while_a_kustomization_names_it() {
    let names = |list: &str| format!("resources: [{list}]\n");
    let file = "apps/web/kustomization.yaml";
    let before = [
        put(file, names("a.yaml, b.yaml, ../base, missing.yaml")),
        put("apps/web/a.yaml", "a: 1\n"),
        put("apps/web/b.yaml", "a: 1\n"),
        put("apps/base/kustomization.yaml", ""),
    ];
    let result = found(&before, &[gone("apps/web/a.yaml")]).unwrap();
    assert_eq!(result, (path(file), "it names a.yaml, which is not there then".to_owned()));
    // Both at once are well.
    let list = names("b.yaml, ../base");
    assert_eq!(found(&before, &[gone("apps/web/a.yaml"), put(file, list)]), None);
    // What was missing before is not the revert's doing.
    assert_eq!(found(&before, &[put("apps/web/a.yaml", "a: 2\n")]), None);
    // A folder below one that names it.
    let before =
        [put("kustomization.yaml", names("apps")), put("apps/x.yaml", "a: 1\n"), put("y", "")];
    assert!(found(&before, &[gone("apps/x.yaml")]).is_some());
    // It names what the revert brings back in vain.
    let before = [put(file, names("b.yaml")), put("apps/web/b.yaml", "a: 1\n")];
    assert!(found(&before, &[put(file, names("b.yaml, gone.yaml"))]).is_some());
}

#[test]
fn paths_in_a_kustomization_lead_somewhere() {
    let folder = path("apps/web/prod");
    for (named, target) in [
        ("x.yaml", Some("apps/web/prod/x.yaml")),
        ("./x/../y/", Some("apps/web/prod/y")),
        ("../../base", Some("apps/base")),
        ("../../../..", None),
        ("/etc", None),
        (".", None),
    ] {
        assert_eq!(resolve(&folder, named), target.map(path), "{named}");
    }
}
