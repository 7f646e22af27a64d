//! Documents as YAML. Text with line ends or with characters that could steer a terminal is quoted
//! and escaped: on a line of its own, `::error::` would be a command to a CI runner.

use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use serde_yaml::DoubleQuoted;

use crate::text::{escape_markers, escape_unsafe, sanitize};

/// The document as YAML; `None` where it cannot be written.
#[must_use]
pub fn document(value: &Value) -> Option<String> {
    let options = serde_yaml::ser_options! { prefer_block_scalars: false };
    let text = serde_yaml::to_string_with_options(&Quoted(value), options).ok()?;
    // Text with a marker is quoted, by `Quoted`: there the escape means the same.
    let text = escape_markers(text, "\\x23");
    // What the writer leaves as it is stands in double quotes, by `Quoted`.
    Some(escape_unsafe(&text, |c, out| {
        let code = u32::from(c);
        *out += &if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") };
    }))
}

/// A value whose text is in double quotes wherever it is not harmless.
struct Quoted<'a>(&'a Value);

impl Serialize for Quoted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(key, value)| (key, Self(value))))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Self)),
            Value::String(text) if sanitize(text) != text.as_str() => {
                DoubleQuoted(text).serialize(serializer)
            }
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_value_is_kept_and_nothing_of_it_acts() {
        let value = json!({
            "cause": "a\n::error::b",
            "long": format!("{} ::error::c", "word ".repeat(40)),
            "bidi": "x\u{202e}y\u{e0001}\u{9b}",
            "marker": "x ##[add-mask]y",
            "plain": ["größer", "1", 1, null, true, "::add-mask::d"],
        });
        let text = document(&value).unwrap();
        assert!(!text.contains(['\u{202e}', '\u{e0001}', '\u{9b}']), "{text}");
        for line in text.lines() {
            assert!(!line.trim_start_matches([' ', '-']).starts_with("::"), "{text}");
        }
        assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), value);
    }
}
