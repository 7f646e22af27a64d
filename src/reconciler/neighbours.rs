//! Others of the kind of an owner: those that render the same object, or the same files.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cluster::{Cluster, Deadline};
use crate::error::Result;
use crate::git::manifest::closure::Inputs;
use crate::rollback::model::ownership::Source;
use crate::rollback::model::target::Target;

/// Bytes of a page that are looked at: what is wanted must not cost more than the rest of the command.
const MOST: usize = 4 * 1024 * 1024;
/// So long an answer is waited for: nothing that has to be done depends on it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Those that were looked at, without the owner itself.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// Who they are.
    pub list: Vec<Neighbour>,
    /// How many were looked at, where there are more.
    pub only: Option<usize>,
}

/// Another owner of the same kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    /// What people call it.
    pub name: String,
    /// Its object.
    pub object: Target,
    /// What it reads of each source that it renders.
    pub reads: Vec<(Source, Inputs)>,
    /// Whether it has the workload among its objects too.
    pub shares: bool,
    /// Whether it brings the state of its source to the cluster by itself.
    pub acts: bool,
}

/// What is read of one of them: of its status nothing but what it says of its objects.
#[derive(Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Slim {
    api_version: Value,
    kind: Value,
    metadata: Value,
    spec: Value,
    status: SlimStatus,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct SlimStatus {
    controller_namespace: Value,
    conditions: Value,
    resources: Option<Vec<Entry>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    group: String,
    kind: String,
    namespace: String,
    name: String,
}

/// Looks at the others, in one request; `None` where owners of this kind are not looked at. With a workload
/// it is known of each whether it has that, too.
pub async fn read(
    cluster: &Cluster,
    (owner, object): (&Target, &Value),
    workload: Option<&Target>,
    deadline: Deadline,
) -> Result<Option<Neighbours>> {
    let Some(kind) = super::of(owner) else { return Ok(None) };
    let Some(path) = kind.others(object) else { return Ok(None) };
    let mut seen = 0;
    let keep = |slim: Slim| {
        seen += 1;
        let other = serde_json::to_value(slim).ok()?;
        kind.neighbour(object, workload, &other)
    };
    let page = cluster.get_page(path.as_str(), MOST, deadline.earlier(PATIENCE), keep).await?;
    Ok(Some(Neighbours { list: page.items, only: (!page.is_all).then_some(seen) }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_status_nothing_is_kept_but_what_counts() {
        let long = "x".repeat(1_000);
        let resources: Vec<Value> = (0..3)
            .map(|n| {
                json!({"group": "apps", "kind": "Deployment", "namespace": "prod",
                "name": format!("web-{n}"), "health": {"message": long}})
            })
            .collect();
        let other = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": "api"}, "spec": {"project": "default"},
            "status": {"controllerNamespace": "argocd", "conditions": [], "history": [long],
                "resources": resources, "operationState": {"message": long}}});
        let slim: Slim = serde_json::from_value(other).unwrap();
        let slim = serde_json::to_value(slim).unwrap();
        assert!(slim.to_string().len() < 700, "{slim}");
        assert_eq!(slim["metadata"]["name"], "api");
        assert_eq!(slim["status"]["controllerNamespace"], "argocd");
        assert_eq!(slim["status"]["resources"][2]["name"], "web-2");
        let none: Slim = serde_json::from_value(json!({"status": {"resources": null}})).unwrap();
        assert_eq!(serde_json::to_value(none).unwrap()["status"]["resources"], Value::Null);
    }
}
