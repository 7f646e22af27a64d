//! Which Application owns an object, and whether its mark is true.

use serde_json::{Value, json};

use super::super::super::{Claim, Reconciler as _};
use super::super::given::{application, deployment, facts, links, owner, tracked};
use super::super::tracking::{INSTALLATION, TRACKING};
use super::super::{Applications, finding, project};
use crate::error::{Error, ErrorKind};
use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::{Owner, Proof};

const ID: &str = "web:apps/Deployment:prod/web";

fn in_namespace(namespace: &str) -> Value {
    application(&json!({"metadata": {"namespace": namespace}}))
}

fn refuted(why: &str) -> Proof {
    Proof::Refuted(why.to_owned())
}

fn only_claim(object: &Value) -> Claim {
    Applications.claims(object).pop().unwrap()
}

#[test]
fn an_application_that_lists_the_object_owns_it() {
    let by_label = |labels: Value| {
        deployment(&json!({"labels": labels, "managedFields": [{"manager": "argocd-controller"}]}))
    };
    let old = json!({"status": {"resources": [
        {"group": "extensions", "kind": "Deployment", "namespace": "prod", "name": "web"}]}});
    for (object, application, name) in [
        (tracked(ID), application(&json!({})), "web"),
        (tracked("team_web:apps/Deployment:prod/web"), in_namespace("team"), "team/web"),
        // Before 2.11 nothing says where the control plane is.
        (tracked(ID), application(&json!({"status": {"controllerNamespace": null}})), "web"),
        (
            tracked(ID),
            application(&json!({"metadata": {"namespace": "openshift-gitops"},
                "status": {"controllerNamespace": "openshift-gitops"}})),
            "web",
        ),
        (tracked("web:extensions/Deployment:prod/web"), application(&json!({})), "web"),
        (tracked(ID), application(&old), "web"),
        (by_label(json!({"app.kubernetes.io/instance": "web"})), application(&json!({})), "web"),
        (by_label(json!({"argocd.argoproj.io/instance": "web"})), application(&json!({})), "web"),
        (
            by_label(json!({"applications.argoproj.io/app-name": "web"})),
            application(&json!({})),
            "web",
        ),
        (
            by_label(json!({"tier": "front", "example.com/app": "web"})),
            application(&json!({})),
            "web",
        ),
        (by_label(json!({"example.com/app": "team_web"})), in_namespace("team"), "team/web"),
    ] {
        let owner = owner(&object, std::slice::from_ref(&application));
        assert_eq!(owner.name, format!("Argo CD application {name}"), "{object}");
        assert_eq!(owner.proof, Proof::Listed, "{object}");
        let target = owner.object.unwrap();
        assert_eq!((target.kind.as_str(), target.name.as_str()), ("Application", "web"));
        assert_eq!(target.api_version, "argoproj.io/v1alpha1");
    }
}

/// What is said where there is no Application of that name.
const NONE: &str = "there is no Application web in this cluster; an Argo CD of another one would put a patch \
                    back";

#[test]
fn a_mark_that_no_application_stands_by_counts_for_nothing() {
    let lists_others = json!({"status": {"resources": [
        {"group": "apps", "kind": "Deployment", "namespace": "prod", "name": "api"},
        {"group": "apps", "kind": "StatefulSet", "namespace": "prod", "name": "web"},
        {"group": "apps", "kind": "Deployment", "namespace": "test", "name": "web"},
        {"group": "batch", "kind": "Deployment", "namespace": "prod", "name": "web"},
        {"kind": "Deployment", "namespace": "prod", "name": "web"},
        "web", 7, null, []]}});
    let label = deployment(&json!({"labels": {"argocd.argoproj.io/instance": "web"}}));
    for (object, applications, why) in [
        (tracked(ID), vec![], NONE),
        (
            tracked("team_web:apps/Deployment:prod/web"),
            vec![],
            &NONE.replace(" web ", " team/web "),
        ),
        (
            tracked(ID),
            vec![in_namespace("team")],
            "there is no Application web, only team/web, whose marks say team_web",
        ),
        (tracked(ID), vec![application(&lists_others)], "Application web does not list it"),
        (
            tracked(ID),
            vec![application(&json!({"status": {"resources": {"kind": "Deployment"}}}))],
            "Application web does not list it",
        ),
        (label.clone(), vec![], NONE),
        (label, vec![application(&lists_others)], "Application web does not list it"),
        (
            tracked("web:apps/Deployment:prod/other"),
            vec![application(&json!({}))],
            "it names Deployment prod/other, from which it was copied",
        ),
        (tracked("web"), vec![application(&json!({}))], "its text is no id of Argo CD"),
        (tracked("We b:apps/Deployment:prod/web"), vec![], "no Application can be called \"We b\""),
    ] {
        let owner = owner(&object, &applications);
        assert_eq!(owner.proof, refuted(why), "{object}");
        assert!(!owner.counts());
    }
}

#[test]
fn a_label_that_may_be_no_mark_is_passed_over_in_silence() {
    let written = json!([{"manager": "argocd-controller"}]);
    let other =
        json!({"labels": {"argocd.argoproj.io/instance": "other"}, "annotations": {TRACKING: ID}});
    let guess = deployment(&json!({"labels": {"tier": "front"}, "managedFields": written}));
    assert!(links(&guess, &[application(&json!({}))]).is_empty());
    let both = deployment(&other);
    let found = links(&both, &[application(&json!({}))]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].owner.name, "Argo CD application web");
    let chart = deployment(&json!({"labels": {"app.kubernetes.io/instance": "web"}}));
    assert!(links(&chart, &[application(&json!({}))]).is_empty());
}

#[test]
fn two_applications_that_list_an_object_both_own_it() {
    let object = deployment(&json!({"labels": {"argocd.argoproj.io/instance": "other"},
        "annotations": {TRACKING: ID}}));
    let other = application(&json!({"metadata": {"name": "other"}}));
    let found = links(&object, &[application(&json!({})), other]);
    let names: Vec<_> = found.iter().map(|link| link.owner.name.as_str()).collect();
    assert_eq!(names, ["Argo CD application web", "Argo CD application other"]);
    // Two control planes, each with an Application of that name.
    let second = application(&json!({"metadata": {"namespace": "argocd-2"},
        "status": {"controllerNamespace": "argocd-2"}}));
    let found = links(&tracked(ID), &[application(&json!({})), second.clone()]);
    assert_eq!(found.len(), 2);
    let passing = application(&json!({"status": {"resources": []}}));
    let found = links(&tracked(ID), &[passing, second]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].owner.object.as_ref().unwrap().namespace, "argocd-2");
}

#[test]
fn an_application_that_was_never_compared_says_nothing() {
    let blank = application(&json!({"status": null}));
    let owner = owner(&tracked(ID), &[blank]);
    let why = "Application web has never been compared with its source, so it lists nothing";
    assert_eq!(owner.proof, Proof::Unread(why.to_owned()));
}

#[test]
fn an_application_is_no_owner_of_itself() {
    let id = "web:argoproj.io/Application:argocd/web";
    let itself = application(&json!({
        "metadata": {"annotations": {TRACKING: id}},
        "status": {"resources": [{"group": "argoproj.io", "kind": "Application",
            "namespace": "argocd", "name": "web"}]},
    }));
    assert!(links(&itself, std::slice::from_ref(&itself)).is_empty());
}

#[test]
fn an_application_of_applications_owns_its_children() {
    let child = application(&json!({
        "metadata": {"annotations": {TRACKING: "root:argoproj.io/Application:argocd/web"}}}));
    let root = application(&json!({
        "metadata": {"name": "root"},
        "spec": {"syncPolicy": {"automated": {"selfHeal": true}}},
        "status": {"resources": [{"group": "argoproj.io", "kind": "Application",
            "namespace": "argocd", "name": "web"}]},
    }));
    let owner = owner(&child, &[child.clone(), root]);
    assert_eq!((owner.name.as_str(), &owner.proof), ("Argo CD application root", &Proof::Listed));
    assert_eq!(owner.would, "it puts the settings of this Application back within 1 s");
    assert!(owner.notes.iter().any(|note| note.contains("automated.enabled")), "{:?}", owner.notes);
}

fn judged(object: &Value, facts: &Facts<'_>) -> Owner {
    let mut links = Applications.judge(&only_claim(object), object, facts);
    assert_eq!(links.len(), 1);
    links.remove(0).owner
}

#[test]
fn without_the_right_to_list_the_usual_places_are_looked_at() {
    let forbidden =
        || Error::new(ErrorKind::Forbidden, "not allowed to list them").hint("kubectl auth");
    let unread = Proof::Unread("not allowed to list them (kubectl auth)".to_owned());
    let team = tracked("team_web:apps/Deployment:prod/web");
    for (object, applications, proof) in [
        (tracked(ID), vec![application(&json!({}))], Proof::Listed),
        (tracked(ID), vec![], unread.clone()),
        (tracked(ID), vec![in_namespace("team")], unread),
        (team.clone(), vec![in_namespace("team")], Proof::Listed),
        // The mark says where it would be, so it is not there.
        (team, vec![], refuted(&NONE.replace(" web ", " team/web "))),
    ] {
        let claim = only_claim(&object);
        let facts = facts(&claim, &applications).with_error(finding::list(&claim), forbidden());
        assert_eq!(judged(&object, &facts).proof, proof, "{object}");
    }
    let object = tracked("team_web:apps/Deployment:prod/web");
    let claim = only_claim(&object);
    let facts = facts(&claim, &[])
        .with_error(finding::list(&claim), forbidden())
        .with_error(finding::single(&claim, "team"), forbidden());
    assert!(matches!(judged(&object, &facts).proof, Proof::Unread(_)));
}

#[test]
fn a_cluster_without_applications_may_belong_to_another_ones_argo_cd() {
    let object = tracked(ID);
    let facts =
        Facts::of(Applications.asks(&only_claim(&object)).into_iter().map(|ask| (ask, None)));
    let owner = judged(&object, &facts);
    let Proof::Unread(why) = &owner.proof else { panic!("{:?}", owner.proof) };
    assert!(why.contains("may run in another cluster"), "{why}");
    assert!(owner.would.contains("self-heal"), "{}", owner.would);
}

#[test]
fn what_was_not_asked_is_only_marked() {
    let object = tracked(ID);
    let owner = judged(&object, &Facts::default());
    assert_eq!(owner.proof, Proof::Marked);
    assert_eq!(owner.name, "Argo CD application web");
    let guess = deployment(&json!({"labels": {"tier": "front"},
        "managedFields": [{"manager": "argocd-controller"}]}));
    assert!(Applications.judge(&only_claim(&guess), &guess, &Facts::default()).is_empty());
}

#[test]
fn a_mark_of_another_installation_is_not_of_this_one() {
    let object = deployment(&json!({"annotations": {TRACKING: ID, INSTALLATION: "one"}}));
    let claim = only_claim(&object);
    let configuration =
        |id: Value| json!({"metadata": {"namespace": "argocd", "name": "argocd-cm"}, "data": id});
    let foreign =
        "it is of the installation \"one\" of Argo CD, which is not the one here".to_owned();
    for (data, proof) in [
        (json!({"installationID": "one"}), Proof::Listed),
        (json!({}), Proof::Listed),
        (json!([]), Proof::Listed),
        (json!({"installationID": "two"}), Proof::Unread(foreign)),
    ] {
        let applications = [application(&json!({}))];
        for by_list in [true, false] {
            let is_it = |ask: &Ask| {
                let Ask::Read(path) = ask else { return false };
                path.contains(if by_list { "/configmaps?" } else { "argocd/configmaps/" })
            };
            let ask = Applications.asks(&claim).into_iter().find(is_it).unwrap();
            let object_read = configuration(data.clone());
            let answer = if by_list { json!({"items": [object_read]}) } else { object_read };
            let before = facts(&claim, &applications);
            let facts = Facts::of([(ask, Some(answer))]).and(&before);
            assert_eq!(judged(&object, &facts).proof, proof, "{data} {by_list}");
        }
    }
    // The configuration is asked for only where a mark is held against it.
    let plain = only_claim(&tracked(ID));
    let asks = Applications.asks(&plain);
    assert!(asks.iter().all(|ask| matches!(ask, Ask::Read(path) if !path.contains("configmaps"))));
}

#[test]
fn the_requests_are_those_that_fit_the_mark() {
    let paths = |id: &str| -> Vec<String> {
        let asks = Applications.asks(&only_claim(&tracked(id)));
        let path = |ask| match ask {
            Ask::Read(path) => path,
            _ => panic!("only objects are read"),
        };
        asks.into_iter().map(path).collect()
    };
    let root = "/apis/argoproj.io/v1alpha1";
    assert_eq!(
        paths(ID),
        [
            format!("{root}/applications?fieldSelector=metadata.name%3Dweb&limit=100"),
            format!("{root}/namespaces/argocd/applications/web"),
            format!("{root}/namespaces/openshift-gitops/applications/web"),
        ]
    );
    assert_eq!(
        paths("team_web:apps/Deployment:prod/web"),
        [
            format!("{root}/applications?fieldSelector=metadata.name%3Dweb&limit=100"),
            format!("{root}/namespaces/team/applications/web"),
        ]
    );
    // Names that could reach something else are not asked for; nor is what was copied.
    for id in
        ["../x:apps/Deployment:prod/web", "a,b=c:apps/Deployment:prod/web", "web:a/B:c/d", "x"]
    {
        assert_eq!(paths(id), Vec::<String>::new(), "{id}");
    }
    let project_path = format!("{root}/namespaces/argocd/appprojects/default");
    assert_eq!(project(&application(&json!({}))), Some(Ask::Read(project_path)));
    assert_eq!(project(&json!({"spec": {"project": "default"}})), None);
    assert_eq!(project(&json!([])), None);
}
