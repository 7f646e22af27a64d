//! Durations of Flux, and when a run comes at the latest.

use std::time::Duration;

use crate::text::age;

use super::fields::text;
use serde_json::Value;

/// How much later than its interval a run comes at the most: the controllers spread their runs.
const JITTER_PERCENT: u128 = 5;

/// Reads what Go calls a duration: `1h30m`, `59m30s`, `1.5h`, `500ms`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = None;
    while !rest.is_empty() {
        let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, tail) = rest.split_at(rest.find(|c| !is_of_number(c))?);
        let (unit, tail) = tail.split_at(tail.find(is_of_number).unwrap_or(tail.len()));
        let seconds = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        sum = Some(sum.unwrap_or(Duration::ZERO).checked_add(part)?);
        rest = tail;
    }
    sum
}

/// The duration that a member of an object says.
pub(super) fn at(object: &Value, pointer: &str) -> Option<Duration> {
    parse(text(object, pointer))
}

/// In whole seconds, rounded up.
pub(super) fn seconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// Within how many seconds a run comes that is due after `interval`.
pub(super) fn within(interval: Duration) -> u64 {
    let millis = interval.as_millis() * (100 + JITTER_PERCENT) / 100;
    u64::try_from(millis.div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// For people.
pub(super) fn words(seconds: u64) -> String {
    age(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, millis) in [
            ("10m", Some(600_000)),
            ("1h0m0s", Some(3_600_000)),
            ("59m30s", Some(3_570_000)),
            ("1.5h", Some(5_400_000)),
            ("1.5h30m", Some(7_200_000)),
            ("500ms", Some(500)),
            ("1500us", Some(1)),
            ("1500µs", Some(1)),
            ("0s", Some(0)),
            ("", None),
            ("10", None),
            ("m", None),
            ("1.2.3s", None),
            ("-5s", None),
            ("5 bananas", None),
            ("5d", None),
            ("ü5s", None),
            ("99999999999999999999999h", None),
        ] {
            assert_eq!(parse(text).map(|read| read.as_millis()), millis, "{text}");
        }
    }

    #[test]
    fn a_run_comes_five_percent_later_at_the_most() {
        for (interval, seconds) in [("1h", 3_780), ("10m", 630), ("30s", 32), ("1s", 2), ("0s", 0)]
        {
            assert_eq!(within(parse(interval).unwrap()), seconds, "{interval}");
        }
        assert_eq!(within(Duration::MAX), u64::MAX);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(words(630), "10m30s");
        assert!(!words(u64::MAX).is_empty());
    }
}
