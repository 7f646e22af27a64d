//! What keeps a Kustomization or a `HelmRelease` from taking a commit up: what it says itself, what the
//! object says that it applies, what its source says.

use serde_json::Value;

use crate::rollback::model::barrier::{Barrier, Chart, Stops};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::hint::kubectl_on;
use crate::rollback::model::target::Target;

use super::fields::{flag, is_set, list, text};
use super::ignore::Ignored;
use super::opt_out;

const RESUME: &str = "--type=merge -p '{\"spec\":{\"suspend\":false}}'";

/// What it says itself. `target` is what it is called.
pub(super) fn of(owner: &Value, target: &Target) -> Option<Barrier> {
    if is_set(owner, "/metadata/deletionTimestamp") {
        return Some(Barrier {
            why: "it is being deleted".to_owned(),
            stops: Stops::All,
            remedy: format!(
                "a deletion cannot be taken back: make the {} again, with the commit reverted, or leave \
                 it",
                target.kind
            ),
        });
    }
    flag(owner, "/spec/suspend").then(|| Barrier {
        why: "spec.suspend is true".to_owned(),
        stops: Stops::WhileOff,
        remedy: format!("to resume it: {}", kubectl_on("patch", target, RESUME)),
    })
}

/// Why a Kustomization does not bring a commit to one of its objects: that opts out, or is left alone whole.
pub(super) fn of_object(owner: &Value, object: &Value, target: &Target) -> Option<Barrier> {
    let left = target.reference();
    if let Some(mark) = opt_out::of_apply(object) {
        let take_off = kubectl_on(mark.verb(), target, &format!("{}-", mark.key));
        return Some(Barrier {
            why: format!("it leaves {left} alone ({mark})"),
            stops: Stops::All,
            remedy: format!(
                "to have it applied again, where Git does not say the same: {take_off}"
            ),
        });
    }
    let ignored = Ignored::of(target, list(owner, "/spec/ignore"));
    let paths = ignored.words().filter(|_| ignored.is_all())?;
    Some(Barrier {
        why: format!("it leaves {left} alone (spec.ignore: {paths})"),
        stops: Stops::All,
        remedy:
            "to have it applied again: take that out of spec.ignore, where the Kustomization is \
                 declared"
                .to_owned(),
    })
}

/// What a `GitRepository` says. `named` is what it is called.
pub(super) fn of_repository(repository: &Value, target: &Target, named: &str) -> Vec<Barrier> {
    let mut barriers: Vec<Barrier> = of_fetcher(repository, target, named).into_iter().collect();
    // A tag is no commit on a branch.
    if is_set(repository, "/spec/verify") && text(repository, "/spec/verify/mode") != "Tag" {
        barriers.push(Barrier {
            why: format!("{named} takes only commits with a signature that it knows (spec.verify)"),
            stops: Stops::Unsigned,
            remedy: "to sign the revert as git signs: git config --global commit.gpgsign true"
                .to_owned(),
        });
    }
    barriers
}

/// Why it fetches or builds nothing: a `GitRepository`, a `HelmChart`.
pub(super) fn of_fetcher(source: &Value, target: &Target, named: &str) -> Option<Barrier> {
    if is_set(source, "/metadata/deletionTimestamp") {
        return Some(Barrier {
            why: format!("{named} is being deleted"),
            stops: Stops::Unfetched,
            remedy: format!("a deletion cannot be taken back: make the {} again", target.kind),
        });
    }
    flag(source, "/spec/suspend").then(|| Barrier {
        why: format!("{named} is suspended: it fetches nothing new"),
        stops: Stops::Unfetched,
        remedy: format!("to resume it: {}", kubectl_on("patch", target, RESUME)),
    })
}

/// A chart in Git that is built again only with another version. `declared` is the object that says so, and
/// `patch` what has it built at each commit.
pub(super) fn of_chart(folder: &str, values: &[&str], declared: &Target, patch: &str) -> Barrier {
    let chart = Chart {
        folder: GitPath::new(folder),
        values: values.iter().map(|file| GitPath::new(super::path::clean(file))).collect(),
    };
    let file = chart.file().argument();
    let (kind, namespace, name) = (&declared.kind, &declared.namespace, &declared.name);
    let patch = format!("--type=merge -p '{patch}'");
    Barrier {
        why: format!(
            "its chart is built again only with another version in {file} (reconcileStrategy \
             ChartVersion)"
        ),
        remedy: format!(
            "change the version there together with the revert (by rb revert-commit and a commit on \
             top), or have each commit built (by reconcileStrategy: Revision) where {kind} \
             {namespace}/{name} is declared; else: {}",
            kubectl_on("patch", declared, &patch)
        ),
        stops: Stops::Unversioned(chart),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_deleted_or_suspended_takes_nothing_up() {
        let target = Target {
            api_version: "kustomize.toolkit.fluxcd.io/v1".to_owned(),
            kind: "Kustomization".to_owned(),
            namespace: "flux".to_owned(),
            name: "web".to_owned(),
        };
        for (owner, stops) in [
            (json!({"metadata": {"deletionTimestamp": "2026-03-02T12:00:00Z"}}), Some(Stops::All)),
            (json!({"spec": {"suspend": true}}), Some(Stops::WhileOff)),
            (json!({"spec": {"suspend": false}}), None),
            (json!({}), None),
        ] {
            assert_eq!(of(&owner, &target).map(|barrier| barrier.stops), stops, "{owner}");
        }
        let suspended = of(&json!({"spec": {"suspend": true}}), &target).unwrap();
        assert_eq!(
            suspended.remedy,
            "to resume it: kubectl patch kustomization.kustomize.toolkit.fluxcd.io/web -n flux \
             --type=merge -p '{\"spec\":{\"suspend\":false}}'"
        );
    }

    fn web(kind: &str) -> Target {
        let (namespace, name) = ("flux".to_owned(), "web".to_owned());
        Target { api_version: "apps/v1".to_owned(), kind: kind.to_owned(), namespace, name }
    }

    #[test]
    fn an_object_that_is_left_alone_gets_no_commit() {
        const KEY: &str = "kustomize.toolkit.fluxcd.io/ssa";
        let marked = |part: &str, value: &str| json!({"metadata": {part: {KEY: value}}});
        let ignoring = |path: &str| json!({"spec": {"ignore": [{"paths": [path]}]}});
        for (owner, object, remedy) in [
            (json!({}), json!({}), None),
            (json!({}), marked("labels", "Merge"), None),
            (json!({}), marked("labels", "Ignore"), Some("kubectl label deployment.apps/web")),
            (json!({}), marked("annotations", "ignore"), Some("kubectl annotate deployment.apps/")),
            (ignoring("/spec/template"), json!({}), Some("take that out of spec.ignore")),
            (ignoring("/spec/replicas"), json!({}), None),
        ] {
            let found = of_object(&owner, &object, &web("Deployment"));
            assert_eq!(found.is_some(), remedy.is_some(), "{owner} {object}");
            if let (Some(found), Some(remedy)) = (found, remedy) {
                assert_eq!(found.stops, Stops::All);
                assert!(found.remedy.contains(remedy), "{}", found.remedy);
            }
        }
    }

    #[test]
    fn a_repository_fetches_what_it_may() {
        for (spec, stops) in [
            (json!({}), vec![]),
            (json!({"suspend": true}), vec![Stops::Unfetched]),
            (json!({"verify": {"secretRef": {"name": "keys"}}}), vec![Stops::Unsigned]),
            (json!({"verify": {"mode": "Tag"}}), vec![]),
            (json!({"verify": {"mode": "TagAndHEAD"}}), vec![Stops::Unsigned]),
            (
                json!({"suspend": true, "verify": {"mode": "HEAD"}}),
                vec![Stops::Unfetched, Stops::Unsigned],
            ),
        ] {
            let found = of_repository(&json!({"spec": spec}), &web("GitRepository"), "it");
            let found: Vec<Stops> = found.into_iter().map(|barrier| barrier.stops).collect();
            assert_eq!(found, stops, "{spec}");
        }
        let deleted = json!({"metadata": {"deletionTimestamp": "2026-03-02T12:00:00Z"}});
        let found = of_fetcher(&deleted, &web("HelmChart"), "it").unwrap();
        assert_eq!(found.stops, Stops::Unfetched);
    }

    #[test]
    fn a_chart_is_built_again_by_its_version() {
        let found = of_chart("charts/web", &["./values/prod.yaml"], &web("HelmRelease"), "{}");
        let folder = GitPath::new("charts/web");
        let values = vec![GitPath::new("values/prod.yaml")];
        assert_eq!(found.stops, Stops::Unversioned(Chart { folder, values }));
        assert!(found.why.contains("charts/web/Chart.yaml"), "{}", found.why);
    }
}
