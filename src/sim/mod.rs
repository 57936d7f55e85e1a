//! The simulation: a deterministic discrete-event core. Values in, telemetry out.
//!
//! Knows nothing of files, levels, prose, players, terminals or the wall clock. A [`System`] describes components by
//! name; [`Simulation::new`] turns names into numbers once; [`Simulation::run_until`] lets time pass;
//! [`Simulation::apply`] is what an operator does. The whole world is one plain value that can be copied and compared.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod agenda;
pub mod answer;
pub mod ask;
mod build;
pub mod calendar;
pub mod check;
pub mod component;
mod core;
pub mod data;
mod frame;
mod handler;
pub mod id;
pub mod index;
pub mod kernel;
pub mod log;
pub mod message;
pub mod operation;
pub mod pattern;
pub mod quantity;
pub mod random;
pub mod sql;
pub mod telemetry;

pub use self::frame::Status;
pub use build::{BuildError, Link, System};
pub use handler::{Retry, Step, Times};

use self::core::{Core, Ready, Timer, kind};
use agenda::Due;
use component::{Behavior as _, Component};
use id::{ComponentId, Unit};
use log::Log;
use operation::{Applied, Operation, Refusal};
use quantity::{Span, Time};
use random::Seed;
use telemetry::Telemetry;

/// A bound that a run has met: the level asks for more than a simulation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bound {
    /// More happens in one simulated second than [`Simulation::MOST_EVENTS`].
    #[error("more than {} events in one simulated second", Simulation::MOST_EVENTS)]
    Events,
    /// More requests are in flight than [`Simulation::MOST_IN_FLIGHT`].
    #[error("more than {} requests in flight at once", Simulation::MOST_IN_FLIGHT)]
    InFlight,
}

/// A system at work. A plain value: a copy of it goes on in just the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    core: Core,
    components: Vec<Component>,
    /// The next whole second to be closed.
    next_second: i64,
    bound: Option<Bound>,
    second_began_with: u64,
}

impl Simulation {
    /// Events in one simulated second beyond which a run ends.
    pub const MOST_EVENTS: u64 = 2_000_000;
    /// Requests in flight beyond which a run ends.
    pub const MOST_IN_FLIGHT: u32 = 4_000_000;

    /// The moment up to which everything has happened.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.core.now
    }

    /// Lets time pass until `until`; what is due at that very moment has not happened yet.
    pub fn run_until(&mut self, until: Time) {
        while self.bound.is_none() {
            let boundary = Time::from_seconds(self.next_second);
            if boundary > until {
                break;
            }
            self.run_before(boundary);
            self.core.now = boundary;
            self.close_second();
        }
        if self.bound.is_none() {
            self.run_before(until);
            self.core.now = until.max(self.core.now);
        }
    }

    fn run_before(&mut self, limit: Time) {
        while let Some(due) = self.core.take_before(limit) {
            self.core.now = due.at;
            self.core.events += 1;
            self.happen(due);
            if self.core.events - self.second_began_with > Self::MOST_EVENTS {
                self.bound = Some(Bound::Events);
                return;
            }
        }
    }

    /// A whole second is over: gauges are set, values kept.
    fn close_second(&mut self) {
        let second = self.next_second;
        for component in &mut self.components {
            component.sample(second, &mut self.core);
        }
        self.settle();
        self.core.telemetry.sample(second);
        self.next_second += 1;
        self.second_began_with = self.core.events;
        if self.core.frames.live() > Self::MOST_IN_FLIGHT {
            self.bound = Some(Bound::InFlight);
        }
    }

    #[inline]
    fn happen(&mut self, due: Due) {
        let core = &mut self.core;
        match due.kind {
            kind::DELIVER if core.frames[due.slot].waits_for == due.ticket => {
                core.frames[due.slot].waits_for = 0;
                let component = core.frames[due.slot].component.index();
                self.components[component].on_request(due.slot, core);
            }
            kind::RETURN if core.frames[due.slot].waits_for == due.ticket => {
                if let Some((caller, status)) = core.returned(due.slot) {
                    let component = core.frames[caller].component.index();
                    self.components[component].on_answer(caller, status, core);
                }
            }
            kind::WAKE if core.frames[due.slot].waits_for == due.ticket => {
                core.frames[due.slot].waits_for = 0;
                let component = core.frames[due.slot].component.index();
                self.components[component].on_wake(due.slot, core);
            }
            kind::TIMEOUT if core.frames[due.slot].timeout == due.ticket => core.timed_out(due.slot),
            kind::PARCEL => {
                if let Some((to, parcel)) = core.take_parcel(due.slot) {
                    self.components[to.index()].on_parcel(parcel, core);
                }
            }
            of if of >= kind::TIMER => {
                let (component, index) = Core::timer_of(due.slot);
                self.components[component.index()].on_timer(Timer::of(of), index, due.ticket, core);
            }
            _ => return,
        }
        self.settle();
    }

    /// Does all that is to be done at this instant.
    #[inline]
    fn settle(&mut self) {
        while let Some(ready) = self.core.ready.pop_front() {
            match ready {
                Ready::Deliver(request) => {
                    let component = self.core.frames[request].component.index();
                    self.components[component].on_request(request, &mut self.core);
                }
                Ready::Resume(frame, status) => {
                    let component = self.core.frames[frame].component.index();
                    self.components[component].on_answer(frame, status, &mut self.core);
                }
                Ready::Hand(slot) => {
                    if let Some((to, parcel)) = self.core.take_parcel(slot) {
                        self.components[to.index()].on_parcel(parcel, &mut self.core);
                    }
                }
            }
        }
    }

    /// An operator does something to a component, now.
    ///
    /// # Errors
    /// Where there is no such component, or it refuses: in the words of the tool.
    pub fn apply(&mut self, component: &str, operation: &Operation) -> Result<Applied, Refusal> {
        let Some(id) = self.id_of(component) else {
            return Err(Refusal::new(format!("there is no `{component}` here")));
        };
        let applied = self.components[id.index()].operate(operation, &mut self.core);
        self.settle();
        applied
    }

    /// What jobs have asked since this was last called. Whoever runs the simulation answers with [`Operation::Answer`];
    /// a job waits until then.
    pub fn take_questions(&mut self) -> Vec<ask::Question> {
        std::mem::take(&mut self.core.questions)
    }

    /// The bound that the run has met, if any; it doesn't go on then.
    #[must_use]
    pub const fn bound(&self) -> Option<Bound> {
        self.bound
    }

    /// A hash over everything that has happened, and over how things stand now.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut digest = random::join(self.core.digest(), self.core.events);
        digest = random::join(digest, self.core.now.micros() as u64);
        for (id, _) in self.core.telemetry.catalogue().scalars().iter().enumerate() {
            digest = random::join(digest, self.core.telemetry.value(telemetry::MetricId(id as u16)) as u64);
        }
        random::join(digest, u64::from(self.core.frames.live()))
    }

    /// How many events have been processed.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.core.events
    }

    /// How many requests and calls are in flight.
    #[must_use]
    pub const fn in_flight(&self) -> u32 {
        self.core.frames.live()
    }

    /// How many entries wait in the agenda.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.core.pending()
    }

    /// Everything that has been measured.
    #[must_use]
    pub const fn telemetry(&self) -> &Telemetry {
        &self.core.telemetry
    }

    /// The components, in the order of the level.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// The name of a component.
    #[must_use]
    pub fn name_of(&self, id: ComponentId) -> &str {
        &self.core.model.components[id.index()].name
    }

    /// The number of the component of this name.
    #[must_use]
    pub fn id_of(&self, name: &str) -> Option<ComponentId> {
        let found = self.core.model.components.iter().position(|known| &*known.name == name);
        found.map(|index| ComponentId(index as u8))
    }

    /// The component of this name.
    #[must_use]
    pub fn component(&self, name: &str) -> Option<&Component> {
        self.id_of(name).map(|id| &self.components[id.index()])
    }

    /// The fixed hash of a component's name; its scrape's second depends on it.
    #[must_use]
    pub fn hash_of(&self, id: ComponentId) -> u64 {
        self.core.model.components[id.index()].hash
    }

    /// The kernel of the machine of this name.
    #[must_use]
    pub fn kernel(&self, machine: &str) -> Option<&kernel::Kernel> {
        self.core.network.named(machine)
    }

    /// The lines that a component's instances have written.
    #[must_use]
    pub fn log(&self, id: ComponentId) -> &Log {
        &self.core.logs[id.index()]
    }

    /// A record as a line of text.
    #[must_use]
    pub fn line(&self, record: &log::Record) -> String {
        let text = &self.core.model.templates[usize::from(record.template)];
        // `{client}` is who asked in the first place.
        let asker = self.core.model.components.get(record.unit.component().index()).map_or("-", |known| &known.name);
        if text.contains("{client}") {
            return log::text(&text.replace("{client}", asker), record.unit);
        }
        log::text(text, record.unit)
    }

    /// A text by its number in the system's list.
    #[must_use]
    pub fn text(&self, number: u16) -> &str {
        self.core.model.templates.get(usize::from(number)).map_or("", String::as_str)
    }

    /// The text of a record before its words are filled in.
    #[must_use]
    pub fn template(&self, record: &log::Record) -> &str {
        &self.core.model.templates[usize::from(record.template)]
    }

    /// What a message says: its own words where somebody wrote them, else its load's.
    #[must_use]
    pub fn body_of(&self, unit: Unit) -> String {
        match self.components.get(unit.component().index()) {
            Some(Component::Clients(clients)) => clients.body(unit).unwrap_or_default(),
            Some(Component::Schedule(schedule)) => schedule.body(unit).unwrap_or_default(),
            Some(Component::Broker(broker)) => broker.body(unit).unwrap_or_default().to_string(),
            _ => String::new(),
        }
    }

    /// Where the loads of clients go: (clients, kind, component, queue of a broker).
    pub fn flows(&self) -> impl Iterator<Item = (ComponentId, &str, ComponentId, Option<u16>)> {
        self.components.iter().enumerate().flat_map(move |(index, component)| {
            let clients = match component {
                Component::Clients(clients) => Some(clients.targets(&self.core)),
                _ => None,
            };
            clients.into_iter().flatten().map(move |(kind, to, queue)| (ComponentId(index as u8), kind, to, queue))
        })
    }

    /// Whether a message or a request that carries this tag is anywhere in this component (in all, where none is named)
    /// or on its way.
    #[must_use]
    pub fn holds_tag(&self, component: Option<ComponentId>, tag: &str) -> bool {
        let Some(bit) = self.core.model.tags.iter().position(|known| known == tag).map(|n| 1_u64 << n) else {
            return false;
        };
        let of = |index: usize| component.is_none_or(|id| id.index() == index);
        let in_components =
            self.components.iter().enumerate().any(|(index, component)| of(index) && component.holds_tag(bit));
        let handled = self.core.frames.iter().any(|(_, frame)| of(frame.component.index()) && frame.tags & bit != 0);
        in_components || handled || self.core.messages_under_way().any(|message| message.tags & bit != 0)
    }

    /// A copy in the place of an older one, with its buffers used again.
    pub fn copy_from(&mut self, other: &Self) {
        let Self { core, components, next_second, bound, second_began_with } = other;
        self.core.copy_from(core);
        self.components.clone_from(components);
        (self.next_second, self.bound, self.second_began_with) = (*next_second, *bound, *second_began_with);
    }

    /// How many bytes a copy takes for the requests, messages and timers that are in flight.
    #[must_use]
    pub fn size_in_bytes(&self) -> usize {
        self.core.size_in_bytes()
    }

    /// How long until the next whole second.
    #[must_use]
    pub fn until_next_second(&self) -> Span {
        Time::from_seconds(self.next_second).since(self.core.now)
    }

    /// The seed of the run.
    #[must_use]
    pub const fn seed(&self) -> Seed {
        self.core.seed()
    }
}
