//! The values that conditions look at: what is true, and what somebody has scraped.
//!
//! Both are views of one store. What was scraped at a second is the true value of the last second at which the scraper
//! came by, or nothing where the metric isn't collected or nobody was home.

use super::stage::Stage;
use crate::level::condition::{Fact, Series};
use crate::level::schema::Monitoring;
use crate::sim::Simulation;
use crate::sim::telemetry::{FamilyId, HistogramId, Measure, Metric, MetricId, Scrape};

/// When the scraper comes by for each metric; nothing where the metric isn't collected.
#[derive(Debug)]
pub struct Scrapes {
    scalars: Vec<Option<Scrape>>,
    families: Vec<Option<Scrape>>,
    histograms: Vec<Option<Scrape>>,
}

impl Scrapes {
    /// For a level's monitoring.
    #[must_use]
    pub fn of(monitoring: &Monitoring, simulation: &Simulation) -> Self {
        let scrape = |metric: &Metric| {
            let of = || Scrape::of(simulation.hash_of(metric.component), monitoring.scrape);
            monitoring.collects.includes(&metric.name).then(of)
        };
        let all = |metrics: &[Metric]| metrics.iter().map(scrape).collect();
        let catalogue = simulation.telemetry().catalogue();
        Self {
            scalars: all(catalogue.scalars()),
            families: all(catalogue.families()),
            histograms: all(catalogue.histograms()),
        }
    }
}

/// The values of an incident.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    stage: &'a Stage,
    is_scraped: bool,
    untouched: Option<&'a Values<'a>>,
    scraped: Option<&'a Values<'a>>,
}

impl<'a> Values<'a> {
    /// What is true.
    #[must_use]
    pub const fn truth(stage: &'a Stage) -> Self {
        Self { stage, is_scraped: false, untouched: None, scraped: None }
    }

    /// What was scraped.
    #[must_use]
    pub const fn scraped_of(stage: &'a Stage) -> Self {
        Self { stage, is_scraped: true, untouched: None, scraped: None }
    }

    /// What is true, with the run in which nobody acts and what monitoring has behind it.
    #[must_use]
    pub const fn beside(stage: &'a Stage, untouched: &'a Self, scraped: &'a Self) -> Self {
        Self { stage, is_scraped: false, untouched: Some(untouched), scraped: Some(scraped) }
    }

    /// The second whose values are seen at `second`; `None` where the metric isn't collected.
    fn seen_at(&self, scrapes: &[Option<Scrape>], index: u16, second: i64) -> Option<i64> {
        if !self.is_scraped {
            return Some(second);
        }
        scrapes.get(usize::from(index))?.map(|scrape| scrape.last_at(second))
    }
}

fn converted(value: i64, measure: Measure) -> f64 {
    match measure {
        Measure::Time => value as f64 / 1e6,
        Measure::Count | Measure::Bytes | Measure::Flag => value as f64,
    }
}

impl Series for Values<'_> {
    fn begin(&self) -> i64 {
        -self.stage.level.clock.warm_up.seconds() + 1
    }

    fn value(&self, index: u16, second: i64) -> Option<f64> {
        let telemetry = self.stage.simulation.telemetry();
        let metric = telemetry.catalogue().scalars().get(usize::from(index))?;
        let second = self.seen_at(&self.stage.scrapes.scalars, index, second)?;
        telemetry.series(MetricId(index)).at(second).map(|value| converted(value, metric.measure))
    }

    fn members(&self, index: u16, second: i64, each: &mut dyn FnMut(f64)) {
        let telemetry = self.stage.simulation.telemetry();
        let Some(metric) = telemetry.catalogue().families().get(usize::from(index)) else { return };
        let Some(second) = self.seen_at(&self.stage.scrapes.families, index, second) else { return };
        for member in telemetry.members(FamilyId(index)) {
            if let Some(value) = member.series.at(second) {
                each(converted(value, metric.measure));
            }
        }
    }

    fn quantile(&self, index: u16, after: i64, until: i64, percent: u8) -> Option<f64> {
        let telemetry = self.stage.simulation.telemetry();
        telemetry.catalogue().histograms().get(usize::from(index))?;
        let end = self.seen_at(&self.stage.scrapes.histograms, index, until)?;
        let begin = after - (until - end);
        telemetry.histogram(HistogramId(index)).quantile(f64::from(percent) / 100.0, begin, end).map(|v| v / 1e6)
    }

    fn fact(&self, fact: &Fact, _second: i64) -> Option<f64> {
        Some(f64::from(u8::from(match fact {
            Fact::BudgetUsed => return Some(self.stage.judge.budget_used),
            Fact::Told(told, words) => self.stage.facts.holds(*told, words),
            Fact::Exists { place, tag } => self.stage.exists(place, tag.as_deref()),
            Fact::Declared => self.stage.judge.declared_at.is_some(),
            Fact::Mitigated => self.stage.judge.mitigated_at.is_some(),
            Fact::Resolved => self.stage.judge.resolved_at.is_some(),
            Fact::Lost => self.stage.judge.is_lost,
        })))
    }

    fn untouched(&self) -> Option<&dyn Series> {
        self.untouched.map(|values| values as &dyn Series)
    }

    fn scraped(&self) -> Option<&dyn Series> {
        self.scraped.map(|values| values as &dyn Series)
    }
}
