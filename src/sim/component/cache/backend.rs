//! The backends of a cache: which there are, and whether one machine thinks that they are healthy.

use super::settings::Probe;
use crate::sim::id::{ComponentId, ProgramId};
use crate::sim::operation::Admin;
use std::sync::Arc;

/// Somebody who is asked where the cache has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Its name: the instance's, or the component's where it has one address for all.
    pub name: Arc<str>,
    pub(in crate::sim) component: ComponentId,
    /// The instance, or `NONE`.
    pub(in crate::sim) instance: u32,
    /// Asks it whether it is there.
    pub(in crate::sim) probe: ProgramId,
}

/// What one machine knows of one backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The last answers, the latest in the lowest bit.
    pub answers: u64,
    /// What an operator has said.
    pub admin: Admin,
    good: u8,
    window: u8,
    threshold: u8,
}

impl Health {
    /// At the beginning of a level all have been well for as long as anybody remembers.
    pub(super) fn new(probe: Option<&Probe>) -> Self {
        let (window, threshold) = probe.map_or((0, 0), |probe| (probe.window.clamp(1, 64), probe.threshold));
        Self { answers: u64::MAX, admin: Admin::Probe, good: 0, window, threshold }.counted()
    }

    /// As Varnish begins after a restart: one good answer is missing (`initial` is the threshold less one).
    pub(super) fn anew(&mut self) {
        self.answers = (1 << self.threshold.saturating_sub(1).min(63)) - 1;
        *self = self.counted();
    }

    fn counted(mut self) -> Self {
        let mask = if self.window == 0 { 0 } else { u64::MAX >> (64 - u32::from(self.window)) };
        self.good = (self.answers & mask).count_ones() as u8;
        self
    }

    /// A probe was answered, or wasn't.
    pub(super) fn learn(&mut self, is_good: bool) {
        self.answers = self.answers << 1 | u64::from(is_good);
        *self = self.counted();
    }

    /// Good answers among the last.
    #[must_use]
    pub const fn good(&self) -> u8 {
        self.good
    }

    /// How many answers are looked at; 0 without a probe.
    #[must_use]
    pub const fn window(&self) -> u8 {
        self.window
    }

    /// Whether the probe says that it is healthy.
    #[must_use]
    pub const fn is_well_by_probe(&self) -> bool {
        self.good >= self.threshold
    }

    /// Whether it is asked.
    #[must_use]
    pub const fn is_healthy(&self) -> bool {
        match self.admin {
            Admin::Healthy => true,
            Admin::Sick => false,
            Admin::Probe => self.is_well_by_probe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_sick_after_six_misses_in_eight_and_well_after_three_good_ones() {
        let probe: Probe = Probe {
            every: crate::sim::quantity::Span::from_seconds(5),
            timeout: crate::sim::quantity::Span::from_seconds(2),
            window: 8,
            threshold: 3,
        };
        let mut health = Health::new(Some(&probe));
        for miss in 1..=6 {
            assert!(health.is_healthy(), "before miss {miss}");
            health.learn(false);
        }
        assert!(!health.is_healthy());
        for _ in 0..2 {
            health.learn(true);
        }
        // Two good ones are left from before: they leave the window as the new ones come.
        assert_eq!(health.good(), 2);
        assert!(!health.is_healthy());
        health.learn(true);
        assert!(health.is_healthy());
        health.admin = Admin::Sick;
        assert!(!health.is_healthy());
    }
}
