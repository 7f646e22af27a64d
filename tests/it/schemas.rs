//! The schemas in `schemas/`, and every document held against them. `Ran::json` and `Ran::lines` call
//! [`assert_valid`], so that all tests that read a document are tests of its schema.
//!
//! Readers are told to ignore members that they do not know. Here it is the other way around: the
//! schemas are made strict first, so that a member that they do not name fails a test.

mod made;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jsonschema::{Registry, Validator};
use kubectl_rb::error::{Error, ErrorKind};
use kubectl_rb::report::json::v1::ErrorDocument;
use kubectl_rb::rollback::model::following::{Arrival, Unheard};
use kubectl_rb::rollback::model::outcome::Ending;
use kubectl_rb::rollback::model::target::Target;
use serde_json::{Value, json};

use crate::suite::{Test, pure};

/// The schemas of what rb prints.
const NAMES: [&str; 16] = [
    "audit",
    "error",
    "event",
    "history",
    "holds",
    "list",
    "owner-history",
    "owner-status",
    "plan",
    "report",
    "revert",
    "revert-audit",
    "revert-candidates",
    "revert-plan",
    "status",
    "verify",
];

/// The schema of what rb reads; `config/schema.rs` holds configurations against it.
const CONFIG: &str = "config";

pub(crate) fn tests() -> Vec<Test> {
    let own = pure![
        every_schema_is_a_schema,
        every_member_is_described,
        what_is_always_there_is_required,
        words_are_those_of_the_program,
        a_member_too_many_or_too_few_is_caught,
        golden_plans_are_as_their_schema_says,
        a_list_has_documents_of_every_kind,
        the_readme_names_every_schema,
    ];
    [own, made::tests()].concat()
}

/// Fails the test unless the document is exactly as its schema says.
#[track_caller]
pub(crate) fn assert_valid(document: &Value) {
    let complaints = complaints(document);
    assert!(complaints.is_empty(), "{complaints:#?}\n{document:#}");
}

/// What is not as the schema of the document says.
pub(crate) fn complaints(document: &Value) -> Vec<String> {
    let schema = document["schema"].as_str().and_then(|name| name.strip_prefix("rb."));
    let is_line = document["type"].is_string() && document["at"].is_string();
    let name = if is_line { "event" } else { schema.unwrap_or_default().trim_end_matches("/v1") };
    let Some(validator) = STRICT.get(name) else { return vec![format!("no schema {name:?}")] };
    validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

static STRICT: LazyLock<BTreeMap<&str, Validator>> = LazyLock::new(|| {
    let all = NAMES.map(|name| {
        let mut schema = read(name);
        strict(&mut schema);
        schema["$id"] = json!(uri(name));
        (name, schema)
    });
    let builder = all.iter().fold(Registry::new(), |registry, (name, schema)| {
        registry.add(uri(name), schema).expect("a schema")
    });
    let registry = builder.prepare().expect("schemas that know each other");
    let validator = |name| {
        jsonschema::options()
            .with_registry(&registry)
            .should_validate_formats(true)
            .build(&json!({"$ref": uri(name)}))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    NAMES.into_iter().map(|name| (name, validator(name))).collect()
});

fn uri(name: &str) -> String {
    format!("json-schema:///rb.{name}.v1.json")
}

/// Closes every object that names its members.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                members.entry("additionalProperties").or_insert(json!(false));
            }
            members.values_mut().for_each(strict);
        }
        Value::Array(items) => items.iter_mut().for_each(strict),
        _ => {}
    }
}

fn every_schema_is_a_schema() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .expect("schemas")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    let all = || NAMES.into_iter().chain([CONFIG]);
    assert_eq!(files, all().map(|name| format!("rb.{name}.v1.json")).collect());
    for name in all() {
        let schema = read(name);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert_eq!(schema["$id"], format!("rb.{name}.v1.json"));
        assert_eq!(schema["title"], format!("rb.{name}/v1"));
        assert!(jsonschema::meta::validate(&schema).is_ok(), "{name}");
    }
}

/// Each member, wherever it is named.
fn members(name: &str, schema: &Value, see: &mut dyn FnMut(&str, &str, &Value, bool)) {
    if let Some(properties) = schema["properties"].as_object() {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (member, of) in properties {
            see(name, member, of, required.contains(&json!(member)));
        }
    }
    match schema {
        Value::Object(parts) => parts
            .iter()
            // Conditions speak of members that are described elsewhere.
            .filter(|(keyword, _)| !["if", "then", "else"].contains(&keyword.as_str()))
            .for_each(|(_, part)| members(name, part, see)),
        Value::Array(parts) => parts.iter().for_each(|part| members(name, part, see)),
        _ => {}
    }
}

fn every_member_is_described() {
    let mut seen = 0;
    for name in NAMES.into_iter().chain([CONFIG]) {
        members(name, &read(name), &mut |schema, member, of, _| {
            seen += 1;
            let described = of["description"].is_string() || of["$ref"].is_string();
            assert!(described, "{schema}: {member} is not described");
        });
    }
    assert!(seen > 150, "{seen} members");
}

fn what_is_always_there_is_required() {
    for name in NAMES {
        members(name, &read(name), &mut |schema, member, of, required| {
            let words = of["description"].as_str().unwrap_or_default();
            let may_be_absent = words.contains("Absent");
            let named_so = schema == "event" && member == "target";
            assert!(required != may_be_absent || named_so, "{schema}: {member}: {words}");
        });
    }
}

/// Most words are in documents that other tests read; not every ending can be had there.
fn words_are_those_of_the_program() {
    let words = |schema: &str, pointer: &str| -> BTreeSet<String> {
        let schema = read(schema);
        let list = schema.pointer(pointer).and_then(Value::as_array).expect("words").clone();
        list.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    let kinds = [
        ErrorKind::Usage,
        ErrorKind::Unreachable,
        ErrorKind::Unauthenticated,
        ErrorKind::Forbidden,
        ErrorKind::NotFound,
        ErrorKind::NoRevision,
        ErrorKind::Refused,
        ErrorKind::Held,
        ErrorKind::LostRace,
        ErrorKind::Inconclusive,
        ErrorKind::Unconfirmed,
        ErrorKind::Interrupted,
        ErrorKind::Terminated,
        ErrorKind::Internal,
    ];
    assert_eq!(words("error", "/properties/kind/enum"), set(&kinds.map(ErrorKind::word)));
    let endings = [
        Ending::Complete,
        Ending::NothingRan,
        Ending::TimedOut,
        Ending::DeadlineExceeded,
        Ending::PodsFailed,
        Ending::PutBack(None),
        Ending::Superseded(None),
        Ending::Deleted,
        Ending::Paused,
        Ending::AwaitsDeletion(Vec::new()),
        Ending::HeldByPartition,
        Ending::HalfDone { why: String::new(), pods: Vec::new() },
        Ending::Lost(String::new()),
        Ending::NotWaited,
        Ending::Differs(String::new()),
        Ending::AwaitsMerge { url: String::new(), trouble: None },
        Ending::HoldOpen { why: String::new(), finish: String::new(), give_up: String::new() },
    ];
    let without_owners = set(&endings.each_ref().map(Ending::word));
    // How following an owner ends; what it shares with the others has the same word.
    let lost = || Error::new(ErrorKind::Internal, "x");
    let unheard = Unheard { who: String::new(), check: String::new() };
    let arrivals = [
        Arrival::Failed,
        Arrival::Superseded,
        Arrival::Suspended,
        Arrival::Unheard(unheard),
        Arrival::Forbidden(lost()),
        Arrival::Deleted,
        Arrival::TimedOut,
        Arrival::Lost(lost()),
    ];
    let of_owners = set(&arrivals.each_ref().map(Arrival::word));
    let endings: BTreeSet<String> = without_owners.union(&of_owners).cloned().collect();
    assert_eq!(words("report", "/$defs/wait/properties/ending/enum"), endings);
    let mut results = words("report", "/properties/result/enum");
    assert!(results.remove("rolledBack") && results.remove("nothingToDo"));
    assert!(results.remove("verificationFailed") && results.remove("unverified"));
    assert!(results.insert("complete".to_owned()));
    assert_eq!(results, endings);
    let mut results = words("status", "/properties/result/enum");
    assert!(results.remove("inProgress") && results.insert("notWaited".to_owned()));
    // A wait for a workload alone: nobody follows its owners.
    let of_git = set(&["differs", "awaitsMerge", "holdOpen"]);
    let alone: BTreeSet<String> = without_owners.difference(&of_git).cloned().collect();
    assert_eq!(results, alone);
}

fn target() -> Target {
    Target {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: "shop".into(),
        name: "web".into(),
    }
}

fn error() -> Value {
    let error = Error::new(ErrorKind::NotFound, "there is no deployment/web").hint("rb --help");
    serde_json::to_value(ErrorDocument::new(&error, Some(&target()))).expect("a document")
}

fn a_member_too_many_or_too_few_is_caught() {
    let whole = error();
    assert_valid(&whole);
    let mut more = whole.clone();
    more["unheardOf"] = json!(1);
    assert_eq!(complaints(&more).len(), 1);
    let mut deeper = whole.clone();
    deeper["target"]["unheardOf"] = json!(1);
    assert_eq!(complaints(&deeper).len(), 1);
    let required = read("error")["required"].clone();
    for member in required.as_array().expect("members").iter().filter_map(Value::as_str) {
        let mut less = whole.clone();
        less.as_object_mut().expect("members").shift_remove(member);
        assert!(!complaints(&less).is_empty(), "{member}");
    }
    let mut other = whole;
    other["kind"] = json!("unheardOf");
    assert_eq!(complaints(&other).len(), 1);
}

/// The plans of `tests/plans`.
fn golden_plans() -> Vec<Value> {
    let cases = fs::read_dir(folder().with_file_name("tests/plans")).expect("plans");
    let plan = |case: &Path| {
        let text = fs::read_to_string(case.join("plan.json")).ok()?;
        let decision: Value = serde_json::from_str(&text).expect("JSON");
        decision.get("plan").filter(|plan| plan.is_object()).cloned()
    };
    cases.filter_map(|case| plan(&case.expect("a case").path())).collect()
}

fn golden_plans_are_as_their_schema_says() {
    let plans = golden_plans();
    assert!(plans.len() > 20, "{} plans", plans.len());
    plans.iter().for_each(assert_valid);
}

fn a_list_has_documents_of_every_kind() {
    let plan = golden_plans().remove(0);
    let view = &plan["from"];
    let cluster = json!({"context": "prod", "server": "https://api.test"});
    let history = json!({"schema": "rb.history/v1", "cluster": cluster, "target": target(),
        "liveIsStored": true, "owners": [], "revisions": [], "gaps": []});
    let status = json!({"schema": "rb.status/v1", "exitCode": 0, "cluster": cluster,
        "target": target(), "live": view, "progress": null, "result": "complete",
        "failure": null, "owners": [], "undo": null, "milliseconds": 3, "gaps": []});
    let report = json!({"schema": "rb.report/v1", "exitCode": 0, "result": "nothingToDo",
        "message": "", "target": target(), "live": view, "plan": null, "wait": null,
        "written": [], "warnings": []});
    let items = json!([plan, history, status, report, made::verify(), error()]);
    let summary = json!({"planned": 1, "listed": 1, "complete": 1, "nothingToDo": 1,
        "verified": 1, "error": 1});
    let list = json!({"schema": "rb.list/v1", "exitCode": 4, "summary": summary, "items": items});
    assert_valid(&list);
    let line = json!({"type": "list", "at": "2026-01-02T03:04:05Z", "document": list});
    assert_valid(&line);
    let mut wrong = list.clone();
    wrong["items"][0]["schema"] = json!("rb.nonsense/v1");
    assert!(!complaints(&wrong).is_empty());
    let mut wrong = list;
    wrong["summary"]["error"] = json!("one");
    assert_eq!(complaints(&wrong).len(), 1);
}

fn the_readme_names_every_schema() {
    let readme = folder().parent().expect("the checkout").join("README.md");
    let readme = fs::read_to_string(readme).expect("README.md");
    for name in NAMES {
        assert!(readme.contains(&format!("[`rb.{name}/v1`](schemas/rb.{name}.v1.json)")), "{name}");
    }
}

fn read(name: &str) -> Value {
    let path = folder().join(format!("rb.{name}.v1.json"));
    serde_json::from_str(&fs::read_to_string(path).expect("a schema")).expect("JSON")
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas")
}
