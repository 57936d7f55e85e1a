//! The console's tabs: each is a shell of the player's, by its number. Which one is in sight is no part of the run.

use super::IncidentScreen;
use crate::incident::CLOSE;
use crate::incident::console::{Place, find};
use crate::incident::view::EntryState;
use crate::tui::keymap::Pane;
use crate::tui::panel::console::ConsoleState;
use crate::tui::store::Store;
use std::collections::BTreeMap;

/// As many as have room in the title, and can be told apart.
const TABS_MAX: usize = 9;
/// Shells have numbers of at most two digits.
const NUMBER_MAX: usize = 99;

/// The tabs, and what was chosen in those that are not in sight.
#[derive(Clone, Debug)]
pub(super) struct Tabs {
    /// The shells' numbers, in the order of the bar.
    pub(super) open: Vec<usize>,
    others: BTreeMap<usize, ConsoleState>,
    /// How much each had printed when it was in sight last.
    read: BTreeMap<usize, usize>,
}

impl Default for Tabs {
    fn default() -> Self {
        Self { open: vec![1], others: BTreeMap::new(), read: BTreeMap::new() }
    }
}

/// What the bar says of a tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tab {
    pub(super) number: usize,
    pub(super) label: String,
    pub(super) in_sight: bool,
    /// Something was printed there since it was in sight.
    pub(super) has_news: bool,
}

impl IncidentScreen {
    /// The bar from left to right.
    pub(super) fn tab_bar(&self) -> Vec<Tab> {
        let tab = |number: &usize| {
            let is_busy = self.seen.shells.iter().any(|shell| shell.number == *number && shell.is_busy);
            let busy = if is_busy { " …" } else { "" };
            let read = self.tabs.read.get(number).copied().unwrap_or(0);
            Tab {
                number: *number,
                label: format!("{number} {}{busy}", self.seen.place(*number)),
                in_sight: *number == self.tab,
                has_news: *number != self.tab && self.printed(*number) > read,
            }
        };
        self.tabs.open.iter().map(tab).collect()
    }

    /// How much a tab has printed, lines and ends.
    fn printed(&self, tab: usize) -> usize {
        let of_entry = |output: usize, state| output + usize::from(state != EntryState::Running);
        self.seen.answers(tab).iter().map(|entry| of_entry(entry.output.len(), entry.state)).sum()
    }

    /// Follows what happens to the shells: one that was opened by a line has a tab, one that was closed has none.
    pub(super) fn keep_tabs(&mut self) {
        for shell in &self.seen.shells {
            let place = self.tabs.open.iter().position(|number| *number == shell.number);
            match (place, shell.is_closed) {
                (None, false) => {
                    self.tabs.open.push(shell.number);
                    // What was there before there was a tab is no news.
                    self.tabs.read.insert(shell.number, self.printed(shell.number));
                }
                (Some(place), true) => {
                    self.tabs.open.remove(place);
                    self.tabs.others.remove(&shell.number);
                }
                _ => {}
            }
        }
        if !self.tabs.open.contains(&self.tab) {
            let before = self.tabs.open.iter().copied().filter(|number| *number < self.tab).max().unwrap_or(1);
            let closed = self.tab;
            self.show_tab(before);
            self.tabs.others.remove(&closed);
        }
        self.tabs.read.insert(self.tab, self.printed(self.tab));
    }

    fn show_tab(&mut self, tab: usize) {
        if tab == self.tab {
            return;
        }
        let history = self.console.editor.history().to_vec();
        let next = self.tabs.others.remove(&tab).unwrap_or_default();
        let before = std::mem::replace(&mut self.console, next);
        self.tabs.others.insert(self.tab, before);
        self.tab = tab;
        // What was typed in one can be typed again in the other.
        self.console.editor.recall(history);
        self.tabs.read.insert(tab, self.printed(tab));
    }

    /// Goes to a tab, which is opened where there is none.
    pub(super) fn go_to_tab(&mut self, tab: usize) {
        if !self.tabs.open.contains(&tab) {
            if self.tabs.open.len() >= TABS_MAX {
                return self.say("nine tabs are open; Ctrl-D closes one");
            }
            self.tabs.open.push(tab);
        }
        self.show_tab(tab);
    }

    /// The number of the next shell: none is used again, so that what a closed one has printed stays its own.
    pub(super) fn next_tab(&self) -> usize {
        let known = self.seen.shells.iter().map(|shell| shell.number).chain(self.tabs.open.iter().copied());
        known.max().unwrap_or(1) + 1
    }

    /// Another shell, in a tab of its own.
    pub(super) fn open_tab(&mut self) {
        let next = self.next_tab();
        if next > NUMBER_MAX {
            return self.say("there were too many tabs already");
        }
        self.go(Pane::Console);
        self.go_to_tab(next);
    }

    pub(super) fn turn_tab(&mut self, by: isize) {
        self.go(Pane::Console);
        let count = self.tabs.open.len();
        if count < 2 {
            return self.say("there is one tab; Ctrl-T opens another");
        }
        let at = self.tabs.open.iter().position(|number| *number == self.tab).unwrap_or(0);
        self.show_tab(self.tabs.open[(at + count).saturating_add_signed(by) % count]);
    }

    /// The end of the input: leaves the machine, and where that is the bastion the tab.
    pub(super) fn log_out(&mut self, store: &mut dyn Store) {
        if self.seen.place(self.tab) == "bastion" {
            self.close_tab(store);
        } else {
            self.performed(self.tab, "exit", store);
        }
    }

    /// Closes the tab in sight, with what runs in it; the first stays.
    pub(super) fn close_tab(&mut self, store: &mut dyn Store) {
        let tab = self.tab;
        if tab == 1 {
            return self.say("the first tab stays; Esc, then q, leaves the game");
        }
        if self.seen.shells.iter().any(|shell| shell.number == tab) {
            self.performed(tab, CLOSE, store);
        } else {
            // Nothing has been typed in it: the run knows nothing of it.
            self.tabs.open.retain(|number| *number != tab);
            self.keep_tabs();
        }
    }

    /// A line from a menu goes where it can be run: a log-in to a tab of its own, a tool of the bastion's to a shell that
    /// is there. False where there is nothing more to do: one is logged in there.
    pub(super) fn make_way(&mut self, line: &str) -> bool {
        let mut words = line.split_whitespace();
        let (first, second, more) = (words.next().unwrap_or_default(), words.next(), words.next());
        let tab_at = |place: &str| self.tabs.open.iter().copied().find(|tab| self.seen.place(*tab) == place);
        match (first, second, more) {
            ("ssh", Some(host), None) if !host.starts_with('-') => match tab_at(host) {
                Some(tab) => {
                    self.go(Pane::Console);
                    self.go_to_tab(tab);
                    return false;
                }
                None => self.open_tab(),
            },
            _ => {
                let is_tool = first == "ssh" || find(first).is_some_and(|command| command.place == Place::Bastion);
                match tab_at("bastion") {
                    _ if !is_tool || self.seen.place(self.tab) == "bastion" => {}
                    Some(tab) => self.show_tab(tab),
                    None => self.open_tab(),
                }
            }
        }
        true
    }
}
