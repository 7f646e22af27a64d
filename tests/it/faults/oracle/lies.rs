//! An oracle that never complains is none: each lie about an undo is told to it once.

use std::time::Instant;

use serde_json::{Value, json};

use crate::rb::Ran;
use crate::scene::image;
use crate::testbed::{Recorded, RequestHead};

use super::super::scenario::UNDO;
use super::super::subject::Subject;
use super::{Case, Seen};

/// What happened, and what was said of it.
struct Story {
    before: Value,
    workload: Value,
    pod: &'static str,
    writes: Vec<Recorded>,
    document: Value,
    code: i32,
}

/// What is untrue, a part of the complaint, and the telling of it.
type Lie = (&'static str, &'static str, fn(&mut Story));

pub(in crate::faults) fn lies_are_caught() {
    let lies: [Lie; 16] = [
        ("a write that is not there", "is not live", |s| live(&mut s.workload, "2.0")),
        ("pods of the bad release", "these pods run", |s| s.pod = "2.0"),
        ("two writes", "was written 2 times", |s| s.writes.push(patch("/spec/template", 200))),
        ("rolled back by nobody", "rolledBack, but 0 writes", |s| {
            s.writes.clear();
        }),
        ("nothing to do", "nothingToDo, but 1 writes", |s| {
            s.document["result"] = json!("nothingToDo");
        }),
        ("nothing was written", "said that nothing was written", |s| {
            error(s, 3, "nothing was written");
        }),
        ("unreachable", "the error does not say so", |s| error(s, 1, "no answer")),
        ("refused", "was written, and ended with 3", |s| error(s, 3, "it may have been applied")),
        ("never sent", "that was never sent", |s| {
            error(s, 7, "it may have been applied");
            s.writes.clear();
            live(&mut s.workload, "2.0");
        }),
        ("no way out", "no hint", |s| error(s, 7, "it may have been applied")),
        ("a code that is not its own", "says that it ends with", |s| s.code = 5),
        ("a note that is gone", "annotations of others", |s| {
            s.before["metadata"]["annotations"]["example.test/note"] = json!("keep me");
        }),
        ("replicas", "more of the spec", |s| s.workload["spec"]["replicas"] = json!(2)),
        ("a proof that is none", "stamped as verified", |s| s.pod = "2.0"),
        ("a step that was not done", "step event is said to be written", |s| {
            s.document["written"] = json!([{"step": "event"}]);
        }),
        ("a step that was done", "step patch is said to have failed", |s| {
            s.document["warnings"] = json!(["could not patch it: no answer"]);
        }),
    ];
    for (what, caught, lie) in lies {
        let mut story = truth();
        lie(&mut story);
        let complaints = judged(&story);
        let is_caught = complaints.iter().any(|complaint| complaint.contains(caught));
        assert!(is_caught, "{what}: {complaints:#?}");
    }
    let mut complaints = judged(&truth());
    // The documents here are shorter than real ones.
    complaints.retain(|complaint| !complaint.starts_with("the document: "));
    assert!(complaints.is_empty(), "the truth: {complaints:#?}");
}

fn truth() -> Story {
    let mut workload = json!({
        "kind": "Deployment",
        "metadata": {"name": "web", "uid": "u", "labels": {"team": "shop"}, "annotations": {}},
        "spec": {"replicas": 1},
    });
    live(&mut workload, "2.0");
    let before = workload.clone();
    live(&mut workload, "1.0");
    let annotations = &mut workload["metadata"]["annotations"];
    annotations["kubernetes.io/change-cause"] = json!("rb undo: 2 back to 1");
    let record = json!({"undos": [{}], "verdicts": [{"verdict": "verified"}]});
    annotations["kubectl-rb/record"] = json!(record.to_string());
    let document = json!({
        "schema": "rb.report/v1", "exitCode": 0, "result": "rolledBack",
        "warnings": ["could not write an Event: forbidden"],
        "plan": {"steps": [
            {"id": "patch", "summary": "patch it"}, {"id": "event", "summary": "write an Event"},
        ]},
        "written": [{"step": "patch"}],
    });
    let writes = vec![patch("/spec/template", 200)];
    Story { before, workload, pod: "1.0", writes, document, code: 0 }
}

fn judged(story: &Story) -> Vec<String> {
    let pod = json!({
        "kind": "Pod",
        "metadata": {"name": "web-1"},
        "spec": {"containers": [{"image": image(story.pod)}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    });
    let subject = Subject { name: "web".to_owned(), before: vec![story.before.clone()] };
    let stdout = story.document.to_string();
    let ran = Ran { stdout, stderr: String::new(), code: story.code };
    super::undo::judge(&Case {
        scenario: &UNDO,
        subject: &subject,
        hit: None,
        ran: &ran,
        recorded: &story.writes,
        is_changed: false,
        seen: vec![Seen { workload: story.workload.clone(), pods: vec![pod] }],
    })
}

/// Makes a release live, also in what was applied last.
fn live(workload: &mut Value, tag: &str) {
    let template = json!({"spec": {"containers": [{"image": image(tag)}]}});
    let applied = json!({"metadata": {}, "spec": {"replicas": 1, "template": template.clone()}});
    workload["spec"]["template"] = template;
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    workload["metadata"]["annotations"][key] = json!(applied.to_string());
}

fn error(story: &mut Story, code: i32, message: &str) {
    story.code = code;
    story.document = json!({
        "schema": "rb.error/v1", "exitCode": code, "message": message, "causes": [], "hints": [],
        "target": {"kind": "Deployment", "name": "web"},
    });
}

fn patch(path: &str, status: u16) -> Recorded {
    let body = json!([{"op": "replace", "path": path, "value": {}}]);
    Recorded {
        request: RequestHead {
            method: "PATCH".to_owned(),
            path: "/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=rb".to_owned(),
            user_agent: String::new(),
            content_type: String::new(),
            body: body.to_string().into_bytes(),
        },
        connection: 1,
        started: Instant::now(),
        answered: None,
        status: Some(status),
        upstream: Some(status),
    }
}
