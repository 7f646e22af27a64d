//! Watches that end, break off, or are too old: the wait goes on.

use serde_json::json;

use crate::rb::Rb;
use crate::scene::{accepted, assert_live, record, releases_with};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Reply, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        watches_that_break_off_are_opened_again,
        watches_that_close_at_once_are_opened_again,
        watches_that_are_too_old_begin_anew,
        an_expired_watch_that_says_so_in_an_event_begins_anew,
        watches_that_are_reset_are_opened_again,
    ]
}

/// In the middle of an event, wherever that is.
fn watches_that_break_off_are_opened_again(bed: &TestBed) {
    survives(bed, "watch-cut", 4, Action::CutBodyAfter(700));
}

fn watches_that_close_at_once_are_opened_again(bed: &TestBed) {
    survives(bed, "watch-closed", 6, answer(""));
}

fn watches_that_are_too_old_begin_anew(bed: &TestBed) {
    survives(bed, "watch-410", 4, Action::refuse(410, "Expired", "too old resource version"));
}

fn an_expired_watch_that_says_so_in_an_event_begins_anew(bed: &TestBed) {
    let event = json!({"type": "ERROR", "object": {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "too old resource version: 1 (2)", "reason": "Expired", "code": 410,
    }});
    survives(bed, "watch-expired", 4, answer(&format!("{event}\n")));
}

fn watches_that_are_reset_are_opened_again(bed: &TestBed) {
    survives(bed, "watch-reset", 4, Action::ResetBefore);
}

/// An undo of which so many watches go wrong like this still ends well.
fn survives(bed: &TestBed, hint: &str, count: usize, action: Action) {
    let (namespace, proxy) = (bed.namespace(hint), bed.proxy());
    // So slow that no read between two watches finds the end of the rollout.
    releases_with(&namespace, 2, &["1.0", "2.0"], &json!({"spec": {"minReadySeconds": 2}}));
    let mut left = count;
    proxy.inject(move |request| {
        if !request.is_watch() || left == 0 {
            return Action::Pass;
        }
        left -= 1;
        action.clone()
    });
    let undo = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes");
    undo.run().ends_with(0).says("2 of 2 pods updated and 2 available, 2 in all");
    assert_live(&namespace, "1.0");
    assert_eq!(accepted(&proxy), 1);
    assert_eq!(record(&namespace)["verdicts"][0]["verdict"], "verified");
    let watches = proxy.requests().iter().filter(|record| record.request.is_watch()).count();
    assert!(watches > 2, "no watch was opened again");
}

fn answer(body: &str) -> Action {
    Action::Respond(Reply::json(200, body))
}
