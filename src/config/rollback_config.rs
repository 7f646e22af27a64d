//! The ConfigMap `rollback-config`, which guides tell people to create and which nothing else reads:
//! its health check becomes a probe.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

use super::probe::{
    CONSECUTIVE, Endpoint, Expect, HttpProbe, Method, Port, Route, Scheme, TIMEOUT,
};
use super::verify::INTERVAL_RANGE;
use super::{duration, web};
use crate::rollback::model::check::Level;

/// The name of the ConfigMap, and of the probe.
pub const ROLLBACK_CONFIG: &str = "rollback-config";

/// Good answers in a row.
const THRESHOLD: std::ops::RangeInclusive<u16> = 1..=100;

/// The probe that the data of the ConfigMap asks for, where it names a URL. Other keys are left
/// alone: they are not for rb.
pub fn probe_of_rollback_config(data: &BTreeMap<String, String>) -> Result<Option<HttpProbe>> {
    let value = |key: &str| data.get(key).map(|value| value.trim()).filter(|v| !v.is_empty());
    let Some(url) = value("health_check_url") else { return Ok(None) };
    let consecutive = match value("failure_threshold") {
        None => CONSECUTIVE,
        Some(text) => {
            let number = text.parse().ok().filter(|number| THRESHOLD.contains(number));
            number.ok_or_else(|| wrong("failure_threshold", "is no number from 1 to 100"))?
        }
    };
    let pause = match value("check_interval") {
        None => Duration::ZERO,
        Some(text) => {
            let (shortest, longest, _) = INTERVAL_RANGE;
            let fits = |pause: &Duration| (shortest..=longest).contains(pause);
            duration::parse(text)
                .filter(fits)
                .ok_or_else(|| wrong("check_interval", "is no duration from 100ms to 1h"))?
        }
    };
    Ok(Some(HttpProbe {
        name: ROLLBACK_CONFIG.to_owned(),
        route: route(url)?,
        method: Method::Get,
        headers: BTreeMap::new(),
        expect: Expect::default(),
        consecutive,
        timeout: TIMEOUT,
        pause,
        level: Level::Required,
    }))
}

/// A name that only the cluster can resolve is a Service of it.
fn route(text: &str) -> Result<Route> {
    let url = web::url(text).map_err(|what| wrong("health_check_url", what))?;
    let Some((name, namespace)) = service(&url.host) else {
        return Ok(Route::Url(text.to_owned()));
    };
    web::path(&url.path).map_err(|what| wrong("health_check_url", what))?;
    let (scheme, usual) = if url.is_https { (Scheme::Https, 443) } else { (Scheme::Http, 80) };
    let port = Some(Port::Number(url.port.unwrap_or(usual)));
    let endpoint = Endpoint { scheme, port, path: url.path };
    Ok(Route::Service { namespace, name: Some(name), endpoint })
}

/// `checkout`, `checkout.shop.svc`, `checkout.shop.svc.cluster.local`.
fn service(host: &str) -> Option<(String, Option<String>)> {
    let parts: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let (name, namespace) = match parts.as_slice() {
        ["localhost"] => return None,
        [name] => (*name, None),
        [name, namespace, "svc"] | [name, namespace, "svc", "cluster", "local"] => {
            (*name, Some(*namespace))
        }
        _ => return None,
    };
    let is_name = web::is_dns_label(name) && namespace.is_none_or(web::is_dns_label);
    is_name.then(|| (name.to_owned(), namespace.map(str::to_owned)))
}

fn wrong(key: &str, what: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("configmap/{ROLLBACK_CONFIG}: {key} {what}"))
        .hint(format!("to check something else: a probe named {ROLLBACK_CONFIG} in rb.yaml"))
}
