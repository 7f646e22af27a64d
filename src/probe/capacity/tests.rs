use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{Shop, edit, forbidden, verdict};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Unknown, Warn};

fn hpa(edits: &Value) -> Value {
    let mut hpa = json!({"metadata": {"name": "web"}, "spec": {
        "maxReplicas": 5, "minReplicas": 2,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
        "status": {"conditions": [
            {"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale"},
            {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"}]}});
    edit(&mut hpa, edits);
    hpa
}

fn active(status: &str, reason: &str) -> Value {
    json!({"/status/conditions/1": {"type": "ScalingActive", "status": status, "reason": reason,
        "message": "unable to get metrics for resource cpu"}})
}

fn pdb(edits: &Value) -> Value {
    let mut pdb = json!({"metadata": {"name": "web", "generation": 1},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"currentHealthy": 2, "desiredHealthy": 2, "observedGeneration": 1}});
    edit(&mut pdb, edits);
    pdb
}

fn judge(shop: &Shop, hpas: &[Value], pdbs: &[Value]) -> Finding {
    let [autoscalers, budgets] = Capacity.asks(&shop.scene()).try_into().unwrap();
    let list = |items: &[Value]| Some(json!({"metadata": {}, "items": items}));
    let facts = Facts::of([(autoscalers, list(hpas)), (budgets, list(pdbs))]);
    shop.judge(&Capacity, &facts)
}

#[test]
fn as_many_pods_as_before_are_wanted() {
    let before = |count: i64| {
        let mut shop = Shop::web();
        shop.expected.replicas_before = Some(count);
        shop
    };
    for (what, shop, hpas, expected) in [
        ("nobody knows what was before", Shop::web(), vec![], (Pass, "")),
        ("as many", before(2), vec![], (Pass, "")),
        ("more", before(1), vec![], (Pass, "")),
        ("fewer", before(3), vec![], (Fail, "FewerReplicas")),
        ("none", before(3).scaled_to_0(), vec![], (Fail, "FewerReplicas")),
        (
            "fewer, as its autoscaler wants",
            before(3),
            vec![hpa(&json!({}))],
            (Warn, "FewerReplicas"),
        ),
    ] {
        let finding = judge(&shop, &hpas, &[]);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
    let finding = judge(&before(3), &[], &[]);
    assert_eq!(
        finding.hint.as_deref(),
        Some("kubectl scale deployment/web --replicas=3 -n shop --context c")
    );
}

#[test]
fn an_autoscaler_works_and_gets_its_minimum() {
    for (what, edits, expected) in [
        ("it works", json!({}), (Pass, "")),
        ("its minimum", json!({"/spec/minReplicas": 3}), (Fail, "BelowMinimum")),
        ("no minimum is 1", json!({"/spec/minReplicas": null}), (Pass, "")),
        ("no metrics", active("False", "FailedGetResourceMetric"), (Fail, "ScalingInactive")),
        ("scaled to 0", active("False", "ScalingDisabled"), (Warn, "ScalingDisabled")),
        ("it does not know", active("Unknown", "x"), (Unknown, "ScalingUnknown")),
        ("it is new", json!({"/status/conditions": null}), (Unknown, "ScalingUnknown")),
        (
            "of another workload",
            json!({"/spec/scaleTargetRef/name": "db", "/spec/minReplicas": 9}),
            (Pass, ""),
        ),
        (
            "of another kind",
            json!({"/spec/scaleTargetRef/kind": "StatefulSet", "/spec/minReplicas": 9}),
            (Pass, ""),
        ),
    ] {
        let finding = judge(&Shop::web(), &[hpa(&edits)], &[]);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
}

#[test]
fn a_budget_has_the_pods_that_it_wants() {
    for (what, edits, expected) in [
        ("enough", json!({}), (Pass, "")),
        ("too few", json!({"/status/currentHealthy": 1}), (Fail, "BudgetShort")),
        (
            "all pods are covered",
            json!({"/spec/selector": {}, "/status/currentHealthy": 1}),
            (Fail, "BudgetShort"),
        ),
        (
            "no pods are covered",
            json!({"/spec/selector": null, "/status/currentHealthy": 1}),
            (Pass, ""),
        ),
        (
            "other pods",
            json!({"/spec/selector/matchLabels/app": "db", "/status/currentHealthy": 1}),
            (Pass, ""),
        ),
        ("not counted yet", json!({"/status": null}), (Unknown, "BudgetUnknown")),
        ("changed since", json!({"/metadata/generation": 2}), (Unknown, "BudgetUnknown")),
    ] {
        let finding = judge(&Shop::web(), &[], &[pdb(&edits)]);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
}

#[test]
fn the_worst_is_told_and_the_rest_is_evidence() {
    let inactive = hpa(&active("False", "FailedGetResourceMetric"));
    let finding = judge(&Shop::web(), &[inactive], &[pdb(&json!({}))]);
    assert_eq!(finding.message, "HPA web cannot scale: FailedGetResourceMetric");
    assert_eq!(
        finding.evidence,
        [
            "unable to get metrics for resource cpu",
            "2 pods wanted",
            "PDB web: 2 healthy pods, 2 wanted"
        ]
    );
}

#[test]
fn what_cannot_be_read_is_unknown_and_what_is_known_is_told() {
    let shop = Shop::web();
    let [autoscalers, budgets] = Capacity.asks(&shop.scene()).try_into().unwrap();
    let error = || forbidden("list horizontalpodautoscalers.autoscaling");
    let list = |items: Value| Some(json!({"metadata": {}, "items": items}));
    let facts = Facts::of([(budgets.clone(), list(json!([])))]);
    let facts = facts.with_error(autoscalers.clone(), error());
    assert_eq!(verdict(&shop.judge(&Capacity, &facts)), (Unknown, "Forbidden"));
    let short = list(json!([pdb(&json!({"/status/currentHealthy": 1}))]));
    let facts = Facts::of([(budgets.clone(), short)]).with_error(autoscalers.clone(), error());
    assert_eq!(verdict(&shop.judge(&Capacity, &facts)), (Fail, "BudgetShort"));
    let cut = Some(json!({"metadata": {"continue": "next"}, "items": []}));
    let facts = Facts::of([(autoscalers, cut), (budgets, list(json!([])))]);
    assert_eq!(verdict(&shop.judge(&Capacity, &facts)), (Unknown, "TooMany"));
}
