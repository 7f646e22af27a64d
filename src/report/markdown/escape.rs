//! Foreign text within Markdown. It is shown as it is and does nothing: no element, no link, no
//! image, no mention, no way out of the cell of a table.

use crate::text::sanitize;

/// A zero-width space: between a sigil and its word, and within the start of a link, it keeps
/// renderers from seeing one. As an entity, since the report is read as text, too.
const APART: &str = "&#8203;";

/// Foreign text for one line: for a cell, an item of a list or a sentence.
#[must_use]
pub fn text(foreign: &str) -> String {
    let safe = sanitize(foreign);
    let safe = safe.trim();
    let number = safe.find(|c: char| !c.is_ascii_digit()).unwrap_or_default();
    let mut out = String::with_capacity(safe.len() + 16);
    for (index, c) in safe.char_indices() {
        let before = safe.get(..index).unwrap_or_default();
        let after = safe.get(index + c.len_utf8()..).unwrap_or_default();
        if is_start_of_link(before, c, after) {
            out += APART;
        }
        // At the start of a block more has a meaning: the marks of lists, quotes and headings.
        let begins = index == 0 && "-+=>".contains(c);
        let counts = index > 0 && index == number && ".)".contains(c);
        match c {
            // In a table a backslash is not enough.
            '|' => out += "&#124;",
            '&' => out += "&amp;",
            _ if begins || counts || "\\`*_[]<~$#".contains(c) => out.extend(['\\', c]),
            _ => out.push(c),
        }
        if is_sigil(c, after.chars().next().unwrap_or(' ')) {
            out += APART;
        }
    }
    out
}

/// What renderers still look for after they have read escapes: mentions and references, on GitHub and
/// GitLab, begin with one of these.
fn is_sigil(c: char, next: char) -> bool {
    match c {
        '@' | '#' | '~' => next.is_alphanumeric() || "\"/_-".contains(next),
        '!' | '$' | '%' | '&' => next.is_ascii_digit(),
        _ => false,
    }
}

/// Renderers make links of `scheme://` and of `www.` without being asked.
fn is_start_of_link(before: &str, c: char, after: &str) -> bool {
    let is_www = || {
        let start = before.len().checked_sub(3).and_then(|start| before.get(start..));
        start.is_some_and(|start| start.eq_ignore_ascii_case("www"))
    };
    (c == '/' && before.ends_with(':') && after.starts_with('/')) || (c == '.' && is_www())
}

/// Lines that are shown exactly as they are, `indent` columns to the right: log lines, and commands
/// to paste.
#[must_use]
pub fn block(lines: &[String], language: &str, indent: usize) -> String {
    let lines: Vec<_> = lines.iter().map(|line| sanitize(line)).collect();
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let indent = " ".repeat(indent);
    let mut text = format!("{indent}{fence}{language}\n");
    for line in lines {
        text += &format!("{indent}{line}\n");
    }
    text + &format!("{indent}{fence}\n")
}

fn longest_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// A table; its cells are Markdown already.
#[must_use]
pub fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut text = format!("| {} |\n|{}\n", header.join(" | "), "---|".repeat(N));
    for row in rows {
        text += &format!("| {} |\n", row.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_readable() {
        for (foreign, shown) in [
            ("2 of 6 ready, CrashLoopBackOff for 4m", "2 of 6 ready, CrashLoopBackOff for 4m"),
            ("image web:2.8.1 → 2.8.0 (app)", "image web:2.8.1 → 2.8.0 (app)"),
            ("env FEATURE_X removed", "env FEATURE\\_X removed"),
            ("a | b", "a &#124; b"),
            ("a & b, 100%", "a &amp; b, 100%"),
            ("@here #12", "@&#8203;here \\#&#8203;12"),
            ("see https://a.test", "see https:&#8203;//a.test"),
            ("WWW.a.test", "WWW&#8203;.a.test"),
            ("1. item", "1\\. item"),
            ("12 pods", "12 pods"),
            ("- item", "\\- item"),
            ("  # head", "\\# head"),
        ] {
            assert_eq!(text(foreign), shown);
        }
    }

    #[test]
    fn a_block_is_fenced_by_more_than_it_holds() {
        let lines = ["a ```` b".to_owned(), "::error::x\n```".to_owned()];
        let fence = "`````";
        assert_eq!(
            block(&lines, "text", 2),
            format!("  {fence}text\n  a ```` b\n  \\x3a:error::x\\n```\n  {fence}\n")
        );
    }
}
