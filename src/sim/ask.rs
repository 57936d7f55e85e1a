//! What a job asks of whoever runs the simulation: the core has no console and no conditions.

use super::id::ComponentId;

/// What a job asks of whoever runs the simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Types a console line and waits until it has ended.
    Line(String),
    /// Looks whether a condition holds; these are the words with which the job fails where it doesn't.
    Condition(String),
}

/// A question of a job that waits for its answer ([`super::operation::Operation::Answer`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The job.
    pub job: ComponentId,
    /// Names the question in its answer.
    pub ticket: u32,
    /// What is asked.
    pub ask: Ask,
}
