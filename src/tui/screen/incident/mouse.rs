//! The mouse in an incident: a click selects, the same click again opens, the right button opens at once.

use super::{Dialog, IncidentScreen, Transition};
use crate::tui::hit::Target;
use crate::tui::key::MouseAct;
use crate::tui::keymap::{Intent, Pane};
use crate::tui::panel::console::{step, turn};
use crate::tui::store::Store;

/// The clicks after the one that opened a menu that may still belong to it.
const CLICKS: u8 = 2;

impl IncidentScreen {
    /// The mouse did something at a place where this lies.
    pub fn on_mouse(
        &mut self,
        act: MouseAct,
        at: (u16, u16),
        target: Option<&Target>,
        store: &mut dyn Store,
    ) -> Transition {
        let opened_at = self.opened_at.take();
        if self.dialog.is_none()
            && let Some(target) = target.filter(|_| matches!(act, MouseAct::Click | MouseAct::Menu | MouseAct::Drag))
            && self.click_explore(target, at, store)
        {
            return Transition::Stay;
        }
        match (act, target) {
            (MouseAct::WheelUp | MouseAct::WheelDown, target) => {
                self.on_wheel(act == MouseAct::WheelUp, target, store);
            }
            // The next clicks at the same place belong to the first.
            (_, Some(Target::Outside | Target::Inside))
                if opened_at.is_some_and(|(place, left)| place == at && left > 0) =>
            {
                self.opened_at = opened_at.map(|(place, left)| (place, left - 1));
            }
            (_, Some(Target::Item(index))) => {
                if let Some(Dialog::List(list, _)) = &mut self.dialog {
                    list.select(*index);
                    return self.on_dialog(Intent::Open, store);
                }
            }
            (_, Some(Target::Outside)) if !matches!(self.dialog, Some(Dialog::Over(_))) => self.dialog = None,
            (_, Some(Target::Chart(axis))) => {
                self.go(Pane::Graphs);
                self.graphs.read_at(axis.at(at.0), self.incident.now());
                self.look();
            }
            (_, Some(Target::PaneKey(pane, intent))) => {
                self.go(*pane);
                return self.on_intent(*intent, store);
            }
            (_, Some(Target::Key(intent))) => return self.on_key_name(*intent, store),
            (_, Some(Target::Answer(saying, number))) => self.answer(*saying, *number, store),
            (_, Some(Target::PagerKey(row, intent))) => {
                self.go(Pane::Pager);
                self.pager.selected = Some(*row);
                self.on_command(*intent, store);
            }
            (MouseAct::Menu, Some(Target::Speed)) => {
                self.on_command(Intent::Slower, store);
            }
            (_, Some(Target::Speed)) => self.cycle_speed(store),
            (_, Some(Target::More(pane))) => self.on_more(*pane),
            (_, Some(Target::Part(index))) => self.click_part(*index, act, at),
            (_, Some(Target::Evidence(index))) => {
                let again = self.focus == Pane::Notebook && self.notebook_pin == Some(*index);
                self.go(Pane::Notebook);
                self.notebook_pin = Some(*index);
                if act == MouseAct::Menu || again {
                    self.open_evidence_menu(Some(at));
                    self.opened_at = Some((at, CLICKS));
                }
            }
            (_, Some(Target::PagerRow(index))) => {
                let again = self.focus == Pane::Pager && self.pager.selected == Some(*index);
                // What is clicked stays where it is.
                let scroll = self.pager.scroll;
                self.go(Pane::Pager);
                self.pager.scroll = scroll;
                self.pager.selected = Some(*index);
                if act == MouseAct::Menu || again {
                    self.open_pager_menu();
                    self.opened_at = Some((at, CLICKS));
                }
            }
            (_, Some(Target::ReaderLine(line))) => self.click_reader(*line, act, store),
            (_, Some(Target::Output(entry, line))) => {
                let again = self.focus == Pane::Console && self.console.selected == Some((*entry, *line));
                self.go(Pane::Console);
                self.console.selected = Some((*entry, *line));
                if act == MouseAct::Menu || again {
                    self.pin(store);
                }
            }
            (_, Some(Target::Candidate(index))) => {
                self.go(Pane::Console);
                self.console.editor.choose(*index);
                self.offer();
            }
            (_, Some(Target::Watch(entry))) => {
                self.go(Pane::Console);
                self.read_at(*entry, 0);
            }
            (_, Some(Target::Tab(tab))) => {
                self.go(Pane::Console);
                self.go_to_tab(*tab);
            }
            (_, Some(Target::CloseTab)) => self.close_tab(store),
            (_, Some(Target::Prompt)) => self.click_prompt(),
            (MouseAct::Click, Some(Target::Pane(pane))) => {
                self.console.selected = None;
                self.go(*pane);
            }
            _ => {}
        }
        Transition::Stay
    }

    /// A key's name was clicked. What only means something at the prompt brings it back first.
    fn on_key_name(&mut self, intent: Intent, store: &mut dyn Store) -> Transition {
        if self.dialog.is_none() && matches!(intent, Intent::Run | Intent::Complete) {
            self.go(Pane::Console);
            self.console.selected = None;
        }
        // The clock is in sight, and at hand, also below a dialog.
        if self.dialog.is_some() && intent == Intent::Pause {
            self.on_command(intent, store);
            return Transition::Stay;
        }
        self.on_intent(intent, store)
    }

    /// A line of the answer that is read: the first click goes there, the same again pins it.
    fn click_reader(&mut self, line: usize, act: MouseAct, store: &mut dyn Store) {
        let Some(reader) = &mut self.reader else { return };
        let again = reader.line == line;
        reader.line = line;
        reader.follows = false;
        if act == MouseAct::Menu || again {
            self.pin(store);
        }
    }

    fn click_part(&mut self, index: usize, act: MouseAct, at: (u16, u16)) {
        let name = self.seen.map.parts.get(index).map(|part| part.name.clone());
        // What is selected is marked, also while another pane has the keys.
        let again = self.map.selected.is_some() && self.map.selected == name;
        self.map.selected = name;
        self.go(Pane::Map);
        self.look();
        if act == MouseAct::Menu || again {
            self.open_part_menu(Some(at));
            self.opened_at = Some((at, CLICKS));
        }
    }

    /// The prompt was clicked: keys go there, and what could stand in the line is offered.
    fn click_prompt(&mut self) {
        let was_there = self.focus == Pane::Console && self.console.selected.is_none();
        self.go(Pane::Console);
        self.console.selected = None;
        if !was_there {
            return;
        }
        if self.console.editor.list.is_some() {
            self.console.editor.list = None;
            return;
        }
        self.offer();
        if self.console.editor.list.is_none() {
            self.say("nothing more is known to fit here; Enter runs the line");
        }
    }

    /// A page more of what a pane shows.
    fn on_more(&mut self, pane: Pane) {
        if pane == Pane::Console {
            // More of the words on offer.
            if let Some(list) = &mut self.console.editor.list {
                list.first = (list.first + 4) % list.candidates.len().max(1);
            }
            return;
        }
        self.go(pane);
        if pane == Pane::Graphs && self.graphs.first + self.graph_room >= self.seen.graph_count {
            return self.on_pane(Intent::First);
        }
        self.on_pane(Intent::PageDown);
    }

    fn on_wheel(&mut self, up: bool, target: Option<&Target>, store: &mut dyn Store) {
        let by: isize = if up { -3 } else { 3 };
        if let Some(Dialog::List(list, _)) = &mut self.dialog {
            return list.step(by.signum());
        }
        if self.dialog.is_some() {
            return;
        }
        if self.explore.is_some() {
            _ = self.on_explore(if up { Intent::Up } else { Intent::Down }, store);
            return;
        }
        if self.reader.is_some() {
            (0..by.abs()).for_each(|_| _ = self.on_reader(if up { Intent::Up } else { Intent::Down }, store));
            return;
        }
        let answers = self.seen.answers(self.tab);
        match target {
            Some(Target::Watch(_) | Target::Key(Intent::WatchUp | Intent::WatchDown | Intent::ReadWatch)) => {
                self.console.watch.step(by);
            }
            Some(Target::Output(..) | Target::Prompt | Target::Pane(Pane::Console)) => {
                let end = step(&answers, None, 0);
                // The first turn shows what is above, as there is nothing below.
                let from = self.console.selected.or_else(|| turn(&answers, &self.console, true));
                let next = if self.console.selected.is_none() { from.filter(|_| up) } else { step(&answers, from, by) };
                // Back at the end, the prompt takes over again.
                self.console.selected = next.filter(|next| Some(*next) != end);
            }
            Some(Target::Candidate(_) | Target::More(Pane::Console)) => self.console.editor.cycle(!up),
            Some(Target::Part(_) | Target::Pane(Pane::Map) | Target::More(Pane::Map)) => {
                self.select_part(0, by.signum() as i32);
            }
            Some(
                Target::PagerRow(_)
                | Target::PagerKey(..)
                | Target::Answer(..)
                | Target::Pane(Pane::Pager)
                | Target::More(Pane::Pager),
            ) => {
                let scroll = self.pager.scroll;
                self.pager.scroll = if up { scroll.saturating_add(3) } else { scroll.saturating_sub(3) };
                self.pager.selected = None;
            }
            Some(Target::Pane(Pane::Notebook) | Target::More(Pane::Notebook) | Target::Evidence(_)) => {
                self.notebook_scroll = self.notebook_scroll.saturating_add_signed(by as i16);
            }
            Some(
                Target::Pane(Pane::Graphs)
                | Target::More(Pane::Graphs)
                | Target::Chart(_)
                | Target::PaneKey(Pane::Graphs, _),
            ) => {
                let focus = std::mem::replace(&mut self.focus, Pane::Graphs);
                self.on_pane(if up { Intent::Up } else { Intent::Down });
                self.focus = focus;
            }
            Some(Target::Speed) => {
                self.on_command(if up { Intent::Faster } else { Intent::Slower }, store);
            }
            _ => {}
        }
    }
}
