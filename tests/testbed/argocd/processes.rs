//! The command lines of one instance. Argo CD is one program, which is told by a variable which of its
//! parts it is to be.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::super::supervisor::Server;
use super::Timings;

/// Files and ports of an instance.
pub(super) struct Layout {
    pub(super) name: String,
    pub(super) timings: Timings,
    pub(super) folder: PathBuf,
    pub(super) kubeconfig: PathBuf,
    pub(super) argocd: PathBuf,
    pub(super) redis: PathBuf,
    pub(super) ports: Ports,
}

pub(super) struct Ports {
    pub(super) redis: u16,
    pub(super) repo_server: u16,
    pub(super) repo_server_health: u16,
    pub(super) controller_health: u16,
    pub(super) sets_metrics: u16,
    pub(super) sets_probe: u16,
    pub(super) sets_webhook: u16,
    pub(super) commit_server: u16,
    pub(super) commit_server_health: u16,
}

impl Layout {
    pub(super) fn make_folders(&self) -> Result<()> {
        for name in ["home", "tmp", "tls", "ssh", "gpg", "programs"] {
            let folder = self.folder.join(name);
            fs::create_dir_all(&folder)
                .with_context(|| format!("creating {}", folder.display()))?;
        }
        Ok(())
    }

    /// Where it finds kustomize and Helm, which it runs.
    pub(super) fn programs(&self) -> PathBuf {
        self.folder.join("programs")
    }

    pub(super) fn redis(&self) -> Server {
        Server {
            name: self.server_name("redis"),
            program: self.redis.clone(),
            arguments: vec![format!("127.0.0.1:{}", self.ports.redis)],
            environment: Vec::new(),
        }
    }

    pub(super) fn repo_server(&self) -> Server {
        let Ports { redis, repo_server, repo_server_health, .. } = self.ports;
        self.part(
            "argocd-repo-server",
            vec![
                "--address=127.0.0.1".to_owned(),
                format!("--port={repo_server}"),
                "--metrics-address=127.0.0.1".to_owned(),
                format!("--metrics-port={repo_server_health}"),
                format!("--redis=127.0.0.1:{redis}"),
                "--disable-tls".to_owned(),
            ],
        )
    }

    pub(super) fn controller(&self) -> Server {
        let Ports { redis, repo_server, controller_health, commit_server, .. } = self.ports;
        let mut arguments = vec![
            format!("--namespace={}", self.name),
            format!("--metrics-port={controller_health}"),
            format!("--redis=127.0.0.1:{redis}"),
            format!("--repo-server=127.0.0.1:{repo_server}"),
            "--repo-server-plaintext".to_owned(),
        ];
        if self.timings == Timings::Short {
            arguments.push("--hydrator-enabled".to_owned());
            arguments.push(format!("--commit-server=127.0.0.1:{commit_server}"));
        }
        self.part("argocd-application-controller", arguments)
    }

    /// It pushes what was rendered.
    pub(super) fn commit_server(&self) -> Server {
        let Ports { commit_server, commit_server_health, .. } = self.ports;
        self.part(
            "argocd-commit-server",
            vec![
                "--address=127.0.0.1".to_owned(),
                format!("--port={commit_server}"),
                "--metrics-address=127.0.0.1".to_owned(),
                format!("--metrics-port={commit_server_health}"),
            ],
        )
    }

    pub(super) fn application_sets(&self) -> Server {
        let Ports { repo_server, sets_metrics, sets_probe, sets_webhook, .. } = self.ports;
        self.part(
            "argocd-applicationset-controller",
            vec![
                format!("--namespace={}", self.name),
                format!("--argocd-repo-server=127.0.0.1:{repo_server}"),
                "--repo-server-plaintext".to_owned(),
                format!("--metrics-addr=127.0.0.1:{sets_metrics}"),
                format!("--probe-addr=127.0.0.1:{sets_probe}"),
                format!("--webhook-addr=127.0.0.1:{sets_webhook}"),
                // Of use to sets with `RollingSync`; others do not notice.
                "--enable-progressive-syncs".to_owned(),
            ],
        )
    }

    fn part(&self, name: &str, arguments: Vec<String>) -> Server {
        let place = |place: &str| self.folder.join(place).display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut environment = vec![
            ("ARGOCD_BINARY_NAME", name.to_owned()),
            ("KUBECONFIG", self.kubeconfig.display().to_string()),
            // The cluster of the kubeconfig is the one that it runs in.
            ("ARGOCD_FAKE_IN_CLUSTER", "true".to_owned()),
            ("ARGOCD_GPG_ENABLED", "false".to_owned()),
            // Otherwise it guesses from the name of the machine which part of the Applications is its.
            ("ARGOCD_CONTROLLER_REPLICAS", "1".to_owned()),
            ("ARGOCD_CONTROLLER_SHARD", "0".to_owned()),
            // Otherwise all on this machine share one.
            ("ARGOCD_ASK_PASS_SOCK", place("ask-pass.sock")),
            ("ARGOCD_TLS_DATA_PATH", place("tls")),
            ("ARGOCD_SSH_DATA_PATH", place("ssh")),
            ("ARGOCD_GPG_DATA_PATH", place("gpg")),
            ("HOME", place("home")),
            ("TMPDIR", place("tmp")),
            ("PATH", format!("{}:{path}", self.programs().display())),
        ];
        if self.timings == Timings::Short {
            environment.extend([
                ("ARGOCD_RECONCILIATION_TIMEOUT", "10s".to_owned()),
                ("ARGOCD_RECONCILIATION_JITTER", "0s".to_owned()),
                ("ARGOCD_SYNC_WAVE_DELAY", "0".to_owned()),
                ("ARGOCD_REPO_ERROR_GRACE_PERIOD_SECONDS", "0s".to_owned()),
            ]);
        }
        Server {
            name: self.server_name(name.trim_start_matches("argocd-")),
            program: self.argocd.clone(),
            arguments,
            environment: environment
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        }
    }

    fn server_name(&self, part: &str) -> String {
        format!("{}-{part}", self.name)
    }
}
