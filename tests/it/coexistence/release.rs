//! The three releases, and which of them is live: in the words of the page.

use serde_json::{Value, json};

use crate::scene::image;
use crate::testbed::Namespace;

/// Release 1. It has things that later releases do not have.
pub(super) fn old() -> Value {
    let mut manifest = manifest("1.0");
    let template = &mut manifest["spec"]["template"];
    template["metadata"]["annotations"] = json!({"example.test/old": "1"});
    template["metadata"]["labels"]["old"] = json!("1");
    template["spec"]["terminationGracePeriodSeconds"] = json!(60);
    template["spec"]["containers"][0]["env"] = json!([{"name": "OLD", "value": "1"}]);
    let side = json!({"name": "side", "image": "registry.test:5000/shop/side:1"});
    template["spec"]["containers"].as_array_mut().expect("a list").push(side);
    manifest
}

/// Release 2. It has something of its own, too.
pub(super) fn bad() -> Value {
    let mut manifest = manifest("2.0");
    let container = &mut manifest["spec"]["template"]["spec"]["containers"][0];
    container["env"] = json!([{"name": "NEW", "value": "1"}]);
    manifest
}

/// Release 3. It has nothing of either.
pub(super) fn fixed() -> Value {
    manifest("3.0")
}

fn manifest(tag: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "app", "image": image(tag)}]},
            },
        },
    })
}

/// What tells that a template has something: its name, and where it is.
const THINGS: [(&str, &str); 6] = [
    ("env OLD", "/spec/containers/0/env/OLD"),
    ("env NEW", "/spec/containers/0/env/NEW"),
    ("container side", "/spec/containers/1"),
    ("annotation old", "/metadata/annotations/example.test~1old"),
    ("label old", "/metadata/labels/old"),
    ("the grace period", "/spec/terminationGracePeriodSeconds"),
];

/// What the API server makes of the template of each release where nothing was before.
pub(super) struct Declared([(&'static str, Value); 3]);

impl Declared {
    #[track_caller]
    pub(super) fn here(namespace: &Namespace) -> Self {
        let releases = [("the old one", old()), ("the bad one", bad()), ("the fixed one", fixed())];
        Self(releases.map(|(name, manifest)| (name, template(namespace, manifest))))
    }

    /// Which release is live, and what is left over from another one.
    #[track_caller]
    pub(super) fn live(&self, namespace: &Namespace) -> String {
        let web = namespace.get("deployment", "web");
        let live = &web["spec"]["template"];
        let image = |template: &Value| template["spec"]["containers"][0]["image"].clone();
        let found = self.0.iter().find(|(_, declared)| image(declared) == image(live));
        let Some((name, declared)) = found else { return format!("none of the three: {live}") };
        if declared == live {
            return (*name).to_owned();
        }
        let (live, declared) = (by_name(live), by_name(declared));
        let differs = |place: &str| live.pointer(place) != declared.pointer(place);
        let left: Vec<_> =
            THINGS.iter().filter(|(_, place)| differs(place)).map(|(thing, _)| *thing).collect();
        if left.is_empty() {
            format!("{name}, but {live}")
        } else {
            format!("{name}, with {}", left.join(", "))
        }
    }
}

/// A template with the variables of the first container by name.
fn by_name(template: &Value) -> Value {
    let mut template = template.clone();
    let env = &mut template["spec"]["containers"][0]["env"];
    let named = env.as_array().into_iter().flatten();
    let named: Value = named
        .map(|one| (one["name"].as_str().unwrap_or_default().to_owned(), one.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    *env = named;
    template
}

#[track_caller]
fn template(namespace: &Namespace, mut manifest: Value) -> Value {
    manifest["metadata"]["name"] = json!("fresh");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), manifest.to_string()).expect("it can be written");
    let path = file.path().display().to_string();
    let made =
        namespace.kubectl_ok(&["create", "--dry-run=server", "-o", "json", "-f", path.as_str()]);
    serde_json::from_str::<Value>(&made).expect("an object")["spec"]["template"].clone()
}
