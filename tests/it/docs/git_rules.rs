//! docs/git.md names for each rule the test that breaks it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![each_rule_for_git_names_its_test]
}

/// The last column of the table in docs/git.md.
fn each_rule_for_git_names_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/git.md")).expect("docs/git.md");
    let named: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_suffix("` |")?.rsplit_once('`').map(|(_, name)| name))
        .collect();
    assert!(named.len() > 10, "the table is not there: {named:?}");
    let mut sources = String::new();
    for folder in ["src/git", "tests/it"] {
        for file in walk(&root.join(folder)) {
            sources += &fs::read_to_string(file).expect("a source file");
        }
    }
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "docs/git.md: there is no test {name}");
    }
}

/// All files in a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let paths = entries.map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
