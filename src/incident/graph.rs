//! Graphs of what has been scraped: any metric or condition over the last minutes.

use super::alerts::is_page;
use super::series::Values;
use super::stage::{Stage, said_of};
use super::view::{Graph, Twofold};
use crate::level::condition::{Condition, Shape, Unit, written};
use crate::sim::component::Component;
use crate::sim::component::hosts::disk::Volume;
use crate::sim::quantity::{Span, Time};
use crate::sim::telemetry::{Kind, Metric};

/// An expression over the `window` up to a moment, in at most `points` steps.
pub(super) fn graph_of(
    stage: &Stage,
    expression: &str,
    until: Time,
    window: Span,
    points: usize,
) -> Result<Graph, String> {
    let (text, condition) = drawn(stage, expression)?;
    let values = Values::scraped_of(stage);
    let name = named(stage, expression);
    // No more can fail than is asked for; what fails late is counted in a minute in which less was asked for.
    let most = if name.is_empty() { f64::INFINITY } else { 1.0 };
    let last = points_of(&condition, &values, stage.now(), Span::ZERO, 1).into_iter().find_map(|(_, value)| value);
    let points = points_of(&condition, &values, until.min(stage.now()), window, points);
    let last = last.or_else(|| points.iter().rev().find_map(|(_, value)| *value));
    let watching = limit_of(stage, expression, &text);
    let times = scale_of(&condition);
    Ok(Graph {
        name: watching.map_or(name, |watching| watching.name.to_owned()),
        title: text,
        unit: unit_of(&condition).to_owned(),
        points: points.into_iter().map(|(at, value)| (at, value.map(|value| value.min(most) * times))).collect(),
        last: last.map_or_else(|| "no samples".to_owned(), |value| said(value.min(most), &condition)),
        threshold: watching.and_then(|watching| watching.level).map(|level| level * times),
        fires_below: watching.is_some_and(|watching| watching.fires_below),
    })
}

/// What values are drawn by: a share in parts of a hundred.
fn scale_of(condition: &Condition) -> f64 {
    if condition.is_a_share() { 100.0 } else { 1.0 }
}

/// A value as people say it, with its unit.
fn said(value: f64, condition: &Condition) -> String {
    let text = written(value * scale_of(condition), condition.unit());
    if condition.is_a_share() { format!("{text} %") } else { text }
}

/// An expression over the whole run so far: as it was scraped, and as it was.
pub(super) fn twofold(stage: &Stage, expression: &str, steps: usize) -> Option<Twofold> {
    let (title, condition) = drawn(stage, expression).ok()?;
    let (now, window, times) = (stage.now(), stage.now().since(Time::ZERO), scale_of(&condition));
    let scaled = |values: &Values<'_>| -> Vec<(Time, Option<f64>)> {
        let points = points_of(&condition, values, now, window, steps);
        points.into_iter().map(|(at, value)| (at, value.map(|value| value * times))).collect()
    };
    let shown = scaled(&Values::scraped_of(stage));
    let truth = scaled(&Values::truth(stage));
    let threshold = limit_of(stage, expression, &title).and_then(|watching| watching.level).map(|level| level * times);
    let is_hidden = shown.iter().all(|(_, value)| value.is_none());
    Some(Twofold { unit: unit_of(&condition).to_owned(), title, shown, truth, is_hidden, threshold })
}

/// What nobody collects: the numbers that go up and down, and those that every instance tells.
pub(super) fn hidden(stage: &Stage) -> Vec<String> {
    let catalogue = stage.simulation.telemetry().catalogue();
    let scalars = catalogue.scalars().iter().filter(|metric| metric.kind == Kind::Gauge);
    let hidden = |metric: &&Metric| !stage.level.monitoring.collects.includes(&metric.name);
    scalars.chain(catalogue.families()).filter(hidden).map(|metric| metric.name.clone()).collect()
}

/// An alert that watches an expression.
#[derive(Clone, Copy)]
struct Watching<'a> {
    name: &'a str,
    fires_below: bool,
    /// The limit, where it is a constant.
    level: Option<f64>,
}

fn limit_of<'a>(stage: &'a Stage, expression: &str, text: &str) -> Option<Watching<'a>> {
    let mut rules = stage.level.monitoring.alerts.iter();
    // An alert watches what it compares, not every number that goes into that.
    rules.find_map(|rule| {
        let (left, fires_below) = rule.when.limited()?;
        let level = rule.when.threshold();
        (left == text || left == expression).then_some(Watching { name: &rule.name, fires_below, level })
    })
}

/// What monitoring had of an expression at a moment, with its unit; `None` where nothing had been scraped.
pub(super) fn reading_of(stage: &Stage, expression: &str, at: Time) -> Option<String> {
    let (_, condition) = drawn(stage, expression).ok()?;
    let values = Values::scraped_of(stage);
    let value = points_of(&condition, &values, at, Span::ZERO, 1).first()?.1?;
    let most = if named(stage, expression).is_empty() { f64::INFINITY } else { 1.0 };
    Some(said(value.min(most), &condition))
}

/// An expression as it is drawn: a latency or a family by itself as what people look at first.
fn drawn(stage: &Stage, expression: &str) -> Result<(String, Condition), String> {
    let names = stage.level.names();
    let text = match names.metrics().iter().find(|(name, _)| name == expression) {
        Some((name, metric)) if metric.shape == Shape::Latency => format!("p95({name}[2m])"),
        Some((name, metric)) if metric.shape == Shape::Family => format!("median({name})"),
        _ => expression.to_owned(),
    };
    let condition = stage.level.measure(&text).map_err(|faults| said_of(&faults))?;
    Ok((text, condition))
}

fn points_of(
    condition: &Condition,
    values: &Values<'_>,
    until: Time,
    window: Span,
    points: usize,
) -> Vec<(Time, Option<f64>)> {
    let end = until.second();
    let seconds = window.seconds().max(0);
    let step = (seconds / points.max(1) as i64).max(1);
    let mut state = condition.new_state();
    // At whole steps, so that what is drawn doesn't change when the window moves on.
    let mut second = (end - seconds).div_euclid(step) * step;
    let mut drawn = vec![];
    while second < end {
        drawn.push((Time::from_seconds(second), condition.value(&mut state, values, second)));
        second += step;
    }
    drawn.push((Time::from_seconds(end), condition.value(&mut state, values, end)));
    drawn
}

fn unit_of(condition: &Condition) -> &'static str {
    match condition.unit() {
        _ if condition.is_a_share() => "%",
        Unit::Seconds => "s",
        Unit::Bytes => "B",
        Unit::PerSecond => "/s",
        Unit::Plain | Unit::Mixed => "",
    }
}

/// Whether a metric is among those that people are shown: it is collected, and isn't about a message of the story, which
/// would give that away.
pub(super) fn is_shown(stage: &Stage, metric: &Metric) -> bool {
    !metric.name.starts_with("message.") && stage.level.monitoring.collects.includes(&metric.name)
}

/// What can be drawn of all that is collected: (expression, what it is). What only grows comes as a rate first, lengths of
/// time by their shares, what every instance tells by its middle and its ends.
pub(super) fn measurable(stage: &Stage) -> Vec<(String, String)> {
    let catalogue = stage.simulation.telemetry().catalogue();
    let mut all = vec![];
    let collected = |metric: &&Metric| is_shown(stage, metric);
    let mut offer = |metric: &Metric, forms: &[(&str, &str, &str)]| {
        for (before, after, what) in forms {
            let about = if what.is_empty() { metric.about.to_owned() } else { format!("{}, {what}", metric.about) };
            all.push((format!("{before}{}{after}", metric.name), about));
        }
    };
    for metric in catalogue.scalars().iter().filter(collected) {
        let forms: &[(&str, &str, &str)] = match metric.kind {
            Kind::Counter => &[("rate(", "[1m])", "how many a second"), ("", "", "all together")],
            Kind::Gauge => &[("", "", "")],
        };
        offer(metric, forms);
    }
    for metric in catalogue.histograms().iter().filter(collected) {
        offer(metric, &[("p95(", "[2m])", "nineteen of twenty are shorter"), ("p50(", "[2m])", "half are shorter")]);
    }
    for metric in catalogue.families().iter().filter(collected) {
        offer(
            metric,
            &[
                ("median(", ")", "the instance in the middle"),
                ("max(", ")", "the most of all"),
                ("min(", ")", "the least of all"),
            ],
        );
    }
    all
}

/// The last ten minutes of an expression, as lines of text.
pub(super) fn told(stage: &Stage, expression: &str) -> Result<Vec<String>, String> {
    let graph = graph_of(stage, expression, stage.now(), Span::from_seconds(600), 10)?;
    let mut lines = vec![format!("{}, as it was scraped in the last ten minutes", graph.title)];
    for (at, _) in &graph.points {
        let value = reading_of(stage, expression, *at).unwrap_or_else(|| "no sample".to_owned());
        lines.push(format!("{}  {value:>12}", stage.clock.seconds(*at)));
    }
    if let Some(level) = graph.threshold {
        let (_, condition) = drawn(stage, expression)?;
        let way = if graph.fires_below { "below" } else { "above" };
        lines.push(format!("an alert watches it: it fires {way} {}", said(level / scale_of(&condition), &condition)));
    }
    Ok(lines)
}

/// What the alerts measure that have fired so far, those that wake people first. It stays when they end, so that no graph
/// goes while somebody looks at it.
fn alarming(stage: &Stage) -> Vec<String> {
    let rules = &stage.level.monitoring.alerts;
    let mut fired: Vec<_> = stage.alerts.fired().filter_map(|rule| rules.get(rule)).collect();
    fired.sort_by_key(|rule| !is_page(rule));
    fired.iter().filter_map(|rule| rule.when.limited()).map(|(measured, _)| measured.to_owned()).collect()
}

/// The graphs that a part is best known by; those of the whole incident where none is meant.
pub(super) fn graphs_of(stage: &Stage, part: Option<&str>) -> Vec<String> {
    let Some(name) = part else { return of_the_whole(stage) };
    // What rings about a part is what hurts: it comes first.
    let about = |expression: &String| super::map::is_about(expression, name);
    let mut all: Vec<String> = alarming(stage).into_iter().filter(about).collect();
    all.extend(known_by(stage, name));
    let mut known = std::collections::BTreeSet::new();
    all.retain(|graph| known.insert(graph.clone()));
    all
}

/// Those of the whole incident.
fn of_the_whole(stage: &Stage) -> Vec<String> {
    // First what the player has chosen, then what rang: that has a beginning, and says how bad it is. After the first of
    // that comes what customers feel, those that are worst off first, unless an alert measures just that.
    let mut all = stage.pinned_graphs.clone();
    let alarming = alarming(stage);
    let mut clients: Vec<&str> = stage.loads().map(|(of, _)| of).collect();
    clients.dedup();
    clients.retain(|name| !alarming.iter().any(|graph| super::map::is_about(graph, name)));
    clients.sort_by_key(|name| std::cmp::Reverse(failed_of(stage, name)));
    let felt: Vec<String> = clients.iter().filter_map(|name| felt(stage, name).into_iter().next()).collect();
    all.extend(alarming.first().cloned());
    all.extend(felt.first().cloned());
    all.extend(alarming);
    all.extend(felt);
    for component in stage.simulation.components() {
        match component {
            Component::Broker(broker) => {
                all.extend(broker.queues().map(|queue| format!("{}.{}.ready", broker.name(), queue.name)));
            }
            Component::Service(service) if super::map::is_watched(&stage.level, &service.settings.name) => {
                all.push(format!("{}.available", service.settings.name));
            }
            Component::SearchCluster(cluster) => all.push(format!("{}.queue", cluster.settings.name)),
            Component::Clients(_)
            | Component::Service(_)
            | Component::Nodes(_)
            | Component::Hosts(_)
            | Component::Schedule(_)
            | Component::Gateway(_)
            | Component::Job(_) => {}
            Component::Database(database) => {
                all.push(format!("p95({}.write_latency[2m])", database.settings.name));
            }
            Component::LoadBalancer(balancer) => {
                all.push(format!("increase({}.backend_connection_errors[60s])", balancer.settings.name));
            }
            Component::Cache(cache) => all.push(format!("{}.objects", cache.settings.name)),
        }
    }
    let mut known = std::collections::BTreeSet::new();
    all.retain(|graph| known.insert(graph.clone()));
    all
}

fn failing_share(of: &str, kind: &str) -> String {
    format!("rate({of}.{kind}.failed[1m]) / rate({of}.{kind}.requests[1m])")
}

/// What people call an expression that no alert watches; empty where they have no word for it.
fn named(stage: &Stage, expression: &str) -> String {
    let found = stage.loads().find(|(of, kind)| failing_share(of, kind) == expression);
    found.map_or_else(String::new, |(of, kind)| {
        let is_alone = stage.loads().all(|(other, its)| other != of || its == kind);
        if is_alone { format!("{of} failing") } else { format!("{of} failing: {kind}") }
    })
}

/// How many requests of these customers have had no good answer so far.
fn failed_of(stage: &Stage, name: &str) -> i64 {
    let telemetry = stage.simulation.telemetry();
    let of_kind = |kind: &str| telemetry.catalogue().scalar(&format!("{name}.{kind}.failed"));
    let kinds = stage.loads().filter(|(of, _)| *of == name).filter_map(|(_, kind)| of_kind(kind));
    kinds.map(|id| telemetry.value(id)).sum()
}

/// What customers feel, as far as it is measured: which share of what they ask for has no good answer, and how long they
/// wait for one, for each kind.
fn felt(stage: &Stage, name: &str) -> Vec<String> {
    let catalogue = stage.simulation.telemetry().catalogue();
    let is_collected = |metric: &str| stage.level.monitoring.collects.includes(metric);
    let (mut failing, mut waiting) = (vec![], vec![]);
    for (of, kind) in stage.loads().filter(|(of, _)| *of == name) {
        let failed = format!("{of}.{kind}.failed");
        if catalogue.scalar(&failed).is_some() && is_collected(&failed) {
            failing.push(failing_share(of, kind));
        }
        for suffix in ["delivery", "latency"] {
            let metric = format!("{of}.{kind}.{suffix}");
            if catalogue.histogram(&metric).is_some() && is_collected(&metric) {
                waiting.push(format!("p95({metric}[2m])"));
            }
        }
    }
    failing.extend(waiting);
    failing
}

/// The graphs that a part is best known by.
fn known_by(stage: &Stage, name: &str) -> Vec<String> {
    let simulation = &stage.simulation;
    match simulation.component(name) {
        Some(Component::Broker(broker)) => {
            let of = |queue: &str| [format!("{name}.{queue}.ready"), format!("{name}.{queue}.consumers")];
            broker.queues().flat_map(|queue| of(queue.name)).collect()
        }
        Some(Component::Service(_)) if !super::map::is_watched(&stage.level, name) => vec![],
        Some(Component::Service(service)) if service.supervisor().is_some() => {
            vec![format!("rate({name}.failed[1m])"), format!("rate({name}.requests[1m])"), format!("{name}.available")]
        }
        Some(Component::Hosts(hosts)) => {
            let of_machine = |machine: &crate::sim::component::hosts::Machine| {
                let free = |volume: &Volume| format!("{}.{}.free", machine.name, volume.word());
                machine.disks.volumes.iter().map(free).collect::<Vec<_>>()
            };
            // What nobody collects, nobody draws.
            let all = hosts.machines.iter().flat_map(of_machine);
            all.filter(|metric| stage.level.monitoring.collects.includes(metric)).collect()
        }
        Some(Component::Service(_)) => vec![
            format!("{name}.available"),
            format!("rate({name}.restarts[5m])"),
            format!("median({name}.pods.memory)"),
        ],
        Some(Component::Clients(_)) => {
            let mut all = felt(stage, name);
            all.push(format!("{name}.waiting"));
            all
        }
        Some(Component::Schedule(_)) => vec![format!("{name}.published")],
        Some(Component::SearchCluster(_)) => {
            vec![format!("p95({name}.latency[5m])"), format!("{name}.queue"), format!("rate({name}.rejected[1m])")]
        }
        Some(Component::Database(_)) => vec![
            format!("p95({name}.write_latency[2m])"),
            format!("rate({name}.commits[1m])"),
            format!("{name}.readers.busy"),
            format!("{name}.replicas.lag"),
        ],
        Some(Component::Gateway(_)) => vec![format!("rate({name}.sent[1m])")],
        Some(Component::Cache(_)) => vec![
            format!("rate({name}.hits[1m]) / rate({name}.requests[1m])"),
            format!("rate({name}.fetches[1m])"),
            format!("rate({name}.failed[1m])"),
        ],
        Some(Component::Nodes(_)) => vec![format!("{name}.ready"), format!("{name}.pending_pods")],
        Some(Component::LoadBalancer(_)) => vec![
            format!("increase({name}.backend_connection_errors[60s])"),
            format!("{name}.healthy_hosts"),
            format!("p95({name}.latency[2m])"),
        ],
        Some(Component::Job(_)) | None => vec![],
    }
}
