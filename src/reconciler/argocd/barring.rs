//! What keeps an Application from taking a commit up.

use serde_json::Value;

use crate::rollback::model::barrier::{Barrier, Stops};
use crate::rollback::model::hint::kubectl_on;

use super::fields::is_set;
use super::named;
use super::nudging::REFRESH;
use super::policy::{self, SKIP, is_skipped};

/// What it says itself.
pub(super) fn of(application: &Value) -> Option<Barrier> {
    if is_set(application, "/metadata/deletionTimestamp") {
        return Some(Barrier {
            why: policy::deletion(application),
            stops: Stops::All,
            remedy: "a deletion cannot be taken back: make the Application again, with the commit \
                     reverted, or leave it"
                .to_owned(),
        });
    }
    is_skipped(application).then(|| Barrier {
        why: format!("annotation {SKIP} is on it"),
        stops: Stops::WhileOff,
        // Without the request it may begin with what it has in its cache, which is older.
        remedy: format!(
            "to let it go on: {}",
            kubectl_on("annotate", &named(application), &format!("{SKIP}- {REFRESH}=normal"))
        ),
    })
}

/// What its project says.
pub(super) fn of_project(name: &str, project: &Value) -> Option<Barrier> {
    let is_strict =
        is_set(project, "/spec/signatureKeys") || is_set(project, "/spec/sourceIntegrity");
    is_strict.then(|| Barrier {
        why: format!("AppProject {name} takes only commits with a signature that it knows"),
        stops: Stops::Unsigned,
        remedy: "to sign the revert as git signs: git config --global commit.gpgsign true"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::application;
    use super::*;

    #[test]
    fn what_is_deleted_or_skipped_takes_nothing_up() {
        let deleted = json!({"metadata": {"deletionTimestamp": "2026-03-02T12:00:00Z"}});
        let skipped = json!({"metadata": {"annotations": {SKIP: "true"}}});
        for (extra, stops, why) in [
            (&deleted, Some(Stops::All), "it is being deleted, and leaves this object as it is"),
            (
                &skipped,
                Some(Stops::WhileOff),
                "annotation argocd.argoproj.io/skip-reconcile is on it",
            ),
            (&json!({"metadata": {"annotations": {SKIP: "false"}}}), None, ""),
            (&json!({"spec": {"syncPolicy": {"automated": null}}}), None, ""),
        ] {
            let found = of(&application(extra));
            assert_eq!(found.as_ref().map(|barrier| &barrier.stops), stops.as_ref(), "{extra}");
            assert_eq!(found.map(|barrier| barrier.why).unwrap_or_default(), why);
        }
        let remedy = of(&application(&skipped)).unwrap().remedy;
        assert!(remedy.contains("kubectl annotate application.argoproj.io/"), "{remedy}");
        let end = "argocd.argoproj.io/skip-reconcile- argocd.argoproj.io/refresh=normal";
        assert!(remedy.ends_with(end), "{remedy}");
    }

    #[test]
    fn a_strict_project_stops_what_is_not_signed() {
        for (spec, stops) in [
            (json!({"signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]}), true),
            (json!({"sourceIntegrity": {"git": {}}}), true),
            (json!({"signatureKeys": []}), false),
            (json!({}), false),
        ] {
            let found = of_project("strict", &json!({"spec": spec}));
            assert_eq!(
                found.map(|barrier| barrier.stops),
                stops.then_some(Stops::Unsigned),
                "{spec}"
            );
        }
    }
}
