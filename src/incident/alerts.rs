//! Alert rules at work: what rings, who has taken it, what is silenced. They see what was scraped, nothing else.

use super::view::{Ring, RingState};
use crate::level::Level;
use crate::level::condition::{Series, State, written};
use crate::level::schema::{Alert, Destination};
use crate::sim::quantity::{Span, Time};

/// One rule and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The rule's place in the level.
    pub rule: usize,
    state: State,
    /// Since when it fires.
    pub firing_since: Option<Time>,
    /// When it last began to fire.
    began: Option<Time>,
    /// When it last rang.
    rang_at: Option<Time>,
    /// Who has taken it.
    pub taken_by: Option<String>,
    /// Until when it is silenced.
    pub silenced_until: Option<Time>,
    text: String,
}

/// What a rule has done in a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rung {
    /// It rings, for the first time or again.
    Rings {
        /// The rule's place in the level.
        rule: usize,
        /// What was measured against what.
        text: String,
        /// Whether it only repeats.
        again: bool,
    },
    /// It no longer fires.
    Over {
        /// The rule's place in the level.
        rule: usize,
    },
}

/// All rules of a level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alerts {
    /// In the order of the level.
    pub watched: Vec<Watched>,
}

/// Whether a rule wakes people.
#[must_use]
pub const fn is_page(alert: &Alert) -> bool {
    matches!(alert.to, Destination::Page)
}

impl Alerts {
    /// The rules of a level, none of them firing.
    #[must_use]
    pub fn of(level: &Level) -> Self {
        let watch = |(rule, alert): (usize, &Alert)| Watched {
            rule,
            state: alert.when.new_state(),
            firing_since: None,
            began: None,
            rang_at: None,
            taken_by: alert.acknowledged.as_ref().map(|taken| taken.by.clone()),
            silenced_until: level.monitoring.quiet_until.filter(|_| is_page(alert)),
            text: String::new(),
        };
        Self { watched: level.monitoring.alerts.iter().enumerate().map(watch).collect() }
    }

    /// Evaluates every rule at a second; says what rang and what ended.
    pub fn second(&mut self, rules: &[Alert], series: &dyn Series, second: i64) -> Vec<Rung> {
        let now = Time::from_seconds(second);
        let mut rung = vec![];
        for watched in &mut self.watched {
            let rule = &rules[watched.rule];
            let fires = rule.when.holds(&mut watched.state, series, second);
            if !fires {
                if watched.firing_since.take().is_some() {
                    watched.taken_by = None;
                    rung.push(Rung::Over { rule: watched.rule });
                }
                continue;
            }
            watched.text = measured(rule, series, second);
            let began = watched.firing_since.is_none();
            if began {
                watched.firing_since = Some(now);
                watched.began = Some(now);
            }
            let silenced = watched.silenced_until.is_some_and(|until| now < until);
            if watched.taken_by.is_some() || silenced {
                continue;
            }
            let repeats = watched.rang_at.is_some_and(|at| now.since(at) >= rule.repeat) && is_page(rule);
            if began || repeats || watched.rang_at.is_none() {
                watched.rang_at = Some(now);
                rung.push(Rung::Rings { rule: watched.rule, text: watched.text.clone(), again: !began });
            }
        }
        rung
    }

    /// The place of the rule meant by a name, or by nothing: the most urgent one that rings.
    #[must_use]
    pub fn meant(&self, rules: &[Alert], name: &str) -> Option<usize> {
        if name.is_empty() {
            let rings = |watched: &&Watched| watched.firing_since.is_some() && watched.taken_by.is_none();
            let first = self.watched.iter().filter(rings).min_by_key(|w| (!is_page(&rules[w.rule]), w.firing_since));
            return first.map(|watched| watched.rule);
        }
        let is = |rule: &Alert| rule.name.eq_ignore_ascii_case(name);
        rules.iter().position(is).or_else(|| rules.iter().position(|rule| rule.name.starts_with(name)))
    }

    /// The rules that have fired so far, in the order of the level.
    pub fn fired(&self) -> impl Iterator<Item = usize> {
        self.watched.iter().filter(|watched| watched.began.is_some()).map(|watched| watched.rule)
    }

    /// How the rules that have fired stand, the most urgent first.
    #[must_use]
    pub fn rings(&self, rules: &[Alert], now: Time) -> Vec<Ring> {
        let ring = |watched: &Watched| {
            let rule = &rules[watched.rule];
            let silenced = watched.silenced_until.is_some_and(|until| now < until);
            let state = match (watched.firing_since, &watched.taken_by) {
                (None, _) => RingState::Over,
                (Some(_), Some(_)) => RingState::Acknowledged,
                (Some(_), None) if silenced => RingState::Silenced,
                (Some(_), None) => RingState::Ringing,
            };
            Some(Ring {
                name: rule.name.clone(),
                is_page: is_page(rule),
                since: watched.began?,
                text: watched.text.clone(),
                state,
            })
        };
        let mut rings: Vec<Ring> = self.watched.iter().filter_map(ring).collect();
        rings.sort_by_key(|ring| (ring.state.urgency(), !ring.is_page, ring.since));
        rings
    }

    /// Silences a rule for a while.
    pub fn silence(&mut self, rule: usize, now: Time, span: Span) {
        self.watched[rule].silenced_until = Some(now + span);
    }
}

/// What was measured against what: `p95 of 94s, over 30s`.
fn measured(rule: &Alert, series: &dyn Series, second: i64) -> String {
    match rule.when.sides(series, second) {
        Some((Some(left), Some(right), unit)) => {
            let word = if left >= right { "over" } else { "under" };
            let is_share = rule.when.compares_a_share();
            let show = |value: f64| {
                if is_share { format!("{} %", written(value * 100.0, unit)) } else { written(value, unit) }
            };
            format!("{} {word} {}", show(left), show(right))
        }
        _ => rule.note.clone(),
    }
}
