//! Moving about in the panes: what arrows, pages, Home and End select or scroll.

use super::IncidentScreen;
use crate::incident::view::RingState;
use crate::tui::keymap::{Intent, Pane};
use crate::tui::panel::map::neighbour;
use crate::tui::panel::notebook;
use crate::tui::panel::pager::{PagerRow, rows};

impl IncidentScreen {
    /// Moves within the focused pane.
    pub(super) fn on_pane(&mut self, intent: Intent) {
        match (self.focus, intent) {
            (Pane::Map, Intent::Open) => self.open_part_menu(None),
            (Pane::Map, Intent::Up) => self.select_part(0, -1),
            (Pane::Map, Intent::Down) => self.select_part(0, 1),
            (Pane::Map, Intent::Left) => self.select_part(-1, 0),
            (Pane::Map, Intent::Right) => self.select_part(1, 0),
            (Pane::Map, Intent::PageUp) => self.walk_parts(-(self.map_room as isize / 2).max(1)),
            (Pane::Map, Intent::PageDown) => self.walk_parts((self.map_room as isize / 2).max(1)),
            (Pane::Map, Intent::First) => self.walk_parts(isize::MIN / 2),
            (Pane::Map, Intent::Last) => self.walk_parts(isize::MAX / 2),
            (Pane::Pager, Intent::Open) => self.open_pager_menu(),
            (Pane::Pager, Intent::Up) => self.select_row(-1),
            (Pane::Pager, Intent::Down) => self.select_row(1),
            (Pane::Pager, Intent::PageUp) => self.turn_pager(true),
            (Pane::Pager, Intent::PageDown) => self.turn_pager(false),
            (Pane::Pager, Intent::First) => self.select_row(isize::MIN / 2),
            (Pane::Pager, Intent::Last) => self.select_row(isize::MAX / 2),
            (Pane::Graphs, _) => self.on_graphs(intent),
            (Pane::Notebook, _) => self.on_notebook(intent),
            _ => {}
        }
        self.look();
    }

    fn on_graphs(&mut self, intent: Intent) {
        let (room, count) = (self.graph_room.max(1), self.seen.graph_count);
        let now = self.incident.now();
        let graphs = &mut self.graphs;
        match intent {
            Intent::Up | Intent::PageUp => graphs.first = graphs.first.saturating_sub(room),
            Intent::Down | Intent::PageDown if graphs.first + room < count => graphs.first += room,
            // After the last come the first again.
            Intent::Down | Intent::First => graphs.first = 0,
            Intent::Last => graphs.first = count.saturating_sub(1) / room * room,
            Intent::Left | Intent::Right => graphs.step(intent == Intent::Right, now),
            Intent::Farther | Intent::Closer => graphs.zoom(intent == Intent::Farther, now),
            Intent::NextMark | Intent::PreviousMark if self.seen.marks.is_empty() => {
                self.say("nothing has happened yet that is marked");
            }
            Intent::NextMark | Intent::PreviousMark => {
                graphs.step_to_mark(intent == Intent::NextMark, &self.seen.marks, now);
            }
            Intent::Back => graphs.leave(),
            _ => {}
        }
    }

    fn on_notebook(&mut self, intent: Intent) {
        let page = self.notebook_room.saturating_sub(1).max(1);
        // In the order in which it stands there.
        let order = notebook::order(&self.seen.notebook);
        let at = self.notebook_pin.and_then(|pin| order.iter().position(|other| *other == pin));
        let next = match (intent, at) {
            (Intent::Open, _) => return self.open_evidence_menu(None),
            (Intent::Up, Some(at)) => at.checked_sub(1),
            (Intent::Down, Some(at)) => Some(at + 1),
            (Intent::Down, None) if self.notebook_scroll == 0 => Some(0),
            _ => None,
        };
        if let Some(pin) = next.and_then(|at| order.get(at)) {
            self.notebook_pin = Some(*pin);
            self.notebook_follows = true;
            return;
        }
        // Beyond the evidence the page is scrolled.
        if intent == Intent::Up && self.notebook_scroll == 0 {
            self.notebook_pin = None;
        }
        // Drawing keeps it in range.
        self.notebook_scroll = match intent {
            Intent::Up => self.notebook_scroll.saturating_sub(1),
            Intent::Down => self.notebook_scroll.saturating_add(1),
            Intent::PageUp => self.notebook_scroll.saturating_sub(page),
            Intent::PageDown => self.notebook_scroll.saturating_add(page),
            Intent::First => 0,
            Intent::Last => u16::MAX,
            _ => self.notebook_scroll,
        };
    }

    pub(super) fn select_part(&mut self, right: i32, down: i32) {
        let all = &self.seen.map.parts;
        if down > 0 && neighbour(&self.seen.map, self.map.selected.as_deref(), right, down).is_none() {
            // After the last comes the first again.
            self.map.selected = all.iter().min_by_key(|part| (part.column, part.row)).map(|part| part.name.clone());
            self.graphs.first = 0;
        } else if let Some(next) = neighbour(&self.seen.map, self.map.selected.as_deref(), right, down) {
            self.map.selected = Some(next);
            self.graphs.first = 0;
        }
    }

    /// So many parts on, in the order in which they stand.
    fn walk_parts(&mut self, by: isize) {
        let mut order: Vec<_> = self.seen.map.parts.iter().collect();
        order.sort_by_key(|part| (part.column, part.row));
        let at = order.iter().position(|part| Some(part.name.as_str()) == self.map.selected.as_deref()).unwrap_or(0);
        let next = at.saturating_add_signed(by).min(order.len().saturating_sub(1));
        self.map.selected = order.get(next).map(|part| part.name.clone());
        self.graphs.first = 0;
    }

    /// What the pager opens at: what rings and nobody has taken, else what was said last; the newest is in sight.
    pub(super) fn select_newest(&mut self) {
        let all = rows(&self.seen.rings, &self.seen.sayings);
        let rings = |row: &PagerRow| match row {
            PagerRow::Ring(index) => self.seen.rings[*index].state == RingState::Ringing,
            PagerRow::Saying(_) => false,
        };
        self.pager.scroll = 0;
        self.pager.selected = all.iter().position(rings).or(all.len().checked_sub(1));
    }

    pub(super) fn select_row(&mut self, by: isize) {
        let count = rows(&self.seen.rings, &self.seen.sayings).len();
        let at = self.pager.selected.unwrap_or(0).saturating_add_signed(by);
        self.pager.selected = (count > 0).then(|| at.min(count - 1));
    }

    /// A page of the chat; at its end the newest is selected, so that what comes next is followed.
    pub(super) fn turn_pager(&mut self, up: bool) {
        let page = self.pager.room.saturating_sub(1).max(1);
        if up {
            self.pager.scroll = self.pager.scroll.saturating_add(page);
            self.pager.selected = None;
        } else if self.pager.scroll > page {
            self.pager.scroll -= page;
            self.pager.selected = None;
        } else {
            self.pager.scroll = 0;
            self.select_row(isize::MAX / 2);
        }
    }

    /// What is selected in the pager, and whether it is the newest.
    pub(super) fn pager_row(&self) -> Option<(PagerRow, String, bool)> {
        let all = rows(&self.seen.rings, &self.seen.sayings);
        let at = self.pager.selected?;
        let row = *all.get(at)?;
        let name = match row {
            PagerRow::Ring(index) => self.seen.rings.get(index).map_or(String::new(), |ring| ring.name.clone()),
            PagerRow::Saying(_) => String::new(),
        };
        Some((row, name, at + 1 == all.len() && matches!(row, PagerRow::Saying(_))))
    }

    /// Selects the same again after the rows have changed; whoever was at the end stays there.
    pub(super) fn keep_pager_row(&mut self, before: Option<(PagerRow, String, bool)>) {
        let Some((row, name, was_newest)) = before else { return };
        let all = rows(&self.seen.rings, &self.seen.sayings);
        let found = all.iter().position(|other| match (row, other) {
            (PagerRow::Ring(_), PagerRow::Ring(index)) => self.seen.rings[*index].name == name,
            (PagerRow::Saying(index), PagerRow::Saying(other)) => index == *other,
            _ => false,
        });
        let newest = all.len().checked_sub(1).filter(|_| was_newest && self.pager.scroll == 0);
        self.pager.selected = newest.or(found).or(self.pager.selected);
    }
}
