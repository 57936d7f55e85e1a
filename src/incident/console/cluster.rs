//! The cluster as kubectl sees it, taken from the system at one moment: pods, deployments, nodes, events as plain values.
//!
//! `kubectl` prints it, and the machines' tools tell of their pods from it; it knows neither.

use super::World;
use super::code::is_built;
use super::world::{pools, services};
use crate::sim::Step;
use crate::sim::component::nodes::{self, Nodes};
use crate::sim::component::service::{self, Instance, Service, Stage};
use crate::sim::quantity::{Bytes, Duration, Span, Time};
use crate::sim::random;
use std::collections::BTreeMap;

/// Everything that kubectl knows.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    pub now: Time,
    pub pods: Vec<Pod>,
    pub deployments: Vec<Deployment>,
    pub nodes: Vec<Node>,
    /// Oldest first.
    pub events: Vec<Event>,
}

/// A pod.
#[derive(Clone, Debug, Default)]
pub struct Pod {
    pub name: String,
    pub uid: String,
    /// The deployment that it belongs to.
    pub deployment: String,
    /// The hash of the template that it was made from.
    pub hash: String,
    pub ready: bool,
    /// The word of the column: `Running`, `CrashLoopBackOff`, `Error`, `Pending`.
    pub status: String,
    /// `Pending` or `Running`.
    pub phase: &'static str,
    pub restarts: u32,
    pub created: Time,
    pub node: Option<String>,
    pub ip: String,
    pub container: String,
    pub template: Template,
    /// Since when its process runs, while it does.
    pub running_since: Option<Time>,
    /// Why it waits, while it does: `CrashLoopBackOff`, `ContainerCreating`.
    pub waits: Option<String>,
    pub last: Option<Ended>,
    pub component: usize,
    pub instance: usize,
}

/// How a container ended the last time.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    pub reason: String,
    pub code: u8,
    pub started: Time,
    pub finished: Time,
}

/// What a pod is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub image: String,
    pub request: Bytes,
    pub limit: Option<Bytes>,
}

/// A deployment.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    pub name: String,
    pub component: usize,
    pub created: Time,
    pub wanted: u32,
    pub ready: u32,
    pub updated: u32,
    pub available: u32,
    /// Of the current template.
    pub updated_available: u32,
    pub paused: bool,
    pub container: String,
    pub template: Template,
    /// Oldest first; the last is the current one.
    pub revisions: Vec<Revision>,
    pub max_surge: String,
    pub max_unavailable: String,
    /// As `describe` prints it: `http-get … period=10s #failure=3`.
    pub liveness: Option<String>,
}

/// A replica set.
#[derive(Clone, Debug, Default)]
pub struct Revision {
    pub number: u32,
    pub name: String,
    pub hash: String,
    pub cause: String,
    pub created: Time,
    pub template: Template,
    pub wanted: u32,
    pub pods: u32,
    pub ready: u32,
}

/// A machine.
#[derive(Clone, Debug, Default)]
pub struct Node {
    pub name: String,
    /// `Ready`, `Ready,SchedulingDisabled`.
    pub status: String,
    pub joined: Time,
    pub ip: String,
    pub memory: Bytes,
    pub requested: Bytes,
    /// The component that it belongs to.
    pub pool: String,
}

/// Something that the cluster has noticed.
#[derive(Clone, Debug, Default)]
pub struct Event {
    pub first: Time,
    pub last: Time,
    pub count: u32,
    /// `Normal` or `Warning`.
    pub kind: &'static str,
    pub reason: String,
    /// `pod/NAME`.
    pub object: String,
    pub from: String,
    pub message: String,
}

impl Pod {
    pub fn labels(&self) -> Vec<(String, String)> {
        let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![label("app", &self.deployment), label("pod-template-hash", &self.hash)]
    }
}

impl Cluster {
    /// The cluster now.
    pub fn of(world: &dyn World) -> Self {
        let now = world.now();
        let mut cluster = Self { now, ..Self::default() };
        for (component, service) in services(world) {
            if let Some(kubernetes) = service.kubernetes() {
                cluster.pods.extend(pods(component, service, now));
                cluster.deployments.push(deployment(component, service, kubernetes));
                // There are thousands of both: looked up, not searched for.
                let instances: BTreeMap<&str, &Instance> =
                    service.instances.iter().map(|instance| (&*instance.name, instance)).collect();
                cluster.events.extend(service.events.at(now).map(|event| {
                    let pod = event.object.strip_prefix("pod/").and_then(|name| instances.get(name));
                    noticed(event, service, pod.copied())
                }));
            }
        }
        for (_, pool) in pools(world) {
            let joined = pool.nodes.iter().filter(|node| node.joins <= now);
            cluster.nodes.extend(joined.enumerate().map(|(index, node)| machine(index, node, pool)));
        }
        cluster.pods.sort_by(|a, b| a.name.cmp(&b.name));
        cluster.deployments.sort_by(|a, b| a.name.cmp(&b.name));
        cluster.events.sort_by_key(|event| event.first);
        cluster
    }
}

/// Whether a level has a cluster at all.
pub fn exists(world: &dyn World) -> bool {
    services(world).any(|(_, service)| service.kubernetes().is_some())
}

fn template(service: &Service, revision: &service::Revision) -> Template {
    let version = &service.settings.versions[usize::from(revision.version)].name;
    Template {
        image: format!("registry.internal/{}:{version}", service.settings.name),
        request: revision.resources.request,
        limit: revision.resources.limit,
    }
}

/// The part of a replica set's name after the deployment's.
fn hash(service: &Service, revision: u32) -> String {
    service.replica_set_name(revision).rsplit('-').next().unwrap_or_default().to_owned()
}

fn pods(component: usize, service: &Service, now: Time) -> impl Iterator<Item = Pod> {
    service.live().map(move |(number, instance)| {
        let status = service.status_word(number, now);
        let waits = match instance.stage {
            Stage::Creating => Some("ContainerCreating"),
            Stage::BackingOff if status == "CrashLoopBackOff" => Some(status),
            _ => None,
        };
        let is_pending = matches!(instance.stage, Stage::Pending | Stage::Creating);
        let place = instance.node.map(|node| format!("10.4.{node}.{}", 2 + instance.uid % 250));
        Pod {
            name: instance.name.to_string(),
            uid: uid(instance.uid),
            deployment: service.settings.name.clone(),
            hash: hash(service, instance.revision),
            ready: instance.is_ready(),
            status: status.to_owned(),
            phase: if is_pending { "Pending" } else { "Running" },
            restarts: instance.restarts,
            created: instance.created,
            node: instance.node.map(|node| service.node_name(node)),
            ip: place.filter(|_| !is_pending).unwrap_or_else(|| "<none>".to_owned()),
            container: service.settings.container.clone(),
            template: template(service, service.revision_of(number)),
            running_since: instance.has_process().then_some(instance.started),
            waits: waits.map(str::to_owned),
            last: instance.last_exit.map(|exit| Ended {
                reason: exit.reason.to_owned(),
                code: exit.code,
                started: exit.started,
                finished: exit.finished,
            }),
            component,
            instance: number,
        }
    })
}

/// A number as Kubernetes prints a UID.
pub fn uid(word: u64) -> String {
    random::uuid(word, random::mix(word))
}

fn deployment(component: usize, service: &Service, kubernetes: &service::settings::Kubernetes) -> Deployment {
    let current = service.deployment.revision;
    let live: Vec<&Instance> =
        service.live().map(|(_, pod)| pod).filter(|pod| pod.stage != Stage::Terminating).collect();
    let count = |fits: &dyn Fn(&Instance) -> bool| live.iter().filter(|pod| fits(pod)).count() as u32;
    let revisions = service.deployment.revisions.iter().map(|revision| {
        let pods = count(&|pod| pod.revision == revision.number);
        Revision {
            number: revision.number,
            name: service.replica_set_name(revision.number),
            hash: hash(service, revision.number),
            cause: String::new(),
            created: revision.made,
            template: template(service, revision),
            wanted: if revision.number == current && pods == live.len() as u32 {
                service.deployment.replicas
            } else {
                pods
            },
            pods,
            ready: count(&|pod| pod.revision == revision.number && pod.is_ready()),
        }
    });
    let mut revisions: Vec<Revision> = revisions.collect();
    revisions.sort_by_key(|revision| (revision.number == current, revision.number));
    let deployed = service.settings.versions.iter().filter_map(|version| version.deployed);
    let created = deployed.map(|span| Time::ZERO + span).chain(revisions.iter().map(|revision| revision.created)).min();
    Deployment {
        name: service.settings.name.clone(),
        component,
        created: created.unwrap_or_default(),
        wanted: service.deployment.replicas,
        ready: count(&|pod| pod.is_ready()),
        updated: count(&|pod| pod.revision == current),
        available: count(&|pod| pod.is_ready()),
        updated_available: count(&|pod| pod.revision == current && pod.is_ready()),
        paused: service.deployment.paused,
        container: service.settings.container.clone(),
        template: template(service, service.template()),
        revisions,
        max_surge: kubernetes.rollout.max_surge.to_string(),
        max_unavailable: kubernetes.rollout.max_unavailable.to_string(),
        liveness: kubernetes.liveness.map(|probe| {
            let (timeout, period) = (probe.timeout.seconds(), probe.period.seconds());
            format!(
                "http-get http://:8080/healthz delay=0s timeout={timeout}s period={period}s #success=1 #failure={}",
                probe.failures
            )
        }),
    }
}

fn noticed(event: &service::Event, service: &Service, pod: Option<&Instance>) -> Event {
    let from = match (event.source, pod.and_then(|pod| pod.node)) {
        ("kubelet", Some(node)) => format!("kubelet, {}", service.node_name(node)),
        (source, _) => source.to_owned(),
    };
    Event {
        first: event.first,
        last: event.last,
        count: event.count,
        kind: if event.is_warning { "Warning" } else { "Normal" },
        reason: event.reason.to_owned(),
        object: event.object.clone(),
        from,
        message: event.message.clone(),
    }
}

fn machine(index: usize, node: &nodes::Node, pool: &Nodes) -> Node {
    // What has always been there joined when it was booted.
    let joined = if node.joins.since(node.booted) > Span::from_seconds(3600) { node.booted } else { node.joins };
    Node {
        name: node.name.to_string(),
        status: if node.cordoned { "Ready,SchedulingDisabled" } else { "Ready" }.to_owned(),
        joined,
        ip: format!("10.0.1.{}", 10 + index),
        memory: pool.settings.memory,
        requested: node.requested,
        pool: pool.settings.name.clone(),
    }
}

/// The versions of a deployment's service that can run at once, with what each is.
pub fn versions(world: &dyn World, component: usize) -> Vec<(String, String)> {
    let Some((_, service)) = services(world).find(|(index, _)| *index == component) else { return vec![] };
    let built = service.settings.versions.iter().enumerate().filter(|(index, _)| is_built(service, *index));
    built.map(|(_, version)| (version.name.clone(), version.note.clone())).collect()
}

/// Thousandths of a core and memory of a pod as they were at a time.
pub fn usage(world: &dyn World, pod: &Pod, at: Time) -> Option<(u64, Bytes)> {
    let telemetry = world.system().telemetry();
    let family = telemetry.catalogue().family(&format!("{}.pods.memory", pod.deployment))?;
    let member = telemetry.members(family).iter().find(|member| *member.name == *pod.name)?;
    let memory = member.series.at(at.second()).filter(|bytes| *bytes > 0)?;
    Some((processor(world, &pod.deployment, pod.component, &pod.name, at), Bytes(memory.unsigned_abs())))
}

/// Thousandths of a core that an instance's handlers take: how often they ran in a minute, times what one takes.
pub fn processor(world: &dyn World, service: &str, component: usize, instance: &str, at: Time) -> u64 {
    let telemetry = world.system().telemetry();
    let counted = |metric: &str, second: i64| {
        let metric = telemetry.catalogue().scalar(&format!("{service}.{metric}"));
        metric.and_then(|metric| telemetry.series(metric).at(second)).unwrap_or_default()
    };
    let in_a_minute = |metric: &str| (counted(metric, at.second()) - counted(metric, at.second() - 60)).max(0);
    let ready = counted("available", at.second()).max(1);
    let Some((_, service)) = services(world).find(|(index, _)| *index == component) else { return 1 };
    let steps = &service.settings.versions[usize::from(service.template().version)].does();
    let work: i64 =
        steps.iter().map(|step| if let Step::Work(duration) = step { mean(*duration).micros() } else { 0 }).sum();
    let handled = in_a_minute("handled") + in_a_minute("requests");
    let micros_per_second = handled * work / 60 / ready;
    // Pods of one service aren't equal to the last thousandth.
    2 + micros_per_second.unsigned_abs() / 1000 + crate::sim::random::hash_name(instance) % 5
}

fn mean(duration: Duration) -> Span {
    match duration {
        Duration::Constant(span) | Duration::Exponential(span) => span,
        Duration::Uniform(from, to) => Span::from_micros(i64::midpoint(from.micros(), to.micros())),
    }
}
