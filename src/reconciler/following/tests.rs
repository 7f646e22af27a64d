use serde_json::json;

use super::given::{after, following, nudged};
use super::*;

fn address() -> Address {
    Address {
        collection: Path::namespaced("apis/a.test/v1", "shop", "things"),
        target: Target {
            api_version: "a.test/v1".to_owned(),
            kind: "Thing".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
        },
    }
}

#[test]
fn an_address_is_read_and_watched() {
    let address = address();
    assert_eq!(address.object().as_str(), "/apis/a.test/v1/namespaces/shop/things/web");
    assert_eq!(
        address.watch().as_str(),
        "/apis/a.test/v1/namespaces/shop/things?fieldSelector=metadata.name%3Dweb"
    );
}

#[test]
fn another_object_is_found_by_all_of_its_name() {
    let object = |kind: &str, namespace: &str, name: &str| json!({"kind": kind, "metadata": {"namespace": namespace, "name": name}});
    let objects = [
        object("Other", "shop", "web"),
        object("Thing", "elsewhere", "web"),
        object("Thing", "shop", "api"),
        object("Thing", "shop", "web"),
    ];
    let others: Vec<&Value> = objects.iter().collect();
    let target = address().target;
    assert_eq!(following(&others, &[]).other(&target), Some(&objects[3]));
    assert_eq!(following(&others[..3], &[]).other(&target), None);
}

#[test]
fn a_nudge_is_due_after_a_pause_and_has_another_token_each_time() {
    let (path, kind) = (address().object(), NudgeKind::Refresh);
    let given = [
        nudged(kind, path.as_str(), "token", 1_000),
        nudged(NudgeKind::Sync, path.as_str(), "", 4_000),
        nudged(kind, "/elsewhere", "token", 4_000),
    ];
    let pause = Duration::from_secs(2);
    for (millis, given, due, token) in [
        (0, &given[..0], true, "token"),
        (2_999, &given[..], false, "token.1"),
        (3_000, &given[..], true, "token.1"),
        (3_000, &given[1..], true, "token"),
    ] {
        let following = after(millis, &[], given);
        assert_eq!(following.is_due(kind, &path, pause), due, "{millis}");
        assert_eq!(following.next_token(kind, &path), token, "{millis}");
    }
}
