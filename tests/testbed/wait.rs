//! Waiting for something that others do: ask, pause, ask again, until a deadline. The pause between
//! two looks is here and nowhere else: no other file of the test bed or of a test sleeps.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(150);

/// What one look found: it is there, or what was seen instead.
pub(crate) enum Look<T> {
    There(T),
    NotYet(String),
}

/// The answers that a test may give to "is it there": a `bool`, an `Option`, or a `Result` whose
/// error says what it saw.
pub(crate) trait IntoLook {
    type Value;
    fn into_look(self) -> Look<Self::Value>;
}

impl IntoLook for bool {
    type Value = ();
    fn into_look(self) -> Look<()> {
        if self { Look::There(()) } else { Look::NotYet(String::new()) }
    }
}

impl<T> IntoLook for Option<T> {
    type Value = T;
    fn into_look(self) -> Look<T> {
        self.map_or_else(|| Look::NotYet(String::new()), Look::There)
    }
}

impl<T> IntoLook for Result<T, String> {
    type Value = T;
    fn into_look(self) -> Look<T> {
        self.map_or_else(Look::NotYet, Look::There)
    }
}

/// Looks until `look` finds it. An error of `look` ends the wait at once: it is for what cannot get
/// better.
pub(crate) fn wait_until<A: IntoLook>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Result<A>,
) -> Result<A::Value> {
    let start = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        match look()?.into_look() {
            Look::There(value) => return Ok(value),
            Look::NotYet(seen) if start.elapsed() >= limit => {
                let seen = if seen.is_empty() { seen } else { format!("; last seen: {seen}") };
                bail!("waited {limit:?} in vain until {what}{seen}");
            }
            Look::NotYet(_) => thread::sleep(pause),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
