//! What keeps an owner from taking a commit up. Whoever reads the owner finds these out; whether one stops a
//! commit is decided here, by what is known of the commit.

use serde::{Deserialize, Serialize};

use super::git_path::GitPath;

/// One thing that keeps an owner from taking a commit up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Barrier {
    /// Why, as a sentence about the owner without a full stop, e.g. `spec.suspend is true`.
    pub why: String,
    /// Which commits it stops.
    pub stops: Stops,
    /// What takes it away, in words or as a command to paste with what it is for.
    pub remedy: String,
}

/// Which commits are stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stops {
    /// All, as long as somebody has turned the owner off. It writes nothing meanwhile: a patch stays, and
    /// it takes up what Git holds once it is turned on again.
    WhileOff,
    /// All, for good: the commit would never get to the workload.
    All,
    /// Those without a signature.
    Unsigned,
    /// Those that leave this file alone.
    Leaving(GitPath),
}

/// What is known of a commit before it is pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brings<'a> {
    /// Whether what gets onto the branch is signed; `None`: somebody else makes it, or has made it.
    pub signed: Option<bool>,
    /// The files that it changes; `None`: it is there already.
    pub files: Option<&'a [GitPath]>,
}

/// What a barrier does to a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It lets it pass.
    Passes,
    /// It may stop it: what has to be so, as the end of a sentence.
    Unsure(String),
    /// It stops it.
    Stopped,
}

impl Barrier {
    /// What it does to a commit.
    #[must_use]
    pub fn verdict(&self, commit: Brings<'_>) -> Verdict {
        match (&self.stops, commit) {
            (Stops::WhileOff | Stops::All, _)
            | (Stops::Unsigned, Brings { signed: Some(false), .. }) => Verdict::Stopped,
            (Stops::Unsigned, Brings { signed: Some(true), .. }) => {
                Verdict::Unsure("the revert is signed: it has to know that key".into())
            }
            (Stops::Unsigned, Brings { signed: None, .. }) => {
                Verdict::Unsure("the commit that gets there has to be signed".into())
            }
            (Stops::Leaving(file), Brings { files: Some(files), .. }) => {
                if files.contains(file) {
                    Verdict::Passes
                } else {
                    Verdict::Stopped
                }
            }
            (Stops::Leaving(file), Brings { files: None, .. }) => {
                let file = file.argument();
                Verdict::Unsure(format!("the commit has to change {file}"))
            }
        }
    }

    /// Whether a direct patch would last where this stops a commit.
    #[must_use]
    pub fn leaves_patches_alone(&self) -> bool {
        matches!(self.stops, Stops::WhileOff | Stops::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_barrier_stops_its_commits_and_no_others() {
        let chart = GitPath::new("chart/Chart.yaml");
        let (with, without) = ([chart.clone()], [GitPath::new("chart/values.yaml")]);
        let signed = |signed| Brings { signed, files: Some(&with) };
        let of = |files| Brings { signed: Some(false), files };
        for (stops, commit, stopped) in [
            (Stops::WhileOff, signed(Some(true)), Some(true)),
            (Stops::All, signed(Some(true)), Some(true)),
            (Stops::Unsigned, signed(Some(false)), Some(true)),
            (Stops::Unsigned, signed(Some(true)), None),
            (Stops::Unsigned, signed(None), None),
            (Stops::Leaving(chart.clone()), of(Some(&with)), Some(false)),
            (Stops::Leaving(chart.clone()), of(Some(&without)), Some(true)),
            (Stops::Leaving(chart.clone()), of(Some(&[])), Some(true)),
            (Stops::Leaving(chart.clone()), of(None), None),
        ] {
            let barrier = Barrier { why: String::new(), stops, remedy: String::new() };
            let found = match barrier.verdict(commit) {
                Verdict::Passes => Some(false),
                Verdict::Unsure(_) => None,
                Verdict::Stopped => Some(true),
            };
            assert_eq!(found, stopped, "{barrier:?} {commit:?}");
        }
    }

    #[test]
    fn who_is_off_leaves_a_patch_alone() {
        for (stops, leaves) in [
            (Stops::WhileOff, true),
            (Stops::All, true),
            (Stops::Unsigned, false),
            (Stops::Leaving(GitPath::new("a")), false),
        ] {
            let barrier = Barrier { why: String::new(), stops, remedy: String::new() };
            assert_eq!(barrier.leaves_patches_alone(), leaves, "{barrier:?}");
        }
    }
}
