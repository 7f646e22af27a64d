//! The configuration: a file of a checkout, or a ConfigMap of the namespace.
#![no_main]

use std::collections::BTreeMap;
use std::path::Path;

use kubectl_rb::config::{Origin, Settings, probe_of_rollback_config};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Settings::parse(text, &Origin::file(Path::new("rb.yaml")));
    let (url, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (threshold, interval) = rest.split_once('\n').unwrap_or((rest, ""));
    let data = [
        ("health_check_url", url),
        ("failure_threshold", threshold),
        ("check_interval", interval),
    ];
    let data: BTreeMap<String, String> =
        data.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let _ = probe_of_rollback_config(&data);
});
