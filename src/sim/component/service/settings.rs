//! A service as a level describes it. What is left out has the real tool's default.

use super::beanstalk::Beanstalk;
use super::daemon;
use super::runtime::Runtime;
use super::supervisor::Supervisor;
use crate::sim::component::hosts::Names;
use crate::sim::handler::Step;
use crate::sim::log::Severity;
use crate::sim::quantity::{ByteRange, Bytes, Duration, Share, Span, Throughput};
use serde::Deserialize;

/// Instances of something that handles requests or messages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name; under Kubernetes, its deployment's.
    pub name: String,
    /// Where its instances run.
    #[serde(default)]
    pub runs_on: RunsOn,
    /// What its processes take of memory.
    #[serde(default)]
    pub memory: Memory,
    /// How many requests or messages an instance handles at one time.
    #[serde(default = "one_worker")]
    pub workers: u16,
    /// Whether a worker is held for the whole handler or for its own work only.
    #[serde(default)]
    pub holds: Holds,
    /// Whether a request whose caller has gone is dropped when its turn comes.
    #[serde(default)]
    pub drops_abandoned: bool,
    /// How many requests may wait for a worker of an instance; without it, any number.
    #[serde(default)]
    pub queue: Option<u32>,
    /// The queues whose messages it handles.
    #[serde(default)]
    pub consumes: Vec<Consumes>,
    /// The daemon beside it that posts messages of a queue to it.
    #[serde(default)]
    pub daemon: Option<daemon::Settings>,
    /// The version that runs at the beginning.
    pub runs: String,
    /// What each version does with a request.
    pub versions: Vec<Version>,
    /// What its processes are run by.
    #[serde(default)]
    pub server: Server,
    /// Where its code lies on a machine: `/srv/app`.
    #[serde(default)]
    pub root: String,
    /// The name of its process, as `ps` and the kernel print it.
    #[serde(default = "process")]
    pub process: String,
    /// The name of its container.
    #[serde(default = "container")]
    pub container: String,
    /// What an instance does when a load balancer looks whether it is well: by default nothing but to answer, when a
    /// worker is free.
    #[serde(default)]
    pub health: Vec<Step>,
    /// What it is, where it passes on what others answer.
    #[serde(default)]
    pub proxy: Option<Proxy>,
    /// How long it takes to build and push a version.
    #[serde(default = "pipeline")]
    pub pipeline: Span,
    /// What its processes are written in, where that decides what they cost.
    #[serde(default)]
    pub runtime: Option<Runtime>,
    /// The file on its machines in which its dying words end up. Without it they stand in the service's own log.
    #[serde(default)]
    pub stderr: Option<String>,
    /// What a process writes to its log once it takes requests: `listening on :8080`.
    #[serde(default)]
    pub banner: String,
    /// The file on its machines that `Log` steps write to, such as `/var/log/shop/shop.log`. Without it lines take no room.
    #[serde(default)]
    pub logs: Option<String>,
    /// How much room a line of each level takes: `line: [(Info, "200B"), (Debug, "20KB")]`; 200 bytes where nothing is
    /// said.
    #[serde(default)]
    pub line: Vec<(Severity, Bytes)>,
    /// What its processes read when they start. `LOG_LEVEL` says which lines are written.
    #[serde(default)]
    pub config: Vec<ConfigKey>,
    /// The exit code of a process that panics: 1, or what its language says (Go: 2).
    #[serde(default = "failure")]
    pub exits_with: u8,
}

/// A setting of a service's processes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigKey {
    /// Its name.
    pub key: String,
    /// Its value.
    pub is: String,
    /// Machines that differ: (name, value).
    #[serde(default)]
    pub but: Vec<(String, String)>,
}

const fn failure() -> u8 {
    1
}

impl Settings {
    /// The names of its machines; none under Kubernetes, where pods come and go.
    #[must_use]
    pub fn machine_names(&self) -> Vec<String> {
        match &self.runs_on {
            RunsOn::Kubernetes(_) | RunsOn::Beanstalk(_) => vec![],
            RunsOn::Hosts(hosts) => hosts.machines(&self.name),
        }
    }
}

const fn one_worker() -> u16 {
    1
}

fn process() -> String {
    "app".into()
}

fn container() -> String {
    "app".into()
}

const fn pipeline() -> Span {
    Span::from_seconds(180)
}

/// Where instances run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum RunsOn {
    /// Pods of a deployment.
    Kubernetes(Kubernetes),
    /// Machines, always there, each with one process under a supervisor.
    Hosts(OnHosts),
    /// Instances of an Elastic Beanstalk environment.
    Beanstalk(Beanstalk),
}

impl Default for RunsOn {
    fn default() -> Self {
        Self::Hosts(OnHosts::default())
    }
}

/// Machines that are simply there: each is one instance. A component `Hosts` that has a machine of the same name says
/// what that machine is made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OnHosts {
    /// Their names: a list, or a pattern with `{n}` for a number from 1; the service's name and a number where nothing is
    /// said.
    pub names: Names,
    /// How many, where the names are a pattern.
    pub count: u32,
    /// What several of them are called together, where a tool wants a word for it.
    pub group: String,
    /// What starts the process, and starts it again.
    pub supervisor: Supervisor,
}

impl Default for OnHosts {
    fn default() -> Self {
        Self { names: Names::default(), count: 1, group: String::new(), supervisor: Supervisor::default() }
    }
}

impl OnHosts {
    /// The machines' names.
    #[must_use]
    pub fn machines(&self, service: &str) -> Vec<String> {
        self.names.all(self.count, service)
    }
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// How many pods there should be.
    pub replicas: u32,
    /// The nodes that they run on; not needed where a system has one pool.
    #[serde(default)]
    pub pool: Option<String>,
    /// What a container asks for and may have.
    #[serde(default)]
    pub memory: Resources,
    /// From the container's start until it is ready.
    #[serde(default = "starts_in")]
    pub starts_in: Duration,
    /// From SIGTERM until the process has ended by itself.
    #[serde(default = "stops_in")]
    pub stops_in: Duration,
    /// Whether the process that works is the container's first one, or the child of one that only starts it. A killed
    /// child shows as the parent's exit code, without the word `OOMKilled`.
    #[serde(default)]
    pub pid_1: Pid1,
    /// The waits before a container that has crashed is started again.
    #[serde(default)]
    pub back_off: BackOff,
    /// The liveness probe; without it the kubelet restarts only what has ended.
    #[serde(default)]
    pub liveness: Option<Liveness>,
    /// How many pods a rollout may have above and below the number wanted.
    #[serde(default)]
    pub rollout: Rollout,
}

const fn starts_in() -> Duration {
    Duration::Uniform(Span::from_seconds(2), Span::from_seconds(5))
}

const fn stops_in() -> Duration {
    Duration::Uniform(Span::from_seconds(1), Span::from_seconds(2))
}

/// A container's memory: the request is what the scheduler counts with, the limit what the kernel enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Counted against the node's memory when a pod is placed.
    #[serde(default = "request")]
    pub request: Bytes,
    /// The cgroup's ceiling; without it, the node's memory.
    #[serde(default)]
    pub limit: Option<Bytes>,
}

const fn request() -> Bytes {
    Bytes(256 << 20)
}

impl Default for Resources {
    fn default() -> Self {
        Self { request: request(), limit: None }
    }
}

/// What runs as the container's first process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Pid1 {
    /// The process that works.
    #[default]
    Process,
    /// A shell or supervisor that starts it and ends when it does.
    Wrapper,
}

/// The kubelet's waits: at once, then `first`, doubling up to `cap`; a run of `reset` forgets them (Kubernetes
/// documentation, pod lifecycle: 10 s, 5 min, 10 min).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackOff {
    /// The first wait after the restart that comes at once.
    #[serde(default = "ten_seconds")]
    pub first: Span,
    /// The longest wait.
    #[serde(default = "five_minutes")]
    pub cap: Span,
    /// A container that has run for so long starts over.
    #[serde(default = "ten_minutes")]
    pub reset: Span,
}

const fn ten_seconds() -> Span {
    Span::from_seconds(10)
}

const fn five_minutes() -> Span {
    Span::from_seconds(300)
}

const fn ten_minutes() -> Span {
    Span::from_seconds(600)
}

impl Default for BackOff {
    fn default() -> Self {
        Self { first: ten_seconds(), cap: five_minutes(), reset: ten_minutes() }
    }
}

impl BackOff {
    /// The wait after this many crashes in a row that have been waited for.
    #[must_use]
    pub fn wait(&self, failures: u32) -> Span {
        match failures {
            0 => Span::ZERO,
            n => (self.first * (1_i64 << (n - 1).min(30))).min(self.cap),
        }
    }
}

/// A liveness probe (Kubernetes' defaults).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Liveness {
    /// Between two probes.
    #[serde(default = "ten_seconds")]
    pub period: Span,
    /// How long an answer may take.
    #[serde(default = "one_second")]
    pub timeout: Span,
    /// After so many failures in a row the container is restarted.
    #[serde(default = "three")]
    pub failures: u32,
    /// Who answers: a process that is filling memory answers nothing; one beside it does.
    #[serde(default)]
    pub answered_by: AnsweredBy,
}

const fn one_second() -> Span {
    Span::from_seconds(1)
}

const fn three() -> u32 {
    3
}

/// Who answers a probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum AnsweredBy {
    /// The process that works, when it isn't stuck.
    #[default]
    Process,
    /// The supervisor beside it.
    Wrapper,
}

/// Bounds of a rolling update (Kubernetes: a quarter each; the surge is rounded up, the other down).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// Above the number wanted.
    #[serde(default = "quarter")]
    pub max_surge: Share,
    /// Below the number wanted.
    #[serde(default = "quarter")]
    pub max_unavailable: Share,
}

const fn quarter() -> Share {
    Share(250_000)
}

impl Default for Rollout {
    fn default() -> Self {
        Self { max_surge: quarter(), max_unavailable: quarter() }
    }
}

/// What a process takes of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// With nothing to do.
    #[serde(default = "idle")]
    pub idle: ByteRange,
    /// For each request or message in hand.
    #[serde(default)]
    pub per_request: Bytes,
    /// How fast it fills what it has asked for: page faults of one thread.
    #[serde(default = "fills_at")]
    pub fills_at: Throughput,
    /// What the cgroup counts besides the process's own pages: page tables, stacks, buffers. Taken off the resident size
    /// that the kernel prints when it kills (1572864 kB - 1563932 kB in the kernel log of the 2020 story).
    #[serde(default = "kernel_side")]
    pub kernel_side: Bytes,
    /// Pages of files that are mapped: code and libraries (file-rss).
    #[serde(default = "mapped_files")]
    pub mapped_files: Bytes,
    /// Address space beyond what is resident (total-vm).
    #[serde(default = "reserved")]
    pub reserved: Bytes,
}

const fn idle() -> ByteRange {
    ByteRange::exactly(Bytes(64 << 20))
}

const fn fills_at() -> Throughput {
    Throughput(1 << 30)
}

const fn kernel_side() -> Bytes {
    Bytes(8932 * 1024)
}

const fn mapped_files() -> Bytes {
    Bytes(45_584 * 1024)
}

const fn reserved() -> Bytes {
    Bytes(950 << 20)
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            idle: idle(),
            per_request: Bytes(0),
            fills_at: fills_at(),
            kernel_side: kernel_side(),
            mapped_files: mapped_files(),
            reserved: reserved(),
        }
    }
}

/// For how long a handler has a worker to itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Holds {
    /// From its first step to its last, also while it waits for an answer (a thread or process per request).
    #[default]
    Handler,
    /// While it works itself; an answer that is waited for costs nothing (an event loop).
    OwnWork,
}

/// A queue that a service consumes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumes {
    /// `broker/queue`.
    pub queue: String,
    /// How many messages an instance may have in hand unacknowledged; 0 is any number.
    #[serde(default = "prefetch")]
    pub prefetch: u32,
    /// When the broker forgets a message.
    #[serde(default)]
    pub ack: AckMode,
}

const fn prefetch() -> u32 {
    20
}

/// When the broker forgets a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum AckMode {
    /// When the handler says `Ack`.
    #[default]
    Manual,
    /// As soon as it is on its way: what dies with the consumer is gone.
    Automatic,
}

/// Somebody who passes requests on, and answers himself where nobody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Proxy {
    /// nginx: 502 where a connection is refused or breaks, 504 where nobody answers, and a line in its error log.
    Nginx,
}

/// A version of a service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Its name: what `deploy` takes, and the tag of its image.
    pub name: String,
    /// When it was deployed; what runs needs one.
    #[serde(default)]
    pub deployed: Option<Span>,
    /// How long it takes to write where it doesn't exist yet; without it, it can be deployed at once.
    #[serde(default)]
    pub takes: Option<Span>,
    /// What the change is, as the log of the repository says it.
    #[serde(default)]
    pub note: String,
    /// Who wrote it.
    #[serde(default)]
    pub author: String,
    /// Whether it keeps its connections to those whom it asks open for the next request.
    #[serde(default)]
    pub keepalive: bool,
    /// What it does with a request.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The files that it consists of, where one can be told from another; then they say what it does.
    #[serde(default)]
    pub files: Vec<CodeFile>,
}

impl Version {
    /// What it does with a request: its own steps, or those of its files.
    #[must_use]
    pub fn does(&self) -> Vec<Step> {
        let of_files = self.files.iter().flat_map(|file| file.steps.iter());
        self.steps.iter().chain(of_files).cloned().collect()
    }
}

/// A file of a version's code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeFile {
    /// The path that it was written for, below the service's `root`.
    pub path: String,
    /// What it says.
    #[serde(default)]
    pub text: String,
    /// What it does with a request; files that only start the others do nothing.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// What a process on a machine is run by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Server {
    /// Itself.
    #[default]
    Itself,
    /// uWSGI, which goes on without an application where it can't be loaded.
    Uwsgi,
}
