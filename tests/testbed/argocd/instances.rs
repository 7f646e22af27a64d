//! Which instances of Argo CD there are, and that each starts once, when it is asked for.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use super::super::TestBed;
use super::super::assets::Assets;
use super::super::definitions;
use super::super::namespace::proper;
use super::ArgoCd;

/// Whose timings an instance has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timings {
    Short,
    AsShipped,
}

/// What makes an instance.
pub(super) struct Setup<'a> {
    /// Its namespace, and its folder in that of the bed.
    pub(super) name: &'a str,
    pub(super) timings: Timings,
    /// What is in `argocd-cm` besides what Argo CD brings.
    pub(super) settings: &'a [(&'a str, &'a str)],
}

/// The instances of a bed: the one that tests share, as far as one has asked for it, and how many had one of
/// their own.
#[derive(Default)]
pub(in crate::testbed) struct Instances {
    kinds: OnceLock<Result<(), String>>,
    shared: OnceLock<Result<ArgoCd, String>>,
    own: AtomicUsize,
}

impl Instances {
    /// Starts it where it does not run; builds it before, which takes minutes, where it is not built.
    pub(in crate::testbed) fn get(&self, bed: &TestBed) -> Result<&ArgoCd> {
        let setup = Setup { name: "argocd", timings: Timings::Short, settings: &[] };
        let start = || self.start(bed, &setup).map_err(|error| format!("{error:#}"));
        self.shared
            .get_or_init(start)
            .as_ref()
            .map_err(|error| anyhow::anyhow!("no Argo CD: {error}"))
    }

    /// Starts one for a single test.
    pub(in crate::testbed) fn own(
        &self,
        bed: &TestBed,
        timings: Timings,
        settings: &[(&str, &str)],
    ) -> Result<ArgoCd> {
        let number = self.own.fetch_add(1, Ordering::Relaxed);
        let name = format!("argocd-own-{number}");
        self.start(bed, &Setup { name: &name, timings, settings })
    }

    fn start(&self, bed: &TestBed, setup: &Setup<'_>) -> Result<ArgoCd> {
        let assets = Assets::module("argocd")?;
        let kinds = self.kinds.get_or_init(|| {
            let folder = assets.path("argocd-kinds").map_err(|error| format!("{error:#}"))?;
            definitions::install(&bed.cluster, &[folder]).map_err(|error| format!("{error:#}"))
        });
        kinds.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
        ArgoCd::start(bed, &assets, setup)
    }
}

impl ArgoCd {
    /// Ends the controller of Applications, for a test that has the instance for itself: from then on
    /// nobody takes a request.
    #[track_caller]
    pub(crate) fn end_controller(&self, bed: &TestBed) {
        proper(bed.end_server(&self.layout.controller().name));
    }

    /// Ends its processes. Its namespace and its kinds stay.
    pub(in crate::testbed) fn end(self, bed: &TestBed) -> Result<()> {
        let Self { layout, application_sets, commit_server, .. } = self;
        if application_sets.get().is_some() {
            bed.end_server(&layout.application_sets().name)?;
        }
        if commit_server.get().is_some() {
            bed.end_server(&layout.commit_server().name)?;
        }
        for server in [layout.controller(), layout.repo_server(), layout.redis()] {
            bed.end_server(&server.name)?;
        }
        Ok(())
    }
}
