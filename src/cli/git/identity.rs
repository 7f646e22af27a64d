//! Who the commit is by, and how it is signed: as the user has set it up for `git`.

use std::path::Path;
use std::time::Duration;

use crate::error::Result;
use crate::git::commit::identity::{Role, find};
use crate::git::commit::signing::Signing;
use crate::git::program::user_config::UserConfig;
use crate::revert::land::By;

/// For touching a key, or typing its passphrase.
const PATIENCE: Duration = Duration::from_secs(60);

pub(in crate::cli) fn by(config: &UserConfig, folder: &Path) -> Result<By> {
    let variable = |name: &str| std::env::var(name).ok();
    let author = find(Role::Author, variable, config)?;
    let committer = find(Role::Committer, variable, config)?;
    let signing = Signing::configured(config, None, &committer, folder, PATIENCE)?;
    Ok(By { author, committer, signing })
}
