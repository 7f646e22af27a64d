//! From what a command line names to what is read, once the cluster is known.

use crate::cluster::{Cluster, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::snapshot::many::{self, Wish};
use crate::text::{plural, shell_quote};

use super::{Named, Selected, TargetArgs};

/// Several workloads by name, in this namespace where they name none.
pub(in crate::cli) fn named(all: &[Named], cluster: &Cluster) -> Wish {
    let target = |named: &Named| (named.backend, named.in_namespace(cluster.namespace()));
    Wish::Named(all.iter().map(target).collect())
}

/// All that are selected.
pub(in crate::cli) fn selected(selected: &Selected, cluster: &Cluster) -> Wish {
    let namespace = (!selected.everywhere).then(|| cluster.namespace().to_owned());
    Wish::Selected {
        backends: selected.backends.clone(),
        selector: selected.selector.clone(),
        namespace,
    }
}

/// Refuses a bare TYPE: it may be half a command, and it would hit everything. Says how much.
pub(in crate::cli) async fn refuse_bare_type(
    selected: &Selected,
    cluster: &Cluster,
    all: &str,
    deadline: Deadline,
) -> Result<()> {
    if selected.is_meant {
        return Ok(());
    }
    let place = (!selected.everywhere).then(|| cluster.namespace());
    let count = many::count(cluster, &selected.backends, place, deadline).await?;
    let kinds: Vec<&str> = selected.backends.iter().map(|b| b.kind().singular).collect();
    let place =
        place.map_or_else(|| "all namespaces".to_owned(), |name| format!("namespace {name}"));
    let what = plural(count, "workload");
    Err(Error::new(
        ErrorKind::Usage,
        format!("{} names no workload, and would hit {what} in {place}", kinds.join(",")),
    )
    .hint(format!("to name one: {}/NAME", kinds.first().copied().unwrap_or_default()))
    .hint(format!("to take all of them: {all}")))
}

impl TargetArgs {
    /// The same workloads again, as words for a shell.
    pub(in crate::cli) fn to_words(&self) -> String {
        let mut words: Vec<String> =
            self.words.iter().map(|w| shell_quote(w).into_owned()).collect();
        if let Some(selector) = &self.selector {
            words.push(format!("-l {}", shell_quote(selector)));
        }
        for (given, flag) in [(self.all, "--all"), (self.all_namespaces, "-A")] {
            words.extend(given.then(|| flag.to_owned()));
        }
        for file in &self.filename {
            words.push(format!("-f {}", shell_quote(&file.display().to_string())));
        }
        words.join(" ")
    }
}
