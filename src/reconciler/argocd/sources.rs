//! Where an Application takes its objects from.

use serde_json::Value;

use crate::rollback::model::ownership::{Source, SourceKind};

use super::fields::{items, text};
use super::operation::revisions;
use super::revision::may_be_branch;

/// The sources of an Application, in its order, with the revision that each was compared with last.
pub(super) fn of(application: &Value) -> Vec<Source> {
    if let Some(dry) = application.pointer("/spec/sourceHydrator/drySource") {
        // What is compared is rendered from it; the commit that a person makes is here.
        let hydrated = "/status/sourceHydrator/lastSuccessfulOperation/drySHA";
        return vec![source(dry, Some(text(application, hydrated)))];
    }
    let compared = revisions(application, "/status/sync");
    declared(application)
        .into_iter()
        .enumerate()
        .map(|(index, declared)| {
            let is_compared = was_compared(application, index, declared);
            source(declared, compared.get(index).copied().filter(|_| is_compared))
        })
        .collect()
}

/// The sources as they are declared: `sources` where there are any, else `source`.
pub(super) fn declared(application: &Value) -> Vec<&Value> {
    let several = items(application, "/spec/sources");
    if several.is_empty() {
        let one = application.pointer("/spec/source").filter(|source| source.is_object());
        one.into_iter().collect()
    } else {
        several.iter().collect()
    }
}

/// Whether the last comparison was with this source: somebody may have changed it since.
fn was_compared(application: &Value, index: usize, declared: &Value) -> bool {
    let compared = "/status/sync/comparedTo";
    let several = items(application, &format!("{compared}/sources"));
    let one = application.pointer(&format!("{compared}/source"));
    match several.get(index).or(one.filter(|_| several.is_empty())) {
        // Old versions do not say it.
        None => true,
        Some(before) => ["/repoURL", "/chart"]
            .iter()
            .all(|member| text(before, member) == text(declared, member)),
    }
}

fn source(declared: &Value, revision: Option<&str>) -> Source {
    let (url, chart) = (text(declared, "/repoURL"), text(declared, "/chart"));
    let kind = match () {
        () if url.starts_with("oci://") => SourceKind::Oci,
        () if chart.is_empty() => SourceKind::Git,
        () => SourceKind::Chart,
    };
    let wants = match text(declared, "/targetRevision") {
        "HEAD" if kind == SourceKind::Git => "",
        wants => wants,
    };
    let path = Some(text(declared, "/path")).filter(|path| chart.is_empty() && !path.is_empty());
    Source {
        kind,
        url: url.to_owned(),
        wants: wants.to_owned(),
        is_branch: kind == SourceKind::Git && may_be_branch(wants),
        path: path.map(str::to_owned),
        revision: revision.filter(|revision| !revision.is_empty()).map(str::to_owned),
        object: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SHA: &str = "9f3c2ab51d0e77aa0123456789abcdef01234567";

    fn git(wants: &str, is_branch: bool, path: &str, revision: Option<&str>) -> Source {
        Source {
            url: "https://git.test/fleet.git".to_owned(),
            wants: wants.to_owned(),
            is_branch,
            path: (!path.is_empty()).then(|| path.to_owned()),
            revision: revision.map(str::to_owned),
            ..Source::default()
        }
    }

    #[test]
    fn sources_are_read_as_argo_cd_reads_them() {
        let repo = "https://git.test/fleet.git";
        let compared = json!({"sync": {"revision": SHA}});
        let chart = |kind, url: &str, wants: &str, revision: &str| Source {
            kind,
            url: url.to_owned(),
            wants: wants.to_owned(),
            revision: Some(revision.to_owned()),
            ..Source::default()
        };
        for (spec, status, expected) in [
            (
                json!({"source": {"repoURL": repo, "path": "apps/web", "targetRevision": "main"}}),
                compared.clone(),
                vec![git("main", true, "apps/web", Some(SHA))],
            ),
            (
                json!({"source": {"repoURL": repo, "path": "apps/web", "targetRevision": "HEAD"}}),
                json!({}),
                vec![git("", true, "apps/web", None)],
            ),
            (
                json!({"source": {"repoURL": repo, "path": ".", "targetRevision": SHA}}),
                compared.clone(),
                vec![git(SHA, false, ".", Some(SHA))],
            ),
            // `sources` wins; one that only holds values has no folder.
            (
                json!({"source": {"repoURL": "ignored"}, "sources": [
                    {"repoURL": "https://charts.test", "chart": "web", "targetRevision": "1.*",
                     "helm": {"valueFiles": ["$values/prod.yaml"]}},
                    {"repoURL": repo, "ref": "values"},
                ]}),
                json!({"sync": {"revisions": ["1.4.2", SHA]}}),
                vec![
                    chart(SourceKind::Chart, "https://charts.test", "1.*", "1.4.2"),
                    git("", true, "", Some(SHA)),
                ],
            ),
            (
                json!({"source": {"repoURL": "oci://registry.test/web", "targetRevision": "1.0",
                    "path": "."}}),
                json!({"sync": {"revision": "sha256:0a"}}),
                vec![Source {
                    path: Some(".".to_owned()),
                    ..chart(SourceKind::Oci, "oci://registry.test/web", "1.0", "sha256:0a")
                }],
            ),
            // What was compared was another repository.
            (
                json!({"source": {"repoURL": repo, "path": "apps/web", "targetRevision": "main"}}),
                json!({"sync": {"revision": SHA,
                    "comparedTo": {"source": {"repoURL": "https://git.test/old.git"}}}}),
                vec![git("main", true, "apps/web", None)],
            ),
            (
                json!({"source": {"repoURL": "ignored"}, "sourceHydrator": {
                    "drySource": {"repoURL": repo, "path": "apps/web", "targetRevision": "HEAD"},
                    "syncSource": {"targetBranch": "env/prod", "path": "web"}}}),
                json!({"sync": {"revision": "wet"},
                    "sourceHydrator": {"lastSuccessfulOperation": {"drySHA": SHA}}}),
                vec![git("", true, "apps/web", Some(SHA))],
            ),
            (json!({}), compared.clone(), vec![]),
            (json!({"source": []}), compared.clone(), vec![]),
            (json!({"source": "x", "sources": {}}), compared.clone(), vec![]),
            (
                json!({"sources": [7]}),
                json!({"sync": {"revisions": {}}}),
                vec![Source { is_branch: true, ..Source::default() }],
            ),
        ] {
            let application = json!({"spec": spec, "status": status});
            assert_eq!(of(&application), expected, "{application}");
        }
    }
}
