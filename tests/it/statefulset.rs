//! StatefulSets on the real control plane.

mod on_delete;
mod partition;
mod policies;
mod revisions;
mod status;
mod stuck;

use serde_json::Value;
use snapbox::{assert_data_eq, str};

use crate::rb::rb;
use crate::scene::sets::Set;
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(crate) fn tests() -> Vec<Test> {
    [
        on_bed![a_crashing_release_is_rolled_back, an_undo_goes_further_back_and_never_flips],
        on_delete::tests(),
        partition::tests(),
        policies::tests(),
        revisions::tests(),
        status::tests(),
        stuck::tests(),
    ]
    .concat()
}

fn a_crashing_release_is_rolled_back(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-crash", 3, &["1.0", "2.0-crash"], &Value::Null);
    let ran = rb(&set.namespace, "undo sts/web --yes").ends_with(0);
    assert_data_eq!(
        ran.stdout.as_str(),
        str![[r"
web · statefulset · namespace [..] · context testbed
  now      revision 2   web:2.0-crash   0 of 3 ready, CrashLoopBackOff for [..], 2 older pods serve[..]
  back to  revision 1   web:1.0         the StatefulSet's currentRevision, 2 pods of it available[..]
  owner    nobody: no mark of a controller that would undo a direct patch
  way      direct: patch, delete stuck pod web-2, watch until healthy, at most 10m
  changes  image web:2.0-crash → 1.0
  checks   [..] passed
rolled back: statefulset/web runs the template of revision 1 (web:1.0)
  proof    3 of 3 pods updated and 3 available, 3 in all, [..]
  checks   [..] passed
  forward  to go forward again: rb undo statefulset/web --to-revision=[..] -n sts-crash-[..] --context testbed

"]]
    );
    set.assert_live("1.0");
    set.assert_all_run("1.0", 3);
}

/// Numbers move with every undo; what was left is not come back to.
fn an_undo_goes_further_back_and_never_flips(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-twice", 1, &["1.0", "2.0", "3.0-crash"], &Value::Null);
    set.rb("undo WEB --yes").ends_with(0);
    set.assert_live("2.0");
    set.rb("undo WEB --yes").ends_with(0).says("nothing to do: already rolled back by tester");
    set.rb("undo WEB --yes --again").ends_with(0);
    set.assert_live("1.0");
    set.rb("undo WEB --yes --again")
        .ends_with(4)
        .says("has no eligible revision")
        .says("rolled back by tester");
    set.assert_live("1.0");
    set.assert_all_run("1.0", 1);
}
