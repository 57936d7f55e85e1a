//! Writing into the cells of a screen: text that is cut, wrapped and padded by its width, and quiet borders.
//!
//! Everything here clips: no place outside the screen is ever written to, whatever the sizes are. Control characters
//! never get through.

use super::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The columns that a text takes.
#[must_use]
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// The text as it may stand in a cell: tabs as blanks, no control characters.
#[must_use]
pub fn sane(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => {
                let column = out.width();
                out.extend(std::iter::repeat_n(' ', 8 - column % 8));
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// The text cut to so many columns, with an ellipsis where something is left out.
#[must_use]
pub fn fit(text: &str, columns: u16) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0) as u16;
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// Breaks a text at blanks into lines of at most so many columns; words that are longer are cut. Blanks at the start
/// of the text stay, as output needs them.
#[must_use]
pub fn wrap(text: &str, columns: u16) -> Vec<String> {
    let columns = columns.max(1);
    if width(text) <= columns {
        return vec![text.trim_end().to_owned()];
    }
    let mut lines = vec![];
    let mut line = String::new();
    let mut used = 0_u16;
    let mut blank_at: Option<usize> = None;
    for (position, c) in text.char_indices() {
        let wide = c.width().unwrap_or(0) as u16;
        if used + wide > columns {
            let rest = match blank_at {
                // A break at a blank keeps words whole; one that would fill a line anyway is cut.
                Some(at) if word_width(&line[at..], &text[position..]) <= columns => {
                    line.split_off(at).trim_start().to_owned()
                }
                _ => String::new(),
            };
            lines.push(line.trim_end().to_owned());
            line = rest;
            used = width(&line);
            blank_at = None;
            if c == ' ' && line.is_empty() {
                continue;
            }
        }
        if c == ' ' && !line.trim().is_empty() {
            blank_at = Some(line.len());
        }
        line.push(c);
        used += wide;
    }
    if !line.trim().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The width of a word of which a part stands in the line already.
fn word_width(begun: &str, rest: &str) -> u16 {
    width(begun.trim_start()).saturating_add(width(rest.split(' ').next().unwrap_or("")))
}

/// A count with its thousands set apart: `31 040`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// The same text with the thousands of its whole numbers set apart: `4 499 over 500`.
#[must_use]
pub fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[start..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |length| start + length);
        // Digits after a point, or within a name, aren't a number of their own.
        let joined = rest[..start].ends_with(|c: char| c == '.' || c == '-' || c == '_' || c.is_alphanumeric());
        out.push_str(&rest[..start]);
        match rest[start..end].parse::<u64>() {
            Ok(number) if number >= 1000 && !joined => out.push_str(&grouped(number)),
            _ => out.push_str(&rest[start..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Writes at a place, in at most so many columns, and returns the columns used; what is too long ends in an ellipsis.
pub fn put(buffer: &mut Buffer, x: u16, y: u16, columns: u16, text: &str, style: Style) -> u16 {
    let area = buffer.area;
    if y < area.y || y >= area.bottom() || x < area.x || x >= area.right() || columns == 0 {
        return 0;
    }
    let columns = columns.min(area.right() - x);
    // What lay below is gone, also its colour: a style only says what differs from the terminal's own.
    for column in x..x + columns.min(width(text)) {
        buffer[Position::new(column, y)].set_style(Style::reset());
    }
    let end = if width(text) > columns {
        buffer.set_stringn(x, y, fit(text, columns), columns as usize, style).0
    } else {
        buffer.set_stringn(x, y, text, columns as usize, style).0
    };
    end.saturating_sub(x)
}

/// Writes so that the text ends just before column `right`, and returns where it begins.
pub fn put_right(buffer: &mut Buffer, right: u16, y: u16, columns: u16, text: &str, style: Style) -> u16 {
    let text = fit(text, columns);
    let start = right.saturating_sub(width(&text));
    put(buffer, start, y, columns, &text, style);
    start
}

/// Writes pieces one after the other and returns the columns used.
pub fn put_pieces(buffer: &mut Buffer, x: u16, y: u16, columns: u16, pieces: &[(&str, Style)]) -> u16 {
    let mut used = 0;
    for (text, style) in pieces {
        used += put(buffer, x + used, y, columns.saturating_sub(used), text, *style);
    }
    used
}

/// Sets one cell.
pub fn dot(buffer: &mut Buffer, x: u16, y: u16, symbol: &str, style: Style) {
    if let Some(cell) = buffer.cell_mut((x, y)) {
        cell.set_symbol(symbol).set_style(Style::reset().patch(style));
    }
}

/// Blanks an area, so that what lies below doesn't show through.
pub fn blank(buffer: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buffer.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }
}

/// What stands in a pane's border.
#[derive(Clone, Debug, Default)]
pub struct Edge<'a> {
    /// Its name, at the left.
    pub title: &'a str,
    /// The key that goes there, before the name; none for dialogs.
    pub number: Option<char>,
    /// A few words at the right.
    pub right: &'a str,
    /// How those words are drawn; quiet where nothing is said.
    pub right_style: Option<Style>,
    /// Whether keys go to it.
    pub focused: bool,
    /// A border drawn in another style: a page that has just come in.
    pub style: Option<Style>,
}

/// Draws a border and returns what is inside.
pub fn pane(buffer: &mut Buffer, area: Rect, edge: &Edge<'_>, theme: &Theme) -> Rect {
    let area = area.intersection(buffer.area);
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    let style = edge.style.unwrap_or(if edge.focused { theme.border_focused } else { theme.border });
    outline(buffer, area, style);
    let mut x = area.x + 1;
    let right_limit = area.right().saturating_sub(2);
    if let Some(number) = edge.number {
        let label = format!(" {number}");
        x += put(buffer, x, area.y, right_limit.saturating_sub(x), &label, theme.key);
    }
    if !edge.title.is_empty() {
        let label = format!(" {} ", edge.title);
        let title_style = if edge.focused { theme.heading } else { theme.dim };
        x += put(buffer, x, area.y, right_limit.saturating_sub(x), &label, title_style);
    }
    if !edge.right.is_empty() {
        let label = format!(" {} ", edge.right);
        let room = right_limit.saturating_sub(x + 1);
        if width(&label) <= room {
            put_right(buffer, right_limit + 1, area.y, room, &label, edge.right_style.unwrap_or(theme.dim));
        }
    }
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
}

/// The four sides of a box.
pub fn outline(buffer: &mut Buffer, area: Rect, style: Style) {
    let (left, right) = (area.left(), area.right() - 1);
    let (top, bottom) = (area.top(), area.bottom() - 1);
    for x in left + 1..right {
        dot(buffer, x, top, "─", style);
        dot(buffer, x, bottom, "─", style);
    }
    for y in top + 1..bottom {
        dot(buffer, left, y, "│", style);
        dot(buffer, right, y, "│", style);
    }
    dot(buffer, left, top, "╭", style);
    dot(buffer, right, top, "╮", style);
    dot(buffer, left, bottom, "╰", style);
    dot(buffer, right, bottom, "╯", style);
}

/// A bar of so many columns, filled in eighths.
#[must_use]
pub fn bar(fill: f64, columns: u16) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let fill = if fill.is_finite() { fill.clamp(0.0, 1.0) } else { 0.0 };
    let mut eighths = (fill * f64::from(columns) * 8.0).round() as usize;
    if fill > 0.0 {
        eighths = eighths.max(1);
    }
    let mut out = "█".repeat(eighths / 8);
    out.push_str(PARTS[eighths % 8]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_wrapped_at_blanks_and_long_words_are_cut() {
        assert_eq!(wrap("the consumers are crashlooping", 14), ["the consumers", "are", "crashlooping"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("  indented", 20), ["  indented"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn a_text_that_is_cut_says_so() {
        assert_eq!(fit("chat-consumer", 8), "chat-co…");
        assert_eq!(fit("chat", 8), "chat");
        assert_eq!(fit("chat", 0), "");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1204), "1 204");
        assert_eq!(grouped(1_031_040), "1 031 040");
    }

    #[test]
    fn whole_numbers_in_a_text_are_set_apart_and_names_are_left_alone() {
        assert_eq!(spaced("4499 over 500"), "4 499 over 500");
        assert_eq!(spaced("rss:1563932kB node-1234 0.12345 v2020x"), "rss:1 563 932kB node-1234 0.12345 v2020x");
    }

    #[test]
    fn a_bar_shows_that_a_little_is_more_than_nothing() {
        assert_eq!(bar(0.0, 8), "");
        assert_eq!(bar(0.001, 8), "▏");
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(f64::NAN, 3), "");
    }

    #[test]
    fn control_characters_never_reach_a_cell() {
        assert_eq!(sane("a\u{1b}[2Jb\tc"), "a[2Jb   c");
    }
}
