//! A probe as one place of the configuration says it, and how several become one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::probe::{
    CONSECUTIVE, Endpoint, Expect, HeaderSource, HttpProbe, Method, Port, Route, Scheme, TIMEOUT,
};
use crate::rollback::model::check::Level;

/// The transport, by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Service,
    Pod,
    Url,
}

/// What is not given is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProbePart {
    pub(super) name: String,
    pub(super) via: Option<Via>,
    pub(super) service: Option<String>,
    pub(super) scheme: Option<Scheme>,
    pub(super) port: Option<Port>,
    pub(super) path: Option<String>,
    pub(super) url: Option<String>,
    pub(super) method: Option<Method>,
    pub(super) headers: BTreeMap<String, HeaderSource>,
    pub(super) expect: ExpectPart,
    pub(super) consecutive: Option<u16>,
    pub(super) timeout: Option<Duration>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ExpectPart {
    pub(super) status: Option<Vec<u16>>,
    pub(super) body_contains: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
}

impl ProbePart {
    /// Puts a later place over this one.
    pub(super) fn merge(&mut self, later: &Self) {
        self.follow(later);
        over(&mut self.service, later.service.as_ref());
        over(&mut self.scheme, later.scheme.as_ref());
        over(&mut self.port, later.port.as_ref());
        over(&mut self.path, later.path.as_ref());
        over(&mut self.url, later.url.as_ref());
        // A HEAD has no body to look at: who asks for one later, asks for a GET.
        if later.expect.body_contains.is_some() {
            self.method = None;
        }
        if later.method == Some(Method::Head) {
            self.expect.body_contains = None;
        }
        over(&mut self.method, later.method.as_ref());
        self.headers.extend(later.headers.clone());
        over(&mut self.expect.status, later.expect.status.as_ref());
        over(&mut self.expect.body_contains, later.expect.body_contains.as_ref());
        self.expect.headers.extend(later.expect.headers.clone());
        over(&mut self.consecutive, later.consecutive.as_ref());
        over(&mut self.timeout, later.timeout.as_ref());
    }

    /// Another transport begins anew: what was said for the old one means nothing to it.
    fn follow(&mut self, later: &Self) {
        let old = self.via.unwrap_or(Via::Service);
        let names_a_service = later.service.is_some();
        let names_an_endpoint = names_a_service
            || later.scheme.is_some()
            || later.port.is_some()
            || later.path.is_some();
        let new = match later.via {
            Some(via) => via,
            None if old == Via::Url && names_an_endpoint => Via::Service,
            None if old == Via::Pod && names_a_service => Via::Service,
            None => old,
        };
        if new != old {
            let name = std::mem::take(&mut self.name);
            // A variable was meant for whoever was asked.
            self.headers.retain(|_, source| matches!(source, HeaderSource::Text(_)));
            *self = Self {
                name,
                service: None,
                scheme: None,
                port: None,
                path: None,
                url: None,
                ..std::mem::take(self)
            };
        }
        self.via = Some(new);
    }

    pub(super) fn complete(&self, level: Level) -> HttpProbe {
        let endpoint = Endpoint {
            scheme: self.scheme.unwrap_or_default(),
            port: self.port.clone(),
            path: self.path.clone().unwrap_or_else(|| "/".to_owned()),
        };
        let route = match (self.via, &self.url) {
            (Some(Via::Url), Some(url)) => Route::Url(url.clone()),
            (Some(Via::Pod), _) => Route::Pod(endpoint),
            _ => Route::Service { namespace: None, name: self.service.clone(), endpoint },
        };
        HttpProbe {
            name: self.name.clone(),
            route,
            method: self.method.unwrap_or_default(),
            headers: self.headers.clone(),
            expect: Expect {
                status: self.expect.status.clone().unwrap_or_default(),
                body_contains: self.expect.body_contains.clone(),
                headers: self.expect.headers.clone(),
            },
            consecutive: self.consecutive.unwrap_or(CONSECUTIVE),
            timeout: self.timeout.unwrap_or(TIMEOUT),
            pause: Duration::ZERO,
            level,
        }
    }
}

/// A later value counts, where there is one.
pub(super) fn over<T: Clone>(earlier: &mut Option<T>, later: Option<&T>) {
    if let Some(later) = later {
        *earlier = Some(later.clone());
    }
}
