//! What is wrong with a configuration: all of it at once, each with its place.

use std::cell::RefCell;
use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::text::plural;

use super::origin::Origin;
use super::yaml::Place;

/// As many are told; whoever has more mistakes begins with these.
const TOLD: usize = 20;

/// A list that everything that reads can add to.
#[derive(Debug, Default)]
pub(super) struct Mistakes(RefCell<Vec<Mistake>>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mistake {
    pub(super) place: Place,
    pub(super) what: String,
}

impl Mistakes {
    pub(super) fn add(&self, mistake: Mistake) {
        self.0.borrow_mut().push(mistake);
    }

    /// The value, where there was no mistake.
    pub(super) fn or<T>(self, value: T, origin: &Origin) -> Result<T> {
        let mut all = self.0.into_inner();
        all.sort();
        all.first().map_or(Ok(value), |first| Err(error(&all, first, origin)))
    }
}

/// One mistake is the message; several are its causes.
fn error(all: &[Mistake], first: &Mistake, origin: &Origin) -> Error {
    let line = |Mistake { place, what }: &Mistake| {
        format!("{origin}:{}:{}: {what}", place.line, place.column)
    };
    let error = if all.len() == 1 {
        Error::new(ErrorKind::Usage, line(first))
    } else {
        let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let mut lines: Vec<String> = all.iter().take(TOLD).map(line).collect();
        if all.len() > TOLD {
            lines.push(format!("and {} more", all.len() - TOLD));
        }
        let message = format!("{origin} has {}", plural(count, "mistake"));
        let causes =
            lines.into_iter().rev().fold(None, |next, text| Some(Box::new(Listed { text, next })));
        let error = Error::new(ErrorKind::Usage, message);
        match causes {
            Some(causes) => error.because(causes as crate::error::Source),
            None => error,
        }
    };
    error.hint(origin.edit(first.place))
}

/// A cause, followed by the next one: so each is a cause of its own in every report.
#[derive(Debug)]
struct Listed {
    text: String,
    next: Option<Box<Listed>>,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Listed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.next.as_deref().map(|next| next as _)
    }
}
