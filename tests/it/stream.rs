//! `-o jsonl`: what is said, in which order, each line by its schema, and at the end the document that
//! `-o json` prints.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::given::release;
use crate::rb::{Ran, Rb, program, rb};
use crate::scene::{self, assert_live, image, releases, template_writes, writes_template};
use crate::suite::{Test, on_bed, pure};
use crate::testbed::{Action, Gate, Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![a_usage_error_is_a_line],
        on_bed![
            an_undo_is_told_step_by_step,
            a_failing_undo_names_the_trouble,
            what_is_refused_is_an_error_line,
            a_dry_run_ends_with_the_plan,
            a_status_is_told_too,
            a_lost_race_is_told_with_the_new_plan,
            a_line_comes_when_it_happens,
            beside_the_lines_all_is_as_with_json,
        ],
    ]
    .concat()
}

/// The types of the lines; those that repeat count once.
fn types(lines: &[Value]) -> Vec<&str> {
    let mut types: Vec<&str> =
        lines.iter().map(|line| line["type"].as_str().unwrap_or_default()).collect();
    types.dedup();
    types
}

#[track_caller]
fn lines(ran: &Ran, namespace: &Namespace) -> Vec<Value> {
    let lines = ran.lines();
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "namespace": namespace.name(), "name": "web"});
    let (first, rest) = lines.split_first().expect("a line");
    assert_eq!(first["schema"], "rb.event/v1");
    assert_eq!((&first["program"], first.get("target")), (&json!("rb"), None));
    for line in rest {
        assert_eq!(line["target"], target, "{line}");
    }
    let time = |line: &Value| line["at"].as_str()?.parse::<jiff::Timestamp>().ok();
    let times: Vec<_> = lines.iter().filter_map(time).collect();
    assert_eq!(times.len(), lines.len());
    assert!(times.is_sorted(), "{times:?}");
    lines
}

fn a_usage_error_is_a_line() {
    for words in ["undo deploy/web -o jsonl --nonsense", "status web -o jsonl", "nonsense -ojsonl"]
    {
        let ran = Rb::new(Path::new("/no/such/config")).words(words).run().ends_with(2);
        let lines = ran.lines();
        assert_eq!(types(&lines), ["version", "error"], "{words}");
        assert_eq!(lines[1]["document"]["kind"], "usage");
        assert_eq!(lines[1].get("target"), None);
    }
}

fn an_undo_is_told_step_by_step(bed: &TestBed) {
    let namespace = bed.namespace("stream");
    releases(&namespace, 2, &["1.0", "2.0"]);
    let ran = rb(&namespace, "undo deploy/web --yes -o jsonl").ends_with(0);
    let told = lines(&ran, &namespace);
    assert_eq!(
        types(&told),
        ["version", "plan", "writing", "stepDone", "progress", "ended", "check", "report"]
    );
    let (plan, report) = (&told[1]["document"], &told[told.len() - 1]["document"]);
    assert_eq!(
        (&plan["schema"], &report["schema"]),
        (&json!("rb.plan/v1"), &json!("rb.report/v1"))
    );
    assert_eq!(&report["plan"], plan);
    assert_eq!(report["result"], "rolledBack");
    let again = rb(&namespace, "undo deploy/web --yes -o jsonl").ends_with(0);
    let told = lines(&again, &namespace);
    // It may have been a moment too early for the controller's own count.
    let waits = ["progress", "ended"];
    let types: Vec<&str> = types(&told).into_iter().filter(|kind| !waits.contains(kind)).collect();
    assert_eq!(types, ["version", "report"]);
    assert_eq!(told[told.len() - 1]["document"]["result"], "nothingToDo");
}

fn a_failing_undo_names_the_trouble(bed: &TestBed) {
    let namespace = bed.namespace("stream-crash");
    releases(&namespace, 1, &["1.0-crash", "2.0"]);
    let words = "undo deploy/web --to-revision=1 --yes -o jsonl";
    let ran = rb(&namespace, words).ends_with(6);
    let told = lines(&ran, &namespace);
    assert_eq!(types(&told)[..4], ["version", "plan", "writing", "stepDone"]);
    assert!(types(&told).contains(&"progress"), "{ran}");
    let last = &told[told.len() - 1];
    assert_eq!((&last["type"], &last["document"]["exitCode"]), (&json!("report"), &json!(6)));
    assert_eq!(last["document"]["wait"]["failure"]["container"], "app");
}

fn what_is_refused_is_an_error_line(bed: &TestBed) {
    let namespace = bed.namespace("stream-refused");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let (namespace, web) = (&namespace, "deploy/web -o jsonl");
    namespace.kubectl_ok(&["rollout", "pause", "deployment/web"]);
    let ran = rb(namespace, &format!("undo {web} --yes")).ends_with(3);
    let told = lines(&ran, namespace);
    assert_eq!(types(&told), ["version", "error"]);
    assert_eq!(told[1]["document"]["kind"], "refused");
    assert_eq!(told[1]["document"]["target"], told[1]["target"]);
    namespace.kubectl_ok(&["rollout", "resume", "deployment/web"]);
    // Nobody can be asked: the plan is told, and nothing comes of it.
    let ran = rb(namespace, &format!("undo {web}")).ends_with(10);
    assert_eq!(types(&lines(&ran, namespace)), ["version", "plan", "error"]);
    assert_live(namespace, "2.0");
}

fn a_dry_run_ends_with_the_plan(bed: &TestBed) {
    let namespace = bed.namespace("stream-dry");
    releases(&namespace, 0, &["1.0", "2.0"]);
    for words in ["--dry-run", "--dry-run=server"] {
        let ran = rb(&namespace, &format!("undo deploy/web {words} -o jsonl")).ends_with(0);
        assert_eq!(types(&lines(&ran, &namespace)), ["version", "plan"], "{words}");
    }
}

fn a_status_is_told_too(bed: &TestBed) {
    let namespace = bed.namespace("stream-status");
    releases(&namespace, 1, &["1.0"]);
    let ran = rb(&namespace, "status deploy/web -o jsonl").ends_with(0);
    assert_eq!(types(&lines(&ran, &namespace)), ["version", "ended", "status"]);
    namespace.set_image("web", "registry.test:5000/shop/web:2.0-hang");
    let ran = rb(&namespace, "status deploy/web -o jsonl --timeout=2s").ends_with(5);
    let told = lines(&ran, &namespace);
    assert_eq!((types(&told)[0], types(&told)[1]), ("version", "progress"));
    let last = &told[told.len() - 1];
    assert_eq!(
        (&last["type"], &last["document"]["result"]),
        (&json!("status"), &json!("timedOut"))
    );
    let none = rb(&namespace, "status deploy/none -o jsonl").ends_with(4);
    let told = none.lines();
    assert_eq!(types(&told), ["version", "error"]);
    assert_eq!(told[1]["target"]["name"], "none");
}

fn a_lost_race_is_told_with_the_new_plan(bed: &TestBed) {
    for format in ["json", "jsonl"] {
        let (namespace, proxy) = (bed.namespace("stream-race"), bed.proxy());
        let container = |tag| {
            json!({"name": "app", "image": image(tag),
                "env": [{"name": "PASSWORD", "value": "s3cret"}]})
        };
        for (number, tag) in [(1, "1.0"), (2, "2.0")] {
            let template = json!({"spec": {"containers": [container(tag)]}});
            release(&namespace, number, 0, tag, &json!({"spec": {"template": template}}));
        }
        let gate = Gate::closed();
        let mut held = Some(gate.clone());
        proxy.inject(move |request| {
            let gate = writes_template(request).then(|| held.take()).flatten();
            gate.map_or(Action::Pass, Action::Hold)
        });
        let words = format!("undo deploy/web --yes -o {format}");
        let undo = Rb::new(&proxy.kubeconfig(&namespace)).words(&words).spawn();
        namespace.wait_until("the patch is sent", |_| !template_writes(&proxy).is_empty());
        scene::release(&namespace, "3.0");
        gate.open();
        let ran = undo.wait().ends_with(3);
        assert!(!format!("{ran}").contains("s3cret"), "{ran}");
        let error = if format == "json" {
            ran.json()
        } else {
            let told = lines(&ran, &namespace);
            assert_eq!(types(&told), ["version", "plan", "writing", "notWritten", "plan", "error"]);
            told[told.len() - 1]["document"].clone()
        };
        assert_eq!(error["kind"], "lostRace");
        assert_eq!(error["target"]["name"], "web");
        assert_eq!(
            (&error["plan"]["from"]["revision"], &error["plan"]["redacted"]),
            (&json!(3), &json!(true))
        );
        assert_live(&namespace, "3.0");
    }
}

/// The line that says that the write is on its way is read while the write is held.
fn a_line_comes_when_it_happens(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("stream-flush"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.inject(
        move |request| {
            if writes_template(request) { Action::Hold(held.clone()) } else { Action::Pass }
        },
    );
    let mut child = Command::new(program())
        .args(["undo", "deploy/web", "--yes", "-o", "jsonl"])
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
    assert_eq!(next()["type"], "version");
    assert_eq!(next()["type"], "plan");
    assert_eq!(next()["type"], "writing");
    assert_live(&namespace, "2.0");
    gate.open();
    assert_eq!(next()["type"], "stepDone");
    while next()["type"] != "report" {}
    assert_eq!(child.wait().expect("rb ends").code(), Some(0));
}

fn beside_the_lines_all_is_as_with_json(bed: &TestBed) {
    let said = ["json", "jsonl"].map(|format| {
        let namespace = bed.namespace("stream-beside");
        releases(&namespace, 0, &["1.0", "2.0"]);
        let ran = rb(&namespace, &format!("undo deploy/web --yes -o {format}")).ends_with(0);
        let said = ran.stderr.replace(namespace.name(), "NAMESPACE");
        // Ages and times differ from run to run.
        said.lines().map(|line| line.chars().filter(|c| !c.is_ascii_digit()).collect()).collect()
    });
    let [json, lines]: [Vec<String>; 2] = said;
    assert_eq!(json, lines);
}
