//! The demos of docs/argocd.md and docs/flux.md, typed into a shell on the real controllers.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{block, is_progress, root, without_chance_in_line};
use crate::rb::program;
use crate::suite::{Test, on_bed};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![the_demo_with_argo_cd_is_what_happens, the_demo_with_flux_is_what_happens]
}

fn the_demo_with_argo_cd_is_what_happens(bed: &TestBed) {
    let argocd = bed.argocd();
    let namespace = bed.namespace("docs-argo");
    let app = argocd.application_of_others(&namespace, namespace.name());
    let page = page("argocd.md");
    let said = type_in(bed, &namespace, &page);
    is_told(&said);
    the_readme_shows_what_is_said(&said, namespace.name());
    assert_eq!(app.get()["spec"]["syncPolicy"]["automated"]["selfHeal"], true);
    // What the shell has made and the namespace does not take along.
    let name = namespace.name();
    namespace.kubectl_ok(&["-n", argocd.namespace(), "delete", "application", name]);
}

fn the_demo_with_flux_is_what_happens(bed: &TestBed) {
    bed.flux();
    let namespace = bed.namespace("docs-flux");
    let said = type_in(bed, &namespace, &page("flux.md"));
    is_told(&said);
    assert!(namespace.get("kustomization", "web")["spec"]["suspend"].is_null());
}

/// Both undos: one through Git, one at once.
#[track_caller]
fn is_told(said: &str) {
    for words in [
        "it crashes",
        "durable: revert ",
        "at once: hold ",
        "Revert \"Bump web to 1.1\"",
        "Revert \"Bump web to 1.2\"",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(
        said.matches("rolled back: deployment/web runs the template of").count(),
        2,
        "{said}"
    );
}

/// Every line that the README shows of the first undo was said, but for times, commits, addresses, and
/// where lines end.
#[track_caller]
fn the_readme_shows_what_is_said(said: &str, namespace: &str) {
    let said = said.replace(namespace, "shop");
    let said: Vec<String> = said.lines().map(without_commits).collect();
    let said = said.join(" ");
    let mut shown: Vec<String> = Vec::new();
    for line in block("gitops").lines() {
        // How far it crashes is chance.
        let is_output = !line.starts_with("```") && !line.starts_with("$ ");
        if !is_output || line.starts_with("  now ") || is_progress(line) {
            continue;
        }
        match shown.last_mut() {
            Some(last) if line.starts_with("           ") => {
                *last += &format!(" {}", without_commits(line));
            }
            _ => shown.push(without_commits(line)),
        }
    }
    assert!(shown.len() >= 10, "{shown:?}");
    for line in shown {
        assert!(said.contains(&line), "README shows {line:?}, which is not said: {said}");
    }
}

fn without_commits(line: &str) -> String {
    let word = |word: &str| {
        let is_commit = word.len() == 9 && word.chars().all(|c| c.is_ascii_hexdigit());
        match word {
            _ if is_commit => "COMMIT".to_owned(),
            _ if word.starts_with("http://127.0.0.1:") => "URL".to_owned(),
            _ => word.to_owned(),
        }
    };
    let line = without_chance_in_line(line);
    line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// The lines of a page, in one shell that ends at the first that fails.
fn type_in(bed: &TestBed, namespace: &Namespace, lines: &[String]) -> String {
    let fleet = Fleet::new();
    // As the example `testbed` has it.
    fleet.app("apps/web", "web", "shop/web:1.0");
    fleet.push("Add web");
    let home = tempfile::tempdir().expect("a home");
    let kubectl = bed.kubectl().parent().map(PathBuf::from).unwrap_or_default();
    symlink(program(), home.path().join("rb")).expect("a link");
    let settings = "[user]\n\tname = Dana\n\temail = dana@example.test\n[pull]\n\tff = only\n";
    fs::write(home.path().join(".gitconfig"), settings).expect("a file");
    // The namespace is there already, and is called otherwise.
    let lines = lines.iter().filter(|line| *line != "kubectl create namespace shop");
    let name = |line: &String| {
        line.replace("-n shop", &format!("-n {}", namespace.name()))
            .replace("name: shop,", &format!("name: {},", namespace.name()))
            .replace("namespace: shop}", &format!("namespace: {}}}", namespace.name()))
            .replace("targetNamespace: shop", &format!("targetNamespace: {}", namespace.name()))
            .replace("application/shop", &format!("application/{}", namespace.name()))
    };
    let script = lines.map(name).collect::<Vec<_>>().join("\n");
    let path = std::env::var("PATH").expect("a PATH");
    let output = Command::new("sh")
        .args(["-ec", &script])
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", format!("{}:{}:{path}", home.path().display(), kubectl.display()))
        .env("KUBECONFIG", bed.kubeconfig())
        .env("FLEET", fleet.url())
        .env("LANG", "C.UTF-8")
        .output()
        .expect("a shell");
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{}\n{}", said[0], said[1]);
    said.concat()
}

/// What is typed in a page: lines after `$ `, and what goes on after `> `.
fn page(name: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(&root()).join("docs").join(name)).expect("a page");
    let demo = text.split("<!-- demo:").nth(1).and_then(|rest| rest.split("<!-- /demo -->").next());
    let lines = demo.expect("a demo").lines();
    let lines: Vec<String> = lines
        .filter_map(|line| line.strip_prefix("$ ").or_else(|| line.strip_prefix("> ")))
        .map(str::to_owned)
        .collect();
    assert!(lines.len() > 15, "{lines:?}");
    lines
}
