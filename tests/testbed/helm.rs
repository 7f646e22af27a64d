//! Runs Helm as a person would, but with nothing of the person's own environment. Helm is built when
//! the first test asks for it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result};

use super::assets::Assets;
use super::kubectl::Output;
use super::namespace::{Namespace, proper};

/// Which Helm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Helm {
    /// Applies on the client, by a three-way merge with its own record.
    Three,
    /// Applies on the server.
    Four,
}

impl Helm {
    pub(super) fn program(self) -> Result<&'static PathBuf> {
        static PROGRAMS: [OnceLock<Result<PathBuf, String>>; 2] =
            [OnceLock::new(), OnceLock::new()];
        let (place, name) = match self {
            Self::Three => (&PROGRAMS[0], "helm3"),
            Self::Four => (&PROGRAMS[1], "helm4"),
        };
        // One test builds it, the others wait for that.
        let program =
            place.get_or_init(|| Assets::tool(name).map_err(|error| format!("{error:#}")));
        program.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }
}

impl Namespace {
    /// Runs Helm in this namespace, whatever comes of it.
    #[track_caller]
    pub(crate) fn helm(&self, helm: Helm, arguments: &[&str]) -> Output {
        proper(self.try_helm(helm, arguments))
    }

    /// Runs Helm, which must succeed, and gives what it printed.
    #[track_caller]
    pub(crate) fn helm_ok(&self, helm: Helm, arguments: &[&str]) -> String {
        let output = self.helm(helm, arguments);
        assert!(output.code == 0, "{helm:?}: helm {}: {output}", arguments.join(" "));
        output.stdout
    }

    fn try_helm(&self, helm: Helm, arguments: &[&str]) -> Result<Output> {
        // Its caches and its configuration go here.
        let home = self.cluster().directory.join("helm").join(self.name());
        std::fs::create_dir_all(&home).with_context(|| format!("creating {}", home.display()))?;
        let output = Command::new(helm.program()?)
            .args(arguments)
            .env_clear()
            .env("HOME", &home)
            .env("KUBECONFIG", self.kubeconfig())
            .current_dir(&home)
            .output()
            .context("running helm")?;
        Ok(Output {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        })
    }
}
