//! Finds an owner by its name: in the namespace that was given, else where owners of its kind are.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Deadline, Path};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::target::{Kind, Target};

use super::owner_kind::OwnerKind;

/// What a search came to.
#[derive(Debug)]
pub enum Search {
    /// Here it is.
    One {
        /// What it is called, with its namespace.
        target: Target,
        /// As the API server sent it.
        object: Box<Value>,
        /// Whether its namespace was not given, and is none that the user could have meant.
        was_found: bool,
    },
    /// There are several of that name, in these namespaces.
    Several(Vec<String>),
    /// There is none where it was looked for.
    None {
        /// There are some of that name in these namespaces.
        elsewhere: Vec<String>,
    },
    /// The cluster has no such kind of object.
    NotServed,
}

/// Looks for the owner. `namespace` is the one that was given; without one, an Application is looked for
/// in all namespaces, or where the user may look; anything else in the namespace of the context.
pub async fn find(
    cluster: &Cluster,
    owner: &dyn OwnerKind,
    namespace: Option<&str>,
    name: &str,
    deadline: Deadline,
) -> Result<Search> {
    let looking = Looking { cluster, kind: owner.kind(), name, deadline };
    match namespace {
        None if !owner.homes().is_empty() => looking.everywhere(owner.homes()).await,
        _ => looking.in_namespace(namespace.unwrap_or(cluster.namespace())).await,
    }
}

struct Looking<'a> {
    cluster: &'a Cluster,
    kind: &'static Kind,
    name: &'a str,
    deadline: Deadline,
}

impl Looking<'_> {
    async fn in_namespace(&self, namespace: &str) -> Result<Search> {
        match self.read(namespace).await {
            Ok(object) => Ok(self.one(object, false)),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            // The same answer for a name that is not there and for a kind that is not.
            Err(_) => Ok(match self.list().await {
                Ok(items) => Search::None { elsewhere: namespaces(&items) },
                Err(error) if error.kind() == ErrorKind::NotFound => Search::NotServed,
                Err(_) => Search::None { elsewhere: Vec::new() },
            }),
        }
    }

    async fn everywhere(&self, homes: &[&str]) -> Result<Search> {
        match self.list().await {
            Ok(items) => Ok(self.only(items)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Search::NotServed),
            Err(error) if error.kind() == ErrorKind::Forbidden => self.at_home(homes, error).await,
            Err(error) => Err(error),
        }
    }

    /// For somebody who may not list everywhere.
    async fn at_home(&self, homes: &[&str], forbidden: Error) -> Result<Search> {
        let places: BTreeSet<&str> =
            homes.iter().copied().chain([self.cluster.namespace()]).collect();
        let reads = join_all(places.iter().map(|namespace| self.read(namespace))).await;
        let (mut found, mut refused) = (Vec::new(), None);
        for read in reads {
            match read {
                Ok(object) => found.push(object),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) if error.kind() == ErrorKind::Forbidden => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        match refused {
            Some(_) if found.is_empty() => Err(forbidden),
            _ => Ok(self.only(found)),
        }
    }

    fn only(&self, mut found: Vec<Value>) -> Search {
        match found.len() {
            0 => Search::None { elsewhere: Vec::new() },
            1 => self.one(found.remove(0), true),
            _ => Search::Several(namespaces(&found)),
        }
    }

    fn one(&self, mut object: Value, was_looked_for: bool) -> Search {
        let namespace = namespace_of(&object);
        // What stands in a list leaves its type out.
        if let Some(members) = object.as_object_mut() {
            members.insert("apiVersion".to_owned(), json!(self.kind.api_version));
            members.insert("kind".to_owned(), json!(self.kind.kind));
        }
        let was_found = was_looked_for && namespace != self.cluster.namespace();
        let target = Target::new(self.kind, &namespace, self.name);
        Search::One { target, object: Box::new(object), was_found }
    }

    async fn read(&self, namespace: &str) -> Result<Value> {
        let api = format!("apis/{}", self.kind.api_version);
        let path = Path::namespaced(&api, namespace, self.kind.plural).name(self.name);
        self.cluster.get(&path, self.deadline).await
    }

    /// All of that name, in whatever namespace.
    async fn list(&self) -> Result<Vec<Value>> {
        let api = format!("apis/{}", self.kind.api_version);
        let selector = format!("metadata.name={}", self.name);
        let path = Path::cluster_wide(&api, self.kind.plural).query("fieldSelector", &selector);
        let mut list = self.cluster.get(&path, self.deadline).await?;
        let items = list.get_mut("items").map(Value::take);
        Ok(match items {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        })
    }
}

fn namespace_of(object: &Value) -> String {
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str);
    namespace.unwrap_or_default().to_owned()
}

fn namespaces(found: &[Value]) -> Vec<String> {
    found.iter().map(namespace_of).collect::<BTreeSet<String>>().into_iter().collect()
}
