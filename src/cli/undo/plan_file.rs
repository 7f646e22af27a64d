//! Plan files: written by `--plan-out`, read by `--plan`.
//!
//! Pod templates may hold secrets in plain environment variables, so only the owner may read one.

use std::path::Path;

use crate::cli::private_file;
use crate::cli::target_args::is_object_name;
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::plan::{Plan, SCHEMA};
use crate::text::shell_quote;

pub(super) fn write(path: &Path, plan: &Plan) -> Result<()> {
    let text = serde_json::to_string_pretty(plan)
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot write the plan").because(error))?;
    private_file::write(path, &text).map_err(|error| {
        let hint = "name a file in a folder that exists and that you may write to";
        Error::new(ErrorKind::Usage, words(path, "cannot be written")).because(error).hint(hint)
    })
}

pub(super) fn read(path: &Path) -> Result<Plan> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage(path, "cannot be read").because(error))?;
    let plan: Plan = serde_json::from_str(&text)
        .map_err(|error| usage(path, "is no plan").because(place(&error)))?;
    if plan.schema != SCHEMA {
        return Err(usage(path, &format!("has the schema {:?} and not {SCHEMA}", plan.schema)));
    }
    if plan.redacted {
        return Err(usage(path, "was printed with hidden values and cannot be carried out"));
    }
    if !has_plain_names(&plan) {
        return Err(usage(path, "has names that no object can have"));
    }
    Ok(plan)
}

/// Names go into paths and onto the screen; a plan file may have come a long way.
fn has_plain_names(plan: &Plan) -> bool {
    let hash = |hash: &str| hash.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    is_object_name(&plan.target.name)
        && is_object_name(&plan.target.namespace)
        && hash(&plan.from.hash)
        && hash(&plan.to.hash)
}

fn usage(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Usage, words(path, what))
        .hint("to make one: rb undo TYPE/NAME --dry-run --plan-out FILE")
}

fn words(path: &Path, what: &str) -> String {
    format!("plan file {} {what}", shell_quote(&path.display().to_string()))
}

/// Where the text is no plan, without the values that serde quotes: they may be secret.
fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}
