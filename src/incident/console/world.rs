//! What the console needs of the incident around it: the system to look at and operate, and the game's own acts.
//!
//! The console never reaches past this: it knows no score, no team and no goal, it only asks and does.

use super::stamp::Clock;
use crate::sim::Simulation;
use crate::sim::component::Component;
use crate::sim::component::broker::Broker;
use crate::sim::component::cache::Cache;
use crate::sim::component::database::Database;
use crate::sim::component::gateway::Gateway;
use crate::sim::component::hosts::Hosts;
use crate::sim::component::job::Job;
use crate::sim::component::load_balancer::LoadBalancer;
use crate::sim::component::nodes::Nodes;
use crate::sim::component::schedule::Schedule;
use crate::sim::component::search::SearchCluster;
use crate::sim::component::service::Service;
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::{Span, Time};

/// The world at the moment at which a command takes effect.
pub trait World {
    /// Now: a whole millisecond.
    fn now(&self) -> Time;

    /// How the level's local time is told.
    fn clock(&self) -> &Clock;

    /// The system to look at.
    fn system(&self) -> &Simulation;

    /// Does something to a component of the system.
    ///
    /// # Errors
    /// Why that can't be done, in the words of the tool.
    fn operate(&mut self, who: &str, component: &str, operation: Operation) -> Result<Applied, String>;

    /// The services whose logs are shipped to the log search, with how late they arrive.
    fn shipped(&self) -> Vec<(String, Span)>;

    /// The entry of this number runs: what is done from now on is done by it.
    fn runs(&mut self, _entry: usize) {}

    /// How often something has happened that a person has to look at, and what it was last.
    fn alarms(&self) -> (u64, &str) {
        (0, "")
    }

    /// One of the game's own acts; returns what it prints.
    ///
    /// # Errors
    /// Why it can't be done now, in words for the player.
    fn act(&mut self, who: &str, act: Act) -> Result<Vec<String>, String>;

    /// Whether a condition holds, on what has been scraped.
    ///
    /// # Errors
    /// Where it can't be read or names no metric, and what to write instead.
    fn holds(&mut self, condition: &str) -> Result<bool, String>;

    /// Things of the game that commands name, each with a few words about it, in an order worth reading.
    fn named(&self, kind: Named) -> Vec<(String, String)>;

    /// The checks that probe by themselves, with how they stand.
    fn checks(&self) -> Vec<Checked> {
        vec![]
    }

    /// The text of a document by its name in [`Named::Documents`].
    fn document(&self, name: &str) -> Option<String>;
}

/// A check as the console shows it.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// Nagios' word for its state.
    pub state: &'static str,
    /// Since when.
    pub since: Time,
    /// How often in a row it has seen something else, and how often it takes until that is believed.
    pub tries: (u32, u32),
    /// What it printed last: state and text of each thing that it probes.
    pub lines: Vec<(&'static str, String)>,
    /// Who has taken it, when, with which words, and whether that lasts until all is well.
    pub taken: Option<(String, Time, String, bool)>,
}

/// Kinds of named things that aren't part of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Alerts that fire now, the most urgent first; about: what was measured.
    Firing,
    /// Every alert rule.
    Alerts,
    /// Causes that `diagnose` takes for the question that stands; about: what each says.
    Causes,
    /// The question that stands.
    Asking,
    /// Causes that the player has named.
    Answered,
    /// Documents that can be read; about: what they are.
    Documents,
    /// People who can be asked, paged or answered; about: who they are.
    People,
    /// Metrics that are collected, for conditions; about: unit and meaning.
    Metrics,
    /// Hypotheses written down so far, by number.
    Hypotheses,
    /// Lines kept as evidence, by number.
    Pins,
    /// People who wait for an answer, in full; about: what they ask.
    Asked,
    /// What people have said and the player has told them, as (when and who, what).
    Said,
    /// Answers that are open: `WHO N`; about: its words.
    Answers,
    /// Versions that somebody has yet to bring, as `version` or `service@version`.
    Awaited,
    /// Versions that somebody has brought: they are written.
    Brought,
}

/// What the game itself can be asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Declares an incident, with a severity and a few words, both of which may be empty.
    Declare {
        /// `SEV1`.
        severity: String,
        /// What is wrong.
        text: String,
    },
    /// Wakes a specialist.
    Page {
        /// Whom.
        person: String,
    },
    /// Asks somebody something.
    Ask {
        /// Whom.
        person: String,
        /// What.
        text: String,
    },
    /// Answers somebody: by the number of an offered answer, or in own words.
    Reply {
        /// Whom.
        person: String,
        /// `1`, or words.
        answer: String,
    },
    /// Takes an alert: 'I have it'.
    Acknowledge {
        /// The alert's name; empty for the most urgent that rings.
        alert: String,
    },
    /// Takes an acknowledgement off a check: it tells again.
    Unacknowledge {
        /// The check's name.
        alert: String,
    },
    /// Keeps an alert from ringing for a while.
    Silence {
        /// The alert's name.
        alert: String,
        /// For how long.
        span: Span,
    },
    /// Tells the customers or the company how it stands; without text, shows how it stands.
    Status {
        /// The message.
        text: String,
    },
    /// Writes a note.
    Note {
        /// What.
        text: String,
    },
    /// Keeps a line of output as evidence.
    Pin {
        /// The command that printed it.
        command: String,
        /// The line.
        line: String,
        /// The lines beside it.
        around: Vec<String>,
        /// The hypothesis that it is about, by number.
        hypothesis: Option<usize>,
        /// Whether it speaks for or against that.
        speaks_for: bool,
    },
    /// Says of evidence what it speaks for.
    Weigh {
        /// The hypothesis that it is about, by number.
        hypothesis: usize,
        /// Whether it speaks for or against that.
        speaks_for: bool,
        /// The evidence, by number; the latest where none is given.
        evidence: Option<usize>,
    },
    /// Takes a pin off again.
    Unpin {
        /// A part of the pinned line.
        line: String,
    },
    /// Writes down a guess at the cause.
    Hypothesis {
        /// What it says.
        text: String,
    },
    /// Says what will be seen, and by when.
    Predict {
        /// A condition, or words such as `queue falls`.
        what: String,
        /// By when.
        within: Span,
    },
    /// Asks for the next hint.
    Hint,
    /// Answers the question for the cause.
    Diagnose {
        /// The cause's id.
        cause: String,
    },
    /// Closes the incident.
    Resolve,
    /// Stops the clock, or lets it run again.
    Pause,
    /// Sets the clock's speed in simulated seconds a second; `None` for the level's own.
    Speed(Option<u32>),
    /// Keeps a graph of a metric or a condition on the screen.
    Graph {
        /// The expression.
        expression: String,
    },
    /// Takes a graph off the screen again.
    Ungraph {
        /// As it was given.
        expression: String,
    },
    /// Tells the last minutes of a metric or condition.
    Explore {
        /// As it is written.
        expression: String,
    },
}

/// The services of the system, with their numbers.
pub fn services(world: &dyn World) -> impl Iterator<Item = (usize, &Service)> {
    world.system().components().iter().enumerate().filter_map(|(index, component)| match component {
        Component::Service(service) => Some((index, &**service)),
        _ => None,
    })
}

/// The pools of machines of the system, with their numbers.
pub fn pools(world: &dyn World) -> impl Iterator<Item = (usize, &Nodes)> {
    world.system().components().iter().enumerate().filter_map(|(index, component)| match component {
        Component::Nodes(pool) => Some((index, &**pool)),
        _ => None,
    })
}

/// The components that describe machines, with their numbers.
pub fn hosts(world: &dyn World) -> impl Iterator<Item = (usize, &Hosts)> {
    world.system().components().iter().enumerate().filter_map(|(index, component)| match component {
        Component::Hosts(hosts) => Some((index, &**hosts)),
        _ => None,
    })
}

/// The load balancers of the system.
pub fn balancers(world: &dyn World) -> impl Iterator<Item = &LoadBalancer> {
    world.system().components().iter().filter_map(|component| match component {
        Component::LoadBalancer(balancer) => Some(&**balancer),
        _ => None,
    })
}

/// The brokers of the system, with their numbers.
pub fn brokers(world: &dyn World) -> impl Iterator<Item = (usize, &Broker)> {
    world.system().components().iter().enumerate().filter_map(|(index, component)| match component {
        Component::Broker(broker) if !broker.is_sqs() => Some((index, &**broker)),
        _ => None,
    })
}

/// The brokers of the system whose queues are those of SQS, with their numbers.
pub fn sqs(world: &dyn World) -> impl Iterator<Item = (usize, &Broker)> {
    world.system().components().iter().enumerate().filter_map(|(index, component)| match component {
        Component::Broker(broker) if broker.is_sqs() => Some((index, &**broker)),
        _ => None,
    })
}

/// The search clusters of the system.
pub fn clusters(world: &dyn World) -> impl Iterator<Item = &SearchCluster> {
    world.system().components().iter().filter_map(|component| match component {
        Component::SearchCluster(cluster) => Some(&**cluster),
        _ => None,
    })
}

/// The gateways of the system.
pub fn gateways(world: &dyn World) -> impl Iterator<Item = &Gateway> {
    world.system().components().iter().filter_map(|component| match component {
        Component::Gateway(gateway) => Some(&**gateway),
        _ => None,
    })
}

/// The schedules of the system.
pub fn schedules(world: &dyn World) -> impl Iterator<Item = &Schedule> {
    world.system().components().iter().filter_map(|component| match component {
        Component::Schedule(schedule) => Some(schedule),
        _ => None,
    })
}

/// The jobs of the system, with their numbers.
pub fn jobs(world: &dyn World) -> impl Iterator<Item = (usize, &Job)> {
    world.system().components().iter().enumerate().filter_map(|(index, component)| match component {
        Component::Job(job) => Some((index, &**job)),
        _ => None,
    })
}

/// The caches of the system, with their numbers.
pub fn caches(world: &dyn World) -> impl Iterator<Item = (usize, &Cache)> {
    world.system().components().iter().enumerate().filter_map(|(index, component)| match component {
        Component::Cache(cache) => Some((index, &**cache)),
        _ => None,
    })
}

/// The databases of the system, with their names.
pub fn databases(world: &dyn World) -> impl Iterator<Item = (&str, &Database)> {
    world.system().components().iter().filter_map(|component| match component {
        Component::Database(database) => Some((database.settings.name.as_str(), &**database)),
        _ => None,
    })
}
