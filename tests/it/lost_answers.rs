//! Answers that never come, or come too short: what was done is not said to have failed, and what
//! nobody can know is not said to be known.

use std::time::Duration;

use serde_json::Value;

use crate::rb::{Ran, Rb};
use crate::scene::{assert_live, record, releases, rollback_events, writes_template};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Namespace, Proxy, RequestHead, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        an_event_whose_answer_is_lost_is_looked_up,
        an_event_that_cannot_be_looked_up_is_left_open,
        traces_are_left_although_the_connection_breaks,
        a_verdict_is_recorded_although_the_api_server_restarts,
        a_verdict_whose_answer_is_lost_is_written_once,
        a_patch_that_may_still_come_is_not_said_to_be_refused,
        a_refused_patch_ends_with_a_command,
        an_answer_that_ends_too_early_is_asked_for_again,
    ]
}

fn an_event_whose_answer_is_lost_is_looked_up(bed: &TestBed) {
    let (namespace, proxy) = staged(bed, "lost-event");
    once(&proxy, is_event, Action::ResetAfter);
    let report = undo(&namespace, &proxy).ends_with(0).json();
    assert!(written(&report).contains(&"event"), "{report:#}");
    assert_eq!(report["warnings"].as_array().map(Vec::len), Some(0), "{report:#}");
    assert_eq!(rollback_events(&namespace).len(), 1);
}

fn an_event_that_cannot_be_looked_up_is_left_open(bed: &TestBed) {
    let (namespace, proxy) = staged(bed, "open-event");
    let mut is_first = true;
    proxy.inject(move |request| match request.method.as_str() {
        "POST" if is_event(request) && std::mem::take(&mut is_first) => Action::ResetAfter,
        "GET" if request.path.contains("/events/") => {
            Action::refuse(403, "Forbidden", "User \"tester\" cannot get events")
        }
        _ => Action::Pass,
    });
    let report = undo(&namespace, &proxy).ends_with(0).json();
    assert!(!written(&report).contains(&"event"), "{report:#}");
    let warning = report["warnings"][0].as_str().expect("a warning");
    assert!(
        warning.starts_with(
            "it is not known whether this was done: write an Event on deployment/web: the connection"
        ),
        "{warning}"
    );
}

/// All requests share a connection: with one answer all are lost that are under way.
fn traces_are_left_although_the_connection_breaks(bed: &TestBed) {
    let (namespace, proxy) = staged(bed, "lost-traces");
    once(&proxy, RequestHead::is_watch, Action::ResetBefore);
    let report = undo(&namespace, &proxy).ends_with(0).json();
    assert_eq!(
        written(&report),
        ["patch", "ownership", "annotate", "event", "stamp"],
        "{report:#}"
    );
    assert_eq!(report["warnings"].as_array().map(Vec::len), Some(0), "{report:#}");
}

fn a_verdict_is_recorded_although_the_api_server_restarts(bed: &TestBed) {
    let (namespace, proxy) = staged(bed, "restart-verdict");
    once(&proxy, is_verdict, Action::Refuse(Duration::from_millis(200)));
    let report = undo(&namespace, &proxy).ends_with(0).json();
    assert!(written(&report).contains(&"stamp"), "{report:#}");
    assert_eq!(record(&namespace)["verdicts"][0]["verdict"], "verified");
}

fn a_verdict_whose_answer_is_lost_is_written_once(bed: &TestBed) {
    let (namespace, proxy) = staged(bed, "lost-verdict");
    once(&proxy, is_verdict, Action::ResetThenForward(Duration::from_millis(50)));
    let report = undo(&namespace, &proxy).ends_with(0).json();
    assert!(written(&report).contains(&"stamp"), "{report:#}");
    let writes = proxy.requests().into_iter().filter(|r| is_verdict(&r.request));
    assert_eq!(writes.filter(|r| r.upstream == Some(200)).count(), 1);
}

fn a_patch_that_may_still_come_is_not_said_to_be_refused(bed: &TestBed) {
    let (namespace, proxy) = staged(bed, "late-patch");
    let mut count = 0;
    proxy.inject(move |request| {
        count += usize::from(writes_template(request));
        match count {
            1 if writes_template(request) => Action::ResetThenForward(Duration::from_secs(1)),
            2 => Action::refuse(401, "Unauthorized", "expired"),
            _ => Action::Pass,
        }
    });
    let ran = undo(&namespace, &proxy).ends_with(7).says("it may have been applied");
    assert_eq!(ran.json()["kind"], "inconclusive");
    namespace.wait_until("it has come", |_| !proxy.is_forwarding());
    assert_live(&namespace, "1.0");
}

fn a_refused_patch_ends_with_a_command(bed: &TestBed) {
    let (namespace, proxy) = staged(bed, "refused-patch");
    once(&proxy, writes_template, Action::refuse(422, "Invalid", "spec.template: no"));
    let error = undo(&namespace, &proxy).ends_with(3).json();
    let hint = error["hints"][0].as_str().expect("a hint");
    assert!(hint.starts_with("to see what is live: rb status deployment/web"), "{hint}");
    assert_live(&namespace, "2.0");
}

fn an_answer_that_ends_too_early_is_asked_for_again(bed: &TestBed) {
    let (namespace, proxy) = staged(bed, "short-answer");
    let is_read = |request: &RequestHead| request.path.ends_with("/deployments/web");
    once(&proxy, is_read, Action::EndBodyAfter(100));
    undo(&namespace, &proxy).ends_with(0);
}

fn staged(bed: &TestBed, hint: &str) -> (Namespace, Proxy) {
    let (namespace, proxy) = (bed.namespace(hint), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    (namespace, proxy)
}

fn undo(namespace: &Namespace, proxy: &Proxy) -> Ran {
    Rb::new(&proxy.kubeconfig(namespace)).words("undo deploy/web --yes -o json").run()
}

/// Does this to the first request of a kind.
fn once(proxy: &Proxy, is_it: fn(&RequestHead) -> bool, action: Action) {
    let mut action = Some(action);
    proxy.inject(move |request| {
        let due = if is_it(request) { action.take() } else { None };
        due.unwrap_or(Action::Pass)
    });
}

fn is_event(request: &RequestHead) -> bool {
    request.method == "POST" && request.path.contains("/events?") && request.is_write()
}

/// The write of the verdict: the record, and nothing else.
fn is_verdict(request: &RequestHead) -> bool {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let operations = body.as_array().into_iter().flatten();
    let written: Vec<_> =
        operations.filter(|o| o["op"] != "test").map(|o| o["path"].clone()).collect();
    request.is_write() && written == ["/metadata/annotations/kubectl-rb~1record"]
}

/// The steps that a report says are written.
fn written(report: &Value) -> Vec<&str> {
    let written = report["written"].as_array().into_iter().flatten();
    written.filter_map(|step| step["step"].as_str()).collect()
}
