//! What files of a GitOps repository mean: the images that they name, the apps they belong to, whether
//! they can still be read.

pub mod apps;
pub mod cautions;
pub mod charts;
pub mod closure;
pub mod declared;
pub mod entries;
pub(in crate::git) mod image_lines;
pub mod images;
pub(in crate::git) mod manifests;
pub mod objects;
pub mod values;
