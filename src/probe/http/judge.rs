//! Is an answer good? A function of the probe and the answer.

use http::header::LOCATION;

use super::row::{Bad, LIMIT};
use crate::cluster::{Ending, HttpAnswer};
use crate::rollback::model::http_probe::{HttpProbe, is_secret, shown};

/// How much of a body is evidence, in bytes and in lines.
const SHOWN: usize = 2 * 1024;
const LINES: usize = 20;

/// What is wrong with an answer; `prefix` is what the API server put before the path of a redirect.
pub(super) fn flaw(probe: &HttpProbe, answer: &HttpAnswer, prefix: &str) -> Option<Bad> {
    status(probe, answer, prefix)
        .or_else(|| headers(probe, answer))
        .or_else(|| ending(probe, answer))
        .or_else(|| body(probe, answer))
}

fn status(probe: &HttpProbe, answer: &HttpAnswer, prefix: &str) -> Option<Bad> {
    if probe.accepts(answer.status) {
        return None;
    }
    let expected = match probe.status.as_slice() {
        [] => "200 to 299".to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
    };
    let status = answer.status;
    if let (300..=399, Some(location)) = (status, text(answer, LOCATION.as_str())) {
        let location = match location.split_once(prefix) {
            Some((_, behind)) if !prefix.is_empty() => behind.to_owned(),
            _ => location,
        };
        let message = format!("status {status}, a redirect to {}", shown(&location));
        return Some(Bad::answer("Redirect", format!("{message}, expected {expected}")));
    }
    let bad = Bad::answer("Status", format!("status {status}, expected {expected}"));
    Some(Bad { evidence: excerpt(answer), ..bad })
}

fn headers(probe: &HttpProbe, answer: &HttpAnswer) -> Option<Bad> {
    probe.expect_headers.iter().find_map(|(name, expected)| {
        let found: Vec<_> = answer.headers.get_all(name.as_str()).iter().collect();
        if found.iter().any(|value| value.as_bytes() == expected.as_bytes()) {
            return None;
        }
        let message = match text(answer, name) {
            None => format!("no header {name}"),
            Some(_) if is_secret(name) => format!("header {name} is another one"),
            Some(is) => format!("header {name} is {is:?}, expected {expected:?}"),
        };
        Some(Bad::answer("Header", message))
    })
}

fn ending(probe: &HttpProbe, answer: &HttpAnswer) -> Option<Bad> {
    let status = answer.status;
    match &answer.ending {
        Ending::Whole | Ending::Cut => None,
        Ending::Broken(cause) => Some(Bad::answer(
            "Truncated",
            format!("status {status}, and the body breaks off: {cause}"),
        )),
        Ending::Late => {
            let message =
                format!("status {status}, and no end of the body within {:?}", probe.timeout);
            Some(Bad::answer("Timeout", message))
        }
    }
}

fn body(probe: &HttpProbe, answer: &HttpAnswer) -> Option<Bad> {
    let wanted = probe.body_contains.as_deref()?;
    let mut windows = answer.body.windows(wanted.len().max(1));
    if windows.any(|window| window == wanted.as_bytes()) {
        return None;
    }
    let whole = match answer.ending {
        Ending::Cut => format!("the first {} KiB of the body do", LIMIT / 1024),
        _ => "the body does".to_owned(),
    };
    let message = format!("status {}, and {whole} not contain {wanted:?}", answer.status);
    Some(Bad { evidence: excerpt(answer), ..Bad::answer("Body", message) })
}

fn text(answer: &HttpAnswer, name: &str) -> Option<String> {
    let value = answer.headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The beginning of the body.
fn excerpt(answer: &HttpAnswer) -> Vec<String> {
    let shown = answer.body.get(..SHOWN).unwrap_or(&answer.body);
    if shown.contains(&0) {
        return vec!["body: not a text".to_owned()];
    }
    let text = String::from_utf8_lossy(shown);
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.take(LINES).map(|line| format!("body: {line}")).collect()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, body: &str) -> HttpAnswer {
        let (headers, body) = (HeaderMap::new(), body.as_bytes().to_vec());
        HttpAnswer { status, headers, body, ending: Ending::Whole }
    }

    fn with(answer: HttpAnswer, name: &'static str, value: &'static str) -> HttpAnswer {
        let mut headers = answer.headers.clone();
        headers.append(name, HeaderValue::from_static(value));
        HttpAnswer { headers, ..answer }
    }

    #[test]
    fn each_flaw_has_its_word() {
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let any = HttpProbe::default;
        let ok = HttpProbe { body_contains: Some("ok".into()), ..any() };
        let version = HttpProbe { expect_headers: pair("X-Version", "2.8.0"), ..any() };
        let cookie = HttpProbe { expect_headers: pair("Set-Cookie", "a"), ..any() };
        let unknown = HttpProbe { status: vec![401, 404], ..any() };
        let broken = HttpAnswer { ending: Ending::Broken("reset".into()), ..answer(200, "ok") };
        let moved = |to: &'static str| with(answer(302, ""), "location", to);
        for (probe, answer, reason, message) in [
            (&any(), answer(204, ""), "", ""),
            (&any(), answer(503, "no\n"), "Status", "status 503, expected 200 to 299"),
            (&unknown, answer(401, ""), "", ""),
            (&unknown, answer(200, ""), "Status", "status 200, expected 401 or 404"),
            (
                &any(),
                moved("https://login/?token=abc"),
                "Redirect",
                "status 302, a redirect to https://login/?..., expected 200 to 299",
            ),
            (
                &any(),
                moved("https://api:6443/p/proxy/login"),
                "Redirect",
                "status 302, a redirect to /login, expected 200 to 299",
            ),
            (&any(), answer(304, ""), "Status", "status 304, expected 200 to 299"),
            (&HttpProbe { status: vec![302], ..any() }, moved("/x"), "", ""),
            (&ok, answer(200, "all ok"), "", ""),
            (&ok, answer(200, "o"), "Body", r#"status 200, and the body does not contain "ok""#),
            (&ok, broken.clone(), "Truncated", "status 200, and the body breaks off: reset"),
            (
                &any(),
                HttpAnswer { ending: Ending::Late, ..answer(200, "") },
                "Timeout",
                "status 200, and no end of the body within 5s",
            ),
            (
                &ok,
                HttpAnswer { ending: Ending::Cut, ..answer(200, "x") },
                "Body",
                r#"status 200, and the first 64 KiB of the body do not contain "ok""#,
            ),
            (&any(), HttpAnswer { ending: Ending::Cut, ..answer(200, "x") }, "", ""),
            (&version, answer(200, ""), "Header", "no header X-Version"),
            (
                &version,
                with(answer(200, ""), "x-version", "2.8.1"),
                "Header",
                r#"header X-Version is "2.8.1", expected "2.8.0""#,
            ),
            (&version, with(with(answer(200, ""), "x-version", "1"), "x-version", "2.8.0"), "", ""),
            (
                &cookie,
                with(answer(200, ""), "set-cookie", "session=abc"),
                "Header",
                "header Set-Cookie is another one",
            ),
        ] {
            let bad = flaw(probe, &answer, "/p/proxy");
            assert_eq!(bad.as_ref().map_or("", |bad| bad.reason), reason, "{answer:?}");
            assert_eq!(bad.map_or(String::new(), |bad| bad.message), message, "{answer:?}");
        }
    }

    #[test]
    fn little_of_a_body_is_evidence() {
        let long = "x".repeat(60_000);
        assert_eq!(excerpt(&answer(500, &long)), [format!("body: {}", "x".repeat(SHOWN))]);
        assert_eq!(excerpt(&answer(500, &"a\n\n".repeat(5_000))).len(), LINES);
        assert_eq!(excerpt(&answer(500, "a\0b")), ["body: not a text"]);
        assert_eq!(excerpt(&answer(500, "")), [] as [&str; 0]);
        let cut = "ü".repeat(SHOWN);
        assert!(excerpt(&answer(500, &cut))[0].len() <= SHOWN + 10);
    }
}
