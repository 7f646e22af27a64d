//! A running child and all that it has started. It ends with the future that waits for it: after a
//! deadline and after Ctrl-C nothing goes on behind the back of `rb`.

use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::Child;

/// How long it may take to end itself: `git` removes its lock files then.
const PATIENCE: Duration = Duration::from_millis(500);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// A child. Dropping it ends it, and the processes that it has started where they are a group.
pub(in crate::git) struct Running {
    child: Child,
    /// Whether it leads a process group of its own.
    leads: bool,
    ended: bool,
}

impl Running {
    pub(in crate::git) fn new(child: Child, leads: bool) -> Self {
        Self { child, leads, ended: false }
    }

    pub(in crate::git) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the end.
    pub(in crate::git) async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.ended = true;
        Ok(status)
    }

    /// Ends it: asks, and after a moment insists.
    pub(in crate::git) async fn end(&mut self) {
        let group = self.child.id();
        self.signal(group, Signal::Ask);
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            let _ = self.child.start_kill();
            let _ = self.child.wait().await;
        }
        // Those that do not end with their leader.
        if self.leads {
            self.signal(group, Signal::Insist);
        }
        self.ended = true;
    }

    #[cfg(unix)]
    fn signal(&self, id: Option<u32>, signal: Signal) {
        use nix::sys::signal::{Signal as Unix, kill, killpg};
        use nix::unistd::Pid;
        let Some(id) = id.and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw) else { return };
        let signal = match signal {
            Signal::Ask => Unix::SIGTERM,
            Signal::Insist => Unix::SIGKILL,
        };
        // It fails when nobody is left.
        let _ = if self.leads { killpg(id, signal) } else { kill(id, signal) };
    }

    #[cfg(not(unix))]
    fn signal(&self, _: Option<u32>, _: Signal) {}
}

#[derive(Clone, Copy)]
enum Signal {
    Ask,
    Insist,
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let group = self.child.id();
        self.signal(group, Signal::Ask);
        // A moment for git to remove its locks; nothing can be awaited here, and `rb` is about to end.
        for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        if self.leads {
            self.signal(group, Signal::Insist);
        }
        let _ = self.child.start_kill();
    }
}
