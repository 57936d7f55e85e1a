//! A broker as a level describes it. What is left out has the real tool's default.
//!
//! Knows no state; what policies make of these settings is decided in [`super::policy`].

use crate::sim::operation::{Policy, Refusal};
use crate::sim::quantity::{Bytes, Share, Span};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// Queues, as clients of a message broker know them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// Which broker it is.
    #[serde(default)]
    pub flavour: Flavour,
    /// Its queues; more can be declared while it runs.
    pub queues: Vec<QueueSettings>,
    /// Policies that are set from the beginning.
    #[serde(default)]
    pub policies: Vec<PolicySettings>,
    /// The memory of its machine.
    #[serde(default = "memory")]
    pub memory: Bytes,
    /// The part of that memory from which on publishers are blocked.
    #[serde(default = "watermark")]
    pub watermark: Share,
    /// The memory that it takes with no message in it.
    #[serde(default = "idle")]
    pub idle: Bytes,
    /// The memory that a message takes, ready or unacknowledged.
    #[serde(default = "message_size")]
    pub message_size: Bytes,
    /// The names of messages whose deliveries are counted: `message.NAME.deliveries`. Filled in by whoever builds the
    /// system, not by the level's author.
    #[serde(skip)]
    pub follows: Vec<String>,
}

const fn memory() -> Bytes {
    Bytes(8 << 30)
}

const fn watermark() -> Share {
    Share(400_000)
}

const fn idle() -> Bytes {
    Bytes(120 << 20)
}

const fn message_size() -> Bytes {
    Bytes(2000)
}

/// Which broker it is: chooses tools, words and defaults.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Flavour {
    /// `RabbitMQ`, with the defaults of this version.
    RabbitMq {
        /// The version.
        #[serde(default)]
        version: Version,
    },
    /// Amazon SQS: consumers poll, a receive hides a message for a while, a delete ends it.
    Sqs,
}

impl Default for Flavour {
    fn default() -> Self {
        Self::RabbitMq { version: Version::default() }
    }
}

impl Flavour {
    /// The broker's version.
    #[must_use]
    pub fn version(&self) -> Version {
        match self {
            Self::RabbitMq { version } => version.clone(),
            Self::Sqs => Version::default(),
        }
    }
}

/// A version as people write it: `"3.8"`, `"4.0.2"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Version {
    text: String,
    major: u16,
    minor: u16,
}

impl Version {
    /// Whether this version is the one named, or a later one.
    #[must_use]
    pub const fn is_from(&self, major: u16, minor: u16) -> bool {
        self.major > major || self.major == major && self.minor >= minor
    }
}

impl Default for Version {
    fn default() -> Self {
        Self { text: "3.13".into(), major: 3, minor: 13 }
    }
}

impl TryFrom<String> for Version {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.split('.').map(str::parse::<u16>);
        let (major, minor) = (parts.next(), parts.next().unwrap_or(Ok(0)));
        if let (Some(Ok(major)), Ok(minor), true) = (major, minor, parts.all(|part| part.is_ok())) {
            return Ok(Self { text, major, minor });
        }
        let text: String = text.chars().take(40).collect();
        Err(format!("`{text}` is not a version; write for example \"3.8\" or \"4.0.2\""))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// A queue as it is declared.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSettings {
    /// Its name.
    pub name: String,
    /// Classic or quorum.
    #[serde(default)]
    pub kind: QueueKind,
    /// The queue that dead letters go to (routing is by queue name). Without it they are dropped.
    #[serde(default)]
    pub dead_letter: Option<String>,
    /// How long a message may wait before it expires at the head of the queue.
    #[serde(default)]
    pub message_ttl: Option<Span>,
    /// How many ready messages it holds before it drops from its head.
    #[serde(default)]
    pub max_length: Option<u32>,
    /// SQS: how long a receive hides a message (30 s where nothing is said).
    #[serde(default)]
    pub visibility: Option<Span>,
    /// SQS: how long a message is kept (4 days where nothing is said).
    #[serde(default)]
    pub retention: Option<Span>,
    /// SQS: after so many receives a message goes to the dead-letter queue instead.
    #[serde(default)]
    pub max_receives: Option<u32>,
    /// Where a message goes that a consumer gives back, or loses by dying.
    #[serde(default)]
    pub requeue: Requeue,
}

/// The kind of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum QueueKind {
    /// Knows whether a message has been delivered before, not how often.
    #[default]
    Classic,
    /// Counts deliveries.
    Quorum {
        /// How often a message may come back before it is dead-lettered or dropped. Without it the version's default:
        /// none before 4.0, 20 from there on. Negative is none.
        #[serde(default)]
        delivery_limit: Option<i32>,
    },
}

impl QueueKind {
    /// As the tools print it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Quorum { .. } => "quorum",
        }
    }

    /// Whether it is a quorum queue.
    #[must_use]
    pub const fn is_quorum(self) -> bool {
        matches!(self, Self::Quorum { .. })
    }
}

/// Where a message goes that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
pub enum Requeue {
    /// To its old place in the queue.
    #[default]
    Original,
    /// Behind all others, as if it had just been published. No real broker does; it shows what the old place costs.
    Tail,
}

/// A policy that is set from the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySettings {
    /// Its name.
    pub name: String,
    /// The queues it applies to, as a regular expression on their names.
    pub pattern: String,
    /// Of several policies that match a queue, the one with the highest priority applies.
    #[serde(default)]
    pub priority: i32,
    /// How often a message may come back (quorum queues only).
    #[serde(default)]
    pub delivery_limit: Option<u32>,
    /// The queue that dead letters go to.
    #[serde(default)]
    pub dead_letter: Option<String>,
    /// How long a message may wait at the head of the queue.
    #[serde(default)]
    pub message_ttl: Option<Span>,
    /// How many ready messages a queue holds before it drops from its head.
    #[serde(default)]
    pub max_length: Option<u32>,
}

impl PolicySettings {
    pub(super) fn definition(&self) -> Policy {
        Policy {
            priority: self.priority,
            delivery_limit: self.delivery_limit,
            dead_letter: self.dead_letter.clone(),
            message_ttl: self.message_ttl,
            max_length: self.max_length,
        }
    }
}

/// As many queues as a broker holds.
pub(super) const MOST_QUEUES: usize = 500;

impl Settings {
    /// Everything that is wrong with these settings, each with the path of the field and what to write instead.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        if self.queues.len() > MOST_QUEUES {
            problems.push(("queues".into(), format!("a broker holds at most {MOST_QUEUES} queues")));
        }
        let is_known = |name: &str| self.queues.iter().any(|queue| queue.name == name);
        let quorum_exists = self.flavour.version().is_from(3, 8);
        for (index, queue) in self.queues.iter().enumerate() {
            let place = format!("queues[{index}]");
            if self.queues[..index].iter().any(|other| other.name == queue.name) {
                problems.push((format!("{place}.name"), format!("there is another queue called `{}`", queue.name)));
            }
            if queue.kind.is_quorum() && !quorum_exists {
                problems.push((format!("{place}.kind"), "there are quorum queues from version 3.8 on".into()));
            }
            check_kind_of_broker(&place, queue, &self.flavour, &mut problems);
            check_dead_letter(&place, queue.dead_letter.as_deref(), is_known, &mut problems);
            check_ttl(&place, queue.message_ttl, &mut problems);
        }
        for (index, policy) in self.policies.iter().enumerate() {
            let place = format!("policies[{index}]");
            if let Err(refusal) = matcher(&policy.pattern) {
                problems.push((format!("{place}.pattern"), refusal.to_string()));
            }
            check_dead_letter(&place, policy.dead_letter.as_deref(), is_known, &mut problems);
            check_ttl(&place, policy.message_ttl, &mut problems);
        }
        problems
    }
}

fn check_dead_letter(
    place: &str,
    name: Option<&str>,
    is_known: impl Fn(&str) -> bool,
    problems: &mut Vec<(String, String)>,
) {
    if let Some(name) = name.filter(|name| !is_known(name)) {
        problems.push((format!("{place}.dead_letter"), format!("this broker has no queue called `{name}`")));
    }
}

/// What one kind of broker has and the other hasn't.
fn check_kind_of_broker(place: &str, queue: &QueueSettings, flavour: &Flavour, problems: &mut Vec<(String, String)>) {
    let is_sqs = *flavour == Flavour::Sqs;
    let of_sqs = [
        ("visibility", queue.visibility.is_some()),
        ("retention", queue.retention.is_some()),
        ("max_receives", queue.max_receives.is_some()),
    ];
    let of_rabbit = [("message_ttl", queue.message_ttl.is_some()), ("max_length", queue.max_length.is_some())];
    let (foreign, words) = if is_sqs { (&of_rabbit[..], "SQS has no") } else { (&of_sqs[..], "only SQS has") };
    for (field, is_set) in foreign {
        if *is_set {
            problems.push((format!("{place}.{field}"), format!("{words} `{field}`")));
        }
    }
    if is_sqs && queue.max_receives.is_some() && queue.dead_letter.is_none() {
        problems.push((format!("{place}.max_receives"), "say where to, with `dead_letter`".into()));
    }
}

fn check_ttl(place: &str, ttl: Option<Span>, problems: &mut Vec<(String, String)>) {
    if ttl.is_some_and(|ttl| ttl < Span::ZERO) {
        problems.push((format!("{place}.message_ttl"), "a time to live can't be negative".into()));
    }
}

/// A policy's pattern, ready to match; bounded, for it may come from anybody.
pub(super) fn matcher(pattern: &str) -> Result<Regex, Refusal> {
    let built = RegexBuilder::new(pattern).size_limit(1 << 18).nest_limit(32).build();
    built.map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Refusal::new(format!("pattern should be regular expression but is invalid: {reason}"))
    })
}
