//! What goes where and how it looks: documents, names, scripts, the card, the streams.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::given::{nothing_was_written, paste, release};
use crate::rb::{Ran, Rb, program};
use crate::scene::{assert_live, hash, releases};
use crate::suite::{Test, on_bed, pure};
use crate::testbed::{Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![help_shows_examples_first_and_the_exit_codes, usage_errors_are_documents_too],
        on_bed![
            every_path_gives_one_document,
            yaml_is_the_same_document,
            a_name_is_the_name_that_kubectl_prints,
            a_script_does_the_same_and_writes_nothing_by_itself,
            stdout_is_the_answer_and_stderr_the_rest,
            quiet_leaves_the_answer_and_errors,
            a_nasty_workload_fits_on_the_card,
            ascii_is_enough_where_the_locale_has_no_more,
            colour_is_for_terminals_or_on_demand,
            values_of_variables_are_shown_on_demand_only,
            lines_without_a_terminal_are_never_drawn_over,
            a_reader_that_is_gone_changes_no_exit_code,
            hints_use_the_name_that_was_typed,
        ],
    ]
    .concat()
}

fn help_shows_examples_first_and_the_exit_codes() {
    for words in [
        "--help",
        "undo --help",
        "history --help",
        "status --help",
        "completion --help",
        "man --help",
    ] {
        let ran = Rb::new(Path::new("")).words(words).run().ends_with(0);
        assert!(ran.stdout.starts_with("Examples:\n  rb "), "{ran}");
        let wide = ran.stdout.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "{words}");
    }
    let help = Rb::new(Path::new("")).words("--help").run();
    let (_, codes) = help.stdout.split_once("\nExit codes:\n").expect("the table");
    let rest = codes.strip_prefix(&kubectl_rb::exit::help_table()).expect("the table first");
    let words: Vec<&str> = rest.split_whitespace().collect();
    let order = kubectl_rb::exit::order_of_severity();
    let sentence =
        format!("Several workloads end with the code of the worst, in the order {order}.");
    assert_eq!(words.join(" "), sentence);
    // An example that is broken in two cannot be pasted.
    let examples = help.stdout.split("\n\n").next().unwrap_or_default();
    assert!(examples.lines().skip(1).all(|line| line.starts_with("  rb ")), "{examples}");
}

fn usage_errors_are_documents_too() {
    for words in [
        "undo deploy/web -o json --nonsense",
        "undo deploy/web -ojson --timeout=soon",
        "status web --output=json",
        "history -o json",
        "undo sts/web -o json",
        "undo deploy/web -o json --plan x",
        "undo deploy/web -o json -n ../x",
        "history deploy/web -o json --context nope",
    ] {
        let ran = Rb::new(Path::new("/no/such/config")).words(words).run().ends_with(2);
        let document = ran.json();
        assert_eq!(document["schema"], "rb.error/v1", "{words}");
        assert_eq!((&document["kind"], &document["exitCode"]), (&json!("usage"), &json!(2)));
        assert!(document["hints"][0].is_string(), "{words}: {document}");
    }
}

fn rb(namespace: &Namespace, words: &str) -> Ran {
    crate::rb::rb(namespace, words)
}

/// Also whether there is something to do or not, and whether it works out or not.
fn every_path_gives_one_document(bed: &TestBed) {
    let namespace = bed.namespace("documents");
    releases(&namespace, 1, &["1.0", "2.0"]);
    for (words, code, schema) in [
        ("undo deploy/web --dry-run", 0, "rb.plan/v1"),
        ("undo deploy/web --dry-run=server", 0, "rb.plan/v1"),
        ("history deploy/web", 0, "rb.history/v1"),
        ("history deploy/web --revision 1", 0, "rb.history/v1"),
        ("history deploy/web --revision 9", 4, "rb.error/v1"),
        ("status deploy/web", 0, "rb.status/v1"),
        ("status deploy/web --watch=false", 0, "rb.status/v1"),
        ("status deploy/none", 4, "rb.error/v1"),
        ("undo deploy/web", 10, "rb.error/v1"),
        ("undo deploy/web --yes --from=9.9", 3, "rb.error/v1"),
        ("undo deploy/web --yes --expect-context x", 3, "rb.error/v1"),
        ("undo deploy/web --yes --to-revision=2", 0, "rb.report/v1"),
        ("undo deploy/web --yes", 0, "rb.report/v1"),
        ("undo deploy/web --yes", 0, "rb.report/v1"),
        ("undo deploy/web --yes --to-revision=2.0 --no-wait", 0, "rb.report/v1"),
    ] {
        let ran = rb(&namespace, &format!("{words} -o json")).ends_with(code);
        let document = ran.json();
        assert_eq!(document["schema"], schema, "{words}");
        let said = document.get("exitCode");
        assert!(said.is_none_or(|said| *said == code), "{words}: {said:?}");
        assert_eq!(said.is_none(), ["rb.plan/v1", "rb.history/v1"].contains(&schema), "{words}");
    }
    namespace.set_image("web", "registry.test:5000/shop/web:3.0-hang");
    let ran = rb(&namespace, "status deploy/web --timeout=1s -o json").ends_with(5);
    assert_eq!((&ran.json()["exitCode"], &ran.json()["result"]), (&json!(5), &json!("timedOut")));
    let ran = rb(&namespace, "status deploy/web --watch=false -o json").ends_with(7);
    assert_eq!(ran.json()["result"], "inProgress");
}

fn yaml_is_the_same_document(bed: &TestBed) {
    let namespace = bed.namespace("yaml");
    releases(&namespace, 0, &["1.0", "2.0"]);
    for words in ["history deploy/web --revision 1", "status deploy/web", "history deploy/none"] {
        let [json, yaml] =
            ["json", "yaml"].map(|format| rb(&namespace, &format!("{words} -o {format}")));
        assert_eq!(json.code, yaml.code);
        let mut read: Value = serde_yaml(&yaml.stdout);
        let mut expected = json.json();
        for document in [&mut read, &mut expected] {
            // How long it took is another time.
            document.as_object_mut().expect("an object").shift_remove("milliseconds");
        }
        assert_eq!(read, expected, "{words}");
    }
}

#[track_caller]
fn serde_yaml(text: &str) -> Value {
    match ::serde_yaml::from_str(text) {
        Ok(value) => value,
        Err(error) => panic!("{error}: {text}"),
    }
}

fn a_name_is_the_name_that_kubectl_prints(bed: &TestBed) {
    let namespace = bed.namespace("name");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let kubectl = namespace.kubectl_ok(&["get", "deployment/web", "-o", "name"]);
    for words in ["undo deploy/web --dry-run", "status deploy/web", "undo deploy/web --yes"] {
        let ran = rb(&namespace, &format!("{words} -o name")).ends_with(0);
        assert_eq!(ran.stdout, kubectl, "{words}");
    }
    let sets = namespace.kubectl_ok(&["get", "replicaset", "-l", "app=web", "-o", "name"]);
    let mut sets: Vec<&str> = sets.lines().collect();
    let ran = rb(&namespace, "history deploy/web -o name").ends_with(0);
    let mut named: Vec<&str> = ran.stdout.lines().collect();
    sets.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, sets);
}

fn a_script_does_the_same_and_writes_nothing_by_itself(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("script"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    let call = Rb::new(&proxy.kubeconfig(&namespace));
    let script = call.words("undo deploy/web --yes -o sh --reason").arg("it's `bad` $(x)").run();
    let script = script.ends_with(0);
    nothing_was_written(&proxy);
    assert_live(&namespace, "2.0");
    paste(bed, namespace.kubeconfig(), &script.stdout).ends_with(0);
    assert_live(&namespace, "1.0");
    let cause = crate::scene::annotation(&namespace, "kubernetes.io/change-cause");
    assert!(cause.ends_with("back to revision 1 (web:1.0): it's `bad` $(x)"), "{cause}");
}

fn stdout_is_the_answer_and_stderr_the_rest(bed: &TestBed) {
    let namespace = bed.namespace("streams");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let failed = rb(&namespace, "undo deploy/none --yes").ends_with(4);
    assert_eq!(failed.stdout, "");
    assert!(failed.stderr.starts_with("error: "), "{failed}");
    let ran = rb(&namespace, "undo deploy/web --yes").ends_with(0);
    let answer: Vec<&str> = ran.stdout.lines().collect();
    assert!(answer[0].starts_with("web · deployment · namespace streams-"), "{ran}");
    assert!(ran.stdout.contains("\nrolled back: deployment/web runs the template of revision 1"));
    assert!(!ran.stdout.contains("updated, "), "progress is no answer: {ran}");
    assert!(ran.stderr.contains("done: patch") && ran.stderr.contains("updated, "), "{ran}");
}

fn quiet_leaves_the_answer_and_errors(bed: &TestBed) {
    let namespace = bed.namespace("quiet");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let ran = rb(&namespace, "undo deploy/web --yes -q").ends_with(0);
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.starts_with("rolled back: "), "{ran}");
    let ran = rb(&namespace, "undo deploy/none --yes --quiet").ends_with(4);
    assert!(ran.stderr.starts_with("error: "), "{ran}");
    let ran = rb(&namespace, "status deploy/web -q -o json").ends_with(0);
    assert_eq!((ran.json()["schema"].as_str(), ran.stderr.as_str()), (Some("rb.status/v1"), ""));
}

/// Long names, twelve containers, thirty changed variables, and many revisions to pass over.
fn nasty_releases(namespace: &Namespace) {
    let long = "a-very-long-registry-name-".repeat(4);
    for number in 1..=8 {
        let variable = |index: u8| {
            json!({"name": format!("VARIABLE_NUMBER_{index}_WITH_A_LONG_NAME"),
            "value": format!("s3cret-{number}-{index}")})
        };
        let containers: Vec<Value> = (0..12)
            .map(|index| {
                let name = if index == 0 { "app".to_owned() } else { format!("sidecar-{index}") };
                json!({"name": name, "image": format!("{long}.test/{long}/{name}:{long}{number}"),
                    "env": (0..30).map(variable).collect::<Vec<_>>()})
            })
            .collect();
        let cause = format!("release {number} {}", "because of reasons ".repeat(20));
        let extra = json!({
            "metadata": {"annotations": {"kubernetes.io/change-cause": cause}},
            "spec": {"template": {"spec": {"containers": containers}}},
        });
        release(namespace, number, 0, "nasty", &extra);
    }
    // Six of them were rolled back from: one is live, and one is left to go back to.
    for _ in 0..6 {
        rb(namespace, "undo deploy/web --yes --again --direct").ends_with(0);
    }
}

fn a_nasty_workload_fits_on_the_card(bed: &TestBed) {
    let namespace = bed.namespace("nasty");
    nasty_releases(&namespace);
    let newest = release_labels(&namespace);
    let words = format!("undo deploy/web --dry-run --to-revision={newest}");
    for words in [words.as_str(), "undo deploy/web --dry-run --again"] {
        let ran = rb(&namespace, words).ends_with(0);
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert!(lines.len() <= 15 + 1, "the card and its note: {ran}");
        for line in &lines {
            assert!(line.chars().count() <= 100, "{line}");
        }
        assert!(ran.stdout.contains(" +11"), "how many images more there are: {ran}");
        assert!(ran.stdout.contains(" more\n"), "how many changes more there are: {ran}");
        assert!(!format!("{ran}").contains("s3cret"), "{ran}");
    }
    let card = rb(&namespace, "undo deploy/web --dry-run --again").ends_with(0);
    let passed = card.stdout.lines().filter(|line| line.starts_with("  not ")).count();
    assert!(passed > 0 && card.stdout.contains("more"), "{card}");
    // The end of a tag tells one release from the next.
    assert!(card.stdout.contains("-2 +11") && card.stdout.contains("-1 +11"), "{card}");
}

/// The hash of the newest revision that is not live.
fn release_labels(namespace: &Namespace) -> String {
    let document = rb(namespace, "history deploy/web -o json").ends_with(0).json();
    let revisions = document["revisions"].as_array().expect("revisions");
    let older = revisions[revisions.len() - 2]["hash"].as_str();
    older.unwrap_or_default().to_owned()
}

fn ascii_is_enough_where_the_locale_has_no_more(bed: &TestBed) {
    let namespace = bed.namespace("ascii");
    let cause =
        json!({"metadata": {"annotations": {"kubernetes.io/change-cause": "größer → 日本"}}});
    release(&namespace, 1, 1, "1.0", &cause);
    release(&namespace, 2, 1, "2.0", &cause);
    for words in [
        "history deploy/web",
        "history deploy/web --revision 1",
        "status deploy/web",
        "undo deploy/web --dry-run",
        "undo deploy/web --yes",
    ] {
        let call = Rb::new(namespace.kubeconfig()).env("LANG", "C").words(words);
        let ran = call.run().ends_with(0);
        assert!(ran.stdout.is_ascii() && ran.stderr.is_ascii(), "{ran}");
    }
    let ran = rb(&namespace, "history deploy/web").ends_with(0);
    assert!(ran.stdout.contains("größer → 日本"), "{ran}");
}

fn colour_is_for_terminals_or_on_demand(bed: &TestBed) {
    let namespace = bed.namespace("colour");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let words = "undo deploy/web --dry-run";
    let call = || Rb::new(namespace.kubeconfig()).words(words);
    let has_escapes = |ran: &Ran| ran.stdout.contains('\u{1b}');
    assert!(!has_escapes(&call().run()));
    assert!(has_escapes(&call().arg("--color=always").run()));
    assert!(has_escapes(&call().env("NO_COLOR", "1").arg("--color=always").run()));
    assert!(!has_escapes(&call().env("NO_COLOR", "1").run()));
    assert!(!has_escapes(&call().env("CLICOLOR_FORCE", "1").arg("--color=never").run()));
    let json = call().words("--color=always -o json").run().ends_with(0);
    assert_eq!(json.json()["schema"], "rb.plan/v1");
}

fn values_of_variables_are_shown_on_demand_only(bed: &TestBed) {
    let namespace = bed.namespace("values");
    let with = |number: u8| {
        let variables = json!([{"name": "PASSWORD", "value": format!("s3cret-{number}")}]);
        json!({"spec": {"template": {"spec": {
            "containers": [{"name": "app", "image": "registry.test/web:1", "env": variables}],
            "initContainers": [{"name": "init", "image": "registry.test/web:1", "env": variables}],
        }}}})
    };
    release(&namespace, 1, 0, "1", &with(1));
    release(&namespace, 2, 0, "2", &with(2));
    let commands = [
        "history deploy/web --revision 1",
        "history deploy/web --revision 1 -o json",
        "history deploy/web --revision 1 -o yaml",
        "undo deploy/web --dry-run",
        "undo deploy/web --dry-run -o json",
        "undo deploy/web --dry-run -o yaml",
    ];
    let rest = ["history deploy/web -o json", "status deploy/web -o json", "undo deploy/web -o sh"];
    for words in commands.iter().chain(&rest) {
        let ran = rb(&namespace, &format!("{words} -vv")).ends_with(0);
        assert!(!format!("{ran}").contains("s3cret"), "{words}: {ran}");
    }
    // The one for people has names only, whatever is asked for.
    for words in commands.iter().filter(|words| !words.ends_with("--dry-run")) {
        let ran = rb(&namespace, &format!("{words} --show-values")).ends_with(0);
        assert!(ran.stdout.contains("s3cret-1"), "{words}: {ran}");
    }
    let ran = rb(&namespace, "undo deploy/web --yes -o json -vv").ends_with(0);
    assert!(!format!("{ran}").contains("s3cret"), "{ran}");
}

fn lines_without_a_terminal_are_never_drawn_over(bed: &TestBed) {
    let namespace = bed.namespace("lines");
    releases(&namespace, 2, &["1.0", "2.0"]);
    let ran = rb(&namespace, "undo deploy/web --yes -v").ends_with(0);
    for said in [&ran.stdout, &ran.stderr] {
        assert!(!said.contains(['\r', '\u{1b}', '\u{8}']), "{said:?}");
        assert!(said.ends_with('\n'), "{said:?}");
    }
    let progress: Vec<&str> = ran.stderr.lines().filter(|l| l.contains("updated")).collect();
    assert!(progress.windows(2).all(|pair| pair[0] != pair[1]), "{ran}");
}

fn a_reader_that_is_gone_changes_no_exit_code(bed: &TestBed) {
    let namespace = bed.namespace("gone");
    releases(&namespace, 1, &["1.0", "2.0"]);
    for (words, code) in [
        ("history deploy/web", 0),
        ("history deploy/none -o json", 4),
        ("undo deploy/web --dry-run -o json", 0),
        ("undo deploy/web --yes", 0),
        ("--help", 0),
    ] {
        let mut command = Command::new(program());
        command
            .env_remove("HOME")
            .env("KUBECONFIG", namespace.kubeconfig())
            .args(words.split(' '))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("rb starts");
        drop((child.stdout.take(), child.stderr.take()));
        let status = child.wait().expect("rb ends");
        assert_eq!(status.code(), Some(code), "{words}: {status}");
    }
    assert_live(&namespace, "1.0");
}

fn hints_use_the_name_that_was_typed(bed: &TestBed) {
    let namespace = bed.namespace("plugin");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let forward = format!("--to-revision={}", hash(&namespace, "2.0"));
    let line = "undo deploy/web --to-revision=9";
    for (program, said) in [
        ("rb", "hint: to see them: rb history deployment/web"),
        ("kubectl-rb", "hint: to see them: kubectl rb history deployment/web"),
        ("kubectl rb", "hint: to see them: kubectl rb history deployment/web"),
    ] {
        paste(bed, namespace.kubeconfig(), &format!("{program} {line}")).ends_with(4).says(said);
    }
    let table = paste(bed, namespace.kubeconfig(), "kubectl rb history deploy/web").ends_with(0);
    assert!(table.stdout.starts_with("REVISION"), "{table}");
    let ran = paste(bed, namespace.kubeconfig(), "kubectl rb undo deploy/web --yes").ends_with(0);
    ran.says(&format!("kubectl rb undo deployment/web {forward}"));
    let help = paste(bed, namespace.kubeconfig(), "kubectl rb undo --help").ends_with(0);
    help.says("  kubectl rb undo deploy/checkout -n shop").says("Usage: kubectl rb undo");
}
