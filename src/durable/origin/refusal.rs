//! Why no commit is reverted, in words, and what to do by hand.

use crate::error::{Error, ErrorKind};
use crate::git::commit::operation::mode_word;
use crate::reconciler::taken::Taken;
use crate::revert::refusal::short;
use crate::rollback::model::hint::kubectl_on;
use crate::rollback::model::ownership::SourceKind;
use crate::rollback::model::provenance::{
    Ambiguous, Brought, Doubt, Elsewhere, NotInGit, NotInGitReason,
};
use crate::rollback::model::revert::{Blocked, CommitView};
use crate::text::{sanitize, shell_quote};

use super::candidates::Candidate;
use super::reach::shown;
use super::{Asked, Origin, OwnerRead};

/// Things of a kind that are named.
const NAMED: usize = 3;

/// A source that was looked at and does not tell.
pub(super) struct Passed<'a> {
    pub(super) candidate: &'a Candidate<'a>,
    pub(super) why: Why<'a>,
}

/// Why it does not.
pub(super) enum Why<'a> {
    /// It follows no branch; with what Git says of that.
    Pinned(Option<Error>),
    /// It is none of Git.
    NoRepository,
    Elsewhere(Elsewhere),
    /// An object of the cluster, from which the owner takes it, gives the image.
    Taken {
        taken: &'a Taken,
        place: String,
        image: String,
        /// Who has applied that object, by its marks.
        by: Option<String>,
    },
    /// It gives the image that is wanted, and the owner has not taken that up.
    Untaken {
        taken: &'a Taken,
        place: String,
        image: String,
    },
    NotInGit(NotInGit),
    Ambiguous(Ambiguous),
    /// Several commits, and nothing tells whether all are meant.
    Unsure(Brought),
}

impl Why<'_> {
    /// The most telling is the least.
    fn rank(&self) -> u8 {
        match self {
            Self::Ambiguous(doubt)
                if matches!(doubt.doubt, Doubt::Superseded | Doubt::NoGoodState) =>
            {
                0
            }
            Self::Elsewhere(elsewhere) if elsewhere.is_certain => 1,
            Self::Taken { .. } | Self::Untaken { .. } => 1,
            Self::Unsure(_) => 2,
            Self::Pinned(_) => 3,
            Self::NoRepository => 4,
            Self::Ambiguous(_) => 5,
            Self::NotInGit(_) => 6,
            Self::Elsewhere(_) => 7,
        }
    }
}

/// What all of it comes to: the most telling reason, and where else was looked.
pub(super) fn refused(
    mut passed: Vec<Passed<'_>>,
    owners: &[OwnerRead],
    asked: &Asked<'_>,
) -> Error {
    passed.sort_by_key(|passed| passed.why.rank());
    let Some(first) = passed.first() else {
        let names: Vec<&str> =
            owners.iter().map(|read| read.owner.name.as_str()).take(NAMED).collect();
        let names = sanitize(&names.join(", ")).into_owned();
        return Error::new(ErrorKind::Refused, "no owner says which files of Git it renders")
            .because(if names.is_empty() { "there is none".to_owned() } else { names })
            .hint(
                "find the commit, and revert it: rb revert-commit COMMIT --repo URL --branch NAME",
            );
    };
    let mut error = reason(first, asked);
    for other in passed.iter().skip(1).take(NAMED) {
        error = error.hint(format!("looked at as well: {}", in_short(other)));
    }
    error
}

/// More than one source of an owner brought something.
pub(super) fn several<'a>(found: impl Iterator<Item = (&'a Candidate<'a>, &'a Brought)>) -> Error {
    let mut owner = String::new();
    let mut lines = Vec::new();
    for (candidate, brought) in found {
        owner = sanitize(&candidate.read.owner.name).into_owned();
        let url = shown(&candidate.source.url);
        lines.push((format!("{url}: {}", commits(&brought.commits)), by_hand(candidate, brought)));
    }
    let message = format!("more than one source of {owner} brought it: nothing was changed");
    let because: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    let error = Error::new(ErrorKind::Refused, message).because(because.join("; "));
    lines.iter().fold(error, |error, (_, hint)| error.hint(hint.as_str()))
}

fn by_hand(candidate: &Candidate<'_>, brought: &Brought) -> String {
    let ids: Vec<String> = brought.commits.iter().map(|commit| short(&commit.id)).collect();
    let branch = match candidate.source.wants.as_str() {
        "" => String::new(),
        branch => format!(" --branch {}", shell_quote(branch)),
    };
    let url = shell_quote(&shown(&candidate.source.url)).into_owned();
    format!("rb revert-commit {} --repo {url}{branch}", ids.join(" "))
}

fn reason(passed: &Passed<'_>, asked: &Asked<'_>) -> Error {
    let Passed { candidate, why } = passed;
    let owner = sanitize(&candidate.read.owner.name).into_owned();
    let source = candidate.source;
    let url = shown(&source.url);
    let refused = |message: String| Error::new(ErrorKind::Refused, message);
    match why {
        Why::Pinned(cause) => {
            let wants = sanitize(&source.wants).into_owned();
            let message = format!(
                "{owner} follows {wants} of {url}, which is no branch: a revert would not be taken up"
            );
            let error = match cause {
                Some(cause) => refused(message).because(cause.to_string()),
                None => refused(message),
            };
            let what = "let it follow a good commit or tag";
            // With Flux, what it follows stands in the source.
            match &source.object {
                Some(object) => error.hint(format!(
                    "{what}, where that is declared; else: {}",
                    kubectl_on("edit", object, "")
                )),
                None => change_it(error, candidate, what),
            }
        }
        Why::NoRepository => {
            let what = match source.kind {
                SourceKind::Chart => "a chart of",
                SourceKind::Oci => "the OCI artifact",
                SourceKind::Bucket => "the bucket",
                SourceKind::Git | SourceKind::Artifact => "an artifact of",
            };
            let version = match source.wants.as_str() {
                "" => String::new(),
                version => format!(" ({})", sanitize(version)),
            };
            let message = format!(
                "{owner} takes what it runs from {what} {url}{version}: there is no commit to revert"
            );
            let error = change_it(refused(message), candidate, "set its version back");
            values_unseen(error, candidate)
        }
        Why::Taken { taken, place, image, by } => {
            let place = sanitize(place).into_owned();
            let message = format!("what is live is given by {place}, and by no commit in {url}");
            let error = caused(refused(message), &[format!("image {image} stands there")]);
            let where_to = match by {
                Some(by) => format!(
                    "change it where {} takes it from, which may put back what is changed by hand; else",
                    sanitize(by)
                ),
                None => "change it there".to_owned(),
            };
            read_it(error.hint(format!("{where_to}: {}", taken.edit())), &owner, taken)
        }
        Why::Untaken { taken, place, image } => {
            let place = sanitize(place).into_owned();
            let message =
                format!("what is wanted is given by {place} already: there is no commit to revert");
            let cause =
                format!("image {image} stands there, and {owner} has not taken it up since");
            let error = caused(refused(message), &[cause]);
            error.hint(format!("have {owner} take it up: {}", taken.ask()))
        }
        Why::Elsewhere(elsewhere) => {
            let places = listed(elsewhere.places.iter().map(String::as_str));
            let message = if elsewhere.is_certain {
                format!("what is live is given by {places}, and by no commit in {url}")
            } else {
                format!("no file that {owner} renders of {url} names what is live")
            };
            let mut because = elsewhere.evidence.clone();
            if !elsewhere.is_certain && !places.is_empty() {
                because.push(format!("it may be given by {places}"));
            }
            let error = change_it(caused(refused(message), &because), candidate, "change it there");
            if elsewhere.is_certain { error } else { values_unseen(error, candidate) }
        }
        Why::Ambiguous(doubt) => ambiguous(doubt, candidate, &owner, &url, asked),
        Why::NotInGit(not) => {
            let why = match not.reason {
                NotInGitReason::MutableTag => {
                    "its tag is pushed again and again: a revert would bring the same words back"
                }
                NotInGitReason::Unchanged | NotInGitReason::AlreadyGood => {
                    "its files are the same in all that was applied"
                }
            };
            let message = format!("no commit in {url} brought what is live: {why}");
            caused(refused(message), &not.evidence)
        }
        Why::Unsure(brought) => {
            let message = format!(
                "several commits in {url} may have brought what is live, and the files that {owner} \
                 renders do not tell for which application"
            );
            caused(refused(message), &[commits(&brought.commits)]).hint(by_hand(candidate, brought))
        }
    }
}

fn ambiguous(
    doubt: &Ambiguous,
    candidate: &Candidate<'_>,
    owner: &str,
    url: &str,
    asked: &Asked<'_>,
) -> Error {
    let revision = sanitize(asked.revision).into_owned();
    // Of those that came later, the oldest took its place.
    let last = match doubt.candidates.as_slice() {
        all @ [.., last] if doubt.doubt == Doubt::Superseded && all.len() <= NAMED => {
            std::slice::from_ref(last)
        }
        all => all,
    };
    let found = commits(last);
    let message = match doubt.doubt {
        Doubt::Superseded => format!(
            "somebody has committed another release in {url} since: {found}; {owner} will bring that"
        ),
        Doubt::NoGoodState => {
            format!("what is live came with {found} in {url}, and {revision} was never before it")
        }
        Doubt::NotRecorded => format!(
            "the images are the same, and {owner} does not say which commit in {url} {revision} ran"
        ),
        Doubt::NotOnBranch => {
            format!("the state that {revision} ran is none that the branch in {url} was in")
        }
    };
    let error = caused(Error::new(ErrorKind::Refused, message), &doubt.evidence);
    let branch = match candidate.source.wants.as_str() {
        "" => String::new(),
        branch => format!(" --branch {}", shell_quote(branch)),
    };
    let url = shell_quote(&shown(&candidate.source.url)).into_owned();
    let commit = doubt.candidates.first().map_or("COMMIT".to_owned(), |commit| short(&commit.id));
    error.hint(format!(
        "to revert a commit all the same: rb revert-commit {commit} --repo {url}{branch}"
    ))
}

/// Where what could not be read may be changed, besides.
fn values_unseen(error: Error, candidate: &Candidate<'_>) -> Error {
    let owner = sanitize(&candidate.read.owner.name).into_owned();
    let unseen = candidate.read.taken.iter().filter(|read| read.object.is_null());
    let unseen: Vec<&Taken> = unseen.map(|read| &read.taken).take(NAMED).collect();
    let error = unseen.iter().fold(error, |error, taken| {
        let place = sanitize(&taken.place()).into_owned();
        error.hint(format!("it may stand in {place}: {}", taken.edit()))
    });
    match candidate.read.taken.first() {
        Some(read) => read_it(error, &owner, &read.taken),
        None => error,
    }
}

/// Who changes what an owner takes from elsewhere changes nothing of the owner.
fn read_it(error: Error, owner: &str, taken: &Taken) -> Error {
    error.hint(format!("have {owner} take that up afterwards: {}", taken.ask()))
}

/// Where to change it: in the repository that declares the owner, else in its object.
fn change_it(error: Error, candidate: &Candidate<'_>, what: &str) -> Error {
    let owner = sanitize(&candidate.read.owner.name).into_owned();
    let Some(object) = &candidate.read.owner.object else { return error };
    error.hint(format!(
        "{what}, where {owner} is declared; else: {}",
        kubectl_on("edit", object, "")
    ))
}

fn in_short(passed: &Passed<'_>) -> String {
    let owner = sanitize(&passed.candidate.read.owner.name).into_owned();
    let url = shown(&passed.candidate.source.url);
    let why = match &passed.why {
        Why::Pinned(_) => "follows no branch",
        Why::NoRepository => "is no repository of Git",
        Why::Elsewhere(_) | Why::Taken { .. } | Why::Untaken { .. } => "does not decide it",
        Why::NotInGit(_) => "did not change",
        Why::Ambiguous(_) | Why::Unsure(_) => "does not tell",
    };
    format!("{url} of {owner}, which {why}")
}

/// Conflicts with what came later.
pub(super) fn blocked(blocked: &Blocked, origin: &Origin) -> Error {
    let error = crate::revert::refusal::blocked(blocked, false).without_again();
    let others = &origin.brought.others;
    let error = if others.is_empty() {
        error
    } else {
        let names = commits(others);
        error.hint(format!("a restore of the files would take out others' work as well: {names}"))
    };
    let Some(next) = &blocked.next else { return error };
    let ids: Vec<String> = origin.brought.commits.iter().map(|commit| short(&commit.id)).collect();
    let paths = next.paths.iter().map(|path| format!(" --path {}", shell_quote(&path.argument())));
    let good = next.good.as_deref().map(|good| format!(" --to {}", short(good)));
    let url = origin.ground.remote.url();
    error.hint(format!(
        "what would go through: rb revert-commit {} --repo {} --branch {} --mode {}{}{}",
        ids.join(" "),
        shell_quote(url.argument()),
        shell_quote(origin.ground.branch.as_str()),
        mode_word(next.mode),
        paths.collect::<String>(),
        good.unwrap_or_default(),
    ))
}

/// The revert would bring something else.
pub(super) fn unproven(why: String, origin: &Origin) -> Error {
    let message = format!(
        "a revert of {} would not bring back what is wanted: nothing was changed",
        commits(&origin.brought.commits)
    );
    Error::new(ErrorKind::Refused, message).because(why)
}

fn caused(error: Error, evidence: &[String]) -> Error {
    if evidence.is_empty() { error } else { error.because(evidence.join("; ")) }
}

/// `9f3c2ab51 (bump checkout), 51d0e77aa (bump api) and 2 more`
fn commits(commits: &[CommitView]) -> String {
    let words = |commit: &CommitView| match sanitize(&commit.subject) {
        subject if subject.is_empty() => short(&commit.id),
        subject => format!("{} ({})", short(&commit.id), crate::text::shorten(&subject, 50)),
    };
    let all: Vec<String> = commits.iter().map(words).collect();
    listed(all.iter().map(String::as_str))
}

fn listed<'a>(words: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = words.len().saturating_sub(NAMED);
    let few: Vec<String> = words.take(NAMED).map(|word| sanitize(word).into_owned()).collect();
    let few = few.join(", ");
    if more == 0 { few } else { format!("{few} and {more} more") }
}
