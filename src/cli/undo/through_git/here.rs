//! Where in Git a release is undone, from this folder and with this user's settings.

use std::path::PathBuf;

use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::cli::config_file;
use crate::cli::git::host::{Advised, Host};
use crate::cli::git::identity;
use crate::cli::git::progress::during;
use crate::cli::undo::flow::Flow;
use crate::cluster::Deadline;
use crate::config::GitSettings;
use crate::durable::origin::{self, Access, Asked, Found, Origin, OwnerRead, Settled};
use crate::durable::owners;
use crate::durable::passage::{self, Barred, Passage};
use crate::durable::plan::{Followed, Through};
use crate::durable::{beside, bots};
use crate::error::{Error, Result};
use crate::git::Oid;
use crate::reconciler;
use crate::reconciler::neighbours::{self, Neighbours};
use crate::report::revert as report;
use crate::revert::ground::Ground;
use crate::revert::land::By;
use crate::revert::plan::{Decision, Terms};
use crate::rollback::model::barrier::Brings;
use crate::rollback::model::decision::Owned;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::hold::OpenHold;
use crate::rollback::model::image::ContainerImage;
use crate::rollback::model::ownership::Source;
use crate::rollback::model::revert_plan::{RevertPlan, Way};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::Target;
use crate::text::shell_quote;

/// Where it is done from.
pub(super) struct Here {
    folder: PathBuf,
    settings: GitSettings,
    pub(super) owners: Vec<OwnerRead>,
    /// Others that render the same, once they were looked at.
    neighbours: OnceCell<Neighbours>,
}

/// What is to be carried out.
pub(super) struct Ready {
    pub(super) ground: Ground,
    /// Who renders it: its place among the owners.
    pub(super) owner: usize,
    /// Which of that one's sources it is.
    source: usize,
    /// What is reverted, and how the commit is made; `None`: the branch holds it already.
    pub(super) revert: Option<(Box<RevertPlan>, String, By, Host)>,
    /// The commit that holds it, where that is so.
    pub(super) commit: Option<Oid>,
    /// The files that it is about.
    pub(super) files: Vec<GitPath>,
    /// Of these, each `Chart.yaml` whose version changes.
    versions: Vec<GitPath>,
    /// Who takes values from an object of the cluster that they change.
    reader: Option<Target>,
    pub(super) notes: Vec<String>,
}

impl Ready {
    /// What is known of the commit that will be on the branch.
    fn brings(&self) -> Brings<'_> {
        let Some((plan, _, by, _)) = &self.revert else { return Brings::default() };
        // What a change request is merged with, its host makes.
        let is_ours = plan.way == Way::Push;
        let signed = is_ours.then_some(by.signing.is_some());
        Brings { signed, files: Some(&self.files), versions: &self.versions }
    }

    fn held(
        ground: Ground,
        (owner, source): (usize, usize),
        commit: Oid,
        notes: Vec<String>,
    ) -> Self {
        let (files, versions) = (Vec::new(), Vec::new());
        let (revert, commit, reader) = (None, Some(commit), None);
        Self { ground, owner, source, revert, commit, files, versions, reader, notes }
    }
}

impl Here {
    /// With the owners as the snapshot has them.
    pub(super) async fn new(flow: &Flow<'_>, snapshot: &Snapshot) -> Result<Self> {
        let folder = identity::folder()?;
        let settings = config_file::git_settings(flow.args.proof.config.as_deref())?;
        let deadline = flow.budget.reading();
        let Snapshot { owners, owner_objects, .. } = snapshot;
        let owners = owners::read(flow.cluster, owners, owner_objects, deadline).await?;
        Ok(Self { folder, settings, owners, neighbours: OnceCell::new() })
    }

    /// The owners that this operation holds already, with what people call them.
    pub(super) fn held_by(&self, operation: &str) -> impl Iterator<Item = (Target, String)> {
        self.owners.iter().filter_map(move |read| {
            let target = read.owner.object.as_ref()?;
            let open = OpenHold::on(&read.object, target);
            let is_held = open.iter().any(|open| open.hold.id == operation);
            is_held.then(|| (target.clone(), read.owner.name.clone()))
        })
    }

    /// Finds the commits and plans their revert, or finds that Git holds what is wanted.
    pub(super) async fn ready(&self, flow: &Flow<'_>, owned: &Owned) -> Result<Ready> {
        let deadline = flow.budget.reading();
        match self.find(flow, owned, deadline).await? {
            Found::Origin(origin) => {
                self.reverted(flow, *origin, &owned.direct.to.images, deadline).await
            }
            Found::Nothing(settled) => {
                let Settled { ground, owner, source, tip, evidence, reader, .. } = *settled;
                Ok(Ready { reader, ..Ready::held(ground, (owner, source), tip, evidence) })
            }
            Found::Refused(error) => Err(with_ways(self.with_whole(error, flow), flow, owned)),
        }
    }

    /// What goes back only with its owner as a whole.
    fn with_whole(&self, error: Error, flow: &Flow<'_>) -> Error {
        let Some(owner) = owners::pinned(&self.owners) else { return error };
        let hints = flow.app.hints(flow.cluster, &owner.namespace);
        let command = hints.rb(&format!("undo {}", shell_quote(&owner.reference())));
        error.hint(format!("to move it back where it is declared, with all that it has: {command}"))
    }

    async fn find(&self, flow: &Flow<'_>, owned: &Owned, deadline: Deadline) -> Result<Found> {
        let label = owned.direct.to.label();
        let asked = asked(owned, &label);
        let access = Access {
            folder: &self.folder,
            interactive: flow.app.console.can_prompt,
            until: deadline.instant(),
            rewrites: &self.settings.rewrite,
        };
        let (app, format) = (flow.app, flow.args.format());
        during(app, format, "looks in Git for what brought it", async |progress| {
            origin::find(&self.owners, &asked, &access, progress).await
        })
        .await
    }

    /// Plans the revert, and asks the host meanwhile how it gets onto the branch.
    async fn reverted(
        &self,
        flow: &Flow<'_>,
        mut origin: Origin,
        good: &[ContainerImage],
        deadline: Deadline,
    ) -> Result<Ready> {
        let by = identity::by(&origin.ground.config, &self.folder)?;
        let terms = self.terms(flow, &by);
        let (url, branch) = (origin.ground.remote.url().clone(), origin.ground.branch.clone());
        let name = self.owners.get(origin.owner).map(|read| read.owner.name.clone());
        let name = name.unwrap_or_default();
        let (args, app, format) = (&flow.args.request, flow.app, flow.args.format());
        let (made, (host, advised)) = during(app, format, "plans the revert", async |progress| {
            tokio::join!(
                origin::plan(&mut origin, &name, &terms, good, Timestamp::now(), progress),
                Host::ask(args, &url, branch.as_str(), None, deadline),
            )
        })
        .await;
        let (owner, source, reader) = (origin.owner, origin.source, origin.reader.take());
        match made? {
            Decision::Revert(plan, shown) => {
                let Advised { way, notes } = advised?;
                let files = plan.reverted.files.iter().map(|file| file.path.clone()).collect();
                let versions = origin::versions(&origin.ground, &plan)?;
                let of = self.source(owner, source);
                let gone = origin::dropped(&origin.ground, &plan, of, &self.owners)?;
                // The gravest first: the card has not room for all.
                let notes = [gone.clone(), notes, plan.warnings.clone()].concat();
                let warnings = [gone, plan.warnings.clone()].concat();
                let plan = Box::new(RevertPlan { way, warnings, ..*plan });
                let revert = Some((plan, shown, by, host));
                let ground = origin.ground;
                let commit = None;
                Ok(Ready { ground, owner, source, revert, commit, files, versions, reader, notes })
            }
            Decision::Nothing(nothing) => {
                let commit = nothing.commit.as_deref().and_then(|id| Oid::from_str(id).ok());
                let notes = vec![nothing.message];
                let commit = commit.unwrap_or(origin.tip);
                Ok(Ready { reader, ..Ready::held(origin.ground, (owner, source), commit, notes) })
            }
            Decision::Blocked(blocked, error) => {
                let marks = flow.app.console.marks;
                flow.app.console.error(&report::conflicts(&blocked.conflicts, marks));
                Err(error)
            }
        }
    }

    fn terms(&self, flow: &Flow<'_>, by: &By) -> Terms {
        let why = (flow.request.reason.as_deref(), flow.request.incident.as_deref());
        identity::terms(&self.settings, by, flow.app.actor(&by.author.to_string()), why)
    }

    fn source(&self, owner: usize, source: usize) -> Option<&Source> {
        self.owners.get(owner)?.owner.sources.get(source)
    }

    /// Looks at others that may render the same, once: in one request, and where that is not answered, they
    /// are not known.
    pub(super) async fn look_beside(&self, flow: &Flow<'_>) {
        let read = async {
            let own = self.owners.iter().find(|read| read.owner.of.is_none())?;
            let owner = (own.owner.object.as_ref()?, &own.object);
            let deadline = flow.budget.reading();
            let found = neighbours::read(flow.cluster, owner, Some(&flow.target), deadline).await;
            found.ok().flatten()
        };
        self.neighbours.get_or_init(|| async { read.await.unwrap_or_default() }).await;
    }

    /// Refuses where another one has the workload too, and would put its own version back. What is to be
    /// known of others besides, as sentences.
    pub(super) fn beside(&self, flow: &Flow<'_>) -> Result<Vec<String>> {
        let own = self.owners.iter().find(|read| read.owner.of.is_none());
        let (Some(own), Some(neighbours)) = (own, self.neighbours.get()) else {
            return Ok(Vec::new());
        };
        let command = |words: &str| flow.request.hints.rb_everywhere(words);
        beside::of_object(neighbours, &own.owner, &flow.target, command)
    }

    /// What somebody has to do so that values are read again, where rb does not wait for the commit to be applied.
    pub(super) fn to_be_read(&self, flow: &Flow<'_>, through: &Through) -> Vec<String> {
        let Some(reader) = &through.reader else { return Vec::new() };
        let by_request = through.revert.as_ref().is_some_and(|plan| plan.way == Way::Request);
        let by_others = by_request && !flow.args.request.wait_merge;
        // One with a repository of its own does not see the commit, so nobody waits for it.
        let is_followed = through.followed.iter().any(|one| one.owner == *reader);
        let is_waited_for = is_followed && flow.args.waits() && !by_others;
        if is_waited_for { Vec::new() } else { owners::commands_to_read(&self.owners, reader) }
    }

    /// That they could not be looked at in time, as a sentence.
    pub(super) fn not_looked_at(&self) -> Option<String> {
        if self.neighbours.get().is_some() {
            return None;
        }
        let own = self.owners.iter().find(|read| read.owner.of.is_none())?;
        let kind = reconciler::of(own.owner.object.as_ref()?)?;
        kind.others(&own.object)?;
        let name = &own.owner.name;
        Some(format!("whether others have it too, besides {name}, was not answered in time"))
    }

    /// Whom the files are of besides.
    pub(super) fn of_files(&self, ready: &Ready) -> Vec<String> {
        let (Some(neighbours), Some((plan, ..))) = (self.neighbours.get(), &ready.revert) else {
            return Vec::new();
        };
        let source = self.source(ready.owner, ready.source);
        // It is something to know, and no more.
        beside::of_files(neighbours, &ready.ground, plan, source).unwrap_or_default()
    }

    /// Whether any owner may not take a commit up: which, depends on the commit.
    pub(super) fn may_be_barred(&self) -> bool {
        self.owners.iter().any(|read| !read.owner.barriers.is_empty())
    }

    /// What goes through Git, and by whom it comes here, or who would not take it up. `holders` are those
    /// who are held while the workload is patched first.
    pub(super) fn through(
        &self,
        owned: &Owned,
        ready: &Ready,
        holders: Option<&[Followed]>,
    ) -> std::result::Result<Through, Barred> {
        let between = self.owners.get(..=ready.owner).unwrap_or(&self.owners);
        let Passage { followed, settled, seen, warnings, todo, .. } =
            passage::of(between, ready.brings(), holders)?;
        let (from, to) = (&owned.direct.from.images, &owned.direct.to.images);
        let left = from.iter().filter(|image| !to.contains(image));
        let left: Vec<&str> = left.map(|image| image.image.as_str()).collect();
        let (bots, stops) = bots::that_bring_it_back(&self.owners, Some(&left));
        Ok(Through {
            revert: ready.revert.as_ref().map(|(plan, ..)| plan.clone()),
            commit: ready.commit.map(|commit| commit.to_string()),
            warnings: [ready.notes.clone(), bots, warnings, self.of_files(ready)].concat(),
            todo: [todo, stops].concat(),
            unblocks: followed.iter().any(|one| passage::waits_for_health(&one.owner)),
            followed,
            reader: ready.reader.clone(),
            // Where nothing is pushed, what runs may be the sync to that very commit: who follows it can tell.
            settled: if ready.revert.is_some() { settled } else { Vec::new() },
            seen,
            ..Through::default()
        })
    }
}

/// What is looked for in Git. `label` is how people call the revision to go back to.
pub(super) fn asked<'a>(owned: &'a Owned, label: &'a str) -> Asked<'a> {
    Asked {
        live: &owned.direct.from.images,
        good: &owned.direct.to.images,
        revision: label,
        created: owned.created,
        only_images: owned.only_images,
    }
}

/// The refusal of an undo that would not arrive, with what can be done.
pub(super) fn refused(barred: &Barred, flow: &Flow<'_>, owned: &Owned) -> Error {
    let error = barred.error();
    let lasts = barred.barrier.leaves_patches_alone();
    if lasts { with_ways(error, flow, owned) } else { error }
}

/// What can be done where Git is no way.
fn with_ways(error: Error, flow: &Flow<'_>, owned: &Owned) -> Error {
    let reference = shell_quote(&flow.target.reference()).into_owned();
    let to = shell_quote(&owned.direct.to.hash).into_owned();
    let direct = flow.request.hints.rb(&format!("undo {reference} --direct --to-revision={to}"));
    error.hint(format!("to patch it all the same: {direct}"))
}
