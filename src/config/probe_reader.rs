//! Reads one probe of the configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cursor::{At, Fields, shown};
use super::format;
use super::probe::{HeaderSource, Method, Port, Scheme};
use super::probe_part::{ExpectPart, ProbePart, Via};
use super::web;
use crate::rollback::model::http_probe::is_for_the_api_server;

/// What the name of a variable begins with: a configuration can only send what was set for it.
pub const VARIABLE_PREFIX: &str = "RB_PROBE_";

/// Good answers in a row.
const CONSECUTIVE: std::ops::RangeInclusive<u16> = 1..=100;
const TIMEOUT: (Duration, Duration, &str) =
    (Duration::from_millis(100), Duration::from_secs(300), "100ms to 5m");

const VIA: [(&str, Via); 3] = [("service", Via::Service), ("pod", Via::Pod), ("url", Via::Url)];
const SCHEMES: [(&str, Scheme); 2] = [("http", Scheme::Http), ("https", Scheme::Https)];
const METHODS: [(&str, Method); 2] = [("GET", Method::Get), ("HEAD", Method::Head)];

/// The probe; its level is read elsewhere.
pub(super) fn read(fields: &Fields<'_>) -> Option<ProbePart> {
    let name = fields.need("name").and_then(|at| name(&at));
    let via = fields.get("via").and_then(|at| at.word(&VIA));
    refuse_what_does_not_fit(fields, via);
    let method = fields.get("method").and_then(|at| at.word(&METHODS));
    let expect = fields.get("expect").map(|at| expect(&at, method)).unwrap_or_default();
    let part = ProbePart {
        name: String::new(),
        via,
        service: fields.get("service").and_then(|at| service(&at)),
        scheme: fields.get("scheme").and_then(|at| at.word(&SCHEMES)),
        port: fields.get("port").and_then(|at| port(&at)),
        path: fields.get("path").and_then(|at| checked(&at, web::path)),
        url: fields.get("url").and_then(|at| checked(&at, |text| web::url(text).map(|_| ()))),
        method,
        headers: headers(fields, via),
        expect,
        consecutive: fields.get("consecutive").and_then(|at| at.number(CONSECUTIVE)),
        timeout: fields.get("timeout").and_then(|at| at.duration(&TIMEOUT)),
    };
    Some(ProbePart { name: name?, ..part })
}

fn name(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    if web::is_dns_label(text) {
        return Some(text.to_owned());
    }
    at.wrong(&format!("{} is no name: lower-case letters, digits and -", shown(text)));
    None
}

/// What belongs to another transport.
fn refuse_what_does_not_fit(fields: &Fields<'_>, via: Option<Via>) {
    match (via, fields.get("url")) {
        (Some(Via::Url), None) => {
            fields.need("url");
        }
        (Some(Via::Url), Some(_)) | (_, None) => {}
        (_, Some(url)) => url.wrong("needs via: url"),
    }
    let (keys, advice): (&[&str], _) = match via {
        Some(Via::Url) => (&["service", "scheme", "port", "path"], "is part of the url here"),
        Some(Via::Pod) => (&["service"], "needs via: service"),
        Some(Via::Service) | None => (&[], ""),
    };
    for at in keys.iter().filter_map(|key| fields.get(key)) {
        at.wrong(advice);
    }
}

fn service(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    if web::is_dns_label(text) {
        return Some(text.to_owned());
    }
    at.wrong(&format!("{} is no name that a Service can have", shown(text)));
    None
}

fn port(at: &At<'_>) -> Option<Port> {
    if at.is_number() {
        return at.number(1..=u16::MAX).map(Port::Number);
    }
    let text = at.text()?;
    if web::is_port_name(text) {
        return Some(Port::Name(text.to_owned()));
    }
    at.wrong(&format!("{} is no name of a port, and no number", shown(text)));
    None
}

/// Text that this accepts. It is not repeated: a URL or a path may hold a secret.
fn checked(at: &At<'_>, check: impl Fn(&str) -> Result<(), &'static str>) -> Option<String> {
    let text = at.text()?;
    match check(text) {
        Ok(()) => Some(text.to_owned()),
        Err(what) => {
            at.wrong(what);
            None
        }
    }
}

fn headers(fields: &Fields<'_>, via: Option<Via>) -> BTreeMap<String, HeaderSource> {
    let mut headers = BTreeMap::new();
    for (name, place, value) in fields.get("headers").iter().flat_map(At::entries) {
        let checked = match web::header(name) {
            Ok(name) if web::CREDENTIALS.contains(&name.as_str()) => {
                Err("credentials come from the environment: use headersFromEnv")
            }
            Ok(name) => carried(name, via),
            other => other,
        };
        match checked {
            Err(what) => value.wrong_at(place, what),
            Ok(name) if headers.contains_key(&name) => value.wrong_at(place, TWICE),
            Ok(name) => {
                if let Some(text) = self::checked(&value, web::header_value) {
                    headers.insert(name, HeaderSource::Text(text));
                }
            }
        }
    }
    for (name, place, value) in fields.get("headersFromEnv").iter().flat_map(At::entries) {
        match web::header(name).and_then(|name| carried(name, via)) {
            Err(what) => value.wrong_at(place, what),
            Ok(name) if headers.contains_key(&name) => value.wrong_at(place, TWICE),
            Ok(name) => {
                if let Some(variable) = variable(&value) {
                    headers.insert(name, HeaderSource::Variable(variable));
                }
            }
        }
    }
    headers
}

/// The name, where the API server carries the header to the program.
fn carried(name: String, via: Option<Via>) -> Result<String, &'static str> {
    if via != Some(Via::Url) && is_for_the_api_server(&name) {
        return Err("the API server takes this header for itself: it needs via: url");
    }
    Ok(name)
}

const TWICE: &str = "this header is there already";

fn variable(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    let rest = text.strip_prefix(VARIABLE_PREFIX);
    let is_fine = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_fine)) {
        return Some(text.to_owned());
    }
    // Not repeated: it may be the value and not the name.
    at.wrong("must be the name of a variable that begins with RB_PROBE_, such as RB_PROBE_TOKEN");
    None
}

fn expect(at: &At<'_>, method: Option<Method>) -> ExpectPart {
    let Some(fields) = at.section(&format::EXPECT) else { return ExpectPart::default() };
    let mut headers = BTreeMap::new();
    for (name, place, value) in fields.get("headers").iter().flat_map(At::entries) {
        match web::any_header(name) {
            Err(what) => value.wrong_at(place, what),
            Ok(name) if headers.contains_key(&name) => value.wrong_at(place, TWICE),
            Ok(name) => {
                if let Some(text) = checked(&value, web::header_value) {
                    headers.insert(name, text);
                }
            }
        }
    }
    let body = fields.get("bodyContains");
    if let (Some(at), Some(Method::Head)) = (&body, method) {
        at.wrong("needs method: GET");
    }
    ExpectPart {
        status: fields.get("status").map(|at| status(&at)),
        body_contains: body.and_then(|at| at.text()).map(str::to_owned),
        headers,
    }
}

fn status(at: &At<'_>) -> Vec<u16> {
    let one = |at: &At<'_>| at.number(100..=599);
    if !at.is_list() {
        return one(at).into_iter().collect();
    }
    let items = at.items();
    if items.is_empty() {
        at.wrong("names no status");
    }
    items.iter().filter_map(one).collect()
}
