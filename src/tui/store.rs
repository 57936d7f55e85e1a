//! What the screen asks of whoever keeps levels, runs and settings: the contract between the screen and the command line.
//!
//! The screen knows no file and no folder. It is handed a [`Store`], shows what is in it, and tells it every line that
//! the player types while it is played, so that a crash costs nothing.

use crate::incident::view::{Debrief, Phase};
use crate::incident::{Incident, Mode};
use crate::sim::quantity::Time;

/// Why something could not be read or kept, in words for the player.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// What the program shows first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Opening {
    /// The title, with the next thing to do selected.
    #[default]
    Title,
    /// The briefing of a level.
    Level {
        /// As the store calls it: a built-in level's id, or a file.
        level: String,
        /// The seed; the store chooses one where there is none.
        seed: Option<u64>,
        /// How much help; the settings' where there is none.
        mode: Option<Mode>,
        /// Simulated seconds in a real one; the level's where there is none.
        speed: Option<u32>,
    },
    /// An incident that was left, where it was left.
    Resume {
        /// As [`Unfinished::run`] calls it.
        run: String,
    },
}

/// How the program was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was going on.
    Left,
    /// An incident was going on; its run is kept and can be resumed.
    Unfinished,
    /// The terminal or the system ended it (SIGTERM, SIGHUP, a closed terminal); what went on can be resumed.
    Ended,
}

/// A level, as the list and the briefing show it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LevelCard {
    /// As the store calls it, for [`Store::start`].
    pub level: String,
    /// Its title, which gives nothing away.
    pub title: String,
    /// A sentence or two about it.
    pub summary: String,
    /// `easy`, `medium`, `hard`.
    pub difficulty: String,
    /// How long it takes a player, in real minutes.
    pub minutes: u32,
    /// The year of the story.
    pub year: String,
    /// What one learns.
    pub teaches: Vec<String>,
    /// The tools that help, by name.
    pub tools: Vec<String>,
    /// What one knows when the pager rings, in paragraphs.
    pub briefing: Vec<String>,
    /// The story's own title and author; only once it has been played.
    pub story: Option<String>,
    /// The best run so far.
    pub best: Option<Best>,
}

/// The best run of a level.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Best {
    /// The letter.
    pub grade: String,
    /// How it ended.
    pub outcome: Phase,
}

/// An incident that was left before its end.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Unfinished {
    /// As the store calls it, for [`Store::resume`].
    pub run: String,
    /// The level's title.
    pub title: String,
    /// How far it had come since it began.
    pub at: Time,
    /// When it was left, in words: `yesterday 21:40`.
    pub left: String,
}

/// What a player has chosen once for all incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A theme's name; chosen from the terminal where there is none.
    pub theme: Option<String>,
    /// How much help.
    pub mode: Mode,
    /// Whether a page rings the terminal's bell.
    pub bell: bool,
    /// Whether dots move along the map's edges.
    pub motion: bool,
    /// Whether a page flashes its pane's border.
    pub flash: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { theme: None, mode: Mode::default(), bell: true, motion: true, flash: true }
    }
}

/// Keeps levels, runs and settings. One incident is played at a time.
pub trait Store {
    /// All levels in the order in which they are best played.
    fn levels(&mut self) -> Vec<LevelCard>;

    /// The incidents that can be resumed, the latest first.
    fn unfinished(&mut self) -> Vec<Unfinished>;

    /// Starts a level and begins the record of its run.
    ///
    /// # Errors
    /// Where the level isn't there or has problems, or the record can't be written.
    fn start(
        &mut self,
        level: &str,
        seed: Option<u64>,
        mode: Option<Mode>,
        speed: Option<u32>,
    ) -> Result<Incident, StoreError>;

    /// Plays a recorded run again up to where it was left, and goes on recording it.
    ///
    /// # Errors
    /// Where the record is missing, damaged, or of a level that has changed since.
    fn resume(&mut self, run: &str) -> Result<Incident, StoreError>;

    /// The latest run of this level that came to an end, played again to that end, so that its debrief can be read
    /// once more. A store that keeps no runs has none.
    ///
    /// # Errors
    /// Where there is none, or its record is missing, damaged, or of a level that has changed since.
    fn look_back(&mut self, level: &str) -> Result<Incident, StoreError> {
        Err(StoreError(format!("no run of {level} has come to an end yet")))
    }

    /// Records a line that was just handed to [`Incident::perform`] at this time.
    ///
    /// # Errors
    /// Where the record can't be written; the incident goes on and says so.
    fn performed(&mut self, at: Time, line: &str) -> Result<(), StoreError>;

    /// Called a few times a second while time passes: records from time to time how far the run is, and its digest.
    ///
    /// # Errors
    /// As [`Self::performed`].
    fn passed(&mut self, incident: &Incident) -> Result<(), StoreError>;

    /// The incident is over: closes its record and keeps the result.
    ///
    /// # Errors
    /// As [`Self::performed`].
    fn finish(&mut self, incident: &Incident, debrief: &Debrief) -> Result<(), StoreError>;

    /// The player's own themes: their names, and their files' texts.
    fn themes(&self) -> Vec<(String, String)> {
        vec![]
    }

    /// What the player has chosen.
    fn settings(&self) -> Settings;

    /// Keeps what the player has chosen.
    ///
    /// # Errors
    /// Where it can't be written.
    fn keep(&mut self, settings: &Settings) -> Result<(), StoreError>;
}
