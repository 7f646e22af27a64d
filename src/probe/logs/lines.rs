//! Which lines of a log are bad: what the user says, and what runtimes and log libraries write when a
//! program goes down.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::probe::LogRules;

/// Last words of programs: a pattern, and what a line has to hold in small letters before it is looked
/// at closely. Ordinary lines do not look like this, whatever they talk about.
const LAST_WORDS: &[(&[&str], &str)] = &[
    // Go, Rust
    (&["panic: "], r"(^|\s)panic: "),
    (&["fatal error: "], r"(^|\s)fatal error: |PHP Fatal error: "),
    (&["panicked at "], r"panicked at "),
    // Python, the JVM, .NET, Node
    (&["traceback"], r"Traceback \(most recent call last\)"),
    (&["exception in thread "], r"(^|\s)Exception in thread "),
    (&["outofmemoryerror"], r"\bjava\.lang\.OutOfMemoryError\b"),
    (&["unhandled exception"], r"(^|\s)Unhandled [Ee]xception[.:]"),
    (&["uncaught "], r"(^|\s)Uncaught "),
    (&["rejection"], r"(^|\s)Unhandled ?[Pp]romise ?[Rr]ejection"),
    (&["heap out of memory"], r"JavaScript heap out of memory"),
    // C, C++
    (&["segmentation fault"], r"(^|\s)[Ss]egmentation fault"),
    (&["sigsegv"], r"\bSIGSEGV\b"),
    (&["terminate called"], r"terminate called after throwing"),
    // Levels: as a word, as logfmt, as JSON, pino's number, klog's letter
    (&["fatal", "panic"], r"(^|[\s\[(|])(FATAL|PANIC)([\s\])|:]|$)"),
    (
        &["=fatal", "=panic", "=emerg", "=crit", "=\"fatal", "=\"panic", "=\"emerg", "=\"crit"],
        r#"(?i)\b(level|lvl|severity)="?(fatal|panic|emerg|crit)"#,
    ),
    (
        &["\"fatal", "\"panic", "\"emerg", "\"crit"],
        r#"(?i)"(level|lvl|severity|levelname)"\s*:\s*"(fatal|panic|emerg|crit)"#,
    ),
    (&["\"level\""], r#""level"\s*:\s*60\b"#),
    (&["f"], r"^F\d{4} \d\d:\d\d:\d\d"),
];
/// A line that says of itself that it is ordinary.
const ORDINARY: &str = concat!(
    r"(^|[\s\[(|])(INFO|DEBUG|TRACE|NOTICE)([\s\])|:]|$)",
    r#"|(?i:\b(level|lvl|severity)="?(info|debug|trace|notice))"#,
    r#"|(?i:"(level|lvl|severity|levelname)"\s*:\s*"(info|debug|trace|notice))"#,
);

static BUILT_IN: LazyLock<Vec<(&[&str], Regex)>> = LazyLock::new(|| {
    let compile = |(hints, pattern): &(&'static [&'static str], &str)| {
        Some((*hints, Regex::new(pattern).ok()?))
    };
    LAST_WORDS.iter().filter_map(compile).collect()
});
static ORDINARY_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ORDINARY).ok());

/// How bad a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Badness {
    /// It looks like the last words of a program.
    LastWords,
    /// The user says that it is bad.
    Named,
}

/// Judges lines.
pub(super) struct Lines {
    named: Vec<Regex>,
    ignored: Vec<Regex>,
}

impl Lines {
    /// By these rules; the pattern that is none, where one is not.
    pub(super) fn new(rules: &LogRules) -> Result<Self, String> {
        let compile = |patterns: &[String]| {
            let regexes = patterns.iter().map(|pattern| {
                Regex::new(pattern)
                    .map_err(|error| format!("{pattern:?} is no regular expression: {error}"))
            });
            regexes.collect::<Result<Vec<_>, String>>()
        };
        Ok(Self { named: compile(&rules.patterns)?, ignored: compile(&rules.ignored)? })
    }

    /// Whether a line is bad. What is to be ignored is not, whatever else fits.
    pub(super) fn judge(&self, line: &str) -> Option<Badness> {
        let any = |regexes: &[Regex]| regexes.iter().any(|regex| regex.is_match(line));
        if any(&self.ignored) {
            return None;
        }
        if any(&self.named) {
            return Some(Badness::Named);
        }
        are_last_words(line).then_some(Badness::LastWords)
    }
}

fn are_last_words(line: &str) -> bool {
    let small = line.to_ascii_lowercase();
    let is_ordinary = || ORDINARY_LINE.as_ref().is_some_and(|regex| regex.is_match(line));
    BUILT_IN
        .iter()
        .any(|(hints, regex)| hints.iter().any(|hint| small.contains(hint)) && regex.is_match(line))
        && !is_ordinary()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(patterns: &[&str], ignored: &[&str]) -> LogRules {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        LogRules { patterns: own(patterns), ignored: own(ignored) }
    }

    #[test]
    fn every_pattern_of_ours_is_one() {
        assert_eq!(BUILT_IN.len(), LAST_WORDS.len());
        assert!(ORDINARY_LINE.is_some());
    }

    #[test]
    fn last_words_are_known_and_ordinary_lines_are_not() {
        let lines = Lines::new(&LogRules::default()).unwrap();
        for bad in [
            "panic: runtime error: invalid memory address or nil pointer dereference",
            "fatal error: all goroutines are asleep - deadlock!",
            "thread 'main' panicked at src/main.rs:3:5:",
            "Traceback (most recent call last):",
            "Exception in thread \"main\" java.lang.NullPointerException",
            "Unhandled exception. System.NullReferenceException: Object reference not set",
            "UnhandledPromiseRejectionWarning: Error: no",
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            "PHP Fatal error:  Uncaught Error in /app/index.php:3",
            "Segmentation fault (core dumped)",
            "FATAL: cannot open /etc/shop/settings.json",
            "2026-01-01 08:00:00,000 FATAL [main] o.h.Boot - no",
            "2026-01-01 08:00:00 UTC [71] FATAL:  password authentication failed",
            "time=\"2026-01-01\" level=fatal msg=\"no configuration\"",
            "{\"level\":\"fatal\",\"msg\":\"no configuration\"}",
            "{\"severity\": \"CRITICAL\", \"message\": \"no\"}",
            "{\"level\":60,\"msg\":\"no\"}",
            "F0101 08:00:00.000000       1 main.go:7] no",
        ] {
            assert_eq!(lines.judge(bad), Some(Badness::LastWords), "{bad}");
        }
        for good in [
            "starting shop",
            "listening on :8080",
            "INFO panic button pressed by customer 12",
            "2026-01-01 08:00:00 INFO recovered from panic: nil map",
            "[INFO] log level set to FATAL",
            "level=info msg=\"fatal errors so far: 0\"",
            "{\"level\":\"info\",\"msg\":\"last panic: none\"}",
            "{\"level\":30,\"msg\":\"fatal\"}",
            "GET /fatal 200",
            "no fatal errors, no panics",
            "error: upstream answered 503",
            "FATALITY is the name of a product",
            "F1 pressed",
        ] {
            assert_eq!(lines.judge(good), None, "{good}");
        }
    }

    #[test]
    fn what_is_ignored_wins_and_what_the_user_names_is_worst() {
        let rules = rules(&["payment (failed|lost)"], &["lost, retrying", "^DEBUG"]);
        let lines = Lines::new(&rules).unwrap();
        assert_eq!(lines.judge("INFO payment failed"), Some(Badness::Named));
        assert_eq!(lines.judge("payment lost, retrying"), None);
        assert_eq!(lines.judge("DEBUG panic: x"), None);
        assert_eq!(lines.judge("panic: x"), Some(Badness::LastWords));
        assert!(Badness::Named > Badness::LastWords);
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        let why = Lines::new(&rules(&["ok", "(open"], &[])).err().unwrap();
        assert!(why.starts_with("\"(open\" is no regular expression"), "{why}");
    }
}
