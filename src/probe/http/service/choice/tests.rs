use serde_json::json;

use super::*;
use crate::probe::fixture::Shop;

fn choose(
    services: Result<Vec<Value>, String>,
    service: Option<&str>,
    namespace: Option<&str>,
) -> Result<Choice, Finding> {
    let via = Via::Service {
        service: service.map(str::to_owned),
        namespace: namespace.map(str::to_owned),
    };
    let probe = HttpProbe { name: "ready".to_owned(), via, ..HttpProbe::default() };
    let mut shop = Shop::web();
    shop.seen.services = services;
    of(&probe, &shop.scene())
}

fn service(name: &str) -> Value {
    json!({"metadata": {"name": name}})
}

#[test]
fn the_only_service_is_taken_and_any_other_has_to_be_named() {
    let two = || Ok(vec![service("a"), service("b")]);
    let no_right = || Err("not allowed".to_owned());
    let [some, gap, own] = [Some("b"), Some("mesh"), Some("shop")];
    for (services, name, namespace, place, is_seen) in [
        (Ok(vec![service("a")]), None, None, "Service a", true),
        (two(), some, None, "Service b", true),
        (two(), some, own, "Service b", true),
        (two(), some, gap, "Service b in namespace mesh", false),
        (two(), Some("c"), None, "Service c", false),
        (no_right(), some, None, "Service b", false),
    ] {
        let choice = choose(services, name, namespace).unwrap();
        assert_eq!(choice.place(), place);
        assert_eq!(choice.object.is_some(), is_seen, "{place}");
    }
    for (services, reason, part) in [
        (Ok(Vec::new()), "NoService", "probe ready of the configuration (service: NAME)"),
        (two(), "SeveralServices", "2 Services select the pods (a, b): say which one"),
        (no_right(), "Unreadable", "cannot be read (not allowed): say which one"),
    ] {
        let finding = choose(services, None, None).unwrap_err();
        assert_eq!(finding.reason, reason);
        assert!(finding.message.contains(part), "{}", finding.message);
    }
}

#[test]
fn the_api_server_connects_to_pods_only() {
    for (spec, is_carried) in [
        (json!({"selector": {"app": "web"}}), true),
        (json!({"selector": {}}), false),
        (json!({}), false),
        (json!({"selector": {"app": "web"}, "type": "ExternalName"}), false),
    ] {
        let bad = cannot_be_carried(&json!({"spec": spec}));
        assert_eq!(bad.is_none(), is_carried, "{spec}");
    }
}
