//! Choosing the revision to go back to. Pure.

use crate::error::{Error, ErrorKind};
use crate::text::{plural, shell_quote};

use super::model::evidence::Evidence;
use super::model::image::ImageRef;
use super::model::plan::{PassedOver, Why};
use super::model::request::UndoRequest;
use super::model::revision::{Revision, RevisionSpec, Revisions};
use super::model::snapshot::Snapshot;
use super::model::template;

/// The chosen revision.
#[derive(Debug)]
pub(super) enum Selection<'a> {
    /// Go back to this one.
    Target {
        /// It.
        revision: &'a Revision,
        /// What speaks for and against it.
        evidence: Evidence,
        /// Why it.
        why: Why,
    },
    /// The one that was asked for is live.
    AlreadyLive(&'a Revision),
}

/// What choosing depends on.
pub(super) struct Choice<'a, 'e> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) revisions: &'a Revisions,
    pub(super) request: &'a UndoRequest,
    /// The evidence on a revision.
    pub(super) evidence: &'e dyn Fn(&Revision) -> Evidence,
}

impl<'a> Choice<'a, '_> {
    /// Chooses what was asked for, or else the newest older revision without evidence against it.
    pub(super) fn select(&self) -> Result<Selection<'a>, Error> {
        match &self.request.to {
            Some(spec) => self.asked_for(spec),
            None => self.newest_good(),
        }
    }

    /// Whether a revision is the live release, perhaps restarted since.
    fn is_live(&self, revision: &Revision) -> bool {
        template::same_but_for_restart(&revision.template, &self.revisions.live_template)
    }

    fn newest_good(&self) -> Result<Selection<'a>, Error> {
        let mut passed_over = Vec::new();
        for revision in self.revisions.older() {
            let evidence = (self.evidence)(revision);
            if let Some(reason) = self.objection(revision, &evidence) {
                passed_over.push(PassedOver {
                    revision: revision.label(),
                    hash: revision.hash.clone(),
                    reason,
                });
                continue;
            }
            let why = Why {
                rule: self.rule(),
                verified: evidence.is_verified(),
                alternative: self.verified_alternative(revision, &evidence),
                passed_over,
            };
            return Ok(Selection::Target { revision, evidence, why });
        }
        Err(self.nothing_eligible(&passed_over))
    }

    fn rule(&self) -> String {
        let wish = if self.request.verified_only { "verified revision" } else { "revision" };
        format!("newest older {wish} with nothing against it")
    }

    /// Why a revision is no default target.
    fn objection(&self, revision: &Revision, evidence: &Evidence) -> Option<String> {
        if self.is_live(revision) {
            return Some(if template::same(&revision.template, &self.revisions.live_template) {
                "has the live template".to_owned()
            } else {
                "is the live release before a restart".to_owned()
            });
        }
        if let Some(why) = &revision.unusable {
            return Some(why.clone());
        }
        if revision.number.is_none() {
            return Some(match &revision.unreadable_number {
                Some(text) => format!("its revision number cannot be read: {text:?}"),
                None => "it has no revision number".to_owned(),
            });
        }
        if !evidence.against.is_empty() {
            return Some(evidence.against_words(self.snapshot.taken_at));
        }
        (self.request.verified_only && !evidence.is_verified()).then(|| "not verified".to_owned())
    }

    /// Where nothing speaks for the chosen revision and an older one is verified: how to get there.
    fn verified_alternative(&self, chosen: &Revision, evidence: &Evidence) -> Option<String> {
        if !evidence.favour.is_empty() {
            return None;
        }
        let older = self.revisions.older().skip_while(|r| r.uid != chosen.uid).skip(1);
        let verified = older
            .filter(|r| !self.is_live(r) && r.number.is_some() && r.unusable.is_none())
            .find(|r| (self.evidence)(r).is_verified())?;
        Some(self.undo_to(verified))
    }

    fn undo_to(&self, revision: &Revision) -> String {
        let reference = self.snapshot.target.reference();
        let direct = if self.request.direct { " --direct" } else { "" };
        self.request.hints.rb(&format!(
            "undo {} --to-revision={}{direct}",
            shell_quote(&reference),
            shell_quote(&revision.hash)
        ))
    }

    fn nothing_eligible(&self, passed_over: &[PassedOver]) -> Error {
        let reference = self.snapshot.target.reference();
        let history = self.request.hints.rb(&format!("history {}", shell_quote(&reference)));
        if passed_over.is_empty() {
            return self.no_history(&reference).hint(format!("to see what is stored: {history}"));
        }
        let reasons: Vec<String> =
            passed_over.iter().map(|p| format!("{} ({})", p.revision, p.reason)).collect();
        let count = i64::try_from(passed_over.len()).unwrap_or(i64::MAX);
        let error = Error::new(
            ErrorKind::NoRevision,
            format!(
                "{reference} has no eligible revision: {} passed over: {}",
                plural(count, "older revision"),
                reasons.join("; ")
            ),
        );
        let error = error.hint(format!("to see them: {history}"));
        // Last: it may be the very release that was left.
        let usable = self.revisions.older().filter(|r| !self.is_live(r) && r.unusable.is_none());
        let best = usable.min_by_key(|revision| {
            let evidence = (self.evidence)(revision);
            (evidence.favour.is_empty(), evidence.against.len())
        });
        match best {
            Some(revision) => {
                let images = template::short_images(&revision.images(), &[]).join(", ");
                error.hint(format!(
                    "to go to {} ({images}) anyway: {}",
                    revision.label(),
                    self.undo_to(revision)
                ))
            }
            None => error,
        }
    }

    fn no_history(&self, reference: &str) -> Error {
        let limit = self.snapshot.workload.pointer("/spec/revisionHistoryLimit");
        let why = if limit.and_then(serde_json::Value::as_i64) == Some(0) {
            "its revisionHistoryLimit is 0, so none is kept"
        } else {
            "no older revision is stored"
        };
        Error::new(ErrorKind::NoRevision, format!("{reference} has no history: {why}"))
            .hint("to go back all the same: apply the manifest of the good version again")
    }

    /// An explicit target is always allowed, bad or not.
    fn asked_for(&self, spec: &RevisionSpec) -> Result<Selection<'a>, Error> {
        let matches = matching(self.revisions, spec);
        let revision = match matches.as_slice() {
            [] => return Err(self.unknown(spec)),
            [one] => *one,
            [first, rest @ ..] => {
                if rest.iter().any(|r| !template::same(&r.template, &first.template)) {
                    return Err(self.ambiguous(spec, &matches));
                }
                *first
            }
        };
        if let Some(why) = &revision.unusable {
            return Err(self.unusable(revision, why));
        }
        if self.revisions.live().is_some_and(|live| live.uid == revision.uid)
            || template::same(&revision.template, &self.revisions.live_template)
        {
            return Ok(Selection::AlreadyLive(revision));
        }
        let evidence = (self.evidence)(revision);
        let why = Why {
            rule: format!("asked for: --to-revision={spec}"),
            verified: evidence.is_verified(),
            ..Why::default()
        };
        Ok(Selection::Target { revision, evidence, why })
    }

    fn unusable(&self, revision: &Revision, why: &str) -> Error {
        let stored = format!(
            "get {} -o yaml",
            shell_quote(&format!("controllerrevision/{}", revision.name))
        );
        let reference = self.snapshot.target.reference();
        Error::new(
            ErrorKind::NoRevision,
            format!("{} of {reference} cannot be gone back to: {why}", revision.label()),
        )
        .hint(format!("to see what is stored: {}", self.request.hints.kubectl(&stored)))
    }

    fn unknown(&self, spec: &RevisionSpec) -> Error {
        let reference = self.snapshot.target.reference();
        let numbers: Vec<String> =
            self.revisions.list.iter().filter_map(|r| Some(r.number?.to_string())).collect();
        let stored = if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") };
        let history = self.request.hints.rb(&format!("history {}", shell_quote(&reference)));
        Error::new(
            ErrorKind::NoRevision,
            format!("{reference} has no revision {spec}; stored revisions: {stored}"),
        )
        .hint(format!("to see them: {history}"))
    }

    fn ambiguous(&self, spec: &RevisionSpec, matches: &[&Revision]) -> Error {
        let named: Vec<String> =
            matches.iter().map(|r| format!("{} ({})", r.label(), r.hash)).collect();
        let error = Error::new(
            ErrorKind::Usage,
            format!(
                "--to-revision={spec} names {} revisions of {}: {}",
                matches.len(),
                self.snapshot.target.reference(),
                named.join(", ")
            ),
        );
        matches
            .iter()
            .filter(|r| !template::same(&r.template, &self.revisions.live_template))
            .fold(error, |error, r| error.hint(format!("{}: {}", r.label(), self.undo_to(r))))
    }
}

/// Whether a word after `--from` names what is live.
pub(super) fn is_live(spec: &RevisionSpec, revisions: &Revisions) -> bool {
    let word = spec.to_string();
    let images = template::images(&revisions.live_template);
    let has_image = || images.iter().any(|i| ImageRef::parse(&i.image).is_named(&i.image, &word));
    match (spec, revisions.live()) {
        (RevisionSpec::Back(_), _) | (RevisionSpec::Number(_), None) => false,
        (RevisionSpec::Number(number), Some(live)) => {
            let is_a_number = revisions
                .list
                .iter()
                .any(|r| r.number == Some(*number) || r.past_numbers.contains(number));
            live.number == Some(*number)
                || live.past_numbers.contains(number)
                || !is_a_number && (live.has_commit(&word) || has_image())
        }
        (RevisionSpec::Word(_), None) => has_image(),
        (RevisionSpec::Word(_), Some(live)) => {
            live.hash == word || live.name == word || live.has_commit(&word) || has_image()
        }
    }
}

/// The revisions that a word names, newest first. The first way of reading it that names any
/// wins: number, former number, hash, start of a hash, image, commit.
pub(super) fn matching<'r>(revisions: &'r Revisions, spec: &RevisionSpec) -> Vec<&'r Revision> {
    let all = || revisions.list.iter().rev();
    let by = |test: &dyn Fn(&Revision) -> bool| all().filter(|r| test(r)).collect::<Vec<_>>();
    let word = spec.to_string();
    let ways: [Vec<&Revision>; 6] = match spec {
        RevisionSpec::Back(steps) => {
            let is_live = |revision: &Revision| {
                template::same_but_for_restart(&revision.template, &revisions.live_template)
            };
            let older = revisions.older().filter(|revision| !is_live(revision));
            return older.skip(steps.saturating_sub(1)).take(1).collect();
        }
        RevisionSpec::Number(number) => [
            by(&|r| r.number == Some(*number)),
            by(&|r| r.past_numbers.contains(number)),
            by(&|r| r.hash == word),
            Vec::new(),
            by(&|r| r.has_image(&word)),
            by(&|r| r.has_commit(&word)),
        ],
        RevisionSpec::Word(_) => [
            Vec::new(),
            Vec::new(),
            by(&|r| r.hash == word || r.name == word),
            by(&|r| word.len() >= 5 && r.hash.starts_with(&word)),
            by(&|r| r.has_image(&word)),
            by(&|r| r.has_commit(&word)),
        ],
    };
    ways.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}
