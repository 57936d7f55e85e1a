//! A cache: machines that keep answers and give them again without asking, each its own copies.
//!
//! An answer is kept with the tags and the documents that it brought, and gives them back whoever asks; so what was wrong
//! when it was fetched stays wrong until its time is over. Errors are never kept. What several ask for at one time is
//! fetched once: the others wait for that answer. A restart empties a machine, and makes all that is fetched afterwards
//! expire together. It knows no component behind it but by what it answers.

mod backend;
pub mod settings;
mod store;

pub use backend::{Backend, Health};
pub use settings::{Flavour, Probe, Route, Settings};

use super::Behavior;
use crate::sim::agenda::Ticket;
use crate::sim::answer::ListId;
use crate::sim::core::{Core, Timer};
use crate::sim::frame::{Frame, FrameId, HEALTH, NONE, Status};
use crate::sim::id::{ComponentId, ProgramId, Unit};
use crate::sim::operation::{Admin, Applied, Operation, Refusal, Verb};
use crate::sim::pattern::fits;
use crate::sim::quantity::{Span, Time};
use crate::sim::random::{Purpose, join};
use crate::sim::telemetry::{FamilyId, HistogramId, Measure, MetricId};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Copied, Found, Key, Store};

/// What a cache needs to know of its surroundings when it is built.
pub(in crate::sim) struct Surroundings {
    /// The program that asks a backend, route by route.
    pub programs: Vec<ProgramId>,
    /// The backends of each route, as indices into `backends`.
    pub routes: Vec<Vec<u16>>,
    pub backends: Vec<Backend>,
}

/// How often answers whose time is over are thrown away.
const SWEEP: i64 = 600;

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: Arc<str>,
    /// When its process started.
    pub started: Time,
    /// Whether it takes requests.
    pub is_up: bool,
    /// What it knows of its backends.
    pub backends: Vec<Health>,
    /// Requests it has taken since it started.
    pub requests: u64,
    /// Requests it had an answer for since it started.
    pub hits: u64,
    /// Requests it had none for since it started.
    pub misses: u64,
    /// Requests that it passed on because nothing of their kind is kept, since it started.
    pub passes: u64,
    /// Fetches from backends without an answer since it started.
    pub failures: u64,
    /// The bans since it started: when, and what.
    pub bans: Vec<(Time, String)>,
    store: Store,
    /// Whose turn it is, route by route.
    turns: Vec<u32>,
    life: Ticket,
}

impl Machine {
    /// How many answers it keeps.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.store.len()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Metrics {
    requests: MetricId,
    hits: MetricId,
    misses: MetricId,
    ok: MetricId,
    failed: MetricId,
    statuses: [(u16, MetricId); 4],
    fetches: MetricId,
    fetch_failed: MetricId,
    objects: MetricId,
    latency: HistogramId,
    healthy: FamilyId,
    /// Requests, hits, failures and fetches, route by route.
    routes: Vec<[MetricId; 4]>,
}

/// An answer that is being fetched, and those who wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Busy {
    fetcher: FrameId,
    waiting: Vec<FrameId>,
}

/// A cache at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    id: ComponentId,
    /// As the level describes it.
    pub settings: Arc<Settings>,
    /// Its machines.
    pub machines: Vec<Machine>,
    /// Those who are asked.
    pub backends: Vec<Backend>,
    programs: Vec<ProgramId>,
    routes: Vec<Vec<u16>>,
    /// What requests under way will be kept as.
    fetching: BTreeMap<FrameId, Key>,
    /// What is being fetched for the first time, machine by machine.
    busy: BTreeMap<(u32, Key), Busy>,
    metrics: Metrics,
}

impl Cache {
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, around: Surroundings, core: &mut Core) -> Self {
        let machine = |index: usize| Machine {
            name: settings.host(index).into(),
            started: core.now,
            is_up: true,
            backends: vec![Health::new(settings.probe.as_ref()); around.backends.len()],
            requests: 0,
            hits: 0,
            misses: 0,
            passes: 0,
            failures: 0,
            bans: Vec::new(),
            store: Store::default(),
            turns: vec![0; settings.routes.len()],
            life: 0,
        };
        let machines = (0..settings.instances.max(1) as usize).map(machine).collect();
        Self {
            id,
            settings: Arc::new(settings.clone()),
            machines,
            backends: around.backends,
            programs: around.programs,
            routes: around.routes,
            fetching: BTreeMap::new(),
            busy: BTreeMap::new(),
            metrics: define_metrics(id, settings, core),
        }
    }

    /// The components that are asked where it has no answer: (route, component).
    pub fn targets(&self) -> impl Iterator<Item = (&str, ComponentId)> {
        self.settings.routes.iter().zip(&self.routes).filter_map(|(route, backends)| {
            let first = *backends.first()?;
            Some((route.path.as_str(), self.backends[usize::from(first)].component))
        })
    }

    /// A request gets its answer.
    fn end(&mut self, id: FrameId, status: Status, core: &mut Core) {
        let frame = &core.frames[id];
        let took = core.now.since(frame.started);
        let (weight, weighs) = (i64::from(frame.weight), frame.weight);
        let route = usize::from(frame.path).min(self.metrics.routes.len().saturating_sub(1));
        if status.is_ok() {
            core.telemetry.add(self.metrics.ok, weight);
            core.telemetry.record(self.metrics.latency, core.now, took, weighs);
        } else {
            core.telemetry.add(self.metrics.failed, weight);
            if let Some(routes) = self.metrics.routes.get(route) {
                core.telemetry.add(routes[2], weight);
            }
            if let Some((_, metric)) = self.metrics.statuses.iter().find(|(of, _)| *of == status.0) {
                core.telemetry.add(*metric, weight);
            }
        }
        core.finish(id, status);
    }

    /// A machine that takes requests: the one that is meant, or any.
    fn choose(&self, id: FrameId, core: &mut Core) -> Option<usize> {
        let meant = core.frames[id].instance;
        if meant != NONE {
            return self.machines.get(meant as usize).filter(|machine| machine.is_up).map(|_| meant as usize);
        }
        let up = self.machines.iter().filter(|machine| machine.is_up).count();
        let place = match up {
            0 => return None,
            1 => 0,
            many => core.draw_route(self.id, id, many as u32) as usize,
        };
        let mut ready = self.machines.iter().enumerate().filter(|(_, machine)| machine.is_up);
        ready.nth(place).map(|(index, _)| index)
    }

    /// The answer is not there, or may not be given without asking: somebody behind is asked.
    fn fetch(&mut self, id: FrameId, core: &mut Core) {
        let (machine, route) = (core.frames[id].instance as usize, usize::from(core.frames[id].path));
        let Some(backend) = self.next_backend(machine, route) else {
            self.machines[machine].failures += 1;
            core.telemetry.add(self.metrics.fetch_failed, i64::from(core.frames[id].weight));
            if let Some(key) = self.fetching.remove(&id) {
                self.no_longer_busy(id, machine as u32, key);
            }
            self.end(id, Status::OVERLOADED, core);
            return;
        };
        let weight = i64::from(core.frames[id].weight);
        core.telemetry.add(self.metrics.fetches, weight);
        core.telemetry.add(self.metrics.routes[route][3], weight);
        let instance = self.backends[usize::from(backend)].instance;
        let frame = &mut core.frames[id];
        frame.program = self.programs[route];
        frame.pc = 1;
        core.call_instance(id, 0, instance);
    }

    /// The healthy backend whose turn it is.
    fn next_backend(&mut self, machine: usize, route: usize) -> Option<u16> {
        let backends = &self.routes[route];
        let machine = &mut self.machines[machine];
        let count = backends.len() as u32;
        for _ in 0..count {
            let turn = machine.turns[route] % count.max(1);
            machine.turns[route] = turn + 1;
            let backend = backends[turn as usize];
            if machine.backends[usize::from(backend)].is_healthy() {
                return Some(backend);
            }
        }
        None
    }

    /// Fetches a stale answer anew while it is still given: a request of the machine's own.
    fn refresh(&mut self, of: FrameId, key: Key, core: &mut Core) {
        let frame = &core.frames[of];
        let copy = Frame { parent: NONE, caller_gone: true, started: core.now, tags: key.tags, ..*frame };
        let id = core.begin(Frame { timeout: 0, waits_for: 0, ..copy });
        self.machines[core.frames[id].instance as usize].store.set_refreshing(&key, true);
        self.fetching.insert(id, key);
        self.fetch(id, core);
    }

    /// A backend has answered a request.
    fn fetched(&mut self, id: FrameId, status: Status, core: &mut Core) {
        let number = core.frames[id].instance as usize;
        let ttl = self.settings.routes[usize::from(core.frames[id].path)].ttl;
        let mut waiting = vec![];
        if let Some(key) = self.fetching.remove(&id) {
            waiting = self.no_longer_busy(id, number as u32, key);
            let machine = &mut self.machines[number];
            if status.is_ok() {
                let (tags, list) = (core.frames[id].tags, core.frames[id].list);
                let expires = core.now + ttl;
                machine.store.put(key, Copied { stored: core.now, expires, tags, list, is_refreshing: false });
            } else {
                machine.store.set_refreshing(&key, false);
            }
        }
        let (tags, list) = (core.frames[id].tags, core.frames[id].list);
        for one in waiting {
            self.look_again(one, status.is_ok().then_some((tags, list)), core);
        }
        // What isn't an answer at all becomes one of the cache's own.
        let status = if status.0 < 100 {
            self.machines[number].failures += 1;
            core.telemetry.add(self.metrics.fetch_failed, i64::from(core.frames[id].weight));
            Status::OVERLOADED
        } else {
            status
        };
        if core.frames[id].caller_gone && core.frames[id].parent == NONE {
            core.finish(id, status);
        } else {
            self.end(id, status, core);
        }
    }

    /// A fetch has ended; returns who waits for it.
    fn no_longer_busy(&mut self, fetcher: FrameId, machine: u32, key: Key) -> Vec<FrameId> {
        let of = (machine, key);
        if self.busy.get(&of).is_none_or(|busy| busy.fetcher != fetcher) {
            return vec![];
        }
        self.busy.remove(&of).map(|busy| busy.waiting).unwrap_or_default()
    }

    /// One who has waited gets what somebody else has fetched; where that was no answer to keep, each asks for itself.
    fn look_again(&mut self, id: FrameId, found: Option<(u64, ListId)>, core: &mut Core) {
        let frame = &mut core.frames[id];
        let (number, route, weight) = (frame.instance as usize, usize::from(frame.path), i64::from(frame.weight));
        let key = self.key_of(core.frames[id]);
        if let Some((tags, list)) = found {
            self.machines[number].hits += 1;
            core.telemetry.add(self.metrics.hits, weight);
            core.telemetry.add(self.metrics.routes[route][1], weight);
            let frame = &mut core.frames[id];
            frame.tags |= tags;
            frame.list = list;
            self.end(id, Status::OK, core);
        } else {
            self.machines[number].misses += 1;
            core.telemetry.add(self.metrics.misses, weight);
            self.fetching.insert(id, key);
            self.fetch(id, core);
        }
    }

    /// What a request asks for.
    fn key_of(&self, frame: Frame) -> Key {
        let by_client = self.settings.routes[usize::from(frame.path)].by_client;
        let client = if by_client { Unit(frame.unit).component().0 } else { 0 };
        Key { route: frame.path, client, number: frame.key, tags: frame.tags }
    }

    /// Asks a backend whether it is there.
    fn probe(&mut self, index: u32, core: &mut Core) {
        let Some(probe) = &self.settings.probe else { return };
        core.set_timer(self.id, Timer::Probe, index, core.now + probe.every);
        let count = self.backends.len();
        let (number, backend) = (index as usize / count, index as usize % count);
        if !self.machines[number].is_up {
            return;
        }
        let of = &self.backends[backend];
        let (program, instance) = (of.probe, of.instance);
        let unit = Unit::new(self.id, u8::MAX, u64::from(index));
        let id = core.begin(Frame {
            unit: unit.0,
            component: self.id,
            instance: number as u32,
            program,
            pc: 1,
            path: HEALTH,
            // Which backend it asks; a probe has no loops.
            loops: [backend as u16, 0],
            started: core.now,
            ..Frame::EMPTY
        });
        core.call_instance(id, 0, instance);
    }

    fn probed(&mut self, id: FrameId, status: Status, core: &mut Core) {
        let frame = &core.frames[id];
        let (number, backend) = (frame.instance as usize, usize::from(frame.loops[0]));
        self.machines[number].backends[backend].learn(status.is_ok());
        core.finish(id, status);
    }

    /// Its supervisor is told to do something.
    fn obey(&mut self, number: usize, verb: Verb, core: &mut Core) {
        let is_up = self.machines[number].is_up;
        match verb {
            Verb::Reload => {}
            Verb::Start if is_up => {}
            Verb::Stop => self.stop(number, core),
            Verb::Start | Verb::Restart => {
                self.stop(number, core);
                self.start_again(number, core);
            }
        }
    }

    /// The process of a machine ends, and all that it has kept.
    fn stop(&mut self, number: usize, core: &mut Core) {
        let id = self.id;
        let of = |frame: &Frame| frame.component == id && frame.instance == number as u32;
        let lost: Vec<FrameId> = core.frames.iter().filter(|(_, frame)| of(frame)).map(|(frame, _)| frame).collect();
        for frame in lost {
            self.fetching.remove(&frame);
            core.finish(frame, Status::RESET);
        }
        self.busy.retain(|(machine, _), _| *machine != number as u32);
        let machine = &mut self.machines[number];
        machine.is_up = false;
        machine.store.clear();
        machine.bans.clear();
        (machine.requests, machine.hits, machine.misses) = (0, 0, 0);
        (machine.passes, machine.failures) = (0, 0);
        machine.started = core.now;
        if self.settings.probe.is_some() {
            machine.backends.iter_mut().for_each(Health::anew);
        }
        machine.life = 0;
        core.mark(id, 50, number as u64, 0);
    }

    fn start_again(&mut self, number: usize, core: &mut Core) {
        let id = self.id;
        let word = core.draw_life(id, Purpose::Start, number as u64, core.now.micros() as u64);
        let wait = self.settings.starts_in.draw(word);
        self.machines[number].life = core.set_timer(id, Timer::Life, number as u32, core.now + wait);
    }

    /// The machines that an operator means: one by its name, or all.
    fn meant(&self, host: Option<&str>) -> Result<Vec<usize>, Refusal> {
        let all = 0..self.machines.len();
        match host {
            None => Ok(all.collect()),
            Some(host) => {
                let found = self.machines.iter().position(|machine| *machine.name == *host);
                found.map(|index| vec![index]).ok_or_else(|| Refusal::new(format!("{host}: no such machine")))
            }
        }
    }

    fn ban(&mut self, host: Option<&str>, pattern: &str, core: &mut Core) -> Result<Applied, Refusal> {
        let regex = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build();
        let regex = regex.map_err(|_| Refusal::new(format!("Regexp compile error: {pattern}")))?;
        let settings = Arc::clone(&self.settings);
        let mut count = 0;
        for index in self.meant(host)? {
            let machine = &mut self.machines[index];
            machine.bans.insert(0, (core.now, pattern.to_string()));
            count += machine.store.ban(|key, _| {
                let path = settings.routes.get(usize::from(key.route)).map_or("", |route| &route.path);
                regex.is_match(&format!("/{path}/{}", key.number))
            });
            core.mark(self.id, 51, index as u64, count);
        }
        Ok(Applied::Count(count))
    }

    fn set_health(&mut self, host: Option<&str>, backend: &str, admin: Admin) -> Result<Applied, Refusal> {
        let found: Vec<usize> =
            (0..self.backends.len()).filter(|index| fits(backend, &self.backends[*index].name)).collect();
        if found.is_empty() {
            return Err(Refusal::new(format!("No Backends matches {backend}")));
        }
        for machine in self.meant(host)? {
            for backend in &found {
                self.machines[machine].backends[*backend].admin = admin;
            }
        }
        Ok(Applied::Count(found.len() as u64))
    }
}

fn define_metrics(id: ComponentId, settings: &Settings, core: &mut Core) -> Metrics {
    let name = &settings.name;
    let telemetry = &mut core.telemetry;
    let status = |telemetry: &mut crate::sim::telemetry::Telemetry, status: u16| {
        (status, telemetry.counter(id, format!("{name}.status_{status}"), "answers with this status"))
    };
    Metrics {
        requests: telemetry.counter(id, format!("{name}.requests"), "requests taken"),
        hits: telemetry.counter(id, format!("{name}.hits"), "requests it had an answer for"),
        misses: telemetry.counter(id, format!("{name}.misses"), "requests it had to ask for"),
        ok: telemetry.counter(id, format!("{name}.ok"), "good answers given"),
        failed: telemetry.counter(id, format!("{name}.failed"), "requests without a good answer"),
        statuses: [500, 502, 503, 504].map(|of| status(telemetry, of)),
        fetches: telemetry.counter(id, format!("{name}.fetches"), "requests to backends"),
        fetch_failed: telemetry.counter(id, format!("{name}.fetch_failed"), "requests to backends without an answer"),
        objects: telemetry.gauge(id, format!("{name}.objects"), "answers kept", Measure::Count),
        latency: telemetry.latency(id, format!("{name}.latency"), "from a request to its good answer"),
        healthy: telemetry.family(
            id,
            format!("{name}.backends.healthy"),
            "how many machines think that the backend is healthy",
            Measure::Count,
        ),
        routes: settings
            .routes
            .iter()
            .map(|route| {
                let path = &route.path;
                [
                    telemetry.counter(id, format!("{name}.{path}.requests"), "requests of this path"),
                    telemetry.counter(id, format!("{name}.{path}.hits"), "requests of this path it had an answer for"),
                    telemetry.counter(
                        id,
                        format!("{name}.{path}.failed"),
                        "requests of this path without a good answer",
                    ),
                    telemetry.counter(id, format!("{name}.{path}.fetches"), "requests of this path to backends"),
                ]
            })
            .collect(),
    }
}

impl Behavior for Cache {
    fn start(&mut self, core: &mut Core) {
        let Some(probe) = &self.settings.probe else { return };
        let count = (self.machines.len() * self.backends.len()) as u32;
        for index in 0..count {
            let word = join(core.model.components[self.id.index()].hash, u64::from(index));
            let spread = Span::from_micros((word % probe.every.micros().max(1).unsigned_abs()) as i64);
            core.set_timer(self.id, Timer::Probe, index, core.now + spread);
        }
    }

    fn on_request(&mut self, id: FrameId, core: &mut Core) {
        let path = core.frames[id].path;
        let Some(number) = self.choose(id, core) else {
            core.telemetry.add(self.metrics.failed, if path == HEALTH { 0 } else { i64::from(core.frames[id].weight) });
            core.finish(id, Status::REFUSED);
            return;
        };
        if path == HEALTH {
            core.finish(id, Status::OK);
            return;
        }
        let weight = i64::from(core.frames[id].weight);
        core.telemetry.add(self.metrics.requests, weight);
        let frame = &mut core.frames[id];
        frame.instance = number as u32;
        frame.started = core.now;
        let Some(route) = self.settings.routes.get(usize::from(path)) else {
            self.end(id, Status(404), core);
            return;
        };
        let key = self.key_of(core.frames[id]);
        let [requests, hits, ..] = self.metrics.routes[usize::from(path)];
        core.telemetry.add(requests, weight);
        let machine = &mut self.machines[number];
        machine.requests += 1;
        if route.ttl == Span::ZERO {
            machine.passes += 1;
            self.fetch(id, core);
            return;
        }
        match machine.store.find(&key, core.now, self.settings.grace) {
            Found::Fresh(copy) | Found::Stale(copy) => {
                machine.hits += 1;
                core.telemetry.add(self.metrics.hits, weight);
                core.telemetry.add(hits, weight);
                if core.now >= copy.expires && !copy.is_refreshing {
                    self.refresh(id, key, core);
                }
                let frame = &mut core.frames[id];
                frame.tags |= copy.tags;
                frame.list = copy.list;
                self.end(id, Status::OK, core);
            }
            Found::Nothing => {
                let of = (number as u32, key);
                if let Some(busy) = self.busy.get_mut(&of) {
                    busy.waiting.push(id);
                    return;
                }
                self.busy.insert(of, Busy { fetcher: id, waiting: vec![] });
                let machine = &mut self.machines[number];
                machine.misses += 1;
                core.telemetry.add(self.metrics.misses, weight);
                self.fetching.insert(id, key);
                self.fetch(id, core);
            }
        }
    }

    fn on_answer(&mut self, frame: FrameId, status: Status, core: &mut Core) {
        if core.frames[frame].path == HEALTH {
            self.probed(frame, status, core);
        } else {
            self.fetched(frame, status, core);
        }
    }

    fn on_timer(&mut self, timer: Timer, index: u32, ticket: Ticket, core: &mut Core) {
        match timer {
            Timer::Probe => self.probe(index, core),
            Timer::Life if self.machines[index as usize].life == ticket => self.machines[index as usize].is_up = true,
            _ => {}
        }
    }

    fn sample(&mut self, second: i64, core: &mut Core) {
        let grace = self.settings.grace;
        let mut objects = 0;
        for machine in &mut self.machines {
            if second % SWEEP == 0 {
                machine.store.sweep(core.now, grace);
            }
            objects += machine.store.len() as i64;
        }
        core.telemetry.set(self.metrics.objects, objects);
        for (index, backend) in self.backends.iter().enumerate() {
            let healthy = self.machines.iter().filter(|machine| machine.backends[index].is_healthy()).count() as i64;
            core.telemetry.tell(self.metrics.healthy, index, &backend.name, second, Some(healthy));
        }
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        match operation {
            Operation::Ban { host, pattern } => self.ban(host.as_deref(), pattern, core),
            Operation::SetHealth { host, backend, admin } => self.set_health(host.as_deref(), backend, *admin),
            Operation::Unit { instance, verb } => {
                for index in self.meant(Some(instance))? {
                    self.obey(index, *verb, core);
                }
                Ok(Applied::Done)
            }
            other => Err(Refusal::new(format!("a cache can't do that: {other:?}"))),
        }
    }

    fn holds_tag(&self, bit: u64) -> bool {
        self.machines.iter().any(|machine| machine.store.holds_tag(bit))
    }
}
