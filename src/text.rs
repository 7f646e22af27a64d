//! Text for people: sanitizing what is foreign, ages, plurals, widths, shell quoting.
//!
//! Pure functions. Everything that comes from a cluster or from Git passes [`sanitize`] before a
//! reporter shows it.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Makes foreign text safe to show on one line of a terminal or of a CI log.
///
/// Control characters (escape sequences, line ends), characters that reorder or hide text, and the
/// markers that CI runners read as commands (`::error::`, `##[error]`) become visible escapes.
/// Runners trim a line before they look for a marker, so an indent alone is no protection.
#[must_use]
pub fn sanitize(text: &str) -> Cow<'_, str> {
    let command = text.trim_start().starts_with("::");
    if !command && !text.chars().any(is_unsafe) && MARKERS.iter().all(|m| !text.contains(m)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let mut first_visible = command;
    for (index, c) in text.char_indices() {
        let rest = text.get(index..).unwrap_or_default();
        let visible = !c.is_whitespace();
        let is_marker = MARKERS.iter().any(|marker| rest.starts_with(marker));
        if is_unsafe(c) || is_marker || (first_visible && visible) {
            escape(c, &mut safe);
        } else {
            safe.push(c);
        }
        first_visible &= !visible;
    }
    Cow::Owned(safe)
}

/// What CI runners obey anywhere in a line (`actions/runner:src/Runner.Common/ActionCommand.cs`, and
/// Azure's agent).
const MARKERS: &[&str] = &["##[", "##vso["];

/// Replaces the first character of every such marker in a document by an escape that its readers
/// turn back. A marker can only stand within a string there.
#[must_use]
pub fn escape_markers(document: String, escape: &str) -> String {
    MARKERS
        .iter()
        .fold(document, |text, marker| text.replace(marker, &marker.replacen('#', escape, 1)))
}

/// A JSON document that shows nothing foreign as it is: what [`sanitize`] would escape becomes `\u….`,
/// which every reader turns back. Text below U+0020 is escaped by every writer of JSON already.
#[must_use]
pub fn plain_json(document: &str) -> String {
    let plain = escape_unsafe(document, |c, plain| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(plain, "\\u{unit:04x}");
        }
    });
    escape_markers(plain, "\\u0023")
}

/// Replaces what [`sanitize`] would escape by what `escape` writes. ASCII stays as it is: in a
/// document that is structure, or escaped already.
#[must_use]
pub fn escape_unsafe(document: &str, escape: impl Fn(char, &mut String)) -> String {
    let mut plain = String::with_capacity(document.len());
    for c in document.chars() {
        if c >= '\u{7f}' && is_unsafe(c) { escape(c, &mut plain) } else { plain.push(c) }
    }
    plain
}

fn escape(c: char, into: &mut String) {
    let _ = match c {
        '\n' => write!(into, "\\n"),
        '\r' => write!(into, "\\r"),
        '\t' => write!(into, "\\t"),
        c if u32::from(c) < 0x100 => write!(into, "\\x{:02x}", u32::from(c)),
        c => write!(into, "\\u{{{:x}}}", u32::from(c)),
    };
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// An age or a duration in whole units, the two largest only below a quarter of an hour:
/// `4s`, `3m20s`, `25m`, `7h`, `3d`.
#[must_use]
pub fn age(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        0..=59 => format!("{s}s"),
        60..=899 if s % 60 != 0 => format!("{}m{}s", s / 60, s % 60),
        60..=5_999 => format!("{}m", s / 60),
        6_000..=172_799 => format!("{}h", s / 3_600),
        _ => format!("{}d", s / 86_400),
    }
}

/// `1 pod`, `2 pods`.
#[must_use]
pub fn plural(count: i64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// How many columns a text takes on a terminal.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The most columns that a character adds to a text: a control counts there, and what asks for an
/// emoji makes the character before it wider.
fn widest(c: char) -> usize {
    const AS_EMOJI: char = '\u{fe0f}';
    if c == AS_EMOJI { 1 } else { c.width().unwrap_or(1) }
}

/// Cuts a line to at most `columns` terminal columns; a cut shows as `...`.
#[must_use]
pub fn truncate(line: &str, columns: usize) -> Cow<'_, str> {
    if width(line) <= columns {
        return Cow::Borrowed(line);
    }
    let room = columns.saturating_sub(3);
    let mut used = 0;
    let cut: String = line
        .chars()
        .take_while(|c| {
            used += widest(*c);
            used <= room
        })
        .collect();
    Cow::Owned(cut + "...")
}

/// Breaks a text at blanks into lines of at most `columns` terminal columns; a longer word is cut.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(truncate(word, columns).into_owned()),
        }
    }
    lines
}

/// Cuts the middle out of a text: of an image, the name and the end of the tag are what tells it
/// from another one.
#[must_use]
pub fn shorten(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(3);
    let fitting = |chars: &mut dyn Iterator<Item = char>, room: usize| {
        let mut used = 0;
        let fits = |c: &char| {
            used += widest(*c);
            used <= room
        };
        chars.take_while(fits).collect::<Vec<char>>()
    };
    let end = fitting(&mut text.chars().rev(), room / 2);
    let start = fitting(&mut text.chars(), room - room / 2);
    Cow::Owned(start.into_iter().chain("...".chars()).chain(end.into_iter().rev()).collect())
}

/// Quotes a word for a POSIX shell, only where it needs it.
#[must_use]
pub fn shell_quote(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    if word.chars().any(is_unsafe) {
        return Cow::Owned(shell_escape(word));
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// `$'…'`, as most shells read it: what must not reach a terminal as it is stands there as bytes.
fn shell_escape(word: &str) -> String {
    let mut quoted = String::from("$'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if is_unsafe(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\x{byte:02x}");
                }
            }
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_a_terminal_or_a_ci_runner() {
        for (foreign, shown) in [
            ("bump checkout", "bump checkout"),
            ("größer 日本 👍", "größer 日本 👍"),
            ("\u{1b}[31mred", "\\x1b[31mred"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{202e}evil", "\\u{202e}evil"),
            ("::error::owned", "\\x3a:error::owned"),
            ("  ::add-mask::x", "  \\x3a:add-mask::x"),
            ("##[error]x", "\\x23#[error]x"),
            ("a ##[add-mask]y ##vso[z]", "a \\x23#[add-mask]y \\x23#vso[z]"),
            ("std::vector", "std::vector"),
            ("\u{9b}31m", "\\x9b31m"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
        ] {
            assert_eq!(sanitize(foreign), shown, "{foreign:?}");
        }
    }

    #[test]
    fn a_document_keeps_its_values_and_steers_no_terminal() {
        let value = serde_json::json!({"a": "\u{9b}31m\u{202e}x\u{7f}\n", "b": "größer \u{e0001}"});
        let plain = plain_json(&value.to_string());
        assert_eq!(plain, r#"{"a":"\u009b31m\u202ex\u007f\n","b":"größer \udb40\udc01"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&plain).unwrap(), value);
    }

    #[test]
    fn ages_are_short() {
        for (seconds, text) in [
            (-5, "0s"),
            (59, "59s"),
            (60, "1m"),
            (200, "3m20s"),
            (1_500, "25m"),
            (7_200, "2h"),
            (259_200, "3d"),
        ] {
            assert_eq!(age(seconds), text);
        }
    }

    #[test]
    fn what_is_cut_is_never_wider() {
        for text in ["nnnnnnnn\u{7f}nnnnnnnnnn\u{7f}w", "\u{1}\u{7f} J", "\u{2764}\u{fe0f}"] {
            let text = text.repeat(20);
            for columns in 3..30 {
                assert!(width(&truncate(&text, columns)) <= columns, "{text:?}");
                assert!(width(&shorten(&text, columns)) <= columns, "{text:?}");
            }
        }
    }

    #[test]
    fn long_lines_are_cut_by_columns_and_not_by_bytes() {
        assert_eq!(truncate("short", 10), "short");
        assert_eq!(truncate("日本語日本語", 8), "日本...");
        assert!(width(&truncate(&"x".repeat(300), 100)) <= 100);
    }

    #[test]
    fn texts_are_broken_at_blanks() {
        assert_eq!(wrap("a long sentence", 8), ["a long", "sentence"]);
        assert_eq!(wrap("abcdefghij k", 8), ["abcde...", "k"]);
        assert_eq!(wrap("  ", 8), [] as [&str; 0]);
    }

    #[test]
    fn the_end_of_a_tag_survives() {
        assert_eq!(shorten("checkout:2.8.1", 14), "checkout:2.8.1");
        assert_eq!(shorten("checkout:main-20260101-9f3c2ab", 20), "checkout:...-9f3c2ab");
        assert_eq!(shorten("日本語日本語", 8), "日...語");
        assert_eq!(shorten("abc", 0), "...");
    }

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        assert_eq!(shell_quote("prod-eu"), "prod-eu");
        assert_eq!(shell_quote("a b"), "'a b'");
        assert_eq!(
            shell_quote("arn:aws:eks:eu-1:12:cluster/prod"),
            "arn:aws:eks:eu-1:12:cluster/prod"
        );
        assert_eq!(shell_quote("it's; rm -rf ~"), r"'it'\''s; rm -rf ~'");
        assert_eq!(shell_quote(""), "''");
        assert_eq!(shell_quote("it's\n\u{1b}[2J \u{202e}"), r"$'it\'s\x0a\x1b[2J \xe2\x80\xae'");
    }
}
