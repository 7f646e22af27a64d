//! Finding the holds that nobody has released: of a crash, of a hand-over, of a change request that waits.

use futures::StreamExt as _;
use futures::stream;
use serde_json::Value;

use crate::cluster::{Cluster, Deadline, Path};
use crate::error::{Error, ErrorKind, Result};
use crate::facts::AT_ONCE;
use crate::reconciler::from_git;
use crate::rollback::model::hold::{OpenHold, Stored};
use crate::rollback::model::record::{HOLD_ANNOTATION, HOLD_POINTER};
use crate::rollback::model::target::Target;

/// Objects that are listed at a time.
const PAGE: &str = "500";

/// The kinds of owners that can be held, and the namespace in which they usually are.
const KINDS: [Kind; 3] = [
    Kind {
        api_version: "argoproj.io/v1alpha1",
        word: "Application",
        plural: "applications",
        usual: "argocd",
    },
    Kind {
        api_version: "kustomize.toolkit.fluxcd.io/v1",
        word: "Kustomization",
        plural: "kustomizations",
        usual: "flux-system",
    },
    Kind {
        api_version: "helm.toolkit.fluxcd.io/v2",
        word: "HelmRelease",
        plural: "helmreleases",
        usual: "flux-system",
    },
];

#[derive(Clone, Copy)]
struct Kind {
    api_version: &'static str,
    word: &'static str,
    plural: &'static str,
    usual: &'static str,
}

/// The open holds, and where nobody could look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// The oldest first.
    pub holds: Vec<OpenHold>,
    /// What could not be read, each a sentence without a full stop.
    pub gaps: Vec<String>,
}

impl Open {
    /// Those for a workload, with their phases.
    #[must_use]
    pub fn of(&self, workload: &Target) -> Vec<&OpenHold> {
        self.holds.iter().filter(|open| open.hold.workload == *workload).collect()
    }
}

/// Looks for open holds: all of them, or those on owners in a namespace and on owners of what is in it.
///
/// A kind that the cluster does not have is no error, and one that may not be listed is a gap.
pub async fn open(cluster: &Cluster, namespace: Option<&str>, deadline: Deadline) -> Result<Open> {
    let mut open = Open::default();
    let lists = stream::iter(KINDS)
        .map(|kind| async move { marked(cluster, kind, namespace, deadline).await })
        .buffered(KINDS.len())
        .collect::<Vec<_>>()
        .await;
    let mut owners = Vec::new();
    for list in lists {
        let (found, gaps) = list?;
        owners.extend(found);
        open.gaps.extend(gaps);
    }
    let read = stream::iter(&owners)
        .map(|owner| async move { of_owner(cluster, owner, namespace, deadline).await })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    for (holds, gap) in read {
        open.holds.extend(holds);
        open.gaps.extend(gap);
    }
    open.holds.sort_by_key(|one| one.hold.at);
    let phases = stream::iter(&open.holds)
        .map(|one| async move {
            let workload = cluster.get(&workload(&one.hold.workload), deadline).await.ok();
            one.hold.phase(workload.as_ref())
        })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    for (one, phase) in open.holds.iter_mut().zip(phases) {
        one.phase = phase;
    }
    Ok(open)
}

/// Where a workload is. All kinds that are rolled back form their plural like this.
fn workload(target: &Target) -> Path {
    let plural = format!("{}s", target.kind.to_ascii_lowercase());
    let version = format!("apis/{}", target.api_version);
    Path::namespaced(&version, &target.namespace, &plural).name(&target.name)
}

/// The owners of a kind that have the annotation.
async fn marked(
    cluster: &Cluster,
    kind: Kind,
    namespace: Option<&str>,
    deadline: Deadline,
) -> Result<(Vec<Target>, Option<String>)> {
    let version = format!("apis/{}", kind.api_version);
    let everywhere = Path::cluster_wide(&version, kind.plural);
    match list(cluster, kind, &everywhere, deadline).await {
        Ok(found) => return Ok((found, None)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), None)),
        Err(error) if error.kind() == ErrorKind::Forbidden => {}
        Err(error) => return Err(error),
    }
    let mut namespaces = vec![kind.usual];
    namespaces.extend(namespace.filter(|namespace| *namespace != kind.usual));
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    for namespace in namespaces {
        let path = Path::namespaced(&version, namespace, kind.plural);
        match list(cluster, kind, &path, deadline).await {
            Ok(more) => {
                found.extend(more);
                seen.push(namespace);
            }
            Err(error) if error.kind() == ErrorKind::Forbidden => {}
            Err(error) => return Err(error),
        }
    }
    let (plural, group) = (kind.plural, kind.api_version.split('/').next().unwrap_or_default());
    let gap = match seen.as_slice() {
        [] => format!("no right to list {plural}.{group}: holds on them are not seen"),
        seen => format!(
            "no right to list {plural}.{group} in all namespaces: only {} {} looked at",
            seen.join(" and "),
            if seen.len() == 1 { "was" } else { "were" }
        ),
    };
    Ok((found, Some(gap)))
}

/// Of each object only what it is called and its annotations come over the wire.
async fn list(
    cluster: &Cluster,
    kind: Kind,
    collection: &Path,
    deadline: Deadline,
) -> Result<Vec<Target>, Error> {
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let mut path = collection.clone().query("limit", PAGE);
        if !next.is_empty() {
            path = path.query("continue", &next);
        }
        let list = cluster.get_metadata(&path, deadline).await?;
        let items = list.get("items").and_then(Value::as_array);
        for item in items.into_iter().flatten().filter(|item| item.pointer(HOLD_POINTER).is_some())
        {
            let text = |pointer| item.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            found.push(Target {
                api_version: kind.api_version.to_owned(),
                kind: kind.word.to_owned(),
                namespace: text("/metadata/namespace").to_owned(),
                name: text("/metadata/name").to_owned(),
            });
        }
        let more = list.pointer("/metadata/continue").and_then(Value::as_str);
        match more.filter(|more| !more.is_empty()) {
            Some(more) => more.clone_into(&mut next),
            None => return Ok(found),
        }
    }
}

/// The holds on an owner.
async fn of_owner(
    cluster: &Cluster,
    owner: &Target,
    namespace: Option<&str>,
    deadline: Deadline,
) -> (Vec<OpenHold>, Option<String>) {
    let Target { kind, namespace: place, name, .. } = owner;
    if !KINDS.iter().any(|one| one.word == kind) {
        return (Vec::new(), None);
    }
    let Some(address) = from_git(owner).and_then(|reconciler| reconciler.address(owner)) else {
        return (Vec::new(), None);
    };
    let object = match cluster.get(&address.object(), deadline).await {
        Ok(object) => object,
        Err(error) if error.kind() == ErrorKind::NotFound => return (Vec::new(), None),
        Err(error) => {
            let gap = format!("the hold on {kind} {place}/{name} could not be read: {error}");
            return (Vec::new(), Some(gap));
        }
    };
    let gap = match Stored::on(&object) {
        Stored::Nothing => None,
        Stored::Holds(_) => {
            let is_of = |one: &OpenHold| {
                namespace.is_none_or(|wanted| {
                    one.owner.namespace == wanted || one.hold.workload.namespace == wanted
                })
            };
            let holds = OpenHold::on(&object, owner).into_iter().filter(is_of).collect();
            return (holds, None);
        }
        Stored::Foreign => Some("is not a hold of rb".to_owned()),
        Stored::Newer(version) => Some(format!("was written by a newer rb (format {version})")),
    };
    let gap = gap.map(|why| format!("annotation {HOLD_ANNOTATION} of {kind} {place}/{name} {why}"));
    (Vec::new(), gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_those_that_are_followed() {
        for kind in KINDS {
            let target = Target {
                api_version: kind.api_version.to_owned(),
                kind: kind.word.to_owned(),
                namespace: "shop".to_owned(),
                name: "web".to_owned(),
            };
            let address = from_git(&target).and_then(|reconciler| reconciler.address(&target));
            let path = format!("/apis/{}/namespaces/shop/{}/web", kind.api_version, kind.plural);
            assert_eq!(address.expect("it is followed").object().as_str(), path);
        }
    }

    #[test]
    fn a_workload_is_found_by_its_kind() {
        for (api_version, kind, path) in [
            ("apps/v1", "Deployment", "/apis/apps/v1/namespaces/shop/deployments/web"),
            ("apps/v1", "StatefulSet", "/apis/apps/v1/namespaces/shop/statefulsets/web"),
            (
                "argoproj.io/v1alpha1",
                "Rollout",
                "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web",
            ),
        ] {
            let target = Target {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                namespace: "shop".to_owned(),
                name: "web".to_owned(),
            };
            assert_eq!(workload(&target).as_str(), path);
        }
    }
}
