//! Repositories that the user reaches otherwise than the owner does, or not at all.

use super::given::{Person, WEB, application, follows, gone, image, told, web};
use crate::suite::{Test, pure};
use crate::testbed::Fleet;
use crate::testbed::git_server::Entry;
use kubectl_rb::durable::origin::OwnerRead;
use kubectl_rb::error::ErrorKind;

pub(super) fn tests() -> Vec<Test> {
    pure![
        a_rule_leads_to_the_repository,
        a_clone_here_leads_to_the_repository,
        a_clone_of_another_repository_leads_nowhere,
        a_repository_that_is_not_there_is_said_with_what_to_try,
        without_credentials_it_is_said_with_what_to_try,
        a_host_that_does_not_answer_is_said,
        a_branch_that_is_gone_is_said,
        a_url_that_git_would_run_is_refused,
    ]
}

/// An owner that has the fleet under another URL.
fn under(fleet: &Fleet, url: &str) -> [OwnerRead; 1] {
    let mut source = follows(fleet, WEB);
    source["repoURL"] = url.into();
    [application("web", &[source])]
}

fn a_rule_leads_to_the_repository() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    let owners = under(&fleet, "git@git.example.invalid:fleet.git");
    let to = fleet.url().replace("fleet.git", "");
    let person = Person::new().rewrite("ssh://git@git.example.invalid/", &to);
    let origin = person.origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    let note = format!(
        "git@git.example.invalid:fleet.git is reached as {} (git.rewrite in the configuration)",
        fleet.url()
    );
    assert_eq!(origin.ground.notes, [note]);
}

/// The clone has another way to the same host and path, and objects that need not be fetched.
fn a_clone_here_leads_to_the_repository() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    fleet.git(&["remote", "set-url", "origin", &fleet.url()]);
    let owners = under(&fleet, "ssh://git@127.0.0.1/Fleet.git");
    let person = Person::new().at(&fleet.work());
    let origin = person.origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    let note = format!("reached as your clone here does: {}", fleet.url());
    assert!(origin.ground.notes.contains(&note), "{:?}", origin.ground.notes);
}

fn a_clone_of_another_repository_leads_nowhere() {
    let (fleet, other) = (web(), web());
    let bad = fleet.release(WEB, &image("1.1"));
    other.git(&["remote", "set-url", "origin", "https://127.0.0.1/elsewhere.git"]);
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let origin = Person::new().at(&other.work()).origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(origin.ground.notes, Vec::<String>::new());
}

#[track_caller]
fn unreached(person: &Person, owners: &[OwnerRead]) -> (ErrorKind, String) {
    let error = person.find(owners, &image("1.1"), &image("1.0")).expect_err("it is not reached");
    (error.kind(), told(&error))
}

fn a_repository_that_is_not_there_is_said_with_what_to_try() {
    let fleet = web();
    let url = fleet.url().replace("fleet.git", "gone.git");
    let (_, told) = unreached(&Person::new(), &under(&fleet, &url));
    assert!(told.contains(&format!("git ls-remote {url}")), "{told}");
    assert!(told.contains("git: {rewrite: [{from: \"http://127.0.0.1:"), "{told}");
    assert!(!told.contains("--repo"), "{told}");
}

fn without_credentials_it_is_said_with_what_to_try() {
    let fleet = web();
    fleet.server().let_in(Entry::Basic("ann", "secret"));
    let (_, told) = unreached(&Person::new(), &under(&fleet, &fleet.url()));
    assert!(told.contains("git: {rewrite: "), "{told}");
    assert!(told.contains("git ls-remote "), "{told}");
}

fn a_host_that_does_not_answer_is_said() {
    let fleet = web();
    let owners = under(&fleet, "https://git.example.invalid/fleet.git");
    let (kind, told) = unreached(&Person::new(), &owners);
    assert_eq!(kind, ErrorKind::Unreachable, "{told}");
    assert!(told.contains("from: \"https://git.example.invalid/\""), "{told}");
}

fn a_branch_that_is_gone_is_said() {
    let fleet = web();
    let mut source = follows(&fleet, WEB);
    source["targetRevision"] = "prod".into();
    let (kind, told) = unreached(&Person::new(), &[application("web", &[source])]);
    assert_eq!(kind, ErrorKind::NotFound, "{told}");
    assert!(told.contains("there is no branch prod in "), "{told}");
    assert!(!told.contains("--branch"), "{told}");
}

fn a_url_that_git_would_run_is_refused() {
    let fleet = web();
    for url in ["ext::sh -c touch%20x", "-oProxyCommand=x", "https://h.test/a?x"] {
        let (kind, told) = unreached(&Person::new(), &under(&fleet, url));
        assert_eq!(kind, ErrorKind::Refused, "{told}");
    }
}
