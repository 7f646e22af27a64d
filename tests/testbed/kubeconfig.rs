//! Kubeconfig files: who talks to which address, as whom, in which namespace. JSON is valid YAML,
//! so JSON is written. A file holds a token, so only its owner may read it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

/// The content of one kubeconfig: one cluster, one user, one context, all called `testbed`.
pub(crate) struct Kubeconfig<'a> {
    pub(crate) server: &'a str,
    pub(crate) authority: &'a Path,
    pub(crate) token: &'a str,
    pub(crate) namespace: &'a str,
}

impl Kubeconfig<'_> {
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let content = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "testbed", "cluster": {
                "server": self.server, "certificate-authority": self.authority,
            }}],
            "users": [{"name": "testbed", "user": {"token": self.token}}],
            "contexts": [{"name": "testbed", "context": {
                "cluster": "testbed", "user": "testbed", "namespace": self.namespace,
            }}],
            "current-context": "testbed",
        });
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("creating {}", path.display()))?;
        file.write_all(format!("{content:#}\n").as_bytes())
            .with_context(|| format!("writing {}", path.display()))
    }
}
