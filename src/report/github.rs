//! What GitHub Actions reads: commands in the log, and lines for its files of outputs. Texts only;
//! `terminal` puts them out.

use crate::exit::ExitStatus;

use super::markdown::Ended;
use super::story::{Chapter, End, RevertChapter, Story};
use super::style::Marks;

/// Characters of an annotation; GitHub cuts longer ones.
const LONGEST: usize = 3_000;
/// Workloads that an annotation names; the log has all.
const NAMED: usize = 5;

/// Begins a part of the log that can be folded. They do not nest.
#[must_use]
pub fn group(title: &str) -> String {
    format!("::group::{}\n", data(title))
}

/// Ends it.
#[must_use]
pub fn end_group() -> String {
    "::endgroup::\n".to_owned()
}

/// An error beside the log and on the page of the run.
#[must_use]
pub fn error(title: &str, message: &str) -> String {
    let message: String = message.chars().take(LONGEST).collect();
    format!("::error title={}::{}\n", property(title), data(&message))
}

/// The runner reads `%25`, `%0D` and `%0A` back (`actions/toolkit:packages/core/src/command.ts`).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// In a property the marks that end it are escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// What the error says: how the command ended, in words, and what to type.
#[must_use]
pub fn annotation(story: &Story, ended: &Ended<'_>, marks: Marks) -> String {
    let failed = |chapter: &&Chapter| chapter.exit_status() != ExitStatus::Success;
    let bad: Vec<&Chapter> = story.chapters().iter().filter(failed).collect();
    let mut lines: Vec<String> = Vec::new();
    let say = |failure: &super::story::Failure, lines: &mut Vec<String>| {
        lines.push(marks.foreign(&failure.message));
        lines.extend(failure.hints.iter().take(2).map(|hint| marks.foreign(hint)));
    };
    if let Some(failure) = ended.failure {
        say(failure, &mut lines);
    } else if let ([], Some(sentence)) = (bad.as_slice(), story.sentence()) {
        lines.push(marks.foreign(sentence));
    }
    if ended.failure.is_none() {
        for chapter in bad.iter().take(NAMED) {
            match &chapter.end {
                End::Failed(failure) => say(failure, &mut lines),
                _ => lines.push(chapter.sentence(marks)),
            }
        }
        let more = bad.len().saturating_sub(NAMED);
        if more > 0 {
            lines.push(format!("and {more} more, see the log"));
        }
    }
    if lines.is_empty() {
        lines.push(ended.exit.meaning().to_owned());
    }
    lines.join("\n")
}

/// The title of the error: the command, and how it ended.
#[must_use]
pub fn title(story: &Story, ended: &Ended<'_>) -> String {
    let about = match story.chapters() {
        [one] => format!(" {}", one.target.reference()),
        _ => String::new(),
    };
    format!("{}{about} ended with {}", ended.command, ended.exit.code())
}

/// The outputs of a step: name and value. Of several workloads, the first of those with the worst
/// end stands for all.
#[must_use]
pub fn outputs(
    story: &Story,
    ended: &Ended<'_>,
    report: Option<String>,
) -> Vec<(&'static str, String)> {
    if let Some(revert) = story.revert() {
        return outputs_of_revert(revert, ended, report);
    }
    let chapters = story.chapters();
    let worst =
        chapters.iter().map(Chapter::exit_status).fold(ExitStatus::Success, ExitStatus::worst);
    let chapter = chapters.iter().find(|chapter| chapter.exit_status() == worst);
    let result = match (ended.failure, chapter) {
        (Some(failure), _) => failure.kind.word(),
        (None, Some(chapter)) => chapter.result(),
        (None, None) => "",
    };
    let undone: Vec<&Chapter> =
        chapters.iter().filter(|chapter| matches!(chapter.end, End::Undone(_))).collect();
    let rolled_back = !undone.is_empty() && undone.iter().all(|c| c.is_rolled_back());
    let plan = chapter.and_then(|chapter| chapter.plan.as_deref());
    let side = |view: Option<&crate::rollback::model::plan::RevisionView>| {
        let name =
            view.map(|view| view.revision.map_or_else(|| view.hash.clone(), |n| n.to_string()));
        name.unwrap_or_default()
    };
    let verdict = chapter.and_then(Chapter::verdict).unwrap_or_default();
    vec![
        ("result", result.to_owned()),
        ("verdict", verdict.to_owned()),
        ("rolled_back", rolled_back.to_string()),
        ("from", side(plan.map(|plan| &plan.from))),
        ("to", side(plan.map(|plan| &plan.to))),
        ("exit_code", ended.exit.code().to_string()),
        ("report", report.unwrap_or_default()),
    ]
}

fn outputs_of_revert(
    revert: &RevertChapter,
    ended: &Ended<'_>,
    report: Option<String>,
) -> Vec<(&'static str, String)> {
    vec![
        ("result", revert.result().to_owned()),
        ("commit", revert.commit().unwrap_or_default().to_owned()),
        ("url", revert.url().unwrap_or_default().to_owned()),
        ("exit_code", ended.exit.code().to_string()),
        ("report", report.unwrap_or_default()),
    ]
}

/// A line, or several, for `$GITHUB_OUTPUT`. A value that may hold a line end is put between two
/// lines that nobody can guess: else it could set outputs of its own.
#[must_use]
pub fn output(name: &str, value: &str, delimiter: &str) -> String {
    let is_plain = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_plain {
        return format!("{name}={value}\n");
    }
    let mut delimiter = delimiter.to_owned();
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::report::sample::{self, HOSTILE};
    use crate::report::story::Failure;
    use crate::rollback::model::outcome::Ending;
    use crate::rollback::model::request::UndoRequest;

    const UTF8: Marks = Marks { unicode: true };

    fn ended(exit: ExitStatus, failure: Option<&Failure>) -> Ended<'_> {
        Ended { command: "rb undo", exit, failure }
    }

    fn undone(ending: Ending) -> Story {
        let mut story = Story::default();
        story.planned(&sample::plan(), &UndoRequest::default(), None);
        story.undone(&sample::plan(), &sample::outcome(ending));
        story
    }

    #[test]
    fn commands_are_escaped_as_the_runner_reads_them() {
        for (made, text) in [
            (group("100%\nx"), "::group::100%25%0Ax\n"),
            (
                error("a:b,c%\r\n", "d:e,f%\r\n"),
                "::error title=a%3Ab%2Cc%25%0D%0A::d:e,f%25%0D%0A\n",
            ),
            (end_group(), "::endgroup::\n"),
        ] {
            assert_eq!(made, text);
        }
        assert_eq!(error("x", &"ö".repeat(9_999)).chars().filter(|c| *c == 'ö').count(), LONGEST);
    }

    #[test]
    fn an_output_sets_itself_and_nothing_else() {
        assert_eq!(output("exit_code", "6", "x"), "exit_code=6\n");
        assert_eq!(
            output("verdict", "verified-with-warnings", "x"),
            "verdict=verified-with-warnings\n"
        );
        assert_eq!(output("report", "", "x"), "report=\n");
        assert_eq!(
            output("report", "a b\nrolled_back=true\nrb\n", "rb"),
            "report<<rb_\na b\nrolled_back=true\nrb\n\nrb_\n"
        );
    }

    #[test]
    fn the_outputs_say_how_it_ended() {
        let pick = |story: &Story, ended: &Ended<'_>| -> Vec<String> {
            outputs(story, ended, Some("r.md".into())).into_iter().map(|(_, value)| value).collect()
        };
        let good = undone(Ending::Complete);
        assert_eq!(
            pick(&good, &ended(ExitStatus::Success, None)),
            ["rolledBack", "", "true", "42", "41", "0", "r.md"]
        );
        let bad = undone(Ending::PodsFailed);
        assert_eq!(
            pick(&bad, &ended(ExitStatus::Failed, None)),
            ["podsFailed", "", "false", "42", "41", "6", "r.md"]
        );
        let failure = Failure::from(&Error::new(ErrorKind::Refused, "no"));
        assert_eq!(
            pick(&Story::default(), &ended(ExitStatus::Refused, Some(&failure))),
            ["refused", "", "false", "", "", "3", "r.md"]
        );
        let mut verified = Story::default();
        verified.verified(&sample::verification(&[sample::failing()]), "", &sample::hints());
        assert_eq!(
            pick(&verified, &ended(ExitStatus::Failed, None)),
            ["failed", "failed", "false", "", "", "6", "r.md"]
        );
    }

    #[test]
    fn the_annotation_names_what_is_bad_and_what_to_type() {
        let error =
            Error::new(ErrorKind::Refused, format!("no{HOSTILE}")).hint("to go on: rb undo x");
        let failure = Failure::from(&error);
        let text = annotation(&Story::default(), &ended(ExitStatus::Refused, Some(&failure)), UTF8);
        assert!(text.ends_with("\nto go on: rb undo x") && text.lines().count() == 2, "{text}");
        let story = undone(Ending::PodsFailed);
        let ended = ended(ExitStatus::Failed, None);
        let text = annotation(&story, &ended, UTF8);
        assert!(text.starts_with("failed: pods of revision 41"), "{text}");
        assert!(text.contains("CrashLoopBackOff"), "{text}");
        assert_eq!(title(&story, &ended), "rb undo deployment/checkout ended with 6");
        let nothing = annotation(&Story::default(), &ended, UTF8);
        assert_eq!(nothing, ExitStatus::Failed.meaning());
    }
}
