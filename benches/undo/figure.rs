//! Measured values, and what they have to be.

use serde::Serialize;

/// Repeated measurements of the same thing.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(crate) fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
        Some(f64::midpoint(lower, upper))
    }

    /// The least and the most.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        let least = self.0.iter().copied().min_by(f64::total_cmp)?;
        Some((least, self.0.iter().copied().max_by(f64::total_cmp)?))
    }
}

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Unit {
    Seconds,
    Mebibytes,
    Count,
}

/// What the median of rb is held against.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Target {
    /// At most this part of kubectl's median.
    AtMostOfKubectl(f64),
    /// At most so much.
    AtMost(f64),
    /// Below so much.
    Below(f64),
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) situation: String,
    pub(crate) what: String,
    pub(crate) unit: Unit,
    pub(crate) rb: Sample,
    pub(crate) kubectl: Sample,
    pub(crate) target: Option<Target>,
    /// Why rb has no value.
    pub(crate) refused: Option<String>,
}

impl Figure {
    /// The median of rb as a part of that of kubectl.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let kubectl = self.kubectl.median().filter(|median| *median > 0.0)?;
        Some(self.rb.median()? / kubectl)
    }

    /// Whether the target is met; `None` without a target. What was not measured is not met.
    pub(crate) fn is_met(&self) -> Option<bool> {
        let (value, limit, equal) = match self.target? {
            Target::AtMostOfKubectl(part) => (self.ratio(), part, true),
            Target::AtMost(limit) => (self.rb.median(), limit, true),
            Target::Below(limit) => (self.rb.median(), limit, false),
        };
        Some(value.is_some_and(|value| value < limit || equal && value <= limit))
    }
}
