//! Messages, and what components hand each other: parcels.
//!
//! A component never touches a peer: it sends a request (a frame) or a parcel along a link.

use super::frame::FrameId;
use super::id::{ComponentId, Unit};
use super::index::Index;
use super::quantity::{Bytes, Span, Time};
use std::sync::Arc;

/// A message as a queue keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which unit of work it is.
    pub unit: Unit,
    /// When it was published.
    pub published: Time,
    /// Its place in the order of the queue; a requeued message goes back to it.
    pub(in crate::sim) position: u64,
    /// The tags it carries, a bit each.
    pub(in crate::sim) tags: u64,
    /// How often it has been delivered.
    pub deliveries: u32,
    /// Whether it has been delivered before and not acknowledged.
    pub redelivered: bool,
}

/// How a consumer lets go of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// Done with it.
    Ack,
    /// Back to the queue.
    Requeue,
    /// Not wanted: dead-lettered where there is a dead-letter exchange, else dropped.
    Reject,
    /// Hidden for this long from now, then there again (SQS; elsewhere it goes back at once).
    Hide(Span),
}

/// One consumer of one queue: a channel of an instance, as long as its process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) struct Consumer {
    pub component: ComponentId,
    /// Which of the component's subscriptions.
    pub subscription: u8,
    pub instance: u32,
    /// Which life of the instance.
    pub epoch: u32,
}

/// A pod that wants a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct PodAsk {
    pub component: ComponentId,
    pub pod: u32,
    pub name: Arc<str>,
    pub request: Bytes,
}

/// A process that the kernel has killed for its memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Killed {
    pub node: u32,
    pub pod_uid: u64,
    pub container_id: u64,
    pub process: Arc<str>,
    pub pid: u32,
    pub limit: Bytes,
    pub anon_rss: Bytes,
    pub file_rss: Bytes,
    pub total_vm: Bytes,
    pub oom_score_adj: i16,
    /// Fails to charge the cgroup so far.
    pub fail_count: u32,
}

/// What a process wants of the disks of its machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) enum DiskAsk {
    /// Opens its log, and lets go of the one it had open.
    Open(Arc<str>),
    /// Lets go of everything.
    Close,
    /// Adds to the log that it has open.
    Append(Bytes),
    /// Makes a file for a frame that waits for the answer.
    Save { folder: Arc<str>, size: Bytes, frame: FrameId, serial: u32 },
}

/// What components send each other besides requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Parcel {
    /// To a broker: a message for a queue.
    Publish { queue: u16, message: Message },
    /// To a broker: from now on deliver to this consumer.
    Subscribe { queue: u16, consumer: Consumer, prefetch: u32, auto_ack: bool },
    /// To a broker: this consumer would take so many messages, each hidden for so long.
    Poll { queue: u16, consumer: Consumer, count: u32, visibility: Option<Span> },
    /// To a broker: a process has gone, and its connection with it.
    Disconnect { component: ComponentId, instance: u32, epoch: u32 },
    /// To a broker: a delivery is settled.
    Settled { tag: u32, consumer: Consumer, how: Settle },
    /// To a consumer: a message.
    Delivery { consumer: Consumer, tag: u32, message: Message },
    /// To a node pool: a pod wants a node.
    Place(PodAsk),
    /// To a service: its pod has a node (or none has room yet).
    Placed { pod: u32, node: Option<u32> },
    /// To a node pool: a pod has gone.
    Vacate { node: u32, component: ComponentId, pod: u32, request: Bytes },
    /// To machines: a process wants something of their disks.
    Disk { machine: u32, from: ComponentId, instance: u32, ask: DiskAsk },
    /// To a service: a file has been made, or there was no room.
    Saved { frame: FrameId, serial: u32, done: bool },
    /// To a service: the log of an instance can't be written any more, or can again.
    LogFails { instance: u32, fails: bool },
    /// To a node pool: the kernel has killed a process there.
    Kill(Killed),
    /// To a search cluster: which index of a family is its newest.
    AskIndex { family: String, to: ComponentId, request: (FrameId, u32) },
    /// To a search cluster: that index, if there is one.
    GiveIndex { index: Option<Arc<Index>>, request: (FrameId, u32) },
}
