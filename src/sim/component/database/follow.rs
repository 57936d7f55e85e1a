//! Replicas: they fetch their primary's log and apply it, transaction by transaction, once a second.
//!
//! One that comes to an event that breaks off stops with error 1236, whose words name a packet size that has nothing to
//! do with it. One that was pointed at the wrong place follows all the same, and its data differ from then on.

use super::Database;
use super::server::Fetching;
use crate::sim::core::Core;
use crate::sim::quantity::{Span, Time};

const TORN: &str = "Got fatal error 1236 from master when reading data from binary log: 'log event entry exceeded max_allowed_packet; Increase max_allowed_packet on master'";
const PURGED: &str = "Got fatal error 1236 from master when reading data from binary log: 'Could not find first log file name in binary log index file'";

impl Database {
    /// All replicas go on by a second.
    pub(super) fn follow(&mut self, core: &mut Core) {
        for number in 0..self.servers.len() {
            if self.servers[number].is_up() {
                self.fetch(number, core);
                self.apply(number, core.now);
            }
        }
    }

    fn fetch(&mut self, number: usize, core: &mut Core) {
        let Some(replica) = &self.servers[number].replica else { return };
        if matches!(replica.io, Fetching::No | Fetching::Failed(..)) {
            return;
        }
        let (of, read, exec, is_connected) = (replica.of, replica.read, replica.exec, replica.is_connected);
        let was_placed = replica.was_placed;
        let from = &self.servers[of];
        let (end, first) = (from.log.end(), from.log.files.first().map_or(0, |file| file.start));
        let is_up = from.is_up();
        let ends_inside = from.log.torn.is_some() && read >= end;
        let error = if ends_inside || (from.log.cut_at == Some(read) && !was_placed) {
            Some(TORN)
        } else if read < first {
            Some(PURGED)
        } else {
            None
        };
        let expected = from.log.transactions_at(exec);
        let fetched = end.min(read + self.settings.applies.amount_in(Span::from_seconds(1)).0);
        let on = &mut self.servers[number];
        let own = on.transactions;
        let Some(replica) = &mut on.replica else { return };
        if !is_up {
            replica.io = Fetching::Connecting;
            return;
        }
        if let Some(words) = error {
            replica.io = Fetching::Failed(1236, words.to_owned());
            core.mark(self.id, 73, number as u64, read);
            return;
        }
        replica.io = Fetching::Yes;
        replica.read = fetched;
        if !is_connected {
            replica.is_connected = true;
            on.diverged += own.abs_diff(expected);
        }
    }

    fn apply(&mut self, number: usize, now: Time) {
        let Some(replica) = &self.servers[number].replica else { return };
        if replica.sql != Ok(true) {
            return;
        }
        let (of, read, exec) = (replica.of, replica.read, replica.exec);
        let step = self.settings.applies.amount_in(Span::from_seconds(1)).0;
        let credit = replica.credit + step;
        let log = &self.servers[of].log;
        let first = log.marks.partition_point(|mark| mark.end <= exec);
        let limit = read.min(exec + credit);
        let after = log.marks.partition_point(|mark| mark.end <= limit);
        let reached = (after > first).then(|| log.marks[after - 1]);
        let gained = reached.map_or(0, |mark| mark.transactions - log.transactions_at(exec));
        let is_behind = read > exec;
        let on = &mut self.servers[number];
        on.transactions += gained;
        // Whoever will follow this server's own log needs what stands before it.
        let end = on.log.end();
        if let Some(mark) = on.log.marks.last_mut().filter(|mark| mark.end == end) {
            mark.transactions = on.transactions;
        }
        let Some(replica) = &mut on.replica else { return };
        if let Some(mark) = reached {
            replica.credit = credit.saturating_sub(mark.end - exec).min(step);
            replica.exec = mark.end;
            replica.exec_at = mark.at;
        } else {
            replica.credit = if is_behind { credit } else { 0 };
        }
        if replica.exec >= read {
            replica.exec_at = now;
        }
    }

    /// How far behind a replica is; `None` where it can't say (`Seconds_Behind_Master: NULL`).
    #[must_use]
    pub fn lag(&self, number: usize, now: Time) -> Option<Span> {
        let replica = self.servers[number].replica.as_ref()?;
        if replica.io != Fetching::Yes || replica.sql != Ok(true) {
            return None;
        }
        Some(if replica.exec >= replica.read { Span::ZERO } else { now.since(replica.exec_at) })
    }
}
