use serde_json::json;

use super::*;
use crate::reconciler;
use crate::rollback::model::ownership::{Owner, Proof};
use crate::rollback::model::target::Target;

fn owner(kind: &str, api: &str, name: &str, proof: Proof) -> Rung {
    let target = Target {
        api_version: api.to_owned(),
        kind: kind.to_owned(),
        namespace: "flux".to_owned(),
        name: name.to_owned(),
    };
    Rung {
        reconciler: reconciler::from_git(&target).unwrap(),
        owner: Owner { name: format!("{kind} {name}"), proof, ..Owner::default() },
        object: Some(json!({"status": {"lastAttemptedRevision": "main@sha1:a"}})),
        others: Vec::new(),
        hindrances: Vec::new(),
    }
}

fn kustomization(name: &str, proof: Proof) -> Rung {
    owner("Kustomization", "kustomize.toolkit.fluxcd.io/v1", name, proof)
}

fn who(manager: Option<&str>, chain: &[Rung]) -> (Option<String>, Option<String>) {
    let culprit = culprit(manager.map(str::to_owned), None, chain);
    (culprit.owner, culprit.revision)
}

#[test]
fn a_field_manager_is_the_owner_that_writes_so() {
    let mut above = kustomization("cluster", Proof::Listed);
    above.owner.of = Some(Target::default());
    let chain = [
        kustomization("old", Proof::Refuted("gone".to_owned())),
        above,
        kustomization("web", Proof::Listed),
    ];
    let web = (Some("Kustomization web".to_owned()), Some("main@sha1:a".to_owned()));
    assert_eq!(who(Some("kustomize-controller"), &chain), web);
    for manager in [None, Some("kubectl-set"), Some("helm-controller")] {
        assert_eq!(who(manager, &chain), (None, None), "{manager:?}");
    }
}

#[test]
fn only_a_template_a_deletion_and_pods_end_it() {
    for (ending, expected) in [
        (Ending::TimedOut, Stay::Stayed),
        (Ending::Superseded(None), Stay::Replaced),
        (Ending::PutBack(None), Stay::Replaced),
        (Ending::Deleted, Stay::Deleted),
        (Ending::PodsFailed, Stay::PodsFailed),
        (Ending::Lost("no right".to_owned()), Stay::Lost),
    ] {
        let waited = Waited { milliseconds: 1_500, ..Waited::ended(ending) };
        let staying = staying(Duration::from_secs(60), &waited, &[]);
        assert_eq!(staying.ending, expected);
        assert_eq!(staying.by.is_some(), expected == Stay::Replaced);
        assert_eq!((staying.seconds, staying.milliseconds), (60, 1_500));
    }
}
