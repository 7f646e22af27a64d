//! Whether what was found good stayed on the workload, and who put something else there.

use jiff::Timestamp;
use serde::Serialize;

use super::check::{Check, Finding, Level};

/// The name of the check.
const ID: &str = "stays";

/// What watching a workload that was found good came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Staying {
    /// For how long it was to be watched, in seconds.
    pub seconds: u64,
    /// For how long it was, in milliseconds.
    pub milliseconds: u64,
    /// How that ended.
    pub ending: Stay,
    /// Who put another template on it; absent where nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Culprit>,
    /// Why it could not be watched to the end, or what became of its pods; absent where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// How a watch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stay {
    /// Nobody changed the template.
    Stayed,
    /// Somebody put another template on it.
    Replaced,
    /// Its pods reached a terminal state.
    PodsFailed,
    /// It was deleted.
    Deleted,
    /// rb may not read it any more, or lost the API server for good.
    Lost,
}

/// Who changed the template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Culprit {
    /// The field manager, where the object tells.
    pub manager: Option<String>,
    /// When, by the API server's clock, in whole seconds.
    pub at: Option<Timestamp>,
    /// The owner of the workload that writes under this name.
    pub owner: Option<String>,
    /// The commit or version that it applies now.
    pub revision: Option<String>,
    /// Programs that write to the source of that owner.
    pub bots: Vec<String>,
}

impl Staying {
    /// The check while the watch goes on.
    #[must_use]
    pub fn begun(seconds: u64) -> Check {
        let message = format!("watching for {seconds} s that nobody puts another template on it");
        Check::new(ID, Finding::unknown(message), Level::Required)
    }

    /// The check that it is; `hint` is a command that shows more.
    #[must_use]
    pub fn check(&self, hint: &str) -> Check {
        let after = self.milliseconds / 1_000;
        let why = self.why.as_deref().unwrap_or("why is not known");
        let finding = match self.ending {
            Stay::Stayed => {
                Finding::pass(format!("nobody put another template on it for {} s", self.seconds))
            }
            Stay::Replaced => {
                let by = self.by.clone().unwrap_or_default();
                let finding = Finding::fail(format!("after {after} s, {by}")).because("Replaced");
                finding.evidence(by.bots.iter().map(|bot| format!("{bot} writes to its source")))
            }
            Stay::PodsFailed => {
                Finding::fail(format!("after {after} s, pods failed: {why}")).because("PodsFailed")
            }
            Stay::Deleted => {
                Finding::fail(format!("after {after} s, somebody deleted it")).because("Deleted")
            }
            Stay::Lost => Finding::unknown(format!(
                "after {after} s of {} s it could not be watched any longer: {why}",
                self.seconds
            )),
        };
        let finding = if self.ending == Stay::Stayed { finding } else { finding.hint(hint) };
        Check::new(ID, finding, Level::Required)
    }

    /// Whether what went wrong is somebody else's doing, and says nothing of the release.
    #[must_use]
    pub fn is_of_others(&self) -> bool {
        matches!(self.ending, Stay::Replaced | Stay::Deleted | Stay::Lost)
    }
}

/// As the end of a sentence.
impl std::fmt::Display for Culprit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.manager.as_deref().unwrap_or("somebody"))?;
        f.write_str(" put another template on it")?;
        if let Some(at) = self.at {
            write!(f, " at {at}")?;
        }
        if let Some(owner) = &self.owner {
            write!(f, "; that is {owner}")?;
        }
        if let (Some(_), Some(revision)) = (&self.owner, &self.revision) {
            write!(f, ", which applies {revision}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::CheckStatus;
    use super::*;

    fn staying(ending: Stay) -> Staying {
        let by = (ending == Stay::Replaced).then(|| Culprit {
            manager: Some("argocd-controller".to_owned()),
            at: Some("2026-03-02T12:00:00Z".parse().unwrap()),
            owner: Some("Argo CD application web".to_owned()),
            revision: Some("9f3c2ab".to_owned()),
            bots: vec!["ImageUpdater web".to_owned()],
        });
        let why = matches!(ending, Stay::Lost | Stay::PodsFailed).then(|| "no right".to_owned());
        Staying { seconds: 60, milliseconds: 3_400, ending, by, why }
    }

    #[test]
    fn each_ending_has_a_check() {
        for (ending, status, is_of_others, message) in [
            (Stay::Stayed, CheckStatus::Pass, false, "nobody put another template on it for 60 s"),
            (
                Stay::Replaced,
                CheckStatus::Fail,
                true,
                "after 3 s, argocd-controller put another template on it at 2026-03-02T12:00:00Z; \
                 that is Argo CD application web, which applies 9f3c2ab",
            ),
            (Stay::PodsFailed, CheckStatus::Fail, false, "after 3 s, pods failed: no right"),
            (Stay::Deleted, CheckStatus::Fail, true, "after 3 s, somebody deleted it"),
            (
                Stay::Lost,
                CheckStatus::Unknown,
                true,
                "after 3 s of 60 s it could not be watched any longer: no right",
            ),
        ] {
            let staying = staying(ending);
            let check = staying.check("rb status");
            assert_eq!((check.status, check.message.as_str()), (status, message), "{ending:?}");
            assert_eq!(check.level, Level::Required);
            assert_eq!(check.hint.is_some(), ending != Stay::Stayed);
            assert_eq!(staying.is_of_others(), is_of_others, "{ending:?}");
        }
        let evidence = staying(Stay::Replaced).check("").evidence;
        assert_eq!(evidence, ["ImageUpdater web writes to its source"]);
    }

    #[test]
    fn who_is_not_known_is_somebody() {
        let nobody = Culprit { revision: Some("9f3c2ab".to_owned()), ..Culprit::default() };
        assert_eq!(nobody.to_string(), "somebody put another template on it");
    }
}
