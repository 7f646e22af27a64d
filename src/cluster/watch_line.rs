//! The lines of a watch: where they end, and what they say.
//!
//! In: bytes in pieces of any size; out: one [`Line`] per line. Pure; it knows no connection.

use serde::Deserialize;
use serde_json::Value;

use super::WatchEvent;
use super::failure::ApiStatus;

/// Cuts a byte stream into lines, whatever the size of its pieces.
#[derive(Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not arrived.
    pub(super) rest: Vec<u8>,
}

impl Lines {
    /// Calls `line` for every line that `bytes` completes.
    pub(super) fn push(&mut self, bytes: &[u8], mut line: impl FnMut(&[u8])) {
        let mut pieces = bytes.split(|byte| *byte == b'\n');
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            if self.rest.is_empty() {
                line(piece);
            } else {
                self.rest.extend_from_slice(piece);
                line(&self.rest);
                self.rest.clear();
            }
        }
        self.rest.extend_from_slice(last);
    }
}

/// One line of a watch, understood.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    Event(WatchEvent),
    Expired,
    Refused(ApiStatus),
    Error(String),
    Garbled(String),
}

#[derive(Deserialize)]
struct Raw {
    r#type: String,
    object: Value,
}

/// `None` for an empty line and for kinds of events that do not exist yet.
pub(super) fn parse(line: &[u8]) -> Option<Line> {
    if line.trim_ascii().is_empty() {
        return None;
    }
    let Raw { r#type, object } = match serde_json::from_slice(line) {
        Ok(raw) => raw,
        Err(error) => return Some(Line::Garbled(super::json_cause(&error))),
    };
    Some(match r#type.as_str() {
        "ADDED" => Line::Event(WatchEvent::Added(object)),
        "MODIFIED" => Line::Event(WatchEvent::Modified(object)),
        "DELETED" => Line::Event(WatchEvent::Deleted(object)),
        "BOOKMARK" => {
            let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str)?;
            Line::Event(WatchEvent::Bookmark { resource_version: version.to_owned() })
        }
        "ERROR" => match ApiStatus::from_value(object) {
            status if status.code == 410 => Line::Expired,
            status if matches!(status.code, 401 | 403) => Line::Refused(status),
            status => Line::Error(format!("ERROR event: {status:?}")),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(chunks: &[&str]) -> (Vec<String>, usize) {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.push(chunk.as_bytes(), |line| {
                out.push(String::from_utf8_lossy(line).into_owned());
            });
        }
        (out, lines.rest.len())
    }

    #[test]
    fn lines_are_cut_at_newlines_only() {
        for (chunks, expected, rest) in [
            (vec!["a\nb\n"], vec!["a", "b"], 0),
            (vec!["a", "b\nc", "\nd"], vec!["ab", "c"], 1),
            (vec!["", "\n\n"], vec!["", ""], 0),
            (vec!["trunc"], vec![], 5),
        ] {
            let (out, left) = lines(&chunks);
            assert_eq!(out, expected);
            assert_eq!(left, rest);
        }
    }

    #[test]
    fn events_are_told_apart() {
        let object = json!({"metadata": {"resourceVersion": "7"}});
        let line = |kind: &str| json!({"type": kind, "object": object}).to_string();
        let error = |code: u16| json!({"type": "ERROR", "object": {"code": code}}).to_string();
        let event = |event| Some(Line::Event(event));
        assert_eq!(parse(line("ADDED").as_bytes()), event(WatchEvent::Added(object.clone())));
        assert_eq!(parse(line("MODIFIED").as_bytes()), event(WatchEvent::Modified(object.clone())));
        assert_eq!(parse(line("DELETED").as_bytes()), event(WatchEvent::Deleted(object.clone())));
        let bookmark = WatchEvent::Bookmark { resource_version: "7".to_owned() };
        assert_eq!(parse(line("BOOKMARK").as_bytes()), event(bookmark));
        assert_eq!(parse(line("NEWS").as_bytes()), None);
        assert_eq!(parse(b" \r"), None);
        assert_eq!(parse(error(410).as_bytes()), Some(Line::Expired));
        assert!(matches!(parse(error(403).as_bytes()), Some(Line::Refused(_))));
        assert!(matches!(parse(error(500).as_bytes()), Some(Line::Error(_))));
        assert!(matches!(parse(b"<html>"), Some(Line::Garbled(_))));
    }
}
