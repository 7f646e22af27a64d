//! The log of the repository that an owner takes its state from, as far as it can be reached. Whatever
//! stands in the way is a note: nobody needs Git to see what was deployed.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::App;
use crate::cli::output::Format;
use crate::error::{Error, ErrorKind, Result};
use crate::git::manifest::closure::Inputs;
use crate::git::remote::remote_url::{RemoteUrl, Transport};
use crate::reconciler::rendered::Rendering;
use crate::revert::app_log;
use crate::revert::ground::{Ground, Reach};
use crate::rollback::model::app_log::AppLog;
use crate::rollback::model::owner_history::Repository;
use crate::rollback::model::ownership::{Owner, Source, SourceKind};
use crate::terminal::git::GitProgress;
use crate::text::{sanitize, shell_quote};

/// For how long Git is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What Git says.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The log, and where it is from.
    pub(super) log: Option<(AppLog, Repository)>,
    /// Whether its images may be told.
    pub(super) has_images: bool,
    /// What the user should know, each a sentence without a full stop.
    pub(super) notes: Vec<String>,
}

/// Reads it. `deployed` are the commits that the owner names.
pub(super) async fn read(
    app: &App,
    format: Format,
    owner: &Owner,
    rendering: Result<Rendering, String>,
    deployed: BTreeSet<String>,
) -> Told {
    let not_read = |why: String| Told {
        notes: vec![format!("Git was not asked which commits changed it: {why}")],
        ..Told::default()
    };
    let rendering = match rendering {
        Ok(rendering) => rendering,
        Err(why) => return not_read(why),
    };
    let source = match source(owner) {
        Ok(source) => source,
        Err(why) => return not_read(why),
    };
    let branch = source.wants.strip_prefix("refs/heads/").unwrap_or(&source.wants);
    let branch = (!branch.is_empty()).then_some(branch);
    match log(app, format, &source.url, branch, &rendering.inputs, deployed).await {
        Ok((log, place)) => {
            let mut notes = log.notes.clone();
            notes.truncate(3);
            notes.extend(rendering.overridden.iter().map(|why| {
                format!("images are left out where the owner does not say them: {why}")
            }));
            let has_images = rendering.overridden.is_none();
            Told { log: Some((log, place)), has_images, notes }
        }
        Err(error) => Told { notes: unreachable(&error, source, branch), ..Told::default() },
    }
}

/// The one repository with a branch.
fn source(owner: &Owner) -> Result<&Source, String> {
    let [source] = owner.sources.as_slice() else {
        return Err(format!("it has {} sources", owner.sources.len()));
    };
    if source.kind != SourceKind::Git || source.url.is_empty() {
        return Err("its source is no Git repository that is known".to_owned());
    }
    if !source.is_branch {
        return Err(format!("it is pinned to {}", source.wants));
    }
    Ok(source)
}

async fn log(
    app: &App,
    format: Format,
    url: &str,
    branch: Option<&str>,
    inputs: &Inputs,
    deployed: BTreeSet<String>,
) -> Result<(AppLog, Repository)> {
    let folder = std::env::current_dir().unwrap_or_else(|_| "/".into());
    // A path would be one of the machine that the controller runs on.
    if RemoteUrl::parse_in(url, &folder)?.transport() == Transport::File {
        return Err(Error::new(ErrorKind::Usage, "it is a path, which is not one of this machine"));
    }
    let reach = Reach {
        repository: Some(url),
        branch,
        folder: &folder,
        // Nobody who only wants to look is asked for a password.
        interactive: false,
        until: Instant::now() + PATIENCE,
    };
    let mut progress =
        GitProgress::new(app.console, format == Format::Jsonl, "looks for the repository");
    let mut ground = Ground::reach(reach).await?;
    let said = &mut |text: &str| progress.said(text);
    let log = app_log::read(&mut ground, inputs, deployed, said).await?;
    let repository = Repository {
        url: ground.remote.url().to_string(),
        branch: ground.branch.as_str().to_owned(),
        paths: log.paths.clone(),
    };
    Ok((log, repository))
}

fn unreachable(error: &Error, source: &Source, branch: Option<&str>) -> Vec<String> {
    let mut words = error.to_string();
    if let Some(cause) = error.causes().first() {
        words = format!("{words}: {cause}");
    }
    let url = sanitize(&source.url).into_owned();
    let mut command = format!("git ls-remote {}", shell_quote(&url));
    if let Some(branch) = branch {
        command = format!("{command} {}", shell_quote(branch));
    }
    vec![
        format!("Git was not asked which commits changed it: {words}"),
        format!("to see whether it can be reached: {command}"),
    ]
}
