//! `rb undo app/NAME`, `ks/NAME` and `hr/NAME`: whole owners, on the real controllers.

mod unhappy;

use serde_json::{Value, json};

use super::{image, newest_message, undo};
use crate::given::allow_only;
use crate::rb::Rb;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, ArgoCd, automated};
use crate::testbed::flux::{git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    let own = on_bed![
        a_release_of_many_objects_goes_back_in_one_commit,
        where_nothing_is_older_it_is_said,
        an_application_that_is_synced_by_hand_goes_back_in_git,
        without_git_it_is_synced_to_its_history,
        a_kustomization_goes_back,
        a_release_whose_values_are_declared_goes_back,
        what_is_about_workloads_is_refused,
    ];
    [own, unhappy::tests()].concat()
}

const SHOP: &str = "apps/shop";

/// Two Deployments and a ConfigMap.
fn shop(fleet: &Fleet, tag: &str) {
    fleet.app(&format!("{SHOP}/web"), "web", &image(tag));
    fleet.app(&format!("{SHOP}/api"), "api", &format!("registry.test/api:{tag}"));
    let settings = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  of: \"{tag}\"\n"
    );
    fleet.write(&format!("{SHOP}/settings.yaml"), &settings);
}

fn with_subfolders(mut extra: Value) -> Value {
    extra["spec"]["source"] = json!({"directory": {"recurse": true}});
    extra
}

fn images(namespace: &Namespace) -> Vec<String> {
    let of = |name: &str| {
        let object = namespace.get("deployment", name);
        let image = &object["spec"]["template"]["spec"]["containers"][0]["image"];
        image.as_str().unwrap_or_default().to_owned()
    };
    let settings = namespace.get("configmap", "settings");
    vec![of("web"), of("api"), settings["data"]["of"].as_str().unwrap_or_default().to_owned()]
}

fn are(tag: &str) -> Vec<String> {
    vec![image(tag), format!("registry.test/api:{tag}"), tag.to_owned()]
}

pub(super) fn named(app: &Application<'_>, argocd: &ArgoCd) -> String {
    format!("app/{} -n {}", app.name(), argocd.namespace())
}

fn a_release_of_many_objects_goes_back_in_one_commit(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("whole-app"), Fleet::new());
    shop(&fleet, "0.9");
    let oldest = fleet.push("Add shop");
    let policy = with_subfolders(automated());
    let app = argocd.application(&namespace, &fleet.url(), SHOP, &policy);
    app.wait_synced(&oldest);
    shop(&fleet, "1.0");
    let good = fleet.push("Release 1.0");
    app.refresh_to(&good);
    app.wait_synced(&good);
    namespace.rollout_done("web");
    namespace.rollout_done("api");
    shop(&fleet, "2.0-crash");
    fleet.write(
        &format!("{SHOP}/extra.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\n",
    );
    let bad = fleet.push("Release 2.0");
    // Somebody works on something else meanwhile.
    fleet.app("apps/other", "other", "registry.test/other:1.0");
    let top = fleet.push("Add other");
    app.refresh_to(&top);
    app.wait_synced(&top);
    namespace
        .wait_until("the bad release is live", |namespace| images(namespace) == are("2.0-crash"));
    let name = named(&app, argocd);

    // The plan alone changes nothing.
    let plan = undo(&namespace, &format!("{name} --dry-run -o json")).run().ends_with(0).json();
    assert_eq!(plan["schema"], "rb.revert-plan/v1");
    assert_eq!(plan["asked"]["good"], *good, "{plan:#}");
    assert_eq!(plan["asked"]["commits"], json!([bad]));
    undo(&namespace, &name).run().ends_with(10).says("--yes");
    assert_eq!(fleet.server_head(), top);

    let ran = undo(&namespace, &format!("{name} --yes --reason burning --incident INC-1")).run();
    let ran = ran.ends_with(0).says("rolled back: application/").says("healthy");
    assert!(ran.stdout.contains("back to") && ran.stdout.contains("Release 1.0"), "{ran}");
    let head = fleet.server_head();
    let message = newest_message(&fleet);
    assert!(message.contains("Rb-Operation: ") && message.contains("INC-1"), "{message}");
    let parent = fleet.git(&["rev-parse", "HEAD^"]);
    assert_eq!(parent.trim(), top, "one commit");
    assert_eq!(images(&namespace), are("1.0"));
    assert!(namespace.find("configmap", "extra").is_none(), "what came with it is pruned");
    assert!(fleet.read("apps/other/deployment.yaml").contains("other:1.0"));
    let object = app.get();
    assert_eq!(object["status"]["sync"]["revision"], *head);
    assert_eq!(object["status"]["health"]["status"], "Healthy");

    // A retried step does not go further back.
    undo(&namespace, &format!("{name} --yes")).run().ends_with(0).says("already rolled back");
    assert_eq!(fleet.server_head(), head);
    // Whoever says so goes on, and never forward to what was left.
    let ran = undo(&namespace, &format!("{name} --yes --again -o json")).run().ends_with(0).json();
    assert_eq!(ran["undone"]["result"], "pushed", "{ran:#}");
    assert_eq!(ran["undone"]["to"], *oldest);
    assert_eq!(images(&namespace), are("0.9"));
    let head = fleet.server_head();
    let ran = undo(&namespace, &format!("{name} --yes --again")).run().ends_with(4);
    ran.says("rb has rolled back from it");
    assert_eq!(fleet.server_head(), head);
}

fn where_nothing_is_older_it_is_said(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("whole-first"), Fleet::new());
    shop(&fleet, "1.0");
    let only = fleet.push("Add shop");
    let app = argocd.application(&namespace, &fleet.url(), SHOP, &with_subfolders(automated()));
    app.wait_synced(&only);
    let name = named(&app, argocd);
    undo(&namespace, &format!("{name} --yes")).run().ends_with(4).says("no older state");
    undo(&namespace, &format!("{name} --yes --to-revision=-3")).run().ends_with(4);
    undo(&namespace, &format!("{name} --yes --to-revision=abcdef12")).run().ends_with(4);
    undo(&namespace, &format!("{name} --yes --to-revision=-x")).run().ends_with(2);
    undo(&namespace, &format!("{name} --yes --direct")).run().ends_with(3);
    // Somebody who may not read it.
    allow_only(&namespace, "heidi", &["get,list,watch deployments.apps"]);
    let ran = Rb::new(&namespace.user("heidi")).words(&format!("undo {name} --yes")).run();
    ran.ends_with(3).says("not allowed to");
    assert_eq!(fleet.server_head(), only);
}

/// An Application without automation that runs a bad release of the shop.
fn by_hand<'a>(
    argocd: &'a ArgoCd,
    namespace: &'a Namespace,
    fleet: &Fleet,
) -> (Application<'a>, String, String) {
    shop(fleet, "1.0");
    let good = fleet.push("Add shop");
    let app =
        argocd.application(namespace, &fleet.url(), SHOP, &with_subfolders(json!({"spec": {}})));
    app.sync(&good);
    app.wait_synced(&good);
    namespace.rollout_done("web");
    shop(fleet, "2.0-crash");
    let bad = fleet.push("Release 2.0");
    app.refresh_to(&bad);
    app.sync(&bad);
    app.wait_synced(&bad);
    (app, good, bad)
}

fn an_application_that_is_synced_by_hand_goes_back_in_git(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("whole-manual"), Fleet::new());
    let (app, good, bad) = by_hand(argocd, &namespace, &fleet);
    let name = named(&app, argocd);
    undo(&namespace, &format!("{name} --yes --to-revision={}", &good[..8])).run().ends_with(0);
    assert_ne!(fleet.server_head(), bad);
    assert_eq!(images(&namespace), are("1.0"));
    assert_eq!(app.get()["status"]["sync"]["revision"], *fleet.server_head());
}

fn without_git_it_is_synced_to_its_history(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("whole-direct"), Fleet::new());
    let (app, good, bad) = by_hand(argocd, &namespace, &fleet);
    let name = named(&app, argocd);
    undo(&namespace, &format!("{name} --direct --dry-run")).run().ends_with(0).says("OutOfSync");
    assert_eq!(images(&namespace), are("2.0-crash"));
    let ran = undo(&namespace, &format!("{name} --direct --yes --reason burning")).run();
    ran.ends_with(0).says("Git still has what was left");
    assert_eq!(images(&namespace), are("1.0"));
    assert_eq!(fleet.server_head(), bad);
    let object = app.get();
    let state = &object["status"]["operationState"];
    assert_eq!(state["syncResult"]["revision"], *good);
    assert_eq!(state["operation"]["info"][1]["value"], "burning");
    assert_eq!(object["status"]["sync"]["status"], "OutOfSync");
    let ran = undo(&namespace, &format!("{name} --direct --yes")).run().ends_with(0);
    ran.says("already rolled back");
}

fn a_kustomization_goes_back(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("whole-ks"), Fleet::new());
    shop(&fleet, "1.0");
    let good = fleet.push("Add shop");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let hasty = json!({"spec": {"wait": false}});
    flux.apply(&namespace, &kustomization("shop", "fleet", SHOP).with(&hasty));
    flux.wait_applied(&namespace, "shop", &good);
    namespace.rollout_done("web");
    shop(&fleet, "2.0-crash");
    let bad = fleet.push("Release 2.0");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "shop", &bad);
    undo(&namespace, "ks/shop --direct --yes").run().ends_with(3).says("leave --direct out");
    let ran = undo(&namespace, "ks/shop --yes").run().ends_with(0).says("Release 2.0");
    ran.says("rolled back: kustomization/shop");
    assert_eq!(images(&namespace), are("1.0"));
    let object = namespace.get("kustomization", "shop");
    let applied = format!("main@sha1:{}", fleet.server_head());
    assert_eq!(object["status"]["lastAppliedRevision"], applied);
    let suspend = json!({"spec": {"suspend": true}}).to_string();
    namespace.kubectl_ok(&["patch", "kustomization/shop", "--type=merge", "-p", &suspend]);
    let words = format!("ks/shop --yes --to-revision={}", &bad[..9]);
    undo(&namespace, &words).run().ends_with(3).says("spec.suspend is true");
}

fn a_release_whose_values_are_declared_goes_back(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("whole-hr"), Fleet::new());
    fleet.chart("charts/web", "0.9");
    let release = |tag: &str| {
        // Helm does not wait for the pods of a release: one that crashes would keep the next from coming.
        let hasty = json!({"disableWait": true});
        let values = json!({"spec": {"values": {"image": {"tag": tag}}, "upgrade": hasty}});
        helm_release("web", "fleet", "./charts/web").with(&values).manifest(namespace.name())
    };
    fleet.write("releases/web.yaml", &release("1.0"));
    fleet.push("Add web");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let hasty = json!({"spec": {"wait": false}});
    flux.apply(&namespace, &kustomization("releases", "fleet", "releases").with(&hasty));
    flux.wait_applied(&namespace, "releases", &fleet.head());
    flux.wait_released(&namespace, "web");
    namespace.rollout_done("web");
    fleet.write("releases/web.yaml", &release("2.0-crash"));
    let bad = fleet.push("Bump web to 2.0");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "releases", &bad);
    let live = |namespace: &Namespace| super::live(namespace);
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    undo(&namespace, "hr/web --yes").run().ends_with(0).says("rolled back: helmrelease/web");
    assert_eq!(live(&namespace), image("1.0"));
    fleet.pull();
    assert!(fleet.read("releases/web.yaml").contains("1.0"));
}

fn what_is_about_workloads_is_refused(bed: &TestBed) {
    let namespace = bed.namespace("whole-flags");
    for flag in ["--now", "--resume", "--abandon", "--from=1.0", "--delete-pods", "--verified"] {
        let ran = undo(&namespace, &format!("app/web --yes {flag}")).run().ends_with(2);
        ran.says("makes no sense for an owner");
    }
    undo(&namespace, "app/a app/b --yes").run().ends_with(2).says("named alone");
}
