//! From the word that a test uses for a kind of object ("deployment", "deploy", "Deployment") to
//! the path of its API. The API server is asked (aggregated discovery), so kinds of installed CRDs
//! are known too.

use std::sync::Mutex;

use anyhow::{Context as _, Result};
use hyper::Method;
use serde_json::Value;

use super::api::Api;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// One kind of object.
#[derive(Clone, Debug)]
struct Resource {
    /// The words that mean it, in lower case.
    words: Vec<String>,
    /// `/api/v1` or `/apis/GROUP/VERSION`.
    root: String,
    plural: String,
    namespaced: bool,
}

/// What the API server said last; asked again when a word is unknown.
#[derive(Default)]
pub(crate) struct Discovery {
    known: Mutex<Vec<Resource>>,
}

impl Discovery {
    /// The path of the list of these objects, in the namespace where the kind has namespaces.
    pub(crate) fn path(&self, api: &Api, kind: &str, namespace: &str) -> Result<String> {
        let word = kind.to_lowercase();
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if find(&known, &word).is_none() {
            *known = ask(api)?;
        }
        let resource = find(&known, &word)
            .with_context(|| format!("the API server knows no kind {kind:?}"))?;
        let Resource { root, plural, .. } = resource;
        Ok(if resource.namespaced {
            format!("{root}/namespaces/{namespace}/{plural}")
        } else {
            format!("{root}/{plural}")
        })
    }
}

fn find<'a>(known: &'a [Resource], word: &str) -> Option<&'a Resource> {
    known.iter().find(|resource| resource.words.iter().any(|known| known == word))
}

/// The core group comes first, and in each group the preferred version: so `event` is the core one.
fn ask(api: &Api) -> Result<Vec<Resource>> {
    let mut resources = Vec::new();
    for path in ["/api", "/apis"] {
        let answer = api.send(&Method::GET, path, AGGREGATED, &Value::Null)?;
        for group in each(&answer.body, "/items") {
            let name = text(group, "/metadata/name");
            for version in each(group, "/versions") {
                let version_name = text(version, "/version");
                let root = if name.is_empty() {
                    format!("/api/{version_name}")
                } else {
                    format!("/apis/{name}/{version_name}")
                };
                resources.extend(
                    each(version, "/resources").map(|resource| read(resource, &name, &root)),
                );
            }
        }
    }
    Ok(resources)
}

fn read(resource: &Value, group: &str, root: &str) -> Resource {
    let plural = text(resource, "/resource");
    let mut words = vec![
        plural.clone(),
        format!("{plural}.{group}"),
        text(resource, "/singularResource"),
        text(resource, "/responseKind/kind").to_lowercase(),
    ];
    words.extend(each(resource, "/shortNames").filter_map(Value::as_str).map(str::to_owned));
    Resource {
        words,
        root: root.to_owned(),
        plural,
        namespaced: text(resource, "/scope") == "Namespaced",
    }
}

fn each<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
