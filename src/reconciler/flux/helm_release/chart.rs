//! Where the chart of a `HelmRelease` comes from: a template for a `HelmChart` in it, or a reference to an
//! object that has the chart.

use serde_json::Value;

use crate::facts::{Ask, Facts};
use crate::rollback::model::barrier::Barrier;
use crate::rollback::model::ownership::{Source, SourceKind};
use crate::rollback::model::target::Target;

use super::super::super::marks;
use super::super::barring;
use super::super::fields::{first_few, list, text, word};
use super::super::path;
use super::super::source::{Read, SourceRef, plain};
use super::{SOURCE, state};

pub(super) const REFERENCE: &str = "/spec/chartRef";
/// With which each commit makes another chart.
const REVISION: &str = "Revision";
pub(super) const HELM_CHART: &str = "HelmChart";
/// The kinds that a `HelmChart` may take its chart from.
const SOURCES: [&str; 3] = ["GitRepository", "HelmRepository", "Bucket"];

/// What is said of a chart, here or in a `HelmChart`.
struct Chart<'v> {
    /// Its name, or its folder.
    name: &'v str,
    version: &'v str,
    strategy: &'v str,
    /// Files of values in its source.
    files: &'v [Value],
    source: SourceRef<'v>,
    /// The object that fetches it.
    fetcher: Option<(SourceRef<'v>, &'v Value)>,
    /// The object that says all this, and where in it.
    declared: (Target, &'static str),
}

/// What there is to know of where it comes from.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub source: Option<Source>,
    pub notes: Vec<String>,
    /// What keeps commits from getting through it.
    pub barriers: Vec<Barrier>,
}

/// What has to be read. A `HelmChart` that is referred to takes its chart from another object of its
/// namespace; which one is known only then, so all that it may be are listed at the same time.
pub(super) fn asks(owner: &Value) -> Vec<Ask> {
    if let Some(reference) = SourceRef::at(owner, REFERENCE) {
        let kinds = SOURCES.into_iter().filter(|_| reference.kind == HELM_CHART);
        let lists = kinds.filter_map(|kind| SourceRef { kind, ..reference }.list());
        return reference.ask().into_iter().chain(lists).collect();
    }
    let both = [SourceRef::at(owner, SOURCE), fetcher(owner)];
    both.into_iter().flatten().filter_map(|reference| reference.ask()).collect()
}

/// The `HelmChart` that was made for it.
pub(super) fn fetcher(owner: &Value) -> Option<SourceRef<'_>> {
    let (namespace, name) = text(owner, "/status/helmChart").split_once('/')?;
    Some(SourceRef { kind: HELM_CHART, namespace, name })
}

/// Where it comes from, and what there is to know of that.
pub(super) fn read(owner: &Value, facts: &Facts<'_>) -> Found {
    let Some(reference) = SourceRef::at(owner, REFERENCE) else {
        let Some(source) = SourceRef::at(owner, SOURCE) else {
            return Found { notes: vec!["it names no chart".to_owned()], ..Found::default() };
        };
        let at = |member: &str| text(owner, member);
        let chart = Chart {
            name: at("/spec/chart/spec/chart"),
            version: at("/spec/chart/spec/version"),
            strategy: at("/spec/chart/spec/reconcileStrategy"),
            files: list(owner, "/spec/chart/spec/valuesFiles"),
            source,
            fetcher: fetcher(owner).and_then(|fetcher| Some((fetcher, fetcher.find(facts)?.ok()?))),
            declared: (marks::reference(owner), r#"{"spec":{"chart":{"spec":{STRATEGY}}}}"#),
        };
        return chart.read(owner, facts);
    };
    if let (HELM_CHART, Some(Ok(fetcher))) = (reference.kind, reference.find(facts)) {
        let at = |member: &str| text(fetcher, member);
        let source = SourceRef {
            kind: at("/spec/sourceRef/kind"),
            namespace: reference.namespace,
            name: at("/spec/sourceRef/name"),
        };
        let chart = Chart {
            name: at("/spec/chart"),
            version: at("/spec/version"),
            strategy: at("/spec/reconcileStrategy"),
            files: list(fetcher, "/spec/valuesFiles"),
            source,
            fetcher: Some((reference, fetcher)),
            declared: (reference.target(), r#"{"spec":{STRATEGY}}"#),
        };
        return chart.read(owner, facts);
    }
    let read = reference.read(facts);
    let Read { source, notes, barriers, .. } = read;
    Found { source: Some(source), notes, barriers }
}

impl Chart<'_> {
    fn read(&self, owner: &Value, facts: &Facts<'_>) -> Found {
        let mut read = self.source.read(facts);
        let files: Vec<&str> = self.files.iter().filter_map(Value::as_str).collect();
        if !files.is_empty() {
            let files = first_few(&files);
            read.notes
                .push(format!("its chart takes values from {files} of its source (valuesFiles)"));
        }
        let source = &mut read.source;
        if source.kind == SourceKind::Chart {
            source.wants = match self.version {
                "*" => String::new(),
                version => version.to_owned(),
            };
            source.revision = self.fetched().or_else(|| released(owner)).map(str::to_owned);
            read.notes.push(format!("its chart is {}", self.name));
            if is_range(self.version) {
                read.notes
                    .push("a newer version of its chart is taken up without a commit".to_owned());
            }
            return Found { source: Some(read.source), notes: read.notes, ..Found::default() };
        }
        source.path = Some(path::clean(self.name));
        let built_from = self
            .fetcher
            .and_then(|(_, chart)| word(chart, "/status/observedSourceArtifactRevision"));
        if let Some(revision) = built_from {
            source.revision = Some(plain(source.kind, revision));
        }
        if self.strategy != REVISION {
            read.notes.push(
                "a commit in the folder of its chart changes nothing unless the version in Chart.yaml \
                 changes too (reconcileStrategy ChartVersion)"
                    .to_owned(),
            );
        }
        if source.kind == SourceKind::Git {
            let suspended = self.fetcher.and_then(|(reference, chart)| {
                barring::of_fetcher(chart, &reference.target(), &reference.named())
            });
            read.barriers.extend(suspended);
            if self.strategy != REVISION {
                let (declared, place) = &self.declared;
                let patch = place.replace("STRATEGY", r#""reconcileStrategy":"Revision""#);
                let folder = path::clean(self.name);
                read.barriers.push(barring::of_chart(&folder, &files, declared, &patch));
            }
        }
        let Read { source, notes, barriers, .. } = read;
        Found { source: Some(source), notes, barriers }
    }

    /// The version that was fetched last.
    fn fetched(&self) -> Option<&str> {
        word(self.fetcher?.1, "/status/artifact/revision")
    }
}

/// The version of the chart that is released.
fn released(owner: &Value) -> Option<&str> {
    word(state::latest(owner)?, "/chartVersion")
}

/// Whether a version fits more than one chart.
fn is_range(version: &str) -> bool {
    let is_exact = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    let has_all_parts =
        version.split(['-', '+']).next().unwrap_or_default().split('.').count() == 3;
    let has_wildcard = version.split(['.', '-', '+']).any(|part| matches!(part, "x" | "X"));
    !version.chars().all(is_exact) || !has_all_parts || has_wildcard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_be_a_range() {
        for (version, range) in [
            ("1.2.3", false),
            ("v1.2.3", false),
            ("1.2.3-rc.1", false),
            ("1.2.3+build.x86", false),
            ("", true),
            ("*", true),
            ("1", true),
            ("1.2", true),
            ("1.2.x", true),
            ("^1.2.3", true),
            (">=1.0.0 <2.0.0", true),
            ("~1.2.3", true),
        ] {
            assert_eq!(is_range(version), range, "{version}");
        }
    }
}
