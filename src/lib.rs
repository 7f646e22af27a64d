//! rb (docs follow)
pub mod app;
pub mod backend;
pub mod cli;
pub mod cluster;
pub mod error;
pub mod exit;
pub mod report;
pub mod rollback;
pub mod terminal;
pub mod text;
