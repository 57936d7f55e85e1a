//! `rabbitmqadmin`: the management's lists in boxes, messages to look into, queues to purge, policies, shovels.

use super::lists::{self, LISTS};
use super::view::{Broker, Queue, payload};
use super::{chosen, ctl, definition, print};
use crate::incident::console::arguments::{Flag, Given, moot, moot_value, switch, valued};
use crate::incident::console::{Call, Progress, Typed, World, candidate, nearest};
use crate::incident::view::Candidate;
use crate::sim::message::Settle;
use crate::sim::operation::{Applied, Operation, Policy};
use serde_json::json;

/// Messages that one `get` takes at most.
const COUNT_MAX: u32 = 1_000;

const VERBS: [(&str, &str); 7] = [
    ("list", "queues, consumers, connections, channels, exchanges, bindings, policies, vhosts, users"),
    ("get", "looks at messages at the head of a queue, or takes them out"),
    ("purge", "drops every ready message of a queue for good"),
    ("publish", "sends a message to a queue"),
    ("declare", "a queue, a policy, or a shovel that moves messages"),
    ("delete", "a policy"),
    ("show", "overview"),
];

const ACK_MODES: [(&str, &str, Settle); 4] = [
    ("ack_requeue_true", "looks, and puts it back", Settle::Requeue),
    ("ack_requeue_false", "takes it out for good", Settle::Ack),
    ("reject_requeue_true", "puts it back", Settle::Requeue),
    ("reject_requeue_false", "gives it to the dead-letter exchange, or drops it", Settle::Reject),
];

/// Arguments of the form `key=value`.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn need(&self, key: &str) -> Result<&str, String> {
        self.get(key).ok_or_else(|| format!("*** mandatory argument \"{key}\" required: {key}=…"))
    }

    /// An argument that isn't among those that are known.
    fn check(&self, known: &[&str]) -> Result<(), String> {
        match self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => {
                let hint = nearest(name, known.iter().copied());
                let hint = hint.map_or(String::new(), |near| format!(" (did you mean {near}=?)"));
                Err(format!("*** argument \"{name}\" not recognised{hint}"))
            }
        }
    }
}

/// The options, which all stand before the command.
const OPTIONS: [Flag; 16] = [
    valued('H', "host", "HOST", "the broker's host"),
    valued('N', "node", "NODE", "which node"),
    moot_value('P', "port", "PORT"),
    valued('V', "vhost", "VHOST", "the virtual host: there is /"),
    moot_value('u', "username", "USER"),
    moot_value('p', "password", "WORD"),
    moot_value('c', "config", "FILE"),
    valued('f', "format", "FORMAT", "table, long, raw_json, pretty_json, kvp, tsv or bash"),
    valued(' ', "formatter", "FORMAT", "the same; json too"),
    valued('S', "sort", "COLUMN", "sorted by a column"),
    switch('R', "sort-reverse", "the other way round"),
    moot_value('d', "depth", "NUMBER"),
    switch('q', "quiet", "says nothing of what it has done"),
    moot('s', "ssl"),
    switch('h', "help", "lists the commands"),
    switch(' ', "version", "the tool's version"),
];

/// How rows are printed.
struct How<'a> {
    format: &'a str,
    sort: Option<&'a str>,
    backwards: bool,
}

impl How<'_> {
    fn is_text(&self) -> bool {
        !self.format.ends_with("json")
    }
}

/// As Python writes it, which is what the tool is written in.
fn capital(fact: bool) -> &'static str {
    if fact { "True" } else { "False" }
}

pub fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let given = match Given::read(call.arguments(), &OPTIONS) {
        Ok(given) => given,
        Err(mistake) => {
            let known: Vec<String> = OPTIONS.iter().map(Flag::typed).collect();
            call.complain("Usage: rabbitmqadmin [options] subcommand");
            call.complain(format!("rabbitmqadmin: error: {} (it takes {})", mistake.python(), known.join(" ")));
            return Progress::Done(2);
        }
    };
    if given.has("help") {
        return help(call);
    }
    if given.has("version") {
        let version = super::view::all(world).first().map(|broker| broker.version.clone()).unwrap_or_default();
        call.say(format!("rabbitmqadmin {version}"));
        return Progress::Done(0);
    }
    let format = given.value("format").or(given.value("formatter")).unwrap_or("table");
    let format = if format == "json" { "raw_json" } else { format };
    if !print::FORMATS.contains(&format) {
        return call.fail(format!("*** format {format} not recognised: {}", print::FORMATS.join(", ")));
    }
    if let Some(vhost) = given.value("vhost").filter(|vhost| *vhost != "/") {
        return call.fail(format!("*** Not found: /api/vhosts/{vhost} (there is /)"));
    }
    let how = How { format, sort: given.value("sort"), backwards: given.has("sort-reverse") };
    let Some((verb, rest)) = given.operands.split_first() else { return help(call) };
    let quiet = given.has("quiet") && !["list", "get", "show"].contains(&verb.as_str());
    let node = given.value("host").or(given.value("node"));
    let outcome = chosen(world, node).map_err(|error| format!("*** Could not connect: {error}"));
    let outcome = outcome.and_then(|broker| match verb.as_str() {
        "list" => list(call, rest, &broker, &how),
        "get" => get(call, rest, &broker, &how, world),
        "purge" => purge(call, rest, &broker, world),
        "publish" => publish(call, rest, &broker, world),
        "declare" => declare(call, rest, &broker, world),
        "delete" => delete(call, rest, &broker, world),
        "show" => {
            show(call, &broker, &how);
            Ok(())
        }
        "import" | "export" | "close" => Err(format!("*** {verb} can't be used here: list, get, purge, declare can")),
        _ => {
            let near = nearest(verb, VERBS.iter().map(|(name, _)| *name));
            let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
            Err(format!("*** Unknown command {verb}{hint}"))
        }
    });
    match outcome {
        Ok(()) => {
            if quiet {
                call.printed.lines.clear();
            }
            Progress::Done(0)
        }
        Err(error) => {
            call.complain_all(error.lines());
            Progress::Done(1)
        }
    }
}

fn help(call: &mut Call) -> Progress {
    call.say("Usage: rabbitmqadmin [options] subcommand");
    call.say_all(VERBS.iter().map(|(name, about)| format!("  {name:<9} {about}")));
    call.say("`man rabbitmqadmin` says more.");
    Progress::Done(0)
}

fn pairs(words: &[String]) -> Result<Pairs, String> {
    let read = |word: &String| match word.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(format!("*** \"{word}\" is no argument: they are written key=value")),
    };
    words.iter().map(read).collect::<Result<Vec<_>, _>>().map(Pairs)
}

fn list(call: &mut Call, words: &[String], broker: &Broker, how: &How) -> Result<(), String> {
    let names: Vec<&str> = LISTS.iter().map(|list| list.name).collect();
    let Some((what, columns)) = words.split_first() else {
        return Err(format!("*** list what? {}", names.join(", ")));
    };
    let Some(list) = lists::list(what) else {
        let near = nearest(what, names.iter().copied());
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return Err(format!("*** Unknown list {what}{hint}: {}", names.join(", ")));
    };
    let asked: Vec<&str> = columns.iter().flat_map(|word| word.split(',')).filter(|word| !word.is_empty()).collect();
    let asked = if asked.is_empty() { list.managed.to_vec() } else { asked };
    let unknown = |column: &str| list.columns.iter().all(|(name, _)| *name != column);
    if let Some(wrong) = asked.iter().chain(&how.sort).find(|column| unknown(column)) {
        let near = nearest(wrong, list.columns.iter().map(|(name, _)| *name));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        let known: Vec<&str> = list.columns.iter().map(|(name, _)| *name).collect();
        return Err(format!("*** {what} have no column {wrong}{hint}: {}", known.join(", ")));
    }
    let mut rows = (list.rows)(broker);
    if let Some(column) = how.sort {
        let number = |row: &lists::Row| row[column].as_i64();
        rows.sort_by(|a, b| {
            number(a).cmp(&number(b)).then_with(|| print::cell(&a[column]).cmp(&print::cell(&b[column])))
        });
    }
    if how.backwards {
        rows.reverse();
    }
    call.say_all(print::managed(how.format, &asked, &rows));
    Ok(())
}

fn queue_of<'a>(broker: &'a Broker, name: &str) -> Result<&'a Queue, String> {
    let near = || {
        let near = nearest(name, broker.queues.iter().map(|queue| queue.name.as_str()));
        near.map_or(String::new(), |near| format!(" (did you mean {near}?)"))
    };
    broker
        .queues
        .iter()
        .find(|queue| queue.name == name)
        .ok_or_else(|| format!("*** Not found: /api/queues/%2F/{name}{}", near()))
}

fn get(call: &mut Call, words: &[String], broker: &Broker, how: &How, world: &mut dyn World) -> Result<(), String> {
    let pairs = pairs(words)?;
    pairs.check(&["queue", "count", "ackmode", "requeue", "payload_file", "encoding", "truncate"])?;
    let queue = queue_of(broker, pairs.need("queue")?)?;
    let count = pairs.get("count").unwrap_or("1");
    let count: u32 = count.parse().map_err(|_| format!("*** count={count} is no number"))?;
    let mode = pairs.get("ackmode").unwrap_or(match pairs.get("requeue") {
        Some("false") => "ack_requeue_false",
        _ => "ack_requeue_true",
    });
    let Some((.., then)) = ACK_MODES.iter().find(|(name, ..)| *name == mode) else {
        let names: Vec<&str> = ACK_MODES.iter().map(|(name, ..)| *name).collect();
        return Err(format!("*** ackmode={mode} is none of {}", names.join(", ")));
    };
    let operation = Operation::Get { queue: queue.name.clone(), count: count.min(COUNT_MAX), then: *then };
    let Applied::Messages(messages) = world.operate(call.who, &broker.name, operation)? else {
        call.say_all(print::managed(how.format, &[], &[]));
        return Ok(());
    };
    let ready = queue.ready;
    let row = |(index, message): (usize, &crate::sim::message::Message)| {
        let payload = payload(world, message);
        let value = json!({
            "routing_key": queue.name, "exchange": "",
            "message_count": ready.saturating_sub(index as u64 + 1),
            "payload_bytes": payload.len(), "payload": payload, "payload_encoding": "string",
            "redelivered": if how.is_text() { json!(capital(message.redelivered)) } else { json!(message.redelivered) },
        });
        value.as_object().cloned().unwrap_or_default()
    };
    let rows: Vec<lists::Row> = messages.iter().enumerate().map(row).collect();
    let heads =
        ["routing_key", "exchange", "message_count", "payload", "payload_bytes", "payload_encoding", "redelivered"];
    call.say_all(print::managed(how.format, &heads, &rows));
    Ok(())
}

fn purge(call: &mut Call, words: &[String], broker: &Broker, world: &mut dyn World) -> Result<(), String> {
    let Some((what, rest)) = words.split_first().filter(|(what, _)| *what == "queue") else {
        return Err("*** purge what? purge queue name=NAME".to_owned());
    };
    let pairs = pairs(rest)?;
    pairs.check(&["name"])?;
    let queue = queue_of(broker, pairs.need("name")?)?;
    world.operate(call.who, &broker.name, Operation::Purge { queue: queue.name.clone() })?;
    call.say(format!("{what} purged"));
    Ok(())
}

fn publish(call: &mut Call, words: &[String], broker: &Broker, world: &mut dyn World) -> Result<(), String> {
    let pairs = pairs(words)?;
    pairs.check(&["routing_key", "exchange", "payload", "payload_encoding", "properties"])?;
    let routing_key = pairs.need("routing_key")?;
    let body = pairs.need("payload")?.to_owned();
    if broker.queues.iter().all(|queue| queue.name != routing_key) {
        call.say("Message published but NOT routed");
        return Ok(());
    }
    let queue = routing_key.to_owned();
    world.operate(call.who, &broker.name, Operation::Publish { queue, tags: vec![], count: 1, name: None, body })?;
    call.say("Message published");
    Ok(())
}

fn declare(call: &mut Call, words: &[String], broker: &Broker, world: &mut dyn World) -> Result<(), String> {
    let Some((what, rest)) = words.split_first() else {
        return Err("*** declare what? queue, policy, parameter (a shovel)".to_owned());
    };
    let pairs = pairs(rest)?;
    let operation = match what.as_str() {
        "queue" => {
            pairs.check(&["name", "queue_type", "durable", "auto_delete", "arguments", "node"])?;
            let name = pairs.need("name")?.to_owned();
            let quorum = pairs.get("queue_type") == Some("quorum")
                || pairs.get("arguments").is_some_and(|text| text.contains("quorum"));
            if let Some(there) = broker.queues.iter().find(|queue| queue.name == name)
                && there.is_quorum != quorum
            {
                return Err(format!(
                    "*** 400 bad_request: inequivalent arg 'x-queue-type' for queue '{name}' in vhost '/': a queue's type can't be changed, only that of a new one chosen"
                ));
            }
            Operation::Declare { queue: name, quorum }
        }
        "policy" => {
            pairs.check(&["name", "pattern", "definition", "apply-to", "priority"])?;
            let definition =
                definition(pairs.need("definition")?).map_err(|error| format!("*** 400 bad_request: {error}"))?;
            Operation::Policy {
                name: pairs.need("name")?.to_owned(),
                pattern: pairs.need("pattern")?.to_owned(),
                definition: Some(Policy { priority: priority(&pairs)?, ..definition }),
            }
        }
        "parameter" | "shovel" => shovel(&pairs, broker)?,
        other => {
            let near = nearest(other, ["queue", "policy", "parameter"]);
            let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
            return Err(format!("*** can't declare {other} here{hint}: queue, policy, parameter (a shovel)"));
        }
    };
    world.operate(call.who, &broker.name, operation)?;
    call.say(format!("{what} declared"));
    Ok(())
}

fn priority(pairs: &Pairs) -> Result<i32, String> {
    let text = pairs.get("priority").unwrap_or("0");
    text.parse().map_err(|_| format!("*** 400 bad_request: priority={text} is no whole number"))
}

/// `declare parameter component=shovel name=N value='{"src-queue":"A","dest-queue":"B"}'`.
fn shovel(pairs: &Pairs, broker: &Broker) -> Result<Operation, String> {
    pairs.check(&["component", "name", "value", "vhost"])?;
    if pairs.get("component").is_some_and(|component| component != "shovel") {
        return Err("*** 400 bad_request: the only component with parameters here is shovel".to_owned());
    }
    let value = pairs.need("value")?;
    let wrong =
        || "*** 400 bad_request: a shovel is written value='{\"src-queue\":\"A\",\"dest-queue\":\"B\"}'".to_owned();
    let value: serde_json::Value = serde_json::from_str(value).map_err(|_| wrong())?;
    let key = |name: &str| value.get(name).and_then(serde_json::Value::as_str).map(str::to_owned).ok_or_else(wrong);
    let (from, to) = (key("src-queue")?, key("dest-queue")?);
    queue_of(broker, &from)?;
    queue_of(broker, &to)?;
    Ok(Operation::Shovel { from, to })
}

fn delete(call: &mut Call, words: &[String], broker: &Broker, world: &mut dyn World) -> Result<(), String> {
    match words.split_first() {
        Some((what, rest)) if what == "policy" => {
            let pairs = pairs(rest)?;
            let name = pairs.need("name")?.to_owned();
            if broker.policies.iter().all(|one| one.name != name) {
                return Err(format!("*** Not found: /api/policies/%2F/{name}"));
            }
            world.operate(call.who, &broker.name, Operation::Policy { name, pattern: String::new(), definition: None })?;
            call.say("policy deleted");
            Ok(())
        }
        Some((what, _)) if what == "queue" => {
            Err("*** Access refused: /api/queues (a queue that consumers need isn't deleted in an incident; purge queue empties it)".to_owned())
        }
        _ => Err("*** delete what? policy name=NAME".to_owned()),
    }
}

fn show(call: &mut Call, broker: &Broker, how: &How) {
    let total = |of: fn(&Queue) -> u64| broker.queues.iter().map(of).sum::<u64>();
    let heads = ["rabbitmq_version", "cluster_name", "queue_totals.messages", "queue_totals.messages_ready"];
    let row = json!({
        "rabbitmq_version": broker.version, "cluster_name": broker.node(),
        "queue_totals.messages": total(|queue| queue.ready + queue.unacked),
        "queue_totals.messages_ready": total(|queue| queue.ready),
    });
    call.say_all(print::managed(how.format, &heads, &[row.as_object().cloned().unwrap_or_default()]));
}

pub fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let words: Vec<&str> = typed.before[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let Ok(broker) = chosen(world, None) else { return vec![] };
    let queues = |key: &str| -> Vec<Candidate> {
        ctl::queues(&broker).into_iter().map(|c| candidate(format!("{key}={}", c.word), c.about)).collect()
    };
    let given = |key: &str| words.iter().any(|word| word.starts_with(&format!("{key}=")));
    match words.as_slice() {
        [] => VERBS.iter().map(|(name, about)| candidate(*name, *about)).collect(),
        ["list"] => LISTS.iter().map(|list| candidate(list.name, "")).collect(),
        ["list", what, ..] => {
            let columns = lists::list(what).map_or(&[][..], |list| list.columns);
            columns.iter().map(|(name, about)| candidate(*name, format!("column: {about}"))).collect()
        }
        ["get", ..] if !given("queue") => queues("queue"),
        ["get", ..] => {
            let mut all: Vec<Candidate> =
                ACK_MODES.iter().map(|(name, about, _)| candidate(format!("ackmode={name}"), *about)).collect();
            all.insert(0, candidate("count=", "how many messages"));
            all
        }
        ["purge"] => vec![candidate("queue", "drops its ready messages for good")],
        ["purge", ..] => queues("name"),
        ["publish", ..] => {
            if given("routing_key") {
                vec![candidate("payload=", "the text")]
            } else {
                queues("routing_key")
            }
        }
        ["declare"] => vec![
            candidate("queue", "a queue"),
            candidate("policy", "settings for queues by the pattern of their names"),
            candidate("parameter", "a shovel that moves messages"),
        ],
        ["declare", "queue", ..] => {
            vec![candidate("name=", "its name"), candidate("queue_type=quorum", "counts deliveries")]
        }
        ["declare", "policy", ..] => {
            let mut all = vec![candidate("name=", "its name"), candidate("pattern=", "which queues")];
            all.extend(ctl::definitions().into_iter().map(|c| candidate(format!("definition={}", c.word), c.about)));
            all
        }
        ["declare", ..] => vec![
            candidate("component=shovel", "moves messages"),
            candidate("name=", "its name"),
            candidate("value='{\"src-queue\":\"\",\"dest-queue\":\"\"}'", "from where to where"),
        ],
        ["delete"] => vec![candidate("policy", "")],
        ["delete", "policy"] => {
            broker.policies.iter().map(|one| candidate(format!("name={}", one.name), "policy")).collect()
        }
        _ => vec![],
    }
}
