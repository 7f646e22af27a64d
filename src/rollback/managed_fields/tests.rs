use super::*;

const THEN: &str = "2026-03-01T10:00:00Z";
const NOW: &str = "2026-03-02T12:00:00Z";
const CAUSE: &str = "kubernetes.io/change-cause";

fn entry(manager: &str, operation: &str, at: &str, fields: &Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "time": at,
           "fieldsType": "FieldsV1", "fieldsV1": fields})
}

fn workload(entries: &[Value]) -> Value {
    json!({"metadata": {"uid": "u", "managedFields": entries},
           "spec": {"template": {"spec": "target"}}})
}

fn template_fields(fields: &Value) -> Value {
    json!({"f:spec": {"f:replicas": {}, "f:template": fields}})
}

/// What rb owns after an undo.
fn taken() -> Value {
    json!({
        "f:metadata": {"f:annotations": {".": {}, "f:kubectl-rb/record": {}, (format!("f:{CAUSE}")): {}}},
        "f:spec": {"f:template": {"f:spec": {"k:{\"name\":\"app\"}": {"f:image": {}, "f:env": {".": {}}}}}},
    })
}

fn own() -> Value {
    json!({"f:metadata": {"f:annotations": {".": {}, "f:kubectl-rb/record": {}}}})
}

fn owner_named(manager: &str, operation: &str) -> FieldOwner {
    FieldOwner {
        manager: manager.to_owned(),
        operation: operation.to_owned(),
        api_version: "apps/v1".to_owned(),
        subresource: None,
    }
}

fn cause(owner: Option<FieldOwner>) -> [GivenAnnotation; 1] {
    [GivenAnnotation { key: CAUSE.to_owned(), owner }]
}

/// The entries after the patch, which the API server would sort.
fn applied(workload: &Value, patch: &Value) -> Vec<Value> {
    let mut entries = workload["metadata"]["managedFields"].as_array().unwrap().clone();
    for operation in patch.as_array().unwrap() {
        let pointer = operation["path"].as_str().unwrap();
        let place = pointer.strip_prefix("/metadata/managedFields/");
        let index = place.and_then(|place| place.parse::<usize>().ok());
        match (operation["op"].as_str().unwrap(), index) {
            ("test", Some(index)) => assert_eq!(entries[index], operation["value"]),
            ("test", None) => assert_eq!(workload.pointer(pointer), Some(&operation["value"])),
            ("replace", Some(index)) => entries[index] = operation["value"].clone(),
            ("remove", Some(index)) => drop(entries.remove(index)),
            ("add", None) => entries.push(operation["value"].clone()),
            other => panic!("{other:?}"),
        }
    }
    entries
}

#[test]
fn who_declared_the_template_is_known() {
    let big =
        template_fields(&json!({"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:a": {}}}));
    let small = template_fields(&json!({"f:spec": {"f:a": {}}}));
    let none = json!({"f:spec": {"f:replicas": {}}});
    for (entries, expected) in [
        (vec![], None),
        (vec![entry("kubectl", "Apply", THEN, &none)], None),
        (vec![entry("rb", "Update", THEN, &big)], None),
        (
            vec![entry("a", "Update", THEN, &big), entry("b", "Apply", THEN, &small)],
            Some(("b", "Apply")),
        ),
        (
            vec![entry("a", "Apply", THEN, &small), entry("b", "Apply", THEN, &big)],
            Some(("b", "Apply")),
        ),
        (
            vec![entry("a", "Update", THEN, &big), entry("b", "Update", NOW, &small)],
            Some(("a", "Update")),
        ),
        (
            vec![entry("a", "Update", THEN, &small), entry("b", "Update", NOW, &small)],
            Some(("a", "Update")),
        ),
        (vec![json!("junk"), json!({"manager": 1, "fieldsV1": big})], None),
    ] {
        let expected = expected.map(|(manager, operation)| owner_named(manager, operation));
        assert_eq!(template_owner(&workload(&entries)), expected, "{entries:?}");
    }
}

#[test]
fn the_fields_go_where_they_were() {
    let before = template_fields(&json!({"f:spec": {"k:{\"name\":\"app\"}": {"f:name": {}}}}));
    let given_back = template_fields(&json!({"f:spec": {"k:{\"name\":\"app\"}": {
        "f:name": {}, "f:image": {}, "f:env": {".": {}}}}}));
    let annotated = json!({"f:metadata": {"f:annotations": {(format!("f:{CAUSE}")): {}}}});
    let mut both = given_back.clone();
    merge(&mut both, annotated.clone());
    let rb = |fields: &Value| entry("rb", "Update", NOW, fields);
    let apply = |at, fields: &Value| entry("kubectl", "Apply", at, fields);
    let kubectl = owner_named("kubectl", "Apply");
    let other = owner_named("kubectl-annotate", "Update");
    for (entries, annotations, expected) in [
        // To the same owner, with the time of the write; what is rb's own stays.
        (
            vec![apply(THEN, &before), rb(&taken())],
            cause(Some(kubectl.clone())),
            vec![apply(NOW, &both), rb(&own())],
        ),
        // The annotation was nobody's.
        (
            vec![apply(THEN, &before), rb(&taken())],
            cause(None),
            vec![apply(NOW, &given_back), rb(&own())],
        ),
        // It was somebody else's, and rb took the only field that they had.
        (
            vec![apply(THEN, &before), rb(&taken())],
            cause(Some(other.clone())),
            vec![
                apply(NOW, &given_back),
                rb(&own()),
                entry("kubectl-annotate", "Update", NOW, &annotated),
            ],
        ),
        // Nothing of rb's own is left: then rb is not there.
        (
            vec![
                rb(&json!({"f:spec": {"f:template": {"f:spec": {"k:{\"name\":\"app\"}": {
                    "f:image": {}, "f:env": {".": {}}}}}},
                    "f:metadata": {"f:annotations": {".": {}, (format!("f:{CAUSE}")): {}}}})),
                apply(THEN, &before),
            ],
            cause(None),
            vec![apply(NOW, &given_back)],
        ),
        // A later apply of something else is not made older.
        (
            vec![apply("2026-03-02T12:00:01Z", &before), rb(&taken())],
            cause(None),
            vec![apply("2026-03-02T12:00:01Z", &given_back), rb(&own())],
        ),
    ] {
        let workload = workload(&entries);
        let given = Given { template: &kubectl, others: &[], annotations: &annotations };
        let patch = give_back(&workload, given).expect("there is something to give back");
        assert_eq!(applied(&workload, &patch), expected, "{patch}");
    }
}

#[test]
fn what_needs_nothing_is_left_alone() {
    let kubectl = owner_named("kubectl", "Apply");
    let annotations = cause(None);
    let given = Given { template: &kubectl, others: &[], annotations: &annotations };
    let before = template_fields(&json!({"f:spec": {}}));
    for entries in [
        vec![],
        vec![entry("kubectl", "Apply", THEN, &before)],
        vec![entry("kubectl", "Apply", THEN, &before), entry("rb", "Update", NOW, &own())],
        // Another tool of that name, or rb on a subresource: not what an undo left.
        vec![entry("rb", "Apply", NOW, &taken())],
        vec![json!("junk"), json!({"manager": "rb", "operation": "Update", "fieldsV1": 1})],
    ] {
        assert_eq!(give_back(&workload(&entries), given), None, "{entries:?}");
    }
}

#[test]
fn what_rb_wrote_last_is_known_by_its_own_entry() {
    let entries = [
        entry("kubectl", "Apply", NOW, &template_fields(&json!({"f:spec": {}}))),
        entry("rb", "Update", THEN, &own()),
    ];
    assert_eq!(written_by_rb(&workload(&entries)), THEN.parse().ok());
    assert_eq!(written_by_rb(&json!({})), None);
}

#[test]
fn when_an_undo_was_carried_out_is_told_by_the_api_server() {
    let (planned, at) = ("2026-03-02T11:00:00Z", |time: &str| time.parse::<Timestamp>().unwrap());
    let later = "2026-03-02T12:09:00Z";
    let fields = template_fields(&json!({"f:spec": {}}));
    let kubectl = |time| entry("kubectl", "Apply", time, &fields);
    let rb = |time, fields| entry("rb", "Update", time, fields);
    for (entries, expected) in [
        (vec![], planned),
        (vec![kubectl(NOW)], planned),
        (vec![kubectl(THEN), rb(NOW, &taken())], NOW),
        (vec![kubectl(NOW), rb(NOW, &own())], NOW),
        // The verdict came later.
        (vec![kubectl(NOW), rb(later, &own())], NOW),
        // Somebody applied the same again.
        (vec![kubectl(later), rb(NOW, &own())], NOW),
        // Only fields were removed: nobody's entry tells of it but rb's.
        (vec![kubectl(THEN), rb(NOW, &own())], NOW),
        // This machine's clock runs ahead.
        (vec![kubectl(THEN), rb(THEN, &own())], planned),
    ] {
        let found = undone_at(&workload(&entries), at(planned));
        assert_eq!(found, at(expected), "{entries:?}");
    }
}

#[test]
fn what_somebody_else_had_does_not_go_to_who_applies() {
    let app = |fields: &Value| json!({"f:spec": {"k:{\"name\":\"app\"}": fields}});
    let kubectl = owner_named("kubectl", "Apply");
    let set = owner_named("kubectl-set", "Update");
    // Both have the name; only one has the image, and the variables are nobody's.
    let applied_by_kubectl = template_fields(&app(&json!({".": {}, "f:name": {}})));
    let set_by_other = template_fields(&app(&json!({"f:name": {}, "f:image": {}})));
    let before = workload(&[
        entry("kubectl", "Apply", THEN, &applied_by_kubectl),
        entry("kubectl-set", "Update", THEN, &set_by_other),
        entry("rb", "Update", THEN, &template_fields(&app(&json!({"f:image": {}})))),
    ]);
    let others = other_owners(&before, &kubectl);
    let expected = OwnedFields { owner: set, fields: app(&json!({"f:image": {}})) };
    assert_eq!(others, [expected]);

    let name = json!({"f:spec": {"f:replicas": {}}});
    let after = workload(&[
        entry("kubectl", "Apply", THEN, &applied_by_kubectl),
        entry("kubectl-set", "Update", THEN, &name),
        entry("rb", "Update", NOW, &taken()),
    ]);
    let annotations = cause(None);
    let given = Given { template: &kubectl, others: &others, annotations: &annotations };
    let patch = give_back(&after, given).expect("there is something to give back");
    let with_variables = json!({".": {}, "f:name": {}, "f:env": {".": {}}});
    let expected = [
        entry("kubectl", "Apply", NOW, &template_fields(&app(&with_variables))),
        entry("kubectl-set", "Update", NOW, &template_fields(&app(&json!({"f:image": {}})))),
        entry("rb", "Update", NOW, &own()),
    ];
    assert_eq!(applied(&after, &patch), expected);

    // Everything was somebody's: who applies gets nothing.
    let image_only = json!({"f:spec": {"f:template": app(&json!({"f:image": {}}))}});
    let after = workload(&[
        entry("kubectl", "Apply", THEN, &applied_by_kubectl),
        entry("rb", "Update", NOW, &image_only),
    ]);
    let patch = give_back(&after, given).expect("there is something to give back");
    let expected = [
        entry("kubectl", "Apply", THEN, &applied_by_kubectl),
        entry("kubectl-set", "Update", NOW, &image_only),
    ];
    assert_eq!(applied(&after, &patch), expected);
}

/// Flux corrects a drift of a Helm release by a patch, under the name under which it applies.
#[test]
fn what_the_one_who_applies_has_patched_is_his() {
    let fields = |fields: &Value| template_fields(&json!({"f:spec": fields}));
    let before = workload(&[
        entry("helm-controller", "Apply", THEN, &fields(&json!({"f:a": {}}))),
        entry("helm-controller", "Update", THEN, &fields(&json!({"f:b": {}}))),
    ]);
    let helm = template_owner(&before).expect("an owner");
    assert!(helm.applies());
    assert_eq!(other_owners(&before, &helm), []);
    // Who only updates goes by no manifest.
    let kubectl = owner_named("kubectl", "Update");
    assert_eq!(other_owners(&before, &kubectl).len(), 2);
}

/// What the API server fills in is nobody's, if the owner applies.
#[test]
fn what_nobody_declares_goes_to_nobody() {
    let spec = |fields: Value| json!({"f:spec": {"f:template": {"f:spec": fields}}});
    let both = json!({"f:dnsPolicy": {}, "f:hostNetwork": {}});
    for (operation, owned, given) in [
        ("Apply", both.clone(), json!({"f:hostNetwork": {}})),
        ("Update", both.clone(), both),
        ("Apply", json!({"f:dnsPolicy": {}}), json!({})),
    ] {
        let mut after = workload(&[entry("rb", "Update", NOW, &spec(owned))]);
        after["spec"]["template"] =
            json!({"spec": {"dnsPolicy": "ClusterFirst", "hostNetwork": true}});
        let owner = owner_named("kubectl", operation);
        let to = Given { template: &owner, others: &[], annotations: &[] };
        let patch = give_back(&after, to).expect("there is something to give back");
        let expected: Vec<Value> = if given == json!({}) {
            Vec::new()
        } else {
            vec![entry("kubectl", operation, NOW, &spec(given))]
        };
        assert_eq!(applied(&after, &patch), expected);
    }
}
