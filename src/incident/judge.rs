//! Where the incident stands: impact, budget, the goal, and how it ends. Judged on what is true.

use super::view::Phase;
use crate::level::Level;
use crate::level::condition::{Series, State};
use crate::sim::quantity::{Span, Time};

/// The default for `impact`: more than this share goes bad for a minute.
const IMPACT_SHARE: f64 = 0.01;
const MINUTE: usize = 60;
/// How many seconds lie between what is kept of the budget's use.
pub const SPENT_EVERY: i64 = 10;
/// An impact is certain some time after it has begun; no condition looks back further than this.
const LOOKS_BACK: Span = Span::from_seconds(120);

/// What has been judged so far.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Judge {
    /// Where it stands.
    pub phase: Phase,
    /// When customers began to be hurt.
    pub impact_at: Option<Time>,
    /// When the first page rang.
    pub paged_at: Option<Time>,
    /// When the player first acted on it.
    pub detected_at: Option<Time>,
    /// When an incident was declared.
    pub declared_at: Option<Time>,
    /// Since when the goal has held, once it has for as long as it must: the one moment that is meant by mitigated.
    pub mitigated_at: Option<Time>,
    /// When it was closed for good.
    pub resolved_at: Option<Time>,
    /// Whether it is lost.
    pub is_lost: bool,
    /// What was lost by, in words.
    pub lost_by: String,
    /// The share of the error budget that is spent.
    pub budget_used: f64,
    /// How often it was closed with its cause still there.
    pub reopened: u32,
    /// Closed with the cause still there: when it pages again.
    pub rings_again_at: Option<Time>,
    /// How many are hurt, second by second since time zero.
    pub hurt: Vec<f64>,
    /// How many have gone bad since time zero, by what counts against the budget, every [`SPENT_EVERY`] seconds.
    pub spent: Vec<f64>,
    /// Since when something has gone bad every minute.
    bad_since: Option<Time>,
    /// When something last did.
    bad_last: Option<Time>,
    /// When the player first did something after that.
    looked_at: Option<Time>,
    /// (bad, all) of the last minute's seconds.
    counts: Vec<(f64, f64)>,
    impact: State,
    goal: State,
    never: Vec<State>,
    gone: State,
    count: State,
    bad: State,
    pub holds_since: Option<Time>,
    /// Whether the cause is out of the system, as of the last second.
    pub is_gone: bool,
    /// What counts as bad at time zero.
    bad_before: Option<f64>,
}

impl Judge {
    /// For a level.
    #[must_use]
    pub fn of(level: &Level) -> Self {
        let goal = &level.goal;
        let state = |condition: &Option<crate::level::condition::Condition>| {
            condition.as_ref().map(crate::level::condition::Condition::new_state).unwrap_or_default()
        };
        Self {
            impact: state(&goal.impact),
            goal: goal.mitigated.new_state(),
            never: goal.never.iter().map(crate::level::condition::Condition::new_state).collect(),
            gone: state(&goal.gone),
            count: goal.hurt.as_ref().map(|hurt| hurt.count.new_state()).unwrap_or_default(),
            bad: goal.budget.bad.new_state(),
            ..Self::default()
        }
    }

    /// Judges a second; returns the phase where it has changed. `all` is how many requests there have been.
    pub fn second(&mut self, level: &Level, series: &dyn Series, all: f64, hurt: f64, second: i64) -> Option<Phase> {
        let before = self.phase;
        let now = Time::from_seconds(second);
        let goal = &level.goal;
        let bad = goal.budget.bad.value(&mut self.bad, series, second).unwrap_or(0.0);
        self.is_gone = goal.gone.as_ref().is_none_or(|gone| gone.holds(&mut self.gone, series, second));
        let holds = goal.mitigated.holds(&mut self.goal, series, second);
        self.watch_impact(level, series, (bad, all), second);
        let never = goal.never.iter().zip(&mut self.never);
        let broken: Vec<&str> = never
            .filter(|(condition, _)| second >= 0 && !condition.text().is_empty())
            .filter_map(|(condition, state)| condition.holds(state, series, second).then(|| condition.text()))
            .collect();
        if let Some(text) = broken.first() {
            self.lose(format!("what may never happen has happened: {text}"));
        }
        if second < 0 {
            return None;
        }
        let shown = match &goal.hurt {
            Some(of) => of.count.value(&mut self.count, series, second).unwrap_or(0.0),
            None => hurt,
        };
        self.hurt.push(shown);
        let begun = *self.bad_before.get_or_insert(bad);
        if second % SPENT_EVERY == 0 {
            self.spent.push(bad - begun);
        }
        if goal.budget.allowed > 0.0 {
            self.budget_used = (bad - begun) / goal.budget.allowed;
        }
        if self.budget_used >= 1.0 {
            self.lose("the error budget is spent".to_owned());
        }
        self.watch_goal(level, holds, now);
        if now >= Time::ZERO + level.clock.limit && !self.phase.is_over() {
            self.phase = Phase::Expired;
        }
        if self.rings_again_at.is_some_and(|at| at <= now) {
            self.rings_again_at = None;
            self.reopened += 1;
            self.mitigated_at = None;
            self.holds_since = None;
            self.phase = Phase::Paged;
        }
        (self.phase != before).then_some(self.phase)
    }

    fn lose(&mut self, by: String) {
        if !self.phase.is_over() {
            self.is_lost = true;
            self.lost_by = by;
            self.phase = Phase::Failed;
        }
    }

    fn watch_impact(&mut self, level: &Level, series: &dyn Series, (bad, all): (f64, f64), second: i64) {
        self.counts.push((bad, all));
        if self.counts.len() > MINUTE + 1 {
            self.counts.remove(0);
        }
        let condition = level.goal.impact.as_ref();
        let holds = condition.map(|condition| condition.holds(&mut self.impact, series, second));
        if second < 0 {
            return;
        }
        let now = Time::from_seconds(second);
        let before = self.counts.len().checked_sub(2).map_or(bad, |last| self.counts[last].0);
        if bad > before {
            if self.bad_last.is_none_or(|last| now.since(last) > Span::from_seconds(MINUTE as i64)) {
                (self.bad_since, self.looked_at) = (Some(now), None);
            }
            self.bad_last = Some(now);
        }
        if self.impact_at.is_some() {
            return;
        }
        let by_default = || {
            let (then, now) = (self.counts[0], self.counts[self.counts.len() - 1]);
            self.counts.len() > MINUTE && now.1 > then.1 && (now.0 - then.0) / (now.1 - then.1) > IMPACT_SHARE
        };
        if holds.unwrap_or_else(by_default) {
            let began = self.bad_since.unwrap_or(now).max(now - LOOKS_BACK);
            self.impact_at = Some(began);
            // Who looked in between has noticed it.
            self.detected_at = self.detected_at.or(self.looked_at.map(|at| at.max(began)));
        }
    }

    /// The goal arms with the impact and must hold for a while; what is lost again is lost again.
    fn watch_goal(&mut self, level: &Level, holds: bool, now: Time) {
        if self.phase.is_over() || self.impact_at.is_none() {
            return;
        }
        if !holds {
            self.holds_since = None;
            if self.phase == Phase::Mitigated {
                self.mitigated_at = None;
                self.phase = if self.declared_at.is_some() { Phase::Declared } else { Phase::Paged };
            }
            return;
        }
        let since = *self.holds_since.get_or_insert(now);
        if now.since(since) >= level.goal.hold && self.phase != Phase::Mitigated {
            self.mitigated_at = Some(since);
            self.phase = Phase::Mitigated;
        }
    }

    /// Since when customers are hurt without a minute's break; nothing where they never were, or are no more.
    #[must_use]
    pub fn hurt_since(&self) -> Option<Time> {
        let impact = self.impact_at.filter(|_| !matches!(self.phase, Phase::Mitigated | Phase::Resolved))?;
        Some(self.bad_since.map_or(impact, |since| since.max(impact)))
    }

    /// How long after the first impact it was mitigated: the one measure of that.
    #[must_use]
    pub fn mitigated_after(&self) -> Option<Span> {
        Some(self.mitigated_at?.since(self.impact_at?))
    }

    /// Since when it stands as it does: what has to hold for a while is certain only after it.
    #[must_use]
    pub fn stands_since(&self, now: Time) -> Time {
        self.mitigated_at.filter(|_| self.phase == Phase::Mitigated).unwrap_or(now)
    }

    /// A page has rung.
    pub fn paged(&mut self, now: Time) {
        if now >= Time::ZERO && self.phase == Phase::Quiet {
            self.phase = Phase::Paged;
        }
        if now >= Time::ZERO {
            self.paged_at.get_or_insert(now);
        }
    }

    /// The player has done something; it counts as noticing once there is something to notice.
    pub fn acted(&mut self, now: Time) {
        if self.impact_at.is_some() || self.paged_at.is_some() {
            self.detected_at.get_or_insert(now);
        } else if self.bad_since.is_some() {
            self.looked_at.get_or_insert(now);
        }
    }

    /// The player declares an incident.
    pub fn declare(&mut self, now: Time) {
        self.declared_at.get_or_insert(now);
        self.detected_at.get_or_insert(now);
        if matches!(self.phase, Phase::Quiet | Phase::Paged) {
            self.phase = Phase::Declared;
        }
    }

    /// The player closes the incident; with its cause still there it will ring again.
    pub fn close(&mut self, now: Time) {
        if self.is_gone {
            self.resolved_at = Some(now);
            self.phase = Phase::Resolved;
        } else {
            self.rings_again_at = Some(now + Span::from_seconds(60));
        }
    }

    /// Whether the goal holds at this moment, for however long.
    #[must_use]
    pub const fn holds_now(&self) -> bool {
        self.holds_since.is_some()
    }

    /// How many are hurt now, and by how many more than a minute ago.
    #[must_use]
    pub fn hurt_now(&self) -> (f64, f64) {
        let now = self.hurt.last().copied().unwrap_or(0.0);
        let then = self.hurt.len().checked_sub(MINUTE + 1).map_or(0.0, |at| self.hurt[at]);
        (now, now - then)
    }
}
