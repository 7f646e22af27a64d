//! Workloads that manifests name: what is read of them, what is passed over, what is refused.

use std::fs;

use serde_json::{Value, json};

use crate::given::{commands, nothing_was_written, paste};
use crate::rb::{Ran, Rb};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, Proxy, TestBed};

use super::{deploy, deployment, live, row, written};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        manifests_name_workloads_in_every_form,
        the_content_of_a_manifest_is_never_what_is_rolled_back_to,
        a_manifest_may_name_its_namespace,
        what_is_no_manifest_is_refused_without_a_request,
        hostile_manifests_are_refused_without_a_request,
        what_is_printed_about_files_can_be_pasted,
    ]
}

const WEBS: [&str; 3] = ["web-a", "web-b", "web-c"];

fn call(namespace: &Namespace, proxy: &Proxy, words: &str) -> Rb {
    Rb::new(&proxy.kubeconfig(namespace)).words(words)
}

/// The names in a list of documents.
fn names(ran: &Ran) -> Vec<String> {
    let document = ran.json();
    let items = document["items"].as_array().expect("items");
    let name = |item: &Value| item["target"]["name"].as_str().expect("a name").to_owned();
    items.iter().map(name).collect()
}

fn manifest(name: &str) -> String {
    format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n")
}

fn manifests_name_workloads_in_every_form(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("files"), bed.proxy());
    deploy(&namespace, &WEBS, 0, &["1.0", "2.0"]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("a file");
        folder.path().join(name).display().to_string()
    };
    let other = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web-a}\n---\n";
    let list = json!({"apiVersion": "v1", "kind": "List",
        "items": WEBS.map(|name| deployment(name, "9.9", 7))});
    let many =
        file("many.yaml", &format!("# three\n{}{other}{}", manifest("web-b"), manifest("web-a")));
    let listed = file("list.json", &list.to_string());
    file("no-manifest.txt", "garbage: [");
    file("values.yml", "replicas: 3\nimage: {kind: x}\n");
    let folder = folder.path().display().to_string();
    // As kubectl prints it, with status and managed fields.
    let printed = namespace.kubectl_ok(&["get", "deployments", "-o", "yaml"]);
    for (words, input, expected) in [
        (format!("-f {many}"), "", vec!["web-b", "web-a"]),
        (format!("--filename={listed}"), "", WEBS.to_vec()),
        (format!("-f {many} -f {listed}"), "", vec!["web-b", "web-a", "web-c"]),
        (format!("-f {folder}"), "", WEBS.to_vec()),
        ("-f -".to_owned(), printed.as_str(), WEBS.to_vec()),
    ] {
        for command in ["undo --dry-run", "status", "history"] {
            let words = format!("{command} {words} -o json");
            let ran = call(&namespace, &proxy, &words).input(input).run().ends_with(0);
            assert_eq!(names(&ran), expected, "{words}");
        }
    }
    nothing_was_written(&proxy);
    call(&namespace, &proxy, &format!("undo -f {many} --yes")).run().ends_with(0);
    assert_eq!(live(&namespace, &WEBS), ["1.0", "1.0", "2.0"]);
}

fn the_content_of_a_manifest_is_never_what_is_rolled_back_to(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("content"), bed.proxy());
    deploy(&namespace, &["web-a"], 0, &["1.0", "2.0"]);
    let manifest = deployment("web-a", "9.9", 7).to_string();
    let ran = call(&namespace, &proxy, "undo -f - --yes").input(&manifest).run().ends_with(0);
    ran.says("1 workload in namespace");
    let web = namespace.get("deployment", "web-a");
    assert_eq!(live(&namespace, &["web-a"]), ["1.0"]);
    assert_eq!(web["spec"]["replicas"], 0);
    assert!(!web.to_string().contains("9.9"), "{web}");
}

fn a_manifest_may_name_its_namespace(bed: &TestBed) {
    let (one, two, proxy) = (bed.namespace("file-one"), bed.namespace("file-two"), bed.proxy());
    for namespace in [&one, &two] {
        deploy(namespace, &["web-a"], 0, &["1.0", "2.0"]);
    }
    let elsewhere = |name: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": two.name()}})
    };
    // The same one twice: once by the namespace of the context.
    let here = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web-a", "namespace": one.name()}});
    let text = format!("{}---\n{here}\n---\n{}\n", manifest("web-a"), elsewhere("web-a"));
    let refused = call(&one, &proxy, &format!("undo -f - --yes -n {}", one.name()));
    let refused = refused.input(&text).run().ends_with(2);
    refused.says(&format!("in namespace {}, and -n says {}", two.name(), one.name()));
    assert!(proxy.requests().is_empty());
    let ran = call(&one, &proxy, "undo -f - --yes").input(&text).run().ends_with(0);
    assert_eq!(written(&proxy).len(), 2, "each once: {ran}");
    assert_eq!(
        (live(&one, &["web-a"]), live(&two, &["web-a"])),
        (vec!["1.0".into()], vec!["1.0".into()])
    );
    let text = elsewhere("web-none").to_string();
    let ran = call(&one, &proxy, "status -f -").input(&text).run().ends_with(4);
    let ran = ran.says(&format!("does not exist in namespace {}", two.name()));
    assert!(row(&ran, "deployment/web-none").contains("not found"), "{ran}");
}

fn what_is_no_manifest_is_refused_without_a_request(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("no-manifest"), bed.proxy());
    let empty = tempfile::tempdir().expect("a folder");
    for (words, input, said) in [
        ("-f -", "", "no workload that rb rolls back is named in -"),
        ("-f -", "kind: Service\n", "a manifest names one with kind: Deployment"),
        ("-f -", "a: [", "is no YAML or JSON"),
        ("-f -", "{\"a\": ", "is no YAML or JSON"),
        ("-f -", "just words", "holds something that is no object"),
        ("-f -", "apiVersion: apps/v1\nkind: Deployment\n", "holds a Deployment without a name"),
        ("-f /nowhere/at.yaml", "", "/nowhere/at.yaml cannot be read"),
        ("-f https://example.test/x.yaml", "", "curl -fsS https://example.test/x.yaml | rb"),
        ("-f EMPTY", "", "holds no .yaml, .yml or .json file"),
    ] {
        let words = words.replace("EMPTY", &empty.path().display().to_string());
        for command in ["undo --yes", "status", "history"] {
            let call = call(&namespace, &proxy, &format!("{command} {words}")).input(input);
            call.run().ends_with(2).says(said);
        }
    }
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

fn hostile_manifests_are_refused_without_a_request(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("hostile-files"), bed.proxy());
    let with = |name: &str, namespace: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace}})
        .to_string()
    };
    let deep = format!("{}{}", "{\"items\": [".repeat(20_000), "]}".repeat(20_000));
    let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        let before = n - 1;
        text + &format!("a{n}: &a{n} [*a{before}, *a{before}, *a{before}, *a{before}]\n")
    });
    for input in [
        with("../../secrets/x", "shop"),
        with("web\u{1b}[31m", "shop"),
        with("web\n::error::x", "shop"),
        with("web?dryRun=All", "shop"),
        with("web", "../kube-system"),
        with("", "shop"),
        with("--yes", "shop"),
        with(&"a".repeat(300), "shop"),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": {"a": 1}}})
            .to_string(),
        deep,
        bomb,
    ] {
        let ran = call(&namespace, &proxy, "undo --yes -f -").input(&input).run().ends_with(2);
        assert!(!ran.stderr.contains('\u{1b}') && !ran.stderr.contains("\n::"), "{ran}");
        assert!(ran.stderr.len() < 2_000, "{} bytes are said", ran.stderr.len());
    }
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

/// Not one of the commands contradicts the namespaces in the file.
fn what_is_printed_about_files_can_be_pasted(bed: &TestBed) {
    let (here, there) = (bed.namespace("paste-here"), bed.namespace("paste-there"));
    deploy(&there, &["web-a", "web-b"], 0, &["1.0", "2.0"]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("it's.yaml");
    let items = ["web-a", "web-b"].map(|name| {
        let mut one = deployment(name, "2.0", 0);
        one["metadata"]["namespace"] = json!(there.name());
        one.to_string() + "\n---\n"
    });
    fs::write(&file, items.concat()).expect("a file");
    let ran = Rb::new(here.kubeconfig()).words("undo -f").arg(&file).run().ends_with(10);
    let [command] = commands(&ran).try_into().expect("one command");
    paste(bed, here.kubeconfig(), &command).ends_with(0);
    assert_eq!(live(&there, &["web-a", "web-b"]), ["1.0", "1.0"]);
}
