//! Applications as owners: raw objects in, owners out.

mod acting;
mod finding;
mod noting;
