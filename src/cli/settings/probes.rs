//! HTTP probes as the configuration has them become probes that can be made: what comes from the
//! environment is read here, and nowhere else.

use crate::config::{Endpoint, HeaderSource, HttpProbe as Configured, Method, Route, Scheme};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::check::Level;
use crate::rollback::model::http_probe::{self, HttpMethod, HttpProbe, Via};

/// The probe with its headers; [`ErrorKind::Usage`] where a variable that it names is not set.
pub(super) fn resolved(probe: &Configured) -> Result<HttpProbe> {
    let (via, endpoint) = match &probe.route {
        Route::Service { namespace, name, endpoint } => {
            let via = Via::Service { service: name.clone(), namespace: namespace.clone() };
            (via, Some(endpoint))
        }
        Route::Pod(endpoint) => (Via::Pod, Some(endpoint)),
        Route::Url(url) => (Via::Url(url.clone()), None),
    };
    let scheme = match endpoint.map(|endpoint| endpoint.scheme) {
        Some(Scheme::Https) => http_probe::Scheme::Https,
        Some(Scheme::Http) | None => http_probe::Scheme::Http,
    };
    let port = endpoint.and_then(|Endpoint { port, .. }| port.as_ref());
    // What is not asked needs no credentials.
    let is_asked = probe.level != Level::Ignore;
    let headers = probe.headers.iter().filter(|_| is_asked);
    let headers = headers.map(|(name, source)| header(probe, name, source));
    Ok(HttpProbe {
        name: probe.name.clone(),
        via,
        scheme,
        port: port.map(ToString::to_string),
        path: endpoint.map_or_else(|| "/".to_owned(), |endpoint| endpoint.path.clone()),
        method: match probe.method {
            Method::Get => HttpMethod::Get,
            Method::Head => HttpMethod::Head,
        },
        headers: headers.collect::<Result<_>>()?,
        status: probe.expect.status.clone(),
        body_contains: probe.expect.body_contains.clone(),
        expect_headers: probe.expect.headers.clone().into_iter().collect(),
        consecutive: probe.consecutive.into(),
        pause: probe.pause,
        timeout: probe.timeout,
        level: probe.level,
    })
}

fn header(probe: &Configured, name: &str, source: &HeaderSource) -> Result<(String, String)> {
    let value = match source {
        HeaderSource::Text(text) => text.clone(),
        HeaderSource::Variable(variable) => std::env::var(variable).map_err(|_| {
            let message = format!(
                "the probe {} takes its header {name} from the variable {variable}, which is not set",
                probe.name
            );
            Error::new(ErrorKind::Usage, message).hint(format!("to leave it out: --skip {}=REASON", probe.id()))
        })?,
    };
    Ok((name.to_owned(), value))
}
