use serde_json::json;

use super::*;
use crate::reconciler::dropped::Place;
use crate::rollback::model::git_path::GitPath;

const URL: &str = "https://git.test/fleet.git";

/// As an owner has it who leaves the end out.
fn place(branch: &str) -> Place<'_> {
    Place { url: "https://git.test/fleet", branch }
}

fn change() -> Entries {
    let file = |path: &str, before: Value, after: Option<Value>| EntryFile {
        path: GitPath::new(path),
        before: Some(before),
        after,
    };
    Entries {
        files: vec![
            file("envs/eu.json", json!({"name": "eu", "tag": "2"}), Some(json!({"name": "eu"}))),
            file("envs/us.json", json!({"name": "us"}), None),
            file("envs/ren.json", json!({"name": "new"}), Some(json!({"name": "old"}))),
            file(
                "lists/a.yaml",
                json!([{"name": "a"}, {"name": "b"}]),
                Some(json!([{"name": "a"}])),
            ),
            file("apps/api/x.yaml", json!({"kind": "Service"}), None),
        ],
        folders: vec![GitPath::new("apps/api"), GitPath::new("apps/.hidden")],
    }
}

fn set(generator: &Value, name: &str, rest: &Value) -> Value {
    let mut set = json!({"metadata": {"name": "fleet"}, "spec": {"goTemplate": true,
        "generators": [generator], "template": {"metadata": {"name": name}}}});
    for (member, value) in rest["spec"].as_object().into_iter().flatten() {
        set["spec"][member] = value.clone();
    }
    set["status"] = rest["status"].clone();
    set
}

fn git(lists: &Value) -> Value {
    let mut git = json!({"repoURL": URL, "revision": "main"});
    for (member, value) in lists.as_object().unwrap() {
        git[member] = value.clone();
    }
    json!({"git": git})
}

fn dropped(set: &Value) -> Vec<String> {
    let change = Change { place: place("main"), entries: &change() };
    let words =
        |one: Dropped| format!("{} of {}", one.name.unwrap_or_else(|| "?".to_owned()), one.entry);
    of(set, &change).into_iter().map(words).collect()
}

fn files(pattern: &str) -> Value {
    git(&json!({"files": [{"path": pattern}]}))
}

#[test]
fn what_its_generators_do_not_name_any_more_goes() {
    let none = json!({});
    let folders = |list: Value| git(&json!({ "directories": list }));
    for (generator, name, expected) in [
        (
            files("envs/*.json"),
            "web-{{.name}}",
            vec!["web-new of envs/ren.json", "web-us of envs/us.json"],
        ),
        (files("envs"), "web-{{.path.filename}}", vec!["web-us.json of envs/us.json"]),
        // The star of `git ls-files` stands for slashes too.
        (files("l*.yaml"), "{{.name}}", vec!["b of lists/a.yaml"]),
        (
            git(&json!({"files": [{"path": "envs/**"}, {"path": "envs/us*", "exclude": true}]})),
            "{{.name}}",
            vec!["new of envs/ren.json"],
        ),
        (folders(json!([{"path": "apps/*"}])), "{{.path.basename}}", vec!["api of apps/api"]),
        (folders(json!([{"path": "*"}])), "{{.path.basename}}", vec![]),
        (folders(json!([{"path": "apps/*"}, {"path": "apps/api", "exclude": true}])), "x", vec![]),
        // Where it looks for folders, it reads no files.
        (
            git(&json!({"directories": [{"path": "x/*"}], "files": [{"path": "envs/*"}]})),
            "{{.name}}",
            vec![],
        ),
        (
            json!({"matrix": {"generators": [{"clusters": {}}, files("envs/us.json")]}}),
            "{{.server}}-{{.name}}",
            vec!["? of envs/us.json"],
        ),
        (json!({"list": {"elements": [{"name": "us"}]}}), "{{.name}}", vec![]),
    ] {
        assert_eq!(dropped(&set(&generator, name, &none)), expected, "{generator}");
    }
}

#[test]
fn only_the_branch_that_changes_counts() {
    for (url, revision, is_it) in [
        (URL, "main", true),
        (URL, "refs/heads/main", true),
        (URL, "HEAD", true),
        (URL, "prod", false),
        ("https://git.test/other.git", "main", false),
    ] {
        let mut generator = files("envs/us.json");
        generator["git"]["repoURL"] = json!(url);
        generator["git"]["revision"] = json!(revision);
        let found = dropped(&set(&generator, "x", &json!({})));
        assert_eq!(!found.is_empty(), is_it, "{url} {revision}");
    }
    let set = set(&files("envs/us.json"), "x", &json!({}));
    let other = Change { place: place("release"), entries: &change() };
    assert_eq!(of(&set, &other), []);
}

/// The set says which Applications it has made, unless they are too many.
#[test]
fn names_are_those_that_the_set_has_made() {
    let made = |names: &[&str], count: Option<u64>| {
        let one = |name: &&str| json!({"kind": "Application", "name": name});
        let resources: Vec<Value> = names.iter().map(one).collect();
        json!({"status": {"resources": resources, "resourcesCount": count}})
    };
    for (name, status, expected) in [
        ("{{.name}}", made(&["eu", "us"], None), vec!["us of envs/us.json"]),
        ("{{.name}}", made(&["eu"], Some(1)), vec![]),
        ("{{.name}}", made(&["eu"], Some(9)), vec!["us of envs/us.json"]),
        (
            "{{.server}}-{{.name}}",
            made(&["one-eu", "one-us", "two-us"], Some(3)),
            vec!["one-us of envs/us.json", "two-us of envs/us.json"],
        ),
        ("{{.server}}-{{.name}}", made(&["one-us"], Some(9)), vec!["? of envs/us.json"]),
        ("{{.server}}", made(&["one", "two"], Some(2)), vec!["? of envs/us.json"]),
    ] {
        let found = dropped(&set(&files("envs/us.json"), name, &status));
        assert_eq!(found, expected, "{name} {status}");
    }
}

#[test]
fn what_goes_with_an_application_depends_on_the_policy() {
    let policy = |policy: Value| json!({"spec": {"syncPolicy": policy}});
    let finalizers = |preserve: bool, finalizers: Value| {
        json!({"spec": {"syncPolicy": {"preserveResourcesOnDeletion": preserve},
            "template": {"metadata": {"name": "x", "finalizers": finalizers}}}})
    };
    for (rest, fate) in [
        (json!({}), Fate::WithObjects),
        (policy(json!({"preserveResourcesOnDeletion": true})), Fate::Alone),
        (policy(json!({"applicationsSync": "create-only"})), Fate::Stays),
        (policy(json!({"applicationsSync": "create-update"})), Fate::Stays),
        (policy(json!({"applicationsSync": "create-delete"})), Fate::WithObjects),
        // What the template says counts more than the policy.
        (finalizers(true, json!([WITH_OBJECTS])), Fate::WithObjects),
        (finalizers(true, json!([format!("{WITH_OBJECTS}/background")])), Fate::WithObjects),
        (finalizers(false, json!(["x.test/other"])), Fate::Alone),
    ] {
        let set = set(&files("envs/us.json"), "x", &rest);
        let change = Change { place: place("main"), entries: &change() };
        let fates: Vec<Fate> = of(&set, &change).into_iter().map(|one| one.fate).collect();
        assert_eq!(fates, [fate], "{rest}");
    }
}
