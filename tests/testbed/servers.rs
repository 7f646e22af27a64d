//! The command lines of the servers. Why a flag is there is said where it is not plain.
//! Data are thrown away after the run, so nothing is done for their safety.

use std::path::Path;

use anyhow::Result;

use super::assets::Assets;
use super::supervisor::Server;

/// Files and ports that the servers share.
pub(crate) struct Layout<'a> {
    pub(crate) assets: &'a Assets,
    pub(crate) directory: &'a Path,
    pub(crate) ports: Ports,
}

/// All on 127.0.0.1.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) etcd: u16,
    pub(crate) etcd_peer: u16,
    pub(crate) api_server: u16,
    pub(crate) kwok: u16,
}

impl Layout<'_> {
    fn file(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    fn server(&self, name: &str, arguments: Vec<String>) -> Result<Server> {
        Ok(Server {
            name: name.to_owned(),
            program: self.assets.path(name)?.to_owned(),
            arguments,
            environment: Vec::new(),
        })
    }

    pub(crate) fn etcd(&self) -> Result<Server> {
        let client = format!("http://127.0.0.1:{}", self.ports.etcd);
        let peer = format!("http://127.0.0.1:{}", self.ports.etcd_peer);
        self.server(
            "etcd",
            vec![
                format!("--data-dir={}", self.file("etcd")),
                format!("--listen-client-urls={client}"),
                format!("--advertise-client-urls={client}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster=default={peer}"),
                "--unsafe-no-fsync".to_owned(),
                "--log-level=warn".to_owned(),
            ],
        )
    }

    pub(crate) fn api_server(&self) -> Result<Server> {
        self.server(
            "kube-apiserver",
            vec![
                format!("--etcd-servers=http://127.0.0.1:{}", self.ports.etcd),
                format!("--secure-port={}", self.ports.api_server),
                "--bind-address=127.0.0.1".to_owned(),
                "--advertise-address=127.0.0.1".to_owned(),
                "--endpoint-reconciler-type=none".to_owned(),
                format!("--tls-cert-file={}", self.file("server.crt")),
                format!("--tls-private-key-file={}", self.file("server.key")),
                format!("--token-auth-file={}", self.file("tokens.csv")),
                // Certificates that the authority signs are identities, too: their common name.
                format!("--client-ca-file={}", self.file("ca.crt")),
                "--authorization-mode=RBAC".to_owned(),
                "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
                format!("--service-account-key-file={}", self.file("service-account.pub")),
                format!("--service-account-signing-key-file={}", self.file("service-account.key")),
                "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
                "--allow-privileged=true".to_owned(),
                // ServiceAccount would hold pods back until the controller has made the account.
                // The other leaves a taint on new nodes that only the node lifecycle controller
                // removes, which does not run here.
                "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition".to_owned(),
                // For `kubectl logs`: kwok answers for the kubelet, at the node's address.
                "--kubelet-preferred-address-types=InternalIP".to_owned(),
            ],
        )
    }

    pub(crate) fn controller_manager(&self) -> Result<Server> {
        self.server(
            "kube-controller-manager",
            vec![
                format!("--kubeconfig={}", self.file("admin.kubeconfig")),
                format!("--service-account-private-key-file={}", self.file("service-account.key")),
                format!("--root-ca-file={}", self.file("ca.crt")),
                "--leader-elect=false".to_owned(),
                "--secure-port=0".to_owned(),
                // Nothing renews the node's lease, so that controller would evict all pods.
                "--controllers=*,-node-lifecycle-controller".to_owned(),
                // With the default limits 100 Deployments take 84 s to roll, with these 4 s.
                "--kube-api-qps=500".to_owned(),
                "--kube-api-burst=1000".to_owned(),
                "--concurrent-deployment-syncs=20".to_owned(),
                "--concurrent-replicaset-syncs=20".to_owned(),
                "--concurrent-statefulset-syncs=20".to_owned(),
                "--concurrent-daemonset-syncs=20".to_owned(),
            ],
        )
    }

    pub(crate) fn scheduler(&self) -> Result<Server> {
        self.server(
            "kube-scheduler",
            vec![
                format!("--kubeconfig={}", self.file("admin.kubeconfig")),
                "--leader-elect=false".to_owned(),
                "--secure-port=0".to_owned(),
                "--kube-api-qps=500".to_owned(),
                "--kube-api-burst=1000".to_owned(),
            ],
        )
    }

    pub(crate) fn kwok(&self) -> Result<Server> {
        self.server(
            "kwok",
            vec![
                format!("--kubeconfig={}", self.file("admin.kubeconfig")),
                format!("--config={}", self.file("kwok.yaml")),
                "--manage-all-nodes=true".to_owned(),
                "--enable-crds=Logs".to_owned(),
                format!("--server-address=127.0.0.1:{}", self.ports.kwok),
                "--node-ip=127.0.0.1".to_owned(),
                format!("--node-port={}", self.ports.kwok),
                format!("--tls-cert-file={}", self.file("server.crt")),
                format!("--tls-private-key-file={}", self.file("server.key")),
            ],
        )
    }
}
