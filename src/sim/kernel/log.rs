//! What a kernel says: a ring of lines, and the limit on how often it says the same.

use crate::sim::quantity::{Span, Time};
use std::collections::VecDeque;

/// Lines of the ring that `dmesg` reads: 256 KiB at some sixty-five bytes.
const RING: usize = 4_000;
/// `net_ratelimit`: at most so many lines in an interval (net/core/utils.c).
const BURST: u32 = 10;
/// The interval.
const INTERVAL: Span = Span::from_seconds(5);

/// A line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A module introduces itself.
    Module(&'static str),
    /// Connection tracking is there, with so many buckets and entries at most.
    Tracking {
        /// Buckets.
        buckets: u32,
        /// Entries at most.
        max: u32,
    },
    /// A packet was dropped for want of an entry.
    TableFull,
    /// So many lines were not printed.
    Suppressed(u32),
}

impl Said {
    /// As it is printed.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Module(text) => text.to_owned(),
            Self::Tracking { buckets, max } => {
                format!("nf_conntrack version 0.5.0 ({buckets} buckets, {max} max)")
            }
            Self::TableFull => "nf_conntrack: table full, dropping packet.".to_owned(),
            Self::Suppressed(count) => format!("net_ratelimit: {count} callbacks suppressed"),
        }
    }
}

/// What has been said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    lines: VecDeque<(Time, Said)>,
    interval_began: Option<Time>,
    printed: u32,
    missed: u32,
}

impl Log {
    /// What the ring holds, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = (Time, Said)> {
        self.lines.iter().copied()
    }

    pub(super) fn say(&mut self, now: Time, said: Said) {
        // No two lines have the same stamp; the console is as slow as a console.
        let after = self.lines.back().map_or(now, |(last, _)| *last + Span::from_micros(16));
        if self.lines.len() == RING {
            self.lines.pop_front();
        }
        self.lines.push_back((now.max(after), said));
    }

    /// So many packets were dropped at this moment.
    pub(super) fn table_full(&mut self, now: Time, packets: u32) {
        if self.interval_began.is_none_or(|began| now.since(began) > INTERVAL) {
            if self.missed > 0 {
                self.say(now, Said::Suppressed(self.missed));
            }
            self.interval_began = Some(now);
            self.printed = 0;
            self.missed = 0;
        }
        let printed = packets.min(BURST - self.printed);
        for _ in 0..printed {
            self.say(now, Said::TableFull);
        }
        self.printed += printed;
        self.missed += packets - printed;
    }

    pub(super) fn clear(&mut self) {
        self.lines.clear();
    }
}
