//! Through the API server to whichever pod it picks behind a Service.

mod choice;

use serde_json::Value;

use self::choice::Choice;
use super::super::{Scene, pods};
use super::ports::Ports;
use super::row::{Bad, Way, in_a_row, row};
use crate::cluster::{Cluster, Deadline, Path, Why};
use crate::error::ErrorKind;
use crate::rollback::model::check::Finding;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::http_probe::{HttpProbe, Scheme, encode, shown};
use crate::text::shell_quote;

pub(super) async fn round(
    cluster: &Cluster,
    probe: &HttpProbe,
    scene: &Scene<'_>,
    deadline: Deadline,
) -> Finding {
    let choice = match choice::of(probe, scene) {
        Ok(choice) => choice,
        Err(finding) => return finding,
    };
    // Another Service than those of the workload may lead to pods all the same.
    if let Some(finding) = pods::nothing_runs(scene).filter(|_| choice.object.is_some()) {
        return finding;
    }
    let hints = &Hints { namespace: choice.namespace.clone(), ..scene.hints.clone() };
    let (object, port) = match port(cluster, probe, &choice, deadline).await {
        Ok(found) => found,
        Err(bad) => return bad.finding(&choice.place(), Some(hints.kubectl("get services"))),
    };
    let behind = encode(&probe.path).unwrap_or_default();
    let services = Path::namespaced("api/v1", &choice.namespace, "services");
    let proxy = services.program(&choice.name, &port, probe.scheme == Scheme::Https);
    let place = format!("{} {} of {}", probe.method.word(), shown(&behind), choice.place());
    let command = command(hints, &proxy, &behind);
    let way = Way::Carried { cluster, proxy, behind };
    match in_a_row(&way, probe, deadline).await {
        Ok(()) => Finding::pass(format!("{place}: {}", row(probe))),
        Err(bad) => {
            let bad = explained(cluster, bad, &choice, object, probe, deadline).await;
            let hint = match bad.why {
                Some(Why::NoEndpoints) => Some(slices(hints, &choice.name)),
                _ => command,
            };
            bad.finding(&place, hint)
        }
    }
}

/// The port to ask, and the Service where it was read for that. Where its ports are not known and one
/// is named, the API server has the last word.
async fn port(
    cluster: &Cluster,
    probe: &HttpProbe,
    choice: &Choice,
    deadline: Deadline,
) -> Result<(Option<Value>, String), Bad> {
    let object = match (&choice.object, &probe.port) {
        (None, Some(port)) => return Ok((None, port.clone())),
        (None, None) => read(cluster, choice, deadline).await?,
        (Some(object), _) => object.clone(),
    };
    let port = Ports::of_service(&object).choose(probe)?;
    Ok((Some(object), port.to_string()))
}

async fn read(cluster: &Cluster, choice: &Choice, deadline: Deadline) -> Result<Value, Bad> {
    let path = Path::namespaced("api/v1", &choice.namespace, "services").name(&choice.name);
    cluster.get(&path, deadline).await.map_err(|error| {
        let hint = error.hints().first().cloned();
        let bad = match error.kind() {
            ErrorKind::NotFound => Bad::unknown("NotFound", "there is no such Service"),
            ErrorKind::Forbidden => Bad::unknown(
                "Forbidden",
                format!("which ports it has cannot be read ({error}): say port: in the probe"),
            ),
            _ => Bad::unknown("ApiServer", format!("it cannot be read: {error}")),
        };
        Bad { hint, ..bad }
    })
}

/// The same with what the Service itself says about it.
async fn explained(
    cluster: &Cluster,
    bad: Bad,
    choice: &Choice,
    object: Option<Value>,
    probe: &HttpProbe,
    deadline: Deadline,
) -> Bad {
    if !matches!(bad.why, Some(Why::NoEndpoints | Why::NotFound | Why::NoPort)) {
        return bad;
    }
    let object = match object {
        Some(object) => Ok(object),
        None => read(cluster, choice, deadline).await,
    };
    match object {
        Ok(object) => choice::cannot_be_carried(&object)
            .or_else(|| Ports::of_service(&object).choose(probe).err())
            .unwrap_or(bad),
        Err(missing) if missing.reason == "NotFound" => missing,
        Err(_) => bad,
    }
}

/// The same request by hand. A query may hold a token, and without it the command would ask for
/// something else.
pub(super) fn command(hints: &Hints, proxy: &Path, behind: &str) -> Option<String> {
    let path = format!("{proxy}{behind}");
    (!behind.contains('?')).then(|| hints.kubectl(&format!("get --raw {}", shell_quote(&path))))
}

fn slices(hints: &Hints, service: &str) -> String {
    let selector = format!("kubernetes.io/service-name={service}");
    hints.kubectl(&format!("get endpointslices -l {}", shell_quote(&selector)))
}
