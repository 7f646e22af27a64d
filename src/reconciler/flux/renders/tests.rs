use serde_json::json;

use super::*;

fn object(spec: &Value) -> Value {
    json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
}

fn over(rendered: &[Rendered]) -> Vec<(&str, &str)> {
    let all = rendered.iter().flat_map(|one| &one.overrides);
    all.map(|over| (over.place.as_str(), over.value.as_str())).collect()
}

#[test]
fn a_kustomization_reads_its_folder_with_all_below_it() {
    for (spec, folder, components) in [
        (json!({"path": "./apps/web"}), "apps/web", vec![]),
        (json!({"path": "./"}), "", vec![]),
        (json!({}), "", vec![]),
        (json!({"path": "apps", "components": ["../parts/tls"]}), "apps", vec!["../parts/tls"]),
    ] {
        let [one] = <[Rendered; 1]>::try_from(of_kustomization(&object(&spec))).unwrap();
        let expected = Inputs {
            folder: Some(GitPath::new(folder)),
            recursive: true,
            components: components.into_iter().map(str::to_owned).collect(),
            ..Inputs::default()
        };
        assert_eq!((one.source, one.inputs), (0, expected), "{spec}");
    }
}

#[test]
fn what_a_kustomization_lays_over_its_files_is_told() {
    let spec = json!({
        "postBuild": {
            "substitute": {"tag": "1.1", "replicas": "2"},
            "substituteFrom": [{"kind": "ConfigMap", "name": "versions"}]},
        "images": [
            {"name": "web", "newName": "r.test/web", "newTag": "1.2"},
            {"name": "api", "digest": "sha256:0a", "newTag": "9"},
            {"name": "x", "newName": "r.test/x"},
            {"name": "none"}],
        "patches": [{"patch": "[{\"op\": \"replace\", \"path\": \"/a\", \"value\": \"web:3\"}]"}],
    });
    let found = of_kustomization(&object(&spec));
    assert_eq!(
        over(&found)[..5],
        [
            ("variable tag (postBuild of Kustomization shop/web)", "1.1"),
            (
                "ConfigMap shop/versions (spec.postBuild.substituteFrom of Kustomization shop/web)",
                "",
            ),
            ("image web (images of Kustomization shop/web)", "1.2"),
            ("image api (images of Kustomization shop/web)", "sha256:0a"),
            ("image x (images of Kustomization shop/web)", "r.test/x"),
        ]
    );
    let patch = "the patch of [0].value of Kustomization shop/web";
    assert!(over(&found).contains(&(patch, "web:3")), "{found:?}");
}

#[test]
fn a_release_reads_its_chart_and_the_files_that_it_names_from_the_root() {
    let chart = |kind: &str| {
        json!({"chart": {"spec": {"chart": "./charts/web",
        "valuesFiles": ["./charts/web/values.yaml", "prod.yaml"], "sourceRef": {"kind": kind,
        "name": "fleet"}}}})
    };
    let [one] = <[Rendered; 1]>::try_from(of_release(&object(&chart("GitRepository")))).unwrap();
    let files = ["/charts/web/values.yaml", "/prod.yaml"].map(str::to_owned).to_vec();
    let expected = Inputs {
        folder: Some(GitPath::new("charts/web")),
        value_files: files,
        ..Inputs::default()
    };
    assert_eq!(one.inputs, expected);
    let [one] = <[Rendered; 1]>::try_from(of_release(&object(&chart("HelmRepository")))).unwrap();
    assert!(!one.is_read());
}

#[test]
fn the_values_of_a_release_stand_in_itself() {
    let spec = json!({
        "values": {"image": {"tag": "1.1"}, "replicas": 2},
        "valuesFrom": [{"kind": "Secret", "name": "more"}],
        "postRenderers": [{"kustomize": {"images": [{"name": "web", "newTag": "2"}]}}],
    });
    let found = of_release(&object(&spec));
    assert_eq!(
        over(&found),
        [
            ("image web (images of HelmRelease shop/web)", "2"),
            ("value image.tag of HelmRelease shop/web", "1.1"),
            ("key values.yaml of Secret shop/more (spec.valuesFrom of HelmRelease shop/web)", "",),
        ]
    );
}

#[test]
fn whatever_the_shape_nothing_fails() {
    for spec in
        [json!(7), json!([]), json!({"chart": 7, "values": [], "images": {}, "patches": "x"})]
    {
        assert!(over(&of_release(&object(&spec))).is_empty(), "{spec}");
        assert!(over(&of_kustomization(&object(&spec))).is_empty(), "{spec}");
    }
}
