//! Chains of Flux over facts that stand still: what is asked in which round, and where it ends.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::chain::{climb, marks};
use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::{Owner, Proof};

const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io";
const HELM: &str = "helm.toolkit.fluxcd.io";
const SOURCE: &str = "source.toolkit.fluxcd.io";

/// A cluster with Flux, these objects of it, and nothing else.
#[derive(Default)]
struct Given {
    known: HashMap<String, Value>,
    rounds: RefCell<Vec<Vec<Ask>>>,
}

impl Given {
    fn new() -> Self {
        let mut given = Self::default();
        for (group, version) in [(KUSTOMIZE, "v1"), (HELM, "v2")] {
            let served = json!({"versions": [{"version": version}]});
            given.known.insert(format!("/apis/{group}"), served);
        }
        given
    }

    fn with(mut self, group_version: &str, plural: &str, object: Value) -> Self {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        let path = format!("/apis/{group_version}/namespaces/{namespace}/{plural}/{name}");
        self.known.insert(path, object);
        self
    }

    fn kustomization(self, name: &str, parent: &str, lists: &str) -> Self {
        let object = json!({
            "apiVersion": format!("{KUSTOMIZE}/v1"), "kind": "Kustomization",
            "metadata": {"namespace": "flux-system", "name": name, "generation": 1,
                "labels": labels(KUSTOMIZE, "flux-system", parent)},
            "spec": {"interval": "10m", "path": name, "prune": true,
                "sourceRef": {"kind": "GitRepository", "name": "fleet"}},
            "status": {"observedGeneration": 1, "inventory": {"entries": [{"id": lists}]},
                "conditions": [{"type": "Ready", "status": "True"}]}});
        self.with(&format!("{KUSTOMIZE}/v1"), "kustomizations", object)
    }

    fn release(self, name: &str, parent: &str, lists: &str) -> Self {
        let object = json!({
            "apiVersion": format!("{HELM}/v2"), "kind": "HelmRelease",
            "metadata": {"namespace": "shop", "name": name, "generation": 1,
                "labels": labels(KUSTOMIZE, "flux-system", parent)},
            "spec": {"interval": "10m", "chart": {"spec": {"chart": "web", "version": "1.0.0",
                "sourceRef": {"kind": "HelmRepository", "name": "charts"}}}},
            "status": {"observedGeneration": 1, "inventory": {"entries": [{"id": lists}]},
                "conditions": [{"type": "Ready", "status": "True"}]}});
        self.with(&format!("{HELM}/v2"), "helmreleases", object)
    }

    fn repository(self) -> Self {
        let object = json!({"metadata": {"namespace": "flux-system", "name": "fleet"},
            "spec": {"url": "https://git.example/fleet", "ref": {"branch": "main"}}});
        self.with(&format!("{SOURCE}/v1"), "gitrepositories", object)
    }

    /// With every member that is looked at.
    fn full() -> Self {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let mut given = Self::new()
            .release("web", "apps", "shop_web_apps_Deployment")
            .kustomization("apps", "", &format!("shop_web_{HELM}_HelmRelease"))
            .kustomization("infra", "", "")
            .repository();
        let charts = json!({"metadata": {"namespace": "shop", "name": "charts"},
            "spec": {"url": "https://charts.example", "suspend": true}});
        given = given.with(&format!("{SOURCE}/v1"), "helmrepositories", charts);
        let lists = "/apis/image.toolkit.fluxcd.io/v1/namespaces/flux-system";
        let automation = json!({"metadata": {"namespace": "flux-system", "name": "auto"},
            "spec": {"interval": "1m", "sourceRef": {"kind": "GitRepository", "name": "fleet"},
                "update": {"path": "apps"}, "git": {"push": {"branch": "main"}}},
            "status": {"observedPolicies": {"web": {"name": "web", "tag": "1"}}}});
        given.known.insert(
            format!("{lists}/imageupdateautomations?limit=500"),
            json!({"items": [automation]}),
        );
        let checking =
            format!("Running health checks for revision main@sha1:{sha} with a timeout of 5m");
        let more = json!({
            "spec": {"wait": true, "healthChecks": [{"kind": "Deployment"}], "timeout": "1m",
                "retryInterval": "1m", "dependsOn": [{"name": "infra", "namespace": "flux-system"}],
                "ignore": [{"paths": ["/spec/values"], "target": {"kind": "Helm.*"}}],
                "images": [{"name": "web", "newTag": "1"}], "components": ["../a"],
                "postBuild": {"substitute": {"A": "b"},
                    "substituteFrom": [{"kind": "Secret", "name": "s"}]}},
            "status": {"lastAppliedRevision": format!("main@sha1:{sha}"),
                "lastAttemptedRevision": format!("main@sha1:{sha}"),
                "conditions": [{"type": "Reconciling", "status": "True", "reason": "Progressing",
                        "message": checking},
                    {"type": "Healthy", "status": "Unknown",
                        "lastTransitionTime": "2026-11-26T04:30:00Z"}]}});
        let apps = format!("/apis/{KUSTOMIZE}/v1/namespaces/flux-system/kustomizations/apps");
        given.add(&apps, &more);
        let more = json!({
            "spec": {"driftDetection": {"mode": "enabled", "ignore": [{"paths": ["/spec/replicas"]}]},
                "upgrade": {"remediation": {"retries": 2, "strategy": "rollback"},
                    "strategy": {"name": "RetryOnFailure", "retryInterval": "1m"}},
                "valuesFrom": [{"kind": "Secret", "name": "s"}]},
            "status": {"helmChart": "shop/shop-web", "lastAttemptedReleaseAction": "upgrade",
                "history": [{"version": 1, "chartName": "web", "chartVersion": "1.0.0"}],
                "conditions": [
                    {"type": "Ready", "status": "False", "reason": "UpgradeFailed", "message": "m"},
                    {"type": "Remediated", "status": "True", "reason": "RollbackSucceeded"},
                    {"type": "Reconciling", "status": "True", "lastTransitionTime": "t",
                        "message": "Running 'upgrade' action with timeout of 5m0s"}]}});
        let web = format!("/apis/{HELM}/v2/namespaces/shop/helmreleases/web");
        given.add(&web, &more);
        given
    }

    /// Adds members to an object and to its `spec` and `status`.
    fn add(&mut self, path: &str, more: &Value) {
        let object = self.known.get_mut(path).unwrap();
        for part in ["spec", "status"] {
            let members = more[part].as_object().cloned().unwrap_or_default();
            object[part].as_object_mut().unwrap().extend(members);
        }
    }

    fn climb(&self, workloads: &[Value]) -> Vec<Vec<Owner>> {
        let workloads = workloads.iter().map(|workload| marks(workload).into()).collect();
        let gather = async |asks: Vec<Ask>| {
            self.rounds.borrow_mut().push(asks.clone());
            Facts::of(asks.into_iter().map(|ask| {
                let Ask::Read(path) = &ask else { panic!("only objects are read") };
                let answer = self.known.get(path).cloned();
                (ask, answer)
            }))
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let chains = runtime.block_on(climb(workloads, gather)).into_iter();
        chains.map(|chain| chain.into_iter().map(|link| link.owner).collect()).collect()
    }

    /// Rounds in which anything was asked.
    fn rounds(&self) -> usize {
        self.rounds.borrow().iter().filter(|asks| !asks.is_empty()).count()
    }
}

fn labels(group: &str, namespace: &str, name: &str) -> Value {
    if name.is_empty() {
        return json!({});
    }
    json!({format!("{group}/name"): name, format!("{group}/namespace"): namespace})
}

fn workload(labels: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web", "labels": labels,
            // helm-controller leaves Helm's own marks too.
            "annotations": {"meta.helm.sh/release-name": "web"}},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "never-looked-at"}}})
}

fn names(chain: &[Owner]) -> Vec<String> {
    let of = |owner: &Owner| match &owner.of {
        Some(of) => format!("{} of {}", owner.name, of.reference()),
        None => owner.name.clone(),
    };
    chain.iter().map(of).collect()
}

#[test]
fn the_chain_goes_up_to_what_nobody_applies() {
    let given = Given::new()
        .release("web", "apps", "shop_web_apps_Deployment")
        .kustomization("apps", "flux-system", &format!("shop_web_{HELM}_HelmRelease"))
        // As flux bootstrap makes it: it applies itself.
        .kustomization(
            "flux-system",
            "flux-system",
            &format!("flux-system_apps_{KUSTOMIZE}_Kustomization"),
        )
        .repository();
    let chains = given.climb(&[workload(&labels(HELM, "shop", "web"))]);
    let [chain] = chains.as_slice() else { panic!("{chains:?}") };
    assert_eq!(
        names(chain),
        [
            "HelmRelease shop/web",
            "Kustomization flux-system/apps of helmrelease/web",
            "Kustomization flux-system/flux-system of kustomization/apps",
        ]
    );
    assert!(chain.iter().all(|owner| owner.proof == Proof::Listed), "{chain:?}");
    assert_eq!(chain[0].notes[0], "HelmRepository shop/charts does not exist");
    let folders: Vec<_> = chain.iter().map(|owner| owner.sources[0].path.as_deref()).collect();
    assert_eq!(folders, [None, Some("apps"), Some("flux-system")]);
    assert_eq!(chain[1].sources[0].url, "https://git.example/fleet");
    // A round for each level, and one for what the last one refers to.
    assert_eq!(given.rounds(), 4);
}

#[test]
fn a_refuted_label_is_not_followed() {
    let given = Given::new()
        .kustomization("apps", "flux-system", "shop_other_apps_Deployment")
        .kustomization("flux-system", "", "");
    let chains = given.climb(&[workload(&labels(KUSTOMIZE, "flux-system", "apps"))]);
    let flux: Vec<&Owner> =
        chains[0].iter().filter(|owner| owner.name.starts_with("Kustomization")).collect();
    let [owner] = flux.as_slice() else { panic!("{chains:?}") };
    assert!(matches!(&owner.proof, Proof::Refuted(why) if why.contains("does not list it")));
    assert!(!owner.counts());
}

#[test]
fn owners_in_a_circle_end() {
    let id = |name: &str| format!("flux-system_{name}_{KUSTOMIZE}_Kustomization");
    let given = Given::new().kustomization("a", "b", &id("b")).kustomization("b", "a", &id("a"));
    let object = json!({"apiVersion": format!("{KUSTOMIZE}/v1"), "kind": "Kustomization",
        "metadata": {"namespace": "flux-system", "name": "b",
            "labels": labels(KUSTOMIZE, "flux-system", "a")}});
    let chains = given.climb(&[object]);
    assert_eq!(chains[0].iter().filter(|owner| owner.name.ends_with("/a")).count(), 2);
    assert!(given.rounds() <= 5, "{}", given.rounds());
}

#[test]
fn a_bot_that_writes_to_the_source_stands_beside_its_owner() {
    let item = json!({"metadata": {"namespace": "flux-system", "name": "auto"},
        "spec": {"interval": "1m", "sourceRef": {"name": "fleet"}, "update": {"path": "./apps"}}});
    let mut given = Given::new().kustomization("apps", "", "shop_web_apps_Deployment").repository();
    let lists = "/apis/image.toolkit.fluxcd.io/v1/namespaces/flux-system/imageupdateautomations";
    given.known.insert(format!("{lists}?limit=500"), json!({"items": [item]}));
    let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {
        "namespace": "shop", "name": "web", "labels": labels(KUSTOMIZE, "flux-system", "apps")}});
    let chains = given.climb(&[object]);
    assert_eq!(
        names(&chains[0]),
        [
            "Kustomization flux-system/apps",
            "ImageUpdateAutomation flux-system/auto of kustomization/apps",
        ]
    );
    // The list is read in the same round as the source.
    assert_eq!(given.rounds(), 2);
}

#[test]
fn many_workloads_of_one_owner_cost_one_round_each_level() {
    let given = Given::new().kustomization("apps", "", "shop_web_apps_Deployment").repository();
    let one = workload(&labels(KUSTOMIZE, "flux-system", "apps"));
    let plain = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "plain"}});
    let chains = given.climb(&[one.clone(), plain, one]);
    assert_eq!(chains.iter().map(|chain| chain.len().min(1)).collect::<Vec<_>>(), [1, 0, 1]);
    assert_eq!(given.rounds(), 2);
}

#[test]
fn a_workload_without_marks_costs_nothing() {
    let given = Given::new();
    let chains = given.climb(&[json!({"metadata": {"labels": {"app": "web"}}}), json!([])]);
    assert_eq!(chains, [vec![], vec![]]);
    assert_eq!(given.rounds(), 0);
}

/// Everything that the chain reads is given once in another shape, member by member.
#[test]
fn every_member_may_have_another_shape() {
    let whole = Given::full();
    let object = workload(&labels(HELM, "shop", "web"));
    let count = whole.climb(std::slice::from_ref(&object))[0].len();
    assert_eq!(count, 3, "a HelmRelease, a Kustomization and an automation");
    let absurd = [
        json!(null),
        json!([]),
        json!([[{}], 1, "x"]),
        json!({}),
        json!({"0": {"name": []}}),
        json!(""),
        json!("\u{0}../ü@:é"),
        json!("99999999999999999999h"),
        json!(-1),
        json!(true),
        json!(1e300),
    ];
    let mut runs = 0;
    for (path, known) in &whole.known {
        for pointer in pointers(known) {
            for shape in &absurd {
                let mut given = Given { known: whole.known.clone(), ..Given::default() };
                let place = given.known.get_mut(path).and_then(|known| known.pointer_mut(&pointer));
                *place.unwrap() = shape.clone();
                let chains = given.climb(std::slice::from_ref(&object));
                let first = chains[0].first().map(|owner| owner.name.as_str());
                assert_eq!(first, Some("HelmRelease shop/web"), "{path} {pointer} {shape}");
                runs += 1;
            }
        }
    }
    assert!(runs > 1_000, "{runs}");
}

/// The places of a document, itself included.
fn pointers(value: &Value) -> Vec<String> {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            let escaped = |key: &String| key.replace('~', "~0").replace('/', "~1");
            members.iter().map(|(key, member)| (escaped(key), member)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    let below = members.into_iter().flat_map(|(key, member)| {
        pointers(member).into_iter().map(move |rest| format!("/{key}{rest}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}
