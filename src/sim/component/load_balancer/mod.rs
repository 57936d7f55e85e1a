//! A load balancer: requests come in, each goes to one of the instances of a service.
//!
//! It knows of a backend only what its own connections and checks have met: a refused connection is tried on the next
//! backend (and counted), an answer that doesn't come in time is a 504, a backend that fails its checks gets nothing until
//! it passes them again. Whoever is taken out keeps what it has in hand: it drains.
//!
//! It never asks an instance how it is by any other way than a connection; it knows nothing of processes or versions.

mod check;
mod operate;
mod settings;

pub(in crate::sim) use check::CONNECTION_ONLY;
pub use settings::{Balance, Flavour, Settings};

use super::Behavior;
use crate::sim::agenda::{LaneId, Ticket};
use crate::sim::check::Check;
use crate::sim::core::{Core, Timer};
use crate::sim::frame::{Frame, FrameId, NONE, Status};
use crate::sim::id::ComponentId;
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::Time;
use crate::sim::telemetry::{FamilyId, HistogramId, Measure, MetricId};
use std::sync::Arc;

/// What a balancer needs to know of its surroundings when it is built.
pub(in crate::sim) struct Surroundings {
    pub service: ComponentId,
    /// The instances of the service by name; without one, the service itself is the only backend.
    pub backends: Vec<Arc<str>>,
    /// Whether a backend is an instance (else the service chooses one).
    pub addressed: bool,
    pub idle: LaneId,
}

/// What a balancer thinks of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It gets requests.
    InService,
    /// It has failed its checks.
    OutOfService,
    /// Just put in; it has to pass its first check.
    Registering,
    /// An operator has taken it out.
    Deregistered,
}

/// A backend as its balancer knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The instance's name.
    pub name: Arc<str>,
    /// What the balancer thinks of it.
    pub state: State,
    /// Since when.
    pub since: Time,
    /// Checks failed in a row.
    pub failures: u32,
    /// Checks passed in a row.
    pub passes: u32,
    /// How the last check ended.
    pub last_check: Option<Status>,
    /// Requests that it has in hand for this balancer.
    pub in_hand: u32,
    /// Connections refused so far.
    pub refused: i64,
    /// Requests sent to it so far.
    pub sent: i64,
    /// It refused a connection and is left alone until then.
    pub(in crate::sim) rests_until: Time,
    pub(in crate::sim) check: Ticket,
}

impl Backend {
    /// Whether it may be given a request.
    #[must_use]
    pub fn takes_requests(&self, now: Time) -> bool {
        self.state == State::InService && self.rests_until <= now
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Metrics {
    requests: MetricId,
    failed: MetricId,
    status_5xx: MetricId,
    backend_5xx: MetricId,
    connection_errors: MetricId,
    spare: MetricId,
    healthy: MetricId,
    unhealthy: MetricId,
    latency: HistogramId,
    of_backends: FamilyId,
    in_service: FamilyId,
}

/// A load balancer at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    id: ComponentId,
    /// As the level describes it.
    pub settings: Arc<Settings>,
    /// The check as it is configured now.
    pub check: Option<Check>,
    /// The service behind it.
    pub service: ComponentId,
    /// The backends, in the order of the service's instances.
    pub backends: Vec<Backend>,
    addressed: bool,
    idle: LaneId,
    /// The backend after which the next one is looked for.
    turn: usize,
    checks: u64,
    metrics: Metrics,
}

/// Marks a frame that is a look at a backend's health, not a request.
pub(in crate::sim) const CHECK: u8 = u8::MAX;

impl LoadBalancer {
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, around: &Surroundings, core: &mut Core) -> Self {
        let metrics = define_metrics(id, &settings.name, core);
        let backend = |name: &Arc<str>| Backend {
            name: Arc::clone(name),
            state: State::InService,
            since: core.now,
            failures: 0,
            passes: 0,
            last_check: None,
            in_hand: 0,
            refused: 0,
            sent: 0,
            rests_until: core.now,
            check: 0,
        };
        Self {
            id,
            check: settings.effective_check(),
            settings: Arc::new(settings.clone()),
            service: around.service,
            backends: around.backends.iter().map(backend).collect(),
            addressed: around.addressed,
            idle: around.idle,
            turn: around.backends.len().saturating_sub(1),
            checks: 0,
            metrics,
        }
    }

    /// How many backends get requests.
    #[must_use]
    pub fn in_service(&self) -> usize {
        self.backends.iter().filter(|backend| backend.state == State::InService).count()
    }

    /// The backend whose turn it is.
    fn choose(&mut self, now: Time) -> Option<usize> {
        let count = self.backends.len();
        let in_turn = (1..=count).map(|step| (self.turn + step) % count);
        let mut able = in_turn.filter(|number| self.backends[*number].takes_requests(now));
        let chosen = match self.settings.balance {
            Balance::RoundRobin => able.next(),
            Balance::LeastConnections => able.min_by_key(|number| self.backends[*number].in_hand),
        };
        // nginx, too, tries those that rest when nobody else is left.
        let chosen = chosen.or_else(|| {
            let mut in_turn = (1..=count).map(|step| (self.turn + step) % count);
            in_turn.find(|number| self.backends[*number].state == State::InService)
        });
        if let Some(number) = chosen {
            self.turn = number;
        }
        chosen
    }

    /// Sends a request that the balancer holds to the next backend, or answers that there is none.
    fn pass_on(&mut self, id: FrameId, core: &mut Core) {
        let Some(number) = self.choose(core.now) else {
            self.end(id, Status::OVERLOADED, core);
            return;
        };
        let backend = &mut self.backends[number];
        backend.in_hand += 1;
        let frame = &mut core.frames[id];
        backend.sent += i64::from(frame.weight);
        frame.instance = number as u32;
        let child = Frame {
            unit: frame.unit,
            tags: frame.tags,
            parent: id,
            parent_serial: frame.serial,
            component: self.service,
            attempt: frame.attempt,
            kind: frame.kind,
            key: frame.key,
            path: frame.path,
            weight: frame.weight,
            delivery: self.address(number),
            started: core.now,
            ..Frame::EMPTY
        };
        let child = core.begin(child);
        core.frames[child].timeout = core.set_timeout(self.idle, child);
        core.deliver(self.id, self.service, child);
    }

    /// The instance that a request to this backend is addressed to.
    fn address(&self, backend: usize) -> u32 {
        if self.addressed { backend as u32 } else { NONE }
    }

    /// A backend has answered, or hasn't.
    fn answered(&mut self, id: FrameId, status: Status, core: &mut Core) {
        let (number, weight) = (core.frames[id].instance as usize, i64::from(core.frames[id].weight));
        let backend = &mut self.backends[number];
        backend.in_hand = backend.in_hand.saturating_sub(1);
        if status == Status::REFUSED {
            self.refused(number, weight, core);
            let frame = &mut core.frames[id];
            if frame.tries < self.settings.effective_retries() && usize::from(frame.tries) + 1 < self.backends.len() {
                frame.tries += 1;
                core.telemetry.add(self.metrics.spare, weight);
                self.pass_on(id, core);
                return;
            }
        }
        if status.0 >= 500 {
            core.telemetry.add(self.metrics.backend_5xx, weight);
        }
        let status = match status {
            Status::REFUSED if self.settings.flavour != Flavour::Nginx => Status::OVERLOADED,
            Status::REFUSED | Status::RESET => Status(502),
            Status::TIMED_OUT => Status(504),
            other => other,
        };
        self.end(id, status, core);
    }

    /// A connection to a backend was refused, by a request or a check.
    fn refused(&mut self, number: usize, weight: i64, core: &mut Core) {
        core.telemetry.add(self.metrics.connection_errors, weight);
        let backend = &mut self.backends[number];
        backend.refused += weight;
        backend.rests_until = core.now + self.settings.effective_fail_timeout();
    }

    /// The client gets its answer.
    fn end(&mut self, id: FrameId, status: Status, core: &mut Core) {
        let frame = &core.frames[id];
        let (took, weight) = (core.now.since(frame.started), frame.weight);
        if status.is_ok() {
            core.telemetry.record(self.metrics.latency, core.now, took, weight);
        } else {
            core.telemetry.add(self.metrics.failed, i64::from(weight));
        }
        if status.0 >= 500 {
            core.telemetry.add(self.metrics.status_5xx, i64::from(weight));
        }
        core.finish(id, status);
    }
}

fn define_metrics(id: ComponentId, name: &str, core: &mut Core) -> Metrics {
    let telemetry = &mut core.telemetry;
    let mut counter = |what: &str, about| telemetry.counter(id, format!("{name}.{what}"), about);
    Metrics {
        requests: counter("requests", "requests taken"),
        failed: counter("failed", "requests without a good answer"),
        status_5xx: counter("status_5xx", "answers of 500 and more that clients got"),
        backend_5xx: counter("backend_5xx", "answers of 500 and more that backends gave"),
        connection_errors: counter(
            "backend_connection_errors",
            "connections to a backend that were refused, of requests and checks",
        ),
        spare: counter("retries", "requests tried on another backend"),
        healthy: telemetry.gauge(id, format!("{name}.healthy_hosts"), "backends in service", Measure::Count),
        unhealthy: telemetry.gauge(
            id,
            format!("{name}.unhealthy_hosts"),
            "backends that are registered and not in service",
            Measure::Count,
        ),
        latency: telemetry.latency(id, format!("{name}.latency"), "from taking a request to a good answer"),
        of_backends: telemetry.family(
            id,
            format!("{name}.hosts.backend_connection_errors"),
            "connections refused so far",
            Measure::Count,
        ),
        in_service: telemetry.family(id, format!("{name}.hosts.in_service"), "whether it gets requests", Measure::Flag),
    }
}

impl Behavior for LoadBalancer {
    fn start(&mut self, core: &mut Core) {
        for number in 0..self.backends.len() {
            self.begin_checks(number, core);
        }
    }

    #[inline]
    fn on_request(&mut self, request: FrameId, core: &mut Core) {
        core.telemetry.add(self.metrics.requests, i64::from(core.frames[request].weight));
        core.frames[request].started = core.now;
        core.frames[request].tries = 0;
        self.pass_on(request, core);
    }

    #[inline]
    fn on_answer(&mut self, frame: FrameId, status: Status, core: &mut Core) {
        if core.frames[frame].kind == CHECK {
            self.checked(frame, status, core);
        } else {
            self.answered(frame, status, core);
        }
    }

    fn on_timer(&mut self, timer: Timer, index: u32, ticket: Ticket, core: &mut Core) {
        if timer == Timer::Probe {
            self.look(index as usize, ticket, core);
        }
    }

    fn sample(&mut self, second: i64, core: &mut Core) {
        let healthy = self.in_service();
        let registered = self.backends.iter().filter(|backend| backend.state != State::Deregistered).count();
        core.telemetry.set(self.metrics.healthy, healthy as i64);
        core.telemetry.set(self.metrics.unhealthy, (registered - healthy) as i64);
        for (number, backend) in self.backends.iter().enumerate() {
            let in_service = i64::from(backend.state == State::InService);
            core.telemetry.tell(self.metrics.of_backends, number, &backend.name, second, Some(backend.refused));
            core.telemetry.tell(self.metrics.in_service, number, &backend.name, second, Some(in_service));
        }
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        self.change(operation, core)
    }
}
