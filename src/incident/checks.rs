//! Checks: probers of their own, as Nagios has them. A check is as bad as the worst thing that it probes.
//!
//! It looks every few minutes, and more often once something is wrong; after so many tries the state is believed and
//! somebody is told. Somebody who acknowledges a state hears nothing more of it: with a sticky acknowledgement not before
//! everything that is probed is well again, however much worse something else gets meanwhile. Knows no scrape: a check
//! looks at what is true when it looks.

use super::view::{Ring, RingState};
use crate::level::Level;
use crate::level::condition::{Condition, Series, State, written};
use crate::level::schema::{Check, Destination, Probe};
use crate::sim::quantity::Time;
use crate::sim::random::hash_name;

/// What a check has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// All is well.
    #[default]
    Ok,
    /// Something is not as it should be.
    Warning,
    /// Something is bad.
    Critical,
}

impl Found {
    /// Nagios' word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        }
    }
}

/// Who has taken a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Who.
    pub by: String,
    /// When.
    pub at: Time,
    /// With which words.
    pub note: String,
    /// Whether it lasts until all is well; else until anything changes.
    pub is_sticky: bool,
}

/// One check and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// What it saw last.
    pub seen: Found,
    /// What it believes.
    pub state: Found,
    /// Since when it believes that.
    pub since: Time,
    /// How often in a row it has seen something else than it believes.
    pub tries: u32,
    /// Who has taken it.
    pub taken: Option<Taken>,
    /// What it printed last, a line for each thing that it probes.
    pub lines: Vec<(Found, String)>,
    /// When it has last told somebody of the state that it believes.
    told: Option<Time>,
    /// Whether anybody has heard of the trouble that there is, or was.
    is_known: bool,
    /// Until when it calls nobody: the phone is in Do Not Disturb, or somebody has silenced it.
    pub silenced_until: Option<Time>,
    next: i64,
    states: Vec<[State; 3]>,
}

/// What a check has done in a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It tells somebody, for the first time or again.
    Tells {
        /// Its place in the level.
        check: usize,
        /// What it says.
        text: String,
        /// Whether it only repeats.
        again: bool,
    },
    /// It is well again.
    Over {
        /// Its place in the level.
        check: usize,
    },
}

/// All checks of a level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checks {
    /// In the order of the level.
    pub all: Vec<Standing>,
}

impl Checks {
    /// The checks of a level. What was acknowledged long ago was bad then.
    #[must_use]
    pub fn of(level: &Level) -> Self {
        let begin = -level.clock.warm_up.seconds();
        let standing = |check: &Check| {
            let every = check.every.seconds().max(1);
            let taken = check.acknowledged.as_ref().map(|taken| Taken {
                by: taken.by.clone(),
                at: taken.at,
                note: taken.note.clone(),
                is_sticky: taken.sticky,
            });
            let state = if taken.is_some() { Found::Critical } else { Found::Ok };
            let since = taken.as_ref().map_or(Time::from_seconds(begin), |taken| taken.at);
            Standing {
                seen: state,
                state,
                since,
                tries: 0,
                taken,
                lines: vec![],
                told: None,
                is_known: false,
                silenced_until: level.monitoring.quiet_until.filter(|_| check.to == Destination::Page),
                next: begin + 1 + (hash_name(&check.name) % every.unsigned_abs()) as i64,
                states: check.probes.iter().map(states_of).collect(),
            }
        };
        Self { all: level.monitoring.checks.iter().map(standing).collect() }
    }

    /// Runs the checks whose time has come. What was silenced calls as soon as it may, without another look.
    pub fn second(&mut self, checks: &[Check], series: &dyn Series, second: i64) -> Vec<Notice> {
        let mut notices = vec![];
        for (number, (standing, check)) in self.all.iter_mut().zip(checks).enumerate() {
            let now = Time::from_seconds(second);
            if standing.next > second {
                if standing.silenced_until == Some(now) {
                    notices.extend(standing.tell(number, check, now));
                }
                continue;
            }
            standing.look(check, series, second);
            notices.extend(standing.judge(number, check, now));
            let pause = if standing.seen == standing.state { check.every } else { check.retry };
            standing.next = second + pause.seconds().max(1);
        }
        notices
    }

    /// The place of the check meant by a name.
    #[must_use]
    pub fn meant(checks: &[Check], name: &str) -> Option<usize> {
        checks.iter().position(|check| check.name.eq_ignore_ascii_case(name))
    }

    /// How the checks stand that are not well, for the pager.
    #[must_use]
    pub fn rings(&self, checks: &[Check], now: Time) -> Vec<Ring> {
        let ring = |(standing, check): (&Standing, &Check)| {
            let state = match (&standing.taken, standing.state) {
                (_, Found::Ok) if standing.is_known => RingState::Over,
                (_, Found::Ok) => return None,
                (Some(_), _) => RingState::Acknowledged,
                (None, _) if standing.is_silenced(now) => RingState::Silenced,
                (None, _) => RingState::Ringing,
            };
            let (name, text) = (check.name.clone(), standing.text());
            Some(Ring { name, is_page: check.to == Destination::Page, since: standing.since, text, state })
        };
        self.all.iter().zip(checks).filter_map(ring).collect()
    }
}

fn states_of(probe: &Probe) -> [State; 3] {
    let state = |condition: &Option<Condition>| condition.as_ref().map(Condition::new_state).unwrap_or_default();
    [state(&probe.warn), state(&probe.critical), state(&probe.shows)]
}

impl Standing {
    fn look(&mut self, check: &Check, series: &dyn Series, second: i64) {
        self.lines.clear();
        for (probe, [warn, critical, shows]) in check.probes.iter().zip(&mut self.states) {
            let holds = |condition: &Option<Condition>, state: &mut State| {
                condition.as_ref().is_some_and(|condition| condition.holds(state, series, second))
            };
            let (is_warning, is_critical) = (holds(&probe.warn, warn), holds(&probe.critical, critical));
            let found = match (is_critical, is_warning) {
                (true, _) => Found::Critical,
                (_, true) => Found::Warning,
                _ => Found::Ok,
            };
            let asked = probe.shows.as_ref().map(|asked| (asked.value(shows, series, second), asked.unit()));
            // Where the level doesn't say what it shows, it shows what it measures.
            let measured = || {
                let sides = probe.critical.as_ref().or(probe.warn.as_ref())?.sides(series, second)?;
                Some((sides.0, sides.2))
            };
            let shown = asked.or_else(measured).and_then(|(value, unit)| value.map(|value| written(value, unit)));
            let text = shown.map_or_else(|| probe.name.clone(), |shown| format!("{} {shown}", probe.name));
            self.lines.push((found, text));
        }
        self.seen = self.lines.iter().map(|(found, _)| *found).max().unwrap_or_default();
    }

    fn judge(&mut self, number: usize, check: &Check, now: Time) -> Option<Notice> {
        let changed = self.seen != self.state;
        if changed {
            self.tries += 1;
            // That all is well again is believed at once.
            if self.tries < check.tries && self.seen != Found::Ok {
                return None;
            }
            self.is_known &= self.state != Found::Ok;
            (self.state, self.since, self.tries, self.told) = (self.seen, now, 0, None);
            if self.taken.as_ref().is_some_and(|taken| !taken.is_sticky) || self.state == Found::Ok {
                self.taken = None;
            }
        } else {
            self.tries = 0;
        }
        if self.state == Found::Ok {
            return (changed && self.is_known).then_some(Notice::Over { check: number });
        }
        self.tell(number, check, now)
    }

    fn is_silenced(&self, now: Time) -> bool {
        self.silenced_until.is_some_and(|until| now < until)
    }

    /// Tells somebody, where there is something to tell and anybody hears it.
    fn tell(&mut self, number: usize, check: &Check, now: Time) -> Option<Notice> {
        let is_due = self.told.is_none_or(|told| now.since(told) >= check.repeat);
        if self.state == Found::Ok || self.taken.is_some() || self.is_silenced(now) || !is_due {
            return None;
        }
        let again = self.told.is_some();
        (self.told, self.is_known) = (Some(now), true);
        Some(Notice::Tells { check: number, text: self.text(), again })
    }

    /// `DISK CRITICAL - …`: the worst first.
    #[must_use]
    pub fn text(&self) -> String {
        let bad: Vec<&str> =
            self.lines.iter().filter(|(found, _)| *found != Found::Ok).map(|(_, text)| text.as_str()).collect();
        let word = self.state.word();
        if bad.is_empty() { word.to_owned() } else { format!("{word} - {}", bad.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use crate::incident::view::RingState;
    use crate::incident::{Incident, Mode};
    use crate::level::Level;
    use crate::sim::quantity::Span;
    use std::sync::Arc;

    /// One check of two things: one has been bad all along, the other goes bad after two minutes.
    fn incident(acknowledged: &str) -> Incident {
        monitored(acknowledged, "")
    }

    fn monitored(acknowledged: &str, more: &str) -> Incident {
        let text = format!(
            r#"Level(
            id: "checks", title: "Checks", clock: (warm_up: "2m", limit: "30m"),
            system: [Clients(name: "people", load: [(kind: "page", rate: "1/s", call: "web")]),
                     Service(name: "web", runs: "one", versions: [(name: "one", deployed: "-1d", steps: [Work("5ms")])])],
            monitoring: (checks: [(name: "disk", every: "30s", retry: "10s", tries: 3, probes: [
                (name: "old", warn: "time > -1h"), (name: "new", critical: "time > 2m", shows: "people.page.requests"),
            ], {acknowledged})], {more}),
            goal: (mitigated: "time > 1h", budget: (bad: "people.page.failed", of: "people.page", share: "10%")),
        )"#
        );
        let level = Level::parse(&text).unwrap_or_else(|problems| panic!("{problems:#?}"));
        Incident::start(Arc::new(level), 1, Mode::OnCall)
    }

    fn typed(incident: &mut Incident, line: &str) -> Vec<String> {
        let entry = incident.perform(line);
        incident.advance(Span::from_seconds(1));
        incident.console()[entry].output.clone()
    }

    #[test]
    fn what_is_seen_often_enough_is_told() {
        let mut incident = incident("");
        incident.advance(Span::from_seconds(300));
        assert_eq!(incident.rings()[0].state, RingState::Ringing);
        let text = &incident.rings()[0].text;
        assert!(text.starts_with("CRITICAL - old 4m") && text.contains("; new "), "what is measured is shown: {text}");
        assert!(incident.holds("fired(\"disk\")").unwrap());
    }

    #[test]
    fn a_sticky_acknowledgement_hides_what_gets_worse_until_it_is_taken_off() {
        let mut incident = incident("acknowledged: (by: \"Ben\", at: \"-9d\", note: \"known\")");
        incident.advance(Span::from_seconds(300));
        assert_eq!(incident.rings()[0].state, RingState::Acknowledged);
        assert!(!incident.holds("fired(\"disk\")").unwrap());
        assert!(typed(&mut incident, "nagios disk").iter().any(|line| line.contains("ACKNOWLEDGED by Ben")));
        typed(&mut incident, "nagios unack disk");
        incident.advance(Span::from_seconds(40));
        assert_eq!(incident.rings()[0].state, RingState::Ringing);
    }

    #[test]
    fn nobody_hears_a_check_before_the_phone_may_ring() {
        let mut incident = monitored("repeat: \"1h\"", "quiet_until: \"4m7s\"");
        incident.advance(Span::from_seconds(246));
        assert_eq!(incident.rings()[0].state, RingState::Silenced);
        assert!(!incident.holds("fired(\"disk\")").unwrap());
        incident.advance(Span::from_seconds(1));
        assert_eq!(incident.rings()[0].state, RingState::Ringing);
        assert!(incident.holds("fired(\"disk\")").unwrap());
        assert!(typed(&mut incident, "silence disk --for 5m")[0].contains("silent for 5m"));
        assert_eq!(incident.rings()[0].state, RingState::Silenced);
    }
}
