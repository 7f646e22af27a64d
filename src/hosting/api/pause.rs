//! How long to wait before a read is sent again: what the host asks for, else longer each time. Pure.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Longer than this nobody waits for one read: the failure is told, with the time.
pub(super) const LONGEST: Duration = Duration::from_secs(60);
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

/// What the host asks for: `Retry-After`, in seconds or as a date, or the end of the limit that is
/// used up.
pub(super) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    // The clocks of the two machines may differ.
    let now = text(DATE.as_str()).and_then(date).unwrap_or_else(Timestamp::now);
    let until = |then: Timestamp| {
        let seconds = then.as_second().saturating_sub(now.as_second());
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    };
    if let Some(after) = text(RETRY_AFTER.as_str()) {
        let seconds = after.parse().ok().map(Duration::from_secs);
        return seconds.or_else(|| date(after).map(until));
    }
    if text("x-ratelimit-remaining") != Some("0") {
        return None;
    }
    let reset = text("x-ratelimit-reset")?.parse().ok()?;
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
            .map(|(name, value)| {
                (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
            })
            .collect()
    }

    #[test]
    fn what_the_host_asks_for_counts() {
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let limited = |reset| headers(&[now, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)]);
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
    fn without_a_word_of_the_host_it_takes_longer_each_time() {
        let none = HeaderMap::new();
        let waits: Vec<u128> =
            (1..4).filter_map(|tries| after(502, &none, tries)).map(|w| w.as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000]);
        assert_eq!(after(503, &headers(&[("retry-after", "soon")]), 2), Some(backoff(2)));
        assert!(backoff(u32::MAX) > LONGEST);
    }
}
