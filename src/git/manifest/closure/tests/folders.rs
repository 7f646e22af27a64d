use super::*;

fn files() -> Vec<Edit> {
    vec![
        put("app/deploy.yaml", deployment("shop/web:1")),
        put("app/job.json", "{\"image\": \"job:1\"}\n"),
        put("app/readme.md", "image: no:1\n"),
        put("app/sub/more.yml", "image: more:1\n"),
        put(
            "app/flux/kustomization.yaml",
            "resources: [x.yaml]\nimages: [{name: x, newTag: v2}]\n",
        ),
        put("app/flux/x.yaml", "image: x:v1\n"),
        put("app/flux/not-named.yaml", "image: no:2\n"),
        put("other/deploy.yaml", deployment("shop/other:1")),
    ]
}

#[test]
fn a_plain_folder_is_read_with_its_subfolders_or_without() {
    let closure = read_files(&files(), &folder("app"));
    assert_eq!(closure.kind, Kind::Directory);
    assert_eq!(images(&closure), ["shop/web:1", "job:1"]);
    assert_eq!(paths(&closure), ["app/deploy.yaml", "app/job.json"]);
    assert!(closure.watched.contains(&path("app")));
    let closure = read_files(&files(), &Inputs { recursive: true, ..folder("app") });
    let mut found = images(&closure);
    found.sort();
    assert_eq!(found, ["job:1", "more:1", "shop/web:1", "x:v2"]);
    assert_eq!(paths(&closure), ["app"]);
}

#[test]
fn only_the_files_that_match_are_read() {
    for (include, exclude, expected) in [
        ("*.json", "", vec!["job:1"]),
        ("{deploy,x}.yaml", "", vec!["shop/web:1"]),
        ("", "job*", vec!["shop/web:1"]),
        ("*", "*.yaml", vec!["job:1"]),
    ] {
        let (include, exclude) = (include.to_owned(), exclude.to_owned());
        let inputs = Inputs { include, exclude, ..folder("app") };
        assert_eq!(images(&read_files(&files(), &inputs)), expected, "{inputs:?}");
    }
}

#[test]
fn the_root_is_a_folder_and_one_that_is_not_there_is_none() {
    let edits = [put("deploy.yaml", deployment("shop/web:1")), put("sub/x.yaml", "image: x:1\n")];
    let closure = read_files(&edits, &folder(""));
    assert_eq!(
        (images(&closure), paths(&closure)),
        (vec!["shop/web:1".into()], vec!["deploy.yaml".into()])
    );
    let closure = read_files(&edits, &folder("nowhere/app"));
    assert_eq!(closure.notes, ["there is no folder nowhere/app"]);
    assert!(closure.paths.is_empty());
    assert_eq!(closure.watched, [path("nowhere")]);
}

#[test]
fn large_and_binary_files_say_nothing() {
    let edits = [
        put("app/large.yaml", format!("image: x:1\n# {}\n", "x".repeat(1024 * 1024))),
        put("app/binary.yaml", b"image: x:1\n\0"),
    ];
    let closure = read_files(&edits, &folder("app"));
    assert!(closure.images.is_empty());
    assert_eq!(closure.paths.len(), 2);
}

#[test]
fn generate_paths_add_and_never_narrow() {
    let edits = [
        put("apps/web/kustomization.yaml", "resources: [../../base]\n"),
        put("base/kustomization.yaml", "resources: [deploy.yaml]\n"),
        put("base/deploy.yaml", deployment("shop/web:1")),
        put("shared/a/x.yaml", "a: 1\n"),
        put("shared/b/x.yaml", "a: 1\n"),
        put("shared/b/y.txt", "a\n"),
        put("shared/b/deep/x.yaml", "a: 1\n"),
    ];
    let own = ["apps/web/kustomization.yaml", "base/deploy.yaml", "base/kustomization.yaml"];
    let narrow = "manifest-generate-paths leaves out base/deploy.yaml: Argo CD may not notice when that \
        changes";
    for (annotation, hinted, note) in [
        ("", vec![], None),
        (".", vec!["apps/web"], Some(narrow)),
        (".;/base", vec!["apps/web", "base"], None),
        ("../..", vec![""], None),
        ("/shared/*/x.yaml", vec!["shared/a/x.yaml", "shared/b/x.yaml"], None),
        (" /base ; /apps/web;;/nowhere", vec!["base", "apps/web"], None),
    ] {
        let inputs = Inputs { generate_paths: annotation.to_owned(), ..folder("apps/web") };
        let closure = read_files(&edits, &inputs);
        let found: Vec<String> = closure.hinted.iter().map(ToString::to_string).collect();
        assert_eq!(found, hinted, "{annotation}");
        for path in own {
            let path = crate::git::testing::path(path);
            assert!(closure.paths.iter().any(|entry| path.is_in(entry)), "{annotation}: {path}");
        }
        if let Some(note) = note {
            assert_eq!(closure.notes, [note], "{annotation}");
        }
    }
    let inputs = Inputs { generate_paths: "../../../etc".to_owned(), ..folder("apps/web") };
    let note = "../../../etc in manifest-generate-paths leads out of the repository";
    assert!(read_files(&edits, &inputs).notes.contains(&note.to_owned()));
    let inputs = Inputs { generate_paths: "/nowhere".to_owned(), ..folder("apps/web") };
    assert!(read_files(&edits, &inputs).watched.contains(&path("nowhere")));
}
