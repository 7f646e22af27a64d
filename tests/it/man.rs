//! `rb man`: one page for each command, with every flag that its help has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::docs::{COMMANDS, flags};
use crate::rb::{Ran, Rb};
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![a_page_has_every_flag, all_pages_are_written, what_has_no_page_is_a_usage_error]
}

fn rb(words: &str) -> Ran {
    Rb::new(Path::new("/nowhere")).words(words).run()
}

fn a_page_has_every_flag() {
    for command in COMMANDS {
        let help = rb(&format!("{command} --help")).ends_with(0);
        let page = rb(&format!("man {command}")).ends_with(0).stdout;
        assert!(page.contains(&format!(".TH rb-{command} 1")), "{page}");
        // As a reader shows it: without roff's own words.
        let plain = page.replace("\\-", "-").replace("\\fB", " ").replace("\\fR", " ");
        let (_, options) = help.stdout.split_once("Usage:").expect("usage");
        let options = &options.replace("...", "");
        let missing: BTreeSet<String> =
            flags(options).difference(&flags(&plain.replace(['|', ','], " "))).cloned().collect();
        assert!(missing.is_empty(), "{command}: {missing:?}\n{page}");
        assert!(plain.contains("EXIT STATUS") && plain.contains("130  interrupted"), "{plain}");
    }
}

#[expect(clippy::print_stdout, reason = "a runner shows it with the test's output")]
fn all_pages_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    rb(&format!("man --dir {}", folder.path().display())).ends_with(0);
    let files = fs::read_dir(folder.path()).expect("the folder");
    let names: BTreeSet<String> = files
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    let expected = COMMANDS.iter().map(|command| format!("rb-{command}.1"));
    assert_eq!(names, expected.chain(["rb.1".to_owned()]).collect());
    let root = fs::read_to_string(folder.path().join("rb.1")).expect("a page");
    assert_eq!(root, rb("man").ends_with(0).stdout);
    let lists = |command: &str| root.contains(&format!("rb\\-{}", command.replace('-', "\\-")));
    assert!(COMMANDS.iter().all(|command| lists(command)), "{root}");
    let Ok(groff) = Command::new("groff")
        .args(["-man", "-Tutf8", "-ww", "-z"])
        .args(names.iter().map(|name| folder.path().join(name)))
        .stdin(Stdio::null())
        .output()
    else {
        println!("skipped: groff is not installed");
        return;
    };
    assert!(
        groff.status.success() && groff.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&groff.stderr)
    );
}

fn what_has_no_page_is_a_usage_error() {
    rb("man nonsense").ends_with(2).says("there is no command").says("history, undo, status");
    rb("man --dir /dev/null/pages").ends_with(2).says("/dev/null/pages cannot be made");
    rb("man undo --dir /tmp").ends_with(2);
}
