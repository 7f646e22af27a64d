//! `rb.yaml`: what it says, what is refused and with which words, and that the schema says the same.

mod hostile;
mod merging;
mod mistakes;
mod rollback_config;
mod schema;

use std::path::Path;

use kubectl_rb::config::{Origin, Settings};
use kubectl_rb::error::{Error, ErrorKind};

use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    [
        hostile::tests(),
        merging::tests(),
        mistakes::tests(),
        rollback_config::tests(),
        schema::tests(),
    ]
    .concat()
}

fn parse(text: &str) -> Result<Settings, Error> {
    Settings::parse(text, &Origin::file(Path::new("rb.yaml")))
}

#[track_caller]
fn parsed(text: &str) -> Settings {
    parse(text).unwrap_or_else(|error| panic!("{}\n{text}", told(&error).join("\n")))
}

/// The mistakes, a line each.
#[track_caller]
fn refused(text: &str) -> Vec<String> {
    let error = parse(text).expect_err(text);
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(error.hints().len(), 1, "{error}");
    told(&error)
}

fn told(error: &Error) -> Vec<String> {
    let causes = error.causes();
    if causes.is_empty() { vec![error.to_string()] } else { causes }
}
