//! References of images, and the words that name them.
#![no_main]

use kubectl_rb::rollback::model::image::ImageRef;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (reference, word) = text.split_once('\n').unwrap_or((text, text));
    let image = ImageRef::parse(reference);
    let _ = (image.name(), image.version(), image.short());
    let _ = image.is_named(reference, word);
    assert!(reference.is_empty() || image.is_named(reference, reference));
});
