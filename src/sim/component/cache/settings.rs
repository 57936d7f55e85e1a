//! A cache as a level describes it. What is left out has Varnish's default.

use crate::sim::component::broker::Version;
use crate::sim::quantity::{Duration, Span};
use serde::Deserialize;

/// Keeps answers, and gives them again without asking.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name; its machines are called `NAME-1`, `NAME-2`, … where `hosts` says nothing else.
    pub name: String,
    /// Which software.
    #[serde(default)]
    pub flavour: Flavour,
    /// How many machines; each keeps its own copies.
    #[serde(default = "one")]
    pub instances: u32,
    /// Their names.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What is asked for, who is asked, and how long an answer is kept.
    pub routes: Vec<Route>,
    /// For how long after its time an answer may still be given while it is fetched anew (`default_grace`).
    #[serde(default = "ten_seconds")]
    pub grace: Span,
    /// How long a connection to a backend may take (`connect_timeout`).
    #[serde(default = "connect_timeout")]
    pub connect_timeout: Span,
    /// How long a backend's answer may take (`first_byte_timeout`).
    #[serde(default = "one_minute")]
    pub first_byte_timeout: Span,
    /// How the health of backends is found out; without it, all are thought healthy.
    #[serde(default)]
    pub probe: Option<Probe>,
    /// From its start until it takes requests.
    #[serde(default = "starts_in")]
    pub starts_in: Duration,
}

const fn one() -> u32 {
    1
}

const fn ten_seconds() -> Span {
    Span::from_seconds(10)
}

const fn connect_timeout() -> Span {
    Span::from_millis(3500)
}

const fn one_minute() -> Span {
    Span::from_seconds(60)
}

const fn starts_in() -> Duration {
    Duration::Uniform(Span::from_millis(800), Span::from_millis(1600))
}

impl Settings {
    /// The name of the `index`-th machine.
    #[must_use]
    pub fn host(&self, index: usize) -> String {
        self.hosts.get(index).cloned().unwrap_or_else(|| format!("{}-{}", self.name, index + 1))
    }
}

/// Which software keeps the answers, with its defaults.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Flavour {
    /// Varnish, with malloc storage: a restart empties it.
    Varnish {
        /// The version.
        #[serde(default)]
        version: Version,
    },
}

impl Default for Flavour {
    fn default() -> Self {
        Self::Varnish { version: Version::default() }
    }
}

/// One kind of thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// What is asked for: `CACHE/PATH` names it in calls.
    pub path: String,
    /// The component that is asked where the cache has no answer: all its instances in turn.
    pub to: String,
    /// How long an answer is kept (`default_ttl` 120 s); with 0 every request is passed on. Errors are never kept.
    #[serde(default = "two_minutes")]
    pub ttl: Span,
    /// Whether each kind of clients has an answer of its own (`Vary`, or another address for each).
    #[serde(default)]
    pub by_client: bool,
}

const fn two_minutes() -> Span {
    Span::from_seconds(120)
}

/// How a backend is asked whether it is there (Varnish's defaults).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Between two questions.
    #[serde(default = "five_seconds")]
    pub every: Span,
    /// How long an answer may take.
    #[serde(default = "two_seconds")]
    pub timeout: Span,
    /// How many answers are looked at.
    #[serde(default = "eight")]
    pub window: u8,
    /// How many of them must have been good.
    #[serde(default = "three")]
    pub threshold: u8,
}

const fn five_seconds() -> Span {
    Span::from_seconds(5)
}

const fn two_seconds() -> Span {
    Span::from_seconds(2)
}

const fn eight() -> u8 {
    8
}

const fn three() -> u8 {
    3
}
