//! A search cluster: nodes with a pool of threads and a bounded queue each.
//!
//! A query goes to the node with the fewest queries, works there for as long as the asker's step says, and waits first
//! where all threads are taken; where the queue is full, too, it is rejected. A query that has been taken runs on to its
//! end, whoever has gone in the meantime (before version 7.4).
//!
//! Knows nothing of who asks and of why a query is slow.

mod indices;
mod settings;
#[cfg(test)]
mod tests;

pub(in crate::sim) use indices::Source;
pub use indices::{Indices, Kind};
pub use settings::{Family, Pool, Settings, Shown, TagShare};

use super::Behavior;
use crate::sim::core::Core;
use crate::sim::data::{DATA, Task as DataTask};
use crate::sim::frame::{FrameId, HEALTH, Status};
use crate::sim::id::{ComponentId, Unit};
use crate::sim::index::Index;
use crate::sim::message::Parcel;
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Span, Time};
use crate::sim::telemetry::{HistogramId, Measure, MetricId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A query that a thread works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number on its node.
    pub number: u64,
    /// For which unit of work.
    pub unit: Unit,
    /// When a thread took it.
    pub started: Time,
    frame: FrameId,
}

/// A query that took long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowQuery {
    /// When it ended.
    pub at: Time,
    /// On which node.
    pub node: u32,
    /// How long a thread worked on it.
    pub took: Span,
    /// For which unit of work.
    pub unit: Unit,
    /// In which index.
    pub index: Arc<str>,
}

/// One node's search pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// What its threads work on.
    pub tasks: Vec<Task>,
    waiting: VecDeque<FrameId>,
    /// How many queries it has rejected since it was started.
    pub rejected: u64,
    /// How many it has completed.
    pub completed: u64,
    next_task: u64,
}

impl Node {
    /// How many queries wait for a thread.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.waiting.len()
    }
}

/// How many lines of the slow log are kept.
const MOST_SLOW: usize = 2_000;

/// A search cluster at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchCluster {
    id: ComponentId,
    /// As the level describes it.
    pub settings: Settings,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// The slow log, oldest first.
    pub slow: VecDeque<SlowQuery>,
    /// Where the next query goes of several nodes that have equally few.
    turn: u32,
    /// What it holds.
    pub indices: Indices,
    /// Indices on their way in, by the request that waits for them.
    copying: BTreeMap<FrameId, Arc<Index>>,
    metrics: Metrics,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Metrics {
    requests: MetricId,
    completed: MetricId,
    rejected: MetricId,
    active: MetricId,
    queued: MetricId,
    latency: HistogramId,
    not_found: MetricId,
    /// Of each family: how many indices, when the newest was made, when the one that readers get.
    families: Vec<[MetricId; 3]>,
}

impl SearchCluster {
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, sources: Vec<Source>, core: &mut Core) -> Self {
        let name = &settings.name;
        let telemetry = &mut core.telemetry;
        let metrics = Metrics {
            requests: telemetry.counter(id, format!("{name}.requests"), "queries that have arrived"),
            completed: telemetry.counter(id, format!("{name}.completed"), "queries answered"),
            rejected: telemetry.counter(id, format!("{name}.rejected"), "queries rejected with 429: the queue is full"),
            active: telemetry.gauge(id, format!("{name}.active"), "search threads at work", Measure::Count),
            queued: telemetry.gauge(id, format!("{name}.queue"), "queries that wait for a thread", Measure::Count),
            latency: telemetry.latency(id, format!("{name}.latency"), "from a query's arrival to its answer"),
            not_found: telemetry.counter(id, format!("{name}.not_found"), "queries for an index that isn't there"),
            families: sources
                .iter()
                .map(|source| {
                    let name = format!("{name}.{}", source.name());
                    let mut time =
                        |what: &str, about| telemetry.gauge(id, format!("{name}.{what}"), about, Measure::Time);
                    let newest = time("newest", "when the newest index of the family was made");
                    let served = time("served", "when the index was made that readers get");
                    let count = format!("{name}.indices");
                    [telemetry.gauge(id, count, "indices of the family", Measure::Count), newest, served]
                })
                .collect(),
        };
        let mut indices = Indices::new(sources, settings.keeps, settings.alias.clone());
        if let Some(made) = settings.has {
            let families: Vec<String> = indices.known_before().map(str::to_owned).collect();
            let stamp = core.stamp(made);
            for family in &families {
                if let Some(index) = indices.make(family, &stamp, made, &[]) {
                    indices.take(Arc::new(index));
                }
            }
            indices.point();
        }
        Self {
            id,
            settings: settings.clone(),
            nodes: vec![Node::default(); settings.nodes as usize],
            slow: VecDeque::new(),
            turn: 0,
            indices,
            copying: BTreeMap::new(),
            metrics,
        }
    }

    /// The name of a node.
    #[must_use]
    pub fn node_name(&self, node: usize) -> String {
        self.settings.names.replace("{n}", &(node + 1).to_string())
    }

    /// The node with the fewest queries; of several, they take turns.
    fn least_busy(&mut self) -> usize {
        let count = self.nodes.len();
        let first = self.turn as usize % count;
        self.turn = (first as u32 + 1) % count as u32;
        let load = |node: usize| self.nodes[node].tasks.len() + self.nodes[node].waiting.len();
        let in_turn = (0..count).map(|step| (first + step) % count);
        in_turn.min_by_key(|node| load(*node)).unwrap_or(0)
    }

    fn begin(&mut self, node: usize, query: FrameId, core: &mut Core) {
        core.frames[query].instance = node as u32;
        let on = &mut self.nodes[node];
        on.next_task += 1;
        let task = Task { number: on.next_task, unit: Unit(core.frames[query].unit), started: core.now, frame: query };
        on.tasks.push(task);
        let work = core.search_of(query).work;
        let span = core.draw_work(query, work);
        core.wake_after(query, span);
    }

    /// A thread is free: the next query that waits gets it.
    fn next(&mut self, node: usize, core: &mut Core) {
        if let Some(query) = self.nodes[node].waiting.pop_front() {
            self.begin(node, query, core);
        }
    }

    /// Takes a query off its thread.
    fn take_off(&mut self, node: usize, query: FrameId) -> Option<Task> {
        let tasks = &mut self.nodes[node].tasks;
        let place = tasks.iter().position(|task| task.frame == query)?;
        Some(tasks.swap_remove(place))
    }

    fn note_if_slow(&mut self, node: usize, task: Task, query: FrameId, core: &Core) {
        let took = core.now.since(task.started);
        if self.settings.slow_log.is_none_or(|threshold| took < threshold) {
            return;
        }
        if self.slow.len() == MOST_SLOW {
            self.slow.pop_front();
        }
        let index = core.search_of(query).index.as_str().into();
        self.slow.push_back(SlowQuery { at: core.now, node: node as u32, took, unit: task.unit, index });
    }

    /// Ends running queries before their time: one, or all of them. What waits takes their threads.
    fn cancel(&mut self, one: Option<(u32, u64)>, core: &mut Core) -> u64 {
        let mut count = 0;
        for node in 0..self.nodes.len() {
            let is_meant = |task: &Task| one.is_none_or(|(on, number)| on as usize == node && number == task.number);
            let meant: Vec<Task> = self.nodes[node].tasks.iter().copied().filter(is_meant).collect();
            for task in meant {
                self.take_off(node, task.frame);
                core.finish(task.frame, Status(500));
                self.next(node, core);
                count += 1;
            }
        }
        count
    }
}

/// A time before every level, for what has never been made.
const LONG_AGO: i64 = -1_000_000_000_000_000;

impl SearchCluster {
    /// What a search that has done its work finds.
    fn find(&self, query: FrameId, core: &mut Core) {
        let site = core.search_of(query);
        let Some(index) = self.indices.find(&site.index).filter(|_| site.docs > 0) else { return };
        let documents = self.indices.search(index, core.frames[query].key, site.docs, core.seed().0);
        let list = core.lists.number(&documents);
        let frame = &mut core.frames[query];
        frame.list = list;
        frame.tags |= documents.iter().fold(0, |tags, document| tags | document.tags);
    }

    /// Somebody wants an index made, copied or put behind its alias.
    fn move_data(&mut self, request: FrameId, core: &mut Core) {
        match core.task_of(request).clone() {
            DataTask::Make { takes, .. } => {
                let span = core.draw_work(request, takes);
                core.wake_after(request, span);
            }
            DataTask::Copy { family, from, .. } => {
                let serial = core.frames[request].serial;
                core.send(self.id, from, Parcel::AskIndex { family, to: self.id, request: (request, serial) });
            }
            DataTask::Point => {
                self.indices.point();
                core.mark(self.id, 67, 0, 0);
                core.finish(request, Status::OK);
            }
        }
    }

    /// The other cluster has said which index it has.
    fn receive(&mut self, index: Option<Arc<Index>>, (request, serial): (FrameId, u32), core: &mut Core) {
        if !core.frames.is(request, serial) {
            return;
        }
        let missing = index.filter(|index| !self.indices.has(&index.name));
        let (Some(index), DataTask::Copy { takes, .. }) = (missing, core.task_of(request).clone()) else {
            core.finish(request, Status::OK);
            return;
        };
        self.copying.insert(request, index);
        let span = core.draw_work(request, takes);
        core.wake_after(request, span);
    }

    /// The time that it takes to make or to copy an index is over.
    fn moved_data(&mut self, request: FrameId, core: &mut Core) {
        let made = match core.task_of(request).clone() {
            DataTask::Make { family, adds, .. } => {
                let stamp = core.stamp(core.frames[request].started);
                self.indices.make(&family, &stamp, core.now, &adds).map(Arc::new)
            }
            DataTask::Copy { .. } | DataTask::Point => self.copying.remove(&request),
        };
        let is_new = made.as_ref().is_some_and(|index| !self.indices.has(&index.name));
        if let Some(index) = made.filter(|_| is_new) {
            core.mark(self.id, 68, crate::sim::random::hash_name(&index.name), 0);
            self.indices.take(index);
        }
        // An index of that name is there already: the cluster refuses to make another.
        core.finish(request, if is_new { Status::OK } else { Status(400) });
    }
}

impl Behavior for SearchCluster {
    fn on_request(&mut self, request: FrameId, core: &mut Core) {
        match core.frames[request].path {
            DATA => return self.move_data(request, core),
            HEALTH => return core.finish(request, Status::OK),
            _ => {}
        }
        if self.indices.are_known() && self.indices.find(&core.search_of(request).index).is_none() {
            core.telemetry.add(self.metrics.not_found, i64::from(core.frames[request].weight));
            core.finish(request, Status(404));
            return;
        }
        let weight = i64::from(core.frames[request].weight);
        core.telemetry.add(self.metrics.requests, weight);
        let node = self.least_busy();
        let on = &mut self.nodes[node];
        if on.tasks.len() < self.settings.search.threads as usize {
            self.begin(node, request, core);
        } else if on.waiting.len() < self.settings.search.queue as usize {
            on.waiting.push_back(request);
        } else {
            on.rejected += 1;
            core.telemetry.add(self.metrics.rejected, weight);
            core.finish(request, Status::REJECTED);
        }
    }

    fn on_wake(&mut self, frame: FrameId, core: &mut Core) {
        if core.frames[frame].path == DATA {
            return self.moved_data(frame, core);
        }
        self.find(frame, core);
        let node = core.frames[frame].instance as usize;
        let Some(task) = self.take_off(node, frame) else { return };
        self.nodes[node].completed += 1;
        self.note_if_slow(node, task, frame, core);
        let (took, weight) = (core.now.since(core.frames[frame].started), core.frames[frame].weight);
        core.telemetry.add(self.metrics.completed, i64::from(weight));
        core.telemetry.record(self.metrics.latency, core.now, took, weight);
        core.finish(frame, Status::OK);
        self.next(node, core);
    }

    fn sample(&mut self, _second: i64, core: &mut Core) {
        let active: usize = self.nodes.iter().map(|node| node.tasks.len()).sum();
        let queued: usize = self.nodes.iter().map(Node::queued).sum();
        core.telemetry.set(self.metrics.active, active as i64);
        core.telemetry.set(self.metrics.queued, queued as i64);
        for (family, [count, newest, served]) in self.indices.families().zip(&self.metrics.families) {
            let of = self.indices.all().filter(|index| *index.family == *family).count();
            let time = |index: Option<&Index>| index.map_or(LONG_AGO, |index| index.made.micros());
            let alias = self.indices.alias_of(family);
            core.telemetry.set(*count, of as i64);
            core.telemetry.set(*newest, time(self.indices.newest(family)));
            core.telemetry.set(*served, time(alias.and_then(|alias| self.indices.find(&alias))));
        }
    }

    fn on_parcel(&mut self, parcel: Parcel, core: &mut Core) {
        match parcel {
            Parcel::AskIndex { family, to, request } => {
                let index = self.indices.newest_shared(&family);
                core.send(self.id, to, Parcel::GiveIndex { index, request });
            }
            Parcel::GiveIndex { index, request } => self.receive(index, request, core),
            _ => {}
        }
    }

    fn holds_tag(&self, bit: u64) -> bool {
        self.indices.holds_tag(bit)
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        match operation {
            Operation::DeleteIndex { index } => {
                core.mark(self.id, 65, crate::sim::random::hash_name(index), 0);
                return self.indices.delete(index);
            }
            Operation::MoveAliases { moves } => {
                core.mark(self.id, 66, moves.len() as u64, 0);
                return self.indices.move_aliases(moves);
            }
            _ => {}
        }
        let Operation::CancelTasks { task } = operation else {
            return Err(Refusal::new(format!("that can't be done to a search cluster: {operation:?}")));
        };
        core.mark(self.id, 64, task.map_or(0, |(_, number)| number), 0);
        Ok(Applied::Count(self.cancel(*task, core)))
    }
}
