//! A stand-in for the settings of services.

use crate::level::pending::handler::Step;
use crate::level::pending::range::ByteRange;
use crate::sim::quantity::{Bytes, Duration, Share, Span, Throughput};
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub name: String,
    #[serde(default)]
    pub runs_on: RunsOn,
    #[serde(default)]
    pub memory: Memory,
    #[serde(default = "one_worker")]
    pub workers: u16,
    #[serde(default)]
    pub holds: Holds,
    #[serde(default)]
    pub drops_abandoned: bool,
    #[serde(default)]
    pub queue: Option<u32>,
    #[serde(default)]
    pub consumes: Vec<Consumes>,
    pub runs: String,
    pub versions: Vec<Version>,
    #[serde(default = "process")]
    pub process: String,
    #[serde(default = "container")]
    pub container: String,
    #[serde(default = "pipeline")]
    pub pipeline: Span,
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

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum RunsOn {
    Kubernetes(Kubernetes),
    Machines(Machines),
}

impl Default for RunsOn {
    fn default() -> Self {
        Self::Machines(Machines { count: 1 })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machines {
    pub count: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    pub replicas: u32,
    #[serde(default)]
    pub pool: Option<String>,
    #[serde(default)]
    pub memory: Resources,
    #[serde(default = "starts_in")]
    pub starts_in: Duration,
    #[serde(default = "stops_in")]
    pub stops_in: Duration,
    #[serde(default)]
    pub pid_1: Pid1,
    #[serde(default)]
    pub back_off: BackOff,
    #[serde(default)]
    pub liveness: Option<Liveness>,
    #[serde(default)]
    pub rollout: Rollout,
}

const fn starts_in() -> Duration {
    Duration::Uniform(Span::from_seconds(2), Span::from_seconds(5))
}

const fn stops_in() -> Duration {
    Duration::Uniform(Span::from_seconds(1), Span::from_seconds(2))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    #[serde(default = "request")]
    pub request: Bytes,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Pid1 {
    #[default]
    Process,
    Wrapper,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackOff {
    #[serde(default = "ten_seconds")]
    pub first: Span,
    #[serde(default = "five_minutes")]
    pub cap: Span,
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
    #[must_use]
    pub fn wait(&self, failures: u32) -> Span {
        match failures {
            0 => Span::ZERO,
            n => (self.first * (1_i64 << (n - 1).min(30))).min(self.cap),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Liveness {
    #[serde(default = "ten_seconds")]
    pub period: Span,
    #[serde(default = "one_second")]
    pub timeout: Span,
    #[serde(default = "three")]
    pub failures: u32,
    #[serde(default)]
    pub answered_by: AnsweredBy,
}

const fn one_second() -> Span {
    Span::from_seconds(1)
}

const fn three() -> u32 {
    3
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum AnsweredBy {
    #[default]
    Process,
    Wrapper,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    #[serde(default = "quarter")]
    pub max_surge: Share,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    #[serde(default = "idle")]
    pub idle: ByteRange,
    #[serde(default)]
    pub per_request: Bytes,
    #[serde(default = "fills_at")]
    pub fills_at: Throughput,
    #[serde(default = "kernel_side")]
    pub kernel_side: Bytes,
    #[serde(default = "mapped_files")]
    pub mapped_files: Bytes,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Holds {
    #[default]
    Handler,
    OwnWork,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumes {
    pub queue: String,
    #[serde(default = "prefetch")]
    pub prefetch: u32,
    #[serde(default)]
    pub ack: AckMode,
}

const fn prefetch() -> u32 {
    20
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum AckMode {
    #[default]
    Manual,
    Automatic,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    pub name: String,
    #[serde(default)]
    pub deployed: Option<Span>,
    #[serde(default)]
    pub takes: Option<Span>,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub author: String,
    pub steps: Vec<Step>,
}
