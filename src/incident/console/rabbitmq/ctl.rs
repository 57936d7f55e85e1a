//! `rabbitmqctl`: tab-separated lists, as the real one prints them.

use super::view::{Broker, Queue};
use super::{chosen, definition, lists, print};
use crate::incident::console::arguments::{self, Flag, Given, moot, moot_value, switch, valued};
use crate::incident::console::{Call, Progress, Typed, World, candidate, nearest};
use crate::incident::view::Candidate;
use crate::sim::operation::{Operation, Policy};

/// A command of the tool with the options that it takes beside [`GLOBAL`].
struct Verb {
    name: &'static str,
    about: &'static str,
    options: &'static [Flag],
}

const VHOST: Flag = valued('p', "vhost", "VHOST", "the virtual host: there is /");

/// Options that every command takes.
const GLOBAL: [Flag; 5] = [
    valued('n', "node", "NODE", "which node"),
    switch('q', "quiet", "without the lines before the list"),
    switch('s', "silent", "without those and the heads"),
    moot_value('t', "timeout", "SECONDS"),
    valued(' ', "formatter", "FORMAT", "table, pretty_table, json or csv"),
];

const HEADLESS: Flag = switch(' ', "no-table-headers", "without the heads");

const VERBS: [Verb; 16] = [
    Verb {
        name: "list_queues",
        about: "the queues: COLUMN…",
        options: &[
            VHOST,
            HEADLESS,
            // There is one node, and it is up.
            moot(' ', "online"),
            switch(' ', "offline", "only queues whose node is down"),
            moot(' ', "local"),
        ],
    },
    Verb { name: "list_consumers", about: "who takes messages from which queue", options: &[VHOST, HEADLESS] },
    Verb { name: "list_connections", about: "who is connected: COLUMN…", options: &[HEADLESS] },
    Verb { name: "list_channels", about: "the channels, with what they have in hand: COLUMN…", options: &[HEADLESS] },
    Verb { name: "list_exchanges", about: "the exchanges: COLUMN…", options: &[VHOST, HEADLESS] },
    Verb { name: "list_bindings", about: "what goes to which queue: COLUMN…", options: &[VHOST, HEADLESS] },
    Verb { name: "list_policies", about: "the policies", options: &[VHOST, HEADLESS] },
    Verb { name: "list_vhosts", about: "the virtual hosts", options: &[HEADLESS] },
    Verb { name: "list_users", about: "who may log in", options: &[HEADLESS] },
    Verb {
        name: "set_policy",
        about: "NAME PATTERN DEFINITION",
        options: &[
            VHOST,
            valued(' ', "priority", "NUMBER", "of several that match, the highest applies"),
            valued(' ', "apply-to", "KIND", "queues, exchanges or all"),
        ],
    },
    Verb { name: "clear_policy", about: "NAME", options: &[VHOST] },
    Verb { name: "purge_queue", about: "QUEUE: drops every ready message for good", options: &[VHOST] },
    Verb { name: "status", about: "version, memory, alarms", options: &[] },
    Verb { name: "cluster_status", about: "nodes, versions, alarms, partitions", options: &[] },
    Verb { name: "ping", about: "whether the node answers", options: &[] },
    Verb { name: "help", about: "lists the commands", options: &[] },
];

/// Commands of the real one that have nothing to work on here, and what does instead.
const ELSEWHERE: [(&[&str], &str); 4] = [
    (&["delete_queue"], "a queue that consumers need isn't deleted in an incident: purge_queue empties it"),
    (
        &["close_connection", "close_all_connections", "close_all_user_connections"],
        "a consumer is cut off where it runs: kubectl delete pod, kubectl scale",
    ),
    (
        &["stop", "stop_app", "start_app", "reset", "force_reset", "shutdown", "restart_vhost"],
        "the broker isn't stopped from here: nobody would be served meanwhile",
    ),
    (
        &["eval", "environment", "report", "set_vm_memory_high_watermark", "add_user", "set_permissions"],
        "status, cluster_status and the lists say what there is; set_policy changes what queues do",
    ),
];

fn refused(call: &mut Call, what: &str) -> Progress {
    call.complain(format!("Error (argument validation): {what}"));
    Progress::Done(64)
}

/// What a command takes: its own options and those of all.
fn known(verb: Option<&Verb>) -> Vec<Flag> {
    let own: Vec<Flag> = match verb {
        Some(verb) => verb.options.to_vec(),
        None => VERBS.iter().flat_map(|verb| verb.options).copied().collect(),
    };
    GLOBAL.into_iter().chain(own).collect()
}

fn listed(flags: &[Flag]) -> String {
    flags.iter().map(Flag::typed).collect::<Vec<_>>().join(" ")
}

/// How a list is printed.
struct How {
    format: String,
    /// Whether the lines before it are shown, and the heads.
    title: bool,
    heads: bool,
}

pub fn run(call: &mut Call, world: &mut dyn World) -> Progress {
    // Options may stand before the command: what it is has to be found first.
    let given = match Given::read(call.arguments(), &known(None)) {
        Ok(given) => given,
        Err(mistake) => {
            let verb = call.arguments().iter().find_map(|word| VERBS.iter().find(|verb| verb.name == word));
            let what = format!("Invalid options for this command: {}", mistake.word());
            return refused(call, &format!("{what} (it takes {})", listed(&known(verb))));
        }
    };
    let Some((name, rest)) = given.operands.split_first() else { return help(call) };
    if let Some((_, instead)) = ELSEWHERE.iter().find(|(names, _)| names.contains(&name.as_str())) {
        return refused(call, &format!("{name} can't be used here: {instead}"));
    }
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        call.complain(format!("Command '{name}' not found."));
        if let Some(near) = nearest(name, VERBS.iter().map(|verb| verb.name)) {
            call.complain(format!("Did you mean '{near}'?"));
        }
        return Progress::Done(64);
    };
    let takes = known(Some(verb));
    if let Some(wrong) = given.names().find(|name| takes.iter().all(|flag| flag.long != *name)) {
        return refused(call, &format!("Invalid options for this command: --{wrong} (it takes {})", listed(&takes)));
    }
    if let Some(vhost) = given.value("vhost").filter(|vhost| *vhost != "/") {
        call.complain(format!("Error: Virtual host '{vhost}' does not exist (there is /)"));
        return Progress::Done(70);
    }
    let format = given.value("formatter").unwrap_or("table").to_owned();
    if !["table", "pretty_table", "json", "csv"].contains(&format.as_str()) {
        return refused(call, &format!("unknown formatter {format}: table, pretty_table, json, csv"));
    }
    let broker = match chosen(world, given.value("node")) {
        Ok(broker) => broker,
        Err(error) => {
            call.complain(format!("Error: {error}"));
            return Progress::Done(69);
        }
    };
    let (quiet, silent) = (given.has("quiet"), given.has("silent"));
    let how = How {
        title: !quiet && !silent && !["json", "csv"].contains(&format.as_str()),
        heads: !silent && !given.has("no-table-headers"),
        format,
    };
    match verb.name {
        "set_policy" => set_policy(call, rest, &given, &broker, world),
        "clear_policy" => clear_policy(call, rest, &broker, world),
        "purge_queue" => purge(call, rest, &broker, world),
        "status" => status(call, &broker),
        "cluster_status" => cluster_status(call, &broker),
        "ping" => {
            call.say_all([format!("Will ping {}. This only checks if the OS process is running.", broker.node())]);
            call.say("Ping succeeded");
            Progress::Done(0)
        }
        "help" => help(call),
        name => list(call, name, rest, &broker, &how, given.has("offline")),
    }
}

fn help(call: &mut Call) -> Progress {
    call.say("Usage: rabbitmqctl COMMAND [ARGUMENTS]");
    call.say_all(VERBS.iter().map(|verb| format!("  {:<18} {}", verb.name, verb.about)));
    call.say("Options of every command:");
    call.say_all(GLOBAL.iter().map(|flag| format!("  {:<18} {}", flag.typed(), flag.about)));
    Progress::Done(0)
}

/// `list_queues name messages`.
fn list(call: &mut Call, verb: &str, columns: &[String], broker: &Broker, how: &How, is_empty: bool) -> Progress {
    let Some(list) = lists::list(verb.trim_start_matches("list_")) else { return help(call) };
    let asked: Vec<&str> = if columns.is_empty() {
        list.shown.to_vec()
    } else {
        columns.iter().flat_map(|word| word.split(',')).filter(|word| !word.is_empty()).collect()
    };
    if let Some(wrong) = asked.iter().find(|column| list.columns.iter().all(|(name, _)| name != *column)) {
        let near = nearest(wrong, list.columns.iter().map(|(name, _)| *name));
        let hint = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        return refused(call, &format!("{{:bad_info_key, [:{wrong}]}}{hint}"));
    }
    if how.title {
        if list.of_vhost {
            call.say("Timeout: 60.0 seconds ...");
        }
        call.say(list.title);
    }
    let rows = if is_empty { vec![] } else { (list.rows)(broker) };
    call.say_all(match how.format.as_str() {
        "json" => print::json_lines(&asked, &rows),
        "csv" => print::csv(&asked, &rows, how.heads),
        "pretty_table" => print::pretty(&asked, &rows),
        _ => print::tabs(&asked, &rows, how.heads),
    });
    Progress::Done(0)
}

fn set_policy(call: &mut Call, words: &[String], given: &Given, broker: &Broker, world: &mut dyn World) -> Progress {
    let text = given.value("priority").unwrap_or("0");
    let Ok(priority) = text.parse::<i32>() else {
        return refused(call, &format!("Invalid value for option --priority: {text} is no whole number"));
    };
    if let Some(kind) = given.value("apply-to").filter(|kind| !["queues", "all", "exchanges"].contains(kind)) {
        return refused(call, &format!("Invalid value for option --apply-to: {kind}: queues, exchanges or all"));
    }
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

fn cluster_status(call: &mut Call, broker: &Broker) -> Progress {
    let node = broker.node();
    call.say_all([
        format!("Cluster status of node {node} ..."),
        "Basics".to_owned(),
        String::new(),
        format!("Cluster name: {node}"),
        String::new(),
    ]);
    for (title, line) in [
        ("Disk Nodes", node.clone()),
        ("Running Nodes", node.clone()),
        ("Versions", format!("{node}: RabbitMQ {} on Erlang 22.3.4.12", broker.version)),
        ("Alarms", if broker.has_alarm { format!("Memory alarm on node {node}") } else { "(none)".to_owned() }),
        ("Network Partitions", "(none)".to_owned()),
        (
            "Listeners",
            format!("Node: {node}, interface: [::], port: 5672, protocol: amqp, purpose: AMQP 0-9-1 and AMQP 1.0"),
        ),
    ] {
        call.say_all([title.to_owned(), String::new(), line, String::new()]);
    }
    Progress::Done(0)
}

pub fn complete(typed: &Typed, world: &dyn World) -> Vec<Candidate> {
    let words: Vec<&str> = typed.before[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    if typed.before.last().is_some_and(|word| word == "--formatter") {
        return ["table", "pretty_table", "json", "csv"].map(|name| candidate(name, "format")).to_vec();
    }
    let Ok(broker) = chosen(world, None) else { return vec![] };
    let verb = words.first().and_then(|name| VERBS.iter().find(|verb| verb.name == *name));
    let list = words.first().and_then(|name| lists::list(name.strip_prefix("list_")?));
    let mut all = match (words.as_slice(), list) {
        ([], _) => VERBS.iter().map(|verb| candidate(verb.name, verb.about)).collect(),
        (_, Some(list)) => {
            list.columns.iter().map(|(name, about)| candidate(*name, format!("column: {about}"))).collect()
        }
        (["purge_queue"], _) => queues(&broker),
        (["clear_policy"], _) => broker.policies.iter().map(|one| candidate(&one.name, &one.pattern)).collect(),
        (["set_policy", _], _) => {
            let exactly = |queue: &Queue| format!("'^{}$'", queue.name.replace('.', "\\."));
            broker.queues.iter().map(|queue| candidate(exactly(queue), "pattern: this queue")).collect()
        }
        (["set_policy", _, _], _) => definitions(),
        _ => vec![],
    };
    if verb.is_some() && typed.partial.starts_with('-') {
        all.extend(arguments::candidates(&known(verb)));
    }
    all
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
