//! The body of a write, as bytes.

use hyper::body::Bytes;
use serde_json::Value;

/// JSON as Go writes it.
///
/// A `test` of a JSON Patch compares texts as they are written, on the API server that is Go's form
/// of the object (`evanphx/json-patch:v4/patch.go`, `lazyNode.equal`): there `<`, `>` and `&` are
/// escapes, as in `sh -c 'a && b'`. All of them stand within strings only.
pub(super) fn json(body: &Value) -> Bytes {
    let text = body.to_string();
    let escaped = [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    Bytes::from(escaped.iter().fold(text, |text, (c, escape)| text.replace(*c, escape)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_written_as_go_writes_it_and_means_the_same() {
        let value = json!({"a&b": ["<x> && \u{2028}\u{2029} \"\\u003c\" größer"]});
        let bytes = json(&value);
        assert_eq!(
            std::str::from_utf8(&bytes).unwrap(),
            r#"{"a\u0026b":["\u003cx\u003e \u0026\u0026 \u2028\u2029 \"\\u003c\" größer"]}"#
        );
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }
}
