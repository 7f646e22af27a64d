//! What else is to be known of an Application before anybody relies on it.

use serde_json::Value;

use crate::rollback::model::target::Target;
use crate::text::{shorten, truncate};

use super::super::Claim;
use super::super::marks::annotation;
use super::as_owner::is_elsewhere;
use super::fields::{flag, is_set, items, text, text_or, texts};
use super::operation::{self, revisions};
use super::policy::PATHS;
use super::revision::shorts;
use super::settling;
use super::sources::declared;
use super::tracking::{Instance, Tracked, tracked};
use super::{is_application, qualified};

/// Conditions that stop it from doing what its settings say.
const TROUBLE: [&str; 3] = ["ComparisonError", "InvalidSpecError", "SyncError"];
/// What stands before the name of a field manager whose fields are left alone.
pub(super) const OF_MANAGER: &str = "all of field manager ";
/// Names that are listed before the rest is only counted.
const NAMES: usize = 5;
const COLUMNS: usize = 160;

/// The notes, the most urgent first. `entry` is what the Application lists of the claimed object.
pub(super) fn of(application: &Value, claim: &Claim, entry: Option<&Value>) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(state(application));
    notes.extend(operation::note(application));
    notes.extend(trouble(application));
    notes.extend(entry.and_then(listed));
    notes.extend(shared(application, claim));
    notes.extend(itself(application));
    notes.extend(pauses(claim));
    notes.extend(destination(application));
    notes.extend(overrides(application));
    notes.extend(ignored(application, claim));
    notes.extend(paths(application));
    notes.extend(charts(application));
    notes.extend(values(application));
    notes.extend(hydrated(application));
    notes
}

/// Desired and live in one line.
fn state(application: &Value) -> Option<String> {
    let sync = text(application, "/status/sync/status");
    let health = text(application, "/status/health/status");
    if sync.is_empty() && health.is_empty() {
        return None;
    }
    let compared = shorts(revisions(application, "/status/sync"));
    let at = if compared.is_empty() { String::new() } else { format!(" with {compared}") };
    let sync = if sync.is_empty() { "not compared" } else { sync };
    let health = if health.is_empty() { String::new() } else { format!(" and {health}") };
    Some(format!("it is {sync}{at}{health}"))
}

fn trouble(application: &Value) -> Vec<String> {
    let conditions = items(application, "/status/conditions").iter();
    let troubled = conditions.filter(|condition| TROUBLE.contains(&text(condition, "/type")));
    troubled
        .map(|condition| {
            let message = truncate(text(condition, "/message"), COLUMNS);
            format!("{}: {message}", text(condition, "/type"))
        })
        .take(NAMES)
        .collect()
}

/// What it lists of the object.
fn listed(entry: &Value) -> Option<String> {
    if flag(entry, "/requiresPruning") {
        return Some(
            "its source does not have this object any more: a sync that prunes deletes it"
                .to_owned(),
        );
    }
    flag(entry, "/hook")
        .then(|| "this object is a hook of it, and made anew by each sync".to_owned())
}

/// Two Applications that have the same object take turns in writing it.
fn shared(application: &Value, claim: &Claim) -> Option<String> {
    let object = format!("{}/{} is part of applications ", claim.of.kind, claim.of.name);
    let warning = items(application, "/status/conditions").iter().find_map(|condition| {
        let message = text(condition, "/message");
        let is_it = text(condition, "/type") == "SharedResourceWarning";
        (is_it && message.starts_with(&object)).then_some(message)
    })?;
    Some(format!("it is not the only one: {}", truncate(warning, COLUMNS)))
}

/// Whether it deploys itself.
fn itself(application: &Value) -> Option<String> {
    let Tracked::Own(id) = tracked(application) else { return None };
    let name = qualified(application);
    let is_own = is_application(application) && Instance::parse(id.instance).to_string() == name;
    is_own.then(|| "it deploys itself too, so its own settings come from its source".to_owned())
}

/// What a parent puts back is what its source names.
fn pauses(claim: &Claim) -> Option<String> {
    let is_parent = claim.of.kind == "Application" && super::is_of_argo(&claim.of.api_version);
    is_parent.then(|| {
        "it leaves automated.enabled of this Application alone where its source does not name it"
            .to_owned()
    })
}

fn destination(application: &Value) -> Option<String> {
    let cluster = text_or(application, "/spec/destination/name", "/spec/destination/server");
    is_elsewhere(application)
        .then(|| format!("it deploys to cluster {cluster}, which may be another than this one"))
}

/// Parameters in the Application itself win over Git. Only their names are told: values may be secret.
fn overrides(application: &Value) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for source in declared(application) {
        let of = |pointer: &str, member: &str| -> Vec<String> {
            let all = items(source, pointer).iter().map(|item| text(item, member));
            all.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        names.extend(of("/helm/parameters", "/name"));
        names.extend(of("/helm/fileParameters", "/name"));
        for (pointer, name) in [
            ("/helm/valuesObject", "Helm values"),
            ("/helm/values", "Helm values"),
            ("/kustomize/patches", "patches"),
            ("/kustomize/replicas", "replicas"),
            ("/kustomize/components", "components"),
            ("/plugin/parameters", "parameters of a plugin"),
            ("/plugin/env", "environment of a plugin"),
            ("/directory/jsonnet/tlas", "arguments of Jsonnet"),
            ("/directory/jsonnet/extVars", "variables of Jsonnet"),
        ] {
            if is_set(source, pointer) && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names.extend(texts(source, "/kustomize/images").map(|image| format!("image {image}")));
    }
    let text = some(&names)?;
    Some(format!("its own settings win over Git: {text}"))
}

/// Differences that it leaves alone.
fn ignored(application: &Value, claim: &Claim) -> Option<String> {
    let text = some(&ignored_fields(application, &claim.of))?;
    Some(format!("it leaves differences in this object alone: {text}"))
}

/// Fields of the template that it does not even write (`RespectIgnoreDifferences`).
pub(super) fn out_of_reach(application: &Value, claim: &Claim) -> Option<String> {
    let mut options = texts(application, "/spec/syncPolicy/syncOptions");
    if !options.any(|option| option == "RespectIgnoreDifferences=true") {
        return None;
    }
    let fields = ignored_fields(application, &claim.of).into_iter();
    let fields: Vec<String> = fields.filter(|field| settling::reaches_template(field)).collect();
    let text = some(&fields)?;
    Some(format!("it leaves {text} alone: what a commit changes there does not reach it"))
}

/// The fields of an object in which it leaves differences alone, as `spec.ignoreDifferences` names them.
pub(super) fn ignored_fields(application: &Value, of: &Target) -> Vec<String> {
    let fits = |rule: &&Value| {
        let name = text(rule, "/name");
        let namespace = text(rule, "/namespace");
        let group = of.api_version.split_once('/').map_or("", |(group, _)| group);
        is_or_any(text(rule, "/kind"), &of.kind)
            && is_or_any(text(rule, "/group"), group)
            && (name.is_empty() || name == of.name)
            && (namespace.is_empty() || namespace == of.namespace)
    };
    let rules = items(application, "/spec/ignoreDifferences").iter().filter(fits);
    let fields = |rule: &Value| -> Vec<String> {
        let managers = texts(rule, "/managedFieldsManagers");
        let managers = managers.map(|manager| format!("{OF_MANAGER}{manager}"));
        texts(rule, "/jsonPointers")
            .chain(texts(rule, "/jqPathExpressions"))
            .map(str::to_owned)
            .chain(managers)
            .collect()
    };
    rules.flat_map(fields).collect()
}

fn is_or_any(pattern: &str, text: &str) -> bool {
    pattern == "*" || pattern == text
}

fn paths(application: &Value) -> Option<String> {
    let paths = annotation(application, PATHS)?;
    let paths: Vec<String> = paths
        .split(';')
        .map(str::trim)
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect();
    let text = some(&paths)?;
    Some(format!("it looks only at commits that change {text} (annotation {PATHS})"))
}

fn charts(application: &Value) -> Option<String> {
    let sources = declared(application);
    let names = sources.iter().map(|source| text(source, "/chart"));
    let names: Vec<String> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let text = some(&names)?;
    Some(format!("it deploys chart {text}"))
}

/// Sources that hold values for the others.
fn values(application: &Value) -> Option<String> {
    let sources = declared(application);
    let names: Vec<String> = sources
        .iter()
        .map(|source| text(source, "/ref"))
        .filter(|name| !name.is_empty())
        .map(|name| format!("${name}"))
        .collect();
    let text = some(&names)?;
    Some(format!("it has {} sources, of which others take values: {text}", sources.len()))
}

fn hydrated(application: &Value) -> Option<String> {
    let hydrator = application.pointer("/spec/sourceHydrator").filter(|h| h.is_object())?;
    let branch = text(hydrator, "/syncSource/targetBranch");
    let request = text(hydrator, "/hydrateTo/targetBranch");
    let phase = text(application, "/status/sourceHydrator/currentOperation/phase");
    let mut note = format!("its source is rendered to branch {branch}, whose commits it syncs");
    if !request.is_empty() {
        note.push_str(&format!(", by way of branch {request} and a merge"));
    }
    if !phase.is_empty() && phase != "Hydrated" {
        note.push_str(&format!("; the last rendering is {phase}"));
    }
    Some(note)
}

/// The first few of these; `None` where there are none.
fn some(names: &[String]) -> Option<String> {
    let first: Vec<_> = names.iter().take(NAMES).map(|name| shorten(name, 60)).collect();
    let more = names.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!first.is_empty()).then(|| format!("{}{more}", first.join(", ")))
}
