//! Text of a cluster that tries to steer a terminal or a CI runner: nothing of it reaches stdout or
//! stderr as it is, whatever the command and the format, and machines still get the real value.

use serde_json::{Value, json};

use crate::given::{Kubeconfig, paste, release};
use crate::rb::{Ran, Rb};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        no_command_shows_hostile_text_as_it_is,
        documents_hold_the_value_and_not_its_effect,
        a_script_of_hostile_text_is_harmless_and_works,
        refusals_of_the_api_server_are_quoted_safely,
        the_name_of_a_context_is_text_too,
    ]
}

/// Escape sequences in two encodings, line ends, reordering, invisible characters, and markers that
/// CI runners obey at the start of a line.
const HOSTILE: &str = "\n::error::owned\r\n  ##[error]owned\n\t::add-mask::a\u{1b}[2J\u{1b}]0;t\u{7}\
                       \u{9b}31m\u{202e}live\u{2066}x\u{200b}y\u{feff}\u{85}::set-output::z\u{8}";

/// Two releases that say it wherever the API lets them.
fn hostile_releases(namespace: &Namespace) {
    let with = |number: u8| {
        json!({
            "metadata": {"annotations": {
                "kubernetes.io/change-cause": format!("{number}{HOSTILE}"),
                "git-sha": format!("abcdef{number}{HOSTILE}"),
                "build-number": format!("{number}{HOSTILE}"),
                "feature-flags": format!("{number}{HOSTILE},b{HOSTILE}={number}"),
                "migrations": format!("{number}{HOSTILE}"),
            }},
            "spec": {"template": {
                "metadata": {"annotations": {
                    "note": format!("{number}{HOSTILE}"),
                    "lines": "first\n::error::second\n##[error]third\n",
                }},
                "spec": {"containers": [{
                    "name": "app",
                    "image": format!("registry.test/web{HOSTILE}:{number}{HOSTILE}"),
                    "env": [{"name": "::error::E", "value": format!("{number}{HOSTILE}")}],
                    "args": [format!("{number}{HOSTILE}")],
                }]},
            }},
        })
    };
    release(namespace, 1, 0, "1", &with(1));
    release(namespace, 2, 0, "2", &with(2));
}

/// As a CI runner shows it.
fn in_ci(namespace: &Namespace, words: &str) -> Ran {
    let call = Rb::new(namespace.kubeconfig()).env("CI", "true").env("GITHUB_ACTIONS", "true");
    call.words(words).run()
}

#[track_caller]
fn is_harmless(ran: &Ran, what: &str) {
    for said in [&ran.stdout, &ran.stderr] {
        let steers = |c: char| {
            (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}".contains(c)
        };
        if let Some(c) = said.chars().find(|c| steers(*c)) {
            panic!("{what} shows {c:?}: {said:?}");
        }
        for line in said.lines().map(str::trim_start).filter(|line| !is_ours(line, ran)) {
            let marker = ["::", "##["].iter().any(|marker| line.starts_with(marker));
            assert!(!marker, "{what}: a runner obeys {line:?}");
        }
    }
}

/// What rb says to the runner itself: parts of the log, and one error where it fails.
fn is_ours(line: &str, ran: &Ran) -> bool {
    let is_part = ["::group::Plan", "::group::Wait", "::endgroup::"].contains(&line);
    let is_last = ran.code != 0 && ran.stderr.lines().last() == Some(line);
    is_part || (is_last && line.starts_with("::error title=rb "))
}

fn no_command_shows_hostile_text_as_it_is(bed: &TestBed) {
    let namespace = bed.namespace("hostile");
    hostile_releases(&namespace);
    for (words, code) in [
        ("history deploy/web", 0),
        ("history deploy/web -o wide", 0),
        ("history deploy/web -o json", 0),
        ("history deploy/web -o yaml", 0),
        ("history deploy/web --revision 1 --show-values", 0),
        ("history deploy/web --revision 1 -o yaml --show-values", 0),
        ("history deploy/web --revision 2", 0),
        ("history deploy/web --revision 7", 4),
        ("status deploy/web", 0),
        ("status deploy/web -o yaml", 0),
        ("status deploy/web -o jsonl", 0),
        ("undo deploy/web", 10),
        ("undo deploy/web --dry-run", 0),
        ("undo deploy/web --dry-run -o json --show-values", 0),
        ("undo deploy/web --dry-run -o yaml --show-values", 0),
        ("undo deploy/web --dry-run -o jsonl --show-values", 0),
        ("undo deploy/web -o sh", 0),
        ("undo deploy/web --from=nothing --yes", 3),
        ("undo deploy/web --yes -vv", 0),
        ("undo deploy/web --yes", 0),
        ("undo deploy/web --yes --again -o yaml", 4),
        ("status deploy/web", 0),
        ("history deploy/web -o wide", 0),
    ] {
        let ran = in_ci(&namespace, words).ends_with(code);
        is_harmless(&ran, words);
    }
    let key = Rb::new(namespace.kubeconfig()).env("RB_COMPLETE", "zsh");
    let key = key.env("_CLAP_COMPLETE_INDEX", "4").env("RB_COMPLETE_TIMEOUT", "60s");
    let ran = key.words("-- rb undo deploy/web --to-revision").arg("").run().ends_with(0);
    assert!(ran.stdout.starts_with("3:web"), "{ran}");
    is_harmless(&ran, "a completion");
    let reason = Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes --to-revision=2");
    let ran = reason.arg("--reason").arg(HOSTILE).arg("--incident").arg(HOSTILE).run().ends_with(0);
    is_harmless(&ran, "an undo with a reason");
    is_harmless(&in_ci(&namespace, "history deploy/web -o wide"), "its trace in the history");
}

fn documents_hold_the_value_and_not_its_effect(bed: &TestBed) {
    let namespace = bed.namespace("value");
    hostile_releases(&namespace);
    let cause = format!("2{HOSTILE}");
    let live = |document: &Value| document["revisions"][1].clone();
    let json = in_ci(&namespace, "history deploy/web -o json").ends_with(0).json();
    assert_eq!(live(&json)["changeCause"], cause);
    let yaml = in_ci(&namespace, "history deploy/web -o yaml").ends_with(0);
    let yaml: Value = kube_yaml(bed, &namespace, &yaml.stdout);
    assert_eq!(live(&yaml)["changeCause"], cause);
}

/// The YAML as kubectl's parser reads it: the text is put into a ConfigMap's `data` by nobody, so
/// kubectl is only asked to translate.
fn kube_yaml(bed: &TestBed, namespace: &Namespace, yaml: &str) -> Value {
    let file = Kubeconfig::text(&format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n{yaml}"
    ));
    let line = format!(
        "kubectl create --dry-run=client --validate=false -o json -f {}",
        file.path().display()
    );
    let ran = paste(bed, namespace.kubeconfig(), &line).ends_with(0);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

fn a_script_of_hostile_text_is_harmless_and_works(bed: &TestBed) {
    let namespace = bed.namespace("script");
    hostile_releases(&namespace);
    let live = || namespace.get("deployment", "web")["spec"]["template"].clone();
    let before = live();
    let script = in_ci(&namespace, "undo deploy/web -o sh").ends_with(0);
    assert_eq!(live(), before);
    paste(bed, namespace.kubeconfig(), &script.stdout).ends_with(0);
    let note = format!("1{HOSTILE}");
    assert_eq!(live()["metadata"]["annotations"]["note"], note);
}

/// What an admission rule says is text of somebody else, too.
fn refusals_of_the_api_server_are_quoted_safely(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("quoted"), bed.proxy());
    hostile_releases(&namespace);
    proxy.inject(|head| {
        if head.method == "PATCH" {
            Action::refuse(403, "Forbidden", &format!("a webhook says{HOSTILE}"))
        } else {
            Action::Pass
        }
    });
    for format in ["json", "yaml", "name"] {
        let words = format!("undo deploy/web --yes -o {format}");
        let ran = Rb::new(&proxy.kubeconfig(&namespace)).words(&words).run().ends_with(3);
        is_harmless(&ran, &words);
    }
}

fn the_name_of_a_context_is_text_too(bed: &TestBed) {
    let namespace = bed.namespace("context");
    hostile_releases(&namespace);
    let name = format!("prod{HOSTILE}");
    let config = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["contexts"][0]["name"] = json!(name);
        config["current-context"] = json!(name);
    });
    for (words, code) in [
        ("undo deploy/web", 10),
        ("undo deploy/web --yes --to-revision=9", 4),
        ("undo deploy/web --yes --expect-context other", 3),
        ("undo deploy/web --yes", 0),
        ("status deploy/web --context nope", 2),
    ] {
        let ran = Rb::new(config.path()).words(words).run().ends_with(code);
        is_harmless(&ran, words);
    }
}
