//! DaemonSets on the real control plane, with three nodes.

mod on_delete;

use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::scene::sets::{Set, deletions, writes_template};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;
use crate::waiting::says_what_kubectl_says;

pub(crate) fn tests() -> Vec<Test> {
    [
        on_bed![
            a_crashing_release_is_rolled_back,
            everything_is_recorded,
            an_undo_goes_further_back_and_never_flips,
            many_at_once_go_back_too,
            with_a_surge_it_goes_back_too,
            without_a_node_nothing_is_proven,
            status_says_what_kubectl_says_and_why,
            history_names_what_is_stored,
        ],
        on_delete::tests(),
    ]
    .concat()
}

/// The third round trip looks at the pods.
fn a_crashing_release_is_rolled_back(bed: &TestBed) {
    let proxy = bed.proxy();
    let set = Set::daemon(bed, "ds-crash", &["1.0", "2.0-crash"], &Value::Null);
    proxy.set_delay(std::time::Duration::from_millis(150));
    let ran = set.through(&proxy, "undo WEB --yes").run().ends_with(0);
    assert_data_eq!(
        ran.stdout.as_str(),
        str![[r"
web · daemonset · namespace [..] · context testbed
  now      revision 2   web:2.0-crash   0 of 3 ready, CrashLoopBackOff for [..], 2 older pods serve[..]
  back to  revision 1   web:1.0         2 pods of it available now, [..]
  owner    nobody: no mark of a controller that would undo a direct patch
  way      direct: patch the template, watch until healthy, at most 1m30s
  changes  image web:2.0-crash → 1.0
  checks   [..] passed
rolled back: daemonset/web runs the template of revision 1 (web:1.0)
  proof    3 of 3 pods updated and 3 available, 3 in all, [..]
  checks   [..] passed
  forward  to go forward again: rb undo daemonset/web --to-revision=[..] -n ds-crash-[..] --context testbed

"]]
    );
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 4);
    assert!(deletions(&proxy).is_empty());
    set.assert_live("1.0");
    set.assert_all_run("1.0", 3);
}

fn everything_is_recorded(bed: &TestBed) {
    let set = Set::daemon(bed, "ds-record", &["1.0", "2.0"], &Value::Null);
    let report = set.rb("undo WEB --yes -o json --reason=latency").ends_with(0).json();
    let steps: Vec<_> =
        report["written"].as_array().into_iter().flatten().map(|step| &step["step"]).collect();
    assert_eq!(steps, ["patch", "ownership", "event", "stamp"]);
    let record = set.record();
    assert_eq!(record["undos"][0]["reason"], "latency");
    assert_eq!(record["undos"][0]["from"]["hash"], set.hash("2.0").as_str());
    let verdict = &record["verdicts"][0];
    assert_eq!(verdict["uid"], set.revision("1.0")["metadata"]["uid"]);
    let events = set.namespace.list("event", "");
    let event = events.iter().find(|event| event["reason"] == "RolledBack").expect("an Event");
    assert_eq!(event["involvedObject"]["kind"], "DaemonSet");
}

fn an_undo_goes_further_back_and_never_flips(bed: &TestBed) {
    let set = Set::daemon(bed, "ds-twice", &["1.0", "2.0", "3.0"], &Value::Null);
    set.rb("undo WEB --yes").ends_with(0);
    set.rb("undo WEB --yes").ends_with(0).says("nothing to do: already rolled back by tester");
    set.assert_live("2.0");
    set.rb("undo WEB --yes --again").ends_with(0);
    set.assert_live("1.0");
    set.rb("undo WEB --yes --again").ends_with(4).says("has no eligible revision");
}

fn strategy(rolling: &Value) -> Value {
    json!({"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}})
}

fn many_at_once_go_back_too(bed: &TestBed) {
    let extra = strategy(&json!({"maxUnavailable": "100%"}));
    let set = Set::daemon(bed, "ds-max", &["1.0", "2.0-crash"], &extra);
    set.rb("undo WEB --yes").ends_with(0);
    set.assert_all_run("1.0", 3);
}

fn with_a_surge_it_goes_back_too(bed: &TestBed) {
    let extra = strategy(&json!({"maxSurge": 1, "maxUnavailable": 0}));
    let set = Set::daemon(bed, "ds-surge", &["1.0", "2.0-crash"], &extra);
    set.rb("undo WEB --yes").ends_with(0);
    set.namespace.wait_until("the surge is gone", |_| set.namespace.pods("web").len() == 3);
    set.assert_all_run("1.0", 3);
}

fn without_a_node_nothing_is_proven(bed: &TestBed) {
    let extra = json!({"spec": {"template": {"spec": {"nodeSelector": {"disk": "none"}}}}});
    let set = Set::daemon(bed, "ds-nowhere", &["1.0", "2.0"], &extra);
    set.rb("undo WEB --yes")
        .ends_with(0)
        .says("no node fits it: no pod will run, so nothing will be proven")
        .says("nothing ran and nothing is proven");
    set.assert_live("1.0");
    assert_eq!(set.record()["verdicts"], json!([]));
}

fn status_says_what_kubectl_says_and_why(bed: &TestBed) {
    let set = Set::daemon(bed, "ds-status", &["1.0"], &Value::Null);
    let ran = set.rb("status WEB").ends_with(0);
    says_what_kubectl_says(&set.namespace, "daemonset/web", &ran, &[]);
    set.release("2.0-hang");
    set.namespace.wait_until("one is missing", |_| {
        let status = &set.object()["status"];
        status["numberAvailable"] == 2 && status["updatedNumberScheduled"] == 1
    });
    let ran = set.rb("status WEB --watch=false").ends_with(7);
    says_what_kubectl_says(&set.namespace, "daemonset/web", &ran, &["--watch=false"]);
    set.rb("status WEB --timeout=1s").ends_with(5).says(", container app: NotReady");
    set.release("3.0-crash");
    set.rb("status WEB").ends_with(6).says(", container app: CrashLoopBackOff, exit code 1");
}

fn history_names_what_is_stored(bed: &TestBed) {
    let set = Set::daemon(bed, "ds-history", &["1.0", "2.0"], &Value::Null);
    let names = set.rb("history WEB -o name").ends_with(0).stdout;
    let expected = |tag| format!("controllerrevision.apps/web-{}", set.hash(tag));
    assert_eq!(names.lines().collect::<Vec<_>>(), [expected("1.0"), expected("2.0")]);
    let table = set.rb("history WEB").ends_with(0);
    assert!(table.stdout.lines().nth(2).is_some_and(|row| row.contains("3/3")), "{table}");
    let one = set.rb("history WEB --revision=1").ends_with(0).stdout;
    let changed: Vec<_> =
        one.lines().map(str::trim).filter(|line| line.starts_with(['-', '+'])).collect();
    // The order of members, which differs, is no difference.
    assert_eq!(
        changed.iter().filter(|line| !line.starts_with("- image: ")).collect::<Vec<_>>(),
        [
            &"-   - image: registry.test:5000/shop/web:2.0",
            &"+   - image: registry.test:5000/shop/web:1.0"
        ]
    );
}
