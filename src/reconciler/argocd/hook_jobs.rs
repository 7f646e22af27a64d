//! Jobs of hooks that are still there from the last sync.
//!
//! A hook is deleted before it is made anew, unless its policy names other times to delete it only
//! (`gitops-engine/pkg/sync/hook/delete_policy.go`). What is left over then is applied over: a Job that is done
//! does not run again, and counts as done.

use serde_json::Value;

use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::text::{sanitize, shell_quote};

use super::super::marks::annotation;
use super::as_owner;
use super::fields::{flag, items, text};

/// Jobs that are looked at.
const MOST: usize = 3;
/// Each names when a hook is deleted. Where neither names a time, that is before it is made.
const POLICIES: [&str; 2] = ["argocd.argoproj.io/hook-delete-policy", "helm.sh/hook-delete-policy"];
const BEFORE: [&str; 2] = ["BeforeHookCreation", "before-hook-creation"];
const OTHERS: [&str; 4] = ["HookSucceeded", "HookFailed", "hook-succeeded", "hook-failed"];
const KINDS: [&str; 2] = ["argocd.argoproj.io/hook", "helm.sh/hook"];
/// Those that a sync that succeeds runs.
const OF_A_SYNC: [&str; 8] = [
    "PreSync",
    "Sync",
    "PostSync",
    "pre-install",
    "post-install",
    "pre-upgrade",
    "post-upgrade",
    "crd-install",
];

/// Asks for those that an Application lists as left.
pub(super) fn asks(application: &Value) -> Vec<Ask> {
    if as_owner::is_elsewhere(application) {
        return Vec::new();
    }
    let left = items(application, "/status/resources").iter();
    let jobs = left.filter(|entry| {
        flag(entry, "/hook") && text(entry, "/kind") == "Job" && text(entry, "/group") == "batch"
    });
    jobs.take(MOST).map(|job| Ask::Read(path(job).to_string())).collect()
}

fn path(job: &Value) -> Path {
    Path::namespaced("apis/batch/v1", text(job, "/namespace"), "jobs").name(text(job, "/name"))
}

/// Those of them that stand in the way of the next sync.
pub(super) fn left<'f>(application: &Value, facts: &'f Facts<'_>) -> Vec<&'f Value> {
    let asked = asks(application);
    let read = asked.iter().filter_map(|ask| facts.find(ask).ok().flatten());
    read.filter(|job| !is_made_anew(job) && is_of_sync(job)).collect()
}

/// What becomes of one.
pub(super) fn words(job: &Value) -> String {
    let (name, policies) = (text(job, "/metadata/name"), policies(job).join(", "));
    let (name, policies) = (sanitize(name), sanitize(&policies));
    format!(
        "its hook Job {name} does not run again: it is left ({policies}), and a commit that changes it \
         cannot be applied"
    )
}

/// The command that lets one run again. It does not wait: Argo CD may have left its finalizer on the Job, which
/// it takes away with the next sync.
pub(super) fn remedy(job: &Value) -> String {
    let (name, namespace) = (text(job, "/metadata/name"), text(job, "/metadata/namespace"));
    let (quoted, place) = (shell_quote(name), shell_quote(namespace));
    format!(
        "to have hook Job {} run again: kubectl delete job {quoted} -n {place} --wait=false",
        sanitize(name)
    )
}

fn policies(job: &Value) -> Vec<&str> {
    let all = POLICIES.iter().filter_map(|key| annotation(job, key));
    let named = all.flat_map(|list| list.split(',')).map(str::trim);
    named.filter(|policy| BEFORE.contains(policy) || OTHERS.contains(policy)).collect()
}

fn is_made_anew(job: &Value) -> bool {
    let policies = policies(job);
    policies.is_empty() || policies.iter().any(|policy| BEFORE.contains(policy))
}

fn is_of_sync(job: &Value) -> bool {
    let mut kinds =
        KINDS.iter().filter_map(|key| annotation(job, key)).flat_map(|list| list.split(','));
    kinds.any(|kind| OF_A_SYNC.contains(&kind.trim()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::application;
    use super::*;
    use crate::error::{Error, ErrorKind};

    fn with_jobs(count: usize) -> Value {
        let job = |n: usize| {
            json!({"group": "batch", "version": "v1", "kind": "Job", "namespace": "prod",
                "name": format!("job-{n}"), "hook": true})
        };
        let mut resources: Vec<Value> = (0..count).map(job).collect();
        resources
            .push(json!({"kind": "ConfigMap", "namespace": "prod", "name": "x", "hook": true}));
        resources
            .push(json!({"group": "batch", "kind": "Job", "namespace": "prod", "name": "plain"}));
        application(&json!({"status": {"resources": resources}}))
    }

    fn job(annotations: &Value) -> Value {
        json!({"kind": "Job", "metadata": {"name": "job-0", "namespace": "prod",
            "annotations": annotations}})
    }

    #[test]
    fn jobs_that_are_left_are_asked_for() {
        for (count, asked) in [(0, 0), (1, 1), (9, MOST)] {
            assert_eq!(asks(&with_jobs(count)).len(), asked, "{count}");
        }
        let path = "/apis/batch/v1/namespaces/prod/jobs/job-0";
        assert_eq!(asks(&with_jobs(1)), [Ask::Read(path.to_owned())]);
        let mut elsewhere = with_jobs(1);
        elsewhere["spec"]["destination"]["server"] = json!("https://other.test");
        assert_eq!(asks(&elsewhere), []);
    }

    #[test]
    fn one_that_is_not_made_anew_is_told() {
        let (argo, helm) = (POLICIES[0], POLICIES[1]);
        for (annotations, is_told) in [
            (json!({KINDS[0]: "PreSync", argo: "HookFailed"}), true),
            (json!({KINDS[0]: "PreSync", argo: "HookSucceeded, HookFailed"}), true),
            (json!({KINDS[1]: "pre-upgrade", helm: "hook-failed"}), true),
            (json!({KINDS[0]: "PreSync"}), false),
            (json!({KINDS[0]: "PreSync", argo: "nonsense"}), false),
            (json!({KINDS[0]: "PreSync", argo: "HookFailed,BeforeHookCreation"}), false),
            (json!({KINDS[0]: "PreSync", argo: "HookFailed", helm: "before-hook-creation"}), false),
            (json!({KINDS[0]: "SyncFail", argo: "HookFailed"}), false),
            (json!({KINDS[1]: "pre-delete", helm: "hook-failed"}), false),
        ] {
            let owner = with_jobs(1);
            let facts = Facts::of([(asks(&owner).remove(0), Some(job(&annotations)))]);
            assert_eq!(left(&owner, &facts).len(), usize::from(is_told), "{annotations}");
        }
        let job = job(&json!({KINDS[0]: "PreSync", argo: "HookFailed"}));
        assert_eq!(
            words(&job),
            "its hook Job job-0 does not run again: it is left (HookFailed), and a commit that changes \
             it cannot be applied"
        );
        let command =
            "to have hook Job job-0 run again: kubectl delete job job-0 -n prod --wait=false";
        assert_eq!(remedy(&job), command);
    }

    #[test]
    fn where_they_cannot_be_read_nothing_is_said() {
        let owner = with_jobs(1);
        let ask = asks(&owner).remove(0);
        assert_eq!(left(&owner, &Facts::of([(ask.clone(), None)])).len(), 0);
        let error = Error::new(ErrorKind::Forbidden, "not allowed to get it");
        assert_eq!(left(&owner, &Facts::default().with_error(ask, error)).len(), 0);
        assert_eq!(left(&owner, &Facts::default()).len(), 0);
    }
}
