//! Plan files of reverts: written by `--plan-out`, read by `--plan`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::Deserialize;

use crate::cli::private_file;
use crate::error::{Error, ErrorKind, Result};
use crate::git::commit::operation::mode_word;
use crate::report::revert::short;
use crate::rollback::model::plan;
use crate::rollback::model::revert::Mode;
use crate::rollback::model::revert_plan::{RevertPlan, SCHEMA};
use crate::text::{sanitize, shell_quote, truncate};

const MIB: u64 = 1024 * 1024;
/// Plans are read whole; a device has no end.
const LARGEST: u64 = 64 * MIB;

pub(super) fn write(path: &Path, plan: &RevertPlan) -> Result<()> {
    let text = serde_json::to_string_pretty(plan)
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot write the plan").because(error))?;
    private_file::write(path, &text).map_err(|error| {
        let hint = "name a file in a folder that exists and that you may write to";
        Error::new(ErrorKind::Usage, words(path, "cannot be written")).because(error).hint(hint)
    })
}

pub(super) fn read(path: &Path) -> Result<RevertPlan> {
    let text = text(path).map_err(|error| usage(path, "cannot be read").because(error))?;
    let no_plan = |error: &serde_json::Error| {
        // What stands there is not repeated: it may be any file of this machine.
        let place = format!("line {}, column {}", error.line(), error.column());
        usage(path, "is no plan of a revert").because(place)
    };
    let document: Headed = serde_json::from_str(&text).map_err(|error| no_plan(&error))?;
    match document.schema.as_str() {
        SCHEMA => {}
        plan::SCHEMA => {
            let hint = format!("rb undo --plan {}", shell_quote(&path.display().to_string()));
            return Err(
                Error::new(ErrorKind::Usage, words(path, "is a plan of rb undo")).hint(hint)
            );
        }
        other => {
            let schema = truncate(&sanitize(other), 40).into_owned();
            return Err(usage(path, &format!("has the schema {schema:?} and not {SCHEMA}"))
                .because("another version of rb wrote it, or it is no plan"));
        }
    }
    serde_json::from_str(&text).map_err(|error| no_plan(&error))
}

/// What every document begins with.
#[derive(Deserialize)]
struct Headed {
    schema: String,
}

/// All of it, where that is not more than any plan has.
fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read <= LARGEST) {
        return Ok(text);
    }
    Err(io::Error::other(format!("it is larger than {} MiB", LARGEST / MIB)))
}

/// The plan and the one that is made of it now are of the same operation: the same repository, branch,
/// commits, way and paths. The message of the plan goes into the commit, and has to say so, too.
pub(super) fn check(path: &Path, plan: &RevertPlan, now: &RevertPlan) -> Result<()> {
    let trailer = format!("Rb-Operation: {}", now.id);
    let says_so = plan.message.lines().any(|line| line == trailer);
    let is_text = !plan.message.chars().any(|c| c.is_control() && c != '\n');
    if plan.id == now.id && says_so && is_text {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Refused, words(path, "was changed since it was written"))
        .because("its repository, branch, commits or message are not those that its id stands for")
        .again("make a new one", remade(plan)))
}

/// The words that ask for the same as a plan.
pub(super) fn asked(plan: &RevertPlan) -> Vec<String> {
    let asked = &plan.asked;
    let commit = match asked.commits.as_slice() {
        [] => String::new(),
        [only] => short(only),
        [newest, .., oldest] => format!("{}^..{}", short(oldest), short(newest)),
    };
    let option = |name: &str, value: String| [format!("--{name}"), value];
    let mut words = vec![commit];
    if asked.mode != Mode::Auto {
        words.extend(option("mode", mode_word(asked.mode).to_owned()));
    }
    words.extend(asked.paths.iter().flat_map(|path| option("path", path.argument())));
    words.extend(asked.good.iter().flat_map(|good| option("to", short(good))));
    words.extend(asked.mainline.iter().flat_map(|number| option("mainline", number.to_string())));
    words
}

/// The words that make a plan anew.
pub(super) fn remade(plan: &RevertPlan) -> Vec<String> {
    let mut words = asked(plan);
    // Without the file that is no plan any more.
    words.extend(["--dry-run", "--plan-out", "FILE", "--plan"].map(str::to_owned));
    words
}

fn usage(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Usage, words(path, what))
        .again("to make one", ["COMMIT", "--dry-run", "--plan-out", "FILE", "--plan"])
}

fn words(path: &Path, what: &str) -> String {
    format!("plan file {} {what}", shell_quote(&path.display().to_string()))
}
