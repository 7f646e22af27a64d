//! Whether what would be pushed brings the release back: its content tells.

use crate::error::Result;
use crate::git::Oid;
use crate::git::history::path_history::{PathHistory, State};
use crate::git::manifest::closure::{Inputs, Named};
use crate::git::repository::Repository;
use crate::rollback::model::image::ContainerImage;
use crate::rollback::model::provenance::{Brought, ImageMove, Proof};
use crate::text::sanitize;

use super::moves::{Look, Says, named};
use super::outcome::image;

/// Why it would not, as a sentence without a full stop.
pub type Unproven = String;

/// Reads the app's files in a tree that takes the commits out of the tip. The inner error says what is
/// not as it should be. Errors as of [`PathHistory::new`].
pub fn prove(
    repository: &Repository,
    (tip, tree): (Oid, Oid),
    inputs: &Inputs,
    brought: &Brought,
    good: &[ContainerImage],
) -> Result<Result<(), Unproven>> {
    let mut history = PathHistory::new(repository, inputs, tip)?;
    let before = history.state();
    let after = history.state_of_tree(tree)?;
    match brought.proof {
        Proof::Images => by_images(&mut history, &before, &after, brought, good),
        Proof::Words => by_words(&mut history, &after, brought),
        Proof::OwnerHistory => {
            let wanted = history.state_of(&brought.good.id)?;
            let is_same = wanted.is_some_and(|wanted| wanted.is_same(&after));
            Ok(is_same.then_some(()).ok_or_else(|| {
                format!("the files would not be as they are in {}", brought.good.id)
            }))
        }
    }
}

fn by_images(
    history: &mut PathHistory<'_>,
    before: &State,
    after: &State,
    brought: &Brought,
    good: &[ContainerImage],
) -> Result<Result<(), Unproven>> {
    for moved in &brought.images {
        if Look::Images.says(history, after, moved)? != Says::Good {
            return Ok(Err(unproven(after, moved)));
        }
    }
    // An image that is right at the tip must not go along with the others.
    for container in good {
        let moved = ImageMove {
            container: container.container.clone(),
            live: None,
            good: Some(container.image.clone()),
        };
        let is_right = Look::Images.says(history, before, &moved)? == Says::Good;
        if is_right && Look::Images.says(history, after, &moved)? != Says::Good {
            return Ok(Err(unproven(after, &moved)));
        }
    }
    Ok(Ok(()))
}

fn by_words(
    history: &mut PathHistory<'_>,
    after: &State,
    brought: &Brought,
) -> Result<Result<(), Unproven>> {
    for moved in &brought.images {
        if Look::Words.says(history, after, moved)? != Says::Good {
            return Ok(Err(unproven(after, moved)));
        }
    }
    Ok(Ok(()))
}

/// `container web would get web:2.8.1 and not web:2.8.0`
fn unproven(after: &State, moved: &ImageMove) -> Unproven {
    let mut found: Vec<String> = named(after, moved).map(Named::reference).collect();
    found.sort_unstable();
    found.dedup();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    let wanted = moved.good.as_deref().map_or_else(|| "none".to_owned(), image);
    let container = sanitize(&moved.container).into_owned();
    format!("for container {container} the files would name {} and not {wanted}", sanitize(&found))
}
