//! `rabbitmqctl`: tab-separated lists, as the real one prints them.

use super::view::{Broker, Queue};
use super::{chosen, definition, written};
use crate::incident::console::{Call, Progress, Typed, World, candidate, nearest};
use crate::incident::view::Candidate;
use crate::sim::operation::{Operation, Policy};

const VERBS: [(&str, &str); 9] = [
    ("list_queues", "the queues: COLUMN…"),
    ("list_consumers", "who takes messages from which queue"),
    ("list_connections", "who is connected"),
    ("list_policies", "the policies"),
    ("set_policy", "NAME PATTERN DEFINITION"),
    ("clear_policy", "NAME"),
    ("purge_queue", "QUEUE: drops every ready message for good"),
    ("status", "version, memory, alarms"),
    ("help", "lists the commands"),
];

const COLUMNS: [(&str, &str); 12] = [
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
    ("auto_delete", ""),
    ("arguments", ""),
];

pub fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    let mut words: Vec<String> = vec![];
    let (mut quiet, mut silent, mut node, mut priority) = (false, false, None, 0);
    let mut given = call.arguments().iter();
    while let Some(word) = given.next() {
        match word.as_str() {
            "-q" | "--quiet" => quiet = true,
            "-s" | "--silent" => silent = true,
            "--priority" => priority = given.next().and_then(|text| text.parse().ok()).unwrap_or(0),
            "-p" | "--vhost" | "-t" | "--timeout" | "--apply-to" | "--formatter" => drop(given.next()),
            "-n" | "--node" => node = given.next().cloned(),
            _ if word.starts_with("--") && word.contains('=') => {}
            "--online" | "--offline" | "--local" | "--no-table-headers" => silent |= word == "--no-table-headers",
            _ if word.starts_with('-') && word.len() > 1 => {
                call.complain(format!("Error (argument validation): Invalid options for this command: {word}"));
                return Progress::Done(64);
            }
            _ => words.push(word.clone()),
        }
    }
    let Some((verb, rest)) = words.split_first() else { return help(call) };
    if VERBS.iter().all(|(name, _)| name != verb) {
        call.complain(format!("Command '{verb}' not found."));
        if let Some(near) = nearest(verb, VERBS.iter().map(|(name, _)| *name)) {
            call.complain(format!("Did you mean '{near}'?"));
        }
        return Progress::Done(64);
    }
    let broker = match chosen(world, node.as_deref()) {
        Ok(broker) => broker,
        Err(error) => {
            call.complain(format!("Error: {error}"));
            return Progress::Done(69);
        }
    };
    match verb.as_str() {
        "list_queues" => list_queues(call, rest, &broker, (quiet, silent)),
        "list_consumers" => list_consumers(call, &broker, (quiet, silent)),
        "list_connections" => list_connections(call, &broker, (quiet, silent)),
        "list_policies" => list_policies(call, &broker, (quiet, silent)),
        "set_policy" => set_policy(call, rest, priority, &broker, world),
        "clear_policy" => clear_policy(call, rest, &broker, world),
        "purge_queue" => purge(call, rest, &broker, world),
        "status" => status(call, &broker),
        _ => help(call),
    }
}

fn help(call: &mut Call) -> Progress {
    call.say("Usage: rabbitmqctl COMMAND [ARGUMENTS]");
    call.say_all(VERBS.iter().map(|(name, about)| format!("  {name:<18} {about}")));
    Progress::Done(0)
}

/// What stands before a list: `-q` leaves out the first lines, `-s` the heads too.
fn begin(call: &mut Call, title: &str, heads: &[&str], (quiet, silent): (bool, bool)) {
    if !quiet && !silent {
        call.say("Timeout: 60.0 seconds ...");
        call.say(title);
    }
    if !silent {
        call.say(heads.join("\t"));
    }
}

pub fn list_queues(call: &mut Call, columns: &[String], broker: &Broker, how: (bool, bool)) -> Progress {
    let asked: Vec<&str> =
        if columns.is_empty() { vec!["name", "messages"] } else { columns.iter().map(String::as_str).collect() };
    if let Some(wrong) = asked.iter().find(|column| COLUMNS.iter().all(|(name, _)| name != *column)) {
        let near = nearest(wrong, COLUMNS.iter().map(|(name, _)| *name));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        call.complain(format!("Error (argument validation): {{:bad_info_key, [:{wrong}]}}{hint}"));
        return Progress::Done(64);
    }
    begin(call, "Listing queues for vhost / ...", &asked, how);
    for queue in &broker.queues {
        let cells: Vec<String> = asked.iter().map(|column| cell(queue, column)).collect();
        call.say(cells.join("\t"));
    }
    Progress::Done(0)
}

/// A queue's value in a column.
pub fn cell(queue: &Queue, column: &str) -> String {
    match column {
        "name" => queue.name.clone(),
        "messages" => (queue.ready + queue.unacked).to_string(),
        "messages_ready" => queue.ready.to_string(),
        "messages_unacknowledged" => queue.unacked.to_string(),
        "consumers" => queue.consumers.to_string(),
        "type" => if queue.is_quorum { "quorum" } else { "classic" }.to_owned(),
        "policy" => queue.policy.clone().unwrap_or_default(),
        "state" => queue.state.to_owned(),
        "memory" => queue.memory.to_string(),
        "durable" => "true".to_owned(),
        "auto_delete" => "false".to_owned(),
        _ => format!("[{}]", queue.arguments.join(",")),
    }
}

fn list_consumers(call: &mut Call, broker: &Broker, how: (bool, bool)) -> Progress {
    let heads = ["queue_name", "channel_pid", "consumer_tag", "ack_required", "prefetch_count", "active", "arguments"];
    begin(call, "Listing consumers in vhost / ...", &heads, how);
    for consumer in &broker.consumers {
        call.say(format!(
            "{}\t<rabbit@{}-0.1.{}.0>\tctag1.{}\t{}\t{}\t{}\t[]",
            consumer.queue,
            broker.name,
            consumer.connection,
            consumer.instance,
            consumer.acknowledges,
            consumer.prefetch,
            consumer.active
        ));
    }
    Progress::Done(0)
}

fn list_connections(call: &mut Call, broker: &Broker, how: (bool, bool)) -> Progress {
    begin(call, "Listing connections ...", &["user", "peer_host", "client", "state"], how);
    let mut seen: Vec<&str> = vec![];
    for consumer in &broker.consumers {
        if !seen.contains(&consumer.instance.as_str()) {
            seen.push(&consumer.instance);
            call.say(format!("app\t{}\tconsumer\trunning", consumer.instance));
        }
    }
    Progress::Done(0)
}

fn list_policies(call: &mut Call, broker: &Broker, how: (bool, bool)) -> Progress {
    let heads = ["vhost", "name", "pattern", "apply-to", "definition", "priority"];
    begin(call, "Listing policies for vhost \"/\" ...", &heads, how);
    for policy in &broker.policies {
        let (definition, priority) = (written(&policy.definition), policy.definition.priority);
        call.say(format!("/\t{}\t{}\tqueues\t{definition}\t{priority}", policy.name, policy.pattern));
    }
    Progress::Done(0)
}

fn set_policy(call: &mut Call, words: &[String], priority: i32, broker: &Broker, world: &mut dyn World) -> Progress {
    let [name, pattern, text] = words else {
        call.complain("Error: not enough arguments.");
        call.complain("Usage: set_policy [--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] <name> <pattern> <definition>");
        return Progress::Done(64);
    };
    call.say(format!(
        "Setting policy \"{name}\" for pattern \"{pattern}\" to \"{text}\" with priority \"{priority}\" for vhost \"/\" ..."
    ));
    let policy = match definition(text) {
        Ok(policy) => Policy { priority, ..policy },
        Err(error) => {
            call.complain_all(error.lines());
            return Progress::Done(70);
        }
    };
    let operation = Operation::Policy { name: name.clone(), pattern: pattern.clone(), definition: Some(policy) };
    apply(call, broker, operation, world)
}

fn clear_policy(call: &mut Call, words: &[String], broker: &Broker, world: &mut dyn World) -> Progress {
    let [name] = words else {
        call.complain("Error: not enough arguments.");
        call.complain("Usage: clear_policy [--vhost <vhost>] <name>");
        return Progress::Done(64);
    };
    call.say(format!("Clearing policy \"{name}\" on vhost \"/\" ..."));
    if broker.policies.iter().all(|one| one.name != *name) {
        call.complain("Parameter does not exist");
        return Progress::Done(70);
    }
    let operation = Operation::Policy { name: name.clone(), pattern: String::new(), definition: None };
    apply(call, broker, operation, world)
}

fn apply(call: &mut Call, broker: &Broker, operation: Operation, world: &mut dyn World) -> Progress {
    match world.operate(call.who, &broker.name, operation) {
        Ok(_) => Progress::Done(0),
        Err(refusal) => call.fail(format!("Error: {refusal}")),
    }
}

fn purge(call: &mut Call, words: &[String], broker: &Broker, world: &mut dyn World) -> Progress {
    let [queue] = words else {
        call.complain("Error: not enough arguments.");
        call.complain("Usage: purge_queue [--vhost <vhost>] <queue>");
        return Progress::Done(64);
    };
    call.say(format!("Purging queue '{queue}' in vhost '/' ..."));
    if broker.queues.iter().all(|one| one.name != *queue) {
        let near = nearest(queue, broker.queues.iter().map(|one| one.name.as_str()));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        call.complain("Error:");
        call.complain(format!("Could not find queue '{queue}' in vhost '/'{hint}"));
        return Progress::Done(65);
    }
    apply(call, broker, Operation::Purge { queue: queue.clone() }, world)
}

fn status(call: &mut Call, broker: &Broker) -> Progress {
    let gib = |bytes: u64| format!("{}.{:02} gb", bytes >> 30, ((bytes & ((1 << 30) - 1)) * 100) >> 30);
    call.say(format!("Status of node rabbit@{}-0 ...", broker.name));
    call.say("Runtime");
    call.say("");
    call.say("OS PID: 268");
    call.say("OS: Linux");
    call.say("Is under maintenance?: false");
    call.say(format!("RabbitMQ version: {}", broker.version));
    call.say("");
    call.say("Alarms");
    call.say("");
    call.say(if broker.has_alarm {
        format!("Memory alarm on node rabbit@{}-0", broker.name)
    } else {
        "(none)".to_owned()
    });
    call.say("");
    call.say("Memory");
    call.say("");
    call.say(format!("Total memory used: {}", gib(broker.memory.0)));
    call.say(format!("Memory high watermark setting: 0.4 of available memory, computed to: {}", gib(broker.memory.1)));
    call.say("");
    call.say("Totals");
    call.say("");
    call.say(format!("Queue count: {}", broker.queues.len()));
    Progress::Done(0)
}

pub fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let words: Vec<&str> = typed.before[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let Ok(broker) = chosen(world, None) else { return vec![] };
    match words.as_slice() {
        [] => VERBS.iter().map(|(name, about)| candidate(*name, *about)).collect(),
        ["list_queues", ..] => {
            COLUMNS.iter().map(|(name, about)| candidate(*name, format!("column: {about}"))).collect()
        }
        ["purge_queue"] => queues(&broker),
        ["clear_policy"] => broker.policies.iter().map(|one| candidate(&one.name, &one.pattern)).collect(),
        ["set_policy", _] => {
            let exactly = |queue: &Queue| format!("'^{}$'", queue.name.replace('.', "\\."));
            broker.queues.iter().map(|queue| candidate(exactly(queue), "pattern: this queue")).collect()
        }
        ["set_policy", _, _] => definitions(),
        _ => vec![],
    }
}

/// The queues as candidates.
pub fn queues(broker: &Broker) -> Vec<Candidate> {
    let about = |queue: &Queue| format!("queue: {} ready, {} unacknowledged", queue.ready, queue.unacked);
    broker.queues.iter().map(|queue| candidate(queue.name.clone(), about(queue))).collect()
}

/// Definitions of policies that are of use.
pub fn definitions() -> Vec<Candidate> {
    vec![
        candidate("'{\"message-ttl\":60000}'", "drops what has waited at the head for a minute"),
        candidate("'{\"delivery-limit\":5}'", "quorum queues: gives a message up after five deliveries"),
        candidate("'{\"max-length\":10000}'", "drops the oldest beyond so many"),
    ]
}
