use super::*;

const OVERLAY: &str = "
resources: [../../base, 'https://git.example/shop/crds?ref=v1', more]
components: [../../parts/proxy]
patchesStrategicMerge:
- merge.yaml
- |
  kind: Deployment
  metadata: {name: none}
patchesJson6902:
- {path: json.yaml, target: {kind: Deployment, name: web}}
patches:
- {path: patch.yaml}
- patch: 'kind: Service'
replacements: [{path: replace.yaml}]
crds: [crd.yaml]
configurations: [names.yaml]
openapi: {path: schema.json}
transformers: [plugin.yaml]
secretGenerator: [{name: s, env: old.env}]
helmCharts: [{name: redis, repo: 'https://charts.example', version: 1.2.3, valuesFile: redis.yaml,
  additionalValuesFiles: [redis-more.yaml]}]
";

const BASE: &str = "
resources: [deploy.yaml]
configMapGenerator:
- {name: a, files: [app.properties, key=conf/x.conf], envs: [a.env]}
";

#[test]
fn everything_that_a_kustomization_names_is_followed() {
    let own = [
        "crd.yaml",
        "json.yaml",
        "merge.yaml",
        "names.yaml",
        "old.env",
        "patch.yaml",
        "plugin.yaml",
        "redis-more.yaml",
        "redis.yaml",
        "replace.yaml",
        "schema.json",
    ];
    let mut edits = vec![
        put("apps/base/kustomization.yaml", BASE),
        put("apps/base/deploy.yaml", deployment("shop/web:1")),
        put("apps/base/app.properties", "a=1\n"),
        put("apps/base/conf/x.conf", "x\n"),
        put("apps/base/a.env", "A=1\n"),
        put("apps/base/not-named.yaml", deployment("shop/other:1")),
        put("apps/parts/proxy/kustomization.yml", "resources: [proxy.yaml]\nkind: Component\n"),
        put("apps/parts/proxy/proxy.yaml", "image: proxy:1\n"),
        put("apps/env/prod/kustomization.yaml", OVERLAY),
        put("apps/env/prod/more/Kustomization", "resources: [x.yaml]\n"),
        put("apps/env/prod/more/x.yaml", "a: 1\n"),
        put("apps/env/dev/kustomization.yaml", "resources: [../../base]\n"),
    ];
    edits.extend(own.iter().map(|name| put(format!("apps/env/prod/{name}"), "a: 1\n")));
    let closure = read_files(&edits, &folder("apps/env/prod"));
    assert_eq!(closure.kind, Kind::Kustomize);
    let mut expected: Vec<String> =
        own.iter().map(|name| format!("apps/env/prod/{name}")).collect();
    expected.extend(
        [
            "apps/base/a.env",
            "apps/base/app.properties",
            "apps/base/conf/x.conf",
            "apps/base/deploy.yaml",
            "apps/base/kustomization.yaml",
            "apps/env/prod/kustomization.yaml",
            "apps/env/prod/more/Kustomization",
            "apps/env/prod/more/x.yaml",
            "apps/parts/proxy/kustomization.yml",
            "apps/parts/proxy/proxy.yaml",
        ]
        .map(str::to_owned),
    );
    expected.sort();
    assert_eq!(paths(&closure), expected);
    assert_eq!(
        closure.remote,
        ["chart redis 1.2.3 of https://charts.example", "https://git.example/shop/crds?ref=v1"]
    );
    assert!(closure.notes.is_empty(), "{:?}", closure.notes);
    assert!(closure.watched.contains(&path("apps/parts/proxy/kustomization.yaml")));
    assert_eq!(images(&closure), ["shop/web:1", "proxy:1"]);
}

#[test]
fn the_last_one_who_says_it_decides_the_image() {
    for (overlay, image, file) in [
        ("", "shop/web:1", "base/deploy.yaml"),
        ("images: [{name: shop/web, newTag: '2'}]\n", "shop/web:2", "prod/kustomization.yaml"),
        ("images: [{name: shop/web, newTag: 2}]\n", "shop/web:2", "prod/kustomization.yaml"),
        (
            "images: [{name: shop/web, newName: r.example/web, newTag: v2}]\n",
            "r.example/web:v2",
            "prod/kustomization.yaml",
        ),
        (
            "images: [{name: shop/web, digest: 'sha256:0123456789abcdef'}]\n",
            "shop/web@sha256:0123456789abcdef",
            "prod/kustomization.yaml",
        ),
        ("patches: [{path: merge.yaml}]\n", "r.example/other:3", "prod/merge.yaml"),
        ("patchesStrategicMerge: [merge.yaml]\n", "r.example/other:3", "prod/merge.yaml"),
        (
            "patches: [{path: json.yaml, target: {kind: Deployment, name: web}}]\n",
            "shop/web:4",
            "prod/json.yaml",
        ),
        (
            "patches:\n- target: {kind: Deployment}\n  patch: |\n    - op: replace\n      path: \
             /spec/template/spec/containers/0/image\n      value: shop/web:5\n",
            "shop/web:5",
            "prod/kustomization.yaml",
        ),
        ("components: [../part]\n", "shop/web:6", "part/kustomization.yaml"),
        // Patches come before the list of images.
        (
            "patches: [{path: json.yaml, target: {name: web}}]\nimages: [{name: shop/web, newTag: v9}]\n",
            "shop/web:v9",
            "prod/kustomization.yaml",
        ),
    ] {
        let edits = [
            put("base/kustomization.yaml", "resources: [deploy.yaml]\n"),
            put("base/deploy.yaml", deployment("shop/web:1")),
            put("part/kustomization.yaml", "images: [{name: shop/web, newTag: '6'}]\n"),
            put("prod/kustomization.yaml", format!("resources: [../base]\n{overlay}")),
            put("prod/merge.yaml", deployment("r.example/other:3")),
            put(
                "prod/json.yaml",
                "- {op: replace, path: /spec/template/spec/containers/0/image, value: 'shop/web:4'}\n",
            ),
        ];
        let closure = read_files(&edits, &folder("prod"));
        assert_eq!(images(&closure), [image], "{overlay}");
        assert_eq!(closure.images[0].file, path(file), "{overlay}");
        assert_eq!(closure.images[0].container.as_deref(), Some("web"), "{overlay}");
    }
}

#[test]
fn an_image_of_a_base_from_elsewhere_is_known_by_the_list_of_images() {
    let text = "resources: ['https://git.example/base']\nimages: [{name: shop/web, newTag: v2}]\n";
    let closure = read_files(&[put("prod/kustomization.yaml", text)], &folder("prod"));
    assert_eq!(images(&closure), ["shop/web:v2"]);
    assert_eq!(closure.remote, ["https://git.example/base"]);
}

#[test]
fn components_and_parameters_of_the_owner_count() {
    let edits = [
        put("app/kustomization.yaml", "resources: [deploy.yaml]\n"),
        put("app/deploy.yaml", deployment("shop/web:1")),
        put("part/kustomization.yaml", "images: [{name: shop/web, newTag: v2}]\n"),
        put("app/.argocd-source-web.yaml", "kustomize:\n  images: ['shop/web:v3']\n"),
        put("app/.argocd-source-other.yaml", "kustomize:\n  images: ['shop/web:v4']\n"),
    ];
    let components = vec!["../part".to_owned()];
    let with_part = Inputs { components, ..folder("app") };
    assert_eq!(images(&read_files(&edits, &with_part)), ["shop/web:v2"]);
    let argocd = Inputs { application: "web".to_owned(), ..folder("app") };
    let closure = read_files(&edits, &argocd);
    assert_eq!(images(&closure), ["shop/web:v3"]);
    assert!(closure.paths.contains(&path("app/.argocd-source-web.yaml")));
    assert!(!closure.paths.contains(&path("app/.argocd-source-other.yaml")));
}

#[test]
fn circles_end_and_what_is_missing_or_outside_is_said() {
    let text = "resources: [../b, gone.yaml, ../../../etc, /etc/passwd, github.com/shop/base//web]\n\
        patches: [{path: ../../../../etc/shadow}]\n";
    let edits = [
        put("x/a/kustomization.yaml", text),
        put("x/b/kustomization.yaml", "resources: [../a, deploy.yaml]\n"),
        put("x/b/deploy.yaml", deployment("shop/web:1")),
        put("etc/passwd", "no\n"),
    ];
    let closure = read_files(&edits, &folder("x/a"));
    assert_eq!(
        paths(&closure),
        ["x/a/kustomization.yaml", "x/b/deploy.yaml", "x/b/kustomization.yaml"]
    );
    assert_eq!(images(&closure), ["shop/web:1"]);
    assert_eq!(closure.remote, ["github.com/shop/base//web"]);
    assert_eq!(
        closure.notes,
        [
            "x/a leads back to itself",
            "x/a/gone.yaml is named and is not there",
            "../../../etc leads out of the repository and is not read",
            "/etc/passwd leads out of the repository and is not read",
            "../../../../etc/shadow leads out of the repository and is not read",
        ]
    );
    assert!(closure.watched.contains(&path("x/a/gone.yaml")));
}

#[test]
fn links_are_followed_within_the_repository() {
    let edits = [
        put("app/kustomization.yaml", "resources: [base, one.yaml, out, abs, around]\n"),
        link("app/base", "../shared/base"),
        link("app/one.yaml", "../shared/./one.yaml"),
        link("app/out", "../../etc"),
        link("app/abs", "/etc"),
        link("app/around", "around"),
        put("shared/base/kustomization.yaml", "resources: [../deploy.yaml]\n"),
        put("shared/deploy.yaml", deployment("shop/web:1")),
        put("shared/one.yaml", "image: one:1\n"),
    ];
    let closure = read_files(&edits, &folder("app"));
    assert_eq!(images(&closure), ["shop/web:1", "one:1"]);
    for name in ["app/base", "app/one.yaml", "shared/base/kustomization.yaml", "shared/one.yaml"] {
        assert!(closure.paths.contains(&path(name)), "{name}: {:?}", paths(&closure));
    }
    let outside = |name: &str| format!("{name} leads out of the repository and is not read");
    for name in ["app/out", "app/abs", "app/around"] {
        assert!(closure.notes.contains(&outside(name)), "{name}: {:?}", closure.notes);
    }
}

#[test]
fn a_submodule_is_not_here() {
    let edits = [
        put("app/kustomization.yaml", "resources: [../lib/base]\n"),
        submodule("lib", "1".repeat(40)),
    ];
    let closure = read_files(&edits, &folder("app"));
    // What lies in it cannot be found, and a new commit of it changes the app.
    assert!(closure.paths.contains(&path("lib")), "{:?}", paths(&closure));
    assert_eq!(closure.notes[0], "lib is a submodule: its files are not here");
}

#[test]
fn what_has_no_end_is_refused() {
    let chain = (0..80).map(|number| {
        let next = format!("resources: [../k{}]\n", number + 1);
        put(format!("k{number}/kustomization.yaml"), next)
    });
    let edits: Vec<Edit> = chain.collect();
    let scratch = Scratch::new();
    let commit = scratch.on(&[], "first", &edits);
    let error = of(&scratch.open(), commit, &folder("k0")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("is too deep"), "{error}");
}

#[test]
fn many_ways_to_one_base_are_one_reading() {
    // Each names the next twice: without a memory that would be 2^40 readings.
    let edits: Vec<Edit> = (0..40)
        .map(|number| {
            let next = format!("resources: [../k{0}, ./../k{0}]\n", number + 1);
            put(format!("k{number}/kustomization.yaml"), next)
        })
        .chain([put("k40/kustomization.yaml", "")])
        .collect();
    assert_eq!(read_files(&edits, &folder("k0")).paths.len(), 41);
}

#[test]
fn what_is_no_yaml_is_read_by_its_lines() {
    let edits = [put("app/kustomization.yaml", "resources: [\nimage: shop/web:1\n")];
    let closure = read_files(&edits, &folder("app"));
    assert_eq!(images(&closure), ["shop/web:1"]);
    assert_eq!(closure.notes, ["app/kustomization.yaml cannot be read"]);
    let closure = read_files(&[put("app/kustomization.yaml", "# empty\n")], &folder("app"));
    assert_eq!((closure.kind, closure.images.len()), (Kind::Kustomize, 0));
}
