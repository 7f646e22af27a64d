//! Names from the cluster, within the budget of the line. Whatever fails is `None`: nobody reads an
//! error who presses a key.

use std::future::Future;

use crate::backend;
use crate::cli::target_args::is_object_name;
use crate::cluster::{Cluster, Deadline, KubeconfigNames, Path};
use crate::error::{ErrorKind, Result};
use crate::rollback::model::history::Row;
use crate::rollback::model::target::{Kind, Target};
use crate::rollback::{history, snapshot};

use super::line::Line;

/// Names of the objects of a kind, in the namespace of the line or in all. `everywhere`: in all where the
/// line names none.
pub(super) fn names(line: &Line, kind: &'static Kind, everywhere: bool) -> Option<Vec<String>> {
    let root = if kind.group().is_empty() { "api" } else { "apis" };
    let version = format!("{root}/{}", kind.api_version);
    let names = ask(line, async |cluster, deadline| {
        let is_everywhere = everywhere && line.connect.namespace.is_none();
        let collection = if line.all_namespaces || is_everywhere {
            Path::cluster_wide(&version, kind.plural)
        } else {
            Path::namespaced(&version, cluster.namespace(), kind.plural)
        };
        cluster.names(&collection, deadline).await
    })?;
    Some(names.into_iter().filter(|name| is_object_name(name)).collect())
}

/// All namespaces; those of the kubeconfig where there is no right to list them.
pub(super) fn namespaces(line: &Line) -> Option<Vec<String>> {
    ask(line, async |cluster, deadline| {
        let names = cluster.names(&Path::cluster_wide("api/v1", "namespaces"), deadline).await;
        match names {
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                Ok(KubeconfigNames::read(&line.connect)?.namespaces)
            }
            names => names,
        }
    })
}

/// Revisions of the workload that the line names, oldest first: each with its images and marks.
pub(super) fn revisions(line: &Line) -> Option<Vec<(String, String)>> {
    let first = line.targets.first()?;
    let (kind, name) = match first.split_once('/') {
        Some(both) => both,
        None => (first.as_str(), line.targets.get(1)?.as_str()),
    };
    let backend = backend::by_word(kind).filter(|_| is_object_name(name))?;
    let history = ask(line, async |cluster, deadline| {
        let target = Target::new(backend.kind(), cluster.namespace(), name);
        let snapshot = snapshot::take(&cluster, backend, &target, deadline).await?;
        Ok(history::of(backend, &snapshot))
    })?;
    let row = |row: Row| {
        let value = row.revision.map_or(row.hash, |number| number.to_string());
        let marks: Vec<&str> = row.marks.iter().map(|mark| mark.words()).collect();
        let words = [row.short_images.join(", "), marks.join(", ")].join("  ");
        (value, words.trim_end().to_owned())
    };
    Some(history.rows.into_iter().map(row).collect())
}

/// Connects, asks, and gives up in time.
fn ask<T, F: Future<Output = Result<T>>>(
    line: &Line,
    question: impl FnOnce(Cluster, Deadline) -> F,
) -> Option<T> {
    let budget = line.until.saturating_duration_since(std::time::Instant::now());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let answer = runtime.block_on(async {
        let deadline = Deadline::after(budget);
        let work = async {
            let cluster = Cluster::connect(&line.connect, deadline).await?;
            question(cluster, deadline).await
        };
        tokio::time::timeout_at(deadline.instant(), work).await
    });
    // Dropping it would wait for a name server that does not answer.
    runtime.shutdown_background();
    answer.ok()?.ok()
}
