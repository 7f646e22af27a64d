//! The command lines of the controllers.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::super::TestBed;
use super::super::assets::Assets;
use super::super::supervisor::Server;
use super::NAMESPACE;

/// The label by which Flux divides objects among controllers.
pub(super) const SHARE_LABEL: &str = "sharding.fluxcd.io/key";

/// Which objects a controller has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// Those without the label.
    Ordinary,
    /// Those whose label is `cancelling`: a health check ends when there is something newer.
    Cancelling,
}

/// Files and ports that the controllers share.
pub(super) struct Layout {
    pub(super) folder: PathBuf,
    /// Where source-controller gives away what it has fetched.
    pub(super) storage: u16,
    pub(super) programs: Assets,
}

impl Layout {
    pub(super) fn server(
        &self,
        bed: &TestBed,
        controller: &str,
        share: Share,
        health: u16,
    ) -> Result<Server> {
        let name = match share {
            Share::Ordinary => controller.to_owned(),
            Share::Cancelling => format!("{controller}-cancelling"),
        };
        let folder = self.folder.join(&name);
        for place in ["home", "tmp", "storage"] {
            let place = folder.join(place);
            fs::create_dir_all(&place).with_context(|| format!("creating {}", place.display()))?;
        }
        let place = |place: &str| folder.join(place).display().to_string();
        let mut arguments = [
            "--watch-all-namespaces=true",
            "--enable-leader-election=false",
            "--events-addr=",
            "--metrics-addr=0",
            "--log-level=info",
            "--concurrent=20",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--health-addr=127.0.0.1:{health}"));
        if controller == "source-controller" {
            let storage = self.storage;
            arguments.push(format!("--storage-path={}", place("storage")));
            arguments.push(format!("--storage-addr=127.0.0.1:{storage}"));
            // What it tells the others.
            arguments.push(format!("--storage-adv-addr=127.0.0.1:{storage}"));
        } else if share == Share::Cancelling {
            arguments.push(format!("--watch-label-selector={SHARE_LABEL}=cancelling"));
            arguments.push("--feature-gates=CancelHealthCheckOnNewRevision=true".to_owned());
        } else {
            arguments.push(format!("--watch-label-selector=!{SHARE_LABEL}"));
        }
        let environment = [
            ("KUBECONFIG", bed.kubeconfig().display().to_string()),
            ("RUNTIME_NAMESPACE", NAMESPACE.to_owned()),
            ("HOME", place("home")),
            ("TMPDIR", place("tmp")),
            ("HELM_CACHE_HOME", place("home/helm")),
        ];
        Ok(Server {
            name,
            program: self.programs.path(controller)?.to_owned(),
            arguments,
            environment: environment.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        })
    }
}
