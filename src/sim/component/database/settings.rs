//! A database as a level describes it. What is left out has the default of `MySQL` 5.1, or what a machine of 2011 had.

use crate::sim::quantity::{Bytes, Span, Throughput};
use serde::Deserialize;

/// A primary and its replicas.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// The server that takes the writes at the beginning.
    pub primary: String,
    /// The servers that follow it; reads go to these. Without any, the primary answers reads as well.
    #[serde(default)]
    pub replicas: Vec<String>,
    /// What the server calls its version.
    #[serde(default = "version")]
    pub version: String,
    /// How many connections a server takes (version 5.1: 151).
    #[serde(default = "connections")]
    pub connections: u32,
    /// How many statements a server works on at one time; the rest wait in line.
    #[serde(default = "threads")]
    pub threads: u32,
    /// What the application's configuration calls the server that it writes to: `deploy SERVICE --set DB_MASTER=SERVER`.
    #[serde(default = "endpoint")]
    pub endpoint: String,
    /// The largest event that a replica accepts.
    #[serde(default = "packet")]
    pub max_allowed_packet: Bytes,
    /// The binary log.
    #[serde(default)]
    pub binlog: Binlog,
    /// How long crash recovery takes when mysqld is started again.
    #[serde(default = "recovery")]
    pub recovery: Span,
    /// How long a server that was promoted takes until its buffer pool holds what writes need; it starts three times as
    /// slow.
    #[serde(default = "warms_in")]
    pub warms_in: Span,
    /// How fast a replica fetches the log and applies it.
    #[serde(default = "applies")]
    pub applies: Throughput,
    /// The tables that statements name.
    #[serde(default)]
    pub tables: Vec<Table>,
    /// The volumes of each server.
    #[serde(default)]
    pub volumes: Vec<Volume>,
    /// What is left in each server's volume group, and what it is called.
    #[serde(default)]
    pub volume_group: VolumeGroup,
}

fn version() -> String {
    "5.1.56-log".into()
}

const fn connections() -> u32 {
    151
}

const fn threads() -> u32 {
    8
}

fn endpoint() -> String {
    "DB_MASTER".into()
}

const fn packet() -> Bytes {
    Bytes(16 << 20)
}

const fn recovery() -> Span {
    Span::from_seconds(240)
}

const fn warms_in() -> Span {
    Span::from_seconds(900)
}

const fn applies() -> Throughput {
    Throughput(220_000_000)
}

/// The log of what was changed, which replicas follow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Binlog {
    /// The volume it lies on, by name.
    pub volume: String,
    /// How its files begin.
    pub files: String,
    /// The number of the file that is open when the warm-up begins.
    pub number: u32,
    /// The size at which a file is closed (`max_binlog_size`); a transaction is never split over two.
    pub size: Bytes,
}

impl Default for Binlog {
    fn default() -> Self {
        Self { volume: "binlog".into(), files: "mysql-bin".into(), number: 1, size: Bytes(1 << 30) }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    #[serde(default)]
    pub rows: u64,
    /// How large a row of it is, as a rule.
    #[serde(default)]
    pub row: Bytes,
}

/// A file system on a volume.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// What conditions call it: `DATABASE.SERVER.binlog.free`.
    pub name: String,
    /// Where it is mounted.
    pub at: String,
    /// Its size.
    pub size: Bytes,
    /// How much of it is used when the warm-up begins.
    #[serde(default)]
    pub used: Bytes,
    /// How fast it is written to.
    #[serde(default = "writes")]
    pub writes: Throughput,
    /// The only server that has it; without one, each has.
    #[serde(default)]
    pub on: Option<String>,
}

const fn writes() -> Throughput {
    Throughput(250_000_000)
}

/// What volumes can grow from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolumeGroup {
    /// Its name.
    pub name: String,
    /// How much of it no volume has.
    pub free: Bytes,
}

impl Default for VolumeGroup {
    fn default() -> Self {
        Self { name: "vg0".into(), free: Bytes(0) }
    }
}

impl Settings {
    /// The servers, the primary first.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.primary.as_str()).chain(self.replicas.iter().map(String::as_str))
    }

    /// What is wrong with it, with the path to it.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut all = vec![];
        let servers: Vec<&str> = self.servers().collect();
        for (at, name) in servers.iter().enumerate() {
            if servers[..at].contains(name) {
                all.push(("replicas".into(), format!("there are two servers called `{name}`")));
            }
        }
        if self.volumes.iter().all(|volume| volume.name != self.binlog.volume) {
            let text = format!("the binary log lies on `{}`, which is none of the volumes", self.binlog.volume);
            all.push(("volumes".into(), text));
        }
        if self.threads == 0 || self.connections == 0 {
            all.push(("threads".into(), "a server needs at least one thread and one connection".into()));
        }
        for (at, volume) in self.volumes.iter().enumerate() {
            if volume.used > volume.size {
                all.push((format!("volumes[{at}].used"), "more is used than there is".into()));
            }
        }
        all
    }
}
