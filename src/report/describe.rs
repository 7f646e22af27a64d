//! A pod and its Events as text, for people who look at it after it is gone.

use serde_json::Value;

use crate::text::sanitize;

/// A pod as `kubectl describe` tells of it, as far as it says why the pod does not run.
#[must_use]
pub fn pod(pod: &Value, events: &[Value]) -> String {
    let mut lines = vec![
        field("Name", text(pod, "/metadata/name")),
        field("Namespace", text(pod, "/metadata/namespace")),
        field("Node", text(pod, "/spec/nodeName")),
        field("Created", text(pod, "/metadata/creationTimestamp")),
        field("Phase", text(pod, "/status/phase")),
    ];
    for (label, pointer) in [("Reason", "/status/reason"), ("Message", "/status/message")] {
        if !text(pod, pointer).is_empty() {
            lines.push(field(label, text(pod, pointer)));
        }
    }
    lines.push("Conditions:".to_owned());
    for condition in list(pod, "/status/conditions") {
        let (kind, status) = (text(condition, "/type"), text(condition, "/status"));
        let why = [text(condition, "/reason"), text(condition, "/message")].join(" ");
        lines.push(format!("  {kind:<26} {status:<8} {}", why.trim()));
    }
    for (title, spec, status) in [
        ("Init containers:", "/spec/initContainers", "/status/initContainerStatuses"),
        ("Containers:", "/spec/containers", "/status/containerStatuses"),
    ] {
        let containers = list(pod, spec);
        if !containers.is_empty() {
            lines.push(title.to_owned());
        }
        for container in containers {
            let name = text(container, "/name");
            let status = list(pod, status).iter().find(|status| text(status, "/name") == name);
            lines.extend(described(container, status));
        }
    }
    lines.push("Events:".to_owned());
    let uid = text(pod, "/metadata/uid");
    let own = events.iter().filter(|event| text(event, "/involvedObject/uid") == uid);
    lines.extend(own.map(|event| format!("  {}", event_line(event))));
    shown(lines)
}

/// All Events, the oldest first, one a line.
#[must_use]
pub fn events(events: &[Value]) -> String {
    let mut events: Vec<&Value> = events.iter().collect();
    events.sort_by_key(|event| last_seen(event).to_owned());
    shown(events.into_iter().map(|event| {
        let (kind, name) =
            (text(event, "/involvedObject/kind"), text(event, "/involvedObject/name"));
        format!("{} {}/{name}: {}", last_seen(event), kind.to_lowercase(), event_line(event))
    }))
}

fn described(container: &Value, status: Option<&Value>) -> Vec<String> {
    let mut lines = vec![
        format!("  {}:", text(container, "/name")),
        format!("    image     {}", text(container, "/image")),
    ];
    let Some(status) = status else { return lines };
    lines.push(format!("    image id  {}", text(status, "/imageID")));
    let number = |member: &str| status.get(member).and_then(Value::as_i64).unwrap_or_default();
    let is_ready = status.get("ready").and_then(Value::as_bool).unwrap_or_default();
    lines.push(format!("    ready     {is_ready}, {} restarts", number("restartCount")));
    for (label, member) in [("state", "state"), ("last", "lastState")] {
        for (word, state) in status.get(member).and_then(Value::as_object).into_iter().flatten() {
            let code = state.get("exitCode").and_then(Value::as_i64);
            let code = code.map(|code| format!(", exit code {code}")).unwrap_or_default();
            let when = text(state, "/finishedAt");
            let when = if when.is_empty() { text(state, "/startedAt") } else { when };
            lines.push(format!(
                "    {label:<9} {word}: {}{code} {when} {}",
                text(state, "/reason"),
                text(state, "/message")
            ));
        }
    }
    lines
}

fn event_line(event: &Value) -> String {
    let count = event.get("count").and_then(Value::as_i64).unwrap_or(1);
    let (kind, reason) = (text(event, "/type"), text(event, "/reason"));
    format!("{kind} {reason} (x{count}): {}", text(event, "/message"))
}

fn last_seen(event: &Value) -> &str {
    let times = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime"];
    times.iter().map(|time| text(event, time)).find(|time| !time.is_empty()).unwrap_or_default()
}

fn field(label: &str, value: &str) -> String {
    format!("{label:<11}{value}")
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Whoever looks at it with `cat` is not to be steered by what a container said.
fn shown(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| format!("{}\n", sanitize(line.trim_end()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;

    #[test]
    fn a_crashing_pod_is_described_with_its_last_words() {
        let crashing = json!({
            "metadata": {"name": "web-1", "namespace": "shop", "uid": "u"},
            "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "web:2"}]},
            "status": {"phase": "Running",
                "conditions": [{"type": "Ready", "status": "False", "reason": "NotReady"}],
                "containerStatuses": [{"name": "app", "ready": false, "restartCount": 3,
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
                    "lastState": {"terminated": {"reason": "Error", "exitCode": 1,
                        "finishedAt": "2026-01-01T00:00:00Z", "message": "\u{1b}[31mFATAL"}}}]},
        });
        let events = [
            json!({"type": "Warning", "reason": "BackOff", "message": "again", "count": 4,
                "involvedObject": {"uid": "u"}}),
            json!({"reason": "OfAnother", "involvedObject": {"uid": "v"}}),
        ];
        let text = pod(&crashing, &events);
        for part in [
            "Name       web-1\n",
            "    ready     false, 3 restarts\n",
            "    state     waiting: CrashLoopBackOff  back-off\n",
            "    last      terminated: Error, exit code 1 2026-01-01T00:00:00Z \\x1b[31mFATAL\n",
            "  Warning BackOff (x4): again\n",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        assert!(!text.contains("OfAnother"));
    }
}
