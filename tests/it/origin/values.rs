//! Versions that stand in values: of a chart, of another source, of the owner itself.

use serde_json::{Value, json};

use super::given::{
    Person, above, application, files, follows, gone, image, kustomization, planned, read, taking,
};
use crate::suite::{Test, pure};
use crate::testbed::Fleet;
use kubectl_rb::durable::origin::OwnerRead;
use kubectl_rb::rollback::model::ownership::{Source, SourceKind};
use kubectl_rb::rollback::model::provenance::Proof;

pub(super) fn tests() -> Vec<Test> {
    pure![
        a_values_file_beside_the_chart_brought_it,
        values_of_another_source_brought_it,
        a_parameter_is_changed_where_the_application_is_declared,
        the_same_word_for_another_application_stays,
        values_of_a_release_stand_with_its_kustomization,
        a_variable_of_a_kustomization_stands_in_its_parent,
        values_of_a_release_stand_in_a_config_map_beside_it,
        the_file_of_a_generator_brought_it,
    ]
}

fn values(tag: &str) -> String {
    format!("image:\n  tag: \"{tag}\"\n")
}

fn a_values_file_beside_the_chart_brought_it() {
    let fleet = Fleet::new();
    fleet.chart("charts/web", "0.1");
    fleet.write("envs/prod.yaml", &values("1.0"));
    fleet.push("Add web");
    fleet.write("envs/prod.yaml", &values("1.1"));
    let bad = fleet.push("Release 1.1");
    let mut source = follows(&fleet, "charts/web");
    source["helm"] = json!({"valueFiles": ["../../envs/prod.yaml"]});
    let owners = [application("web", &[source])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["envs/prod.yaml"]);
}

fn values_of_another_source_brought_it() {
    let fleet = Fleet::new();
    fleet.write("envs/prod.yaml", &values("1.0"));
    fleet.push("Add web");
    fleet.write("envs/prod.yaml", &values("1.1"));
    let bad = fleet.push("Release 1.1");
    let chart = json!({"repoURL": "https://charts.test", "chart": "web", "targetRevision": "1.4.2",
        "helm": {"valueFiles": ["$values/envs/prod.yaml"]}});
    let values = json!({"repoURL": fleet.url(), "targetRevision": "main", "ref": "values"});
    let owners = [application("web", &[chart, values])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!((gone(&origin), origin.source), (vec![bad.as_str()], 1));
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["envs/prod.yaml"]);
}

/// An Application with a parameter, as a file.
fn declared(name: &str, tag: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}\nspec:\n  \
         source:\n    chart: web\n    helm:\n      parameters:\n      - name: image.tag\n        \
         value: \"{tag}\"\n"
    )
}

/// The Application `web` with that parameter in place, and the one above it that declares it.
fn of_parent(fleet: &Fleet, tag: &str) -> [OwnerRead; 2] {
    let chart = json!({"repoURL": "https://charts.test", "chart": "web", "targetRevision": "1.4.2",
        "helm": {"parameters": [{"name": "image.tag", "value": tag}]}});
    let child = application("web", &[chart]);
    let parent = above(&child, application("root", &[follows(fleet, "root")]));
    [child, parent]
}

fn a_parameter_is_changed_where_the_application_is_declared() {
    let fleet = Fleet::new();
    fleet.write("root/web.yaml", &declared("web", "1.0"));
    fleet.push("Add web");
    fleet.write("root/web.yaml", &declared("web", "1.1"));
    let bad = fleet.push("Release 1.1");
    let owners = of_parent(&fleet, "1.1");
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!((gone(&origin), origin.owner), (vec![bad.as_str()], 1));
    assert_eq!(origin.brought.proof, Proof::Words);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["root/web.yaml"]);
}

/// Another application had the same versions before: only the file that declares this one counts.
fn the_same_word_for_another_application_stays() {
    let fleet = Fleet::new();
    fleet.write("root/api.yaml", &declared("api", "1.0"));
    fleet.write("root/web.yaml", &declared("web", "1.0"));
    fleet.push("Add both");
    fleet.write("root/api.yaml", &declared("api", "1.1"));
    fleet.push("Release 1.1 of api");
    fleet.write("root/web.yaml", &declared("web", "1.1"));
    let bad = fleet.push("Release 1.1 of web");
    let owners = of_parent(&fleet, "1.1");
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["root/web.yaml"]);
}

fn release(tag: &str) -> Value {
    json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "chart": {"spec": {"chart": "web", "version": "1.4.2",
                "sourceRef": {"kind": "HelmRepository", "name": "charts"}}},
            "values": {"image": {"repository": "registry.test/web", "tag": tag}},
        },
    })
}

fn values_of_a_release_stand_with_its_kustomization() {
    let fleet = Fleet::new();
    fleet.write("apps/web/release.yaml", &release("1.0").to_string());
    fleet.app("apps/api", "api", "registry.test/api:1.0");
    fleet.push("Add web");
    fleet.write("apps/web/release.yaml", &release("1.1").to_string());
    let bad = fleet.push("Release 1.1");
    fleet.release("apps/api", "registry.test/api:1.1");
    let chart = Source {
        kind: SourceKind::Chart,
        url: "https://charts.test".to_owned(),
        wants: "1.4.2".to_owned(),
        ..Source::default()
    };
    let child = read("HelmRelease shop/web", release("1.1"), vec![chart]);
    let parent = above(&child, kustomization(&fleet, "apps", "./apps"));
    let mut origin = Person::new().origin(&[child, parent], &image("1.1"), &image("1.0"));
    assert_eq!((gone(&origin), origin.owner), (vec![bad.as_str()], 1));
    assert_eq!(origin.brought.proof, Proof::Images);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/release.yaml"]);
}

fn a_variable_of_a_kustomization_stands_in_its_parent() {
    let fleet = Fleet::new();
    let declared = |tag: &str| {
        json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "web"}, "spec": {"path": "./apps/web",
                "postBuild": {"substitute": {"tag": tag}}}})
    };
    fleet.app("apps/web", "web", "registry.test/web:${tag}");
    fleet.write("cluster/web.yaml", &declared("1.0").to_string());
    fleet.push("Add web");
    fleet.write("cluster/web.yaml", &declared("1.1").to_string());
    let bad = fleet.push("Release 1.1");
    let mut child = kustomization(&fleet, "web", "./apps/web");
    child.object["spec"]["postBuild"] = json!({"substitute": {"tag": "1.1"}});
    let parent = above(&child, kustomization(&fleet, "flux-system", "./cluster"));
    let mut origin = Person::new().origin(&[child, parent], &image("1.1"), &image("1.0"));
    assert_eq!((gone(&origin), origin.owner), (vec![bad.as_str()], 1));
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["cluster/web.yaml"]);
}

/// Another release beside it has values of its own.
fn values_of_a_release_stand_in_a_config_map_beside_it() {
    let fleet = Fleet::new();
    let held = |name: &str, tag: &str| {
        let values = json!({"kind": "ConfigMap", "metadata": {"name": name},
            "data": {"values.yaml": values(tag)}});
        fleet.write(&format!("apps/{name}.yaml"), &values.to_string());
    };
    let mut object = release("1.0");
    object["spec"]["values"] = Value::Null;
    object["spec"]["valuesFrom"] = json!([{"kind": "ConfigMap", "name": "web"}]);
    fleet.write("apps/release.yaml", &object.to_string());
    held("web", "1.0");
    held("api", "1.0");
    fleet.push("Add web");
    held("api", "1.1");
    fleet.push("Release 1.1 of api");
    held("web", "1.1");
    let bad = fleet.push("Release 1.1 of web");
    let child = taking(read("HelmRelease shop/web", object, Vec::new()));
    let parent = above(&child, kustomization(&fleet, "apps", "./apps"));
    let mut origin = Person::new().origin(&[child, parent], &image("1.1"), &image("1.0"));
    assert_eq!((gone(&origin), origin.owner), (vec![bad.as_str()], 1));
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web.yaml"]);
    assert_eq!(origin.reader.as_ref().map(|reader| reader.name.as_str()), Some("web"));
}

fn the_file_of_a_generator_brought_it() {
    let fleet = Fleet::new();
    let config = |tag: &str| json!({"cluster": "eu", "tag": tag}).to_string();
    fleet.write("envs/eu/config.json", &config("1.0"));
    fleet.push("Add web");
    fleet.write("envs/eu/config.json", &config("1.1"));
    let bad = fleet.push("Release 1.1");
    let chart = json!({"repoURL": "https://charts.test", "chart": "web", "targetRevision": "1.4.2",
        "helm": {"parameters": [{"name": "image.tag", "value": "1.1"}]}});
    let child = application("web", &[chart]);
    let set = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "fleet", "namespace": "argocd"},
        "spec": {"generators": [{"git": {"repoURL": fleet.url(), "revision": "main",
            "files": [{"path": "envs/*/config.json"}]}}]},
    });
    let source =
        Source { url: fleet.url(), wants: "main".to_owned(), is_branch: true, ..Source::default() };
    let parent = above(&child, read("ApplicationSet fleet", set, vec![source]));
    let mut origin = Person::new().origin(&[child, parent], &image("1.1"), &image("1.0"));
    assert_eq!((gone(&origin), origin.owner), (vec![bad.as_str()], 1));
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["envs/eu/config.json"]);
}
