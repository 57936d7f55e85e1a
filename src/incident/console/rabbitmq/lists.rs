//! What the broker's tools list, as rows of JSON values: one table of what there is, which columns each has, and what
//! they mean. The tools choose columns and a format.

use super::view::{Broker, Consumer, Queue};
use super::written;
use serde_json::{Map, Value, json};

/// A list that the tools have.
pub struct List {
    /// `queues`.
    pub name: &'static str,
    /// What `rabbitmqctl` says before it.
    pub title: &'static str,
    /// Whether it is of a virtual host, and so takes `-p`.
    pub of_vhost: bool,
    /// Columns with what they mean.
    pub columns: &'static [Column],
    /// What `rabbitmqctl` shows where no column is named.
    pub shown: &'static [&'static str],
    /// What `rabbitmqadmin` shows where no column is named.
    pub managed: &'static [&'static str],
    /// The rows: every column by its name.
    pub rows: fn(&Broker) -> Vec<Row>,
}

/// A column: its name and what it means.
pub type Column = (&'static str, &'static str);
/// A row: cells by the names of their columns.
pub type Row = Map<String, Value>;

/// Every list.
pub const LISTS: &[List] = &[
    List {
        name: "queues",
        title: "Listing queues for vhost / ...",
        of_vhost: true,
        columns: &[
            ("name", "the queue's name"),
            ("messages", "ready and unacknowledged"),
            ("messages_ready", "waiting for a consumer"),
            ("messages_unacknowledged", "in a consumer's hands"),
            ("consumers", "consumers that are connected now"),
            ("type", "classic or quorum"),
            ("policy", "the policy that applies"),
            ("state", "running, or flow while publishers are held up"),
            ("memory", "bytes that its messages take"),
            ("durable", "survives a restart"),
            ("auto_delete", "goes with its last consumer"),
            ("exclusive", "belongs to one connection"),
            ("arguments", "what it was declared with"),
            ("vhost", "the virtual host"),
            ("node", "where it lives"),
            ("message_stats.publish", "messages that have come in"),
            ("message_stats.deliver_get", "deliveries to consumers, each counted"),
            ("message_stats.redeliver", "of those, again"),
            ("message_stats.ack", "acknowledged by consumers"),
        ],
        shown: &["name", "messages"],
        managed: &["name", "messages"],
        rows: |broker| broker.queues.iter().map(|queue| of_queue(queue, broker)).collect(),
    },
    List {
        name: "consumers",
        title: "Listing consumers in vhost / ...",
        of_vhost: true,
        columns: &[
            ("queue_name", "the queue it takes from"),
            ("channel_pid", "the channel"),
            ("consumer_tag", "its name, by instance"),
            ("ack_required", "whether it says when it is done"),
            ("prefetch_count", "how many it may have in hand; 0 is any number"),
            ("active", "whether it gets messages"),
            ("arguments", "what it asked for"),
            ("queue.name", "the queue it takes from"),
        ],
        shown: &["queue_name", "channel_pid", "consumer_tag", "ack_required", "prefetch_count", "active", "arguments"],
        managed: &["consumer_tag", "queue.name", "ack_required", "prefetch_count"],
        rows: |broker| broker.consumers.iter().map(|one| of_consumer(one, broker)).collect(),
    },
    List {
        name: "connections",
        title: "Listing connections ...",
        of_vhost: false,
        columns: &[
            ("user", "who is logged in"),
            ("peer_host", "where it comes from"),
            ("peer_port", "the port there"),
            ("state", "running, or blocked"),
            ("name", "from where to where"),
            ("pid", "the process that serves it"),
            ("channels", "how many channels it has"),
            ("protocol", "what it speaks"),
            ("vhost", "the virtual host"),
            ("client", "what it is for"),
        ],
        shown: &["user", "peer_host", "peer_port", "state"],
        managed: &["name", "user", "channels"],
        rows: |broker| connected(broker).into_iter().map(|one| of_connection(one, broker)).collect(),
    },
    List {
        name: "channels",
        title: "Listing channels ...",
        of_vhost: false,
        columns: &[
            ("pid", "the channel"),
            ("user", "who is logged in"),
            ("consumer_count", "consumers on it"),
            ("messages_unacknowledged", "deliveries that it hasn't acknowledged"),
            ("prefetch_count", "how many it may have in hand; 0 is any number"),
            ("name", "its connection's name, and its number there"),
            ("connection", "the process of its connection"),
            ("number", "its number in its connection"),
            ("vhost", "the virtual host"),
        ],
        shown: &["pid", "user", "consumer_count", "messages_unacknowledged"],
        managed: &["name", "user", "consumer_count", "messages_unacknowledged"],
        rows: |broker| connected(broker).into_iter().map(|one| of_channel(one, broker)).collect(),
    },
    List {
        name: "exchanges",
        title: "Listing exchanges for vhost / ...",
        of_vhost: true,
        columns: &[
            ("name", "the exchange's name; the default one has none"),
            ("type", "how it routes"),
            ("durable", "survives a restart"),
            ("auto_delete", "goes with its last binding"),
            ("internal", "takes messages of other exchanges only"),
            ("arguments", "what it was declared with"),
            ("policy", "the policy that applies"),
            ("vhost", "the virtual host"),
        ],
        shown: &["name", "type"],
        managed: &["name", "type"],
        rows: |_| EXCHANGES.iter().map(|(name, kind)| of_exchange(name, kind)).collect(),
    },
    List {
        name: "bindings",
        title: "Listing bindings for vhost /...",
        of_vhost: true,
        columns: &[
            ("source_name", "the exchange; the default one has no name"),
            ("source_kind", "exchange"),
            ("destination_name", "the queue"),
            ("destination_kind", "queue"),
            ("routing_key", "what goes there"),
            ("arguments", "what it was declared with"),
            ("source", "the exchange"),
            ("destination", "the queue"),
        ],
        shown: &["source_name", "source_kind", "destination_name", "destination_kind", "routing_key", "arguments"],
        managed: &["source", "destination", "routing_key"],
        // As a level has it: the default exchange gives each queue what bears its name.
        rows: |broker| broker.queues.iter().map(|queue| of_binding(&queue.name)).collect(),
    },
    List {
        name: "policies",
        title: "Listing policies for vhost \"/\" ...",
        of_vhost: true,
        columns: &[
            ("vhost", "the virtual host"),
            ("name", "the policy's name"),
            ("pattern", "which names it is for"),
            ("apply-to", "queues, exchanges or all"),
            ("definition", "what it sets"),
            ("priority", "the highest applies"),
        ],
        shown: &["vhost", "name", "pattern", "apply-to", "definition", "priority"],
        managed: &["vhost", "name", "apply-to", "definition", "pattern", "priority"],
        rows: |broker| broker.policies.iter().map(of_policy).collect(),
    },
    List {
        name: "vhosts",
        title: "Listing vhosts ...",
        of_vhost: false,
        columns: &[("name", "the virtual host"), ("tracing", "whether its messages are traced")],
        shown: &["name"],
        managed: &["name", "tracing"],
        rows: |_| vec![row(json!({"name": "/", "tracing": false}))],
    },
    List {
        name: "users",
        title: "Listing users ...",
        of_vhost: false,
        columns: &[("user", "the name"), ("tags", "what it may do"), ("name", "the name")],
        shown: &["user", "tags"],
        managed: &["name", "tags"],
        rows: |_| {
            let users = [("app", ""), ("oncall", "administrator")];
            users.map(|(name, tags)| row(json!({"user": name, "name": name, "tags": format!("[{tags}]")}))).to_vec()
        },
    },
];

/// What every broker has from the beginning.
const EXCHANGES: [(&str, &str); 7] = [
    ("", "direct"),
    ("amq.direct", "direct"),
    ("amq.fanout", "fanout"),
    ("amq.headers", "headers"),
    ("amq.match", "headers"),
    ("amq.rabbitmq.trace", "topic"),
    ("amq.topic", "topic"),
];

/// The list of this name.
pub fn list(name: &str) -> Option<&'static List> {
    LISTS.iter().find(|list| list.name == name)
}

fn row(value: Value) -> Row {
    match value {
        Value::Object(fields) => fields,
        _ => Row::new(),
    }
}

fn of_queue(queue: &Queue, broker: &Broker) -> Row {
    row(json!({
        "name": queue.name, "vhost": "/", "node": broker.node(),
        "messages": queue.ready + queue.unacked,
        "messages_ready": queue.ready, "messages_unacknowledged": queue.unacked,
        "consumers": queue.consumers, "type": if queue.is_quorum { "quorum" } else { "classic" },
        "policy": queue.policy.clone().unwrap_or_default(), "state": queue.state, "memory": queue.memory,
        "durable": true, "auto_delete": false, "exclusive": false,
        "arguments": format!("[{}]", queue.arguments.join(",")),
        "message_stats.publish": queue.published, "message_stats.deliver_get": queue.delivered,
        "message_stats.redeliver": queue.redelivered, "message_stats.ack": queue.acked,
    }))
}

fn process(broker: &Broker, number: u64) -> String {
    format!("<{}.1.{number}.0>", broker.node())
}

fn of_consumer(one: &Consumer, broker: &Broker) -> Row {
    row(json!({
        "queue_name": one.queue, "queue.name": one.queue, "channel_pid": process(broker, one.connection),
        "consumer_tag": format!("ctag1.{}", one.instance), "ack_required": one.acknowledges,
        "prefetch_count": one.prefetch, "active": one.active, "arguments": "[]",
    }))
}

/// The first consumer of each connection: a connection is a life of an instance, with one channel.
fn connected(broker: &Broker) -> Vec<&Consumer> {
    let mut all: Vec<&Consumer> = vec![];
    for one in &broker.consumers {
        if all.iter().all(|other| (&other.instance, other.connection) != (&one.instance, one.connection)) {
            all.push(one);
        }
    }
    all
}

/// `app-1:41812 -> broker-0:5672`.
fn connection_name(one: &Consumer, broker: &Broker) -> String {
    format!("{}:{} -> {}-0:5672", one.instance, port(one), broker.name)
}

fn port(one: &Consumer) -> u64 {
    40_000 + one.connection % 20_000
}

fn of_connection(one: &Consumer, broker: &Broker) -> Row {
    row(json!({
        "user": "app", "peer_host": one.instance, "peer_port": port(one), "state": "running",
        "name": connection_name(one, broker), "pid": process(broker, one.connection), "channels": 1,
        "protocol": "{0,9,1}", "vhost": "/", "client": "consumer",
    }))
}

fn of_channel(one: &Consumer, broker: &Broker) -> Row {
    let own =
        broker.consumers.iter().filter(|other| (&other.instance, other.connection) == (&one.instance, one.connection));
    let (count, unacked) = own.fold((0, 0), |(count, unacked), other| (count + 1, unacked + other.unacked));
    row(json!({
        "pid": process(broker, one.connection + 3), "user": "app", "vhost": "/", "number": 1,
        "consumer_count": count, "messages_unacknowledged": unacked, "prefetch_count": one.prefetch,
        "name": format!("{} (1)", connection_name(one, broker)), "connection": process(broker, one.connection),
    }))
}

fn of_exchange(name: &str, kind: &str) -> Row {
    row(json!({
        "name": name, "type": kind, "durable": true, "auto_delete": false, "internal": name.contains("trace"),
        "arguments": "[]", "policy": "", "vhost": "/",
    }))
}

fn of_binding(queue: &str) -> Row {
    row(json!({
        "source_name": "", "source": "", "source_kind": "exchange", "destination_name": queue, "destination": queue,
        "destination_kind": "queue", "routing_key": queue, "arguments": "[]",
    }))
}

fn of_policy(one: &crate::sim::component::broker::NamedPolicy) -> Row {
    row(json!({
        "vhost": "/", "name": one.name, "pattern": one.pattern, "apply-to": "queues",
        "definition": written(&one.definition), "priority": one.definition.priority,
    }))
}
