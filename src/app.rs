//! What a command may touch: the console, the environment as it was at the start, the clock.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, ConnectOptions, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::report::story::Story;
use crate::rollback::model::event::{Event, Listener, Listeners};
use crate::rollback::model::hint::Hints;
use crate::rollback::model::target::Target;
use crate::terminal::Console;
use crate::terminal::ci::Runner;
use crate::text::shell_quote;

/// For how long a command reads before it knows the workload's own deadline.
const READING: Duration = Duration::from_secs(60);

/// How far the writes that matter are: one for each workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// How many there are to be.
    pub planned: usize,
    /// How many are sent, and their answers are not here yet.
    pub sent: usize,
    /// How many are accepted.
    pub accepted: usize,
}

/// The environment, read once.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `rb`, or `kubectl rb` as a plugin.
    pub program: String,
    /// How it was called: `rb`, or a path from the root.
    pub executable: String,
    /// The command line as it was typed, quoted for a shell.
    pub command_line: String,
    /// The words after the program, as they were typed.
    pub arguments: Vec<String>,
    /// Where in the command line more options can stand: before a `--`, else at its end.
    pub options_end: usize,
    /// Who runs this, where the environment says so.
    pub actor: Option<String>,
    /// `CI` is set.
    pub is_ci: bool,
    /// The locale is UTF-8.
    pub is_utf8: bool,
    /// The CI system that runs this.
    pub ci: CiEnvironment,
    /// The folder for state of the user, where there is one.
    pub state_home: Option<PathBuf>,
}

/// What a CI system says to what it runs.
#[derive(Clone, Debug, Default)]
pub struct CiEnvironment {
    /// Which it is, where it is one that rb speaks to.
    pub runner: Option<Runner>,
    /// The file for the summary of the job.
    pub summary: Option<PathBuf>,
    /// The file for the outputs of the step.
    pub output: Option<PathBuf>,
}

impl Environment {
    /// The same command with more options.
    #[must_use]
    pub fn again_with(&self, options: &str) -> String {
        let options = options.trim();
        let (start, end) = self
            .command_line
            .split_at_checked(self.options_end)
            .unwrap_or((&self.command_line, ""));
        if options.is_empty() {
            self.command_line.clone()
        } else {
            format!("{start} {options}{end}")
        }
    }
}

/// What a command may touch.
pub struct App {
    /// The environment.
    pub environment: Environment,
    /// The streams.
    pub console: Console,
    /// How to connect.
    pub connect: ConnectOptions,
    /// When the command began.
    pub started: Instant,
    writes: Cell<Writes>,
    /// The command that shows how the workload does, once it is known.
    status: RefCell<Option<String>>,
    /// The workload, once it is known.
    target: RefCell<Option<Target>>,
    /// The command that finds a push again whose answer is not here yet.
    push: RefCell<Option<String>>,
    /// What is true when it is interrupted now, where more than one place is written.
    course: RefCell<Option<Course>>,
    /// What came of it so far, for whoever tells it when it is over.
    story: RefCell<Story>,
}

/// What is true in the middle of an undo that writes in more than one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// A sentence without a full stop.
    pub sentence: String,
    /// What to do about it, each with a command to paste.
    pub hints: Vec<String>,
}

impl App {
    /// For one command.
    #[must_use]
    pub fn new(environment: Environment, console: Console, connect: ConnectOptions) -> Self {
        Self {
            environment,
            console,
            connect,
            started: Instant::now(),
            writes: Cell::default(),
            status: RefCell::default(),
            target: RefCell::default(),
            push: RefCell::default(),
            course: RefCell::default(),
            story: RefCell::default(),
        }
    }

    /// Connects; `expect` refuses any other context.
    pub async fn connect(&self, expect: Option<&str>, deadline: Deadline) -> Result<Cluster> {
        let cluster = Cluster::connect(&self.connect, deadline).await?;
        match expect {
            Some(expected) if expected != cluster.context_name() => {
                let message = format!(
                    "the context is {} and not {expected}, as --expect-context demands",
                    cluster.context_name()
                );
                let context = shell_quote(expected);
                Err(Error::new(ErrorKind::Refused, message).hint(format!(
                    "to use it: {}",
                    self.environment.again_with(&format!("--context {context}"))
                )))
            }
            _ => Ok(cluster),
        }
    }

    /// How to write commands for a cluster and a namespace.
    #[must_use]
    pub fn hints(&self, cluster: &Cluster, namespace: &str) -> Hints {
        Hints {
            program: self.environment.program.clone(),
            pin: cluster.pin().to_owned(),
            namespace: namespace.to_owned(),
        }
    }

    /// Who runs this. Containers often have no user: then the kubeconfig's is the best name there is.
    #[must_use]
    pub fn actor(&self, user: &str) -> String {
        let user = Some(user).filter(|user| !user.is_empty()).map(str::to_owned);
        self.environment.actor.clone().or(user).unwrap_or_else(|| "unknown".to_owned())
    }

    /// A unique id for an operation: its time, and digits that two people at once do not share.
    #[must_use]
    pub fn operation_id(&self) -> String {
        use std::hash::{BuildHasher, Hasher};
        let random = std::hash::RandomState::new().build_hasher().finish();
        let time = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
        format!("{time}-{:08x}", random & 0xffff_ffff)
    }

    /// Remembers how to look at the workload, for whoever interrupts.
    pub fn remember_status(&self, command: String) {
        self.status.replace(Some(command));
    }

    /// The command that shows how the workload does, where it is known.
    #[must_use]
    pub fn status_command(&self) -> Option<String> {
        self.status.borrow().clone()
    }

    /// Remembers the workload, for the document of an error.
    pub fn remember_target(&self, target: &Target) {
        self.target.replace(Some(target.clone()));
    }

    /// The workload, where it is known.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        self.target.borrow().clone()
    }

    /// A push is on its way, or its answer is here: `None`. `again` finds it, and does it where it is
    /// not there.
    pub fn remember_push(&self, again: Option<String>) {
        self.push.replace(again);
    }

    /// The command that finds a push again whose answer is not here yet.
    #[must_use]
    pub fn push_under_way(&self) -> Option<String> {
        self.push.borrow().clone()
    }

    /// Remembers what is true from now on, for whoever interrupts.
    pub fn remember_course(&self, sentence: &str, hints: Vec<String>) {
        self.course.replace(Some(Course { sentence: sentence.to_owned(), hints }));
    }

    /// What is true when it is interrupted now; `None` where the writes tell it.
    #[must_use]
    pub fn course(&self) -> Option<Course> {
        self.course.borrow().clone()
    }

    /// What came of it so far. Not to be held across an `await`.
    pub fn story(&self) -> RefMut<'_, Story> {
        self.story.borrow_mut()
    }

    /// How far the writes are.
    #[must_use]
    pub fn writes(&self) -> Writes {
        self.writes.get()
    }

    /// A listener that notes how far the write is, and passes everything on.
    pub fn tracked<'a>(&'a self, inner: &'a mut dyn Listener) -> Tracked<'a> {
        self.writes.set(Writes { planned: 1, ..Writes::default() });
        Tracked { writes: &self.writes, inner }
    }

    /// The same for several workloads, so many of which are to be written.
    pub fn tracked_all<'a>(
        &'a self,
        planned: usize,
        inner: &'a mut dyn Listeners,
    ) -> TrackedAll<'a> {
        self.writes.set(Writes { planned, ..Writes::default() });
        TrackedAll {
            writes: &self.writes,
            under_way: BTreeSet::new(),
            accepted: BTreeSet::new(),
            inner,
        }
    }
}

/// Notes how far the write is.
pub struct Tracked<'a> {
    writes: &'a Cell<Writes>,
    inner: &'a mut dyn Listener,
}

impl Listener for Tracked<'_> {
    fn on(&mut self, event: Event) {
        // What is written after the patch is no write that matters.
        if self.writes.get().accepted == 0 {
            let is_sent = self.writes.get().sent > 0;
            note(self.writes, &event, is_sent);
        }
        self.inner.on(event);
    }
}

/// Notes how far the writes are.
pub struct TrackedAll<'a> {
    writes: &'a Cell<Writes>,
    /// Those whose answer is not here yet.
    under_way: BTreeSet<usize>,
    /// Those that are written.
    accepted: BTreeSet<usize>,
    inner: &'a mut dyn Listeners,
}

impl Listeners for TrackedAll<'_> {
    fn on(&mut self, index: usize, event: Event) {
        if !self.accepted.contains(&index) {
            let was_sent = self.under_way.contains(&index);
            note(self.writes, &event, was_sent);
            match event {
                Event::Writing => {
                    self.under_way.insert(index);
                }
                Event::NotWritten => {
                    self.under_way.remove(&index);
                }
                Event::StepDone { .. } if was_sent => {
                    self.under_way.remove(&index);
                    self.accepted.insert(index);
                }
                _ => {}
            }
        }
        self.inner.on(index, event);
    }
}

fn note(cell: &Cell<Writes>, event: &Event, was_sent: bool) {
    let mut writes = cell.get();
    match event {
        Event::Writing if !was_sent => writes.sent += 1,
        Event::NotWritten if was_sent => writes.sent -= 1,
        // Later steps are no write that matters.
        Event::StepDone { .. } if was_sent => {
            writes.sent -= 1;
            writes.accepted += 1;
        }
        _ => {}
    }
    cell.set(writes);
}

/// The time that a command has: all of it together, without the time that a person thinks.
#[derive(Clone, Debug)]
pub struct Budget {
    started: tokio::time::Instant,
    thought: Cell<Duration>,
    timeout: Option<Duration>,
}

impl Budget {
    /// Starts now; `None` leaves it to the workload.
    #[must_use]
    pub fn start(timeout: Option<Duration>) -> Self {
        Self { started: tokio::time::Instant::now(), thought: Cell::default(), timeout }
    }

    /// Until when may be read.
    #[must_use]
    pub fn reading(&self) -> Deadline {
        self.until(self.timeout.unwrap_or(READING))
    }

    /// Until when may be waited, where the workload's own default is `seconds`.
    #[must_use]
    pub fn waiting(&self, seconds: u64) -> Deadline {
        self.until(self.timeout.unwrap_or(Duration::from_secs(seconds)))
    }

    /// Does not count the time that a person thinks.
    pub fn pause(&self, thought: Duration) {
        self.thought.set(self.thought.get() + thought);
    }

    fn until(&self, whole: Duration) -> Deadline {
        let spent = self.started.elapsed().saturating_sub(self.thought.get());
        Deadline::after(whole.saturating_sub(spent))
    }
}
