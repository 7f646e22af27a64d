//! Which revision an undo goes back to, and from which it goes at all.

use crate::rb::rb;
use crate::scene::{assert_live, hash, image, record, release, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_revision_has_many_names,
        what_nothing_is_called_is_not_found,
        a_bad_release_in_the_middle_is_passed_over,
        a_bad_release_that_is_asked_for_is_gone_to_with_a_warning,
        from_acts_only_on_what_it_names,
    ]
}

fn a_revision_has_many_names(bed: &TestBed) {
    let namespace = bed.namespace("names");
    let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let second = format!("2.0@{digest}");
    releases(&namespace, 0, &["1.0", &second, "3.0"]);
    // Revision 1 becomes 4: its former number still names it.
    namespace.kubectl_ok(&["rollout", "undo", "deployment/web", "--to-revision=1"]);
    crate::scene::stored(&namespace, "1.0");
    release(&namespace, "5.0");

    let (hash_of_2, image_of_2) = (hash(&namespace, &second), image(&second));
    for (word, release) in [
        ("2", second.as_str()),
        ("3", "3.0"),
        ("4", "1.0"),
        ("1", "1.0"),
        ("-1", "1.0"),
        ("-2", "3.0"),
        ("-3", &second),
        (&hash_of_2, &second),
        (&hash_of_2[..6], &second),
        ("2.0", &second),
        ("web:3.0", "3.0"),
        (&image_of_2, &second),
        (&digest, &second),
        (&digest[..20], &second),
    ] {
        let plan = format!("undo deploy/web --dry-run -o json --to-revision={word}");
        let plan = rb(&namespace, &plan).ends_with(0).json();
        assert_eq!(plan["to"]["hash"], hash(&namespace, release), "--to-revision={word}");
    }
}

fn what_nothing_is_called_is_not_found(bed: &TestBed) {
    let namespace = bed.namespace("no-name");
    releases(&namespace, 0, &["1.0", "2.0"]);
    for word in ["7", "-2", "9.9", "abcdef1"] {
        rb(&namespace, &format!("undo deploy/web --yes --to-revision={word}"))
            .ends_with(4)
            .says(&format!("has no revision {word}; stored revisions: 1, 2"));
    }
    rb(&namespace, "undo deploy/web --yes --to-revision=2.0").ends_with(0).says("already");
    assert_live(&namespace, "2.0");
}

fn a_bad_release_in_the_middle_is_passed_over(bed: &TestBed) {
    let namespace = bed.namespace("middle");
    releases(&namespace, 1, &["1.0", "2.0-crash", "3.0-crash"]);
    rb(&namespace, "undo deploy/web --yes")
        .ends_with(0)
        .says("not      revision 2: its pods had BackOff events")
        .says("back to  revision 1");
    assert_live(&namespace, "1.0");
}

fn a_bad_release_that_is_asked_for_is_gone_to_with_a_warning(bed: &TestBed) {
    let namespace = bed.namespace("insist");
    releases(&namespace, 1, &["1.0", "2.0-crash", "3.0"]);
    rb(&namespace, "undo deploy/web --yes --no-wait --to-revision=2")
        .ends_with(0)
        .says("revision 2 is asked for although: its pods had BackOff events");
    assert_live(&namespace, "2.0-crash");
}

fn from_acts_only_on_what_it_names(bed: &TestBed) {
    let namespace = bed.namespace("from");
    releases(&namespace, 1, &["1.0", "2.0", "3.0"]);
    // Something else is live, and rb has not undone it.
    rb(&namespace, "undo deploy/web --yes --from=2.0")
        .ends_with(3)
        .says("runs revision 3 (web:3.0) and not 2.0, which rb has not undone either");
    assert_live(&namespace, "3.0");
    rb(&namespace, "undo deploy/web --yes --from=3.0").ends_with(0);
    assert_live(&namespace, "2.0");
    // A retry of the same call.
    for word in ["3.0", "3", &image("3.0")] {
        rb(&namespace, &format!("undo deploy/web --yes --from={word}"))
            .ends_with(0)
            .says("already rolled back by tester");
    }
    assert_live(&namespace, "2.0");
    assert_eq!(record(&namespace)["undos"].as_array().map(Vec::len), Some(1));
}
