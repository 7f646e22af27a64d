//! Flux: Kustomizations and `HelmReleases` that the real controllers have applied.

mod elsewhere;
mod marks;

use serde_json::{Value, json};

use super::{notes, owners};
use crate::given::{allow, define, nothing_was_written};
use crate::rb::Rb;
use crate::scene::live;
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{Flux, git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    let own = on_bed![
        a_kustomization_that_lists_the_workload_is_its_owner,
        the_chain_goes_on_to_the_kustomization_above,
        a_helm_release_has_its_chart_and_its_kustomization,
        a_suspended_kustomization_does_nothing,
        a_health_check_is_told_with_its_end,
        a_failed_release_is_what_is_live,
        without_the_right_to_read_the_owner_it_is_not_known,
        an_owner_costs_a_round_trip_a_level,
        the_file_of_an_object_is_told,
        an_image_automation_stands_beside_the_owner,
        a_failing_upgrade_is_told_to_its_end,
    ];
    [own, elsewhere::tests(), marks::tests()].concat()
}

const WEB: &str = "apps/web";
const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io";

/// The image of a release.
fn image(tag: &str) -> String {
    format!("registry.test/web:{tag}")
}

#[track_caller]
fn assert_live(namespace: &Namespace, tag: &str) {
    assert_eq!(live(namespace), image(tag));
}

/// A fleet whose app `web` has the image `registry.test/web:1.0`.
fn web() -> Fleet {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", &image("1.0"));
    fleet.push("Add web");
    fleet
}

#[track_caller]
fn only(owners: Vec<Value>) -> Value {
    let [owner] = <[Value; 1]>::try_from(owners).expect("one owner");
    owner
}

/// Waits until Flux waits for the health of what it has applied.
fn wait_checked(namespace: &Namespace) {
    namespace.wait_until("the release is deployed, and checked", |namespace| {
        let web = namespace.get("kustomization", "web");
        let conditions = web["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|condition| {
            let message = condition["message"].as_str().unwrap_or_default();
            condition["type"] == "Reconciling" && message.starts_with("Running health checks")
        })
    });
}

fn a_kustomization_that_lists_the_workload_is_its_owner(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-ks"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    let name = namespace.name();
    assert_eq!(owner["name"], format!("Kustomization {name}/web"));
    assert_eq!(owner["mark"], format!("label {KUSTOMIZE}/name"));
    assert_eq!(owner["proof"], "listed");
    assert_eq!(
        owner["would"],
        "it puts back what its source says at its next run, within 63m, and whenever its source changes"
    );
    assert_eq!(owner["within"], 3_780);
    let automation = json!({"syncs": true, "heals": true, "prunes": true, "suspended": false});
    assert_eq!(owner["automation"], automation);
    let source = json!([{
        "kind": "git", "url": fleet.url(), "wants": "main", "isBranch": true, "path": WEB,
        "revision": fleet.head(), "object": {"apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository", "namespace": name, "name": "fleet"}}]);
    assert_eq!(owner["sources"], source);
    let waits = "its runs wait for health, up to 59m, and what is pushed meanwhile waits too";
    assert_eq!(notes(&owner), [waits]);

    // The promise of the sentence: it is put back.
    namespace.set_image("web", &image("0.9"));
    flux.reconcile(&namespace, "kustomization", "web");
    namespace.wait_until("the patch is gone", |namespace| live(namespace) == image("1.0"));
}

fn the_chain_goes_on_to_the_kustomization_above(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-ks-of-ks"), web());
    deploy_below(flux, &namespace, &fleet);
    let chain = owners(namespace.kubeconfig(), "deploy/web");
    let [web, cluster] = <[Value; 2]>::try_from(chain).expect("two owners");
    assert_eq!((&web["of"], &web["proof"]), (&Value::Null, &json!("listed")));
    assert_eq!(cluster["name"], format!("Kustomization {}/cluster", namespace.name()));
    assert_eq!(cluster["proof"], "listed");
    assert_eq!(cluster["of"], web["object"]);
    let path = |owner: &Value| owner["sources"][0]["path"].clone();
    assert_eq!((path(&web), path(&cluster)), (json!(WEB), json!("clusters/test")));
    assert_eq!(cluster["sources"][0]["revision"], fleet.head());
}

fn a_helm_release_has_its_chart_and_its_kustomization(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-hr"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    let release = helm_release("web", "fleet", "./charts/web");
    fleet.write("releases/web.yaml", &release.manifest(namespace.name()));
    let commit = fleet.push("Add a chart and its release");
    flux.deploy(&namespace, &fleet, "releases", "releases");
    flux.wait_released(&namespace, "web");
    let chain = owners(namespace.kubeconfig(), "deploy/web");
    let [web, releases] = <[Value; 2]>::try_from(chain).expect("two owners");
    assert_eq!(web["name"], format!("HelmRelease {}/web", namespace.name()));
    assert_eq!(web["proof"], "listed");
    assert_eq!(
        web["would"],
        "it does nothing now (drift detection is off), and its next upgrade puts back what the release \
         says"
    );
    assert_eq!((&web["within"], &web["automation"]["heals"]), (&Value::Null, &json!(false)));
    let source = &web["sources"][0];
    assert_eq!((&source["kind"], &source["path"]), (&json!("git"), &json!("charts/web")));
    assert_eq!((&source["wants"], &source["revision"]), (&json!("main"), &json!(commit)));
    assert_eq!(releases["name"], format!("Kustomization {}/releases", namespace.name()));
    assert_eq!((&releases["of"], &releases["proof"]), (&web["object"], &json!("listed")));

    // The promise of the sentence: a patch stays, whatever is asked of the controller.
    namespace.set_image("web", &image("0.9"));
    let word = flux.reconcile(&namespace, "helmrelease", "web");
    flux.wait_handled(&namespace, "helmrelease", "web", &word);
    assert_live(&namespace, "0.9");
    let drift = json!({"spec": {"driftDetection": {"mode": "enabled"}}});
    fleet.write("releases/web.yaml", &release.with(&drift).manifest(namespace.name()));
    let commit = fleet.push("Detect drift");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "releases", &commit);
    flux.wait_released(&namespace, "web");
    let chain = owners(namespace.kubeconfig(), "deploy/web");
    let would =
        "it puts back what the release says at its next run, within 63m (drift detection is on)";
    assert_eq!((&chain[0]["would"], &chain[0]["within"]), (&json!(would), &json!(3_780)));
    namespace.wait_until("the patch is gone", |namespace| live(namespace) == image("1.0"));
}

fn a_suspended_kustomization_does_nothing(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-suspended"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let patch = json!({"spec": {"suspend": true}}).to_string();
    for kind in ["kustomization/web", "gitrepository/fleet"] {
        namespace.kubectl_ok(&["patch", kind, "--type=merge", "-p", &patch]);
    }
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    assert_eq!(owner["proof"], "listed");
    assert_eq!(owner["automation"]["suspended"], true);
    assert_eq!(
        owner["would"],
        "it does nothing while it is suspended, and puts back what its source says once it is resumed"
    );
    assert_eq!(owner["within"], Value::Null);
    let source =
        format!("GitRepository {}/fleet is suspended: it fetches nothing new", namespace.name());
    assert!(notes(&owner).contains(&source.as_str()), "{owner}");
}

fn blocked(bed: &TestBed, hint: &str, timeout: &str) -> (Namespace, Fleet, String) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace(hint), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let timeout = json!({"spec": {"timeout": timeout}});
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&timeout));
    flux.wait_applied(&namespace, "web", &fleet.head());
    let bad = fleet.release(WEB, &image("1.1-hang"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    (namespace, fleet, bad)
}

fn a_health_check_is_told_with_its_end(bed: &TestBed) {
    let (namespace, _fleet, bad) = blocked(bed, "owner-checks", "5m");
    wait_checked(&namespace);
    let web = namespace.get("kustomization", "web");
    let conditions = web["status"]["conditions"].as_array().expect("conditions");
    let healthy = conditions.iter().find(|condition| condition["type"] == "Healthy");
    let since = healthy.and_then(|healthy| healthy["lastTransitionTime"].as_str());
    let since: jiff::Timestamp = since.expect("a time").parse().expect("a time");
    let until = since + jiff::SignedDuration::from_mins(5);
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    let short = &bad[..9];
    let start =
        format!("it waits for the health of main@{short}, until {until} at the latest: a revert");
    assert!(notes(&owner).iter().any(|note| note.starts_with(&start)), "{owner}");
    let would = "it waits for health, for up to 5m, and puts back what its source says after that";
    assert_eq!(owner["would"], would);
    // What is live is the bad release, not the last one that came to a good end.
    assert_eq!(owner["sources"][0]["revision"], bad);
    let patch = json!({"spec": {"suspend": true}}).to_string();
    namespace.kubectl_ok(&["patch", "kustomization/web", "--type=merge", "-p", &patch]);
}

fn a_failed_release_is_what_is_live(bed: &TestBed) {
    let (namespace, fleet, bad) = blocked(bed, "owner-failed", "30s");
    namespace.wait_until("the check has failed", |namespace| {
        let web = namespace.get("kustomization", "web");
        let conditions = web["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|condition| condition["reason"] == "HealthCheckFailed")
    });
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    assert_eq!(owner["sources"][0]["revision"], bad);
    let good = fleet.git(&["rev-parse", "HEAD~1"]);
    let (bad, good) = (&bad[..9], &good[..9]);
    let behind =
        format!("it has tried main@{bad} last, and main@{good} is what came to a good end");
    assert!(notes(&owner).contains(&behind.as_str()), "{owner}");
    let trouble = "it is not ready: HealthCheckFailed: ";
    assert!(notes(&owner).iter().any(|note| note.starts_with(trouble)), "{owner}");
}

fn without_the_right_to_read_the_owner_it_is_not_known(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-rights"), web());
    let proxy = bed.proxy();
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.set_image("web", &image("1.1"));
    namespace.rollout_done("web");
    let rules = ["get,patch deployments.apps", "list,patch replicasets.apps", "list,watch pods"];
    allow(&namespace, "alice", &rules);
    let alice = proxy.kubeconfig_of("alice", &namespace);
    let owner = only(owners(&alice, "deploy/web"));
    let why = owner["proof"]["unread"].as_str().unwrap_or_default();
    assert!(
        why.starts_with(&format!("not allowed to get kustomizations.{KUSTOMIZE} web")),
        "{owner}"
    );
    // Who does not know does not write.
    let ran = Rb::new(&alice).words("undo deploy/web --yes").run().ends_with(3);
    ran.says(&format!("Kustomization {}/web", namespace.name()));
    nothing_was_written(&proxy);
    assert_live(&namespace, "1.1");
}

fn an_owner_costs_a_round_trip_a_level(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-cost"), web());
    let proxy = bed.proxy();
    deploy_below(flux, &namespace, &fleet);
    let kubeconfig = proxy.kubeconfig(&namespace);
    assert_eq!(owners(&kubeconfig, "deploy/web").len(), 2);
    let of_flux = |path: &str| path.contains(".fluxcd.io");
    let paths: Vec<String> = proxy
        .requests()
        .iter()
        .map(|recorded| recorded.request.path.clone())
        .filter(|path| of_flux(path))
        .collect();
    // Two Kustomizations, in which versions there are any, the source, and automations in two versions.
    let mut distinct = paths.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 6, "{distinct:#?}");
    assert!(paths.len() <= 9, "{paths:#?}");
}

/// `web` below a Kustomization of the folder `clusters/test`.
fn deploy_below(flux: &Flux, namespace: &Namespace, fleet: &Fleet) {
    let web = kustomization("web", "fleet", WEB).manifest(namespace.name());
    fleet.write("clusters/test/web.yaml", &web);
    let commit = fleet.push("Add a Kustomization");
    flux.deploy(namespace, fleet, "cluster", "clusters/test");
    flux.wait_applied(namespace, "web", &commit);
}

fn the_file_of_an_object_is_told(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-file"), web());
    fleet.write("overlays/web/kustomization.yaml", "resources: [../../apps/web]\n");
    fleet.write("apps/web/kustomization.yaml", "resources: [deployment.yaml]\n");
    fleet.push("Add an overlay");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let origin = json!({"spec": {"buildMetadata": ["originAnnotations"]}});
    flux.apply(&namespace, &kustomization("web", "fleet", "overlays/web").with(&origin));
    flux.wait_applied(&namespace, "web", &fleet.head());
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    let file = "this object comes from apps/web/deployment.yaml (annotation \
                config.kubernetes.io/origin)";
    assert!(notes(&owner).contains(&file), "{owner}");
}

/// Its controller is no part of the bed: what is shown of it stands in its spec.
fn an_image_automation_stands_beside_the_owner(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-bot"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let group = "image.toolkit.fluxcd.io/v1";
    define(&namespace, group, "ImageUpdateAutomation", "imageupdateautomations");
    let automation = json!({"apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageUpdateAutomation", "metadata": {"name": "auto"},
        "spec": {"interval": "10m", "update": {"path": "./apps"},
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}}});
    namespace.apply(&automation.to_string());
    let chain = owners(namespace.kubeconfig(), "deploy/web");
    let [web, auto] = <[Value; 2]>::try_from(chain).expect("two owners");
    let name = namespace.name();
    assert_eq!(auto["name"], format!("ImageUpdateAutomation {name}/auto"));
    assert_eq!((&auto["of"], &auto["within"]), (&web["object"], &json!(630)));
    let would = format!(
        "it writes the newest image to apps of GitRepository {name}/fleet again at its next run, within \
         10m30s, which undoes a revert"
    );
    assert_eq!(auto["would"], would);

    // Who may not look is told what he does not know.
    let rules = [
        "get deployments.apps",
        "list replicasets.apps",
        "get kustomizations.kustomize.toolkit.fluxcd.io",
        "get gitrepositories.source.toolkit.fluxcd.io",
    ];
    allow(&namespace, "bob", &rules);
    let web = only(owners(&namespace.user("bob"), "deploy/web"));
    assert_eq!(web["proof"], "listed");
    let unknown =
        "whether ImageUpdateAutomations write to its source is not known: not allowed to list";
    assert!(notes(&web).iter().any(|note| note.starts_with(unknown)), "{web}");
}

fn a_failing_upgrade_is_told_to_its_end(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-hr-fails"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    fleet.push("Add a chart");
    let release = |tag: &str| {
        let remediation = json!({"retries": 0, "remediateLastFailure": true});
        helm_release("web", "fleet", "./charts/web").with(&json!({"spec": {"timeout": "15s",
            "upgrade": {"remediation": remediation}, "values": {"image": {"tag": tag}}}}))
    };
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &release("1.0"));
    flux.wait_released(&namespace, "web");
    flux.apply(&namespace, &release("1.1-hang"));
    let is = |condition: &str, start: &str| {
        let web = namespace.get("helmrelease", "web");
        let conditions = web["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|found| {
            let message = found["message"].as_str().unwrap_or_default();
            found["type"] == condition && found["status"] == "True" && message.starts_with(start)
        })
    };
    namespace.wait_until("the upgrade runs", |_| is("Reconciling", "Running 'upgrade' action"));
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    let would = "it is in the middle of upgrade, for up to 15s; if that fails, what it does then puts \
                 back what the release says";
    assert_eq!((&owner["would"], &owner["within"]), (&json!(would), &json!(15)));
    namespace.wait_until("it was rolled back", |_| is("Remediated", ""));
    namespace.wait_until("nothing is tried any more", |_| is("Stalled", ""));
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    let would = "it does nothing until its chart or its values change (RetriesExceeded), and then puts \
                 back what the release says";
    assert_eq!(owner["would"], would);
    let undone = "it has undone its last action by itself (RollbackSucceeded), which runs web ";
    assert!(notes(&owner).iter().any(|note| note.starts_with(undone)), "{owner}");
    assert_live(&namespace, "1.0");
}
