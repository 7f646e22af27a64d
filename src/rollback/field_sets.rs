//! Sets of fields as `fieldsV1` writes them: a tree in which `f:` names a field, `k:` an item of a list,
//! `.` the map or item itself, and a member without members of its own is a field in the set. Pure.

use serde_json::{Map, Value, json};

/// The member that stands for a map or a list item itself.
pub(super) const ITSELF: &str = ".";

/// Takes the fields below a path out, and what is bare without them. They come with their path.
pub(super) fn take(fields: &mut Value, path: &[&str]) -> Option<Value> {
    let (first, rest) = path.split_first()?;
    let members = fields.as_object_mut()?;
    let part = if rest.is_empty() {
        members.shift_remove(*first)?
    } else {
        let inner = members.get_mut(*first)?;
        let part = take(inner, rest)?;
        if is_bare(inner) {
            members.shift_remove(*first);
        }
        part
    };
    Some(json!({ *first: part }))
}

/// Takes the fields out that both have. Fields of different depth are different fields.
pub(super) fn take_common(fields: &mut Value, others: &Value) -> Option<Value> {
    let (members, others) = (fields.as_object_mut()?, others.as_object()?);
    let mut common = Map::new();
    for (key, other) in others {
        let Some(member) = members.get_mut(key) else { continue };
        let part = match (is_leaf(member), is_leaf(other)) {
            (true, true) => Some(std::mem::replace(member, json!({}))),
            (false, false) => take_common(member, other),
            _ => None,
        };
        let Some(part) = part else { continue };
        if is_leaf(member) {
            members.shift_remove(key);
        }
        common.insert(key.clone(), part);
    }
    (!common.is_empty()).then_some(Value::Object(common))
}

/// Whether nothing is in it, or only the map itself.
pub(super) fn is_bare(fields: &Value) -> bool {
    fields.as_object().is_some_and(|members| members.keys().all(|key| key == ITSELF))
}

/// Adds a set to another one.
pub(super) fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        for (key, value) in from {
            merge(into.entry(key).or_insert_with(|| Value::Object(Map::new())), value);
        }
    }
}

/// The part below a path, without the path.
pub(super) fn below<'a>(fields: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(fields, |fields, part| fields.get(part))
}

/// How many fields are in it.
pub(super) fn count(fields: &Value) -> usize {
    match fields.as_object() {
        Some(members) if !members.is_empty() => members.values().map(count).sum(),
        _ => 1,
    }
}

/// Whether it is one field, or none.
pub(super) fn is_leaf(fields: &Value) -> bool {
    fields.as_object().is_none_or(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_leaves_nothing_bare_behind() {
        let mut fields = json!({"f:a": {"f:b": {".": {}, "f:c": {}}}, "f:d": {}});
        assert_eq!(take(&mut fields, &["f:a", "f:x"]), None);
        let taken = take(&mut fields, &["f:a", "f:b", "f:c"]);
        assert_eq!(taken, Some(json!({"f:a": {"f:b": {"f:c": {}}}})));
        assert_eq!(fields, json!({"f:d": {}}));
        merge(&mut fields, taken.unwrap());
        assert_eq!(fields, json!({"f:d": {}, "f:a": {"f:b": {"f:c": {}}}}));
        assert_eq!(count(&fields), 2);
    }

    #[test]
    fn only_what_both_have_is_common() {
        for (fields, others, common, left) in [
            (
                json!({"f:a": {}, "f:b": {}}),
                json!({"f:b": {}, "f:c": {}}),
                Some(json!({"f:b": {}})),
                json!({"f:a": {}}),
            ),
            (
                json!({"f:a": {"f:b": {}}}),
                json!({"f:a": {"f:b": {}}}),
                Some(json!({"f:a": {"f:b": {}}})),
                json!({}),
            ),
            // A field and one below it are two.
            (json!({"f:a": {"f:b": {}}}), json!({"f:a": {}}), None, json!({"f:a": {"f:b": {}}})),
            (json!({"f:a": {}}), json!({"f:a": {"f:b": {}}}), None, json!({"f:a": {}})),
            (json!({"f:a": {}}), json!("junk"), None, json!({"f:a": {}})),
        ] {
            let mut rest = fields.clone();
            assert_eq!(take_common(&mut rest, &others), common, "{fields} {others}");
            assert_eq!(rest, left, "{fields} {others}");
        }
    }
}
