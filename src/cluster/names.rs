//! Names only, for completion: of what a kubeconfig holds, and of the objects in a collection.

use serde::Deserialize;

use super::request::Call;
use super::{Cluster, ConnectOptions, Deadline, Path, kubeconfig};
use crate::error::{Error, ErrorKind, Result};

/// Without it each object comes whole: templates, status and all.
const METADATA_ONLY: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";
/// Objects on a page.
const PAGE: &str = "500";
/// Pages that are read at most.
const PAGES: usize = 20;

/// What a kubeconfig holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubeconfigNames {
    /// Its contexts.
    pub contexts: Vec<String>,
    /// Its clusters.
    pub clusters: Vec<String>,
    /// Its users.
    pub users: Vec<String>,
    /// The namespaces of its contexts.
    pub namespaces: Vec<String>,
}

impl KubeconfigNames {
    /// Of the files that these options name.
    pub fn read(options: &ConnectOptions) -> Result<Self> {
        let merged = kubeconfig::merged(options)?;
        let namespace = |named: &kube::config::NamedContext| {
            named.context.as_ref().and_then(|context| context.namespace.clone())
        };
        Ok(Self {
            namespaces: merged.contexts.iter().filter_map(namespace).collect(),
            contexts: merged.contexts.into_iter().map(|named| named.name).collect(),
            clusters: merged.clusters.into_iter().map(|named| named.name).collect(),
            users: merged.auth_infos.into_iter().map(|named| named.name).collect(),
        })
    }
}

#[derive(Deserialize)]
struct Page {
    metadata: ListMeta,
    #[serde(default)]
    items: Vec<Object>,
}

#[derive(Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    more: Option<String>,
}

#[derive(Deserialize)]
struct Object {
    metadata: ObjectMeta,
}

#[derive(Deserialize)]
struct ObjectMeta {
    name: String,
}

impl Cluster {
    /// The names of all objects in a collection. Ten thousand are the most: a part of them would be
    /// taken for the whole.
    pub async fn names(&self, collection: &Path, deadline: Deadline) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut token = String::new();
        for _ in 0..PAGES {
            let mut path = collection.clone().query("limit", PAGE);
            if !token.is_empty() {
                path = path.query("continue", &token);
            }
            let call = Call::read(&path, METADATA_ONLY);
            let page: Page = self.parse(&self.read(&call, deadline).await?, &call)?;
            names.extend(page.items.into_iter().map(|object| object.metadata.name));
            token = page.metadata.more.unwrap_or_default();
            if token.is_empty() {
                return Ok(names);
            }
        }
        Err(Error::new(ErrorKind::Refused, format!("more than {} objects", names.len())))
    }
}
