//! Who the commit is by, and how it is signed: as the user has set it up for `git`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::GitSettings;
use crate::error::{Error, ErrorKind, Result};
use crate::git::commit::identity::{Role, find};
use crate::git::commit::message::Style;
use crate::git::commit::signing::Signing;
use crate::git::program::user_config::UserConfig;
use crate::revert::land::By;
use crate::revert::plan::Terms;

/// For touching a key, or typing its passphrase.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folder in which `rb` runs.
pub(in crate::cli) fn folder() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| {
        let message = "cannot tell the working directory: it may be gone";
        Error::new(ErrorKind::Usage, message).because(error).hint("go to one that is there: cd ~")
    })
}

/// What goes into the commit besides the change, as the configuration says it is written.
pub(in crate::cli) fn terms(
    settings: &GitSettings,
    by: &By,
    asked_by: String,
    (reason, incident): (Option<&str>, Option<&str>),
) -> Terms {
    let style = settings.message.clone().map_or(Style::Git, Style::Template);
    Terms {
        reason: reason.map(str::to_owned),
        incident: incident.map(str::to_owned),
        by: asked_by,
        style,
        sign_off: settings.sign_off.then(|| by.committer.clone()),
    }
}

pub(in crate::cli) fn by(config: &UserConfig, folder: &Path) -> Result<By> {
    let variable = |name: &str| std::env::var(name).ok();
    let author = find(Role::Author, variable, config)?;
    let committer = find(Role::Committer, variable, config)?;
    let signing = Signing::configured(config, None, &committer, folder, PATIENCE)?;
    Ok(By { author, committer, signing })
}
