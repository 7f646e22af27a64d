//! What everybody who uses a running control plane shares: its address, who may call it, its files,
//! kubectl. Namespaces and proxies keep it alive by sharing it; the servers themselves belong to
//! the `TestBed`.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::api::Api;
use super::certificates::Authority;
use super::discovery::Discovery;
use super::kubeconfig::Kubeconfig;

pub(crate) struct Cluster {
    /// `https://127.0.0.1:PORT`
    pub(crate) server: String,
    /// Where all files of this run are; the supervisor removes it.
    pub(crate) directory: PathBuf,
    pub(crate) kubectl: PathBuf,
    pub(crate) authority: Authority,
    pub(crate) api: Api,
    pub(crate) discovery: Discovery,
}

impl Cluster {
    /// Writes a kubeconfig called `name` into the directory of the run and says where.
    pub(crate) fn write_kubeconfig(
        &self,
        name: &str,
        server: &str,
        token: &str,
        namespace: &str,
    ) -> Result<PathBuf> {
        let path = self.directory.join(format!("{name}.kubeconfig"));
        Kubeconfig { server, authority: &self.authority_file(), token, namespace }.write(&path)?;
        Ok(path)
    }

    /// The administrator's, namespace `default`.
    pub(crate) fn admin_kubeconfig(&self) -> PathBuf {
        self.directory.join("admin.kubeconfig")
    }

    /// The certificate that clients trust.
    pub(crate) fn authority_file(&self) -> PathBuf {
        authority_file(&self.directory)
    }
}

pub(crate) fn authority_file(directory: &Path) -> PathBuf {
    directory.join("ca.crt")
}
