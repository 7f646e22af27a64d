//! From what a command line names to what is read, once the cluster is known.

use std::collections::HashSet;
use std::path::Path;

use crate::cluster::{Cluster, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::hint::Hints;
use crate::rollback::model::target::Target;
use crate::rollback::snapshot::many::{self, Wish};
use crate::text::{plural, shell_quote};

use super::{Named, Selected, TargetArgs};

/// Several workloads by name, in this namespace where they name none; each once.
pub(in crate::cli) fn named(all: &[Named], cluster: &Cluster) -> Wish {
    let mut known = HashSet::new();
    let target = |named: &Named| (named.backend, named.in_namespace(cluster.namespace()));
    Wish::Named(all.iter().map(target).filter(|(_, target)| known.insert(target.clone())).collect())
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
    let count = match many::count(cluster, &selected.backends, place, deadline).await {
        Ok(count) => format!("all {}", plural(count, "workload")),
        // The answer is the same.
        Err(error) if error.kind() == ErrorKind::Forbidden => "all workloads".to_owned(),
        Err(error) => return Err(error),
    };
    let kinds: Vec<&str> = selected.backends.iter().map(|b| b.kind().singular).collect();
    let place =
        place.map_or_else(|| "all namespaces".to_owned(), |name| format!("namespace {name}"));
    Err(Error::new(
        ErrorKind::Usage,
        format!("{} without a name would hit {count} in {place}", kinds.join(",")),
    )
    .hint(format!("to name one: {}/NAME", kinds.first().copied().unwrap_or_default()))
    .hint(format!("to take all of them: {all}")))
}

impl TargetArgs {
    /// What could not be read in all namespaces may be allowed in one: with the command for that.
    pub(in crate::cli) fn or_in_one_namespace(
        &self,
        error: Error,
        command: &str,
        hints: &Hints,
    ) -> Error {
        if !self.all_namespaces || error.kind() != ErrorKind::Forbidden {
            return error;
        }
        let one = Self { all_namespaces: false, all: self.selector.is_none(), ..self.clone() };
        let words = one.to_words(&[]);
        error.hint(format!("for one namespace: {}", hints.rb(&format!("{command} {words}"))))
    }

    /// The same workloads again, as words for a shell; `targets` are those that were found.
    pub(in crate::cli) fn to_words(&self, targets: &[&Target]) -> String {
        // Standard input is read only once.
        if self.filename.iter().any(|file| file == Path::new("-")) {
            let all: Vec<String> =
                targets.iter().map(|t| shell_quote(&t.reference()).into_owned()).collect();
            return all.join(" ");
        }
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
