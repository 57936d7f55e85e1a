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
        self.pins.iter().any(|pinned| evidence.is_in(&pinned.command, &pinned.line))
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
