//! The demo of `rb revert-commit` in README.md, typed into a shell.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::rb::program;
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![the_demo_of_git_is_what_happens]
}

fn the_demo_of_git_is_what_happens() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("README.md");
    let section = readme.split("\n## Git\n").nth(1).expect("a section");
    let block = section.split("```console\n").nth(1).and_then(|rest| rest.split("```").next());
    let lines: Vec<&str> =
        block.expect("a demo").lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(lines.len() >= 5, "{lines:?}");
    let home = tempfile::tempdir().expect("a home");
    let bin = home.path().join("bin");
    fs::create_dir(&bin).expect("a folder");
    std::os::unix::fs::symlink(program(), bin.join("rb")).expect("a link");
    let path = std::env::var("PATH").expect("a PATH");
    // What a user has set up for `git` already.
    let settings = "[user]\n\tname = Dana\n\temail = dana@example.test\n";
    fs::write(home.path().join(".gitconfig"), settings).expect("a file");
    let output = Command::new("sh")
        .args(["-ec", &lines.join("\n")])
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("LANG", "C.UTF-8")
        .output()
        .expect("a shell");
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{}{}", said[0], said[1]);
    assert!(said[0].contains("shop/checkout:2.8.1 → shop/checkout:2.8.0"), "{}", said[0]);
    assert!(said[0].contains("reverted: main is at "), "{}", said[0]);
    let there = Command::new("git")
        .arg("-C")
        .arg(home.path().join("shop.git"))
        .args(["show", "main:checkout/values.yaml"])
        .output()
        .expect("git");
    assert_eq!(String::from_utf8_lossy(&there.stdout), "image: shop/checkout:2.8.0\n");
}
