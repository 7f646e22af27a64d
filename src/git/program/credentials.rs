//! Credentials for one host, and how `git` gets them: by its environment. Argument lists can be read
//! by everybody on the machine, URLs end in logs and files.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// What `git` runs to be told: no secret stands in it. It answers nothing but `get`.
const HELPER: &str = r#"!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$RB_GIT_USERNAME" "$RB_GIT_PASSWORD"; }; f"#;

/// Bytes from which on a password is masked in texts.
const PASSWORD: usize = 6;
/// The same of a name: those are short, and tokens are not.
const TOKEN: usize = 16;

/// Who we are for one host. Printing it shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A name alone: the password is for the user's credential helpers to say.
    User(String),
    /// A name and a password or token.
    Basic {
        /// The name; hosts that take tokens mostly ignore it.
        user: String,
        /// The secret.
        password: String,
    },
    /// A token that is sent as it is.
    Bearer(String),
}

impl Credentials {
    /// Refuses what would end a line of the credential protocol or of HTTP.
    pub fn checked(self) -> Result<Self> {
        if self.texts().iter().any(|text| text.chars().any(char::is_control)) {
            let message = "the credentials for Git have a line end or a control character";
            return Err(Error::new(ErrorKind::Usage, message));
        }
        Ok(self)
    }

    /// Settings of `git` (name and value) that are for this origin (`https://host:port`) only.
    pub(in crate::git) fn settings(&self, origin: &str) -> Vec<(String, String)> {
        let helper = format!("credential.{origin}.helper");
        match self {
            Self::User(user) => vec![(format!("credential.{origin}.username"), user.clone())],
            // The empty value makes `git` forget the helpers that it had until there.
            Self::Basic { .. } => {
                vec![(helper.clone(), String::new()), (helper, HELPER.to_owned())]
            }
            Self::Bearer(token) => {
                let header = format!("http.{origin}/.extraHeader");
                let value = format!("Authorization: Bearer {token}");
                // Git would send the header on to wherever it is redirected.
                let stay = (format!("http.{origin}/.followRedirects"), "false".to_owned());
                vec![
                    (helper, String::new()),
                    (header.clone(), String::new()),
                    (header, value),
                    stay,
                ]
            }
        }
    }

    /// Variables of the environment that [`Credentials::settings`] refer to.
    pub(in crate::git) fn variables(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Basic { user, password } => {
                vec![("RB_GIT_USERNAME", user), ("RB_GIT_PASSWORD", password)]
            }
            Self::User(_) | Self::Bearer(_) => Vec::new(),
        }
    }

    /// What must be in no text that anybody sees. Git itself never says them but in a URL, which is
    /// masked anyway; a short word would be found in the middle of what it says.
    pub(in crate::git) fn secrets(&self) -> Vec<&str> {
        let (text, shortest) = match self {
            // A token may stand in the place of the name.
            Self::Basic { user, password } if password.is_empty() => (user, TOKEN),
            Self::User(user) => (user, TOKEN),
            Self::Basic { password, .. } => (password, PASSWORD),
            Self::Bearer(token) => (token, PASSWORD),
        };
        if text.len() < shortest { Vec::new() } else { vec![text] }
    }

    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Basic { user, password } => vec![user, password],
            Self::Bearer(text) | Self::User(text) => vec![text],
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User(_) => "User(…)",
            Self::Basic { .. } => "Basic(…)",
            Self::Bearer(_) => "Bearer(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(user: &str, password: &str) -> Credentials {
        Credentials::Basic { user: user.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn they_are_bound_to_one_origin() {
        let all = [basic("u", "s3cret"), Credentials::Bearer("s3cret".to_owned())];
        for credentials in all {
            let settings = credentials.settings("https://git.test:8443");
            assert!(settings.iter().all(|(name, _)| name.contains(".https://git.test:8443")));
            assert!(!format!("{credentials:?}").contains("s3cret"));
            assert_eq!(credentials.secrets(), ["s3cret"]);
        }
        let settings = basic("u", "s3cret").settings("https://git.test");
        assert!(settings.iter().all(|(_, value)| !value.contains("s3cret")), "{settings:?}");
    }

    #[test]
    fn short_words_are_not_masked() {
        assert!(Credentials::User("ann".to_owned()).secrets().is_empty());
        assert!(basic("u", "not").secrets().is_empty());
        let token = "ghp_0123456789abcdef";
        assert_eq!(Credentials::User(token.to_owned()).secrets(), [token]);
        assert_eq!(basic(token, "").secrets(), [token]);
    }

    #[test]
    fn a_line_end_is_refused() {
        assert!(basic("u", "a\nhost=evil.test").checked().is_err());
        assert!(Credentials::Bearer("a\r\nX: y".to_owned()).checked().is_err());
        assert!(basic("u", "p%ss wörd").checked().is_ok());
    }
}
