//! How text may look on the stream it goes to. Meaning is never carried by colour alone.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};

use crate::text::sanitize;

/// Something good.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something bad.
pub const BAD: Style = AnsiColor::Red.on_default();
/// Something to look at.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// The name of what it is about.
pub const NAME: Style = Style::new().bold();
/// What is less important.
pub const DIM: Style = Style::new().dimmed();

/// Columns of a line at most, so that it fits into a chat window and a CI log.
pub const COLUMNS: usize = 100;

/// Which characters the reader's terminal can show. Colours are removed later, by the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Whether the locale is UTF-8.
    pub unicode: bool,
}

impl Marks {
    /// Between parts of a heading.
    #[must_use]
    pub fn dot(self) -> &'static str {
        if self.unicode { "·" } else { "-" }
    }

    /// Our own text: `->` becomes an arrow where that can be shown.
    #[must_use]
    pub fn arrows(self, text: &str) -> Cow<'_, str> {
        if self.unicode { Cow::Owned(text.replace("->", "→")) } else { Cow::Borrowed(text) }
    }

    /// Foreign text: safe, and plain ASCII where nothing else can be shown.
    #[must_use]
    pub fn foreign(self, text: &str) -> String {
        let safe = sanitize(text);
        if self.unicode || safe.is_ascii() {
            return safe.into_owned();
        }
        safe.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
    }
}

/// Text in a style.
#[must_use]
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
