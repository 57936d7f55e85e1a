//! From the text of a level file to a checked value, and the language in which it states conditions.
//!
//! Knows nothing of a player's actions nor of terminals. Nothing in a level can run code, read a file or reach a network.
//!
//! | for | take |
//! |---|---|
//! | a level from the bytes of a file, or all its problems | [`Level::from_bytes`], [`Level::parse`] |
//! | the built-in levels | [`catalog::levels`], [`catalog::find`] |
//! | what is told of them before they are played | [`catalog::heads`] |
//! | the sections of a level, as fields | [`Level`], which is a [`schema::Sections`] with its conditions compiled |
//! | the digest of what it does (not of its prose) | [`Level::digest`] |
//! | the level with something changed or left out | [`Level::changed`] |
//! | a condition that somebody types | [`Level::condition`], [`Level::measure`] |
//! | evaluating conditions | [`condition::Condition`], [`condition::Series`], [`condition::State`] |
//! | the metrics that exist | [`Level::names`] |
//! | showing problems | [`problem::Report`] |
//! | a RON text as a tree with places, edits by path | [`document::Document`] |

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod catalog;
mod check;
mod compile;
pub mod condition;
pub mod document;
pub mod head;
pub mod problem;
pub mod schema;

pub use check::LevelNames;

use crate::sim::System;
use check::{Given, Strictness};
use condition::{Condition, Fault};
use document::{Document, EditError, LARGEST};
use problem::{Problem, Severity};
use schema::{Change, Sections};
use std::ops::Deref;
use std::sync::Arc;

/// How many problems are told at one time; who has more mends these first.
const MOST_PROBLEMS: usize = 100;

/// A checked level. Its sections are its fields: `level.goal`, `level.system`, `level.clock`.
#[derive(Clone, Debug, Default)]
pub struct Level {
    sections: Sections,
    names: LevelNames,
    document: Option<Arc<Document>>,
    digest: u64,
    warnings: Vec<Problem>,
}

impl Deref for Level {
    type Target = Sections;
    fn deref(&self) -> &Sections {
        &self.sections
    }
}

impl Level {
    /// Reads a level from the bytes of a file, whatever they are.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        let cannot = |message: String, help: &str| vec![Problem::at("", 0..0, "", &message, help)];
        if bytes.len() > LARGEST {
            let message = format!("the file has {} MB; a level has at most 1 MB", bytes.len().div_ceil(1_000_000));
            return Err(cannot(message, "is this the file you meant?"));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Self::parse(text),
            Ok(_) => Err(cannot("the file is not a text".into(), "a level is RON: it begins with Level(")),
            Err(error) => {
                let message = format!("the file is not a text: byte {} is not UTF-8", error.valid_up_to());
                Err(cannot(message, "a level is RON: it begins with Level("))
            }
        }
    }

    /// Reads a level from its text.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        read(text, Strictness::Whole)
    }

    /// Reads a built-in level, to be played: its proofs are taken as they are.
    ///
    /// # Errors
    /// As [`Self::parse`].
    fn parse_built_in(text: &str) -> Result<Self, Vec<Problem>> {
        read(text, Strictness::BuiltIn)
    }

    /// The solution of this name.
    #[must_use]
    pub fn solution(&self, name: &str) -> Option<&schema::Solution> {
        self.solutions.iter().find(|solution| solution.name == name)
    }

    /// The same level with something changed or left out. Conditions that name what is no longer there see nothing.
    ///
    /// # Errors
    /// Where a path leads nowhere, or the changed level can't be played.
    pub fn changed(&self, change: &Change) -> Result<Self, Vec<Problem>> {
        if change.leave_out.is_empty() && change.change.is_empty() {
            return Ok(self.clone());
        }
        let Some(document) = &self.document else { return Ok(self.clone()) };
        match changed_text(document, change) {
            Ok(text) => read(&text, Strictness::Changed),
            Err(error) => Err(vec![Problem::at("", 0..0, "", &error.to_string(), "")]),
        }
    }

    /// A condition that holds or doesn't, as somebody types it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn condition(&self, text: &str) -> Result<Condition, Vec<Fault>> {
        Condition::holding(text, &self.names)
    }

    /// A number to be measured, as somebody types it; a condition has the value 1 or 0.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn measure(&self, text: &str) -> Result<Condition, Vec<Fault>> {
        Condition::any(text, &self.names)
    }

    /// The system that it describes, for the simulation.
    #[must_use]
    pub fn simulated(&self) -> System {
        compile::system(&self.sections)
    }

    /// The names that conditions can use.
    #[must_use]
    pub const fn names(&self) -> &LevelNames {
        &self.names
    }

    /// What is hardly meant, but can be played.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// The text with its places; `None` for a level that was never read.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        self.document.as_deref()
    }

    /// The hash over what a level does: its system, events, monitoring, goal, and what people do, as compiled. Prose has
    /// no part in it.
    #[must_use]
    pub const fn digest(&self) -> u64 {
        self.digest
    }
}

fn read(text: &str, strictness: Strictness) -> Result<Level, Vec<Problem>> {
    let document = Document::parse(text);
    let mut problems = vec![];
    let reading = document.read::<Sections>();
    // The reading speaks of what was read wrongly as well; the notation's own complaints come first where both do.
    for complaint in document.complaints().iter().chain(&reading.complaints) {
        problems.push(Problem::at(text, complaint.span.clone(), &complaint.path, &complaint.message, &complaint.help));
    }
    let Some(mut sections) = reading.value else { return Err(in_order(problems)) };
    // Where whole items were left out, positions no longer agree with the text.
    let mut names = LevelNames::default();
    if reading.lost.is_empty() {
        let given =
            Given { document: &document, stand_ins: reading.stand_ins, is_sound: problems.is_empty(), strictness };
        let (found, known) = check::check(&given, &mut sections);
        problems.extend(found);
        names = known;
    }
    let (errors, warnings): (Vec<_>, Vec<_>) =
        in_order(problems).into_iter().partition(|problem| problem.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(in_order([errors, warnings].concat()));
    }
    let digest = compile::digest(&sections);
    Ok(Level { sections, names, document: Some(Arc::new(document)), digest, warnings })
}

fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    problems.dedup();
    problems.truncate(MOST_PROBLEMS);
    problems
}

/// The text of a level with something changed or left out.
fn changed_text(document: &Document, change: &Change) -> Result<String, EditError> {
    let mut text = document.text().to_owned();
    for name in &change.leave_out {
        text = Document::parse(&text).remove(name)?;
    }
    for (path, value) in &change.change {
        text = Document::parse(&text).replace(path, value)?;
    }
    Ok(text)
}

/// Reads the text of a changed level.
fn parse_changed(text: &str) -> Result<Level, Vec<Problem>> {
    read(text, Strictness::Changed)
}

#[cfg(test)]
mod tests;
