//! The broker as its tools see it, taken from the system at one moment as plain values.
//!
//! The only file of the family that looks into components.

use crate::incident::console::World;
use crate::incident::console::world::{brokers, services};
use crate::sim::component::broker as component;
use crate::sim::message::Message;

/// A broker.
#[derive(Clone, Debug, Default)]
pub struct Broker {
    pub name: String,
    pub version: String,
    pub queues: Vec<Queue>,
    pub consumers: Vec<Consumer>,
    /// In the order in which they were set.
    pub policies: Vec<component::NamedPolicy>,
    /// Memory used and the mark above which publishers are blocked, in bytes.
    pub memory: (u64, u64),
    pub has_alarm: bool,
}

/// A queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    pub name: String,
    pub is_quorum: bool,
    pub ready: u64,
    pub unacked: u64,
    pub consumers: u64,
    /// The policy that applies.
    pub policy: Option<String>,
    /// `running`, or `flow` while its publishers are held up.
    pub state: &'static str,
    pub memory: u64,
    /// As Erlang prints them.
    pub arguments: Vec<String>,
    /// Since the beginning: messages that came in.
    pub published: u64,
    /// Deliveries to consumers, each counted.
    pub delivered: u64,
    /// Of those, again.
    pub redelivered: u64,
    pub acked: u64,
}

/// Who takes messages from a queue.
#[derive(Clone, Debug, Default)]
pub struct Consumer {
    pub queue: String,
    /// The pod or machine that it runs in.
    pub instance: String,
    /// A number that differs from connection to connection.
    pub connection: u64,
    pub prefetch: u32,
    pub acknowledges: bool,
    pub active: bool,
    /// Messages that it has in hand.
    pub unacked: u64,
}

impl Broker {
    /// The node's name: `rabbit@rabbit-0`.
    pub fn node(&self) -> String {
        format!("rabbit@{}-0", self.name)
    }
}

/// Whether a level has a broker.
pub fn exists(world: &dyn World) -> bool {
    brokers(world).next().is_some()
}

/// Every broker.
pub fn all(world: &dyn World) -> Vec<Broker> {
    brokers(world).map(|(_, broker)| seen(broker, world)).collect()
}

fn seen(broker: &component::Broker, world: &dyn World) -> Broker {
    let queues = broker.queues().map(|queue| Queue {
        name: queue.name.to_owned(),
        is_quorum: queue.kind.is_quorum(),
        ready: queue.ready,
        unacked: queue.unacked,
        consumers: u64::from(queue.consumers),
        policy: queue.policy.map(str::to_owned),
        state: queue.state,
        memory: queue.memory.0,
        arguments: queue
            .arguments()
            .into_iter()
            .map(|(name, value)| match value {
                component::Argument::Number(number) => format!("{{\"{name}\",{number}}}"),
                component::Argument::Text(text) => format!("{{\"{name}\",\"{text}\"}}"),
            })
            .collect(),
        published: queue.tally.published,
        delivered: queue.tally.delivered,
        redelivered: queue.tally.redelivered,
        acked: queue.tally.acked,
    });
    let queues: Vec<Queue> = queues.collect();
    let mut consumers = vec![];
    for queue in &queues {
        for consumer in broker.consumers(&queue.name) {
            let service = services(world).find(|(index, _)| *index == consumer.component.index());
            let instance = service.and_then(|(_, service)| service.instances.get(consumer.instance as usize));
            consumers.push(Consumer {
                queue: queue.name.clone(),
                instance: instance.map_or("unknown".to_owned(), |instance| instance.name.to_string()),
                // A connection is a life of an instance.
                connection: 700 + u64::from(consumer.instance) * 13 + u64::from(consumer.epoch) * 1009,
                prefetch: consumer.prefetch,
                acknowledges: consumer.ack_required,
                active: consumer.active,
                unacked: u64::from(consumer.unacked),
            });
        }
    }
    Broker {
        name: broker.name().to_owned(),
        version: broker.version().to_string(),
        queues,
        consumers,
        policies: broker.policies().to_vec(),
        memory: (broker.memory_used().0, broker.memory_limit().0),
        has_alarm: broker.is_blocked(),
    }
}

/// What a message says: what somebody wrote, or what a program would have put there.
pub fn payload(world: &dyn World, message: &Message) -> String {
    let body = world.system().body_of(message.unit);
    if !body.is_empty() {
        return body;
    }
    format!("{{\"id\":\"{}\",\"at\":\"{}\"}}", message.unit.label(), world.clock().iso(message.published))
}
