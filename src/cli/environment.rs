//! Reading the environment, once, at the start.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::app::{CiEnvironment, Environment};
use crate::terminal::ci::Runner;
use crate::text::shell_quote;

/// Variables that say who runs this, in a CI system or on a machine.
const ACTOR: &[&str] =
    &["RB_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME", "USERNAME"];

pub(super) fn read(arguments: &[OsString]) -> Environment {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let program = program(arguments.first());
    let executable = executable(arguments.first());
    let (command_line, options_end) = command_line(&program, arguments);
    let typed = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    Environment {
        command_line,
        arguments: typed.collect(),
        options_end,
        program,
        executable,
        actor: ACTOR.iter().find_map(|name| variable(name)),
        is_ci: variable("CI").is_some_and(|value| value != "false" && value != "0"),
        ci: ci(&variable),
        state_home: state_home(&variable),
        is_utf8: is_utf8(["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name))),
    }
}

fn ci(variable: &dyn Fn(&str) -> Option<String>) -> CiEnvironment {
    let is_on = |name: &str| variable(name).is_some_and(|value| value == "true");
    let runner = if is_on("GITHUB_ACTIONS") {
        Some(Runner::GitHub)
    } else if is_on("GITLAB_CI") {
        Some(Runner::GitLab)
    } else {
        None
    };
    let file = |name: &str| variable(name).map(PathBuf::from);
    CiEnvironment { runner, summary: file("GITHUB_STEP_SUMMARY"), output: file("GITHUB_OUTPUT") }
}

/// A path that is not absolute counts for nothing, says the specification of the XDG folders.
fn state_home(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))
}

/// The command line as a shell takes it, and where in it more options can stand.
fn command_line(program: &str, arguments: &[OsString]) -> (String, usize) {
    let words = || arguments.iter().skip(1).map(|word| word.to_string_lossy());
    let joined = |words: &mut dyn Iterator<Item = Cow<'_, str>>| {
        words.fold(program.to_owned(), |line, word| format!("{line} {}", shell_quote(&word)))
    };
    let options_end = joined(&mut words().take_while(|word| word != "--")).len();
    (joined(&mut words()), options_end)
}

/// kubectl runs its plugins as `kubectl-rb`.
fn program(argument: Option<&OsString>) -> String {
    let stem = argument.and_then(|name| Path::new(name).file_stem()?.to_str());
    if stem == Some("kubectl-rb") { "kubectl rb".to_owned() } else { "rb".to_owned() }
}

/// A path stays right in another folder; a name is looked up again.
fn executable(argument: Option<&OsString>) -> String {
    let called = argument.map_or(Path::new("rb"), Path::new);
    let path = if called.components().count() > 1 {
        std::path::absolute(called).unwrap_or_else(|_| called.to_owned())
    } else {
        called.to_owned()
    };
    path.to_string_lossy().into_owned()
}

fn is_utf8(locale: Option<String>) -> bool {
    match locale {
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => cfg!(any(target_os = "macos", windows)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_print_the_name_that_was_typed() {
        assert_eq!(program(Some(&"/usr/bin/kubectl-rb".into())), "kubectl rb");
        assert_eq!(program(Some(&"target/debug/rb".into())), "rb");
        assert_eq!(program(None), "rb");
    }

    #[test]
    fn more_options_stand_before_what_is_no_option() {
        for (typed, again) in [
            (&["rb", "undo", "deploy/a b"][..], "rb undo 'deploy/a b' --yes"),
            (&["rb", "undo", "--", "deploy/web"][..], "rb undo --yes -- deploy/web"),
            (&["rb", "undo", "--reason", "a -- b", "x"][..], "rb undo --reason 'a -- b' x --yes"),
        ] {
            let arguments: Vec<OsString> = typed.iter().map(OsString::from).collect();
            let (command_line, options_end) = command_line("rb", &arguments);
            let environment = Environment { command_line, options_end, ..Environment::default() };
            assert_eq!(environment.again_with("--yes"), again);
        }
    }

    #[test]
    fn the_folder_for_state_is_an_absolute_path() {
        for (xdg, home, folder) in [
            (Some("/x"), Some("/home/a"), Some("/x")),
            (Some("x"), Some("/home/a"), Some("/home/a/.local/state")),
            (None, Some("/home/a"), Some("/home/a/.local/state")),
            (None, Some("a"), None),
            (None, None, None),
        ] {
            let variable = |name: &str| {
                let value = if name == "HOME" { home } else { xdg };
                value.map(str::to_owned)
            };
            assert_eq!(state_home(&variable), folder.map(PathBuf::from));
        }
    }

    #[test]
    fn the_locale_decides_which_characters_are_shown() {
        assert!(is_utf8(Some("de_DE.UTF-8".into())));
        assert!(is_utf8(Some("C.utf8".into())));
        assert!(!is_utf8(Some("C".into())));
    }
}
