//! `-o`: how the answer is written.

use std::ffi::OsString;

use clap::ValueEnum;
use serde::Serialize;

use crate::report::yaml;
use crate::text::plain_json;

/// All formats; each command offers some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Human,
    Wide,
    Json,
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
            Self::Yaml => yaml::document(&serde_json::to_value(value).ok()?),
            Self::Human | Self::Wide | Self::Name | Self::Sh => None,
        }
    }

    /// The same of a value that is made only where it is needed.
    pub(super) fn document_of<T: Serialize>(self, make: impl FnOnce() -> T) -> Option<String> {
        matches!(self, Self::Json | Self::Yaml).then(|| self.document(&make()))?
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
    Yaml,
    Name,
    Sh,
}

impl From<UndoFormat> for Format {
    fn from(format: UndoFormat) -> Self {
        match format {
            UndoFormat::Json => Self::Json,
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
    Yaml,
    Name,
}

impl From<StatusFormat> for Format {
    fn from(format: StatusFormat) -> Self {
        match format {
            StatusFormat::Json => Self::Json,
            StatusFormat::Yaml => Self::Yaml,
            StatusFormat::Name => Self::Name,
        }
    }
}

/// The format in a command line that could not be parsed.
pub(super) fn format_in(arguments: &[OsString]) -> Option<Format> {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let values = words.iter().enumerate().filter_map(|(index, word)| match *word {
        "-o" | "--output" => words.get(index + 1).copied(),
        word => word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o")),
    });
    values.map(|value| value.trim_start_matches('=')).find_map(|value| match value {
        "json" => Some(Format::Json),
        "yaml" => Some(Format::Yaml),
        _ => None,
    })
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
            ("rb undo -o", None),
            ("rb undo json", None),
        ] {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(format_in(&arguments), format, "{line}");
        }
    }
}
