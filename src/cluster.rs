//! The API server: connecting, reading, writing, watching. The `kube` crate lives here and nowhere
//! else.
//!
//! In: a kubeconfig and paths of the Kubernetes API ([`Path`]); out: JSON. One connection carries all
//! requests and watches; nothing but the asked request goes over the wire: no discovery, no version
//! check. Reads are tried again while that can help; a write is sent exactly once. Every call takes
//! the command's [`Deadline`].
//!
//! Programs are asked through the API server ([`Cluster::ask_program`]) or from here ([`ask_url`]),
//! once and without judging what they answer.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use kubectl_rb::cluster::{Cluster, ConnectOptions, Deadline, Path};
//! # async fn example() -> kubectl_rb::error::Result<()> {
//! let deadline = Deadline::after(Duration::from_secs(60));
//! let cluster = Cluster::connect(&ConnectOptions::default(), deadline).await?;
//! let path = Path::namespaced("apis/apps/v1", cluster.namespace(), "deployments").name("checkout");
//! let deployment = cluster.get(&path, deadline).await?;
//! # Ok(())
//! # }
//! ```

mod answer;
mod asked;
mod body;
mod carried;
mod cluster_entry;
mod connector;
mod credentials;
mod deadline;
mod exec_plugin;
mod failure;
mod keys;
mod kubeconfig;
mod metadata;
mod names;
mod no_answer;
mod page;
mod path;
mod peer;
mod pin;
mod proxy;
mod rehearse;
mod request;
mod retry;
mod session;
mod stream;
mod unreachable;
mod url;
mod watch;
mod watch_lanes;
mod watch_line;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::answer::{Ending, HttpAnswer, HttpAsk};
pub use self::deadline::Deadline;
pub use self::names::KubeconfigNames;
pub use self::no_answer::{NoAnswer, Why};
pub use self::page::Page;
pub use self::path::Path;
use self::peer::Peer;
pub use self::rehearse::{Permission, Write};
use self::request::{Call, JSON};
use self::session::Sessions;
pub use self::url::ask_url;
pub use self::watch::{WatchEvent, WatchStep, WatchStream};
pub use self::write::{PatchKind, WriteError, WriteOptions};
use crate::error::{Error, ErrorKind, Result};

/// Which cluster, as whom: kubectl's flags. `None` leaves the choice to the kubeconfig.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// `--kubeconfig`: this file only; else `KUBECONFIG`, `~/.kube/config`, the pod's service account.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--cluster`: another cluster entry than the context's.
    pub cluster: Option<String>,
    /// `--user`: another user entry than the context's.
    pub user: Option<String>,
    /// `-n`.
    pub namespace: Option<String>,
    /// `--as`: whom to impersonate.
    pub as_user: Option<String>,
    /// `--as-group`: needs `as_user`.
    pub as_groups: Vec<String>,
    /// `--as-uid`: needs `as_user`.
    pub as_uid: Option<String>,
    /// How long a single request may take; 10 seconds by default. A watch is bounded by it only while
    /// it is being opened.
    pub request_timeout: Duration,
    /// Nobody is there: a credential plugin must not ask, and one that has to is not run.
    pub unattended: bool,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            cluster: None,
            user: None,
            namespace: None,
            as_user: None,
            as_groups: Vec::new(),
            as_uid: None,
            request_timeout: Duration::from_secs(10),
            unattended: false,
        }
    }
}

/// A connection to one API server. All methods take `&self` and may run at the same time.
pub struct Cluster {
    context: String,
    namespace: String,
    server: String,
    request_timeout: Duration,
    peer: Arc<Peer>,
    sessions: Sessions,
}

impl Cluster {
    /// Reads the kubeconfig, runs an exec plugin once if there is one, and opens the connection.
    ///
    /// A refused connection is tried again for two seconds; everything else fails at once:
    /// [`ErrorKind::Usage`] for the kubeconfig, [`ErrorKind::Unauthenticated`] for a plugin,
    /// [`ErrorKind::Unreachable`] for the network and TLS.
    pub async fn connect(options: &ConnectOptions, deadline: Deadline) -> Result<Self> {
        let access = kubeconfig::load(options)?;
        let (context, namespace) = (access.context.clone(), access.namespace.clone());
        let peer = Arc::new(Peer {
            server: access.config.cluster_url.clone(),
            user: access.user.clone(),
            flags: access.pin.clone(),
            impersonates: access.config.auth_info.impersonate.clone(),
            own_flags: access.own_pin.clone(),
        });
        let server = peer.server.to_string().trim_end_matches('/').to_owned();
        let sessions = Sessions::open(access, deadline).await?;
        let request_timeout = options.request_timeout;
        Ok(Self { context, namespace, server, request_timeout, peer, sessions })
    }

    /// The context's name in the kubeconfig, or `in-cluster`.
    #[must_use]
    pub fn context_name(&self) -> &str {
        &self.context
    }

    /// The user entry of the kubeconfig; empty where there is none.
    #[must_use]
    pub fn user_name(&self) -> &str {
        &self.peer.user
    }

    /// The server's URL.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// `-n`, else the context's namespace, else `default`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Flags that pin a pasted kubectl command to this context and identity, quoted for a shell:
    /// `--context prod-eu`. Empty inside a cluster.
    #[must_use]
    pub fn pin(&self) -> &str {
        &self.peer.flags
    }

    /// Reads an object or a list.
    pub async fn get(&self, path: &str, deadline: Deadline) -> Result<Value> {
        self.get_as(path, deadline).await
    }

    /// Reads an object or a list straight into a type: big lists then never exist as a `Value`.
    pub async fn get_as<T: DeserializeOwned>(&self, path: &str, deadline: Deadline) -> Result<T> {
        let call = Call::read(path, JSON);
        let body = self.read(&call, deadline).await?;
        self.parse(&body, &call)
    }

    /// Reads text, such as a pod's log; bytes that are not UTF-8 are replaced.
    pub async fn get_text(&self, path: &str, deadline: Deadline) -> Result<String> {
        let body = self.read(&Call::read(path, "*/*"), deadline).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    fn parse<T: DeserializeOwned>(&self, body: &[u8], call: &Call<'_>) -> Result<T> {
        serde_json::from_slice(body).map_err(|error| {
            let place = unreachable::address(&self.peer.server);
            let message = format!("cannot read the answer of {place} ({})", call.asked().phrase());
            Error::new(ErrorKind::Internal, message).because(json_cause(&error))
        })
    }
}

/// Why JSON could not be read, without the values that serde quotes: they may be secret.
fn json_cause(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "unexpected JSON",
        serde_json::error::Category::Eof => "the JSON ends too early",
        _ => "not JSON",
    };
    format!("{what} at line {}, column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_send<T: Send>(_: T) {}

    #[expect(dead_code, reason = "compiling it is the test: calls may be spawned")]
    fn futures_can_be_spawned(cluster: &'static Cluster, path: &'static str) {
        let deadline = Deadline::never();
        is_send(cluster);
        is_send(cluster.get(path, deadline));
        is_send(async move {
            if let Ok(mut stream) = cluster.watch(path, "1", deadline).await {
                stream.next().await;
            }
        });
    }
}
