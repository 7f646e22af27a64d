//! Who we are: where the credentials come from and when they have to be fetched again.
//!
//! In: the user entry of the kubeconfig; out: [`Issued`] credentials, put into kube's own fields so
//! that its layers build the headers. Fixed tokens, passwords and certificates stay where they are.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use kube::config::{AuthInfo, Cluster};

use super::Deadline;
use super::exec_plugin::Plugin;
use crate::error::{Error, ErrorKind, Result};

/// client-go rereads token files once a minute.
const TOKEN_FILE_AGE: Duration = Duration::from_secs(60);
/// Plugins that hand out short-lived tokens are not run more often than this.
const PLUGIN_AGE: Duration = Duration::from_secs(30);
/// A token that expires within this time is not used for another request.
const EXPIRY_MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// Where credentials come from.
pub(super) enum Source {
    /// They stand in the kubeconfig, or there are none.
    Fixed,
    /// A file that somebody else rotates: service account tokens.
    TokenFile(PathBuf),
    /// A program.
    Plugin(Box<Plugin>),
}

/// Credentials, fetched. No `Debug`: they are secret.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Issued {
    pub(super) token: Option<String>,
    /// Certificate and key, both PEM.
    pub(super) certificate: Option<(String, String)>,
    pub(super) expires: Option<Timestamp>,
}

impl Source {
    /// Takes the sources that kube must not handle itself out of `auth`.
    ///
    /// Fixed credentials win over a plugin, as in client-go.
    pub(super) fn take(auth: &mut AuthInfo, cluster: &Cluster) -> Result<Self> {
        let (exec, token_file) = (auth.exec.take(), auth.token_file.take());
        if let Some(provider) = &auth.auth_provider
            && provider.name != "oidc"
        {
            let message = format!("the auth provider {:?} is no longer supported", provider.name);
            return Err(Error::new(ErrorKind::Usage, message)
                .because("kubectl dropped it as well; exec plugins took its place"));
        }
        if auth.token.is_some() || auth.username.is_some() || auth.auth_provider.is_some() {
            return Ok(Self::Fixed);
        }
        match (token_file, exec) {
            (Some(file), _) if !file.is_empty() => Ok(Self::TokenFile(file.into())),
            (_, Some(exec)) => {
                Plugin::new(exec, cluster).map(|plugin| Self::Plugin(Box::new(plugin)))
            }
            _ => Ok(Self::Fixed),
        }
    }

    /// Whether fetching again can give other credentials.
    pub(super) fn is_renewable(&self) -> bool {
        !matches!(self, Self::Fixed)
    }

    /// Fetches the credentials.
    pub(super) async fn issue(&self, deadline: Deadline) -> Result<Issued> {
        match self {
            Self::Fixed => Ok(Issued::default()),
            Self::Plugin(plugin) => plugin.run(deadline).await,
            Self::TokenFile(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    let message = format!("cannot read the token file {}", path.display());
                    Error::new(ErrorKind::Usage, message).because(error)
                })?;
                // Files end in a newline; a header must not.
                Ok(Issued { token: Some(text.trim().to_owned()), ..Issued::default() })
            }
        }
    }

    /// Whether credentials fetched `age` ago have to be fetched again before the next request.
    pub(super) fn is_stale(&self, issued: &Issued, age: Duration, now: Timestamp) -> bool {
        match self {
            Self::Fixed => false,
            Self::TokenFile(_) => age >= TOKEN_FILE_AGE,
            Self::Plugin(_) => {
                let near = |expires: Timestamp| expires.duration_since(now) <= EXPIRY_MARGIN;
                age >= PLUGIN_AGE && issued.expires.is_some_and(near)
            }
        }
    }
}

impl Issued {
    /// Puts them where kube's layers look for them.
    pub(super) fn apply(&self, auth: &mut AuthInfo) {
        if let Some(token) = &self.token {
            auth.token = Some(token.clone().into());
        }
        if let Some((certificate, key)) = &self.certificate {
            // kube joins the two texts: a certificate must not start on the key's last line.
            let key = format!("{}\n", key.trim_end());
            auth.client_certificate_data = Some(STANDARD.encode(certificate));
            auth.client_key_data = Some(STANDARD.encode(key).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth(json: &serde_json::Value) -> AuthInfo {
        serde_json::from_value(json.clone()).unwrap()
    }

    #[test]
    fn fixed_credentials_win_over_a_plugin() {
        let exec =
            serde_json::json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "x"});
        for (fields, renewable) in [
            (serde_json::json!({"exec": exec}), Some(true)),
            (serde_json::json!({"exec": exec, "token": "t"}), Some(false)),
            (serde_json::json!({"tokenFile": "/t"}), Some(true)),
            (serde_json::json!({}), Some(false)),
            (serde_json::json!({"auth-provider": {"name": "gcp"}}), None),
        ] {
            let mut auth = auth(&fields);
            let source = Source::take(&mut auth, &Cluster::default());
            assert_eq!(source.ok().map(|source| source.is_renewable()), renewable, "{fields}");
            assert!(auth.exec.is_none() && auth.token_file.is_none());
        }
    }

    #[test]
    fn credentials_are_fetched_again_before_they_expire_and_not_all_the_time() {
        let now: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let exec = serde_json::json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "x"}});
        let plugin = Source::take(&mut auth(&exec), &Cluster::default()).ok().unwrap();
        let issued = |seconds: i64| Issued {
            expires: Some(now + SignedDuration::from_secs(seconds)),
            ..Issued::default()
        };
        for (source, issued, age, stale) in [
            (&plugin, issued(60), 600, false),
            (&plugin, issued(5), 600, true),
            (&plugin, issued(5), 1, false),
            (&plugin, Issued::default(), 600, false),
            (&Source::TokenFile("/t".into()), Issued::default(), 61, true),
            (&Source::TokenFile("/t".into()), Issued::default(), 1, false),
            (&Source::Fixed, issued(0), 600, false),
        ] {
            assert_eq!(source.is_stale(&issued, Duration::from_secs(age), now), stale);
        }
    }
}
