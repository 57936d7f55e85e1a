//! One value a second, in chunks that snapshots share.

use std::sync::Arc;

const CHUNK: usize = 512;
const GAP: i64 = i64::MIN;

/// A metric's values, second by second, from the second at which it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    start: i64,
    closed: Vec<Arc<[i64]>>,
    open: Vec<i64>,
}

impl Series {
    pub(super) const fn starting(start: i64) -> Self {
        Self { start, closed: Vec::new(), open: Vec::new() }
    }

    /// The first second that has a value or a gap.
    #[must_use]
    pub const fn start(&self) -> i64 {
        self.start
    }

    /// The second after the last one kept.
    #[must_use]
    pub const fn end(&self) -> i64 {
        self.start + (self.closed.len() * CHUNK + self.open.len()) as i64
    }

    /// Keeps the value of a second; seconds that were left out become gaps, one that is kept already stays.
    pub(super) fn push(&mut self, second: i64, value: Option<i64>) {
        while self.end() < second {
            self.keep(GAP);
        }
        if self.end() == second {
            self.keep(value.unwrap_or(GAP));
        }
    }

    fn keep(&mut self, value: i64) {
        self.open.push(value);
        if self.open.len() == CHUNK {
            self.closed.push(Arc::from(self.open.as_slice()));
            self.open.clear();
        }
    }

    /// The value of a second; `None` before the start, after the end and in gaps.
    #[must_use]
    pub fn at(&self, second: i64) -> Option<i64> {
        let index = usize::try_from(second - self.start).ok()?;
        let value = match self.closed.get(index / CHUNK) {
            Some(chunk) => chunk[index % CHUNK],
            None => *self.open.get(index.checked_sub(self.closed.len() * CHUNK)?)?,
        };
        (value != GAP).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_gives_back_every_second_and_leaves_gaps_as_gaps() {
        let mut series = Series::starting(-600);
        for second in -600..1000 {
            if !(10..20).contains(&second) {
                series.push(second, Some(second * 3));
            }
        }
        assert_eq!(series.at(-600), Some(-1800));
        assert_eq!(series.at(9), Some(27));
        assert_eq!(series.at(15), None);
        assert_eq!(series.at(999), Some(2997));
        assert_eq!(series.at(1000), None);
        assert_eq!(series.at(-601), None);
    }
}
