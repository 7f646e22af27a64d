//! Durations as kubectl writes them: `60s`, `5m`, `1h30m`; a bare number is seconds.

use std::time::Duration;

/// What `0` stands for: no limit.
const NO_LIMIT: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Reads a time limit; 0 is no limit, as kubectl has it.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let limit = parse_exact(text)?;
    Ok(if limit.is_zero() { NO_LIMIT } else { limit })
}

/// Reads a duration that is no limit: 0 is none at all.
pub(super) fn parse_exact(text: &str) -> Result<Duration, String> {
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => text
            .parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .ok_or_else(|| "not a duration such as 60s, 5m or 1h30m".to_owned())?,
    };
    Ok(duration.min(NO_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_kubectl_writes_them() {
        for (text, seconds) in [("60s", 60), ("5m", 300), ("1h30m", 5_400), ("90", 90)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)));
        }
        assert_eq!(parse("0s"), Ok(NO_LIMIT));
        assert_eq!(parse("0"), Ok(NO_LIMIT));
        assert_eq!(parse_exact("0s"), Ok(Duration::ZERO));
        for text in ["", "soon", "-5s", "5 bananas"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
