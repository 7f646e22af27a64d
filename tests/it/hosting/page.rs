//! `docs/hosts.md` says what is so: for each host its rights, its variables, its program, and every
//! request that is made of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kubectl_rb::hosting::REGISTRY;
use serde_json::Value;

use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![each_host_has_its_section, each_request_is_named]
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The page without line ends, and the section of a host in it.
fn section(title: &str) -> String {
    let page = fs::read_to_string(root().join("docs/hosts.md")).expect("docs/hosts.md");
    let begin = format!("\n## {title}");
    let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no section {title}"));
    let section = rest.split("\n## ").next().unwrap_or_default();
    section.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn each_host_has_its_section() {
    for host in REGISTRY {
        let section = section(host.title());
        let mut parts = vec![host.rights().to_owned(), format!("--host {}", host.word())];
        for variable in host.variables() {
            parts.push(format!("`{}`", variable.name));
            parts.extend(variable.server_in.iter().map(|name| format!("`{name}`")));
        }
        parts.extend(
            host.login().map(|login| format!("`{} {}", login.program, login.say.join(" "))),
        );
        for part in parts {
            assert!(section.contains(&part), "{}: {part} is missing", host.title());
        }
    }
}

fn each_request_is_named() {
    for host in REGISTRY {
        let schema = root().join(format!("tests/it/hosting/schema/{}.json", host.word()));
        let schema: Value =
            serde_json::from_str(&fs::read_to_string(schema).expect("a schema")).expect("JSON");
        let operations = schema["operations"].as_object().expect("operations");
        let known: BTreeSet<&str> = operations.keys().map(String::as_str).collect();
        let section = section(host.title());
        let is_request = |code: &&str| {
            ["GET /", "POST /", "PUT /"].iter().any(|method| code.starts_with(method))
        };
        let named: BTreeSet<&str> = section.split('`').filter(is_request).collect();
        let named: BTreeSet<&str> =
            named.into_iter().filter(|name| *name != "POST /graphql").collect();
        assert_eq!(named, known, "{}", host.title());
    }
}
