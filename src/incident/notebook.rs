//! What the player writes down: guesses, evidence, expectations, notes; and the timeline that writes itself.

use super::view;
use crate::level::condition::{Condition, State};
use crate::sim::quantity::{Span, Time};

/// An expectation under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// As it is shown.
    pub prediction: view::Prediction,
    condition: Condition,
    state: State,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notebook {
    /// Guesses at the cause.
    pub hypotheses: Vec<String>,
    /// Evidence.
    pub pins: Vec<view::Pin>,
    /// Expectations.
    pub predictions: Vec<Expected>,
    /// Notes.
    pub notes: Vec<(Time, String)>,
    /// What happened.
    pub timeline: Vec<(Time, String)>,
}

impl Notebook {
    /// Whether a piece of evidence is among the pins.
    #[must_use]
    pub fn has_pinned(&self, evidence: &crate::level::schema::Evidence) -> bool {
        let shows = |pinned: &view::Pin| {
            std::iter::once(&pinned.line).chain(&pinned.around).any(|line| evidence.is_in(&pinned.command, line))
        };
        self.pins.iter().any(shows)
    }

    /// Keeps a line, once; returns its place.
    pub fn pin(&mut self, pin: view::Pin) -> usize {
        let known = self.pins.iter().position(|known| known.command == pin.command && known.line == pin.line);
        known.unwrap_or_else(|| {
            self.pins.push(pin);
            self.pins.len() - 1
        })
    }

    /// A piece of evidence, by its place, speaks for a hypothesis or against it; what was thought of it before is
    /// forgotten.
    pub fn weigh(&mut self, place: usize, hypothesis: usize, speaks_for: bool) {
        if let Some(pin) = self.pins.get_mut(place) {
            pin.about.retain(|(known, _)| *known != hypothesis);
            pin.about.push((hypothesis, speaks_for));
        }
    }

    /// Writes down what happened, also where it has become certain only later.
    pub fn record(&mut self, at: Time, text: impl Into<String>) {
        let after = self.timeline.partition_point(|(time, _)| *time <= at);
        self.timeline.insert(after, (at, text.into()));
    }

    /// Adds an expectation.
    pub fn expect(&mut self, now: Time, text: &str, within: Span, condition: Condition) {
        let state = condition.new_state();
        let prediction =
            view::Prediction { at: now, text: format!("{text} in {within}"), due: now + within, came_true: None };
        self.predictions.push(Expected { prediction, condition, state });
    }

    /// Judges what is due; an expectation comes true as soon as it holds. Returns (text, whether it came true).
    pub fn second(&mut self, series: &dyn crate::level::condition::Series, second: i64) -> Vec<(String, bool)> {
        let now = Time::from_seconds(second);
        let mut judged = vec![];
        for expected in self.predictions.iter_mut().filter(|expected| expected.prediction.came_true.is_none()) {
            let holds = expected.condition.holds(&mut expected.state, series, second);
            if holds || expected.prediction.due <= now {
                expected.prediction.came_true = Some(holds);
                judged.push((expected.prediction.text.clone(), holds));
            }
        }
        judged
    }

    /// As it is shown.
    #[must_use]
    pub fn view(&self) -> view::Notebook {
        let count =
            |number: usize, speaks: bool| self.pins.iter().filter(|pin| pin.about.contains(&(number, speaks))).count();
        let hypotheses = self.hypotheses.iter().enumerate().map(|(index, text)| view::Hypothesis {
            number: index + 1,
            text: text.clone(),
            speaks_for: count(index + 1, true),
            speaks_against: count(index + 1, false),
        });
        view::Notebook {
            hypotheses: hypotheses.collect(),
            pins: self.pins.clone(),
            predictions: self.predictions.iter().map(|expected| expected.prediction.clone()).collect(),
            notes: self.notes.clone(),
            timeline: self.timeline.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_kept_once_and_can_be_weighed_again() {
        let pin = |line: &str| view::Pin { command: "dmesg".to_owned(), line: line.to_owned(), ..view::Pin::default() };
        let mut notebook =
            Notebook { hypotheses: vec!["a leak".to_owned(), "one message".to_owned()], ..Notebook::default() };
        assert_eq!([notebook.pin(pin("killed")), notebook.pin(pin("boot")), notebook.pin(pin("killed"))], [0, 1, 0]);
        notebook.weigh(0, 1, true);
        notebook.weigh(0, 2, true);
        notebook.weigh(0, 1, false);
        let counts: Vec<(usize, usize)> =
            notebook.view().hypotheses.iter().map(|one| (one.speaks_for, one.speaks_against)).collect();
        assert_eq!(counts, [(0, 1), (1, 0)]);
    }
    #[test]
    fn a_line_beside_what_shows_it_is_the_evidence_too() {
        let mut notebook = Notebook::default();
        let (line, around) = ("994 @ 0x4f3a".to_owned(), vec!["# pubsub.await".to_owned()]);
        notebook.pin(view::Pin { command: "curl a".to_owned(), line, around, ..view::Pin::default() });
        let evidence = |shows: &str| crate::level::schema::Evidence {
            see: "curl*".into(),
            shows: shows.into(),
            ..Default::default()
        };
        assert!(notebook.has_pinned(&evidence("pubsub.await")));
        assert!(!notebook.has_pinned(&evidence("heap")));
    }
}
