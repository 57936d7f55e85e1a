//! The command line: what was typed and printed, the line that is being typed, and what could stand in it.

use super::output::put_with_states;
use super::watching::{self, WatchState};
use crate::incident::view::{Entry, EntryState, Pin};
use crate::tui::editor::{Editor, List};
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::{Intent, Pane};
use crate::tui::pen::{dot, fit, put, put_pieces, put_right, sane, width, wrap};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthChar;

/// What the player has typed and chosen in the console.
#[derive(Clone, Debug, Default)]
pub struct ConsoleState {
    /// The line that is being typed.
    pub editor: Editor,
    /// The beginning of a line that a key has put there: who goes back without having typed anything takes it back.
    pub begun: String,
    /// The line of output that is selected while looking back: the entry's id and its line, 0 for the command itself.
    pub selected: Option<(usize, usize)>,
    /// What of the `watch` above the prompt is in sight.
    pub watch: WatchState,
    /// The first row that was drawn last, counted from the end; kept so that the view moves no more than it must.
    top: usize,
    /// The rows that output had when it was drawn last, and their columns.
    room: (usize, u16),
}

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// What was typed and printed.
    pub entries: &'a [&'a Entry],
    /// What has been pinned.
    pub pins: &'a [Pin],
    /// Where the next line goes to.
    pub shell: &'a str,
    /// Whether keys go here.
    pub focused: bool,
    /// Whether another pane has the keys, so that it is told how to come here.
    pub away: bool,
}

/// How many lines of an answer stand in the console: a `watch` has a place of its own.
fn lines_of(entry: &Entry) -> usize {
    if entry.is_watch() { 0 } else { entry.output.len() }
}

/// The line before or after a selected one, or the last one where none is; none beyond the ends.
#[must_use]
pub fn step(entries: &[&Entry], selected: Option<(usize, usize)>, by: isize) -> Option<(usize, usize)> {
    let Some(mut at) = selected else {
        let last = entries.last()?;
        return Some((last.id, lines_of(last)));
    };
    for _ in 0..by.unsigned_abs() {
        let index = entries.iter().position(|entry| entry.id == at.0)?;
        at = if by < 0 {
            match (at.1.checked_sub(1), index.checked_sub(1)) {
                (Some(line), _) => (at.0, line),
                (None, Some(before)) => (entries[before].id, lines_of(entries[before])),
                (None, None) => return Some(at),
            }
        } else if at.1 < lines_of(entries[index]) {
            (at.0, at.1 + 1)
        } else {
            match entries.get(index + 1) {
                Some(next) => (next.id, 0),
                None => return Some(at),
            }
        };
    }
    Some(at)
}

/// Where looking back goes by a page of the size drawn last. From the prompt the first page is the one above what is in
/// sight; beyond the last line there is none.
#[must_use]
pub fn turn(entries: &[&Entry], state: &ConsoleState, up: bool) -> Option<(usize, usize)> {
    let (rows, columns) = (state.room.0.max(2), state.room.1.max(8));
    let height = |at: (usize, usize)| {
        entries.iter().find(|entry| entry.id == at.0).map_or(1, |entry| rows_of(entry, at.1, &[], columns).len())
    };
    let (mut at, mut left) = match (state.selected, up) {
        (Some(at), _) => (at, rows),
        (None, true) => (step(entries, None, 0)?, rows * 2 - 1),
        (None, false) => return None,
    };
    while let Some(next) = step(entries, Some(at), if up { -1 } else { 1 }).filter(|next| *next != at) {
        left = left.saturating_sub(height(at));
        if left == 0 {
            break;
        }
        at = next;
    }
    // At its end the prompt takes over again.
    if up { Some(at) } else { Some(at).filter(|at| Some(*at) != step(entries, None, 0)) }
}

/// The answer that is too long for the rows that there were when it was drawn last, with how many lines it has: the one
/// that is looked at, or the latest.
#[must_use]
pub fn too_long<'a>(entries: &[&'a Entry], state: &ConsoleState) -> Option<(&'a Entry, usize)> {
    let entry = match state.selected {
        Some((id, _)) => entries.iter().find(|entry| entry.id == id),
        None => entries.last(),
    }?;
    if entry.is_watch() && !entry.output.is_empty() {
        return Some((entry, entry.output.len()));
    }
    let mut rows = 0;
    for line in 1..=entry.output.len() {
        rows += rows_of(entry, line, &[], state.room.1.max(8)).len();
        if rows > state.room.0 {
            return Some((entry, entry.output.len()));
        }
    }
    None
}

/// Draws the console into an area that has its border already.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    shown: &Shown<'_>,
    state: &mut ConsoleState,
    hits: &mut Hits,
    theme: &Theme,
) {
    if area.is_empty() {
        return;
    }
    let watched = shown.entries.iter().rev().find(|entry| entry.is_watch() && entry.state == EntryState::Running);
    let live = shown.focused && state.selected.is_none() && state.editor.line().is_empty();
    let area = watched.map_or(area, |entry| watching::draw(frame, area, entry, &mut state.watch, live, hits, theme));
    let list_rows = state.editor.list.as_ref().map_or(0, |list| list_height(list, area));
    let room = area.height.saturating_sub(1 + list_rows);
    let columns = area.width.saturating_sub(2);
    state.room = (room as usize, columns);
    let rows = rows_in_view(shown, state, room as usize, columns);
    let mut y = area.y;
    for row in &rows {
        let line = Rect { y, height: 1, ..area };
        hits.add(line, Target::Output(row.at.0, row.at.1));
        draw_row(frame.buffer_mut(), line, row, state.selected == Some(row.at), theme);
        y += 1;
    }
    let line = Rect { y, height: 1, ..area };
    hits.add(line, Target::Prompt);
    draw_prompt(frame.buffer_mut(), line, shown, state, theme);
    if !state.editor.line().trim().is_empty() && shown.focused && state.selected.is_none() {
        let right = line.right().saturating_sub(1);
        let x = put_right(frame.buffer_mut(), right, y, RUN_COLUMNS, " ↵ run ", theme.selected);
        hits.add(Rect { x, y, width: right - x, height: 1 }, Target::Key(Intent::Run));
    }
    if shown.entries.is_empty() && shown.focused && state.editor.line().is_empty() && state.editor.list.is_none() {
        draw_beginning(
            frame.buffer_mut(),
            Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1), ..area },
            hits,
            theme,
        );
    }
    if let Some(list) = &state.editor.list {
        let below = Rect { y: y + 1, height: area.bottom().saturating_sub(y + 1).min(list_rows), ..area };
        draw_list(frame.buffer_mut(), below, list, hits, theme);
    }
}

/// Where nothing has been typed yet: the three ways to begin.
fn draw_beginning(buffer: &mut Buffer, area: Rect, hits: &mut Hits, theme: &Theme) {
    let ways = [
        ("Tab", "lists the commands; or type one", Intent::Complete),
        ("^P", "finds anything by a few letters", Intent::Palette),
        ("Esc", "goes to the map: arrows choose a part, Enter tells what can be done", Intent::Back),
    ];
    for (y, (key, words, intent)) in (area.y + 1..area.bottom()).zip(ways) {
        put_right(buffer, area.x + 6, y, 5, key, theme.key);
        let used = put(buffer, area.x + 8, y, area.width.saturating_sub(9), words, theme.dim);
        hits.add(Rect { x: area.x + 1, y, width: used + 7, height: 1 }, Target::Key(intent));
    }
}

/// A row on the screen: a line of output, or a piece of a long one.
struct ConsoleRow {
    at: (usize, usize),
    failed: bool,
    text: String,
    prompt: Option<String>,
    kind: RowKind,
    pinned: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RowKind {
    Command,
    Output,
    Trouble,
}

/// The rows to show: the last ones, or those around the selected line. Only as many lines are wrapped as are needed.
fn rows_in_view(shown: &Shown<'_>, state: &mut ConsoleState, room: usize, columns: u16) -> Vec<ConsoleRow> {
    let mut rows: Vec<ConsoleRow> = vec![];
    // Until this many rows from the end have been made, counting those below the selected line.
    let mut below: Option<(usize, usize)> = None;
    'all: for entry in shown.entries.iter().rev() {
        // `clear` begins the screen anew; whoever looks back sees what was there.
        if state.selected.is_none() && entry.who.is_empty() && entry.line.trim() == "clear" {
            break;
        }
        for line in (0..=lines_of(entry)).rev() {
            let before = rows.len();
            rows.extend(rows_of(entry, line, shown.pins, columns).into_iter().rev());
            if state.selected == Some((entry.id, line)) {
                below = Some((before, rows.len()));
            }
            let enough = match (state.selected, below) {
                (Some(_), None) => false,
                (Some(_), Some((_, end))) => rows.len() >= end + room,
                (None, _) => rows.len() >= room,
            };
            if enough {
                break 'all;
            }
        }
    }
    // `top` counts from the end to the first row that is shown.
    let top = match below {
        None => room.min(rows.len()),
        Some((start, end)) => {
            let kept = state.top.clamp(room.min(rows.len()), rows.len());
            kept.max(end).min((start + room).max(room)).min(rows.len())
        }
    };
    state.top = top;
    let skip = top.saturating_sub(room);
    let mut view: Vec<ConsoleRow> = rows.into_iter().take(top).skip(skip).collect();
    view.reverse();
    view
}

fn rows_of(entry: &Entry, line: usize, pins: &[Pin], columns: u16) -> Vec<ConsoleRow> {
    let at = (entry.id, line);
    let Some(index) = line.checked_sub(1) else {
        let prompt = prompt(&entry.shell, &entry.who);
        let text = sane(&entry.line);
        let state = match entry.state {
            EntryState::Running if entry.is_watch() => " … shown above",
            EntryState::Running => " …",
            _ => "",
        };
        return wrap(&format!("{text}{state}"), columns.saturating_sub(width(&prompt)))
            .into_iter()
            .enumerate()
            .map(|(piece, text)| {
                let prompt = if piece == 0 { prompt.clone() } else { " ".repeat(width(&prompt) as usize) };
                let failed = piece == 0 && entry.state == EntryState::Failed;
                ConsoleRow { at, failed, text, prompt: Some(prompt), kind: RowKind::Command, pinned: false }
            })
            .collect();
    };
    let text = &entry.output[index];
    let kind = if entry.state == EntryState::Failed { RowKind::Trouble } else { RowKind::Output };
    let pinned = pins.iter().any(|pin| pin.line == *text && pin.command == entry.line);
    wrap(&sane(text), columns)
        .into_iter()
        .enumerate()
        .map(|(piece, text)| ConsoleRow { at, failed: false, text, prompt: None, kind, pinned: pinned && piece == 0 })
        .collect()
}

fn prompt(shell: &str, who: &str) -> String {
    match (who.is_empty(), shell == "bastion" || shell.is_empty()) {
        (true, true) => "$ ".to_owned(),
        (true, false) => format!("{shell} $ "),
        (false, _) => format!("{who} $ "),
    }
}

fn draw_row(buffer: &mut Buffer, area: Rect, row: &ConsoleRow, selected: bool, theme: &Theme) {
    let x = area.x + 1;
    let columns = area.width.saturating_sub(2);
    let style = match row.kind {
        RowKind::Command => theme.heading,
        RowKind::Output => theme.text,
        RowKind::Trouble => theme.strained,
    };
    if selected {
        for column in area.x..area.right() {
            dot(buffer, column, area.y, " ", theme.selected);
        }
    }
    // What failed says so before its prompt, where nothing else stands.
    if row.failed {
        dot(buffer, area.x, area.y, "✕", if selected { theme.selected } else { theme.failing });
    }
    let style = if selected { theme.selected } else { style };
    let used = match &row.prompt {
        Some(prompt) => {
            let quiet = if selected { theme.selected } else { theme.dim };
            put_pieces(buffer, x, area.y, columns, &[(prompt, quiet), (&row.text, style)])
        }
        None if selected || row.kind != RowKind::Output => put(buffer, x, area.y, columns, &row.text, style),
        None => put_with_states(buffer, x, area.y, columns, &row.text, theme),
    };
    if row.pinned {
        let label = if used + 10 <= columns { "pinned ●" } else { "●" };
        let style = if selected { theme.selected } else { theme.own };
        put_right(buffer, area.right().saturating_sub(1), area.y, 8, label, style);
    }
}

/// The columns kept free beside a line for what runs it.
const RUN_COLUMNS: u16 = 8;

/// The prompt, the line and the cursor; a line that is too long is scrolled sideways.
fn draw_prompt(buffer: &mut Buffer, area: Rect, shown: &Shown<'_>, state: &ConsoleState, theme: &Theme) {
    let prompt = prompt(shown.shell, "");
    let live = shown.focused && state.selected.is_none();
    let x = area.x + 1;
    let used = put(buffer, x, area.y, area.width.saturating_sub(2), &prompt, if live { theme.key } else { theme.dim });
    let (start, room) = (x + used, area.width.saturating_sub(3 + used + RUN_COLUMNS));
    let line = state.editor.line();
    let cursor = state.editor.cursor();
    if line.is_empty() && shown.away {
        put(buffer, start, area.y, room, "4 or Esc: type here", theme.dim);
        return;
    }
    let before = width(&line[..cursor]);
    let skip = before.saturating_sub(room.saturating_sub(1));
    let mut column = 0_u16;
    for (at, c) in line.char_indices() {
        let wide = c.width().unwrap_or(0) as u16;
        if column >= skip && column + wide <= skip + room {
            let style = if live && at == cursor { cursor_style(theme) } else { theme.text };
            put(buffer, start + column - skip, area.y, wide, c.encode_utf8(&mut [0; 4]), style);
        }
        column += wide;
    }
    if live && cursor == line.len() {
        dot(buffer, start + column - skip, area.y, " ", cursor_style(theme));
    }
}

fn cursor_style(theme: &Theme) -> Style {
    theme.text.add_modifier(ratatui::style::Modifier::REVERSED)
}

/// How many rows the list of completions takes.
fn list_height(list: &List, area: Rect) -> u16 {
    let most = (area.height / 2).clamp(1, 10);
    (list.candidates.len() as u16).min(most)
}

/// One word a row with what it is; the selected one stays in sight.
fn draw_list(buffer: &mut Buffer, area: Rect, list: &List, hits: &mut Hits, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let longest = list.candidates.iter().map(|candidate| width(&candidate.word)).max().unwrap_or(0);
    let words = longest.min(area.width.saturating_sub(8).max(8)).min(44);
    let rows = area.height as usize;
    let first = match list.selected {
        Some(at) => (at + 1).saturating_sub(rows),
        None => list.first.min(list.candidates.len().saturating_sub(rows)),
    };
    for (row, (index, candidate)) in list.candidates.iter().enumerate().skip(first).take(rows).enumerate() {
        let y = area.y + row as u16;
        let selected = list.selected == Some(index);
        let style = if selected { theme.selected } else { theme.own };
        let word = fit(&candidate.word, words);
        put(buffer, area.x + 3, y, words, &format!("{word:<width$}", width = words as usize), style);
        let about = area.width.saturating_sub(words + 7);
        put(buffer, area.x + 5 + words, y, about, &candidate.about, theme.dim);
        hits.add(Rect { y, height: 1, ..area }, Target::Candidate(index));
    }
    let hidden = list.candidates.len().saturating_sub(first + rows);
    if hidden > 0 {
        let (right, y) = (area.right().saturating_sub(1), area.bottom() - 1);
        let x = put_right(buffer, right, y, 12, &format!(" {hidden} more ▼"), theme.dim);
        hits.add(Rect { x, y, width: right - x, height: 1 }, Target::More(Pane::Console));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::quantity::Time;

    fn entry(id: usize, output: &[&str]) -> Entry {
        Entry {
            id,
            at: Time::ZERO,
            who: String::new(),
            tab: 1,
            shell: "bastion".to_owned(),
            line: format!("command {id}"),
            output: output.iter().map(|line| (*line).to_owned()).collect(),
            state: EntryState::Done,
        }
    }

    #[test]
    fn looking_back_goes_over_every_line_and_stops_at_the_ends() {
        let entries = [entry(0, &["a", "b"]), entry(1, &[]), entry(2, &["c"])];
        let entries: Vec<&Entry> = entries.iter().collect();
        let mut at = step(&entries, None, -1);
        let mut seen = vec![at.unwrap()];
        for _ in 0..9 {
            at = step(&entries, at, -1);
            seen.push(at.unwrap());
        }
        assert_eq!(&seen[..7], [(2, 1), (2, 0), (1, 0), (0, 2), (0, 1), (0, 0), (0, 0)]);
        assert_eq!(step(&entries, Some((0, 0)), 99), Some((2, 1)));
        // A page that comes to the end comes back to the prompt.
        let state = ConsoleState { selected: Some((1, 0)), room: (4, 40), ..ConsoleState::default() };
        assert_eq!(turn(&entries, &state, false), None);
        assert_eq!(turn(&entries, &state, true), Some((0, 0)));
    }

    #[test]
    fn the_selected_line_is_always_in_view() {
        let lines: Vec<String> = (0..50).map(|n| format!("line {n}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let entries = [entry(0, &lines), entry(1, &lines)];
        let entries: Vec<&Entry> = entries.iter().collect();
        let shown = Shown { entries: &entries, pins: &[], shell: "bastion", focused: true, away: false };
        let mut state = ConsoleState::default();
        for _ in 0..102 {
            state.selected = step(&entries, state.selected, -1);
            let rows = rows_in_view(&shown, &mut state, 7, 40);
            assert_eq!(rows.len(), 7);
            assert!(rows.iter().any(|row| Some(row.at) == state.selected));
        }
        state.selected = Some((1, 50));
        assert!(rows_in_view(&shown, &mut state, 7, 40).iter().any(|row| row.at == (1, 50)));
    }
}
