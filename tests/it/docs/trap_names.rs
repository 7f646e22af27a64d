//! docs/gitops-traps.md names for each trap its test, by the path of its module; or says plainly that
//! there is none.

use std::fs;
use std::path::{Path, PathBuf};

use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![each_trap_names_its_tests, a_name_that_is_wrong_is_seen]
}

/// What the last column says where there is no test.
const NONE: [&str; 2] = ["not tested", "not handled"];

fn each_trap_names_its_tests() {
    let page = fs::read_to_string(root().join("docs/gitops-traps.md")).expect("the page");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| situation "))
        .collect();
    assert!(rows.len() > 80, "only {} rows were found", rows.len());
    let mut named = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [situation, does, tests] = cells.as_slice() else { panic!("three cells: {row}") };
        assert!(!situation.is_empty() && !does.is_empty(), "{row}");
        if NONE.contains(tests) {
            continue;
        }
        for test in tests.split(", ") {
            let path = test.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
            let path = path.unwrap_or_else(|| panic!("no test, and not {NONE:?}: {row}"));
            assert!(exists(path), "there is no test {path}: {row}");
            named += 1;
        }
    }
    assert!(named > 100, "only {named} tests are named");
}

fn a_name_that_is_wrong_is_seen() {
    assert!(exists("docs::trap_names::each_trap_names_its_tests"));
    assert!(exists("reconciler::hold::wanted::tests::only_who_would_undo_it_is_held"));
    for wrong in [
        "docs::trap_names::no_such_test",
        "docs::nowhere::each_trap_names_its_tests",
        // It is a function, and no test.
        "docs::trap_names::root",
        "each_trap_names_its_tests",
        "",
    ] {
        assert!(!exists(wrong), "{wrong}");
    }
}

/// Whether a module of this suite, or of the library, has a test of that name.
fn exists(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once("::") else { return false };
    let module = module.replace("::", "/");
    let file = |folder: &str, module: &str| {
        fs::read_to_string(root().join(folder).join(format!("{module}.rs"))).ok()
    };
    if let Some(text) = file("tests/it", &module) {
        // In its list, and as a function.
        let is_listed = [",", "]"].iter().any(|end| text.contains(&format!("{name}{end}")));
        return text.contains(&format!("fn {name}(")) && is_listed;
    }
    let beside = module.strip_suffix("/tests").unwrap_or(&module);
    let text = file("src", &module).or_else(|| file("src", beside));
    text.is_some_and(|text| {
        text.contains(&format!("#[test]\n    fn {name}("))
            || text.contains(&format!("#[test]\nfn {name}("))
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
