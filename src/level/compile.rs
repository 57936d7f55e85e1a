//! From the sections of a level to what runs: the metrics that its system tells, and the digest of what it does.

use super::condition::{Metric, Shape, Unit};
use super::schema::{Event, Sections};
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
    }
}

/// What the system of a level tells, by name; nothing where it can't be built.
pub(super) fn measured(sections: &Sections) -> Vec<(String, Metric)> {
    let Ok(simulation) = Simulation::new(&system(sections), Seed(0)) else { return vec![] };
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
