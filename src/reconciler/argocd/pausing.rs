//! How programs beside an Application are kept from bringing a release back that was taken out of Git.

use serde_json::{Value, json};

use crate::rollback::model::hint::kubectl_on;
use crate::rollback::model::image::ImageRef;
use crate::rollback::model::ownership::Pause;
use crate::rollback::model::target::Target;
use crate::text::shell_quote;

use super::super::marks::{annotation, reference};
use super::fields::{flag, items, text, texts};
use super::image_updater::IMAGES;
use super::named;

/// Where Image Updater reads its settings of an Application, up to 0.x and by rules that say so.
const PREFIX: &str = "argocd-image-updater.argoproj.io/";
/// No tag is taken that one of these patterns fits.
const IGNORED: &str = "ignore-tags";

/// Image Updater as annotations of the Application say.
pub(super) fn by_annotations(application: &Value, name: &str) -> Pause {
    let listed = annotation(application, IMAGES).unwrap_or_default();
    let images = listed.split(',').map(|image| {
        let image = image.trim();
        repository(image.split_once('=').map_or(image, |(_, image)| image))
    });
    // What is said for one image wins over what is said for all.
    let all = application.pointer("/metadata/annotations").and_then(Value::as_object);
    let keys = all.into_iter().flat_map(|all| all.keys());
    let own = keys.filter(|key| {
        let rest = key.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(IGNORED));
        rest.is_some_and(|alias| alias.len() > 1)
    });
    let keys = own.cloned().chain([format!("{PREFIX}{IGNORED}")]);
    let settings: Vec<String> =
        keys.map(|key| shell_quote(&format!("{key}=*")).into_owned()).collect();
    let command = kubectl_on("annotate --overwrite", &named(application), &settings.join(" "));
    Pause { images: images.filter(|image| !image.is_empty()).collect(), how: how(name, &command) }
}

/// Image Updater as a rule of an `ImageUpdater` says: a pattern that fits all tags is added to what each of
/// its images ignores.
pub(super) fn by_rule(
    updater: &Value,
    rule: &Value,
    application: &Value,
    name: &str,
) -> Option<Pause> {
    if flag(rule, "/useAnnotations") {
        return Some(by_annotations(application, name));
    }
    let place = items(updater, "/spec/applicationRefs").iter().position(|other| other == rule)?;
    let images = items(rule, "/images");
    let settings = "commonUpdateSettings";
    let operations = images.iter().enumerate().map(|(index, image)| {
        let mut value = image.get(settings).filter(|value| value.is_object()).cloned();
        let value = value.get_or_insert_with(|| json!({}));
        let ignored = texts(value, "/ignoreTags").chain(["*"]).map(str::to_owned);
        let ignored: Vec<String> = ignored.collect();
        if let Some(members) = value.as_object_mut() {
            members.insert("ignoreTags".to_owned(), json!(ignored));
        }
        let path = format!("/spec/applicationRefs/{place}/images/{index}/{settings}");
        json!({"op": "add", "path": path, "value": value})
    });
    let patch = Value::Array(operations.collect());
    let command = patched(&reference(updater), &patch);
    let images: Vec<String> =
        images.iter().map(|image| repository(text(image, "/imageName"))).collect();
    (!images.is_empty()).then(|| Pause { images, how: how(name, &command) })
}

/// A Stage of Kargo that promotes by itself: `policy` is which policy of its project says so.
pub(super) fn of_stage(project: &Value, policy: usize, name: &str) -> Pause {
    let pointer = format!("/spec/promotionPolicies/{policy}/autoPromotionEnabled");
    // Somebody may have changed the order of the policies meanwhile.
    let patch = json!([
        {"op": "test", "path": pointer, "value": true},
        {"op": "replace", "path": pointer, "value": false},
    ]);
    Pause { images: Vec::new(), how: how(name, &patched(&reference(project), &patch)) }
}

fn patched(object: &Target, patch: &Value) -> String {
    let patch = patch.to_string();
    kubectl_on("patch", object, &format!("--type=json -p {}", shell_quote(&patch)))
}

fn how(name: &str, command: &str) -> String {
    format!("to keep {name} from bringing it back: {command}")
}

fn repository(image: &str) -> String {
    ImageRef::parse(image).repository.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::given::application;
    use super::*;

    #[test]
    fn a_pattern_for_all_tags_is_added() {
        let updater = json!({"apiVersion": "argocd-image-updater.argoproj.io/v1alpha1",
        "kind": "ImageUpdater", "metadata": {"name": "all", "namespace": "argocd"},
        "spec": {"applicationRefs": [{"namePattern": "other"}, {"namePattern": "web", "images": [
            {"alias": "web", "imageName": "registry.test/web:1.x"},
            {"alias": "api", "imageName": "registry.test/api",
                "commonUpdateSettings": {"updateStrategy": "digest", "ignoreTags": ["latest"]}},
        ]}]}});
        let rule = &updater["spec"]["applicationRefs"][1];
        let pause = by_rule(&updater, rule, &application(&json!({})), "it").unwrap();
        assert_eq!(pause.images, ["registry.test/web", "registry.test/api"]);
        assert_eq!(
            pause.how,
            "to keep it from bringing it back: kubectl patch \
             imageupdater.argocd-image-updater.argoproj.io/all -n argocd --type=json -p \
             '[{\"op\":\"add\",\"path\":\"/spec/applicationRefs/1/images/0/commonUpdateSettings\",\
             \"value\":{\"ignoreTags\":[\"*\"]}},{\"op\":\"add\",\"path\":\
             \"/spec/applicationRefs/1/images/1/commonUpdateSettings\",\"value\":{\
             \"updateStrategy\":\"digest\",\"ignoreTags\":[\"latest\",\"*\"]}}]'"
        );
    }

    #[test]
    fn what_is_said_for_one_image_is_changed_too() {
        let annotations = json!({
            IMAGES: "web=registry.test/web:1.x, registry.test/api",
            "argocd-image-updater.argoproj.io/web.ignore-tags": "latest",
        });
        let extra = json!({"metadata": {"annotations": annotations}});
        let pause = by_annotations(&application(&extra), "it");
        assert_eq!(pause.images, ["registry.test/web", "registry.test/api"]);
        let end = "kubectl annotate --overwrite application.argoproj.io/web -n argocd \
                   'argocd-image-updater.argoproj.io/web.ignore-tags=*' \
                   'argocd-image-updater.argoproj.io/ignore-tags=*'";
        assert!(pause.how.ends_with(end), "{}", pause.how);
    }
}
