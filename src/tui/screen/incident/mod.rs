//! The incident: map, pager, graphs, console, notebook. Whatever a key, a click or a menu does, it does by a console line.

mod commands;
mod draw;
pub mod layout;
pub mod seen;

use super::super::store::Store;
use crate::incident::Incident;
use crate::incident::view::Happened;
use crate::sim::quantity::Span;
use crate::tui::hit::Target;
use crate::tui::key::{Key, MouseAct};
use crate::tui::keymap::{Intent, Pane, Place};
use crate::tui::panel::console::{ConsoleState, step};
use crate::tui::panel::dialog::{ListDialog, Question};
use crate::tui::panel::graphs::{GraphsState, WINDOWS};
use crate::tui::panel::map::{MapState, neighbour};
use crate::tui::panel::pager::{PagerState, rows};
use seen::{Seen, Wanted};

/// What lies over the panes.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// A menu or the palette, and what is done with the line that is chosen.
    List(ListDialog, Chosen),
    /// Whether to run a command that changes something.
    Ask(Question),
    /// Whether to leave.
    Leave(Question),
    /// The incident has ended.
    Over(Question),
}

/// What choosing from a list does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Run the line.
    Run,
    /// Put the line into the console.
    Edit,
}

/// Where the screen goes from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// Nowhere.
    Stay,
    /// Out of the program; the incident can be resumed.
    Leave,
    /// To the list of levels; the incident can be resumed.
    Levels,
    /// To the debrief.
    Debrief,
}

/// An incident being played, and what the player has chosen on its screen.
#[derive(Debug)]
pub struct IncidentScreen {
    /// The incident.
    pub incident: Incident,
    /// The level, as the store calls it.
    pub level: String,
    /// What was seen of it last.
    pub seen: Seen,
    /// The pane that keys go to.
    pub focus: Pane,
    /// The pane above the console, where there is room for one only.
    top: Pane,
    zoomed: bool,
    map: MapState,
    pager: PagerState,
    graphs: GraphsState,
    console: ConsoleState,
    notebook_scroll: u16,
    dialog: Option<Dialog>,
    /// What the last line says for a moment, in ticks that are left.
    message: Option<String>,
    message_left: u32,
    /// For how many ticks the pager's border still flashes.
    flash: u32,
    /// Where the moving dots are.
    motion: u64,
    happened: usize,
    read: usize,
    rings: bool,
    copies: Option<String>,
    graph_room: usize,
    graph_points: usize,
    /// Whether only one pane stands above the console.
    narrow: bool,
    /// Whether the end has been told.
    end_told: bool,
}

/// How many ticks a message stays, and a page flashes.
const MESSAGE_TICKS: u32 = 40;
const FLASH_TICKS: u32 = 6;

impl IncidentScreen {
    /// Shows an incident, with the console in focus.
    #[must_use]
    pub fn new(incident: Incident, level: String) -> Self {
        let mut screen = Self {
            incident,
            level,
            seen: Seen::default(),
            focus: Pane::Console,
            top: Pane::Map,
            zoomed: false,
            map: MapState::default(),
            pager: PagerState::default(),
            graphs: GraphsState::default(),
            console: ConsoleState::default(),
            notebook_scroll: 0,
            dialog: None,
            message: None,
            message_left: 0,
            flash: 0,
            motion: 0,
            happened: 0,
            read: 0,
            rings: false,
            copies: None,
            graph_room: 2,
            graph_points: 100,
            narrow: true,
            end_told: false,
        };
        for entry in screen.incident.console() {
            if entry.who.is_empty() {
                screen.console.editor.remember(&entry.line);
            }
        }
        screen.happened = screen.incident.happenings(0).len();
        screen.look();
        screen
    }

    /// Looks at the incident again.
    pub fn look(&mut self) {
        let wanted = Wanted {
            part: self.map.selected.as_deref(),
            first: self.graphs.first,
            count: self.graph_room,
            window: self.graphs.span(),
            points: self.graph_points.clamp(20, 400),
        };
        self.seen.look(&self.incident, &wanted);
        if self.pager_in_sight() {
            self.read = self.seen.sayings.len();
        }
    }

    /// Real time passes: a tick of the clock, of the moving dots, of messages. Says whether anything may look different.
    pub fn tick(&mut self, real: Span, store: &mut dyn Store) -> bool {
        let was_over = self.seen.header.phase.is_over();
        if !was_over {
            self.incident.elapse(real);
            if let Err(error) = store.passed(&self.incident) {
                self.say(&error.to_string());
            }
        }
        let mut changed = self.take_happenings();
        if !self.seen.header.paused && !was_over {
            self.motion += 1;
            changed = true;
        }
        if self.flash > 0 {
            self.flash -= 1;
            changed = true;
        }
        if self.message_left > 0 {
            self.message_left -= 1;
            if self.message_left == 0 {
                self.message = None;
                changed = true;
            }
        }
        changed
    }

    /// Tells the end once, when it has come.
    pub fn tell_the_end(&mut self) {
        if self.seen.header.phase.is_over() && !self.end_told {
            self.end_told = true;
            self.dialog = Some(Dialog::Over(self.ending()));
        }
    }

    fn ending(&self) -> Question {
        let phase = self.seen.header.phase;
        Question {
            title: phase.word().to_owned(),
            text: format!(
                "{} Enter shows what really happened, and what each of your moves changed.",
                super::debrief::ending(phase)
            ),
            line: String::new(),
        }
    }

    /// What has happened since the last look: pages flash and ring once.
    fn take_happenings(&mut self) -> bool {
        let news = self.incident.happenings(self.happened);
        let count = news.len();
        let page = news.iter().any(|one| matches!(one.what, Happened::Rang { is_page: true, .. }));
        self.happened += count;
        if page {
            self.flash = FLASH_TICKS;
            self.rings = true;
        }
        count > 0
    }

    /// Whether the bell is to be rung; asked once.
    pub fn takes_bell(&mut self) -> bool {
        std::mem::take(&mut self.rings)
    }

    /// What is to be put on the clipboard; asked once.
    pub const fn takes_copy(&mut self) -> Option<String> {
        self.copies.take()
    }

    /// Whether nothing moves by itself at the moment.
    #[must_use]
    pub fn rests(&self) -> bool {
        (self.seen.header.paused || self.seen.header.phase.is_over()) && self.flash == 0 && self.message_left == 0
    }

    fn pager_in_sight(&self) -> bool {
        self.top == Pane::Pager || self.focus == Pane::Pager || !self.narrow
    }

    fn unread(&self) -> usize {
        self.seen.sayings.len().saturating_sub(self.read)
    }

    /// Says something in the last line, for a moment.
    pub fn say(&mut self, text: &str) {
        self.message = Some(text.to_owned());
        self.message_left = MESSAGE_TICKS;
    }

    /// Where keys apply now, the narrowest first.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        match &self.dialog {
            Some(Dialog::List(list, _)) if list.filter.is_some() => return vec![Place::Filter],
            Some(Dialog::List(..)) => return vec![Place::Menu],
            Some(Dialog::Ask(_) | Dialog::Over(_)) => return vec![Place::Question],
            Some(Dialog::Leave(_)) => return vec![Place::Leaving],
            None => {}
        }
        match self.focus {
            Pane::Console if self.console.selected.is_some() => vec![Place::Scrollback, Place::Incident],
            Pane::Console => vec![Place::In(Pane::Console), Place::Incident],
            other => vec![Place::In(other), Place::Panes, Place::Incident],
        }
    }

    /// A key that means nothing by itself is text, for whoever takes text.
    pub fn on_text(&mut self, key: Key) -> bool {
        if let Some(Dialog::List(list, _)) = &mut self.dialog {
            return list.edit(key);
        }
        if self.dialog.is_some() || self.focus != Pane::Console {
            return false;
        }
        if self.console.selected.is_some() {
            let Key::Char(_) = key else { return false };
            self.console.selected = None;
        }
        self.console.editor.edit(key)
    }

    /// Pastes text into whatever takes text.
    pub fn on_paste(&mut self, text: &str) {
        if let Some(Dialog::List(list, _)) = &mut self.dialog {
            text.chars().for_each(|c| _ = list.edit(Key::Char(c)));
        } else if self.dialog.is_none() {
            self.focus = Pane::Console;
            self.console.selected = None;
            self.console.editor.paste(text);
        }
    }

    /// Does what a key means.
    pub fn on_intent(&mut self, intent: Intent, store: &mut dyn Store) -> Transition {
        if self.dialog.is_some() {
            return self.on_dialog(intent, store);
        }
        match intent {
            Intent::Pane(pane) => self.go(pane),
            Intent::NextPane => self.go(neighbouring(self.focus, 1)),
            Intent::PreviousPane => self.go(neighbouring(self.focus, -1)),
            Intent::Zoom => self.zoomed = !self.zoomed,
            Intent::Leave => self.dialog = Some(Dialog::Leave(leaving())),
            Intent::Palette => self.open_palette(),
            Intent::Debrief => return self.ask_for_debrief(),
            other if self.focus == Pane::Console => return self.on_console(other, store),
            other => {
                if !self.on_command(other, store) {
                    self.on_pane(other);
                }
            }
        }
        Transition::Stay
    }

    /// Gives a pane the focus, and shows it where only one is in sight.
    pub fn focus_on(&mut self, pane: Pane) {
        self.go(pane);
    }

    fn go(&mut self, pane: Pane) {
        self.focus = pane;
        if pane != Pane::Console {
            self.top = pane;
            self.console.selected = None;
            self.console.editor.list = None;
        }
        if pane == Pane::Map && self.map.selected.is_none() {
            self.map.selected = self.worst_part();
            self.look();
        }
        if pane == Pane::Pager {
            self.read = self.seen.sayings.len();
            self.pager.selected = self.pager.selected.or(Some(0));
        }
    }

    fn worst_part(&self) -> Option<String> {
        let rank = |health| match health {
            crate::incident::view::Health::Failing => 0,
            crate::incident::view::Health::Strained => 1,
            crate::incident::view::Health::Good => 2,
            crate::incident::view::Health::Idle => 3,
        };
        self.seen.map.parts.iter().min_by_key(|part| rank(part.health)).map(|part| part.name.clone())
    }

    fn on_console(&mut self, intent: Intent, store: &mut dyn Store) -> Transition {
        if self.console.selected.is_some() {
            self.on_scrollback(intent, store);
            return Transition::Stay;
        }
        let editor = &mut self.console.editor;
        match intent {
            Intent::Run => {
                if !editor.accept() {
                    let line = editor.take();
                    if !line.trim().is_empty() {
                        self.perform(&line, store);
                    }
                }
            }
            Intent::Complete => {
                let incident = &self.incident;
                editor.complete(|line, cursor| incident.complete(line, cursor));
            }
            Intent::Older if editor.list.is_some() => editor.cycle(false),
            Intent::Newer if editor.list.is_some() => editor.cycle(true),
            Intent::Older => editor.older(),
            Intent::Newer => editor.newer(),
            Intent::Back if editor.list.is_some() => editor.list = None,
            Intent::Back => self.go(if self.top == Pane::Console { Pane::Map } else { self.top }),
            Intent::Search => self.open_history(),
            Intent::LookBack => self.console.selected = step(&self.seen.console, None, 0),
            Intent::Interrupt if !editor.line().is_empty() => editor.set("", ""),
            Intent::Interrupt if self.interrupt(store) => {}
            Intent::Interrupt => self.dialog = Some(Dialog::Leave(leaving())),
            other => {
                self.on_command(other, store);
            }
        }
        Transition::Stay
    }

    fn on_scrollback(&mut self, intent: Intent, store: &mut dyn Store) {
        let by = match intent {
            Intent::Up => -1,
            Intent::Down => 1,
            Intent::PageUp => -10,
            Intent::PageDown => 10,
            Intent::First => isize::MIN / 2,
            Intent::Last => isize::MAX / 2,
            Intent::Pin => return self.pin(store),
            Intent::Copy => return self.copy(),
            Intent::Back => {
                self.console.selected = None;
                return;
            }
            other => {
                self.on_command(other, store);
                return;
            }
        };
        self.console.selected = step(&self.seen.console, self.console.selected, by);
    }

    fn copy(&mut self) {
        let Some((id, line)) = self.console.selected else { return };
        let Some(entry) = self.seen.console.iter().find(|entry| entry.id == id) else { return };
        let text = line.checked_sub(1).and_then(|index| entry.output.get(index)).unwrap_or(&entry.line);
        self.copies = Some(crate::tui::pen::sane(text));
        self.say("copied");
    }

    fn ask_for_debrief(&mut self) -> Transition {
        if self.seen.header.phase.is_over() {
            return Transition::Debrief;
        }
        self.say("the debrief comes after the end");
        Transition::Stay
    }

    /// Moves within the focused pane.
    fn on_pane(&mut self, intent: Intent) {
        match (self.focus, intent) {
            (Pane::Map, Intent::Open) => self.open_part_menu(None),
            (Pane::Map, Intent::Up) => self.select_part(0, -1),
            (Pane::Map, Intent::Down) => self.select_part(0, 1),
            (Pane::Map, Intent::Left) => self.select_part(-1, 0),
            (Pane::Map, Intent::Right) => self.select_part(1, 0),
            (Pane::Pager, Intent::Open) => self.open_pager_menu(),
            (Pane::Pager, Intent::Up) => self.select_row(-1),
            (Pane::Pager, Intent::Down) => self.select_row(1),
            (Pane::Graphs, Intent::Up) => self.graphs.first = self.graphs.first.saturating_sub(self.graph_room),
            (Pane::Graphs, Intent::Down) if self.graphs.first + self.graph_room < self.seen.graph_count => {
                self.graphs.first += self.graph_room;
            }
            (Pane::Graphs, Intent::Left | Intent::Farther) => {
                self.graphs.window = (self.graphs.window + 1).min(WINDOWS.len() - 1);
            }
            (Pane::Graphs, Intent::Right | Intent::Closer) => self.graphs.window = self.graphs.window.saturating_sub(1),
            (Pane::Notebook, Intent::Up) => self.notebook_scroll = self.notebook_scroll.saturating_sub(1),
            (Pane::Notebook, Intent::Down) => self.notebook_scroll += 1,
            _ => {}
        }
        self.look();
    }

    fn select_part(&mut self, right: i32, down: i32) {
        if let Some(next) = neighbour(&self.seen.map, self.map.selected.as_deref(), right, down) {
            self.map.selected = Some(next);
            self.graphs.first = 0;
        }
    }

    fn select_row(&mut self, by: isize) {
        let count = rows(&self.seen.rings, &self.seen.sayings).len();
        let at = self.pager.selected.unwrap_or(0).saturating_add_signed(by);
        self.pager.selected = (count > 0).then(|| at.min(count - 1));
    }

    /// The mouse did something at a place where this lies.
    pub fn on_mouse(
        &mut self,
        act: MouseAct,
        at: (u16, u16),
        target: Option<&Target>,
        store: &mut dyn Store,
    ) -> Transition {
        match (act, target) {
            (MouseAct::WheelUp | MouseAct::WheelDown, target) => self.on_wheel(act == MouseAct::WheelUp, target),
            (MouseAct::Click, Some(Target::Item(index))) => {
                if let Some(Dialog::List(list, _)) = &mut self.dialog {
                    list.select(*index);
                    return self.on_dialog(Intent::Open, store);
                }
            }
            (_, Some(Target::Outside)) if !matches!(self.dialog, Some(Dialog::Over(_))) => self.dialog = None,
            (_, Some(Target::Part(index))) => {
                let again = self.focus == Pane::Map
                    && self.map.selected.as_deref() == self.seen.map.parts.get(*index).map(|part| part.name.as_str());
                self.map.selected = self.seen.map.parts.get(*index).map(|part| part.name.clone());
                self.go(Pane::Map);
                self.look();
                if act == MouseAct::Menu || again {
                    self.open_part_menu(Some(at));
                }
            }
            (_, Some(Target::PagerRow(index))) => {
                let again = self.focus == Pane::Pager && self.pager.selected == Some(*index);
                self.go(Pane::Pager);
                self.pager.selected = Some(*index);
                if act == MouseAct::Menu || again {
                    self.open_pager_menu();
                }
            }
            (_, Some(Target::Output(entry, line))) => {
                self.go(Pane::Console);
                let again = self.console.selected == Some((*entry, *line));
                self.console.selected = Some((*entry, *line));
                if act == MouseAct::Menu || again {
                    self.pin(store);
                }
            }
            (MouseAct::Click, Some(Target::Candidate(index))) => self.console.editor.choose(*index),
            (MouseAct::Click, Some(Target::Pane(pane))) => {
                self.console.selected = None;
                self.go(*pane);
            }
            _ => {}
        }
        Transition::Stay
    }

    fn on_wheel(&mut self, up: bool, target: Option<&Target>) {
        let by: isize = if up { -3 } else { 3 };
        if let Some(Dialog::List(list, _)) = &mut self.dialog {
            return list.step(by.signum());
        }
        match target {
            Some(Target::Output(..) | Target::Pane(Pane::Console)) => {
                let end = step(&self.seen.console, None, 0);
                let next = step(&self.seen.console, self.console.selected.or(end), by);
                // Back at the end, the prompt takes over again.
                self.console.selected = next.filter(|next| Some(*next) != end);
            }
            Some(Target::Part(_) | Target::Pane(Pane::Map)) => self.select_part(0, by.signum() as i32),
            Some(Target::PagerRow(_) | Target::Pane(Pane::Pager)) => {
                let scroll = self.pager.scroll;
                self.pager.scroll = if up { scroll + 3 } else { scroll.saturating_sub(3) };
                self.pager.selected = None;
            }
            Some(Target::Pane(Pane::Notebook)) => {
                self.notebook_scroll = self.notebook_scroll.saturating_add_signed(by as i16);
            }
            Some(Target::Pane(Pane::Graphs)) => {
                let focus = std::mem::replace(&mut self.focus, Pane::Graphs);
                self.on_pane(if up { Intent::Up } else { Intent::Down });
                self.focus = focus;
            }
            _ => {}
        }
    }
}

fn leaving() -> Question {
    Question {
        title: "leave?".to_owned(),
        text: "The incident stops here and is kept: `sev1 play --resume` goes on. Enter leaves the game, l goes to the levels, Esc stays.".to_owned(),
        line: String::new(),
    }
}

fn neighbouring(pane: Pane, by: isize) -> Pane {
    let at = Pane::ALL.iter().position(|other| *other == pane).unwrap_or(0);
    let count = Pane::ALL.len();
    Pane::ALL[(at + count).saturating_add_signed(by) % count]
}
