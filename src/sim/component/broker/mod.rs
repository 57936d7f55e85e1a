//! A message broker: queues with the semantics of AMQP as `RabbitMQ` has them.
//!
//! Ready, delivered and unacknowledged, then gone, back in its old place, dead-lettered or dropped: each queue does that
//! for each message. Consumers take turns, each with at most its prefetch count out; a connection that closes gives back
//! all it had out. Above its memory watermark the broker holds publishers up while consumers drain it.
//!
//! Knows nothing of what consumers do with a message, and nothing of who reads its gauges.

mod operate;
mod policy;
mod queue;
mod redrive;
mod settings;
mod sqs;
mod unacked;
mod view;

#[cfg(test)]
mod tests;

pub use policy::NamedPolicy;
pub use queue::Tally;
pub use redrive::{MoveState, MoveTask};
pub use settings::{Flavour, PolicySettings, QueueKind, QueueSettings, Requeue, Settings, Version};
pub use sqs::Attributes;
pub use view::{Argument, ConsumerView, QueueView};

use super::Behavior;
use crate::sim::agenda::Ticket;
use crate::sim::core::{Core, Timer};
use crate::sim::id::{ComponentId, Unit};
use crate::sim::message::{Consumer, Message, Parcel, Settle};
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Bytes, Time};
use crate::sim::telemetry::{Measure, MetricId, Telemetry};
use policy::DeadLetter;
use queue::{Queue, Subscriber};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use unacked::{Delivered, NO_TAG, Unacked};

/// Why a message leaves a queue without having been acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Rejected,
    Expired,
    MaxLength,
    DeliveryLimit,
}

/// A dead letter on its way to another queue of this broker, within one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Letter {
    to: u16,
    message: Message,
    hops: u8,
}

/// A dead letter that comes through more queues than this within one instant goes round in a circle and is dropped.
const MOST_HOPS: u8 = 16;

/// Messages that were published here by hand, by the numbers of their units.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    first: u64,
    count: u64,
    name: Option<Arc<str>>,
    body: Arc<str>,
    deliveries: Option<MetricId>,
}

/// The load number of units that a broker makes itself.
const MADE_HERE: u8 = 255;

/// What goes into the digest of a run.
mod mark {
    pub const ENTERED: u8 = 50;
    pub const DELIVERED: u8 = 51;
    pub const ACKED: u8 = 52;
    pub const REQUEUED: u8 = 53;
    pub const DEAD_LETTERED: u8 = 54;
    pub const DROPPED: u8 = 55;
    pub const DISCONNECTED: u8 = 56;
}

/// A broker at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    id: ComponentId,
    name: Arc<str>,
    version: Version,
    idle: Bytes,
    message_size: Bytes,
    limit: Bytes,
    /// With so many messages stored its memory is at the watermark.
    most: u64,
    stored: u64,
    queues: Vec<Queue>,
    unacked: Unacked,
    policies: Vec<NamedPolicy>,
    /// The latest life of each instance whose connection has closed.
    closed: BTreeMap<(ComponentId, u32), u32>,
    /// What blocked publishers want to publish, in order.
    held: VecDeque<(u16, Message)>,
    /// Where its queues have the semantics of SQS: what that takes.
    sqs: Option<sqs::Sqs>,
    /// Tasks that have taken dead letters back.
    moves: Vec<redrive::MoveTask>,
    letters: VecDeque<Letter>,
    made: Vec<Made>,
    followed: Vec<(String, MetricId)>,
    memory: MetricId,
    blocked: MetricId,
}

impl Broker {
    /// Builds it and defines its metrics. What is wrong with the settings is said by [`Settings::problems`]; here a bad
    /// pattern matches nothing and a dead-letter queue that doesn't exist is none.
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, telemetry: &mut Telemetry) -> Self {
        let name = &settings.name;
        let mut queues = Vec::new();
        for queue in settings.queues.iter().take(settings::MOST_QUEUES) {
            queues.push(Queue::new(id, name, queue.clone(), telemetry));
        }
        let mut followed: Vec<(String, MetricId)> = Vec::new();
        for name in &settings.follows {
            if !followed.iter().any(|(known, _)| known == name) {
                let metric = format!("message.{}.deliveries", name.replace(' ', "_"));
                followed.push((name.clone(), telemetry.counter(id, metric, "how often this message was delivered")));
            }
        }
        let policies = settings.policies.iter().map(|policy| NamedPolicy {
            name: policy.name.clone(),
            pattern: policy.pattern.clone(),
            definition: policy.definition(),
        });
        let limit = Bytes((u128::from(settings.memory.0) * u128::from(settings.watermark.0) / 1_000_000) as u64);
        let room = limit.0.saturating_sub(settings.idle.0);
        let mut broker = Self {
            id,
            name: name.as_str().into(),
            version: settings.flavour.version(),
            idle: settings.idle,
            message_size: settings.message_size,
            limit,
            most: if settings.message_size.0 == 0 { u64::MAX } else { room.div_ceil(settings.message_size.0) },
            stored: 0,
            queues,
            unacked: Unacked::default(),
            policies: policies.collect(),
            closed: BTreeMap::new(),
            held: VecDeque::new(),
            sqs: match settings.flavour {
                Flavour::Sqs => Some(sqs::Sqs::new(id, name, &settings.queues, telemetry)),
                Flavour::RabbitMq { .. } => None,
            },
            moves: vec![],
            letters: VecDeque::new(),
            made: Vec::new(),
            followed,
            memory: telemetry.gauge(id, format!("{name}.memory"), "memory in use", Measure::Bytes),
            blocked: telemetry.gauge(id, format!("{name}.blocked"), "publishers are blocked", Measure::Flag),
        };
        broker.set_rules();
        broker
    }

    fn place_of(&self, queue: &str) -> Option<usize> {
        self.queues.iter().position(|known| known.settings.name == queue)
    }

    /// Works out what holds for each queue, after policies or queues have changed.
    fn set_rules(&mut self) {
        let settings: Vec<_> = self.queues.iter().map(|queue| &queue.settings).collect();
        let rules = policy::rules(&settings, &self.policies, &self.version);
        for (queue, rules) in self.queues.iter_mut().zip(rules) {
            queue.rules = rules;
        }
    }

    // A message's way in and out.

    /// Somebody publishes: into the queue, or held up while memory is over the watermark.
    #[inline]
    fn publish(&mut self, queue: u16, message: Message, core: &mut Core) {
        if usize::from(queue) >= self.queues.len() {
            debug_assert!(false, "{}: no queue has the number {queue}", self.name);
            core.telemetry.lost(message.unit);
        } else if self.is_blocked() || !self.held.is_empty() {
            self.held.push_back((queue, message));
        } else {
            self.enter(usize::from(queue), message, 0, core);
        }
    }

    /// A message enters a queue, is delivered if somebody can take it, and the queue keeps within its bounds.
    #[inline]
    fn enter(&mut self, place: usize, message: Message, hops: u8, core: &mut Core) {
        core.mark(self.id, mark::ENTERED, message.unit.0, place as u64);
        self.queues[place].enter(message, core.now);
        self.stored += 1;
        self.deliver(place, core);
        self.keep_bounds(place, hops, core);
    }

    /// Delivers ready messages as long as a consumer can take one.
    #[inline]
    fn deliver(&mut self, place: usize, core: &mut Core) {
        if self.is_sqs() {
            self.pump(place, core);
            return;
        }
        while self.unacked.has_room() {
            let queue = &mut self.queues[place];
            if queue.ready.is_empty() {
                return;
            }
            let Some(subscriber) = queue.ring.pop_front() else { return };
            let Some(message) = queue.ready.pop_front() else { return };
            self.deliver_one(place, subscriber, message, core);
        }
    }

    #[inline]
    fn deliver_one(&mut self, place: usize, number: u32, mut message: Message, core: &mut Core) {
        let queue = &mut self.queues[place];
        let Some(subscriber) = queue.subscribers[number as usize].as_mut() else { return };
        let consumer = subscriber.consumer;
        message.deliveries = message.deliveries.saturating_add(1);
        queue.tally.delivered += 1;
        queue.tally.redelivered += u64::from(message.redelivered);
        let tag = if subscriber.auto_ack {
            queue.tally.acked += 1;
            self.stored -= 1;
            core.telemetry.delivered(message.unit, message.published, core.now);
            NO_TAG
        } else {
            let out = subscriber.tags.len() as u32;
            let delivered = Delivered { message, queue: place as u16, subscriber: number, place: out };
            let tag = self.unacked.insert(delivered);
            subscriber.tags.push(tag);
            queue.unacked += 1;
            tag
        };
        subscriber.is_waiting = subscriber.has_credit();
        if subscriber.is_waiting {
            queue.ring.push_back(number);
        }
        if tag == NO_TAG {
            queue.forget(&message);
        }
        core.mark(self.id, mark::DELIVERED, message.unit.0, u64::from(consumer.instance));
        if message.unit.component() == self.id {
            self.count_followed(message.unit, core);
        }
        core.send(self.id, consumer.component, Parcel::Delivery { consumer, tag, message });
    }

    fn count_followed(&self, unit: Unit, core: &mut Core) {
        if let Some(metric) = self.made_as(unit).and_then(|made| made.deliveries) {
            core.telemetry.count(metric);
        }
    }

    fn made_as(&self, unit: Unit) -> Option<&Made> {
        if unit.component() != self.id || unit.load() != MADE_HERE {
            return None;
        }
        let after = self.made.partition_point(|made| made.first <= unit.ordinal());
        self.made.get(after.checked_sub(1)?).filter(|made| unit.ordinal() - made.first < made.count)
    }

    /// A consumer lets go of a delivery. One that isn't its own, or is settled already, is nobody's.
    #[inline]
    fn settle(&mut self, tag: u32, consumer: Consumer, how: Settle, core: &mut Core) {
        let Some(delivered) = self.unacked.get(tag) else { return };
        let (place, number) = (usize::from(delivered.queue), delivered.subscriber);
        let queue = &mut self.queues[place];
        let Some(subscriber) = queue.subscriber(number).filter(|known| known.consumer == consumer) else { return };
        let Some(Delivered { message, place: index, .. }) = self.unacked.remove(tag) else { return };
        subscriber.tags.swap_remove(index as usize);
        if let Some(moved) = subscriber.tags.get(index as usize) {
            self.unacked.set_place(*moved, index);
        }
        queue.unacked -= 1;
        queue.credit(number);
        match how {
            Settle::Ack => {
                self.acked(place, &message, core);
                core.telemetry.delivered(message.unit, message.published, core.now);
            }
            Settle::Requeue | Settle::Hide(_) => {
                self.take_back(place, message, core);
                self.keep_bounds(place, 0, core);
            }
            Settle::Reject => self.part_with(place, message, Reason::Rejected, 0, core),
        }
        self.deliver(place, core);
    }

    /// A message has been acknowledged and is forgotten.
    #[inline]
    fn acked(&mut self, place: usize, message: &Message, core: &mut Core) {
        let queue = &mut self.queues[place];
        queue.tally.acked += 1;
        queue.forget(message);
        self.stored -= 1;
        core.mark(self.id, mark::ACKED, message.unit.0, place as u64);
    }

    /// A delivery comes back: to its place, unless the queue counts and it has come back too often.
    fn take_back(&mut self, place: usize, message: Message, core: &mut Core) {
        let queue = &mut self.queues[place];
        if queue.rules.takes_back(message.deliveries) {
            core.mark(self.id, mark::REQUEUED, message.unit.0, place as u64);
            queue.take_back(message, core.now);
        } else {
            self.part_with(place, message, Reason::DeliveryLimit, 0, core);
        }
    }

    /// A message leaves its queue unacknowledged: to the dead-letter queue, or for good.
    fn part_with(&mut self, place: usize, message: Message, reason: Reason, hops: u8, core: &mut Core) {
        let queue = &mut self.queues[place];
        queue.forget(&message);
        self.stored -= 1;
        match queue.rules.dead_letter {
            // Back into the same queue without anybody having rejected it: a circle, which the broker breaks.
            DeadLetter::To(to) if hops < MOST_HOPS && (usize::from(to) != place || reason == Reason::Rejected) => {
                queue.tally.dead_lettered += 1;
                core.mark(self.id, mark::DEAD_LETTERED, message.unit.0, reason as u64);
                self.letters.push_back(Letter { to, message, hops: hops + 1 });
            }
            _ => self.drop_one(place, &message, core),
        }
    }

    /// A message of this queue is gone for good. It has left the queue already.
    fn drop_one(&mut self, place: usize, message: &Message, core: &mut Core) {
        self.queues[place].tally.dropped += 1;
        core.mark(self.id, mark::DROPPED, message.unit.0, place as u64);
        core.telemetry.lost(message.unit);
    }

    /// Drops from the head what is too much or too old.
    #[inline]
    fn keep_bounds(&mut self, place: usize, hops: u8, core: &mut Core) {
        if let Some(most) = self.queues[place].rules.max_length {
            while self.queues[place].ready.len() > most as usize {
                let Some(head) = self.queues[place].ready.pop_front() else { break };
                self.part_with(place, head, Reason::MaxLength, hops, core);
            }
        }
        if self.queues[place].rules.ttl.is_some() {
            self.expire(place, hops, core);
        }
    }

    /// Drops what has expired at the head, and sets a timer for the head that isn't due yet.
    fn expire(&mut self, place: usize, hops: u8, core: &mut Core) {
        while let (Some(ttl), Some(head)) = (self.queues[place].rules.ttl, self.queues[place].ready.front()) {
            let due = queue::entered(head.position) + ttl;
            if due > core.now {
                let queue = &mut self.queues[place];
                if due < queue.looks_at {
                    queue.looks_at = due;
                    core.set_timer(self.id, Timer::Expire, place as u32, due);
                }
                return;
            }
            let Some(head) = self.queues[place].ready.pop_front() else { return };
            self.part_with(place, head, Reason::Expired, hops, core);
        }
    }

    /// Brings dead letters to their queues and lets held publishers go on, until nothing is left to be done.
    #[inline]
    fn settle_down(&mut self, core: &mut Core) {
        loop {
            if let Some(letter) = self.letters.pop_front() {
                self.enter(usize::from(letter.to), letter.message, letter.hops, core);
            } else if !self.held.is_empty() && !self.is_blocked() {
                let Some((queue, message)) = self.held.pop_front() else { return };
                self.enter(usize::from(queue), message, 0, core);
            } else {
                return;
            }
        }
    }

    // Connections.

    /// A consumer begins, unless its process has gone already or a later one is there.
    fn subscribe(&mut self, queue: u16, consumer: Consumer, prefetch: u32, auto_ack: bool, core: &mut Core) {
        let place = usize::from(queue);
        let closed = self.closed.get(&(consumer.component, consumer.instance));
        let Some(queue) = self.queues.get_mut(place) else { return };
        let same = |known: &Consumer| Consumer { epoch: 0, ..*known } == Consumer { epoch: 0, ..consumer };
        let mut known = queue.subscribers.iter().flatten().map(|subscriber| &subscriber.consumer);
        if closed.is_some_and(|epoch| *epoch >= consumer.epoch)
            || known.any(|known| same(known) && known.epoch >= consumer.epoch)
        {
            return;
        }
        queue.subscribe(Subscriber { consumer, prefetch, auto_ack, is_waiting: true, tags: Vec::new() });
        self.deliver(place, core);
    }

    /// A connection has closed: its consumers go, and everything they had out comes back in its old order.
    fn disconnect(&mut self, component: ComponentId, instance: u32, epoch: u32, core: &mut Core) {
        let closed = self.closed.entry((component, instance)).or_insert(epoch);
        *closed = epoch.max(*closed);
        core.mark(self.id, mark::DISCONNECTED, u64::from(instance), u64::from(epoch));
        let is_theirs =
            |known: &Consumer| known.component == component && known.instance == instance && known.epoch <= epoch;
        // First all of its consumers go, so that nothing that comes back is given to one of them.
        let mut back: Vec<(usize, Message)> = Vec::new();
        let mut touched: Vec<usize> = Vec::new();
        for (place, queue) in self.queues.iter_mut().enumerate() {
            for number in 0..queue.subscribers.len() {
                if !queue.subscribers[number].as_ref().is_some_and(|known| is_theirs(&known.consumer)) {
                    continue;
                }
                let Some(subscriber) = queue.unsubscribe(number as u32) else { continue };
                queue.unacked -= subscriber.tags.len() as u64;
                let out = subscriber.tags.iter().filter_map(|tag| self.unacked.remove(*tag));
                back.extend(out.map(|delivered| (place, delivered.message)));
                touched.push(place);
            }
        }
        back.sort_unstable_by_key(|(place, message)| (*place, message.position));
        self.take_all_back(back, core);
        touched.dedup();
        for place in touched {
            self.keep_bounds(place, 0, core);
            self.deliver(place, core);
        }
    }

    /// Takes back deliveries that are sorted by queue and position.
    fn take_all_back(&mut self, mut back: Vec<(usize, Message)>, core: &mut Core) {
        // Those over the limit leave oldest first. The rest goes back youngest first, which puts each at the very front
        // of the queue (or oldest first, where they go to the tail).
        back.retain(|(place, message)| {
            let stays = self.queues[*place].rules.takes_back(message.deliveries);
            if !stays {
                self.take_back(*place, *message, core);
            }
            stays
        });
        let goes_to_tail = |place: usize| self.queues[place].settings.requeue == Requeue::Tail;
        let (tail, front): (Vec<_>, Vec<_>) = back.into_iter().partition(|(place, _)| goes_to_tail(*place));
        for (place, message) in tail.into_iter().chain(front.into_iter().rev()) {
            self.take_back(place, message, core);
        }
    }
}

impl Behavior for Broker {
    #[inline]
    fn on_parcel(&mut self, parcel: Parcel, core: &mut Core) {
        match parcel {
            Parcel::Publish { queue, message } => self.publish(queue, message, core),
            Parcel::Settled { tag, how, .. } if self.is_sqs() => self.settle_receipt(tag, how, core),
            Parcel::Settled { tag, consumer, how } => self.settle(tag, consumer, how, core),
            Parcel::Poll { queue, consumer, count, visibility } => {
                self.poll(queue, consumer, count, visibility, core);
            }
            Parcel::Disconnect { component, instance, epoch } if self.is_sqs() => {
                self.forget_polls(component, instance, epoch);
            }
            Parcel::Subscribe { queue, consumer, prefetch, auto_ack } => {
                self.subscribe(queue, consumer, prefetch, auto_ack, core);
            }
            Parcel::Disconnect { component, instance, epoch } => self.disconnect(component, instance, epoch, core),
            _ => debug_assert!(false, "{}: not for a broker: {parcel:?}", self.name),
        }
        self.settle_down(core);
    }

    fn on_timer(&mut self, timer: Timer, index: u32, _ticket: Ticket, core: &mut Core) {
        let place = index as usize;
        let Some(queue) = self.queues.get_mut(place).filter(|_| timer == Timer::Expire) else { return };
        if queue.looks_at <= core.now {
            queue.looks_at = Time::NEVER;
            self.expire(place, 0, core);
            self.settle_down(core);
        }
    }

    fn sample(&mut self, second: i64, core: &mut Core) {
        if self.is_sqs() {
            self.sweep(second, core);
            self.move_on(core);
            self.settle_down(core);
        }
        for queue in &self.queues {
            queue.sample(&mut core.telemetry);
        }
        core.telemetry.set(self.memory, self.memory_used().0 as i64);
        core.telemetry.set(self.blocked, i64::from(self.is_blocked()));
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        let applied = self.apply(operation, core);
        self.settle_down(core);
        debug_assert!(self.queues.iter().all(Queue::is_conserved), "after {operation:?}");
        applied
    }

    fn holds_tag(&self, bit: u64) -> bool {
        self.queues.iter().any(|queue| queue.holds_tag(bit))
            || self.held.iter().any(|(_, message)| message.tags & bit != 0)
    }
}
