//! From a description by name to a system that runs: names become numbers, once.

use super::Simulation;
use super::agenda::{Agenda, LaneId};
use super::component::broker::Broker;
use super::component::cache::{self, Backend, Cache};
use super::component::clients::{self, Clients, Target};
use super::component::database::Database;
use super::component::gateway::Gateway;
use super::component::hosts::Hosts;
use super::component::job::Job;
use super::component::load_balancer::{self, LoadBalancer};
use super::component::nodes::Nodes;
use super::component::schedule::Schedule;
use super::component::search::{self, SearchCluster};
use super::component::service::runtime::Runtime;
use super::component::service::{self, MachineMemory, Service, Subscription, Surroundings};
use super::component::{Behavior as _, Component, Settings};
use super::core::{Core, Known, MAX_TAGS, Model, Way};
use super::frame::{HEALTH, NONE};
use super::handler::{Names, Program, Step};
use super::id::{ComponentId, ProgramId};
use super::quantity::{Bytes, Share, Span, Time};
use super::random::{Seed, hash_name};
use serde::Deserialize;

/// What a level describes: components, and the links between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// The components.
    pub components: Vec<Settings>,
    /// The links that differ from the default.
    pub links: Vec<Link>,
    /// The names of messages whose deliveries are counted one by one.
    pub follows: Vec<String>,
    /// How long it runs before the incident begins.
    pub warm_up: Span,
    /// What time zero is called, in seconds from 1970-01-01 00:00 local time; names that carry a time are made from it.
    pub starts: i64,
}

/// The way between two components, in both directions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// One end.
    pub from: String,
    /// The other.
    pub to: String,
    /// One way; half a millisecond where nothing is said.
    #[serde(default = "default_latency")]
    pub latency: Span,
    /// The share of what is sent over it that is lost, each way: `"0.1%"`; nothing where nothing is said. A request that is
    /// lost, or its answer, is gone, and whoever called learns of it when its patience ends. What goes over a connection
    /// that stays (to and from a broker) is sent again by the kernel and comes later.
    #[serde(default)]
    pub loss: Share,
}

/// Between two components where a level says nothing: a network within one data centre.
const fn default_latency() -> Span {
    Span::from_micros(500)
}

/// Why a description can't be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{component}: {problem}")]
pub struct BuildError {
    /// The component that is described.
    pub component: String,
    /// What is wrong.
    pub problem: String,
}

struct Builder<'a> {
    system: &'a System,
    agenda: Agenda,
    tags: Vec<String>,
    templates: Vec<String>,
    /// The keys of the settings of the service whose steps are compiled.
    settings: Vec<String>,
    stores: Vec<String>,
    /// Whether the component whose steps are compiled decides itself which lines are written.
    keeps_log: bool,
}

impl Names for Builder<'_> {
    fn keeps_its_log(&self) -> bool {
        self.keeps_log
    }

    fn component(&mut self, name: &str) -> Option<ComponentId> {
        let found = self.system.components.iter().position(|settings| settings.name() == name);
        found.map(|index| ComponentId(index as u8))
    }

    fn callee(&mut self, to: &str) -> Option<(ComponentId, u8)> {
        if let Some(id) = self.component(to) {
            return Some((id, 0));
        }
        let (name, path) = to.split_once('/')?;
        let id = self.component(name)?;
        let Settings::Cache(settings) = &self.system.components[id.index()] else { return None };
        settings.routes.iter().position(|route| route.path == path).map(|number| (id, number as u8))
    }

    fn queue(&mut self, path: &str) -> Option<(ComponentId, u16)> {
        let (broker, queue) = path.split_once('/')?;
        let id = self.component(broker)?;
        let Settings::Broker(settings) = &self.system.components[id.index()] else { return None };
        let number = settings.queues.iter().position(|known| known.name == queue)?;
        Some((id, number as u16))
    }

    fn tag(&mut self, name: &str) -> Option<u8> {
        if let Some(number) = self.tags.iter().position(|known| known == name) {
            return Some(number as u8);
        }
        if self.tags.len() == MAX_TAGS {
            return None;
        }
        self.tags.push(name.to_string());
        Some((self.tags.len() - 1) as u8)
    }

    fn template(&mut self, text: &str) -> u16 {
        let found = self.templates.iter().position(|known| known == text).unwrap_or_else(|| {
            self.templates.push(text.to_string());
            self.templates.len() - 1
        });
        found as u16
    }

    fn store(&mut self, name: &str) -> u16 {
        let found = self.stores.iter().position(|known| known == name).unwrap_or_else(|| {
            self.stores.push(name.to_string());
            self.stores.len() - 1
        });
        found as u16
    }

    fn lane(&mut self, delay: Span) -> LaneId {
        self.agenda.lane(delay)
    }

    fn setting(&self, key: &str) -> Option<u16> {
        self.settings.iter().position(|known| known == key).map(|place| place as u16)
    }
}

impl Builder<'_> {
    fn tag_bits(&mut self, tags: &[String]) -> Result<u64, String> {
        let mut bits = 0;
        for tag in tags {
            bits |= 1 << self.tag(tag).ok_or_else(|| format!("a level can have {MAX_TAGS} tags"))?;
        }
        Ok(bits)
    }

    fn ways(&mut self) -> Result<Vec<Way>, BuildError> {
        let count = self.system.components.len();
        let mut spans = vec![(default_latency(), Share::default()); count * count];
        for link in &self.system.links {
            let end = |builder: &mut Self, name: &str| {
                builder.component(name).ok_or_else(|| BuildError {
                    component: name.to_string(),
                    problem: "a link ends here, but no component is called so".to_string(),
                })
            };
            let (from, to) = (end(self, &link.from)?.index(), end(self, &link.to)?.index());
            if link.loss > Share::ALL {
                let problem = format!("the link to `{}` loses {}: 100% is all there is to lose", link.to, link.loss);
                return Err(BuildError { component: link.from.clone(), problem });
            }
            spans[from * count + to] = (link.latency, link.loss);
            spans[to * count + from] = (link.latency, link.loss);
        }
        // The control plane's own words aren't load; a pod and its pool are as good as in one place.
        for (index, settings) in self.system.components.iter().enumerate() {
            for other in 0..count {
                if matches!(settings, Settings::Nodes(_) | Settings::Hosts(_)) || index == other {
                    spans[index * count + other] = (Span::ZERO, Share::default());
                    spans[other * count + index] = (Span::ZERO, Share::default());
                }
            }
        }
        let way = |(latency, loss)| Way { lane: self.agenda.lane(latency), is_instant: latency == Span::ZERO, loss };
        Ok(spans.into_iter().map(way).collect())
    }

    /// The machines that a service runs on, where components describe them.
    fn machines_of(&self, settings: &service::Settings) -> Vec<Option<(ComponentId, u32)>> {
        let service::RunsOn::Hosts(on) = &settings.runs_on else { return vec![] };
        let place_of = |name: &String| {
            self.system.components.iter().enumerate().find_map(|(index, component)| {
                let Settings::Hosts(hosts) = component else { return None };
                let machine = hosts.machines().iter().position(|known| known == name)?;
                Some((ComponentId(index as u8), machine as u32))
            })
        };
        on.machines(&settings.name).iter().map(place_of).collect()
    }

    /// The program with which clients make a load's calls.
    fn call_of(&mut self, load: &clients::Load) -> Result<Program, String> {
        let step = Step::Call {
            to: load.call.clone().unwrap_or_default(),
            timeout: Some(load.patience),
            connect_timeout: None,
            retries: load.retries,
            pause: load.pause,
            goes_on: false,
        };
        Program::compile(&[step], self)
    }
}

/// The names of a component's instances, where callers know each by its own address; none where it has one for all.
fn instances_of(settings: &Settings) -> Vec<String> {
    match settings {
        Settings::Service(service) => match &service.runs_on {
            service::RunsOn::Hosts(hosts) => hosts.machines(&service.name),
            service::RunsOn::Kubernetes(_) | service::RunsOn::Beanstalk(_) => vec![],
        },
        Settings::Cache(cache) => (0..cache.instances as usize).map(|index| cache.host(index)).collect(),
        _ => vec![],
    }
}

impl Simulation {
    /// Builds a system and starts it at the beginning of its warm-up.
    ///
    /// # Errors
    /// Where a name is used that nothing is called, or a bound is exceeded.
    pub fn new(system: &System, seed: Seed) -> Result<Self, BuildError> {
        let mut builder = Builder {
            system,
            agenda: Agenda::new(),
            tags: Vec::new(),
            templates: Vec::new(),
            settings: Vec::new(),
            stores: Vec::new(),
            keeps_log: false,
        };
        if system.components.len() > usize::from(u8::MAX) {
            let problem = "a system can have 255 components".to_string();
            return Err(BuildError { component: "system".to_string(), problem });
        }
        let mut programs = Vec::new();
        let mut plans = Vec::new();
        for settings in &system.components {
            let plan = Plan::of(settings, &mut builder, &mut programs);
            plans.push(plan.map_err(|problem| BuildError { component: settings.name().to_string(), problem })?);
        }
        let ways = builder.ways()?;
        let known = |settings: &Settings| Known { name: settings.name().into(), hash: hash_name(settings.name()) };
        let components = system.components.iter().map(known).collect();
        let Builder { agenda, tags, templates, .. } = builder;
        let starts = system.starts;
        let model = Model { components, programs, tags, templates, starts, ways };
        let start = Time::ZERO - Span::from_seconds(system.warm_up.seconds());
        let mut core = Core::new(model, agenda, seed, start);
        let mut components = Vec::new();
        for (index, (settings, plan)) in system.components.iter().zip(plans).enumerate() {
            components.push(plan.build(ComponentId(index as u8), settings, system, &mut core));
        }
        let next_second = start.second() + 1;
        let mut simulation = Self { core, components, next_second, bound: None, second_began_with: 0 };
        for index in 0..simulation.components.len() {
            simulation.components[index].start(&mut simulation.core);
            simulation.settle();
        }
        Ok(simulation)
    }
}

/// What the first of a service's machines has, where a component describes it.
fn machine_memory(settings: &service::Settings, system: &System) -> Option<MachineMemory> {
    let names = settings.machine_names();
    let first = names.first()?;
    system.components.iter().find_map(|component| match component {
        Settings::Hosts(hosts) if hosts.machines().contains(first) => {
            Some(MachineMemory { memory: hosts.memory, swap: hosts.swap })
        }
        _ => None,
    })
}

/// What was found out about a component before it can be built.
enum Plan {
    Clients(Vec<(Target, Vec<u64>)>),
    Service(Surroundings),
    Schedule(Vec<(ComponentId, u16, u64)>),
    LoadBalancer(load_balancer::Surroundings),
    Job(ProgramId),
    Cache(cache::Surroundings),
    SearchCluster(Vec<search::Source>),
    Other,
}

impl Plan {
    fn of(settings: &Settings, builder: &mut Builder, programs: &mut Vec<Program>) -> Result<Self, String> {
        match settings {
            Settings::Clients(clients) => {
                let mut targets = Vec::new();
                for load in &clients.load {
                    let target = if let Some(path) = &load.publish {
                        let found = builder.queue(path).ok_or_else(|| format!("no queue is called `{path}`"))?;
                        Target::Queue(found.0, found.1)
                    } else if load.call.is_some() {
                        programs.push(builder.call_of(load)?);
                        Target::Call(ProgramId((programs.len() - 1) as u16))
                    } else {
                        Target::Nowhere
                    };
                    let mut bits = Vec::new();
                    for tagged in &load.tags {
                        bits.push(builder.tag_bits(std::slice::from_ref(&tagged.tag))?);
                    }
                    targets.push((target, bits));
                }
                Ok(Self::Clients(targets))
            }
            Settings::Service(service) => Self::of_service(service, builder, programs),
            Settings::Schedule(schedule) => {
                let mut targets = Vec::new();
                for batch in &schedule.publishes {
                    let path = &batch.to;
                    let (broker, queue) = builder.queue(path).ok_or_else(|| format!("no queue is called `{path}`"))?;
                    targets.push((broker, queue, builder.tag_bits(&batch.tags)?));
                }
                Ok(Self::Schedule(targets))
            }
            Settings::Broker(_)
            | Settings::Database(_)
            | Settings::Nodes(_)
            | Settings::Hosts(_)
            | Settings::Gateway(_) => Ok(Self::Other),
            Settings::LoadBalancer(balancer) => Self::of_balancer(balancer, builder),
            Settings::Job(job) => {
                programs.push(Program::compile(&job.steps, builder)?);
                Ok(Self::Job(ProgramId((programs.len() - 1) as u16)))
            }
            Settings::Cache(cache) => Self::of_cache(cache, builder, programs),
            Settings::SearchCluster(cluster) => Self::of_cluster(cluster, builder),
        }
    }

    fn of_balancer(settings: &load_balancer::Settings, builder: &mut Builder) -> Result<Self, String> {
        let to = &settings.to;
        let service = builder.component(to).ok_or_else(|| format!("no service is called `{to}`"))?;
        let Settings::Service(of) = &builder.system.components[service.index()] else {
            return Err(format!("`{to}` is no service: a load balancer hands requests to instances of one"));
        };
        let names = of.machine_names();
        let addressed = !names.is_empty();
        let backends = if addressed { names } else { vec![to.clone()] };
        let backends = backends.into_iter().map(Into::into).collect();
        let idle = builder.agenda.lane(settings.idle_timeout);
        Ok(Self::LoadBalancer(load_balancer::Surroundings { service, backends, addressed, idle }))
    }

    fn of_service(
        settings: &service::Settings,
        builder: &mut Builder,
        programs: &mut Vec<Program>,
    ) -> Result<Self, String> {
        let mut of_versions = Vec::new();
        builder.keeps_log = settings.logs.is_some() || !settings.config.is_empty();
        builder.settings = settings.config.iter().map(|known| known.key.clone()).collect();
        for version in &settings.versions {
            let program = Program::compile(&version.does(), builder)
                .map_err(|problem| format!("version `{}`: {problem}", version.name))?;
            if !program.asks.is_empty() {
                return Err(format!("version `{}`: `Run` and `Require` are steps of a `Job`", version.name));
            }
            programs.push(program);
            of_versions.push(ProgramId((programs.len() - 1) as u16));
        }
        let health = Program::compile(&settings.health, builder).map_err(|problem| format!("health: {problem}"))?;
        programs.push(health);
        let health = ProgramId((programs.len() - 1) as u16);
        builder.keeps_log = false;
        builder.settings.clear();
        if of_versions.is_empty() {
            return Err("a service needs at least one version".into());
        }
        let mut subscriptions = Vec::new();
        for consumed in &settings.consumes {
            let path = &consumed.queue;
            let (broker, queue) = builder.queue(path).ok_or_else(|| format!("no queue is called `{path}`"))?;
            let auto_ack = consumed.ack == service::settings::AckMode::Automatic;
            subscriptions.push(Subscription { broker, queue, prefetch: consumed.prefetch, auto_ack });
        }
        let metrics_line = match &settings.runtime {
            Some(Runtime::Go(go)) => go.metrics.as_ref().map(|line| line.text.as_str()),
            None => None,
        };
        let banner = Some(settings.banner.as_str()).filter(|banner| !banner.is_empty());
        let posted_from = match &settings.daemon {
            Some(daemon) => {
                let path = &daemon.queue;
                Some(builder.queue(path).ok_or_else(|| format!("no queue is called `{path}`"))?)
            }
            None => None,
        };
        let mut around = Surroundings {
            pool: None,
            node_memory: Bytes(16 << 30),
            node_names: "node-{n}".into(),
            programs: of_versions,
            health,
            machine_memory: machine_memory(settings, builder.system),
            metrics_line: metrics_line.map(|line| builder.template(line)),
            banner: banner.map(|banner| builder.template(banner)),
            subscriptions,
            machines: builder.machines_of(settings),
            posted_from,
            lines: service::proxy::LINES.map(|line| builder.template(line)).to_vec(),
            quit: settings.runtime.as_ref().map(|_| builder.template(service::runtime::QUIT)),
        };
        if let service::settings::RunsOn::Kubernetes(kubernetes) = &settings.runs_on {
            let pools = builder.system.components.iter().enumerate();
            let found = pools
                .filter_map(|(index, settings)| match settings {
                    Settings::Nodes(nodes) => Some((index, nodes)),
                    _ => None,
                })
                .find(|(_, nodes)| kubernetes.pool.as_ref().is_none_or(|pool| *pool == nodes.name));
            if let Some((index, nodes)) = found {
                around.pool = Some(ComponentId(index as u8));
                around.node_memory = nodes.memory;
                around.node_names.clone_from(&nodes.names);
            } else if let Some(pool) = &kubernetes.pool {
                return Err(format!("no nodes are called `{pool}`"));
            }
        }
        Ok(Self::Service(around))
    }

    fn of_cluster(settings: &search::Settings, builder: &mut Builder) -> Result<Self, String> {
        let of = match &settings.like {
            None => settings,
            Some(like) => {
                let clusters = builder.system.components.iter().filter_map(|known| match known {
                    Settings::SearchCluster(cluster) => Some(cluster),
                    _ => None,
                });
                let found = clusters.into_iter().find(|cluster| cluster.name == *like);
                found.ok_or_else(|| format!("no search cluster is called `{like}`"))?
            }
        };
        let mut sources = vec![];
        for family in &of.families {
            let shown = family.shows.iter().flat_map(|shown| shown.tags.iter());
            let names: Vec<String> = family.tags.iter().map(|share| &share.tag).chain(shown).cloned().collect();
            builder.tag_bits(&names)?;
            sources.push(search::Source::new(family, |tag| builder.tag(tag).map_or(0, |number| 1 << number)));
        }
        Ok(Self::SearchCluster(sources))
    }

    fn of_cache(
        settings: &cache::Settings,
        builder: &mut Builder,
        programs: &mut Vec<Program>,
    ) -> Result<Self, String> {
        let mut around = cache::Surroundings { programs: vec![], routes: vec![], backends: vec![] };
        let call = |to: &str, timeout: Span, connect: Option<Span>| Step::Call {
            to: to.to_string(),
            timeout: Some(timeout),
            connect_timeout: connect,
            retries: 0,
            pause: super::quantity::Duration::default(),
            goes_on: true,
        };
        for route in &settings.routes {
            let fetch = call(&route.to, settings.first_byte_timeout, Some(settings.connect_timeout));
            programs.push(Program::compile(&[fetch], builder)?);
            around.programs.push(ProgramId((programs.len() - 1) as u16));
            let (component, _) = builder.callee(&route.to).ok_or("a route leads nowhere")?;
            let known = around.backends.iter().position(|backend| backend.component == component);
            let first = known.unwrap_or(around.backends.len());
            if known.is_none() {
                let timeout = settings.probe.as_ref().map_or(Span::from_seconds(2), |probe| probe.timeout);
                let mut probe = Program::compile(&[call(&route.to, timeout, None)], builder)?;
                probe.calls.iter_mut().for_each(|call| call.path = HEALTH);
                programs.push(probe);
                let probe = ProgramId((programs.len() - 1) as u16);
                let names = instances_of(&builder.system.components[component.index()]);
                let one = |instance: u32, name: String| Backend { name: name.into(), component, instance, probe };
                if names.is_empty() {
                    around.backends.push(one(NONE, route.to.clone()));
                }
                around.backends.extend(names.into_iter().zip(0..).map(|(name, number)| one(number, name)));
            }
            let of = around.backends.iter().enumerate().skip(first);
            let of = of.take_while(|(_, backend)| backend.component == component);
            around.routes.push(of.map(|(index, _)| index as u16).collect());
        }
        Ok(Self::Cache(around))
    }

    fn build(self, id: ComponentId, settings: &Settings, system: &System, core: &mut Core) -> Component {
        match (self, settings) {
            (Self::Clients(targets), Settings::Clients(settings)) => {
                Component::Clients(Clients::new(id, settings, &targets, core))
            }
            (Self::Service(around), Settings::Service(settings)) => {
                Component::Service(Box::new(Service::new(id, settings, around, core)))
            }
            (Self::LoadBalancer(around), Settings::LoadBalancer(settings)) => {
                Component::LoadBalancer(Box::new(LoadBalancer::new(id, settings, &around, core)))
            }
            (Self::Job(program), Settings::Job(settings)) => {
                Component::Job(Box::new(Job::new(id, settings, program, core)))
            }
            (Self::Cache(around), Settings::Cache(settings)) => {
                Component::Cache(Box::new(Cache::new(id, settings, around, core)))
            }
            (_, Settings::Broker(settings)) => {
                let mut settings = settings.clone();
                settings.follows.extend(system.follows.iter().cloned());
                Component::Broker(Box::new(Broker::new(id, &settings, &mut core.telemetry)))
            }
            (_, Settings::Nodes(settings)) => Component::Nodes(Box::new(Nodes::new(id, settings, core))),
            (Self::Schedule(targets), Settings::Schedule(settings)) => {
                Component::Schedule(Schedule::new(id, settings, &targets, core))
            }
            (Self::SearchCluster(sources), Settings::SearchCluster(settings)) => {
                Component::SearchCluster(Box::new(SearchCluster::new(id, settings, sources, core)))
            }
            (_, Settings::Database(settings)) => Component::Database(Box::new(Database::new(id, settings, core))),
            (_, Settings::Gateway(settings)) => Component::Gateway(Box::new(Gateway::new(id, settings, core))),
            (
                _,
                Settings::Clients(_)
                | Settings::Service(_)
                | Settings::Schedule(_)
                | Settings::SearchCluster(_)
                | Settings::Cache(_)
                | Settings::LoadBalancer(_)
                | Settings::Job(_),
            ) => unreachable!("a plan is made for its own settings"),
            (_, Settings::Hosts(settings)) => Component::Hosts(Box::new(Hosts::new(id, settings, core))),
        }
    }
}
