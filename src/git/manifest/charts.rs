//! The version of a chart, which decides for some whether it is built again.

use serde_json::Value;

use crate::error::Result;
use crate::git::manifest::images::text;
use crate::git::repository::Repository;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{FileChange, FileEntry};

/// Of the files that change, each `Chart.yaml` whose version is another one afterwards.
pub fn of_another_version(repository: &Repository, files: &[FileChange]) -> Result<Vec<GitPath>> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.name() == b"Chart.yaml") {
        let before = version(repository, file.before.as_ref())?;
        if before != version(repository, file.after.as_ref())? {
            found.push(file.path.clone());
        }
    }
    Ok(found)
}

/// What is written there as the version, whatever its type.
fn version(repository: &Repository, entry: Option<&FileEntry>) -> Result<Option<Value>> {
    let Some(entry) = entry else { return Ok(None) };
    let Some(text) = text(repository, entry)? else { return Ok(None) };
    let chart: Value = serde_yaml::from_str(&text).unwrap_or_default();
    Ok(chart.get("version").cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Edit, Scratch, put};

    /// The charts whose version a revert of the last of two commits changes.
    fn changed(before: &[Edit], after: &[Edit]) -> Vec<String> {
        let scratch = Scratch::new();
        let files = scratch.reverted(before, after);
        let found = of_another_version(&scratch.open(), &files).unwrap();
        found.iter().map(GitPath::argument).collect()
    }

    #[test]
    fn only_the_version_of_a_chart_counts() {
        let chart = |text: &str| put("charts/web/Chart.yaml", text);
        for (before, after, expected) in [
            ("name: web\nversion: 1.0.0\n", "name: web\nversion: 1.1.0\n", true),
            ("version: 1.0.0\n", "version: 1.0.0\ndescription: more\n", false),
            ("version: 1.0.0\nappVersion: v1\n", "version: \"1.0.0\"\nappVersion: v2\n", false),
            ("version: [\n", "version: 1.0.0\n", true),
        ] {
            let expected = if expected { vec!["charts/web/Chart.yaml"] } else { vec![] };
            assert_eq!(changed(&[chart(before)], &[chart(after)]), expected, "{before} {after}");
        }
        let values = |text: &str| put("charts/web/values.yaml", text);
        assert!(changed(&[values("version: 1\n")], &[values("version: 2\n")]).is_empty());
    }
}
