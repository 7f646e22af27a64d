//! Text to a tree of values that know where they stand.
//!
//! The YAML reader stops at the first thing that is no YAML. Everything else is found in the tree, and
//! so all at once.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::budget::BudgetBreach;
use serde_yaml::{MessageFormatter as _, Spanned, UserMessageFormatter};

use crate::text::truncate;

use super::mistakes::Mistake;

/// A ConfigMap cannot hold more.
pub const MAX_BYTES: usize = 1024 * 1024;
/// More values than this, aliases written out, are no configuration.
const MAX_NODES: usize = 50_000;
/// The format is nine levels deep.
const MAX_DEPTH: usize = 24;

/// Line and column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is no `i64`; none is wanted anywhere.
    Number,
    Text(String),
    List(Vec<Node>),
    /// In the order of the text; a key can be anything.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The value of this key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        let is_it = |name: &Self| matches!(&name.value, Value::Text(name) if name == key);
        entries.iter().find(|(name, _)| is_it(name)).map(|(_, value)| value)
    }

    /// The elements, where it is a list.
    pub(super) fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }
}

/// Reads the one document of a text.
pub(super) fn read(text: &str) -> Result<Node, Mistake> {
    if text.len() > MAX_BYTES {
        let what = "is larger than 1 MiB".to_owned();
        return Err(Mistake { place: Place::START, what });
    }
    let options = serde_yaml::options! {
        // The snippet would show what is in the file.
        with_snippet: false,
        // `off` and `no` are words, as in YAML 1.2.
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: serde_yaml::options::NonFiniteFloatPolicy::PassThrough,
        budget: serde_yaml::budget! {
            max_documents: 1,
            max_nodes: MAX_NODES,
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
        },
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: MAX_NODES },
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_yaml::Error) -> Mistake {
    let place = error.location().map_or(Place::START, |location| Place {
        line: location.line().max(1),
        column: location.column().max(1),
    });
    Mistake { place, what: words(error) }
}

/// Says it for the reader of a configuration; what is left is said by the library, which names
/// structure and no values.
fn words(error: &serde_yaml::Error) -> String {
    use serde_yaml::Error as E;
    let words = match error {
        E::DuplicateMappingKey { key: Some(key), .. } => {
            let key = truncate(key, 40);
            return format!("the key {key:?} stands in this mapping already");
        }
        E::DuplicateMappingKey { key: None, .. } => "this key stands in this mapping already",
        E::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            "a second document begins here; a configuration is one"
        }
        E::Budget { breach: BudgetBreach::Depth { .. }, .. } => "is nested too deep",
        E::Budget { .. } => "there is too much here for a configuration",
        E::UnknownAnchor { .. } => "there is no anchor of this name",
        E::RecursiveReferencesRequireWeakTypes { .. } => "an alias must not hold itself",
        E::AliasReplayCounterOverflow { .. }
        | E::AliasReplayLimitExceeded { .. }
        | E::AliasExpansionLimitExceeded { .. }
        | E::AliasReplayStackDepthExceeded { .. } => {
            "aliases grow to more than a configuration holds"
        }
        E::AliasError { error, .. } => return self::words(error),
        error => {
            let words = UserMessageFormatter.format_message(error);
            return words.lines().next().unwrap_or_default().to_owned();
        }
    };
    words.to_owned()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, defined, .. } = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { value, place: Place { line: defined.line(), column: defined.column() } })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Number, Value::Int))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}
