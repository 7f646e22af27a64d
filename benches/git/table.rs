//! What came out, as a Markdown table for each situation and as a JSON file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::figure::Sample;
use super::options::Which;
use super::process::Took;
use super::situation::Situation;
use super::ways::{ALL, Way};

const MIB: f64 = 1024.0 * 1024.0;

/// All runs of a situation.
pub(crate) struct Table {
    situation: Situation,
    /// In the order of `ALL`.
    rows: [Row; 4],
    trees: Sample,
}

#[derive(Default)]
struct Row {
    seconds: Sample,
    mebibytes: Sample,
    calls: Sample,
    requests: Sample,
}

/// A value that has to be below a limit.
struct Figure {
    what: &'static str,
    value: Option<f64>,
    limit: f64,
    unit: &'static str,
}

impl Figure {
    fn is_met(&self) -> bool {
        self.value.is_some_and(|value| value <= self.limit)
    }
}

impl Table {
    pub(crate) fn new(situation: Situation) -> Self {
        Self { situation, rows: Default::default(), trees: Sample::default() }
    }

    pub(crate) fn add(&mut self, way: Way, took: &Took, calls: usize, requests: usize) {
        let row = &mut self.rows[index(way)];
        row.seconds.push(took.wall.as_secs_f64());
        row.calls.push(count(calls));
        row.requests.push(count(requests));
        if let Some(peak) = took.peak.filter(|_| way.is_rb()) {
            row.mebibytes
                .push(f64::from(u32::try_from(peak / 1024).unwrap_or(u32::MAX)) * 1024.0 / MIB);
        }
    }

    /// What the revert of the trees took.
    pub(crate) fn add_trees(&mut self, took: Duration) {
        self.trees.push(took.as_secs_f64() * 1000.0);
    }

    pub(crate) fn missed(&self) -> usize {
        self.figures().iter().filter(|figure| !figure.is_met()).count()
    }

    fn row(&self, way: Way) -> &Row {
        &self.rows[index(way)]
    }

    /// The median time of one way as a part of that of another.
    fn ratio(&self, way: Way, other: Way) -> Option<f64> {
        Some(self.row(way).seconds.median()? / self.row(other).seconds.median()?)
    }

    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let mut add = |what, value, limit, unit| figures.push(Figure { what, value, limit, unit });
        if self.situation.which != Which::File {
            let calls = self.row(Way::Warm).calls.median();
            add("calls over the network, with a copy", calls, 3.0, "");
        }
        match self.situation.which {
            Which::Medium => {
                let part = |way, other| self.ratio(way, other);
                add("rb / git clone, nothing kept", part(Way::Cold, Way::Clone), 0.25, "");
                add("rb / partial clone, nothing kept", part(Way::Cold, Way::Partial), 0.6, "");
                add("rb / git clone, with a copy", part(Way::Warm, Way::Clone), 0.15, "");
            }
            Which::Large => {
                let peak = self.row(Way::Cold).mebibytes.median();
                add("peak memory of rb, nothing kept", peak, 60.0, " MiB");
                let peak = self.row(Way::Warm).mebibytes.median();
                add("peak memory of rb, with a copy", peak, 60.0, " MiB");
                add("the revert of the trees, with its checks", self.trees.median(), 25.0, " ms");
            }
            Which::Small | Which::File => {}
        }
        figures
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "### {}\n\n| | time | part of the clone | calls | requests | peak of rb |\n\
             |---|---|---|---|---|---|\n",
            self.situation
        );
        for way in ALL {
            let row = self.row(way);
            let part = self.ratio(way, Way::Clone).map(|part| format!("{part:.2}"));
            let peak = row.mebibytes.median().map(|peak| format!("{peak:.1} MiB"));
            let number = |sample: &Sample| sample.median().map(|value| format!("{value:.0}"));
            let over_http = self.situation.which != Which::File;
            let _ = writeln!(
                text,
                "| {way} | {} | {} | {} | {} | {} |",
                range(&row.seconds, 3, " s"),
                part.unwrap_or_default(),
                number(&row.calls).filter(|_| over_http).unwrap_or_default(),
                number(&row.requests).filter(|_| over_http).unwrap_or_default(),
                peak.unwrap_or_default(),
            );
        }
        let _ = write!(
            text,
            "\nThe revert of the trees with its checks: {}.\n",
            range(&self.trees, 1, " ms")
        );
        let figures = self.figures();
        if !figures.is_empty() {
            text += "\n| figure | value | limit | met |\n|---|---|---|---|\n";
        }
        for figure in figures {
            let Figure { what, value, limit, unit } = &figure;
            let value =
                value.map_or("not measured".to_owned(), |value| format!("{value:.2}{unit}"));
            let met = if figure.is_met() { "yes" } else { "**no**" };
            let _ = writeln!(text, "| {what} | {value} | ≤ {limit}{unit} | {met} |");
        }
        text
    }

    fn json(&self) -> Value {
        let row = |way: Way| {
            let row = self.row(way);
            json!({"way": way.to_string(), "seconds": row.seconds, "mebibytes": row.mebibytes,
                   "calls": row.calls, "requests": row.requests})
        };
        json!({"situation": self.situation.to_string(), "ways": ALL.map(row),
               "treesMilliseconds": self.trees})
    }
}

fn index(way: Way) -> usize {
    ALL.iter().position(|other| *other == way).unwrap_or_default()
}

fn count(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The median, with the least and the most.
fn range(sample: &Sample, digits: usize, unit: &str) -> String {
    let (Some(median), Some((least, most))) = (sample.median(), sample.range()) else {
        return "–".to_owned();
    };
    format!("{median:.digits$}{unit} ({least:.digits$}–{most:.digits$})")
}

/// All values, for machines.
pub(crate) fn write_json(tables: &[Table], rounds: usize, file: &Path) -> Result<()> {
    let tables: Vec<Value> = tables.iter().map(Table::json).collect();
    let document = json!({"benchmark": "git", "rounds": rounds, "situations": tables});
    fs::write(file, format!("{document:#}\n"))
        .with_context(|| format!("writing {}", file.display()))
}
