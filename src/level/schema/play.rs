//! The sections of a level that are played: what happens, who speaks, when it is won and lost.

use crate::level::condition::Condition;
use crate::sim::quantity::{Share, Span, Time};
use serde::Deserialize;

/// Something that happens in the world: never an effect on a metric.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Event {
    /// Messages are sent.
    Publish(Publication),
    /// Somebody types console lines.
    Type(Typing),
}

/// Messages that somebody sends.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// What the level calls it.
    pub name: String,
    /// When.
    #[serde(default)]
    pub at: Option<Time>,
    /// Or as soon as this holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// The queue: `broker/queue`.
    pub to: String,
    /// The tags that the messages carry.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What they say.
    #[serde(default)]
    pub body: String,
    /// How many.
    #[serde(default = "one")]
    pub count: u32,
}

/// Console lines that somebody types.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typing {
    /// What the level calls it.
    pub name: String,
    /// When.
    #[serde(default)]
    pub at: Option<Time>,
    /// Or as soon as this holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// Who.
    pub by: String,
    /// What, one after the other.
    pub lines: Vec<String>,
    /// Nobody says so, and nobody else's screen shows it; what it leaves behind can be found.
    #[serde(default)]
    pub quietly: bool,
}

const fn one() -> u32 {
    1
}

impl Event {
    /// What the level calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Publish(publication) => &publication.name,
            Self::Type(typing) => &typing.name,
        }
    }

    /// When it happens, if that is a time.
    #[must_use]
    pub const fn at(&self) -> Option<Time> {
        match self {
            Self::Publish(publication) => publication.at,
            Self::Type(typing) => typing.at,
        }
    }

    /// When it happens, if that is a condition.
    #[must_use]
    pub const fn when(&self) -> Option<&Condition> {
        match self {
            Self::Publish(publication) => publication.when.as_ref(),
            Self::Type(typing) => typing.when.as_ref(),
        }
    }

    pub(in crate::level) const fn when_mut(&mut self) -> Option<&mut Condition> {
        match self {
            Self::Publish(publication) => publication.when.as_mut(),
            Self::Type(typing) => typing.when.as_mut(),
        }
    }
}

/// Something that somebody says, once.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saying {
    /// Who: `Ada, payments`. What stands before the comma is what `ask` and `page` take.
    pub who: String,
    /// When.
    #[serde(default)]
    pub at: Option<Time>,
    /// Or as soon as this holds.
    #[serde(default)]
    pub when: Option<Condition>,
    /// And so long after that; what holds only for a shorter while is not spoken of.
    #[serde(default)]
    pub after: Span,
    /// What; people can be wrong.
    #[serde(default)]
    pub says: String,
    /// Versions that can be deployed from now on: `service@version`, or `version` where only one service has it.
    #[serde(default)]
    pub brings: Vec<String>,
    /// Console lines that this person types then.
    #[serde(default)]
    pub does: Vec<String>,
    /// What the player can answer.
    #[serde(default)]
    pub offers: Vec<Offer>,
}

impl Saying {
    /// The name alone: `Ada` of `Ada, payments`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.who.split(',').next().unwrap_or_default().trim()
    }
}

/// An answer that the player can give.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// What the player says.
    pub reply: String,
    /// What comes back.
    #[serde(default)]
    pub says: String,
    /// Console lines that the other types then.
    #[serde(default)]
    pub does: Vec<String>,
    /// Versions that can be deployed from then on.
    #[serde(default)]
    pub brings: Vec<String>,
    /// Whether customers, or those who speak to them, know more by this answer: it counts as a `status` does.
    #[serde(default)]
    pub tells: bool,
}

/// When the bleeding has stopped, what it may cost, and what may never happen.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// What must hold, on true values.
    pub mitigated: Condition,
    /// For how long.
    #[serde(default = "two_minutes")]
    pub hold: Span,
    /// When customers begin to be hurt: times count from here. By default, when more than 1 % of what counts goes bad for
    /// a minute.
    #[serde(default)]
    pub impact: Option<Condition>,
    /// What may go wrong before it is lost.
    pub budget: Budget,
    /// What the header counts as hurt now.
    #[serde(default)]
    pub hurt: Option<Hurt>,
    /// What loses at once.
    #[serde(default)]
    pub never: Vec<Condition>,
    /// Whether the cause is out of the system; who closes the incident before that is paged again.
    #[serde(default)]
    pub gone: Option<Condition>,
}

const fn two_minutes() -> Span {
    Span::from_seconds(120)
}

/// The error budget: a share of everything that is expected until the time limit, so that it only shrinks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// What counts as bad: a number that only grows.
    pub bad: Condition,
    /// Of what: clients, one of their loads (`people.page`), or a kind of load whoever asks (`*.page`).
    pub of: String,
    /// How much of that may go bad.
    pub share: Share,
    /// What one calls many that went bad: `visits failed`.
    #[serde(default = "requests_failed")]
    pub word: String,
    /// How much that is in all; computed when the level is read.
    #[serde(skip)]
    pub allowed: f64,
}

fn requests_failed() -> String {
    "requests failed".to_owned()
}

/// What the header says of customers who are hurt now.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hurt {
    /// How many.
    pub count: Condition,
    /// What they are: `waiting`, `late`.
    pub word: String,
}
