//! What is not done with an owner: the workloads are named instead.

use crate::app::{App, Budget};
use crate::backend::Rollbacker;
use crate::cli::target_args::owner::NamedOwner;
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::rollback::model::target::Target;
use crate::text::{plural, shell_quote};

use super::{Found, find, workloads};

/// Workloads that are named.
const NAMED: usize = 10;

/// `rb verify app/NAME`: what is verified are workloads.
pub(in crate::cli) async fn verify(app: &App, named: NamedOwner<'_>) -> Result<ExitStatus> {
    let (cluster, found) = look(app, named, "status").await?;
    let message = format!("{} cannot be verified: workloads can", named.reference());
    let error = Error::new(ErrorKind::Usage, message);
    Err(name_all(app, &cluster, &found, "verify", error))
}

async fn look(app: &App, named: NamedOwner<'_>, command: &str) -> Result<(Cluster, Found)> {
    let budget = Budget::start(None);
    let cluster = app.connect(None, budget.reading()).await?;
    let found = find(app, &cluster, named, command, budget.reading()).await?;
    Ok((cluster, found))
}

/// A hint for each workload, and how many there are more.
fn name_all(app: &App, cluster: &Cluster, found: &Found, command: &str, error: Error) -> Error {
    let listed = found.kind.listed(&found.object);
    let all: Vec<(&'static dyn Rollbacker, Target)> = workloads(&listed);
    if let Some(why) = found.kind.elsewhere(&found.object) {
        return error.hint(format!("its workloads are not here: {why}"));
    }
    if all.is_empty() {
        let count = i64::try_from(listed.len()).unwrap_or(i64::MAX);
        let count = plural(count, "object");
        return error.hint(format!("it lists no workload that rb knows among its {count}"));
    }
    let more = all.len().saturating_sub(NAMED);
    let error = all.iter().take(NAMED).fold(error, |error, (_, target)| {
        let hints = app.hints(cluster, &target.namespace);
        let reference = target.reference();
        error.hint(hints.rb(&format!("{command} {}", shell_quote(&reference))))
    });
    if more == 0 {
        return error;
    }
    let count = plural(i64::try_from(more).unwrap_or(i64::MAX), "workload");
    error.hint(format!("and {count} more"))
}
