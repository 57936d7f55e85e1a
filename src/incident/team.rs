//! The people around: what they say and when, what they offer, what they type. They can be wrong.

use crate::level::Level;
use crate::level::condition::{Series, State};
use crate::sim::quantity::Time;

/// One of the things that somebody may say.
#[derive(Clone, Debug, PartialEq)]
struct Pending {
    /// Its place in the level.
    saying: usize,
    state: State,
    /// When it will be said, once its time has come.
    due: Option<Time>,
    said: bool,
}

/// Everybody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Team {
    pending: Vec<Pending>,
    /// Sayings whose offer is open, with their place in the channel.
    pub open: Vec<(usize, usize)>,
}

impl Team {
    /// The people of a level, silent so far.
    #[must_use]
    pub fn of(level: &Level) -> Self {
        let wait = |(saying, of): (usize, &crate::level::schema::Saying)| Pending {
            saying,
            state: of.when.as_ref().map(crate::level::condition::Condition::new_state).unwrap_or_default(),
            due: None,
            said: false,
        };
        Self { pending: level.team.iter().enumerate().map(wait).collect(), open: vec![] }
    }

    /// Looks whose time has come; returns the sayings, by their place in the level, that are said now.
    pub fn second(&mut self, level: &Level, series: &dyn Series, second: i64) -> Vec<usize> {
        let now = Time::from_seconds(second);
        let mut said = vec![];
        for pending in self.pending.iter_mut().filter(|pending| !pending.said) {
            let saying = &level.team[pending.saying];
            if pending.due.is_none() {
                let by_time = saying.at.is_some_and(|at| at <= now);
                // Looked at during the warm-up, too, so that a `for` has its past; nobody speaks before the incident begins.
                let by_condition =
                    saying.when.as_ref().is_some_and(|when| when.holds(&mut pending.state, series, second));
                if by_time || (by_condition && second >= 0) {
                    pending.due = Some(now + saying.after);
                }
            }
            if pending.due.is_some_and(|due| due <= now) {
                pending.said = true;
                said.push(pending.saying);
            }
        }
        said
    }

    /// Whether somebody has something to say that an `ask` may bring out.
    #[must_use]
    pub fn may_answer(&self, level: &Level, person: &str) -> bool {
        self.pending.iter().any(|pending| {
            let saying = &level.team[pending.saying];
            let asked = || saying.when.as_ref().is_some_and(|when| when.text().contains("asked("));
            !pending.said && saying.name().eq_ignore_ascii_case(person) && asked()
        })
    }

    /// The open offer of a person, the latest first: its saying and its place in the channel.
    #[must_use]
    pub fn offer_of(&self, level: &Level, person: &str) -> Option<(usize, usize)> {
        let is = |(saying, _): &&(usize, usize)| level.team[*saying].name().eq_ignore_ascii_case(person);
        self.open.iter().rev().find(is).copied()
    }
}
