use serde_json::json;

use super::*;
use crate::probe::fixture::{Shop, verdict};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Skipped, Unknown};

const IMAGE: &str = "/spec/template/spec/containers/0/image";

#[test]
fn the_template_has_to_mean_the_same() {
    for (what, edits, expected) in [
        ("the same", json!({}), (Pass, "")),
        (
            "the label of the controller",
            json!({"/spec/template/metadata/labels/pod-template-hash": "x"}),
            (Pass, ""),
        ),
        (
            "a field that is filled in",
            json!({"/spec/template/spec/dnsPolicy": null, "/spec/template/spec/volumes": null}),
            (Pass, ""),
        ),
        (
            "another image",
            json!({IMAGE: "registry.test:5000/shop/web:1.1"}),
            (Fail, "OtherTemplate"),
        ),
        (
            "another grace period",
            json!({"/spec/template/spec/terminationGracePeriodSeconds": 5}),
            (Fail, "OtherTemplate"),
        ),
        (
            "a restart",
            json!({"/spec/template/metadata/annotations":
                {"kubectl.kubernetes.io/restartedAt": "2026-11-25T21:04:00Z"}}),
            (Unknown, "Restarted"),
        ),
        ("no template", json!({"/spec/template": null}), (Unknown, "NoTemplate")),
    ] {
        let finding = Shop::web().workload(&edits).alone(&RolloutTarget);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
}

#[test]
fn the_difference_is_told_without_values_of_variables() {
    let edits = json!({
        IMAGE: "registry.test:5000/shop/web:1.1",
        "/spec/template/spec/containers/0/env": [{"name": "PASSWORD", "value": "s3cret"}],
        "/metadata/managedFields": [{"manager": "helm", "time": "2026-11-25T21:04:00Z",
            "fieldsV1": {"f:spec": {"f:template": {}}}}],
    });
    let finding = Shop::web().workload(&edits).alone(&RolloutTarget);
    assert_eq!(
        finding.message,
        "another template than that of revision 41 is live, last written by helm"
    );
    assert_eq!(finding.evidence, ["image web:1.0 -> 1.1", "env PASSWORD added"]);
    assert!(finding.is_final);
    assert_eq!(finding.hint.as_deref(), Some("rb history deployment/web -n shop --context c"));
}

#[test]
fn whatever_is_live_is_the_target_where_none_is_named() {
    let mut shop = Shop::web();
    shop.expected.template = None;
    assert_eq!(verdict(&shop.alone(&RolloutTarget)), (Skipped, ""));
}
