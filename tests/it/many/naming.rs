//! Which workloads a command line means.

use crate::given::nothing_was_written;
use crate::rb::{Rb, rb};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

use super::{deploy, live, written};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        every_form_names_the_same,
        all_namespaces_are_gone_through,
        what_nobody_can_mean_is_a_usage_error_without_a_request,
        a_bare_type_is_shown_and_never_rolled_back,
        a_selector_may_match_nothing_or_be_none,
        flags_of_kubectl_are_answered_with_what_to_do,
    ]
}

const WEBS: [&str; 3] = ["web-a", "web-b", "web-c"];

fn every_form_names_the_same(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("forms"), bed.proxy());
    deploy(&namespace, &WEBS, 0, &["1.0", "2.0"]);
    // Of nobody's business here.
    deploy(&namespace, &["api"], 0, &["1.0", "2.0"]);
    namespace.kubectl_ok(&["label", "deployment/api", "part-of-"]);
    let ab = vec!["web-a", "web-b"];
    for (form, names) in [
        ("deploy/web-a deploy/web-b", ab.clone()),
        ("deploy web-a web-b", ab.clone()),
        ("deployments.apps/web-a Deployment/web-b deploy/web-a", ab.clone()),
        ("deploy web-b web-a web-b", vec!["web-b", "web-a"]),
        ("deploy -l part-of=shop", WEBS.to_vec()),
        ("deploy -l part-of", WEBS.to_vec()),
        ("deploy --selector=part-of", WEBS.to_vec()),
        ("deploy,deployments -l part-of=shop", WEBS.to_vec()),
        ("deploy --all", vec!["api", "web-a", "web-b", "web-c"]),
        ("deploy,sts,ds --all", vec!["api", "web-a", "web-b", "web-c"]),
    ] {
        for command in ["undo --dry-run", "status", "history"] {
            let ran = Rb::new(&proxy.kubeconfig(&namespace))
                .words(&format!("{command} {form} -o json"))
                .run()
                .ends_with(0);
            let document = ran.json();
            let targets: Vec<&str> = document["items"]
                .as_array()
                .expect("items")
                .iter()
                .map(|item| item["target"]["name"].as_str().expect("a name"))
                .collect();
            assert_eq!(targets, names, "{command} {form}");
        }
    }
    nothing_was_written(&proxy);
    // Two of three, by their labels.
    namespace.kubectl_ok(&["label", "deployment/web-c", "tier=db"]);
    Rb::new(&proxy.kubeconfig(&namespace))
        .words("undo deploy -l part-of=shop,tier!=db --yes")
        .run()
        .ends_with(0);
    let mut written = written(&proxy);
    written.sort();
    assert_eq!(written, ["web-a", "web-b"]);
    assert_eq!(live(&namespace, &WEBS), ["1.0", "1.0", "2.0"]);
    let one = "undo deploy/web-c deploy/web-c --yes";
    rb(&namespace, one).ends_with(0).says("1 workload in namespace");
}

fn all_namespaces_are_gone_through(bed: &TestBed) {
    let (one, two, proxy) = (bed.namespace("all-one"), bed.namespace("all-two"), bed.proxy());
    let label = format!("fleet={}", one.name());
    for namespace in [&one, &two] {
        deploy(namespace, &["web-a"], 1, &["1.0", "2.0"]);
        namespace.kubectl_ok(&["label", "deployment/web-a", &label]);
    }
    let ran = Rb::new(&proxy.kubeconfig(&one))
        .words(&format!("undo deploy -A -l {label} --yes"))
        .run()
        .ends_with(0);
    // Each row tells where it is.
    for namespace in [&one, &two] {
        ran.clone().says(&format!("{} deployment/web-a", namespace.name()));
        assert_eq!(live(namespace, &["web-a"]), ["1.0"]);
        ran.clone().says(&format!("-n {} --context testbed", namespace.name()));
    }
    ran.says("2 workloads: 2 rolled back");
    let mut watches: Vec<String> = proxy
        .requests()
        .into_iter()
        .filter(|record| record.request.is_watch())
        .map(|record| record.request.path.split('?').next().unwrap_or_default().to_owned())
        .collect();
    watches.sort();
    assert_eq!(watches, ["/api/v1/pods", "/apis/apps/v1/deployments"]);
    for command in ["status", "history"] {
        let words = format!("{command} deploy -A -l {label} -o json");
        let document = rb(&one, &words).ends_with(0).json();
        let namespaces: Vec<_> = document["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["target"]["namespace"].as_str().expect("a namespace").to_owned())
            .collect();
        assert_eq!(namespaces, [one.name(), two.name()]);
    }
}

fn what_nobody_can_mean_is_a_usage_error_without_a_request(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("mixed"), bed.proxy());
    for (words, said) in [
        ("deploy/a deploy b", "neither TYPE/NAME nor TYPE NAME"),
        ("deploy a deploy/b", "neither TYPE/NAME nor TYPE NAME"),
        ("deploy/a -l x=y", "not both"),
        ("deploy a b --all", "not both"),
        ("deploy/a -A", "not both"),
        ("deploy,pod -l x=y", "\"pod\" is not a type"),
        ("deploy -l", "a value is required"),
        ("deploy -l x --all", "cannot be used with"),
        ("-l x=y", "no workload is named"),
        ("-A", "no workload is named"),
        ("deploy/a -f x.yaml", "cannot be used with"),
        ("deploy/a deploy/b --plan-out p", "--plan-out writes the plan of one workload"),
        ("deploy/a deploy/../b", "is not a name that an object can have"),
    ] {
        let call = Rb::new(&proxy.kubeconfig(&namespace)).words("undo --yes").words(words);
        call.run().ends_with(2).says(said);
    }
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

fn a_bare_type_is_shown_and_never_rolled_back(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("bare"), bed.proxy());
    deploy(&namespace, &WEBS, 0, &["1.0", "2.0"]);
    let call = |words: &str| Rb::new(&proxy.kubeconfig(&namespace)).words(words).run();
    for words in ["undo deploy", "undo deploy --yes", "undo deploy --dry-run"] {
        let ran = call(words).ends_with(2);
        ran.says(&format!(
            "deployment without a name would hit all 3 workloads in namespace {}",
            namespace.name()
        ))
        .says(&format!("{words} --all -n {} --context testbed", namespace.name()));
    }
    call("undo deploy,sts --yes").ends_with(2).says("deployment,statefulset without a name");
    call("undo deploy -A --yes")
        .ends_with(2)
        .says("in all namespaces")
        .says("undo deploy -A --yes --all");
    nothing_was_written(&proxy);
    for command in ["status", "history"] {
        let ran = call(&format!("{command} deploy")).ends_with(0);
        for name in WEBS {
            ran.clone().says(&format!("deployment/{name}"));
        }
    }
}

fn a_selector_may_match_nothing_or_be_none(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("selector"), bed.proxy());
    let call = |words: &str| Rb::new(&proxy.kubeconfig(&namespace)).words(words).run();
    for command in ["undo --yes", "status", "history"] {
        call(&format!("{command} deploy -l app=nothing"))
            .ends_with(4)
            .says("has labels that fit app=nothing")
            .says(&format!("in namespace {}", namespace.name()));
        call(&format!("{command} deploy,ds --all")).ends_with(4).says("no deployment or daemonset");
        for selector in ["a==b=c", "a(b", "in (x)", "a,,b", "-x=y"] {
            let ran = Rb::new(&proxy.kubeconfig(&namespace))
                .words(command)
                .words("deploy")
                .arg(format!("--selector={selector}"))
                .run();
            ran.ends_with(2).says("is no selector of labels").says("env in (prod,stage)");
        }
    }
    nothing_was_written(&proxy);
}

fn flags_of_kubectl_are_answered_with_what_to_do(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("kflags"), bed.proxy());
    for (words, instead) in [
        ("-k overlays/prod", "kubectl kustomize overlays/prod | rb "),
        ("-R", "-f may be given several times"),
        ("deploy/web --recursive=true", "-f may be given several times"),
        ("deploy/web --template={{.}}", "-o json | jq"),
        (
            "deploy/web -o jsonpath={.metadata}",
            "rb has no jsonpath; to pick members of the answer: -o json | jq",
        ),
        ("deploy/web -o go-template={{.}}", "rb has no go-template; to pick"),
        ("deploy/web --output=custom-columns=A:.a", "rb has no custom-columns; to pick"),
        ("deploy/web --show-managed-fields", "kubectl get TYPE NAME -o yaml --show-managed-fields"),
    ] {
        for command in ["undo", "status", "history"] {
            let call = Rb::new(&proxy.kubeconfig(&namespace)).words(command).words(words);
            call.run().ends_with(2).says(instead);
        }
    }
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}
