//! Somebody who looks for the origin of a release, and owners as a cluster has them.

use std::ffi::OsString;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kubectl_rb::config::Rewrite;
use kubectl_rb::durable::origin::{
    Access, Asked, Found, Origin, OwnerRead, Settled, TakenRead, find_in, plan,
};
use kubectl_rb::error::{Error, ErrorKind, Result};
use kubectl_rb::reconciler;
use kubectl_rb::revert::plan::{Decision, Terms};
use kubectl_rb::rollback::model::image::ContainerImage;
use kubectl_rb::rollback::model::ownership::{Automation, Owner, Proof, Source, SourceKind};
use kubectl_rb::rollback::model::revert_plan::RevertPlan;
use kubectl_rb::rollback::model::target::Target;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::testbed::Fleet;

pub(super) const WEB: &str = "apps/web";
/// Of each look; the machine may be busy.
const LIMIT: Duration = Duration::from_secs(120);

/// The image of a release.
pub(super) fn image(tag: &str) -> String {
    format!("registry.test/web:{tag}")
}

/// A fleet whose app `web` has the image of release 1.0.
pub(super) fn web() -> Fleet {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", &image("1.0"));
    fleet.push("Add web");
    fleet
}

pub(super) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// A person with a home of their own.
pub(super) struct Person {
    folder: Arc<tempfile::TempDir>,
    at: Option<PathBuf>,
    rewrites: Vec<Rewrite>,
    limit: Duration,
}

impl Person {
    pub(super) fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        std::fs::create_dir(folder.path().join("home")).expect("a home");
        Self { folder, at: None, rewrites: Vec::new(), limit: LIMIT }
    }

    /// Who has changed to that folder.
    pub(super) fn at(mut self, folder: &Path) -> Self {
        self.at = Some(folder.to_owned());
        self
    }

    /// Who has this rule in the configuration.
    pub(super) fn rewrite(mut self, from: &str, to: &str) -> Self {
        self.rewrites.push(Rewrite { from: from.to_owned(), to: to.to_owned() });
        self
    }

    fn variables(&self) -> Vec<(OsString, OsString)> {
        vec![
            ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
            ("HOME".into(), self.folder.path().join("home").into()),
            ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ]
    }

    /// Looks for what brought one image in place of another, for the container `app`.
    pub(super) fn find(&self, owners: &[OwnerRead], live: &str, good: &str) -> Result<Found> {
        self.find_all(owners, &containers(live), &containers(good), true)
    }

    pub(super) fn find_all(
        &self,
        owners: &[OwnerRead],
        live: &[ContainerImage],
        good: &[ContainerImage],
        only_images: bool,
    ) -> Result<Found> {
        let revision = "revision 1";
        let asked = Asked { live, good, revision, created: None, only_images };
        let folder = self.at.as_deref().unwrap_or_else(|| self.folder.path());
        run(async {
            let until = Instant::now() + self.limit;
            let rewrites = &self.rewrites;
            let access = Access { folder, interactive: false, until, rewrites };
            find_in(owners, &asked, &access, &self.variables(), &mut |_| ()).await
        })
    }

    #[track_caller]
    pub(super) fn origin(&self, owners: &[OwnerRead], live: &str, good: &str) -> Kept {
        self.kept(self.find(owners, live, good).expect("it is reached"))
    }

    #[track_caller]
    pub(super) fn kept(&self, found: Found) -> Kept {
        match found {
            Found::Origin(origin) => Kept { origin: *origin, home: Arc::clone(&self.folder) },
            other => panic!("{other:#?}"),
        }
    }

    #[track_caller]
    pub(super) fn settled(&self, owners: &[OwnerRead], live: &str, good: &str) -> Settled {
        match self.find(owners, live, good).expect("it is reached") {
            Found::Nothing(settled) => *settled,
            other => panic!("{other:#?}"),
        }
    }

    /// The refusal as people read it, with its causes and hints.
    #[track_caller]
    pub(super) fn refused(&self, owners: &[OwnerRead], live: &str, good: &str) -> String {
        match self.find(owners, live, good).expect("it is reached") {
            Found::Refused(error) => {
                assert_eq!(error.kind(), ErrorKind::Refused);
                told(&error)
            }
            other => panic!("{other:#?}"),
        }
    }
}

/// An origin, and the home in which its copy is.
pub(super) struct Kept {
    origin: Origin,
    #[expect(dead_code, reason = "it is held")]
    home: Arc<tempfile::TempDir>,
}

impl Deref for Kept {
    type Target = Origin;

    fn deref(&self) -> &Origin {
        &self.origin
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut Origin {
        &mut self.origin
    }
}

pub(super) fn told(error: &Error) -> String {
    let causes = error.causes().into_iter();
    let lines = std::iter::once(error.to_string()).chain(causes);
    lines.chain(error.hints().iter().cloned()).collect::<Vec<_>>().join("\n")
}

/// The plan for an origin, or what stands in its way.
pub(super) fn decide(origin: &mut Origin, good: &str) -> Result<Decision> {
    let terms = Terms { by: "ann".to_owned(), ..Terms::default() };
    let good = containers(good);
    run(plan(origin, "Argo CD application web", &terms, &good, Timestamp::UNIX_EPOCH, &mut |_| ()))
}

#[track_caller]
pub(super) fn planned(origin: &mut Origin, good: &str) -> RevertPlan {
    match decide(origin, good).expect("a plan") {
        Decision::Revert(plan, _) => *plan,
        other => panic!("{other:#?}"),
    }
}

/// The files that a plan changes.
pub(super) fn files(plan: &RevertPlan) -> Vec<String> {
    plan.reverted.files.iter().map(|file| file.path.to_string()).collect()
}

/// The commits that go.
pub(super) fn gone(origin: &Origin) -> Vec<&str> {
    origin.brought.commits.iter().map(|commit| commit.id.as_str()).collect()
}

/// One container `app`, or several: `app=web:1 side=proxy:2`.
pub(super) fn containers(words: &str) -> Vec<ContainerImage> {
    let one = |word: &str| {
        let (container, image) = word.split_once('=').unwrap_or(("app", word));
        ContainerImage { container: container.to_owned(), image: image.to_owned() }
    };
    words.split_whitespace().map(one).collect()
}

/// An Application with these sources.
pub(super) fn application(name: &str, sources: &[Value]) -> OwnerRead {
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"sources": sources},
    });
    let text = |source: &Value, key: &str| source[key].as_str().unwrap_or_default().to_owned();
    let source = |source: &Value| {
        let (wants, path) = (text(source, "targetRevision"), text(source, "path"));
        let is_git = text(source, "chart").is_empty();
        Source {
            kind: if is_git { SourceKind::Git } else { SourceKind::Chart },
            url: text(source, "repoURL"),
            is_branch: is_git && wants.len() != 40,
            wants: if wants == "HEAD" { String::new() } else { wants },
            path: (!path.is_empty()).then_some(path),
            ..Source::default()
        }
    };
    let sources = sources.iter().map(source).collect();
    read(&format!("Argo CD application {name}"), object, sources)
}

/// One that follows `main` of a fleet.
pub(super) fn follows(fleet: &Fleet, path: &str) -> Value {
    json!({"repoURL": fleet.url(), "path": path, "targetRevision": "main"})
}

/// A Kustomization of Flux that follows `main` of a fleet.
pub(super) fn kustomization(fleet: &Fleet, name: &str, path: &str) -> OwnerRead {
    let object = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {"path": path},
    });
    let source = Source {
        url: fleet.url(),
        wants: "main".to_owned(),
        is_branch: true,
        path: Some(path.to_owned()),
        ..Source::default()
    };
    read(&format!("Kustomization flux-system/{name}"), object, vec![source])
}

/// An owner of which this was read.
pub(super) fn read(name: &str, object: Value, sources: Vec<Source>) -> OwnerRead {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let target = Target {
        api_version: text("/apiVersion").to_owned(),
        kind: text("/kind").to_owned(),
        namespace: text("/metadata/namespace").to_owned(),
        name: text("/metadata/name").to_owned(),
    };
    let owner = Owner {
        name: name.to_owned(),
        proof: Proof::Listed,
        object: Some(target),
        automation: Some(Automation { prunes: true, ..Automation::default() }),
        sources,
        ..Owner::default()
    };
    let taken = Vec::new();
    OwnerRead { owner, object, taken }
}

/// The same with what it takes from objects of the cluster, none of which could be read.
pub(super) fn taking(read: OwnerRead) -> OwnerRead {
    let kind = read.owner.object.as_ref().and_then(reconciler::of).expect("a kind that renders");
    let taken = kind.takes(&read.object).into_iter();
    let taken = taken.map(|taken| TakenRead { taken, object: Value::Null }).collect();
    OwnerRead { taken, ..read }
}

/// The same, of the owner below it.
pub(super) fn above(below: &OwnerRead, mut above: OwnerRead) -> OwnerRead {
    above.owner.of.clone_from(&below.owner.object);
    above
}
