//! What a host published of its API: every request and every answer of a fake is held against it, so
//! that neither `rb` nor the fake makes up a field.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::server::{Reply, Request};

const GRAPHQL: &str = include_str!("schema/github-graphql.json");

pub(super) struct Schema {
    operations: BTreeMap<String, Operation>,
}

struct Operation {
    query: Vec<String>,
    body: Option<Validator>,
    answers: BTreeMap<String, Validator>,
}

impl Schema {
    pub(super) fn of(word: &str) -> Self {
        let text = match word {
            "github" => include_str!("schema/github.json"),
            "gitlab" => include_str!("schema/gitlab.json"),
            _ => include_str!("schema/gitea.json"),
        };
        let document: Value = serde_json::from_str(text).expect("JSON");
        let validator = |schema: &Value| jsonschema::validator_for(schema).expect("a schema");
        let operation = |value: &Value| Operation {
            query: serde_json::from_value(value["query"].clone()).expect("names"),
            body: value.get("body").map(validator),
            answers: value["answers"]
                .as_object()
                .expect("answers")
                .iter()
                .map(|(status, schema)| (status.clone(), validator(schema)))
                .collect(),
        };
        let operations = document["operations"].as_object().expect("operations");
        let operations = operations.iter().map(|(name, value)| (name.clone(), operation(value)));
        Self { operations: operations.collect() }
    }

    /// What is wrong with a request.
    pub(super) fn request(&self, name: &str, request: &Request) -> Vec<String> {
        let Some(operation) = self.operations.get(name) else {
            return vec![format!("no operation {name}: {} {}", request.method, request.path)];
        };
        let mut flaws: Vec<String> = request
            .query
            .keys()
            .filter(|key| !operation.query.contains(key))
            .map(|key| format!("{name} has no parameter {key}"))
            .collect();
        match &operation.body {
            Some(body) => flaws.extend(errors(body, &request.body, name)),
            None if request.body.is_null() => {}
            None => flaws.push(format!("{name} takes no body")),
        }
        flaws
    }

    /// What is wrong with an answer: a flaw of the fake.
    pub(super) fn answer(&self, name: &str, reply: &Reply) -> Vec<String> {
        let schema = self
            .operations
            .get(name)
            .and_then(|operation| operation.answers.get(&reply.status.to_string()));
        match (schema, serde_json::from_str::<Value>(&reply.body)) {
            (Some(schema), Ok(document)) => errors(schema, &document, name),
            _ => Vec::new(),
        }
    }
}

fn errors(schema: &Validator, value: &Value, name: &str) -> Vec<String> {
    let error = |error: jsonschema::ValidationError<'_>| {
        format!("{name}: {error} at {}", error.instance_path())
    };
    schema.iter_errors(value).map(error).collect()
}

/// What is wrong with a mutation of GitHub: fields and types of its input.
pub(super) fn mutation(name: &str, query: &str, variables: &Value) -> Vec<String> {
    let document: Value = serde_json::from_str(GRAPHQL).expect("JSON");
    let input = match name {
        "enablePullRequestAutoMerge" => &document["inputs"]["EnablePullRequestAutoMergeInput"],
        _ => &document["inputs"]["EnqueuePullRequestInput"],
    };
    let (_, fields) = query.split_once("input: {").expect("an input");
    let (fields, _) = fields.split_once('}').expect("its end");
    let mut flaws = Vec::new();
    for field in fields.split(',') {
        let (field, variable) = field.trim().split_once(": $").expect("a field and a variable");
        let Some(kind) = input[field].as_str() else {
            flaws.push(format!("{name} has no field {field}"));
            continue;
        };
        // It is a type of the schema, or one that is stricter.
        let declared = [format!("${variable}: {kind}"), format!("${variable}: {kind}!")];
        if !declared.iter().any(|declared| query.contains(declared)) {
            flaws.push(format!("{name}: ${variable} is no {kind}"));
        }
        if !variables[variable].is_string() {
            flaws.push(format!("{name}: no value for ${variable}"));
        }
    }
    if let Some(method) = variables.get("method")
        && !document["inputs"]["PullRequestMergeMethod"]
            .as_array()
            .expect("a list")
            .contains(method)
    {
        flaws.push(format!("{name}: {method} is no merge method"));
    }
    flaws
}

/// A schema finds what is wrong: without that, all tests of hosts would prove little.
pub(super) fn flaws_are_found() {
    for word in super::WORDS {
        let schema = Schema::of(word);
        let name = schema.operations.keys().find(|name| {
            name.starts_with("POST")
                && (name.ends_with("pulls") || name.ends_with("merge_requests"))
        });
        let name = name.expect("the operation that opens a request").clone();
        let request = |body: Value, query: &str| Request {
            method: "POST".to_owned(),
            path: "/x".to_owned(),
            query: [(query.to_owned(), String::new())]
                .into_iter()
                .filter(|p| !p.0.is_empty())
                .collect(),
            headers: BTreeMap::new(),
            body,
        };
        let titled = |title: Value| {
            json!({"title": title, "head": "a", "base": "b", "source_branch": "a",
                "target_branch": "b"})
        };
        for (body, query) in [
            (titled(json!(1)), ""),
            (json!({"nonsense": true}), ""),
            (titled(json!("x")), "nonsense"),
        ] {
            assert!(!schema.request(&name, &request(body, query)).is_empty(), "{word}");
        }
        let reply = Reply::json(201, &json!({"nonsense": 1}));
        assert!(!schema.answer(&name, &reply).is_empty(), "{word}");
        assert!(!schema.request("POST /nonsense", &request(Value::Null, "")).is_empty());
    }
    let variables = json!({"id": "x", "head": "y", "method": "FOO"});
    let query = "mutation($id: Int, $head: GitObjectID!) { enablePullRequestAutoMerge(input: \
                 {pullRequestId: $id, expectedOid: $head}) { clientMutationId } }";
    let flaws = mutation("enablePullRequestAutoMerge", query, &variables);
    assert_eq!(flaws.len(), 3, "{flaws:?}");
}
