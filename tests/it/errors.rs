//! Every failure is one document where one was asked for: on stdout, of the schema `rb.error/v1`, with
//! the exit code in it, whatever the command and the format.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::given::{Kubeconfig, allow};
use crate::rb::{Ran, Rb};
use crate::scene::{releases, releases_with};
use crate::schemas::assert_valid;
use crate::suite::{Test, on_bed, pure};
use crate::testbed::{Action, Gate, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![without_a_cluster],
        on_bed![
            with_a_cluster,
            for_a_workload_that_somebody_owns,
            for_a_plan_from_a_file,
            for_a_signal,
            a_text_that_is_cut_is_a_warning,
        ],
    ]
    .concat()
}

const FORMATS: [&str; 3] = ["json", "yaml", "jsonl"];

/// The document of the error.
#[track_caller]
fn document(ran: &Ran, format: &str) -> Value {
    match format {
        "json" => ran.json(),
        "yaml" => {
            let document = ::serde_yaml::from_str(&ran.stdout).expect("YAML");
            assert_valid(&document);
            document
        }
        _ => {
            let lines = ran.lines();
            assert_eq!(lines[0]["type"], "version", "{ran}");
            let last = &lines[lines.len() - 1];
            assert_eq!(last["type"], "error", "{ran}");
            assert_eq!(last.get("target"), last["document"].get("target"));
            last["document"].clone()
        }
    }
}

/// Runs the words in every format that the command has, and looks at the error.
#[track_caller]
fn fails(kubeconfig: &Path, words: &str, code: i32, kind: &str, named: bool) {
    let formats = if words.starts_with("history") { &FORMATS[..2] } else { &FORMATS };
    for format in formats {
        let words = format!("{words} -o {format}");
        let ran = Rb::new(kubeconfig).words(&words).run();
        assert_eq!(ran.code, code, "{words}: {ran}");
        let error = document(&ran, format);
        assert_eq!(error["schema"], "rb.error/v1", "{words}");
        assert_eq!((&error["kind"], &error["exitCode"]), (&json!(kind), &json!(code)), "{words}");
        assert_eq!(error.get("target").is_some(), named, "{words}: {error}");
        assert!(ran.stderr.contains("error: "), "people are told too: {words}: {ran}");
    }
}

fn without_a_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    fs::write(&file, "{}").expect("a file");
    let plan = format!("undo --yes --plan {}", file.display());
    for words in [
        "nonsense",
        "",
        "undo",
        "undo web",
        "undo pod/web",
        "undo deploy/Web",
        "undo deploy/web --nonsense",
        "undo deploy/web --timeout=soon",
        "undo deploy/web --verified --to-revision=1",
        "undo deploy/web -n ../x",
        "undo deploy/web",
        "undo deploy/web --as-group x",
        "undo --plan /no/such/file",
        &plan,
        "status",
        "status deploy/web",
        "status deploy/web --watch=perhaps",
        "history",
        "history deploy/web",
        "history deploy/web --revision",
    ] {
        fails(Path::new("/no/such/config"), words, 2, "usage", false);
    }
}

fn with_a_cluster(bed: &TestBed) {
    let namespace = bed.namespace("errors");
    releases(&namespace, 0, &["1.0"]);
    let (admin, alice) = (namespace.kubeconfig().to_owned(), namespace.user("alice"));
    let expired = namespace.expired_credentials();
    let away = Kubeconfig::edited(&admin, |config| {
        config["clusters"][0]["cluster"]["server"] = json!("https://127.0.0.1:1");
    });
    for (kubeconfig, words, code, kind, named) in [
        (&admin, "undo deploy/none --yes", 4, "notFound", true),
        (&admin, "status deploy/none", 4, "notFound", true),
        (&admin, "history deploy/none", 4, "notFound", true),
        (&admin, "undo deploy/web --yes", 4, "noRevision", true),
        (&admin, "history deploy/web --revision 7", 4, "noRevision", true),
        (&admin, "undo deploy/web --to-revision=7 --yes", 4, "noRevision", true),
        (&admin, "undo deploy/web --yes --from=9.9", 3, "refused", true),
        (&admin, "undo deploy/web --yes --expect-context other", 3, "refused", false),
        (&admin, "status deploy/web --context other", 2, "usage", false),
        (&alice, "undo deploy/web --yes", 3, "forbidden", true),
        (&alice, "status deploy/web", 3, "forbidden", true),
        (&alice, "history deploy/web", 3, "forbidden", true),
        (&expired, "undo deploy/web --yes", 1, "unauthenticated", true),
        (&expired, "history deploy/web", 1, "unauthenticated", true),
    ] {
        fails(kubeconfig, words, code, kind, named);
    }
    fails(away.path(), "status deploy/web --timeout=1s", 1, "unreachable", false);
    crate::scene::release(&namespace, "2.0");
    fails(&admin, "undo deploy/web", 10, "unconfirmed", true);
    let nowhere = "undo deploy/web --dry-run --plan-out /no/such/folder/plan.json";
    fails(&admin, nowhere, 2, "usage", true);
    allow(&namespace, "alice", &["get deployments.apps", "list replicasets.apps"]);
    fails(&alice, "undo deploy/web --yes", 3, "forbidden", true);
    namespace.kubectl_ok(&["rollout", "pause", "deployment/web"]);
    fails(&admin, "undo deploy/web --yes", 3, "refused", true);
}

fn for_a_workload_that_somebody_owns(bed: &TestBed) {
    let namespace = bed.namespace("errors-owned");
    let extra = json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "web"}}});
    releases_with(&namespace, 0, &["1.0", "2.0"], &extra);
    fails(namespace.kubeconfig(), "undo deploy/web --yes", 3, "refused", true);
}

fn for_a_plan_from_a_file(bed: &TestBed) {
    let namespace = bed.namespace("errors-plan");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    let plan = || Rb::new(namespace.kubeconfig()).words("undo deploy/web --dry-run --plan-out");
    plan().arg(&file).run().ends_with(0);
    let words = format!("undo --plan {}", file.display());
    fails(namespace.kubeconfig(), &words, 10, "unconfirmed", true);
    let mut foreign: Value = serde_json::from_str(&fs::read_to_string(&file).expect("a plan"))
        .unwrap_or_else(|error| panic!("{error}"));
    foreign["cluster"]["server"] = json!("https://other.test");
    let other = folder.path().join("other.json");
    fs::write(&other, foreign.to_string()).expect("a file");
    let foreign = format!("undo --yes --plan {}", other.display());
    fails(namespace.kubeconfig(), &foreign, 3, "refused", true);
    crate::scene::release(&namespace, "3.0");
    fails(namespace.kubeconfig(), &format!("{words} --yes"), 3, "lostRace", true);
}

fn for_a_signal(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("errors-signal"), bed.proxy());
    releases(&namespace, 0, &["1.0"]);
    proxy.inject(|_| Action::Hold(Gate::closed()));
    let kubeconfig = proxy.kubeconfig(&namespace);
    for command in ["undo", "status", "history"] {
        let formats = if command == "history" { &FORMATS[..2] } else { &FORMATS };
        for (format, signal, code, kind) in formats.iter().flat_map(|format| {
            [(*format, "INT", 130, "interrupted"), (*format, "TERM", 143, "terminated")]
        }) {
            proxy.clear();
            let words = format!("{command} deploy/web -o {format}");
            let running = Rb::new(&kubeconfig).words(&words).spawn();
            namespace.wait_until("it asks", |_| !proxy.requests().is_empty());
            let id = running.id().to_string();
            let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status();
            assert!(sent.expect("kill starts").success());
            let error = document(&running.wait().ends_with(code), format);
            assert_eq!((&error["kind"], &error["exitCode"]), (&json!(kind), &json!(code)));
        }
    }
}

fn a_text_that_is_cut_is_a_warning(bed: &TestBed) {
    let namespace = bed.namespace("errors-cut");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let with = |reason: &str| {
        let call = Rb::new(namespace.kubeconfig()).words("undo deploy/web --dry-run -o json");
        call.arg("--reason").arg(reason).run().ends_with(0).json()["warnings"].to_string()
    };
    assert!(!with(&"ä".repeat(200)).contains("reason"));
    let warning = "the reason has 201 characters: the first 200 are recorded";
    assert!(with(&"ä".repeat(201)).contains(warning));
}
