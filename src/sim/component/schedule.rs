//! What comes by the clock: a cron job or a scheduled function that publishes a batch of messages, one for each thing
//! that is due. It can be switched off; what it has published stays published.
//!
//! Knows nothing of what becomes of its messages.

use super::Behavior;
use crate::sim::agenda::Ticket;
use crate::sim::core::{Core, Timer};
use crate::sim::id::{ComponentId, Unit};
use crate::sim::message::{Message, Parcel};
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Span, Time};
use crate::sim::telemetry::{Measure, MetricId};
use serde::Deserialize;

/// A schedule as a level describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// What it is, which decides by which tool it is switched off.
    #[serde(default)]
    pub flavour: Flavour,
    /// Whether it is switched on at the beginning.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The batches.
    pub publishes: Vec<Batch>,
}

const fn yes() -> bool {
    true
}

/// What a schedule is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Flavour {
    /// A crontab on some machine.
    #[default]
    Cron,
    /// A rule of `CloudWatch` Events that starts a function.
    Lambda,
}

/// One batch of messages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// When it is due.
    pub at: Time,
    /// How long until it is due again; without it, it comes once.
    #[serde(default)]
    pub every: Option<Span>,
    /// How many messages.
    pub count: u32,
    /// The queue: `broker/queue`.
    pub to: String,
    /// The tags that each carries.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What such a message says; `{id}` and other `{words}` differ from one to the next.
    #[serde(default)]
    pub body: String,
}

/// More messages at one time than this are beyond what a level may ask for.
pub const MOST_AT_ONCE: u32 = 100_000;

impl Settings {
    /// Everything that is wrong with these settings, each with the path of the field and what to write instead.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = vec![];
        for (index, batch) in self.publishes.iter().enumerate() {
            let place = format!("publishes[{index}]");
            if batch.count > MOST_AT_ONCE {
                problems.push((format!("{place}.count"), format!("at most {MOST_AT_ONCE} messages at one time")));
            }
            if batch.every.is_some_and(|every| every < Span::from_seconds(1)) {
                problems.push((format!("{place}.every"), "a schedule comes once a second at most".into()));
            }
        }
        problems
    }
}

/// A schedule at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    id: ComponentId,
    /// As the level describes it.
    pub settings: Settings,
    /// Whether it is switched on.
    pub enabled: bool,
    /// For each batch: broker, queue, tags as bits, and how many messages there have been.
    targets: Vec<(ComponentId, u16, u64, u64)>,
    published: MetricId,
    on: MetricId,
}

impl Schedule {
    /// Defines its metrics; queues and tags come as numbers, in the order of the batches.
    pub(in crate::sim) fn new(
        id: ComponentId,
        settings: &Settings,
        targets: &[(ComponentId, u16, u64)],
        core: &mut Core,
    ) -> Self {
        let name = &settings.name;
        let telemetry = &mut core.telemetry;
        Self {
            id,
            settings: settings.clone(),
            enabled: settings.enabled,
            targets: targets.iter().map(|(broker, queue, tags)| (*broker, *queue, *tags, 0)).collect(),
            published: telemetry.counter(id, format!("{name}.published"), "messages published so far"),
            on: telemetry.gauge(id, format!("{name}.enabled"), "whether it is switched on", Measure::Flag),
        }
    }

    /// The queues it publishes to: (broker, queue).
    pub fn targets(&self) -> impl Iterator<Item = (ComponentId, u16)> {
        self.targets.iter().map(|(broker, queue, ..)| (*broker, *queue))
    }

    /// What one of its messages says.
    #[must_use]
    pub fn body(&self, unit: Unit) -> Option<String> {
        let batch = self.settings.publishes.get(usize::from(unit.load()))?;
        Some(crate::sim::log::text(&batch.body, unit))
    }

    fn publish(&mut self, index: usize, core: &mut Core) {
        let Some(batch) = self.settings.publishes.get(index) else { return };
        let (broker, queue, tags, made) = self.targets[index];
        for ordinal in made..made + u64::from(batch.count) {
            let unit = Unit::new(self.id, index as u8, ordinal);
            core.mark(self.id, 60, unit.0, 0);
            let message = Message { unit, published: core.now, position: 0, tags, deliveries: 0, redelivered: false };
            core.send(self.id, broker, Parcel::Publish { queue, message });
        }
        core.telemetry.add(self.published, i64::from(batch.count));
        self.targets[index].3 += u64::from(batch.count);
    }
}

impl Behavior for Schedule {
    fn start(&mut self, core: &mut Core) {
        for (index, batch) in self.settings.publishes.iter().enumerate() {
            let mut at = batch.at;
            if let Some(every) = batch.every.filter(|every| *every > Span::ZERO) {
                let missed = core.now.since(at).micros().max(0) / every.micros();
                at = at + every * missed;
            }
            if at >= core.now {
                core.set_timer(self.id, Timer::Tick, index as u32, at);
            }
        }
    }

    fn on_timer(&mut self, _timer: Timer, index: u32, _ticket: Ticket, core: &mut Core) {
        let index = index as usize;
        if let Some(every) = self.settings.publishes[index].every {
            core.set_timer(self.id, Timer::Tick, index as u32, core.now + every.max(Span::from_seconds(1)));
        }
        if self.enabled {
            self.publish(index, core);
        }
    }

    fn sample(&mut self, _second: i64, core: &mut Core) {
        core.telemetry.set(self.on, i64::from(self.enabled));
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        let Operation::Enable { enabled } = operation else {
            return Err(Refusal::new(format!("that can't be done to a schedule: {operation:?}")));
        };
        core.mark(self.id, 61, u64::from(*enabled), 0);
        let before = std::mem::replace(&mut self.enabled, *enabled);
        Ok(if before == *enabled { Applied::Unchanged } else { Applied::Done })
    }
}
