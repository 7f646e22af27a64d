//! Text that is shown: no terminal and no CI runner may obey it.
#![no_main]

use kubectl_rb::text::{plain_json, sanitize, shorten, truncate, width, wrap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let safe = sanitize(text);
    assert!(!safe.chars().any(char::is_control));
    assert!(!safe.trim_start().starts_with("::") && !safe.contains("##["));
    assert_eq!(sanitize(&safe), safe);
    assert!(width(&truncate(text, 20)) <= 20 && width(&shorten(text, 20)) <= 20);
    assert!(wrap(text, 20).iter().all(|line| width(line) <= 20));
    let document = serde_json::json!({"text": text}).to_string();
    let plain = plain_json(&document);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&plain).ok(), serde_json::from_str(&document).ok());
});
