//! What Git knows of a revision that an owner is at.

use super::given::{Kept, Person, WEB, application, follows, image, run, web};
use crate::suite::{Test, pure};
use crate::testbed::Fleet;
use kubectl_rb::durable::origin::{Origin, relation};
use kubectl_rb::git::Oid;
use kubectl_rb::rollback::model::convergence::Relation;
use kubectl_rb::rollback::model::git_path::GitPath;

pub(super) fn tests() -> Vec<Test> {
    pure![
        a_commit_on_top_is_a_newer_release_where_it_changes_the_same,
        what_cannot_be_fetched_now_is_asked_again,
    ]
}

fn ask(origin: &mut Origin, ours: &str, revision: &str) -> Option<Relation> {
    let files = [GitPath::new("apps/web/deployment.yaml")];
    let ours = Oid::from_str(ours).expect("a commit");
    run(relation(&mut origin.ground, ours, &files, revision))
}

/// A fleet with a bad release, and its origin.
fn released() -> (Fleet, Kept) {
    let fleet = web();
    fleet.release(WEB, &image("1.1"));
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    (fleet, origin)
}

fn a_commit_on_top_is_a_newer_release_where_it_changes_the_same() {
    let (fleet, mut origin) = released();
    let bad = fleet.head();
    let ours = fleet.revert(&bad);
    fleet.app("apps/api", "api", "registry.test/api:1.0");
    let above = fleet.push("Add api");
    let newer = fleet.release(WEB, &image("1.2"));
    let same = fleet.revert(&newer);
    let before = fleet.server().count("/info/refs");
    for (revision, expected) in [
        (above.clone(), Relation::OnTop),
        (format!("main@sha1:{above}"), Relation::OnTop),
        (ours.clone(), Relation::Ours),
        (format!("refs/heads/main@sha1:{ours}"), Relation::Ours),
        (bad, Relation::Other),
        (newer, Relation::Replaced),
        // Somebody took the newer one back.
        (same, Relation::OnTop),
        ("1.4.2".to_owned(), Relation::Other),
        (format!("sha256:{}", "a".repeat(64)), Relation::Other),
        (String::new(), Relation::Other),
    ] {
        assert_eq!(ask(&mut origin, &ours, &revision), Some(expected), "{revision}");
    }
    // All of them came with one fetch.
    assert_eq!(fleet.server().count("/info/refs"), before + 1);
    assert_eq!(ask(&mut origin, &ours, &"f".repeat(40)), Some(Relation::Other));
}

fn what_cannot_be_fetched_now_is_asked_again() {
    let (fleet, mut origin) = released();
    let bad = fleet.head();
    let ours = fleet.revert(&bad);
    assert_eq!(ask(&mut origin, &bad, &ours), Some(Relation::Replaced));
    fleet.app("apps/api", "api", "registry.test/api:1.0");
    let above = fleet.push("Add api");
    fleet.server().let_in(crate::testbed::git_server::Entry::Basic("ann", "secret"));
    assert_eq!(ask(&mut origin, &ours, &above), None);
    fleet.server().let_in(crate::testbed::git_server::Entry::Anybody);
    assert_eq!(ask(&mut origin, &ours, &above), Some(Relation::OnTop));
}
