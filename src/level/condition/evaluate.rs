//! What a compiled condition is, and its value at a second.
//!
//! Parts that look back (`for`, `first`, `always`, …) remember in a [`State`] what they saw, so that a second costs the
//! same however long the incident. Both sides of `and` and `or` are always looked at, or they would miss seconds.

use super::functions::{Gathering, Told};
use super::syntax::{Arithmetic, Comparison};
use super::{Metric, Shape, Unit};

/// What a condition is evaluated against: the values that somebody can see. There are two views, of what is true and of
/// what was scraped; and the same run with nobody acting stands behind [`Series::untouched`].
pub trait Series {
    /// The first second that has values; negative where there was a warm-up.
    fn begin(&self) -> i64;
    /// A counter or gauge at a second, in seconds, bytes or plain.
    fn value(&self, index: u16, second: i64) -> Option<f64>;
    /// A family's values at a second, one an instance.
    fn members(&self, index: u16, second: i64, each: &mut dyn FnMut(f64));
    /// The length of time, in seconds, that so many percent of those after `after` and until `until` don't exceed.
    fn quantile(&self, index: u16, after: i64, until: i64, percent: u8) -> Option<f64>;
    /// Something that isn't measured: a truth is 1 or 0.
    fn fact(&self, fact: &Fact, second: i64) -> Option<f64>;
    /// The same under the same changes, with no commands. Only proofs have one.
    fn untouched(&self) -> Option<&dyn Series>;
    /// The same as monitoring has it. Only proofs have one; what is shown to players is scraped to begin with.
    fn scraped(&self) -> Option<&dyn Series>;
}

/// Something that is known rather than measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Something was done or said, with the words given.
    Told(Told, Vec<String>),
    /// Something is at a place (`broker/queue`, `broker/*`, a component), with this tag if one is given.
    Exists { place: String, tag: Option<String> },
    /// The share of the error budget that is used up.
    BudgetUsed,
    /// The player has declared an incident.
    Declared,
    /// The goal holds.
    Mitigated,
    /// The incident is closed.
    Resolved,
    /// The budget is used up, or what may never happen has happened.
    Lost,
}

/// What a condition remembers from one second to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slot {
    /// Since when it holds without a break, or when it first held.
    since: Option<i64>,
    /// How many seconds were looked at.
    seconds: u32,
    /// In how many of them it held, or had a value.
    held: u32,
    /// The least, the most or the sum.
    number: f64,
}

impl State {
    pub(super) fn new(slots: usize) -> Self {
        Self { slots: vec![Slot::default(); slots] }
    }

    fn slot(&mut self, number: usize) -> &mut Slot {
        if number >= self.slots.len() {
            self.slots.resize(number + 1, Slot::default());
        }
        &mut self.slots[number]
    }
}

/// How a condition is followed through time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    Always,
    Ever,
    Share,
    First,
}

/// A compiled part of a condition. A truth has the value 1 or 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Constant(f64, Unit),
    /// Something that doesn't exist in a changed level: it has no value, ever.
    Absent,
    Value(Metric),
    Rate(Metric, i64),
    Increase(Metric, i64),
    Quantile(Metric, Option<i64>, u8),
    Of(Gathering, Metric),
    OverWindow(Gathering, Metric, i64),
    Over {
        gathering: Gathering,
        number: Box<Node>,
        after: i64,
        slot: usize,
    },
    Last(Metric),
    Fact(Fact),
    Time,
    Negative(Box<Node>),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Calculate(Arithmetic, Box<Node>, Box<Node>),
    For {
        condition: Box<Node>,
        seconds: i64,
        slot: usize,
    },
    Followed {
        follow: Follow,
        condition: Box<Node>,
        after: i64,
        slot: usize,
    },
    Untouched(Box<Node>),
    Scraped(Box<Node>),
}

/// How far back `last` looks for a value, in seconds.
const LONGEST_GAP: i64 = 6 * 3600;

impl Node {
    pub(super) fn value(&self, state: &mut State, series: &dyn Series, now: i64) -> Option<f64> {
        match self {
            Self::Constant(value, _) => Some(*value),
            Self::Absent => None,
            Self::Value(metric) => series.value(metric.index, now),
            Self::Rate(metric, window) => {
                increase(series, metric.index, now, *window).map(|(more, seconds)| more / seconds as f64)
            }
            Self::Increase(metric, window) => increase(series, metric.index, now, *window).map(|(more, _)| more),
            Self::Quantile(metric, window, percent) => {
                let after = window.map_or(0, |window| now - window);
                series.quantile(metric.index, after, now, *percent)
            }
            Self::Of(gathering, metric) => of_members(*gathering, metric.index, series, now),
            Self::OverWindow(gathering, metric, window) => {
                let mut values = (now - window + 1..=now).filter_map(|second| series.value(metric.index, second));
                gather(*gathering, &mut values)
            }
            Self::Over { gathering, number, after, slot } => {
                let value = number.value(state, series, now);
                over(*gathering, value.filter(|_| now >= *after), state.slot(*slot))
            }
            Self::Last(metric) => {
                let earliest = series.begin().max(now - LONGEST_GAP);
                (earliest..=now).rev().find_map(|second| match metric.shape {
                    Shape::Family => of_members(Gathering::Most, metric.index, series, second),
                    _ => series.value(metric.index, second),
                })
            }
            Self::Fact(fact) => series.fact(fact, now),
            Self::Time => Some(now as f64),
            Self::Negative(inner) => inner.value(state, series, now).map(|value| -value),
            Self::Not(inner) => Some(truth(!inner.holds(state, series, now))),
            Self::And(left, right) => {
                let (left, right) = (left.holds(state, series, now), right.holds(state, series, now));
                Some(truth(left && right))
            }
            Self::Or(left, right) => {
                let (left, right) = (left.holds(state, series, now), right.holds(state, series, now));
                Some(truth(left || right))
            }
            Self::Compare(comparison, left, right) => {
                let (left, right) = (left.value(state, series, now), right.value(state, series, now));
                Some(truth(left.zip(right).is_some_and(|(left, right)| compare(*comparison, left, right))))
            }
            Self::Calculate(operation, left, right) => {
                let (left, right) = (left.value(state, series, now), right.value(state, series, now));
                let value = calculate(*operation, left?, right?);
                // A share of nothing is no share.
                value.is_finite().then_some(value)
            }
            Self::For { condition, seconds, slot } => {
                let holds = condition.holds(state, series, now);
                let slot = state.slot(*slot);
                slot.since = if holds { slot.since.or(Some(now)) } else { None };
                Some(truth(slot.since.is_some_and(|since| now - since >= *seconds)))
            }
            Self::Followed { follow, condition, after, slot } => {
                let holds = condition.holds(state, series, now);
                followed(*follow, holds, *after, now, state.slot(*slot))
            }
            Self::Untouched(inner) => inner.value(state, series.untouched()?, now),
            Self::Scraped(inner) => inner.value(state, series.scraped()?, now),
        }
    }

    fn holds(&self, state: &mut State, series: &dyn Series, now: i64) -> bool {
        self.value(state, series, now).is_some_and(|value| value != 0.0)
    }

    /// The two sides of the comparison that decides this, if it is one.
    pub(super) fn comparison(&self) -> Option<(&Self, &Self)> {
        match self {
            Self::Compare(_, left, right) => Some((left, right)),
            Self::For { condition, .. } | Self::Followed { condition, .. } => condition.comparison(),
            _ => None,
        }
    }

    pub(super) const fn constant(&self) -> Option<f64> {
        match self {
            Self::Constant(value, _) => Some(*value),
            _ => None,
        }
    }

    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Negative(one)
            | Self::Not(one)
            | Self::Untouched(one)
            | Self::Scraped(one)
            | Self::Over { number: one, .. }
            | Self::For { condition: one, .. }
            | Self::Followed { condition: one, .. } => vec![one],
            Self::And(one, two) | Self::Or(one, two) | Self::Compare(_, one, two) | Self::Calculate(_, one, two) => {
                vec![one, two]
            }
            _ => vec![],
        }
    }

    pub(super) fn collect_metrics(&self, into: &mut Vec<Metric>) {
        match self {
            Self::Value(metric)
            | Self::Rate(metric, _)
            | Self::Increase(metric, _)
            | Self::Quantile(metric, ..)
            | Self::Of(_, metric)
            | Self::OverWindow(_, metric, _)
            | Self::Last(metric) => into.push(*metric),
            Self::Untouched(_) => {}
            _ => self.parts().into_iter().for_each(|part| part.collect_metrics(into)),
        }
    }

    pub(super) fn is_for_proofs(&self) -> bool {
        matches!(self, Self::Untouched(_) | Self::Scraped(_)) || self.parts().into_iter().any(Self::is_for_proofs)
    }

    pub(super) fn collect_facts<'n>(&'n self, into: &mut Vec<&'n Fact>) {
        if let Self::Fact(fact) = self {
            into.push(fact);
        }
        self.parts().into_iter().for_each(|part| part.collect_facts(into));
    }
}

const fn truth(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// By how much a counter has grown within the window, and how many seconds of the window there were.
fn increase(series: &dyn Series, index: u16, now: i64, window: i64) -> Option<(f64, i64)> {
    let from = (now - window).max(series.begin());
    let seconds = (now - from).max(1);
    Some((series.value(index, now)? - series.value(index, from)?, seconds))
}

fn of_members(gathering: Gathering, index: u16, series: &dyn Series, now: i64) -> Option<f64> {
    let mut values = vec![];
    series.members(index, now, &mut |value| values.push(value));
    // Nobody there is no value, but it is a count, and a sum, of nothing.
    if values.is_empty() && matches!(gathering, Gathering::Sum | Gathering::Count) {
        return Some(0.0);
    }
    gather(gathering, &mut values.into_iter())
}

fn gather(gathering: Gathering, values: &mut dyn Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    if values.is_empty() {
        return None;
    }
    Some(match gathering {
        Gathering::Sum => values.iter().sum(),
        Gathering::Count => values.iter().filter(|value| **value != 0.0).count() as f64,
        Gathering::Least => values.into_iter().fold(f64::INFINITY, f64::min),
        Gathering::Most => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
        Gathering::Mean => values.iter().sum::<f64>() / values.len() as f64,
        Gathering::Median => {
            values.sort_by(f64::total_cmp);
            let middle = values.len() / 2;
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
        }
    })
}

fn over(gathering: Gathering, value: Option<f64>, slot: &mut Slot) -> Option<f64> {
    if let Some(value) = value {
        slot.number = match (gathering, slot.held) {
            (_, 0) => value,
            (Gathering::Least, _) => slot.number.min(value),
            (Gathering::Most, _) => slot.number.max(value),
            _ => slot.number + value,
        };
        slot.held += 1;
    }
    if slot.held == 0 {
        return None;
    }
    Some(if gathering == Gathering::Mean { slot.number / f64::from(slot.held) } else { slot.number })
}

fn followed(follow: Follow, holds: bool, after: i64, now: i64, slot: &mut Slot) -> Option<f64> {
    if now >= after {
        slot.seconds += 1;
        slot.held += u32::from(holds);
        if holds && slot.since.is_none() {
            slot.since = Some(now);
        }
    }
    match follow {
        Follow::Always => Some(truth(slot.held == slot.seconds)),
        Follow::Ever => Some(truth(slot.held > 0)),
        Follow::Share => (slot.seconds > 0).then(|| f64::from(slot.held) / f64::from(slot.seconds)),
        Follow::First => slot.since.map(|since| since as f64),
    }
}

#[expect(clippy::float_cmp, reason = "counts are whole; who compares others says so with < and >")]
fn compare(comparison: Comparison, left: f64, right: f64) -> bool {
    match comparison {
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
        Comparison::Equal => left == right,
        Comparison::Different => left != right,
    }
}

fn calculate(operation: Arithmetic, left: f64, right: f64) -> f64 {
    match operation {
        Arithmetic::Plus => left + right,
        Arithmetic::Minus => left - right,
        Arithmetic::Times => left * right,
        Arithmetic::By => left / right,
    }
}
