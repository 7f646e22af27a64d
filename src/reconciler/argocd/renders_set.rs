//! What an `ApplicationSet` makes its Applications of: files that its generators read, and what stands in
//! its own object.

use serde_json::Value;

use crate::git::manifest::closure::Inputs;
use crate::rollback::model::git_path::GitPath;

use super::super::rendered::Rendered;
use super::super::versions;
use super::fields::{items, text};
use super::{generators, renders};

/// The files of each generator that reads some.
pub(super) fn of(set: &Value) -> Vec<Rendered> {
    let who = format!("ApplicationSet {}", text(set, "/metadata/name"));
    let mut overrides = Vec::new();
    for generator in generators::all(set) {
        let elements = generator.pointer("/list/elements").unwrap_or(&Value::Null);
        overrides.extend(versions::among(elements, &|name| format!("element {name} of {who}")));
    }
    let template = set.pointer("/spec/template/spec").unwrap_or(&Value::Null);
    let one = template.pointer("/source").into_iter();
    for source in one.chain(items(template, "/sources")) {
        overrides.extend(renders::overrides(source, &format!("the template of {who}")));
    }
    let mut rendered = Vec::new();
    for (source, generator) in generators::of_git(set) {
        for file in items(generator, "/git/files") {
            let inputs = inputs(text(file, "/path"));
            rendered.push(Rendered { source, inputs, overrides: overrides.clone() });
        }
    }
    rendered
}

/// A file, or those that a pattern names.
fn inputs(pattern: &str) -> Inputs {
    let pattern = pattern.trim_start_matches('/');
    let is_plain = |part: &&str| !part.contains(['*', '?', '[', '{']);
    let parts: Vec<&str> = pattern.split('/').collect();
    let plain = parts.iter().take_while(|part| is_plain(part)).count();
    if plain == parts.len() {
        return Inputs { value_files: vec![format!("/{pattern}")], ..Inputs::default() };
    }
    let (folder, rest) = parts.split_at(plain);
    Inputs {
        folder: Some(GitPath::new(folder.join("/").into_bytes())),
        recursive: true,
        include: rest.join("/"),
        ..Inputs::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_is_read_as_values_and_a_pattern_as_a_folder() {
        let files = |path: &str| {
            json!({"git": {"repoURL": "https://git.test/env.git",
            "revision": "HEAD", "files": [{"path": path}]}})
        };
        let set = json!({"metadata": {"name": "fleet"}, "spec": {
            "generators": [
                files("envs/prod.json"),
                {"matrix": {"generators": [files("/envs/*/config.yaml"), {"list": {"elements": [
                    {"name": "eu", "tag": "1.1", "replicas": 2}]}}]}},
                {"git": {"repoURL": "https://git.test/other.git", "directories": [{"path": "apps/*"}]}},
            ],
            "template": {"spec": {"source": {"helm": {"parameters": [
                {"name": "image.tag", "value": "{{tag}}"}]}}}},
        }});
        let found = of(&set);
        let [file, pattern] = <[Rendered; 2]>::try_from(found).unwrap();
        let exact = Inputs { value_files: vec!["/envs/prod.json".to_owned()], ..Inputs::default() };
        assert_eq!((file.source, file.inputs), (0, exact));
        let of_pattern = Inputs {
            folder: Some(GitPath::new("envs")),
            recursive: true,
            include: "*/config.yaml".to_owned(),
            ..Inputs::default()
        };
        assert_eq!((pattern.source, &pattern.inputs), (1, &of_pattern));
        let over: Vec<(&str, &str)> = pattern
            .overrides
            .iter()
            .map(|over| (over.place.as_str(), over.value.as_str()))
            .collect();
        assert_eq!(
            over,
            [
                ("element [0].name of ApplicationSet fleet", "eu"),
                ("element [0].tag of ApplicationSet fleet", "1.1"),
                ("parameter image.tag of the template of ApplicationSet fleet", "{{tag}}"),
            ]
        );
    }

    #[test]
    fn without_a_generator_that_reads_files_nothing_is_read() {
        for spec in [json!({}), json!({"generators": [{"list": {}}, 7]}), json!([])] {
            assert_eq!(of(&json!({"spec": spec})), [], "{spec}");
        }
    }
}
