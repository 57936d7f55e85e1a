//! A machine's kernel as a level describes it. What is left out is what a Linux 3.2 with more than a gigabyte has.

use crate::sim::quantity::Span;
use serde::Deserialize;

/// A kernel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What `uname -r` prints.
    pub version: String,
    /// Connection tracking, for when its module is there.
    pub conntrack: Conntrack,
    /// Connections that are open for days: cluster chatter, log shipping. Tracking adopts them in the middle.
    pub pooled: u32,
    /// What the machine was tuned to: keys and values of `sysctl`.
    pub sysctls: Vec<(String, String)>,
    /// Whether what its kernel counts is offered as metrics, `MACHINE.conntrack.count` and so on.
    pub measured: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: "3.2.0-29-generic".into(),
            conntrack: Conntrack::default(),
            pooled: 0,
            sysctls: Vec::new(),
            measured: false,
        }
    }
}

/// The size of the table and the lives of its entries, as the module has them when it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conntrack {
    /// Buckets of the hash: 16384 where a machine has more than a gigabyte (`nf_conntrack_core.c`).
    pub buckets: u32,
    /// Entries at most: four a bucket.
    pub max: u32,
    /// How long an entry lives on after its connection has closed.
    pub time_wait: Span,
    /// How long an entry of an open connection lives without a packet.
    pub established: Span,
    /// How long an entry lives whose connection never came about.
    pub syn_sent: Span,
}

impl Default for Conntrack {
    fn default() -> Self {
        Self {
            buckets: 16_384,
            max: 65_536,
            time_wait: Span::from_seconds(120),
            established: Span::from_seconds(432_000),
            syn_sent: Span::from_seconds(120),
        }
    }
}
