//! The answers that one machine of a cache keeps.

use crate::sim::answer::ListId;
use crate::sim::quantity::{Span, Time};
use std::collections::BTreeMap;

/// What tells one answer from another: the address with its parameters, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) struct Key {
    pub route: u8,
    /// The kind of clients, where each has answers of its own.
    pub client: u8,
    pub number: u32,
    /// What stands in the address besides: the tags of the document that it came from.
    pub tags: u64,
}

/// An answer that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copied {
    pub stored: Time,
    pub expires: Time,
    pub tags: u64,
    pub list: ListId,
    /// Somebody is fetching it anew.
    pub is_refreshing: bool,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// Its time is not over.
    Fresh(Copied),
    /// Its time is over, its grace isn't; whether somebody fetches it anew already.
    Stale(Copied),
}

/// All answers that one machine keeps.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Store(BTreeMap<Key, Copied>);

impl Store {
    pub fn find(&self, key: &Key, now: Time, grace: Span) -> Found {
        match self.0.get(key) {
            Some(copy) if now < copy.expires => Found::Fresh(*copy),
            Some(copy) if now < copy.expires + grace => Found::Stale(*copy),
            _ => Found::Nothing,
        }
    }

    pub fn put(&mut self, key: Key, copy: Copied) {
        self.0.insert(key, copy);
    }

    /// Says whether a stale answer is being fetched anew.
    pub fn set_refreshing(&mut self, key: &Key, is_refreshing: bool) {
        if let Some(copy) = self.0.get_mut(key) {
            copy.is_refreshing = is_refreshing;
        }
    }

    /// Forgets what may not be given any more; nobody can tell when that is done.
    pub fn sweep(&mut self, now: Time, grace: Span) {
        self.0.retain(|_, copy| now < copy.expires + grace);
    }

    /// Forgets the answers that `bans`; returns how many.
    pub fn ban(&mut self, bans: impl Fn(&Key, &Copied) -> bool) -> u64 {
        let before = self.0.len();
        self.0.retain(|key, copy| !bans(key, copy));
        (before - self.0.len()) as u64
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether an answer that carries this tag, or whose address does, is kept.
    pub fn holds_tag(&self, bit: u64) -> bool {
        self.0.iter().any(|(key, copy)| (key.tags | copy.tags) & bit != 0)
    }
}
