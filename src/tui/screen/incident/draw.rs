//! The incident's screen, drawn from what was seen.

use super::layout::{LEAST, Layout};
use super::{Dialog, IncidentScreen};
use crate::incident::view::{Health, RingState};
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::{Intent, Pane, Place};
use crate::tui::panel::{self, dialog, graphs, map, notebook, pager, reader};
use crate::tui::pen::{Edge, fit, pane, put, put_right, width};
use crate::tui::theme::{Look, Theme};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

impl IncidentScreen {
    /// Draws everything, dialogs last.
    pub fn draw(
        &mut self,
        frame: &mut Frame,
        area: Rect,
        places: &[Place],
        refused: &[Intent],
        hits: &mut Hits,
        look: &Look,
    ) {
        let theme = &look.theme;
        let layout = Layout::of(area, self.top, self.focus, self.zoomed);
        let mut all = self.refused();
        all.extend_from_slice(refused);
        let refused = all;
        let may_pause = !refused.contains(&Intent::Pause);
        panel::header::draw(frame, layout.header, &self.seen.header, may_pause, hits, theme);
        if let Some(notice) = layout.notice {
            let (wide, high) = LEAST;
            let room = notice.width.saturating_sub(2);
            let whole = format!("{}×{} is small; from {wide}×{high} on everything fits", area.width, area.height);
            let text = if width(&whole) <= room { whole } else { format!("needs {wide}×{high}") };
            put(frame.buffer_mut(), notice.x + 1, notice.y, room, &text, theme.strained);
        }
        // What hurts and the keys stay in sight, whatever lies over the panes.
        let body = Rect {
            y: area.y + layout.header.height,
            height: layout.keys.y.saturating_sub(area.y + layout.header.height),
            ..area
        };
        if self.explore.is_some() {
            self.draw_explore(frame, body, hits, theme);
        } else {
            for (which, place) in &layout.panes {
                self.draw_pane(frame, *which, *place, layout.tabs, hits, look);
            }
        }
        let words = panel::keys::Words { first: &self.first(), refused: &refused };
        panel::keys::draw(frame, layout.keys, places, words, hits, theme);
        self.remember_room(&layout);
        self.draw_reader(frame, body, hits, theme);
        if let Some(message) = &self.message {
            panel::keys::draw_message(frame, layout.keys, message, theme);
        }
        match &mut self.dialog {
            Some(Dialog::List(list, _)) => dialog::draw_list(frame, body, list, hits, theme),
            Some(Dialog::Ask(question) | Dialog::Leave(question) | Dialog::Over(question)) => {
                dialog::draw_question(frame, body, question, places, hits, theme);
            }
            None => {}
        }
    }

    /// The answer that is read, over the panes.
    fn draw_reader(&mut self, frame: &mut Frame, area: Rect, hits: &mut Hits, theme: &Theme) {
        let Some(state) = &mut self.reader else { return };
        let Some(entry) = self.seen.console.iter().find(|entry| entry.id == state.entry) else { return };
        let clock = self.seen.local().second(entry.at);
        let shown = reader::Shown { entry, clock: &clock, pins: &self.seen.notebook.pins };
        reader::draw(frame, area, &shown, state, hits, theme);
    }

    /// In the console's lower border: that an answer is longer than the pane, and what opens it.
    fn draw_too_long(&self, frame: &mut Frame, area: Rect, inner: Rect, hits: &mut Hits, theme: &Theme) {
        let answers = self.seen.answers(self.tab);
        let Some((_, lines)) = panel::console::too_long(&answers, &self.console) else { return };
        let key = if self.console.selected.is_some() { "o" } else { "^O" };
        let (x, y) = (inner.x + 1, area.bottom() - 1);
        let text = format!(" {lines} lines: {key} reads them all ");
        let used = put(frame.buffer_mut(), x, y, inner.width.saturating_sub(2), &text, theme.key);
        hits.add(Rect { x, y, width: used, height: 1 }, Target::Key(Intent::Read));
    }

    /// What is to be done before anything else.
    fn first(&self) -> Vec<(Intent, String)> {
        let mut first = vec![];
        if self.dialog.is_some() || self.reader.is_some() {
            return first;
        }
        if self.seen.header.phase.is_over() {
            first.push((Intent::Debrief, "debrief".to_owned()));
        } else if self.seen.rings.iter().any(|ring| ring.is_page && ring.state == RingState::Ringing) {
            first.push((Intent::Acknowledge, "take the page".to_owned()));
        }
        let at_prompt = self.focus == Pane::Console && self.console.selected.is_none();
        if at_prompt && !self.console.editor.line().trim().is_empty() {
            first.push((Intent::Run, "run".to_owned()));
        }
        if let Some(waiting) = self.seen.sayings.iter().rfind(|saying| !saying.answers.is_empty()) {
            let who = waiting.who.split(',').next().unwrap_or_default();
            first.push((Intent::Reply, format!("answer {who}")));
        }
        first
    }

    fn draw_pane(&mut self, frame: &mut Frame, which: Pane, area: Rect, tabs: bool, hits: &mut Hits, look: &Look) {
        if area.height < 3 || area.width < 8 {
            return;
        }
        let theme = &look.theme;
        let focused = self.focus == which && self.dialog.is_none();
        hits.add(area, Target::Pane(which));
        let right = self.right_words(which);
        let flashes = which == Pane::Pager && self.flash > 0 || (tabs && which == self.top && self.flash > 0);
        let with_tabs = tabs && which != Pane::Console;
        let edge = Edge {
            title: which.title(),
            number: Some(which.number()),
            right: if with_tabs { "" } else { &right },
            right_style: (which == Pane::Pager && pager::ringing(&self.seen.rings) > 0).then_some(theme.failing),
            focused,
            style: flashes.then_some(theme.alarm),
        };
        let inner = pane(frame.buffer_mut(), area, &edge, theme);
        if with_tabs {
            self.draw_tabs(frame, area, which, hits, theme);
        }
        self.draw_inside(frame, which, inner, focused, hits, look);
        if which == Pane::Console {
            self.draw_too_long(frame, area, inner, hits, theme);
            self.draw_console_tabs(frame, area, hits, theme);
        }
    }

    fn draw_inside(
        &mut self,
        frame: &mut Frame,
        which: Pane,
        inner: Rect,
        focused: bool,
        hits: &mut Hits,
        look: &Look,
    ) {
        let theme = &look.theme;
        let (now, local) = (self.seen.now(), self.seen.local());
        match which {
            Pane::Map => {
                self.map_room = inner.height;
                let motion = map::Motion { phase: if look.motion { self.motion } else { 0 }, focused };
                map::draw(frame, inner, &self.seen.map, &mut self.map, motion, hits, theme);
                self.draw_states(frame, inner, theme);
            }
            Pane::Pager => {
                pager::draw(
                    frame,
                    inner,
                    &self.seen.rings,
                    &self.seen.sayings,
                    now,
                    &mut self.pager,
                    focused,
                    hits,
                    theme,
                );
            }
            Pane::Graphs => {
                let shown = self.shown_graphs();
                let axis = graphs::draw(frame, inner, &shown, hits, theme);
                let words = axis.map_or_else(String::new, |axis| graphs::cursor_words(&shown, &axis, now));
                self.graphs.axis = axis;
                self.draw_window(frame, inner, &words, hits, theme);
            }
            Pane::Console => {
                let shown = panel::console::Shown {
                    entries: &self.seen.answers(self.tab),
                    pins: &self.seen.notebook.pins,
                    shell: self.seen.place(self.tab),
                    focused,
                    away: self.focus != Pane::Console,
                };
                panel::console::draw(frame, inner, &shown, &mut self.console, hits, theme);
            }
            Pane::Notebook => {
                let mut chosen = notebook::Chosen {
                    scroll: self.notebook_scroll,
                    pin: self.notebook_pin.filter(|_| focused),
                    follows: std::mem::take(&mut self.notebook_follows),
                };
                self.notebook_room = inner.height;
                let shown = (&self.seen.notebook, self.seen.questions.as_slice());
                self.notebook_most = notebook::draw(frame, inner, shown, &mut chosen, local, hits, theme);
                self.notebook_scroll = chosen.scroll;
            }
        }
    }

    fn shown_graphs(&self) -> graphs::Shown<'_> {
        let now = self.seen.now();
        graphs::Shown {
            graphs: &self.seen.graphs,
            marks: &self.seen.marks,
            readings: &self.seen.readings,
            cursor: self.graphs.cursor,
            now,
            until: self.graphs.until(now),
            window: self.graphs.span(now),
            local: self.seen.local(),
        }
    }

    fn draw_explore(&mut self, frame: &mut Frame, body: Rect, hits: &mut Hits, theme: &Theme) {
        let Some(mut state) = self.explore.take() else { return };
        let window = self.graphs.words();
        let axis = panel::explore::draw(frame, body, &mut state, &self.shown_graphs(), &window, hits, theme);
        self.graphs.axis = axis;
        self.explore = Some(state);
    }

    /// In the map's lower border: what the selected part's instances are doing.
    fn draw_states(&self, frame: &mut Frame, inner: Rect, theme: &Theme) {
        let selected = self.map.selected.as_deref();
        let Some(part) = self.seen.map.parts.iter().find(|part| Some(part.name.as_str()) == selected) else { return };
        let states = map::states(part);
        if !states.is_empty() && inner.width > 20 {
            let text = format!(" {}: {states} ", part.name);
            put(frame.buffer_mut(), inner.x + 1, inner.bottom(), inner.width.saturating_sub(12), &text, theme.dim);
        }
    }

    /// In the graphs' lower border: what is read at the cursor, more graphs, and the window with its two keys.
    fn draw_window(&self, frame: &mut Frame, inner: Rect, cursor: &str, hits: &mut Hits, theme: &Theme) {
        let (y, buffer) = (inner.bottom(), frame.buffer_mut());
        let mut right = inner.right().saturating_sub(1);
        let words = format!(" [ {} ] ", self.graphs.words());
        if width(&words) > inner.width {
            return;
        }
        let x = put_right(buffer, right, y, inner.width, &words, theme.dim);
        for (at, glyph, intent) in [(x, "[", Intent::Farther), (right - 3, "]", Intent::Closer)] {
            put(buffer, at + 1, y, 1, glyph, theme.key);
            hits.add(Rect { x: at, y, width: 3, height: 1 }, Target::PaneKey(Pane::Graphs, intent));
        }
        right = x.saturating_sub(1);
        if cursor.is_empty() || inner.width > 100 {
            let x = put_right(buffer, right, y, 14, " e explore ", theme.dim);
            put(buffer, x + 1, y, 1, "e", theme.key);
            hits.add(Rect { x, y, width: right - x, height: 1 }, Target::Key(Intent::Explore));
            right = x.saturating_sub(1);
        }
        let more = self.seen.graph_count.saturating_sub(self.seen.graphs.len());
        if more > 0 && right > inner.x + 14 {
            let x = put_right(buffer, right, y, 14, &format!(" {more} more ▼ "), theme.dim);
            hits.add(Rect { x, y, width: right - x, height: 1 }, Target::More(Pane::Graphs));
            right = x.saturating_sub(1);
        }
        if !cursor.is_empty() {
            let room = right.saturating_sub(inner.x + 1);
            put(buffer, inner.x + 1, y, room, &format!(" {} ", fit(cursor, room.saturating_sub(2))), theme.own);
        }
    }

    /// What stands at the right of a pane's border.
    fn right_words(&self, which: Pane) -> String {
        match which {
            Pane::Map => {
                let failing = self.seen.map.parts.iter().filter(|part| part.health == Health::Failing).count();
                if failing == 0 {
                    "━ flows  ╌ fails".to_owned()
                } else {
                    format!("✕ {failing} failing   ━ flows  ╌ fails")
                }
            }
            Pane::Pager => match pager::ringing(&self.seen.rings) {
                0 => String::new(),
                count => format!("{count} ringing"),
            },
            Pane::Graphs => self.map.selected.clone().unwrap_or_default(),
            Pane::Console => {
                // The tabs stand there.
                String::new()
            }
            Pane::Notebook => match notebook::count(&self.seen.notebook) {
                0 => String::new(),
                count => count.to_string(),
            },
        }
    }

    /// The names of the panes that are not in sight, with a badge where there is something new in them.
    fn draw_tabs(&self, frame: &mut Frame, area: Rect, shown: Pane, hits: &mut Hits, theme: &Theme) {
        let ringing = pager::ringing(&self.seen.rings);
        let mut tabs: Vec<(Pane, String, Style)> = vec![];
        for other in Pane::ALL.into_iter().filter(|other| *other != shown && *other != Pane::Console) {
            let badge = match other {
                Pane::Pager if ringing > 0 => format!(" ▲{ringing}"),
                Pane::Pager if self.unread() > 0 => format!(" {} new", self.unread()),
                Pane::Map if self.seen.map.parts.iter().any(|part| part.health == Health::Failing) => " ✕".to_owned(),
                _ => String::new(),
            };
            let style = if badge.is_empty() { theme.dim } else { theme.failing };
            tabs.push((other, format!(" {} {}{badge} ", other.number(), other.title()), style));
        }
        let buffer = frame.buffer_mut();
        let mut right = area.right().saturating_sub(2);
        for (other, text, style) in tabs.iter().rev() {
            let columns = width(text);
            if right < area.x + 16 + columns {
                break;
            }
            let x = put_right(buffer, right, area.y, columns, text, *style);
            hits.add(Rect { x, y: area.y, width: columns, height: 1 }, Target::Pane(*other));
            right = x.saturating_sub(1);
        }
    }

    /// In the console's upper border: its shells; the one in sight is kept where not all fit.
    fn draw_console_tabs(&self, frame: &mut Frame, area: Rect, hits: &mut Hits, theme: &Theme) {
        let buffer = frame.buffer_mut();
        let (mut right, left) = (area.right().saturating_sub(2), area.x + 14);
        let mut take = |text: &str, style: Style, target: Option<Target>| {
            let columns = width(text);
            if right < left + columns {
                return;
            }
            right = put_right(buffer, right, area.y, columns, text, style);
            if let Some(target) = target {
                hits.add(Rect { x: right, y: area.y, width: columns, height: 1 }, target);
            }
        };
        take(" + ", theme.key, Some(Target::Key(Intent::NewTab)));
        let bar = self.tab_bar();
        let kept: u16 = bar.iter().filter(|tab| tab.in_sight).map(|tab| width(&tab.label) + 5).sum();
        let mut room = area.width.saturating_sub(35 + kept);
        for tab in bar.iter().rev() {
            let text = format!(" {}{} ", tab.label, if tab.has_news { " ●" } else { "" });
            match (tab.in_sight, bar.len()) {
                (true, 1) => take(&text[2..], theme.dim, None),
                (true, _) => {
                    if tab.number > 1 {
                        take("✕ ", theme.key, Some(Target::CloseTab));
                    }
                    take(&text, theme.selected, None);
                }
                (false, _) if width(&text) <= room => {
                    room -= width(&text);
                    let style = if tab.has_news { theme.own } else { theme.dim };
                    take(&text, style, Some(Target::Tab(tab.number)));
                }
                _ => {}
            }
        }
        if self.console.selected.is_some() {
            take(" looking back ", theme.own, None);
        }
    }

    /// How many graphs there is room for decides how many are looked at.
    fn remember_room(&mut self, layout: &Layout) {
        self.narrow = layout.tabs;
        if let Some(area) = layout.place(Pane::Graphs) {
            let (columns, rows) = graphs::grid(Rect {
                width: area.width.saturating_sub(2),
                height: area.height.saturating_sub(2),
                ..area
            });
            self.graph_room = (columns * rows).into();
            self.graph_points = usize::from(area.width / columns.max(1)) * 2;
        }
    }
}
