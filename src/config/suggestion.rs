//! What somebody meant who wrote a word that is not known.

/// Longer words are no slips.
const LONGEST: usize = 40;

/// The nearest known word, where one is near enough.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let plain = plain(word);
    let distance = |known: &str| strsim::damerau_levenshtein(&plain, &self::plain(known));
    let near = |(distance, known): &(usize, &str)| *distance <= (known.len() / 3).max(1);
    known.into_iter().map(|known| (distance(known), known)).filter(near).min().map(|found| found.1)
}

/// Spellings differ mostly in case and in what is between the words: `stable-for`, `stable_for`.
fn plain(word: &str) -> String {
    word.chars().filter(|c| !"-_. ".contains(*c)).flat_map(char::to_lowercase).collect()
}

/// `; did you mean …?`, or all words where none is near.
pub(super) fn advice(word: &str, known: &[&str]) -> String {
    nearest(word, known.iter().copied()).map_or_else(
        || format!("; there are {}", known.join(", ")),
        |nearest| format!("; did you mean {nearest}?"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_word() {
        let known = ["stableFor", "interval", "via", "dryrun.pod", "headersFromEnv"];
        for (word, found) in [
            ("stabelFor", Some("stableFor")),
            ("stable-for", Some("stableFor")),
            ("STABLE_FOR", Some("stableFor")),
            ("intervall", Some("interval")),
            ("vai", Some("via")),
            ("dryrunPod", Some("dryrun.pod")),
            ("headerFromEnv", Some("headersFromEnv")),
            ("headers", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), found, "{word}");
        }
        assert_eq!(nearest(&"i".repeat(10_000), known), None);
    }
}
