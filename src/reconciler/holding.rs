//! What turns the automation of an owner off and on again: patches, as functions of values.
//!
//! One patch carries the field and the record, and tests the uid, the field and the annotation that it
//! replaces: what somebody else has changed is not overwritten. Not the resourceVersion: the status of
//! an owner changes it all the time.

use serde_json::{Value, json};

use crate::cluster::Path;
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::hold::{Hold, Holds, How, MOST, Stored};
use crate::rollback::model::record::{HOLD_ANNOTATION, HOLD_POINTER};
use crate::rollback::model::target::Target;
use crate::text::shell_quote;

use super::Reconciler;
use super::following::Address;
use super::marks::reference;

/// Controllers that put fields back which their source names.
const CONTROLLERS: [&str; 4] =
    ["argocd-controller", "kustomize-controller", "helm-controller", "flux-operator"];

/// How an owner is turned off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    /// So; where the server drops the field of the first form, in the next one.
    Turn(Vec<How>),
    /// It does nothing by itself as it is: why, as a sentence without a full stop.
    IsOff(String),
}

/// What an owner does at this moment and goes on with although it is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnderWay {
    /// It may write the workload, and ends by itself in seconds: what it is, in words.
    Ends(String),
    /// It takes minutes, and nobody can end it: what is to be known, as a sentence without a full stop.
    GoesOn(String),
    /// It has to be ended, and can be.
    CanBeEnded(String),
}

/// The write that turns an automation off.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldWrite {
    /// The owner.
    pub path: Path,
    /// The JSON patch: tests, then the field and the annotation.
    pub body: Value,
    /// In words, e.g. `hold Kustomization shop/web (spec.suspend is true)`.
    pub summary: String,
    /// In which form.
    pub how: How,
    /// Whether others hold the owner as well, so that only the record is written.
    pub joins: bool,
}

/// What holding an owner takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Holding {
    /// This.
    Write(HoldWrite),
    /// Nothing: the same hold is there already.
    Already(How),
    /// Nothing: it does nothing by itself as it is. Why.
    IsOff(String),
}

/// The write that lets go of an owner.
#[derive(Clone, Debug, PartialEq)]
pub struct ReleaseWrite {
    /// The owner.
    pub path: Path,
    /// The JSON patch.
    pub body: Value,
    /// In words, e.g. `release Kustomization shop/web (spec.suspend as it was before)`.
    pub summary: String,
    /// What becomes of the automation.
    pub then: Then,
}

/// What becomes of the automation of an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is as it was before the first hold.
    Restored,
    /// Others hold it still: who.
    HeldByOthers(String),
    /// Somebody else has changed it meanwhile, and it is left so: how it is.
    LeftAsItIs(String),
}

/// What letting go of an owner takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Releasing {
    /// This.
    Write(ReleaseWrite),
    /// Nothing: there is no such hold. Somebody has released it.
    NotHeld,
}

/// What turns this owner off for this hold. `makers` are the objects of [`Reconciler::makers`] that are
/// there. `dropped` says which form the server did not take.
///
/// Refused ([`ErrorKind::Refused`]) where it would not last, and [`ErrorKind::Held`] where somebody else
/// has changed what rb wrote, or has a hold of another sort.
pub fn hold(
    reconciler: &dyn Reconciler,
    owner: &Value,
    hold: &Hold,
    makers: &[Value],
    dropped: Option<How>,
) -> Result<Holding> {
    let stored = match Stored::on(owner) {
        Stored::Nothing => None,
        Stored::Holds(holds) => Some(holds),
        foreign @ (Stored::Foreign | Stored::Newer(_)) => return Err(unreadable(owner, &foreign)),
    };
    let is_rewritten = |holds: &Holds| {
        dropped == Some(holds.how) && holds.holds.iter().all(|other| other.id == hold.id)
    };
    if let Some(holds) = stored.as_ref().filter(|holds| !is_rewritten(holds)) {
        if !holds.is_in_force(owner) {
            return Err(changed(owner, holds));
        }
        return join(reconciler, owner, holds, hold);
    }
    let forms = match reconciler.switch(owner, makers)? {
        Switch::IsOff(why) => return Ok(Holding::IsOff(why)),
        Switch::Turn(forms) => forms,
    };
    let after = dropped.and_then(|dropped| forms.iter().position(|how| *how == dropped));
    let how = forms.get(after.map_or(0, |after| after + 1));
    let Some(how) = how.copied() else { return Err(no_form(owner)) };
    let holds = Holds::first(how, how.now(owner).cloned(), hold);
    let mut operations = field(owner, how, how.held().as_ref());
    operations.extend(annotation(owner, Some(&holds)));
    Ok(Holding::Write(HoldWrite {
        path: path(reconciler, owner)?,
        body: patch(owner, operations),
        summary: format!("hold {} ({})", named(owner), how.words()),
        how,
        joins: false,
    }))
}

/// The owner is off already, for others or for this one.
fn join(reconciler: &dyn Reconciler, owner: &Value, holds: &Holds, hold: &Hold) -> Result<Holding> {
    let how = holds.how;
    if holds.by_id(&hold.id) == Some(&hold.clone().bounded()) {
        return Ok(Holding::Already(how));
    }
    let Some(more) = holds.clone().with(hold) else {
        let message =
            format!("{} is held by {MOST} others already: {}", named(owner), holds.holders());
        return Err(Error::new(ErrorKind::Held, message).hint(look(owner)));
    };
    // Nobody may have let go of it in between.
    let mut operations = vec![test_now(owner, how.pointer())];
    operations.extend(annotation(owner, Some(&more)));
    Ok(Holding::Write(HoldWrite {
        path: path(reconciler, owner)?,
        body: patch(owner, operations),
        summary: format!("hold {} too, which {} holds", named(owner), holds.holders()),
        how,
        joins: true,
    }))
}

/// What lets this hold go, and turns the automation on again where it was the last one.
///
/// [`ErrorKind::Held`] where the record cannot be read.
pub fn release(reconciler: &dyn Reconciler, owner: &Value, id: &str) -> Result<Releasing> {
    let holds = match Stored::on(owner) {
        Stored::Nothing => return Ok(Releasing::NotHeld),
        Stored::Holds(holds) => holds,
        foreign @ (Stored::Foreign | Stored::Newer(_)) => return Err(unreadable(owner, &foreign)),
    };
    if holds.by_id(id).is_none() {
        return Ok(Releasing::NotHeld);
    }
    let (how, is_in_force) = (holds.how, holds.is_in_force(owner));
    let original = holds.original.clone();
    let left = holds.without(id);
    let name = named(owner);
    let (then, field_operations, summary) = match &left {
        Some(left) => (
            Then::HeldByOthers(left.holders()),
            Vec::new(),
            format!("release {name}, which {} holds still", left.holders()),
        ),
        None if is_in_force => (
            Then::Restored,
            field(owner, how, original.as_ref()),
            format!("release {name} ({} as it was before)", how.field()),
        ),
        None => (
            Then::LeftAsItIs(now(owner, how)),
            vec![test_now(owner, how.pointer())],
            format!("take the hold off {name}, whose automation somebody else has changed"),
        ),
    };
    let mut operations = field_operations;
    operations.extend(annotation(owner, left.as_ref()));
    let body = patch(owner, operations);
    let path = path(reconciler, owner)?;
    Ok(Releasing::Write(ReleaseWrite { path, body, summary, then }))
}

/// For people: `Kustomization shop/web`, `Application argocd/web`.
#[must_use]
pub fn named(owner: &Value) -> String {
    let Target { kind, namespace, name, .. } = reference(owner);
    format!("{kind} {namespace}/{name}")
}

/// The command that shows a hold and what it is about.
#[must_use]
pub fn look(owner: &Value) -> String {
    let target = reference(owner);
    let (object, namespace) = (target.qualified(), &target.namespace);
    format!(
        "to look at it: kubectl get {} -n {} -o yaml",
        shell_quote(&object),
        shell_quote(namespace)
    )
}

/// The controller whose source names the field, as it is known by the fields that it owns: it puts the
/// field back.
#[must_use]
pub fn declared_by(owner: &Value, how: How) -> Option<&str> {
    let entries = owner.pointer("/metadata/managedFields").and_then(Value::as_array);
    let place: String =
        how.pointer().split('/').skip(1).map(|member| format!("/f:{member}")).collect();
    let of_controller = |entry: &&Value| {
        let manager = entry.get("manager").and_then(Value::as_str).unwrap_or_default();
        CONTROLLERS.contains(&manager)
            && entry.get("fieldsV1").is_some_and(|fields| fields.pointer(&place).is_some())
    };
    entries.into_iter().flatten().find(of_controller)?.get("manager")?.as_str()
}

/// What the field is now, in words.
fn now(owner: &Value, how: How) -> String {
    match how.now(owner) {
        Some(value) => format!("{} is {value}", how.field()),
        None => format!("{} is not set", how.field()),
    }
}

fn path(reconciler: &dyn Reconciler, owner: &Value) -> Result<Path> {
    let address = reconciler.address(&reference(owner)).as_ref().map(Address::object);
    address.ok_or_else(|| {
        let message = format!("{} is nothing that rb can hold", named(owner));
        Error::new(ErrorKind::Refused, message)
    })
}

fn patch(owner: &Value, operations: Vec<Value>) -> Value {
    let mut all = vec![test("/metadata/uid", owner.pointer("/metadata/uid"))];
    all.extend(operations);
    Value::Array(all)
}

/// `null` is what the API server's JSON Patch finds where there is no member.
fn test(path: &str, value: Option<&Value>) -> Value {
    json!({"op": "test", "path": path, "value": value})
}

/// Tests that a member is as it is now. A test below what is not there fails whatever it wants: so what is
/// missing is tested where it begins.
fn test_now(owner: &Value, path: &str) -> Value {
    let parent = path.rsplit_once('/').map(|(parent, _)| parent).unwrap_or_default();
    if !parent.is_empty() && owner.pointer(parent).is_none_or(Value::is_null) {
        test_now(owner, parent)
    } else {
        test(path, owner.pointer(path))
    }
}

/// Tests the field, and gives it a value or takes it away.
fn field(owner: &Value, how: How, value: Option<&Value>) -> Vec<Value> {
    let path = how.pointer();
    let mut operations = vec![test_now(owner, path)];
    let parent = path.rsplit_once('/').map(|(parent, _)| parent).unwrap_or_default();
    if value.is_some() && owner.pointer(parent).is_none_or(Value::is_null) {
        operations.push(json!({"op": "add", "path": parent, "value": {}}));
    }
    match value {
        Some(value) => operations.push(json!({"op": "add", "path": path, "value": value})),
        None if owner.pointer(path).is_some() => {
            operations.push(json!({"op": "remove", "path": path}));
        }
        None => {}
    }
    operations
}

/// Tests the annotation, and gives it this value or takes it away.
fn annotation(owner: &Value, holds: Option<&Holds>) -> Vec<Value> {
    let mut operations = vec![test_now(owner, HOLD_POINTER)];
    if owner.pointer("/metadata/annotations").is_none_or(Value::is_null) {
        operations.push(json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
    }
    operations.push(match holds {
        Some(holds) => json!({"op": "add", "path": HOLD_POINTER, "value": holds.to_annotation()}),
        None => json!({"op": "remove", "path": HOLD_POINTER}),
    });
    operations
}

fn unreadable(owner: &Value, stored: &Stored) -> Error {
    let why = match stored {
        Stored::Newer(version) => format!("was written by a newer rb (format {version})"),
        _ => "is not a hold of rb, so somebody else has put it there".to_owned(),
    };
    let message = format!("annotation {HOLD_ANNOTATION} of {} {why}", named(owner));
    Error::new(ErrorKind::Held, message).hint(look(owner))
}

fn changed(owner: &Value, holds: &Holds) -> Error {
    let message = format!(
        "{} is held by {}, but somebody has turned its automation on again: {}",
        named(owner),
        holds.holders(),
        now(owner, holds.how)
    );
    Error::new(ErrorKind::Held, message).hint(look(owner))
}

fn no_form(owner: &Value) -> Error {
    let message = format!(
        "this version of {} has no field that turns its automation off for good",
        named(owner)
    );
    Error::new(ErrorKind::Refused, message).hint(look(owner))
}

#[cfg(test)]
mod tests;
