//! What is refused, with the exact words: `tests/config/mistakes.txt`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kubectl_rb::config::{Origin, Settings};
use kubectl_rb::rollback::model::hint::Hints;
use snapbox::{Data, assert_data_eq};

use super::{parse, refused};
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        each_mistake_is_told_in_these_words,
        values_that_may_be_secret_are_not_repeated,
        several_mistakes_are_causes_and_one_is_the_message,
        a_flood_of_mistakes_is_cut,
        the_hint_is_the_command_that_edits_it,
        the_config_map_is_read_under_its_key_or_the_only_one,
    ]
}

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/mistakes.txt")
}

/// The configurations of the table, with the comments between them.
fn blocks(text: &str) -> Vec<String> {
    let plain = |block: &str| {
        let lines = block.lines().filter(|line| !line.starts_with("> "));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    text.split("\n\n").map(plain).filter(|block| !block.is_empty()).collect()
}

fn is_comment(block: &str) -> bool {
    block.lines().all(|line| line.starts_with('#'))
}

fn each_mistake_is_told_in_these_words() {
    let path = table();
    let text = std::fs::read_to_string(&path).expect("the table");
    let with_answers = |block: String| {
        if is_comment(&block) {
            return block;
        }
        let answers = refused(&block).into_iter().map(|line| format!("> {line}\n"));
        format!("{block}{}", answers.collect::<String>())
    };
    let answered: Vec<String> = blocks(&text).into_iter().map(with_answers).collect();
    assert!(answered.len() > 40, "{} blocks", answered.len());
    assert_data_eq!(answered.join("\n"), Data::read_from(&path, None).raw());
}

fn values_that_may_be_secret_are_not_repeated() {
    let text = std::fs::read_to_string(table()).expect("the table");
    let secret: Vec<String> =
        blocks(&text).into_iter().filter(|block| block.contains("c2VjcmV0")).collect();
    assert!(secret.len() >= 3, "{secret:?}");
    for block in secret {
        for line in refused(&block) {
            assert!(!line.contains("c2VjcmV0") && !line.contains("dana"), "{line}");
        }
    }
}

fn several_mistakes_are_causes_and_one_is_the_message() {
    let one = parse("version: 1\nslo: []\n").expect_err("a mistake");
    assert!(one.to_string().starts_with("rb.yaml:2:1: slo: no such key"), "{one}");
    assert_eq!(one.causes(), [] as [&str; 0]);
    let two = parse("slo: []\nversion: x\n").expect_err("mistakes");
    assert_eq!(two.to_string(), "rb.yaml has 2 mistakes");
    assert!(two.causes()[0].starts_with("rb.yaml:1:1: slo: "), "{two:?}");
    assert!(two.causes()[1].starts_with("rb.yaml:2:10: version: "), "{two:?}");
}

fn a_flood_of_mistakes_is_cut() {
    let keys: String = (0..1000).map(|number| format!("key{number}: x\n")).collect();
    let error = parse(&format!("version: 1\n{keys}")).expect_err("mistakes");
    assert_eq!(error.to_string(), "rb.yaml has 1000 mistakes");
    assert_eq!(error.causes().len(), 21);
    assert_eq!(error.causes()[20], "and 980 more");
}

fn the_hint_is_the_command_that_edits_it() {
    let text = "version: 1\n\nslo: []\n";
    let of = |origin: &Origin| {
        let error = Settings::parse(text, origin).expect_err("a mistake");
        (error.to_string(), error.hints().to_vec())
    };
    let (said, hints) = of(&Origin::file(Path::new("my folder/rb.yaml")));
    assert!(said.starts_with("my folder/rb.yaml:3:1: slo: "), "{said}");
    assert_eq!(hints, ["to edit it: ${EDITOR:-vi} +3 'my folder/rb.yaml'"]);
    let (said, hints) = of(&Origin::config_map("rb.yaml", &pinned()));
    assert!(said.starts_with("configmap/rb-config:rb.yaml:3:1: slo: "), "{said}");
    assert_eq!(hints, ["kubectl edit configmap/rb-config -n shop --context prod"]);
}

fn pinned() -> Hints {
    Hints {
        program: "rb".to_owned(),
        pin: "--context prod".to_owned(),
        namespace: "shop".to_owned(),
    }
}

fn the_config_map_is_read_under_its_key_or_the_only_one() {
    let of = |data: &[(&str, &str)]| {
        let data = data.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned()));
        let data: BTreeMap<String, String> = data.collect();
        Settings::of_config_map(&data, &pinned()).map_err(|error| error.to_string())
    };
    let text = "version: 1\npreflight: {verifiedOnly: true}\n";
    for data in [&[("rb.yaml", text), ("a", "x")][..], &[("config", text)]] {
        assert!(of(data).expect("settings").preflight.verified_only);
    }
    for data in [&[("a", text), ("b", text)][..], &[]] {
        assert_eq!(of(data), Err("configmap/rb-config has no key rb.yaml".to_owned()));
    }
    let wrong = of(&[("config", "version: one")]).expect_err("a mistake");
    assert!(wrong.starts_with("configmap/rb-config:config:1:10: version: must be"), "{wrong}");
}
