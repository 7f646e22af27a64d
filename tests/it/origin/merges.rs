//! How commits got onto the branch.

use super::given::{Person, WEB, application, files, follows, gone, image, planned, web};
use crate::suite::{Test, pure};
use crate::testbed::Fleet;

pub(super) fn tests() -> Vec<Test> {
    pure![a_merge_stands_for_what_it_brought, a_squash_is_a_commit_like_any_other]
}

/// A branch with release 1.1 in two commits; other work goes on at `main`.
fn branch(fleet: &Fleet) {
    fleet.git(&["checkout", "-q", "-b", "bump"]);
    fleet.app(WEB, "web", &image("1.1-rc"));
    fleet.git(&["commit", "-q", "-a", "-m", "Try the candidate"]);
    fleet.app(WEB, "web", &image("1.1"));
    fleet.git(&["commit", "-q", "-a", "-m", "Release 1.1"]);
    fleet.git(&["checkout", "-q", "main"]);
    fleet.write("docs/notes.md", "notes\n");
    fleet.push("Take notes");
}

fn a_merge_stands_for_what_it_brought() {
    let fleet = web();
    branch(&fleet);
    fleet.git(&["merge", "-q", "--no-ff", "-m", "Merge bump", "bump"]);
    fleet.git(&["push", "-q", "origin", "main"]);
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [fleet.head().as_str()]);
    assert_eq!(origin.brought.commits[0].parents, 2);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/deployment.yaml"]);
}

fn a_squash_is_a_commit_like_any_other() {
    let fleet = web();
    branch(&fleet);
    fleet.git(&["merge", "-q", "--squash", "bump"]);
    let squashed = fleet.push("Release 1.1 (#7)");
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [squashed.as_str()]);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/deployment.yaml"]);
}
