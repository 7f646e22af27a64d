//! One cluster entry of a kubeconfig, checked: the server's URL and whom to trust.
//!
//! In: the raw cluster and user entries; out: kube's configuration. It reads the certificate
//! authority's file and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use kube::Config;
use kube::config::{AuthInfo, Cluster};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::error::{Error, ErrorKind, Result};

/// What kube needs. Not through kube's own loader: that one also judges the proxy variables, wrongly.
pub(super) fn configure(cluster: &Cluster, auth: AuthInfo) -> Result<Config> {
    let mut config = Config::new(server(cluster, &auth)?);
    config.default_retry = false;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.tls_server_name = cluster.tls_server_name.clone().filter(|name| !name.is_empty());
    config.root_cert = authorities(cluster)?;
    config.auth_info = auth;
    Ok(config)
}

/// The server's URL; without a scheme it is HTTPS if anything speaks of TLS, as in client-go.
fn server(cluster: &Cluster, auth: &AuthInfo) -> Result<Uri> {
    let invalid = |cause: String| {
        Error::new(ErrorKind::Usage, "the cluster in the kubeconfig has no usable server URL")
            .because(cause)
    };
    let text = cluster.server.as_deref().unwrap_or_default();
    let tls = cluster.certificate_authority.is_some()
        || cluster.certificate_authority_data.is_some()
        || cluster.insecure_skip_tls_verify == Some(true)
        || auth.client_certificate.is_some()
        || auth.client_certificate_data.is_some();
    let scheme = match (text.contains("://"), tls) {
        (true, _) => "",
        (false, true) => "https://",
        (false, false) => "http://",
    };
    let uri: Uri = format!("{scheme}{text}")
        .parse()
        .map_err(|error| invalid(format!("server {text:?}: {error}")))?;
    match uri.scheme_str() {
        Some("http" | "https") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(uri),
        _ => Err(invalid(format!("server {text:?}: not an http or https URL"))),
    }
}

/// The certificate authorities as DER; `None` means those of the operating system.
fn authorities(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>> {
    let invalid = |field: String, cause: String| {
        Error::new(ErrorKind::Usage, format!("cannot use {field} of the kubeconfig")).because(cause)
    };
    let (field, pem) = match (&cluster.certificate_authority_data, &cluster.certificate_authority) {
        (Some(data), _) if !data.is_empty() => {
            let field = "certificate-authority-data".to_owned();
            let pem = STANDARD
                .decode(data.trim())
                .map_err(|error| invalid(field.clone(), error.to_string()))?;
            (field, pem)
        }
        (_, Some(file)) if !file.is_empty() => {
            let field = format!("certificate-authority {file}");
            let pem =
                std::fs::read(file).map_err(|error| invalid(field.clone(), error.to_string()))?;
            (field, pem)
        }
        _ => return Ok(None),
    };
    let ders = CertificateDer::pem_slice_iter(&pem)
        .map(|der| der.map(|der| der.as_ref().to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| invalid(field.clone(), error.to_string()))?;
    if ders.is_empty() {
        return Err(invalid(field, "it holds no PEM certificate".to_owned()));
    }
    Ok(Some(ders))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_urls() {
        let cluster = |server: &str, tls: bool| Cluster {
            server: Some(server.to_owned()),
            insecure_skip_tls_verify: Some(tls),
            ..Cluster::default()
        };
        for (text, tls, url) in [
            ("https://api:6443/k8s/c-1", false, Some("https://api:6443/k8s/c-1")),
            ("api:6443", true, Some("https://api:6443/")),
            ("localhost:8080", false, Some("http://localhost:8080/")),
            ("ftp://api", false, None),
            ("", false, None),
            ("https://", false, None),
        ] {
            let found = server(&cluster(text, tls), &AuthInfo::default()).ok();
            assert_eq!(found.map(|uri| uri.to_string()).as_deref(), url, "{text}");
        }
    }
}
