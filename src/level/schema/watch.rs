//! The monitoring of a level: part of the system, with gaps of its own.

use crate::level::condition::Condition;
use crate::sim::pattern::fits;
use crate::sim::quantity::{Span, Time};
use serde::Deserialize;

/// What is scraped, alerted on and shipped.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitoring {
    /// How often everything is scraped.
    #[serde(default = "fifteen_seconds")]
    pub scrape: Span,
    /// What is collected.
    #[serde(default)]
    pub collects: Collects,
    /// Which logs go where.
    #[serde(default)]
    pub ships: Vec<Shipping>,
    /// What rings.
    #[serde(default)]
    pub alerts: Vec<Alert>,
    /// Until when nobody hears a page, of an alert or of a check: the phone is in Do Not Disturb. What fires is listed as
    /// silenced, and rings then.
    #[serde(default)]
    pub quiet_until: Option<Time>,
    /// What is looked at by a prober of its own, apart from what is scraped.
    #[serde(default)]
    pub checks: Vec<Check>,
}

const fn fifteen_seconds() -> Span {
    Span::from_seconds(15)
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            scrape: fifteen_seconds(),
            collects: Collects::All,
            ships: vec![],
            alerts: vec![],
            quiet_until: None,
            checks: vec![],
        }
    }
}

/// Which metrics are collected. What no one collects, no one sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Collects {
    /// All of them.
    #[default]
    All,
    /// All but these; `*` stands for any part of a name.
    Not(Vec<String>),
    /// These only.
    Only(Vec<String>),
}

impl Collects {
    /// Whether the metric of this name is collected.
    #[must_use]
    pub fn includes(&self, metric: &str) -> bool {
        let among = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, metric));
        match self {
            Self::All => true,
            Self::Not(patterns) => !among(patterns),
            Self::Only(patterns) => among(patterns),
        }
    }

    /// The patterns.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        match self {
            Self::All => &[],
            Self::Not(patterns) | Self::Only(patterns) => patterns,
        }
    }
}

/// Whether `text` is what `pattern` says, or something below it (`web.volumes` includes `web.volumes.free`).
pub(in crate::level) fn matches(pattern: &str, text: &str) -> bool {
    fits(pattern, text) || text.match_indices('.').any(|(dot, _)| fits(pattern, &text[..dot]))
}

/// A log that is collected somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipping {
    /// The service whose log it is.
    pub from: String,
    /// Which of its logs.
    #[serde(default)]
    pub log: ShippedLog,
    /// Where it can be searched.
    #[serde(default = "kibana")]
    pub to: String,
    /// How long a line takes to get there.
    #[serde(default = "ten_seconds")]
    pub delay: Span,
}

fn kibana() -> String {
    "kibana".into()
}

const fn ten_seconds() -> Span {
    Span::from_seconds(10)
}

/// Which log of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum ShippedLog {
    /// What the code writes down.
    #[default]
    App,
    /// What the process says when it dies.
    Stderr,
}

/// Something that rings when a condition holds, on scraped values.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// What it is called.
    pub name: String,
    /// When it rings.
    pub when: Condition,
    /// Whom it reaches.
    #[serde(default)]
    pub to: Destination,
    /// How often it calls again while nobody has taken it.
    #[serde(default = "five_minutes")]
    pub repeat: Span,
    /// What it means and what to do: the first line of its runbook.
    #[serde(default)]
    pub note: String,
    /// Somebody has taken it before the level begins.
    #[serde(default)]
    pub acknowledged: Option<Acknowledged>,
}

const fn five_minutes() -> Span {
    Span::from_seconds(300)
}

/// A check in Nagios' manner: as bad as the worst thing that it probes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What it is called.
    pub name: String,
    /// What it looks at.
    pub probes: Vec<Probe>,
    /// How often it looks.
    #[serde(default = "five_minutes")]
    pub every: Span,
    /// How often it looks while it sees something else than it believes.
    #[serde(default = "a_minute")]
    pub retry: Span,
    /// How often in a row it has to see something until it believes it.
    #[serde(default = "three")]
    pub tries: u32,
    /// How often it tells again while nobody has taken it.
    #[serde(default = "half_an_hour")]
    pub repeat: Span,
    /// Whom it tells.
    #[serde(default)]
    pub to: Destination,
    /// Somebody has taken it before the level begins.
    #[serde(default)]
    pub acknowledged: Option<Acknowledged>,
}

const fn a_minute() -> Span {
    Span::from_seconds(60)
}

const fn half_an_hour() -> Span {
    Span::from_seconds(1800)
}

const fn three() -> u32 {
    3
}

/// One thing that a check looks at, by what is true when it looks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// What it prints of it.
    pub name: String,
    /// When it warns.
    #[serde(default)]
    pub warn: Option<Condition>,
    /// When it is critical.
    #[serde(default)]
    pub critical: Option<Condition>,
    /// A number that it prints.
    #[serde(default)]
    pub shows: Option<Condition>,
}

/// Whom an alert reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Destination {
    /// The pager.
    #[default]
    Page,
    /// A channel that people read when they read it.
    Channel(String),
    /// Somebody's mail.
    Mail(String),
    /// A board that never calls.
    Board(String),
}

/// An alert that somebody took long ago.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledged {
    /// Who.
    pub by: String,
    /// When.
    #[serde(default)]
    pub at: Time,
    /// Why.
    #[serde(default)]
    pub note: String,
    /// For a check: whether it lasts until everything that is probed is well, else until the state changes.
    #[serde(default = "yes")]
    pub sticky: bool,
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_a_name_or_what_lies_below_it() {
        for (pattern, text, expected) in [
            ("web.requests", "web.requests", true),
            ("web.volumes", "web.volumes.free", true),
            ("web", "web-2.requests", false),
            ("web-*.volumes", "web-2.volumes.free", true),
            ("web-*", "web-2.volumes", true),
            ("*.failed", "web.failed", true),
            ("*.failed", "web.failures", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        let some = Collects::Not(vec!["web.*".into()]);
        assert!(!some.includes("web.failed") && some.includes("db.failed"));
        assert!(Collects::Only(vec!["web".into()]).includes("web.failed"));
    }
}
