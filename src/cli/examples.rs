//! The examples are right: YAML that can be read, and lines of rb that the program takes.

use std::path::Path;

use serde_json::Value;

/// Commands that examples name and that are still to come.
const PENDING: &[&str] = &["verify"];

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn yaml(name: &str) -> Value {
    serde_yaml::from_str(&read(name)).unwrap()
}

/// Every text in a document.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Words as a shell reads them, as far as the examples need it; variables stand for a word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words.iter().map(|word| word.replace("$TARGET", "deploy/checkout").replace('$', "")).collect()
}

#[track_caller]
fn is_taken(line: &str) {
    let words = words(line);
    let name = words[1].as_str();
    let command = super::command("rb");
    if command.find_subcommand(name).is_none() {
        assert!(PENDING.contains(&name), "there is no rb {name}: {line}");
        return;
    }
    if let Err(error) = command.try_get_matches_from(&words) {
        panic!("{line}: {error}");
    }
}

/// The lines of rb in a text; at least so many.
#[track_caller]
fn all_are_taken<'t>(lines: impl Iterator<Item = &'t str>, at_least: usize) {
    let lines: Vec<&str> = lines.map(str::trim).filter(|line| line.starts_with("rb ")).collect();
    assert!(lines.len() >= at_least, "{lines:?}");
    lines.into_iter().for_each(is_taken);
}

#[test]
fn the_ci_files_can_be_read_and_their_lines_are_taken() {
    for name in ["github-actions.yml", "gitlab-ci.yml"] {
        let document = yaml(name);
        all_are_taken(texts(&document).into_iter().flat_map(str::lines), 3);
    }
}

#[test]
fn the_runbook_can_be_pasted() {
    let runbook = read("runbook.md");
    all_are_taken(runbook.lines(), 8);
    // A line that writes names the context that it is meant for.
    for line in runbook.lines().filter(|line| line.starts_with("rb undo ")) {
        let is_dry = line.contains("--dry-run");
        assert!(is_dry || line.contains("--expect-context prod-eu"), "{line}");
        assert!(line.contains("--context prod-eu"), "{line}");
    }
}

#[test]
fn the_workflow_is_as_its_comments_say() {
    let workflow = yaml("github-actions.yml");
    let text = read("github-actions.yml");
    let mut groups = Vec::new();
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        groups.push(&job["concurrency"]["group"]);
        assert_eq!(job["concurrency"]["cancel-in-progress"], false, "{name}");
        for step in job["steps"].as_array().unwrap() {
            if let Some(action) = step["uses"].as_str() {
                let (_, commit) = action.split_once('@').unwrap();
                assert!(commit.len() == 40, "{action} is not pinned");
            }
            let script = step["run"].as_str().unwrap_or_default();
            assert!(!script.contains("${{"), "typed text becomes part of a script: {script}");
            assert!(!script.contains("$?"), "{script}");
        }
    }
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0], groups[1]);
    assert!(text.contains("if: failure()") && text.contains("if: always()"));
    let gitlab = yaml("gitlab-ci.yml");
    assert_eq!(gitlab["rollback"]["rules"][0]["when"], "on_failure");
    assert_eq!(gitlab["verify"]["allow_failure"]["exit_codes"][0], 7);
    assert_eq!(gitlab[".checkout"]["resource_group"], "production-checkout");
}

#[test]
fn a_line_that_is_wrong_is_seen() {
    let wrong = |line: &'static str| std::panic::catch_unwind(|| is_taken(line)).is_err();
    assert!(wrong("rb undo deploy/checkout --nonsense"));
    assert!(wrong("rb nonsense deploy/checkout"));
    assert!(!wrong("rb undo \"$TARGET\" --yes --reason \"it's $WHY\""));
}
