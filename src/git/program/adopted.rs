//! What the configuration of a checkout says about the network. Credentials are among it, so it goes on
//! by the environment. Pure.

/// Of the checkout's own file and what that includes: the other files are read anyway, and twice would
/// be wrong for headers.
pub(in crate::git) const ARGUMENTS: [&str; 6] = [
    "config",
    "--local",
    "--includes",
    "--null",
    "--get-regexp",
    r"^(http|credential|url|protocol|ssh)\.|^core\.(sshcommand|askpass|gitproxy)$",
];

/// The settings in the output of `git config --null --get-regexp`.
pub(in crate::git) fn settings(output: &[u8]) -> Vec<(String, String)> {
    let texts = output.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry).ok());
    // A name without a value means yes.
    let pairs = texts.map(|entry| entry.split_once('\n').unwrap_or((entry, "true")));
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.filter(|(name, _)| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_and_values_with_line_ends() {
        let output = b"http.https://h.test/.extraheader\nAUTHORIZATION: basic eA==\0\
            url.https://a/.insteadof\nb:\0http.sslverify\0credential.helper\n!f() {\n}; f\0";
        assert_eq!(
            settings(output),
            [
                ("http.https://h.test/.extraheader", "AUTHORIZATION: basic eA=="),
                ("url.https://a/.insteadof", "b:"),
                ("http.sslverify", "true"),
                ("credential.helper", "!f() {\n}; f"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(settings(b""), []);
    }
}
