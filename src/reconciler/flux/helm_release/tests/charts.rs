use serde_json::json;

use super::*;
use crate::rollback::model::ownership::SourceKind;

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const SOURCES: &str = "/apis/source.toolkit.fluxcd.io/v1/namespaces/shop";

fn source(path: &str) -> Ask {
    ask(&format!("{SOURCES}/{path}"))
}

/// Of a `HelmRelease` whose chart has another origin.
fn complete(chart: Value, known: Vec<(Ask, Option<Value>)>) -> Owner {
    let mut found = release(json!({}));
    for (key, value) in chart.as_object().cloned().unwrap_or_default() {
        found["spec"][key] = value;
    }
    let (mut owner, object) = judge_with(&workload(json!({})), found);
    HelmReleases.complete(&mut owner, &object.unwrap(), &Facts::of(known));
    owner
}

#[test]
fn a_chart_in_git_is_a_folder_of_a_branch() {
    let strategy = "a commit in the folder of its chart changes nothing unless the version in \
                    Chart.yaml changes too (reconcileStrategy ChartVersion)";
    let git = json!({"spec": {"url": "https://git.example/fleet", "ref": {"branch": "main"}}});
    let fetcher = json!({"status": {"artifact": {"revision": "0.1.0+0123456789ab"},
        "observedSourceArtifactRevision": format!("main@sha1:{SHA}")}});
    let known = vec![
        (source("gitrepositories/fleet"), Some(git)),
        (source("helmcharts/shop-web"), Some(fetcher)),
    ];
    for (change, noted) in [(json!("Revision"), false), (json!("ChartVersion"), true)] {
        let chart = json!({"chart": {"spec": {"chart": "./charts/web", "reconcileStrategy": change,
            "valuesFiles": ["./values/prod.yaml", 1],
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}});
        let owner = complete(chart, known.clone());
        let [source] = owner.sources.as_slice() else { panic!("{owner:?}") };
        assert_eq!(
            (source.kind, source.path.as_deref(), source.wants.as_str(), source.is_branch),
            (SourceKind::Git, Some("charts/web"), "main", true)
        );
        assert_eq!(source.revision.as_deref(), Some(SHA));
        assert_eq!(owner.notes.contains(&strategy.to_owned()), noted, "{:?}", owner.notes);
        let files = "its chart takes values from ./values/prod.yaml of its source (valuesFiles)";
        assert!(owner.notes.contains(&files.to_owned()), "{:?}", owner.notes);
    }
}

#[test]
fn a_chart_from_elsewhere_is_a_version() {
    let repository = json!({"spec": {"url": "https://charts.example"}});
    let made = json!({"status": {"artifact": {"revision": "6.5.4"}}});
    let chart = |version: &str| {
        json!({"chart": {"spec": {"chart": "podinfo", "version": version,
            "sourceRef": {"kind": "HelmRepository", "name": "podinfo"}}}})
    };
    let repository = (source("helmrepositories/podinfo"), Some(repository));
    let fetched = (source("helmcharts/shop-web"), Some(made));
    for (version, known, wants, revision, notes) in [
        ("6.5.4", vec![repository.clone(), fetched.clone()], "6.5.4", "6.5.4", 1),
        ("6.5.*", vec![repository.clone(), fetched], "6.5.*", "6.5.4", 2),
        ("*", vec![repository], "", "0.1.0", 2),
    ] {
        let owner = complete(chart(version), known);
        let [source] = owner.sources.as_slice() else { panic!("{owner:?}") };
        assert_eq!(
            (source.kind, source.url.as_str(), source.wants.as_str(), source.path.as_deref()),
            (SourceKind::Chart, "https://charts.example", wants, None)
        );
        assert_eq!(source.revision.as_deref(), Some(revision));
        assert_eq!(owner.notes.len(), notes, "{:?}", owner.notes);
        assert_eq!(owner.notes[0], "its chart is podinfo");
    }
}

#[test]
fn a_chart_may_be_an_object_of_its_own() {
    let oci = json!({"chart": null, "chartRef": {"kind": "OCIRepository", "name": "web"}});
    let object = json!({"spec": {"url": "oci://r.example/web", "ref": {"semver": "1.x"}},
        "status": {"artifact": {"revision": "1.2.3@sha256:aa"}}});
    let owner = complete(oci.clone(), vec![(source("ocirepositories/web"), Some(object))]);
    assert_eq!((owner.sources[0].kind, owner.sources[0].wants.as_str()), (SourceKind::Oci, "1.x"));
    assert_eq!(owner.sources[0].revision.as_deref(), Some("1.2.3@sha256:aa"));

    let own = json!({"chart": null, "chartRef": {"kind": "HelmChart", "name": "own"}});
    let (_, object) = judge_with(&workload(json!({})), {
        let mut found = release(json!({}));
        found["spec"]["chartRef"] = own["chartRef"].clone();
        found
    });
    let lists = ["gitrepositories", "helmrepositories", "buckets"];
    let lists = lists.map(|kind| source(&format!("{kind}?limit=500")));
    let mut expected = vec![source("helmcharts/own")];
    expected.extend(lists.clone());
    let asked = HelmReleases.further(&object.unwrap());
    assert_eq!(asked.get(..4), Some(expected.as_slice()));

    let [git, ..] = lists;
    let chart = json!({"spec": {"chart": "charts/own", "reconcileStrategy": "Revision",
            "sourceRef": {"kind": "GitRepository", "name": "charts"}},
        "status": {"observedSourceArtifactRevision": format!("main@sha1:{SHA}")}});
    let listed = json!({"items": [{"metadata": {"name": "other"}},
        {"metadata": {"name": "charts"}, "spec": {"url": "ssh://git@h/charts"}}]});
    let known = vec![(source("helmcharts/own"), Some(chart)), (git, Some(listed))];
    let owner = complete(own.clone(), known);
    assert_eq!(
        (owner.sources[0].url.as_str(), owner.sources[0].path.as_deref()),
        ("ssh://git@h/charts", Some("charts/own"))
    );
    assert_eq!(owner.sources[0].revision.as_deref(), Some(SHA));

    let gone = complete(own, vec![(source("helmcharts/own"), None)]);
    assert_eq!(gone.notes, ["HelmChart shop/own does not exist"]);
    let none = complete(json!({"chart": null}), vec![]);
    assert_eq!((none.sources.len(), none.notes), (0, vec!["it names no chart".to_owned()]));
}
