//! The scripts. Those of zsh, fish and PowerShell are `clap_complete`'s; that of bash is our own, since
//! bash takes words apart at colons; kubectl asks a program.

use std::path::Path;

use clap_complete::env::{EnvCompleter, Fish, Powershell, Zsh};

use super::Shell;
use crate::text::shell_quote;

/// The variable that makes rb complete instead of run; its value says who asks.
pub(super) const VARIABLE: &str = "RB_COMPLETE";

const BASH: &str = r#"_FUNCTION() {
    local line words=("${COMP_WORDS[@]}")
    # Up to the cursor. A colon or an equals sign alone is a part of a word.
    case "${words[COMP_CWORD]}" in
        *[!:=]*) words[COMP_CWORD]="$2" ;;
    esac
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(VARIABLE=bash _CLAP_COMPLETE_INDEX="$COMP_CWORD" EXECUTABLE -- "${words[@]}" 2>/dev/null)
    if [[ "${COMPREPLY-}" == *[/=:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
    return 0
}
complete -o nosort -F _FUNCTION NAME 2>/dev/null || complete -F _FUNCTION NAME
"#;

const KUBECTL: &str = r#"#!/bin/sh
# kubectl runs this to complete `kubectl rb`: a file called kubectl_complete-rb on the PATH.
exec env VARIABLE=kubectl EXECUTABLE -- "$@"
"#;

/// The script that makes this shell ask `executable`, for the name that it has.
pub(super) fn of(shell: Shell, executable: &str) -> String {
    let name = Path::new(executable).file_stem().and_then(|name| name.to_str());
    let is_plain = |name: &&str| shell_quote(name) == *name && !name.is_empty();
    let name = name.filter(is_plain).unwrap_or("rb");
    let fill = |script: &str| {
        script
            .replace("FUNCTION", &format!("rb_complete_{}", identifier(name)))
            .replace("VARIABLE", VARIABLE)
            .replace("NAME", name)
            .replace("EXECUTABLE", &shell_quote(executable))
    };
    match shell {
        Shell::Bash => fill(BASH),
        Shell::Kubectl => fill(KUBECTL),
        Shell::Zsh => registration(&Zsh, name, executable),
        Shell::Fish => registration(&Fish, name, executable),
        Shell::Powershell => registration(&Powershell, name, executable),
    }
}

fn registration(shell: &dyn EnvCompleter, name: &str, executable: &str) -> String {
    let mut script = Vec::new();
    let written =
        shell.write_registration(VARIABLE, &identifier(name), name, executable, &mut script);
    written.map(|()| String::from_utf8_lossy(&script).into_owned()).unwrap_or_default()
}

fn identifier(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_for_the_name_and_asks_the_program_that_was_typed() {
        for (executable, name) in
            [("rb", "rb"), ("/opt/rb/bin/rb", "rb"), ("/home/x y/kubectl-rb", "kubectl-rb")]
        {
            let quoted = shell_quote(executable);
            let script = of(Shell::Bash, executable);
            assert!(script.contains(&format!(" {quoted} -- \"${{words[@]}}\"")), "{script}");
            assert!(script.contains(&format!(" {name} 2>/dev/null || complete ")), "{script}");
            assert!(of(Shell::Kubectl, executable).contains(&format!(" {quoted} -- \"$@\"")));
            for shell in [Shell::Zsh, Shell::Fish, Shell::Powershell] {
                let script = of(shell, executable);
                assert!(script.contains(VARIABLE) && script.contains(executable), "{script}");
            }
        }
        assert!(of(Shell::Zsh, "rb").starts_with("#compdef rb\n"));
    }
}
