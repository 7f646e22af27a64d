//! Answers that never come, or come too short: what was done is not said to have failed, and what
//! nobody can know is not said to be known.

use crate::rb::{Ran, Rb};
use crate::scene::releases;
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Namespace, Proxy, RequestHead, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![an_answer_that_ends_too_early_is_asked_for_again,]
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
