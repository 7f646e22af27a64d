//! The API server itself goes and comes back while `rb` waits. It has a test bed of its own: others
//! would notice.

use serde_json::json;

use crate::rb::Rb;
use crate::scene::{assert_live, image, live, record, releases_with};
use crate::testbed::TestBed;

pub(super) fn a_restart_of_the_api_server_is_survived(_shared: &TestBed) {
    let bed = TestBed::start().expect("a second test bed");
    let namespace = bed.namespace("restart");
    // What waits for this cannot have ended before the API server is gone.
    let extra = json!({"spec": {"minReadySeconds": 20}});
    releases_with(&namespace, 1, &["1.0-slow", "2.0-slow"], &extra);
    let undo =
        Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes --timeout=120s -o json");
    let mut undo = undo.spawn();
    namespace.wait_until("it is written", |namespace| live(namespace) == image("1.0-slow"));
    bed.stop_api_server().expect("it ends");
    assert!(!undo.has_ended());
    bed.start_api_server().expect("it comes back");
    let report = undo.wait().ends_with(0).json();
    assert_eq!(report["result"], "rolledBack", "{report:#}");
    // kubectl sees the same.
    let rollout = ["rollout", "status", "deployment/web", "--watch=false"];
    assert!(namespace.kubectl_ok(&rollout).contains("successfully rolled out"));
    assert_live(&namespace, "1.0-slow");
    let record = record(&namespace);
    assert_eq!(record["undos"].as_array().map(Vec::len), Some(1), "{record}");
    assert_eq!(record["verdicts"][0]["verdict"], "verified", "{record}");
}
