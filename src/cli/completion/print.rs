//! The answer as each shell reads it. Names that a shell would read as more than a word are left out,
//! and what is said of them is made harmless.

use clap_complete::engine::CompletionCandidate;

use super::Shell;
use super::line::Line;
use crate::text::{sanitize, shell_quote, truncate};

/// Columns that a description may take.
const WIDTH: usize = 80;
/// cobra's directives: no file names, and no blank after the word.
const NO_FILES: u8 = 4;
const NO_SPACE: u8 = 2;

/// One candidate a line.
pub(super) fn text(shell: Shell, line: &Line, found: &[CompletionCandidate]) -> String {
    let current = line.words.get(line.index).map(|word| word.to_string_lossy());
    let wants_flags = current.is_some_and(|word| word.starts_with('-'));
    let values = found.iter().filter_map(|candidate| {
        let value = candidate.get_value().to_str()?;
        let fits = wants_flags || !value.starts_with('-');
        (fits && !value.is_empty() && shell_quote(value) == value).then_some((value, candidate))
    });
    let values: Vec<(&str, String)> =
        values.map(|(value, candidate)| (value, description(candidate))).collect();
    let open = values.iter().any(|(value, _)| value.ends_with('/'));
    let lines = values.iter().map(|(value, words)| candidate(shell, line, value, words));
    let text: String = lines.map(|line| line + "\n").collect();
    match shell {
        Shell::Kubectl => format!("{text}:{}\n", NO_FILES + if open { NO_SPACE } else { 0 }),
        // It takes an empty last line for a candidate.
        Shell::Zsh => text.trim_end().to_owned(),
        Shell::Bash | Shell::Fish | Shell::Powershell => text,
    }
}

fn candidate(shell: Shell, line: &Line, value: &str, words: &str) -> String {
    match shell {
        Shell::Bash => value.strip_prefix(&line.kept).unwrap_or(value).to_owned(),
        Shell::Zsh if words.is_empty() => value.replace(':', "\\:"),
        Shell::Zsh => format!("{}:{}", value.replace(':', "\\:"), words.replace('\\', "\\\\")),
        _ if words.is_empty() => value.to_owned(),
        Shell::Fish | Shell::Powershell | Shell::Kubectl => format!("{value}\t{words}"),
    }
}

fn description(candidate: &CompletionCandidate) -> String {
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    let first = help.lines().next().unwrap_or_default();
    truncate(&sanitize(first), WIDTH).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(shell: Shell, words: &[&str], found: &[(&str, &str)]) -> String {
        let words: Vec<_> = words.iter().map(Into::into).collect();
        let mut line = Line::new(Shell::Fish, words, &crate::cli::command("rb"));
        if shell == Shell::Bash {
            "arn:".clone_into(&mut line.kept);
        }
        let found: Vec<_> = found
            .iter()
            .map(|(value, help)| {
                CompletionCandidate::new(value).help(Some((*help).to_owned().into()))
            })
            .collect();
        text(shell, &line, &found)
    }

    #[test]
    fn each_shell_reads_it_in_its_own_way() {
        let words = ["rb", "undo", "--context", "arn:a"];
        let found = [("arn:aws", "a \\ b"), ("arn:x", "")];
        for (shell, expected) in [
            (Shell::Bash, "aws\nx\n"),
            (Shell::Zsh, "arn\\:aws:a \\\\ b\narn\\:x"),
            (Shell::Fish, "arn:aws\ta \\ b\narn:x\n"),
            (Shell::Powershell, "arn:aws\ta \\ b\narn:x\n"),
            (Shell::Kubectl, "arn:aws\ta \\ b\narn:x\n:4\n"),
        ] {
            assert_eq!(said(shell, &words, &found), expected, "{shell:?}");
        }
        assert_eq!(said(Shell::Kubectl, &words, &[("deployment/", "")]), "deployment/\n:6\n");
    }

    #[test]
    fn hostile_names_are_left_out() {
        let hostile = [
            "$(reboot)",
            "a b",
            "a;b",
            "`x`",
            "a'b",
            "a\nb",
            "\u{1b}[31m",
            "a\u{202e}b",
            "-rf",
            "",
        ];
        for name in hostile {
            let found = [(name, ""), ("prod", "\u{9b}31mred\t\u{202e}x")];
            let text = said(Shell::Fish, &["rb", "--context", ""], &found);
            assert_eq!(text, "prod\t\\x9b31mred\\t\\u{202e}x\n", "{name:?}");
        }
    }

    #[test]
    fn flags_are_for_whoever_begins_one() {
        let found = [("--yes", ""), ("deployment/", "")];
        assert_eq!(said(Shell::Fish, &["rb", "undo", ""], &found), "deployment/\n");
        assert_eq!(said(Shell::Fish, &["rb", "undo", "-"], &found), "--yes\ndeployment/\n");
    }
}
