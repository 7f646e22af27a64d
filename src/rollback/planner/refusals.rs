//! Why an undo is not planned, with the command that helps.

use crate::error::{Error, ErrorKind};
use crate::rollback::model::ownership::Owner;
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
        Error::new(
            ErrorKind::Refused,
            format!("{reference} is not rolled back directly: {}", owners.join("; ")),
        )
        .hint("to make it stay back: undo the change where the owner takes it from")
        .hint(format!("to patch it all the same: {}", self.directly(target)))
    }

    /// Each would put its own state back, and a commit for one is none for the other.
    pub(super) fn owned_by_several(&self, target: &Revision) -> Error {
        let reference = self.snapshot.target.reference();
        // Those of two installations may have the same name.
        let placed = |owner: &Owner| match &owner.object {
            Some(object) => format!("{} in namespace {}", owner.name, object.namespace),
            None => owner.name.clone(),
        };
        let names: Vec<String> = self.owners.iter().map(placed).collect();
        let message = format!(
            "{reference} is claimed by more than one owner that takes it from Git ({}): nothing is \
             done before that is settled",
            names.join(", ")
        );
        let status = format!("status {}", shell_quote(&reference));
        Error::new(ErrorKind::Refused, message)
            .hint(format!("to see what each would do: {}", self.request.hints.rb(&status)))
            .hint(format!("to patch it all the same: {}", self.directly(target)))
    }

    /// Without knowing its owner nobody knows what would become of a patch.
    pub(super) fn owner_not_known(&self, target: &Revision, why: &str) -> Error {
        let reference = self.snapshot.target.reference();
        let names: Vec<String> =
            self.owners.iter().map(|owner| format!("{} ({})", owner.name, owner.mark)).collect();
        let message = format!(
            "{reference} bears the mark of {}, and whether that owns it is not known: {why}",
            names.join(", ")
        );
        let read = self.owners.iter().filter_map(|owner| owner.object.as_ref()).map(|object| {
            let name = shell_quote(&object.qualified()).into_owned();
            let get = self.request.hints.kubectl_in(&object.namespace, &format!("get {name}"));
            format!("to see whether you may read it: {get}")
        });
        let error = read.fold(Error::new(ErrorKind::Refused, message), Error::hint);
        error.hint(format!("to patch it all the same: {}", self.directly(target)))
    }

    fn directly(&self, target: &Revision) -> String {
        let reference = self.snapshot.target.reference();
        self.request.hints.rb(&format!(
            "undo {} --direct --to-revision={}",
            shell_quote(&reference),
            shell_quote(&target.hash)
        ))
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
