//! How tests are written down and run. A module of tests has functions, each of which fails by
//! panicking, and one list:
//!
//! ```ignore
//! pub(crate) fn tests() -> Vec<Test> {
//!     [on_bed![flips_back, again_goes_on], pure![reads_offsets]].concat()
//! }
//! fn flips_back(bed: &TestBed) { … }
//! fn reads_offsets() { … }
//! ```
//!
//! A test is called `MODULE::FUNCTION`. The test bed starts when the first test that wants it runs;
//! a run of pure tests starts none.

use std::borrow::Cow;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::testbed::TestBed;

/// Tests mostly wait for the cluster, so more of them run at once than there are cores.
const TEST_THREADS: usize = 8;

static BED: OnceLock<Result<TestBed, String>> = OnceLock::new();

#[derive(Clone)]
pub(crate) struct Test {
    path: Cow<'static, str>,
    body: Body,
    /// How many are left of those that may want owners.
    counts_down: Option<Arc<AtomicUsize>>,
}

/// A test that runs; it counts also when it panics.
struct Counted<'a>(Option<&'a AtomicUsize>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let is_last = self.0.is_some_and(|left| left.fetch_sub(1, Ordering::Relaxed) == 1);
        if let (true, Some(Ok(bed))) = (is_last, BED.get()) {
            bed.end_owners();
        }
    }
}

#[derive(Clone)]
enum Body {
    Pure(Arc<dyn Fn() + Send + Sync>),
    OnBed(fn(&TestBed)),
}

impl Test {
    /// Both may be made at run time: a test for each folder of data.
    pub(crate) fn pure(
        path: impl Into<Cow<'static, str>>,
        body: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self { path: path.into(), body: Body::Pure(Arc::new(body)), counts_down: None }
    }

    pub(crate) fn on_bed(path: &'static str, body: fn(&TestBed)) -> Self {
        Self { path: path.into(), body: Body::OnBed(body), counts_down: None }
    }

    /// The same, which ends the owners when it is the last that may want them.
    fn counted(self, left: &Arc<AtomicUsize>) -> Self {
        Self { counts_down: Some(Arc::clone(left)), ..self }
    }

    fn trial(self) -> Trial {
        // `module_path!` begins with the name of this program.
        let name = self.path.split_once("::").map_or(&*self.path, |(_, name)| name).to_owned();
        Trial::test(name, move || {
            let _counted = Counted(self.counts_down.as_deref());
            match &self.body {
                Body::Pure(body) => body(),
                Body::OnBed(body) => body(bed()?),
            }
            Ok(())
        })
    }
}

/// Tests that need no cluster.
macro_rules! pure {
    ($($test:ident),* $(,)?) => {
        vec![$($crate::suite::Test::pure(
            concat!(module_path!(), "::", stringify!($test)),
            $test,
        )),*]
    };
}

/// Tests that run on the test bed.
macro_rules! on_bed {
    ($($test:ident),* $(,)?) => {
        vec![$($crate::suite::Test::on_bed(
            concat!(module_path!(), "::", stringify!($test)),
            $test,
        )),*]
    };
}

pub(crate) use on_bed;
pub(crate) use pure;

/// The test bed of this run. When it does not start, each test that needs it fails with the reason,
/// at once.
fn bed() -> Result<&'static TestBed, Failed> {
    let bed =
        BED.get_or_init(|| TestBed::start().map_err(|error| format!("no test bed: {error:#}")));
    bed.as_ref().map_err(Failed::from)
}

/// Runs the tests that the command line asks for. Those that may ask for Argo CD and Flux come first: when each
/// of them has run, these end.
pub(crate) fn run(with_owners: Vec<Test>, others: Vec<Test>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(TEST_THREADS);
    let left = Arc::new(AtomicUsize::new(with_owners.len()));
    let first = with_owners.into_iter().map(|test| test.counted(&left).trial());
    let trials = first.chain(others.into_iter().map(Test::trial)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(Ok(bed)) = BED.get() {
        // The supervisor would end it too; waiting for that leaves a quiet machine behind.
        let _ = bed.stop();
    }
    conclusion.exit_code()
}
