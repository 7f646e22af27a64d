use super::*;

const TEMPLATE: &str =
    "spec:\n  image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n";

fn chart() -> Vec<Edit> {
    vec![
        put("charts/web/Chart.yaml", "name: web\nversion: 0.1.0\nappVersion: v0\n"),
        put("charts/web/values.yaml", "image:\n  repository: shop/web\n  tag: v1\nreplicas: 1\n"),
        put("charts/web/templates/deploy.yaml", TEMPLATE),
        put("charts/web/templates/job.yaml", "{{ if x }}\nimage: busybox:1.36\n{{ end }}\n"),
        put("values/common.yaml", "image: {tag: v2}\n"),
        put("values/prod.yaml", "image: {tag: v3}\n"),
        put("values/empty.yaml", "# nothing\n"),
        put("values/off.yaml", "image: {tag: null}\n"),
        put(
            "values/whole.yaml",
            "image: {registry: r.example, repository: web, digest: 'sha256:0123456789'}\n",
        ),
    ]
}

#[test]
fn values_files_lie_over_each_other_in_their_order() {
    for (files, image, file) in [
        (vec![], "shop/web:v1", "charts/web/values.yaml"),
        (vec!["../../values/common.yaml"], "shop/web:v2", "values/common.yaml"),
        (vec!["../../values/common.yaml", "/values/prod.yaml"], "shop/web:v3", "values/prod.yaml"),
        (
            vec!["/values/prod.yaml", "../../values/common.yaml"],
            "shop/web:v2",
            "values/common.yaml",
        ),
        (vec!["../../values/prod.yaml", "/values/empty.yaml"], "shop/web:v3", "values/prod.yaml"),
        // Without a tag it is the version that the chart is made for.
        (vec!["/values/off.yaml"], "shop/web:v0", "charts/web/Chart.yaml"),
    ] {
        let value_files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        let inputs = Inputs { value_files, ..folder("charts/web") };
        let closure = read_files(&chart(), &inputs);
        assert_eq!(closure.kind, Kind::Chart);
        assert_eq!(images(&closure), [image, "busybox:1.36"], "{files:?}");
        assert_eq!(closure.images[0].file, path(file), "{files:?}");
        assert_eq!(closure.paths[0], path("charts/web"));
        assert_eq!(closure.paths.len(), 1 + files.len(), "{:?}", closure.paths);
    }
}

#[test]
fn values_that_are_missing_elsewhere_or_outside_are_said() {
    let value_files =
        ["gone.yaml", "../../../etc/x.yaml", "$values/prod.yaml", "https://x.example/v"];
    let value_files = value_files.map(str::to_owned).to_vec();
    let closure = read_files(&chart(), &Inputs { value_files, ..folder("charts/web") });
    assert_eq!(closure.remote, ["values $values/prod.yaml", "values https://x.example/v"]);
    assert_eq!(
        closure.notes,
        [
            "charts/web/gone.yaml is named and is not there",
            "../../../etc/x.yaml leads out of the repository and is not read",
        ]
    );
    assert_eq!(images(&closure)[0], "shop/web:v1");
}

#[test]
fn charts_within_are_followed() {
    let dependencies = "dependencies:\n\
        - {name: api, repository: 'file://../api'}\n\
        - {name: redis, repository: 'https://charts.example'}\n\
        - {name: kept, repository: 'https://charts.example'}\n\
        - {name: out, repository: 'file://../../../etc'}\n";
    let edits = [
        put("charts/web/Chart.yaml", dependencies),
        put(
            "charts/web/values.yaml",
            "image: {repository: shop/web, tag: v1}\napi: {image: {tag: v5}}\n\
            redis: {image: {repository: redis, tag: '7'}}\n",
        ),
        put("charts/web/charts/kept/Chart.yaml", "name: kept\n"),
        put("charts/web/charts/kept/values.yaml", "image: kept:1\n"),
        put("charts/api/Chart.yaml", "name: api\n"),
        put("charts/api/values.yaml", "image: {repository: shop/api, tag: v4}\n"),
        put("charts/other/Chart.yaml", "name: other\n"),
    ];
    let closure = read_files(&edits, &folder("charts/web"));
    assert_eq!(images(&closure), ["shop/web:v1", "shop/api:v5", "redis:7", "kept:1"]);
    assert_eq!(paths(&closure), ["charts/api", "charts/web"]);
    assert_eq!(
        closure.remote,
        ["chart out of file://../../../etc", "chart redis of https://charts.example"]
    );
}

#[test]
fn values_alone_name_images_too() {
    let value_files = vec!["values/whole.yaml".to_owned()];
    let inputs = Inputs { value_files, ..Inputs::default() };
    let closure = read_files(&chart(), &inputs);
    assert_eq!(closure.kind, Kind::Values);
    assert_eq!(images(&closure), ["r.example/web@sha256:0123456789"]);
    assert_eq!(paths(&closure), ["values/whole.yaml"]);
}

#[test]
fn parameters_beside_the_chart_win() {
    let mut edits = chart();
    let text = "helm:\n  parameters:\n  - {name: image.tag, value: v7, forcestring: true}\n";
    edits.push(put("charts/web/.argocd-source-web.yaml", text));
    let application = "web".to_owned();
    let closure = read_files(&edits, &Inputs { application, ..folder("charts/web") });
    assert_eq!(images(&closure)[0], "shop/web:v7");
    assert_eq!(closure.images[0].file, path("charts/web/.argocd-source-web.yaml"));
}

#[test]
fn a_chart_without_values_is_known_by_its_version() {
    let edits = [
        put("web/Chart.yaml", "name: web\nappVersion: 2.8.1\n"),
        put("web/templates/d.yaml", "image: shop/web:{{ .Chart.AppVersion }}\n"),
    ];
    let closure = read_files(&edits, &folder("web"));
    assert_eq!(images(&closure), ["2.8.1"]);
    assert!(closure.images[0].is("shop/web:2.8.1"));
}
