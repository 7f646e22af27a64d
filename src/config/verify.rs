//! How a release is verified: what each place of the configuration says, and what comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::cursor::At;
use super::logs::{self, Logs, LogsPart};
use super::probe::HttpProbe;
use super::probe_part::{ProbePart, over};
use super::yaml::{Node, Place};
use super::{ROLLBACK_CONFIG, check_ids, format, probe_reader};
use crate::rollback::model::check::Level;

/// For how long all required checks must stay good, where nothing else is configured.
pub const STABLE_FOR: Duration = Duration::ZERO;
/// The time between two looks, where nothing else is configured.
pub const INTERVAL: Duration = Duration::from_secs(2);

const STABLE_FOR_RANGE: (Duration, Duration, &str) =
    (Duration::ZERO, Duration::from_secs(86_400), "0s to 24h");
pub(super) const INTERVAL_RANGE: (Duration, Duration, &str) =
    (Duration::from_millis(100), Duration::from_secs(3_600), "100ms to 1h");

/// Their words in the configuration.
const LEVELS: [(&str, Level); 3] =
    [("required", Level::Required), ("advisory", Level::Advisory), ("ignore", Level::Ignore)];

/// What holds for one workload, with defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadSettings {
    /// For how long all required checks must stay good.
    pub stable_for: Duration,
    /// The time between two looks.
    pub interval: Duration,
    /// What to look for in logs.
    pub logs: Logs,
    /// What to ask over HTTP; each name once.
    pub http: Vec<HttpProbe>,
    levels: BTreeMap<String, Level>,
}

impl Default for WorkloadSettings {
    fn default() -> Self {
        VerifyPart::default().complete()
    }
}

impl WorkloadSettings {
    /// What was configured for the check; without it, the check itself decides.
    #[must_use]
    pub fn level(&self, id: &str) -> Option<Level> {
        self.levels.get(id).copied()
    }

    /// Adds a probe that was found elsewhere; one of that name that is configured counts more.
    pub fn add(&mut self, probe: HttpProbe) {
        if self.http.iter().all(|known| known.name != probe.name) {
            let level = self.level(&probe.id()).unwrap_or(probe.level);
            self.http.push(HttpProbe { level, ..probe });
        }
    }
}

/// As far as one place of the configuration says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct VerifyPart {
    stable_for: Option<Duration>,
    interval: Option<Duration>,
    levels: BTreeMap<String, Level>,
    logs: LogsPart,
    http: Vec<ProbePart>,
}

impl VerifyPart {
    /// Puts a later place over this one.
    pub(super) fn merge(&mut self, later: &Self) {
        over(&mut self.stable_for, later.stable_for.as_ref());
        over(&mut self.interval, later.interval.as_ref());
        self.levels.extend(later.levels.clone());
        over(&mut self.logs.patterns, later.logs.patterns.as_ref());
        over(&mut self.logs.ignore, later.logs.ignore.as_ref());
        for probe in &later.http {
            match self.http.iter_mut().find(|known| known.name == probe.name) {
                Some(known) => known.merge(probe),
                None => self.http.push(probe.clone()),
            }
        }
    }

    pub(super) fn complete(self) -> WorkloadSettings {
        let level = |probe: &ProbePart| {
            let configured = self.levels.get(&check_ids::of_probe(&probe.name));
            configured.copied().unwrap_or(Level::Required)
        };
        WorkloadSettings {
            stable_for: self.stable_for.unwrap_or(STABLE_FOR),
            interval: self.interval.unwrap_or(INTERVAL),
            http: self.http.iter().map(|probe| probe.complete(level(probe))).collect(),
            logs: Logs {
                patterns: self.logs.patterns.unwrap_or_default(),
                ignore: self.logs.ignore.unwrap_or_default(),
            },
            levels: self.levels,
        }
    }
}

/// The names of all probes in these places: a check may be named in one and its probe in another.
pub(super) fn probe_names<'a>(places: impl Iterator<Item = &'a Node>) -> BTreeSet<String> {
    let name = |probe: &Node| match &probe.get("name")?.value {
        super::yaml::Value::Text(name) => Some(name.clone()),
        _ => None,
    };
    let probes = places.filter_map(|verify| verify.get("http")).flat_map(Node::items);
    probes.filter_map(name).chain([ROLLBACK_CONFIG.to_owned()]).collect()
}

pub(super) fn read(at: &At<'_>, probes: &BTreeSet<String>) -> VerifyPart {
    let Some(fields) = at.section(&format::VERIFY) else { return VerifyPart::default() };
    let mut levels = BTreeMap::new();
    for (id, place, value) in fields.get("checks").iter().flat_map(At::entries) {
        if is_check(id, place, &value, probes)
            && let Some(level) = value.word(&LEVELS)
        {
            levels.insert(id.to_owned(), level);
        }
    }
    VerifyPart {
        stable_for: fields.get("stableFor").and_then(|at| at.duration(&STABLE_FOR_RANGE)),
        interval: fields.get("interval").and_then(|at| at.duration(&INTERVAL_RANGE)),
        logs: fields.get("logs").map(|at| logs::read(&at)).unwrap_or_default(),
        http: fields.get("http").map(|at| http(&at, &mut levels)).unwrap_or_default(),
        levels,
    }
}

fn is_check(id: &str, place: Place, value: &At<'_>, probes: &BTreeSet<String>) -> bool {
    if let Some(name) = id.strip_prefix(check_ids::HTTP) {
        let is_known = probes.contains(name);
        if !is_known {
            let known: Vec<&str> = probes.iter().map(String::as_str).collect();
            value.unknown(place, "probe", name, &known, None);
        }
        return is_known;
    }
    let is_known = check_ids::VERIFY.contains(&id);
    if !is_known {
        let other = check_ids::PREFLIGHT.contains(&id).then_some("preflight");
        value.unknown(place, "check", id, &check_ids::VERIFY, other);
    }
    is_known
}

/// The probes. The level of a probe is that of its check.
fn http(at: &At<'_>, levels: &mut BTreeMap<String, Level>) -> Vec<ProbePart> {
    let mut probes: Vec<ProbePart> = Vec::new();
    for item in at.items() {
        let Some(fields) = item.section(&format::HTTP) else { continue };
        let level = fields.get("level");
        let word = level.as_ref().and_then(|at| at.word(&LEVELS));
        let Some(probe) = probe_reader::read(&fields) else { continue };
        if probes.iter().any(|known| known.name == probe.name) {
            let name = fields.get("name").unwrap_or(item);
            name.wrong(&format!("there is a probe {} in this list already", probe.name));
            continue;
        }
        let id = check_ids::of_probe(&probe.name);
        match (level, word) {
            (Some(at), _) if levels.contains_key(&id) => {
                at.wrong(&format!("checks says it already, as {id}"));
            }
            (_, Some(word)) => {
                levels.insert(id, word);
            }
            (_, None) => {}
        }
        probes.push(probe);
    }
    probes
}
