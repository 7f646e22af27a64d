//! `dryrun.workload`: does the API server take the very writes that matter, with everything that
//! admits them?

use std::borrow::Cow;

use super::{Preflight, Scene};
use crate::cluster::{Cluster, Deadline, Write, WriteError};
use crate::error::{Error, ErrorKind};
use crate::facts::{Ask, Facts};
use crate::rollback::execute;
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::denial::denial;
use crate::rollback::model::plan::Action;
use crate::text::truncate;

pub(super) struct DryrunWorkload;

impl Preflight for DryrunWorkload {
    fn id(&self) -> &'static str {
        "dryrun.workload"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn must_be_answered(&self) -> bool {
        true
    }

    fn is_critical(&self) -> bool {
        true
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        scene.plan.steps.iter().filter_map(|step| write(&step.action)).map(Ask::Rehearse).collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let asks = self.asks(scene);
        let mut unknown = None;
        for ask in &asks {
            let error = match facts.rehearsal(ask) {
                Some(Ok(_)) => continue,
                Some(Err(error)) => error,
                None => return Finding::unknown("the API server was not asked"),
            };
            let causes = error.error().causes();
            match error {
                // It went away by itself.
                WriteError::Rejected(error) | WriteError::Conflict(error)
                    if is_deletion(ask) && is_gone(error) => {}
                // That is for `rbac` to say.
                WriteError::Rejected(error) if error.kind() == ErrorKind::Forbidden => {
                    return Finding::skipped("without the right, there is nothing to try");
                }
                _ if cannot_rehearse(&causes) => {
                    unknown = Some("a webhook of the cluster cannot take part in a dry run".into());
                }
                WriteError::Throttled { error, .. } | WriteError::Unknown(error) => {
                    unknown = Some(error.to_string());
                }
                WriteError::Rejected(error) | WriteError::Conflict(error) => {
                    let message = match (denial(&causes), causes.first()) {
                        (Some(rule), _) => {
                            format!("denied by a rule of the cluster: {}", cut(rule))
                        }
                        (None, Some(cause)) => {
                            format!("the API server does not take it: {}", cut(cause))
                        }
                        (None, None) => error.to_string(),
                    };
                    return Finding::fail(message).because("Refused").evidence(causes);
                }
            }
        }
        match unknown {
            Some(why) => Finding::unknown(why),
            None if asks.is_empty() => Finding::skipped("nothing is patched"),
            None => Finding::pass("the API server takes it"),
        }
    }
}

/// The beginning of what somebody else's policy says; the evidence has all of it.
pub(super) fn cut(cause: &str) -> Cow<'_, str> {
    truncate(cause, 200)
}

fn is_deletion(ask: &Ask) -> bool {
    matches!(ask, Ask::Rehearse(Write::Delete { .. }))
}

/// Whether there is no such object any more, or another one of that name.
fn is_gone(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::LostRace)
}

/// Whether the API server did not ask a webhook that has side effects
/// (`k8s.io/apiserver/pkg/admission/plugin/webhook/errors`).
pub(super) fn cannot_rehearse(causes: &[String]) -> bool {
    causes.iter().any(|cause| cause.contains("does not support dry run"))
}

fn write(action: &Action) -> Option<Write> {
    match action {
        Action::PatchWorkload { path, body } => {
            Some(Write::Patch { path: path.clone(), body: body.clone() })
        }
        Action::DeletePod { path, uid, .. } => {
            Some(Write::Delete { path: path.clone(), uid: uid.clone() })
        }
        _ => None,
    }
}

/// Whether the patch is refused since the workload is not as it was planned for any more. Only then
/// it is read once more.
pub(super) async fn is_stale(
    cluster: &Cluster,
    scene: &Scene<'_>,
    facts: &Facts<'_>,
    deadline: Deadline,
) -> bool {
    let Some((path, body)) = scene.plan.patch() else { return false };
    let ask = Ask::Rehearse(Write::Patch { path: path.to_owned(), body: body.clone() });
    match facts.rehearsal(&ask) {
        Some(Err(WriteError::Conflict(_))) => {}
        // Deleted meanwhile: reading it again says so.
        Some(Err(error)) => return error.error().kind() == ErrorKind::NotFound,
        Some(Ok(_)) | None => return false,
    }
    match cluster.get(path, deadline).await {
        Ok(live) => !execute::tests_hold(body, &live),
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}
