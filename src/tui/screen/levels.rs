//! The list of levels: what each teaches, how long it takes, how well it went, and what it really was once played.

use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::pen::{Edge, fit, pane, put, put_pieces, width, wrap};
use crate::tui::store::LevelCard;
use crate::tui::theme::{Look, Theme};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The list and what is selected in it.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    cards: Vec<LevelCard>,
    selected: usize,
    page: usize,
}

impl Levels {
    /// Lists levels, with the one that is called so selected.
    #[must_use]
    pub fn new(levels: Vec<LevelCard>, selected: Option<&str>) -> Self {
        let selected = levels.iter().position(|level| Some(level.level.as_str()) == selected).unwrap_or(0);
        Self { cards: levels, selected, page: 1 }
    }

    /// What is selected.
    #[must_use]
    pub fn current(&self) -> Option<&LevelCard> {
        self.cards.get(self.selected)
    }

    /// Selects a level.
    pub fn select(&mut self, index: usize) {
        self.selected = index.min(self.cards.len().saturating_sub(1));
    }

    /// Moves the selection.
    pub fn on_intent(&mut self, intent: Intent) {
        match intent {
            Intent::Up => self.selected = self.selected.saturating_sub(1),
            Intent::Down => self.select(self.selected + 1),
            Intent::PageUp => self.selected = self.selected.saturating_sub(self.page),
            Intent::PageDown => self.select(self.selected + self.page),
            Intent::First => self.select(0),
            Intent::Last => self.select(usize::MAX),
            _ => {}
        }
    }

    /// Draws the list, and beside or below it what the selected level is about.
    pub fn draw(&mut self, frame: &mut Frame, area: Rect, hits: &mut Hits, look: &Look) {
        let theme = &look.theme;
        let (list, about) = if area.width >= 100 {
            let left = (area.width * 11 / 20).min(100);
            (Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area })
        } else {
            let high = (self.cards.len() as u16 + 3).clamp(4, (area.height / 2).max(4)).min(area.height);
            (Rect { height: high, ..area }, Rect { y: area.y + high, height: area.height - high, ..area })
        };
        self.draw_list(frame, list, hits, theme);
        if let Some(level) = self.current() {
            draw_about(frame, about, level, theme);
        }
    }

    fn draw_list(&mut self, frame: &mut Frame, area: Rect, hits: &mut Hits, theme: &Theme) {
        let buffer = frame.buffer_mut();
        let inner = pane(buffer, area, &Edge { title: "levels", focused: true, ..Edge::default() }, theme);
        if inner.is_empty() {
            return;
        }
        let columns = Columns::of(&self.cards, inner.width);
        columns.draw(
            frame,
            inner.x,
            inner.y,
            ["title", "year", "difficulty", "min", "best"],
            [theme.dim; 5],
            theme.dim,
        );
        let rows = inner.height.saturating_sub(1) as usize;
        self.page = rows.max(1);
        let first = (self.selected + 1).saturating_sub(rows.max(1));
        for (row, (index, level)) in self.cards.iter().enumerate().skip(first).take(rows).enumerate() {
            let y = inner.y + 1 + row as u16;
            hits.add(Rect { y, height: 1, ..inner }, Target::Item(index));
            let selected = index == self.selected;
            let best = level.best.as_ref().map_or(String::new(), |best| best.grade.clone());
            let minutes = level.minutes.to_string();
            let texts = [level.title.as_str(), &level.year, &level.difficulty, &minutes, &best];
            let styles =
                if selected { [theme.selected; 5] } else { [theme.text, theme.dim, theme.dim, theme.dim, theme.good] };
            columns.draw(frame, inner.x, y, texts, styles, if selected { theme.selected } else { theme.text });
        }
        if self.cards.is_empty() {
            put(frame.buffer_mut(), inner.x + 1, inner.y + 1, inner.width, "there are no levels", theme.strained);
        }
    }
}

/// The widths of the list's columns; 0 where a column is left out.
struct Columns([u16; 5]);

impl Columns {
    fn of(levels: &[LevelCard], room: u16) -> Self {
        let widest = |of: &dyn Fn(&LevelCard) -> u16, least: u16| levels.iter().map(of).max().unwrap_or(0).max(least);
        let mut columns = [
            0,
            widest(&|l| width(&l.year), 4),
            widest(&|l| width(&l.difficulty), 10),
            4,
            widest(&|l| l.best.as_ref().map_or(0, |b| width(&b.grade)), 4),
        ];
        if room < 46 {
            columns[1] = 0;
        }
        if room < 38 {
            columns[2] = 0;
        }
        let others: u16 = columns.iter().filter(|c| **c > 0).map(|c| c + 2).sum();
        columns[0] = room.saturating_sub(others + 2);
        Self(columns)
    }

    fn draw(&self, frame: &mut Frame, x: u16, y: u16, texts: [&str; 5], styles: [Style; 5], between: Style) {
        let buffer = frame.buffer_mut();
        let mut x = x + put(buffer, x, y, 1, " ", between);
        for (index, (text, style)) in texts.iter().zip(styles).enumerate() {
            let columns = self.0[index];
            if columns == 0 {
                continue;
            }
            let text = fit(text, columns);
            let after = match index {
                3 => 0,
                4 => 1,
                _ => 2,
            };
            let padding = " ".repeat((columns - width(&text)) as usize + after);
            // Numbers end under each other.
            let pieces = if index == 3 {
                [(padding.as_str(), between), (text.as_str(), style)]
            } else {
                [(text.as_str(), style), (padding.as_str(), between)]
            };
            let extra = if index == 3 { 2 } else { 0 };
            x += put_pieces(buffer, x, y, columns + 2, &pieces);
            x += put(buffer, x, y, extra, "  ", between);
        }
    }
}

fn draw_about(frame: &mut Frame, area: Rect, level: &LevelCard, theme: &Theme) {
    let buffer = frame.buffer_mut();
    let inner = pane(buffer, area, &Edge { title: &level.title, ..Edge::default() }, theme);
    if inner.is_empty() {
        return;
    }
    let columns = inner.width.saturating_sub(2).min(76);
    let mut lines: Vec<(String, Style)> =
        wrap(&level.summary, columns).into_iter().map(|line| (line, theme.text)).collect();
    let mut section = |title: &str, text: &str, style: Style| {
        if !text.is_empty() {
            lines.push((String::new(), theme.text));
            lines.push((title.to_owned(), theme.dim));
            lines.extend(wrap(text, columns).into_iter().map(|line| (line, style)));
        }
    };
    section("what one learns", &level.teaches.join(", "), theme.text);
    section("tools", &level.tools.join(", "), theme.text);
    if let Some(best) = &level.best {
        section("best so far", &format!("{}, {}", best.grade, best.outcome.word()), theme.good);
    }
    section("what it really was", level.story.as_deref().unwrap_or("told once you have played it"), theme.dim);
    for (row, (line, style)) in lines.iter().take(inner.height as usize).enumerate() {
        put(buffer, inner.x + 1, inner.y + row as u16, inner.width.saturating_sub(2), line, *style);
    }
}
