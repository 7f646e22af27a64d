//! How a revert in Git is written.

use super::cursor::At;
use super::format;

/// `git:` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitSettings {
    /// What the message of a revert looks like: a subject, and perhaps lines of a body after a blank
    /// one; `None` leaves it as `git revert` writes it. Its places are those of
    /// `git::commit::message::Style::Template`.
    pub message: Option<String>,
    /// Whether the commit gets a `Signed-off-by`.
    pub sign_off: bool,
}

pub(super) fn read(at: &At<'_>) -> GitSettings {
    let Some(fields) = at.section(&format::GIT) else { return GitSettings::default() };
    GitSettings {
        message: fields.get("message").and_then(|at| at.text()).map(str::to_owned),
        sign_off: fields.get("signOff").and_then(|at| at.flag()).unwrap_or(false),
    }
}
