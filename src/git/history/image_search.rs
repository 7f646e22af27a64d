//! The commit that brought an image into the repository.

use std::collections::HashMap;

use git2::Oid;

use crate::error::{Error, ErrorKind, Result};
use crate::git::history::candidates::touching;
use crate::git::manifest::image_lines::images;
use crate::git::manifest::images;
use crate::git::repository::Repository;
use crate::git::tree::entry::Entry;
use crate::git::tree::paths::covers;
use crate::git::tree::tree_changes::{Change, between};
use crate::rollback::model::git_path::GitPath;
use crate::text::sanitize;

/// A commit before which no file that it changed named the image, and after which one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduced {
    /// The commit.
    pub commit: Oid,
    /// The files that name the image since then, by path.
    pub files: Vec<GitPath>,
}

/// How often a file names the image.
#[derive(Clone, Copy, Default)]
struct Count {
    /// As an image.
    images: usize,
    /// As a word anywhere.
    words: usize,
}

/// The newest commit below the paths that introduced an image: a reference or the end of one,
/// `name:tag`, a tag, or a digest of which 7 digits are enough. Where no file names it as an image,
/// the word is looked for in any text. Fails with [`ErrorKind::NotFound`] where no commit did, and with
/// [`crate::git::ShallowBoundary`] behind the error where history ends too early to tell.
pub fn introduced(
    repository: &Repository,
    tip: Oid,
    paths: &[GitPath],
    image: &str,
) -> Result<Introduced> {
    let Some(needle) = needle(image) else {
        let message = format!("{:?} names no image", sanitize(image));
        return Err(Error::new(ErrorKind::Usage, message)
            .because("it takes the end of a name with its tag, a tag, or a digest")
            .again("for example", ["--image", "checkout:2.8.1"]));
    };
    let mut search = Search { repository, image, needle, known: HashMap::new() };
    let mut as_a_word = None;
    for id in touching(repository, tip, paths)? {
        let id = id?;
        let (by_image, by_word) = search.introduced_by(id, paths)?;
        if !by_image.is_empty() {
            return Ok(Introduced { commit: id, files: by_image });
        }
        if as_a_word.is_none() && !by_word.is_empty() {
            as_a_word = Some(Introduced { commit: id, files: by_word });
        }
    }
    as_a_word.ok_or_else(|| {
        let image = sanitize(image);
        Error::new(
            ErrorKind::NotFound,
            format!("no commit of the branch brought the image {image}"),
        )
        .because("templates may put its name together from parts")
        .again("name the tag alone", ["--image", needle])
        .again("which commits there are", [""])
    })
}

/// What the text of a file must hold to name the image: the digits of the digest, or the tag.
fn needle(image: &str) -> Option<&str> {
    let needle = match image.split_once('@') {
        Some((_, digest)) => digest.split_once(':').map_or(digest, |(_, hex)| hex),
        None => image.rsplit_once(':').map_or(image, |(_, tag)| tag),
    };
    (!needle.is_empty() && !needle.contains(char::is_whitespace)).then_some(needle)
}

struct Search<'a> {
    repository: &'a Repository,
    image: &'a str,
    needle: &'a str,
    /// By blob: most files are on both sides of two commits.
    known: HashMap<Oid, Count>,
}

impl Search<'_> {
    /// The files through which a commit introduced the image, and those through which it introduced
    /// the word.
    fn introduced_by(
        &mut self,
        id: Oid,
        paths: &[GitPath],
    ) -> Result<(Vec<GitPath>, Vec<GitPath>)> {
        let commit = self.repository.find_commit(id)?;
        let before = commit.parent_ids().next();
        let before = before.map(|id| self.repository.find_commit(id)).transpose()?;
        let before = before.map(|parent| parent.tree_id());
        let (mut was, mut images, mut words) = (Count::default(), Vec::new(), Vec::new());
        for change in between(self.repository, before, Some(commit.tree_id()))? {
            if !covers(paths, &change.path) {
                continue;
            }
            let Change { path, before, after } = change;
            let (before, after) = (self.count(before)?, self.count(after)?);
            was = Count { images: was.images + before.images, words: was.words + before.words };
            if after.images > 0 {
                images.push(path.clone());
            }
            if after.words > 0 {
                words.push(path);
            }
        }
        // A file that was moved brings nothing.
        if was.images > 0 {
            images.clear();
        }
        if was.words > 0 {
            words.clear();
        }
        Ok((images, words))
    }

    fn count(&mut self, entry: Option<Entry>) -> Result<Count> {
        let Some(entry) = entry else { return Ok(Count::default()) };
        if let Some(known) = self.known.get(&entry.id) {
            return Ok(*known);
        }
        let text = images::text(self.repository, &entry.view())?.unwrap_or_default();
        let mut count = Count::default();
        if text.contains(self.needle) {
            count.images = images(&text).iter().filter(|image| image.is_named(self.image)).count();
            count.words = words(&text, self.image);
        }
        self.known.insert(entry.id, count);
        Ok(count)
    }
}

/// How often a word stands in a text: not as the beginning or end of a longer tag.
pub(in crate::git) fn words(text: &str, word: &str) -> usize {
    let continues = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let stands_alone = |(at, word): &(usize, &str)| {
        let before = text.get(..*at).and_then(|text| text.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(continues) && !after.is_some_and(continues)
    };
    text.match_indices(word).filter(stands_alone).count()
}

#[cfg(test)]
mod tests;
