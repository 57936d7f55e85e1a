//! The explore view in an incident: what its keys do. It is only looked through; what is pinned is pinned by a command.

use super::{IncidentScreen, Transition};
use crate::sim::quantity::Span;
use crate::tui::hit::Target;
use crate::tui::keymap::{Intent, Pane};
use crate::tui::panel::explore::{ExploreState, MOST};
use crate::tui::store::Store;

impl IncidentScreen {
    /// Opens the view; it begins with what is asked for, or with the first graph in sight.
    pub(super) fn open_explore(&mut self, expression: Option<&str>) {
        let mut state = self.explore.take().unwrap_or_else(|| {
            let first = self.seen.graphs.iter().flatten().next().map(|graph| graph.title.clone());
            Box::new(ExploreState::new(self.incident.measurable(), first.into_iter().collect()))
        });
        state.typing = expression.is_none();
        if let Some(expression) = expression {
            state.add(expression);
        }
        self.explore = Some(state);
        self.look();
    }

    /// Looks at what the view draws.
    pub(super) fn look_at_explored(&mut self) {
        let Some(state) = &mut self.explore else { return };
        let now = self.incident.now();
        let (until, window) = (self.graphs.until(now), self.graphs.span(now));
        let points = state.points.clamp(20, 800);
        state.graphs = state.series.iter().map(|one| self.incident.graph_until(one, until, window, points)).collect();
        state.readings = match self.graphs.cursor {
            Some(at) => state.series.iter().map(|one| self.incident.reading(one, at)).collect(),
            None => vec![],
        };
        state.pinned = self.incident.pinned_graphs().to_vec();
    }

    /// Text for the line of the view.
    pub(super) fn edit_query(&mut self, key: crate::tui::key::Key) {
        let Some(state) = &mut self.explore else { return };
        if state.typing && state.edit(key) {
            self.find_again();
        }
    }

    /// Pasted text for the line of the view.
    pub(super) fn paste_query(&mut self, text: &str) {
        let Some(state) = &mut self.explore else { return };
        state.typing = true;
        state.set_query(&format!("{}{}", state.query(), crate::tui::pen::sane(text)));
        self.find_again();
    }

    fn find_again(&mut self) {
        let Some(state) = &mut self.explore else { return };
        let text = state.query();
        let is_drawn = !text.trim().is_empty() && self.incident.graph(text, Span::from_seconds(1), 1).is_ok();
        state.find(is_drawn);
    }

    /// Does what a key means in the view; gives back what isn't for it.
    pub(super) fn on_explore(&mut self, intent: Intent, store: &mut dyn Store) -> Result<Transition, Intent> {
        let now = self.incident.now();
        let Some(state) = &mut self.explore else { return Err(intent) };
        match intent {
            Intent::Query | Intent::Explore => state.typing = true,
            Intent::Up => state.step(-1),
            Intent::Down => state.step(1),
            Intent::PageUp => state.step(-6),
            Intent::PageDown => state.step(6),
            Intent::First => state.step(isize::MIN / 2),
            Intent::Last => state.step(isize::MAX / 2),
            Intent::Open if state.typing => self.add_series(),
            Intent::Complete => {
                if let Some(current) = state.current().map(str::to_owned) {
                    state.set_query(&current);
                    self.find_again();
                }
            }
            Intent::Back if state.typing && !state.series.is_empty() => {
                state.typing = false;
                state.set_query("");
                state.find(false);
            }
            Intent::Back if self.graphs.cursor.is_some() && !state.typing => self.graphs.leave(),
            Intent::Back => self.explore = None,
            Intent::TakeOff => {
                if state.take_off().is_none() {
                    self.say("no series is drawn");
                }
            }
            Intent::Pin => self.pin_series(store),
            Intent::Left | Intent::Right => self.graphs.step(intent == Intent::Right, now),
            Intent::Farther | Intent::Closer | Intent::NextMark | Intent::PreviousMark => {
                let focus = std::mem::replace(&mut self.focus, Pane::Graphs);
                self.on_pane(intent);
                self.focus = focus;
            }
            other => return Err(other),
        }
        self.look();
        Ok(Transition::Stay)
    }

    fn add_series(&mut self) {
        let Some(state) = &mut self.explore else { return };
        let Some(expression) = state.current().map(str::to_owned) else {
            let problem = self.incident.graph(state.query(), Span::from_seconds(1), 1).err();
            return self.say(&problem.unwrap_or_else(|| "nothing is collected under that name".to_owned()));
        };
        if state.add(&expression) {
            state.typing = false;
            state.set_query("");
            state.find(false);
        } else {
            self.say(&format!("{MOST} series are as many as can be told apart; x takes one off"));
        }
    }

    /// Pins the chosen series to the graphs, or takes it off them.
    fn pin_series(&mut self, store: &mut dyn Store) {
        let Some(state) = &self.explore else { return };
        let Some(expression) = state.series.get(state.chosen).cloned() else {
            return self.say("no series is drawn");
        };
        let is_pinned = self.incident.pinned_graphs().contains(&expression);
        let line = if is_pinned { format!("graph --off {expression}") } else { format!("graph {expression}") };
        self.perform(&line, store);
        self.say(if is_pinned { "no longer pinned to the graphs" } else { "pinned to the graphs" });
    }

    /// A click in the view; false where it isn't for it.
    pub(super) fn click_explore(&mut self, target: &Target, at: (u16, u16), store: &mut dyn Store) -> bool {
        let now = self.incident.now();
        let Some(state) = &mut self.explore else { return false };
        match target {
            Target::Item(place) => {
                state.select(*place);
                self.add_series();
            }
            Target::Series(index) => {
                state.typing = false;
                state.chosen = *index;
            }
            Target::SeriesKey(index, intent) => {
                state.chosen = *index;
                _ = self.on_explore(*intent, store);
            }
            Target::Chart(axis) => self.graphs.read_at(axis.at(at.0), now),
            Target::Inside => state.typing = false,
            _ => return false,
        }
        self.look();
        true
    }
}
