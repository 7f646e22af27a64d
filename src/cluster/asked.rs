//! What a request asks for, in the words of Kubernetes' access rules.
//!
//! Pure: from method and path to verb, resource, namespace and name, for messages and for
//! `kubectl auth can-i`.

use http::Method;
use serde_json::{Value, json};

use super::pin;
use crate::text::shell_quote;

/// A request, as RBAC sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    verb: &'static str,
    /// `deployments.apps`, `pods`; a path such as `/version` where there is no resource.
    resource: String,
    subresource: Option<String>,
    namespace: Option<String>,
    pub(super) name: Option<String>,
}

impl Asked {
    pub(super) fn new(method: &Method, path: &str, watch: bool) -> Self {
        let plain = path.split('?').next().unwrap_or_default();
        let mut segments = plain.trim_start_matches('/').split('/');
        let group = match segments.next() {
            Some("api") => "",
            Some("apis") => segments.next().unwrap_or_default(),
            _ => return Self::of_path(method, plain),
        };
        // The version decides nothing here.
        segments.next();
        let rest: Vec<&str> = segments.collect();
        let (namespace, rest) = match rest.as_slice() {
            ["namespaces", namespace, inside @ ..] if !inside.is_empty() => {
                (Some(*namespace), inside)
            }
            all => (None, all),
        };
        let mut rest = rest.iter().map(|segment| (*segment).to_owned());
        let Some(kind) = rest.next() else { return Self::of_path(method, plain) };
        let resource = if group.is_empty() { kind } else { format!("{kind}.{group}") };
        let name = rest.next();
        Self {
            verb: verb(method, watch, name.is_some()),
            resource,
            subresource: rest.next(),
            namespace: namespace.map(ToOwned::to_owned),
            name,
        }
    }

    fn of_path(method: &Method, path: &str) -> Self {
        let resource = path.to_owned();
        let verb = verb(method, false, true);
        Self { verb, resource, subresource: None, namespace: None, name: None }
    }

    /// `patch deployments.apps checkout in namespace shop`.
    pub(super) fn phrase(&self) -> String {
        format!("{} {}", self.verb, self.object())
    }

    /// `deployments.apps checkout in namespace shop`.
    pub(super) fn object(&self) -> String {
        let mut phrase = self.resource.clone();
        if let Some(subresource) = &self.subresource {
            phrase = format!("{phrase}/{subresource}");
        }
        if let Some(name) = &self.name {
            phrase = format!("{phrase} {name}");
        }
        match &self.namespace {
            Some(namespace) => format!("{phrase} in namespace {namespace}"),
            None => phrase,
        }
    }

    /// As a `SelfSubjectAccessReview` asks for it.
    pub(super) fn attributes(&self) -> Value {
        let (resource, group) = self.resource.split_once('.').unwrap_or((&self.resource, ""));
        json!({
            "verb": self.verb, "group": group, "resource": resource,
            "subresource": self.subresource, "namespace": self.namespace, "name": self.name,
        })
    }

    /// The command that shows whether this is allowed.
    pub(super) fn can_i(&self, flags: &str) -> String {
        let mut words = format!("auth can-i {} {}", self.verb, shell_quote(&self.resource));
        if let Some(subresource) = &self.subresource {
            words = format!("{words} --subresource={}", shell_quote(subresource));
        }
        match &self.namespace {
            Some(namespace) => words = format!("{words} -n {}", shell_quote(namespace)),
            None if self.name.is_none() => words.push_str(" -A"),
            None => {}
        }
        pin::command(&words, flags)
    }
}

fn verb(method: &Method, watch: bool, named: bool) -> &'static str {
    match method.as_str() {
        "GET" if watch => "watch",
        "GET" | "HEAD" if named => "get",
        "GET" | "HEAD" => "list",
        "POST" => "create",
        "PATCH" => "patch",
        "PUT" => "update",
        "DELETE" => "delete",
        _ => "use",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_named_as_rbac_names_them() {
        for (method, path, watch, can_i, phrase) in [
            (
                Method::PATCH,
                "/apis/apps/v1/namespaces/shop/deployments/checkout?dryRun=All",
                false,
                "kubectl auth can-i patch deployments.apps -n shop --context prod",
                "patch deployments.apps checkout in namespace shop",
            ),
            (
                Method::GET,
                "/api/v1/pods?limit=1",
                false,
                "kubectl auth can-i list pods -A --context prod",
                "list pods",
            ),
            (
                Method::GET,
                "/api/v1/namespaces/shop/pods?watch=1",
                true,
                "kubectl auth can-i watch pods -n shop --context prod",
                "watch pods in namespace shop",
            ),
            (
                Method::GET,
                "/api/v1/namespaces/shop/pods/p/log",
                false,
                "kubectl auth can-i get pods --subresource=log -n shop --context prod",
                "get pods/log p in namespace shop",
            ),
            (
                Method::HEAD,
                "/api/v1/namespaces/shop/services/https:web:443/proxy/readyz?x=/y",
                false,
                "kubectl auth can-i get services --subresource=proxy -n shop --context prod",
                "get services/proxy https:web:443 in namespace shop",
            ),
            (
                Method::GET,
                "/api/v1/namespaces/shop",
                false,
                "kubectl auth can-i get namespaces --context prod",
                "get namespaces shop",
            ),
        ] {
            let asked = Asked::new(&method, path, watch);
            assert_eq!(asked.can_i("--context prod"), can_i);
            assert_eq!(asked.phrase(), phrase);
        }
        assert_eq!(Asked::new(&Method::GET, "/version", false).phrase(), "get /version");
    }

    #[test]
    fn a_review_asks_for_the_very_object() {
        let path = "/apis/apps/v1/namespaces/shop/deployments/checkout?fieldManager=rb";
        let attributes = Asked::new(&Method::PATCH, path, false).attributes();
        let expected = json!({"verb": "patch", "group": "apps", "resource": "deployments",
            "subresource": null, "namespace": "shop", "name": "checkout"});
        assert_eq!(attributes, expected);
    }
}
