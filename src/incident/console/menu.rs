//! Menus: what can be looked at and done about a part of the system, each with the console line that does it.
//!
//! Looks come first, then changes, with a warning of what will happen. A line that ends in `…` is one that the player
//! goes on typing.

mod batch;

use super::choice::{change, look};
use super::cluster::{Cluster, Pod};
use super::world::{caches, databases};
use super::{Named, World, deploy, host, rabbitmq, sessions, shell};
use crate::incident::view::Choice;
use crate::sim::component::database::{Database, Server};

/// What can be looked at and done about a part: a component, a pod, a queue or a machine.
#[must_use]
pub fn menu(world: &dyn World, part: &str) -> Vec<Choice> {
    let cluster = Cluster::of(world);
    let mut all = vec![];
    if let Some(pod) = cluster.pods.iter().find(|pod| pod.name == part) {
        of_pod(pod, &mut all);
    }
    if cluster.deployments.iter().any(|one| one.name == part) {
        of_deployment(part, &cluster, world, &mut all);
    }
    if cluster.nodes.iter().any(|node| node.name == part) {
        of_node(part, &mut all);
    }
    for broker in rabbitmq::brokers(world) {
        if broker.name == part {
            of_broker(&broker, &mut all);
        }
        for queue in broker.queues.iter().filter(|queue| queue.name == part) {
            of_queue(queue, &mut all);
        }
    }
    if cluster.nodes.iter().any(|node| node.pool == part) {
        all.push(look("Which machines there are, and how they do", "kubectl get nodes"));
        all.push(look("How full the machines are", "kubectl top nodes"));
        all.push(look("What the cluster has noticed", "kubectl get events --sort-by=.lastTimestamp | tail -20"));
    }
    host::choices(world, part, &mut all);
    batch::choices(world, part, &mut all);
    of_cache(world, part, &mut all);
    for (name, database) in databases(world) {
        if name == part || database.number_of(part).is_some() {
            of_database(part, database, &mut all);
        }
    }
    if all.is_empty() {
        all.push(look("How it stands", "status"));
        all.push(look("Which documents are at hand", "read"));
    }
    // Looks first; a stable sort keeps the order among them.
    all.sort_by_key(|choice| choice.changes);
    each_once(&mut all);
    all
}

/// Two kinds of a thing offer the same line: one is enough.
fn each_once(all: &mut Vec<Choice>) {
    let mut seen: Vec<String> = vec![];
    all.retain(|choice| {
        let new = !seen.contains(&choice.line);
        seen.push(choice.line.clone());
        new
    });
}

/// A cache or one of its machines.
fn of_cache(world: &dyn World, part: &str, all: &mut Vec<Choice>) {
    for (_, cache) in caches(world) {
        if cache.settings.name == part {
            all.push(look("What it has counted", "varnishstat -1"));
            all.push(look("Whom it asks, and whether they are well", "varnishadm backend.list"));
            for backend in &cache.backends {
                let line = |state| format!("varnishadm backend.set_health {} {state}", backend.name);
                let warning = "it gets no more requests from any of the caches; the others get its share";
                all.push(change(format!("Ask {} no more", backend.name), line("sick"), warning));
                let warning = "it is asked again as soon as it answers";
                all.push(change(format!("Ask {} again", backend.name), line("auto"), warning));
            }
            for route in &cache.settings.routes {
                let line = format!("varnishadm ban req.url '~' ^/{}", route.path);
                let warning = "what is asked for next is fetched anew, as it is then";
                all.push(change(format!("Make it forget every {}", route.path), line, warning));
            }
        }
        for machine in cache.machines.iter().filter(|machine| *machine.name == *part) {
            all.push(look("What it has counted", format!("ssh {part} varnishstat -1")));
            let warning = "it forgets all its answers; everything is asked for again, all at once";
            all.push(change("Restart it", format!("ssh {} systemctl restart varnish", machine.name), warning));
        }
    }
}

/// Everything that can be looked at and done now.
#[must_use]
pub fn palette(world: &dyn World) -> Vec<Choice> {
    let cluster = Cluster::of(world);
    let mut all = of_the_incident(world);
    let brokers = rabbitmq::brokers(world);
    let parts = cluster.deployments.iter().map(|one| one.name.clone());
    let parts = parts.chain(brokers.iter().map(|broker| broker.name.clone()));
    let parts = parts.chain(brokers.iter().flat_map(|broker| broker.queues.iter().map(|queue| queue.name.clone())));
    let parts = parts.chain(host::parts(world)).chain(batch::parts(world));
    let parts: Vec<String> = parts.chain(cluster.nodes.iter().map(|node| node.name.clone())).collect();
    let caches = caches(world).map(|(_, cache)| cache.settings.name.clone());
    for part in parts.into_iter().chain(caches) {
        let of_part = menu(world, &part).into_iter();
        all.extend(of_part.map(|choice| Choice { label: format!("{part}: {}", choice.label), ..choice }));
    }
    if !cluster.nodes.is_empty() {
        all.push(look("Which machines there are", "kubectl get nodes"));
        all.push(look("What the cluster has noticed", "kubectl get events --sort-by=.lastTimestamp | tail -20"));
    }
    if !world.shipped().is_empty() {
        all.push(look("Search all logs for errors", "logs search --level error --since 10m"));
        all.push(look("Which unit of work is handled most often", "logs search --count-by id --top 10"));
        all.push(look("Search all logs", "logs search …"));
    }
    for (name, _) in databases(world) {
        let of_part = menu(world, name).into_iter();
        all.extend(of_part.map(|choice| Choice { label: format!("{name}: {}", choice.label), ..choice }));
    }
    if !world.checks().is_empty() {
        all.push(look("Which checks there are, and who has taken them", "nagios"));
        let names = world.checks().into_iter().map(|check| check.name);
        all.extend(
            names.map(|name| look(format!("What the check sees: {name}"), format!("nagios {}", shell::quote(&name)))),
        );
    }
    for machine in sessions::machines(world) {
        all.push(look(format!("{machine}: who works there"), format!("ssh {machine} w")));
    }
    each_once(&mut all);
    all
}

/// The game's own acts.
fn of_the_incident(world: &dyn World) -> Vec<Choice> {
    let mut all = vec![];
    for (alert, about) in world.named(Named::Firing) {
        all.push(look(format!("Take the alert: {alert} ({about})"), format!("ack {}", shell::quote(&alert))));
    }
    for (answer, about) in world.named(Named::Answers) {
        all.push(look(format!("Answer: {about}"), format!("reply {answer}")));
    }
    all.push(look("Declare an incident", "declare SEV1 …"));
    all.push(look("Tell everybody how it stands", "status …"));
    for (name, about) in world.named(Named::Documents) {
        all.push(look(format!("Read: {name} {about}").trim_end(), format!("read {}", shell::quote(&name))));
    }
    for (person, about) in world.named(Named::People) {
        let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
        all.push(look(format!("Ask {person}{about}"), format!("ask {} …", shell::quote(&person))));
    }
    all.push(look("Explore what is measured: graphs of any metric, several at once", "explore"));
    all.push(look("Write down what you think it is", "hypothesis …"));
    if let Some((_, evidence)) = world.named(Named::Pins).last() {
        for (number, text) in world.named(Named::Hypotheses) {
            all.push(look(format!("Speaks for '{text}': {evidence}"), format!("pin for {number}")));
            all.push(look(format!("Speaks against '{text}': {evidence}"), format!("pin against {number}")));
        }
    }
    all.push(look("Say what you expect to see", "predict \"…\" in 2m"));
    all.push(look("Write a note", "note …"));
    // Not the causes one by one: who looks for something else would read them.
    all.push(look("Say what it was: diagnose", "diagnose …"));
    all.push(look("Let a minute pass", "wait 1m"));
    all.push(look("Ask for a hint", "hint"));
    all.push(change("Close the incident", "resolve", "If the cause is still in the system, the pager rings again."));
    all.push(look("Which commands there are", "help"));
    all
}

/// A database as a whole, or one of its servers.
fn of_database(part: &str, database: &Database, all: &mut Vec<Choice>) {
    let primary = &database.servers[database.writes_to].name;
    let server = if database.number_of(part).is_some() { part } else { primary };
    all.push(look(format!("Who does what on {server}"), format!("mysql -h {server} -e 'SHOW FULL PROCESSLIST'")));
    all.push(look(format!("How far the log of {server} is"), format!("mysql -h {server} -e 'SHOW MASTER STATUS'")));
    all.push(look(format!("How full the volumes of {server} are"), format!("ssh {server} df -h")));
    all.push(look(
        format!("What the server says on {server}"),
        format!("ssh {server} tail -20 /var/log/mysql/error.log"),
    ));
    if let Some(one) = database.servers.iter().find(|one| *one.name == *server) {
        of_volumes(database, one, all);
    }
    let followers = database.servers.iter().filter(|one| one.replica.is_some());
    let followers: Vec<&str> = followers.map(|one| &*one.name).collect();
    if let Some(first) = followers.first() {
        all.push(look("Whether the replicas follow", format!("mysql -h {first} -e 'SHOW SLAVE STATUS\\G'")));
        let line = format!(
            "echo {} | xargs -n 1 mysql -e 'SHOW SLAVE STATUS\\G' -h | grep Exec_Master_Log_Pos",
            followers.join(" ")
        );
        all.push(look("Whether all replicas are at the same place", line));
    }
    all.push(change(
        "End a session",
        format!("mysql -h {server} -e 'KILL …'"),
        "What it has not committed is rolled back.",
    ));
    all.push(change(
        "Drop old log files",
        format!("mysql -h {server} -e \"PURGE BINARY LOGS TO '…'\""),
        "A replica that has not read them can't follow any more.",
    ));
}

/// What a server writes to its volumes, and how they are made larger.
fn of_volumes(database: &Database, server: &Server, all: &mut Vec<Choice>) {
    let (name, group) = (&server.name, &database.settings.volume_group.name);
    let log = server.volumes.iter().find(|volume| volume.name == database.settings.binlog.volume);
    if let Some((volume, file)) = log.zip(server.log.files.last()) {
        all.push(look(
            format!("The files of its log on {name}"),
            format!("ssh {name} ls -lh {} | tail -12", volume.at),
        ));
        let line = format!("ssh {name} mysqlbinlog {} | head -20", database.file_name(file.number));
        all.push(look("What the newest of them holds, by table", line));
    }
    all.push(look(format!("What the volume groups of {name} have left"), format!("ssh {name} vgs")));
    for volume in &server.volumes {
        all.push(change(
            format!("Make {} larger on {name}", volume.at),
            format!("ssh {name} lvextend -r -L +…G /dev/{group}/{}", volume.name),
            "What is given to one volume is not left for another.",
        ));
    }
}

fn of_deployment(name: &str, cluster: &Cluster, world: &dyn World, all: &mut Vec<Choice>) {
    let Some(one) = cluster.deployments.iter().find(|one| one.name == name) else { return };
    let mut own: Vec<&Pod> = cluster.pods.iter().filter(|pod| pod.deployment == name).collect();
    // The one that has died most often tells most.
    own.sort_by_key(|pod| (pod.ready, std::cmp::Reverse(pod.restarts)));
    all.push(look("Which pods run, and how often they were restarted", format!("kubectl get pods -l app={name}")));
    let count = "awk '{print $3}' | sort | uniq -c";
    all.push(look(
        "How many pods are in which state",
        format!("kubectl get pods -l app={name} --no-headers | {count}"),
    ));
    if let Some(pod) = own.first() {
        all.push(look("Everything about its worst pod, and the events", format!("kubectl describe pod {}", pod.name)));
        all.push(look("What that pod writes", format!("kubectl logs {} --tail=20", pod.name)));
        if pod.last.is_some() {
            let line = format!("kubectl logs {} --previous --tail=20", pod.name);
            all.push(look("What it wrote before it died", line));
        }
        if let Some(node) = &pod.node {
            all.push(look("What the kernel of its machine says", format!("ssh {node} dmesg -T | tail -20")));
        }
    }
    all.push(look("How much memory its pods hold", format!("kubectl top pods -l app={name}")));
    all.push(look("Limits, version and state of the deployment", format!("kubectl describe deployment {name}")));
    all.push(look("Its revisions", format!("kubectl rollout history deployment/{name}")));
    all.push(look("What was changed in its code", format!("git log {name}")));
    all.push(look("How far its rollout is", format!("kubectl rollout status deployment/{name}")));
    let wanted = one.wanted;
    let replaces =
        format!("Replaces all {wanted} pods, a part at a time. Their logs and what they hold in memory are gone.");
    if own.iter().any(|pod| !pod.ready) {
        let dead = "grep -v Running | awk '{print $1}' | xargs -r kubectl delete pod";
        all.push(change(
            "Delete the pods that don't run",
            format!("kubectl get pods -l app={name} --no-headers | {dead}"),
            "New pods take their places at once, without the wait before a restart. Their logs are gone.",
        ));
    }
    all.push(change("Restart all its pods", format!("kubectl rollout restart deployment/{name}"), replaces.clone()));
    if one.revisions.len() > 1 {
        let line = format!("kubectl rollout undo deployment/{name}");
        all.push(change("Go back to the revision before", line, format!("Goes back one revision. {replaces}")));
    }
    let line = format!("kubectl scale deployment/{name} --replicas=…");
    all.push(change("Change how many pods there are", line, format!("It has {wanted} pods now.")));
    if wanted > 0 {
        let line = format!("kubectl scale deployment/{name} --replicas=0");
        all.push(change("Stop all its pods", line, "Nothing does its work until it is scaled up again."));
    }
    let limit = one.template.limit.map_or("no limit".to_owned(), |limit| limit.to_string());
    let line = format!("kubectl set resources deployment/{name} --limits=memory=…");
    all.push(change("Change its memory limit", line, format!("The limit is {limit} now. {replaces}")));
    all.extend(deploy::choices(world, name, &format!("Builds and rolls out. {replaces}")));
}

fn of_pod(pod: &Pod, all: &mut Vec<Choice>) {
    all.push(look("Everything about it, and the events", format!("kubectl describe pod {}", pod.name)));
    all.push(look("What it writes", format!("kubectl logs {} --tail=20", pod.name)));
    if pod.last.is_some() {
        all.push(look("What it wrote before it died", format!("kubectl logs {} --previous --tail=20", pod.name)));
    }
    all.push(look("How much memory it holds", format!("kubectl top pod {}", pod.name)));
    if let Some(node) = &pod.node {
        all.push(look("What the kernel of its machine says", format!("ssh {node} dmesg -T | tail -20")));
    }
    all.push(change(
        "Delete it",
        format!("kubectl delete pod {}", pod.name),
        "Another pod takes its place at once. Its log and what it holds in memory are gone.",
    ));
}

fn of_node(name: &str, all: &mut Vec<Choice>) {
    all.push(look("What its kernel says", format!("ssh {name} dmesg -T | tail -20")));
    all.push(look("Its memory", format!("ssh {name} free -h")));
    all.push(look("Its processes, by memory", format!("ssh {name} top -o %MEM")));
    all.push(look("Which pods it carries, and the events", format!("kubectl describe node {name}")));
    all.push(look("What its kubelet says", format!("ssh {name} journalctl -u kubelet -n 20")));
    all.push(look("Log in", format!("ssh {name}")));
    let line = format!("kubectl cordon {name}");
    all.push(change("Take it out of scheduling", line, "No new pod is placed there; those that are there stay."));
}

fn of_broker(broker: &rabbitmq::Broker, all: &mut Vec<Choice>) {
    let columns = "name messages_ready messages_unacknowledged consumers";
    all.push(look("Its queues, and who consumes them", format!("rabbitmqctl list_queues {columns}")));
    all.push(look("Its consumers", "rabbitmqctl list_consumers"));
    all.push(look("Its memory and alarms", "rabbitmqctl status"));
    all.push(look("Its policies", "rabbitmqctl list_policies"));
    for queue in &broker.queues {
        of_queue(queue, all);
    }
}

fn of_queue(queue: &rabbitmq::Queue, all: &mut Vec<Choice>) {
    let name = &queue.name;
    all.push(look(
        format!("Look at the message at the head of {name}"),
        format!("rabbitmqadmin get queue={name} count=1"),
    ));
    all.push(look(
        format!("Follow how many wait in {name}"),
        format!("watch -n 5 \"rabbitmqctl -q list_queues name messages_ready messages_unacknowledged consumers | grep {name}\""),
    ));
    all.push(change(
        format!("Take the message at the head of {name} out for good"),
        format!("rabbitmqadmin get queue={name} count=1 ackmode=ack_requeue_false"),
        "One message is gone for good. It must be ready: what a consumer has in hand can't be taken.",
    ));
    all.push(change(
        format!("Empty {name}"),
        format!("rabbitmqctl purge_queue {name}"),
        format!("{} messages are lost for good. What consumers have in hand stays.", queue.ready),
    ));
}
