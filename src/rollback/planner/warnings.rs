//! What the user should know before saying yes.

use crate::rollback::model::context;
use crate::rollback::model::evidence::Evidence;
use crate::rollback::model::leftover::WhyLeft;
use crate::rollback::model::ownership::{Owner, Proof};
use crate::rollback::model::plan::Change;
use crate::rollback::model::record::{Stored, Undo};
use crate::rollback::model::revision::Revision;
use crate::rollback::{annotation_edits, helm_leftovers};
use crate::text::shell_quote;

use super::{MAX_TEXT, Planner};

/// A mark that is not true must not be passed over: somebody may have meant it.
fn stale_mark(owner: &Owner) -> Option<String> {
    match &owner.proof {
        Proof::Refuted(why) => Some(format!("{} counts for nothing: {why}", owner.mark)),
        Proof::Unread(why) => Some(format!("whether {} owns it is not known: {why}", owner.name)),
        Proof::Listed | Proof::Marked => None,
    }
}

impl Planner<'_> {
    pub(super) fn warnings(&self, target: &Revision, evidence: &Evidence) -> Vec<String> {
        let mut warnings = Vec::new();
        if !evidence.against.is_empty() {
            let words = evidence.against_words(self.snapshot.taken_at);
            warnings.push(format!("{} is asked for although: {words}", target.label()));
        }
        warnings.extend(context::migrations_left(self.snapshot, &self.revisions, target));
        warnings.extend(self.cut_texts());
        warnings.extend(self.snapshot.owners.iter().filter_map(stale_mark));
        // Else it is they who bring it.
        if self.request.direct {
            warnings.extend(self.owners.iter().map(|o| format!("{} owns it: {}", o.name, o.would)));
        }
        if self.revisions.live().is_none() {
            let text = "the controller has not stored the newest template yet: every stored \
                        revision counts as older";
            warnings.push(text.to_owned());
        }
        if let Some(why) = self.backend.runs_nothing(&self.snapshot.workload) {
            warnings.push(format!("{why}: no pod will run, so nothing will be proven"));
        }
        warnings.extend(self.backend.caveats(self.snapshot, target));
        warnings.extend(self.pods_that_stay(target));
        warnings.extend(self.to_finish_instead());
        match &self.stored {
            Stored::Newer(version) => warnings.push(format!(
                "its undo record has format {version} of a newer rb: it is left as it is, and \
                 this undo is not recorded"
            )),
            Stored::Unreadable => {
                warnings.push("its undo record cannot be read and is replaced".to_owned());
            }
            Stored::Nothing | Stored::Record(_) => {}
        }
        warnings.extend(self.snapshot.gaps.iter().cloned());
        warnings
    }

    /// Where the live template itself is held up by pods of another one, perhaps after an undo by
    /// kubectl: going further back may not be what is wanted.
    pub(super) fn to_finish_instead(&self) -> Option<String> {
        self.to_finish(|why| why == WhyLeft::Stuck)
    }

    /// The same where there is nothing to go back to: then pods that wait for deletion may be what
    /// is left to do.
    pub(super) fn to_finish_at_all(&self) -> Option<String> {
        self.to_finish(|_| true)
    }

    fn to_finish(&self, concerns: impl Fn(WhyLeft) -> bool) -> Option<String> {
        let live = self.revisions.live()?;
        let stuck =
            self.backend.leftovers(self.snapshot, live).filter(|left| concerns(left.why))?;
        let delete = if stuck.why == WhyLeft::OnDelete { " --delete-pods" } else { "" };
        let undo = format!(
            "undo {} --to-revision={}{delete}",
            shell_quote(&self.snapshot.target.reference()),
            shell_quote(&live.hash)
        );
        Some(format!(
            "{} of another revision keeps {} from being rolled out; to finish that: {}",
            stuck.words(),
            live.label(),
            self.request.hints.rb(&undo)
        ))
    }

    fn pods_that_stay(&self, target: &Revision) -> Option<String> {
        if self.leftovers_to_delete(target).is_some() {
            return None;
        }
        let leftovers = self.backend.leftovers(self.snapshot, target)?;
        Some(format!(
            "its update strategy is OnDelete: {} will run the old version until deleted; \
             --delete-pods does that",
            leftovers.words()
        ))
    }

    /// What the next deploy will find that rb cannot put right.
    pub(super) fn next_deploy_warnings(
        &self,
        target: &Revision,
        undo: &Undo,
        diff: &[Change],
        cause: String,
    ) -> Vec<String> {
        let last_applied = annotation_edits::warning(self, target, undo, cause);
        let helm = helm_leftovers::warning(&self.snapshot.workload, diff);
        last_applied.into_iter().chain(helm).collect()
    }

    /// What of the user's words does not fit into the record.
    fn cut_texts(&self) -> impl Iterator<Item = String> {
        let texts = [("reason", &self.request.reason), ("incident", &self.request.incident)];
        texts.into_iter().filter_map(|(what, text)| {
            let length = text.as_ref()?.chars().count();
            (length > MAX_TEXT).then(|| {
                format!("the {what} has {length} characters: the first {MAX_TEXT} are recorded")
            })
        })
    }
}
