//! The words for databases: the statements that steps make, and what an operator says to a server or a volume.

use super::quantity::{Bytes, Duration};
use serde::Deserialize;

/// Which server a read goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Role {
    /// One of those that follow.
    #[default]
    Replica,
    /// The one that is written to.
    Primary,
}

/// A statement as a handler's step says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Statement {
    Query { from: Role, work: Duration },
    Write { table: String, op: RowOp, row: Bytes, rows: u16, work: Duration, in_transaction: bool },
    Commit,
}

/// What is done to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum RowOp {
    /// New rows: the log holds each as it is afterwards.
    Insert,
    /// Changed rows: the log holds each before and after, with all columns.
    Update,
    /// Removed rows: the log holds each as it was.
    Delete,
}

/// A statement that changes a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sql {
    /// Ends a session.
    Kill(u32),
    /// `SET GLOBAL read_only`.
    ReadOnly(bool),
    /// `SET GLOBAL max_allowed_packet`.
    MaxAllowedPacket(u64),
    /// `SET GLOBAL max_connections`.
    MaxConnections(u32),
    /// Drops the files of the log before this number.
    Purge(u32),
    /// Closes the open file of the log.
    FlushLogs,
    /// Begins the log anew.
    ResetMaster,
    /// Stops following.
    StopSlave,
    /// Follows.
    StartSlave,
    /// Forgets what it follows.
    ResetSlave,
    /// Follows another, from a place in its log; without one, from the beginning of what it has.
    ChangeMaster {
        /// The server.
        host: Option<String>,
        /// The number of a file.
        file: Option<u32>,
        /// The place in it.
        position: Option<u64>,
    },
}

/// What is done to a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grow {
    /// The logical volume becomes this much larger.
    By(Bytes),
    /// The logical volume becomes this large.
    To(Bytes),
    /// The file system takes all of its volume.
    FileSystem,
}
