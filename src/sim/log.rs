//! What processes write down: records, not text. A record becomes a line when somebody reads it.

use super::id::Unit;
use super::quantity::Time;
use serde::Deserialize;
use std::sync::Arc;

/// How loud a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Severity {
    /// For whoever debugs.
    Debug,
    /// What happened.
    Info,
    /// What shouldn't have.
    Warn,
    /// What went wrong.
    Error,
    /// What a process said on its standard error when it died.
    Fatal,
}

impl Severity {
    /// As log lines print it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// One line that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Time,
    /// About which unit of work.
    pub unit: Unit,
    /// By which instance.
    pub instance: u32,
    /// The number of its text in the system's list.
    pub template: u16,
    /// How loud.
    pub severity: Severity,
}

const CHUNK: usize = 4096;
/// Where nobody reads, the oldest are dropped: two million lines are 48 MB.
const MOST_CHUNKS: usize = 512;

/// The lines that the instances of one service have written, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Log {
    closed: std::collections::VecDeque<Arc<[Record]>>,
    open: Vec<Record>,
    dropped: u64,
}

impl Log {
    #[inline]
    pub(in crate::sim) fn push(&mut self, record: Record) {
        self.open.push(record);
        if self.open.len() == CHUNK {
            self.closed.push_back(Arc::from(self.open.as_slice()));
            self.open.clear();
            if self.closed.len() > MOST_CHUNKS {
                self.closed.pop_front();
                self.dropped += CHUNK as u64;
            }
        }
    }

    /// All lines that are kept, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.closed.iter().flat_map(|chunk| chunk.iter()).chain(self.open.iter())
    }

    /// The lines from a moment on, oldest first, without walking what is older.
    pub fn since(&self, from: Time) -> impl Iterator<Item = &Record> {
        let first = self.closed.partition_point(|chunk| chunk[CHUNK - 1].at < from);
        self.closed
            .range(first..)
            .flat_map(|chunk| chunk.iter())
            .chain(self.open.iter())
            .skip_while(move |record| record.at < from)
    }

    /// How many lines have been written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.dropped + (self.closed.len() * CHUNK + self.open.len()) as u64
    }
}

/// What a line of a process's own counters says: the unit of such a record is the heap in KiB above 32 bits, and the
/// number of goroutines.
fn counter(word: &str, unit: Unit) -> Option<u64> {
    let heap = (unit.0 >> 32) << 10;
    match word {
        "goroutines" => Some(unit.0 & 0xffff_ffff),
        "heap" => Some(heap),
        "allocated" => Some(heap * 7 + 3_122_136),
        _ => None,
    }
}

/// What a proxy knows of the connection that a request came by: its number, where it came from, whom it was handed to.
fn of_a_connection(word: &str, unit: Unit) -> Option<String> {
    let number = super::random::join(unit.0, super::random::hash_name(word));
    match word {
        "connection" => Some((number % 9_000_000 + 1_000_000).to_string()),
        "address" => Some(format!("10.2.{}.{}", number % 16, (number >> 16) % 254 + 1)),
        "backend" => Some(format!("10.3.0.{}", number % 30 + 11)),
        _ => None,
    }
}

/// The text of a record: `{id}` is its unit, `{msgid}` the id that a broker gave it, `{connection}`,
/// `{address}` and `{backend}` are what a proxy knows of its connection, any other `{word}` a
/// value that is always the same for the same unit.
#[must_use]
pub fn text(template: &str, unit: Unit) -> String {
    let mut line = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else { break };
        line.push_str(&rest[..open]);
        let word = &rest[open + 1..open + close];
        if word == "id" {
            line.push_str(&unit.label());
        } else if let Some(number) = counter(word, unit) {
            line.push_str(&number.to_string());
        } else if word == "msgid" {
            line.push_str(&unit.uuid());
        } else if let Some(value) = of_a_connection(word, unit) {
            line.push_str(&value);
        } else {
            let number = super::random::join(unit.0, super::random::hash_name(word)) % 9000 + 1000;
            line.push_str(word);
            line.push('-');
            line.push_str(&number.to_string());
        }
        rest = &rest[open + close + 1..];
    }
    line.push_str(rest);
    line
}
