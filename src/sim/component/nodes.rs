//! The machines that pods run on: where a pod fits by its request, a pool that grows when pods are pending, and each
//! machine's kernel log.

use super::Behavior;
use crate::sim::agenda::Ticket;
use crate::sim::core::{Core, Timer};
use crate::sim::id::ComponentId;
use crate::sim::message::{Killed, Parcel, PodAsk};
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Bytes, Duration, Span, Time};
use crate::sim::random::Purpose;
use crate::sim::telemetry::{Measure, MetricId};
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::Arc;

/// Machines as a level describes them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// How its machines are called; `{n}` is their number from 1.
    #[serde(default = "names")]
    pub names: String,
    /// How many there are at the beginning.
    #[serde(default = "three")]
    pub count: u32,
    /// How many there may be; the autoscaler adds one when a pod finds no room.
    #[serde(default)]
    pub grows_to: Option<u32>,
    /// From the decision to add a machine until pods run on it.
    #[serde(default = "joins_in")]
    pub joins_in: Duration,
    /// What each has for pods.
    #[serde(default = "memory")]
    pub memory: Bytes,
    /// Processors of each.
    #[serde(default = "processors")]
    pub processors: u32,
    /// How long they have been up when the level begins.
    #[serde(default = "up")]
    pub up: Span,
}

fn names() -> String {
    "node-{n}".into()
}

const fn three() -> u32 {
    3
}

const fn joins_in() -> Duration {
    Duration::Uniform(Span::from_seconds(120), Span::from_seconds(180))
}

const fn memory() -> Bytes {
    Bytes(16 << 30)
}

const fn processors() -> u32 {
    4
}

const fn up() -> Span {
    Span::from_seconds(99 * 86_400)
}

/// The name of the `index`-th machine of a pool.
#[must_use]
pub fn name_of(pattern: &str, index: u32) -> String {
    pattern.replace("{n}", &(index + 1).to_string())
}

/// How often the cluster autoscaler looks for pods that wait (its `--scan-interval`).
const SCAN: Span = Span::from_seconds(10);
/// How many lines a kernel's ring holds, at some hundred bytes each of its 256 KiB.
const RING: usize = 2048;

/// One entry of a kernel's log: a process killed at its container's limit, with all that the kernel prints about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelKill {
    /// When.
    pub at: Time,
    /// The process's name.
    pub process: Arc<str>,
    /// Its id.
    pub pid: u32,
    /// A number that stands for the pod's UID in the cgroup's path.
    pub pod_uid: u64,
    /// A number that stands for the container's id.
    pub container_id: u64,
    /// The cgroup's limit.
    pub limit: Bytes,
    /// Anonymous pages that it held.
    pub anon_rss: Bytes,
    /// Pages of mapped files.
    pub file_rss: Bytes,
    /// Its address space.
    pub total_vm: Bytes,
    /// The kubelet's adjustment of its score.
    pub oom_score_adj: i16,
    /// How often its cgroup has been denied memory.
    pub fail_count: u32,
}

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: Arc<str>,
    /// When it was booted.
    pub booted: Time,
    /// When pods can run on it.
    pub joins: Time,
    /// Memory that its pods have asked for.
    pub requested: Bytes,
    /// Its pods, as (component, number).
    pub pods: Vec<(ComponentId, u32)>,
    /// Whether it is out of scheduling.
    pub cordoned: bool,
    /// The kernel's ring, oldest first.
    pub kills: VecDeque<KernelKill>,
    /// How many entries the ring has lost.
    pub kills_lost: u64,
}

/// A pool of machines at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nodes {
    id: ComponentId,
    /// As the level describes it.
    pub settings: Settings,
    /// The machines, in the order in which they joined.
    pub nodes: Vec<Node>,
    pending: VecDeque<PodAsk>,
    scan: Ticket,
    ready: MetricId,
    waiting: MetricId,
}

impl Nodes {
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, core: &mut Core) -> Self {
        let name = &settings.name;
        let ready = core.telemetry.gauge(id, format!("{name}.ready"), "machines that pods can run on", Measure::Count);
        let waiting =
            core.telemetry.gauge(id, format!("{name}.pending_pods"), "pods that find no room", Measure::Count);
        let mut pool = Self {
            id,
            settings: settings.clone(),
            nodes: Vec::new(),
            pending: VecDeque::new(),
            scan: 0,
            ready,
            waiting,
        };
        for _ in 0..settings.count {
            pool.add(Time::ZERO - settings.up, core.now);
        }
        pool
    }

    fn add(&mut self, booted: Time, joins: Time) {
        let index = self.nodes.len() as u32;
        // Machines of one pool weren't booted in the same second.
        let booted = booted - Span::from_seconds(i64::from(index) * 7919);
        self.nodes.push(Node {
            name: name_of(&self.settings.names, index).into(),
            booted,
            joins,
            requested: Bytes(0),
            pods: Vec::new(),
            cordoned: false,
            kills: VecDeque::new(),
            kills_lost: 0,
        });
    }

    /// The machine of this name, with its index.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<(usize, &Node)> {
        self.nodes.iter().enumerate().find(|(_, node)| &*node.name == name)
    }

    /// How many pods find no room.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The node with the least asked of it among those that have room, as the scheduler's `LeastAllocated` prefers.
    fn room_for(&self, request: Bytes, now: Time) -> Option<u32> {
        let fits =
            |node: &Node| node.joins <= now && !node.cordoned && node.requested.0 + request.0 <= self.settings.memory.0;
        let free = self.nodes.iter().enumerate().filter(|(_, node)| fits(node));
        free.min_by_key(|(index, node)| (node.requested, *index)).map(|(index, _)| index as u32)
    }

    fn place(&mut self, ask: &PodAsk, core: &mut Core) -> bool {
        let Some(node) = self.room_for(ask.request, core.now) else { return false };
        let on = &mut self.nodes[node as usize];
        on.requested.0 += ask.request.0;
        on.pods.push((ask.component, ask.pod));
        core.send(self.id, ask.component, Parcel::Placed { pod: ask.pod, node: Some(node) });
        true
    }

    fn place_pending(&mut self, core: &mut Core) {
        let waiting = std::mem::take(&mut self.pending);
        for ask in waiting {
            if !self.place(&ask, core) {
                self.pending.push_back(ask);
            }
        }
    }

    fn grow(&mut self, core: &mut Core) {
        let most = self.settings.grows_to.unwrap_or(self.settings.count) as usize;
        let coming = self.nodes.iter().filter(|node| node.joins > core.now).count() as u64;
        let asked: u64 = self.pending.iter().map(|ask| ask.request.0).sum();
        let needed = asked.div_ceil(self.settings.memory.0.max(1)).saturating_sub(coming);
        for _ in 0..needed {
            if self.nodes.len() >= most {
                return;
            }
            let index = self.nodes.len() as u32;
            let wait = self.settings.joins_in.draw(core.draw_life(self.id, Purpose::Node, u64::from(index), 0));
            self.add(core.now, core.now + wait);
            core.set_timer(self.id, Timer::Node, index, core.now + wait);
        }
    }

    fn vacate(&mut self, node: u32, component: ComponentId, pod: u32, request: Bytes, core: &mut Core) {
        let Some(on) = self.nodes.get_mut(node as usize) else { return };
        let before = on.pods.len();
        on.pods.retain(|held| *held != (component, pod));
        if on.pods.len() < before {
            on.requested.0 = on.requested.0.saturating_sub(request.0);
            self.place_pending(core);
        }
    }

    fn note_kill(&mut self, killed: Killed, core: &Core) {
        let Some(node) = self.nodes.get_mut(killed.node as usize) else { return };
        if node.kills.len() == RING {
            node.kills.pop_front();
            node.kills_lost += 1;
        }
        node.kills.push_back(KernelKill {
            at: core.now,
            process: killed.process,
            pid: killed.pid,
            pod_uid: killed.pod_uid,
            container_id: killed.container_id,
            limit: killed.limit,
            anon_rss: killed.anon_rss,
            file_rss: killed.file_rss,
            total_vm: killed.total_vm,
            oom_score_adj: killed.oom_score_adj,
            fail_count: killed.fail_count,
        });
    }
}

impl Behavior for Nodes {
    fn on_parcel(&mut self, parcel: Parcel, core: &mut Core) {
        match parcel {
            Parcel::Place(ask) => {
                if self.place(&ask, core) {
                    return;
                }
                core.send(self.id, ask.component, Parcel::Placed { pod: ask.pod, node: None });
                self.pending.push_back(ask);
                if self.scan == 0 {
                    self.scan = core.set_timer(self.id, Timer::Tick, 0, core.now + SCAN);
                }
            }
            Parcel::Vacate { node, component, pod, request } => self.vacate(node, component, pod, request, core),
            Parcel::Kill(killed) => self.note_kill(killed, core),
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, _index: u32, _ticket: Ticket, core: &mut Core) {
        self.place_pending(core);
        if timer == Timer::Tick {
            self.scan = 0;
            if !self.pending.is_empty() {
                self.grow(core);
                self.scan = core.set_timer(self.id, Timer::Tick, 0, core.now + SCAN);
            }
        }
    }

    fn sample(&mut self, _second: i64, core: &mut Core) {
        let ready = self.nodes.iter().filter(|node| node.joins <= core.now).count();
        core.telemetry.set(self.ready, ready as i64);
        core.telemetry.set(self.waiting, self.pending.len() as i64);
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        let Operation::Cordon { node, cordoned } = operation else {
            return Err(Refusal::new(format!("that can't be done to a node: {operation:?}")));
        };
        let Some(index) = self.named(node).map(|(index, _)| index) else {
            return Err(Refusal::new(format!("Error from server (NotFound): nodes \"{node}\" not found")));
        };
        let before = std::mem::replace(&mut self.nodes[index].cordoned, *cordoned);
        self.place_pending(core);
        Ok(if before == *cordoned { Applied::Unchanged } else { Applied::Done })
    }
}
