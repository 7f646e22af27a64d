//! Who is talked to, as messages and hints name it.

use http::Uri;

use super::pin;

/// The API server and the identity, without any secret.
pub(super) struct Peer {
    pub(super) server: Uri,
    /// The name of the user entry in the kubeconfig; empty when there is none.
    pub(super) user: String,
    /// kubectl flags that pin this context and identity, quoted for a shell.
    pub(super) flags: String,
    /// Who is impersonated, if anybody is, and the flags without that.
    pub(super) impersonates: Option<String>,
    pub(super) own_flags: String,
}

impl Peer {
    /// A kubectl command pinned to this cluster.
    pub(super) fn command(&self, words: &str) -> String {
        pin::command(words, &self.flags)
    }

    #[cfg(test)]
    pub(super) fn for_tests() -> Self {
        Self {
            server: Uri::from_static("https://api.example.com:6443"),
            user: "jane".to_owned(),
            flags: "--context prod".to_owned(),
            impersonates: Some("bob".to_owned()),
            own_flags: "--context prod".to_owned(),
        }
    }
}
