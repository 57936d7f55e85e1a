//! What an incident has come to, in figures: what a run without a screen prints, and what results are kept of.
//!
//! Plain values; the words for them belong to whoever prints.

use super::view::Phase;
use crate::sim::quantity::{Span, Time};

/// The figures of an incident, at its end or on the way.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Report {
    /// Where it stands.
    pub outcome: Phase,
    /// When customers began to be hurt.
    pub impact_at: Option<Time>,
    /// When the first page rang.
    pub paged_at: Option<Time>,
    /// When the player first did something about it: declared, acknowledged, or looked.
    pub detected_at: Option<Time>,
    /// Since when the goal has held.
    pub mitigated_at: Option<Time>,
    /// When it was resolved.
    pub resolved_at: Option<Time>,
    /// 0 to 100.
    pub score: u32,
    /// The letter.
    pub grade: String,
    /// What customers felt.
    pub impact: Impact,
    /// The ids of the causes that the player named.
    pub diagnosis_given: Vec<String>,
    /// Whether these are the true ones; `None` while a question is open.
    pub diagnosis_correct: Option<bool>,
    /// Documented figures that this run was measured against.
    pub figures: Vec<Figure>,
    /// How many events the core has processed since time zero.
    pub events: u64,
    /// How much time has been simulated, without the warm-up.
    pub simulated: Span,
    /// The digest of everything that happened.
    pub digest: u64,
}

/// What customers felt, as counts of requests since time zero.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Impact {
    /// All.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that came too late.
    pub late: u64,
    /// Those that are gone for good.
    pub lost: u64,
    /// Those that happened twice.
    pub duplicates: u64,
    /// The share of the error budget that is spent, from 0; over 1 where it is overspent.
    pub budget_used: f64,
}

/// A documented figure beside what was measured.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Figure {
    /// The proof's name.
    pub name: String,
    /// What the story says, with its tolerance and unit.
    pub expected: String,
    /// What came out, with its unit.
    pub measured: String,
    /// Whether it is within the tolerance.
    pub ok: bool,
    /// What the story says of it, word for word; empty where it says nothing.
    pub story: String,
    /// How far what came out lies from the middle of what is expected, as a part of that; only for a number with two bounds.
    pub deviation: Option<f64>,
}

/// Something that is tried with every level, whatever it says.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Tried {
    /// What: `nobody does anything`, `solution as-it-happened`.
    pub name: String,
    /// Whether it came out as it must.
    pub ok: bool,
    /// What came out: `failed on seeds 1 to 3`.
    pub detail: String,
}
