//! What a clean revert may still get wrong, and nobody but the user can judge.

use crate::error::Result;
use crate::git::manifest::images::text;
use crate::git::repository::Repository;
use crate::git::tree::file_merge::is_lfs_pointer;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{FileEntry, Reverted};
use crate::text::{plural, sanitize};

/// Where GitHub keeps its workflows; a push that changes one needs a right of its own.
const WORKFLOWS: &[u8] = b".github/workflows/";

/// A kind of file that wants a second look, and what to say of it.
struct Kind {
    is_it: fn(&GitPath, &str) -> bool,
    words: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        is_it: |_, text| {
            let is_sops = text.contains("ENC[") && text.contains("sops");
            is_sops || text.lines().any(|line| line.trim_end() == "kind: SealedSecret")
        },
        words: "holds an older secret then, which may have been revoked since",
    },
    Kind {
        is_it: |_, text| is_lfs_pointer(text.as_bytes()),
        words: "points to an older large file then, which the LFS server must still have",
    },
    Kind {
        is_it: |_, text| text.contains("{\"$imagepolicy\":"),
        words: "is written by image automation, which may put the new version back",
    },
    Kind {
        is_it: |path, _| path.bytes().starts_with(WORKFLOWS),
        words: "is a workflow: a push that changes one needs the right to",
    },
];

/// Sentences about the files as they are after the revert, one for each kind.
pub fn of(repository: &Repository, reverted: &Reverted) -> Result<Vec<String>> {
    let mut found: [Vec<&GitPath>; KINDS.len()] = Default::default();
    for file in &reverted.files {
        let after = file.after.as_ref();
        let content = after.map(|entry| text(repository, entry)).transpose()?.flatten();
        let content = content.unwrap_or_default();
        for (kind, files) in KINDS.iter().zip(&mut found) {
            if (kind.is_it)(&file.path, &content) {
                files.push(&file.path);
            }
        }
    }
    let mut cautions: Vec<String> = Vec::new();
    for (kind, files) in KINDS.iter().zip(&found) {
        if let [first, rest @ ..] = files.as_slice() {
            cautions.push(format!("{}{} {}", sanitize(&first.to_string()), more(rest), kind.words));
        }
    }
    let is_submodule =
        |entry: &Option<FileEntry>| entry.as_ref().is_some_and(|entry| entry.mode == 0o160_000);
    if let Some(file) = reverted.files.iter().find(|file| is_submodule(&file.after)) {
        let path = file.path.to_string();
        cautions.push(format!(
            "{} is a submodule: its repository must still have the older commit",
            sanitize(&path)
        ));
    }
    Ok(cautions)
}

fn more(rest: &[&GitPath]) -> String {
    match rest.len() {
        0 => String::new(),
        count => {
            let files = plural(i64::try_from(count).unwrap_or(i64::MAX), "file");
            format!(" (and {files} more)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::branch::Branch;
    use crate::git::revert::{Request, attempt};
    use crate::git::testing::{Edit, Scratch, put, submodule};
    use crate::rollback::model::revert::{Attempt, Mode};

    fn cautions(before: &[Edit], bad: &[Edit]) -> Vec<String> {
        let scratch = Scratch::new();
        let first = scratch.on(&[], "first", before);
        let bad = scratch.on(&[first], "bad", bad);
        let branch: Branch = scratch.branch("main", bad);
        let request = Request {
            branch: &branch,
            commits: &[bad],
            mode: Mode::Revert,
            paths: &[],
            good: None,
            mainline: None,
        };
        let repository = scratch.open();
        match attempt(&repository, &request).unwrap() {
            Attempt::Clean(reverted) => of(&repository, &reverted).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_wants_a_second_look() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 1\n";
        let commit = "1".repeat(40);
        for (path, before, words) in [
            ("s.yaml", put("s.yaml", "kind: SealedSecret\nx: 1\n"), "holds an older secret"),
            ("s.yaml", put("s.yaml", "a: ENC[AES256_GCM]\nsops:\n  mac: x\n"), "older secret"),
            ("big.bin", put("big.bin", pointer), "points to an older large file"),
            ("k.yaml", put("k.yaml", "image: a:1 # {\"$imagepolicy\": \"a:b\"}\n"), "automation"),
            (".github/workflows/x.yaml", put(".github/workflows/x.yaml", "on: push\n"), "workflow"),
            ("lib", submodule("lib", &commit), "is a submodule"),
        ] {
            let found = cautions(&[before, put("y", "1\n")], &[put(path, "bad: 1\n")]);
            assert_eq!(found.len(), 1, "{path}: {found:?}");
            assert!(found[0].starts_with(path) && found[0].contains(words), "{found:?}");
        }
        assert!(cautions(&[put("a.yaml", "a: 1\n")], &[put("a.yaml", "a: 2\n")]).is_empty());
    }

    #[test]
    fn many_of_a_kind_are_one_sentence() {
        let secret = |number: usize| {
            put(format!("s{number}.yaml"), format!("kind: SealedSecret\n# {number}\n"))
        };
        let changed = |number: usize| put(format!("s{number}.yaml"), "x: 1\n");
        let before: Vec<Edit> = (0..3).map(secret).collect();
        let bad: Vec<Edit> = (0..3).map(changed).collect();
        let found = cautions(&before, &bad);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("s0.yaml (and 2 files more) holds"), "{found:?}");
    }
}
