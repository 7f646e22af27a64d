//! Chains over facts that stand still: what is asked in which round, and where it ends.

use std::cell::RefCell;

use serde_json::json;

use super::*;
use crate::rollback::model::ownership::Proof;

const API: &str = "/apis/argoproj.io/v1alpha1";

/// A cluster that has these Applications and nothing else.
struct Given {
    applications: Vec<Value>,
    rounds: RefCell<Vec<usize>>,
}

impl Given {
    fn new(applications: &[Value]) -> Self {
        Self { applications: applications.to_vec(), rounds: RefCell::default() }
    }

    fn climb(&self, workloads: &[Value]) -> Vec<Vec<Owner>> {
        self.climb_from(workloads.iter().map(|workload| marks(workload).into()).collect())
    }

    fn climb_from(&self, workloads: Vec<Marked>) -> Vec<Vec<Owner>> {
        let gather = async |asks: Vec<Ask>| {
            self.rounds.borrow_mut().push(asks.len());
            Facts::of(asks.into_iter().map(|ask| {
                let answer = self.answer(&ask);
                (ask, answer)
            }))
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let chains = runtime.block_on(climb(workloads, gather)).into_iter();
        chains.map(|chain| chain.into_iter().map(|link| link.owner).collect()).collect()
    }

    /// Rounds in which anything was asked.
    fn rounds(&self) -> usize {
        self.rounds.borrow().iter().filter(|asks| **asks > 0).count()
    }

    fn answer(&self, ask: &Ask) -> Option<Value> {
        let Ask::Read(path) = ask else { panic!("only objects are read") };
        if let Some(name) = path.strip_prefix(&format!("{API}/namespaces/argocd/applications/")) {
            return self.applications.iter().find(|app| app["metadata"]["name"] == name).cloned();
        }
        let name =
            path.strip_prefix(&format!("{API}/applications?fieldSelector=metadata.name%3D"))?;
        let name = name.split('&').next()?;
        let items = self.applications.iter().filter(|app| app["metadata"]["name"] == name);
        Some(json!({"items": items.collect::<Vec<_>>()}))
    }
}

fn workload(name: &str, application: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "prod",
        "name": name, "annotations": {"argocd.argoproj.io/tracking-id":
            format!("{application}:apps/Deployment:prod/{name}")}}})
}

/// An Application that lists these objects, and that another one claims to deploy.
fn application(name: &str, parent: &str, lists: &[(&str, &str, &str, &str)]) -> Value {
    let entry = |(group, kind, namespace, name): &(&str, &str, &str, &str)| json!({"group": group, "kind": kind, "namespace": namespace, "name": name});
    let mut object = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"namespace": "argocd", "name": name},
        "spec": {"project": "default"},
        "status": {"controllerNamespace": "argocd", "reconciledAt": "2026-03-02T12:00:00Z",
            "resources": lists.iter().map(entry).collect::<Vec<_>>()},
    });
    if !parent.is_empty() {
        object["metadata"]["annotations"] = json!({"argocd.argoproj.io/tracking-id":
            format!("{parent}:argoproj.io/Application:argocd/{name}")});
    }
    object
}

fn child(name: &str) -> (&str, &str, &str, &str) {
    ("argoproj.io", "Application", "argocd", name)
}

const WEB: (&str, &str, &str, &str) = ("apps", "Deployment", "prod", "web");

fn names(owners: &[Owner]) -> Vec<&str> {
    owners.iter().map(|owner| owner.name.as_str()).collect()
}

#[test]
fn the_chain_goes_from_the_workload_to_the_root() {
    let given = Given::new(&[
        application("web", "team", &[WEB]),
        application("team", "root", &[child("web")]),
        application("root", "", &[child("team")]),
    ]);
    let chain = given.climb(&[workload("web", "web")]).remove(0);
    assert_eq!(
        names(&chain),
        ["Argo CD application web", "Argo CD application team", "Argo CD application root"]
    );
    assert!(chain.iter().all(|owner| owner.proof == Proof::Listed), "{chain:?}");
    let of: Vec<_> = chain.iter().map(|o| o.of.as_ref().map(|of| of.name.as_str())).collect();
    assert_eq!(of, [None, Some("web"), Some("team")]);
    // A round for each level, and one for what is to be read of the last.
    assert_eq!(given.rounds(), 4);
}

#[test]
fn owners_that_were_found_before_are_asked_for_where_they_were() {
    let above = application("team", "", &[child("web")]);
    let before = Given::new(&[application("web", "team", &[WEB]), above.clone()]);
    let web = workload("web", "web");
    let chain = before.climb(std::slice::from_ref(&web)).remove(0);
    let again = || vec![marked(&web, &chain)];
    // Each by its mark: the list of all of that name, and the places where it usually is.
    let first: usize = before.rounds.take().iter().sum();
    assert_eq!(before.climb_from(again()).remove(0), chain);
    let second: usize = before.rounds.take().iter().sum();
    assert_eq!(first - second, 2 * 2);

    // What has changed since is seen.
    let after = Given::new(&[application("web", "team", &[]), above]);
    let chain = after.climb_from(again()).remove(0);
    let why = "Application web does not list it".to_owned();
    assert_eq!(chain[0].proof, Proof::Refuted(why));
    let chain = Given::new(&[]).climb_from(again()).remove(0);
    let why = "there is no Application web any more in namespace argocd".to_owned();
    assert_eq!(chain[0].proof, Proof::Refuted(why));
}

#[test]
fn owners_that_own_each_other_are_each_told_once_for_what_they_own() {
    let given = Given::new(&[
        application("web", "api", &[WEB, child("api")]),
        application("api", "web", &[child("web")]),
    ]);
    let chain = given.climb(&[workload("web", "web")]).remove(0);
    let told: Vec<_> =
        chain.iter().map(|o| (o.name.as_str(), o.of.as_ref().map(|of| of.name.as_str()))).collect();
    assert_eq!(
        told,
        [
            ("Argo CD application web", None),
            ("Argo CD application api", Some("web")),
            ("Argo CD application web", Some("api")),
        ]
    );
}

#[test]
fn an_application_that_deploys_itself_ends_the_chain() {
    let given = Given::new(&[application("web", "web", &[WEB, child("web")])]);
    let chain = given.climb(&[workload("web", "web")]).remove(0);
    assert_eq!(names(&chain), ["Argo CD application web"]);
    assert!(chain[0].notes.iter().any(|note| note.contains("deploys itself")), "{chain:?}");
}

#[test]
fn a_chain_without_an_end_is_cut() {
    let name = |n: usize| format!("a{n}");
    let applications: Vec<Value> = (0_usize..50)
        .map(|n| {
            let below = name(n.saturating_sub(1));
            let lists = if n == 0 { vec![WEB] } else { vec![child(&below)] };
            application(&name(n), &name(n + 1), &lists)
        })
        .collect();
    let given = Given::new(&applications);
    let chain = given.climb(&[workload("web", "a0")]).remove(0);
    assert_eq!(chain.len(), LEVELS);
}

#[test]
fn a_stale_mark_ends_the_chain() {
    let given =
        Given::new(&[application("web", "root", &[]), application("root", "", &[child("web")])]);
    let chain = given.climb(&[workload("web", "web")]).remove(0);
    assert_eq!(names(&chain), ["Argo CD application web"]);
    assert!(!chain[0].counts());
}

#[test]
fn each_workload_has_its_own_chain_and_all_share_the_rounds() {
    let given = Given::new(&[
        application("web", "", &[WEB]),
        application("api", "", &[("apps", "Deployment", "prod", "api")]),
    ]);
    let plain = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": "prod", "name": "plain"}});
    let chains = given.climb(&[workload("web", "web"), plain.clone(), workload("api", "api")]);
    let found: Vec<_> = chains.iter().map(|chain| names(chain)).collect();
    assert_eq!(found, [vec!["Argo CD application web"], vec![], vec!["Argo CD application api"]]);
    assert_eq!(given.rounds(), 2);
    // Without marks nothing is asked.
    let given = Given::new(&[]);
    assert_eq!(given.climb(&[plain]), [vec![]]);
    assert_eq!(given.rounds(), 0);
}

#[test]
fn each_owner_is_known_by_its_marks_alone() {
    for (metadata, name) in [
        (
            json!({"annotations": {"argocd.argoproj.io/tracking-id": "web:apps/Deployment:p/web"}}),
            "Argo CD application web",
        ),
        (json!({"labels": {"argocd.argoproj.io/instance": "web"}}), "Argo CD application web"),
        (
            json!({"labels": {"app.kubernetes.io/instance": "web"},
                   "managedFields": [{"manager": "argocd-controller"}]}),
            "Argo CD application web",
        ),
        (json!({"annotations": {"meta.helm.sh/release-name": "web"}}), "Helm release web"),
        (
            json!({"ownerReferences": [{"kind": "Canary", "name": "web", "controller": true}]}),
            "Canary web",
        ),
        (
            json!({"ownerReferences": [{"apiVersion": "argoproj.io/v1alpha1", "uid": "u",
                "kind": "ApplicationSet", "name": "fleet", "controller": true}]}),
            "ApplicationSet fleet",
        ),
    ] {
        let mut object =
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata});
        object["metadata"]["name"] = json!("web");
        object["metadata"]["namespace"] = json!("p");
        assert_eq!(names(&by_marks(&object)), [name]);
    }
    let metadata = json!({
        "labels": {"app.kubernetes.io/instance": "web", "app.kubernetes.io/managed-by": "me"},
        "ownerReferences": [{"kind": "Thing", "name": "x"}],
    });
    assert_eq!(by_marks(&json!({"metadata": metadata})), []);
}
