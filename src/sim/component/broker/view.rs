//! What can be seen of a broker: for the console, the map, conditions and the debrief. Looking changes nothing.

use super::policy::NamedPolicy;
use super::queue::{Queue, Subscriber, Tally};
use super::settings::{QueueKind, QueueSettings, Requeue, Version};
use super::{Broker, Delivered};
use crate::sim::id::{ComponentId, Unit};
use crate::sim::message::Message;
use crate::sim::quantity::Bytes;

/// A queue as a listing shows it.
#[derive(Clone, Copy, Debug)]
pub struct QueueView<'a> {
    /// Its name.
    pub name: &'a str,
    /// Classic or quorum.
    pub kind: QueueKind,
    /// Messages that wait for a consumer.
    pub ready: u64,
    /// Messages that are delivered and not acknowledged.
    pub unacked: u64,
    /// Consumers that are connected now.
    pub consumers: u32,
    /// Consumers that may have one more message now.
    pub waiting_consumers: u32,
    /// The memory that its messages take.
    pub memory: Bytes,
    /// `running`, or `flow` while publishers to it are held up.
    pub state: &'static str,
    /// The name of the policy that applies to it.
    pub policy: Option<&'a str>,
    /// What has become of its messages so far.
    pub tally: &'a Tally,
    settings: &'a QueueSettings,
}

/// The value of a queue's argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl QueueView<'_> {
    /// The arguments it was declared with, sorted by name.
    #[must_use]
    pub fn arguments(&self) -> Vec<(&'static str, Argument)> {
        let mut arguments = Vec::new();
        if let Some(queue) = &self.settings.dead_letter {
            arguments.push(("x-dead-letter-exchange", Argument::Text(String::new())));
            arguments.push(("x-dead-letter-routing-key", Argument::Text(queue.clone())));
        }
        if let QueueKind::Quorum { delivery_limit: Some(limit) } = self.kind {
            arguments.push(("x-delivery-limit", Argument::Number(i64::from(limit))));
        }
        if let Some(length) = self.settings.max_length {
            arguments.push(("x-max-length", Argument::Number(i64::from(length))));
        }
        if let Some(ttl) = self.settings.message_ttl {
            arguments.push(("x-message-ttl", Argument::Number(ttl.micros() / 1000)));
        }
        if self.kind.is_quorum() {
            arguments.push(("x-queue-type", Argument::Text("quorum".into())));
        }
        arguments
    }

    /// The queue that its dead letters go to.
    #[must_use]
    pub fn dead_letter(&self) -> Option<&str> {
        self.settings.dead_letter.as_deref()
    }

    /// Where messages go that come back.
    #[must_use]
    pub fn requeue(&self) -> Requeue {
        self.settings.requeue
    }
}

/// A consumer as a listing shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerView {
    /// The component that consumes.
    pub component: ComponentId,
    /// Which of its instances.
    pub instance: u32,
    /// Which life of the instance.
    pub epoch: u32,
    /// Which of the component's subscriptions.
    pub subscription: u8,
    /// How many deliveries it may have out; 0 is any number.
    pub prefetch: u32,
    /// How many it has out.
    pub unacked: u32,
    /// Whether it must acknowledge.
    pub ack_required: bool,
    /// Whether it may have one more message now.
    pub active: bool,
}

impl ConsumerView {
    fn of(subscriber: &Subscriber) -> Self {
        Self {
            component: subscriber.consumer.component,
            instance: subscriber.consumer.instance,
            epoch: subscriber.consumer.epoch,
            subscription: subscriber.consumer.subscription,
            prefetch: subscriber.prefetch,
            unacked: subscriber.tags.len() as u32,
            ack_required: !subscriber.auto_ack,
            active: subscriber.has_credit(),
        }
    }
}

impl Broker {
    /// The component's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version it has.
    #[must_use]
    pub const fn version(&self) -> &Version {
        &self.version
    }

    /// Its queues, in the order in which they were declared.
    #[must_use]
    pub fn queues(&self) -> impl ExactSizeIterator<Item = QueueView<'_>> {
        self.queues.iter().enumerate().map(|(place, queue)| self.view(place, queue))
    }

    /// The queue of this name.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<QueueView<'_>> {
        self.place_of(name).map(|place| self.view(place, &self.queues[place]))
    }

    /// The number of a queue, as parcels name it.
    #[must_use]
    pub fn queue_number(&self, name: &str) -> Option<u16> {
        self.place_of(name).map(|place| place as u16)
    }

    fn view<'a>(&'a self, place: usize, queue: &'a Queue) -> QueueView<'a> {
        let stored = queue.ready.len() as u64 + queue.unacked;
        let is_held_up = self.held.iter().any(|(to, _)| usize::from(*to) == place);
        let policy = queue.rules.policy.and_then(|place| self.policies.get(usize::from(place)));
        QueueView {
            name: &queue.settings.name,
            kind: queue.settings.kind,
            ready: queue.ready.len() as u64,
            unacked: queue.unacked,
            consumers: queue.consumer_count() as u32,
            waiting_consumers: queue.ring.len() as u32,
            memory: Bytes(self.message_size.0 * stored),
            state: if is_held_up { "flow" } else { "running" },
            policy: policy.map(|policy| policy.name.as_str()),
            tally: &queue.tally,
            settings: &queue.settings,
        }
    }

    /// The consumers of a queue; none where there is no such queue.
    pub fn consumers(&self, queue: &str) -> impl Iterator<Item = ConsumerView> {
        let queue = self.place_of(queue).map(|place| &self.queues[place]);
        queue.into_iter().flat_map(|queue| queue.subscribers.iter().flatten()).map(ConsumerView::of)
    }

    /// The ready messages of a queue from its head on, without taking them.
    pub fn ready(&self, queue: &str) -> impl Iterator<Item = &Message> {
        self.place_of(queue).into_iter().flat_map(|place| self.queues[place].ready.iter())
    }

    /// The messages of a queue that are delivered and not acknowledged, with who has them; in no order.
    pub fn unacked(&self, queue: &str) -> impl Iterator<Item = (&Message, ConsumerView)> {
        let place = self.place_of(queue);
        let delivered = self.unacked.iter().filter(move |delivered| Some(usize::from(delivered.queue)) == place);
        delivered.filter_map(|Delivered { message, queue, subscriber, .. }| {
            let subscriber = self.queues[usize::from(*queue)].subscribers[*subscriber as usize].as_ref()?;
            Some((message, ConsumerView::of(subscriber)))
        })
    }

    /// What a message says that was published here by hand.
    #[must_use]
    pub fn body(&self, unit: Unit) -> Option<&str> {
        self.made_as(unit).map(|made| &*made.body)
    }

    /// What a message is known as that was published here by hand and has a name.
    #[must_use]
    pub fn name_of(&self, unit: Unit) -> Option<&str> {
        self.made_as(unit).and_then(|made| made.name.as_deref())
    }

    /// The policies that are set, the latest last.
    #[must_use]
    pub fn policies(&self) -> &[NamedPolicy] {
        &self.policies
    }

    /// The memory in use.
    #[must_use]
    pub const fn memory_used(&self) -> Bytes {
        Bytes(self.idle.0.saturating_add(self.message_size.0.saturating_mul(self.stored)))
    }

    /// The memory from which on publishers are blocked.
    #[must_use]
    pub const fn memory_limit(&self) -> Bytes {
        self.limit
    }

    /// Whether the memory alarm is set: publishers are blocked, consumers drain.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        self.stored >= self.most
    }

    /// How many messages blocked publishers hold.
    #[must_use]
    pub fn held_back(&self) -> u64 {
        self.held.len() as u64
    }
}
