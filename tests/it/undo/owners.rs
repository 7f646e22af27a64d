//! Workloads that somebody else writes: a direct patch would not last.

use crate::rb::rb;
use crate::scene::{annotation, assert_live, hint, paste, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![what_somebody_owns_is_refused, a_direct_undo_is_done_all_the_same]
}

fn what_somebody_owns_is_refused(bed: &TestBed) {
    let namespace = bed.namespace("owned");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let (key, owner) = ("meta.helm.sh/release-name", "Helm release web");
    namespace.kubectl_ok(&["annotate", "deployment/web", &format!("{key}=web")]);
    rb(&namespace, "undo deploy/web --yes")
        .ends_with(3)
        .says(owner)
        .says(key)
        .says("rb undo deployment/web --direct --to-revision=");
    assert_live(&namespace, "2.0");
    assert_eq!(annotation(&namespace, "kubectl-rb/record"), "");
}

fn a_direct_undo_is_done_all_the_same(bed: &TestBed) {
    let namespace = bed.namespace("direct");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let mark = "meta.helm.sh/release-name=shop";
    namespace.kubectl_ok(&["annotate", "deployment/web", mark]);
    let refused = rb(&namespace, "undo deploy/web --yes").ends_with(3);
    let direct = hint(&refused, "to patch it all the same: ");
    let said = paste(bed, &namespace, &format!("{direct} --yes"));
    assert_live(&namespace, "1.0");
    assert!(said.contains("warning  Helm release shop owns it: it does nothing now"), "{said}");
    // The way forward has to be direct, too.
    let forward = said.split_once("to go forward again: ").expect("a command").1;
    let forward = forward.lines().next().unwrap_or_default();
    paste(bed, &namespace, &format!("{forward} --yes"));
    assert_live(&namespace, "2.0");
}
