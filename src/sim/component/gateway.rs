//! A gateway to the world outside: mail, text messages. What it has accepted can't be taken back; it counts what went
//! out, to how many, and how often one got the same.
//!
//! Knows nothing of why it is asked twice.

use super::Behavior;
use crate::sim::core::Core;
use crate::sim::frame::{FrameId, Status};
use crate::sim::id::{ComponentId, Unit};
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Duration, Span, Time};
use crate::sim::telemetry::{Measure, MetricId};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};

/// A gateway as a level describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// What it sends through, which decides by which tool its statistics are read.
    #[serde(default)]
    pub flavour: Flavour,
    /// From the first word of the conversation until it has accepted.
    #[serde(default = "work")]
    pub work: Duration,
}

const fn work() -> Duration {
    Duration::Constant(Span::from_millis(300))
}

/// What a gateway sends through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Flavour {
    /// An SMTP relay of one's own, in front of a mail provider with statistics.
    #[default]
    SendGrid,
}

/// One thing that went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it was accepted.
    pub at: Time,
    /// For which unit of work.
    pub unit: Unit,
}

/// How many of the latest are kept one by one.
const MOST_KEPT: usize = 5_000;

/// A gateway at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    id: ComponentId,
    /// As the level describes it.
    pub settings: Settings,
    /// Whether it takes anything.
    pub accepts: bool,
    /// How often each unit of work went out.
    pub counts: BTreeMap<Unit, u32>,
    /// The latest that went out, oldest first.
    pub latest: VecDeque<Sent>,
    requests: MetricId,
    sent: MetricId,
    unique: MetricId,
    duplicates: MetricId,
    refused: MetricId,
    most: MetricId,
}

impl Gateway {
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, core: &mut Core) -> Self {
        let name = &settings.name;
        let telemetry = &mut core.telemetry;
        Self {
            id,
            settings: settings.clone(),
            accepts: true,
            counts: BTreeMap::new(),
            latest: VecDeque::new(),
            requests: telemetry.counter(id, format!("{name}.requests"), "conversations begun"),
            sent: telemetry.counter(id, format!("{name}.sent"), "sent; none of it can be taken back"),
            unique: telemetry.counter(id, format!("{name}.unique"), "units of work for which something was sent"),
            duplicates: telemetry.counter(id, format!("{name}.duplicates"), "sent for a unit of work once more"),
            refused: telemetry.counter(id, format!("{name}.refused"), "not accepted"),
            most: telemetry.gauge(id, format!("{name}.most"), "the most for one unit of work", Measure::Count),
        }
    }

    /// The counter of what was sent for a unit of work once more.
    #[must_use]
    pub const fn duplicates(&self) -> MetricId {
        self.duplicates
    }

    /// How many units of work went out so often, from once on.
    #[must_use]
    pub fn by_count(&self) -> BTreeMap<u32, u64> {
        let mut by_count = BTreeMap::new();
        for count in self.counts.values() {
            *by_count.entry(*count).or_insert(0) += 1;
        }
        by_count
    }

    fn accept(&mut self, unit: Unit, core: &mut Core) {
        let count = self.counts.entry(unit).or_insert(0);
        *count += 1;
        core.mark(self.id, 62, unit.0, u64::from(*count));
        core.telemetry.count(self.sent);
        core.telemetry.count(if *count == 1 { self.unique } else { self.duplicates });
        if i64::from(*count) > core.telemetry.value(self.most) {
            core.telemetry.set(self.most, i64::from(*count));
        }
        if self.latest.len() == MOST_KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(Sent { at: core.now, unit });
    }

    fn refuse(&mut self, request: FrameId, core: &mut Core) {
        core.telemetry.count(self.refused);
        core.finish(request, Status::OVERLOADED);
    }
}

impl Behavior for Gateway {
    fn on_request(&mut self, request: FrameId, core: &mut Core) {
        core.telemetry.count(self.requests);
        if !self.accepts {
            self.refuse(request, core);
            return;
        }
        let span = core.draw_work(request, self.settings.work);
        core.wake_after(request, span);
    }

    fn on_wake(&mut self, frame: FrameId, core: &mut Core) {
        if !self.accepts {
            self.refuse(frame, core);
            return;
        }
        // A client whose process died before its last word has sent nothing.
        let is_cut = core.frames[frame].caller_gone || core.caller_is_gone(frame);
        if !is_cut {
            self.accept(Unit(core.frames[frame].unit), core);
        }
        core.finish(frame, Status::OK);
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        let Operation::Enable { enabled } = operation else {
            return Err(Refusal::new(format!("that can't be done to a gateway: {operation:?}")));
        };
        core.mark(self.id, 63, u64::from(*enabled), 0);
        let before = std::mem::replace(&mut self.accepts, *enabled);
        Ok(if before == *enabled { Applied::Unchanged } else { Applied::Done })
    }
}
