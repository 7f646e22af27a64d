//! Who a commit is by: what was asked for, else the environment, else the configuration. Nobody is ever
//! made up from the name of the machine.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::git::program::user_config::UserConfig;
use crate::text::sanitize;

/// A person or a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name; never empty.
    pub name: String,
    /// The address.
    pub email: String,
}

/// As Git writes it: `Name <address>`.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}

/// Which of the two that a commit names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who wanted the change.
    Author,
    /// Who made the commit.
    Committer,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Committer => "committer",
        }
    }
}

impl Identity {
    /// From `Name <address>`. Fails with [`ErrorKind::Usage`] where it is not of that form.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = || {
            let message = format!("{} is not of the form NAME <ADDRESS>", sanitize(text));
            Error::new(ErrorKind::Usage, message)
        };
        let (name, rest) = text.split_once('<').ok_or_else(refuse)?;
        let email = rest.trim_end().strip_suffix('>').ok_or_else(refuse)?;
        Self::new(name, email).ok_or_else(refuse)
    }

    /// Without what Git takes out of both; `None` where nothing is left of one, or a line end or a
    /// bracket stands within it.
    fn new(name: &str, email: &str) -> Option<Self> {
        let crud = |c: char| c.is_control() || " .,:;<>\"\\'".contains(c);
        let [name, email] = [name, email].map(|text| text.trim_matches(crud).to_owned());
        let is_bad = |text: &String| {
            text.is_empty() || text.contains(['<', '>']) || text.contains(char::is_control)
        };
        (!is_bad(&name) && !is_bad(&email)).then_some(Self { name, email })
    }
}

/// Finds who a commit is by. `environment` gives the values of variables: `GIT_AUTHOR_NAME` and its
/// like, then `EMAIL`. The settings are `author.name`, `user.name` and their like. Fails with
/// [`ErrorKind::Usage`] where they do not say, with the commands that would.
pub fn find(
    role: Role,
    environment: impl Fn(&str) -> Option<String>,
    config: &UserConfig,
) -> Result<Identity> {
    let part = |part: &str| {
        let variable = format!("GIT_{}_{}", role.word(), part).to_ascii_uppercase();
        let set = |key: String| config.get(&key).map(str::to_owned);
        environment(&variable)
            .filter(|value| !value.trim().is_empty())
            .or_else(|| set(format!("{}.{part}", role.word())))
            .or_else(|| set(format!("user.{part}")))
    };
    let email = part("email").or_else(|| environment("EMAIL"));
    let missing = |what: &str| {
        let message = format!("nothing says who the {} of the commit is", role.word());
        Error::new(ErrorKind::Usage, message)
            .because(format!("there is no {what}"))
            .hint("git config --global user.name 'Your Name'")
            .hint("git config --global user.email you@example.com")
            .hint("in a CI job: set GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL and the same for COMMITTER")
    };
    let name = part("name").ok_or_else(|| missing("name"))?;
    let email = email.ok_or_else(|| missing("address"))?;
    Identity::new(&name, &email).ok_or_else(|| {
        let message = format!("the name or the address of the {} cannot be used", role.word());
        let shown = format!("{name} <{email}>");
        Error::new(ErrorKind::Usage, message).because(sanitize(&shown).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], config: &UserConfig) -> Result<String> {
        let environment = |name: &str| {
            let variable = variables.iter().find(|(key, _)| *key == name);
            variable.map(|(_, value)| (*value).to_owned())
        };
        find(Role::Committer, environment, config).map(|identity| identity.to_string())
    }

    #[test]
    fn the_environment_comes_first_and_then_the_configuration() {
        let config = UserConfig::from([("user.name", "Ann"), ("user.email", "ann@shop.example")]);
        assert_eq!(found(&[], &config).unwrap(), "Ann <ann@shop.example>");
        let environment = [("GIT_COMMITTER_NAME", "Bot"), ("GIT_COMMITTER_EMAIL", "bot@x.example")];
        assert_eq!(found(&environment, &config).unwrap(), "Bot <bot@x.example>");
        assert_eq!(
            found(&[("GIT_AUTHOR_NAME", "Other")], &config).unwrap(),
            "Ann <ann@shop.example>"
        );
        let config = UserConfig::from([("committer.name", "C"), ("user.name", "U")]);
        assert_eq!(found(&[("EMAIL", "e@x.example")], &config).unwrap(), "C <e@x.example>");
    }

    #[test]
    fn nobody_is_made_up() {
        for (config, what) in [
            (UserConfig::default(), "there is no name"),
            (UserConfig::from([("user.name", "Ann")]), "there is no address"),
            (UserConfig::from([("user.name", "<>"), ("user.email", "a@b")]), "<> <a@b>"),
        ] {
            let error = found(&[], &config).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert_eq!(error.causes(), [what]);
        }
    }

    #[test]
    fn a_line_end_in_a_name_does_not_become_a_header() {
        for text in ["Ann\nparent 1 <a@b>", "Ann <a@b", "Ann", "<a@b>", "A <a<b>>", "A <a\n@b>"] {
            assert!(Identity::parse(text).is_err(), "{text:?}");
        }
        let identity = Identity::parse(" Ann B. <ann@shop.example> ").unwrap();
        assert_eq!(identity.to_string(), "Ann B <ann@shop.example>");
    }
}
