//! Several workloads, of which one changes, or breaks the connection, at the worst moment; and calls
//! that are interrupted half-way.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::races::{hold_template_writes, signal};
use crate::rb::{Rb, program, rb};
use crate::scene::{REVISION, writes_template};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Gate, Namespace, Proxy, TestBed};

use super::{deploy, image, live, row, written};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_race_that_one_loses_is_the_others_gain,
        what_was_to_be_all_may_end_half_done,
        what_somebody_else_rolls_back_meanwhile_is_done,
        a_connection_that_breaks_after_a_write_is_no_second_write,
        an_interrupt_half_way_says_how_many_are_written,
        an_interrupt_while_reading_says_that_nothing_is_written,
        a_signal_while_waiting_says_how_to_go_on_watching,
    ]
}

const WEBS: [&str; 3] = ["web-a", "web-b", "web-c"];

/// Holds the writes of these Deployments until the gate is opened.
fn hold(proxy: &Proxy, names: &'static [&'static str]) -> Gate {
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.inject(move |request| {
        let is_it = names.iter().any(|name| request.path.contains(name));
        if writes_template(request) && is_it { Action::Hold(held.clone()) } else { Action::Pass }
    });
    gate
}

/// Another release of a Deployment goes live while rb's patch of it is held.
fn lose_a_race(namespace: &Namespace, proxy: &Proxy, words: &str) -> crate::rb::Ran {
    let gate = hold(proxy, &["web-b"]);
    let undo = Rb::new(&proxy.kubeconfig(namespace)).words(words).spawn();
    namespace.wait_until("all patches are sent", |_| written(proxy).len() == 3);
    namespace.set_image("web-b", &image("web-b", "3.0"));
    gate.open();
    undo.wait()
}

fn a_race_that_one_loses_is_the_others_gain(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("race-many"), bed.proxy());
    deploy(&namespace, &WEBS, 1, &["1.0", "2.0"]);
    let ran = lose_a_race(&namespace, &proxy, "undo deploy --all --yes").ends_with(3);
    assert_eq!(live(&namespace, &WEBS), ["1.0", "3.0", "1.0"]);
    assert!(row(&ran, "deployment/web-b").contains("refused"), "{ran}");
    let said = "another release of deployment/web-b went live between the plan and the write";
    ran.says(said)
        .says(&format!("to roll that back: rb undo deployment/web-b -n {}", namespace.name()))
        .says("1 refused, 2 rolled back");
}

/// All were accepted in a dry run; then one changed. What is written stays written, and is said.
/// A colleague is faster with one of them: that is no bad release to be rolled back.
fn what_somebody_else_rolls_back_meanwhile_is_done(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("done-many"), bed.proxy());
    deploy(&namespace, &WEBS, 1, &["1.0", "2.0"]);
    let gate = hold(&proxy, &["web-b"]);
    let undo = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy --all --yes").spawn();
    namespace.wait_until("all patches are sent", |_| written(&proxy).len() == 3);
    namespace.kubectl_ok(&["rollout", "undo", "deployment/web-b"]);
    gate.open();
    undo.wait().ends_with(0);
    assert_eq!(live(&namespace, &WEBS), ["1.0", "1.0", "1.0"]);
}

fn what_was_to_be_all_may_end_half_done(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("half-many"), bed.proxy());
    deploy(&namespace, &WEBS, 1, &["1.0", "2.0"]);
    let words = "undo deploy --all --yes --all-or-nothing";
    let ran = lose_a_race(&namespace, &proxy, words).ends_with(9);
    ran.says("half done").says("went live between the plan and the write");
    assert_eq!(live(&namespace, &WEBS), ["1.0", "3.0", "1.0"]);
}

/// All requests of a call share a connection: where it breaks, all answers are lost.
fn a_connection_that_breaks_after_a_write_is_no_second_write(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("reset-many"), bed.proxy());
    deploy(&namespace, &WEBS, 1, &["1.0", "2.0"]);
    let mut left = 1;
    proxy.inject(move |request| {
        let is_it = writes_template(request) && request.path.contains("web-b") && left > 0;
        left -= usize::from(is_it);
        if is_it { Action::ResetAfter } else { Action::Pass }
    });
    let words = "undo deploy --all --yes";
    let ran = Rb::new(&proxy.kubeconfig(&namespace)).words(words).run().ends_with(0);
    ran.says("3 rolled back");
    assert_eq!(live(&namespace, &WEBS), ["1.0", "1.0", "1.0"]);
    for name in WEBS {
        let web = namespace.get("deployment", name);
        // Two releases and one way back.
        assert_eq!(web["metadata"]["annotations"][REVISION], "3");
        let record = web["metadata"]["annotations"]["kubectl-rb/record"].as_str();
        let record: Value = serde_json::from_str(record.expect("a record")).expect("JSON");
        assert_eq!(record["undos"].as_array().map(Vec::len), Some(1), "{record}");
        assert_eq!(record["verdicts"][0]["verdict"], "verified", "{record}");
    }
}

fn an_interrupt_half_way_says_how_many_are_written(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("int-many"), bed.proxy());
    deploy(&namespace, &WEBS, 0, &["1.0", "2.0"]);
    let gate = hold(&proxy, &["web-b", "web-c"]);
    let mut child = Command::new(program())
        .args(["undo", "deploy", "-l", "part-of=shop", "--yes", "-o", "jsonl"])
        .env_remove("HOME")
        .env("KUBECONFIG", proxy.kubeconfig(&namespace))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("rb starts");
    let mut told = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let mut next = || -> Value {
        let line = told.next().expect("a line").expect("UTF-8");
        serde_json::from_str(&line).expect("JSON")
    };
    while next()["type"] != "stepDone" {}
    namespace.wait_until("all patches are sent", |_| written(&proxy).len() == 3);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    let mut last = next();
    while last["type"] != "error" {
        last = next();
    }
    assert_eq!(child.wait().expect("rb ends").code(), Some(130));
    let document = &last["document"];
    assert_eq!(
        document["message"],
        "interrupted: 1 of 3 rollbacks is written, 2 more may be; the controllers carry on what is \
         written"
    );
    let status = format!(
        "to go on watching: rb status deploy -l part-of=shop -n {} --context testbed",
        namespace.name()
    );
    assert_eq!(document["hints"][0], status);
    gate.open();
}

fn an_interrupt_while_reading_says_that_nothing_is_written(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("int-read-many"), bed.proxy());
    deploy(&namespace, &WEBS, 0, &["1.0", "2.0"]);
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.inject(move |_| Action::Hold(held.clone()));
    let words = "undo deploy --all --yes";
    let undo = Rb::new(&proxy.kubeconfig(&namespace)).words(words).spawn();
    namespace.wait_until("it reads", |_| proxy.requests().len() >= 2);
    signal(&undo, "INT");
    undo.wait().ends_with(130).says("interrupted: nothing was written");
    gate.open();
    assert_eq!(live(&namespace, &WEBS), ["2.0", "2.0", "2.0"]);
    // A call that is not interrupted is none the worse for it.
    let gate = hold_template_writes(&proxy, 0);
    gate.open();
    Rb::new(&proxy.kubeconfig(&namespace)).words(words).run().ends_with(0);
}

fn a_signal_while_waiting_says_how_to_go_on_watching(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("term-many"), bed.proxy());
    deploy(&namespace, &WEBS, 1, &["1.0-hang", "2.0"]);
    let manifest = namespace.kubectl_ok(&["get", "deployments", "-o", "json"]);
    for (words, again) in [
        ("undo deploy --all --yes", "rb status deploy --all"),
        (
            "undo -f - --yes --to-revision=1.0-hang",
            "rb status deployment/web-a deployment/web-b deployment/web-c",
        ),
    ] {
        proxy.clear();
        let call = Rb::new(&proxy.kubeconfig(&namespace)).words(words).input(&manifest);
        let undo = call.spawn();
        namespace.wait_until("it watches", |_| {
            proxy.requests().iter().any(|record| record.request.is_watch())
        });
        signal(&undo, "TERM");
        let ran = undo.wait().ends_with(143);
        let place = format!("-n {} --context testbed", namespace.name());
        ran.says("terminated: 3 of 3 rollbacks are written; the controllers carry on")
            .says(&format!("to go on watching: {again} {place}"));
        // Back to what runs, for the next round.
        rb(&namespace, "undo deploy --all --yes --to-revision=2.0").ends_with(0);
    }
}
