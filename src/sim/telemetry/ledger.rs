//! What became of every message that customers sent: on time, late, twice, never.
//!
//! Late is known without a timer a message: of those published in one second, all that haven't been handled in time when
//! the patience has passed are late.

use super::{HistogramId, MetricId};
use crate::sim::id::Unit;
use crate::sim::quantity::{Span, Time};
use std::sync::Arc;

/// The metrics of one load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Origin {
    pub published: MetricId,
    pub delivered: MetricId,
    pub late: MetricId,
    pub waiting: MetricId,
    pub overdue: MetricId,
    pub duplicates: MetricId,
    pub lost: MetricId,
    pub delivery: HistogramId,
    pub patience: Span,
    /// What one simulated message stands for.
    pub stands_for: i64,
}

/// A load's account.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    origin: Arc<Origin>,
    /// Published in each second since `start`, and of those, handled in time.
    published: Vec<u32>,
    on_time: Vec<u32>,
    /// One bit a unit: handled at least once.
    handled: Vec<u64>,
    lost: Vec<u64>,
    late_handled: i64,
    late: i64,
    /// The next second whose lateness is settled.
    settled: i64,
    start: i64,
}

/// All accounts, by component and load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Ledger {
    accounts: Vec<((u8, u8), Account)>,
}

fn set_bit(bits: &mut Vec<u64>, ordinal: u64) -> bool {
    let (word, bit) = ((ordinal / 64) as usize, 1_u64 << (ordinal % 64));
    if bits.len() <= word {
        bits.resize(word + 1, 0);
    }
    let was = bits[word] & bit != 0;
    bits[word] |= bit;
    was
}

fn has_bit(bits: &[u64], ordinal: u64) -> bool {
    bits.get((ordinal / 64) as usize).is_some_and(|word| word & (1 << (ordinal % 64)) != 0)
}

impl Ledger {
    pub fn open(&mut self, component: u8, load: u8, origin: Origin, start: i64) {
        let account = Account {
            origin: Arc::new(origin),
            published: Vec::new(),
            on_time: Vec::new(),
            handled: Vec::new(),
            lost: Vec::new(),
            late_handled: 0,
            late: 0,
            settled: start,
            start,
        };
        self.accounts.push(((component, load), account));
    }

    #[inline]
    fn account(&mut self, unit: Unit) -> Option<&mut Account> {
        let key = (unit.component().0, unit.load());
        self.accounts.iter_mut().find(|(of, _)| *of == key).map(|(_, account)| account)
    }

    /// A customer has sent something.
    #[inline]
    pub fn published(&mut self, unit: Unit, now: Time, values: &mut [i64]) {
        let Some(account) = self.account(unit) else { return };
        let index = (now.second() - account.start).max(0) as usize;
        if account.published.len() <= index {
            account.published.resize(index + 1, 0);
            account.on_time.resize(index + 1, 0);
        }
        account.published[index] += 1;
        values[usize::from(account.origin.published.0)] += account.origin.stands_for;
    }

    /// It has been handled to the end: which latency to record.
    #[inline]
    pub fn delivered(
        &mut self,
        unit: Unit,
        published: Time,
        now: Time,
        values: &mut [i64],
    ) -> Option<(HistogramId, Span)> {
        let account = self.account(unit)?;
        let stands_for = account.origin.stands_for;
        if set_bit(&mut account.handled, unit.ordinal()) {
            values[usize::from(account.origin.duplicates.0)] += stands_for;
            return None;
        }
        let took = now.since(published);
        let index = (published.second() - account.start).max(0) as usize;
        // Patience is counted from the end of the second in which it was sent, as `close` settles it.
        if now.second() <= published.second() + account.origin.patience.seconds() {
            if let Some(count) = account.on_time.get_mut(index) {
                *count += 1;
            }
        } else {
            account.late_handled += 1;
        }
        if has_bit(&account.lost, unit.ordinal()) {
            values[usize::from(account.origin.lost.0)] -= stands_for;
        }
        values[usize::from(account.origin.delivered.0)] += stands_for;
        Some((account.origin.delivery, took))
    }

    /// The sums over a component's loads: waiting and overdue.
    pub fn sums(&self, component: u8, telemetry: &super::Telemetry) -> (i64, i64) {
        let of_component = self.accounts.iter().filter(|((of, _), _)| *of == component);
        of_component.fold((0, 0), |(waiting, overdue), (_, account)| {
            (waiting + telemetry.value(account.origin.waiting), overdue + telemetry.value(account.origin.overdue))
        })
    }

    /// It is gone for good without having been handled.
    pub fn lost(&mut self, unit: Unit, values: &mut [i64]) {
        let Some(account) = self.account(unit) else { return };
        if !has_bit(&account.handled, unit.ordinal()) && !set_bit(&mut account.lost, unit.ordinal()) {
            values[usize::from(account.origin.lost.0)] += account.origin.stands_for;
        }
    }

    /// A second is over: settles those whose patience has passed with it.
    pub fn close(&mut self, second: i64, values: &mut [i64]) {
        for (_, account) in &mut self.accounts {
            while account.settled + account.origin.patience.seconds() < second {
                let index = (account.settled - account.start) as usize;
                let published = account.published.get(index).copied().unwrap_or(0);
                let on_time = account.on_time.get(index).copied().unwrap_or(0);
                account.late += i64::from(published) - i64::from(on_time);
                account.settled += 1;
            }
            let origin = &account.origin;
            values[usize::from(origin.late.0)] = account.late * origin.stands_for;
            let value = |metric: MetricId, values: &[i64]| values[usize::from(metric.0)];
            let lost = value(origin.lost, values);
            let waiting = value(origin.published, values) - value(origin.delivered, values) - lost;
            values[usize::from(origin.waiting.0)] = waiting;
            let overdue = (account.late - account.late_handled) * origin.stands_for - lost;
            values[usize::from(origin.overdue.0)] = overdue.clamp(0, waiting.max(0));
        }
    }
}
