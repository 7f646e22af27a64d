//! The certificates of one test bed: an authority of its own, made anew at every start, and server
//! certificates for 127.0.0.1 that it signs (API server, kwok, proxies). Also the key that signs
//! service account tokens.

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Signs server certificates; clients trust its own certificate.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

/// What a server needs to prove who it is.
pub(crate) struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn generate() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "kubectl-rb test bed");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().context("generating the key of the authority")?;
        let certificate =
            params.self_signed(&key).context("signing the certificate of the authority")?;
        Ok(Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }

    /// A certificate for a server on the loopback address.
    pub(crate) fn issue(&self) -> Result<Identity> {
        self.issue_with(|_| ())
    }

    /// The same, out of date.
    pub(crate) fn issue_expired(&self) -> Result<Identity> {
        self.issue_with(|params| {
            params.not_before = rcgen::date_time_ymd(2001, 1, 1);
            params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        })
    }

    fn issue_with(&self, change: impl FnOnce(&mut CertificateParams)) -> Result<Identity> {
        let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"].map(String::from);
        let mut params = CertificateParams::new(names).context("naming a server certificate")?;
        params.distinguished_name.push(DnType::CommonName, "127.0.0.1");
        change(&mut params);
        let key = KeyPair::generate().context("generating a server key")?;
        let certificate =
            params.signed_by(&key, &self.issuer).context("signing a server certificate")?;
        Ok(Identity { certificate, key })
    }

    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }
}

impl Identity {
    pub(crate) fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The same in the form that a TLS server in this process takes.
    pub(crate) fn der(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        (vec![self.certificate.der().clone()], key.into())
    }
}

/// The pair behind service account tokens. The API server takes the two halves in two files.
pub(crate) struct ServiceAccountKey {
    pub(crate) private_pem: String,
    pub(crate) public_pem: String,
}

impl ServiceAccountKey {
    pub(crate) fn generate() -> Result<Self> {
        let key = KeyPair::generate().context("generating the service account key")?;
        Ok(Self { private_pem: key.serialize_pem(), public_pem: key.public_key_pem() })
    }
}
