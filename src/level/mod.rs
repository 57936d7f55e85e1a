//! From the text of a level file to a checked value, and the language in which it states conditions.
//!
//! Knows nothing of a player's actions nor of terminals. Nothing in a level can run code, read a file or reach a network.

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod condition;
pub mod document;
pub mod problem;

/// A checked level.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// What `sev1 play` calls it.
    pub id: String,
    /// What a player sees; it gives nothing away.
    pub title: String,
}
