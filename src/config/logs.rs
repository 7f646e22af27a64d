//! What to look for in logs.

use regex_lite::Regex;

use super::cursor::{At, shown};
use super::format;

/// A regular expression for a line of a log.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether it is found in the line.
    #[must_use]
    pub fn is_in(&self, line: &str) -> bool {
        self.0.is_match(line)
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

/// What was configured for the check `logs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logs {
    /// Lines that are bad, besides those that rb looks for by itself.
    pub patterns: Vec<Pattern>,
    /// Bad lines that are fine all the same.
    pub ignore: Vec<Pattern>,
}

/// As far as one place of the configuration says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LogsPart {
    pub(super) patterns: Option<Vec<Pattern>>,
    pub(super) ignore: Option<Vec<Pattern>>,
}

pub(super) fn read(at: &At<'_>) -> LogsPart {
    let Some(fields) = at.section(&format::LOGS) else { return LogsPart::default() };
    let list = |key: &str| Some(fields.get(key)?.items().iter().filter_map(pattern).collect());
    LogsPart { patterns: list("patterns"), ignore: list("ignore") }
}

fn pattern(at: &At<'_>) -> Option<Pattern> {
    let text = at.text()?;
    match Regex::new(text) {
        Ok(regex) if regex.is_match("") => {
            at.wrong(&format!("{} is found in every line", shown(text)));
            None
        }
        Ok(regex) => Some(Pattern(regex)),
        Err(error) => {
            at.wrong(&format!("{} is no regular expression: {error}", shown(text)));
            None
        }
    }
}
