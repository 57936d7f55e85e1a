//! The table of connections: every new flow an entry, entries that live on after their connections, and what happens when
//! there is no room.
//!
//! Entries are counts with the moments at which they end; each new flow is decided by itself. Nothing here knows who
//! speaks with whom.

use super::fading::Fading;
use super::settings;
use crate::sim::quantity::{Span, Time};
use crate::sim::random::{below, join};

/// Which table an entry is in: one that was flushed or unloaded since holds it no more. Zero is none.
pub(in crate::sim) type Mark = u16;

/// What became of the first packet of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Passage {
    /// It passes, and leaves this mark: zero where nothing is tracked.
    Passes(Mark),
    /// It is dropped; nobody is told.
    Dropped,
}

/// How many entries are looked at for one that can go (`NF_CT_EVICTION_RANGE`).
const EVICTION_RANGE: u64 = 8;

/// Names of the timeouts that can be set, with their lengths in seconds, as `sysctl` lists them.
pub const TIMEOUTS: [(&str, i64); 10] = [
    ("close", 10),
    ("close_wait", 60),
    ("established", 432_000),
    ("fin_wait", 120),
    ("last_ack", 30),
    ("max_retrans", 300),
    ("syn_recv", 60),
    ("syn_sent", 120),
    ("time_wait", 120),
    ("unacknowledged", 300),
];

/// What the table has counted since it was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New entries.
    pub inserted: u64,
    /// Packets dropped because there was no room.
    pub dropped: u64,
    /// Entries thrown out before their time to make room.
    pub early_dropped: u64,
    /// Entries that have gone.
    pub deleted: u64,
    /// Packets of open connections that were dropped, because the connection wasn't in the table and there was no room.
    pub lost_of_open: u64,
}

/// The table, for as long as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conntrack {
    /// Buckets of its hash.
    pub buckets: u32,
    /// Entries at most.
    pub max: u32,
    /// In the order of [`TIMEOUTS`].
    timeouts: [Span; TIMEOUTS.len()],
    mark: Mark,
    open: u64,
    adopted: u32,
    closed: Fading,
    unanswered: Fading,
    /// Since it was loaded.
    pub counts: Counts,
}

impl Conntrack {
    pub(super) fn new(settings: &settings::Conntrack, mark: Mark) -> Self {
        let mut timeouts = TIMEOUTS.map(|(_, seconds)| Span::from_seconds(seconds));
        for (index, (name, _)) in TIMEOUTS.iter().enumerate() {
            match *name {
                "established" => timeouts[index] = settings.established,
                "syn_sent" => timeouts[index] = settings.syn_sent,
                "time_wait" => timeouts[index] = settings.time_wait,
                _ => {}
            }
        }
        Self {
            buckets: settings.buckets,
            max: settings.max,
            timeouts,
            mark,
            open: 0,
            adopted: 0,
            closed: Fading::default(),
            unanswered: Fading::default(),
            counts: Counts::default(),
        }
    }

    /// How many entries there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.open + self.adopted as u64 + self.closed.total() + self.unanswered.total()
    }

    /// Entries of open connections, adopted ones among them.
    #[must_use]
    pub const fn established(&self) -> u64 {
        self.open + self.adopted as u64
    }

    /// Entries of connections that have closed, with the moments at which they end.
    pub fn closed(&self) -> impl Iterator<Item = (Time, u32)> {
        self.closed.iter()
    }

    /// Entries of connections that never came about.
    pub fn unanswered(&self) -> impl Iterator<Item = (Time, u32)> {
        self.unanswered.iter()
    }

    pub(super) const fn is_marked(&self, mark: Mark) -> bool {
        mark == self.mark
    }

    /// A timeout by its name.
    #[must_use]
    pub fn timeout(&self, name: &str) -> Option<Span> {
        TIMEOUTS.iter().position(|(known, _)| *known == name).map(|index| self.timeouts[index])
    }

    /// Sets a timeout. Entries that are there keep theirs until their connection's next packet; closed ones have none.
    pub(super) fn set_timeout(&mut self, name: &str, span: Span) {
        if let Some(index) = TIMEOUTS.iter().position(|(known, _)| *known == name) {
            self.timeouts[index] = span;
        }
    }

    /// Lets those go whose time is over.
    pub(super) fn expire(&mut self, now: Time) {
        let before = self.closed.total() + self.unanswered.total();
        self.closed.expire(now);
        self.unanswered.expire(now);
        self.counts.deleted += before - self.closed.total() - self.unanswered.total();
    }

    /// Whether there is room for so many more; where there is none, one that nobody has answered may have to go.
    fn makes_room(&mut self, weight: u32, word: u64) -> bool {
        let count = self.count();
        if count + u64::from(weight) <= u64::from(self.max) {
            return true;
        }
        let unanswered = self.unanswered.total();
        if unanswered == 0 || count == 0 {
            return false;
        }
        let finds = (0..EVICTION_RANGE).any(|n| u64::from(below(join(word, n), count as u32)) < unanswered);
        let evicted = if finds { self.unanswered.take(weight) } else { 0 };
        self.counts.early_dropped += u64::from(evicted);
        self.counts.deleted += u64::from(evicted);
        finds && self.count() + u64::from(weight) <= u64::from(self.max)
    }

    /// The first packet of a flow that stands for so many.
    pub(super) fn begin(&mut self, now: Time, weight: u32, word: u64) -> Passage {
        self.expire(now);
        if !self.makes_room(weight, word) {
            self.counts.dropped += u64::from(weight);
            return Passage::Dropped;
        }
        self.open += u64::from(weight);
        self.counts.inserted += u64::from(weight);
        Passage::Passes(self.mark)
    }

    /// A flow's connection closes, or (`answered: false`) has never come about.
    pub(super) fn end(&mut self, now: Time, mark: Mark, weight: u32, answered: bool) {
        self.expire(now);
        if mark == self.mark {
            self.open = self.open.saturating_sub(u64::from(weight));
        } else if self.count() + u64::from(weight) > u64::from(self.max) {
            // Begun before the table was there; its last packets find no room in it.
            self.counts.dropped += u64::from(weight);
            return;
        } else {
            self.counts.inserted += u64::from(weight);
        }
        if answered {
            self.closed.add(now, self.timeout("time_wait").unwrap_or_default(), weight);
        } else {
            self.unanswered.add(now, self.timeout("syn_sent").unwrap_or_default(), weight);
        }
    }

    /// Packets of connections that are open for days: those that aren't in the table come into it, if there is room.
    pub(super) fn adopt(&mut self, now: Time, open: u32) -> u32 {
        self.expire(now);
        let missing = open.saturating_sub(self.adopted);
        let room = u64::from(self.max).saturating_sub(self.count());
        let adopted = u64::from(missing).min(room) as u32;
        self.adopted += adopted;
        self.counts.inserted += u64::from(adopted);
        let lost = missing - adopted;
        self.counts.dropped += u64::from(lost);
        self.counts.lost_of_open += u64::from(lost);
        lost
    }

    /// Forgets every entry; how many there were.
    pub(super) fn flush(&mut self, now: Time, mark: Mark) -> u64 {
        self.expire(now);
        let count = self.count();
        self.mark = mark;
        self.open = 0;
        self.adopted = 0;
        self.closed.clear();
        self.unanswered.clear();
        self.counts.deleted += count;
        count
    }
}
