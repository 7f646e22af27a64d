//! The images that go back, and which side of the move a state of the files is on.

use crate::error::Result;
use crate::git::history::path_history::{PathHistory, State};
use crate::git::manifest::closure::Named;
use crate::rollback::model::image::ContainerImage;
use crate::rollback::model::provenance::ImageMove;

/// The images that differ, by container: those that are live first, in their order.
pub(super) fn between(live: &[ContainerImage], good: &[ContainerImage]) -> Vec<ImageMove> {
    let of = |list: &[ContainerImage], container: &str| {
        let found = list.iter().find(|image| image.container == container);
        found.map(|image| image.image.clone())
    };
    let is_new = |image: &&ContainerImage| of(live, &image.container).is_none();
    let containers = live.iter().chain(good.iter().filter(is_new));
    let moves = containers.map(|image| ImageMove {
        container: image.container.clone(),
        live: of(live, &image.container),
        good: of(good, &image.container),
    });
    moves.filter(|image| image.live != image.good).collect()
}

/// What a state of the files says of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// It is the live one.
    Live,
    /// It is that of the revision.
    Good,
    /// Both are named, and nothing tells which is for this container.
    Both,
    /// Something else, or nothing.
    Neither,
}

impl Says {
    fn of(live: bool, good: bool) -> Self {
        match (live, good) {
            (true, true) => Self::Both,
            (true, false) => Self::Live,
            (false, true) => Self::Good,
            (false, false) => Self::Neither,
        }
    }

    pub(super) fn has_live(self) -> bool {
        matches!(self, Self::Live | Self::Both)
    }
}

/// What is looked for in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Images that they name.
    Images,
    /// The versions as words in any text.
    Words,
}

impl Look {
    /// What a state says of an image.
    pub(super) fn says(
        self,
        history: &mut PathHistory<'_>,
        state: &State,
        image: &ImageMove,
    ) -> Result<Says> {
        let (live, good) = (image.live.as_deref(), image.good.as_deref());
        let mut names = |wanted: Option<&str>| match (wanted, self) {
            (None, _) => Ok(false),
            (Some(wanted), Self::Images) => Ok(named(state, image).any(|named| named.is(wanted))),
            (Some(wanted), Self::Words) => {
                history.mentions(state, wanted).map(|files| !files.is_empty())
            }
        };
        let (has_live, has_good) = (names(live)?, names(good)?);
        Ok(match (live, good) {
            // A container that came or went: that it is not there is the other side.
            (None, _) => Says::of(!has_good, has_good),
            (_, None) => Says::of(has_live, !has_live),
            _ => Says::of(has_live, has_good),
        })
    }

    /// What a state has for an image, to see whether a commit changed it.
    pub(super) fn found(
        self,
        history: &mut PathHistory<'_>,
        state: &State,
        image: &ImageMove,
    ) -> Result<Vec<String>> {
        if self == Self::Words {
            return Ok(vec![format!("{:?}", self.says(history, state, image)?)]);
        }
        let mut found: Vec<String> = named(state, image).map(Named::reference).collect();
        found.sort_unstable();
        Ok(found)
    }
}

/// The images that may be those of the container: the ones that the files give to it by name, and else
/// all that they give to none. Containers of several workloads may have one name, so of these the ones
/// that are versions of its image, where some are.
pub(super) fn named<'s>(
    state: &'s State,
    image: &'s ImageMove,
) -> impl Iterator<Item = &'s Named> + use<'s> {
    let images = &state.closure.images;
    let has_own = images.iter().any(|named| named.container.as_ref() == Some(&image.container));
    let is_candidate = move |named: &&Named| {
        if has_own {
            named.container.as_ref() == Some(&image.container)
        } else {
            named.container.is_none()
        }
    };
    let is_version = move |named: &&Named| {
        let mut both = image.live.iter().chain(&image.good);
        both.any(|reference| named.is_version_of(reference))
    };
    let has_version = images.iter().any(|named| is_candidate(&named) && is_version(&named));
    images.iter().filter(move |named| is_candidate(named) && (!has_version || is_version(named)))
}
