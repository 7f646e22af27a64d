//! The configuration: text to [`Settings`]. It reads no file and asks no cluster.
//!
//! The format is strict: a key or a word that is not known is a mistake, and all mistakes are told at
//! once, each with its line and column. `schemas/rb.config.v1.json` describes the same format;
//! `examples/rb.yaml` shows it.
//!
//! A text becomes a tree of values that know where they stand (`yaml`). Each part of the format reads
//! its part of the tree through a cursor, which notes what is wrong. Values of URLs and headers are
//! never repeated in a message.

pub mod check_ids;
mod cursor;
mod duration;
mod format;
mod git;
mod logs;
mod matching;
mod mistakes;
mod origin;
mod preflight;
mod probe;
mod probe_part;
mod probe_reader;
mod rollback_config;
mod suggestion;
mod verify;
mod web;
mod yaml;

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::hint::Hints;
use crate::rollback::model::target::Target;

use self::cursor::At;
use self::matching::Match;
use self::mistakes::Mistakes;
use self::verify::VerifyPart;
use self::yaml::{Node, Value};

pub use self::format::{FORMAT, Section};
pub use self::git::{GitSettings, Rewrite};
pub use self::logs::{Logs, Pattern};
pub use self::matching::KINDS;
pub use self::origin::{CONFIG_MAP, CONFIG_MAP_KEY, Origin};
pub use self::preflight::PreflightSettings;
pub use self::probe::{
    CONSECUTIVE, Endpoint, Expect, HeaderSource, HttpProbe, Method, Port, Route, Scheme, TIMEOUT,
};
pub use self::probe_reader::VARIABLE_PREFIX;
pub use self::rollback_config::{ROLLBACK_CONFIG, probe_of_rollback_config};
pub use self::verify::{INTERVAL, STABLE_FOR, WorkloadSettings};
pub use self::yaml::MAX_BYTES;

/// The version of the format that is read.
pub const VERSION: u16 = 1;

/// A configuration. The default is what holds without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What is checked before an undo.
    pub preflight: PreflightSettings,
    /// How a revert in Git is written.
    pub git: GitSettings,
    verify: VerifyPart,
    workloads: Vec<(Match, VerifyPart)>,
}

impl Settings {
    /// Reads a text; `origin` names it in errors. All mistakes are in the error, which is of the kind
    /// `Usage`.
    pub fn parse(text: &str, origin: &Origin) -> Result<Self> {
        let mistakes = Mistakes::default();
        let settings = match yaml::read(text) {
            Ok(root) => read(&root, &mistakes),
            Err(mistake) => {
                mistakes.add(mistake);
                Self::default()
            }
        };
        mistakes.or(settings, origin)
    }

    /// Reads the data of the ConfigMap [`CONFIG_MAP`]: the text under [`CONFIG_MAP_KEY`], else under
    /// its only key. `hints` are for its namespace.
    pub fn of_config_map(data: &BTreeMap<String, String>, hints: &Hints) -> Result<Self> {
        let only = || data.iter().next().filter(|_| data.len() == 1);
        let Some((key, text)) = data.get_key_value(CONFIG_MAP_KEY).or_else(only) else {
            let message = format!("configmap/{CONFIG_MAP} has no key {CONFIG_MAP_KEY}");
            let hint = hints.kubectl(&format!("edit configmap/{CONFIG_MAP}"));
            return Err(Error::new(ErrorKind::Usage, message).hint(hint));
        };
        Self::parse(text, &Origin::config_map(key, hints))
    }

    /// What holds for this workload: the entries that match it in their order, later over earlier,
    /// all of them over the default for all workloads. `labels` are those of the workload itself.
    #[must_use]
    pub fn for_workload(
        &self,
        target: &Target,
        labels: &BTreeMap<String, String>,
    ) -> WorkloadSettings {
        let mut merged = self.verify.clone();
        for (_, verify) in self.workloads.iter().filter(|entry| entry.0.fits(target, labels)) {
            merged.merge(verify);
        }
        merged.complete()
    }
}

fn read(root: &Node, mistakes: &Mistakes) -> Settings {
    let at = At::root(root, mistakes);
    if matches!(root.value, Value::Null) {
        at.wrong(&format!("is empty; the least is version: {VERSION}"));
        return Settings::default();
    }
    if let Some(version) = root.get("version")
        && let Value::Int(number) = version.value
        && number != i64::from(VERSION)
    {
        // What else is in it may be right there.
        let what = format!("version: this rb reads version {VERSION}, and this is {number}");
        at.wrong_at(version.place, &what);
        return Settings::default();
    }
    let Some(fields) = at.section(&format::ROOT) else { return Settings::default() };
    if let Some(version) = fields.need("version") {
        version.number(VERSION..=VERSION);
    }
    let entries = || root.get("workloads").map(Node::items).unwrap_or_default();
    let places = root.get("verify").into_iter();
    let probes =
        verify::probe_names(places.chain(entries().iter().filter_map(|entry| entry.get("verify"))));
    let entry = |at: At<'_>| {
        let fields = at.section(&format::WORKLOAD)?;
        let matching = fields.need("match").map(|at| matching::read(&at));
        let verify = fields.need("verify").map(|at| verify::read(&at, &probes));
        Some((matching?, verify?))
    };
    Settings {
        preflight: fields.get("preflight").map(|at| preflight::read(&at)).unwrap_or_default(),
        git: fields.get("git").map(|at| git::read(&at)).unwrap_or_default(),
        verify: fields.get("verify").map(|at| verify::read(&at, &probes)).unwrap_or_default(),
        workloads: fields
            .get("workloads")
            .map(|at| at.items().into_iter().filter_map(entry).collect())
            .unwrap_or_default(),
    }
}
