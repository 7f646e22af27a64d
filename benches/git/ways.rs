//! The ways to take a commit out of a repository and to push that.

use std::fmt;
use std::path::Path;

use super::process::Call;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// rb that has never seen the repository.
    Cold,
    /// rb with a copy that lacks the newest commits.
    Warm,
    /// A whole clone.
    Clone,
    /// A clone without files, and a checkout of the application alone.
    Partial,
}

/// The order of a round.
pub(crate) const ALL: [Way; 4] = [Way::Cold, Way::Warm, Way::Clone, Way::Partial];

/// What is to be done.
pub(crate) struct Task<'a> {
    pub(crate) rb: &'a Path,
    pub(crate) url: &'a str,
    /// The bad commit.
    pub(crate) bad: &'a str,
    /// The folder of its application.
    pub(crate) app: &'a str,
    /// An empty folder for this run.
    pub(crate) scratch: &'a Path,
}

impl Way {
    pub(crate) fn is_rb(self) -> bool {
        matches!(self, Self::Cold | Self::Warm)
    }

    pub(crate) fn calls(self, task: &Task<'_>) -> Vec<Call> {
        let Task { rb, url, bad, app, scratch } = task;
        let git = Path::new("git");
        let work = scratch.join("work");
        let call = |program: &Path, words: &str, folder: &Path| Call {
            program: program.to_owned(),
            arguments: words.split_whitespace().map(str::to_owned).collect(),
            folder: folder.to_owned(),
        };
        match self {
            Self::Cold | Self::Warm => {
                let words = format!("revert-commit {bad} --repo {url} --branch main --yes");
                vec![call(rb, &words, scratch)]
            }
            Self::Clone => vec![
                call(git, &format!("clone --quiet {url} work"), scratch),
                call(git, &format!("revert --no-edit {bad}"), &work),
                call(git, "push --quiet origin main", &work),
            ],
            Self::Partial => vec![
                call(
                    git,
                    &format!("clone --quiet --filter=blob:none --no-checkout {url} work"),
                    scratch,
                ),
                call(git, &format!("sparse-checkout set {app}"), &work),
                call(git, "checkout --quiet main", &work),
                call(git, &format!("revert --no-edit {bad}"), &work),
                call(git, "push --quiet origin main", &work),
            ],
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cold => "rb, nothing kept",
            Self::Warm => "rb, with a copy 20 commits behind",
            Self::Clone => "git clone, revert, push",
            Self::Partial => "git clone --filter=blob:none, sparse checkout, revert, push",
        })
    }
}
