//! Exec credential plugins: `aws eks get-token`, `gke-gcloud-auth-plugin`, `kubelogin` and the like.
//!
//! The plugin runs once, as a child under the deadline, and is killed when nobody waits for it any
//! longer. Protocol: `client.authentication.k8s.io/v1` and `v1beta1`, as client-go speaks it. What it
//! answers is secret and appears in no message.

use std::io::IsTerminal as _;
use std::process::{ExitStatus, Stdio};

use jiff::Timestamp;
use kube::config::{Cluster, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;

use super::Deadline;
use super::credentials::Issued;
use crate::error::{Error, ErrorKind, Result};

const V1: &str = "client.authentication.k8s.io/v1";
const V1_BETA1: &str = "client.authentication.k8s.io/v1beta1";
/// How much of what the plugin complained about goes into the error.
const STDERR_LIMIT: usize = 2000;

/// A configured plugin.
pub(super) struct Plugin {
    command: String,
    api_version: String,
    exec: ExecConfig,
    cluster: Option<ExecAuthCluster>,
}

impl Plugin {
    /// Checks what can be known before it runs.
    pub(super) fn new(exec: ExecConfig, cluster: &Cluster) -> Result<Self> {
        let invalid = |message: &str| Error::new(ErrorKind::Usage, message);
        let Some(command) = exec.command.clone().filter(|command| !command.is_empty()) else {
            return Err(invalid("the kubeconfig's exec plugin has no command"));
        };
        let api_version = exec.api_version.clone().unwrap_or_default();
        if api_version != V1 && api_version != V1_BETA1 {
            let message = format!("the kubeconfig's exec plugin has apiVersion {api_version:?}");
            return Err(invalid(&message).because(format!("rb speaks {V1} and {V1_BETA1}")));
        }
        let cluster = exec.provide_cluster_info.then(|| ExecAuthCluster::try_from(cluster));
        let cluster = cluster.transpose().map_err(|error| {
            invalid("cannot read the certificate authority for the exec plugin").because(error)
        })?;
        Ok(Self { command, api_version, exec, cluster })
    }

    /// Runs it and reads the credentials from its stdout.
    pub(super) async fn run(&self, deadline: Deadline) -> Result<Issued> {
        let interactive = self.interactive(std::io::stdin().is_terminal())?;
        let mut command = Command::new(&self.command);
        command.args(self.exec.args.iter().flatten()).kill_on_drop(true).stdout(Stdio::piped());
        for pair in self.exec.env.iter().flatten() {
            if let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) {
                command.env(name, value);
            }
        }
        command.env("KUBERNETES_EXEC_INFO", self.exec_info(interactive));
        if interactive {
            // A login that asks for something asks on stderr.
            command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
        } else {
            command.stdin(Stdio::null()).stderr(Stdio::piped());
        }
        let child = command.spawn().map_err(|error| self.not_started(error))?;
        let Some(output) = deadline.bound(child.wait_with_output()).await else {
            let message = format!("the credential plugin {} did not answer in time", self.command);
            return Err(Error::new(ErrorKind::Unreachable, message).hint("use a longer --timeout"));
        };
        let output = output.map_err(|error| self.not_started(error))?;
        if !output.status.success() {
            return Err(self.failed(output.status, &output.stderr));
        }
        parse(&output.stdout, &self.api_version).map_err(|cause| {
            let message = format!("the credential plugin {} gave no credentials", self.command);
            Error::new(ErrorKind::Unauthenticated, message).because(cause)
        })
    }

    /// Whether the plugin may talk to the user.
    fn interactive(&self, terminal: bool) -> Result<bool> {
        match self.exec.interactive_mode {
            Some(ExecInteractiveMode::Never) => Ok(false),
            Some(ExecInteractiveMode::Always) if !terminal => {
                let message = format!("the credential plugin {} needs a terminal", self.command);
                Err(Error::new(ErrorKind::Usage, message)
                    .because("its interactiveMode is Always and stdin is not a terminal"))
            }
            _ => Ok(terminal),
        }
    }

    /// `KUBERNETES_EXEC_INFO`, as client-go writes it.
    fn exec_info(&self, interactive: bool) -> String {
        let mut spec = json!({ "interactive": interactive });
        if let (Some(cluster), Some(fields)) = (&self.cluster, spec.as_object_mut()) {
            fields.insert("cluster".to_owned(), json!(cluster));
        }
        json!({ "kind": "ExecCredential", "apiVersion": self.api_version, "spec": spec })
            .to_string()
    }

    fn not_started(&self, error: std::io::Error) -> Error {
        let message = format!("cannot run the credential plugin {}", self.command);
        let result = Error::new(ErrorKind::Usage, message).because(error);
        match self.exec.install_hint.as_deref().map(str::trim) {
            Some(hint) if !hint.is_empty() => result.hint(hint),
            _ => result.hint(format!("install {} or put it on the PATH", self.command)),
        }
    }

    fn failed(&self, status: ExitStatus, stderr: &[u8]) -> Error {
        let text = String::from_utf8_lossy(stderr);
        let skipped = text.trim().chars().count().saturating_sub(STDERR_LIMIT);
        let tail: String = text.trim().chars().skip(skipped).collect();
        let message = format!("the credential plugin {} failed: {status}", self.command);
        let error = Error::new(ErrorKind::Unauthenticated, message);
        if tail.is_empty() { error } else { error.because(tail) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    kind: Option<String>,
    api_version: Option<String>,
    status: Option<AnswerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AnswerStatus {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

/// Credentials from what the plugin printed; the cause in words, never with the text itself.
fn parse(stdout: &[u8], api_version: &str) -> Result<Issued, String> {
    let answer: Answer = serde_json::from_slice(stdout).map_err(|error| {
        format!(
            "its output is not an ExecCredential (line {}, column {})",
            error.line(),
            error.column()
        )
    })?;
    if answer.kind.as_deref() != Some("ExecCredential") {
        return Err("its output is not of kind ExecCredential".to_owned());
    }
    if answer.api_version.as_deref() != Some(api_version) {
        let got = answer.api_version.unwrap_or_default();
        return Err(format!(
            "it answered in apiVersion {got:?}, the kubeconfig says {api_version:?}"
        ));
    }
    let status = answer.status.ok_or("its output has no status")?;
    let expires = match status.expiration_timestamp.as_deref() {
        Some(text) => {
            Some(text.parse::<Timestamp>().map_err(|_| "its expirationTimestamp is not RFC 3339")?)
        }
        None => None,
    };
    let certificate = match (status.client_certificate_data, status.client_key_data) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            return Err(
                "it gave a client certificate without key, or a key without certificate".to_owned()
            );
        }
    };
    let token = status.token.filter(|token| !token.is_empty());
    if token.is_none() && certificate.is_none() {
        return Err("its status has neither token nor client certificate".to_owned());
    }
    Ok(Issued { token, certificate, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(mode: Option<ExecInteractiveMode>) -> Plugin {
        let exec = ExecConfig {
            api_version: Some(V1.to_owned()),
            command: Some("login".to_owned()),
            interactive_mode: mode,
            ..ExecConfig::default()
        };
        Plugin::new(exec, &Cluster::default()).unwrap()
    }

    #[test]
    fn output_is_read_or_refused_without_repeating_it() {
        let answer = |status: &str| {
            format!(r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{status}}}"#)
        };
        let token = parse(
            answer(r#"{"token":"s3cret","expirationTimestamp":"2030-01-02T03:04:05Z"}"#).as_bytes(),
            V1,
        );
        let token = token.ok().unwrap();
        assert_eq!(token.token.as_deref(), Some("s3cret"));
        assert_eq!(token.expires, Some("2030-01-02T03:04:05Z".parse().unwrap()));
        let pair = answer(r#"{"clientCertificateData":"C","clientKeyData":"K"}"#);
        let pair = parse(pair.as_bytes(), V1).ok().unwrap();
        assert_eq!(pair.certificate, Some(("C".to_owned(), "K".to_owned())));
        for (output, part) in [
            ("s3cret".to_owned(), "not an ExecCredential"),
            (r#"{"kind":"Pod"}"#.to_owned(), "not of kind"),
            (answer("{}").replace("/v1", "/v2"), "apiVersion"),
            (answer("null"), "no status"),
            (answer("{}"), "neither token"),
            (answer(r#"{"clientKeyData":"s3cret"}"#), "without certificate"),
            (answer(r#"{"token":"s3cret","expirationTimestamp":"s3cret"}"#), "RFC 3339"),
            (answer(r#"{"token":["s3cret"]}"#), "line 1"),
        ] {
            let cause = parse(output.as_bytes(), V1).err().unwrap();
            assert!(cause.contains(part), "{cause}");
            assert!(!cause.contains("s3cret"), "{cause}");
        }
    }

    #[test]
    fn only_a_terminal_makes_it_interactive() {
        for (mode, terminal, interactive) in [
            (None, true, Some(true)),
            (None, false, Some(false)),
            (Some(ExecInteractiveMode::IfAvailable), true, Some(true)),
            (Some(ExecInteractiveMode::Never), true, Some(false)),
            (Some(ExecInteractiveMode::Always), true, Some(true)),
            (Some(ExecInteractiveMode::Always), false, None),
        ] {
            assert_eq!(plugin(mode).interactive(terminal).ok(), interactive);
        }
    }

    #[test]
    fn exec_info_is_what_client_go_writes() {
        let info = plugin(None).exec_info(false);
        assert_eq!(
            info,
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}"#
        );
    }
}
