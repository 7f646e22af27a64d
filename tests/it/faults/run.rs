//! One run: `rb` is called through a proxy that does one thing to one of its requests; then the oracle
//! looks, and where `rb` did not get there, it is called once more without a fault.

use std::fmt::Write as _;
use std::time::Duration;

use crate::rb::{Ran, Rb};
use crate::testbed::{Namespace, Proxy, Recorded, TestBed};

use super::ambush::Ambush;
use super::oracle::{self, Case};
use super::scenario::Scenario;
use super::shape::{Asked, Counter};
use super::strike::Strike;
use super::subject::Subject;

/// `rb` has less time than this by its own flag.
pub(super) const LIMIT: Duration = Duration::from_secs(120);
/// The time of a call whose server is gone for good.
const SHORT: &str = "3s";

/// What hits which request.
pub(super) type Hit<'a> = (&'a Asked, Strike);

/// What came of a run.
pub(super) struct Outcome {
    /// Whether the request came up that was to be hit.
    pub(super) is_hit: bool,
    pub(super) code: i32,
    /// All requests, in the order of their arrival.
    pub(super) asked: Vec<Asked>,
    /// What is not as it has to be.
    pub(super) violations: Vec<String>,
}

pub(super) fn run(
    bed: &TestBed,
    scenario: &Scenario,
    namespace: &Namespace,
    subject: &Subject,
    hit: Option<Hit<'_>>,
) -> Outcome {
    let proxy = bed.proxy();
    let mut ambush = Ambush::lay(&proxy, scenario, hit);
    let is_endless = hit.is_some_and(|(_, strike)| strike.is_endless());
    let timeout = if is_endless { SHORT } else { scenario.timeout };
    let running = call(scenario, namespace, &proxy, subject, timeout).spawn();
    let first = ambush.accompany(running, scenario, namespace, subject);
    namespace.wait_until("nothing is on its way any more", |_| !proxy.is_forwarding());
    let recorded = proxy.requests();
    let asked = asked(&recorded);
    let is_hit = ambush.is_hit();
    let Some(ran) = first else {
        let violations = vec![format!("it did not end within {LIMIT:?}")];
        return Outcome { is_hit, code: -2, asked, violations };
    };
    let mut case = Case {
        scenario,
        subject,
        // Too little time is a fault of its own.
        hit: hit.filter(|_| is_hit || is_endless),
        ran: &ran,
        recorded: &recorded,
        is_changed: ambush.has_meddled(),
        seen: oracle::look(namespace, scenario, subject),
    };
    let mut violations = (scenario.judge)(&case);
    let mut told = story(&ran, &recorded);
    if ran.code != scenario.code {
        let proxy = bed.proxy();
        let second = call(scenario, namespace, &proxy, subject, scenario.timeout).run();
        let all = [recorded.clone(), proxy.requests()].concat();
        told = format!("{told}the second call:\n{}", story(&second, &proxy.requests()));
        case.ran = &second;
        case.recorded = &all;
        case.seen = oracle::look(namespace, scenario, subject);
        violations.extend(oracle::afterwards(&case));
    }
    let violations = violations.into_iter().map(|what| format!("{what}\n{told}")).collect();
    Outcome { is_hit, code: ran.code, asked, violations }
}

fn call(
    scenario: &Scenario,
    namespace: &Namespace,
    proxy: &Proxy,
    subject: &Subject,
    timeout: &str,
) -> Rb {
    let mut call = Rb::new(&proxy.kubeconfig(namespace)).words(scenario.command);
    for target in scenario.targets(&subject.name) {
        call = call.arg(target);
    }
    call.words("-o json").arg(format!("--timeout={timeout}"))
}

fn asked(recorded: &[Recorded]) -> Vec<Asked> {
    let mut counter = Counter::default();
    recorded.iter().map(|record| counter.next(&record.request)).collect()
}

/// What `rb` said and asked, for a person.
fn story(ran: &Ran, recorded: &[Recorded]) -> String {
    let mut story = format!("{ran}\n");
    for (asked, record) in asked(recorded).iter().zip(recorded) {
        let status = |code: Option<u16>| code.map_or("-".to_owned(), |code| code.to_string());
        let (told, done) = (status(record.status), status(record.upstream));
        let _ = writeln!(story, "    {asked}: told {told}, done {done}");
    }
    story
}
