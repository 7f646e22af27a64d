//! The Applications that go with a revert, since it takes away what a generator makes them of.

use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::manifest::entries;
use crate::git::repository::Repository;
use crate::reconciler;
use crate::reconciler::dropped::{Change, Dropped, Fate, Place};
use crate::revert::ground::Ground;
use crate::rollback::model::ownership::Source;
use crate::rollback::model::revert_plan::RevertPlan;
use crate::text::{plural, sanitize};

use super::OwnerRead;

/// Applications that are named.
const NAMED: usize = 5;

/// Sentences about what the owners make no more after this revert of a source. Looked at are the owners of
/// the workload: what others make of the repository is not known.
///
/// Refused where the owner of the workload itself goes with it.
pub fn dropped(
    ground: &Ground,
    plan: &RevertPlan,
    source: Option<&Source>,
    owners: &[OwnerRead],
) -> Result<Vec<String>> {
    let Some(source) = source else { return Ok(Vec::new()) };
    let tree = Oid::from_str(&plan.reverted.tree).map_err(|error| {
        Error::new(ErrorKind::Internal, "a plan of ours names what is no tree").because(error)
    })?;
    let repository = ground.store.open(Repository::open)?;
    let entries = entries::of(&repository, tree, &plan.reverted.files)?;
    let branch = ground.branch.as_str();
    let change = Change { place: Place { url: &source.url, branch }, entries: &entries };
    let mut warnings = Vec::new();
    for read in owners.iter().filter(|read| read.owner.counts()) {
        let kind = read.owner.object.as_ref().and_then(reconciler::of);
        let dropped = kind.map(|kind| kind.drops(&read.object, &change)).unwrap_or_default();
        if let Some(own) = own(&dropped, read) {
            return Err(refused(own, read));
        }
        warnings.extend(words(&dropped, &read.owner.name));
    }
    Ok(warnings)
}

/// The one among them that owns the workload.
fn own<'d>(dropped: &'d [Dropped], read: &OwnerRead) -> Option<&'d Dropped> {
    let below = read.owner.of.as_ref()?;
    let goes = dropped.iter().filter(|one| one.fate != Fate::Stays);
    goes.into_iter().find(|one| one.name.as_ref() == Some(&below.name))
}

fn refused(own: &Dropped, read: &OwnerRead) -> Error {
    let name = sanitize(own.name.as_deref().unwrap_or_default()).into_owned();
    let (who, entry) = (sanitize(&read.owner.name), sanitize(&own.entry));
    let message =
        format!("the revert would have {who} delete Application {name}, whose release goes back");
    Error::new(ErrorKind::Refused, message)
        .because(format!("{entry}, of which it is made, came with that release"))
        .hint("take the release out of that file by hand, and commit that")
}

/// A sentence for each fate.
fn words(dropped: &[Dropped], owner: &str) -> Vec<String> {
    let of = |fate: Fate| dropped.iter().filter(move |one| one.fate == fate);
    let mut found = Vec::new();
    for fate in [Fate::WithObjects, Fate::Alone, Fate::Stays] {
        let one = |one: &Dropped| match &one.name {
            Some(name) => format!("Application {name} ({})", one.entry),
            None => format!("every Application made of {}", one.entry),
        };
        let named: Vec<String> = of(fate).take(NAMED).map(one).collect();
        if named.is_empty() {
            continue;
        }
        let more = i64::try_from(of(fate).count().saturating_sub(NAMED)).unwrap_or(i64::MAX);
        let more = match more {
            0 => String::new(),
            more => format!(" and {}", plural(more, "other Application")),
        };
        let named = sanitize(&named.join(", ")).into_owned();
        let owner = sanitize(owner);
        found.push(match fate {
            Fate::WithObjects => format!(
                "{named}{more} came with it: {owner} deletes what its generators do not name, with all \
                 its objects"
            ),
            Fate::Alone => format!(
                "{named}{more} came with it: {owner} deletes what its generators do not name, and \
                 leaves its objects in the cluster"
            ),
            Fate::Stays => {
                format!("{named}{more} came with it, and stays: {owner} deletes no Application")
            }
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::rollback::model::ownership::Owner;
    use crate::rollback::model::target::Target;

    fn one(name: Option<&str>, entry: &str, fate: Fate) -> Dropped {
        Dropped { name: name.map(str::to_owned), entry: entry.to_owned(), fate }
    }

    #[test]
    fn what_becomes_of_each_is_told() {
        let many: Vec<Dropped> =
            (0..7).map(|n| one(Some(&format!("w{n}")), "list.yaml", Fate::WithObjects)).collect();
        let told = words(&many, "ApplicationSet fleet").concat();
        assert!(
            told.contains("Application w4 (list.yaml) and 2 other Applications came"),
            "{told}"
        );
        let us = |fate| [one(Some("us"), "us.json", fate)];
        for (dropped, expected) in [
            (
                &us(Fate::WithObjects)[..],
                "Application us (us.json) came with it: ApplicationSet fleet deletes what its \
                 generators do not name, with all its objects",
            ),
            (
                &us(Fate::Alone),
                "Application us (us.json) came with it: ApplicationSet fleet deletes what its \
                 generators do not name, and leaves its objects in the cluster",
            ),
            (
                &us(Fate::Stays),
                "Application us (us.json) came with it, and stays: ApplicationSet fleet deletes no \
                 Application",
            ),
            (
                &[one(None, "us.json", Fate::Alone)],
                "every Application made of us.json came with it: ApplicationSet fleet deletes what its \
                 generators do not name, and leaves its objects in the cluster",
            ),
        ] {
            assert_eq!(words(dropped, "ApplicationSet fleet"), [expected]);
        }
        assert_eq!(words(&[], "ApplicationSet fleet"), [] as [&str; 0]);
    }

    #[test]
    fn the_owner_of_the_workload_itself_is_not_given_up() {
        let target = Target { name: "us".to_owned(), ..Target::default() };
        for (of, fate, is_own) in [
            (Some(target.clone()), Fate::WithObjects, true),
            (Some(target.clone()), Fate::Alone, true),
            (Some(target), Fate::Stays, false),
            (Some(Target::default()), Fate::WithObjects, false),
            (None, Fate::WithObjects, false),
        ] {
            let owner = Owner { name: "ApplicationSet fleet".to_owned(), of, ..Owner::default() };
            let read = OwnerRead { owner, object: Value::Null, taken: Vec::new() };
            let dropped = [one(None, "a", fate), one(Some("us"), "us.json", fate)];
            assert_eq!(own(&dropped, &read).is_some(), is_own, "{fate:?}");
        }
        let read = OwnerRead { owner: Owner::default(), object: Value::Null, taken: Vec::new() };
        let error = refused(&one(Some("us"), "us.json", Fate::Alone), &read);
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains("delete Application us"), "{error}");
    }
}
