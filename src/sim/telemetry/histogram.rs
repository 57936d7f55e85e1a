//! Latencies in log-linear buckets, a window every ten seconds.
//!
//! Sixteen buckets for each power of two: a bucket is at most 1/16 of its value wide, so that its middle is off by at most
//! 3.1 %.

use crate::sim::quantity::{Span, Time};
use std::sync::Arc;

const WINDOW: i64 = 10;
const FINE: u32 = 4;
/// Values up to 2^40 microseconds (12 days).
const BUCKETS: usize = 40 << FINE;

/// The latencies of one kind of work over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// The first window, in tens of seconds.
    start: i64,
    /// Closed windows: (bucket, count), by bucket.
    closed: Vec<Arc<[(u16, u32)]>>,
    open: Vec<u32>,
    window: i64,
    /// When the open window is over.
    ends: Time,
    /// All there have been, and their sum in microseconds.
    count: u64,
    total: i64,
}

const fn bucket(micros: u64) -> usize {
    if micros < 1 << FINE {
        return micros as usize;
    }
    let exponent = micros.ilog2();
    let fine = (micros >> (exponent - FINE)) & ((1 << FINE) - 1);
    let index = ((exponent - FINE + 1) << FINE) as usize + fine as usize;
    if index < BUCKETS { index } else { BUCKETS - 1 }
}

/// The middle of a bucket, in microseconds.
const fn middle(bucket: usize) -> u64 {
    if bucket < 1 << FINE {
        return bucket as u64;
    }
    let exponent = (bucket >> FINE) as u32 + FINE - 1;
    let low = (1_u64 << exponent) + (((bucket & ((1 << FINE) - 1)) as u64) << (exponent - FINE));
    low + (1_u64 << (exponent - FINE)) / 2
}

const fn end_of(window: i64) -> Time {
    Time::from_seconds((window + 1) * WINDOW)
}

impl Histogram {
    pub(super) fn starting(second: i64) -> Self {
        let window = second.div_euclid(WINDOW);
        let ends = end_of(window);
        Self { start: window, closed: Vec::new(), open: vec![0; BUCKETS], window, ends, count: 0, total: 0 }
    }

    #[inline]
    pub(super) fn record(&mut self, now: Time, took: Span, weight: u32) {
        if now >= self.ends {
            self.close_until(now.second().div_euclid(WINDOW));
        }
        self.count += u64::from(weight);
        self.total += took.micros() * i64::from(weight);
        self.open[bucket(took.micros().max(0).unsigned_abs())] += weight;
    }

    /// How many there have been in all.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The mean of all there have been, in microseconds; `None` where there was none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.total as f64 / self.count as f64)
    }

    fn close_until(&mut self, window: i64) {
        let filled: Vec<(u16, u32)> =
            self.open.iter().enumerate().filter(|(_, n)| **n > 0).map(|(b, n)| (b as u16, *n)).collect();
        self.open.fill(0);
        self.closed.push(Arc::from(filled));
        self.window += 1;
        while self.window < window {
            self.closed.push(Arc::from([]));
            self.window += 1;
        }
        self.ends = end_of(self.window);
    }

    /// The latency below which this share (0..=1) of the work between two seconds lies, in microseconds; `None` where
    /// there was none. Whole windows count: those that end after `from` and begin at or before `to`.
    #[must_use]
    pub fn quantile(&self, share: f64, from: i64, to: i64) -> Option<f64> {
        let mut counts = [0_u64; BUCKETS];
        let mut total = 0;
        for window in from.div_euclid(WINDOW).max(self.start)..=to.div_euclid(WINDOW).min(self.window) {
            if window == self.window {
                for (sum, count) in counts.iter_mut().zip(&self.open) {
                    *sum += u64::from(*count);
                    total += u64::from(*count);
                }
            } else {
                for (bucket, count) in self.closed[(window - self.start) as usize].iter() {
                    counts[usize::from(*bucket)] += u64::from(*count);
                    total += u64::from(*count);
                }
            }
        }
        if total == 0 {
            return None;
        }
        let wanted = ((share * total as f64) as u64).min(total - 1);
        let mut seen = 0;
        for (bucket, count) in counts.iter().enumerate() {
            seen += count;
            if seen > wanted {
                return Some(middle(bucket) as f64);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_off_by_at_most_three_percent() {
        for micros in [1_u64, 15, 16, 17, 1000, 123_456, 30_000_000, 3_600_000_000] {
            let found = middle(bucket(micros)) as f64;
            assert!((found / micros as f64 - 1.0).abs() <= 0.032, "{micros} became {found}");
        }
    }

    #[test]
    fn the_slow_twentieth_shows_in_the_95th_percentile() {
        let mut histogram = Histogram::starting(0);
        for n in 0..1000 {
            let took = if n % 10 == 0 { Span::from_seconds(40) } else { Span::from_millis(60) };
            histogram.record(Time::from_seconds(n / 20), took, 1);
        }
        let p95 = histogram.quantile(0.95, 0, 49).unwrap();
        let p50 = histogram.quantile(0.5, 0, 49).unwrap();
        assert!((p95 / 40e6 - 1.0).abs() < 0.04, "{p95}");
        assert!((p50 / 60e3 - 1.0).abs() < 0.04, "{p50}");
        assert_eq!(histogram.quantile(0.95, 60, 90), None);
    }
}
