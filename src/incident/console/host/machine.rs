//! A machine as its own tools see it, taken from the system at one moment as plain values.
//!
//! The only file of the family that looks into components.

use super::search_node;
use super::system_files;
use super::texts::SYSLOG;
use crate::incident::console::sessions::{self, Session};
use crate::incident::console::world::{balancers, caches, hosts, pools, services};
use crate::incident::console::{World, cluster, code, database, eb};
use crate::sim::component::cache::{self, Cache};
use crate::sim::component::hosts::{Disks, own_memory};
use crate::sim::component::nodes::KernelKill;
use crate::sim::component::service::settings::Pid1;
use crate::sim::component::service::{Exit, Instance, Service, Stage};
use crate::sim::quantity::{Bytes, Span, Time};
use crate::sim::random::{hash_name, join, mix};

/// A machine.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    pub name: String,
    /// The component that describes it, where one does.
    pub component: Option<String>,
    /// Its volumes and files.
    pub disks: Disks,
    /// When it was started; long before the level began, as a rule.
    pub booted: Time,
    pub memory: Bytes,
    pub swap: Bytes,
    /// The paths of texts that nobody gave a size: see `texts`.
    pub texts: Vec<String>,
    /// What a database server on it has written.
    pub written: Vec<database::Written>,
    /// Whether it carries pods: a kubelet runs on it.
    pub is_node: bool,
    pub residents: Vec<Resident>,
    /// Whom its kernel has killed, oldest first.
    pub kernel: Vec<Killed>,
    /// What else its kernel has said, oldest first.
    pub said: Vec<(Time, String)>,
    /// Its kernel's version, where the level says it.
    pub version: Option<String>,
    /// What the supervisors of its processes have said, oldest first: when, who, what.
    pub supervisors: Vec<(Time, &'static str, String)>,
    /// What people and cron run there.
    pub sessions: Vec<Session>,
}

/// A pod on a machine with its process, or an instance of a service that has it to itself.
#[derive(Clone, Debug, Default)]
pub struct Resident {
    pub name: String,
    pub service: String,
    /// The number of the service's component.
    pub component: usize,
    /// The unit or job of its supervisor, where it has one.
    pub unit: Option<Unit>,
    pub created: Time,
    pub running_since: Option<Time>,
    pub process: String,
    pub pid: u32,
    pub memory: Bytes,
    pub virtual_memory: Bytes,
    pub cpu_tenths: u64,
    /// Whether another process stands above it as the container's first.
    pub has_wrapper: bool,
}

/// A process's unit or job, as its supervisor sees it.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    pub name: String,
    pub is_systemd: bool,
    /// The supervisor's word: `active`, `activating`, `auto-restart`, `deactivating`, `failed`, `inactive`.
    pub state: &'static str,
    /// When it got into that state.
    pub since: Time,
    pub restarts: u32,
    /// How its process last ended.
    pub last_exit: Option<Exit>,
}

/// A process that the kernel has killed for its memory.
#[derive(Clone, Debug, Default)]
pub struct Killed {
    pub at: Time,
    pub pod_uid: String,
    pub container_id: String,
    pub process: String,
    pub pid: u32,
    pub limit: Bytes,
    pub anon_rss: Bytes,
    pub file_rss: Bytes,
    pub total_vm: Bytes,
    pub oom_score_adj: i16,
    pub fail_count: u32,
}

impl Machine {
    /// What is in use: the system's own share, and what the processes hold.
    pub fn used(&self) -> Bytes {
        Bytes(self.wanted().min(self.memory.0))
    }

    /// What of it lies in swap.
    pub fn swapped(&self) -> Bytes {
        Bytes(self.wanted().saturating_sub(self.memory.0).min(self.swap.0))
    }

    fn wanted(&self) -> u64 {
        own_memory(self.memory).0 + self.residents.iter().map(|resident| resident.memory.0).sum::<u64>()
    }
}

/// Every machine that one can log in to: the nodes of the cluster, and the machines that services have to themselves.
pub fn all(world: &dyn World) -> Vec<Machine> {
    let mut all = vec![];
    for (_, pool) in pools(world) {
        for node in pool.nodes.iter().filter(|node| node.joins <= world.now()) {
            let pods = node.pods.iter().filter_map(|(component, pod)| {
                let (_, service) = services(world).find(|(index, _)| *index == component.index())?;
                resident(world, component.index(), service, *pod as usize)
            });
            all.push(Machine {
                name: node.name.to_string(),
                booted: node.booted,
                memory: pool.settings.memory,
                is_node: true,
                residents: pods.collect(),
                kernel: node.kills.iter().map(killed).collect(),
                ..Machine::default()
            });
        }
    }
    for (_, group) in hosts(world) {
        all.extend(group.machines.iter().map(|machine| Machine {
            name: machine.name.to_string(),
            component: Some(group.settings.name.clone()),
            disks: machine.disks.clone(),
            booted: machine.booted,
            memory: group.settings.memory,
            version: Some(group.settings.kernel.version.clone()),
            swap: group.settings.swap,
            ..Machine::default()
        }));
    }
    for (component, service) in services(world).filter(|(_, service)| service.kubernetes().is_none()) {
        for (number, instance) in service.live() {
            let known = all.iter().position(|machine| *machine.name == *instance.name).unwrap_or_else(|| {
                all.push(plain(instance));
                all.len() - 1
            });
            all[known].residents.extend(resident(world, component, service, number));
            all[known].texts.extend(service.settings.stderr.clone());
            let said = service.journal.iter().filter(|entry| entry.instance as usize == number);
            all[known].supervisors.extend(said.map(|entry| (entry.at, entry.who, entry.text.clone())));
        }
    }
    for (component, cache) in caches(world) {
        all.extend(cache.machines.iter().map(|machine| cache_machine(component, cache, machine)));
    }
    all.extend(search_node::machines(world));
    for host in balancers(world).filter_map(|balancer| balancer.settings.host.as_ref()) {
        if all.iter().all(|machine| machine.name != *host) {
            let booted = Time::ZERO - Span::from_seconds(83 * 86_400);
            all.push(Machine { name: host.clone(), booted, memory: Bytes(2 << 30), ..Machine::default() });
        }
    }
    // A machine that only a job or a database speaks of is there all the same.
    for name in sessions::machines(world).into_iter().chain(database::machines(world)) {
        if all.iter().all(|machine| machine.name != name) {
            let booted = Time::ZERO - Span::from_seconds(63 * 86_400 + 7919);
            all.push(Machine { name, booted, memory: Bytes(16 << 30), ..Machine::default() });
        }
    }
    for machine in &mut all {
        if let Some(kernel) = world.system().kernel(&machine.name) {
            machine.booted = kernel.booted;
            machine.said = kernel.log.lines().map(|(at, said)| (at, said.text())).collect();
        }
        machine.texts.push(SYSLOG.to_owned());
        machine.texts.extend(system_files::kept(&machine.name, world));
        machine.texts.extend(eb::paths(world, &machine.name));
        machine.texts.extend(code::lying(world, &machine.name));
        machine.texts.sort();
        machine.texts.dedup();
        machine.supervisors.sort_by_key(|(at, ..)| *at);
        machine.disks.volumes.extend(database::mounted(world, &machine.name));
        machine.written = database::written(world, &machine.name);
        machine.sessions = sessions::sessions(world, Some(&machine.name));
    }
    all
}

/// A machine that a cache runs on.
fn cache_machine(component: usize, cache: &Cache, machine: &cache::Machine) -> Machine {
    let word = hash_name(&machine.name);
    let booted = Time::ZERO - Span::from_seconds(73 * 86_400 + (word % 7919) as i64);
    let started = machine.started.max(booted);
    let unit = Unit {
        name: "varnish".into(),
        is_systemd: true,
        state: if machine.is_up { "active" } else { "activating" },
        since: started,
        ..Unit::default()
    };
    let resident = Resident {
        name: machine.name.to_string(),
        service: cache.settings.name.clone(),
        component,
        unit: Some(unit),
        created: started,
        running_since: Some(started),
        process: "varnishd".into(),
        pid: 1200 + (join(word, started.micros().unsigned_abs()) % 29_000) as u32,
        memory: Bytes((180 << 20) + machine.objects() as u64 * 40_000),
        virtual_memory: Bytes((900 << 20) + machine.objects() as u64 * 40_000),
        cpu_tenths: 40,
        has_wrapper: false,
    };
    Machine {
        name: machine.name.to_string(),
        booted,
        memory: Bytes(16 << 30),
        residents: vec![resident],
        ..Machine::default()
    }
}

/// A machine that a service runs on, of which nothing else is said.
fn plain(instance: &Instance) -> Machine {
    Machine {
        name: instance.name.to_string(),
        booted: Time::ZERO - Span::from_seconds(41 * 86_400 + (instance.uid % 7919) as i64),
        memory: Bytes(16 << 30),
        ..Machine::default()
    }
}

/// The unit that an instance on a machine runs as.
fn unit(world: &dyn World, service: &Service, number: usize) -> Option<Unit> {
    let supervisor = service.supervisor()?;
    let instance = &service.instances[number];
    let ended = instance.last_exit.map(|exit| exit.finished);
    let since = match instance.stage {
        Stage::Running | Stage::Starting => instance.started,
        _ => ended.unwrap_or(instance.created),
    };
    Some(Unit {
        name: service.unit().to_owned(),
        is_systemd: supervisor.is_systemd(),
        state: service.status_word(number, world.now()),
        since,
        restarts: instance.restarts,
        last_exit: instance.last_exit,
    })
}

fn resident(world: &dyn World, component: usize, service: &Service, number: usize) -> Option<Resident> {
    let instance = service.instances.get(number)?;
    let now = world.now();
    // One that starts reads its code; one that fills memory does nothing else.
    let cpu_tenths = match instance.stage {
        Stage::Running => cluster::processor(world, &service.settings.name, component, &instance.name, now),
        _ => 350,
    };
    let memory = service.memory_of(number, now);
    let reserved = if instance.has_process() { service.settings.memory.reserved.0 } else { 0 };
    Some(Resident {
        name: instance.name.to_string(),
        service: service.settings.name.clone(),
        component,
        unit: unit(world, service, number),
        created: instance.created,
        running_since: instance.has_process().then_some(instance.started),
        process: service.settings.process.clone(),
        pid: if instance.has_process() { instance.pid() } else { 0 },
        memory,
        virtual_memory: Bytes(memory.0 + reserved),
        cpu_tenths,
        has_wrapper: service.kubernetes().is_some_and(|kubernetes| kubernetes.pid_1 == Pid1::Wrapper),
    })
}

fn killed(kill: &KernelKill) -> Killed {
    let more = mix(kill.container_id);
    Killed {
        at: kill.at,
        pod_uid: cluster::uid(kill.pod_uid),
        container_id: format!(
            "{:016x}{more:016x}{:016x}{:016x}",
            kill.container_id,
            mix(more),
            mix(more ^ kill.pod_uid)
        ),
        process: kill.process.to_string(),
        pid: kill.pid,
        limit: kill.limit,
        anon_rss: kill.anon_rss,
        file_rss: kill.file_rss,
        total_vm: kill.total_vm,
        oom_score_adj: kill.oom_score_adj,
        fail_count: kill.fail_count,
    }
}
