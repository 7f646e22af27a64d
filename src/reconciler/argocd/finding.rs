//! Finding the Application that a mark names, and whether the mark is true.
//!
//! One list across all namespaces, by name. Who may not list there may be allowed to read where Argo CD
//! usually is, so that is asked at the same time. One that was found before is read where it was.

use serde_json::Value;

use crate::cluster::Path;
use crate::error::{Error, ErrorKind};
use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::Proof;
use crate::rollback::model::target::Target;

use super::super::marks::annotation;
use super::super::{Claim, Link};
use super::claims::{self, Weight};
use super::fields::{items, text};
use super::tracking::{INSTALLATION, Instance, Tracked, is_type, tracked};
use super::{API, named, qualified, read, unread};

/// Where Argo CD is, unless somebody wants it elsewhere: its own default, and that of `OpenShift`.
const USUAL: [&str; 2] = ["argocd", "openshift-gitops"];
/// Applications of one name that are looked at.
const SAME_NAME: &str = "100";
const CONFIGURATION: &str = "argocd-cm";

/// What an Application has to do with an object.
enum Standing<'a> {
    /// It lists the object: this is what it says of it.
    Lists(&'a Value),
    /// It lists others.
    Passes,
    /// It has never been compared with its source, and lists nothing yet.
    Blank,
    /// The mark is of another Argo CD than this Application.
    Foreign,
}

/// What has to be read to know whether a claim is true.
pub(super) fn asks(claim: &Claim) -> Vec<Ask> {
    let instance = instance(claim);
    if !instance.is_possible() {
        return Vec::new();
    }
    let mut asks = if let Some(place) = &claim.place {
        vec![single(claim, place)]
    } else {
        let singles = namespaces(&instance).into_iter();
        std::iter::once(list(claim)).chain(singles.map(|place| single(claim, place))).collect()
    };
    if claims::names_installation(claim) {
        asks.push(configurations());
        asks.extend(USUAL.map(configuration));
    }
    asks
}

/// What a claim comes to.
pub(super) fn judge(claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
    if claim.name.is_empty() {
        return vec![untrue(claim, object)];
    }
    let proof = match candidates(claim, facts) {
        Ok(found) => return links(claim, object, &found, facts),
        Err(proof) => proof,
    };
    let is_guess = claims::weight(claim, object) == Weight::Guess;
    if is_guess { Vec::new() } else { vec![unread(claim, &instance(claim), proof)] }
}

/// An error in one line, with the command that shows the right that is missing.
pub(super) fn words(error: &Error) -> String {
    match (error.kind(), error.hints().first()) {
        (ErrorKind::Forbidden, Some(hint)) => format!("{error} ({hint})"),
        _ => error.to_string(),
    }
}

/// A mark that says itself that it is not of this object.
fn untrue(claim: &Claim, object: &Value) -> Link {
    let (name, why) = match tracked(object) {
        Tracked::Copied(id) => (
            id.instance,
            format!("it names {} {}/{}, from which it was copied", id.kind, id.namespace, id.name),
        ),
        Tracked::Own(_) | Tracked::Nonsense | Tracked::No => {
            ("?", "its text is no id of Argo CD".to_owned())
        }
    };
    unread(claim, &Instance::parse(name), Proof::Refuted(why))
}

/// The Applications that the name of a claim fits; without any, what that says about the claim.
fn candidates<'f>(claim: &Claim, facts: &'f Facts<'_>) -> Result<Vec<&'f Value>, Proof> {
    let instance = instance(claim);
    if !instance.is_possible() {
        let why = format!("no Application can be called {:?}", claim.name);
        return Err(Proof::Refuted(why));
    }
    if let Some(place) = &claim.place {
        return again(claim, &instance, place, facts);
    }
    let list = list(claim);
    if !facts.knows(&list) {
        return Err(Proof::Marked);
    }
    let fits = |application: &&Value| fits(application, &instance);
    match facts.items(&list) {
        Ok(all) => {
            let found: Vec<&Value> = all.iter().filter(fits).collect();
            if found.is_empty() { Err(Proof::Refuted(absent(&instance, all))) } else { Ok(found) }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Proof::Unread(
            "this cluster has no Applications: its Argo CD may run in another cluster, or is gone"
                .to_owned(),
        )),
        Err(error) => {
            let answers = namespaces(&instance)
                .into_iter()
                .map(|namespace| facts.find(&single(claim, namespace)));
            let answers: Vec<_> = answers.collect();
            let found: Vec<&Value> =
                answers.iter().filter_map(|answer| answer.ok().flatten()).filter(fits).collect();
            if !found.is_empty() {
                return Ok(found);
            }
            // Where the mark names the namespace, that one answer is enough.
            match (instance.namespace, answers.first()) {
                (Some(_), Some(Ok(None))) => Err(Proof::Refuted(absent(&instance, &[]))),
                _ => Err(Proof::Unread(words(error))),
            }
        }
    }
}

/// The one that was found before.
fn again<'f>(
    claim: &Claim,
    instance: &Instance<'_>,
    place: &str,
    facts: &'f Facts<'_>,
) -> Result<Vec<&'f Value>, Proof> {
    match facts.find(&single(claim, place)) {
        Ok(Some(application)) if fits(application, instance) => Ok(vec![application]),
        Ok(_) => {
            let why = format!("there is no Application {instance} any more in namespace {place}");
            Err(Proof::Refuted(why))
        }
        Err(error) => Err(Proof::Unread(words(error))),
    }
}

/// Whether an Application is called so by what it applies.
fn fits(application: &Value, instance: &Instance<'_>) -> bool {
    let namespace = text(application, "/metadata/namespace");
    let control = text(application, "/status/controllerNamespace");
    let by_namespace = match instance.namespace {
        Some(wanted) => namespace == wanted,
        // Old versions do not say where their control plane is.
        None => control.is_empty() || namespace == control,
    };
    by_namespace && text(application, "/metadata/name") == instance.name
}

fn absent(instance: &Instance<'_>, others: &[Value]) -> String {
    match others.first() {
        Some(other) => format!(
            "there is no Application {instance}, only {}, whose marks say {}_{}",
            qualified(other),
            text(other, "/metadata/namespace"),
            instance.name
        ),
        None => format!(
            "there is no Application {instance} in this cluster; an Argo CD of another one would put a \
             patch back"
        ),
    }
}

/// All that list the object; where none does, the first says why.
fn links(claim: &Claim, object: &Value, found: &[&Value], facts: &Facts<'_>) -> Vec<Link> {
    // An Application may deploy itself. That is said with it, and makes it no owner of its own.
    let others = found.iter().filter(|application| named(application) != claim.of);
    let standings: Vec<(&Value, Standing<'_>)> = others
        .map(|application| (*application, standing(application, claim, object, facts)))
        .collect();
    let listed: Vec<Link> = standings
        .iter()
        .filter_map(|(application, standing)| match standing {
            Standing::Lists(entry) => Some(read(claim, application, Some(entry), Proof::Listed)),
            Standing::Passes | Standing::Blank | Standing::Foreign => None,
        })
        .collect();
    if !listed.is_empty() || claims::weight(claim, object) == Weight::Guess {
        return listed;
    }
    // A foreign mark is worth more than a stale one: somebody else may hold to it.
    let is_foreign =
        |(_, standing): &&(&Value, Standing<'_>)| matches!(standing, Standing::Foreign);
    let Some((application, standing)) = standings.iter().find(is_foreign).or(standings.first())
    else {
        return Vec::new();
    };
    let name = qualified(application);
    let proof = match standing {
        Standing::Lists(_) => Proof::Listed,
        Standing::Passes => Proof::Refuted(format!("Application {name} does not list it")),
        Standing::Blank => Proof::Unread(format!(
            "Application {name} has never been compared with its source, so it lists nothing"
        )),
        Standing::Foreign => {
            let installation = annotation(object, INSTALLATION).unwrap_or_default();
            let why = format!(
                "it is of the installation {installation:?} of Argo CD, which is not the one here"
            );
            return vec![unread(claim, &instance(claim), Proof::Unread(why))];
        }
    };
    vec![read(claim, application, None, proof)]
}

fn standing<'a>(
    application: &'a Value,
    claim: &Claim,
    object: &Value,
    facts: &Facts<'_>,
) -> Standing<'a> {
    if is_foreign(application, object, facts) {
        return Standing::Foreign;
    }
    match entry(application, &claim.of) {
        Some(entry) => Standing::Lists(entry),
        None if is_blank(application) => Standing::Blank,
        None => Standing::Passes,
    }
}

/// Whether it is new, or in a namespace that its Argo CD does not look at.
fn is_blank(application: &Value) -> bool {
    text(application, "/status/reconciledAt").is_empty()
        && text(application, "/status/sync/status").is_empty()
}

/// What an Application lists of an object.
pub(super) fn entry<'a>(application: &'a Value, object: &Target) -> Option<&'a Value> {
    items(application, "/status/resources").iter().find(|entry| names(entry, object))
}

/// Whether an entry of `status.resources` names the object.
fn names(entry: &Value, object: &Target) -> bool {
    text(entry, "/name") == object.name
        && text(entry, "/namespace") == object.namespace
        && is_type(text(entry, "/group"), text(entry, "/kind"), object)
}

/// Whether the mark on the object names another Argo CD than the one that this Application is of.
fn is_foreign(application: &Value, object: &Value, facts: &Facts<'_>) -> bool {
    let Some(marked) = annotation(object, INSTALLATION) else { return false };
    let own = configured_installation(application, facts);
    !own.is_empty() && own != marked
}

/// What this Argo CD calls itself; empty where it has no name, or where that may not be read.
fn configured_installation<'f>(application: &Value, facts: &'f Facts<'_>) -> &'f str {
    let control = text(application, "/status/controllerNamespace");
    let namespace =
        if control.is_empty() { text(application, "/metadata/namespace") } else { control };
    let listed = facts.items(&configurations()).unwrap_or_default().iter();
    let single = USUAL.map(|namespace| facts.value(&configuration(namespace)).ok());
    let mut all = listed.chain(single.into_iter().flatten());
    let here = |object: &&Value| {
        text(object, "/metadata/namespace") == namespace
            && text(object, "/metadata/name") == CONFIGURATION
    };
    all.find(here).map(|object| text(object, "/data/installationID")).unwrap_or_default()
}

fn instance(claim: &Claim) -> Instance<'_> {
    Instance { namespace: claim.namespace.as_deref(), name: &claim.name }
}

fn namespaces<'a>(instance: &Instance<'a>) -> Vec<&'a str> {
    instance.namespace.map_or_else(|| USUAL.to_vec(), |namespace| vec![namespace])
}

/// Asks for all Applications of that name.
pub(super) fn list(claim: &Claim) -> Ask {
    let selector = format!("metadata.name={}", claim.name);
    let path = Path::cluster_wide(API, "applications").query("fieldSelector", &selector);
    Ask::Read(path.query("limit", SAME_NAME).to_string())
}

/// Asks for the one in a namespace.
pub(super) fn single(claim: &Claim, namespace: &str) -> Ask {
    Ask::Read(Path::namespaced(API, namespace, "applications").name(&claim.name).to_string())
}

fn configurations() -> Ask {
    let selector = format!("metadata.name={CONFIGURATION}");
    let path = Path::cluster_wide("api/v1", "configmaps").query("fieldSelector", &selector);
    Ask::Read(path.query("limit", SAME_NAME).to_string())
}

fn configuration(namespace: &str) -> Ask {
    Ask::Read(Path::namespaced("api/v1", namespace, "configmaps").name(CONFIGURATION).to_string())
}
