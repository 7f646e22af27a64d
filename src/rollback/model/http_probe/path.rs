//! The path of a probe, as it goes over the wire: it stays below the program that is probed.

use std::fmt::Write as _;

/// How often a path may be encoded on top of itself before it counts as hostile.
const LAYERS: usize = 4;

/// Percent-encodes what a request line cannot hold, and puts a slash before it. What is encoded
/// already stays as it is.
///
/// The path is appended to one of the API server's, and whatever stands before that may resolve `..`
/// in any spelling: so there must be none.
pub fn encode(path: &str) -> Result<String, String> {
    if path.chars().any(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    if path.contains('#') {
        return Err("has a #, which is not sent to a server: write %23".to_owned());
    }
    if climbs(path.split('?').next().unwrap_or_default()) {
        return Err("has a segment . or .. in it".to_owned());
    }
    let mut encoded = String::with_capacity(path.len() + 1);
    if !path.starts_with('/') {
        encoded.push('/');
    }
    for (index, byte) in path.bytes().enumerate() {
        match byte {
            b'%' if hex(path.as_bytes(), index).is_none() => {
                return Err("has a % that encodes nothing: write %25".to_owned());
            }
            b'%' => encoded.push('%'),
            _ if is_plain(byte) => encoded.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    Ok(encoded)
}

/// A path for messages and logs, without its query: that may hold a token.
#[must_use]
pub fn shown(path: &str) -> String {
    match path.split_once('?') {
        Some((path, _)) => format!("{path}?..."),
        None => path.to_owned(),
    }
}

/// Whether a segment leads upwards, for anybody who decodes it once or more often.
fn climbs(path: &str) -> bool {
    let mut text = path.as_bytes().to_vec();
    for _ in 0..LAYERS {
        // Some servers take a backslash for a slash, and cut a segment at its first semicolon.
        let leads = |segment: &[u8]| {
            let bare = segment.split(|byte| *byte == b';').next().unwrap_or_default();
            bare == b".." || segment == b"."
        };
        if text.split(|byte| matches!(byte, b'/' | b'\\')).any(leads) {
            return true;
        }
        let decoded = decode(&text);
        if decoded == text {
            return false;
        }
        text = decoded;
    }
    true
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut index = 0;
    while let Some(byte) = text.get(index) {
        let escaped = hex(text, index).filter(|_| *byte == b'%');
        decoded.push(escaped.unwrap_or(*byte));
        index += if escaped.is_some() { 3 } else { 1 };
    }
    decoded
}

/// The byte that two digits after `index` stand for.
fn hex(text: &[u8], index: usize) -> Option<u8> {
    let digits = text.get(index + 1..index + 3)?;
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// What RFC 3986 allows in a path and a query.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte)
}
