//! Tokens of programs that are logged in to a host: `gh`, `glab`. They are asked, because their tokens
//! may be in a keyring; where they are not installed their files are read.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout_at;

use super::Place;
use super::token::{Environment, Token};
use crate::cluster::Deadline;

/// How long a program may take to say a token: keyrings are slow.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much is read of what it says.
const LIMIT: u64 = 64 * 1024;
/// How big a file with logins may be.
const FILE_LIMIT: u64 = 1024 * 1024;

/// A program that may be logged in to a host.
#[derive(Debug)]
pub struct Login {
    /// Its name.
    pub program: &'static str,
    /// What makes it say its token; the name of the server follows.
    pub say: &'static [&'static str],
    /// What makes it log in; the name of the server follows.
    pub log_in: &'static str,
    /// Variables that it would answer with for servers that they are not for.
    pub without: &'static [&'static str],
    /// The variable with the folder of its file.
    pub folder_in: &'static str,
    /// Else the folder below that of the user's configuration.
    pub folder: &'static str,
    /// Its file.
    pub file: &'static str,
    /// The path to the token in the file; the name of the server stands for `{}`.
    pub path: &'static [&'static str],
}

impl Login {
    /// The command that logs in.
    #[must_use]
    pub fn command(&self, place: &Place) -> String {
        format!("{} {} {}", self.program, self.log_in, place.host)
    }

    /// The token of the login, if there is one.
    pub async fn token(
        &self,
        place: &Place,
        environment: &Environment,
        deadline: Deadline,
    ) -> Option<Token> {
        let arguments: Vec<&str> = self.say.iter().copied().chain([place.host.as_str()]).collect();
        let variables = environment.without(self.without);
        let said = ask_program(self.program, &arguments, &variables, b"", deadline).await;
        let said = said.and_then(|said| String::from_utf8(said).ok());
        let source = || format!("{} {}", self.program, self.say.join(" "));
        // Several lines are a message.
        let token = said.filter(|said| said.trim().lines().count() == 1);
        token
            .and_then(|said| Token::new(&said, source()))
            .or_else(|| self.of_file(place, environment))
    }

    fn of_file(&self, place: &Place, environment: &Environment) -> Option<Token> {
        let path = self.file_path(environment)?;
        if std::fs::metadata(&path).ok()?.len() > FILE_LIMIT {
            return None;
        }
        self.read(&std::fs::read_to_string(&path).ok()?, &place.host)
    }

    fn file_path(&self, environment: &Environment) -> Option<PathBuf> {
        let folder = |name: &str| environment.get(name).map(PathBuf::from);
        let of_user = || {
            let configuration =
                folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
            Some(configuration?.join(self.folder))
        };
        Some(folder(self.folder_in).or_else(of_user)?.join(self.file))
    }

    fn read(&self, text: &str, server: &str) -> Option<Token> {
        // glab marks its tokens as null (`token: !!null glpat-…`).
        let document: Value = serde_yaml::from_str(&text.replace("!!null ", "")).ok()?;
        let step = |value, name: &&str| {
            let name = if *name == "{}" { server } else { *name };
            Value::get(value, name)
        };
        let secret = self.path.iter().try_fold(&document, step)?.as_str()?;
        Token::new(secret, format!("the login of {} in {}", self.program, self.file))
    }
}

/// Runs a program that says something short on its stdout; `None` where it is not there, fails, or
/// does not end in time. What it complains about may hold secrets, and is not read.
pub(super) async fn ask_program(
    program: &str,
    arguments: &[&str],
    environment: &Environment,
    input: &[u8],
    deadline: Deadline,
) -> Option<Vec<u8>> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment.variables()).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let talk = async {
        let mut stdin = stdin?;
        // It may not want to hear it.
        let _ = stdin.write_all(input).await;
        drop(stdin);
        let mut said = Vec::new();
        stdout?.take(LIMIT).read_to_end(&mut said).await.ok()?;
        child.wait().await.ok()?.success().then_some(said)
    };
    let answer = timeout_at(deadline.earlier(PATIENCE).instant(), talk).await;
    tracing::debug!(program, answered = matches!(answer, Ok(Some(_))), "asked for a token");
    answer.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosting::by_word;

    fn login(word: &str) -> &'static Login {
        by_word(word).unwrap().login().unwrap()
    }

    #[test]
    fn files_are_read_as_the_programs_write_them() {
        let gh = "github.com:\n    user: me\n    oauth_token: gho_a\n    git_protocol: https\n\
                  git.corp:\n    oauth_token: gho_b\n";
        let secret = |word: &str, text: &str, server: &str| {
            login(word).read(text, server).map(|token| token.secret().to_owned())
        };
        assert_eq!(secret("github", gh, "github.com").as_deref(), Some("gho_a"));
        assert_eq!(secret("github", gh, "git.corp").as_deref(), Some("gho_b"));
        assert_eq!(secret("github", gh, "evil.test"), None);
        // In the keyring.
        assert_eq!(secret("github", "github.com:\n    user: me\n", "github.com"), None);
        let glab = "git_protocol: ssh\nhosts:\n    gitlab.com:\n        token: !!null glpat-a\n\
                    \x20   git.corp:8443:\n        token: glpat-b\n";
        assert_eq!(secret("gitlab", glab, "gitlab.com").as_deref(), Some("glpat-a"));
        assert_eq!(secret("gitlab", glab, "git.corp:8443").as_deref(), Some("glpat-b"));
        assert_eq!(secret("gitlab", "hosts: [", "gitlab.com"), None);
    }

    #[test]
    fn files_are_where_the_programs_have_them() {
        let path = |word: &str, pairs: &[(&str, &str)]| {
            login(word).file_path(&pairs.iter().copied().collect())
        };
        let home = ("HOME", "/h");
        assert_eq!(path("github", &[home]), Some("/h/.config/gh/hosts.yml".into()));
        assert_eq!(
            path("gitlab", &[home, ("XDG_CONFIG_HOME", "/x")]),
            Some("/x/glab-cli/config.yml".into())
        );
        assert_eq!(path("github", &[home, ("GH_CONFIG_DIR", "/g")]), Some("/g/hosts.yml".into()));
        assert_eq!(path("github", &[]), None);
    }
}
