//! One server: its sessions, its log with the lock that commits take, its volumes, and what it follows.

use super::settings::{Settings, Volume as VolumeSettings};
use crate::sim::agenda::Ticket;
use crate::sim::frame::{FrameId, NONE};
use crate::sim::id::ComponentId;
use crate::sim::quantity::{Bytes, Throughput, Time};
use crate::sim::sql::RowOp;
use std::collections::VecDeque;
use std::sync::Arc;

/// What a session is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A read.
    Query,
    /// A change to rows of the table of this number.
    Write(u16, RowOp),
    /// The end of a transaction.
    Commit,
}

/// What a session does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It waits for a thread.
    InLine,
    /// It is worked on.
    Working,
    /// It has changed what it changes, and waits for the lock of the log.
    WaitsForLog,
    /// It has the lock and writes.
    Writes,
    /// It has the lock and waits for space.
    WaitsForSpace,
    /// Between two statements of a transaction.
    Idle,
}

/// A connection that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What `KILL` takes.
    pub id: u32,
    /// Who is at the other end: a component, and its instance.
    pub client: (ComponentId, u32),
    /// What it does.
    pub doing: Doing,
    /// What it is about, or was last.
    pub about: About,
    /// Since when.
    pub since: Time,
    /// Somebody has killed it, and it hasn't looked yet.
    pub is_killed: bool,
    pub(in crate::sim) frame: FrameId,
    pub(in crate::sim) serial: u32,
    /// The handler whose transaction it is.
    pub(in crate::sim) owner: (FrameId, u32),
    pub(in crate::sim) is_transaction: bool,
    /// What its commit will write, by table.
    pub(in crate::sim) bytes: Vec<(u16, u64)>,
    /// How many transactions of the real thing it stands for.
    pub(in crate::sim) weight: u16,
}

/// Who has the lock of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Holder {
    pub session: u32,
    /// What it has still to write.
    pub left: u64,
    /// What it has written of its transaction.
    pub written: u64,
    pub ticket: Ticket,
    /// How often it has looked for space.
    pub tries: u32,
}

/// A file of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its number.
    pub number: u32,
    /// Where it begins in all that was ever logged.
    pub start: u64,
    /// How long it is.
    pub size: u64,
    /// When it was begun; for files from before the level not known.
    pub begun: Option<Time>,
    /// What it holds of each table; empty for files from before the level.
    pub by_table: Vec<u64>,
}

/// A moment to which the log is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Mark {
    pub end: u64,
    pub transactions: u64,
    pub at: Time,
}

/// The binary log of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its files that are still there, the open one last.
    pub files: Vec<File>,
    /// One at the end of each second in which something was written.
    pub(in crate::sim) marks: Vec<Mark>,
    /// Bytes of a last event that broke off: the log ends inside it.
    pub torn: Option<u64>,
    /// Where an event broke off that recovery has cut off: who stands there has to be told where to go on.
    pub(in crate::sim) cut_at: Option<u64>,
}

impl Log {
    /// Where everything complete ends.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.files.last().map_or(0, |file| file.start + file.size)
    }

    /// The number of the file and the place in it of a place in the whole log.
    #[must_use]
    pub fn place(&self, offset: u64) -> (u32, u64) {
        let found = self.files.iter().rev().find(|file| file.start <= offset).or(self.files.first());
        found.map_or((1, 106), |file| (file.number, offset.saturating_sub(file.start) + 106))
    }

    /// How many transactions stand before a place.
    pub(in crate::sim) fn transactions_at(&self, offset: u64) -> u64 {
        let after = self.marks.partition_point(|mark| mark.end <= offset);
        after.checked_sub(1).map_or(0, |at| self.marks[at].transactions)
    }
}

/// Whether a replica fetches its primary's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetching {
    /// It does.
    Yes,
    /// It tries: nobody answers.
    Connecting,
    /// Somebody has stopped it, or never started it.
    No,
    /// It has given up, with an error's number and words.
    Failed(u16, String),
}

/// What a server follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The number of the server that it follows.
    pub of: usize,
    /// Whether it fetches.
    pub io: Fetching,
    /// Whether it applies what it has fetched; else why not.
    pub sql: Result<bool, String>,
    /// Where it has read to in the primary's log.
    pub read: u64,
    /// Where it has applied to.
    pub exec: u64,
    /// When what it applied last was committed at the primary.
    pub(in crate::sim) exec_at: Time,
    /// Bytes that it could have applied and has not, for want of a whole transaction.
    pub(in crate::sim) credit: u64,
    /// Whether it has looked at its place in the primary's log since it was pointed there.
    pub(in crate::sim) is_connected: bool,
    /// Whether somebody has told it where to go on, so that it doesn't stand before an event that broke off.
    pub(in crate::sim) was_placed: bool,
}

/// A file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// What conditions call it.
    pub name: String,
    /// Where it is mounted.
    pub at: String,
    /// The size of the file system.
    pub size: u64,
    /// The size of the logical volume below it.
    pub device_size: u64,
    /// How much is used.
    pub used: u64,
    pub(in crate::sim) writes: Throughput,
}

impl Volume {
    fn of(settings: &VolumeSettings) -> Self {
        let (size, used) = (settings.size.0, settings.used.0);
        let (name, at) = (settings.name.clone(), settings.at.clone());
        Self { name, at, size, device_size: size, used, writes: settings.writes }
    }

    /// What can still be written.
    #[must_use]
    pub const fn free(&self) -> u64 {
        self.size.saturating_sub(self.used)
    }
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: Arc<str>,
    /// Until when it recovers; it takes no connections then.
    pub recovers_until: Option<Time>,
    /// The connections in use.
    pub sessions: Vec<Session>,
    /// Whether it refuses writes.
    pub is_read_only: bool,
    /// How many connections it takes.
    pub max_connections: u32,
    /// The largest event it accepts.
    pub max_allowed_packet: Bytes,
    /// Its log.
    pub log: Log,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// What its volume group has left.
    pub group_free: u64,
    /// What it follows, if anything.
    pub replica: Option<Replica>,
    /// What its error log says.
    pub said: Vec<(Time, String)>,
    /// How many transactions its data holds.
    pub transactions: u64,
    /// How many transactions its data lacks or has twice, for having followed from the wrong place.
    pub diverged: u64,
    pub(in crate::sim) working: u32,
    pub(in crate::sim) line: VecDeque<u32>,
    pub(in crate::sim) holder: Option<Holder>,
    pub(in crate::sim) waits_for_log: VecDeque<u32>,
    pub(in crate::sim) cold_since: Option<Time>,
    pub(in crate::sim) log_volume: usize,
    pub(in crate::sim) next_session: u32,
    /// What has been logged since the last mark.
    pub(in crate::sim) is_unmarked: bool,
}

impl Server {
    /// A server of a database when the warm-up begins. Only the primary has a past in its log.
    pub(in crate::sim) fn new(name: &str, number: usize, settings: &Settings, now: Time) -> Self {
        let has = |volume: &&VolumeSettings| volume.on.as_ref().is_none_or(|on| on == name);
        let volumes: Vec<Volume> = settings.volumes.iter().filter(has).map(Volume::of).collect();
        let log_volume = volumes.iter().position(|volume| volume.name == settings.binlog.volume).unwrap_or(0);
        let is_primary = number == 0;
        let past = if is_primary { volumes.get(log_volume).map_or(0, |volume| volume.used) } else { 0 };
        let size = settings.binlog.size.0.max(1);
        let first = if is_primary { settings.binlog.number } else { 1 };
        let closed = (past / size).min(u64::from(first.saturating_sub(1)));
        let mut files: Vec<File> = (0..closed)
            .map(|n| File { number: first - (closed - n) as u32, start: n * size, size, begun: None, by_table: vec![] })
            .collect();
        let start = closed * size;
        files.push(File { number: first, start, size: 0, begun: Some(now), by_table: vec![0; settings.tables.len()] });
        let marks = vec![Mark { end: start, transactions: 0, at: now }];
        let log = Log { files, marks, torn: None, cut_at: None };
        let replica = (!is_primary).then_some(Replica {
            of: 0,
            io: Fetching::Yes,
            sql: Ok(true),
            read: 0,
            exec: 0,
            exec_at: now,
            credit: 0,
            is_connected: true,
            was_placed: false,
        });
        Self {
            name: name.into(),
            recovers_until: None,
            sessions: vec![],
            is_read_only: !is_primary,
            max_connections: settings.connections,
            max_allowed_packet: settings.max_allowed_packet,
            log,
            volumes,
            group_free: settings.volume_group.free.0,
            replica,
            said: vec![],
            transactions: 0,
            diverged: 0,
            working: 0,
            line: VecDeque::new(),
            holder: None,
            waits_for_log: VecDeque::new(),
            cold_since: None,
            log_volume,
            next_session: 210 + number as u32 * 7,
            is_unmarked: false,
        }
    }

    /// Whether it takes connections.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.recovers_until.is_none()
    }

    /// Whether a commit waits for space, or the lock is held by an event that broke off.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.log.torn.is_some() || self.sessions.iter().any(|session| session.doing == Doing::WaitsForSpace)
    }

    pub(in crate::sim) fn session(&mut self, id: u32) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id == id)
    }

    pub(in crate::sim) fn of_frame(&self, frame: FrameId) -> Option<u32> {
        self.sessions.iter().find(|session| session.frame == frame && frame != NONE).map(|session| session.id)
    }

    pub(in crate::sim) fn remove(&mut self, id: u32) -> Option<Session> {
        let at = self.sessions.iter().position(|session| session.id == id)?;
        self.line.retain(|waiting| *waiting != id);
        self.waits_for_log.retain(|waiting| *waiting != id);
        Some(self.sessions.remove(at))
    }

    pub(in crate::sim) fn say(&mut self, now: Time, text: String) {
        // The latest thousand lines are more than anybody reads.
        if self.said.len() == 1000 {
            self.said.remove(0);
        }
        self.said.push((now, text));
    }
}
