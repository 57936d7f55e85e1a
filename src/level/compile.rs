//! From the sections of a level to what runs: the metrics that its system tells, and the digest of what it does.

use super::condition::{Metric, Shape, Unit};
use super::schema::{Event, Sections};
use crate::level::pending::component::Settings;
use std::fmt::Write as _;

/// What the system of a level tells, by name.
pub(super) fn measured(sections: &Sections) -> Vec<(String, Metric)> {
    // TEMPORARY until the simulation builds systems: names as its components will define them.
    let mut all = vec![];
    let mut add = |name: String, shape: Shape, unit: Unit| {
        let index = all.len() as u16;
        all.push((name, Metric { shape, index, unit }));
    };
    for component in &sections.system {
        let name = component.name();
        match component {
            Settings::Clients(clients) => {
                for load in &clients.load {
                    add(format!("{name}.{}", load.kind), Shape::Counter, Unit::Plain);
                    for counter in ["requests", "failed", "delivered", "late", "duplicates", "lost"] {
                        add(format!("{name}.{}.{counter}", load.kind), Shape::Counter, Unit::Plain);
                    }
                    for gauge in ["waiting", "overdue"] {
                        add(format!("{name}.{}.{gauge}", load.kind), Shape::Gauge, Unit::Plain);
                    }
                    for latency in ["delivery", "latency"] {
                        add(format!("{name}.{}.{latency}", load.kind), Shape::Latency, Unit::Seconds);
                    }
                }
                add(format!("{name}.waiting"), Shape::Gauge, Unit::Plain);
                add(format!("{name}.overdue"), Shape::Gauge, Unit::Plain);
            }
            Settings::Broker(broker) => {
                for queue in &broker.queues {
                    for gauge in ["ready", "unacked", "consumers"] {
                        add(format!("{name}.{}.{gauge}", queue.name), Shape::Gauge, Unit::Plain);
                    }
                    add(format!("{name}.{}.redelivered", queue.name), Shape::Counter, Unit::Plain);
                }
            }
            Settings::Service(_) => {
                add(format!("{name}.restarts"), Shape::Counter, Unit::Plain);
                add(format!("{name}.probes.failed"), Shape::Counter, Unit::Plain);
                add(format!("{name}.killed.rss"), Shape::Gauge, Unit::Bytes);
                add(format!("{name}.killed.after"), Shape::Gauge, Unit::Seconds);
                add(format!("{name}.pods.running"), Shape::Gauge, Unit::Plain);
                add(format!("{name}.pods.restarts"), Shape::Family, Unit::Plain);
                add(format!("{name}.pods.ready"), Shape::Family, Unit::Plain);
                add(format!("{name}.pods.memory"), Shape::Family, Unit::Bytes);
            }
            Settings::Nodes(_) => {}
        }
    }
    for event in &sections.events {
        if let Event::Publish(publication) = event {
            let name = publication.name.replace(' ', "_");
            add(format!("message.{name}.deliveries"), Shape::Counter, Unit::Plain);
        }
    }
    all
}

/// The hash over what a level does. `Debug` of a condition is its compiled form, so that how it is written has no part.
pub(super) fn digest(sections: &Sections) -> u64 {
    let mut text = String::new();
    let clock = &sections.clock;
    let monitoring = &sections.monitoring;
    let _ = write!(text, "{:?}{:?}{:?}{:?}", clock.warm_up, clock.limit, sections.system, sections.events);
    let _ = write!(text, "{:?}{:?}{:?}{:?}", monitoring.scrape, monitoring.collects, monitoring.ships, sections.goal);
    for alert in &monitoring.alerts {
        let _ = write!(text, "{:?}{:?}{:?}{:?}", alert.name, alert.when, alert.to, alert.repeat);
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
