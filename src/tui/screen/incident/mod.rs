//! The incident: map, pager, graphs, console, notebook. Whatever a key, a click or a menu does, it does by a console line.

mod commands;
mod console;
mod draw;
mod explore;
pub mod layout;
mod mouse;
pub mod offers;
mod panes;
pub mod seen;
mod tabs;

use super::super::store::Store;
use crate::incident::view::{Happened, RingState};
use crate::incident::{Incident, Mode};
use crate::sim::quantity::Span;
use crate::tui::key::Key;
use crate::tui::keymap::{Intent, Pane, Place};
use crate::tui::panel::console::ConsoleState;
use crate::tui::panel::dialog::{ListDialog, Question};
use crate::tui::panel::explore::ExploreState;
use crate::tui::panel::graphs::GraphsState;
use crate::tui::panel::map::MapState;
use crate::tui::panel::pager::{PagerState, rows};
use crate::tui::panel::reader::Reader;
use seen::{Seen, Wanted};
use tabs::Tabs;

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
    /// Whether a page flashes its pane's border.
    pub flashes: bool,
    /// The pane above the console, where there is room for one only.
    top: Pane,
    zoomed: bool,
    map: MapState,
    pager: PagerState,
    graphs: GraphsState,
    console: ConsoleState,
    /// The explore view, while it lies over the panes.
    pub explore: Option<Box<ExploreState>>,
    /// The tab of the console that is in sight, and the others.
    tab: usize,
    tabs: Tabs,
    /// The answer that is read over the whole screen.
    reader: Option<Reader>,
    notebook_scroll: u16,
    /// The evidence that is selected, by its place.
    notebook_pin: Option<usize>,
    /// Whether it has just been selected, and has to be in sight.
    notebook_follows: bool,
    /// The rows inside the panes, as drawn last, for paging.
    notebook_room: u16,
    notebook_most: u16,
    map_room: u16,
    /// What lies over the panes, if anything.
    pub dialog: Option<Dialog>,
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
    /// Ticks since the last key.
    idle: u32,
    /// Whether letters came in since the end was told: then the next Enter belongs to them.
    typing: bool,
    /// Where the click was that opened a menu, and how many more there don't close it again.
    opened_at: Option<((u16, u16), u8)>,
}

/// How many ticks a message stays, and a page flashes.
const MESSAGE_TICKS: u32 = 40;
/// For how many ticks nothing must have been typed before the end is told, and how long its dialog takes no answer.
const QUIET_TICKS: u32 = 4;
/// What is said when a line has to wait.
const WAITS: &str = "it waits for the line before; Ctrl-C stops that one, Ctrl-T opens another shell";
/// What is said when a line takes time, and there is none.
const STANDS: &str = "the clock stands: it goes on when the clock does";
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
            flashes: true,
            top: Pane::Map,
            zoomed: false,
            map: MapState::default(),
            pager: PagerState::default(),
            graphs: GraphsState::default(),
            console: ConsoleState::default(),
            explore: None,
            tab: 1,
            tabs: Tabs::default(),
            reader: None,
            notebook_scroll: 0,
            notebook_pin: None,
            notebook_follows: false,
            notebook_room: 10,
            notebook_most: 0,
            map_room: 8,
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
            idle: 0,
            typing: false,
            opened_at: None,
        };
        for entry in screen.incident.console() {
            if entry.who.is_empty() && !seen::is_aside(entry) {
                screen.console.editor.remember(&entry.line);
            }
        }
        screen.happened = screen.incident.happenings(0).len();
        screen.look();
        screen
    }

    /// Looks at the incident again.
    pub fn look(&mut self) {
        let row = self.pager_row();
        let now = self.incident.now();
        self.graphs.hold(now);
        let wanted = Wanted {
            part: self.map.selected.as_deref(),
            first: self.graphs.first,
            count: self.graph_room,
            window: self.graphs.span(now),
            until: self.graphs.until(now),
            cursor: self.graphs.cursor,
            points: self.graph_points.clamp(20, 400),
        };
        self.seen.look(&self.incident, &wanted);
        self.look_at_explored();
        self.keep_pager_row(row);
        self.keep_tabs();
        if self.pager_in_sight() {
            self.read = self.seen.sayings.len();
        }
    }

    /// Real time passes: a tick of the clock, of the moving dots, of messages. Says whether anything may look different.
    pub fn tick(&mut self, real: Span, store: &mut dyn Store) -> bool {
        let was_over = self.seen.header.phase.is_over();
        // Whoever is asked whether to leave has stopped playing.
        if !was_over && !matches!(self.dialog, Some(Dialog::Leave(_))) {
            self.incident.elapse(real);
            if let Err(error) = store.passed(&self.incident) {
                self.say(&error.to_string());
            }
        }
        let mut changed = self.take_happenings();
        self.idle = self.idle.saturating_add(1);
        let is_said = |message: &str| self.message.as_deref() == Some(message);
        if (is_said(WAITS) && !self.incident.is_busy(self.tab)) || (is_said(STANDS) && !self.seen.header.paused) {
            self.message_left = self.message_left.min(1);
        }
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
        // Whoever types, or chooses from a list, is not interrupted: what they enter would be taken for the answer.
        let searches = self.reader.as_ref().is_some_and(|reader| reader.asking.is_some());
        let is_busy =
            self.dialog.is_some() || searches || !self.console.editor.line().is_empty() || self.idle < QUIET_TICKS;
        if self.seen.header.phase.is_over() && !self.end_told && !is_busy {
            self.end_told = true;
            self.typing = false;
            self.idle = 0;
            self.dialog = Some(Dialog::Over(self.ending()));
        }
    }

    /// A key was pressed, or the mouse did something.
    pub const fn touched(&mut self) {
        if !matches!(self.dialog, Some(Dialog::Over(_))) {
            self.idle = 0;
        }
    }

    fn ending(&self) -> Question {
        let phase = self.seen.header.phase;
        Question {
            title: phase.word().to_owned(),
            text: format!(
                "{} The debrief tells what really happened, and what each of your moves changed.",
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
            self.flash = if self.flashes { FLASH_TICKS } else { 0 };
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
        let is_told = !self.seen.header.phase.is_over() || self.idle >= QUIET_TICKS;
        let stands = self.seen.header.paused || self.seen.header.phase.is_over();
        stands && is_told && self.flash == 0 && self.message_left == 0
    }

    fn pager_in_sight(&self) -> bool {
        self.explore.is_none() && (self.top == Pane::Pager || self.focus == Pane::Pager || !self.narrow)
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
            Some(Dialog::Ask(_)) => return vec![Place::Question],
            Some(Dialog::Over(_)) => return vec![Place::Over],
            Some(Dialog::Leave(_)) => return vec![Place::Leaving],
            None => {}
        }
        match &self.explore {
            Some(state) if state.typing => return vec![Place::Query, Place::Incident],
            Some(_) => return vec![Place::Explore, Place::Panes, Place::Incident],
            None => {}
        }
        match &self.reader {
            Some(reader) if reader.asking.is_some() => return vec![Place::Finding],
            Some(_) => return vec![Place::Reader, Place::Incident],
            None => {}
        }
        match self.focus {
            Pane::Console if self.console.selected.is_some() => vec![Place::Scrollback, Place::Panes, Place::Incident],
            Pane::Console if self.watch().is_some() && self.console.editor.line().is_empty() => {
                vec![Place::Watching, Place::In(Pane::Console), Place::Incident]
            }
            Pane::Console => vec![Place::In(Pane::Console), Place::Incident],
            Pane::Graphs if self.graphs.cursor.is_some() => {
                vec![Place::Reading, Place::In(Pane::Graphs), Place::Panes, Place::Incident]
            }
            other => vec![Place::In(other), Place::Panes, Place::Incident],
        }
    }

    /// What would be refused at present, and is not offered therefore.
    #[must_use]
    pub fn refused(&self) -> Vec<Intent> {
        let mut refused = vec![];
        if self.incident.mode() == Mode::Principal {
            refused.extend([Intent::Hint, Intent::Pause]);
        }
        if self.incident.mode() != Mode::Trainee {
            refused.push(Intent::Pause);
        }
        if self.tabs.open.len() < 2 {
            refused.push(Intent::NextTab);
        }
        if self.seen.rings.iter().all(|ring| ring.state == RingState::Over) {
            refused.push(Intent::Silence);
        }
        if self.seen.rings.iter().all(|ring| ring.state != RingState::Ringing) {
            refused.push(Intent::Acknowledge);
        }
        if self.seen.sayings.iter().all(|saying| saying.answers.is_empty()) {
            refused.push(Intent::Reply);
        }
        if self.focus == Pane::Console && self.seen.answers(self.tab).is_empty() {
            refused.push(Intent::PageUp);
        }
        if !self.console.watch.is_cut() {
            refused.extend([Intent::WatchUp, Intent::WatchDown]);
        }
        let dead_end = match self.focus {
            _ if self.explore.is_some() => self.explore.as_ref().is_some_and(|explore| explore.series.len() < 2),
            Pane::Notebook => self.notebook_most == 0 && self.seen.notebook.pins.is_empty(),
            Pane::Graphs => self.seen.graph_count <= self.graph_room,
            Pane::Map => self.seen.map.parts.len() < 2,
            Pane::Pager => rows(&self.seen.rings, &self.seen.sayings).len() < 2,
            Pane::Console => false,
        };
        let dead_end = self.explore.as_ref().map_or(dead_end, |state| state.is_short());
        if dead_end && self.dialog.is_none() {
            refused.push(Intent::Down);
        }
        let notebook = &self.seen.notebook;
        if notebook.hypotheses.is_empty() || notebook.pins.is_empty() {
            refused.extend([Intent::SpeaksFor, Intent::SpeaksAgainst]);
        }
        refused
    }

    /// A key that means nothing by itself is text, for whoever takes text; in a menu a digit chooses.
    pub fn on_text(&mut self, key: Key, store: &mut dyn Store) -> Transition {
        match &mut self.dialog {
            Some(Dialog::List(list, _)) => {
                if let Key::Char(digit) = key
                    && list.select_digit(digit)
                {
                    return self.on_dialog(Intent::Open, store);
                }
                list.edit(key);
            }
            Some(Dialog::Over(_)) => self.typing |= matches!(key, Key::Char(_)),
            None if self.explore.is_some() => self.edit_query(key),
            None if self.reader.is_some() => self.edit_search(key),
            None if self.focus == Pane::Console && self.console.selected.is_none() => {
                self.console.editor.edit(key);
            }
            _ => {}
        }
        Transition::Stay
    }

    /// Pastes text into whatever takes text.
    pub fn on_paste(&mut self, text: &str) {
        if let Some(Dialog::List(list, _)) = &mut self.dialog {
            text.chars().for_each(|c| _ = list.edit(Key::Char(c)));
        } else if self.explore.is_some() && self.dialog.is_none() {
            self.paste_query(text);
        } else if self.reader.is_some() {
            text.chars().for_each(|c| self.edit_search(Key::Char(c)));
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
        let intent = match self.on_explore(intent, store) {
            Ok(transition) => return transition,
            Err(intent) => intent,
        };
        if self.reader.is_some() && self.on_reader(intent, store) {
            return Transition::Stay;
        }
        match intent {
            Intent::Explore => self.open_explore(None),
            Intent::StopWatch => self.stop_watch(store),
            Intent::ReadWatch => {
                if let Some(id) = self.watch() {
                    self.read_at(id, 0);
                }
            }
            Intent::WatchUp => self.console.watch.step(-1),
            Intent::WatchDown => self.console.watch.step(1),
            Intent::NewTab => self.open_tab(),
            Intent::NextTab => self.turn_tab(1),
            Intent::PreviousTab => self.turn_tab(-1),
            Intent::Read | Intent::Find => self.read(intent == Intent::Find),
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
        self.explore = None;
        let was_there = self.focus == pane;
        self.focus = pane;
        // To go to the console is to go to its prompt.
        self.console.selected = None;
        self.reader = None;
        if pane != Pane::Console {
            self.top = pane;
            self.console.editor.list = None;
        }
        if pane == Pane::Map && self.map.selected.is_none() {
            self.map.selected = self.worst_part();
            self.look();
        }
        if pane == Pane::Pager && !was_there {
            self.select_newest();
            self.read = self.seen.sayings.len();
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

    fn ask_for_debrief(&mut self) -> Transition {
        // It may have ended since the last look.
        if self.incident.header().phase.is_over() {
            return Transition::Debrief;
        }
        self.say("the debrief comes after the end");
        Transition::Stay
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
