//! What a player chooses once for all incidents, and who and what is behind the game.

use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::pen::{Edge, pane, put, wrap};
use crate::tui::store::Settings;
use crate::tui::theme::Look;
use ratatui::Frame;
use ratatui::layout::Rect;

/// The settings, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The colours.
    Theme,
    /// How much help.
    Mode,
    /// Whether dots move along the map's edges.
    Motion,
    /// Whether a page rings the bell.
    Bell,
    /// Whether a page flashes its pane's border.
    Flash,
}

const ALL: [Setting; 5] = [Setting::Theme, Setting::Mode, Setting::Motion, Setting::Bell, Setting::Flash];

const ABOUT: [&str; 4] = [
    "Every level replays an outage that somebody lived through and had the courage to publish. Once you have played a level, the list of levels and its debrief name the story and its authors.",
    "Nothing is scripted: what you see comes from the same rules on every machine.",
    "Themes of your own: files like those in assets/themes, in the folder themes beside the settings.",
    "Drawn with ratatui and crossterm. Free software under MIT or Apache-2.0.",
];

/// The list of settings, and the one that is selected.
#[derive(Clone, Copy, Debug, Default)]
pub struct SettingsScreen {
    selected: usize,
}

impl SettingsScreen {
    /// What is selected.
    #[must_use]
    pub fn current(&self) -> Setting {
        ALL[self.selected.min(ALL.len() - 1)]
    }

    /// Selects one.
    pub fn select(&mut self, index: usize) {
        self.selected = index.min(ALL.len() - 1);
    }

    /// Moves the selection.
    pub fn on_intent(&mut self, intent: Intent) {
        match intent {
            Intent::Up => self.selected = self.selected.saturating_sub(1),
            Intent::Down => self.select(self.selected + 1),
            _ => {}
        }
    }

    /// Draws it as a page of a readable width.
    pub fn draw(&self, frame: &mut Frame, area: Rect, settings: &Settings, hits: &mut Hits, look: &Look) {
        let theme = &look.theme;
        let wide = area.width.min(84);
        let page = Rect { x: area.x + (area.width - wide) / 2, width: wide, ..area };
        let title = format!("settings · sev1 {}", env!("CARGO_PKG_VERSION"));
        let buffer = frame.buffer_mut();
        let inner = pane(buffer, page, &Edge { title: &title, focused: true, ..Edge::default() }, theme);
        if inner.is_empty() {
            return;
        }
        let (x, columns) = (inner.x + 2, inner.width.saturating_sub(4));
        let mut y = inner.y + 1;
        for (index, setting) in ALL.into_iter().enumerate() {
            if y >= inner.bottom() {
                return;
            }
            let (name, value) = words(setting, settings, look);
            let style = if index == self.selected { theme.selected } else { theme.text };
            let mark = if index == self.selected { "▶" } else { " " };
            put(buffer, x, y, columns, &format!(" {mark} {name:<20} {value:<28} "), style);
            hits.add(Rect { x, y, width: columns.min(53), height: 1 }, Target::Item(index));
            y += 1;
        }
        y += 1;
        for paragraph in ABOUT {
            for line in wrap(paragraph, columns).iter().chain([&String::new()]) {
                if y < inner.bottom() {
                    put(buffer, x, y, columns, line, theme.dim);
                }
                y += 1;
            }
        }
    }
}

fn words(setting: Setting, settings: &Settings, look: &Look) -> (&'static str, String) {
    let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
    match setting {
        Setting::Theme => ("colours", look.name.clone()),
        Setting::Mode => ("how much help", settings.mode.word().to_owned()),
        Setting::Motion => ("moving dots", switch(settings.motion)),
        Setting::Bell => ("a page rings", switch(settings.bell)),
        Setting::Flash => ("a page flashes", switch(settings.flash)),
    }
}
