//! The living system as a map: parts in the order of the flow of work, and what moves between them.

mod batch;
mod data;
mod machines;

use super::stage::Stage;
use super::view::{Bar, Cell, Edge, Health, Map, Part};
use crate::level::Level;
use crate::sim::Step;
use crate::sim::component::Component;
use crate::sim::component::broker::Broker;
use crate::sim::component::cache::Cache;
use crate::sim::component::load_balancer::{Backend, LoadBalancer, State};
use crate::sim::component::nodes::Nodes;
use crate::sim::component::service::{Service, Stage as Life};
use crate::sim::operation::{FileChange, Operation};
use crate::sim::quantity::Time;

/// The seconds over which a rate is taken.
const RATE_OVER: i64 = 10;

/// How a service does, by how many of its instances are ready.
#[must_use]
pub fn health_of(service: &Service) -> Health {
    let wanted = service.deployment.replicas as usize;
    match (service.ready_count(), wanted) {
        (_, 0) => Health::Idle,
        (ready, wanted) if ready >= wanted => Health::Good,
        (ready, wanted) if ready * 2 >= wanted => Health::Strained,
        _ => Health::Failing,
    }
}

/// Whether anybody collects whether a service's instances are up. What nobody collects, nobody sees from outside.
#[must_use]
pub fn is_watched(level: &Level, service: &str) -> bool {
    let collects = &level.monitoring.collects;
    ["available", "pods.ready", "restarts"].iter().any(|what| collects.includes(&format!("{service}.{what}")))
}

/// The map now.
#[must_use]
pub fn map_of(stage: &Stage) -> Map {
    let simulation = &stage.simulation;
    let components = simulation.components();
    let columns = columns(stage);
    let mut rows = vec![0; components.len() + 1];
    let mut map = Map::default();
    for (index, component) in components.iter().enumerate() {
        let mut part = match component {
            Component::Clients(_) => clients(stage, index),
            Component::Broker(broker) => of_broker(stage, broker),
            Component::Cache(cache) => of_cache(stage, cache),
            Component::Service(service) => of_service(stage, service),
            Component::Nodes(nodes) => of_nodes(stage, nodes),
            Component::Schedule(schedule) => batch::of_schedule(stage, schedule),
            Component::SearchCluster(cluster) => batch::of_cluster(stage, cluster),
            Component::Gateway(gateway) => batch::of_gateway(stage, gateway),
            Component::Hosts(hosts) => machines::of_hosts(stage, hosts),
            Component::LoadBalancer(balancer) => of_balancer(stage, balancer),
            Component::Job(_) => Part::default(),
            Component::Database(database) => data::of_database(stage, database),
        };
        part.column = columns[index];
        part.row = rows[part.column];
        rows[part.column] += usize::from(is_on_the_map(component));
        part.badges = badges(stage, &part.name);
        map.parts.push(part);
    }
    add_edges(stage, &mut map);
    leave_out_what_is_hidden(stage, &mut map);
    map
}

/// Whether a component is a part that everybody knows of. Somebody's session is found by whoever looks for it.
const fn is_on_the_map(component: &Component) -> bool {
    !matches!(component, Component::Job(_))
}

fn leave_out_what_is_hidden(stage: &Stage, map: &mut Map) {
    let shown: Vec<bool> = stage.simulation.components().iter().map(is_on_the_map).collect();
    let place = |index: usize| shown[..index].iter().filter(|shown| **shown).count();
    map.edges.retain(|edge| shown[edge.from] && shown[edge.to]);
    for edge in &mut map.edges {
        (edge.from, edge.to) = (place(edge.from), place(edge.to));
    }
    let mut shown = shown.iter();
    map.parts.retain(|_| shown.next().is_none_or(|shown| *shown));
}

/// The distance of each component from the customers.
fn columns(stage: &Stage) -> Vec<usize> {
    let components = stage.simulation.components();
    let links = flows(stage);
    let mut columns = vec![0; components.len()];
    for _ in 0..components.len() {
        for flow in &links {
            if columns[flow.to] < columns[flow.from] + 1 && columns[flow.from] + 1 < components.len() {
                columns[flow.to] = columns[flow.from] + 1;
            }
        }
    }
    let deepest = columns.iter().copied().max().unwrap_or(0);
    for (index, component) in components.iter().enumerate() {
        // What no work goes through stands at the end, out of its way.
        let is_aside = links.iter().all(|flow| flow.from != index && flow.to != index);
        let is_ground = matches!(component, Component::Nodes(_) | Component::Hosts(_));
        if is_ground || is_aside && !matches!(component, Component::Clients(_)) {
            columns[index] = deepest;
        }
    }
    columns
}

/// Work that goes from one component to another.
struct Flow {
    from: usize,
    to: usize,
    from_queue: Option<usize>,
    to_queue: Option<usize>,
    /// The counter of what moves.
    metric: String,
}

fn flows(stage: &Stage) -> Vec<Flow> {
    let simulation = &stage.simulation;
    let mut flows = vec![];
    for (clients, kind, to, queue) in simulation.flows() {
        let name = simulation.name_of(clients);
        let metric = if queue.is_some() { format!("{name}.{kind}") } else { format!("{name}.{kind}.requests") };
        let to_queue = queue.map(usize::from);
        flows.push(Flow { from: clients.index(), to: to.index(), from_queue: None, to_queue, metric });
    }
    for (index, component) in simulation.components().iter().enumerate() {
        if let Component::Schedule(schedule) = component {
            let metric = format!("{}.published", schedule.settings.name);
            for (to, queue) in schedule.targets() {
                let to_queue = Some(usize::from(queue));
                flows.push(Flow { from: index, to: to.index(), from_queue: None, to_queue, metric: metric.clone() });
            }
        }
        if let Component::LoadBalancer(balancer) = component {
            let metric = format!("{}.requests", balancer.settings.name);
            let to = balancer.service.index();
            flows.push(Flow { from: index, to, from_queue: None, to_queue: None, metric });
        }
        if let Component::Cache(cache) = component {
            for (path, to) in cache.targets() {
                let metric = format!("{}.{path}.fetches", cache.settings.name);
                flows.push(Flow { from: index, to: to.index(), from_queue: None, to_queue: None, metric });
            }
        }
        let Component::Service(service) = component else { continue };
        let posted = service.settings.daemon.iter().map(|daemon| &daemon.queue);
        for path in service.settings.consumes.iter().map(|consumed| &consumed.queue).chain(posted) {
            let Some((broker, queue)) = path.split_once('/') else { continue };
            let Some(from) = simulation.id_of(broker) else { continue };
            let Component::Broker(of) = &simulation.components()[from.index()] else { continue };
            let from_queue = of.queue_number(queue).map(usize::from);
            let metric = format!("{broker}.{queue}.acked");
            flows.push(Flow { from: from.index(), to: index, from_queue, to_queue: None, metric });
        }
        let version = usize::from(service.template().version);
        let mut called = vec![];
        let does = service.settings.versions[version].does();
        calls(&does, &mut called);
        for name in called {
            if let Some(to) = simulation.id_of(name) {
                let metric = format!("{name}.requests");
                flows.push(Flow { from: index, to: to.index(), from_queue: None, to_queue: None, metric });
            }
        }
    }
    flows
}

/// The components that steps call.
fn calls<'a>(steps: &'a [Step], found: &mut Vec<&'a str>) {
    for step in steps {
        match step {
            Step::Call { to, .. }
            | Step::Search { on: to, .. }
            | Step::Query { on: to, .. }
            | Step::Write { on: to, .. }
            | Step::Send { via: to }
                if !found.contains(&to.as_str()) =>
            {
                found.push(to);
            }
            Step::When { then, otherwise, .. } => {
                calls(then, found);
                calls(otherwise, found);
            }
            Step::Spawn(steps) => calls(steps, found),
            Step::Repeat { r#do, .. } | Step::ForEach { r#do, .. } | Step::Transaction(r#do) => calls(r#do, found),
            _ => {}
        }
    }
}

fn add_edges(stage: &Stage, map: &mut Map) {
    for flow in flows(stage) {
        let rate = rate(stage, &flow.metric);
        let queue_health = flow.from_queue.and_then(|queue| map.parts[flow.from].bars.get(queue)).map(|bar| bar.health);
        let target = map.parts[flow.to].health;
        let health = match (target, queue_health) {
            (Health::Idle, _) => Health::Idle,
            (health, Some(queue)) => health.max(if queue == Health::Idle { Health::Good } else { queue }),
            // What fails there fails on the way there.
            (health, None) => health,
        };
        map.edges.push(Edge {
            from: flow.from,
            to: flow.to,
            from_bar: flow.from_queue,
            to_bar: flow.to_queue,
            rate: if health == Health::Idle { 0.0 } else { rate },
            health,
        });
    }
}

/// Things a second over the last ten, by a counter.
fn rate(stage: &Stage, metric: &str) -> f64 {
    change(stage, metric, RATE_OVER) as f64 / RATE_OVER as f64
}

fn change(stage: &Stage, metric: &str, over: i64) -> i64 {
    let telemetry = stage.simulation.telemetry();
    let Some(id) = telemetry.catalogue().scalar(metric) else { return 0 };
    let series = telemetry.series(id);
    let second = stage.now().second();
    series.at(second).unwrap_or(0) - series.at(second - over).unwrap_or(0)
}

fn value(stage: &Stage, metric: &str) -> i64 {
    let telemetry = stage.simulation.telemetry();
    telemetry.catalogue().scalar(metric).map_or(0, |id| telemetry.value(id))
}

/// A number with its thousands apart.
#[must_use]
pub fn spaced(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

fn clients(stage: &Stage, index: usize) -> Part {
    let Component::Clients(clients) = &stage.simulation.components()[index] else { return Part::default() };
    let name = stage.simulation.name_of(crate::sim::id::ComponentId(index as u8)).to_owned();
    let overdue = value(stage, &format!("{name}.overdue"));
    let failing: i64 = stage
        .loads()
        .filter(|(of, _)| *of == name)
        .map(|(of, kind)| change(stage, &format!("{of}.{kind}.failed"), RATE_OVER))
        .sum();
    let total: f64 = clients.kinds(stage.now()).map(|(_, rate)| rate).sum();
    let health = if overdue > 0 || failing > 0 { Health::Failing } else { Health::Good };
    let mut line = format!("{}/s", spaced(total.round() as i64));
    if overdue > 0 {
        line = format!("{line}  {} overdue", spaced(overdue));
    }
    if failing > 0 {
        line = format!("{line}  {} failed in 10 s", spaced(failing));
    }
    Part { name, kind: "clients".into(), health, line, ..Part::default() }
}

fn of_broker(stage: &Stage, broker: &Broker) -> Part {
    let name = broker.name().to_owned();
    let kind = if broker.is_sqs() { "SQS" } else { "RabbitMQ" };
    let mut part = Part { name: name.clone(), kind: kind.into(), ..Part::default() };
    let worst = broker.queues().map(|queue| queue.ready).max().unwrap_or(0).max(1000);
    let mut waiting = 0;
    for queue in broker.queues() {
        let ready = queue.ready as i64;
        waiting += ready;
        let grown = change(stage, &format!("{name}.{}.ready", queue.name), RATE_OVER);
        let health = match ready {
            0..100 => Health::Good,
            100..1000 => Health::Strained,
            _ => Health::Failing,
        };
        part.bars.push(Bar {
            label: queue.name.to_owned(),
            text: if broker.is_sqs() {
                format!("{} visible  {} in flight", spaced(ready), spaced(queue.unacked as i64))
            } else {
                format!("{} ready", spaced(ready))
            },
            fill: ready as f64 / worst as f64,
            health,
            trend: if grown.abs() < 5 { 0 } else { grown.signum() as i8 },
        });
        part.health = part.health.max(health);
    }
    part.line = format!("{} waiting", spaced(waiting));
    part
}

fn cell_health(stage: Life) -> Health {
    match stage {
        Life::Running => Health::Good,
        Life::Starting | Life::Creating | Life::Pending | Life::Terminating => Health::Strained,
        Life::BackingOff | Life::Stopped => Health::Failing,
        Life::Gone => Health::Idle,
    }
}

fn of_service(stage: &Stage, service: &Service) -> Part {
    let now = stage.now();
    let name = service.settings.name.clone();
    let wanted = service.deployment.replicas;
    let version = &service.settings.versions[usize::from(service.template().version)];
    let mut part = Part {
        name: name.clone(),
        kind: if service.kubernetes().is_some() { "deployment".into() } else { "service".into() },
        version: format!("{}  {}", version.name, now.since(service.template().made).age()),
        health: health_of(service),
        ..Part::default()
    };
    if wanted > 0 && !is_watched(&stage.level, &name) {
        let unknown = |name: &str| Cell { name: name.to_owned(), health: Health::Idle, state: "not watched".into() };
        part.cells = service.live().map(|(_, instance)| unknown(&instance.name)).collect();
        part.line = format!("{wanted}, not watched from outside");
        part.health = Health::Good;
        return part;
    }
    let restarts = value(stage, &format!("{name}.restarts"));
    part.line = format!("{}/{wanted} ready", service.ready_count());
    // What nobody collects, nobody sees.
    let is_collected = stage.level.monitoring.collects.includes(&format!("{name}.restarts"));
    if restarts > 0 && is_collected {
        part.line = format!("{}  {} restart{}", part.line, spaced(restarts), plural(restarts));
    }
    if wanted == 0 {
        part.line = "0/0 not running".into();
    }
    for (index, pod) in service.live() {
        let state = service.status_word(index, now).to_owned();
        let mut cell = Cell { name: pod.name.to_string(), health: cell_health(pod.stage), state };
        if let Some(failed) = machines::failing_on(stage, &name, index) {
            cell.health = Health::Failing;
            cell.state = format!("{}, {failed} failed in 10 s", cell.state);
            part.health = Health::Failing;
        }
        part.cells.push(cell);
    }
    if let Some(bar) = memory_bar(stage, service) {
        part.bars.push(bar);
    }
    part
}

/// Memory as it was scraped: the largest of the pods that were home, against their limit.
fn memory_bar(stage: &Stage, service: &Service) -> Option<Bar> {
    let limit = service.template().resources.limit?;
    let telemetry = stage.simulation.telemetry();
    let family = telemetry.catalogue().family(&format!("{}.pods.memory", service.settings.name))?;
    let id = stage.simulation.id_of(&service.settings.name)?;
    let scrape = crate::sim::telemetry::Scrape::of(stage.simulation.hash_of(id), stage.level.monitoring.scrape);
    let second = scrape.last_at(stage.now().second());
    let largest = telemetry.members(family).iter().filter_map(|member| member.series.at(second)).max()?;
    let fill = largest as f64 / limit.0 as f64;
    Some(Bar {
        label: "memory".into(),
        text: format!("{} Mi of {} Mi", spaced(largest >> 20), spaced(limit.mib() as i64)),
        fill,
        health: if fill > 0.9 { Health::Strained } else { Health::Good },
        trend: 0,
    })
}

fn of_balancer(stage: &Stage, balancer: &LoadBalancer) -> Part {
    let name = balancer.settings.name.clone();
    let registered = balancer.backends.iter().filter(|backend| backend.state != State::Deregistered).count();
    let healthy = balancer.in_service();
    let refused = change(stage, &format!("{name}.backend_connection_errors"), 60);
    let failing = change(stage, &format!("{name}.status_5xx"), RATE_OVER);
    let mut line = format!("{healthy}/{registered} in service");
    let taken_out = balancer.backends.len() - registered;
    if taken_out > 0 {
        line = format!("{line}  {taken_out} taken out");
    }
    if refused > 0 {
        line = format!("{line}  {} refused in a minute", spaced(refused));
    }
    let health = match (healthy, failing) {
        (0, _) | (_, 1..) => Health::Failing,
        _ if healthy < registered => Health::Strained,
        _ => Health::Good,
    };
    let cell = |backend: &Backend| {
        let (health, state) = match backend.state {
            State::InService => (Health::Good, "InService"),
            State::OutOfService => (Health::Failing, "OutOfService"),
            State::Registering => (Health::Strained, "registering"),
            State::Deregistered => (Health::Idle, "deregistered"),
        };
        Cell { name: backend.name.to_string(), health, state: state.into() }
    };
    let cells = balancer.backends.iter().map(cell).collect();
    Part { name, kind: balancer.settings.flavour.word().into(), health, line, cells, ..Part::default() }
}

fn of_cache(stage: &Stage, cache: &Cache) -> Part {
    let name = cache.settings.name.clone();
    let asked = rate(stage, &format!("{name}.requests"));
    let hits = rate(stage, &format!("{name}.hits"));
    let failed = change(stage, &format!("{name}.failed"), RATE_OVER);
    let share = if asked > 0.0 { 100.0 * hits / asked } else { 0.0 };
    let mut part = Part { name, kind: "Varnish".into(), line: String::new(), ..Part::default() };
    part.line = format!("{}/s  {share:.0} % hits", spaced(asked.round() as i64));
    if failed > 0 {
        part.line = format!("{}  {} failed in 10 s", part.line, spaced(failed));
        part.health = Health::Strained;
    }
    for machine in &cache.machines {
        let sick = machine.backends.iter().filter(|backend| !backend.is_healthy()).count();
        let (health, state) = match (machine.is_up, sick) {
            (false, _) => (Health::Failing, "starting".to_owned()),
            (true, 0) => (Health::Good, format!("{} objects", spaced(machine.objects() as i64))),
            (true, sick) => (Health::Strained, format!("{sick} backend{} sick", plural(sick as i64))),
        };
        part.health = part.health.max(health);
        part.cells.push(Cell { name: machine.name.to_string(), health, state });
    }
    part
}

const fn plural(count: i64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn of_nodes(stage: &Stage, nodes: &Nodes) -> Part {
    let now = stage.now();
    let pending = nodes.pending();
    let mut part = Part {
        name: nodes.settings.name.clone(),
        kind: "nodes".into(),
        health: if pending > 0 { Health::Strained } else { Health::Good },
        ..Part::default()
    };
    let mut ready = 0;
    for node in &nodes.nodes {
        let joined = node.joins <= now;
        ready += usize::from(joined);
        let (health, state) = match (joined, node.cordoned) {
            (false, _) => (Health::Strained, "joining"),
            (true, true) => (Health::Idle, "cordoned"),
            (true, false) => (Health::Good, "Ready"),
        };
        part.cells.push(Cell { name: node.name.to_string(), health, state: state.into() });
    }
    part.line = format!("{ready} ready");
    if pending > 0 {
        part.line = format!("{}  {pending} pods pending", part.line);
    }
    part
}

/// What rings about a part, and what has been done to it lately.
fn badges(stage: &Stage, part: &str) -> Vec<String> {
    let rules = &stage.level.monitoring.alerts;
    let rings = stage.alerts.watched.iter().filter(|watched| watched.firing_since.is_some());
    let about = rings.filter(|watched| is_about(rules[watched.rule].when.text(), part));
    let mut badges: Vec<String> = about.map(|watched| rules[watched.rule].name.clone()).collect();
    let recent = |at: Time| stage.now().since(at).seconds() < 120;
    let done = stage.done.iter().filter(|done| done.component == part && recent(done.at) && done.is_told());
    badges.extend(done.map(|done| short_words(&done.operation)).next_back());
    badges
}

/// Whether an expression is about a part, by its whole name.
#[must_use]
pub fn is_about(expression: &str, part: &str) -> bool {
    let in_a_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    expression.match_indices(part).any(|(at, _)| {
        let before = expression[..at].chars().next_back().is_some_and(|c| in_a_name(c) || c == '.');
        let after = expression[at + part.len()..].chars().next().is_some_and(in_a_name);
        !before && !after
    })
}

fn short_words(operation: &Operation) -> String {
    match operation {
        Operation::Scale { replicas } => format!("scaled to {replicas}"),
        Operation::SetResources { limit: Some(limit), .. } => format!("limit {limit}"),
        Operation::SetResources { .. } => "resources".into(),
        Operation::SetVersion { version } => version.clone(),
        Operation::RolloutRestart => "restarted".into(),
        Operation::RolloutUndo { .. } => "rolled back".into(),
        Operation::RolloutPause { .. } => "rollout paused".into(),
        Operation::DeletePod { .. } => "pod deleted".into(),
        Operation::Purge { queue } => format!("{queue} purged"),
        Operation::Policy { name, .. } => format!("policy {name}"),
        Operation::Shovel { from, to } => format!("{from} to {to}"),
        Operation::Redrive { from, .. } => format!("{from} goes back"),
        Operation::StopRedrive { from } => format!("{from} stays"),
        Operation::Declare { queue, .. } => format!("{queue} declared"),
        Operation::Get { .. } => "messages taken".into(),
        Operation::Publish { .. } => "message sent".into(),
        Operation::Kill { .. } => "process killed".into(),
        Operation::Configure { key, value } => format!("{key}={value}"),
        Operation::File { path, change: FileChange::Remove, .. } => format!("rm {path}"),
        Operation::File { path, change: FileChange::Truncate(_), .. } => format!("{path} cut"),
        Operation::Unit { instance, verb } => format!("{instance} {}", verb.word()),
        Operation::Deregister { backend } => format!("{backend} out"),
        Operation::Register { backend } => format!("{backend} in"),
        Operation::SetCheck { .. } => "check changed".into(),
        Operation::DeleteIndex { index } => format!("{index} deleted"),
        Operation::MoveAliases { .. } => "alias moved".into(),
        Operation::PutFile { machine, path, .. } => format!("{path} on {machine}"),
        Operation::Ban { pattern, .. } => format!("ban {pattern}"),
        Operation::SetHealth { backend, .. } => format!("{backend} set by hand"),
        Operation::Cordon { node, .. } => format!("{node} cordoned"),
        Operation::Kernel { machine, command, .. } => format!("{machine}: {command}"),
        Operation::Enable { enabled: true } => "switched on".into(),
        Operation::Enable { enabled: false } => "switched off".into(),
        Operation::SetQueue { queue, .. } => format!("{queue}: attributes"),
        Operation::SetOption { option, value } => format!("{option}={value}"),
        Operation::CancelTasks { .. } => "queries cancelled".into(),
        Operation::Sql { server, sql } => data::words(server, sql),
        Operation::Volume { server, volume, .. } => format!("{server}: {volume} grown"),
        Operation::RestartServer { server } => format!("mysqld started again on {server}"),
        Operation::WriteTo { server } => format!("writes go to {server}"),
        Operation::Announce => "announced".into(),
        Operation::StartJob { .. } => "begun".into(),
        Operation::Unqueue => "taken out of the queue".into(),
        Operation::Answer { .. } => "answered".into(),
    }
}

/// What an operation did to a component, in a few words.
#[must_use]
pub fn words_for(component: &str, operation: &Operation) -> String {
    format!("{component}: {}", short_words(operation))
}
