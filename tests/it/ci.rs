//! What CI systems read: parts of the log that can be folded, one error, a summary, outputs. stdout
//! stays the answer, and nothing of a cluster becomes a command.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::given::{nothing_was_written, release};
use crate::rb::{Ran, Rb};
use crate::scene::{assert_live, releases};
use crate::suite::{Test, on_bed, pure};
use crate::testbed::{Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![a_usage_error_is_one_error_too],
        on_bed![
            github_gets_groups_a_summary_and_outputs,
            what_fails_is_exactly_one_error,
            several_workloads_are_one_error_and_one_summary,
            hostile_text_is_no_command_and_sets_no_output,
            a_summary_that_cannot_be_written_changes_nothing,
            gitlab_gets_sections,
            outside_of_ci_nothing_is_marked,
        ],
    ]
    .concat()
}

/// A job of GitHub Actions: its variables, and the files that it names.
struct Job {
    folder: tempfile::TempDir,
}

impl Job {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn call(&self, kubeconfig: &Path, words: &str) -> Rb {
        Rb::new(kubeconfig)
            .env("CI", "true")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", self.file("summary"))
            .env("GITHUB_OUTPUT", self.file("output"))
            .words(words)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// The outputs as the runner reads them.
    #[track_caller]
    fn output(&self, wanted: &str) -> String {
        let text = self.read("output");
        let (mut lines, mut found) = (text.lines(), Vec::new());
        while let Some(line) = lines.next() {
            if let Some((name, delimiter)) = line.split_once("<<").filter(|(n, _)| !n.contains('='))
            {
                let value: Vec<&str> = lines.by_ref().take_while(|l| *l != delimiter).collect();
                found.push((name, value.join("\n")));
            } else {
                let (name, value) = line.split_once('=').expect("name=value");
                found.push((name, value.to_owned()));
            }
        }
        let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
        let all = ["result", "verdict", "rolled_back", "from", "to", "exit_code", "report"];
        assert_eq!(names, all, "{text}");
        let value = found.into_iter().find(|(name, _)| *name == wanted);
        value.map(|(_, value)| value).unwrap_or_default()
    }
}

/// What the runner obeys in a log.
fn commands(ran: &Ran) -> Vec<&str> {
    let is_command = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    ran.stderr.lines().filter(is_command).collect()
}

#[track_caller]
fn errors(ran: &Ran) -> Vec<&str> {
    assert!(!ran.stdout.lines().any(|line| line.trim_start().starts_with("::")), "{ran}");
    commands(ran).into_iter().filter(|line| line.starts_with("::error ")).collect()
}

fn a_usage_error_is_one_error_too() {
    let job = Job::new();
    let call = |words: &str| job.call(Path::new("/no/such/config"), words).run().ends_with(2);
    for (words, title) in [
        ("undo deploy/web --nonsense", "::error title=rb ended with 2::unexpected argument"),
        ("undo deploy/web", "::error title=rb undo ended with 2::"),
        ("status deploy/web", "::error title=rb status ended with 2::"),
    ] {
        let ran = call(words);
        let errors = errors(&ran);
        assert_eq!((errors.len(), commands(&ran).len()), (1, 1), "{ran}");
        assert!(errors[0].starts_with(title), "{ran}");
    }
}

fn github_gets_groups_a_summary_and_outputs(bed: &TestBed) {
    let (namespace, job) = (bed.namespace("github"), Job::new());
    releases(&namespace, 2, &["1.0", "2.0"]);
    let words = "undo deploy/web --yes --reason slow -o json --report";
    let report = job.file("a report.md");
    let ran = job.call(namespace.kubeconfig(), words).arg(&report).run().ends_with(0);
    assert_eq!(ran.json()["result"], "rolledBack");
    assert_eq!(
        commands(&ran),
        ["::group::Plan", "::endgroup::", "::group::Wait", "::endgroup::"],
        "{ran}"
    );
    let (_, plan) = ran.stderr.split_once("::group::Plan\n").expect("a plan");
    assert!(plan.starts_with("web · deployment · "), "{ran}");
    for (name, value) in [
        ("result", "rolledBack"),
        ("verdict", "verified"),
        ("rolled_back", "true"),
        ("from", "2"),
        ("to", "1"),
        ("exit_code", "0"),
        ("report", report.to_str().expect("UTF-8")),
    ] {
        assert_eq!(job.output(name), value, "{name}");
    }
    let summary = job.read("summary");
    assert!(summary.starts_with("## Rollback of deployment/web: rolled back\n"), "{summary}");
    assert_eq!(summary, fs::read_to_string(report).expect("the report"));
    // For people the card is the answer, and it stands on stdout as ever.
    let ran = job.call(namespace.kubeconfig(), "undo deploy/web --yes --again").run().ends_with(4);
    assert_eq!(errors(&ran).len(), 1, "{ran}");
    let whole = job.read("summary");
    let added = whole.strip_prefix(&summary).expect("what was there stays");
    assert!(added.starts_with("## rb undo ended with exit code 4\n"), "{added}");
}

fn what_fails_is_exactly_one_error(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("github-red"), bed.proxy());
    releases(&namespace, 1, &["1.0-crash", "2.0", "3.0"]);
    let config = proxy.kubeconfig(&namespace);
    for (words, code, title, says) in [
        ("undo deploy/web", 10, "rb undo deployment/web", "nobody can be asked"),
        ("undo deploy/none --yes", 4, "rb undo", "none"),
        ("undo deploy/web --yes --to-revision=9", 4, "rb undo", "9"),
        ("undo deploy/web --yes --expect-context x", 3, "rb undo", "--expect-context"),
        ("history deploy/none", 4, "rb history", "none"),
    ] {
        let ran = Job::new().call(&config, words).run().ends_with(code);
        let errors = errors(&ran);
        assert_eq!(errors.len(), 1, "{ran}");
        assert!(
            errors[0].starts_with(&format!("::error title={title} ended with {code}::")),
            "{ran}"
        );
        assert!(errors[0].contains(says), "{ran}");
        assert_eq!(ran.stderr.lines().last(), Some(errors[0]), "it is the last line: {ran}");
    }
    nothing_was_written(&proxy);
    let job = Job::new();
    let words = "undo deploy/web --yes --to-revision=1";
    let ran = job.call(&config, words).run().ends_with(6);
    let errors = errors(&ran);
    assert_eq!(errors.len(), 1, "{ran}");
    assert!(errors[0].contains("failed: pods of revision"), "{ran}");
    assert_eq!(
        (job.output("result"), job.output("rolled_back")),
        ("podsFailed".into(), "false".into())
    );
    let ran = Job::new().call(&config, "status deploy/web --watch=false").run();
    assert_ne!(ran.code, 0, "{ran}");
    let errors = self::errors(&ran);
    assert_eq!(errors.len(), 1, "{ran}");
    assert!(errors[0].contains("deployment/web with revision"), "{ran}");
}

fn several_workloads_are_one_error_and_one_summary(bed: &TestBed) {
    let (namespace, job) = (bed.namespace("github-many"), Job::new());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let words = "undo deploy/web deploy/none --yes --no-wait";
    let ran = job.call(namespace.kubeconfig(), words).run().ends_with(4);
    let errors = errors(&ran);
    assert_eq!(errors.len(), 1, "{ran}");
    assert!(errors[0].contains("none"), "{ran}");
    let summary = job.read("summary");
    assert!(summary.starts_with("## rb undo ended with exit code 4\n"), "{summary}");
    for part in
        ["## Rollback of deployment/web: patched", "## Rollback of deployment/none: notFound"]
    {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    assert_eq!((job.output("result"), job.output("exit_code")), ("notFound".into(), "4".into()));
}

/// A change-cause, a state and an image that try to end a group, to set an output, to be an error.
fn hostile_text_is_no_command_and_sets_no_output(bed: &TestBed) {
    let (namespace, job) = (bed.namespace("github-hostile"), Job::new());
    let hostile =
        "x\n::error::owned\r\n##[error]owned\n::endgroup::\nrolled_back=false\n| a |\n<b>";
    for (number, tag) in [(1, "1.0"), (2, "2.0")] {
        let extra = json!({"metadata": {"annotations": {
            "kubernetes.io/change-cause": hostile, "git-sha": hostile}}});
        release(&namespace, number, 0, tag, &extra);
    }
    let words = "undo deploy/web --yes --no-wait --reason";
    let ran = job.call(namespace.kubeconfig(), words).arg(hostile).run().ends_with(0);
    let marks = ["::group::Plan", "::endgroup::", "::group::Wait", "::endgroup::"];
    assert_eq!(commands(&ran), marks, "{ran}");
    assert!(errors(&ran).is_empty(), "{ran}");
    assert_eq!(job.output("rolled_back"), "false", "nobody waited");
    let summary = job.read("summary");
    for line in summary.lines().map(str::trim_start) {
        let acts = line.starts_with("::") || line.contains("##[");
        assert!(!acts && !line.replace("\\<b>", "").contains("<b>"), "{line}");
    }
    // As an error, what the context is called is data.
    let ran = job.call(namespace.kubeconfig(), "undo deploy/web --yes --expect-context");
    let ran = ran.arg(format!("prod,x=1::{hostile}")).run().ends_with(3);
    assert_eq!((errors(&ran).len(), commands(&ran).len()), (1, 1), "{ran}");
}

fn a_summary_that_cannot_be_written_changes_nothing(bed: &TestBed) {
    let (namespace, job) = (bed.namespace("github-full"), Job::new());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let nowhere = job.file("no/such/folder");
    let call = job.call(namespace.kubeconfig(), "undo deploy/web --yes --no-wait -o json");
    let call = call.env("GITHUB_STEP_SUMMARY", &nowhere).env("GITHUB_OUTPUT", &nowhere);
    let ran = call.run().ends_with(0);
    assert_eq!(ran.json()["result"], "notWaited");
    for what in ["warning: the summary ", "warning: the outputs "] {
        assert_eq!(ran.stderr.matches(what).count(), 1, "{ran}");
    }
    assert_live(&namespace, "1.0");
}

fn gitlab_gets_sections(bed: &TestBed) {
    let namespace = bed.namespace("gitlab");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let call = || Rb::new(namespace.kubeconfig()).env("CI", "true").env("GITLAB_CI", "true");
    let ran = call().words("undo deploy/web --yes -o jsonl").run().ends_with(0);
    assert!(!ran.lines().is_empty());
    let marks: Vec<&str> =
        ran.stderr.split("\u{1b}[0K").filter(|part| part.starts_with("section_")).collect();
    let words: Vec<(&str, &str)> = marks
        .iter()
        .map(|mark| {
            assert!(mark.ends_with('\r'), "{mark:?}");
            let mut parts = mark.trim_end().split(':');
            let kind = parts.next().expect("a kind");
            let at = parts.next().and_then(|at| at.parse::<i64>().ok());
            assert!(at.is_some(), "{mark:?}");
            (kind, parts.next().expect("a name"))
        })
        .collect();
    let kinds: Vec<&str> = words.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, ["section_start", "section_end", "section_start", "section_end"], "{ran}");
    assert!(words[0].1.starts_with("rb_plan_") && words[2].1.starts_with("rb_wait_"), "{ran}");
    assert_eq!((words[0].1, words[2].1), (words[1].1, words[3].1), "each ends by its name");
    let quiet = call().words("undo deploy/none --yes -q").run().ends_with(4);
    assert!(!quiet.stderr.contains("section_"), "{quiet}");
}

fn outside_of_ci_nothing_is_marked(bed: &TestBed) {
    let namespace: Namespace = bed.namespace("no-ci");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let job = Job::new();
    let call = Rb::new(namespace.kubeconfig()).env("GITHUB_STEP_SUMMARY", job.file("summary"));
    let ran = call.words("undo deploy/web --yes --no-wait").run().ends_with(0);
    assert!(commands(&ran).is_empty() && !ran.stderr.contains("section_"), "{ran}");
    assert_eq!(job.read("summary"), "");
}
