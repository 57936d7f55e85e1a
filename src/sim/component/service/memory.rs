//! A process's memory: what it holds, what it is filling, and the limit at which the kernel kills it.
//!
//! Memory that is asked for is filled at the speed of page faults, so that an edge (filled, or the limit reached) has a
//! moment of its own: (limit - what is held) / speed. Nothing looks at it in between.

use super::Service;
use super::instance::Exit;
use crate::sim::agenda::Ticket;
use crate::sim::component::hosts;
use crate::sim::core::{Core, Timer};
use crate::sim::frame::FrameId;
use crate::sim::message::{Killed, Parcel};
use crate::sim::quantity::{Bytes, Throughput, Time};
use crate::sim::random::{Purpose, bytes_between};
use std::sync::Arc;

/// A frame that is filling what it has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Growth {
    frame: FrameId,
    wanted: Bytes,
    since: Time,
}

/// Address space comes in pages of 4 KiB.
const PAGE: u64 = 4096;

impl Growth {
    /// The address space that it has taken so far. What grows is copied into an area of twice its size whenever it is
    /// full (lists and string builders of the common runtimes grow like that): the kernel has given all of that, the
    /// process has filled between a half and the whole.
    fn mapped(&self, speed: Throughput, now: Time) -> Bytes {
        let filled = speed.amount_in(now.since(self.since)).0;
        Bytes(filled.saturating_mul(2).min(self.wanted.0))
    }
}

/// What the machines of a service have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) struct MachineMemory {
    pub memory: Bytes,
    pub swap: Bytes,
}

impl MachineMemory {
    /// What one process may fill before the kernel kills it.
    fn most(self) -> Bytes {
        Bytes((self.memory.0 + self.swap.0).saturating_sub(hosts::own_memory(self.memory).0))
    }
}

/// What one process holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct MemoryState {
    /// With nothing to do; zero where there is no process.
    idle: Bytes,
    /// Kept for good.
    leaked: Bytes,
    /// Filled, until its handler ends.
    held: Bytes,
    /// What its runtime counts.
    pub runtime: super::runtime::Counters,
    growths: Vec<Growth>,
    ticket: Ticket,
    /// The limit of the container that it runs in.
    limit: Option<Bytes>,
}

impl MemoryState {
    pub fn idle(&self) -> Bytes {
        self.idle
    }

    /// What it keeps whatever it does.
    pub fn kept(&self) -> Bytes {
        Bytes(self.idle.0 + self.leaked.0 + self.held.0)
    }

    fn settled(&self, in_hand: u32, per_request: Bytes) -> Bytes {
        Bytes(self.idle.0 + self.leaked.0 + self.held.0 + per_request.0 * u64::from(in_hand))
    }

    fn growing(&self, now: Time, speed: Throughput) -> u64 {
        self.growths.iter().map(|growth| speed.amount_in(now.since(growth.since)).0.min(growth.wanted.0)).sum()
    }
}

impl Service {
    /// What an instance's process holds right now; nothing where there is none.
    #[must_use]
    pub fn memory_of(&self, instance: usize, now: Time) -> Bytes {
        let instance = &self.instances[instance];
        if instance.memory.idle.0 == 0 {
            return Bytes(0);
        }
        let settings = &self.settings.memory;
        let settled = instance.memory.settled(instance.in_hand(), settings.per_request);
        Bytes(settled.0 + instance.memory.growing(now, settings.fills_at))
    }

    /// The limit of the container that an instance runs.
    #[must_use]
    pub fn limit_of(&self, instance: usize) -> Option<Bytes> {
        self.instances[instance].memory.limit
    }

    /// Whether a process is stuck filling memory, and since when.
    pub(super) fn stuck_since(&self, instance: usize) -> Option<Time> {
        self.instances[instance].memory.growths.iter().map(|growth| growth.since).min()
    }

    /// A process starts with its idle memory.
    pub(super) fn begin_memory(&mut self, instance: usize, limit: Option<Bytes>, core: &Core) {
        let range = self.settings.memory.idle;
        // Without a limit of its own a process may have what its machine has, swap included.
        let limit = limit.or(self.machine_memory.map(MachineMemory::most));
        let of = &mut self.instances[instance];
        let word = core.draw_life(self.id, Purpose::Idle, of.uid, u64::from(of.epoch));
        let idle = bytes_between(word, range.low, range.high).max_one();
        of.memory = MemoryState { idle, limit, ..MemoryState::default() };
    }

    /// A process has ended: all of it goes back.
    pub(super) fn end_memory(&mut self, instance: usize) {
        self.instances[instance].memory = MemoryState::default();
    }

    /// A frame asks for memory and begins to fill it.
    pub(super) fn allocate(&mut self, instance: usize, frame: FrameId, wanted: Bytes, core: &mut Core) {
        let growth = Growth { frame, wanted, since: core.now };
        self.instances[instance].memory.growths.push(growth);
        self.await_edge(instance, core);
    }

    /// A process keeps memory for good.
    pub(super) fn leak(&mut self, instance: usize, amount: Bytes, core: &mut Core) {
        self.instances[instance].memory.leaked.0 += amount.0;
        if self.is_over_limit(instance, core.now) {
            self.kill_for_memory(instance, core);
        }
    }

    /// A handler has ended: what it held goes back.
    pub(super) fn release(&mut self, instance: usize, kib: u32) {
        let held = &mut self.instances[instance].memory.held;
        held.0 = held.0.saturating_sub(u64::from(kib) * 1024);
    }

    pub(super) fn is_over_limit(&self, instance: usize, now: Time) -> bool {
        let Some(limit) = self.limit_of(instance) else { return false };
        self.memory_of(instance, now) >= limit && self.instances[instance].memory.idle.0 > 0
    }

    /// Sets the timer of the next edge: a growth that is done, or the limit.
    fn await_edge(&mut self, instance: usize, core: &mut Core) {
        let speed = self.settings.memory.fills_at;
        let memory = &self.instances[instance].memory;
        let Some(first) = memory.growths.iter().map(|growth| growth.since + speed.time_for(growth.wanted)).min() else {
            return;
        };
        let now_at = self.memory_of(instance, core.now);
        let filling = Throughput(speed.0.saturating_mul(memory.growths.len() as u64));
        let at_limit = memory
            .limit
            .map_or(Time::NEVER, |limit| core.now + filling.time_for(Bytes(limit.0.saturating_sub(now_at.0))));
        let ticket = core.set_timer(self.id, Timer::Memory, instance as u32, first.min(at_limit).max(core.now));
        self.instances[instance].memory.ticket = ticket;
    }

    /// An edge: what has been filled is handed over, or the kernel steps in.
    pub(super) fn on_memory_edge(&mut self, instance: usize, ticket: Ticket, core: &mut Core) {
        if self.instances[instance].memory.ticket != ticket {
            return;
        }
        if self.is_over_limit(instance, core.now) {
            self.kill_for_memory(instance, core);
            return;
        }
        let speed = self.settings.memory.fills_at;
        let now = core.now;
        let done: Vec<Growth>;
        {
            let memory = &mut self.instances[instance].memory;
            let is_done = |growth: &Growth| growth.since + speed.time_for(growth.wanted) <= now;
            done = memory.growths.iter().copied().filter(is_done).collect();
            memory.growths.retain(|growth| !is_done(growth));
            memory.held.0 += done.iter().map(|growth| growth.wanted.0).sum::<u64>();
        }
        for growth in &done {
            let frame = &mut core.frames[growth.frame];
            frame.holds_kib = frame.holds_kib.saturating_add(growth.wanted.kib() as u32);
        }
        self.await_edge(instance, core);
        for growth in done {
            self.run(growth.frame, core);
        }
        self.serve(instance, core);
    }

    /// The limit is reached: the kernel kills the process (cgroup out of memory), and the node's log says so.
    pub(super) fn kill_for_memory(&mut self, instance: usize, core: &mut Core) {
        let now = core.now;
        let settings = Arc::clone(&self.settings);
        let limit = self.limit_of(instance).unwrap_or_default();
        let oom_score_adj = self.score_adjustment();
        let of = &mut self.instances[instance];
        of.fail_count += 60 + (of.uid % 150) as u32;
        let anon_rss = Bytes(limit.0.saturating_sub(settings.memory.kernel_side.0));
        let mapped: u64 = of.memory.growths.iter().map(|growth| growth.mapped(settings.memory.fills_at, now).0).sum();
        let killed = Killed {
            node: of.node.unwrap_or_default(),
            pod_uid: of.uid,
            container_id: crate::sim::random::join(of.uid, u64::from(of.epoch)),
            process: settings.process.as_str().into(),
            pid: of.pid(),
            limit,
            anon_rss,
            file_rss: settings.memory.mapped_files,
            total_vm: Bytes((of.memory.idle.0 + mapped + settings.memory.reserved.0) & !(PAGE - 1)),
            oom_score_adj,
            fail_count: of.fail_count,
        };
        if self.machine_memory.is_some() && self.pool.is_none() {
            let (pid, process, rss) = (killed.pid, &killed.process, killed.anon_rss.kib());
            let score = 900 + pid % 90;
            let total = killed.total_vm.kib();
            let lines = [
                format!("Out of memory: Kill process {pid} ({process}) score {score} or sacrifice child"),
                format!("Killed process {pid} ({process}) total-vm:{total}kB, anon-rss:{rss}kB, file-rss:0kB"),
            ];
            for line in lines {
                self.say(instance, "kernel", line, core);
            }
        }
        core.telemetry.count(self.metrics.oom_kills);
        core.telemetry.set(self.metrics.killed_rss, anon_rss.0 as i64);
        let started = self.instances[instance].started;
        let life = now.since(self.stuck_since(instance).unwrap_or(started));
        core.telemetry.set(self.metrics.kill_delay, life.micros());
        if let Some(pool) = self.pool {
            core.send(self.id, pool, Parcel::Kill(killed));
        }
        let reason = match self.pid_1() {
            super::settings::Pid1::Process => "OOMKilled",
            super::settings::Pid1::Wrapper => "Error",
        };
        self.die(instance, Exit { code: 137, reason, started, finished: now }, core);
    }

    /// Kubernetes' adjustment for a burstable pod: 1000 - 1000 * request / node memory, within 2..=999.
    fn score_adjustment(&self) -> i16 {
        let node_memory = self.node_memory.0.max(1);
        let share = (self.template().resources.request.0.saturating_mul(1000) / node_memory).min(998);
        (1000 - share as i64).clamp(2, 999) as i16
    }
}

impl Bytes {
    /// At least one byte, so that nothing isn't mistaken for no process.
    const fn max_one(self) -> Self {
        if self.0 == 0 { Self(1) } else { self }
    }
}
