//! How an Application stands while nobody waits for it: whether it is done with what it compares with,
//! whether what is live agrees with it, and what keeps it from acting by itself.

use jiff::Timestamp;
use serde_json::Value;

use crate::error::Error;
use crate::rollback::model::agreement::{Agreement, Agrees};
use crate::rollback::model::convergence::{Convergence, Relation};
use crate::rollback::model::template_fields::{Stranger, strangers};

use super::super::following::Following;
use super::super::marks::reference;
use super::fields::{is_set, items, text};
use super::operation::{self, revisions};
use super::policy::{self, SKIP};
use super::revision::shorts;
use super::{claims, converging, finding, hydrator, notes, nudging, sources, windows};

const RENDERED: &str = "/status/sourceHydrator/lastSuccessfulOperation/drySHA";
/// What of its sources decides what is compared.
const DECIDES: [&str; 4] = ["/repoURL", "/path", "/chart", "/targetRevision"];
/// What is laid over that, as others write it who make Applications.
const OVER: [&str; 4] =
    ["/helm/values", "/helm/valuesObject", "/helm/valueFiles", "/kustomize/images"];

/// How far it is with what it has compared with last. That is what it wants only where it has compared
/// since somebody asked it to, and with what its settings say now.
pub(super) fn settled(application: &Value) -> Convergence {
    let compared = revisions(application, "/status/sync");
    let not_seen = |why: &str| {
        let has = Some(shorts(compared.iter().copied())).filter(|has| !has.is_empty());
        Convergence::NotSeen { has, why: Some(why.to_owned()) }
    };
    if !policy::is_skipped(application) {
        if nudging::is_refresh_open(application) {
            return not_seen("it was asked to compare again, and has not done so");
        }
        if !is_as_declared(application) {
            return not_seen("its source was changed, and it has not compared with that yet");
        }
    }
    let rendered = text(application, RENDERED);
    let relation = |revision: &str| {
        let is_it = compared.contains(&revision)
            || hydrator::is_used(application) && !revision.is_empty() && revision == rendered;
        if is_it { Relation::Ours } else { Relation::Other }
    };
    converging::of(application, &Following::of_nobody(&relation, &[]))
}

/// Whether the last comparison was with the sources that are declared now.
pub(super) fn is_as_declared(application: &Value) -> bool {
    if hydrator::is_used(application) {
        return true;
    }
    let several = items(application, "/status/sync/comparedTo/sources");
    let compared: Vec<&Value> = if several.is_empty() {
        application.pointer("/status/sync/comparedTo/source").into_iter().collect()
    } else {
        several.iter().collect()
    };
    let declared = sources::declared(application);
    // Old versions do not say it.
    if compared.is_empty() {
        return true;
    }
    let same = |(one, other): (&&Value, &&Value)| {
        DECIDES.iter().all(|member| text(one, member) == text(other, member))
            && OVER.iter().all(|member| set_to(one, member) == set_to(other, member))
            && parameters(one).eq(parameters(other))
    };
    compared.len() == declared.len() && compared.iter().zip(&declared).all(same)
}

/// What is there, where that is anything.
fn set_to<'v>(source: &'v Value, pointer: &str) -> Option<&'v Value> {
    source.pointer(pointer).filter(|_| is_set(source, pointer))
}

/// The parameters of a chart, with what they are set to.
fn parameters(source: &Value) -> impl Iterator<Item = (&str, &str)> {
    let parameters = items(source, "/helm/parameters").iter();
    parameters.map(|parameter| (text(parameter, "/name"), text(parameter, "/value")))
}

/// What its own comparison says of the workload, and whether that is newer than what others wrote.
pub(super) fn agreement(application: &Value, workload: &Value) -> Agreement {
    let target = reference(workload);
    let is_own = |manager: &str| manager.starts_with(claims::WRITER);
    let strangers = strangers(workload, is_own).unwrap_or_default();
    let hidden = notes::ignored_fields(application, &target);
    let hidden = hidden.into_iter().filter(|field| reaches_template(field)).collect();
    let Some(entry) = finding::entry(application, &target) else {
        return Agreement::unknown("it does not list the workload");
    };
    let compared = shorts(revisions(application, "/status/sync"));
    let agrees = match text(entry, "/status") {
        "OutOfSync" => Agrees::No(format!("its comparison with {compared} finds a difference")),
        "Synced" => match newer(application, &strangers) {
            None => Agrees::Yes,
            Some(stranger) => Agrees::Unknown(format!(
                "it has not compared with {compared} anew since {} wrote the template",
                stranger.manager
            )),
        },
        "" => Agrees::Unknown("it does not say how the workload compares".to_owned()),
        other => Agrees::Unknown(format!("it says {other} of the workload")),
    };
    let compared = format!("its own comparison of the live object with {compared}");
    Agreement { agrees, compared, strangers, hidden }
}

/// Who wrote more than marks after it has compared last.
fn newer<'s>(application: &Value, strangers: &'s [Stranger]) -> Option<&'s Stranger> {
    let compared: Timestamp = text(application, "/status/reconciledAt").parse().ok()?;
    let is_newer = |stranger: &&Stranger| {
        !stranger.is_marks_only() && stranger.at.is_some_and(|at| at >= compared)
    };
    strangers.iter().find(is_newer)
}

/// Whether a field that is left alone may be one of the pod template.
pub(super) fn reaches_template(field: &str) -> bool {
    field.starts_with(notes::OF_MANAGER)
        || ["", "/", "/spec"].contains(&field)
        || field.contains("template")
        // An expression that takes all of it.
        || matches!(field.trim(), "." | ".spec")
}

/// Why it does not take up a commit by itself. `is_started`: its set has it sync. `project` is what was read
/// of its project.
pub(super) fn hindrances(
    application: &Value,
    is_started: bool,
    project: Option<Result<&Value, &Error>>,
    now: Timestamp,
) -> Vec<String> {
    let mut all = Vec::new();
    if policy::is_skipped(application) {
        all.push(format!("annotation {SKIP} is on it, so it does nothing"));
    } else if !is_started && !policy::is_automated(application) {
        let why = match application.pointer("/spec/syncPolicy/automated") {
            Some(automated) if automated.is_object() => "automated.enabled is false",
            _ => "it has no syncPolicy.automated",
        };
        all.push(format!("it syncs only by hand ({why})"));
    }
    if application.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string) {
        all.push("it is being deleted".to_owned());
    }
    match project {
        Some(Ok(project)) => all.extend(windows::hindrance(application, project, now)),
        Some(Err(error)) => all.push(format!(
            "whether a sync window holds it up is not known: {}",
            finding::words(error)
        )),
        None => {}
    }
    all
}

/// What its operation is pinned to, else what it has compared with.
pub(super) fn applies(application: &Value) -> Option<String> {
    let pinned = operation::pinned(application);
    let compared = || shorts(revisions(application, "/status/sync"));
    Some(pinned).filter(|pinned| !pinned.is_empty()).or_else(|| Some(compared()))
}

#[cfg(test)]
mod tests;
