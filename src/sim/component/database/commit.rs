//! Commits: one at a time through the lock of the log. Where its volume is full, the writer waits with the lock in its
//! hand, looks again every minute, and everybody else who wants to write waits for it.
//!
//! A writer that is killed while it waits for space gives up at its next look, in the middle of an event: the log is
//! torn, and its lock isn't given back before mysqld is started again. Who waits for the lock can be killed without harm,
//! and without use: it finds out when it gets the lock. (`my_write` with `MY_WAIT_IF_FULL` in `mysys`, version 5.1.)

use super::Database;
use super::server::{Doing, File, Holder, Mark};
use crate::sim::core::{Core, Timer};
use crate::sim::frame::{NONE, Status};
use crate::sim::quantity::{Bytes, Span};

/// How long a writer waits before it looks for space again (`MY_WAIT_FOR_USER_TO_FIX_PANIC`).
const LOOKS_AGAIN: Span = Span::from_seconds(60);
/// It says so at first, and at every tenth try (`MY_WAIT_GIVE_USER_A_MESSAGE`).
const SAYS_AGAIN: u32 = 10;
/// What a commit costs besides its bytes: a flush.
const FLUSH: Span = Span::from_micros(800);

impl Database {
    /// A session wants to write its changes to the log.
    pub(super) fn commit(&mut self, server: usize, id: u32, core: &mut Core) {
        let now = core.now;
        let on = &mut self.servers[server];
        if let Some(session) = on.session(id) {
            session.doing = Doing::WaitsForLog;
            session.since = now;
        }
        on.waits_for_log.push_back(id);
        self.next_commit(server, core);
    }

    /// Gives the lock to whoever waits for it first.
    pub(super) fn next_commit(&mut self, server: usize, core: &mut Core) {
        let on = &mut self.servers[server];
        while on.holder.is_none() && on.log.torn.is_none() {
            let Some(id) = on.waits_for_log.pop_front() else { return };
            let Some(session) = on.session(id) else { continue };
            if session.is_killed {
                self.give_up(server, id, core);
                return self.next_commit(server, core);
            }
            session.doing = Doing::Writes;
            let left: u64 = session.bytes.iter().map(|(_, bytes)| bytes).sum();
            let took = on.volumes[on.log_volume].writes.time_for(Bytes(left)) + FLUSH;
            let ticket = core.set_timer(self.id, Timer::Tick, server as u32, core.now + took);
            on.holder = Some(Holder { session: id, left, written: 0, ticket, tries: 0 });
        }
    }

    /// The writer has written what it could, or looks for space again.
    pub(super) fn on_written(&mut self, server: usize, core: &mut Core) {
        let on = &mut self.servers[server];
        let Some(mut holder) = on.holder else { return };
        let waited = on.session(holder.session).is_some_and(|session| session.doing == Doing::WaitsForSpace);
        let killed = on.session(holder.session).is_none_or(|session| session.is_killed);
        if waited && killed {
            return self.tear(server, holder, core);
        }
        let volume = &mut on.volumes[on.log_volume];
        let fits = holder.left.min(volume.free());
        volume.used += fits;
        holder.left -= fits;
        holder.written += fits;
        if holder.left == 0 {
            on.holder = None;
            return self.committed(server, holder, core);
        }
        let wait = if waited && fits > 0 { volume.writes.time_for(Bytes(holder.left)) } else { LOOKS_AGAIN };
        let session = holder.session;
        if let Some(session) = on.session(session) {
            session.doing = Doing::WaitsForSpace;
        }
        if holder.tries % SAYS_AGAIN == 0 {
            self.say_full(server, core);
        }
        holder.tries += 1;
        holder.ticket = core.set_timer(self.id, Timer::Tick, server as u32, core.now + wait);
        self.servers[server].holder = Some(holder);
        core.mark(self.id, 70, u64::from(session), 0);
    }

    fn say_full(&mut self, server: usize, core: &Core) {
        let file = self.open_file(server);
        let now = core.now;
        let on = &mut self.servers[server];
        let full = format!("[ERROR] /usr/sbin/mysqld: Disk is full writing '{file}' (Errcode: 28).");
        let first = format!(
            "{full} Waiting for someone to free space... (Expect up to 60 secs delay for server to continue after freeing disk space)"
        );
        on.say(now, first);
        on.say(now, format!("{full} Retry in 60 secs. Message reprinted in 600 secs"));
    }

    /// The whole path of the file that is written to.
    #[must_use]
    pub fn open_file(&self, server: usize) -> String {
        let on = &self.servers[server];
        let number = on.log.files.last().map_or(1, |file| file.number);
        let at = on.volumes.get(on.log_volume).map_or("", |volume| volume.at.as_str());
        format!("{at}/{}", self.file_name(number))
    }

    fn committed(&mut self, server: usize, holder: Holder, core: &mut Core) {
        let limit = self.settings.binlog.size.0;
        let on = &mut self.servers[server];
        let Some(mut session) = on.remove(holder.session) else { return self.next_commit(server, core) };
        on.transactions += u64::from(session.weight);
        on.is_unmarked = true;
        for (table, bytes) in session.bytes.drain(..) {
            if let Some(file) = on.log.files.last_mut() {
                file.size += bytes;
                file.by_table[usize::from(table)] += bytes;
            }
            core.telemetry.add(self.metrics.log_bytes, bytes as i64);
            core.telemetry.add(self.metrics.by_table[usize::from(table)], bytes as i64);
        }
        if on.log.files.last().is_some_and(|file| file.size >= limit) {
            self.rotate(server, core);
        }
        core.telemetry.add(self.metrics.commits, i64::from(session.weight));
        core.mark(self.id, 71, u64::from(session.id), self.servers[server].log.end());
        self.answer(&session, Status::OK, core);
        self.next_commit(server, core);
    }

    /// Closes the open file of the log and opens the next.
    pub(super) fn rotate(&mut self, server: usize, core: &mut Core) {
        let tables = self.settings.tables.len();
        let is_source = server == self.writes_to;
        let on = &mut self.servers[server];
        let (number, start) = on.log.files.last().map_or((0, 0), |file| (file.number, file.start + file.size));
        if let Some(file) = on.log.files.last().filter(|_| is_source) {
            for (metric, bytes) in self.metrics.file.iter().zip(&file.by_table) {
                core.telemetry.set(*metric, *bytes as i64);
            }
        }
        on.log.files.push(File {
            number: number + 1,
            start,
            size: 0,
            begun: Some(core.now),
            by_table: vec![0; tables],
        });
    }

    /// The writer gives up in the middle of an event.
    fn tear(&mut self, server: usize, holder: Holder, core: &mut Core) {
        let now = core.now;
        let on = &mut self.servers[server];
        on.holder = None;
        on.log.torn = Some(holder.written.max(1));
        let file = self.open_file(server);
        let on = &mut self.servers[server];
        on.say(now, format!("[ERROR] Error writing file '{file}' (errno: 28)"));
        core.mark(self.id, 72, u64::from(holder.session), holder.written);
        if let Some(session) = self.servers[server].remove(holder.session) {
            self.answer(&session, Status::RESET, core);
        }
    }

    /// A session that was killed ends without having changed anything.
    pub(super) fn give_up(&mut self, server: usize, id: u32, core: &mut Core) {
        if let Some(session) = self.servers[server].remove(id) {
            self.answer(&session, Status::RESET, core);
        }
    }

    /// A session between two statements is ended: its client finds out at its next one.
    pub(super) fn break_off(&mut self, server: usize, id: u32) {
        if let Some(session) = self.servers[server].remove(id) {
            self.broken.push(session.owner);
        }
    }

    pub(super) fn answer(&mut self, session: &super::server::Session, status: Status, core: &mut Core) {
        if session.frame == NONE || !core.frames.is(session.frame, session.serial) {
            return;
        }
        let (started, weight) = (core.frames[session.frame].started, session.weight);
        if status.is_ok() {
            let took = core.now.since(started);
            let metric =
                if session.about == super::About::Query { self.metrics.latency } else { self.metrics.write_latency };
            core.telemetry.record(metric, core.now, took, weight);
        } else {
            core.telemetry.add(self.metrics.failed, i64::from(weight));
        }
        core.finish(session.frame, status);
    }

    /// At the end of a second: replicas can follow up to here.
    pub(super) fn mark_logs(&mut self, core: &Core) {
        for on in &mut self.servers {
            if std::mem::take(&mut on.is_unmarked) {
                let mark = Mark { end: on.log.end(), transactions: on.transactions, at: core.now };
                on.log.marks.push(mark);
            }
        }
    }
}
