//! What a system tells about itself: true values every second, latencies every ten, and who collects what when.
//!
//! Append-only; closed parts are shared between snapshots. A scrape isn't a second store: what was scraped at a time is
//! the true value of the second at which the scraper came by, or nothing where nobody was home.

mod histogram;
mod ledger;
mod series;

pub use histogram::Histogram;
pub(in crate::sim) use ledger::{Ledger, Origin};
pub use series::Series;

use super::id::{ComponentId, Unit};
use super::quantity::{Span, Time};
use std::sync::Arc;

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows: a number of things that have happened.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// What a value is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A plain number.
    Count,
    /// Bytes.
    Bytes,
    /// Microseconds.
    Time,
    /// 0 or 1.
    Flag,
}

/// A metric as it is defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The full name: `broker.queue.ready`.
    pub name: String,
    /// What it is, in a line.
    pub about: &'static str,
    /// Counter or gauge.
    pub kind: Kind,
    /// Its measure.
    pub measure: Measure,
    /// The component that tells it.
    pub component: ComponentId,
}

/// A scalar metric's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricId(pub u16);

/// A latency metric's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistogramId(pub u16);

/// A metric told by every instance of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FamilyId(pub u16);

/// One instance's values of a family over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The instance's name.
    pub name: Arc<str>,
    /// Its values, a gap where it told nothing.
    pub series: Series,
}

/// All metrics by name, fixed when a system is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    scalars: Vec<Metric>,
    histograms: Vec<Metric>,
    families: Vec<Metric>,
}

impl Catalogue {
    /// The counters and gauges, in the order of their ids.
    #[must_use]
    pub fn scalars(&self) -> &[Metric] {
        &self.scalars
    }

    /// The latencies.
    #[must_use]
    pub fn histograms(&self) -> &[Metric] {
        &self.histograms
    }

    /// The metrics that every instance tells.
    #[must_use]
    pub fn families(&self) -> &[Metric] {
        &self.families
    }

    /// The counter or gauge of this name.
    #[must_use]
    pub fn scalar(&self, name: &str) -> Option<MetricId> {
        position(&self.scalars, name).map(MetricId)
    }

    /// The latency of this name.
    #[must_use]
    pub fn histogram(&self, name: &str) -> Option<HistogramId> {
        position(&self.histograms, name).map(HistogramId)
    }

    /// The family of this name.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<FamilyId> {
        position(&self.families, name).map(FamilyId)
    }
}

fn position(list: &[Metric], name: &str) -> Option<u16> {
    list.iter().position(|metric| metric.name == name).map(|place| place as u16)
}

/// Everything that has been measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    catalogue: Arc<Catalogue>,
    values: Vec<i64>,
    series: Vec<Series>,
    histograms: Vec<Histogram>,
    members: Vec<Vec<Member>>,
    pub(in crate::sim) ledger: Ledger,
    /// The first second that was sampled.
    start: i64,
}

impl Telemetry {
    pub(in crate::sim) fn new(start: Time) -> Self {
        Self {
            catalogue: Arc::default(),
            values: Vec::new(),
            series: Vec::new(),
            histograms: Vec::new(),
            members: Vec::new(),
            ledger: Ledger::default(),
            start: start.second(),
        }
    }

    /// All metrics by name.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    fn define(
        &mut self,
        component: ComponentId,
        name: String,
        about: &'static str,
        kind: Kind,
        measure: Measure,
    ) -> u16 {
        let catalogue = Arc::make_mut(&mut self.catalogue);
        catalogue.scalars.push(Metric { name, about, kind, measure, component });
        self.values.push(0);
        self.series.push(Series::starting(self.start));
        (self.values.len() - 1) as u16
    }

    pub(in crate::sim) fn counter(&mut self, component: ComponentId, name: String, about: &'static str) -> MetricId {
        MetricId(self.define(component, name, about, Kind::Counter, Measure::Count))
    }

    pub(in crate::sim) fn gauge(
        &mut self,
        component: ComponentId,
        name: String,
        about: &'static str,
        measure: Measure,
    ) -> MetricId {
        MetricId(self.define(component, name, about, Kind::Gauge, measure))
    }

    pub(in crate::sim) fn latency(&mut self, component: ComponentId, name: String, about: &'static str) -> HistogramId {
        let catalogue = Arc::make_mut(&mut self.catalogue);
        catalogue.histograms.push(Metric { name, about, kind: Kind::Gauge, measure: Measure::Time, component });
        self.histograms.push(Histogram::starting(self.start));
        HistogramId((self.histograms.len() - 1) as u16)
    }

    pub(in crate::sim) fn family(
        &mut self,
        component: ComponentId,
        name: String,
        about: &'static str,
        measure: Measure,
    ) -> FamilyId {
        let catalogue = Arc::make_mut(&mut self.catalogue);
        catalogue.families.push(Metric { name, about, kind: Kind::Gauge, measure, component });
        self.members.push(Vec::new());
        FamilyId((self.members.len() - 1) as u16)
    }

    /// One more of these has happened.
    #[inline]
    pub(in crate::sim) fn count(&mut self, metric: MetricId) {
        self.values[usize::from(metric.0)] += 1;
    }

    /// This many more of these have happened.
    #[inline]
    pub(in crate::sim) fn add(&mut self, metric: MetricId, amount: i64) {
        self.values[usize::from(metric.0)] += amount;
    }

    /// A gauge stands at this value.
    #[inline]
    pub(in crate::sim) fn set(&mut self, metric: MetricId, value: i64) {
        self.values[usize::from(metric.0)] = value;
    }

    /// Something took this long, for as many as it stands for.
    #[inline]
    pub(in crate::sim) fn record(&mut self, metric: HistogramId, now: Time, took: Span, weight: u16) {
        self.histograms[usize::from(metric.0)].record(now, took, u32::from(weight));
    }

    /// The value of the `index`-th member of a family at the second that is being sampled; `None` where it tells nothing.
    pub(in crate::sim) fn tell(
        &mut self,
        family: FamilyId,
        index: usize,
        name: &Arc<str>,
        second: i64,
        value: Option<i64>,
    ) {
        let members = &mut self.members[usize::from(family.0)];
        if index == members.len() {
            members.push(Member { name: Arc::clone(name), series: Series::starting(second) });
        }
        if let Some(member) = members.get_mut(index) {
            member.series.push(second, value);
        }
    }

    /// Closes a second: every scalar's value is kept.
    pub(in crate::sim) fn sample(&mut self, second: i64) {
        self.ledger.close(second, &mut self.values);
        for (series, value) in self.series.iter_mut().zip(&self.values) {
            series.push(second, Some(*value));
        }
    }

    /// The value right now.
    #[must_use]
    pub fn value(&self, metric: MetricId) -> i64 {
        self.values[usize::from(metric.0)]
    }

    /// A scalar's true values, second by second.
    #[must_use]
    pub fn series(&self, metric: MetricId) -> &Series {
        &self.series[usize::from(metric.0)]
    }

    /// A latency's buckets.
    #[must_use]
    pub fn histogram(&self, metric: HistogramId) -> &Histogram {
        &self.histograms[usize::from(metric.0)]
    }

    /// The members of a family, in the order in which they first appeared; those that are gone stay.
    #[must_use]
    pub fn members(&self, family: FamilyId) -> &[Member] {
        &self.members[usize::from(family.0)]
    }

    /// A customer has sent a message.
    #[inline]
    pub(in crate::sim) fn published(&mut self, unit: Unit, now: Time) {
        self.ledger.published(unit, now, &mut self.values);
    }

    /// A message is gone for good without having been handled.
    pub(in crate::sim) fn lost(&mut self, unit: Unit) {
        self.ledger.lost(unit, &mut self.values);
    }

    /// A message has been handled to the end.
    pub(in crate::sim) fn delivered(&mut self, unit: Unit, published: Time, now: Time) {
        if let Some((metric, took)) = self.ledger.delivered(unit, published, now, &mut self.values) {
            self.record(metric, now, took, 1);
        }
    }
}

/// When the scraper comes by, and what it doesn't collect.
///
/// Each component is scraped at its own second of the interval, as targets are spread in Prometheus; the second is a hash
/// of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scrape {
    /// The interval in whole seconds, at least 1.
    pub interval: i64,
    /// The second within the interval.
    pub offset: i64,
}

impl Scrape {
    /// The scrape of a component of this name.
    #[must_use]
    pub fn of(name_hash: u64, interval: Span) -> Self {
        let interval = interval.seconds().max(1);
        Self { interval, offset: (name_hash % interval.unsigned_abs()) as i64 }
    }

    /// The last second at or before `second` at which it came by.
    #[must_use]
    pub const fn last_at(self, second: i64) -> i64 {
        second - (second - self.offset).rem_euclid(self.interval)
    }
}
