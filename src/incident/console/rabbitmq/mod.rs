//! `rabbitmqctl` and `rabbitmqadmin`: the broker as its own tools show it and change it.
//!
//! [`view`] takes the broker out of the system as plain values; the other files only look at those and hand operations
//! back.

mod admin;
mod ctl;
mod lists;
mod print;
mod view;

pub use view::{Broker, Queue, all as brokers};

use super::{Command, Place, Runs, World};
use crate::sim::operation::Policy;
use crate::sim::quantity::Span;

pub const COMMANDS: &[Command] = &[
    Command {
        name: "rabbitmqctl",
        usage: "rabbitmqctl COMMAND [ARGUMENTS]",
        summary: "looks at the message broker: queues, consumers, policies; purges",
        manual: CTL_MANUAL,
        place: Place::Bastion,
        takes: Span::from_millis(600),
        exists: |world| view::exists(world),
        runs: Runs::Command(ctl::run),
        complete: ctl::complete,
        ..Command::PLAIN
    },
    Command {
        name: "rabbitmqadmin",
        usage: "rabbitmqadmin VERB OBJECT [KEY=VALUE…]",
        summary: "the broker's management: looks into messages, purges, declares, moves",
        manual: ADMIN_MANUAL,
        place: Place::Bastion,
        takes: Span::from_millis(400),
        exists: |world| view::exists(world),
        runs: Runs::Command(admin::run),
        complete: admin::complete,
        ..Command::PLAIN
    },
];

const CTL_MANUAL: &str = "list_queues [COLUMN…]        name messages messages_ready messages_unacknowledged consumers type policy state memory
                             message_stats.redeliver counts what has been delivered again
list_consumers               who takes messages from which queue, and how many at a time
list_channels, list_connections    who is connected, and what each has in hand
list_exchanges, list_bindings, list_vhosts, list_users
purge_queue QUEUE            drops every ready message for good; what a consumer has in hand stays
set_policy NAME PATTERN DEFINITION    e.g. '{\"message-ttl\":60000}'; delivery-limit counts in quorum queues only
clear_policy NAME, list_policies
status, cluster_status       version, memory, alarms
--formatter json|csv|pretty_table, -q without the first lines, -s without the heads

A message is ready until a consumer gets it, then unacknowledged until the consumer says that it is done. If the consumer dies first, it goes back to its place in the queue.

rabbitmqctl list_queues name messages_ready messages_unacknowledged consumers";

const ADMIN_MANUAL: &str =
    "list queues|consumers|connections|channels|exchanges|bindings|policies|vhosts|users [COLUMN…]
     -f table|long|raw_json|pretty_json|kvp|tsv|bash stands before the command, and so does -S COLUMN, which sorts
get queue=NAME [count=N] [ackmode=MODE]
     ack_requeue_true     looks, and puts it back (the default)
     ack_requeue_false    takes it out for good
     reject_requeue_true, reject_requeue_false    the latter goes to the dead-letter exchange, if there is one
purge queue name=NAME        drops every ready message for good
declare queue name=NAME [queue_type=quorum]
declare policy name=NAME pattern=PATTERN definition=JSON [apply-to=queues]
declare parameter component=shovel name=NAME value='{\"src-queue\":\"A\",\"dest-queue\":\"B\"}'    moves messages
delete policy name=NAME
publish routing_key=QUEUE payload=TEXT

Only ready messages can be got or purged: what a consumer has in hand can't be seen here.

rabbitmqadmin get queue=NAME count=1";

/// Reads a policy's definition.
///
/// # Errors
/// What is wrong with it, without the tool's own beginning.
fn definition(text: &str) -> Result<Policy, String> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|_| "JSON decoding error: a definition is written as {\"message-ttl\":60000}".to_owned())?;
    let Some(keys) = value.as_object() else {
        return Err("a definition is an object: {\"message-ttl\":60000}".to_owned());
    };
    let mut policy = Policy::default();
    for (key, value) in keys {
        let number = || {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| format!("Validation failed\n\n{value} is not a valid value for {key}: a whole number"))
        };
        match key.as_str() {
            "delivery-limit" => policy.delivery_limit = Some(number()?),
            "max-length" => policy.max_length = Some(number()?),
            "message-ttl" => policy.message_ttl = Some(Span::from_millis(i64::from(number()?))),
            "dead-letter-exchange" | "dead-letter-routing-key" => {
                let name = value
                    .as_str()
                    .ok_or_else(|| format!("Validation failed\n\n{value} is not a valid value for {key}: a text"))?;
                // The default exchange routes by the name of the queue.
                if !name.is_empty() {
                    policy.dead_letter = Some(name.to_owned());
                }
            }
            "ha-mode" | "ha-params" | "ha-sync-mode" | "queue-mode" | "expires" => {}
            _ => {
                return Err(format!("Validation failed\n\n[{{<<\"{key}\">>,...}}] are not recognised policy settings"));
            }
        }
    }
    if policy == Policy::default() {
        return Err(
            "Validation failed\n\nno policy provided: delivery-limit, message-ttl, max-length or dead-letter-exchange"
                .to_owned(),
        );
    }
    Ok(policy)
}

/// A policy's settings as JSON.
fn written(policy: &Policy) -> String {
    let mut keys = vec![];
    if let Some(queue) = &policy.dead_letter {
        keys.push(format!("\"dead-letter-exchange\":\"\",\"dead-letter-routing-key\":\"{queue}\""));
    }
    if let Some(limit) = policy.delivery_limit {
        keys.push(format!("\"delivery-limit\":{limit}"));
    }
    if let Some(length) = policy.max_length {
        keys.push(format!("\"max-length\":{length}"));
    }
    if let Some(span) = policy.message_ttl {
        keys.push(format!("\"message-ttl\":{}", span.micros() / 1000));
    }
    format!("{{{}}}", keys.join(","))
}

/// The broker that is meant: the only one, or the one that is named.
fn chosen(world: &dyn World, name: Option<&str>) -> Result<Broker, String> {
    let all = view::all(world);
    let names: Vec<String> = all.iter().map(|broker| broker.name.clone()).collect();
    let wanted = name.map(|name| name.rsplit('@').next().unwrap_or_default());
    // A node is the broker's first pod: rabbit@NAME-0.
    let is = |broker: &Broker, wanted: &str| broker.name == wanted.strip_suffix("-0").unwrap_or(wanted);
    let found = all.into_iter().find(|broker| wanted.is_none_or(|wanted| broker.name == wanted || is(broker, wanted)));
    found.ok_or_else(|| format!("unable to reach node {}: there is {}", wanted.unwrap_or("rabbit"), names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::view::Consumer;
    use super::*;

    fn broker() -> Broker {
        let queue = |name: &str, ready, unacked| Queue {
            name: name.to_owned(),
            ready,
            unacked,
            consumers: 13,
            ..Queue::default()
        };
        let consumer = |queue: &str, unacked| Consumer {
            queue: queue.to_owned(),
            instance: "web-1".to_owned(),
            connection: 812,
            prefetch: 20,
            acknowledges: true,
            active: true,
            unacked,
        };
        Broker {
            name: "rabbit".to_owned(),
            version: "3.8.9".to_owned(),
            queues: vec![queue("presence", 18_423, 260), queue("chat.lines", 9_120, 240)],
            consumers: vec![consumer("presence", 20), consumer("chat.lines", 3)],
            ..Broker::default()
        }
    }

    fn rows(name: &str) -> Vec<lists::Row> {
        (lists::list(name).unwrap().rows)(&broker())
    }

    #[test]
    fn every_list_has_the_columns_that_it_says() {
        for list in lists::LISTS {
            let rows = (list.rows)(&broker());
            for (column, about) in list.columns {
                assert!(
                    !about.is_empty() && rows.iter().all(|row| row.contains_key(*column)),
                    "{}: {column}",
                    list.name
                );
            }
            for column in list.shown.iter().chain(list.managed) {
                assert!(list.columns.iter().any(|(name, _)| name == column), "{}: {column}", list.name);
            }
        }
    }

    #[test]
    fn rows_are_printed_in_every_format_as_the_tools_do() {
        let (heads, rows) = (["name", "messages_ready"], rows("queues"));
        assert_eq!(print::tabs(&heads, &rows, true), ["name\tmessages_ready", "presence\t18423", "chat.lines\t9120"]);
        assert_eq!(print::csv(&heads, &rows, false), ["\"presence\",18423", "\"chat.lines\",9120"]);
        let json = [
            "[",
            "{\"name\":\"presence\",\"messages_ready\":18423}",
            ",{\"name\":\"chat.lines\",\"messages_ready\":9120}",
            "]",
        ];
        assert_eq!(print::json_lines(&heads, &rows), json);
        assert_eq!(print::pretty(&heads, &rows)[1], "│ name       │ messages_ready │");
        let managed = |format: &str| print::managed(format, &heads, &rows);
        assert_eq!(managed("table")[1], "|    name    | messages_ready |");
        assert_eq!(managed("table")[3], "| presence   | 18423          |");
        assert_eq!(managed("kvp")[0], "name=\"presence\" messages_ready=\"18423\"");
        assert_eq!(managed("raw_json"), [json[1..3].join("").replace(['[', ']'], "")].map(|text| format!("[{text}]")));
        assert_eq!(managed("long")[2..4], ["            name: presence", "  messages_ready: 18423"]);
        assert_eq!(managed("bash"), ["presence chat.lines"]);
        assert_eq!(print::managed("tsv", &heads, &[]), ["No items"]);
        assert_eq!(print::managed("raw_json", &heads, &[]), ["[]"]);
    }

    #[test]
    fn a_channel_tells_what_it_has_in_hand() {
        let channels = rows("channels");
        assert_eq!(channels.len(), 1, "two subscriptions of one pod share a channel");
        assert_eq!((&channels[0]["consumer_count"], &channels[0]["messages_unacknowledged"]), (&2.into(), &23.into()));
    }

    #[test]
    fn a_definition_reads_back_what_it_prints() {
        let text = "{\"dead-letter-exchange\":\"\",\"dead-letter-routing-key\":\"dead\",\"delivery-limit\":5,\"max-length\":9,\"message-ttl\":60000}";
        assert_eq!(written(&definition(text).unwrap()), text);
        for wrong in ["", "x", "[]", "{}", "{\"nonsense\":1}", "{\"max-length\":-1}", "{\"message-ttl\":\"x\"}"] {
            assert!(definition(wrong).is_err(), "{wrong}");
        }
    }
}
