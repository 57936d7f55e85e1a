//! What a level file holds, section by section, as it is written. Everything has a default that suits a beginner.
//!
//! Conditions are texts here until `super::check` has compiled them; a [`super::Level`] that was read has them all
//! compiled. The system's settings are the simulation's own.

mod names;
mod play;
mod proof;
mod story;
mod watch;

pub(in crate::level) use names::{callable_names, queue_names};
pub use play::{Budget, Event, Goal, Hurt, Offer, Publication, Saying, Typing};
pub use proof::{Change, Expectation, Figure, Proof, Script, Shortcut, Solution, Statement};
pub use story::{
    Cause, Clock, Debrief, Difficulty, Evidence, Hint, LocalTime, Paper, Patterns, Question, Source, UtcOffset,
};
pub(in crate::level) use watch::matches as pattern_matches;
pub use watch::{Acknowledged, Alert, Check, Collects, Destination, Monitoring, Probe, ShippedLog, Shipping};

use crate::sim::Link;
use crate::sim::component::Settings;
use serde::Deserialize;

/// The format that this program reads.
pub const FORMAT: u32 = 1;

/// A level as its file says it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename = "Level", deny_unknown_fields)]
pub struct Sections {
    /// The format's version.
    #[serde(default = "format")]
    pub format: u32,
    /// What `sev1 play` calls it; small letters, digits and hyphens. Gives nothing away.
    pub id: String,
    /// What a player sees before the first play. Gives nothing away.
    pub title: String,
    /// A sentence or two, for the list.
    #[serde(default)]
    pub summary: String,
    /// How hard it is.
    #[serde(default)]
    pub difficulty: Difficulty,
    /// Whose story it is.
    #[serde(default)]
    pub source: Source,
    /// What one learns.
    #[serde(default)]
    pub teaches: Vec<String>,
    /// Tools that help when known beforehand.
    #[serde(default)]
    pub tools: Vec<String>,
    /// When it starts, how fast it runs, when it ends.
    #[serde(default)]
    pub clock: Clock,
    /// What one knows when it begins; paragraphs are divided by an empty line.
    #[serde(default)]
    pub briefing: String,
    /// The parts of the system.
    pub system: Vec<Settings>,
    /// The links between components that differ from the default (half a millisecond).
    #[serde(default)]
    pub links: Vec<Link>,
    /// What lies dormant: things that happen in the world at a time or under a condition.
    #[serde(default)]
    pub events: Vec<Event>,
    /// What is watched, and by whom.
    #[serde(default)]
    pub monitoring: Monitoring,
    /// What people say and do.
    #[serde(default)]
    pub team: Vec<Saying>,
    /// When the bleeding has stopped, and what it may cost.
    pub goal: Goal,
    /// What to find out.
    #[serde(default)]
    pub diagnosis: Vec<Question>,
    /// A ladder from nudge to answer.
    #[serde(default)]
    pub hints: Vec<Hint>,
    /// What can be read.
    #[serde(default)]
    pub documents: Vec<Paper>,
    /// What really happened.
    #[serde(default)]
    pub debrief: Debrief,
    /// Scripts that win.
    #[serde(default)]
    pub solutions: Vec<Solution>,
    /// Single commands that end it by themselves when they are typed at once, each with the reason why that is right.
    #[serde(default)]
    pub shortcuts: Vec<Shortcut>,
    /// What the level must reproduce, and what must or must not help.
    #[serde(default)]
    pub proofs: Vec<Statement>,
}

const fn format() -> u32 {
    FORMAT
}
