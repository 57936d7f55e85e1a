//! The title: still and short. What to do next is selected already, so that Enter starts it.

use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::pen::{put, width};
use crate::tui::store::{LevelCard, Unfinished};
use crate::tui::theme::Look;
use ratatui::Frame;
use ratatui::layout::Rect;

const BANNER: &str = include_str!("../../../assets/banner.txt");
const LINE: &str = "Live through other people's outages before you have your own.";

/// What can be done from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on with an incident that was left.
    Resume(Unfinished),
    /// Read the briefing of a level.
    Play(LevelCard),
    /// See all levels.
    Levels,
    /// Choose colours, motion and sound; credits.
    Settings,
    /// See the keys.
    Help,
    /// Leave.
    Quit,
}

/// The title's choices.
#[derive(Clone, Debug, Default)]
pub struct Title {
    items: Vec<Next>,
    selected: usize,
}

impl Title {
    /// What to offer: first what was left, else the first level that hasn't been played.
    #[must_use]
    pub fn new(levels: &[LevelCard], unfinished: &[Unfinished]) -> Self {
        let mut items: Vec<Next> = unfinished.iter().take(3).cloned().map(Next::Resume).collect();
        let next = levels.iter().find(|level| level.best.is_none()).or(levels.first());
        items.extend(next.cloned().map(Next::Play));
        items.extend([Next::Levels, Next::Settings, Next::Help, Next::Quit]);
        Self { items, selected: 0 }
    }

    /// What is selected.
    #[must_use]
    pub fn current(&self) -> Option<&Next> {
        self.items.get(self.selected)
    }

    /// Selects an item.
    pub fn select(&mut self, index: usize) {
        self.selected = index.min(self.items.len().saturating_sub(1));
    }

    /// Moves the selection.
    pub fn on_intent(&mut self, intent: Intent) {
        match intent {
            Intent::Up => self.selected = self.selected.saturating_sub(1),
            Intent::Down => self.select(self.selected + 1),
            _ => {}
        }
    }

    /// Draws it.
    pub fn draw(&self, frame: &mut Frame, area: Rect, hits: &mut Hits, look: &Look) {
        let theme = &look.theme;
        let wide = 64.min(area.width.saturating_sub(2));
        let x = area.x + (area.width - wide) / 2;
        let banner: Vec<&str> = if look.ascii { vec!["sev1"] } else { BANNER.lines().collect() };
        let needed = banner.len() as u16 + 3 + self.items.len() as u16;
        let mut y = area.y + area.height.saturating_sub(needed) / 3;
        let buffer = frame.buffer_mut();
        if needed <= area.height {
            for line in banner {
                put(buffer, x, y, wide, line, theme.heading);
                y += 1;
            }
            y += 1;
            put(buffer, x, y, wide, LINE, theme.dim);
            y += 2;
        }
        for (index, item) in self.items.iter().enumerate() {
            if y >= area.bottom() {
                break;
            }
            let selected = index == self.selected;
            let (label, about) = words(item);
            let text = format!(" {} {label} ", if selected { "▶" } else { " " });
            let used = put(buffer, x, y, wide, &text, if selected { theme.selected } else { theme.text });
            if used + 2 < wide && width(&about) > 0 {
                put(buffer, x + used + 1, y, wide - used - 1, &about, theme.dim);
            }
            hits.add(Rect { x, y, width: wide, height: 1 }, Target::Item(index));
            y += 1;
        }
    }
}

fn words(next: &Next) -> (String, String) {
    match next {
        Next::Resume(run) => {
            let minutes = run.at.second() / 60;
            (format!("Go on with {}", run.title), format!("{minutes} min in, left {}", run.left))
        }
        Next::Play(level) => (level.title.clone(), format!("{}, {} minutes", level.difficulty, level.minutes)),
        Next::Levels => ("All levels".to_owned(), String::new()),
        Next::Settings => ("Settings and about".to_owned(), String::new()),
        Next::Help => ("Keys".to_owned(), String::new()),
        Next::Quit => ("Leave".to_owned(), String::new()),
    }
}
