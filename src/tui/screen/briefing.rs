//! What one knows when the pager rings, and how to take it.

use crate::incident::Mode;
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::pen::{Edge, pane, put, put_right, wrap};
use crate::tui::store::LevelCard;
use crate::tui::theme::Look;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// A level about to be played.
#[derive(Clone, Debug, Default)]
pub struct Briefing {
    /// The level.
    pub level: LevelCard,
    /// The seed, where one was asked for.
    pub seed: Option<u64>,
    /// How much help.
    pub mode: Mode,
    /// Whether the player has chosen that here, and means it for the next time, too.
    pub has_chosen: bool,
    /// The clock's speed, where one was asked for.
    pub speed: Option<u32>,
    scroll: u16,
}

impl Briefing {
    /// Shows a level's briefing.
    #[must_use]
    pub const fn new(level: LevelCard, seed: Option<u64>, mode: Mode, speed: Option<u32>) -> Self {
        Self { level, seed, mode, has_chosen: false, speed, scroll: 0 }
    }

    /// Scrolls.
    pub fn on_intent(&mut self, intent: Intent) {
        match intent {
            Intent::Up => self.scroll = self.scroll.saturating_sub(1),
            Intent::Down => self.scroll = self.scroll.saturating_add(1),
            Intent::Mode => {
                self.has_chosen = true;
                self.mode = match self.mode {
                    // Whoever looks for another mode most often wants more help.
                    Mode::OnCall => Mode::Trainee,
                    Mode::Trainee => Mode::Principal,
                    Mode::Principal => Mode::OnCall,
                }
            }
            _ => {}
        }
    }

    /// Draws it as a page of a readable width.
    pub fn draw(&mut self, frame: &mut Frame, area: Rect, hits: &mut Hits, look: &Look) {
        let theme = &look.theme;
        let wide = area.width.min(84);
        let columns = wide.saturating_sub(8).max(10);
        let mut lines: Vec<(String, Style)> = vec![];
        let mut clicks: Vec<(usize, Intent)> = vec![];
        for paragraph in &self.level.briefing {
            lines.extend(wrap(paragraph, columns).into_iter().map(|line| (line, theme.text)));
            lines.push((String::new(), theme.text));
        }
        if self.level.briefing.is_empty() {
            lines.extend(wrap(&self.level.summary, columns).into_iter().map(|line| (line, theme.text)));
            lines.push((String::new(), theme.text));
        }
        if !self.level.tools.is_empty() {
            let tools = format!("At hand: {}. `help` lists everything.", self.level.tools.join(", "));
            lines.extend(wrap(&tools, columns).into_iter().map(|line| (line, theme.dim)));
        }
        lines.push((String::new(), theme.text));
        let mode = format!("You play as {} (m): {}.", mode_word(self.mode), mode_means(self.mode));
        for line in wrap(&mode, columns) {
            clicks.push((lines.len(), Intent::Mode));
            lines.push((line, theme.text));
        }
        lines.push((String::new(), theme.text));
        clicks.push((lines.len(), Intent::Open));
        lines.push((" Enter  take the pager ".to_owned(), theme.selected));
        let high = (lines.len() as u16 + 4).min(area.height);
        let page = Rect {
            x: area.x + (area.width - wide) / 2,
            y: area.y + (area.height - high) / 3,
            width: wide,
            height: high,
        };
        let right = facts(&self.level, self.mode);
        let edge = Edge { title: &self.level.title, right: &right, focused: true, ..Edge::default() };
        let buffer = frame.buffer_mut();
        let inner = pane(buffer, page, &edge, theme);
        let room = inner.height.saturating_sub(2);
        self.scroll = self.scroll.min((lines.len() as u16).saturating_sub(room));
        for (row, (line, style)) in lines.iter().skip(self.scroll as usize).take(room as usize).enumerate() {
            let (x, y) = (inner.x + 3, inner.y + 1 + row as u16);
            let used = put(buffer, x, y, inner.width.saturating_sub(4), line, *style);
            if let Some((_, intent)) = clicks.iter().find(|(at, _)| *at == row + self.scroll as usize) {
                hits.add(Rect { x, y, width: used, height: 1 }, Target::Key(*intent));
            }
        }
        let hidden = (lines.len() as u16).saturating_sub(self.scroll + room);
        if hidden > 0 && !inner.is_empty() {
            let text = format!(" {hidden} more ▼ ");
            let (right, y) = (inner.right().saturating_sub(1), page.bottom() - 1);
            let x = put_right(buffer, right, y, 14, &text, theme.dim);
            hits.add(Rect { x, y, width: right - x, height: 1 }, Target::Key(Intent::Down));
        }
    }
}

const fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Trainee => "trainee",
        Mode::OnCall => "on-call",
        Mode::Principal => "principal",
    }
}

const fn mode_means(mode: Mode) -> &'static str {
    match mode {
        Mode::Trainee => "hints are free, the clock can be paused",
        Mode::OnCall => "hints cost points",
        Mode::Principal => "no hints, no pause",
    }
}

fn facts(level: &LevelCard, mode: Mode) -> String {
    let difficulty = if level.difficulty.is_empty() { String::new() } else { format!("{}, ", level.difficulty) };
    format!("{}, {difficulty}some {} min", mode_word(mode), level.minutes)
}
