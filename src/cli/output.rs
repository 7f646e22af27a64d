//! `-o`: how the answer is written.

use std::ffi::OsString;

use clap::ValueEnum;
use serde::Serialize;

use crate::report::json::event::EventLine;
use crate::report::{several, yaml};
use crate::rollback::model::event::{Listener, Listeners};
use crate::rollback::model::target::Target;
use crate::terminal::Console;
use crate::terminal::board::Board;
use crate::terminal::live::Live;
use crate::terminal::stream::{Stream, Streams};
use crate::text::plain_json;

/// All formats; each command offers some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Human,
    Wide,
    Json,
    Jsonl,
    Yaml,
    Name,
    Sh,
}

impl Format {
    /// A document in this format; `None` where the format is for people.
    pub(super) fn document(self, value: &impl Serialize) -> Option<String> {
        match self {
            Self::Json => {
                serde_json::to_string_pretty(value).ok().map(|text| plain_json(&text) + "\n")
            }
            Self::Jsonl => Some(EventLine::document(&serde_json::to_value(value).ok()?).text()),
            Self::Yaml => yaml::document(&serde_json::to_value(value).ok()?),
            Self::Human | Self::Wide | Self::Name | Self::Sh => None,
        }
    }

    /// The same of a value that is made only where it is needed.
    pub(super) fn document_of<T: Serialize>(self, make: impl FnOnce() -> T) -> Option<String> {
        matches!(self, Self::Json | Self::Jsonl | Self::Yaml).then(|| self.document(&make()))?
    }

    /// Who shows what happens until the answer: lines for people, and before them the stream where
    /// one was asked for.
    pub(super) fn listener(self, console: Console, target: &Target) -> Box<dyn Listener> {
        match self {
            Self::Jsonl => Box::new(Stream::new(console, target.clone())),
            _ => Box::new(Live::new(console)),
        }
    }

    /// The same for several workloads, by their places.
    pub(super) fn listeners(self, console: Console, targets: Vec<Target>) -> Box<dyn Listeners> {
        match self {
            Self::Jsonl => Box::new(Streams::new(console, targets)),
            _ => Box::new(Board::new(console, several::names(targets.iter()))),
        }
    }

    /// Whether the answer is for people.
    pub(super) fn is_human(self) -> bool {
        matches!(self, Self::Human | Self::Wide)
    }
}

/// Formats of `history`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum HistoryFormat {
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

impl From<HistoryFormat> for Format {
    fn from(format: HistoryFormat) -> Self {
        match format {
            HistoryFormat::Table => Self::Human,
            HistoryFormat::Wide => Self::Wide,
            HistoryFormat::Json => Self::Json,
            HistoryFormat::Yaml => Self::Yaml,
            HistoryFormat::Name => Self::Name,
        }
    }
}

/// Formats of `undo`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum UndoFormat {
    Json,
    Jsonl,
    Yaml,
    Name,
    Sh,
}

impl From<UndoFormat> for Format {
    fn from(format: UndoFormat) -> Self {
        match format {
            UndoFormat::Json => Self::Json,
            UndoFormat::Jsonl => Self::Jsonl,
            UndoFormat::Yaml => Self::Yaml,
            UndoFormat::Name => Self::Name,
            UndoFormat::Sh => Self::Sh,
        }
    }
}

/// Formats of `status`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum StatusFormat {
    Json,
    Jsonl,
    Yaml,
    Name,
}

impl From<StatusFormat> for Format {
    fn from(format: StatusFormat) -> Self {
        match format {
            StatusFormat::Json => Self::Json,
            StatusFormat::Jsonl => Self::Jsonl,
            StatusFormat::Yaml => Self::Yaml,
            StatusFormat::Name => Self::Name,
        }
    }
}

/// The format in a command line that could not be parsed.
pub(super) fn format_in(arguments: &[OsString]) -> Option<Format> {
    values(arguments).into_iter().find_map(|value| match value {
        "json" => Some(Format::Json),
        "jsonl" => Some(Format::Jsonl),
        "yaml" => Some(Format::Yaml),
        _ => None,
    })
}

/// What stands after each `-o`.
fn values(arguments: &[OsString]) -> Vec<&str> {
    let words = arguments.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    let words: Vec<&str> = words.collect();
    let values = words.iter().enumerate().filter_map(|(index, word)| {
        match word.strip_prefix("--output").or_else(|| after_short_flags(word))? {
            "" => words.get(index + 1).copied(),
            value => Some(value.strip_prefix('=').unwrap_or(value)),
        }
    });
    values.collect()
}

/// What to do instead where a format of kubectl was asked for that rb does not have.
pub(super) fn instead_of_format(arguments: &[OsString]) -> Option<String> {
    const OF_KUBECTL: [&str; 6] = [
        "jsonpath",
        "jsonpath-file",
        "jsonpath-as-json",
        "go-template",
        "go-template-file",
        "custom-columns",
    ];
    let value = values(arguments).into_iter().find(|value| {
        let name = value.split('=').next().unwrap_or_default();
        OF_KUBECTL.contains(&name) || name == "template"
    })?;
    let name = value.split('=').next().unwrap_or_default();
    Some(format!("rb has no {name}; to pick members of the answer: -o json | jq"))
}

/// What stands after the `o` of `-o`, also where flags without a value stand before it: `-qo`.
fn after_short_flags(word: &str) -> Option<&str> {
    let (flags, value) = word.strip_prefix('-')?.split_once('o')?;
    flags.chars().all(|flag| flag.is_ascii_alphabetic()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_found_in_a_broken_command_line() {
        for (line, format) in [
            ("rb undo -o json --nonsense", Some(Format::Json)),
            ("rb undo -ojson", Some(Format::Json)),
            ("rb undo -o=yaml", Some(Format::Yaml)),
            ("rb undo --output=json", Some(Format::Json)),
            ("rb undo --output yaml", Some(Format::Yaml)),
            ("rb undo -o jsonl", Some(Format::Jsonl)),
            ("rb undo -yo json", Some(Format::Json)),
            ("rb undo -qyo=jsonl", Some(Format::Jsonl)),
            ("rb nonsense -o json", Some(Format::Json)),
            ("rb undo -- -o json", None),
            ("rb undo --context -o json", Some(Format::Json)),
            ("rb undo -o", None),
            ("rb undo json", None),
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(format_in(&arguments), format, "{line}");
        }
    }
}
