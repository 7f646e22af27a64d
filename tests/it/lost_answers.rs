//! Answers that never come, or come too short: what was done is not said to have failed, and what
//! nobody can know is not said to be known.

use std::time::Duration;

use crate::rb::{Ran, Rb};
use crate::scene::{assert_live, releases, writes_template};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Namespace, Proxy, RequestHead, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        a_patch_that_may_still_come_is_not_said_to_be_refused,
        a_refused_patch_ends_with_a_command,
        an_answer_that_ends_too_early_is_asked_for_again,
    ]
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
