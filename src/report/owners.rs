//! The chain of owners for people: who writes to the workload, what each would do to a direct write, and
//! where it takes that from.

use crate::rollback::model::ownership::{Owner, Proof, Source, SourceKind};
use crate::text::shorten;

use super::style::{Marks, WARN, paint};

/// Digits of a commit that people read.
const SHORT: usize = 9;
/// Columns of a URL.
const URL: usize = 60;

/// Lines with a label each, the nearest owner first.
#[must_use]
pub fn lines(owners: &[Owner], marks: Marks) -> Vec<String> {
    owners.iter().flat_map(|owner| one(owner, marks)).collect()
}

fn one(owner: &Owner, marks: Marks) -> Vec<String> {
    let label = if owner.of.is_some() { "above" } else { "owner" };
    let sentence = match &owner.proof {
        Proof::Refuted(why) => {
            let text = format!("{} counts for nothing: {why}", owner.mark);
            return vec![warning("mark", &text, marks)];
        }
        Proof::Unread(why) => format!("{}, as far as is known: {why}", owner.name),
        Proof::Listed | Proof::Marked => format!("{}: {}", owner.name, owner.would),
    };
    let mut lines = vec![warning(label, &sentence, marks)];
    lines.extend(owner.sources.iter().map(|source| line("source", &words(source), marks)));
    lines.extend(owner.notes.iter().map(|note| line("note", note, marks)));
    lines
}

/// Where an owner takes its state from, a sentence each.
#[must_use]
pub fn sources(owner: &Owner) -> Vec<String> {
    owner.sources.iter().map(words).collect()
}

/// Where it is, what of it is followed, and how far that is.
fn words(source: &Source) -> String {
    let mut words = vec![shorten(&source.url, URL).into_owned()];
    words.extend(source.path.as_ref().map(|path| format!("path {path}")));
    words.push(match (source.kind, source.wants.as_str()) {
        (SourceKind::Git, "") => "the default branch".to_owned(),
        (SourceKind::Git, wants) if source.is_branch => format!("branch {wants}"),
        (SourceKind::Git, wants) => format!("pinned to {wants}"),
        (_, "") => "the newest version".to_owned(),
        (_, wants) => format!("version {wants}"),
    });
    let at = |revision: &String| format!("at {}", short(revision));
    words.extend(source.revision.as_ref().map(at));
    words.join(", ")
}

/// A commit is cut, a version is not.
fn short(revision: &str) -> String {
    let is_commit = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { revision.chars().take(SHORT).collect() } else { revision.to_owned() }
}

fn line(label: &str, text: &str, marks: Marks) -> String {
    format!("  {label:<8} {}\n", marks.foreign(text))
}

fn warning(label: &str, text: &str, marks: Marks) -> String {
    paint(WARN, &line(label, text, marks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::model::target::Target;

    const ASCII: Marks = Marks { unicode: false };

    fn told(owner: &Owner) -> String {
        let lines = lines(std::slice::from_ref(owner), ASCII);
        anstream::adapter::strip_str(&lines.concat()).to_string()
    }

    fn owner(proof: Proof) -> Owner {
        Owner {
            name: "Argo CD application web".into(),
            would: "it puts the bad version back".into(),
            mark: "annotation x".into(),
            proof,
            ..Owner::default()
        }
    }

    #[test]
    fn an_owner_is_told_with_its_source_and_what_is_not_known() {
        let mut listed = owner(Proof::Listed);
        listed.sources = vec![Source {
            url: "https://git.example.com/shop.git".into(),
            wants: "main".into(),
            is_branch: true,
            path: Some("apps/web".into()),
            revision: Some("9f3c2ab9f3c2ab9f3c2ab9f3c2ab9f3c2ab9f3c2".into()),
            ..Source::default()
        }];
        listed.notes = vec!["OutOfSync\u{1b}[2J".into()];
        assert_eq!(
            told(&listed),
            "  owner    Argo CD application web: it puts the bad version back\n  \
             source   https://git.example.com/shop.git, path apps/web, branch main, at 9f3c2ab9f\n  \
             note     OutOfSync\\x1b[2J\n"
        );
        listed.of = Some(Target::default());
        assert!(told(&listed).starts_with("  above    "));
        let refuted = owner(Proof::Refuted("there is no such Application".into()));
        assert_eq!(
            told(&refuted),
            "  mark     annotation x counts for nothing: there is no such Application\n"
        );
        let unread = owner(Proof::Unread("no right to get it".into()));
        let text = "  owner    Argo CD application web, as far as is known: no right to get it\n";
        assert_eq!(told(&unread), text);
    }
}
