use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{Shop, application, verdict};
use crate::rollback::model::check::CheckStatus::{Pass, Unknown, Warn};
use crate::rollback::model::ownership::Proof;

fn held(key: &str) -> Value {
    json!({"/metadata/annotations": {key: "{}"}})
}

#[test]
fn pauses_and_holds_are_told() {
    for (what, edits, hindrances, expected) in [
        ("nothing", json!({}), vec![], (Pass, "")),
        ("a pause", json!({}), vec!["it is suspended"], (Warn, "Paused")),
        ("a hold", held("kubectl-rb/hold"), vec![], (Warn, "Held")),
        (
            "the hold of one of several",
            held("kubectl-rb/hold.1"),
            vec!["it is suspended"],
            (Warn, "Held"),
        ),
        ("another annotation of rb", held("kubectl-rb/record"), vec![], (Pass, "")),
    ] {
        let mut rung = application(&edits);
        rung.hindrances = hindrances.into_iter().map(str::to_owned).collect();
        let finding = Shop::web().owned(rung).alone(&GitopsAutomation);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
}

#[test]
fn a_hold_further_up_the_chain_counts_too() {
    let mut above = application(&held("kubectl-rb/hold"));
    above.owner.of = above.owner.object.clone();
    above.owner.name = "Argo CD application root".to_owned();
    let finding = Shop::web().owned(application(&json!({}))).owned(above).alone(&GitopsAutomation);
    assert_eq!(verdict(&finding), (Warn, "Held"));
    assert!(finding.message.starts_with("Argo CD application root is held by rb"), "{finding:?}");
}

#[test]
fn who_cannot_be_read_is_not_known() {
    let mut rung = application(&json!({}));
    rung.object = None;
    rung.owner.proof = Proof::Unread("no right".to_owned());
    let finding = Shop::web().owned(rung).alone(&GitopsAutomation);
    assert_eq!(verdict(&finding), (Unknown, "Unreadable"));
}
