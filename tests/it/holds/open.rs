//! `rb status --holds`, and what `rb status` says of a workload whose owner is held.

use serde_json::Value;

use super::{WEB, hold, holder, image, on, web};
use crate::given::allow_only;
use crate::rb::{Ran, Rb, rb};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};
use kubectl_rb::reconciler::hold as holds;
use kubectl_rb::rollback::model::hold::Phase;
use kubectl_rb::rollback::model::target::Target;
use kubectl_rb::rollback::model::template::fingerprint;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        an_open_hold_is_shown_until_it_is_released,
        a_workload_shows_the_hold_on_its_owner,
        the_phase_says_how_far_it_has_come,
        without_the_right_to_list_nothing_is_said_as_sure,
        a_note_of_somebody_else_is_a_gap,
        names_and_holds_do_not_go_together,
    ]
}

fn owner(namespace: &Namespace) -> Target {
    Target {
        api_version: "kustomize.toolkit.fluxcd.io/v1".to_owned(),
        kind: "Kustomization".to_owned(),
        namespace: namespace.name().to_owned(),
        name: "web".to_owned(),
    }
}

/// A Kustomization that is held by somebody whose rb has ended.
fn held(bed: &TestBed, hint: &str) -> (Namespace, crate::testbed::Fleet) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace(hint), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    hold(&namespace, &owner(&namespace), "op-1").expect("it is held");
    (namespace, fleet)
}

/// What was said, with what differs from run to run taken out.
fn said(ran: &Ran, namespace: &Namespace) -> String {
    let text = ran.to_string().replace(namespace.name(), "NS");
    let context = text.lines().find_map(|line| line.split_once("--context ")).map(|(_, name)| name);
    let context = context.map(|name| name.split(' ').next().unwrap_or(name).to_owned());
    let text = context.map_or(text.clone(), |name| text.replace(&name, "CONTEXT"));
    let age = |line: &str| match line.rsplit_once(" for ") {
        Some((before, age)) if age.ends_with('s') || age.ends_with('m') => {
            format!("{before} for AGE")
        }
        _ => line.to_owned(),
    };
    text.lines().map(age).collect::<Vec<_>>().join("\n")
}

fn an_open_hold_is_shown_until_it_is_released(bed: &TestBed) {
    let (namespace, _fleet) = held(bed, "holds-open");
    let ran = rb(&namespace, "status --holds");
    assert_eq!(
        said(&ran, &namespace),
        "deployment/web · namespace NS · operation op-1
  hold     Kustomization NS/web: its automation is off, held by alice for AGE
  why      release 1.1 loses orders, INC-7
  to do    put deployment/web back, revert the release in Git, turn its automation on again
  finish   rb undo deployment/web --resume -n NS --context CONTEXT
  give up  rb undo deployment/web --abandon -n NS --context CONTEXT
--- stderr
--- exit 11"
    );
    let document = rb(&namespace, "status --holds -o json").ends_with(11).json();
    let found = &document["holds"][0];
    assert_eq!(document["holds"].as_array().map(Vec::len), Some(1), "{document:#}");
    assert_eq!(found["owner"]["kind"], "Kustomization");
    assert_eq!((&found["hold"]["id"], &found["phase"]), (&"op-1".into(), &"held".into()));
    let name = rb(&namespace, "status --holds -o name").ends_with(11);
    assert_eq!(name.stdout, "kustomization.kustomize.toolkit.fluxcd.io/web\n");
    rb(&namespace, "status --holds -o yaml").ends_with(11).says("rb.holds/v1");
    let lines = rb(&namespace, "status --holds -o jsonl").lines();
    assert_eq!(lines.last().map(|line| line["type"].clone()), Some("holds".into()));
    // Other tests have holds of their own.
    let all = rb(&namespace, "status --holds -A").ends_with(11);
    assert!(all.stdout.contains(&format!("Kustomization {}/web", namespace.name())), "{all}");

    let owner = owner(&namespace);
    let released = super::release(&namespace, &owner, "op-1").expect("anybody may release it");
    assert_eq!(released.written.len(), 1, "{released:?}");
    let ran = rb(&namespace, "status --holds");
    let none = "no open holds in namespace NS\n--- stderr\n--- exit 0";
    assert_eq!(said(&ran, &namespace), none);
}

fn a_workload_shows_the_hold_on_its_owner(bed: &TestBed) {
    let (namespace, _fleet) = held(bed, "holds-status");
    let ran = rb(&namespace, "status deploy/web --watch=false").ends_with(11);
    let line = format!("  hold     Kustomization {}/web: its automation is off", namespace.name());
    assert!(ran.stdout.contains(&line), "{ran}");
    assert!(ran.stdout.contains("--resume -n "), "{ran}");
    let document = rb(&namespace, "status deploy/web -o json").ends_with(11).json();
    let hold = &document["owners"][0]["holds"][0];
    assert_eq!((&hold["hold"]["by"], &hold["phase"]), (&"alice".into(), &"held".into()));
    assert_eq!(document["result"], "complete");
    namespace.deployment("api", "registry.test/api:1.0", 1);
    let many = rb(&namespace, "status deploy/web deploy/api").ends_with(11);
    assert!(many.stderr.contains(&line), "{many}");
    super::release(&namespace, &owner(&namespace), "op-1").expect("it is released");
    rb(&namespace, "status deploy/web").ends_with(0);
}

fn the_phase_says_how_far_it_has_come(bed: &TestBed) {
    let (namespace, _fleet) = held(bed, "holds-phase");
    let owner = owner(&namespace);
    let template = namespace.get("deployment", "web")["spec"]["template"].clone();
    let phase = || {
        on(namespace.kubeconfig(), async |cluster, deadline| {
            let open = holds::open(cluster, Some(namespace.name()), deadline).await;
            let open = open.expect("holds");
            assert_eq!(open.of(&super::workload(&namespace)).len(), 1, "{open:?}");
            (open.holds[0].phase, open.holds[0].to_do())
        })
    };
    assert_eq!(phase().0, Some(Phase::Held));
    // The same operation says more: what it wants, and then what it has done.
    let mut hold = holder(&namespace, "op-1");
    hold.aim.fingerprint = fingerprint(&template);
    let say = |hold: &kubectl_rb::rollback::model::hold::Hold| {
        super::hold_as(namespace.kubeconfig(), &owner, hold, &[]).expect("it is held")
    };
    say(&hold);
    assert_eq!(phase().0, Some(Phase::Patched));
    namespace.set_image("web", &image("2.0"));
    assert_eq!(phase().0, Some(Phase::Held));
    hold.aim.request = Some("https://git.test/shop/1".to_owned());
    say(&hold);
    let (requested, words) = phase();
    assert_eq!(requested, Some(Phase::Requested));
    assert!(words.starts_with("merge https://git.test/shop/1, "), "{words}");
    hold.aim.pushed = Some("9f3c2ab9f3c2ab9f3c2ab9f3c2ab9f3c2ab9f3c2".to_owned());
    say(&hold);
    assert_eq!(phase().0, Some(Phase::Pushed));
    super::release(&namespace, &owner, "op-1").expect("it is released");
}

fn without_the_right_to_list_nothing_is_said_as_sure(bed: &TestBed) {
    let (namespace, _fleet) = held(bed, "holds-rights");
    let alice = |arguments: &str| Rb::new(&namespace.user("alice")).words(arguments).run();
    let blind = alice("status --holds").ends_with(7);
    assert!(blind.stdout.contains("no open holds are seen in namespace"), "{blind}");
    let gap = "no right to list applications.argoproj.io: holds on them are not seen";
    assert!(blind.stdout.contains(gap), "{blind}");
    allow_only(&namespace, "alice", &["get,list kustomizations.kustomize.toolkit.fluxcd.io"]);
    let ran = alice("status --holds -o json").ends_with(11);
    let document = ran.json();
    assert_eq!(document["holds"].as_array().map(Vec::len), Some(1), "{ran}");
    // The workload may not be read.
    assert_eq!(document["holds"][0]["phase"], Value::Null);
    let gaps: Vec<&str> =
        document["gaps"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let some = format!("all namespaces: only {} was looked at", namespace.name());
    assert!(gaps.iter().any(|gap| gap.ends_with(&some)), "{gaps:?}");
}

fn a_note_of_somebody_else_is_a_gap(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("holds-foreign"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.kubectl_ok(&["annotate", "kustomization", "web", "kubectl-rb/hold=audit"]);
    let ran = rb(&namespace, "status --holds").ends_with(7);
    assert!(ran.stdout.contains("/web is not a hold of rb"), "{ran}");
    let error = hold(&namespace, &owner(&namespace), "op-1").expect_err("it is somebody's own");
    assert_eq!(error.kind().exit_status().code(), 11);
}

fn names_and_holds_do_not_go_together(bed: &TestBed) {
    let namespace = bed.namespace("holds-usage");
    rb(&namespace, "status --holds deploy/web").ends_with(2);
    rb(&namespace, "status --holds -n ../x").ends_with(2);
}
