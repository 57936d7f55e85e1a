//! One play of one level: what the player types, what rings, who speaks, how it ends and what it was worth.
//!
//! Knows no terminal and no wall clock: whoever plays hands it console lines and the time that passes. The world, the
//! console, the team and the score are one value, so an incident can be copied, rewound and branched.

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod console;
pub mod report;
pub mod run;
pub mod script;
pub mod view;

use crate::level::Level;
use crate::sim::quantity::{Span, Time};
use std::sync::Arc;
use view::{
    Candidate, Choice, Completion, Debrief, Entry, Graph, Happening, Header, Map, Mark, Notebook, Question, Ring,
    Saying,
};

/// How much help there is, and how much noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// May pause, hints are free, tools are suggested.
    Trainee,
    /// The real thing, with hints at a price.
    #[default]
    OnCall,
    /// No hints, no pause, noisy alerts.
    Principal,
}

/// A level being played.
#[derive(Clone, Debug)]
pub struct Incident {
    level: Arc<Level>,
}

impl Incident {
    /// Starts a level: the warm-up is simulated, the clock stands at zero.
    #[must_use]
    pub fn start(level: Arc<Level>, _seed: u64, _mode: Mode) -> Self {
        Self { level }
    }

    /// The level that is played.
    #[must_use]
    pub fn level(&self) -> &Level {
        &self.level
    }

    /// Real time passes: the clock moves by as much as its speed says, or not at all while paused.
    pub fn elapse(&mut self, _real: Span) {}

    /// Simulated time passes, whatever the clock's speed.
    pub fn advance(&mut self, _by: Span) {}

    /// The player has touched a key: the clock goes on being slow for a while where it has slowed by itself.
    pub fn touched(&mut self) {}

    /// How much time has passed since the incident began.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::ZERO
    }

    /// The digest of everything that has happened; equal for two runs that played out the same.
    #[must_use]
    pub fn digest(&self) -> u64 {
        0
    }

    /// What it has come to, in figures.
    #[must_use]
    pub fn report(&self) -> report::Report {
        report::Report::default()
    }

    /// Whether a condition is true now, of the true values.
    ///
    /// # Errors
    /// Where it can't be read or names no metric; the message says what to write instead.
    pub fn holds(&self, _condition: &str) -> Result<bool, String> {
        Ok(false)
    }

    /// Asks for the true value of an expression: it is kept for every simulated second from now on.
    ///
    /// # Errors
    /// Where it can't be read or names no metric; the message says what to write instead.
    pub fn trace(&mut self, _expression: &str) -> Result<(), String> {
        Ok(())
    }

    /// What was asked for, with a value for each second that had one.
    #[must_use]
    pub fn traces(&self) -> Vec<(String, Vec<(Time, f64)>)> {
        vec![]
    }

    /// Types a line into the player's current shell and returns the entry's id; its output is in [`Self::console`].
    pub fn perform(&mut self, _line: &str) -> usize {
        0
    }

    /// Whether the player's shell has a line in front, so that the next one would wait for it.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        false
    }

    /// Ctrl-C: ends the line in front, or the last one in the background; says whether there was one.
    pub fn interrupt(&mut self) -> bool {
        false
    }

    /// What could stand at the cursor.
    #[must_use]
    pub fn complete(&self, _line: &str, _cursor: usize) -> Completion {
        Completion { start: 0, candidates: vec![Candidate::default()] }
    }

    /// What hurts, since when, how bad.
    #[must_use]
    pub fn header(&self) -> Header {
        Header::default()
    }

    /// The living system.
    #[must_use]
    pub fn map(&self) -> Map {
        Map::default()
    }

    /// What rings or has rung, the most urgent first.
    #[must_use]
    pub fn rings(&self) -> Vec<Ring> {
        vec![]
    }

    /// The incident's channel, oldest first.
    #[must_use]
    pub fn sayings(&self) -> Vec<Saying> {
        vec![]
    }

    /// What was typed and printed, oldest first.
    #[must_use]
    pub fn console(&self) -> &[Entry] {
        &[]
    }

    /// The shell that the player's next line goes to: `bastion`, `node-a1`.
    #[must_use]
    pub fn shell(&self) -> &str {
        "bastion"
    }

    /// What the player has written down.
    #[must_use]
    pub fn notebook(&self) -> Notebook {
        Notebook::default()
    }

    /// The questions that have come up so far.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        vec![]
    }

    /// The graphs that a part is best known by, and those that the level or the player has pinned (`None`).
    #[must_use]
    pub fn graphs(&self, _part: Option<&str>) -> Vec<String> {
        vec![]
    }

    /// A metric or condition over the last `window`, in at most `points` steps; an error says what to write instead.
    ///
    /// # Errors
    /// Where the expression can't be read or names no metric that is collected.
    pub fn graph(&self, _expression: &str, _window: Span, _points: usize) -> Result<Graph, String> {
        Ok(Graph::default())
    }

    /// The marks on the time axis: alerts, deploys, own commands.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        vec![]
    }

    /// What can be looked at and done about a part, looks first.
    #[must_use]
    pub fn menu(&self, _part: &str) -> Vec<Choice> {
        vec![]
    }

    /// Everything that can be looked at and done now.
    #[must_use]
    pub fn palette(&self) -> Vec<Choice> {
        vec![]
    }

    /// What has happened since the `seen`-th happening.
    #[must_use]
    pub fn happenings(&self, _seen: usize) -> &[Happening] {
        &[]
    }

    /// The story afterwards; re-runs the level for the counterfactuals, which takes a moment.
    #[must_use]
    pub fn debrief(&self) -> Debrief {
        Debrief::default()
    }
}
