//! The recorded context on the real control plane, where a Deployment's annotations are copied onto
//! whatever ReplicaSet is its newest.

use serde_json::{Value, json};

use crate::given::release;
use crate::rb::{Ran, rb};
use crate::scene::{REVISION, annotation, assert_live, is_observed, record, replica_set, text};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        an_undo_does_not_mix_up_what_is_recorded,
        a_release_after_an_undo_says_its_own,
        what_the_template_says_needs_no_record,
        the_card_stays_small_and_harmless,
    ]
}

const FIRST: &str = "51d0e77aa0b1c2d3e4f5061728394a5b6c7d8e9f";
const SECOND: &str = "9f3c2ab8b0e1c2d3e4f5061728394a5b6c7d8e90";
const THIRD: &str = "77c0ffee00112233445566778899aabbccddeeff";

/// Annotations of the Deployment, as a pipeline applies them with each release.
fn on_deployment(commit: &str, build: u8, flags: &str, migrations: &str) -> Value {
    json!({"metadata": {"annotations": {
        "git-commit": commit,
        "build-number": build.to_string(),
        "feature-flags": flags,
        "kubectl-rb/migrations": migrations,
    }}})
}

fn two_releases(namespace: &Namespace) {
    let first = on_deployment(FIRST, 117, "old-cart,limit=9", "0041");
    release(namespace, 1, 1, "1.0", &first);
    let second = on_deployment(SECOND, 118, r#"{"new-cart": true, "limit": 9}"#, "0041,0042");
    release(namespace, 2, 1, "2.0", &second);
}

/// Waits until the controller has copied the Deployment's annotation onto the ReplicaSet.
fn copied(namespace: &Namespace, tag: &str, key: &str, value: &str) {
    namespace.wait_until(&format!("{tag} carries {value}"), |namespace| {
        let set = replica_set(namespace, tag);
        set["metadata"]["annotations"][key] == value
            && is_observed(&namespace.get("deployment", "web"))
    });
}

/// The rows of `history -o json` as the image's tag and a member of the context.
fn recorded(namespace: &Namespace, member: &str) -> Vec<(String, Value)> {
    let document = rb(namespace, "history deploy/web -o json").ends_with(0).json();
    let rows = document["revisions"].as_array().expect("revisions").iter().map(|row| {
        let image = text(row, "/images/0/image");
        let tag = image.rsplit(':').next().unwrap_or_default().to_owned();
        assert_eq!(row["commit"], row["context"]["commit"]);
        (tag, row["context"][member].clone())
    });
    rows.collect()
}

#[track_caller]
fn assert_recorded(namespace: &Namespace, member: &str, rows: &[(&str, Value)]) {
    let rows: Vec<_> = rows.iter().map(|(tag, value)| ((*tag).to_owned(), value.clone())).collect();
    assert_eq!(recorded(namespace, member), rows);
}

fn has_line(ran: &Ran, line: &str) {
    assert!(ran.stdout.lines().any(|said| said == line), "{line:?} is not said:\n{ran}");
}

fn an_undo_does_not_mix_up_what_is_recorded(bed: &TestBed) {
    let namespace = bed.namespace("context");
    two_releases(&namespace);
    let ran = rb(&namespace, &format!("undo deploy/web --yes --from={SECOND}")).ends_with(0);
    has_line(
        &ran,
        "  context  commit 9f3c2ab → 51d0e77, build 118 → 117, flags -new-cart +old-cart, \
         migrations -0042",
    );
    has_line(&ran, "  warning  migration 0042 ran with revision 2; rolling back does not undo it");
    assert_live(&namespace, "1.0");
    // What this is about: the ReplicaSet that is live again carries the annotations of the bad one.
    copied(&namespace, "1.0", "git-commit", SECOND);
    copied(&namespace, "1.0", "build-number", "118");
    assert_eq!(annotation(&namespace, "git-commit"), SECOND, "rb leaves it as it is");

    assert_recorded(&namespace, "commit", &[("2.0", json!(SECOND)), ("1.0", json!(FIRST))]);
    assert_recorded(&namespace, "build", &[("2.0", json!("118")), ("1.0", json!("117"))]);
    let flags = [("2.0", json!(["new-cart", "limit=9"])), ("1.0", json!(["old-cart", "limit=9"]))];
    assert_recorded(&namespace, "flags", &flags);
    let wide = rb(&namespace, "history deploy/web -o wide").ends_with(0);
    let live = wide.stdout.lines().last().unwrap_or_default().to_owned();
    assert!(live.contains(FIRST) && live.contains("build 117, flags old-cart limit=9"), "{wide}");

    // Commits name what ran, not what the annotations say now.
    rb(&namespace, &format!("undo deploy/web --yes --from={SECOND}"))
        .ends_with(0)
        .says("already rolled back by tester, ");
    rb(&namespace, &format!("undo deploy/web --yes --to-revision={}", &FIRST[..7]))
        .ends_with(0)
        .says("is at revision 3 already");
    let forward =
        format!("undo deploy/web --dry-run -o json --from={FIRST} --to-revision={SECOND}");
    let plan = rb(&namespace, &forward).ends_with(0).json();
    assert_eq!(plan["from"]["context"]["commit"], FIRST, "{plan}");
    assert_eq!(plan["to"]["context"]["commit"], SECOND, "{plan}");
    assert_eq!(
        plan["contextChanges"][1],
        json!({"what": "build", "before": "117", "after": "118"})
    );

    // There and back again: each undo finds both as they were.
    rb(&namespace, &format!("undo deploy/web --yes --to-revision={SECOND}")).ends_with(0);
    assert_live(&namespace, "2.0");
    rb(&namespace, &format!("undo deploy/web --yes --to-revision={FIRST}")).ends_with(0);
    assert_live(&namespace, "1.0");
    assert_recorded(&namespace, "commit", &[("2.0", json!(SECOND)), ("1.0", json!(FIRST))]);
}

/// After an undo comes the commit that reverts: often the very template that is live already.
fn a_release_after_an_undo_says_its_own(bed: &TestBed) {
    let namespace = bed.namespace("context-revert");
    two_releases(&namespace);
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    copied(&namespace, "1.0", "git-commit", SECOND);
    release(&namespace, 3, 1, "1.0", &on_deployment(THIRD, 119, "old-cart", "0041,0042"));
    copied(&namespace, "1.0", "git-commit", THIRD);
    assert_recorded(&namespace, "commit", &[("2.0", json!(SECOND)), ("1.0", json!(THIRD))]);
    assert_recorded(&namespace, "build", &[("2.0", json!("118")), ("1.0", json!("119"))]);
    // One more bad release, and back to it.
    release(&namespace, 4, 1, "3.0", &on_deployment(SECOND, 120, "", ""));
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    copied(&namespace, "1.0", "build-number", "120");
    let builds = [("2.0", json!("118")), ("3.0", json!("120")), ("1.0", json!("119"))];
    assert_recorded(&namespace, "build", &builds);
    assert_eq!(annotation(&namespace, REVISION), "5");
}

fn what_the_template_says_needs_no_record(bed: &TestBed) {
    let namespace = bed.namespace("context-template");
    let both = |commit: &str, build: u8| {
        let mut extra = on_deployment(commit, build, "same", "");
        let annotations = json!({"git-commit": commit, "build-number": build.to_string()});
        extra["spec"]["template"]["metadata"]["annotations"] = annotations;
        extra
    };
    release(&namespace, 1, 1, "1.0", &both(FIRST, 117));
    release(&namespace, 2, 1, "2.0", &both(SECOND, 118));
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    copied(&namespace, "1.0", "git-commit", SECOND);
    assert_recorded(&namespace, "commit", &[("2.0", json!(SECOND)), ("1.0", json!(FIRST))]);
    let to = record(&namespace)["undos"][0]["to"].clone();
    assert!(to["context"].is_null(), "{to}");
}

fn the_card_stays_small_and_harmless(bed: &TestBed) {
    let namespace = bed.namespace("context-long");
    let long = |sign: &str| {
        let words: Vec<String> =
            (0..60).map(|i| format!("{sign}-a-very-long-name-of-a-flag-\u{1b}[31m-{i}")).collect();
        on_deployment(&words[0], 1, &words.join(","), &words.join(","))
    };
    release(&namespace, 1, 1, "1.0", &long("old"));
    release(&namespace, 2, 1, "2.0", &long("new"));
    let ran = rb(&namespace, "undo deploy/web --dry-run").ends_with(0);
    let card: Vec<&str> = ran.stdout.lines().take_while(|line| !line.is_empty()).collect();
    assert!(card.len() <= 15, "{ran}");
    assert!(card.iter().all(|line| line.chars().count() <= 100), "{ran}");
    assert!(card.iter().any(|line| line.starts_with("  context  ")), "{ran}");
    let wide = rb(&namespace, "history deploy/web -o wide").ends_with(0);
    for ran in [&ran, &wide] {
        assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
    }
}
