//! The semantics of queues, one by one, on a bench without a system around it.

mod bounds;
mod delivery;
mod operator;
mod properties;
mod settings;

use super::*;
use crate::sim::agenda::Agenda;
use crate::sim::core::{Known, Model, Ready, Way};
use crate::sim::operation::Policy;
use crate::sim::quantity::{Share, Span};
use crate::sim::random::{Seed, hash_name};
use crate::sim::telemetry::Origin;

const BROKER: ComponentId = ComponentId(0);
const APP: ComponentId = ComponentId(1);
const PEOPLE: ComponentId = ComponentId(2);

/// A broker between people who publish and an app that consumes, with links that take no time.
struct Bench {
    broker: Broker,
    core: Core,
    published: u64,
}

/// A delivery as the app gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Got {
    consumer: Consumer,
    tag: u32,
    ordinal: u64,
    redelivered: bool,
    deliveries: u32,
}

fn consumer(instance: u32) -> Consumer {
    Consumer { component: APP, subscription: 0, instance, epoch: 0 }
}

impl Bench {
    fn new(settings: &Settings) -> Self {
        let known = |name: &str| Known { name: name.into(), hash: hash_name(name) };
        let mut agenda = Agenda::new();
        let lane = agenda.lane(Span::ZERO);
        let model = Model {
            components: vec![known("rabbit"), known("app"), known("people")],
            tags: vec!["bad".into(), "worse".into()],
            ways: vec![Way { lane, is_instant: true, loss: Share::default() }; 9],
            ..Model::default()
        };
        let mut core = Core::new(model, agenda, Seed(1), Time::ZERO);
        let telemetry = &mut core.telemetry;
        let mut counter = |name: &str| telemetry.counter(PEOPLE, name.into(), "");
        let [published, delivered, late, waiting, overdue, duplicates, lost] =
            ["published", "delivered", "late", "waiting", "overdue", "duplicates", "lost"].map(&mut counter);
        let delivery = telemetry.latency(PEOPLE, "delivery".into(), "");
        let patience = Span::from_seconds(30);
        let origin = Origin {
            published,
            delivered,
            late,
            waiting,
            overdue,
            duplicates,
            lost,
            delivery,
            patience,
            stands_for: 1,
        };
        telemetry.ledger.open(PEOPLE.0, 0, origin, 0);
        let broker = Broker::new(BROKER, settings, &mut core.telemetry);
        Self { broker, core, published: 0 }
    }

    /// A broker with these queues.
    fn with(queues: Vec<QueueSettings>) -> Self {
        Self::new(&broker_of(queues))
    }

    /// Hands over a parcel and gives back what it made the broker deliver.
    fn hand(&mut self, parcel: Parcel) -> Vec<Got> {
        self.broker.on_parcel(parcel, &mut self.core);
        self.deliveries()
    }

    fn deliveries(&mut self) -> Vec<Got> {
        let ready = std::mem::take(&mut self.core.ready);
        let handed = ready.into_iter().filter_map(|ready| match ready {
            Ready::Hand(slot) => match self.core.take_parcel(slot) {
                Some((_, Parcel::Delivery { consumer, tag, message })) => Some((consumer, tag, message)),
                _ => None,
            },
            _ => None,
        });
        let got = |(consumer, tag, message): (Consumer, u32, Message)| Got {
            consumer,
            tag,
            ordinal: message.unit.ordinal(),
            redelivered: message.redelivered,
            deliveries: message.deliveries,
        };
        handed.map(got).collect()
    }

    fn publish_tagged(&mut self, queue: u16, tags: u64) -> Vec<Got> {
        let unit = Unit::new(PEOPLE, 0, self.published);
        self.published += 1;
        self.core.telemetry.published(unit, self.core.now);
        let published = self.core.now;
        let message = Message { unit, published, position: 0, tags, deliveries: 0, redelivered: false };
        self.hand(Parcel::Publish { queue, message })
    }

    fn publish(&mut self, queue: u16, count: u64) -> Vec<Got> {
        (0..count).flat_map(|_| self.publish_tagged(queue, 0)).collect()
    }

    fn subscribe(&mut self, queue: u16, consumer: Consumer, prefetch: u32) -> Vec<Got> {
        self.hand(Parcel::Subscribe { queue, consumer, prefetch, auto_ack: false })
    }

    fn settle(&mut self, got: Got, how: Settle) -> Vec<Got> {
        self.hand(Parcel::Settled { tag: got.tag, consumer: got.consumer, how })
    }

    fn disconnect(&mut self, consumer: Consumer) -> Vec<Got> {
        let Consumer { component, instance, epoch, .. } = consumer;
        self.hand(Parcel::Disconnect { component, instance, epoch })
    }

    fn operate(&mut self, operation: &Operation) -> Result<Applied, String> {
        self.broker.operate(operation, &mut self.core).map_err(|refusal| refusal.to_string())
    }

    fn get(&mut self, queue: &str, count: u32, then: Settle) -> Vec<Message> {
        match self.operate(&Operation::Get { queue: queue.into(), count, then }) {
            Ok(Applied::Messages(messages)) => messages,
            other => panic!("{other:?}"),
        }
    }

    fn set_policy(&mut self, name: &str, pattern: &str, definition: Policy) -> Result<Applied, String> {
        let (name, pattern) = (name.into(), pattern.into());
        self.operate(&Operation::Policy { name, pattern, definition: Some(definition) })
    }

    /// Lets time pass, with the timers that are due meanwhile.
    fn wait(&mut self, span: Span) {
        let until = self.core.now + span;
        while let Some(due) = self.core.take_before(until + Span::from_micros(1)) {
            self.core.now = due.at;
            let (_, index) = Core::timer_of(due.slot);
            self.broker.on_timer(Timer::of(due.kind), index, due.ticket, &mut self.core);
        }
        self.core.now = until;
    }

    fn ready(&self, queue: &str) -> Vec<u64> {
        self.broker.ready(queue).map(|message| message.unit.ordinal()).collect()
    }

    fn tally(&self, queue: &str) -> Tally {
        *self.broker.queue(queue).unwrap().tally
    }

    /// A metric's value after the next sample.
    fn metric(&mut self, name: &str) -> i64 {
        self.broker.sample(0, &mut self.core);
        let telemetry = &self.core.telemetry;
        telemetry.value(telemetry.catalogue().scalar(name).unwrap_or_else(|| panic!("no metric {name}")))
    }
}

fn queue(name: &str) -> QueueSettings {
    QueueSettings { name: name.into(), ..QueueSettings::default() }
}

fn quorum(name: &str, limit: i32) -> QueueSettings {
    QueueSettings { kind: QueueKind::Quorum { delivery_limit: Some(limit) }, ..queue(name) }
}

fn broker_of(queues: Vec<QueueSettings>) -> Settings {
    Settings {
        name: "rabbit".into(),
        flavour: Flavour::default(),
        queues,
        policies: Vec::new(),
        memory: Bytes(1 << 30),
        watermark: Share(400_000),
        idle: Bytes(0),
        message_size: Bytes(2000),
        follows: vec!["the line".into()],
    }
}

fn ordinals(got: &[Got]) -> Vec<u64> {
    got.iter().map(|got| got.ordinal).collect()
}

fn instances(got: &[Got]) -> Vec<u32> {
    got.iter().map(|got| got.consumer.instance).collect()
}
