//! Why an undo is not planned, with the command that helps.

use crate::error::{Error, ErrorKind};
use crate::rollback::model::revision::Revision;
use crate::rollback::model::template;
use crate::text::shell_quote;

use super::Planner;

impl Planner<'_> {
    pub(in crate::rollback) fn being_deleted(&self) -> Error {
        let reference = self.snapshot.target.reference();
        let get = format!("get {} -o yaml", shell_quote(&reference));
        Error::new(ErrorKind::Refused, format!("{reference} is being deleted"))
            .hint(format!("to see what holds it: {}", self.request.hints.kubectl(&get)))
    }

    pub(in crate::rollback) fn paused(&self) -> Error {
        let reference = self.snapshot.target.reference();
        let resume = format!("rollout resume {}", shell_quote(&reference));
        Error::new(
            ErrorKind::Refused,
            format!("{reference} is paused: a rollback would not be rolled out"),
        )
        .hint(format!("to resume it first: {}", self.request.hints.kubectl(&resume)))
    }

    pub(in crate::rollback) fn owned(&self, target: &Revision) -> Error {
        let reference = self.snapshot.target.reference();
        let owners: Vec<String> = self
            .owners
            .iter()
            .map(|o| format!("{} owns it ({}): {}", o.name, o.mark, o.would))
            .collect();
        let direct = format!(
            "undo {} --direct --to-revision={}",
            shell_quote(&reference),
            shell_quote(&target.hash)
        );
        Error::new(
            ErrorKind::Refused,
            format!("{reference} is not rolled back directly: {}", owners.join("; ")),
        )
        .hint("to make it stay back: undo the change where the owner takes it from")
        .hint(format!("to patch it all the same: {}", self.request.hints.rb(&direct)))
    }

    pub(super) fn not_from(&self, word: &str) -> Error {
        let reference = self.snapshot.target.reference();
        let live = self.live_view();
        let images = template::short_images(&live.images, &[]).join(", ");
        let history = format!("history {}", shell_quote(&reference));
        Error::new(
            ErrorKind::Refused,
            format!(
                "{reference} runs {} ({images}) and not {word}, which rb has not undone either",
                live.label()
            ),
        )
        .hint(format!("to see what ran: {}", self.request.hints.rb(&history)))
    }
}
