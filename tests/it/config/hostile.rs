//! Text that nobody wrote by mistake ends in one clear error, and never in a panic.

use kubectl_rb::config::{FORMAT, MAX_BYTES, check_ids, probe_of_rollback_config};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use super::{parse, refused};
use crate::suite::{Test, pure};

/// `PROPTEST_CASES` asks for more.
const CASES: u32 = 256;

pub(crate) fn tests() -> Vec<Test> {
    pure![
        bombs_end_in_one_clear_error,
        the_largest_text_is_read,
        no_text_makes_it_panic,
        no_text_of_known_words_makes_it_panic,
        no_config_map_makes_it_panic,
    ]
}

/// Each is larger by far than what it takes to write it down.
fn bombs_end_in_one_clear_error() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let nine = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs += &format!("a{level}: &a{level} [{nine}]\n");
    }
    let long_key = format!("? {}\n: x\n", "k".repeat(MAX_BYTES - 10));
    for (text, said) in [
        (laughs, "aliases grow to more than a configuration holds"),
        ("x".repeat(10 * MAX_BYTES), "rb.yaml:1:1: is larger than 1 MiB"),
        ("[".repeat(MAX_BYTES), "recursion limit"),
        ("{a: ".repeat(MAX_BYTES / 4), "recursion limit"),
        ("- ".repeat(MAX_BYTES / 2), "rb.yaml:1:49: is nested too deep"),
        ("- x\n".repeat(MAX_BYTES / 4), "there is too much here for a configuration"),
        ((0..60_000).map(|n| format!("{n}: x\n")).collect(), "there is too much here"),
        ("version: 1\0\n".to_owned(), "unexpected character"),
        ("\u{1b}[31m: x".to_owned(), "rb.yaml:1:1: "),
        ("&a ".repeat(MAX_BYTES / 3), "rb.yaml:1:4: "),
        ("version: 1\n---\n".repeat(1000), "rb.yaml:2:1: a second document begins here"),
        (format!("version: 1\n{}: x\n", "k".repeat(1000)), "kkk...: no such key"),
        (long_key, "rb.yaml:1:1: "),
        (" ".repeat(MAX_BYTES), "is empty; the least is version: 1"),
        (String::new(), "rb.yaml:1:1: is empty; the least is version: 1"),
        ("# nothing\n".to_owned(), "is empty; the least is version: 1"),
        ("\u{feff}".to_owned(), "is empty; the least is version: 1"),
    ] {
        let start: String = text.chars().take(30).collect();
        let lines = refused(&text);
        assert!(lines.iter().any(|line| line.contains(said)), "{start:?}: {lines:?}");
        assert!(lines.iter().all(|line| line.len() < 500), "{start:?}: {lines:?}");
    }
}

fn the_largest_text_is_read() {
    let comments = "# a comment\n".repeat(MAX_BYTES / 12 - 1);
    assert!(parse(&format!("{comments}version: 1\n")).is_ok());
    let entry = "  - match: {namespace: shop, name: checkout}\n    verify: {stableFor: 30s}\n";
    assert!(parse(&format!("version: 1\nworkloads:\n{}", entry.repeat(3000))).is_ok());
    assert!(parse("\u{feff}version: 1\r\npreflight: {requireReason: true}\r\n").is_ok());
}

fn check<S: Strategy>(strategy: &S, test: impl Fn(S::Value)) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let test = |value| {
        test(value);
        Ok(())
    };
    if let Err(failure) = TestRunner::new(config).run(strategy, test) {
        panic!("{failure}");
    }
}

fn no_text_makes_it_panic() {
    check(&any::<String>(), |text| drop(parse(&text)));
    check(&"[-a-z0-9:{}\\[\\]&*!|>'\"%@`#?,~<. \n\t]{0,80}", |text| {
        drop(parse(&text));
        drop(parse(&format!("version: 1\nverify: {text}")));
    });
}

/// Trees of the words that the format knows, so that they get past the first look.
fn no_text_of_known_words_makes_it_panic() {
    let keys: Vec<&str> = FORMAT.iter().flat_map(|section| section.keys.iter().copied()).collect();
    let names = [keys.as_slice(), &check_ids::VERIFY, &check_ids::PREFLIGHT, &["http.a", "", "é"]];
    let names = names.concat();
    let scalars = select(vec![
        "1",
        "-1",
        "0",
        "70000",
        "1.5",
        "true",
        "~",
        "a",
        "*",
        "url",
        "pod",
        "HEAD",
        "30s",
        "5m",
        "http",
        "ignore",
        "required",
        "block",
        "(",
        "https://a/",
        "http://a:b@c/",
        "/x",
        "/..",
        "RB_PROBE_A",
        "'1'",
        "''",
        "\"\\u0000\"",
        "Deployment",
        "99999999999999999999",
    ]);
    let tree = scalars.prop_map(str::to_owned).prop_recursive(6, 48, 6, move |inner| {
        let list = vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", ")));
        let map = btree_map(select(names.clone()), inner, 0..6).prop_map(|entries| {
            let entries = entries.iter().map(|(key, value)| format!("\"{key}\": {value}"));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        });
        prop_oneof![list, map.clone(), map]
    });
    check(&vec(tree, 3), |trees| {
        let [preflight, verify, workload] = trees.as_slice() else { return };
        let text = format!(
            "version: 1\npreflight: {preflight}\nverify: {verify}\nworkloads: \
             [{{match: {{}}, verify: {verify}}}, {workload}]\n"
        );
        if let Ok(settings) = parse(&text) {
            let target = kubectl_rb::rollback::model::target::Target {
                api_version: String::new(),
                kind: String::new(),
                namespace: String::new(),
                name: String::new(),
            };
            let _ = settings.for_workload(&target, &std::collections::BTreeMap::new());
        }
    });
}

fn no_config_map_makes_it_panic() {
    let url = prop_oneof![any::<String>(), "http://[-a-z0-9.:@/%\\[\\]?#]{0,30}"];
    check(&(url, any::<String>(), any::<String>()), |(url, threshold, interval)| {
        let keys = ["health_check_url", "failure_threshold", "check_interval"];
        let data = keys.map(str::to_owned).into_iter().zip([url, threshold, interval]).collect();
        drop(probe_of_rollback_config(&data));
    });
}
