//! What the player writes down: guesses, evidence, expectations, notes; and the timeline that writes itself.

use super::view;
use crate::level::condition::{Condition, State};
use crate::sim::quantity::{Span, Time};

/// A pin, and what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Pinned {
    /// As it is shown.
    pub pin: view::Pin,
    /// The hypothesis it is about, and whether it speaks for it.
    pub about: Option<(usize, bool)>,
}

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
    pub pins: Vec<Pinned>,
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
        self.pins.iter().any(|pinned| evidence.is_in(&pinned.pin.command, &pinned.pin.line))
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
        let count = |number: usize, speaks: bool| {
            self.pins.iter().filter(|pinned| pinned.about == Some((number, speaks))).count()
        };
        let hypotheses = self.hypotheses.iter().enumerate().map(|(index, text)| view::Hypothesis {
            number: index + 1,
            text: text.clone(),
            speaks_for: count(index + 1, true),
            speaks_against: count(index + 1, false),
        });
        view::Notebook {
            hypotheses: hypotheses.collect(),
            pins: self.pins.iter().map(|pinned| pinned.pin.clone()).collect(),
            predictions: self.predictions.iter().map(|expected| expected.prediction.clone()).collect(),
            notes: self.notes.clone(),
            timeline: self.timeline.clone(),
        }
    }
}
