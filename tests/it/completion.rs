//! What a key press gives: names of live objects from the cluster that the line means, and nothing at
//! all where something is wrong.

mod shells;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::given::Kubeconfig;
use crate::rb::{Ran, Rb};
use crate::scene::releases;
use crate::suite::{Test, on_bed, pure};
use crate::testbed::{Action, Gate, Reply, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![
            commands_flags_and_formats_need_no_cluster,
            contexts_are_those_of_the_kubeconfig,
            without_a_cluster_nothing_is_said,
        ],
        on_bed![
            names_are_those_of_the_namespace_that_the_line_means,
            revisions_are_those_of_the_workload_that_the_line_names,
            namespaces_are_those_of_the_cluster,
            an_answer_that_is_late_is_none,
            many_names_are_cut,
            a_plugin_that_has_to_ask_is_not_run,
        ],
        shells::tests(),
    ]
    .concat()
}

/// A test bed under load is slower than a cluster.
const ENOUGH: &str = "60s";

/// Presses the key at `|`, in a shell that wants candidates with descriptions.
fn key(kubeconfig: &Path, line: &str) -> Ran {
    press(kubeconfig, line, ENOUGH)
}

fn press(kubeconfig: &Path, line: &str, budget: &str) -> Ran {
    let (before, after) = line.split_once('|').expect("a cursor");
    let index = before.split(' ').count() - 1;
    let words = format!("{before}{after}");
    let call = Rb::new(kubeconfig)
        .env("RB_COMPLETE", if after.is_empty() { "fish" } else { "zsh" })
        .env("_CLAP_COMPLETE_INDEX", index.to_string())
        .env("RB_COMPLETE_TIMEOUT", budget)
        .arg("--");
    let ran = words.split(' ').fold(call, Rb::arg).run().ends_with(0);
    assert_eq!(ran.stderr, "", "nobody reads it: {ran}");
    ran
}

/// The candidates without what is said of them.
#[track_caller]
fn values(ran: &Ran) -> Vec<&str> {
    ran.stdout.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect()
}

fn commands_flags_and_formats_need_no_cluster() {
    let nowhere = Path::new("/no/such/config");
    for (line, expected) in [
        ("rb un|", &["undo"][..]),
        ("rb undo --to-|", &["--to-revision"]),
        ("rb undo deploy/web -o |", &["json", "jsonl", "yaml", "name", "sh"]),
        ("rb status deploy/web --output=js|", &["--output=json", "--output=jsonl"]),
        ("rb history -o w|", &["wide"]),
        ("rb undo dep|", &["deploy/", "deployment/", "deployments/"]),
        ("rb completion |", &["bash", "zsh", "fish", "powershell", "kubectl"]),
        ("rb man un|", &["undo"]),
        ("rb undo --color |", &["auto", "always", "never"]),
    ] {
        let ran = key(nowhere, line);
        for value in expected {
            assert!(values(&ran).contains(value), "{line}: {ran}");
        }
    }
    let ran = key(nowhere, "rb undo |");
    assert!(values(&ran).contains(&"deployment/"), "{ran}");
    assert!(!ran.stdout.contains("--"), "flags are for whoever begins one: {ran}");
}

fn contexts_are_those_of_the_kubeconfig() {
    let context = |name: &str, namespace: &str| json!({"name": name, "context": {"cluster": "c", "user": "u", "namespace": namespace}});
    let hostile = ["$(reboot)", "a b", "x;y", "-rf", "e\u{1b}[31m", "arn:aws:eks:eu:1:cluster/x"];
    let contexts: Vec<Value> = hostile.iter().map(|name| context(name, "shop")).collect();
    let config = json!({"contexts": contexts, "current-context": "a b",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}]});
    let file = Kubeconfig::text(&config.to_string());
    for flag in ["undo --context", "--context", "undo --expect-context"] {
        let ran = key(file.path(), &format!("rb {flag} |"));
        assert_eq!(ran.stdout, "arn:aws:eks:eu:1:cluster/x\n", "{flag}");
    }
    let elsewhere = format!("rb undo --kubeconfig {} --context |", file.path().display());
    assert_eq!(values(&key(Path::new("/nowhere"), &elsewhere)), ["arn:aws:eks:eu:1:cluster/x"]);
    assert_eq!(values(&key(file.path(), "rb undo --user |")), ["u"]);
    assert_eq!(values(&key(file.path(), "rb undo --cluster |")), ["c"]);
}

fn without_a_cluster_nothing_is_said() {
    let broken = Kubeconfig::text("{ what: [is this");
    for kubeconfig in [Path::new("/no/such/config"), broken.path()] {
        for line in [
            "rb undo deploy/|",
            "rb undo deploy |",
            "rb undo -n |",
            "rb undo --context |",
            "rb undo deploy/web --to-revision |",
            "rb undo pod/|",
            "rb undo deploy/../|",
            "rb undo --nonsense deploy/|",
        ] {
            assert_eq!(key(kubeconfig, line).stdout, "", "{line}");
        }
    }
    // A shell that is not known, and words that end too early.
    for variable in ["nonsense", "bash", "zsh", "fish", "powershell", "kubectl"] {
        let call = Rb::new(Path::new("/nowhere")).env("RB_COMPLETE", variable);
        let ran = call.run().ends_with(0);
        assert_eq!(ran.stderr, "", "{ran}");
    }
}

fn names_are_those_of_the_namespace_that_the_line_means(bed: &TestBed) {
    let (here, there) = (bed.namespace("keys-here"), bed.namespace("keys-there"));
    for (namespace, names) in [(&here, ["web", "worker"]), (&there, ["web", "far"])] {
        for name in names {
            namespace.deployment_with(name, "registry.test/web:1", 0, &Value::Null);
        }
    }
    let (config, other) = (here.kubeconfig(), there.name());
    let elsewhere = there.kubeconfig().display();
    for (line, expected) in [
        ("rb undo deploy/|".to_owned(), &["deploy/web", "deploy/worker"][..]),
        ("rb undo deployments.apps/wo|".to_owned(), &["deployments.apps/worker"]),
        ("rb undo deploy |".to_owned(), &["web", "worker"]),
        ("rb status deployment wo|".to_owned(), &["worker"]),
        ("rb history --revision=1 deploy/we|".to_owned(), &["deploy/web"]),
        (format!("rb undo -n {other} deploy/|"), &["deploy/far", "deploy/web"]),
        (format!("rb -n{other} undo deploy/|"), &["deploy/far", "deploy/web"]),
        (format!("rb undo deploy/f| -n {other}"), &["deploy/far"]),
        (format!("rb undo --kubeconfig {elsewhere} deploy/f|"), &["deploy/far"]),
        ("rb undo deploy/web deploy/|".to_owned(), &["deploy/worker"]),
        ("rb undo --context nonsense deploy/|".to_owned(), &[]),
        ("rb undo pods/|".to_owned(), &[]),
    ] {
        let ran = key(config, &line);
        assert_eq!(values(&ran), expected, "{line}");
    }
    let all = key(config, "rb undo -A deploy/|");
    for name in ["deploy/far", "deploy/web", "deploy/worker"] {
        assert_eq!(values(&all).iter().filter(|value| **value == name).count(), 1, "{all}");
    }
    // Who may not list gets nothing, and no complaint.
    assert_eq!(key(&here.user("alice"), "rb undo deploy/|").stdout, "");
}

fn revisions_are_those_of_the_workload_that_the_line_names(bed: &TestBed) {
    let namespace = bed.namespace("keys-revisions");
    releases(&namespace, 0, &["1.0", "2.0"]);
    for line in [
        "rb undo deploy/web --to-revision |",
        "rb undo deploy web --to-revision |",
        "rb history deploy/web --revision |",
    ] {
        let ran = key(namespace.kubeconfig(), line);
        assert_eq!(ran.stdout, "2\tweb:2.0  current\n1\tweb:1.0\n", "{line}");
    }
    let ran = key(namespace.kubeconfig(), "rb undo deploy/web --to-revision=1|");
    assert_eq!(values(&ran), ["--to-revision=1"]);
    for line in ["rb undo --to-revision |", "rb undo deploy/none --to-revision |"] {
        assert_eq!(key(namespace.kubeconfig(), line).stdout, "", "{line}");
    }
}

fn namespaces_are_those_of_the_cluster(bed: &TestBed) {
    let namespace = bed.namespace("keys-namespaces");
    let name = namespace.name();
    let ran = key(namespace.kubeconfig(), "rb undo -n keys-namesp|");
    assert!(values(&ran).contains(&name), "{ran}");
    // Who may not list them has those of the kubeconfig.
    let ran = key(&namespace.user("alice"), "rb undo --namespace |");
    assert_eq!(values(&ran), [name]);
}

/// The answers never come: that it ends at all is the proof that it did not wait for them.
fn an_answer_that_is_late_is_none(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("keys-late"), bed.proxy());
    releases(&namespace, 0, &["1.0"]);
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.inject(move |_| Action::Hold(held.clone()));
    let kubeconfig = proxy.kubeconfig(&namespace);
    for line in ["rb undo deploy/|", "rb undo -n |", "rb undo deploy/web --to-revision |"] {
        // What it has is also too little for a machine under load, sometimes: then nothing was asked.
        assert_eq!(press(&kubeconfig, line, "300ms").stdout, "", "{line}");
    }
    proxy.clear();
    assert_eq!(press(&kubeconfig, "rb undo deploy/|", "3s").stdout, "");
    let requests = proxy.requests();
    assert!(!requests.is_empty(), "it asked");
    assert!(requests.iter().all(|request| request.status.is_none()), "and got no answer");
    gate.open();
}

fn many_names_are_cut(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("keys-many"), bed.proxy());
    proxy.inject(|request| {
        if !request.path.contains("/deployments?") {
            return Action::Pass;
        }
        let second = request.path.contains("continue=");
        let numbers = if second { 2_500..5_000 } else { 0..2_500 };
        let items: Vec<Value> =
            numbers.map(|n| json!({"metadata": {"name": format!("web-{n:04}")}})).collect();
        let token = if second { "" } else { "more" };
        let body = json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
            "metadata": {"continue": token}, "items": items});
        Action::Respond(Reply::json(200, body.to_string()))
    });
    let kubeconfig = proxy.kubeconfig(&namespace);
    let ran = key(&kubeconfig, "rb undo deploy/|");
    assert_eq!(values(&ran).len(), 500);
    // A shell completes what all have in common: the last one of them all must be among them.
    assert_eq!(values(&ran)[499], "deploy/web-4999");
    assert_eq!(values(&key(&kubeconfig, "rb undo deploy/web-499|")).len(), 10);
}

fn a_plugin_that_has_to_ask_is_not_run(bed: &TestBed) {
    let namespace = bed.namespace("keys-plugin");
    releases(&namespace, 0, &["1.0"]);
    let folder = tempfile::tempdir().expect("a folder");
    let plugin = folder.path().join("get-token");
    let answer = json!({"kind": "ExecCredential", "status": {"token": "admin-token"},
        "apiVersion": "client.authentication.k8s.io/v1"});
    let script = format!(
        "#!/bin/sh\ncd '{}'\necho \"$KUBERNETES_EXEC_INFO\" >>runs\necho 'log in!' >&2\necho '{answer}'\n",
        folder.path().display()
    );
    fs::write(&plugin, script).expect("a script");
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).expect("a mode");
    let runs = || fs::read_to_string(folder.path().join("runs")).unwrap_or_default();
    for (mode, expected) in
        [("Always", ""), ("IfAvailable", "deploy/web\n"), ("Never", "deploy/web\n")]
    {
        let config = Kubeconfig::edited(namespace.kubeconfig(), |config| {
            config["users"][0]["user"] = json!({"exec": {"command": plugin,
                "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": mode}});
        });
        assert_eq!(key(config.path(), "rb undo deploy/|").stdout, expected, "{mode}");
        assert_eq!(runs().is_empty(), mode == "Always", "{mode}: {}", runs());
    }
    assert!(!runs().contains("\"interactive\":true"), "{}", runs());
}
