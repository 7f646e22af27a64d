//! The JSON Schema and the reader know the same keys, words and limits; the example shows them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jsonschema::Validator;
use kubectl_rb::config::{FORMAT, KINDS, Section, check_ids};
use serde_json::{Value, json};

use super::{parse, parsed, refused};
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        the_example_is_valid_and_shows_every_key,
        the_schema_has_the_keys_of_the_reader,
        the_reader_looks_at_each_key,
        the_schema_has_the_ids_of_the_checks,
        the_schema_has_the_kinds,
        the_schema_says_no_to_what_the_reader_refuses,
        the_schema_and_the_reader_agree_on_single_values,
    ]
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name)
}

fn schema() -> Value {
    serde_json::from_str(&file("schemas/rb.config.v1.json")).expect("JSON")
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).expect("a schema")
}

/// As an editor reads it, for the schema.
fn value(text: &str) -> Value {
    let options = serde_yaml::options! { strict_booleans: true };
    serde_yaml::from_str_with_options(text, options).expect(text)
}

fn the_example_is_valid_and_shows_every_key() {
    let text = file("examples/rb.yaml");
    let _ = parsed(&text);
    let example = value(&text);
    assert!(validator().is_valid(&example), "{:?}", validator().validate(&example));
    for section in FORMAT {
        let shown: BTreeSet<String> = places(section)
            .flat_map(|path| mappings(&example, &path))
            .flat_map(|mapping| mapping.as_object().expect("a mapping").keys().cloned())
            .collect();
        let keys = section.keys.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(shown, keys, "{}", section.path);
    }
    for id in check_ids::PREFLIGHT.iter().chain(&check_ids::VERIFY) {
        assert!(text.contains(id), "{id}");
    }
}

/// Where a section stands.
fn places(section: &Section) -> impl Iterator<Item = String> {
    let below = section.path.starts_with("verify").then(|| format!("workloads[].{}", section.path));
    [section.path.to_owned()].into_iter().chain(below)
}

/// All values at a path such as `workloads[].verify.http[]`.
fn mappings<'a>(root: &'a Value, path: &str) -> Vec<&'a Value> {
    let steps = path.split('.').filter(|step| !step.is_empty());
    steps.fold(vec![root], |values, step| {
        let found = values.iter().filter_map(|value| value.get(step.trim_end_matches("[]")));
        if step.ends_with("[]") {
            found.flat_map(|list| list.as_array().expect("a list")).collect()
        } else {
            found.collect()
        }
    })
}

/// What the schema says of a section.
fn described<'a>(schema: &'a Value, path: &str) -> &'a Value {
    let resolve = |part: &'a Value| match part["$ref"].as_str() {
        Some(name) => schema.pointer(name.trim_start_matches('#')).expect(name),
        None => part,
    };
    path.split('.').filter(|step| !step.is_empty()).fold(schema, |part, step| {
        let member = resolve(&part["properties"][step.trim_end_matches("[]")]);
        if step.ends_with("[]") { resolve(&member["items"]) } else { member }
    })
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn the_schema_has_the_keys_of_the_reader() {
    let schema = schema();
    let mut closed = 0;
    for section in FORMAT {
        for path in places(section) {
            let part = described(&schema, &path);
            let known: BTreeSet<&str> = section.keys.iter().copied().collect();
            assert_eq!(keys(&part["properties"]), known, "{path}");
            assert_eq!(part["additionalProperties"], false, "{path}");
            closed += 1;
        }
    }
    assert!(closed > FORMAT.len(), "{closed}");
}

/// A configuration with one value: `at` is a path of `FORMAT` and a key.
fn with(path: &str, key: &str, value: &Value) -> Value {
    let inner = |mapping: Value| match path.split('.').next_back() {
        Some("http[]") if key != "name" => json!({"name": "a", key: mapping}),
        _ => json!({ key: mapping }),
    };
    let steps: Vec<&str> = path.split('.').filter(|step| !step.is_empty()).collect();
    let mut built =
        steps.iter().enumerate().rev().fold(inner(value.clone()), |below, (at, step)| {
            let name = step.trim_end_matches("[]");
            let below = if step.ends_with("[]") { json!([below]) } else { below };
            let mut mapping = json!({ name: below });
            if at > 0 && steps[at - 1] == "http[]" {
                mapping["name"] = json!("a");
            }
            mapping
        });
    if key != "version" {
        built["version"] = json!(1);
    }
    let entries = built.get_mut("workloads").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        for needed in ["match", "verify"] {
            if let Some(entry) = entry.as_object_mut() {
                entry.entry(needed).or_insert(json!({}));
            }
        }
    }
    built
}

/// A value that is wrong everywhere is told at each key, by both: so a key that is in the table and
/// that nobody reads is seen.
fn the_reader_looks_at_each_key() {
    let validator = validator();
    let harmless = with("workloads[].verify.http[]", "timeout", &json!("5s"));
    let _ = parsed(&harmless.to_string());
    assert!(validator.is_valid(&harmless), "{harmless}");
    let nonsense = json!([[[]]]);
    for section in FORMAT {
        for path in places(section) {
            for key in section.keys {
                let document = with(&path, key, &nonsense);
                let at = format!("{path}.{key}").trim_start_matches('.').replace("[]", "[0]");
                let lines = refused(&document.to_string());
                let is_told = |line: &String| {
                    let place = line.splitn(4, ':').nth(3).unwrap_or_default().trim();
                    place.starts_with(&format!("{at}:")) || place.starts_with(&format!("{at}["))
                };
                assert!(lines.iter().any(is_told), "{at}: {lines:?}");
                assert!(!validator.is_valid(&document), "{at}");
            }
            let document = with(&path, "unheardOf", &json!(1));
            let is_told = |line: &String| line.contains("unheardOf: no such key");
            assert!(refused(&document.to_string()).iter().any(is_told), "{path}");
            assert!(!validator.is_valid(&document), "{path}");
        }
    }
}

fn the_schema_has_the_ids_of_the_checks() {
    let schema = schema();
    let ids = |path: &str| keys(&described(&schema, path)["properties"]);
    assert_eq!(ids("preflight.checks"), check_ids::PREFLIGHT.into());
    assert_eq!(ids("verify.checks"), check_ids::VERIFY.into());
    for id in check_ids::PREFLIGHT {
        let document = json!({"version": 1, "preflight": {"checks": {id: "warn"}}});
        assert!(parse(&document.to_string()).is_ok(), "{id}");
    }
    let probe = check_ids::of_probe("a");
    for id in check_ids::VERIFY.iter().copied().chain([probe.as_str()]) {
        let verify = json!({"checks": {id: "advisory"}, "http": [{"name": "a"}]});
        let document = json!({"version": 1, "verify": verify});
        assert!(parse(&document.to_string()).is_ok(), "{id}");
        assert!(validator().is_valid(&document), "{id}");
    }
}

fn the_schema_has_the_kinds() {
    let schema = schema();
    assert_eq!(described(&schema, "workloads[].match.kind")["enum"], json!(KINDS));
}

/// What stands for the schema to see: not that two names differ, nor what a regular expression is.
const NOT_IN_THE_SCHEMA: [&str; 7] = [
    "already",
    "is no regular expression",
    "is found in every line",
    "no such probe",
    "must be a duration from",
    "must not have . or ..",
    "has a port that is none",
];

fn the_schema_says_no_to_what_the_reader_refuses() {
    let validator = validator();
    let mut held = 0;
    for block in file("tests/config/mistakes.txt").split("\n\n") {
        let (told, text): (Vec<&str>, Vec<&str>) =
            block.lines().partition(|line| line.starts_with("> "));
        let is_for_the_schema =
            |line: &&str| NOT_IN_THE_SCHEMA.iter().all(|words| !line.contains(words));
        let document = serde_yaml::from_str_with_options::<Value>(
            &text.join("\n"),
            serde_yaml::options! { strict_booleans: true, reject_unsupported_tags: true },
        );
        let Ok(document) = document else { continue };
        if told.iter().any(is_for_the_schema) {
            assert!(!validator.is_valid(&document), "{block}");
            held += 1;
        }
    }
    assert!(held > 30, "{held}");
}

fn the_schema_and_the_reader_agree_on_single_values() {
    let validator = validator();
    let duration = |text: &str| json!({"version": 1, "verify": {"stableFor": text}});
    for text in ["0", "0s", "90", "1.5s", "500ms", "1m30s", "1h", "2h30m", "1.5h", "1h1m1s1ms"] {
        let document = duration(text);
        assert!(parse(&document.to_string()).is_ok(), "{text}");
        assert!(validator.is_valid(&document), "{text}");
    }
    for text in ["", "s", "soon", "-5s", "5 s", "1d", "1m1h", "1.s", "PT5M", "1h 30m", "m"] {
        let document = duration(text);
        assert!(parse(&document.to_string()).is_err(), "{text}");
        assert!(!validator.is_valid(&document), "{text}");
    }
    let probe = |probe: &Value| json!({"version": 1, "verify": {"http": [probe]}});
    for taken in [
        json!({"name": "a", "path": "/x?y=%20&z=~"}),
        json!({"name": "a", "via": "url", "url": "HTTP://[::1]:8080?x"}),
        json!({"name": "a", "port": "http-2", "scheme": "https", "service": "b"}),
        json!({"name": "a", "via": "pod", "port": 1, "path": "/"}),
        json!({"name": "a", "headersFromEnv": {"Cookie": "RB_PROBE_COOKIE"}}),
        json!({"name": "a", "method": "HEAD", "expect": {"status": [100, 599]}}),
        json!({"name": "a", "via": "url", "url": "https://a/", "headers": {"Host": "b"}}),
    ] {
        let document = probe(&taken);
        let _ = parsed(&document.to_string());
        assert!(validator.is_valid(&document), "{taken}");
    }
    for refused in [
        json!({"name": "a", "headersFromEnv": {"authorization": "RB_PROBE_TOKEN"}}),
        json!({"name": "a", "headersFromEnv": {"x-remote-group": "RB_PROBE_GROUP"}}),
        json!({"name": "a", "headersFromEnv": {"X-Token": "TOKEN"}}),
        json!({"name": "a", "via": "pod", "headers": {"Host": "shop.example.com"}}),
        json!({"name": "a", "headers": {"X-Remote-User": "x"}}),
        json!({"name": "a", "headers": {"Authorization": "x"}}),
        json!({"name": "a", "headers": {"impersonate-extra-x": "x"}}),
        json!({"name": "a", "headers": {"Connection": "x"}}),
        json!({"name": "a", "headers": {"": "x"}}),
        json!({"name": "a", "url": "https://a/"}),
        json!({"name": "a", "via": "url"}),
        json!({"name": "a", "via": "url", "url": "https://a/", "path": "/"}),
        json!({"name": "a", "via": "url", "url": "https://a:b@c/"}),
        json!({"name": "a", "via": "pod", "service": "b"}),
        json!({"name": "a", "method": "HEAD", "expect": {"bodyContains": "b"}}),
        json!({"name": "a", "port": "80"}),
        json!({"name": "a", "path": "x"}),
        json!({"name": "a", "expect": {"status": []}}),
        json!({}),
    ] {
        let document = probe(&refused);
        assert!(parse(&document.to_string()).is_err(), "{refused}");
        assert!(!validator.is_valid(&document), "{refused}");
    }
}
