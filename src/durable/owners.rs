//! The owners between a workload and Git: read as they are now, and which of them bring a commit.

use futures::future::join_all;
use serde_json::Value;

use crate::cluster::{Cluster, Deadline, Path};
use crate::error::Result;
use crate::reconciler;
use crate::reconciler::following::Address;
use crate::rollback::model::ownership::{Owner, Proof, Source};
use crate::rollback::model::target::Target;

use super::origin::{OwnerRead, TakenRead};

/// Owners with their objects, the nearest first; what is not among the `objects` that are known is read
/// now, all at once. One that could not be read before ends the chain. Errors are those of the first that takes
/// something from Git and cannot be read now; others have no object then.
pub async fn read(
    cluster: &Cluster,
    owners: &[Owner],
    objects: &[(Target, Value)],
    deadline: Deadline,
) -> Result<Vec<OwnerRead>> {
    let known = owners.iter().take_while(|owner| !matches!(owner.proof, Proof::Unread(_)));
    let reads = known.filter(|owner| owner.counts()).map(|owner| async move {
        let owner = owner.clone();
        let Some(target) = owner.object.as_ref() else {
            return Ok(OwnerRead { owner, object: Value::Null, taken: Vec::new() });
        };
        if let Some((_, object)) = objects.iter().find(|(known, _)| known == target) {
            let object = named(object.clone(), target);
            return Ok(OwnerRead { owner, object, taken: Vec::new() });
        }
        let kind = reconciler::from_git(target);
        let address = kind.and_then(|kind| kind.address(target));
        let path = address.as_ref().map_or_else(|| path_of(target), Address::object);
        match cluster.get(path.as_str(), deadline).await {
            Ok(mut object) => {
                if let Some(kind) = kind {
                    kind.lighten(&mut object);
                }
                Ok(OwnerRead { owner, object, taken: Vec::new() })
            }
            Err(error) if address.is_some() => Err(error),
            Err(_) => Ok(OwnerRead { owner, object: Value::Null, taken: Vec::new() }),
        }
    });
    let mut read: Vec<OwnerRead> = join_all(reads).await.into_iter().collect::<Result<_>>()?;
    join_all(read.iter_mut().map(|read| take(cluster, read, deadline))).await;
    Ok(read)
}

/// Reads what an owner takes from other objects of the cluster. What cannot be read is not known.
async fn take(cluster: &Cluster, read: &mut OwnerRead, deadline: Deadline) {
    let kind = read.owner.object.as_ref().and_then(reconciler::of);
    let taken = kind.map(|kind| kind.takes(&read.object)).unwrap_or_default();
    let reads = taken.into_iter().map(|taken| async move {
        let Target { namespace, name, .. } = &taken.object;
        let path = Path::namespaced("api/v1", namespace, "configmaps").name(name);
        let object = if taken.is_public() {
            cluster.get(path.as_str(), deadline).await.unwrap_or_default()
        } else {
            Value::Null
        };
        TakenRead { taken, object }
    });
    read.taken = join_all(reads).await;
}

/// The commands that have an owner read values again.
#[must_use]
pub fn commands_to_read(owners: &[OwnerRead], reader: &Target) -> Vec<String> {
    let of_it = owners.iter().filter(|read| read.owner.object.as_ref() == Some(reader));
    let mut commands: Vec<String> =
        of_it.flat_map(|read| &read.taken).map(|read| read.taken.ask()).collect();
    commands.dedup();
    commands
        .into_iter()
        .map(|command| format!("once the commit is applied, have its values read: {command}"))
        .collect()
}

/// With its type, which an item of a list may leave out.
fn named(mut object: Value, target: &Target) -> Value {
    if let Some(members) = object.as_object_mut() {
        for (member, word) in [("apiVersion", &target.api_version), ("kind", &target.kind)] {
            members.entry(member).or_insert_with(|| Value::from(word.as_str()));
        }
    }
    object
}

/// Of kinds that nobody follows; the plural of each of them ends so.
fn path_of(target: &Target) -> Path {
    let plural = format!("{}s", target.kind.to_lowercase());
    Path::namespaced(&target.api_version, &target.namespace, &plural).name(&target.name)
}

/// One of those that bring a commit.
#[derive(Clone, Copy, Debug)]
pub struct Bringer<'a> {
    /// Who.
    pub owner: &'a OwnerRead,
    /// Whether its own source has to fetch the commit. Else another owner applies what is changed of it.
    pub fetches: bool,
}

/// Of the owners up to the one whose files have changed, those to be followed to the commit: the farthest
/// first. One between that looks at another repository or branch, or is pinned, has not to see the commit: it
/// is given another object, and what it makes of that is seen on the workload.
pub fn that_bring_it(owners: &[OwnerRead]) -> impl Iterator<Item = Bringer<'_>> {
    let changed = owners.last().map(|owner| owner.owner.sources.as_slice()).unwrap_or_default();
    owners.iter().rev().enumerate().filter_map(move |(distance, owner)| {
        let target = owner.owner.object.as_ref()?;
        reconciler::from_git(target)?;
        let sources = &owner.owner.sources;
        let takes_it_up =
            |source: &Source| changed.iter().any(|changed| may_be_one(source, changed));
        let fetches = distance == 0 || sources.iter().any(takes_it_up);
        (fetches || reconciler::is_release(target)).then_some(Bringer { owner, fetches })
    })
}

/// Whether a source takes up what is pushed to the branch that another one follows. Which branch is the
/// default one, nobody has said.
fn may_be_one(source: &Source, other: &Source) -> bool {
    let is_default = |source: &Source| source.wants.is_empty() || source.wants == "HEAD";
    let is_same = source.wants == other.wants || is_default(source) || is_default(other);
    source.is_branch && source.url == other.url && is_same
}

/// The owner of a workload that follows no branch, where another one has it from a branch of its own: what it is
/// pinned to stands there, and goes back with the owner as a whole.
#[must_use]
pub fn pinned(owners: &[OwnerRead]) -> Option<&Target> {
    let follows = |read: &OwnerRead| read.owner.sources.iter().any(|source| source.is_branch);
    let nearest = owners.iter().find(|read| read.owner.counts() && read.owner.of.is_none())?;
    let itself =
        nearest.owner.object.as_ref().filter(|target| reconciler::from_git(target).is_some())?;
    let declares = |read: &OwnerRead| {
        read.owner.of.as_ref() == Some(itself) && read.owner.counts() && follows(read)
    };
    (!follows(nearest) && owners.iter().any(declares)).then_some(itself)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(name: &str, url: &str, wants: &str, is_branch: bool) -> OwnerRead {
        let source =
            Source { url: url.to_owned(), wants: wants.to_owned(), is_branch, ..Source::default() };
        let target = Target {
            api_version: "argoproj.io/v1alpha1".to_owned(),
            kind: "Application".to_owned(),
            namespace: "argocd".to_owned(),
            name: name.to_owned(),
        };
        let owner = Owner { object: Some(target), sources: vec![source], ..Owner::default() };
        OwnerRead { owner, object: Value::Null, taken: Vec::new() }
    }

    #[test]
    fn one_below_is_followed_where_it_takes_the_commit_up() {
        let fleet = "https://git.test/fleet";
        for (url, wants, is_branch, is_followed) in [
            (fleet, "main", true, true),
            (fleet, "", true, true),
            (fleet, "HEAD", true, true),
            (fleet, "stable", true, false),
            // Pinned: the one above moves it.
            (fleet, "v1.0", false, false),
            (fleet, "3f2a9c1d3f2a9c1d3f2a9c1d3f2a9c1d3f2a9c1d", false, false),
            ("https://git.test/other", "main", true, false),
        ] {
            let owners = [
                application("web", url, wants, is_branch),
                application("root", fleet, "main", true),
            ];
            let names: Vec<&str> = that_bring_it(&owners)
                .filter_map(|bringer| Some(bringer.owner.owner.object.as_ref()?.name.as_str()))
                .collect();
            let expected = if is_followed { vec!["root", "web"] } else { vec!["root"] };
            assert_eq!(names, expected, "{url} {wants}");
        }
    }

    #[test]
    fn what_is_pinned_is_known_where_another_one_declares_it() {
        let fleet = "https://git.test/fleet";
        let above = |mut read: OwnerRead, of: &OwnerRead| {
            read.owner.of.clone_from(&of.owner.object);
            read
        };
        let child = |is_branch| application("web", fleet, "v1.0", is_branch);
        let parent =
            |is_branch| above(application("root", fleet, "main", is_branch), &child(false));
        for (owners, is_pinned) in [
            (vec![child(false), parent(true)], true),
            (vec![child(true), parent(true)], false),
            (vec![child(false), parent(false)], false),
            (vec![child(false)], false),
            (vec![], false),
        ] {
            let found = pinned(&owners).map(|target| target.name.as_str());
            assert_eq!(found, is_pinned.then_some("web"), "{owners:?}");
        }
    }
}
