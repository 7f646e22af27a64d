//! What a request asks for, told from requests that ask for something else and not from those that
//! ask for the same of another object. Parallel requests arrive in any order, so a request of a
//! scenario is known by its shape and by how many of that shape came before it.

use std::collections::HashMap;
use std::fmt;

use crate::testbed::RequestHead;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Verb {
    Get,
    List,
    Watch,
    /// A question about rights.
    Review,
    /// A write that is not to be stored.
    DryRun,
    Create,
    Patch,
    Delete,
}

/// What is done to which kind of object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Shape {
    pub(super) verb: Verb,
    /// `pods` for all of them, `pods/*` for one, `pods/*/log` for a part of one.
    pub(super) what: String,
}

/// One request of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Asked {
    pub(super) shape: Shape,
    /// Which one of that shape, from 1.
    pub(super) nth: usize,
}

/// Gives the requests of one run their names.
#[derive(Default)]
pub(super) struct Counter(HashMap<Shape, usize>);

impl Counter {
    pub(super) fn next(&mut self, request: &RequestHead) -> Asked {
        let shape = Shape::of(request);
        let nth = self.0.entry(shape.clone()).or_default();
        *nth += 1;
        Asked { nth: *nth, shape }
    }
}

impl Shape {
    pub(super) fn of(request: &RequestHead) -> Self {
        let what = what(&request.path);
        let is_object = what.contains('/');
        let verb = match request.method.as_str() {
            _ if request.is_review() => Verb::Review,
            _ if request.is_dry_run() => Verb::DryRun,
            "POST" => Verb::Create,
            "PATCH" | "PUT" => Verb::Patch,
            "DELETE" => Verb::Delete,
            _ if request.is_watch() => Verb::Watch,
            _ if is_object => Verb::Get,
            _ => Verb::List,
        };
        Self { verb, what }
    }

    pub(super) fn is_watch(&self) -> bool {
        self.verb == Verb::Watch
    }

    /// Whether it reads, and is no question before a write.
    pub(super) fn is_read(&self) -> bool {
        matches!(self.verb, Verb::Get | Verb::List | Verb::Watch)
    }

    pub(super) fn is_write(&self) -> bool {
        matches!(self.verb, Verb::Create | Verb::Patch | Verb::Delete)
    }
}

/// The path without server, group, namespace, query and names.
fn what(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    // `/api/v1` or `/apis/GROUP/VERSION`.
    let is_core = parts.next() == Some("api");
    let mut parts = parts.skip(if is_core { 1 } else { 2 }).peekable();
    if parts.peek() == Some(&"namespaces") {
        let rest: Vec<&str> = parts.clone().skip(2).collect();
        if !rest.is_empty() {
            return in_order(rest.into_iter());
        }
    }
    in_order(parts)
}

/// Kind, name, part: the name does not matter.
fn in_order<'a>(mut parts: impl Iterator<Item = &'a str>) -> String {
    let kind = parts.next().unwrap_or_default().to_owned();
    let name = parts.next().map(|_| "/*").unwrap_or_default();
    let part = parts.map(|part| format!("/{part}")).collect::<String>();
    format!("{kind}{name}{part}")
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.verb {
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Watch => "watch",
            Verb::Review => "review",
            Verb::DryRun => "dry-run",
            Verb::Create => "create",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
        };
        write!(f, "{verb} {}", self.what)
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.shape, self.nth)
    }
}

/// A test of its own: the other parts rely on it without a word.
pub(super) fn requests_are_known_by_their_shape() {
    let request = |method: &str, path: &str| RequestHead {
        method: method.to_owned(),
        path: path.to_owned(),
        user_agent: String::new(),
        content_type: String::new(),
        body: Vec::new(),
    };
    let apps = "/apis/apps/v1/namespaces/shop";
    for (method, path, shape) in [
        ("GET", format!("{apps}/deployments/web"), "get deployments/*"),
        ("GET", format!("{apps}/replicasets?limit=100"), "list replicasets"),
        ("GET", format!("{apps}/deployments?watch=1&fieldSelector=x"), "watch deployments"),
        ("GET", "/api/v1/namespaces/shop/pods/web-1/log?tailLines=5".to_owned(), "get pods/*/log"),
        ("GET", "/api/v1/namespaces/shop".to_owned(), "get namespaces/*"),
        ("GET", "/api/v1/pods".to_owned(), "list pods"),
        ("PATCH", format!("{apps}/deployments/web?fieldManager=rb"), "patch deployments/*"),
        ("PATCH", format!("{apps}/deployments/web?dryRun=All"), "dry-run deployments/*"),
        (
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned(),
            "review selfsubjectaccessreviews",
        ),
        ("POST", "/api/v1/namespaces/shop/events".to_owned(), "create events"),
    ] {
        assert_eq!(Shape::of(&request(method, &path)).to_string(), shape);
    }
    let mut counter = Counter::default();
    let mut next = |path: &str| counter.next(&request("GET", path)).to_string();
    assert_eq!(next(&format!("{apps}/deployments/web")), "get deployments/* #1");
    assert_eq!(next(&format!("{apps}/deployments/api")), "get deployments/* #2");
}
