//! The settings of components until the simulation brings them: copies, to be dropped for `crate::sim`.

pub mod service;

pub mod range {
    use crate::sim::quantity::Bytes;
    use serde::{Deserialize, Deserializer, de};
    use std::fmt;
    use std::str::FromStr;

    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct ByteRange {
        pub low: Bytes,
        pub high: Bytes,
    }

    impl ByteRange {
        #[must_use]
        pub const fn exactly(bytes: Bytes) -> Self {
            Self { low: bytes, high: bytes }
        }
    }

    impl fmt::Display for ByteRange {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if self.low == self.high { write!(f, "{}", self.low) } else { write!(f, "{}..{}", self.low, self.high) }
        }
    }

    impl FromStr for ByteRange {
        type Err = String;
        fn from_str(text: &str) -> Result<Self, String> {
            let bad =
                || format!("`{text}` is not an amount of memory; write for example \"300Mi\" or \"280Mi..300Mi\"");
            let (low, high) = text.split_once("..").unwrap_or((text, text));
            let bytes = |text: &str| text.trim().parse::<Bytes>().map_err(|_| bad());
            let range = Self { low: bytes(low)?, high: bytes(high)? };
            if range.low <= range.high { Ok(range) } else { Err(bad()) }
        }
    }

    impl<'de> Deserialize<'de> for ByteRange {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        }
    }
}

pub mod handler {
    use crate::sim::quantity::{Bytes, Duration, Span};
    use serde::Deserialize;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    pub enum Severity {
        Debug,
        Info,
        Warn,
        Error,
    }

    impl Severity {
        #[must_use]
        pub const fn word(self) -> &'static str {
            match self {
                Self::Debug => "DEBUG",
                Self::Info => "INFO",
                Self::Warn => "WARN",
                Self::Error => "ERROR",
            }
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub enum Step {
        Work(Duration),
        Allocate(Bytes),
        Leak(Bytes),
        Call {
            to: String,
            #[serde(default)]
            timeout: Option<Span>,
            #[serde(default)]
            retries: u8,
            #[serde(default)]
            pause: Duration,
            #[serde(default)]
            goes_on: bool,
        },
        Publish {
            to: String,
            #[serde(default)]
            tags: Vec<String>,
        },
        Log(Severity, String),
        Ack,
        Nack {
            requeue: bool,
        },
        Done(u16),
        Fail(u16),
        Panic(String),
        When {
            #[serde(default)]
            tag: Option<String>,
            #[serde(default)]
            not_tag: Option<String>,
            then: Vec<Step>,
            #[serde(default)]
            otherwise: Vec<Step>,
        },
        Repeat {
            times: u16,
            r#do: Vec<Step>,
        },
        StopIfCallerGone,
    }
}

pub mod component {
    use serde::Deserialize;

    #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(clippy::large_enum_variant, reason = "a copy that goes away")]
    pub enum Settings {
        Clients(clients::Settings),
        Broker(broker::Settings),
        Service(service::Settings),
        Nodes(nodes::Settings),
    }

    impl Settings {
        #[must_use]
        pub fn name(&self) -> &str {
            match self {
                Self::Clients(settings) => &settings.name,
                Self::Broker(settings) => &settings.name,
                Self::Service(settings) => &settings.name,
                Self::Nodes(settings) => &settings.name,
            }
        }
    }

    pub mod clients {
        use crate::sim::quantity::{Duration, Rate, Span, Time};
        use serde::Deserialize;
        use serde::de::{self, Deserializer, SeqAccess, Visitor};
        use std::fmt;

        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            pub name: String,
            pub load: Vec<Load>,
        }

        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Load {
            pub kind: String,
            pub rate: RateOverTime,
            #[serde(default)]
            pub call: Option<String>,
            #[serde(default)]
            pub publish: Option<String>,
            #[serde(default)]
            pub tags: Vec<String>,
            #[serde(default = "half_a_minute")]
            pub patience: Span,
            #[serde(default)]
            pub retries: u8,
            #[serde(default)]
            pub pause: Duration,
            #[serde(default)]
            pub body: String,
            #[serde(default = "one")]
            pub stands_for: u32,
        }

        const fn half_a_minute() -> Span {
            Span::from_seconds(30)
        }

        const fn one() -> u32 {
            1
        }

        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct RateOverTime(pub Vec<(Time, Rate)>);

        impl RateOverTime {
            #[must_use]
            pub fn at(&self, time: Time) -> f64 {
                let points = &self.0;
                let after = points.partition_point(|(at, _)| *at <= time);
                match (after.checked_sub(1).map(|n| points[n]), points.get(after)) {
                    (None, None) => 0.0,
                    (Some((_, rate)), None) => rate.per_second(),
                    (None, Some((_, rate))) => rate.per_second(),
                    (Some((from, low)), Some((to, high))) => {
                        let part = time.since(from).as_seconds() / to.since(from).as_seconds();
                        low.per_second() + (high.per_second() - low.per_second()) * part
                    }
                }
            }

            #[must_use]
            pub fn highest(&self) -> f64 {
                self.0.iter().map(|(_, rate)| rate.per_second()).fold(0.0, f64::max)
            }
        }

        impl<'de> Deserialize<'de> for RateOverTime {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Points;
                impl<'de> Visitor<'de> for Points {
                    type Value = RateOverTime;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a rate such as \"120/s\", or a list of (time, rate)")
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<RateOverTime, E> {
                        text.parse().map(|rate| RateOverTime(vec![(Time::ZERO, rate)])).map_err(E::custom)
                    }
                    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<RateOverTime, A::Error> {
                        let mut points: Vec<(Time, Rate)> = Vec::new();
                        while let Some(point) = list.next_element::<(Time, Rate)>()? {
                            if points.last().is_some_and(|last| last.0 >= point.0) {
                                return Err(de::Error::custom("the points of a rate go forward in time"));
                            }
                            points.push(point);
                        }
                        if points.is_empty() {
                            return Err(de::Error::custom("a rate needs at least one point"));
                        }
                        Ok(RateOverTime(points))
                    }
                }
                deserializer.deserialize_any(Points)
            }
        }
    }

    pub use super::service;

    pub mod broker {
        use crate::sim::quantity::{Bytes, Share, Span};
        use serde::Deserialize;

        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            pub name: String,
            #[serde(default)]
            pub flavour: Flavour,
            pub queues: Vec<QueueSettings>,
            #[serde(default)]
            pub policies: Vec<PolicySettings>,
            #[serde(default = "memory")]
            pub memory: Bytes,
            #[serde(default = "watermark")]
            pub watermark: Share,
            #[serde(default = "idle")]
            pub idle: Bytes,
            #[serde(default = "message_size")]
            pub message_size: Bytes,
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

        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub enum Flavour {
            RabbitMq {
                #[serde(default)]
                version: Version,
            },
        }

        impl Default for Flavour {
            fn default() -> Self {
                Self::RabbitMq { version: Version::default() }
            }
        }

        impl Flavour {
            #[must_use]
            pub const fn version(&self) -> &Version {
                match self {
                    Self::RabbitMq { version } => version,
                }
            }
        }

        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        pub struct Version {
            text: String,
            major: u16,
            minor: u16,
        }

        impl Version {
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
                    Ok(Self { text, major, minor })
                } else {
                    let text: String = text.chars().take(40).collect();
                    Err(format!("`{text}` is not a version; write for example \"3.8\" or \"4.0.2\""))
                }
            }
        }

        impl std::fmt::Display for Version {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.text)
            }
        }

        #[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct QueueSettings {
            pub name: String,
            #[serde(default)]
            pub kind: QueueKind,
            #[serde(default)]
            pub dead_letter: Option<String>,
            #[serde(default)]
            pub message_ttl: Option<Span>,
            #[serde(default)]
            pub max_length: Option<u32>,
            #[serde(default)]
            pub requeue: Requeue,
        }

        #[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub enum QueueKind {
            #[default]
            Classic,
            Quorum {
                #[serde(default)]
                delivery_limit: Option<i32>,
            },
        }

        impl QueueKind {
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    Self::Classic => "classic",
                    Self::Quorum { .. } => "quorum",
                }
            }

            #[must_use]
            pub const fn is_quorum(self) -> bool {
                matches!(self, Self::Quorum { .. })
            }
        }

        #[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
        pub enum Requeue {
            #[default]
            Original,
            Tail,
        }

        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct PolicySettings {
            pub name: String,
            pub pattern: String,
            #[serde(default)]
            pub priority: i32,
            #[serde(default)]
            pub delivery_limit: Option<u32>,
            #[serde(default)]
            pub dead_letter: Option<String>,
            #[serde(default)]
            pub message_ttl: Option<Span>,
            #[serde(default)]
            pub max_length: Option<u32>,
        }

        pub(super) const MOST_QUEUES: usize = 500;

        impl Settings {
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
                        problems
                            .push((format!("{place}.name"), format!("there is another queue called `{}`", queue.name)));
                    }
                    if queue.kind.is_quorum() && !quorum_exists {
                        problems.push((format!("{place}.kind"), "there are quorum queues from version 3.8 on".into()));
                    }
                    check_dead_letter(&place, queue.dead_letter.as_deref(), is_known, &mut problems);
                    check_ttl(&place, queue.message_ttl, &mut problems);
                }
                for (index, policy) in self.policies.iter().enumerate() {
                    let place = format!("policies[{index}]");

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

        fn check_ttl(place: &str, ttl: Option<Span>, problems: &mut Vec<(String, String)>) {
            if ttl.is_some_and(|ttl| ttl < Span::ZERO) {
                problems.push((format!("{place}.message_ttl"), "a time to live can't be negative".into()));
            }
        }
    }

    pub mod nodes {
        use crate::sim::quantity::{Bytes, Duration};
        use serde::Deserialize;

        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            pub name: String,
            #[serde(default)]
            pub count: u32,
            #[serde(default)]
            pub most: u32,
            #[serde(default)]
            pub memory: Option<Bytes>,
            #[serde(default)]
            pub joins_in: Duration,
        }
    }
}
