//! `gitops.automation`: would those who take the workload from Git take up the next commit by themselves,
//! or has somebody paused them, rb with a hold included?

use super::{Probe, Scene, owners, words};
use crate::facts::{Ask, Facts};
use crate::reconciler::rung::Rung;
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::record::PREFIX;

/// The annotations of a hold start so.
const HOLD: &str = "hold";

pub(super) struct GitopsAutomation;

impl Probe for GitopsAutomation {
    fn id(&self) -> &'static str {
        "gitops.automation"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        let near = match owners::near(scene) {
            Ok(near) => near,
            Err(finding) => return finding,
        };
        let all = &scene.seen.owners;
        let held = all.iter().filter_map(hold);
        let paused = near.iter().flat_map(|rung| {
            rung.hindrances.iter().map(|hindrance| format!("{}: {hindrance}", rung.owner.name))
        });
        let found: Vec<String> = held.chain(paused).collect();
        if let Some(first) = found.first() {
            let more = match found.len() - 1 {
                0 => String::new(),
                count => format!(", and {count} more"),
            };
            let reason =
                if all.iter().any(|rung| hold(rung).is_some()) { "Held" } else { "Paused" };
            let finding = Finding::warn(format!("{first}{more}")).because(reason);
            return finding.evidence(found).hint(words::status(scene));
        }
        if let Some(unread) = near.iter().find_map(|rung| owners::object(rung).err()) {
            return unread.hint(words::status(scene));
        }
        let names = words::few(near.iter().map(|rung| rung.owner.name.as_str()));
        Finding::pass(format!("{names}: a new commit is taken up without anybody's help"))
            .evidence(all.iter().filter_map(bot).collect::<Vec<_>>())
    }
}

/// A hold of rb on an owner, by the annotation that says so.
fn hold(rung: &Rung) -> Option<String> {
    let annotations = rung.object.as_ref()?.pointer("/metadata/annotations")?.as_object()?;
    let is_one =
        |key: &&String| key.strip_prefix(PREFIX).is_some_and(|name| name.starts_with(HOLD));
    let key = annotations.keys().find(is_one)?;
    Some(format!("{} is held by rb (annotation {key})", rung.owner.name))
}

/// A program that may write another release to the source.
fn bot(rung: &Rung) -> Option<String> {
    let owner = &rung.owner;
    (rung.reconciler.writes_to_source() && owner.counts())
        .then(|| format!("{}: {}", owner.name, owner.would))
}

#[cfg(test)]
mod tests;
