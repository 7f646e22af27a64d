//! Durations: `30s`, `1m30s`, `1.5s`, `500ms`; a number without a unit is seconds.

use std::time::Duration;

/// What is said about text that is none.
pub(super) const WANTED: &str = "a duration such as 30s, 5m or 1h30m";

pub(super) fn parse(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    // The library reads blanks, signs and words too: `1 hour ago`.
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || "hms.".contains(c));
    let signed = text.parse::<jiff::SignedDuration>().ok().filter(|_| is_plain)?;
    Duration::try_from(signed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("90", 90_000),
            ("30s", 30_000),
            ("1.5s", 1_500),
            ("500ms", 500),
            ("1h30m", 5_400_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in [
            "", "s", "soon", "-5s", "+5s", "5 s", "1h 30m", "1m1h", "1d", "5minutes", "PT5M", "1e3",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("99999999999999999999h"), None);
    }
}
