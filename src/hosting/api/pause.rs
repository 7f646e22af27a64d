//! How long to wait before a read is sent again: what the host asks for, else longer each time. Pure.

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Longer than this nobody waits for one read: the failure is told, with the time.
pub(super) const LONGEST: Duration = Duration::from_secs(60);
/// How many requests a look may take.
const PER_LOOK: u64 = 4;
/// Looks are never further apart because of a limit.
const SPARSEST: Duration = Duration::from_secs(600);
const FIRST: Duration = Duration::from_millis(500);

/// After the first try, after the second, …
pub(super) fn backoff(tries: u32) -> Duration {
    FIRST.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)))
}

/// The wait after an answer that may be another one later; `None` where it will not be.
pub(super) fn after(status: u16, headers: &HeaderMap, tries: u32) -> Option<Duration> {
    match status {
        429 | 503 => Some(asked(headers).unwrap_or_else(|| backoff(tries))),
        // GitHub has both limits on 403 too.
        403 => asked(headers),
        502 | 504 => Some(backoff(tries)),
        _ => None,
    }
}

/// Whether the host has had enough requests for now.
pub(super) fn is_limited(status: u16, headers: &HeaderMap) -> bool {
    status == 429 || (status == 403 && asked(headers).is_some())
}

/// How far apart looks have to be so that what is left of the limit lasts until it ends. A look takes
/// a few requests, and others ask with the same token.
pub(in crate::hosting) fn spacing(headers: &HeaderMap) -> Duration {
    let number = |names: [&str; 2]| -> Option<u64> {
        names.iter().find_map(|name| headers.get(*name)?.to_str().ok()?.trim().parse().ok())
    };
    let left = number(["x-ratelimit-remaining", "ratelimit-remaining"]);
    let reset = number(["x-ratelimit-reset", "ratelimit-reset"]);
    let (Some(left), Some(reset)) = (left, reset) else { return Duration::ZERO };
    let now = u64::try_from(now(headers).as_second()).unwrap_or(0);
    let seconds = reset.saturating_sub(now);
    Duration::from_secs(seconds.saturating_mul(PER_LOOK) / left.max(1)).min(SPARSEST)
}

fn now(headers: &HeaderMap) -> Timestamp {
    // The clocks of the two machines may differ.
    let date_of = |value: &HeaderValue| date(value.to_str().ok()?.trim());
    headers.get(DATE).and_then(date_of).unwrap_or_else(Timestamp::now)
}

/// What the host asks for: `Retry-After`, in seconds or as a date, or the end of the limit that is
/// used up.
pub(in crate::hosting) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let now = now(headers);
    let until = |then: Timestamp| {
        let seconds = then.as_second().saturating_sub(now.as_second());
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    };
    if let Some(after) = text(RETRY_AFTER.as_str()) {
        let seconds = after.parse().ok().map(Duration::from_secs);
        return seconds.or_else(|| date(after).map(until));
    }
    let either = |name: &str| text(&format!("x-{name}")).or_else(|| text(name));
    if either("ratelimit-remaining") != Some("0") {
        return None;
    }
    let reset = either("ratelimit-reset")?.parse().ok()?;
    Timestamp::from_second(reset).ok().map(until)
}

fn date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn what_the_host_asks_for_counts() {
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let limited =
            |reset| headers(&[now, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)]);
        for (status, headers, seconds) in [
            (429, headers(&[("retry-after", "7")]), Some(7)),
            (503, headers(&[("retry-after", "0")]), Some(0)),
            (503, headers(&[now, ("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")]), Some(10)),
            (503, headers(&[now, ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]), Some(0)),
            (403, headers(&[("retry-after", "60")]), Some(60)),
            (403, headers(&[]), None),
            // 784111777 is the date above.
            (403, limited("784111877"), Some(100)),
            (429, limited("784111778"), Some(1)),
            (403, headers(&[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "9")]), None),
            (404, headers(&[("retry-after", "7")]), None),
            (500, headers(&[]), None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(after(status, &headers, 1), expected, "{status} {headers:?}");
        }
    }

    #[test]
    fn looks_are_spread_over_what_is_left_of_the_limit() {
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (left, reset, seconds) in [
            ("4000", "784115377", 3), // an hour
            ("10", "784115377", 600),
            ("400", "784115377", 36),
            ("0", "784111787", 40),
            ("100", "784111777", 0),
            ("100", "1", 0),
            ("many", "784115377", 0),
        ] {
            for prefix in ["x-ratelimit", "ratelimit"] {
                let (remaining, end) = (format!("{prefix}-remaining"), format!("{prefix}-reset"));
                let headers = headers(&[now, (&remaining, left), (&end, reset)]);
                assert_eq!(spacing(&headers).as_secs(), seconds, "{left} {reset}");
            }
        }
        assert_eq!(spacing(&HeaderMap::new()), Duration::ZERO);
    }

    #[test]
    fn without_a_word_of_the_host_it_takes_longer_each_time() {
        let none = HeaderMap::new();
        let waits: Vec<u128> =
            (1..4).filter_map(|tries| after(502, &none, tries)).map(|w| w.as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000]);
        assert_eq!(after(503, &headers(&[("retry-after", "soon")]), 2), Some(backoff(2)));
        assert!(backoff(u32::MAX) > LONGEST);
    }
}
