//! From the command line to what is asked for.

use jiff::{Timestamp, ToSpan as _};

use crate::cli::duration;
use crate::cli::git::identity;
use crate::config::GitSettings;
use crate::error::{Error, ErrorKind, Result};
use crate::git::commit::message::Style;
use crate::git::tree::paths;
use crate::revert::asked::{Request, Which};
use crate::revert::land::By;
use crate::revert::plan::Terms;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::Mode;
use crate::text::shell_quote;

use super::RevertArgs;

pub(super) fn paths(args: &RevertArgs) -> Result<Vec<GitPath>> {
    args.path.iter().map(|path| paths::parse(path.as_bytes())).collect()
}

/// What is asked for; `None` where no commit is named: the user has to choose.
pub(super) fn request(args: &RevertArgs, now: Timestamp) -> Result<Option<Request>> {
    let mode = Mode::from(args.mode);
    let which = match (&args.commit, &args.image, &args.since) {
        (Some(commit), ..) => Which::Named(commit.clone()),
        (_, Some(image), _) => Which::Image(image.clone()),
        (_, _, Some(since)) => Which::Since(time(since, now)?),
        _ if args.to.is_some() && mode == Mode::Restore => Which::AfterGood,
        _ => return Ok(None),
    };
    if args.to.is_some() && !matches!(mode, Mode::Restore | Mode::Auto) {
        let message = "--to names what paths go back to: it goes with --mode restore";
        return Err(Error::new(ErrorKind::Usage, message).again("", ["--mode", "restore"]));
    }
    asking_for(args, which).map(Some)
}

/// That of the commits, with all else that the command line says.
pub(super) fn asking_for(args: &RevertArgs, which: Which) -> Result<Request> {
    Ok(Request {
        which,
        mode: args.mode.into(),
        paths: paths(args)?,
        good: args.to.clone(),
        mainline: args.mainline,
        allow_delete: args.allow_delete,
    })
}

/// What goes into the commit, as the command line says, else the configuration.
pub(super) fn terms(args: &RevertArgs, settings: &GitSettings, asked_by: String, by: &By) -> Terms {
    let why = (args.reason.as_deref(), args.incident.as_deref());
    let mut terms = identity::terms(settings, by, asked_by, why);
    if args.conventional {
        terms.style = Style::Conventional;
    }
    if args.signoff {
        terms.sign_off = Some(by.committer.clone());
    }
    terms
}

/// A time, or so long ago.
fn time(text: &str, now: Timestamp) -> Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        if time > now {
            let message = format!("--since {} lies in the future", shell_quote(text));
            return Err(Error::new(ErrorKind::Usage, message)
                .because(format!("it is {now:.0} now"))
                .again("", ["--since", "30m"]));
        }
        return Ok(time);
    }
    let ago = duration::parse_exact(text).ok().and_then(|ago| {
        let seconds = i64::try_from(ago.as_secs()).ok()?;
        now.checked_sub(seconds.seconds()).ok()
    });
    ago.ok_or_else(|| {
        let message = format!("--since {} is no time and no duration", shell_quote(text));
        Error::new(ErrorKind::Usage, message)
            .again("", ["--since", "30m"])
            .again("", ["--since", "2026-11-25T20:00:00Z"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let now: Timestamp = "2026-11-25T20:00:00Z".parse().unwrap();
        let is = |text: &str| time(text, now).map(|time| time.to_string()).ok();
        assert_eq!(is("30m").as_deref(), Some("2026-11-25T19:30:00Z"));
        assert_eq!(is("2026-11-25T18:00:00Z").as_deref(), Some("2026-11-25T18:00:00Z"));
        assert_eq!(is("2026-11-25T18:00:00+02:00").as_deref(), Some("2026-11-25T16:00:00Z"));
        for text in ["yesterday", "", "-3m", "2026-11-25T20:00:01Z"] {
            assert_eq!(is(text), None, "{text}");
        }
    }
}
