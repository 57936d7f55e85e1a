//! One queue: its ready messages in order, its subscribers in their ring, and its books.
//!
//! Ready messages stand in order of position. A position is the moment of entry with a running number below it, so that
//! it says both where a message belongs and how old it is. Everything that enters leaves in exactly one way: see
//! [`Tally`].

use super::policy::Rules;
use super::settings::{QueueSettings, Requeue};
use crate::sim::core::MAX_TAGS;
use crate::sim::id::ComponentId;
use crate::sim::message::{Consumer, Message};
use crate::sim::quantity::Time;
use crate::sim::telemetry::{Measure, MetricId, Telemetry};
use std::collections::VecDeque;

/// What has become of the messages of a queue. Entered = acknowledged + ready + unacknowledged + dead-lettered + dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entered the queue: published, dead-lettered from another, or moved here.
    pub published: u64,
    /// Delivered to consumers, each time counted.
    pub delivered: u64,
    /// Delivered again, of those.
    pub redelivered: u64,
    /// Acknowledged: by consumers, by an operator who took them out, or moved to another queue.
    pub acked: u64,
    /// Came back from a consumer.
    pub requeued: u64,
    /// Handed on to the dead-letter queue.
    pub dead_lettered: u64,
    /// Gone for good: expired, purged, rejected, over a limit, overflowed.
    pub dropped: u64,
}

/// A consumer of a queue, with what it has out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subscriber {
    pub consumer: Consumer,
    /// How many deliveries it may have out; 0 is any number.
    pub prefetch: u32,
    /// Whether a delivery counts as acknowledged when it is sent.
    pub auto_ack: bool,
    /// Whether it stands in the ring: it may have one more.
    pub is_waiting: bool,
    pub tags: Vec<u32>,
}

impl Subscriber {
    #[inline]
    pub fn has_credit(&self) -> bool {
        self.auto_ack || self.prefetch == 0 || self.tags.len() < self.prefetch as usize
    }
}

const METRICS: [(&str, &str, bool); 10] = [
    ("ready", "messages that wait for a consumer", false),
    ("unacked", "messages delivered and not acknowledged", false),
    ("consumers", "consumers connected now", false),
    ("published", "messages that have entered the queue", true),
    ("delivered", "deliveries to consumers", true),
    ("redelivered", "deliveries of messages that had come back", true),
    ("acked", "messages acknowledged", true),
    ("requeued", "messages that came back from a consumer", true),
    ("dead_lettered", "messages handed on to the dead-letter queue", true),
    ("dropped", "messages gone for good without having been handled", true),
];

/// A queue at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Queue {
    pub settings: QueueSettings,
    pub rules: Rules,
    pub ready: VecDeque<Message>,
    pub unacked: u64,
    /// Subscribers by place; a place is used again.
    pub subscribers: Vec<Option<Subscriber>>,
    /// Those that may have one more message: the front one gets it and goes to the back.
    pub ring: VecDeque<u32>,
    pub tally: Tally,
    /// When its timer will look at the head; `NEVER` where none is set.
    pub looks_at: Time,
    last_position: u64,
    /// How many messages, ready or unacknowledged, carry each tag.
    tags: [u32; MAX_TAGS],
    metrics: [MetricId; METRICS.len()],
}

/// The lower bits of a position: a running number within one microsecond.
const NUMBER_BITS: u32 = 20;
/// Makes times before the incident positive: a position reaches 101 days back and forth.
const BIAS: i64 = 1 << 43;

/// When the message at this position entered its queue.
pub(super) const fn entered(position: u64) -> Time {
    Time::from_micros((position >> NUMBER_BITS) as i64 - BIAS)
}

impl Queue {
    pub fn new(id: ComponentId, broker: &str, settings: QueueSettings, telemetry: &mut Telemetry) -> Self {
        let prefix = format!("{broker}.{}", settings.name).replace(' ', "_");
        let metrics = METRICS.map(|(suffix, about, is_counter)| {
            let name = format!("{prefix}.{suffix}");
            if is_counter {
                telemetry.counter(id, name, about)
            } else {
                telemetry.gauge(id, name, about, Measure::Count)
            }
        });
        Self {
            settings,
            rules: Rules::NONE,
            ready: VecDeque::new(),
            unacked: 0,
            subscribers: Vec::new(),
            ring: VecDeque::new(),
            tally: Tally::default(),
            looks_at: Time::NEVER,
            last_position: 0,
            tags: [0; MAX_TAGS],
            metrics,
        }
    }

    #[inline]
    fn next_position(&mut self, now: Time) -> u64 {
        let moment = ((now.micros() + BIAS) as u64) << NUMBER_BITS;
        self.last_position = moment.max(self.last_position + 1);
        self.last_position
    }

    /// A message enters at the tail.
    #[inline]
    pub fn enter(&mut self, mut message: Message, now: Time) {
        message.position = self.next_position(now);
        message.deliveries = 0;
        message.redelivered = false;
        self.tally.published += 1;
        self.count_tags(message.tags, 1);
        self.ready.push_back(message);
    }

    /// A message that had been delivered comes back.
    #[inline]
    pub fn take_back(&mut self, mut message: Message, now: Time) {
        message.redelivered = true;
        self.tally.requeued += 1;
        if self.settings.requeue == Requeue::Tail {
            message.position = self.next_position(now);
            self.ready.push_back(message);
        } else if self.ready.front().is_none_or(|head| head.position > message.position) {
            self.ready.push_front(message);
        } else {
            let place = self.ready.partition_point(|waiting| waiting.position < message.position);
            self.ready.insert(place, message);
        }
    }

    /// A message that had been received is visible again, behind the others.
    pub fn show_again(&mut self, mut message: Message, now: Time) {
        message.redelivered = true;
        message.position = self.next_position(now);
        self.tally.requeued += 1;
        self.ready.push_back(message);
    }

    /// A message has left for good, in whatever way.
    #[inline]
    pub fn forget(&mut self, message: &Message) {
        self.count_tags(message.tags, u32::MAX);
    }

    #[inline]
    fn count_tags(&mut self, tags: u64, change: u32) {
        let mut rest = tags;
        while rest != 0 {
            let count = &mut self.tags[rest.trailing_zeros() as usize];
            *count = count.wrapping_add(change);
            rest &= rest - 1;
        }
    }

    /// Whether one of its messages carries one of these tags (bits).
    pub fn holds_tag(&self, bits: u64) -> bool {
        (0..MAX_TAGS).any(|tag| bits & (1 << tag) != 0 && self.tags[tag] > 0)
    }

    /// The subscriber at a place that is taken.
    #[inline]
    pub fn subscriber(&mut self, place: u32) -> Option<&mut Subscriber> {
        self.subscribers.get_mut(place as usize)?.as_mut()
    }

    /// A consumer begins; it stands at the back of the ring.
    pub fn subscribe(&mut self, subscriber: Subscriber) {
        let free = self.subscribers.iter().position(Option::is_none);
        let place = free.unwrap_or(self.subscribers.len());
        if place == self.subscribers.len() {
            self.subscribers.push(None);
        }
        self.subscribers[place] = Some(subscriber);
        self.ring.push_back(place as u32);
    }

    /// A consumer has gone.
    pub fn unsubscribe(&mut self, place: u32) -> Option<Subscriber> {
        self.ring.retain(|waiting| *waiting != place);
        self.subscribers.get_mut(place as usize)?.take()
    }

    /// A subscriber may have one more again: it goes to the back of the ring, if it isn't in it.
    #[inline]
    pub fn credit(&mut self, place: u32) {
        let Some(subscriber) = self.subscriber(place) else { return };
        if !subscriber.is_waiting && subscriber.has_credit() {
            subscriber.is_waiting = true;
            self.ring.push_back(place);
        }
    }

    /// How many consumers are connected.
    pub fn consumer_count(&self) -> usize {
        self.subscribers.iter().flatten().count()
    }

    /// Whether the books balance.
    pub fn is_conserved(&self) -> bool {
        let tally = &self.tally;
        let here = self.ready.len() as u64 + self.unacked;
        tally.published == tally.acked + here + tally.dead_lettered + tally.dropped
    }

    /// Sets its gauges and counters.
    pub fn sample(&self, telemetry: &mut Telemetry) {
        debug_assert!(self.is_conserved(), "{}: {:?}", self.settings.name, self.tally);
        let tally = &self.tally;
        let values = [
            self.ready.len() as u64,
            self.unacked,
            self.consumer_count() as u64,
            tally.published,
            tally.delivered,
            tally.redelivered,
            tally.acked,
            tally.requeued,
            tally.dead_lettered,
            tally.dropped,
        ];
        for (metric, value) in self.metrics.iter().zip(values) {
            telemetry.set(*metric, value as i64);
        }
    }
}
