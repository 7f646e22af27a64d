//! What Git's credential helpers know of a server.

use super::{Environment, Token};
use crate::cluster::Deadline;
use crate::hosting::Place;
use crate::hosting::login::ask_program;

/// What describes another repository than the one of the working directory.
const FOREIGN: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_ASKPASS", "SSH_ASKPASS", "GIT_TRACE"];
/// Nobody is asked: a program that opens a window would wait for somebody who is not there.
const QUIET: [(&str, &str); 3] =
    [("GIT_TERMINAL_PROMPT", "0"), ("GCM_INTERACTIVE", "never"), ("LC_ALL", "C")];
const ARGUMENTS: [&str; 6] =
    ["-c", "core.askPass=", "-c", "credential.interactive=false", "credential", "fill"];

/// The token that `git` would push with.
pub(super) async fn of_git(
    place: &Place,
    environment: &Environment,
    deadline: Deadline,
) -> Option<Token> {
    let mut variables = environment.without(&FOREIGN);
    variables.variables.extend(QUIET.map(|(name, value)| (name.into(), value.into())));
    let asked = question(place);
    let said = ask_program("git", &ARGUMENTS, &variables, asked.as_bytes(), deadline).await?;
    answer(&String::from_utf8(said).ok()?)
}

/// A [`Place`] has no line ends: what is asked for is one server.
fn question(place: &Place) -> String {
    let (protocol, host, path) = (place.scheme, &place.host, &place.path);
    format!("protocol={protocol}\nhost={host}\npath={path}.git\n\n")
}

fn answer(said: &str) -> Option<Token> {
    let value = |name: &str| said.lines().find_map(|line| line.strip_prefix(name));
    let token = Token::new(value("password=")?, "git credential fill")?;
    Some(token.of_user(value("username=").map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_for_one_server_and_reads_name_and_password() {
        let place = Place::of_remote("https://git.corp:8443/a/b.git").unwrap();
        assert_eq!(question(&place), "protocol=https\nhost=git.corp:8443\npath=a/b.git\n\n");
        let token = answer("protocol=https\nusername=me\npassword=a=b\n").unwrap();
        assert_eq!((token.user.as_deref(), token.secret()), (Some("me"), "a=b"));
        for said in ["", "username=me\n", "password=\n", "xpassword=a\n"] {
            assert_eq!(answer(said), None, "{said}");
        }
    }
}
