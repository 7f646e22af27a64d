//! SIGINT and SIGTERM: what they interrupt, and what is true then.

use crate::app::{App, WritePhase};
use crate::error::{Error, ErrorKind};

/// Waits for a signal and says what was written until then.
pub(super) async fn interrupted(app: &App) -> Error {
    let kind = signal().await;
    let word = if kind == ErrorKind::Terminated { "terminated" } else { "interrupted" };
    let message = match app.write_phase() {
        WritePhase::Before => format!("{word}: nothing was written"),
        WritePhase::Sent => {
            format!("{word} while the patch was on its way: it may have been applied")
        }
        WritePhase::Accepted => {
            format!("{word}: the rollback is written, and the controller carries it on")
        }
    };
    let error = Error::new(kind, message);
    match (app.write_phase(), app.status_command()) {
        (WritePhase::Before, _) | (_, None) => error,
        (WritePhase::Sent | WritePhase::Accepted, Some(status)) => {
            error.hint(format!("to go on watching: {status}"))
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
