//! What the old template reads, and what has been written to it since.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::look;
use crate::given::release;
use crate::scene::{replica_set, text};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        what_changed_since_it_ran_is_told_by_keys,
        a_secret_is_told_of_by_names_alone,
        hashed_names_are_compared_by_keys,
    ]
}

fn reading(volumes: &Value) -> Value {
    json!({"spec": {"template": {"spec": {"volumes": volumes}}}})
}

/// Two releases without pods that read the same.
#[track_caller]
fn both_read(namespace: &Namespace, volumes: &Value) {
    release(namespace, 1, 0, "1.0", &reading(volumes));
    release(namespace, 2, 0, "2.0", &reading(volumes));
}

/// Patches an object until its time of writing is after the old release: times are whole seconds.
#[track_caller]
fn write_later(namespace: &Namespace, kind: &str, name: &str, member: &str) {
    let time = |text: &str| text.parse::<Timestamp>().expect("a time");
    let old = replica_set(namespace, "1.0");
    let old = time(text(&old, "/metadata/creationTimestamp"));
    let mut round = 0;
    namespace.wait_until("it is written in a later second", |namespace| {
        round += 1;
        let patch = json!({member: {"LIMIT": round.to_string()}}).to_string();
        let object = format!("{kind}/{name}");
        let words = ["patch", &object, "--type=merge", "--field-manager=carol", "-p", &patch];
        namespace.kubectl_ok(&words);
        let object = namespace.get(kind, name);
        let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        entries.iter().any(|entry| entry["manager"] == "carol" && time(text(entry, "/time")) > old)
    });
}

fn what_changed_since_it_ran_is_told_by_keys(bed: &TestBed) {
    let namespace = bed.namespace("config");
    let create = ["create", "configmap", "settings", "--from-literal=LIMIT=1"];
    namespace.kubectl_ok(&create);
    both_read(&namespace, &json!([{"name": "config", "configMap": {"name": "settings"}}]));
    let checked = look(&namespace, "").goes_on();
    checked.says("config.changed", "pass", "1 object that it reads did not change");
    write_later(&namespace, "configmap", "settings", "data");
    let checked = look(&namespace, "").goes_on();
    let said = "changed since revision 1 ran: ConfigMap settings ";
    let check = checked.says("config.changed", "warn", said);
    checked.says("config.changed", "warn", "ago by carol (LIMIT)");
    let hint = check["hint"].as_str().expect("a hint");
    let shown = crate::scene::paste(bed, &namespace, hint);
    assert!(shown.contains("manager: carol"), "{shown}");
}

fn a_secret_is_told_of_by_names_alone(bed: &TestBed) {
    let namespace = bed.namespace("config-secret");
    let create = ["create", "secret", "generic", "db", "--from-literal=LIMIT=hunter2"];
    namespace.kubectl_ok(&create);
    both_read(&namespace, &json!([{"name": "keys", "secret": {"secretName": "db"}}]));
    write_later(&namespace, "secret", "db", "stringData");
    let checked = look(&namespace, "").goes_on();
    let check = checked.says("config.changed", "warn", "Secret db ");
    checked.says("config.changed", "warn", "ago by carol (LIMIT)");
    let shown = crate::scene::paste(bed, &namespace, check["hint"].as_str().expect("a hint"));
    assert!(shown.contains("LIMIT") && !shown.contains("hunter2"), "{shown}");
}

fn hashed_names_are_compared_by_keys(bed: &TestBed) {
    let namespace = bed.namespace("config-hash");
    for (name, keys) in [
        ("settings-a1", ["--from-literal=LIMIT=1", "--from-literal=OLD=hunter2"]),
        ("settings-b2", ["--from-literal=LIMIT=2", "--from-literal=NEW=hunter2"]),
    ] {
        namespace.kubectl_ok(&["create", "configmap", name, keys[0], keys[1]]);
    }
    let volume = |name: &str| json!([{"name": "config", "configMap": {"name": name}}]);
    release(&namespace, 1, 0, "1.0", &reading(&volume("settings-a1")));
    release(&namespace, 2, 0, "2.0", &reading(&volume("settings-b2")));
    let checked = look(&namespace, "").goes_on();
    let told =
        "ConfigMap settings-a1 in the place of settings-b2: changed LIMIT, back OLD, gone NEW";
    checked.says("config.changed", "pass", told);
    assert!(!checked.ran.stdout.contains("hunter2"), "{checked}");
    namespace.kubectl_ok(&["delete", "configmap", "settings-a1"]);
    let checked = look(&namespace, "").blocked_by(&["refs"]);
    checked.says("refs", "fail", "ConfigMap settings-a1 (volume config)");
}
