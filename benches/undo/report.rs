//! Figures as a Markdown table and as a JSON file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::figure::{Figure, Sample, Target, Unit};

/// One table for each situation; `other` is what rb is held against.
pub(crate) fn markdown(figures: &[Figure], other: &str) -> String {
    let mut text = String::new();
    let mut situation = "";
    for figure in figures {
        if figure.situation != situation {
            situation = &figure.situation;
            let _ = write!(
                text,
                "\n### {situation}\n\n| | rb | {other} | rb / {other} | target | met |\n\
                 |---|---|---|---|---|---|\n"
            );
        }
        let _ = writeln!(text, "{}", line(figure));
    }
    for reason in figures.iter().filter_map(|figure| figure.refused.as_deref()).take(1) {
        let _ = write!(text, "\nrb refused:\n\n```text\n{}\n```\n", reason.trim());
    }
    text
}

fn line(figure: &Figure) -> String {
    let ratio = figure.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
    let met = match figure.is_met() {
        None => "",
        Some(true) => "yes",
        Some(false) if figure.rb.median().is_none() => "not measured",
        Some(false) => "**no**",
    };
    format!(
        "| {} | {} | {} | {ratio} | {} | {met} |",
        figure.what,
        cell(&figure.rb, figure.unit),
        cell(&figure.kubectl, figure.unit),
        figure.target.map_or_else(String::new, |target| target_cell(target, figure.unit)),
    )
}

/// The median, with the range where the values differ.
fn cell(sample: &Sample, unit: Unit) -> String {
    let (Some(median), Some((least, most))) = (sample.median(), sample.range()) else {
        return "–".to_owned();
    };
    let [least, most] = [least, most].map(|value| number(value, unit));
    let range = if least == most { String::new() } else { format!(" ({least}–{most})") };
    format!("{}{}{range}", number(median, unit), suffix(unit))
}

fn target_cell(target: Target, unit: Unit) -> String {
    match target {
        Target::AtMostOfKubectl(part) => format!("≤ {part:.2}"),
        Target::AtMost(limit) => format!("≤ {}{}", number(limit, unit), suffix(unit)),
        Target::Below(limit) => format!("< {}{}", number(limit, unit), suffix(unit)),
    }
}

fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => format!("{value:.3}"),
        Unit::Mebibytes => format!("{value:.1}"),
        Unit::Count => format!("{value:.0}"),
    }
}

fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => " s",
        Unit::Mebibytes => " MiB",
        Unit::Count => "",
    }
}

/// All values, for machines.
pub(crate) fn write_json(
    benchmark: &str,
    figures: &[Figure],
    rounds: usize,
    file: &Path,
) -> Result<()> {
    let figures: Vec<Value> = figures.iter().map(with_results).collect::<Result<_>>()?;
    let document = json!({"benchmark": benchmark, "rounds": rounds, "figures": figures});
    fs::write(file, format!("{document:#}\n"))
        .with_context(|| format!("writing {}", file.display()))
}

fn with_results(figure: &Figure) -> Result<Value> {
    let mut value = serde_json::to_value(figure)?;
    value["rbMedian"] = json!(figure.rb.median());
    value["kubectlMedian"] = json!(figure.kubectl.median());
    value["ratio"] = json!(figure.ratio());
    value["met"] = json!(figure.is_met());
    Ok(value)
}
