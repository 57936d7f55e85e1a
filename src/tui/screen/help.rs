//! The keys that apply here, read from the same table that gives keys their meaning.

use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::{Intent, Place, applying};
use crate::tui::pen::{Edge, blank, pane, put, put_right, width, wrap};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// A line of the help.
struct HelpLine {
    keys: String,
    text: String,
    style: Style,
}

/// Draws the help over the screen, from line `scroll` on, which is kept in range.
pub fn draw(frame: &mut Frame, screen: Rect, places: &[Place], scroll: &mut u16, hits: &mut Hits, theme: &Theme) {
    let wide = wide(screen);
    let area = Rect { x: screen.x + (screen.width - wide) / 2, width: wide, ..screen };
    let buffer = frame.buffer_mut();
    hits.add(screen, Target::Outside);
    hits.add(area, Target::Inside);
    blank(buffer, area, Style::new());
    let inner = pane(buffer, area, &Edge { title: "keys that apply here", focused: true, ..Edge::default() }, theme);
    if inner.is_empty() {
        return;
    }
    // On a wide screen in two columns.
    let columns = if wide > 100 { 2 } else { 1 };
    let column_width = inner.width / columns;
    let lines = lines(places, column_width.saturating_sub(18), theme);
    let in_view = (inner.height * columns) as usize;
    *scroll = (*scroll).min((lines.len().saturating_sub(in_view)) as u16);
    for (index, line) in lines.iter().skip(*scroll as usize).take(in_view).enumerate() {
        let (column, row) = (index as u16 / inner.height, index as u16 % inner.height);
        let x = inner.x + column * column_width;
        put_right(buffer, x + 14, inner.y + row, 13, &line.keys, theme.key);
        put(buffer, x + 16, inner.y + row, column_width.saturating_sub(17), &line.text, line.style);
    }
    let hidden = lines.len().saturating_sub(*scroll as usize + in_view);
    if hidden > 0 {
        let (right, y) = (area.right().saturating_sub(2), area.bottom() - 1);
        let x = put_right(buffer, right, y, 20, &format!(" {hidden} more ▼ "), theme.dim);
        hits.add(Rect { x, y, width: right - x, height: 1 }, Target::Key(Intent::PageDown));
    }
}

/// Whether there is more than fits.
#[must_use]
pub fn scrolls(screen: Rect, places: &[Place], theme: &Theme) -> bool {
    let wide = wide(screen).saturating_sub(2);
    let columns = if wide > 98 { 2 } else { 1 };
    let rows = lines(places, (wide / columns).saturating_sub(18), theme).len();
    rows > (screen.height.saturating_sub(2) * columns) as usize
}

fn wide(screen: Rect) -> u16 {
    // A column of what lies below, at each side, would only be stray pieces of borders.
    if screen.width <= 84 { screen.width } else { screen.width.min(if screen.width >= 130 { 124 } else { 78 }) }
}

fn lines(places: &[Place], columns: u16, theme: &Theme) -> Vec<HelpLine> {
    let mut lines = vec![];
    for (index, place) in places.iter().enumerate() {
        let mut bindings = applying(&places[..=index]).filter(|(binding, _)| binding.place == *place).peekable();
        if bindings.peek().is_none() {
            continue;
        }
        if index > 0 {
            lines.push(HelpLine { keys: String::new(), text: String::new(), style: theme.text });
        }
        lines.push(HelpLine { keys: String::new(), text: place.title().to_owned(), style: theme.heading });
        for (binding, first) in bindings {
            let free = |key: &&crate::tui::key::Key| {
                crate::tui::keymap::intent(**key, &places[..=index]) == Some(binding.intent)
            };
            let mut keys = first.to_string();
            for key in binding.keys.iter().filter(free).filter(|key| **key != first) {
                let longer = format!("{keys} {key}");
                if width(&longer) <= 13 {
                    keys = longer;
                }
            }
            for (piece, text) in wrap(binding.help, columns).into_iter().enumerate() {
                let keys = if piece == 0 { keys.clone() } else { String::new() };
                lines.push(HelpLine { keys, text, style: theme.text });
            }
        }
    }
    lines
}
