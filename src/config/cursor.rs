//! A value of the tree, with the way to it: reading one gives what was wanted, or adds a mistake.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::text::truncate;

use super::duration;
use super::format::{FORMAT, Section};
use super::mistakes::{Mistake, Mistakes};
use super::suggestion::{advice, nearest};
use super::yaml::{Node, Place, Value};

/// Columns of a word that are repeated in a message.
const REPEATED: usize = 40;

#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    node: &'a Node,
    /// `workloads[0].verify.http[1].port`
    path: String,
    mistakes: &'a Mistakes,
}

/// A mapping with fixed keys.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    at: At<'a>,
    section: &'static Section,
}

impl<'a> At<'a> {
    pub(super) fn root(node: &'a Node, mistakes: &'a Mistakes) -> Self {
        Self { node, path: String::new(), mistakes }
    }

    pub(super) fn wrong(&self, what: &str) {
        self.wrong_at(self.node.place, what);
    }

    pub(super) fn wrong_at(&self, place: Place, what: &str) {
        let colon = if self.path.is_empty() { "" } else { ": " };
        self.mistakes.add(Mistake { place, what: format!("{}{colon}{what}", self.path) });
    }

    /// A word that names nothing; `elsewhere` is where it would.
    pub(super) fn unknown(
        &self,
        place: Place,
        noun: &str,
        word: &str,
        known: &[&str],
        elsewhere: Option<&str>,
    ) {
        let advice = match elsewhere {
            Some(elsewhere) if nearest(word, known.iter().copied()).is_none() => {
                format!("; it belongs in {elsewhere}")
            }
            _ => advice(word, known),
        };
        self.wrong_at(place, &format!("no such {noun}{advice}"));
    }

    /// It should be something else.
    fn not(&self, wanted: &str) {
        let is = match &self.node.value {
            Value::Null => return self.wrong("has no value"),
            Value::Bool(value) => Cow::Owned(value.to_string()),
            Value::Int(number) => Cow::Owned(number.to_string()),
            Value::Number => Cow::Borrowed("a number"),
            Value::Text(_) => Cow::Borrowed("text"),
            Value::List(_) => Cow::Borrowed("a list"),
            Value::Map(_) => Cow::Borrowed("a mapping"),
        };
        self.wrong(&format!("must be {wanted}, and is {is}"));
    }

    /// A mapping with these keys and no others.
    pub(super) fn section(&self, section: &'static Section) -> Option<Fields<'a>> {
        if !matches!(self.node.value, Value::Map(_)) {
            self.not("a mapping");
            return None;
        }
        for (key, place, value) in self.entries() {
            if !section.keys.contains(&key) {
                let elsewhere = FORMAT.iter().find(|other| other.keys.contains(&key));
                let elsewhere = elsewhere.map(|other| other.path).filter(|path| !path.is_empty());
                value.unknown(place, "key", key, section.keys, elsewhere);
            }
        }
        Some(Fields { at: self.clone(), section })
    }

    /// The entries of a mapping whose keys the user chooses, with the place of each key.
    pub(super) fn entries(&self) -> Vec<(&'a str, Place, Self)> {
        let Value::Map(entries) = &self.node.value else {
            self.not("a mapping");
            return Vec::new();
        };
        let named = |(key, value): &'a (Node, Node)| {
            let Value::Text(name) = &key.value else {
                self.wrong_at(key.place, "a key must be text");
                return None;
            };
            Some((name.as_str(), key.place, self.below(name, value)))
        };
        entries.iter().filter_map(named).collect()
    }

    fn below(&self, name: &str, node: &'a Node) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let shown = truncate(name, REPEATED);
        let shown = if !shown.is_empty() && shown.chars().all(is_plain) {
            shown
        } else {
            Cow::Owned(format!("{shown:?}"))
        };
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { node, path: format!("{}{dot}{shown}", self.path), mistakes: self.mistakes }
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    pub(super) fn items(&self) -> Vec<Self> {
        let Value::List(items) = &self.node.value else {
            self.not("a list");
            return Vec::new();
        };
        let below = |(index, node): (usize, &'a Node)| Self {
            node,
            path: format!("{}[{index}]", self.path),
            mistakes: self.mistakes,
        };
        items.iter().enumerate().map(below).collect()
    }

    /// Text that is not empty.
    pub(super) fn text(&self) -> Option<&'a str> {
        let text = self.any_text()?;
        if text.is_empty() {
            self.wrong("is empty");
        }
        Some(text).filter(|text| !text.is_empty())
    }

    pub(super) fn any_text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) => return Some(text),
            Value::Bool(_) | Value::Int(_) | Value::Number => {
                self.wrong("must be text: put it in quotes");
            }
            Value::Null | Value::List(_) | Value::Map(_) => self.not("text"),
        }
        None
    }

    pub(super) fn flag(&self) -> Option<bool> {
        if let Value::Bool(value) = self.node.value {
            return Some(value);
        }
        self.not("true or false");
        None
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self.node.value, Value::Int(_) | Value::Number)
    }

    pub(super) fn number(&self, range: RangeInclusive<u16>) -> Option<u16> {
        if let Value::Int(number) = self.node.value
            && let Ok(number) = u16::try_from(number)
            && range.contains(&number)
        {
            return Some(number);
        }
        let (first, last) = range.into_inner();
        if first == last {
            self.not(&first.to_string());
        } else {
            self.not(&format!("a whole number from {first} to {last}"));
        }
        None
    }

    /// One of these words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let known = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let Value::Text(text) = &self.node.value else {
            self.not(&format!("one of {}", known()));
            return None;
        };
        let found = words.iter().find(|(word, _)| word == text);
        if found.is_none() {
            self.wrong(&format!("{} is not one of {}", shown(text), known()));
        }
        found.map(|(_, value)| *value)
    }

    /// A duration; a bare number is seconds.
    pub(super) fn duration(&self, range: &(Duration, Duration, &str)) -> Option<Duration> {
        let duration = match &self.node.value {
            Value::Int(seconds) => u64::try_from(*seconds).ok().map(Duration::from_secs),
            Value::Text(text) => duration::parse(text),
            _ => {
                self.not(duration::WANTED);
                return None;
            }
        };
        let (shortest, longest, words) = range;
        match duration {
            Some(duration) if (*shortest..=*longest).contains(&duration) => return Some(duration),
            Some(_) => self.wrong(&format!("must be a duration from {words}")),
            None => match &self.node.value {
                Value::Text(text) => {
                    self.wrong(&format!("{} is not {}", shown(text), duration::WANTED));
                }
                _ => self.not(duration::WANTED),
            },
        }
        None
    }
}

impl<'a> Fields<'a> {
    pub(super) fn get(&self, key: &str) -> Option<At<'a>> {
        debug_assert!(self.section.keys.contains(&key), "{key} is missing in format.rs");
        self.at.node.get(key).map(|node| self.at.below(key, node))
    }

    /// The value of a key that has to be there.
    pub(super) fn need(&self, key: &str) -> Option<At<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.at.wrong(&format!("has no {key}"));
        }
        found
    }
}

/// A word of the text, short and on one line.
pub(super) fn shown(text: &str) -> String {
    format!("{:?}", truncate(text, REPEATED))
}
