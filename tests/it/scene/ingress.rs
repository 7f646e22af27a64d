//! An Ingress that holds a sync up for as long as a test wants: nobody on the test bed serves it, and it is
//! not healthy until somebody says where it is served.

use serde_json::json;

use crate::testbed::Namespace;

/// One called `web`, which a sync waits for before it goes on with the rest.
pub(crate) const FIRST: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    argocd.argoproj.io/sync-wave: \"-1\"
spec:
  defaultBackend:
    service:
      name: web
      port:
        number: 80
";

/// Makes it healthy.
#[track_caller]
pub(crate) fn serve(namespace: &Namespace) {
    let served =
        json!({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}).to_string();
    let patch = ["patch", "ingress/web", "--subresource=status", "--type=merge", "-p", &served];
    namespace.kubectl_ok(&patch);
}
