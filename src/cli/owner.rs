//! Commands that are given an owner (`app/NAME`, `ks/NAME`, `hr/NAME`) in the place of a workload.

mod git_log;
pub(super) mod history;
pub(super) mod refusal;
pub(super) mod status;
pub(super) mod undo;

use serde_json::Value;

use crate::app::App;
use crate::backend::{self, Rollbacker};
use crate::cluster::{Cluster, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::reconciler::find_owner::{self, Search};
use crate::reconciler::owner_kind::OwnerKind;
use crate::rollback::model::deployed::Listed;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::target::{ClusterRef, Target};
use crate::text::shell_quote;

use super::target_args::owner::NamedOwner;

/// Where Flux keeps its own.
const FLUX: &str = "flux-system";

/// An owner that was found.
struct Found {
    kind: &'static dyn OwnerKind,
    target: Target,
    object: Value,
}

impl Found {
    /// The same as it is now.
    async fn read_again(&self, cluster: &Cluster, deadline: Deadline) -> Result<Self> {
        let (kind, target) = (self.kind, self.target.clone());
        let object = match kind.reconciler().address(&target) {
            Some(address) => cluster.get(address.object().as_str(), deadline).await?,
            None => self.object.clone(),
        };
        Ok(Self { kind, target, object })
    }
}

/// Finds it. `command` is what is done, for the command that does it elsewhere: `history`.
async fn find(
    app: &App,
    cluster: &Cluster,
    named: NamedOwner<'_>,
    command: &str,
    deadline: Deadline,
) -> Result<Found> {
    let namespace = app.connect.namespace.as_deref();
    let kind = named.kind;
    let search = find_owner::find(cluster, kind, namespace, named.name, deadline);
    let reference = named.reference();
    let at = |namespace: &str| {
        let hints = app.hints(cluster, namespace);
        hints.rb(&format!("{command} {}", shell_quote(&reference)))
    };
    match search.await? {
        Search::One { target, object, was_found } => {
            if was_found {
                let place = &target.namespace;
                app.console.note(&format!(
                    "note: {reference} is in namespace {}\n",
                    app.console.marks.foreign(place)
                ));
            }
            app.remember_target(&target);
            Ok(Found { kind, target, object: *object })
        }
        Search::Several(namespaces) => {
            let message =
                format!("{reference} is in several namespaces: {}", namespaces.join(", "));
            let error = Error::new(ErrorKind::Usage, message);
            Err(namespaces
                .iter()
                .take(5)
                .fold(error, |error, one| error.hint(format!("for the one in {one}: {}", at(one)))))
        }
        Search::None { elsewhere } => {
            let place = match namespace {
                None if !kind.homes().is_empty() => String::new(),
                _ => format!(" in namespace {}", namespace.unwrap_or(cluster.namespace())),
            };
            let message = format!("{reference} does not exist{place}");
            let error = Error::new(ErrorKind::NotFound, message);
            let list = list_command(&app.hints(cluster, ""), kind);
            let error = elsewhere
                .iter()
                .take(5)
                .fold(error, |error, one| error.hint(format!("for the one in {one}: {}", at(one))));
            Err(if elsewhere.is_empty() {
                error.hint(format!("to see all: {list}"))
            } else {
                error
            })
        }
        Search::NotServed => Err(not_served(kind, &reference)),
    }
}

fn list_command(hints: &Hints, kind: &dyn OwnerKind) -> String {
    let (plural, group) = (kind.kind().plural, kind.kind().group());
    format!("kubectl get {plural}.{group} -A {}", hints.pin).trim_end().to_owned()
}

fn not_served(kind: &dyn OwnerKind, reference: &str) -> Error {
    let names = kind.kind();
    let program = if kind.homes().is_empty() { "Flux" } else { "Argo CD" };
    let message = format!(
        "{reference} cannot be on this cluster: it has no {}.{} ({})",
        names.plural,
        names.group(),
        names.api_version
    );
    let place = if program == "Flux" { FLUX } else { "argocd" };
    Error::new(ErrorKind::NotFound, message)
        .because(format!("{program} is not installed here, or another version of it"))
        .hint(format!("to see what there is: kubectl api-resources --api-group={}", names.group()))
        .hint(format!("if {program} runs on another cluster, name that: --context NAME -n {place}"))
}

/// The workloads that rb knows among what an owner lists, those first of which it says that something
/// is wrong.
fn workloads(listed: &[Listed]) -> Vec<(&'static dyn Rollbacker, Target)> {
    let known = |one: &Listed| {
        let backend = backend::by_kind(&one.target.kind)?;
        let is_it = backend.kind().api_version == one.target.api_version;
        is_it.then(|| (backend, one.target.clone()))
    };
    let (bad, good): (Vec<&Listed>, Vec<&Listed>) = listed.iter().partition(|one| one.is_bad);
    bad.into_iter().chain(good).filter_map(known).collect()
}

fn cluster_ref(cluster: &Cluster) -> ClusterRef {
    let (context, server) = (cluster.context_name().to_owned(), cluster.server().to_owned());
    ClusterRef { context, server }
}
