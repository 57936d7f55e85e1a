//! Dead letters that go back: SQS' message move tasks.
//!
//! A task takes what is visible in a dead-letter queue to the queue that it came from, or to another, a batch a second, and
//! ends when nothing is left. What arrives is as new: its receives count from nought, and it is kept as long as any. Its
//! unit of work is what it was, so that whoever marks what has been done knows it again. (The real thing gives it a new
//! message id; here it stays, so that one can follow it.)

use super::Broker;
use super::sqs::no_queue;
use crate::sim::core::Core;
use crate::sim::message::Message;
use crate::sim::operation::{Applied, Refusal};
use crate::sim::quantity::Time;

/// The most messages a second (SQS' API reference), and what "system optimized" means here.
const MOST_PER_SECOND: u32 = 500;
/// As many tasks of a queue are remembered (SQS' API reference: list-message-move-tasks).
const REMEMBERED: usize = 10;

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveState {
    /// It moves messages.
    Running,
    /// Nothing was left to be moved.
    Completed,
    /// Somebody stopped it.
    Cancelled,
}

/// A task that moves messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveTask {
    /// Where from, as its place among the queues.
    from: u16,
    /// Where to.
    to: u16,
    /// How many a second.
    rate: u32,
    /// When it began.
    pub started: Time,
    /// How many there were when it began.
    pub found: u64,
    /// How many have been moved.
    pub moved: u64,
    /// How it stands.
    pub state: MoveState,
}

impl Broker {
    /// The tasks that have moved messages out of a queue, latest first.
    pub fn move_tasks(&self, queue: &str) -> impl Iterator<Item = &MoveTask> {
        let place = self.place_of(queue);
        self.moves.iter().rev().filter(move |task| place == Some(usize::from(task.from))).take(REMEMBERED)
    }

    /// Begins to move what is in a dead-letter queue: to a queue, or to the one that it came from.
    pub(super) fn start_move(
        &mut self,
        from: &str,
        to: Option<&str>,
        rate: Option<u32>,
        core: &Core,
    ) -> Result<Applied, Refusal> {
        let refusal = |words: &str| {
            Refusal::new(format!(
                "An error occurred (InvalidParameterValue) when calling the StartMessageMoveTask operation: {words}"
            ))
        };
        let source = self.place_of(from).ok_or_else(no_queue)?;
        let sources: Vec<usize> = (0..self.queues.len())
            .filter(|place| self.queues[*place].settings.dead_letter.as_deref() == Some(from))
            .collect();
        if sources.is_empty() {
            return Err(refusal("Source queue must be configured as a Dead Letter Queue."));
        }
        let target = match (to, sources.as_slice()) {
            (Some(name), _) => self.place_of(name).ok_or_else(no_queue)?,
            (None, [only]) => *only,
            (None, _) => {
                return Err(refusal("several queues have this one for their dead letters: say --destination-arn."));
            }
        };
        if target == source {
            return Err(refusal("Source queue and destination queue are the same."));
        }
        let rate = rate.unwrap_or(MOST_PER_SECOND);
        if !(1..=MOST_PER_SECOND).contains(&rate) {
            return Err(refusal(
                "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be from 1 to 500.",
            ));
        }
        if self.moves.iter().any(|task| usize::from(task.from) == source && task.state == MoveState::Running) {
            return Err(Refusal::new(
                "An error occurred (AWS.SimpleQueueService.UnsupportedOperation) when calling the StartMessageMoveTask operation: \
                 There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
            ));
        }
        let found = self.queues[source].ready.len() as u64;
        let (from, to) = (source as u16, target as u16);
        self.moves.push(MoveTask { from, to, rate, started: core.now, found, moved: 0, state: MoveState::Running });
        Ok(Applied::Done)
    }

    /// Stops the task that moves messages out of a queue. What it has moved stays where it is.
    pub(super) fn cancel_move(&mut self, from: &str) -> Result<Applied, Refusal> {
        let source = self.place_of(from).ok_or_else(no_queue)?;
        let is_it = |task: &&mut MoveTask| usize::from(task.from) == source && task.state == MoveState::Running;
        let Some(task) = self.moves.iter_mut().find(is_it) else {
            return Err(Refusal::new(
                "An error occurred (ResourceNotFoundException) when calling the CancelMessageMoveTask operation: \
                 Only active tasks can be cancelled.",
            ));
        };
        task.state = MoveState::Cancelled;
        Ok(Applied::Count(task.moved))
    }

    /// A second's work of every task.
    pub(super) fn move_on(&mut self, core: &mut Core) {
        for number in 0..self.moves.len() {
            let task = self.moves[number];
            if task.state != MoveState::Running {
                continue;
            }
            let (from, to) = (usize::from(task.from), usize::from(task.to));
            let count = self.queues[from].ready.len().min(task.rate as usize);
            let batch: Vec<Message> = self.queues[from].ready.drain(..count).collect();
            for message in &batch {
                self.acked(from, message, core);
                let anew = Message { published: core.now, deliveries: 0, redelivered: false, ..*message };
                self.enter(to, anew, 0, core);
            }
            let task = &mut self.moves[number];
            task.moved += count as u64;
            if self.queues[from].ready.is_empty() {
                task.state = MoveState::Completed;
            }
        }
    }
}
