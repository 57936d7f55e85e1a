//! Goroutines, their stacks, and a collector that stops the world: what a process in Go costs beside its work.
//!
//! A goroutine that waits for ever keeps its stack for ever. Every so many requests a collection walks all stacks; what
//! lies in swap has to be read back for that, so that a process whose machine is full lives on and is of no use.

use super::Service;
use crate::sim::agenda::Ticket;
use crate::sim::component::hosts;
use crate::sim::core::{Core, Timer};
use crate::sim::frame::FrameId;
use crate::sim::id::Unit;
use crate::sim::log::Severity;
use crate::sim::quantity::{Bytes, Span, Throughput};
use serde::Deserialize;

/// What a process says first when it is told to show its goroutines.
pub(in crate::sim) const QUIT: &str =
    "SIGQUIT: quit\n\ngoroutine 1 [IO wait]:\nnet/http.(*Server).Serve(…)\nmain.main()\n";
/// A dump goes no further than so many goroutines of one place.
const MOST_SHOWN: u64 = 20_000;

/// What a service's processes are written in, where that decides what they cost.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Runtime {
    /// Go, with goroutines and a collector.
    Go(Go),
}

/// A Go runtime (Go 1.2's numbers where nothing is said).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Go {
    /// Its version, as `pprof` and documents say it.
    pub version: String,
    /// What a goroutine takes at least (8 KB in Go 1.2 and 1.3, 2 KB from 1.4).
    pub stack: Bytes,
    /// Goroutines of a process that has not handled a request yet.
    pub idle: u32,
    /// Those that come with the first request and stay: pools of connections.
    pub pools: u32,
    /// How long a collection takes for each goroutine's stack.
    pub scan: Span,
    /// A collection comes after so many requests.
    pub collects_every: u32,
    /// How fast pages come back from swap when a collection walks over them, a page here and a page there.
    pub swap_reads: Throughput,
    /// The port of its profiles (`net/http/pprof`), where it has one.
    pub debug_port: Option<u16>,
    /// A line of its own counters in its log, every so often.
    pub metrics: Option<MetricsLine>,
}

impl Default for Go {
    fn default() -> Self {
        Self {
            version: "1.2".into(),
            stack: Bytes(8 << 10),
            idle: 9,
            pools: 91,
            scan: Span::from_micros(2),
            collects_every: 16,
            swap_reads: Throughput(10_000_000),
            debug_port: None,
            metrics: None,
        }
    }
}

/// A line of counters that a process writes to its own log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsLine {
    /// How often.
    pub every: Span,
    /// The line; `{goroutines}`, `{heap}` and `{allocated}` are the process's own numbers.
    pub text: String,
}

/// What one process's runtime counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Counters {
    /// Goroutines that never end: the number of the text that says where, of the one that says for what, and how many.
    stranded: Vec<(u16, u16, u64)>,
    /// Requests since the last collection.
    since_collection: u32,
    /// Requests since the process was started.
    requests: u64,
    line: Ticket,
}

impl Counters {
    fn total(&self) -> u64 {
        self.stranded.iter().map(|(_, _, count)| count).sum()
    }
}

impl Service {
    /// The Go runtime of its processes, where that is what they are written in.
    #[must_use]
    pub fn go(&self) -> Option<&Go> {
        self.settings.runtime.as_ref().map(|Runtime::Go(go)| go)
    }

    /// How many goroutines a process has; none where there is no process.
    #[must_use]
    pub fn goroutines_of(&self, number: usize) -> u64 {
        let (Some(go), instance) = (self.go(), &self.instances[number]) else { return 0 };
        if !instance.has_process() {
            return 0;
        }
        let counters = &instance.memory.runtime;
        let pools = if counters.requests > 0 { go.pools } else { 0 };
        u64::from(go.idle + pools + instance.in_hand()) + counters.total()
    }

    /// The goroutines of a process that wait for ever: where (the number of a text), for what, how many.
    pub fn stranded_of(&self, number: usize) -> impl Iterator<Item = (u16, u16, u64)> + '_ {
        self.instances[number].memory.runtime.stranded.iter().copied()
    }

    /// What of a process's memory lies in swap: what its machine has no room for.
    #[must_use]
    pub fn swapped_of(&self, number: usize) -> Bytes {
        let Some(machine) = self.machine_memory else { return Bytes(0) };
        let room = machine.memory.0.saturating_sub(hosts::own_memory(machine.memory).0);
        Bytes(self.instances[number].memory.kept().0.saturating_sub(room))
    }

    /// A handler starts goroutines that never end.
    pub(super) fn strand(&mut self, id: FrameId, site: u16, core: &mut Core) {
        let frame = &core.frames[id];
        let (number, weight) = (frame.instance as usize, u64::from(frame.weight));
        let site = &core.program(frame.program).strands[usize::from(site)];
        let (at, waits, count) = (site.at, site.waits, u64::from(site.count) * weight);
        let stack = self.go().map_or(8 << 10, |go| go.stack.0);
        let counters = &mut self.instances[number].memory.runtime;
        match counters.stranded.iter_mut().find(|known| (known.0, known.1) == (at, waits)) {
            Some(known) => known.2 += count,
            None => counters.stranded.push((at, waits, count)),
        }
        if let Some(leaked) = self.metrics.leaked {
            core.telemetry.add(leaked, count as i64);
        }
        self.leak(number, Bytes(stack * count), core);
    }

    /// A process is told to show its goroutines: it writes all their stacks where its dying words go. Returns whether it
    /// knows how.
    pub(super) fn quit(&self, number: usize, core: &mut Core) -> bool {
        let (Some(go), Some(template)) = (self.go(), self.quit) else { return false };
        let severity = if self.settings.stderr.is_some() { Severity::Fatal } else { Severity::Error };
        core.log(self.id, number as u32, 0, severity, template);
        let mut next = u64::from(go.idle) + 1;
        for (at, waits, count) in self.stranded_of(number) {
            let sites = self.programs.iter().flat_map(|program| &core.model.programs[program.0 as usize].strands);
            let Some(trace) =
                sites.into_iter().find(|site| (site.at, site.waits) == (at, waits)).map(|site| site.trace)
            else {
                continue;
            };
            for goroutine in (next..next + count).take(MOST_SHOWN as usize) {
                core.log(self.id, number as u32, goroutine, severity, trace);
            }
            next += count;
        }
        true
    }

    /// How much longer a piece of work takes because a collection comes in between.
    #[inline]
    pub(super) fn collection(&mut self, number: usize, weight: u16) -> Span {
        let Some(Runtime::Go(go)) = &self.settings.runtime else { return Span::ZERO };
        let (every, scan, reads) = (go.collects_every, go.scan, go.swap_reads);
        let counters = &mut self.instances[number].memory.runtime;
        counters.requests += u64::from(weight);
        counters.since_collection += u32::from(weight);
        if counters.since_collection < every {
            return Span::ZERO;
        }
        counters.since_collection = 0;
        let walk = scan * self.goroutines_of(number) as i64;
        walk + reads.time_for(self.swapped_of(number))
    }

    /// A process has started: from now on it writes its line of counters.
    pub(super) fn begin_metrics_line(&mut self, number: usize, core: &mut Core) {
        let Some(line) = self.go().and_then(|go| go.metrics.as_ref()) else { return };
        let at = core.now + line.every;
        self.instances[number].memory.runtime.line = core.set_timer(self.id, Timer::Tick, number as u32, at);
    }

    /// It is time for that line.
    pub(super) fn write_metrics_line(&mut self, number: usize, ticket: Ticket, core: &mut Core) {
        if self.instances[number].memory.runtime.line != ticket || !self.instances[number].has_process() {
            return;
        }
        if let Some(template) = self.metrics_line {
            let goroutines = self.goroutines_of(number).min(u64::from(u32::MAX));
            let stacks = self.go().map_or(0, |go| go.stack.0) * goroutines;
            let heap = (7_377_040 + stacks) / 1024;
            core.log(self.id, number as u32, Unit(heap << 32 | goroutines).0, Severity::Info, template);
        }
        self.begin_metrics_line(number, core);
    }
}
