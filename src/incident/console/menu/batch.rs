//! Menus of what works in batches: queues of SQS, environments and their workers, search clusters, mail, schedules.

use super::deploy;
use crate::incident::console::World;
use crate::incident::console::choice::{change, look};
use crate::incident::console::world::{clusters, gateways, schedules, services, sqs};
use crate::incident::view::Choice;
use crate::sim::component::schedule::Flavour;
use crate::sim::component::service::Service;

/// The parts of this kind.
pub fn parts(world: &dyn World) -> Vec<String> {
    let brokers = sqs(world).map(|(_, broker)| broker.name().to_owned());
    let environments = environments(world).map(|service| service.settings.name.clone());
    let searching = clusters(world).map(|cluster| cluster.settings.name.clone());
    let mail = gateways(world).map(|gateway| gateway.settings.name.clone());
    let rules = schedules(world).map(|schedule| schedule.settings.name.clone());
    brokers.chain(environments).chain(searching).chain(mail).chain(rules).collect()
}

fn environments(world: &dyn World) -> impl Iterator<Item = &Service> {
    services(world).map(|(_, service)| service).filter(|service| service.beanstalk().is_some())
}

/// What can be looked at and done about such a part.
pub fn choices(world: &dyn World, part: &str, all: &mut Vec<Choice>) {
    for (_, broker) in sqs(world) {
        for queue in broker.queues().filter(|queue| broker.name() == part || queue.name == part) {
            of_queue(queue.name, all);
        }
    }
    for service in environments(world) {
        if service.settings.name == part {
            of_environment(service, world, all);
        }
        if service.daemon.is_some() && service.live().any(|(_, instance)| *instance.name == *part) {
            of_worker(part, service, all);
        }
    }
    for name in clusters(world).map(|cluster| &cluster.settings.name).filter(|name| *name == part) {
        all.push(look(
            "Its threads, what waits, what was rejected",
            format!("curl '{name}:9200/_cat/thread_pool/search?v'"),
        ));
        all.push(look("What its threads work on", format!("curl '{name}:9200/_cat/tasks?v' | head -20")));
        let slow = clusters(world).find(|cluster| cluster.settings.name == part && cluster.settings.slow_log.is_some());
        all.extend(slow.map(|cluster| {
            let (node, file) =
                (cluster.node_name(0), format!("/var/log/elasticsearch/{name}_index_search_slowlog.log"));
            look("The slow log of a node", format!("ssh {node} tail -5 {file}"))
        }));
        let line = format!("curl -XPOST '{name}:9200/_tasks/_cancel?actions=*search'");
        all.push(change("Cancel what its threads work on", line, "Whoever asked gets an error. What waits is next."));
    }
    if gateways(world).any(|gateway| gateway.settings.name == part) {
        all.push(look("How many mails went out, to how many people", "sendgrid stats"));
        all.push(look("Who got most of them", "sendgrid activity --top 5"));
        let warning = "Whoever wants to send gets an error, until: smtpctl resume smtp";
        all.push(change("Take no more mail", "smtpctl pause smtp", warning));
    }
    for rule in schedules(world).filter(|rule| rule.settings.name == part && rule.settings.flavour == Flavour::Lambda) {
        all.push(look("Whether it is switched on", "aws events list-rules"));
        let verb = if rule.enabled { "disable-rule" } else { "enable-rule" };
        let label = if rule.enabled { "Switch it off" } else { "Switch it on" };
        let warning = "What it has published stays in the queue. What would be due from now on isn't published.";
        all.push(change(label, format!("aws events {verb} --name {part}"), warning));
    }
}

fn of_queue(name: &str, all: &mut Vec<Choice>) {
    all.push(look(
        format!("How many wait in {name}, and how many are out"),
        format!("aws sqs get-queue-attributes --queue-url {name}"),
    ));
    all.push(change(
        format!("Change after how many receives {name} puts a message aside"),
        format!("aws sqs set-queue-attributes --queue-url {name} --attributes maxReceiveCount=…"),
        "A message that has been received so often goes to the dead letters at the next receive.",
    ));
    all.push(change(
        format!("Empty {name}"),
        format!("aws sqs purge-queue --queue-url {name}"),
        "Every message is lost for good, also those that are worked on.",
    ));
}

fn of_environment(service: &Service, world: &dyn World, all: &mut Vec<Choice>) {
    let name = &service.settings.name;
    all.push(look("Version, state, number of instances", format!("eb status {name}")));
    all.push(look("Each instance", format!("eb health {name}")));
    if service.daemon.is_some() {
        all.push(look("How its daemon is set", format!("eb config {name}")));
    }
    for (_, instance) in service.live().take(1) {
        of_worker(&instance.name, service, all);
    }
    all.push(look("What was changed in its code", format!("git log {name}")));
    all.push(look("Copy all its logs here", format!("eb logs {name} --all")));
    let gone = "Instances that end take their logs and what they work on with them.";
    all.push(change("Change how many instances there are", format!("eb scale … {name}"), gone));
    if service.deployment.replicas > 0 {
        all.push(change("Take all instances down", format!("eb scale 0 {name}"), gone));
    }
    if service.daemon.is_some() {
        let line = format!("eb config {name} HttpConnections=…");
        all.push(change("Change how many posts may be open", line, "On each instance, from now on."));
        for (option, what) in [
            ("InactivityTimeout", "how long the daemon waits for an answer"),
            ("VisibilityTimeout", "how long a message that is out stays hidden"),
            ("ErrorVisibilityTimeout", "how long one stays hidden whose post failed"),
        ] {
            let line = format!("eb config {name} {option}=…");
            all.push(change(format!("Change {what}"), line, "On each instance, from now on."));
        }
        let line = format!("eb setenv {name} SERVER_TIMEOUT=…");
        let warning = "The application is started again; what it works on ends.";
        all.push(change("Change how long the application lets a request take", line, warning));
    }
    let restarts = "What it works on ends; the messages come back later.";
    all.push(change("Restart the application", format!("eb restart {name}"), restarts));
    all.extend(deploy::choices(world, name, &format!("Builds and rolls out. {restarts}")));
}

fn of_worker(name: &str, service: &Service, all: &mut Vec<Choice>) {
    let daemon = "/var/log/aws-sqsd/default.log";
    all.push(look(format!("What the daemon on {name} says"), format!("ssh {name} tail -20 {daemon}")));
    if let Some(log) = &service.settings.logs {
        all.push(look(format!("What the application on {name} says"), format!("ssh {name} tail -10 {log}")));
    }
}
