//! Graphs of what has been scraped: any metric or condition over the last minutes.

use super::series::Values;
use super::stage::{Stage, said_of};
use super::view::Graph;
use crate::level::condition::{Shape, Unit, written};
use crate::sim::component::Component;
use crate::sim::component::hosts::disk::Volume;
use crate::sim::quantity::{Span, Time};

/// An expression over the last `window`, in at most `points` steps.
pub(super) fn graph_of(stage: &Stage, expression: &str, window: Span, points: usize) -> Result<Graph, String> {
    let names = stage.level.names();
    // A latency or a family by itself is drawn as what people look at first.
    let text = match names.metrics().iter().find(|(name, _)| name == expression) {
        Some((name, metric)) if metric.shape == Shape::Latency => format!("p95({name}[2m])"),
        Some((name, metric)) if metric.shape == Shape::Family => format!("median({name})"),
        _ => expression.to_owned(),
    };
    let condition = stage.level.measure(&text).map_err(|faults| said_of(&faults))?;
    let values = Values::scraped_of(stage);
    let end = stage.now().second();
    let seconds = window.seconds().max(1);
    let step = (seconds / points.max(1) as i64).max(1);
    let mut state = condition.new_state();
    let mut drawn = vec![];
    let mut second = end - seconds;
    while second <= end {
        drawn.push((Time::from_seconds(second), condition.value(&mut state, &values, second)));
        second += step;
    }
    let last = drawn.iter().rev().find_map(|(_, value)| *value);
    let unit = match condition.unit() {
        Unit::Seconds => "s",
        Unit::Bytes => "B",
        Unit::PerSecond => "/s",
        Unit::Plain | Unit::Mixed => "",
    };
    let rules = &stage.level.monitoring.alerts;
    let watching = rules.iter().find(|rule| rule.when.text().contains(&text) || rule.when.text().contains(expression));
    Ok(Graph {
        title: text,
        unit: unit.to_owned(),
        points: drawn,
        last: last.map_or_else(|| "no samples".to_owned(), |value| written(value, condition.unit())),
        threshold: watching.and_then(|rule| rule.when.threshold()),
    })
}

/// The graphs that a part is best known by; those of the whole incident where none is meant.
pub(super) fn graphs_of(stage: &Stage, part: Option<&str>) -> Vec<String> {
    let simulation = &stage.simulation;
    let Some(name) = part else {
        let mut all = stage.pinned_graphs.clone();
        for component in simulation.components() {
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
        all.dedup();
        return all;
    };
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
            let loads = stage.loads().filter(|(of, _)| *of == name);
            let mut all = vec![];
            for (of, kind) in loads {
                for suffix in ["delivery", "latency"] {
                    let metric = format!("{of}.{kind}.{suffix}");
                    if simulation.telemetry().catalogue().histogram(&metric).is_some() {
                        all.push(format!("p95({metric}[2m])"));
                    }
                }
            }
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
