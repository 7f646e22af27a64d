//! A cluster to which the Argo CD of another one deploys. It has a test bed of its own: that of the others
//! has the kinds of Argo CD.

use super::owners;
use crate::rb::rb;
use crate::scene::{assert_live, releases};
use crate::suite::{Test, pure};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    pure![a_cluster_without_applications_may_be_that_of_another_argo_cd]
}

fn a_cluster_without_applications_may_be_that_of_another_argo_cd() {
    let bed = TestBed::start().expect("a second test bed");
    let namespace = bed.namespace("owner-elsewhere");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let place = namespace.name();
    let mark = format!("argocd.argoproj.io/tracking-id=web:apps/Deployment:{place}/web");
    namespace.kubectl_ok(&["annotate", "deployment/web", &mark]);
    let found = owners(namespace.kubeconfig(), "deploy/web");
    let why = found[0]["proof"]["unread"].as_str().unwrap_or_default();
    assert!(why.contains("its Argo CD may run in another cluster"), "{found:?}");
    for words in ["undo deploy/web --yes", "undo deploy/web --now --yes"] {
        rb(&namespace, words).ends_with(3).says("its Argo CD may run in another cluster");
        assert_live(&namespace, "2.0");
    }
}
