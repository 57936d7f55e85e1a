//! The latest result of a `watch`, above the prompt: it stands still while what is typed goes on below.

use super::output::put_with_states;
use crate::incident::view::Entry;
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::pen::{dot, fit, put, put_right, sane, width};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;

/// The command and an empty line stand above each result.
const HEAD: usize = 2;
/// Rows that are left to what is typed.
const LEFT: u16 = 4;

/// Draws it at the top of an area, and returns what is left below it; `live` says that its key stops it now.
pub fn draw(frame: &mut Frame, area: Rect, entry: &Entry, live: bool, hits: &mut Hits, theme: &Theme) -> Rect {
    let most = (area.height * 6 / 10).min(area.height.saturating_sub(LEFT));
    let lines: Vec<&String> = entry.output.iter().skip(HEAD).collect();
    let rows = (lines.len() as u16).min(most.saturating_sub(2));
    if most == 0 {
        return area;
    }
    let buffer = frame.buffer_mut();
    hits.add(Rect { height: rows + 1, ..area }, Target::Watch(entry.id));
    let end = if live { " q stops it " } else { " ✕ stop " };
    let right = area.right().saturating_sub(1);
    let x = put_right(buffer, right, area.y, 14, end, theme.key);
    hits.add(Rect { x, y: area.y, width: width(end), height: 1 }, Target::Key(Intent::StopWatch));
    let hidden = lines.len() - rows as usize;
    let more = if hidden > 0 { format!("  {hidden} more ▼") } else { String::new() };
    let title = entry.output.first().map_or_else(|| format!("{}: no result yet", entry.line), Clone::clone);
    let room = x.saturating_sub(area.x + 2 + width(&more));
    let used = put(buffer, area.x + 1, area.y, room, &fit(&sane(&title), room), theme.own);
    put(buffer, area.x + 1 + used, area.y, width(&more), &more, theme.dim);
    for (row, line) in lines.iter().take(rows as usize).enumerate() {
        let text = fit(&sane(line), area.width.saturating_sub(2));
        put_with_states(buffer, area.x + 1, area.y + 1 + row as u16, area.width.saturating_sub(2), &text, theme);
    }
    if most < 2 {
        return Rect { y: area.y + 1, height: area.height - 1, ..area };
    }
    let y = area.y + 1 + rows;
    (area.left()..area.right()).for_each(|x| dot(buffer, x, y, "┄", theme.border));
    Rect { y: y + 1, height: area.bottom() - y - 1, ..area }
}
