use serde_json::json;

use super::*;

const FLEET: &str = "https://git.test/fleet.git";

fn application(spec: &Value) -> Value {
    json!({"metadata": {"name": "web", "namespace": "argocd"}, "spec": spec})
}

fn one(source: &Value) -> Rendered {
    let mut source = source.clone();
    source["repoURL"] = json!(FLEET);
    let [one] = <[Rendered; 1]>::try_from(of(&application(&json!({"source": source})))).unwrap();
    assert_eq!(one.source, 0);
    one
}

fn folder(path: &str) -> Inputs {
    let application = "web".to_owned();
    Inputs { folder: Some(GitPath::new(path.as_bytes())), application, ..Inputs::default() }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_folder_is_read_as_its_source_says() {
    for (source, expected) in [
        (json!({"path": "apps/web"}), folder("apps/web")),
        (json!({"path": "./apps/web/"}), folder("apps/web")),
        (json!({"path": "."}), folder("")),
        (
            json!({"path": "apps", "directory": {"recurse": true, "include": "*.yaml",
                "exclude": "{a,b}.yaml"}}),
            Inputs {
                recursive: true,
                include: "*.yaml".to_owned(),
                exclude: "{a,b}.yaml".to_owned(),
                ..folder("apps")
            },
        ),
        (
            json!({"path": "apps/web", "kustomize": {"components": ["../../parts/tls", 7]}}),
            Inputs { components: words(&["../../parts/tls"]), ..folder("apps/web") },
        ),
        (
            json!({"path": "charts/web", "helm": {"valueFiles": ["values.yaml", "../../prod.yaml",
                "/values/web.yaml", "$gone/x.yaml"]}}),
            Inputs {
                value_files: words(&[
                    "values.yaml",
                    "../../prod.yaml",
                    "/values/web.yaml",
                    "$gone/x.yaml",
                ]),
                ..folder("charts/web")
            },
        ),
    ] {
        assert_eq!(one(&source).inputs, expected, "{source}");
    }
}

#[test]
fn the_annotation_and_the_name_of_its_own_file_are_told() {
    let mut app = application(&json!({"source": {"repoURL": FLEET, "path": "apps/web"}}));
    app["metadata"]["annotations"] = json!({PATHS: ".;/base"});
    app["status"]["controllerNamespace"] = json!("argocd");
    assert_eq!(of(&app)[0].inputs.generate_paths, ".;/base");
    assert_eq!(of(&app)[0].inputs.application, "web");
    app["metadata"]["namespace"] = json!("team");
    assert_eq!(of(&app)[0].inputs.application, "team_web");
}

#[test]
fn what_lies_over_the_files_is_told_and_the_strongest_first() {
    let place = |what: &str| format!("{what} of Argo CD application web");
    for (source, expected) in [
        (
            json!({"path": "c", "helm": {
                "parameters": [{"name": "image.tag", "value": "1.1"}, {"name": "replicas", "value": "2"}],
                "values": "image: {tag: 1.0}\nreplicas: 3\n"}}),
            vec![("parameter image.tag", "1.1"), ("value image.tag", "1.0")],
        ),
        // The one takes the place of the other.
        (
            json!({"path": "c", "helm": {"values": "image: {tag: 1.0}",
                "valuesObject": {"image": {"tag": "1.2"}}}}),
            vec![("value image.tag", "1.2")],
        ),
        (
            json!({"path": "k", "kustomize": {"images": ["r.test/web:1.1", "web=r.test/other:2",
                "a=*:3", "r.test/x@sha256:0a"],
                "patches": [{"patch": "kind: Deployment\nspec: {containers: [{image: 'r.test/y:4'}]}"}]}}),
            vec![
                ("image r.test/web:1.1", "r.test/web:1.1"),
                ("image web", "r.test/other:2"),
                ("image a", "3"),
                ("image r.test/x@sha256:0a", "r.test/x@sha256:0a"),
                ("the patch of kind", "Deployment"),
                ("the patch of spec.containers[0].image", "r.test/y:4"),
            ],
        ),
        (
            json!({"path": "p", "plugin": {"env": [{"name": "TAG", "value": "5"}],
                "parameters": [{"name": "tag", "string": "6"}]}}),
            vec![("parameter tag", "6"), ("variable TAG", "5")],
        ),
        (
            json!({"path": "j", "directory": {"jsonnet": {"extVars": [{"name": "tag", "value": "7"}],
                "tlas": [{"name": "image", "value": "web:8"}]}}}),
            vec![("variable tag", "7"), ("argument image", "web:8")],
        ),
        (json!({"path": "x", "helm": {"parameters": {}, "values": 7}, "kustomize": []}), vec![]),
    ] {
        let found: Vec<(String, String)> =
            one(&source).overrides.into_iter().map(|over| (over.place, over.value)).collect();
        let expected: Vec<(String, String)> =
            expected.into_iter().map(|(what, value)| (place(what), value.to_owned())).collect();
        assert_eq!(found, expected, "{source}");
    }
}

#[test]
fn values_of_another_source_are_read_where_they_are() {
    let chart = json!({"repoURL": "https://charts.test", "chart": "web", "targetRevision": "1.*",
        "helm": {"valueFiles": ["$values/prod/web.yaml", "own.yaml"],
            "parameters": [{"name": "image.tag", "value": "9"}]}});
    let values = json!({"repoURL": FLEET, "targetRevision": "HEAD", "ref": "values"});
    let found = of(&application(&json!({"sources": [chart, values]})));
    let [chart_one, values_one] = <[Rendered; 2]>::try_from(found).unwrap();
    // A chart that is fetched has no file of ours; what lies over it counts for both.
    assert_eq!((chart_one.source, chart_one.is_read()), (0, false));
    assert_eq!(values_one.source, 1);
    let files = words(&["/prod/web.yaml"]);
    assert_eq!(values_one.inputs, Inputs { value_files: files, ..Inputs::default() });
    assert_eq!(values_one.overrides, chart_one.overrides);
    assert_eq!(values_one.overrides.len(), 1);
}

#[test]
fn values_of_the_same_repository_are_those_of_the_chart() {
    let mut chart = json!({"repoURL": "git@git.test:fleet", "path": "charts/web",
        "targetRevision": "", "helm": {"valueFiles": ["$values/prod/web.yaml"]}});
    let values = json!({"repoURL": "ssh://git@git.test/fleet.git", "targetRevision": "HEAD",
        "ref": "values"});
    let found = of(&application(&json!({"sources": [values, chart]})));
    let [only] = <[Rendered; 1]>::try_from(found).unwrap();
    assert_eq!((only.source, only.inputs.value_files), (1, words(&["/prod/web.yaml"])));
    // Of another branch they are others.
    chart["targetRevision"] = json!("next");
    let found = of(&application(&json!({"sources": [values, chart]})));
    let files: Vec<_> = found.into_iter().map(|one| (one.source, one.inputs.value_files)).collect();
    let (whole, named) = (words(&["/prod/web.yaml"]), words(&["$values/prod/web.yaml"]));
    assert_eq!(files, [(0, whole), (1, named)]);
}

#[test]
fn a_source_may_have_a_folder_and_values_for_others() {
    let both = json!({"repoURL": FLEET, "path": "extra", "ref": "values"});
    let chart = json!({"repoURL": "https://charts.test", "chart": "web",
        "helm": {"valueFiles": ["$values/web.yaml"]}});
    let found = of(&application(&json!({"sources": [both, chart]})));
    let inputs: Vec<_> = found.iter().map(|one| (one.source, &one.inputs)).collect();
    let values = Inputs { value_files: words(&["/web.yaml"]), ..Inputs::default() };
    assert_eq!(inputs, [(0, &folder("extra")), (0, &values), (1, &Inputs::default())]);
}

#[test]
fn with_a_hydrator_what_a_person_commits_counts() {
    let spec = json!({"source": {"repoURL": "ignored", "path": "x"}, "sourceHydrator": {
        "drySource": {"repoURL": FLEET, "path": "apps/web", "targetRevision": "main"},
        "syncSource": {"targetBranch": "env/prod", "path": "web"}}});
    let found = of(&application(&spec));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].inputs, folder("apps/web"));
}

#[test]
fn what_has_no_shape_renders_nothing() {
    for spec in [json!({}), json!({"source": "x"}), json!({"sources": [7, {}, {"ref": "values"}]})]
    {
        assert_eq!(of(&application(&spec)), [], "{spec}");
    }
    assert_eq!(of(&json!(7)), []);
}
