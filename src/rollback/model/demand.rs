//! How a rollback is to be verified: what the command line and the configuration ask for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::check::Level;
use super::http_probe::HttpProbe;

/// For how long after the rollout a required check may stay bad before that is the answer: Services
/// and what stands before them follow the pods with a delay.
const PATIENCE: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_secs(2);
/// Rounds do not follow each other faster.
const SHORTEST: Duration = Duration::from_millis(100);

/// What is demanded of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// `--stable-for`: all required checks have to stay good for so long; `None`: not at all.
    pub stable_for: Option<Duration>,
    /// `--watch-for`: for so long it is watched, once it is good, that nobody puts another template on it;
    /// `None`: not at all.
    pub watch_for: Option<Duration>,
    /// `--interval`: the time between two rounds of checks; `None`: 2 s.
    pub interval: Option<Duration>,
    /// For how long after the rollout a required check may stay bad.
    pub patience: Duration,
    /// `--checks`: only these; empty: all.
    pub only: Vec<String>,
    /// `--skip`: not these, each with the reason.
    pub skipped: BTreeMap<String, String>,
    /// How much checks count, by their names, where that is configured.
    pub levels: BTreeMap<String, Level>,
    /// `--expect-digest`: digests of images, `sha256:…`, which have to run.
    pub digests: Vec<String>,
    /// HTTP probes; each is one more check.
    pub http: Vec<HttpProbe>,
    /// Lines of logs that are bad, as regular expressions.
    pub log_patterns: Vec<String>,
    /// Lines of logs that are not, although a pattern fits.
    pub log_ignored: Vec<String>,
}

impl Default for Demand {
    fn default() -> Self {
        Self {
            stable_for: None,
            watch_for: None,
            interval: None,
            patience: PATIENCE,
            only: Vec::new(),
            skipped: BTreeMap::new(),
            levels: BTreeMap::new(),
            digests: Vec::new(),
            http: Vec::new(),
            log_patterns: Vec::new(),
            log_ignored: Vec::new(),
        }
    }
}

impl Demand {
    /// For how long all required checks have to stay good.
    #[must_use]
    pub fn stable_for(&self) -> Duration {
        self.stable_for.unwrap_or_default()
    }

    /// The time between two rounds of checks.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval.unwrap_or(INTERVAL).max(SHORTEST)
    }

    /// Whether a check is to be made.
    #[must_use]
    pub fn wants(&self, id: &str) -> bool {
        let is_asked = self.only.is_empty() || self.only.iter().any(|only| only == id);
        is_asked && self.levels.get(id) != Some(&Level::Ignore)
    }
}
