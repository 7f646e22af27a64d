//! What a command leaves behind: the local log, and the files of `--report` and `--junit`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::given::nothing_was_written;
use crate::rb::Rb;
use crate::scene::{assert_live, record, releases};
use crate::schemas::assert_valid;
use crate::suite::{Test, on_bed, pure};
use crate::testbed::{Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![a_file_that_cannot_be_written_is_a_usage_error],
        on_bed![
            each_undo_with_a_plan_leaves_a_line,
            what_is_only_looked_at_leaves_no_line,
            several_workloads_leave_a_line_each,
            two_at_once_do_not_mix_their_lines,
            without_a_place_for_it_there_is_no_log,
            a_report_tells_what_happened,
            a_refusal_is_reported_too,
            nothing_is_written_where_the_report_cannot_be,
        ],
    ]
    .concat()
}

/// A folder for the state of a user.
struct State {
    folder: tempfile::TempDir,
}

impl State {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn call(&self, namespace: &Namespace, words: &str) -> Rb {
        self.call_with(namespace.kubeconfig(), words)
    }

    fn call_with(&self, kubeconfig: &Path, words: &str) -> Rb {
        Rb::new(kubeconfig).env("XDG_STATE_HOME", self.folder.path()).words(words)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("rb/audit.jsonl")
    }

    /// The lines of the log, each as its schema says.
    #[track_caller]
    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        let read = |line: &str| {
            let line = serde_json::from_str(line).expect("JSON");
            assert_valid(&line);
            line
        };
        text.lines().map(read).collect()
    }
}

fn each_undo_with_a_plan_leaves_a_line(bed: &TestBed) {
    let (namespace, state) = (bed.namespace("audit"), State::new());
    releases(&namespace, 1, &["1.0-crash", "2.0", "3.0"]);
    for (words, code) in [
        // Declined, refused by the rights of nobody, done, failed.
        ("undo deploy/web", 10),
        ("undo deploy/web --yes --reason slow --incident INC-1", 0),
        ("undo deploy/web --yes --to-revision=1", 6),
    ] {
        state.call(&namespace, words).run().ends_with(code);
    }
    let lines = state.lines();
    let picked: Vec<(&Value, &Value)> =
        lines.iter().map(|line| (&line["result"], &line["exitCode"])).collect();
    assert_eq!(
        picked,
        [
            (&json!("unconfirmed"), &json!(10)),
            (&json!("rolledBack"), &json!(0)),
            (&json!("podsFailed"), &json!(6)),
        ]
    );
    let done = &lines[1];
    assert_eq!(done["operation"], record(&namespace)["undos"][0]["id"]);
    for (member, value) in [
        ("command", json!("undo")),
        ("by", json!("tester")),
        ("reason", json!("slow")),
        ("incident", json!("INC-1")),
        ("overrides", json!([])),
    ] {
        assert_eq!(done[member], value, "{member}");
    }
    assert_eq!((&done["from"]["revision"], &done["to"]["revision"]), (&json!(3), &json!(2)));
    assert_eq!(done["target"]["namespace"], namespace.name());
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&state.log()), 0o600);
    assert_eq!(mode(state.log().parent().expect("a folder")), 0o700);
}

fn what_is_only_looked_at_leaves_no_line(bed: &TestBed) {
    let (namespace, state) = (bed.namespace("audit-dry"), State::new());
    releases(&namespace, 0, &["1.0", "2.0"]);
    for (words, code) in [
        ("undo deploy/web --dry-run", 0),
        ("undo deploy/web --dry-run=server", 0),
        ("undo deploy/web -o sh", 0),
        ("undo deploy/web --yes --to-revision=2", 0),
        ("undo deploy/none --yes", 4),
        ("history deploy/web", 0),
        ("status deploy/web", 0),
    ] {
        state.call(&namespace, words).run().ends_with(code);
        assert!(!state.log().exists(), "{words}");
    }
}

fn several_workloads_leave_a_line_each(bed: &TestBed) {
    let (namespace, state) = (bed.namespace("audit-many"), State::new());
    releases(&namespace, 0, &["1.0", "2.0"]);
    namespace.deployment_with("cart", "registry.test/cart:1", 0, &json!({}));
    let words = "undo deploy/web deploy/cart deploy/none --yes --no-wait";
    state.call(&namespace, words).run().ends_with(4);
    let lines = state.lines();
    assert_eq!(lines.len(), 1, "only for one there was a plan: {lines:?}");
    assert_eq!(
        (&lines[0]["target"]["name"], &lines[0]["result"]),
        (&json!("web"), &json!("notWaited"))
    );
}

fn two_at_once_do_not_mix_their_lines(bed: &TestBed) {
    let (namespace, state) = (bed.namespace("audit-two"), State::new());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let reason = "x".repeat(190);
    let declined = || state.call(&namespace, "undo deploy/web --reason").arg(&reason).spawn();
    let running: Vec<_> = (0..8).map(|_| declined()).collect();
    for one in running {
        one.wait().ends_with(10);
    }
    assert_eq!(state.lines().len(), 8);
}

fn without_a_place_for_it_there_is_no_log(bed: &TestBed) {
    let (namespace, state) = (bed.namespace("audit-none"), State::new());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let nowhere = |words: &str| {
        let call =
            Rb::new(namespace.kubeconfig()).env("HOME", "").env("XDG_STATE_HOME", "not/absolute");
        call.words(words).run().ends_with(10)
    };
    let said = "no local log is kept";
    assert!(!nowhere("undo deploy/web").stderr.contains(said));
    assert!(nowhere("undo deploy/web -v").stderr.contains(said));
    // A file stands where the folder has to be.
    fs::write(state.folder.path().join("rb"), "").expect("a file");
    let ran = state.call(&namespace, "undo deploy/web --yes --no-wait").run().ends_with(0);
    assert_eq!(ran.stderr.matches("warning: the local log ").count(), 1, "{ran}");
    assert_live(&namespace, "1.0");
}

fn a_report_tells_what_happened(bed: &TestBed) {
    let (namespace, state) = (bed.namespace("report"), State::new());
    releases(&namespace, 2, &["1.0", "2.0-crash"]);
    let [report, junit] = ["r.md", "j.xml"].map(|name| state.folder.path().join(name));
    fs::write(&report, "x".repeat(100_000)).expect("the report of yesterday");
    let call = state.call(&namespace, "undo deploy/web --yes --report");
    let ran = call.arg(&report).arg("--junit").arg(&junit).run().ends_with(0);
    assert!(ran.stdout.contains("\nrolled back: "), "{ran}");
    let text = fs::read_to_string(&report).expect("the report");
    assert!(text.starts_with("## Rollback of deployment/web: rolled back\n"), "{text}");
    assert!(text.ends_with("\nPostmortem: owner TODO, due date TODO\n"), "{text}");
    for part in [
        " | write accepted | ",
        " | converged | ",
        "### Why the release failed\n",
        " | BackOff | web-",
        "### How the rollback went\n",
        "- [ ] Go forward again once the release is fixed\n",
        "  rb undo deployment/web --to-revision=",
        "| dryrun.pod | pass | required | ",
    ] {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
    let junit = fs::read_to_string(&junit).expect("the file");
    assert!(junit.contains("failures=\"0\"") && junit.contains("name=\"dryrun.pod\""), "{junit}");
}

fn a_refusal_is_reported_too(bed: &TestBed) {
    let (namespace, state) = (bed.namespace("report-no"), State::new());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let report = state.folder.path().join("r.md");
    for (words, code, title) in [
        ("undo deploy/web --report", 10, "## Rollback of deployment/web: unconfirmed\n"),
        ("undo deploy/none --yes --report", 4, "## rb undo ended with exit code 4\n"),
        ("undo deploy/web --dry-run --report", 0, "## Rollback of deployment/web: planned\n"),
        (
            "undo deploy/web --yes --to-revision=2 --report",
            0,
            "## Rollback of deployment/web: nothing to do\n",
        ),
    ] {
        state.call(&namespace, words).arg(&report).run().ends_with(code);
        let text = fs::read_to_string(&report).expect("the report");
        assert!(text.starts_with(title), "{words}: {text}");
    }
}

fn a_file_that_cannot_be_written_is_a_usage_error() {
    for flag in ["--report", "--junit"] {
        for file in ["/no/such/folder/x", "/"] {
            let call = Rb::new(Path::new("/no/such/config")).words("undo deploy/web --yes -o json");
            let ran = call.arg(flag).arg(file).run().ends_with(2);
            assert_eq!(ran.json()["message"], format!("file {file} cannot be written"), "{ran}");
            assert!(!ran.stderr.contains("warning"), "{ran}");
        }
    }
    let same = Rb::new(Path::new("/no/such/config")).words("undo deploy/web --report x --junit x");
    same.run().ends_with(2).says("name the same file");
}

fn nothing_is_written_where_the_report_cannot_be(bed: &TestBed) {
    let (namespace, proxy, state) = (bed.namespace("report-first"), bed.proxy(), State::new());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let words = "undo deploy/web --yes --report /no/such/folder/r.md";
    state.call_with(&proxy.kubeconfig(&namespace), words).run().ends_with(2);
    nothing_was_written(&proxy);
    assert_live(&namespace, "2.0");
}
