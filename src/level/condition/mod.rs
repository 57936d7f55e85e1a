//! Conditions: one small expression language over what a system tells, in the manner of `PromQL`.
//!
//! `rabbit.orders.ready > 500 for 1m`, `rate(web.failed[1m]) / rate(web.requests[1m]) > 5%`. Alerts, goals, events, the
//! team, proofs, graphs and `wait until` all use it. A text is read to an [`Expression`] with places, compiled against
//! the names that exist, and evaluated once a simulated second. Pure: it knows no clock, no player and no component,
//! only [`Series`]. Floats are added, subtracted, multiplied and divided, nothing else, so that every machine agrees.
//!
//! What has no sample is absent: a number made with it is absent too, a comparison with it is false.

mod compile;
mod evaluate;
mod functions;
mod syntax;

pub use compile::{Names, Sort};
pub use evaluate::{Fact, Series, State};
pub use functions::{FUNCTIONS, Function, Gathering, Told, WORDS};
pub use syntax::{Argument, Arithmetic, Comparison, Expression, Form, MOST_CHARACTERS, parse};

use crate::sim::quantity::Span;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::ops::Range;

/// What is wrong with a condition, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The bytes of the condition's text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead; may be empty.
    pub help: String,
}

impl Fault {
    fn new(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: help.into() }
    }
}

/// What a number is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Unit {
    /// A count or a share: no unit.
    #[default]
    Plain,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// So many a second.
    PerSecond,
    /// Something made of several; it is compared with anything.
    Mixed,
}

/// How a metric can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A number that only grows: `rate` and `increase` make sense of it.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// Lengths of time, of which `p95` and its like are taken.
    Latency,
    /// A number for each instance, of which `sum`, `count`, `median` and their like are taken.
    Family,
}

/// A metric that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// How it can be used.
    pub shape: Shape,
    /// Which of that shape; counters and gauges share one list.
    pub index: u16,
    /// What it is measured in.
    pub unit: Unit,
}

/// A condition or a measure, ready to be evaluated. One that was only deserialized is a text, and never holds.
#[derive(Clone, PartialEq)]
pub struct Condition {
    text: String,
    node: evaluate::Node,
    slots: usize,
    unit: Unit,
    is_truth: bool,
}

impl Default for Condition {
    fn default() -> Self {
        Self { text: String::new(), node: evaluate::Node::Absent, slots: 0, unit: Unit::Plain, is_truth: true }
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { text: String::deserialize(deserializer)?, ..Self::default() })
    }
}

/// What it means, not how it is written: two texts of one meaning look the same.
impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

impl Condition {
    /// Reads and compiles `text` as something that holds or doesn't.
    ///
    /// # Errors
    /// Everything that is wrong with it, with places in `text`.
    pub fn holding(text: &str, names: &dyn Names) -> Result<Self, Vec<Fault>> {
        let condition = Self::any(text, names)?;
        if condition.is_truth {
            return Ok(condition);
        }
        let message = "this is a number, not something that holds or doesn't";
        Err(vec![Fault::new(0..text.len(), message, "compare it: `… > 0`")])
    }

    /// Reads and compiles `text` as a number to be measured.
    ///
    /// # Errors
    /// Everything that is wrong with it, with places in `text`.
    pub fn measuring(text: &str, names: &dyn Names) -> Result<Self, Vec<Fault>> {
        let condition = Self::any(text, names)?;
        if !condition.is_truth {
            return Ok(condition);
        }
        let message = "this holds or doesn't; a number belongs here";
        Err(vec![Fault::new(
            0..text.len(),
            message,
            "`first(…)` is when it first held, `count_over(…)` how much of the time",
        )])
    }

    /// Reads and compiles `text`, whichever it is; a truth has the value 1 or 0.
    ///
    /// # Errors
    /// Everything that is wrong with it, with places in `text`.
    pub fn any(text: &str, names: &dyn Names) -> Result<Self, Vec<Fault>> {
        let expression = parse(text).map_err(|fault| vec![fault])?;
        let (node, slots, unit, is_truth) = compile::compile(&expression, names)?;
        Ok(Self { text: text.to_owned(), node, slots, unit, is_truth })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its value is measured in.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// Whether it holds or doesn't; otherwise it is a number.
    #[must_use]
    pub const fn is_truth(&self) -> bool {
        self.is_truth
    }

    /// The metrics it looks at, without those of the untouched run; an alert on one that nobody collects is a mistake.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let mut found = vec![];
        self.node.collect_metrics(&mut found);
        found
    }

    /// The facts it asks for.
    #[must_use]
    pub fn facts(&self) -> Vec<&Fact> {
        let mut found = vec![];
        self.node.collect_facts(&mut found);
        found
    }

    /// Whether it compares with another run, or with what monitoring has: only proofs can.
    #[must_use]
    pub fn is_for_proofs(&self) -> bool {
        self.node.is_for_proofs()
    }

    /// What it must remember from one second to the next.
    #[must_use]
    pub fn new_state(&self) -> State {
        State::new(self.slots)
    }

    /// Whether it holds at `second`. To be called for one second after the other.
    pub fn holds(&self, state: &mut State, series: &dyn Series, second: i64) -> bool {
        self.node.value(state, series, second).is_some_and(|value| value != 0.0)
    }

    /// Its value at `second`, if it has one. To be called for one second after the other.
    pub fn value(&self, state: &mut State, series: &dyn Series, second: i64) -> Option<f64> {
        self.node.value(state, series, second)
    }

    /// The two sides of the comparison that decides it, for showing what was measured against what: `p95 94 > 30`.
    /// `None` where it isn't one comparison.
    #[must_use]
    pub fn sides(&self, series: &dyn Series, second: i64) -> Option<(Option<f64>, Option<f64>, Unit)> {
        let (left, right) = self.node.comparison()?;
        let mut scratch = self.new_state();
        let unit = compile::unit_of(left);
        Some((left.value(&mut scratch, series, second), right.value(&mut scratch, series, second), unit))
    }

    /// Whether what it compares is a share: one number by another of the same kind.
    #[must_use]
    pub fn compares_a_share(&self) -> bool {
        let Some((evaluate::Node::Calculate(syntax::Arithmetic::By, part, whole), _)) = self.node.comparison() else {
            return false;
        };
        compile::unit_of(part) == compile::unit_of(whole)
    }

    /// Whether it is itself such a share, and no comparison.
    #[must_use]
    pub fn is_a_share(&self) -> bool {
        let evaluate::Node::Calculate(syntax::Arithmetic::By, part, whole) = &self.node else { return false };
        compile::unit_of(part) == compile::unit_of(whole)
    }

    /// The limit that it compares with, where that is a constant: a line in a graph.
    #[must_use]
    pub fn threshold(&self) -> Option<f64> {
        let (_, right) = self.node.comparison()?;
        right.constant()
    }

    /// What it compares with that limit, as written, and whether it holds below the limit; `None` where it isn't one
    /// comparison.
    #[must_use]
    pub fn limited(&self) -> Option<(&str, bool)> {
        self.node.comparison()?;
        let (left, rest) = self.text.split_at(self.text.find(['<', '>', '=', '!'])?);
        Some((left.trim_start_matches('(').trim(), rest.starts_with('<')))
    }
}

/// A value with its unit as people write it: `94s`, `1.5Gi`, `12/s`, `3`.
#[must_use]
pub fn written(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds if value.abs() >= 10.0 => Span::from_seconds((value + 0.5) as i64).to_string(),
        Unit::Seconds if value.abs() >= 1.0 => format!("{}s", three_digits(value)),
        Unit::Seconds => Span::from_millis((value * 1000.0 + 0.5) as i64).to_string(),
        Unit::Bytes if value >= 1_073_741_824.0 => format!("{}Gi", three_digits(value / 1_073_741_824.0)),
        Unit::Bytes => format!("{}Mi", three_digits(value / 1_048_576.0)),
        Unit::PerSecond => format!("{}/s", three_digits(value)),
        Unit::Plain | Unit::Mixed => three_digits(value),
    }
}

/// At least three digits, no needless zeros.
fn three_digits(value: f64) -> String {
    let places = match value.abs() {
        0.0..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests;
