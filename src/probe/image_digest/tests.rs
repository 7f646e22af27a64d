use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{DIGEST, HASH, Shop, verdict, waiting, web_pod};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Skipped, Unknown};
use crate::rollback::model::check::Level::{Advisory, Required};

const IMAGE: &str = "registry.test:5000/shop/web:1.0";
const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Expects these digests, by image; the empty name is any.
fn expecting(expected: &[(&str, &str)]) -> Shop {
    let mut shop = Shop::web();
    for (image, digest) in expected {
        let digests = shop.expected.digests.entry((*image).to_owned()).or_default();
        digests.push((*digest).to_owned());
    }
    shop
}

fn told(image_id: &str) -> Value {
    json!({"/status/containerStatuses/0/imageID": image_id})
}

/// Gives a pod a second container.
fn sidecar(digest: &str) -> Value {
    json!({
        "/spec/containers": [{"name": "app", "image": IMAGE}, {"name": "proxy", "image": "proxy:2"}],
        "/status/initContainerStatuses": [{"name": "proxy", "image": "proxy:2",
            "imageID": format!("proxy@{digest}"), "state": {"running": {}}}],
    })
}

#[test]
fn a_recorded_digest_has_to_be_the_one_that_runs() {
    let other = told(&format!("registry.test:5000/shop/web@{OTHER}"));
    for (what, shop, expected) in [
        ("the same", expecting(&[(IMAGE, DIGEST)]), (Pass, "")),
        ("one of several", expecting(&[(IMAGE, OTHER), (IMAGE, DIGEST)]), (Pass, "")),
        ("another", expecting(&[(IMAGE, OTHER)]), (Fail, "OtherDigest")),
        ("another on one pod", expecting(&[(IMAGE, DIGEST)]).pod(1, &other), (Fail, "OtherDigest")),
        (
            "two that are both recorded, as of an index and a platform",
            expecting(&[(IMAGE, DIGEST), (IMAGE, OTHER)]).pod(1, &other),
            (Pass, ""),
        ),
        ("the one that is asked for", expecting(&[("", DIGEST)]), (Pass, "")),
        ("not the one that is asked for", expecting(&[("", OTHER)]), (Fail, "OtherDigest")),
        (
            "recorded otherwise, and asked for",
            expecting(&[(IMAGE, OTHER), ("", DIGEST)]),
            (Pass, ""),
        ),
        ("of another image", expecting(&[("proxy:2", OTHER)]), (Pass, "")),
        (
            "asked for in one container, whatever the other runs",
            expecting(&[("", DIGEST)]).pod(0, &sidecar(OTHER)),
            (Pass, ""),
        ),
        ("not told", expecting(&[(IMAGE, DIGEST)]).pod(0, &told(DIGEST)), (Unknown, "NoDigest")),
        (
            "asked for, not told",
            expecting(&[("", DIGEST)]).pod(0, &told("")),
            (Unknown, "NoDigest"),
        ),
        (
            "asked for, not started",
            expecting(&[("", DIGEST)]).pod(0, &waiting("ContainerCreating")),
            (Unknown, "NoDigest"),
        ),
    ] {
        let finding = shop.alone(&ImageDigest);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
        assert_eq!(finding.level, Some(Required), "{what}");
        assert_eq!(finding.is_final, finding.status == Fail, "{what}");
    }
}

#[test]
fn without_a_record_only_a_moved_tag_says_no() {
    let other = format!("registry.test:5000/shop/web@{OTHER}");
    let pinned = json!({"/spec/containers/0/image": format!("{IMAGE}@{DIGEST}")});
    for (what, shop, expected, level) in [
        ("one digest", Shop::web(), (Pass, ""), Advisory),
        ("two digests of a tag", Shop::web().pod(1, &told(&other)), (Fail, "MutableTag"), Required),
        (
            "two of an image that is named by digest",
            Shop::web().pod(0, &pinned).pod(1, &pinned).pod(1, &told(&other)),
            (Pass, ""),
            Advisory,
        ),
        ("a bare id", Shop::web().pod(1, &told(OTHER)), (Unknown, "NoDigest"), Advisory),
        (
            "Docker's id",
            Shop::web().pod(1, &told(&format!("docker://{OTHER}"))),
            (Unknown, "NoDigest"),
            Advisory,
        ),
        (
            "Docker's digest",
            Shop::web().pod(1, &told(&format!("docker-pullable://shop/web@{DIGEST}"))),
            (Pass, ""),
            Advisory,
        ),
        (
            "nothing runs yet",
            Shop::web().pod(0, &waiting("x")).pod(1, &waiting("x")),
            (Unknown, "NoDigest"),
            Advisory,
        ),
        ("not all pods", Shop::web().with_gap(), (Unknown, "PodsUnknown"), Advisory),
        ("no pod is wanted", Shop::web().scaled_to_0(), (Skipped, "NothingRan"), Advisory),
    ] {
        let finding = shop.alone(&ImageDigest);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
        assert_eq!(finding.level, Some(level), "{what}");
    }
}

#[test]
fn a_moved_tag_is_told_with_who_runs_what() {
    let other = told(&format!("registry.test:5000/shop/web@{OTHER}"));
    let finding = Shop::web().pod(1, &other).alone(&ImageDigest);
    assert_eq!(finding.message, "web:1.0 is not the same image on all pods: the tag was moved");
    assert_eq!(
        finding.evidence[1],
        format!(
            "web-{HASH}-wjbq8: container app runs {IMAGE} as registry.test:5000/shop/web@{OTHER}"
        )
    );
    assert_eq!(
        finding.hint.as_deref(),
        Some("kubectl get pods -l app=web -o jsonpath='{..imageID}' -n shop --context c")
    );
}

#[test]
fn only_what_all_pods_agree_on_is_recorded() {
    let recorded = |shop: &Shop| digests(&shop.scene());
    let both = |digest: &str| sidecar(digest);
    let shop = Shop::web().pod(0, &both(DIGEST)).pod(1, &both(OTHER));
    assert_eq!(recorded(&shop), [(IMAGE.to_owned(), vec![DIGEST.to_owned()])].into());
    assert_eq!(recorded(&Shop::web().pod(1, &told(OTHER))), BTreeMap::new());
    assert_eq!(recorded(&Shop::web().scaled_to_0()), BTreeMap::new());
    let mut old = web_pod("5dbf4b7d54", "old");
    old["status"]["containerStatuses"][0]["imageID"] = json!(format!("shop/web@{OTHER}"));
    assert_eq!(recorded(&Shop::web().and_pod(old)).len(), 1);
}
