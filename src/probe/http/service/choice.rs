//! Which Service, and which of its ports. Pure.

use serde_json::Value;

use super::super::row::Bad;
use crate::probe::Scene;
use crate::rollback::model::check::Finding;
use crate::rollback::model::http_probe::{HttpProbe, Via};

/// The Service that is asked.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Whether that is not the namespace of the workload.
    is_elsewhere: bool,
    /// The Service, where it is one of those that select the pods.
    pub(super) object: Option<Value>,
}

impl Choice {
    /// `Service checkout`, as messages name it.
    pub(super) fn place(&self) -> String {
        if self.is_elsewhere {
            format!("Service {} in namespace {}", self.name, self.namespace)
        } else {
            format!("Service {}", self.name)
        }
    }
}

/// The Service that the probe names, or the only one that selects the pods.
pub(super) fn of(probe: &HttpProbe, scene: &Scene<'_>) -> Result<Choice, Finding> {
    let own = &scene.target.namespace;
    let (wanted, namespace) = match &probe.via {
        Via::Service { service, namespace } => {
            (service.as_ref(), namespace.as_ref().unwrap_or(own))
        }
        Via::Pod | Via::Url(_) => (None, own),
    };
    let is_elsewhere = namespace != own;
    let seen = scene.seen.services.as_ref();
    if let Some(name) = wanted {
        let is_it = |service: &&Value| name_of(service) == name && !is_elsewhere;
        let object = seen.ok().and_then(|services| services.iter().find(is_it)).cloned();
        let (namespace, name) = (namespace.clone(), name.clone());
        return Ok(Choice { namespace, name, is_elsewhere, object });
    }
    let probe = &probe.name;
    let unclear = |reason: &'static str, message: String| {
        let finding = Finding::unknown(message).because(reason);
        finding.hint(scene.hints.kubectl("get services -o wide"))
    };
    let say = |name: &str| {
        format!("say which one in the probe {probe} of the configuration (service: {name})")
    };
    match seen.map(Vec::as_slice) {
        Ok([service]) => Ok(Choice {
            namespace: own.clone(),
            name: name_of(service).to_owned(),
            is_elsewhere,
            object: Some(service.clone()),
        }),
        Ok([]) => Err(unclear(
            "NoService",
            format!("no Service selects the pods: {}, or use via: pod or via: url", say("NAME")),
        )),
        Ok(several) => {
            let names: Vec<&str> = several.iter().map(name_of).collect();
            let first = names.first().copied().unwrap_or("NAME");
            let (count, list) = (names.len(), names.join(", "));
            let message = format!("{count} Services select the pods ({list}): {}", say(first));
            Err(unclear("SeveralServices", message))
        }
        Err(error) => Err(unclear(
            "Unreadable",
            format!("which Services select the pods cannot be read ({error}): {}", say("NAME")),
        )),
    }
}

/// Why the API server has nobody to connect to, whatever the pods do: it connects to pods only.
pub(super) fn cannot_be_carried(service: &Value) -> Option<Bad> {
    let spec = |member: &str| service.pointer(&format!("/spec/{member}"));
    let message = if spec("type").is_some_and(|kind| kind == "ExternalName") {
        "it is another name for a host (ExternalName)"
    } else if spec("selector").and_then(Value::as_object).is_none_or(serde_json::Map::is_empty) {
        "it has no selector"
    } else {
        return None;
    };
    let message = format!("{message}, and the API server connects to pods only: use via: url");
    Some(Bad::unknown("NoSelector", message))
}

fn name_of(service: &Value) -> &str {
    service.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
