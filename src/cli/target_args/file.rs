//! Workloads that manifests name. Only kind, name and namespace are read: the content of a file is
//! never what is rolled back to.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::backend;
use crate::error::{Error, ErrorKind, Result};
use crate::text::shell_quote;

use super::{Named, Wanted, names};

/// Largest file: more is no manifest.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Files of a folder that are read, as kubectl has it.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// What is read of an object.
#[derive(Deserialize)]
struct Head {
    #[serde(default, rename = "apiVersion")]
    api_version: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    metadata: Option<Meta>,
    /// Of a List; an empty one is often null.
    #[serde(default)]
    items: Option<Vec<Head>>,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
}

/// The workloads in these files and folders; objects of other kinds are passed over. `-n` must not
/// contradict them.
pub(super) fn read(paths: &[PathBuf], namespace: Option<&str>) -> Result<Vec<Named>> {
    let mut named = Vec::new();
    for path in paths {
        for file in files(path)? {
            let text = content(&file)?;
            let heads = serde_yaml::from_multiple::<Option<Value>>(&text)
                .map_err(|error| unreadable(&file, "is no YAML or JSON").because(place(&error)))?;
            for value in heads.into_iter().flatten() {
                // Without the reader's own words: they quote what is in the file.
                let head: Head = serde_json::from_value(value)
                    .map_err(|_| unreadable(&file, "holds something that is no object"))?;
                add(head, &file, namespace, &mut named)?;
            }
        }
    }
    if named.is_empty() {
        let list: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let message = format!("no workload that rb rolls back is named in {}", list.join(", "));
        return Err(Error::new(ErrorKind::Usage, message)
            .hint("a manifest names one with kind: Deployment, StatefulSet or DaemonSet"));
    }
    match names::unique(named.into_iter().map(Ok))? {
        Wanted::Several(named) => Ok(named),
        Wanted::One(one) => Ok(vec![one]),
        Wanted::Selected(_) => Ok(Vec::new()),
    }
}

fn add(head: Head, file: &Path, namespace: Option<&str>, into: &mut Vec<Named>) -> Result<()> {
    for item in head.items.unwrap_or_default() {
        add(item, file, namespace, into)?;
    }
    let api_version = head.api_version.unwrap_or_default();
    let known = backend::by_kind(&head.kind.unwrap_or_default());
    let Some(backend) = known.filter(|b| b.kind().api_version == api_version) else {
        return Ok(());
    };
    let kind = backend.kind().kind;
    let Meta { name, namespace: own } = head.metadata.unwrap_or_default();
    let Some(name) = name else {
        return Err(unreadable(file, &format!("holds a {kind} without a name")));
    };
    names::check("name", &name)?;
    if let Some(own) = &own {
        names::check("namespace", own)?;
    }
    if let (Some(own), Some(asked)) = (&own, namespace)
        && own != asked
    {
        let what = format!("names {kind} {name} in namespace {own}, and -n says {asked}");
        return Err(unreadable(file, &what)
            .hint("to go by the file: leave -n out; to pick some of them: TYPE NAME… -n NAME"));
    }
    into.push(Named { backend, name, namespace: own });
    Ok(())
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if let Some(text) = path.to_str().filter(|text| text.contains("://")) {
        return Err(unreadable(path, "is a URL, which rb does not fetch")
            .hint(format!("to use it: curl -fsS {} | rb undo -f -", shell_quote(text))));
    }
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path)
        .map_err(|error| unreadable(path, "cannot be read").because(error))?;
    let is_manifest = |path: &PathBuf| {
        path.is_file()
            && path.extension().and_then(|e| e.to_str()).is_some_and(|e| EXTENSIONS.contains(&e))
    };
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(is_manifest).collect();
    files.sort();
    if files.is_empty() {
        return Err(unreadable(path, "holds no .yaml, .yml or .json file"));
    }
    Ok(files)
}

fn content(file: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file)
            .and_then(|open| open.take(MAX_BYTES + 1).read_to_string(&mut text))
    };
    let bytes = read.map_err(|error| unreadable(file, "cannot be read").because(error))?;
    if u64::try_from(bytes).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(unreadable(file, "is larger than 16 MiB"));
    }
    Ok(text)
}

fn unreadable(file: &Path, what: &str) -> Error {
    let name = file.display().to_string();
    Error::new(ErrorKind::Usage, format!("{} {what}", shell_quote(&name)))
}

/// Where the text cannot be read. The reader's own words quote the text, which may be a secret.
fn place(error: &serde_yaml::Error) -> String {
    error.location().map_or_else(
        || "it cannot be read".to_owned(),
        |place| format!("line {}, column {}", place.line(), place.column()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, namespace: Option<&str>) -> Result<Vec<String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let named = read(&[file.path().to_owned()], namespace)?;
        Ok(named.iter().map(|n| format!("{}:{}", n.backend.kind().kind, n.name)).collect())
    }

    #[test]
    fn workloads_are_found_among_other_objects_and_in_lists() {
        let text = "\
apiVersion: v1
kind: Service
metadata: {name: web}
---
# nothing here
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 2}
---
apiVersion: v1
kind: List
items:
- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}
- {apiVersion: example.com/v1, kind: Deployment, metadata: {name: other}}
---
{apiVersion: v1, kind: List, metadata: null, items: null}
";
        assert_eq!(named(text, None).unwrap(), ["Deployment:web", "StatefulSet:db"]);
        assert_eq!(named(text, Some("shop")).unwrap().len(), 2);
    }

    #[test]
    fn what_cannot_be_meant_is_a_usage_error() {
        for (text, namespace) in [
            ("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n", None),
            ("", None),
            ("a: [", None),
            ("just text", None),
            ("apiVersion: apps/v1\nkind: Deployment\n", None),
            ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ../x}\n", None),
            (
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}\n",
                Some("c"),
            ),
        ] {
            assert_eq!(named(text, namespace).unwrap_err().kind(), ErrorKind::Usage, "{text:?}");
        }
        for path in ["/nowhere/at/all.yaml", "https://example.test/x.yaml"] {
            assert_eq!(read(&[path.into()], None).err().unwrap().kind(), ErrorKind::Usage);
        }
    }
}
