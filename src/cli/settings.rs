//! The configuration of one call: that of a file, else that of the workload's namespace, and what it
//! makes of what the command line asks for.

mod probes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::app::App;
use crate::cluster::{self, Cluster, Deadline};
use crate::config::{
    self, CONFIG_MAP, HttpProbe, ROLLBACK_CONFIG, Settings, WorkloadSettings, check_ids,
};
use crate::error::{Error, ErrorKind, Result};
use crate::facts::{Ask, Facts};
use crate::rollback::model::demand::Demand;
use crate::rollback::model::record::FIELD_MANAGER;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::snapshot::many::Wish;

use super::config_file;

/// A configuration that cannot be read must not hold up a rollback.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where the workloads of a call are.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    /// In these namespaces.
    Namespaces(BTreeSet<String>),
    /// Anywhere.
    Everywhere,
}

impl Reach {
    pub(super) fn one(namespace: &str) -> Self {
        Self::Namespaces(BTreeSet::from([namespace.to_owned()]))
    }
}

/// Where these workloads are.
pub(super) fn reach_of(wish: &Wish) -> Reach {
    match wish {
        Wish::Named(named) => {
            let namespaces = named.iter().map(|(_, target)| target.namespace.clone());
            Reach::Namespaces(namespaces.collect())
        }
        Wish::Selected { namespace: Some(namespace), .. } => Reach::one(namespace),
        Wish::Selected { namespace: None, .. } => Reach::Everywhere,
    }
}

/// The configuration of one call.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    of_file: Option<Settings>,
    of_namespaces: BTreeMap<String, OfNamespace>,
    warnings: Vec<String>,
}

/// What the ConfigMaps of a namespace say.
#[derive(Debug, Default)]
struct OfNamespace {
    settings: Option<Settings>,
    probe: Option<HttpProbe>,
    warnings: Vec<String>,
}

impl Configuration {
    /// Reads the file that `--config` names or the first that there is, and the ConfigMaps of the
    /// namespaces. What is wrong in a file or in `rb-config` is an error; what cannot be read in the
    /// cluster is a warning.
    pub(super) async fn load(
        asked: Option<&PathBuf>,
        app: &App,
        cluster: &Cluster,
        reach: &Reach,
        deadline: Deadline,
    ) -> Result<Self> {
        if asked.is_some_and(|path| path == Path::new(config_file::NONE)) {
            return Ok(Self::default());
        }
        let of_file = config_file::find(asked.map(PathBuf::as_path))?;
        let names = if of_file.is_some() { &[ROLLBACK_CONFIG][..] } else { &BOTH };
        let deadline = deadline.earlier(PATIENCE);
        let mut read = match reach {
            Reach::Namespaces(namespaces) => named(cluster, namespaces, names, deadline).await,
            Reach::Everywhere => everywhere(cluster, names, deadline).await,
        };
        let mut configuration = Self { of_file, warnings: read.warnings(), ..Self::default() };
        for (namespace, maps) in std::mem::take(&mut read.maps) {
            let of_namespace = of_namespace(app, cluster, &namespace, maps)?;
            configuration.of_namespaces.insert(namespace, of_namespace);
        }
        Ok(configuration)
    }

    fn settings(&self, namespace: &str) -> Settings {
        let of_namespace = || self.of_namespaces.get(namespace)?.settings.as_ref();
        self.of_file.as_ref().or_else(of_namespace).cloned().unwrap_or_default()
    }

    /// What it makes of an undo; [`ErrorKind::Usage`] where it wants a reason and there is none.
    pub(super) fn apply(&self, request: &mut UndoRequest, namespace: &str) -> Result<()> {
        let preflight = self.settings(namespace).preflight;
        if preflight.require_reason && request.reason.is_none() {
            let message = "the configuration wants a reason for every rollback";
            return Err(Error::new(ErrorKind::Usage, message).hint("say it: --reason TEXT"));
        }
        request.verified_only |= preflight.verified_only && request.to.is_none();
        let rules = check_ids::PREFLIGHT
            .iter()
            .filter_map(|id| Some(((*id).to_owned(), preflight.rule(id)?)));
        request.check_rules.extend(rules);
        Ok(())
    }

    /// What it makes of a verification of this workload.
    ///
    /// [`ErrorKind::Usage`] where a probe names a variable that is not set.
    pub(super) fn demand(&self, demand: Demand, snapshot: &Snapshot) -> Result<Demand> {
        let target = &snapshot.target;
        let labels = snapshot.workload.pointer("/metadata/labels").and_then(Value::as_object);
        let labels = labels
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect();
        let mut of_it: WorkloadSettings =
            self.settings(&target.namespace).for_workload(target, &labels);
        let of_namespace = self.of_namespaces.get(&target.namespace);
        if let Some(probe) = of_namespace.and_then(|of_namespace| of_namespace.probe.clone()) {
            of_it.add(probe);
        }
        let levels =
            check_ids::VERIFY.iter().filter_map(|id| Some(((*id).to_owned(), of_it.level(id)?)));
        let texts = |patterns: &[config::Pattern]| {
            patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect()
        };
        let is_wanted = |probe: &&HttpProbe| {
            let id = probe.id();
            demand.wants(&id) && !demand.skipped.contains_key(&id)
        };
        let http = of_it.http.iter().filter(is_wanted).map(probes::resolved);
        Ok(Demand {
            http: http.collect::<Result<_>>()?,
            stable_for: demand.stable_for.or(Some(of_it.stable_for)),
            interval: demand.interval.or(Some(of_it.interval)),
            levels: levels.collect(),
            log_patterns: texts(&of_it.logs.patterns),
            log_ignored: texts(&of_it.logs.ignore),
            ..demand
        })
    }

    /// What the user has to know of it.
    pub(super) fn warnings(&self, namespace: &str) -> impl Iterator<Item = &String> {
        let of_namespace = self.of_namespaces.get(namespace);
        self.warnings.iter().chain(of_namespace.into_iter().flat_map(|n| &n.warnings))
    }
}

const BOTH: [&str; 2] = [CONFIG_MAP, ROLLBACK_CONFIG];

/// ConfigMaps by namespace and name.
#[derive(Default)]
struct Read {
    maps: BTreeMap<String, BTreeMap<String, Value>>,
    /// Names by why they could not be read.
    unread: BTreeMap<String, Vec<String>>,
}

impl Read {
    fn add(&mut self, namespace: &str, name: &str, map: &Value) {
        let maps = self.maps.entry(namespace.to_owned()).or_default();
        maps.insert(name.to_owned(), map.clone());
    }

    fn failed(&mut self, name: &str, error: &Error) {
        let why = match error.kind() {
            ErrorKind::Forbidden => "no right to read it".to_owned(),
            _ => error.to_string(),
        };
        let names = self.unread.entry(why).or_default();
        if !names.contains(&name.to_owned()) {
            names.push(name.to_owned());
        }
    }

    fn warnings(&self) -> Vec<String> {
        let warning = |(why, names): (&String, &Vec<String>)| {
            format!("ConfigMap {} does not count: {why}", names.join(" and "))
        };
        self.unread.iter().map(warning).collect()
    }
}

async fn named(
    cluster: &Cluster,
    namespaces: &BTreeSet<String>,
    names: &[&str],
    deadline: Deadline,
) -> Read {
    let ask = |namespace: &str, name: &str| {
        let path = cluster::Path::namespaced("api/v1", namespace, "configmaps").name(name);
        Ask::Read(path.to_string())
    };
    let pairs =
        || namespaces.iter().flat_map(|namespace| names.iter().map(move |name| (namespace, *name)));
    let asks = pairs().map(|(namespace, name)| ask(namespace, name));
    let facts = Facts::gather(cluster, asks, FIELD_MANAGER, deadline).await;
    let mut read = Read::default();
    for (namespace, name) in pairs() {
        match facts.find(&ask(namespace, name)) {
            Ok(Some(map)) => read.add(namespace, name, map),
            Ok(None) => {}
            Err(error) => read.failed(name, error),
        }
    }
    read
}

async fn everywhere(cluster: &Cluster, names: &[&str], deadline: Deadline) -> Read {
    let ask = |name: &str| {
        let path = cluster::Path::cluster_wide("api/v1", "configmaps")
            .query("fieldSelector", &format!("metadata.name={name}"));
        Ask::Read(path.to_string())
    };
    let asks = names.iter().map(|name| ask(name));
    let facts = Facts::gather(cluster, asks, FIELD_MANAGER, deadline).await;
    let mut read = Read::default();
    for name in names {
        match facts.items(&ask(name)) {
            Ok(maps) => {
                for map in maps {
                    let namespace = map.pointer("/metadata/namespace").and_then(Value::as_str);
                    read.add(namespace.unwrap_or_default(), name, map);
                }
            }
            Err(error) => read.failed(name, error),
        }
    }
    read
}

fn of_namespace(
    app: &App,
    cluster: &Cluster,
    namespace: &str,
    maps: BTreeMap<String, Value>,
) -> Result<OfNamespace> {
    let hints = app.hints(cluster, namespace);
    let mut found = OfNamespace::default();
    for (name, map) in maps {
        let data = map.get("data").and_then(Value::as_object).into_iter().flatten();
        let data: BTreeMap<String, String> = data
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect();
        if name == CONFIG_MAP {
            let settings = Settings::of_config_map(&data, &hints).map_err(|error| {
                // An incident must not wait for a mistake in a file to be mended.
                error.hint(format!(
                    "to go on without it: {}",
                    app.environment.again_with("--config none")
                ))
            })?;
            found.settings = Some(settings);
            continue;
        }
        match config::probe_of_rollback_config(&data) {
            Ok(probe) => found.probe = probe,
            // Nothing else reads it: it may be older than rb.
            Err(error) => found.warnings.push(format!("ConfigMap {name} does not count: {error}")),
        }
    }
    Ok(found)
}
