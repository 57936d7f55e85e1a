//! What the map's boxes and its list draw alike: bars, instances, badges, rates, and what is remembered between frames.

use super::map_layout::{Detail, Widest, bar_columns, cells_in};
use crate::incident::view::{Bar, Health, Part};
use crate::tui::pen::{bar, dot, grouped, put, put_right};
use crate::tui::theme::{Theme, health_glyph, trend_glyph};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// What the player has chosen on the map, and what it remembers between frames.
#[derive(Clone, Debug, Default)]
pub struct MapState {
    /// The selected part, by name.
    pub selected: Option<String>,
    /// The first line of the list, where it is one.
    pub scroll: u16,
    /// The size of the area that was drawn last: another one begins anew.
    pub(super) size: (u16, u16),
    pub(super) widest: Widest,
}

/// What a frame of the map depends on, besides the map.
#[derive(Clone, Copy, Debug)]
pub struct Motion {
    /// Where the moving dots are; stands still while the clock does, and where the player wants no motion.
    pub phase: u64,
    /// Whether the selection is shown.
    pub focused: bool,
}

/// The states of a part's instances with their counts, the most frequent first: `36 CrashLoopBackOff  2 Running`.
#[must_use]
pub fn states(part: &Part) -> String {
    let mut counts: Vec<(&str, usize)> = vec![];
    for cell in &part.cells {
        match counts.iter_mut().find(|(state, _)| *state == cell.state) {
            Some((_, count)) => *count += 1,
            None => counts.push((&cell.state, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let text = |(state, count): &(&str, usize)| match (state.starts_with(|c: char| c.is_ascii_digit()), count) {
        (true, 1) => (*state).to_owned(),
        // Two numbers side by side would be read as one.
        (true, count) => format!("{count} × {state}"),
        (false, count) => format!("{count} {state}"),
    };
    let texts: Vec<String> = counts.iter().map(text).collect();
    texts.join("  ")
}

pub(super) const fn line_style(part: &Part, theme: &Theme) -> Style {
    match part.health {
        Health::Good => theme.text,
        other => theme.health(other),
    }
}

pub(super) fn badges(part: &Part) -> String {
    let mut out = String::new();
    for badge in &part.badges {
        if !out.is_empty() {
            out.push_str("  ");
        }
        if !badge.starts_with(['▲', '▼', '●', '◆']) {
            out.push_str("▲ ");
        }
        out.push_str(badge);
    }
    out
}

/// The amount at the left, right-aligned where it stands under others, then the bar and where it goes.
pub(super) fn draw_bar(buffer: &mut Buffer, area: Rect, one: &Bar, amounts: u16, detail: Detail, theme: &Theme) {
    let style = theme.health(one.health);
    let text_columns = amounts.min(area.width.saturating_sub(3));
    put_right(
        buffer,
        area.x + text_columns,
        area.y,
        text_columns,
        &one.text,
        if one.health == Health::Good { theme.text } else { style },
    );
    let columns = area.width.saturating_sub(text_columns + 3).min(bar_columns(detail) * 2);
    let start = area.x + text_columns + 1;
    put(buffer, start, area.y, columns, &bar(one.fill, columns), style);
    // Where there is no colour, the glyph tells the state.
    if matches!(one.health, Health::Strained | Health::Failing) {
        put(buffer, area.right().saturating_sub(2), area.y, 1, health_glyph(one.health), style);
    }
    put(buffer, area.right().saturating_sub(1), area.y, 1, trend_glyph(i64::from(one.trend)), style);
}

/// A glyph for each instance, in tens; returns the rows used.
pub(super) fn draw_cells(buffer: &mut Buffer, area: Rect, part: &Part, theme: &Theme) -> u16 {
    if part.cells.is_empty() || area.height == 0 {
        return 0;
    }
    let in_row = cells_in(area.width) as usize;
    let mut rows = 0;
    for (row, cells) in part.cells.chunks(in_row).enumerate() {
        let y = area.y + row as u16;
        if y >= area.bottom() {
            break;
        }
        for (index, cell) in cells.iter().enumerate() {
            let x = area.x + index as u16 + index as u16 / 10;
            dot(buffer, x, y, health_glyph(cell.health), theme.health(cell.health));
        }
        rows += 1;
    }
    rows
}

pub(super) fn rate_text(rate: f64) -> String {
    match rate {
        r if r <= 0.0 => "0/s".to_owned(),
        r if r < 1.0 => format!("{:.0}/min", r * 60.0),
        r if r < 10.0 => format!("{r:.1}/s"),
        r => format!("{}/s", grouped(r.round() as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::view::Cell;

    #[test]
    fn a_count_never_runs_into_a_number_of_the_state() {
        let cell = |state: &str| Cell { state: state.to_owned(), ..Cell::default() };
        let told = |cells: Vec<Cell>| states(&Part { cells, ..Part::default() });
        assert_eq!(told(vec![cell("Running"), cell("Running"), cell("Error")]), "2 Running  1 Error");
        assert_eq!(told(vec![cell("1 backend sick"); 4]), "4 × 1 backend sick");
        assert_eq!(told(vec![cell("8 objects"), cell("starting")]), "8 objects  1 starting");
    }
}
