//! SIGINT and SIGTERM: what they interrupt, and what is true then.

use crate::app::{App, Writes};
use crate::error::{Error, ErrorKind};

/// Waits for a signal and says what was written until then.
pub(super) async fn interrupted(app: &App) -> Error {
    let kind = signal().await;
    let word = if kind == ErrorKind::Terminated { "terminated" } else { "interrupted" };
    if let Some(again) = app.push_under_way() {
        let message = format!("{word} while the revert was on its way: it may be on the server");
        return Error::new(kind, message).hint(format!("to see that, and to finish it: {again}"));
    }
    if let Some(course) = app.course() {
        let error = Error::new(kind, format!("{word}: {}", course.sentence));
        return course.hints.into_iter().fold(error, Error::hint);
    }
    let writes = app.writes();
    let error = Error::new(kind, format!("{word}{}", what_is_written(writes)));
    match app.status_command() {
        Some(status) if writes.sent + writes.accepted > 0 => {
            error.hint(format!("to go on watching: {status}"))
        }
        _ => error,
    }
}

fn what_is_written(writes: Writes) -> String {
    match writes {
        Writes { sent: 0, accepted: 0, .. } => ": nothing was written".to_owned(),
        Writes { planned: ..=1, accepted: 0, .. } => {
            " while the patch was on its way: it may have been applied".to_owned()
        }
        Writes { planned: ..=1, .. } => {
            ": the rollback is written, and the controller carries it on".to_owned()
        }
        Writes { planned, sent, accepted } => {
            let unknown = if sent > 0 { format!(", {sent} more may be") } else { String::new() };
            let are = if accepted == 1 { "is" } else { "are" };
            format!(
                ": {accepted} of {planned} rollbacks {are} written{unknown}; the controllers carry \
                 on what is written"
            )
        }
    }
}

#[cfg(unix)]
async fn signal() -> ErrorKind {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => ErrorKind::Interrupted,
        _ = terminate.recv() => ErrorKind::Terminated,
    }
}

#[cfg(not(unix))]
async fn signal() -> ErrorKind {
    match tokio::signal::ctrl_c().await {
        Ok(()) => ErrorKind::Interrupted,
        Err(_) => std::future::pending().await,
    }
}
