//! A Helm release. It is no object that could be read here, and does nothing by itself.

use serde_json::Value;

use crate::facts::Facts;
use crate::rollback::model::ownership::Owner;

use super::marks::{annotation, label, reference};
use super::{Claim, Link, Reconciler};

const NAME: &str = "meta.helm.sh/release-name";
const NAMESPACE: &str = "meta.helm.sh/release-namespace";
/// helm-controller puts Helm's marks on too, but then the `HelmRelease` is the owner.
const OF_FLUX: &str = "helm.toolkit.fluxcd.io/name";

/// Releases of Helm.
#[derive(Debug)]
pub(super) struct Releases;

impl Reconciler for Releases {
    fn claims(&self, object: &Value) -> Vec<Claim> {
        let Some(name) = annotation(object, NAME) else { return Vec::new() };
        if label(object, OF_FLUX).is_some() {
            return Vec::new();
        }
        vec![Claim {
            namespace: annotation(object, NAMESPACE).map(str::to_owned),
            name: name.to_owned(),
            mark: format!("annotation {NAME}"),
            of: reference(object),
            place: None,
        }]
    }

    fn judge(&self, claim: &Claim, _object: &Value, _facts: &Facts<'_>) -> Vec<Link> {
        let owner = Owner {
            name: format!("Helm release {}", claim.name),
            would: "it does nothing now, and its next upgrade puts back what the release says"
                .to_owned(),
            mark: claim.mark.clone(),
            ..Owner::default()
        };
        vec![Link { owner, object: None }]
    }
}
