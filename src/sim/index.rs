//! An index of a search store, as it is kept, and as it travels from one store to another.

use super::quantity::Time;
use std::sync::Arc;

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name: the family's, and when it was begun.
    pub name: Arc<str>,
    /// The family's name.
    pub family: Arc<str>,
    /// When it was complete in the store where it was made.
    pub made: Time,
    /// How many documents.
    pub documents: u32,
    /// The tags of each class of documents.
    pub(in crate::sim) tags: Vec<u64>,
}

impl Index {
    /// Whether any of its documents carries a tag (a bit).
    pub(in crate::sim) fn holds(&self, bit: u64) -> bool {
        self.tags.iter().any(|tags| tags & bit != 0)
    }
}
