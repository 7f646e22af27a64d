use super::*;
use crate::rollback::model::ownership::Automation;
use serde_json::json;

/// A Monday.
const NOW: &str = "2026-03-02T12:30:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn application() -> Value {
    json!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {"destination": {"server": "https://kubernetes.default.svc", "namespace": "prod"}},
    })
}

fn applied(windows: &Value, syncs: bool) -> Owner {
    let mut owner = Owner {
        would: "it heals".to_owned(),
        within: Some(1),
        automation: Some(Automation { syncs, ..Automation::default() }),
        ..Owner::default()
    };
    let project = json!({"spec": {"syncWindows": windows}});
    apply(&mut owner, &application(), &project, time(NOW));
    owner
}

#[test]
fn a_window_is_open_for_its_duration_from_its_start() {
    let day = |schedule: &str, duration: &str, zone: &str| json!({"schedule": schedule, "duration": duration, "timeZone": zone});
    for (window, expected) in [
        (day("0 12 * * *", "1h", ""), Some(Times::Open(time("2026-03-02T13:00:00Z")))),
        (day("0 12 * * *", "30m", ""), Some(Times::Closed(time("2026-03-03T12:00:00Z")))),
        (day("0 12 * * *", "31m", ""), Some(Times::Open(time("2026-03-02T12:31:00Z")))),
        (day("0 13 * * *", "1h", ""), Some(Times::Closed(time("2026-03-02T13:00:00Z")))),
        (day("0 22 * * *", "15h", ""), Some(Times::Open(time("2026-03-02T13:00:00Z")))),
        (day("0 0 * * 0", "48h", ""), Some(Times::Open(time("2026-03-03T00:00:00Z")))),
        (day("0 0 * * MON", "12h30m1s", ""), Some(Times::Open(time("2026-03-02T12:30:01Z")))),
        (day("0 0 1 * *", "24h", ""), Some(Times::Closed(time("2026-04-01T00:00:00Z")))),
        // Either day will do where both are given.
        (day("0 0 1 * 1", "24h", ""), Some(Times::Open(time("2026-03-03T00:00:00Z")))),
        // 12:30 UTC is 21:30 in Tokyo.
        (day("0 21 * * *", "1h", "Asia/Tokyo"), Some(Times::Open(time("2026-03-02T13:00:00Z")))),
        (day("0 12 * * *", "1h", "Asia/Tokyo"), Some(Times::Closed(time("2026-03-03T03:00:00Z")))),
        (day("? ? ? ? ?", "1m", "UTC"), Some(Times::Closed(time("2026-03-02T12:31:00Z")))),
        // What is not understood.
        (day("0 12 * *", "1h", ""), None),
        (day("0 12 * * * *", "1h", ""), None),
        (day("@daily", "1h", ""), None),
        (day("0 12 * * * Asia/Tokyo", "1h", ""), None),
        (day("CRON_TZ=Asia/Tokyo 0 12 * *", "1h", ""), None),
        (day("99 12 * * *", "1h", ""), None),
        (day("0 12 * * é", "1h", ""), None),
        (day("0 0 30 2 *", "1h", ""), None),
        (day("0 12 * * *", "an hour", ""), None),
        (day("0 12 * * *", "", ""), None),
        (day("0 12 * * *", "1h", "Nowhere/Land"), None),
        (day("", "", ""), None),
        (json!([]), None),
        (json!({"schedule": 7, "duration": {}}), None),
    ] {
        assert_eq!(times(&window, time(NOW)), expected, "{window}");
    }
}

#[test]
fn a_window_is_for_whom_it_names() {
    for (window, is_meant) in [
        (json!({"applications": ["web"]}), true),
        (json!({"applications": ["api", "w*"]}), true),
        (json!({"applications": ["api"]}), false),
        (json!({"namespaces": ["prod*"]}), true),
        (json!({"clusters": ["https://*"]}), true),
        (json!({"clusters": ["in-cluster"]}), false),
        (json!({"applications": ["api"], "namespaces": ["prod"]}), true),
        (json!({"applications": ["api"], "namespaces": ["prod"], "andOperator": true}), false),
        (json!({"applications": ["web"], "namespaces": ["prod"], "andOperator": true}), true),
        (json!({"andOperator": true}), false),
        (json!({}), false),
        (json!({"applications": "*", "namespaces": {}}), false),
        (json!("*"), false),
    ] {
        assert_eq!(is_for(&window, &application()), is_meant, "{window}");
    }
}

#[test]
fn a_window_holds_up_what_the_application_would_do() {
    let window = |kind: &str, schedule: &str, hands: bool| {
        json!({"kind": kind, "schedule": schedule, "duration": "1h", "applications": ["*"],
            "manualSync": hands})
    };
    let (now, later) = ("0 12 * * *", "0 14 * * *");
    let free = ("it heals", Some(1));
    let blocked = "it heals, but not while its sync windows forbid it";
    for (windows, (would, within), note) in [
        (json!([]), free, ""),
        (json!([window("deny", later, false)]), free, "there is a deny window"),
        (
            json!([window("deny", now, false)]),
            (blocked, Some(1_800 + 1 + 180)),
            "may not sync at all until 2026-03-02T13:00:00Z: deny window \"0 12 * * *\" for 1h in UTC \
             is open",
        ),
        (
            json!([window("deny", now, true)]),
            (blocked, Some(1_981)),
            "may not sync by itself, only by hand, until 2026-03-02T13:00:00Z",
        ),
        (
            json!([window("deny", now, true), window("deny", now, false)]),
            (blocked, Some(1_981)),
            "at all",
        ),
        (json!([window("allow", now, false)]), free, "lets it sync now"),
        (
            json!([window("allow", later, false)]),
            (blocked, Some(5_400 + 181)),
            "may not sync at all until 2026-03-02T14:00:00Z: allow window \"0 14 * * *\" for 1h in UTC \
             is closed",
        ),
        (json!([window("allow", later, true)]), (blocked, Some(5_581)), "only by hand"),
        // An open one that denies is stronger than one that allows.
        (
            json!([window("allow", now, false), window("deny", now, false)]),
            (blocked, Some(1_981)),
            "deny",
        ),
        (
            json!([window("allow", now, false), window("allow", later, false)]),
            free,
            "are 2 sync windows",
        ),
        (
            json!([{"kind": "deny", "schedule": "soon", "duration": "1h", "applications": ["*"]}]),
            free,
            "cannot be told: deny window \"soon\" for 1h in UTC is not understood",
        ),
        (json!([{"kind": "deny", "applications": ["other"]}]), free, ""),
        (json!({}), free, ""),
        (json!(["x", 7, null]), free, ""),
    ] {
        let owner = applied(&windows, true);
        assert_eq!((owner.would.as_str(), owner.within), (would, within), "{windows}");
        let notes = owner.notes.join("\n");
        assert!(notes.contains(note) && note.is_empty() == notes.is_empty(), "{windows}: {notes}");
    }
}

#[test]
fn what_nobody_does_by_itself_is_not_held_up() {
    let windows = json!([{"kind": "deny", "schedule": "* * * * *", "duration": "1h",
        "namespaces": ["prod"]}]);
    let owner = applied(&windows, false);
    assert_eq!((owner.would.as_str(), owner.within), ("it heals", Some(1)));
    assert!(owner.notes.join("").contains("may not sync at all until"), "{:?}", owner.notes);
}
