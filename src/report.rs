//! Turning values into text for people and documents for machines. Writes nothing anywhere: it
//! returns text, and `terminal` shows it.

pub mod card;
pub mod checks;
pub mod describe;
mod durable;
pub mod explain;
pub mod failure;
pub mod github;
pub mod gitlab;
pub mod history;
pub mod holds;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod outcome;
pub mod owner_history;
pub mod owner_status;
pub mod owner_undo;
pub mod owners;
pub mod revert;
#[cfg(test)]
mod sample;
pub mod several;
pub mod sh;
pub mod status;
pub mod story;
pub mod style;
pub mod verification;
pub mod yaml;
