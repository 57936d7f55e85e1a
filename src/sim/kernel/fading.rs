//! Things that are counted for a while and then no more: entries of a table, sockets in TIME-WAIT.

use crate::sim::quantity::{Span, Time};
use std::collections::VecDeque;

/// Numbers of things with the moments at which they end. Those of one length of life end in the order in which they came,
/// so that each length has its line, and nothing is ever sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Fading {
    lines: Vec<(Span, VecDeque<(Time, u32)>)>,
    total: u64,
    /// Nothing ends before.
    soonest: Time,
}

impl Fading {
    /// So many begin to fade now.
    pub fn add(&mut self, now: Time, life: Span, count: u32) {
        let ends = now + life;
        self.soonest = if self.total == 0 { ends } else { self.soonest.min(ends) };
        self.total += u64::from(count);
        let found = self.lines.iter().position(|(length, _)| *length == life);
        let index = found.unwrap_or_else(|| {
            self.lines.push((life, VecDeque::new()));
            self.lines.len() - 1
        });
        let line = &mut self.lines[index].1;
        match line.back_mut() {
            Some((last, held)) if *last == ends => *held += count,
            _ => line.push_back((ends, count)),
        }
    }

    /// Forgets those whose time is over.
    pub fn expire(&mut self, now: Time) {
        if now < self.soonest || self.total == 0 {
            return;
        }
        let mut soonest: Option<Time> = None;
        for (_, line) in &mut self.lines {
            while let Some((ends, count)) = line.front().copied() {
                if ends > now {
                    soonest = Some(soonest.map_or(ends, |soonest| soonest.min(ends)));
                    break;
                }
                self.total -= u64::from(count);
                line.pop_front();
            }
        }
        self.soonest = soonest.unwrap_or(now);
    }

    /// Takes up to so many away: those that would end first.
    pub fn take(&mut self, count: u32) -> u32 {
        let mut left = count;
        for (_, line) in &mut self.lines {
            while let Some((_, held)) = line.front_mut() {
                let taken = left.min(*held);
                *held -= taken;
                left -= taken;
                self.total -= u64::from(taken);
                if *held > 0 {
                    return count - left;
                }
                line.pop_front();
            }
        }
        count - left
    }

    /// How many there are.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The times that are left, with how many have them, oldest first within a length of life.
    pub fn iter(&self) -> impl Iterator<Item = (Time, u32)> {
        self.lines.iter().flat_map(|(_, line)| line.iter().copied())
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.total = 0;
    }
}
