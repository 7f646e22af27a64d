//! How the automation of an Application is turned off, and where that would not last.
//!
//! An app of apps puts back what Git names: so a field is added that Git does not name
//! (`automated.enabled: false`, from 3.1 on), and taken away again by the release, since nobody else
//! does that. An `ApplicationSet` puts back everything.

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::hold::How;
use crate::text::shell_quote;

use super::super::holding::{Switch, UnderWay, declared_by, named};
use super::application_set;
use super::fields::{is_set, text};
use super::operation::{self, Phase};
use super::policy::{SKIP, is_automated, is_skipped};
use super::rolling_sync;
use super::tracking::{self, Instance, Tracked};
use super::wipe::{self, Wipe};

/// In which form.
pub(super) fn switch(application: &Value, makers: &[Value]) -> Result<Switch> {
    if is_set(application, "/metadata/deletionTimestamp") {
        return Err(refused(application, "is being deleted"));
    }
    if is_skipped(application) {
        return Ok(Switch::IsOff(format!("annotation {SKIP} is on it, so it does nothing")));
    }
    let maker = application_set::maker(application).map(|maker| maker.target.name);
    let set = makers.iter().find(|set| Some(text(set, "/metadata/name")) == maker.as_deref());
    if !is_automated(application) && !set.is_some_and(rolling_sync::is_used) {
        return Ok(Switch::IsOff("its automated sync is off".to_owned()));
    }
    if let Some(maker) = maker
        && let Some(wipe) = wipe::wipes(application, set)
    {
        return Err(by_set(application, &maker, wipe));
    }
    if let Some(manager) = declared_by(application, How::Enabled) {
        let (field, parent) = (How::Enabled.field(), parent(application));
        let message = format!(
            "Git names {field} of {}, so {} ({manager}) puts it back",
            named(application),
            parent.as_deref().unwrap_or("the owner of that Application")
        );
        return Err(Error::new(ErrorKind::Refused, message)
            .hint(format!("take {field} out of the manifest of that Application in Git"))
            .hint(durable()));
    }
    let mut forms = vec![How::Enabled];
    if declared_by(application, How::Automated).is_none() && parent(application).is_none() {
        forms.push(How::Automated);
    }
    Ok(Switch::Turn(forms))
}

/// A sync that runs or is tried again goes on, whatever becomes of the automation.
pub(super) fn under_way(application: &Value) -> Option<UnderWay> {
    let to = operation::pinned(application);
    let to = if to.is_empty() { String::new() } else { format!(" to {to}") };
    match Phase::of(application) {
        Phase::Never | Phase::Succeeded | Phase::Failed => None,
        Phase::Asked | Phase::Running | Phase::Waiting => {
            Some(UnderWay::CanBeEnded(format!("its sync{to}")))
        }
        Phase::Terminating => {
            Some(UnderWay::CanBeEnded(format!("its sync{to}, which is being terminated")))
        }
    }
}

/// The Application of Applications that it belongs to.
fn parent(application: &Value) -> Option<String> {
    match tracking::tracked(application) {
        Tracked::Own(id) => Some(format!("Argo CD application {}", Instance::parse(id.instance))),
        Tracked::No | Tracked::Copied(_) | Tracked::Nonsense => None,
    }
}

fn by_set(application: &Value, set: &str, wipe: Wipe) -> Error {
    let message =
        format!("{} cannot be held: ApplicationSet {set} {}", named(application), wipe.why);
    let error = Error::new(ErrorKind::Refused, message).hint(durable());
    let Some(patch) = wipe.patch else { return error };
    let namespace = text(application, "/metadata/namespace");
    error.hint(format!(
        "to let the set leave holds alone: kubectl patch applicationset {} -n {} --type=merge -p {}",
        shell_quote(set),
        shell_quote(namespace),
        shell_quote(&patch.to_string())
    ))
}

fn durable() -> String {
    "without --now the commit is reverted in Git, and nothing has to be held".to_owned()
}

fn refused(application: &Value, why: &str) -> Error {
    Error::new(ErrorKind::Refused, format!("{} cannot be held: it {why}", named(application)))
}

#[cfg(test)]
mod tests;
