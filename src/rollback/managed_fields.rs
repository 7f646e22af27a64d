//! Whose the fields of a workload are, and giving back those that an undo took. Pure.
//!
//! A write takes the fields that it changes from their owner. If rb kept them, the next server-side
//! apply of the manifest would conflict with rb, and would leave in place what only the old template
//! has: an apply deletes what its own manager owned, and nothing else.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::declared;
use super::field_sets::{below, count, is_bare, is_leaf, merge, take, take_common};
use super::model::field_owner::{FieldOwner, GivenAnnotation, OwnedFields};
use super::model::record::{FIELD_MANAGER, PREFIX};
use super::model::template;

/// Where the fields of the pod template stand in an entry.
const TEMPLATE: [&str; 2] = ["f:spec", "f:template"];
/// Who gets back what an undo takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    /// The owner of the template.
    pub(super) template: &'a FieldOwner,
    /// The other owners, with the fields of the template that they had.
    pub(super) others: &'a [OwnedFields],
    /// The annotations.
    pub(super) annotations: &'a [GivenAnnotation],
}

/// Who declared the pod template, rb aside: who applies it on the server, else who owns most of it.
pub(super) fn template_owner(workload: &Value) -> Option<FieldOwner> {
    owner(workload, &TEMPLATE)
}

/// Who else owns fields of the template, without those that `main` owns, too. What the manifest of
/// `main` does not declare must not become its own: the next apply would delete it. What the program
/// that applies has only patched is no exception (Flux corrects a drift of a Helm release like that): it
/// goes by one manifest, and what it patched and does not declare would be left over for good.
pub(super) fn other_owners(workload: &Value, main: &FieldOwner) -> Vec<OwnedFields> {
    let is_main = |owner: &FieldOwner| main.applies() && owner.manager == main.manager;
    let owned = |entry: &Value| {
        let owner = FieldOwner::of(entry).filter(|owner| owner.manager != FIELD_MANAGER)?;
        Some((owner, below(entry.get("fieldsV1")?, &TEMPLATE)?.clone()))
    };
    let all: Vec<_> = entries(workload).iter().filter_map(owned).collect();
    let of_main = all.iter().find(|(owner, _)| owner == main).map(|(_, fields)| fields);
    all.iter()
        .filter(|(owner, _)| owner != main && !is_main(owner))
        .filter_map(|(owner, fields)| {
            let mut fields = fields.clone();
            if let Some(of_main) = of_main {
                take_common(&mut fields, of_main);
            }
            let has_some = fields.as_object().is_some_and(|members| !members.is_empty());
            has_some.then(|| OwnedFields { owner: owner.clone(), fields })
        })
        .collect()
}

/// Who declared an annotation, rb aside.
pub(super) fn annotation_owner(workload: &Value, key: &str) -> Option<FieldOwner> {
    owner(workload, &annotation(&format!("f:{key}")))
}

fn annotation(field: &str) -> [&str; 3] {
    ["f:metadata", "f:annotations", field]
}

fn owner(workload: &Value, path: &[&str]) -> Option<FieldOwner> {
    entries(workload)
        .iter()
        .filter_map(|entry| {
            let fields = count(below(entry.get("fieldsV1")?, path)?);
            let owner = FieldOwner::of(entry).filter(|owner| owner.manager != FIELD_MANAGER)?;
            Some((owner.applies(), fields, owner))
        })
        // The first of several that own as much.
        .rev()
        .max_by_key(|(applies, fields, _)| (*applies, *fields))
        .map(|(_, _, owner)| owner)
}

/// When rb last wrote the workload, by the API server's clock.
pub(super) fn written_by_rb(workload: &Value) -> Option<Timestamp> {
    entries(workload).iter().filter(|entry| is_ours(entry)).filter_map(time).max()
}

/// When the newest undo was carried out, which may be long after it was planned, and by another clock.
/// Later than that at most: the verdict is written by rb, too, and others may apply the template again.
pub(super) fn undone_at(workload: &Value, planned: Timestamp) -> Timestamp {
    let Some(by_rb) = written_by_rb(workload) else { return planned };
    let template = template::writes(workload).filter_map(|(_, at)| at).max();
    // Older than the plan: then the undo only removed fields, and left nothing that tells its time.
    let tells = template.filter(|at| *at >= planned);
    tells.map_or(by_rb, |at| at.min(by_rb)).max(planned)
}

/// The JSON Patch that gives back what rb has of others: it tests the object, the template and every
/// entry that it changes. `None` where rb has nothing of others.
pub(super) fn give_back(workload: &Value, given: Given<'_>) -> Option<Value> {
    let before = entries(workload);
    let template = workload.pointer("/spec/template").unwrap_or(&Value::Null);
    let mut after = before.to_vec();
    for (index, entry) in before.iter().enumerate().filter(|(_, entry)| is_ours(entry)) {
        let (left, taken) = divide(entry, given, template);
        for (owner, fields) in taken {
            if let Some(owner) = owner {
                receive(&mut after, owner, fields, entry.get("time"));
            }
        }
        if let Some(place) = after.get_mut(index) {
            *place = left;
        }
    }
    patch(workload, before, after)
}

fn entries(workload: &Value) -> &[Value] {
    let entries = workload.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.map_or(&[], Vec::as_slice)
}

fn is_ours(entry: &Value) -> bool {
    FieldOwner::of(entry).is_some_and(|owner| {
        owner.manager == FIELD_MANAGER && !owner.applies() && owner.subresource.is_none()
    })
}

fn time(entry: &Value) -> Option<Timestamp> {
    entry.get("time")?.as_str()?.parse().ok()
}

/// The entry without what is not rb's own (null where nothing is left), and what goes to whom.
fn divide<'a>(
    entry: &Value,
    given: Given<'a>,
    template: &Value,
) -> (Value, Vec<(Option<&'a FieldOwner>, Value)>) {
    let mut left = entry.clone();
    let mut taken = Vec::new();
    if let Some(fields) = left.get_mut("fieldsV1") {
        let of_template = |fields| json!({"f:spec": {"f:template": fields}});
        for other in given.others {
            let common = fields
                .pointer_mut("/f:spec/f:template")
                .and_then(|f| take_common(f, &other.fields));
            taken.extend(common.map(|common| (Some(&other.owner), of_template(common))));
        }
        let rest = take(fields, &TEMPLATE).filter(|part| *part != of_template(json!({})));
        taken.extend(rest.map(|part| of_owner(part, given.template, template)));
        for other in given.annotations.iter().filter(|other| !other.key.starts_with(PREFIX)) {
            let field = format!("f:{}", other.key);
            taken.extend(take(fields, &annotation(&field)).map(|p| (other.owner.as_ref(), p)));
        }
    }
    if !taken.is_empty() && left.get("fieldsV1").is_some_and(is_bare) {
        left = Value::Null;
    }
    (left, taken)
}

/// What goes to the owner of the template. Who applies owns what he declares; the rest is nobody's.
fn of_owner<'a>(
    mut part: Value,
    owner: &'a FieldOwner,
    template: &Value,
) -> (Option<&'a FieldOwner>, Value) {
    if !owner.applies() {
        return (Some(owner), part);
    }
    if let Some(fields) = part.pointer_mut("/f:spec/f:template") {
        declared::keep_only(fields, template);
    }
    let has_some = below(&part, &TEMPLATE).is_some_and(|fields| !is_leaf(fields));
    (has_some.then_some(owner), part)
}

/// Adds fields to the entry of an owner. They were written when rb wrote them.
fn receive(entries: &mut Vec<Value>, owner: &FieldOwner, fields: Value, at: Option<&Value>) {
    let found = entries.iter_mut().find(|entry| FieldOwner::of(entry).as_ref() == Some(owner));
    let Some(entry) = found else {
        // rb took the last field that it had.
        let mut entry = serde_json::to_value(owner).unwrap_or_default();
        if let Some(members) = entry.as_object_mut() {
            members.insert("fieldsType".to_owned(), json!("FieldsV1"));
            members.insert("fieldsV1".to_owned(), fields);
            members.extend(at.map(|at| ("time".to_owned(), at.clone())));
        }
        entries.push(entry);
        return;
    };
    let written = at.and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
    let is_later = written > time(entry);
    let Some(members) = entry.as_object_mut() else { return };
    merge(members.entry("fieldsV1").or_insert_with(|| json!({})), fields);
    if let Some(at) = at.filter(|_| is_later) {
        members.insert("time".to_owned(), at.clone());
    }
}

fn patch(workload: &Value, before: &[Value], after: Vec<Value>) -> Option<Value> {
    let test = |path: &str, value: &Value| json!({"op": "test", "path": path, "value": value});
    let at = |pointer: &str| workload.pointer(pointer).unwrap_or(&Value::Null);
    let mut operations = Vec::new();
    // The last first: a removal moves what stands behind it.
    for (index, (old, new)) in before.iter().zip(&after).enumerate().rev() {
        let path = format!("/metadata/managedFields/{index}");
        if new.is_null() {
            operations.push(test(&path, old));
            operations.push(json!({"op": "remove", "path": path}));
        } else if old != new {
            operations.push(test(&path, old));
            operations.push(json!({"op": "replace", "path": path, "value": new}));
        }
    }
    let added = after.into_iter().skip(before.len());
    operations
        .extend(added.map(
            |entry| json!({"op": "add", "path": "/metadata/managedFields/-", "value": entry}),
        ));
    if operations.is_empty() {
        return None;
    }
    let mut patch = vec![
        test("/metadata/uid", at("/metadata/uid")),
        test("/spec/template", at("/spec/template")),
    ];
    patch.append(&mut operations);
    Some(Value::Array(patch))
}

#[cfg(test)]
mod tests;
