//! What an Application is without its long lists: one with thousands of objects has a status of a
//! megabyte, which is kept several times and comes again with each change.

use serde_json::Value;

use super::fields::text;

/// What it lists of what it has compared, and of what it has applied.
const LISTS: [&str; 2] = ["/status/resources", "/status/operationState/syncResult/resources"];
/// Entries of a list that are kept; people are told of fewer.
const FEW: usize = 50;

/// Takes out of it the entries of objects that are as they should be.
pub(super) fn lighten(application: &mut Value) {
    for list in LISTS {
        if let Some(Value::Array(entries)) = application.pointer_mut(list) {
            entries.retain(counts);
            entries.truncate(FEW);
            entries.shrink_to_fit();
        }
    }
}

/// A copy without them.
pub(super) fn light(application: &Value) -> Value {
    without(application, &LISTS)
}

/// Puts the entry of an object back that somebody asks about, as it should be or not.
pub(super) fn keep(light: &mut Value, entry: Option<&Value>) {
    let Some(entry) = entry else { return };
    if let Some(Value::Array(entries)) = light.pointer_mut("/status/resources")
        && !entries.contains(entry)
    {
        entries.push(entry.clone());
    }
}

/// A copy in which the lists at these places have but few entries: the whole is never copied.
fn without(value: &Value, lists: &[&str]) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let copy = |(name, value): (&String, &Value)| {
        let below = |list: &&str| {
            list.strip_prefix('/')
                .and_then(|list| list.strip_prefix(name.as_str()))
                .filter(|rest| rest.is_empty() || rest.starts_with('/'))
                .map(str::to_owned)
        };
        let below: Vec<String> = lists.iter().filter_map(below).collect();
        let copied = match value {
            Value::Array(entries) if below.iter().any(String::is_empty) => {
                entries.iter().filter(|entry| counts(entry)).take(FEW).cloned().collect()
            }
            _ if below.is_empty() => value.clone(),
            _ => without(value, &below.iter().map(String::as_str).collect::<Vec<_>>()),
        };
        (name.clone(), copied)
    };
    Value::Object(members.iter().map(copy).collect())
}

/// Whether an entry says something that its Application does not say as a whole, or is of a hook.
fn counts(entry: &Value) -> bool {
    text(entry, "/status") != "Synced"
        || entry.get("hookType").is_some()
        || ["Failed", "Error"].contains(&text(entry, "/hookPhase"))
        || entry.get("requiresPruning").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn application(entries: usize) -> Value {
        let entry =
            |number| json!({"kind": "ConfigMap", "name": format!("{number}"), "status": "Synced"});
        let mut all: Vec<Value> = (0..entries).map(entry).collect();
        all.push(json!({"kind": "Deployment", "name": "web", "status": "OutOfSync"}));
        let mut applied: Vec<Value> = (0..entries).map(entry).collect();
        applied
            .push(json!({"kind": "Job", "name": "up", "status": "Synced", "hookPhase": "Failed"}));
        json!({
            "metadata": {"name": "web"},
            "status": {
                "sync": {"revision": "abc"},
                "resources": all,
                "operationState": {"phase": "Failed", "syncResult": {"resources": applied}},
            },
        })
    }

    #[test]
    fn only_what_is_not_as_it_should_be_is_kept() {
        let whole = application(2_000);
        let kept = application(0);
        assert_eq!(light(&whole), kept);
        let asked = json!({"kind": "ConfigMap", "name": "7", "status": "Synced"});
        let mut with_it = light(&whole);
        keep(&mut with_it, Some(&asked));
        keep(&mut with_it, Some(&asked));
        keep(&mut with_it, None);
        assert_eq!(with_it["status"]["resources"].as_array().map(Vec::len), Some(2));
        assert_eq!(with_it["status"]["resources"][1], asked);
        let mut lightened = whole;
        lighten(&mut lightened);
        assert_eq!(lightened, kept);
    }

    #[test]
    fn what_has_another_shape_stays_as_it_is() {
        for object in [json!({"status": {"resources": "x"}}), json!(null), json!({"status": []})] {
            assert_eq!(light(&object), object);
            let mut lightened = object.clone();
            lighten(&mut lightened);
            assert_eq!(lightened, object);
        }
    }
}
