//! From a snapshot and a request to a decision. Pure and deterministic.

mod owned;
mod refusals;
mod warnings;

use crate::backend::{AnnotationEdit, CHANGE_CAUSE, Obstacle, Rollbacker};
use crate::error::Error;
use crate::text::shell_quote;

use super::model::context;
use super::model::decision::{Decision, Nothing, Owned};
use super::model::evidence::Evidence;
use super::model::image::ImageRef;
use super::model::leftover::{Leftovers, WhyLeft};
use super::model::ownership::Owner;
use super::model::plan::{Plan, RevisionView, SCHEMA, Step, Why};
use super::model::record::{RECORD_ANNOTATION, Record, Side, Stored, Undo};
use super::model::request::UndoRequest;
use super::model::revision::{Revision, Revisions};
use super::model::snapshot::Snapshot;
use super::model::template;
use super::select::{self, Choice, Selection};
use super::{again, diff, evidence, steps};

/// Longest reason and incident that are recorded, in characters.
const MAX_TEXT: usize = 200;

/// Decides what an undo would do.
#[must_use]
pub fn decide(backend: &dyn Rollbacker, snapshot: &Snapshot, request: &UndoRequest) -> Decision {
    Planner::new(backend, snapshot, request).decide()
}

/// What is left of an undo whose patch was written under this operation: the template is live, and Git
/// does not agree. `None` where no record says what was left.
#[must_use]
pub fn to_resume(
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    request: &UndoRequest,
) -> Option<Owned> {
    owned::to_resume(&Planner::new(backend, snapshot, request))
}

/// What is live, as documents have it.
#[must_use]
pub fn live(backend: &dyn Rollbacker, snapshot: &Snapshot, request: &UndoRequest) -> RevisionView {
    Planner::new(backend, snapshot, request).live_view()
}

/// Everything that planning looks at.
pub(super) struct Planner<'a> {
    pub(super) backend: &'a dyn Rollbacker,
    pub(super) snapshot: &'a Snapshot,
    pub(super) request: &'a UndoRequest,
    pub(super) revisions: Revisions,
    stored: Stored,
    pub(super) record: Record,
    pub(super) owners: Vec<Owner>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        backend: &'a dyn Rollbacker,
        snapshot: &'a Snapshot,
        request: &'a UndoRequest,
    ) -> Self {
        let stored = Stored::read(snapshot.annotation(RECORD_ANNOTATION), snapshot.uid());
        Self {
            backend,
            snapshot,
            request,
            revisions: backend.revisions(snapshot),
            record: stored.clone().into_record(snapshot.uid()),
            stored,
            owners: snapshot.true_owners().cloned().collect(),
        }
    }

    fn decide(&self) -> Decision {
        let obstacle = self.backend.obstacle(&self.snapshot.workload);
        if obstacle == Some(Obstacle::Deleting) {
            return refused(self.being_deleted());
        }
        if let Some(decision) = self.other_than_asked() {
            return match decision {
                // A retry of an undo that stopped half-way.
                Decision::Nothing(nothing) if nothing.converging => {
                    self.unless_pods_are_in_the_way(*nothing)
                }
                decision => decision,
            };
        }
        let further = || self.plan_further();
        let guard =
            again::decide(self.backend, self.snapshot, &self.revisions, self.request, further);
        if let Some(decision) = guard {
            return match decision {
                // What cannot converge is not what is bad about it.
                Decision::Again(_) if obstacle == Some(Obstacle::Paused) => refused(self.paused()),
                Decision::Nothing(nothing) => self.unless_pods_are_in_the_way(*nothing),
                decision => decision,
            };
        }
        match self.select() {
            Err(error) => refused(match self.to_finish_at_all() {
                Some(words) => error.hint(words),
                None => error,
            }),
            Ok(Selection::AlreadyLive(revision)) => {
                self.unless_pods_are_in_the_way(self.already_live(revision))
            }
            Ok(Selection::Target { .. }) if obstacle == Some(Obstacle::Paused) => {
                refused(self.paused())
            }
            Ok(Selection::Target { revision, evidence, why }) if self.is_owned() => {
                let direct = || self.plan(revision, &evidence, why);
                owned::decide(self, revision, direct)
            }
            Ok(Selection::Target { revision, evidence, why }) => {
                Decision::Undo(Box::new(self.plan(revision, &evidence, why)))
            }
        }
    }

    /// Nothing is to be done to the template. But where it was changed by somebody who stopped
    /// half-way, or by kubectl, pods may keep it from being rolled out.
    fn unless_pods_are_in_the_way(&self, nothing: Nothing) -> Decision {
        let live = self.revisions.live().filter(|live| self.leftovers_to_delete(live).is_some());
        match live {
            Some(live) => Decision::Undo(Box::new(self.plan_to_finish(live))),
            None => Decision::Nothing(Box::new(nothing)),
        }
    }

    /// The pods that the controller would leave and that are to be deleted: what is stuck always,
    /// the others on demand.
    pub(super) fn leftovers_to_delete(&self, target: &Revision) -> Option<Leftovers> {
        let leftovers = self.backend.leftovers(self.snapshot, target)?;
        let deletes = leftovers.why == WhyLeft::Stuck || self.request.delete_pods;
        deletes.then_some(leftovers)
    }

    fn select(&self) -> Result<Selection<'_>, Error> {
        let evidence = |revision: &Revision| self.evidence(revision);
        let choice = Choice {
            snapshot: self.snapshot,
            revisions: &self.revisions,
            request: self.request,
            evidence: &evidence,
        };
        choice.select()
    }

    fn evidence(&self, revision: &Revision) -> Evidence {
        evidence::collect(self.backend, self.snapshot, &self.record, &self.revisions, revision)
    }

    pub(super) fn is_owned(&self) -> bool {
        !self.owners.is_empty() && !self.request.direct
    }

    /// What going further back would be, where the guard against "again" asks.
    fn plan_further(&self) -> Option<Box<Plan>> {
        if self.is_owned() || self.backend.obstacle(&self.snapshot.workload).is_some() {
            return None;
        }
        match self.select().ok()? {
            Selection::Target { revision, evidence, why } => {
                Some(Box::new(self.plan(revision, &evidence, why)))
            }
            Selection::AlreadyLive(_) => None,
        }
    }

    /// With `--from`: the answer where it is not to be undone, or was undone already.
    fn other_than_asked(&self) -> Option<Decision> {
        let spec = self.request.from.as_ref()?;
        let word = spec.to_string();
        let done = |undo: &Undo| {
            let nothing = again::already_undone(self.backend, self.snapshot, &self.revisions, undo);
            Some(Decision::Nothing(Box::new(nothing)))
        };
        let live_hash = self.revisions.live().map(|live| live.hash.as_str()).unwrap_or_default();
        // Both releases may have the image: what counts is that the last undo left what is named.
        let last =
            again::undo_to(self.snapshot, live_hash).filter(|undo| self.names(&word, &undo.from));
        if let Some(undo) = last.filter(|_| !self.request.again) {
            return done(&undo);
        }
        if select::is_live(spec, &self.revisions) {
            return None;
        }
        match self.record.undos.iter().rev().find(|undo| self.names(&word, &undo.from)) {
            Some(undo) => done(undo),
            None => Some(refused(self.not_from(&word))),
        }
    }

    /// Whether a word names one side of an undo, as it names a revision.
    fn names(&self, word: &str, side: &Side) -> bool {
        let commit = side.commit.as_deref().unwrap_or_default();
        side.hash == word
            || format!("{}-{}", self.snapshot.target.name, side.hash) == word
            || side.revision.is_some_and(|number| number.to_string() == word)
            || (word.len() >= 7
                && commit.to_ascii_lowercase().starts_with(&word.to_ascii_lowercase()))
            || side.images.iter().any(|image| ImageRef::parse(image).is_named(image, word))
    }

    fn plan(&self, target: &Revision, evidence: &Evidence, why: Why) -> Plan {
        let from = self.live_view();
        let to = evidence::view(target, evidence.favour_words(self.snapshot.taken_at));
        let mut undo = self.undo(&from, &to);
        if self.backend.renews_annotations() {
            undo.to.context = context::keep(self.snapshot, target);
        }
        let diff = diff::templates(&self.revisions.live_template, &target.template, false);
        let cause = steps::cause(&undo, &from, &to);
        let warnings = [
            self.warnings(target, evidence),
            self.next_deploy_warnings(target, &undo, &diff, cause),
        ];
        let steps = steps::of(self, target, &undo, &from, &to);
        Plan {
            context_changes: context::changes(&from.context, &to.context),
            warnings: warnings.concat(),
            diff,
            forward: self.forward(),
            ..self.frame(target, from, to, why, steps)
        }
    }

    fn plan_to_finish(&self, live: &Revision) -> Plan {
        let to = self.live_view();
        let undo = self.undo(&self.view_in_the_way(live), &to);
        let steps = steps::to_finish(self, live, &undo, &to);
        let rule = "live already, and pods of another revision are in its way".to_owned();
        let why = Why { rule, ..Why::default() };
        let warnings = self.snapshot.gaps.clone();
        Plan { warnings, ..self.frame(live, to.clone(), to, why, steps) }
    }

    /// What every plan says, whatever it does.
    pub(super) fn frame(
        &self,
        target: &Revision,
        from: RevisionView,
        to: RevisionView,
        why: Why,
        steps: Vec<Step>,
    ) -> Plan {
        Plan {
            schema: SCHEMA.to_owned(),
            id: self.request.operation.clone(),
            made_at: self.snapshot.taken_at,
            cluster: self.snapshot.cluster.clone(),
            target: self.snapshot.target.clone(),
            from,
            to,
            why,
            owners: self.owners.clone(),
            diff: Vec::new(),
            leftovers: self.backend.leftovers(self.snapshot, target),
            context_changes: Vec::new(),
            checks: Vec::new(),
            steps,
            warnings: Vec::new(),
            todo: Vec::new(),
            forward: None,
            redacted: false,
        }
    }

    pub(super) fn live_view(&self) -> RevisionView {
        let state = evidence::live_state(self.backend, self.snapshot, &self.revisions);
        evidence::view_of_live(self.snapshot, &self.revisions, state)
    }

    fn undo(&self, from: &RevisionView, to: &RevisionView) -> Undo {
        let side = |view: &RevisionView| Side {
            revision: view.revision,
            hash: view.hash.clone(),
            fingerprint: (view.hash.is_empty())
                .then(|| template::fingerprint(&self.revisions.live_template)),
            images: view.images.iter().map(|i| i.image.clone()).collect(),
            commit: view.commit.clone(),
            context: None,
        };
        Undo {
            id: self.request.operation.clone(),
            at: self.snapshot.taken_at,
            by: short(&self.request.by),
            from: side(from),
            to: side(to),
            reason: self.request.reason.as_deref().map(short),
            incident: self.request.incident.as_deref().map(short),
            pending: false,
        }
    }

    /// The record as the patch leaves it; `None` where a newer rb wrote it.
    pub(super) fn record_with(&self, undo: &Undo) -> Option<Record> {
        match self.stored {
            Stored::Newer(_) => None,
            _ => Some(self.record.clone().with_undo(undo.clone())),
        }
    }

    /// The record of an undo that is finished only now: it may be by somebody who kept none.
    pub(super) fn record_of_finish(&self, live: &Revision, undo: &Undo) -> Option<Record> {
        let is_recorded = self.record.last_undo().is_some_and(|last| last.to.hash == live.hash);
        match self.stored {
            Stored::Newer(_) => None,
            _ if is_recorded => Some(self.record.clone()),
            _ => self.record_with(undo),
        }
    }

    /// The newest revision whose pods are in the way of the live one: what was left.
    fn view_in_the_way(&self, live: &Revision) -> RevisionView {
        let leftovers = self.backend.leftovers(self.snapshot, live);
        let is_left =
            |uid: &str| leftovers.iter().flat_map(|left| &left.pods).any(|pod| pod.uid == uid);
        let pods = self.snapshot.pods.iter().filter(|pod| is_left(&pod.uid));
        let hashes: Vec<&str> = pods.map(|pod| pod.hash.as_str()).collect();
        let left = self.revisions.older().find(|r| hashes.contains(&r.hash.as_str()));
        left.map(|revision| evidence::view(revision, String::new())).unwrap_or_default()
    }

    /// An annotation edit that tests what is there now.
    pub(super) fn annotation(&self, key: &str, after: String) -> AnnotationEdit {
        let before = self.snapshot.annotation(key).map(str::to_owned);
        AnnotationEdit { key: key.to_owned(), before, after }
    }

    pub(super) fn change_cause(&self, cause: String) -> AnnotationEdit {
        self.annotation(CHANGE_CAUSE, cause)
    }

    /// The command that goes forward again: by hash, since the number will have moved.
    pub(super) fn forward(&self) -> Option<String> {
        let live = self.revisions.live().filter(|live| !live.hash.is_empty())?;
        let direct = if self.owners.is_empty() { "" } else { " --direct" };
        Some(self.request.hints.rb(&format!(
            "undo {} --to-revision={}{direct}",
            shell_quote(&self.snapshot.target.reference()),
            shell_quote(&live.hash)
        )))
    }

    fn already_live(&self, revision: &Revision) -> Nothing {
        let progress = self.backend.progress(&self.snapshot.workload, None);
        let ours = again::is_recent_target(self.snapshot, &revision.hash, self.snapshot.taken_at);
        let reference = self.snapshot.target.reference();
        let state = evidence::live_state(self.backend, self.snapshot, &self.revisions);
        Nothing {
            target: self.snapshot.target.clone(),
            message: format!("{reference} is at {} already: {state}", revision.label()),
            live: evidence::view(revision, state),
            converging: ours && !progress.is_complete(),
        }
    }
}

/// The record lives in an annotation, and those are bounded.
fn short(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

fn refused(error: Error) -> Decision {
    Decision::Refused(Box::new(error))
}
