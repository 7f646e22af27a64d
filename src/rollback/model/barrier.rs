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
    /// All, as long as its source fetches nothing. What that has fetched is applied again, so a patch does
    /// not stay.
    Unfetched,
    /// Those without a signature.
    Unsigned,
    /// Those that change a chart and not its version.
    Unversioned(Chart),
}

/// A chart in Git.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chart {
    /// Its folder.
    pub folder: GitPath,
    /// Files of values that are packed into it, from the root of the repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<GitPath>,
}

/// What is known of a commit before it is pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brings<'a> {
    /// Whether what gets onto the branch is signed; `None`: somebody else makes it, or has made it.
    pub signed: Option<bool>,
    /// The files that it changes; `None`: it is there already.
    pub files: Option<&'a [GitPath]>,
    /// Of these, each `Chart.yaml` whose version changes.
    pub versions: &'a [GitPath],
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
            (Stops::WhileOff | Stops::All | Stops::Unfetched, _)
            | (Stops::Unsigned, Brings { signed: Some(false), .. }) => Verdict::Stopped,
            (Stops::Unsigned, Brings { signed: Some(true), .. }) => {
                Verdict::Unsure("the revert is signed: it has to know that key".into())
            }
            (Stops::Unsigned, Brings { signed: None, .. }) => {
                Verdict::Unsure("the commit that gets there has to be signed".into())
            }
            (Stops::Unversioned(chart), Brings { files: Some(files), versions, .. }) => {
                if !files.iter().any(|file| chart.has(file)) || versions.contains(&chart.file()) {
                    Verdict::Passes
                } else {
                    Verdict::Stopped
                }
            }
            (Stops::Unversioned(chart), Brings { files: None, .. }) => {
                let file = chart.file().argument();
                Verdict::Unsure(format!("the version in {file} has to change with it"))
            }
        }
    }

    /// Whether a direct patch would last where this stops a commit.
    #[must_use]
    pub fn leaves_patches_alone(&self) -> bool {
        matches!(self.stops, Stops::WhileOff | Stops::All)
    }

    /// Whether it is about the source of the owner: what is brought by another owner alone passes it.
    #[must_use]
    pub fn is_of_source(&self) -> bool {
        matches!(self.stops, Stops::Unfetched | Stops::Unsigned | Stops::Unversioned(_))
    }
}

impl Chart {
    /// The file with its version.
    #[must_use]
    pub fn file(&self) -> GitPath {
        self.folder.join(b"Chart.yaml")
    }

    /// Whether the file is packed into it.
    fn has(&self, file: &GitPath) -> bool {
        file.is_in(&self.folder) || self.values.contains(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_barrier_stops_its_commits_and_no_others() {
        let values = vec![GitPath::new("values/web.yaml")];
        let chart = Stops::Unversioned(Chart { folder: GitPath::new("chart"), values });
        let inside = [GitPath::new("chart/Chart.yaml"), GitPath::new("chart/values.yaml")];
        let (beside, elsewhere) =
            ([GitPath::new("values/web.yaml")], [GitPath::new("charts/Chart.yaml")]);
        let signed = |signed| Brings { signed, files: Some(&inside), versions: &[] };
        let of = |files, versions| Brings { signed: Some(false), files, versions };
        for (stops, commit, stopped) in [
            (Stops::WhileOff, signed(Some(true)), Some(true)),
            (Stops::All, signed(Some(true)), Some(true)),
            (Stops::Unsigned, signed(Some(false)), Some(true)),
            (Stops::Unsigned, signed(Some(true)), None),
            (Stops::Unsigned, signed(None), None),
            (Stops::Unfetched, signed(Some(true)), Some(true)),
            (chart.clone(), of(Some(&inside), &inside[..1]), Some(false)),
            // Another line of the file, the version of another chart.
            (chart.clone(), of(Some(&inside), &[]), Some(true)),
            (chart.clone(), of(Some(&inside), &elsewhere), Some(true)),
            (chart.clone(), of(Some(&beside), &[]), Some(true)),
            (chart.clone(), of(Some(&elsewhere), &[]), Some(false)),
            (chart.clone(), of(Some(&[]), &[]), Some(false)),
            (chart.clone(), of(None, &[]), None),
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
            (Stops::Unfetched, false),
            (Stops::Unversioned(Chart { folder: GitPath::new("a"), values: Vec::new() }), false),
        ] {
            let barrier = Barrier { why: String::new(), stops, remedy: String::new() };
            assert_eq!(barrier.leaves_patches_alone(), leaves, "{barrier:?}");
        }
    }
}
