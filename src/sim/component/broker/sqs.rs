//! Queues with the semantics of SQS: a receive hides a message for a while, a delete ends it, and whatever isn't deleted
//! in time is there again, for anybody.
//!
//! Nobody is connected: consumers poll. A message counts its receives, and one that has been received too often goes to
//! the dead-letter queue at the next. Visibility is looked at once a second, as a queue that is spread over many machines
//! is never exact; order isn't kept. A deletion with the receipt of an earlier receive finds nothing once the message has
//! been received again.

use super::settings::QueueSettings;
use super::unacked::{Delivered, Unacked};
use super::{Broker, Reason, mark};
use crate::sim::core::Core;
use crate::sim::id::ComponentId;
use crate::sim::message::{Consumer, Message, Parcel, Settle};
use crate::sim::operation::{Applied, Operation, QueueChange, Refusal};
use crate::sim::quantity::{Span, Time};
use crate::sim::telemetry::{Measure, MetricId, Telemetry};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// SQS' defaults (its developer guide): visibility 30 s, retention 4 days.
const VISIBILITY: Span = Span::from_seconds(30);
const RETENTION: Span = Span::from_seconds(4 * 86_400);
/// A purge every so often and no more.
const PURGE_PAUSE: Span = Span::from_seconds(60);
/// One call of receive-message brings at most so many.
const MOST_RECEIVED: u32 = 10;
/// The age of the oldest message is worked out every so many seconds.
const AGE_EVERY: i64 = 10;

/// Somebody who waits for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Poll {
    consumer: Consumer,
    count: u32,
    visibility: Option<Span>,
}

/// What one queue needs beyond what all queues have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Side {
    polls: VecDeque<Poll>,
    visibility: Span,
    retention: Span,
    max_receives: Option<u32>,
    purged: Option<Time>,
    oldest: MetricId,
}

/// What a broker of this kind keeps besides its queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sqs {
    sides: Vec<Side>,
    hidden: Unacked,
    /// When each hidden message is visible again, and the same by time.
    until: BTreeMap<u32, Time>,
    due: BTreeSet<(Time, u32)>,
    /// The receipts of messages that became visible again before they were deleted, with the place of each in its queue.
    stale: BTreeMap<u32, (u16, u64)>,
}

/// A queue's attributes as they are now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// How long a receive hides a message, unless it says otherwise.
    pub visibility: Span,
    /// How long a message is kept.
    pub retention: Span,
    /// After so many receives it goes to the dead-letter queue.
    pub max_receives: Option<u32>,
}

impl Sqs {
    pub fn new(id: ComponentId, broker: &str, queues: &[QueueSettings], telemetry: &mut Telemetry) -> Self {
        let mut side = |queue: &QueueSettings| Side {
            polls: VecDeque::new(),
            visibility: queue.visibility.unwrap_or(VISIBILITY),
            retention: queue.retention.unwrap_or(RETENTION),
            max_receives: queue.max_receives,
            purged: None,
            oldest: telemetry.gauge(
                id,
                format!("{broker}.{}.oldest", queue.name),
                "age of the oldest message, hidden ones included",
                Measure::Time,
            ),
        };
        Self {
            sides: queues.iter().map(&mut side).collect(),
            hidden: Unacked::default(),
            until: BTreeMap::new(),
            due: BTreeSet::new(),
            stale: BTreeMap::new(),
        }
    }

    fn hide(&mut self, receipt: u32, until: Time) {
        if let Some(before) = self.until.insert(receipt, until) {
            self.due.remove(&(before, receipt));
        }
        self.due.insert((until, receipt));
    }

    fn take(&mut self, receipt: u32) -> Option<Delivered> {
        let until = self.until.remove(&receipt)?;
        self.due.remove(&(until, receipt));
        self.hidden.remove(receipt)
    }
}

/// What SQS says where there is no queue of that name.
pub(super) fn no_queue() -> Refusal {
    Refusal::new(
        "An error occurred (AWS.SimpleQueueService.NonExistentQueue): The specified queue does not exist for this wsdl version.",
    )
}

impl Broker {
    /// Whether its queues have the semantics of SQS.
    #[must_use]
    pub const fn is_sqs(&self) -> bool {
        self.sqs.is_some()
    }

    /// The attributes of a queue, where it is one of SQS.
    #[must_use]
    pub fn attributes(&self, queue: &str) -> Option<Attributes> {
        let side = self.sqs.as_ref()?.sides.get(self.place_of(queue)?)?;
        Some(Attributes { visibility: side.visibility, retention: side.retention, max_receives: side.max_receives })
    }

    /// How old the oldest message of a queue is, hidden ones included.
    #[must_use]
    pub fn oldest(&self, queue: &str, now: Time) -> Option<Span> {
        self.oldest_at(self.place_of(queue)?, now)
    }

    fn oldest_at(&self, place: usize, now: Time) -> Option<Span> {
        let hidden = self.sqs.iter().flat_map(|sqs| sqs.hidden.iter());
        let hidden = hidden.filter(|delivered| usize::from(delivered.queue) == place).map(|one| one.message.published);
        let all = self.queues[place].ready.iter().map(|message| message.published).chain(hidden);
        all.min().map(|published| now.since(published))
    }

    /// Somebody would take so many messages.
    pub(super) fn poll(
        &mut self,
        queue: u16,
        consumer: Consumer,
        count: u32,
        visibility: Option<Span>,
        core: &mut Core,
    ) {
        let place = usize::from(queue);
        let Some(side) = self.sqs.as_mut().and_then(|sqs| sqs.sides.get_mut(place)) else { return };
        side.polls.push_back(Poll { consumer, count, visibility });
        self.pump(place, core);
    }

    /// Gives visible messages to those who wait, one each in turn.
    pub(super) fn pump(&mut self, place: usize, core: &mut Core) {
        while let Some(sqs) = &mut self.sqs {
            let (side, queue) = (&mut sqs.sides[place], &mut self.queues[place]);
            if queue.ready.is_empty() || side.polls.is_empty() || !sqs.hidden.has_room() {
                return;
            }
            let Some(message) = queue.ready.pop_front() else { return };
            if side.max_receives.is_some_and(|most| message.deliveries >= most) && queue.settings.dead_letter.is_some()
            {
                self.part_with(place, message, Reason::DeliveryLimit, 0, core);
                continue;
            }
            let Some(mut poll) = side.polls.pop_front() else { return };
            poll.count = poll.count.saturating_sub(1);
            if poll.count > 0 {
                side.polls.push_back(poll);
            }
            let until = core.now + poll.visibility.unwrap_or(side.visibility);
            let (receipt, message) = self.receive(place, message, until, core);
            core.send(
                self.id,
                poll.consumer.component,
                Parcel::Delivery { consumer: poll.consumer, tag: receipt, message },
            );
        }
    }

    /// A message is received: counted, and hidden until then. Its receipt, and the message as it is handed out.
    fn receive(&mut self, place: usize, mut message: Message, until: Time, core: &mut Core) -> (u32, Message) {
        message.deliveries = message.deliveries.saturating_add(1);
        let queue = &mut self.queues[place];
        queue.tally.delivered += 1;
        queue.tally.redelivered += u64::from(message.deliveries > 1);
        queue.unacked += 1;
        core.mark(self.id, mark::DELIVERED, message.unit.0, u64::from(message.deliveries));
        if message.unit.component() == self.id {
            self.count_followed(message.unit, core);
        }
        let Some(sqs) = &mut self.sqs else { return (super::NO_TAG, message) };
        let receipt = sqs.hidden.insert(Delivered { message, queue: place as u16, subscriber: 0, place: 0 });
        sqs.hide(receipt, until);
        (receipt, message)
    }

    /// Somebody deletes a message, or says how long it stays hidden.
    pub(super) fn settle_receipt(&mut self, receipt: u32, how: Settle, core: &mut Core) {
        let Some(sqs) = &mut self.sqs else { return };
        match how {
            Settle::Hide(span) => {
                if sqs.until.contains_key(&receipt) {
                    sqs.hide(receipt, core.now + span);
                }
                sqs.stale.remove(&receipt);
            }
            Settle::Ack => {
                if let Some(delivered) = sqs.take(receipt) {
                    let place = usize::from(delivered.queue);
                    self.queues[place].unacked -= 1;
                    self.delete(place, &delivered.message, core);
                } else if let Some((place, position)) = sqs.stale.remove(&receipt) {
                    self.delete_visible(usize::from(place), position, core);
                }
            }
            Settle::Requeue | Settle::Reject => self.settle_receipt(receipt, Settle::Hide(Span::ZERO), core),
        }
    }

    fn delete(&mut self, place: usize, message: &Message, core: &mut Core) {
        self.acked(place, message, core);
        core.telemetry.delivered(message.unit, message.published, core.now);
    }

    /// Deletes a message that is visible again and that nobody has received since.
    fn delete_visible(&mut self, place: usize, position: u64, core: &mut Core) {
        let ready = &mut self.queues[place].ready;
        let Ok(index) = ready.binary_search_by_key(&position, |message| message.position) else { return };
        if let Some(message) = ready.remove(index) {
            self.delete(place, &message, core);
        }
    }

    /// Those who polled from a process that has gone wait no more. What they had stays hidden until its time is over.
    pub(super) fn forget_polls(&mut self, component: ComponentId, instance: u32, epoch: u32) {
        let is_theirs = |consumer: &Consumer| {
            consumer.component == component && consumer.instance == instance && consumer.epoch <= epoch
        };
        for side in self.sqs.iter_mut().flat_map(|sqs| sqs.sides.iter_mut()) {
            side.polls.retain(|poll| !is_theirs(&poll.consumer));
        }
    }

    /// Looks, once a second, for what is visible again and for what has been kept too long.
    pub(super) fn sweep(&mut self, second: i64, core: &mut Core) {
        let mut touched = BTreeSet::new();
        while let Some(sqs) = &mut self.sqs {
            let Some((until, receipt)) = sqs.due.first().copied().filter(|(until, _)| *until < core.now) else { break };
            debug_assert!(until < core.now);
            let Some(Delivered { message, queue, .. }) = sqs.take(receipt) else { break };
            let place = usize::from(queue);
            touched.insert(place);
            self.queues[place].unacked -= 1;
            core.mark(self.id, mark::REQUEUED, message.unit.0, place as u64);
            self.queues[place].show_again(message, core.now);
            let position = self.queues[place].ready.back().map_or(0, |back| back.position);
            if let Some(sqs) = &mut self.sqs {
                sqs.stale.insert(receipt, (queue, position));
            }
        }
        for place in 0..self.queues.len() {
            self.drop_old(place, core);
            if let Some(metric) = self.sqs.as_ref().map(|sqs| sqs.sides[place].oldest)
                && second % AGE_EVERY == 0
            {
                let age = self.oldest_at(place, core.now).unwrap_or_default();
                core.telemetry.set(metric, age.micros());
            }
        }
        for place in touched {
            self.pump(place, core);
        }
    }

    fn drop_old(&mut self, place: usize, core: &mut Core) {
        let Some(retention) = self.sqs.as_ref().map(|sqs| sqs.sides[place].retention) else { return };
        while let Some(head) = self.queues[place].ready.front().copied() {
            if head.published + retention > core.now {
                return;
            }
            self.queues[place].ready.pop_front();
            self.queues[place].forget(&head);
            self.stored -= 1;
            self.drop_one(place, &head, core);
        }
    }

    /// What an operator can do to queues of SQS.
    pub(super) fn apply_to_sqs(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        match operation {
            Operation::Purge { queue } => {
                let place = self.sqs_queue(queue)?;
                self.purge_all(place, core)
            }
            Operation::Get { queue, count, .. } => {
                let place = self.sqs_queue(queue)?;
                Ok(Applied::Messages(self.receive_by_hand(place, (*count).min(MOST_RECEIVED), core)))
            }
            Operation::SetQueue { queue, change } => {
                let place = self.sqs_queue(queue)?;
                self.set_attributes(place, change)
            }
            Operation::Redrive { from, to, rate } => self.start_move(from, to.as_deref(), *rate, core),
            Operation::StopRedrive { from } => self.cancel_move(from),
            other => Err(Refusal::new(format!("SQS can't do that: {other:?}"))),
        }
    }

    fn sqs_queue(&self, queue: &str) -> Result<usize, Refusal> {
        self.place_of(queue).ok_or_else(no_queue)
    }

    /// Deletes every message, hidden ones as well.
    fn purge_all(&mut self, place: usize, core: &mut Core) -> Result<Applied, Refusal> {
        let name = self.queues[place].settings.name.clone();
        let Some(sqs) = &mut self.sqs else { return Ok(Applied::Unchanged) };
        if sqs.sides[place].purged.is_some_and(|at| core.now.since(at) < PURGE_PAUSE) {
            return Err(Refusal::new(format!(
                "An error occurred (AWS.SimpleQueueService.PurgeQueueInProgress) when calling the PurgeQueue operation: \
                 Only one PurgeQueue operation on {name} is allowed every 60 seconds."
            )));
        }
        sqs.sides[place].purged = Some(core.now);
        let receipts: Vec<u32> = sqs.until.keys().copied().collect();
        let mut gone: Vec<Message> = self.queues[place].ready.drain(..).collect();
        for receipt in receipts {
            if sqs.hidden.get(receipt).is_some_and(|delivered| usize::from(delivered.queue) == place) {
                gone.extend(sqs.take(receipt).map(|delivered| delivered.message));
                self.queues[place].unacked -= 1;
            }
        }
        sqs.stale.retain(|_, (queue, _)| usize::from(*queue) != place);
        for message in &gone {
            self.queues[place].forget(message);
            self.stored -= 1;
            self.drop_one(place, message, core);
        }
        Ok(Applied::Count(gone.len() as u64))
    }

    fn receive_by_hand(&mut self, place: usize, count: u32, core: &mut Core) -> Vec<Message> {
        let mut seen = vec![];
        let visibility = self.sqs.as_ref().map_or(VISIBILITY, |sqs| sqs.sides[place].visibility);
        while seen.len() < count as usize {
            let Some(message) = self.queues[place].ready.pop_front() else { break };
            seen.push(self.receive(place, message, core.now + visibility, core).1);
        }
        seen
    }

    fn set_attributes(&mut self, place: usize, change: &QueueChange) -> Result<Applied, Refusal> {
        let invalid = |name: &str| {
            Refusal::new(format!(
                "An error occurred (InvalidAttributeValue) when calling the SetQueueAttributes operation: Invalid value \
                 for the parameter {name}."
            ))
        };
        let within = |span: Span, least: i64, most: i64| (least..=most).contains(&span.seconds());
        if change.visibility.is_some_and(|span| !within(span, 0, 43_200)) {
            return Err(invalid("VisibilityTimeout"));
        }
        if change.retention.is_some_and(|span| !within(span, 60, 1_209_600)) {
            return Err(invalid("MessageRetentionPeriod"));
        }
        if change.max_receives.is_some_and(|count| !(1..=1000).contains(&count)) {
            return Err(invalid("RedrivePolicy"));
        }
        let Some(side) = self.sqs.as_mut().map(|sqs| &mut sqs.sides[place]) else { return Ok(Applied::Unchanged) };
        side.visibility = change.visibility.unwrap_or(side.visibility);
        side.retention = change.retention.unwrap_or(side.retention);
        side.max_receives = change.max_receives.or(side.max_receives);
        Ok(Applied::Done)
    }
}
