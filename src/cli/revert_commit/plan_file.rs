//! Plan files of reverts: written by `--plan-out`, read by `--plan`.

use std::path::Path;

use crate::cli::private_file;
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::revert_plan::{RevertPlan, SCHEMA};
use crate::text::shell_quote;

pub(super) fn write(path: &Path, plan: &RevertPlan) -> Result<()> {
    let text = serde_json::to_string_pretty(plan)
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot write the plan").because(error))?;
    private_file::write(path, &text).map_err(|error| {
        let hint = "name a file in a folder that exists and that you may write to";
        Error::new(ErrorKind::Usage, words(path, "cannot be written")).because(error).hint(hint)
    })
}

pub(super) fn read(path: &Path) -> Result<RevertPlan> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage(path, "cannot be read").because(error))?;
    let plan: RevertPlan = serde_json::from_str(&text).map_err(|error| {
        usage(path, "is no plan of a revert").because(format!(
            "line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    if plan.schema != SCHEMA {
        return Err(usage(path, &format!("has the schema {:?} and not {SCHEMA}", plan.schema)));
    }
    Ok(plan)
}

fn usage(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Usage, words(path, what))
        .hint("to make one: rb revert-commit COMMIT --dry-run --plan-out FILE")
}

fn words(path: &Path, what: &str) -> String {
    format!("plan file {} {what}", shell_quote(&path.display().to_string()))
}
