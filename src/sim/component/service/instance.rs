//! One instance: a pod or a machine, and the process in it.

use super::memory::MemoryState;
use crate::sim::agenda::Ticket;
use crate::sim::frame::{FrameId, NONE};
use crate::sim::log::Severity;
use crate::sim::message::Message;
use crate::sim::quantity::Time;
use std::collections::VecDeque;
use std::sync::Arc;

/// Where an instance stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Has no node yet.
    Pending,
    /// Has a node; its container is being made.
    Creating,
    /// Its process runs and isn't ready yet.
    Starting,
    /// Ready, and at work.
    Running,
    /// Its process has died and waits out its back-off.
    BackingOff,
    /// Told to end.
    Terminating,
    /// Its process is down, and nobody starts it again by himself.
    Stopped,
    /// Gone.
    Gone,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The container's exit code.
    pub code: u8,
    /// Kubernetes' word for it: `Error`, `OOMKilled`, `Completed`.
    pub reason: &'static str,
    /// When its process had started.
    pub started: Time,
    /// When it ended.
    pub finished: Time,
}

/// A delivery in hand that no worker has taken up yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Held {
    pub subscription: u8,
    pub tag: u32,
    pub message: Message,
}

/// A pod or a machine with its process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The pod's or the machine's name.
    pub name: Arc<str>,
    /// A number that Kubernetes prints as the pod's UID.
    pub uid: u64,
    /// The revision of the deployment's template that it was made from.
    pub revision: u32,
    /// The version that was deployed to it, as an index into the service's versions.
    pub version: u16,
    /// What lies at each path of the service's code.
    pub(in crate::sim) code: Vec<super::code::Lies>,
    /// What its process has loaded.
    pub(in crate::sim) loaded: super::code::Loaded,
    /// Where it stands.
    pub stage: Stage,
    /// The node it runs on, as an index into the pool.
    pub node: Option<u32>,
    /// When it was made.
    pub created: Time,
    /// When it last became ready; meaningful while it runs.
    pub ready_at: Time,
    /// When its process started.
    pub started: Time,
    /// How often its container has been started again.
    pub restarts: u32,
    /// When it was last started again.
    pub restarted_at: Option<Time>,
    /// How its process last ended.
    pub last_exit: Option<Exit>,
    /// When the wait before the next start ends.
    pub back_off_until: Time,
    /// Crashes in a row that count for the next wait.
    pub(in crate::sim) failures: u32,
    /// Which life of the process this is.
    pub(in crate::sim) epoch: u32,
    pub(in crate::sim) life: Ticket,
    pub(in crate::sim) probe: Ticket,
    pub(in crate::sim) probe_failures: u32,
    /// Workers that are taken.
    pub(in crate::sim) busy: u16,
    /// Requests that wait for a worker.
    pub(in crate::sim) line: Line,
    /// Deliveries that wait for a worker.
    pub(in crate::sim) held: VecDeque<Held>,
    pub(in crate::sim) memory: MemoryState,
    /// Fails to charge the cgroup, as the kernel counts them.
    pub(in crate::sim) fail_count: u32,
    /// What an operator wants of a process on its way down.
    pub(in crate::sim) wish: super::machine::Wish,
    /// When its supervisor started it lately.
    pub(in crate::sim) starts: VecDeque<Time>,
    /// Requests that it has come to the end of, and those of them without a good answer.
    pub(in crate::sim) ended: [i64; 2],
    /// How many may do what is limited, by the place of the key in the service's settings.
    pub(in crate::sim) limits: Vec<Option<super::bulkhead::Bulkhead>>,
    /// The quietest lines that are written.
    pub(in crate::sim) log_level: Severity,
    /// Whether its log can't be written for want of room.
    pub(in crate::sim) log_fails: bool,
    /// When it last complained about that.
    pub(in crate::sim) complained: Option<Time>,
    /// What its process ids begin with.
    pub(in crate::sim) first_pid: u32,
}

/// Frames in line, first come, first served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Line {
    pub first: FrameId,
    pub last: FrameId,
    pub length: u32,
}

impl Line {
    pub const EMPTY: Self = Self { first: NONE, last: NONE, length: 0 };
}

impl Instance {
    pub(in crate::sim) fn new(name: Arc<str>, uid: u64, revision: u32, version: u16, created: Time) -> Self {
        Self {
            name,
            uid,
            revision,
            version,
            code: Vec::new(),
            loaded: super::code::Loaded::Version(version),
            stage: Stage::Pending,
            node: None,
            created,
            ready_at: created,
            started: created,
            restarts: 0,
            restarted_at: None,
            last_exit: None,
            back_off_until: created,
            failures: 0,
            epoch: 0,
            life: 0,
            probe: 0,
            probe_failures: 0,
            busy: 0,
            line: Line::EMPTY,
            held: VecDeque::new(),
            memory: MemoryState::default(),
            fail_count: 0,
            wish: super::machine::Wish::Nothing,
            starts: VecDeque::new(),
            ended: [0; 2],
            limits: vec![],
            log_level: Severity::Debug,
            log_fails: false,
            complained: None,
            first_pid: 3_170_000 + (uid % 9_000) as u32,
        }
    }

    /// Whether it is there at all.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.stage != Stage::Gone
    }

    /// Whether it is ready and at work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.stage == Stage::Running
    }

    /// Whether its process runs.
    #[must_use]
    pub fn has_process(&self) -> bool {
        matches!(self.stage, Stage::Starting | Stage::Running)
            || (self.stage == Stage::Terminating && self.memory.idle().0 > 0)
    }

    /// The id of its process on the node, while it has one.
    #[must_use]
    pub fn pid(&self) -> u32 {
        // Ids rise with time on a node and differ from pod to pod.
        let number = self.first_pid + self.epoch * 37 + (self.started.second().max(0) as u32) * 9;
        // On a machine of its own they begin again after 32768 (`/proc/sys/kernel/pid_max`).
        if self.first_pid < 32_768 { 300 + (number - 300) % 32_468 } else { number }
    }

    /// How many messages or requests it has in hand.
    #[must_use]
    pub fn in_hand(&self) -> u32 {
        u32::from(self.busy) + self.line.length + self.held.len() as u32
    }
}
