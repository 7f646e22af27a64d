//! A repository of 50,000 files: what a revert reads depends on what changed and not on what is there.

use kubectl_rb::git::Oid;
use kubectl_rb::git::invariants;
use kubectl_rb::git::repository::Repository;
use kubectl_rb::git::revert::{Request, attempt};
use kubectl_rb::rollback::model::git_path::GitPath;
use kubectl_rb::rollback::model::revert::{Attempt, Mode};

use super::scribe::{Files, Scribe, branch, git};
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![fifty_thousand_files_are_not_read]
}

/// Trees that a revert and its checks may read.
const TREES: u64 = 120;

fn fifty_thousand_files_are_not_read() {
    let mut scribe = Scribe::new(0);
    let file = |text: String| (0o100_644, text.into_bytes());
    let mut files = Files::new();
    for app in 0..2_500 {
        for number in 0..20 {
            let path = format!("apps/team{:02}/app{app:04}/file{number:02}.yaml", app % 50);
            files.insert(path, file(format!("app: {app}\nfile: {number}\n")));
        }
    }
    assert_eq!(files.len(), 50_000);
    let first = scribe.commit(&[], "first", &Files::new(), &files);
    let mut bad = files.clone();
    for number in 0..5 {
        let path = format!("apps/team07/app0007/file{number:02}.yaml");
        bad.insert(path, file("app: 7\nbad: true\n".to_owned()));
    }
    let second = scribe.commit(&[first], "bad", &files, &bad);
    let mut later = bad.clone();
    later.insert("apps/team08/app0008/file00.yaml".into(), file("app: 8\nlater: true\n".into()));
    scribe.commit(&[second], "later", &bad, &later);
    scribe.import();
    let bad = Oid::from_str(&git(scribe.path(), &["rev-parse", "main~1"])).expect("an id");
    for mode in [Mode::Revert, Mode::Subset, Mode::Restore] {
        let repository = Repository::open(scribe.path()).expect("a repository");
        let main = branch(scribe.path(), "main");
        let paths = [GitPath::new("apps/team07/app0007")];
        let request = Request {
            branch: &main,
            commits: &[bad],
            mode,
            paths: if mode == Mode::Revert { &[] } else { &paths },
            good: None,
            mainline: None,
        };
        let Attempt::Clean(reverted) = attempt(&repository, &request).expect("a revert") else {
            panic!("not clean")
        };
        invariants::check(&repository, &main, &reverted, 0).expect("no rule is broken");
        assert_eq!(reverted.files.len(), 5);
        let read = repository.trees_read();
        assert!(read <= TREES, "{mode:?}: {read} trees read");
    }
}
