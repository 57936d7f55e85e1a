//! The console's keys: the prompt, looking back line by line, and reading an answer over the whole screen.

use super::{Dialog, IncidentScreen, Transition, leaving};
use crate::incident::INTERRUPT;
use crate::incident::console::addressed;
use crate::incident::view::{Entry, EntryState};
use crate::tui::key::{Key, Named};
use crate::tui::keymap::{Intent, Pane};
use crate::tui::panel::console::{step, turn};
use crate::tui::panel::reader::Reader;
use crate::tui::pen::sane;
use crate::tui::store::Store;
use tui_input::{Input, InputRequest};

impl IncidentScreen {
    /// Back to the pane that was in sight before.
    fn leave_console(&mut self) {
        self.go(if self.top == Pane::Console { Pane::Map } else { self.top });
    }

    /// A key at the prompt, or while looking back.
    pub(super) fn on_console(&mut self, intent: Intent, store: &mut dyn Store) -> Transition {
        if self.console.selected.is_some() {
            self.on_scrollback(intent, store);
            return Transition::Stay;
        }
        let editor = &mut self.console.editor;
        match intent {
            Intent::Run => {
                if !editor.accept() {
                    let line = editor.take();
                    self.run(line.trim(), store);
                }
            }
            Intent::Complete => self.complete(),
            Intent::Older if editor.list.is_some() => editor.cycle(false),
            Intent::Newer if editor.list.is_some() => editor.cycle(true),
            Intent::Older => editor.older(),
            Intent::Newer => editor.newer(),
            Intent::Back if !editor.line().is_empty() && editor.line() == self.console.begun => {
                editor.set("", "");
                self.leave_console();
            }
            Intent::Back if editor.list.is_some() => editor.list = None,
            Intent::Back => self.leave_console(),
            Intent::Search => self.open_history(),
            Intent::LookBack => self.console.selected = step(&self.seen.answers(self.tab), None, 0),
            Intent::PageUp => {
                self.console.selected = turn(&self.seen.answers(self.tab), &self.console, true);
            }
            Intent::CloseTab if !editor.line().is_empty() => _ = editor.edit(Key::Ctrl('d')),
            Intent::CloseTab => self.log_out(store),
            Intent::Interrupt if !editor.line().is_empty() => editor.set("", ""),
            Intent::Interrupt if self.interrupt(store) => {}
            Intent::Interrupt => self.dialog = Some(Dialog::Leave(leaving())),
            other => {
                self.on_command(other, store);
            }
        }
        Transition::Stay
    }

    /// Runs what was typed. What is about the screen alone is done here, and is no part of the run.
    pub(super) fn run(&mut self, line: &str, store: &mut dyn Store) {
        match addressed(line) {
            (_, "") if line.is_empty() => {}
            (tab, "") => {
                self.go(Pane::Console);
                self.go_to_tab(tab);
            }
            (_, "less") => self.read(false),
            (tab, typed) if typed != line => _ = self.perform_in(tab, typed, store),
            _ => _ = self.perform(line, store),
        }
    }

    fn on_scrollback(&mut self, intent: Intent, store: &mut dyn Store) {
        let answers = self.seen.answers(self.tab);
        let by = match intent {
            Intent::Up => -1,
            Intent::Down => 1,
            Intent::PageUp | Intent::PageDown => {
                self.console.selected = turn(&answers, &self.console, intent == Intent::PageUp);
                return;
            }
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
        let next = step(&answers, self.console.selected, by);
        // Beyond the last line the prompt takes over again.
        self.console.selected = next.filter(|_| by < 0 || next != self.console.selected);
    }

    /// The line under the cursor, while looking back or reading: its entry, and its place from 1; 0 is the command.
    pub(super) fn marked(&self) -> Option<(usize, usize)> {
        match &self.reader {
            Some(reader) => Some((reader.entry, reader.line + 1)),
            None => self.console.selected,
        }
    }

    /// The `watch` that is shown in this tab: the latest of those that run.
    pub(super) fn watch(&self) -> Option<usize> {
        let runs = |entry: &&Entry| entry.tab == self.tab && entry.is_watch() && entry.state == EntryState::Running;
        self.seen.console.iter().rev().filter(|entry| entry.who.is_empty()).find(runs).map(|entry| entry.id)
    }

    pub(super) fn stop_watch(&mut self, store: &mut dyn Store) {
        if let Some(id) = self.watch() {
            self.performed(self.tab, &format!("{INTERRUPT} {id}"), store);
        }
    }

    fn entry(&self, id: usize) -> Option<&Entry> {
        self.seen.console.iter().find(|entry| entry.id == id)
    }

    fn copy(&mut self) {
        let Some((entry, line)) = self.marked().and_then(|(id, line)| Some((self.entry(id)?, line))) else { return };
        let text = line.checked_sub(1).and_then(|index| entry.output.get(index)).unwrap_or(&entry.line);
        let text = sane(text);
        self.say(&format!("copied: {}", text.trim()));
        self.copies = Some(text);
    }

    /// Keeps the line under the cursor as evidence, with the command that printed it, and tells what was kept.
    pub(super) fn pin(&mut self, store: &mut dyn Store) {
        let Some((id, line)) = self.marked() else { return };
        let Some(entry) = self.entry(id) else { return };
        let Some(text) = line.checked_sub(1).and_then(|index| entry.output.get(index)) else {
            return self.say("a command is no evidence; select a line that it printed");
        };
        if text.trim().is_empty() {
            return self.say("there is nothing in this line");
        }
        if self.seen.notebook.pins.iter().any(|pin| pin.line == *text && pin.command == entry.line) {
            return self.say("this line is pinned already");
        }
        self.perform_aside(&format!("pin {id}:{line}"), store);
    }

    /// Opens an answer over the whole screen: the one that is looked at, or the last that has something to read.
    pub(super) fn read(&mut self, searching: bool) {
        let answers = self.seen.answers(self.tab);
        // What runs comes first, also before it has printed anything; what waits for it has nothing to read.
        let runs = |entry: &&&Entry| entry.state == EntryState::Running && !entry.is_watch();
        let running = answers.iter().find(runs).map(|entry| entry.id);
        let has = |entry: &&&Entry| !entry.output.is_empty() || Some(entry.id) == running;
        let last = answers.iter().rev().find(has).map(|entry| (entry.id, 0));
        let Some((id, line)) = self.console.selected.or(last) else { return self.say("nothing has been printed yet") };
        let asking = searching.then(Input::default);
        self.read_at(id, line);
        if let Some(reader) = &mut self.reader {
            reader.asking = asking;
        }
    }

    /// Opens a certain answer over the whole screen.
    pub(super) fn read_at(&mut self, entry: usize, line: usize) {
        self.explore = None;
        let mut reader = Reader::at(entry, line);
        let running = self.entry(entry).filter(|entry| entry.state == EntryState::Running && !entry.is_watch());
        reader.follows = line == 0 && running.is_some();
        self.reader = Some(reader);
    }

    /// A key while an answer is read; false where it means something to the incident.
    pub(super) fn on_reader(&mut self, intent: Intent, store: &mut dyn Store) -> bool {
        let Some(mut reader) = self.reader.take() else { return false };
        let Some(entry) = self.entry(reader.entry) else { return true };
        let mut missed = false;
        match intent {
            Intent::Back if reader.asking.is_some() => reader.asking = None,
            Intent::FindNext if reader.asking.is_some() => missed = !reader.search(entry),
            Intent::FindPrevious if reader.asking.is_some() => {
                missed = !reader.search(entry) || !reader.find(false, entry);
            }
            Intent::FindNext | Intent::FindPrevious if reader.wanted.is_empty() => {
                reader.asking = Some(Input::default());
            }
            Intent::FindNext | Intent::FindPrevious => missed = !reader.find(intent == Intent::FindNext, entry),
            Intent::Find => reader.asking = Some(Input::default()),
            Intent::Up => reader.step(-1, entry),
            Intent::Down => reader.step(1, entry),
            Intent::PageUp => reader.turn(false, entry),
            Intent::PageDown => reader.turn(true, entry),
            Intent::First => reader.step(isize::MIN / 2, entry),
            Intent::Last => reader.step(isize::MAX / 2, entry),
            Intent::Left | Intent::Right => self.read_beside(&mut reader, intent == Intent::Right),
            Intent::Back => {
                // Whoever was looking back goes on where they have read to.
                let was_back = self.console.selected.is_some();
                self.console.selected = was_back.then_some((reader.entry, reader.line + 1));
                self.keep_selected();
                return true;
            }
            Intent::Palette
            | Intent::Pane(_)
            | Intent::Leave
            | Intent::Debrief
            | Intent::NextPane
            | Intent::PreviousPane
            | Intent::Explore
            | Intent::NewTab
            | Intent::NextTab
            | Intent::PreviousTab => {
                return false;
            }
            other => {
                self.reader = Some(reader);
                match other {
                    Intent::Pin => self.pin(store),
                    Intent::Copy => self.copy(),
                    other => _ = self.on_command(other, store),
                }
                return true;
            }
        }
        let wanted = reader.wanted.clone();
        self.reader = Some(reader);
        if missed {
            self.say(&format!("`{wanted}` is nowhere in this answer"));
        }
        true
    }

    /// Goes on to the answer before or after that has something to read.
    fn read_beside(&self, reader: &mut Reader, forward: bool) {
        let answers = self.seen.answers(self.tab);
        let has = |entry: &&&Entry| !entry.output.is_empty();
        let next = if forward {
            answers.iter().filter(has).find(|entry| entry.id > reader.entry)
        } else {
            answers.iter().filter(has).rfind(|entry| entry.id < reader.entry)
        };
        if let Some(next) = next {
            let wanted = std::mem::take(&mut reader.wanted);
            *reader = Reader::at(next.id, 0);
            reader.wanted = wanted;
        }
    }

    /// What was selected is in sight of this tab, or nothing is.
    fn keep_selected(&mut self) {
        let answers = self.seen.answers(self.tab);
        let stands =
            |(id, line): &(usize, usize)| answers.iter().any(|entry| entry.id == *id && *line <= entry.output.len());
        self.console.selected = self.console.selected.filter(stands);
    }

    /// A key that edits the search.
    pub(super) fn edit_search(&mut self, key: Key) {
        use InputRequest as R;
        let Some(asking) = self.reader.as_mut().and_then(|reader| reader.asking.as_mut()) else { return };
        let request = match key {
            Key::Char(c) if !c.is_control() => R::InsertChar(c),
            Key::Named(Named::Backspace) => R::DeletePrevChar,
            Key::Ctrl('w') => R::DeletePrevWord,
            Key::Ctrl('u') => R::DeleteFromStart,
            _ => return,
        };
        asking.handle(request);
    }
}
