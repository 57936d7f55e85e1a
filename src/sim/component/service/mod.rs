//! A service: instances that handle requests or messages with the steps of a version.
//!
//! Under Kubernetes its instances are pods of a deployment: the kubelet's part is in `life`, the controllers' in
//! `deployment`, the kernel's in `memory`; what an instance does with its workers is in `worker`.

pub mod beanstalk;
mod bulkhead;
pub mod code;
pub mod daemon;
#[cfg(test)]
mod daemon_tests;
mod deployment;
pub mod event;
pub mod files;
pub mod instance;
mod life;
pub mod machine;
mod memory;
pub(in crate::sim) mod proxy;
pub mod runtime;
pub mod settings;
pub mod supervisor;
#[cfg(test)]
mod tests;
mod worker;

pub use daemon::Daemon;
pub use deployment::{Deployment, Revision};
pub use event::{Event, Events};
pub use instance::{Exit, Instance, Stage};
pub(in crate::sim) use memory::MachineMemory;
pub use settings::{AckMode, Consumes, Kubernetes, Liveness, Memory, OnHosts, Resources, RunsOn, Settings, Version};

use super::Behavior;
use crate::sim::agenda::Ticket;
use crate::sim::core::{Core, Timer};
use crate::sim::frame::{FrameId, Status};
use crate::sim::handler::Answered;
use crate::sim::id::{ComponentId, ProgramId};
use crate::sim::message::Parcel;
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Bytes, Duration, Span, Time};
use crate::sim::telemetry::{FamilyId, HistogramId, Measure, MetricId};
use settings::BackOff;
use std::sync::Arc;

/// A queue that the service consumes, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Subscription {
    pub broker: ComponentId,
    pub queue: u16,
    pub prefetch: u32,
    pub auto_ack: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Metrics {
    requests: MetricId,
    failed: MetricId,
    handled: MetricId,
    latency: HistogramId,
    restarts: MetricId,
    oom_kills: MetricId,
    probes_failed: MetricId,
    killed_rss: MetricId,
    kill_delay: MetricId,
    replicas: MetricId,
    available: MetricId,
    /// Processes that have an application, where one can be without.
    loaded: Option<MetricId>,
    exits: MetricId,
    leaked: Option<MetricId>,
    goroutines: Option<FamilyId>,
    age: Option<FamilyId>,
    pods_ready: FamilyId,
    pods_memory: FamilyId,
    pods_restarts: FamilyId,
    /// What its lines take, where they go to a file.
    logged: Option<MetricId>,
    errors: Option<MetricId>,
    /// On machines: requests ended, and those of them without a good answer.
    machines: Option<[FamilyId; 2]>,
}

/// What a service needs to know of its surroundings when it is built.
pub(in crate::sim) struct Surroundings {
    pub pool: Option<ComponentId>,
    pub node_memory: Bytes,
    /// How the nodes of the pool are called: `node-a{n}`.
    pub node_names: String,
    pub programs: Vec<ProgramId>,
    /// What it does when somebody looks whether it is well.
    pub health: ProgramId,
    /// What its machines have, where a component describes them.
    pub machine_memory: Option<MachineMemory>,
    /// The number of the text of its line of counters.
    pub metrics_line: Option<u16>,
    /// The number of the text of what it says when it is up.
    pub banner: Option<u16>,
    pub subscriptions: Vec<Subscription>,
    /// The machines of its instances, where components describe them: the component and the machine's number there.
    pub machines: Vec<Option<(ComponentId, u32)>>,
    /// The queue that a daemon beside it takes messages from.
    pub posted_from: Option<(ComponentId, u16)>,
    /// What a proxy writes down, as numbers of texts: in the order of [`proxy::LINES`].
    pub lines: Vec<u16>,
    /// What a process says when it is told to show its goroutines.
    pub quit: Option<u16>,
}

/// A service at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    id: ComponentId,
    /// As the level describes it.
    pub settings: Arc<Settings>,
    pool: Option<ComponentId>,
    node_memory: Bytes,
    node_names: String,
    programs: Vec<ProgramId>,
    /// The tags that each version gives to documents it writes.
    writes: Vec<u64>,
    health: ProgramId,
    machine_memory: Option<MachineMemory>,
    metrics_line: Option<u16>,
    banner: Option<u16>,
    lines: Vec<u16>,
    quit: Option<u16>,
    /// Handlers that have been let in and have not gone on yet.
    let_in: std::collections::VecDeque<FrameId>,
    subscriptions: Vec<Subscription>,
    machines: Vec<Option<(ComponentId, u32)>>,
    /// What its processes read when they start.
    pub config: Vec<settings::ConfigKey>,
    /// All instances there have been; those that are gone stay, so that a number is a name.
    pub instances: Vec<Instance>,
    /// The instances that take requests.
    ready: Vec<u32>,
    /// What should be.
    pub deployment: Deployment,
    /// What Kubernetes says about it.
    pub events: Events,
    /// What the supervisors on its machines say, oldest first.
    pub journal: machine::Journal,
    /// The daemons that post messages to its instances.
    pub daemon: Option<Daemon>,
    metrics: Metrics,
}

impl Service {
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, around: Surroundings, core: &mut Core) -> Self {
        let mut metrics = define_metrics(id, settings, core);
        if settings.logs.is_some() {
            let name = format!("{}.logged", settings.name);
            let errors = format!("{}.errors", settings.name);
            metrics.errors = Some(core.telemetry.counter(id, errors, "lines logged at level ERROR"));
            metrics.logged = Some(core.telemetry.counter(id, name, "bytes of log lines, written or not"));
        }
        if matches!(settings.runs_on, RunsOn::Hosts(_)) {
            let name = &settings.name;
            let mut define =
                |what: &str, about| core.telemetry.family(id, format!("{name}.machines.{what}"), about, Measure::Count);
            metrics.machines = Some([
                define("requests", "requests ended, by machine"),
                define("failed", "requests without a good answer, by machine"),
            ]);
        }
        let version = settings.versions.iter().position(|version| version.name == settings.runs).unwrap_or(0);
        let deployed = settings.versions.get(version).and_then(|version| version.deployed).unwrap_or_default();
        let (replicas, resources) = match &settings.runs_on {
            RunsOn::Kubernetes(kubernetes) => (kubernetes.replicas, kubernetes.memory),
            RunsOn::Hosts(hosts) => (hosts.machines(&settings.name).len() as u32, settings::Resources::default()),
            RunsOn::Beanstalk(environment) => (environment.instances, settings::Resources::default()),
        };
        let made = (Time::ZERO + deployed).min(core.now);
        let revision = Revision { number: 1, version: version as u16, resources, made, stamp: 0 };
        let deployment =
            Deployment { replicas, revision: 1, revisions: vec![revision], paused: false, rolled_at: made };
        Self {
            id,
            settings: Arc::new(settings.clone()),
            pool: around.pool,
            node_memory: around.node_memory,
            node_names: around.node_names,
            writes: around.programs.iter().map(|program| core.program(*program).adds()).collect(),
            programs: around.programs,
            health: around.health,
            machine_memory: around.machine_memory,
            metrics_line: around.metrics_line,
            banner: around.banner,
            lines: around.lines,
            quit: around.quit,
            let_in: std::collections::VecDeque::new(),
            subscriptions: around.subscriptions,
            machines: around.machines,
            config: settings.config.clone(),
            instances: Vec::new(),
            ready: Vec::new(),
            deployment,
            events: Events::default(),
            journal: machine::Journal::new(),
            daemon: settings
                .daemon
                .as_ref()
                .zip(around.posted_from)
                .map(|(daemon, queue)| Daemon::new(id, &settings.name, daemon, queue, &mut core.telemetry)),
            metrics,
        }
    }

    /// The settings of its deployment, where it runs under Kubernetes.
    #[must_use]
    pub fn kubernetes(&self) -> Option<&Kubernetes> {
        match &self.settings.runs_on {
            RunsOn::Kubernetes(settings) => Some(settings),
            RunsOn::Hosts(_) | RunsOn::Beanstalk(_) => None,
        }
    }

    fn liveness(&self) -> Option<Liveness> {
        self.kubernetes().and_then(|settings| settings.liveness)
    }

    fn back_off(&self) -> BackOff {
        self.kubernetes().map_or_else(BackOff::default, |settings| settings.back_off)
    }

    fn starts_in(&self) -> Duration {
        self.kubernetes().map_or_else(Duration::default, |settings| settings.starts_in)
    }

    fn stops_in(&self) -> Duration {
        self.kubernetes().map_or_else(Duration::default, |settings| settings.stops_in)
    }

    /// The name of a node of its pool.
    #[must_use]
    pub fn node_name(&self, node: u32) -> String {
        super::nodes::name_of(&self.node_names, node)
    }

    /// The image that an instance runs.
    #[must_use]
    pub fn image(&self, instance: usize) -> String {
        let version = &self.settings.versions[usize::from(self.instances[instance].version)].name;
        format!("registry.internal/{}:{version}", self.settings.name)
    }

    /// The instances that exist, with their numbers.
    pub fn live(&self) -> impl Iterator<Item = (usize, &Instance)> {
        self.instances.iter().enumerate().filter(|(_, instance)| instance.exists())
    }

    /// How many instances are ready.
    #[must_use]
    pub fn ready_count(&self) -> usize {
        self.ready.len()
    }

    /// The state of an instance: as `kubectl get pods` prints it, or in its supervisor's word.
    #[must_use]
    pub fn status_word(&self, instance: usize, now: Time) -> &'static str {
        if self.kubernetes().is_none() {
            return self.unit_state(instance);
        }
        let pod = &self.instances[instance];
        match pod.stage {
            Stage::Pending => "Pending",
            Stage::Creating => "ContainerCreating",
            Stage::Starting | Stage::Running => "Running",
            Stage::Terminating | Stage::Stopped | Stage::Gone => "Terminating",
            Stage::BackingOff => match &pod.last_exit {
                // The kubelet says so at its next look.
                Some(exit) if now.since(exit.finished) < Span::from_seconds(3) => exit.reason,
                _ => "CrashLoopBackOff",
            },
        }
    }
}

fn define_metrics(id: ComponentId, settings: &Settings, core: &mut Core) -> Metrics {
    let name = &settings.name;
    let telemetry = &mut core.telemetry;
    let is_go = settings.runtime.is_some();
    let on_hosts = matches!(settings.runs_on, RunsOn::Hosts(_));
    Metrics {
        exits: telemetry.counter(id, format!("{name}.exits"), "processes that ended by themselves"),
        leaked: is_go.then(|| telemetry.counter(id, format!("{name}.leaked"), "goroutines started that never end")),
        goroutines: is_go
            .then(|| telemetry.family(id, format!("{name}.goroutines"), "goroutines of its process", Measure::Count)),
        age: on_hosts.then(|| {
            telemetry.family(id, format!("{name}.age"), "how long its process has been running", Measure::Time)
        }),
        requests: telemetry.counter(id, format!("{name}.requests"), "requests taken"),
        failed: telemetry.counter(id, format!("{name}.failed"), "requests without a good answer"),
        handled: telemetry.counter(id, format!("{name}.handled"), "messages whose handler came to its end"),
        latency: telemetry.latency(id, format!("{name}.latency"), "from taking a request to a good answer"),
        restarts: telemetry.counter(id, format!("{name}.restarts"), "containers started again"),
        oom_kills: telemetry.counter(id, format!("{name}.oom_kills"), "processes killed at their memory limit"),
        probes_failed: telemetry.counter(id, format!("{name}.probes.failed"), "liveness probes without an answer"),
        killed_rss: telemetry.gauge(
            id,
            format!("{name}.killed.rss"),
            "resident memory of the last process killed at its limit",
            Measure::Bytes,
        ),
        kill_delay: telemetry.gauge(
            id,
            format!("{name}.killed.after"),
            "from asking for memory to the kill, the last time",
            Measure::Time,
        ),
        replicas: telemetry.gauge(id, format!("{name}.replicas"), "instances that there should be", Measure::Count),
        loaded: matches!(settings.server, settings::Server::Uwsgi).then(|| {
            telemetry.gauge(id, format!("{name}.loaded"), "processes that have an application", Measure::Count)
        }),
        available: telemetry.gauge(id, format!("{name}.available"), "instances that are ready", Measure::Count),
        pods_ready: telemetry.family(id, format!("{name}.pods.ready"), "whether it is ready", Measure::Flag),
        pods_memory: telemetry.family(id, format!("{name}.pods.memory"), "memory of its process", Measure::Bytes),
        pods_restarts: telemetry.family(id, format!("{name}.pods.restarts"), "times started again", Measure::Count),
        machines: None,
        logged: None,
        errors: None,
    }
}

impl Behavior for Service {
    fn start(&mut self, core: &mut Core) {
        match &self.settings.runs_on {
            RunsOn::Kubernetes(_) => self.start_deployment(core),
            RunsOn::Beanstalk(_) => self.start_environment(core),
            RunsOn::Hosts(hosts) => {
                for name in hosts.machines(&self.settings.name) {
                    self.create_on_host(&name, core);
                }
            }
        }
    }

    #[inline]
    fn on_request(&mut self, request: FrameId, core: &mut Core) {
        self.admit(request, core);
    }

    #[inline]
    fn on_answer(&mut self, frame: FrameId, status: Status, core: &mut Core) {
        match core.answered(frame, status) {
            Answered::GoesOn => {
                let number = core.frames[frame].instance as usize;
                self.run(frame, core);
                self.serve(number, core);
            }
            Answered::TriesAgain => {}
            Answered::Fails(status) => {
                let number = core.frames[frame].instance as usize;
                self.end(frame, status, core);
                self.serve(number, core);
            }
        }
    }

    #[inline]
    fn on_wake(&mut self, frame: FrameId, core: &mut Core) {
        self.worked(frame, core);
    }

    fn on_timer(&mut self, timer: Timer, index: u32, ticket: Ticket, core: &mut Core) {
        let number = index as usize;
        match timer {
            Timer::Life => self.on_life(number, ticket, core),
            Timer::Memory => self.on_memory_edge(number, ticket, core),
            Timer::Probe => self.on_probe(number, ticket, core),
            Timer::Tick => self.write_metrics_line(number, ticket, core),
            Timer::Expire => self.give_up(index, ticket, core),
            _ => {}
        }
    }

    fn on_parcel(&mut self, parcel: Parcel, core: &mut Core) {
        match parcel {
            Parcel::Delivery { consumer, tag, message } if Self::is_for_daemon(&consumer) => {
                self.post(consumer, tag, message, core);
            }
            Parcel::Delivery { consumer, tag, message } => self.receive(consumer, tag, message, core),
            Parcel::Placed { pod, node } => self.placed(pod, node, core),
            Parcel::Saved { frame, serial, done } => self.saved(frame, serial, done, core),
            Parcel::LogFails { instance, fails } => self.log_fails(instance as usize, fails, core),
            _ => {}
        }
    }

    fn sample(&mut self, second: i64, core: &mut Core) {
        self.check_limits(core);
        self.sample_daemon(core);
        core.telemetry.set(self.metrics.replicas, i64::from(self.deployment.replicas));
        core.telemetry.set(self.metrics.available, self.ready.len() as i64);
        if let Some(loaded) = self.metrics.loaded {
            core.telemetry.set(loaded, self.loaded_count());
        }
        for number in 0..self.instances.len() {
            let instance = &self.instances[number];
            let exists = instance.exists();
            let name = Arc::clone(&instance.name);
            let ready = exists.then_some(i64::from(instance.is_ready()));
            let restarts = exists.then_some(i64::from(instance.restarts));
            let memory = Some(self.memory_of(number, core.now).0 as i64).filter(|bytes| *bytes > 0);
            core.telemetry.tell(self.metrics.pods_ready, number, &name, second, ready);
            core.telemetry.tell(self.metrics.pods_restarts, number, &name, second, restarts);
            core.telemetry.tell(self.metrics.pods_memory, number, &name, second, memory);
            if let Some(family) = self.metrics.goroutines {
                let goroutines = Some(self.goroutines_of(number) as i64).filter(|count| *count > 0);
                core.telemetry.tell(family, number, &name, second, goroutines);
            }
            if let Some(family) = self.metrics.age {
                let instance = &self.instances[number];
                let age = instance.has_process().then(|| core.now.since(instance.started).micros());
                core.telemetry.tell(family, number, &name, second, age);
            }
            for (family, ended) in self.metrics.machines.iter().flatten().zip(self.instances[number].ended) {
                core.telemetry.tell(*family, number, &name, second, Some(ended));
            }
        }
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        self.change(operation, core)
    }

    fn holds_tag(&self, bit: u64) -> bool {
        let writes = |instance: &Instance| match instance.loaded {
            code::Loaded::Version(version) => self.writes[usize::from(version)] & bit != 0,
            code::Loaded::Nothing => false,
        };
        let holds = |instance: &Instance| instance.held.iter().any(|held| held.message.tags & bit != 0);
        self.instances.iter().any(|instance| holds(instance) || instance.has_process() && writes(instance))
    }
}
