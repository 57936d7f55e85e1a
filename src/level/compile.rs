//! From the sections of a level to what runs: the metrics that its system tells, and the digest of what it does.

use super::condition::{Metric, Shape, Unit};
use super::schema::{Event, Sections, callable_names, queue_names};
use crate::sim::component::Settings;
use crate::sim::component::hosts::Names;
use crate::sim::component::service::settings::{OnHosts, RunsOn, Version};
use crate::sim::random::Seed;
use crate::sim::telemetry::{self, Measure};
use crate::sim::{Simulation, System};
use std::fmt::Write as _;

/// What a level describes, as the simulation takes it.
pub(super) fn system(sections: &Sections) -> System {
    let named = |event: &Event| match event {
        Event::Publish(publication) => Some(publication.name.clone()),
        Event::Type(_) => None,
    };
    System {
        components: sections.system.clone(),
        links: sections.links.clone(),
        follows: sections.events.iter().filter_map(named).collect(),
        warm_up: sections.clock.warm_up,
        starts: sections.clock.starts.seconds(),
    }
}

/// Why the system can't be built, if it can't: the component, and what is wrong with it.
pub(super) fn build_error(sections: &Sections) -> Option<(String, String)> {
    let error = Simulation::new(&system(sections), Seed(0)).err()?;
    Some((error.component, error.problem))
}

/// The same system with just what decides which metrics there are: no steps, no instances, and what refers to nothing
/// refers to something. So conditions can be read also where the system has mistakes.
fn outline(sections: &Sections) -> System {
    let mut outline = system(sections);
    let queues = queue_names(sections);
    let services = callable_names(sections);
    outline.links.clear();
    for component in &mut outline.components {
        match component {
            Settings::Clients(clients) => {
                for load in &mut clients.load {
                    redirect(&mut load.publish, &queues);
                    redirect(&mut load.call, &services);
                }
            }
            Settings::Service(service) => {
                service.consumes.clear();
                let mut posts = service.daemon.as_ref().map(|daemon| daemon.queue.clone());
                redirect(&mut posts, &queues);
                if let (Some(daemon), Some(queue)) = (&mut service.daemon, posts) {
                    daemon.queue = queue;
                }
                // What it runs on decides which metrics it has: pods remain pods.
                match &mut service.runs_on {
                    RunsOn::Kubernetes(kubernetes) => (kubernetes.replicas, kubernetes.pool) = (0, None),
                    RunsOn::Hosts(hosts) => {
                        *hosts = OnHosts { names: Names::List(vec![]), ..OnHosts::default() };
                    }
                    RunsOn::Beanstalk(_) => {}
                }
                service.health.clear();
                let none = Version {
                    name: "none".into(),
                    deployed: None,
                    takes: None,
                    note: String::new(),
                    author: String::new(),
                    keepalive: false,
                    steps: vec![],
                    files: vec![],
                };
                service.versions = vec![none];
            }
            Settings::Nodes(nodes) => nodes.count = 0,
            Settings::Schedule(schedule) => schedule.publishes.clear(),
            Settings::Broker(_)
            | Settings::Database(_)
            | Settings::Hosts(_)
            | Settings::SearchCluster(_)
            | Settings::Gateway(_) => {}
            Settings::LoadBalancer(balancer) => {
                let mut to = Some(std::mem::take(&mut balancer.to));
                redirect(&mut to, &services);
                balancer.to = to.unwrap_or_default();
            }
            Settings::Job(job) => job.steps.clear(),
            Settings::Cache(cache) => {
                for route in &mut cache.routes {
                    let mut to = Some(route.to.clone());
                    redirect(&mut to, &services);
                    route.to = to.unwrap_or_default();
                }
            }
        }
    }
    outline
}

/// Makes a reference to nothing one to the first thing there is.
fn redirect(to: &mut Option<String>, known: &[String]) {
    if to.as_ref().is_some_and(|name| !known.contains(name)) {
        *to = known.first().cloned();
    }
}

/// What the system of a level tells, by name.
pub(super) fn measured(sections: &Sections) -> Vec<(String, Metric)> {
    let Ok(simulation) = Simulation::new(&outline(sections), Seed(0)) else { return vec![] };
    let catalogue = simulation.telemetry().catalogue();
    let mut all = vec![];
    for (index, metric) in catalogue.scalars().iter().enumerate() {
        let shape = if metric.kind == telemetry::Kind::Counter { Shape::Counter } else { Shape::Gauge };
        all.push((metric.name.clone(), Metric { shape, index: index as u16, unit: unit(metric.measure) }));
    }
    for (index, metric) in catalogue.histograms().iter().enumerate() {
        all.push((metric.name.clone(), Metric { shape: Shape::Latency, index: index as u16, unit: Unit::Seconds }));
    }
    for (index, metric) in catalogue.families().iter().enumerate() {
        let metric_of = Metric { shape: Shape::Family, index: index as u16, unit: unit(metric.measure) };
        all.push((metric.name.clone(), metric_of));
    }
    all
}

const fn unit(measure: Measure) -> Unit {
    match measure {
        Measure::Count | Measure::Flag => Unit::Plain,
        Measure::Bytes => Unit::Bytes,
        Measure::Time => Unit::Seconds,
    }
}

/// The hash over what a level does. `Debug` of a condition is its compiled form, so that how it is written has no part.
pub(super) fn digest(sections: &Sections) -> u64 {
    let mut text = String::new();
    let clock = &sections.clock;
    let monitoring = &sections.monitoring;
    let _ = write!(text, "{:?}{:?}{:?}{:?}", clock.warm_up, clock.limit, sections.system, sections.events);
    let _ = write!(text, "{:?}{:?}{:?}{:?}", monitoring.scrape, monitoring.collects, monitoring.ships, sections.goal);
    let _ = write!(text, "{:?}", monitoring.quiet_until);
    for alert in &monitoring.alerts {
        let _ = write!(text, "{:?}{:?}{:?}{:?}", alert.name, alert.when, alert.to, alert.repeat);
    }
    for check in &monitoring.checks {
        let _ = write!(text, "{check:?}");
    }
    for saying in &sections.team {
        let _ = write!(text, "{:?}{:?}{:?}{:?}", saying.at, saying.when, saying.after, (&saying.brings, &saying.does));
        for offer in &saying.offers {
            let _ = write!(text, "{:?}{:?}{:?}", offer.reply, offer.does, offer.brings);
        }
    }
    fnv(text.as_bytes())
}

/// FNV-1a of 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
