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
            // Looked at during the warm-up, too, so that a `for` has its past; nobody speaks before the incident begins.
            let holds = match (&saying.when, saying.at) {
                (Some(when), _) => when.holds(&mut pending.state, series, second) && second >= 0,
                (None, at) => at.is_some_and(|at| at <= now),
            };
            // Who waited for a moment to say it, and sees that it is no longer so, says nothing.
            pending.due = holds.then(|| pending.due.unwrap_or(now + saying.after));
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

    /// The offers that can be answered now, by their place in the channel: of each person the latest.
    pub fn offers<'a>(&'a self, level: &'a Level) -> impl Iterator<Item = usize> {
        let is_latest = |open: &&(usize, usize)| self.offer_of(level, level.team[open.0].name()) == Some(**open);
        self.open.iter().filter(is_latest).map(|(_, place)| *place)
    }

    /// The open offer of a person, the latest first: its saying and its place in the channel.
    #[must_use]
    pub fn offer_of(&self, level: &Level, person: &str) -> Option<(usize, usize)> {
        let is = |(saying, _): &&(usize, usize)| level.team[*saying].name().eq_ignore_ascii_case(person);
        self.open.iter().rev().find(is).copied()
    }
}

#[cfg(test)]
mod tests {
    use crate::incident::{Incident, Mode};
    use crate::level::Level;
    use crate::sim::quantity::Span;
    use std::sync::Arc;

    #[test]
    fn who_waits_with_a_word_says_it_only_if_it_is_still_so() {
        let text = r#"Level(
            id: "words", title: "Words", clock: (warm_up: "1m", limit: "30m"),
            system: [Clients(name: "people", load: [(kind: "page", rate: "1/s", call: "web")]),
                     Service(name: "web", runs: "one", versions: [(name: "one", deployed: "-1d", steps: [Work("5ms")])])],
            team: [
                (who: "Ada", when: "time > 1m and time < 2m", after: "90s", says: "still bad"),
                (who: "Ben", when: "time > 1m and time < 2m", after: "30s", says: "bad"),
                (who: "Cem", when: "(time > 1m and time < 2m) or time > 5m", after: "90s", says: "bad once more"),
            ],
            goal: (mitigated: "time > 1h", budget: (bad: "people.page.failed", of: "people.page", share: "10%")),
        )"#;
        let level = Level::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let mut incident = Incident::start(Arc::new(level), 1, Mode::OnCall);
        incident.advance(Span::from_seconds(600));
        let said: Vec<(i64, String)> =
            incident.sayings().into_iter().map(|saying| (saying.at.second(), saying.text)).collect();
        assert_eq!(said, [(91, "bad".to_owned()), (391, "bad once more".to_owned())]);
    }
}
