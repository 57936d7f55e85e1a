//! The parts of a system: one file or folder a kind, with its settings, its state, its behaviour and its tests.
//!
//! A component is a plain value. It never touches a peer: it answers requests, sends parcels along links, sets timers
//! and tells telemetry, all through `Core`. A new kind is a file, and here a variant and an arm in each of the matches.

pub mod broker;
pub mod cache;
pub mod clients;
pub mod database;
pub mod gateway;
pub mod hosts;
pub mod job;
pub mod load_balancer;
pub mod nodes;
pub mod over_time;
pub mod schedule;
pub mod search;
pub mod service;
pub mod tagged;

use super::agenda::Ticket;
use super::core::{Core, Timer};
use super::frame::{FrameId, Status};
use super::message::Parcel;
use super::operation::{Applied, Operation, Refusal};
use serde::Deserialize;

/// A component as a level describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "a system has a few dozen of these, read once")]
pub enum Settings {
    /// People or programs that want something, whether or not the system keeps up.
    Clients(clients::Settings),
    /// Queues.
    Broker(broker::Settings),
    /// Answers kept for whoever asks again.
    Cache(cache::Settings),
    /// Instances of something that handles requests or messages.
    Service(service::Settings),
    /// The machines that pods run on.
    Nodes(nodes::Settings),
    /// What comes by the clock.
    Schedule(schedule::Settings),
    /// Machines that search.
    SearchCluster(search::Settings),
    /// The way to the world outside: mail and the like.
    Gateway(gateway::Settings),
    /// Machines as such.
    Hosts(hosts::Settings),
    /// Hands requests to the instances of a service.
    LoadBalancer(load_balancer::Settings),
    /// Somebody's console session, or a tool that runs by the clock.
    Job(job::Settings),
    /// A primary and its replicas.
    Database(database::Settings),
}

impl Settings {
    /// The component's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Clients(settings) => &settings.name,
            Self::Broker(settings) => &settings.name,
            Self::Cache(settings) => &settings.name,
            Self::Service(settings) => &settings.name,
            Self::Nodes(settings) => &settings.name,
            Self::Schedule(settings) => &settings.name,
            Self::SearchCluster(settings) => &settings.name,
            Self::Gateway(settings) => &settings.name,
            Self::Hosts(settings) => &settings.name,
            Self::LoadBalancer(settings) => &settings.name,
            Self::Job(settings) => &settings.name,
            Self::Database(settings) => &settings.name,
        }
    }
}

/// What a kind of component must answer. Everything has a default: most kinds care about a part only.
pub(in crate::sim) trait Behavior {
    /// Called once, at the beginning of the warm-up.
    fn start(&mut self, _core: &mut Core) {}

    /// A request has arrived.
    fn on_request(&mut self, request: FrameId, core: &mut Core) {
        core.finish(request, Status::REFUSED);
    }

    /// A call that one of this component's frames has made is answered.
    fn on_answer(&mut self, _frame: FrameId, _status: Status, _core: &mut Core) {}

    /// A frame's work, or its pause, is over.
    fn on_wake(&mut self, _frame: FrameId, _core: &mut Core) {}

    /// A timer of this component's own; whoever set it knows by the ticket whether it is still wanted.
    fn on_timer(&mut self, _timer: Timer, _index: u32, _ticket: Ticket, _core: &mut Core) {}

    /// A parcel has arrived.
    fn on_parcel(&mut self, _parcel: Parcel, _core: &mut Core) {}

    /// A second is over: sets its gauges, tells its families.
    fn sample(&mut self, _second: i64, _core: &mut Core) {}

    /// An operator does something to it.
    ///
    /// # Errors
    /// Where that can't be done, in the words of the tool that was used.
    fn operate(&mut self, operation: &Operation, _core: &mut Core) -> Result<Applied, Refusal> {
        Err(Refusal::new(format!("that can't be done to this component: {operation:?}")))
    }

    /// Whether a message or request with this tag (a bit) is still here.
    fn holds_tag(&self, _bit: u64) -> bool {
        false
    }
}

/// A component at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Component {
    /// See [`Settings::Clients`].
    Clients(clients::Clients),
    /// See [`Settings::Broker`].
    Broker(Box<broker::Broker>),
    /// See [`Settings::Cache`].
    Cache(Box<cache::Cache>),
    /// See [`Settings::Service`].
    Service(Box<service::Service>),
    /// See [`Settings::Nodes`].
    Nodes(Box<nodes::Nodes>),
    /// See [`Settings::Schedule`].
    Schedule(schedule::Schedule),
    /// See [`Settings::SearchCluster`].
    SearchCluster(Box<search::SearchCluster>),
    /// See [`Settings::Gateway`].
    Gateway(Box<gateway::Gateway>),
    /// See [`Settings::Hosts`].
    Hosts(Box<hosts::Hosts>),
    /// See [`Settings::LoadBalancer`].
    LoadBalancer(Box<load_balancer::LoadBalancer>),
    /// See [`Settings::Job`].
    Job(Box<job::Job>),
    /// See [`Settings::Database`].
    Database(Box<database::Database>),
}

macro_rules! each {
    ($component:expr, $kind:ident => $answer:expr) => {
        match $component {
            Component::Clients($kind) => $answer,
            Component::Broker($kind) => $answer,
            Component::Cache($kind) => $answer,
            Component::Service($kind) => $answer,
            Component::Nodes($kind) => $answer,
            Component::Schedule($kind) => $answer,
            Component::SearchCluster($kind) => $answer,
            Component::Gateway($kind) => $answer,
            Component::Hosts($kind) => $answer,
            Component::LoadBalancer($kind) => $answer,
            Component::Job($kind) => $answer,
            Component::Database($kind) => $answer,
        }
    };
}

impl Behavior for Component {
    fn start(&mut self, core: &mut Core) {
        each!(self, kind => kind.start(core));
    }

    #[inline]
    fn on_request(&mut self, request: FrameId, core: &mut Core) {
        each!(self, kind => kind.on_request(request, core));
    }

    #[inline]
    fn on_answer(&mut self, frame: FrameId, status: Status, core: &mut Core) {
        each!(self, kind => kind.on_answer(frame, status, core));
    }

    #[inline]
    fn on_wake(&mut self, frame: FrameId, core: &mut Core) {
        each!(self, kind => kind.on_wake(frame, core));
    }

    #[inline]
    fn on_timer(&mut self, timer: Timer, index: u32, ticket: Ticket, core: &mut Core) {
        each!(self, kind => kind.on_timer(timer, index, ticket, core));
    }

    #[inline]
    fn on_parcel(&mut self, parcel: Parcel, core: &mut Core) {
        each!(self, kind => kind.on_parcel(parcel, core));
    }

    fn sample(&mut self, second: i64, core: &mut Core) {
        each!(self, kind => kind.sample(second, core));
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        each!(self, kind => kind.operate(operation, core))
    }

    fn holds_tag(&self, bit: u64) -> bool {
        each!(self, kind => kind.holds_tag(bit))
    }
}
