//! A long answer over the whole screen, to read and search in: what `less` is in a terminal.

use super::output::put_with_states;
use crate::incident::view::{Entry, EntryState, Pin};
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::pen::{Edge, blank, dot, fit, pane, put, put_right, sane, width, wrap};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use tui_input::Input;

/// What is read, and where in it.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// The number of the entry whose output is read.
    pub entry: usize,
    /// The line under the cursor, from 0.
    pub line: usize,
    /// Whether the end is kept in sight while more is printed.
    pub follows: bool,
    /// The first line in sight.
    top: usize,
    /// The rows and columns that there were when it was drawn last.
    room: (usize, u16),
    /// What is searched for; empty for nothing.
    pub wanted: String,
    /// The search that is being typed.
    pub asking: Option<Input>,
}

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The answer.
    pub entry: &'a Entry,
    /// When it came, as a clock shows it.
    pub clock: &'a str,
    /// What has been pinned.
    pub pins: &'a [Pin],
}

/// Where in a line a text stands, in bytes: in any case of letters, unless a capital is among those searched for.
fn places(line: &str, wanted: &str) -> Vec<(usize, usize)> {
    if wanted.is_empty() {
        return vec![];
    }
    let exact = wanted.chars().any(char::is_uppercase);
    // Folding ASCII only keeps every byte in its place.
    let folded = if exact { line.to_owned() } else { line.to_ascii_lowercase() };
    let wanted = if exact { wanted.to_owned() } else { wanted.to_ascii_lowercase() };
    folded.match_indices(&wanted).map(|(at, found)| (at, at + found.len())).collect()
}

impl Reader {
    /// Opens an answer at a line, counted from 1 as the console does; the command itself is its beginning.
    #[must_use]
    pub fn at(entry: usize, line: usize) -> Self {
        Self { entry, line: line.saturating_sub(1), top: line.saturating_sub(4), ..Self::default() }
    }

    /// Goes on by so many lines; it stops at the ends.
    pub fn step(&mut self, by: isize, entry: &Entry) {
        let last = entry.output.len().saturating_sub(1);
        self.line = self.line.saturating_add_signed(by).min(last);
        // Whoever goes to the end stays there; a `watch` has no end that grows.
        self.follows = by > 0 && self.line == last && entry.state == EntryState::Running && !entry.is_watch();
    }

    /// Goes on by a page: as many lines as fill it, however many rows each takes.
    pub fn turn(&mut self, forward: bool, entry: &Entry) {
        let from = self.line;
        let mut rows = 0;
        loop {
            let before = self.line;
            rows += height(entry, self.line, self.room.1);
            self.step(if forward { 1 } else { -1 }, entry);
            if self.line == before || rows + height(entry, self.line, self.room.1) >= self.room.0 {
                break;
            }
        }
        // The view goes with it, as far as there is something to fill it.
        self.top = (self.top + self.line).saturating_sub(from).min(self.last_top(entry));
    }

    /// The first line in sight where the last one stands at the lower end.
    fn last_top(&self, entry: &Entry) -> usize {
        let mut rows = 0;
        let fits = |line: &usize| {
            rows += height(entry, *line, self.room.1);
            rows <= self.room.0
        };
        (0..entry.output.len()).rev().take_while(fits).last().unwrap_or(0)
    }

    /// Goes to the next line that holds what is searched for, or the one before, and round at the ends; false where
    /// there is none.
    pub fn find(&mut self, forward: bool, entry: &Entry) -> bool {
        let hits = self.hits(entry);
        let next = if forward {
            hits.iter().find(|line| **line > self.line).or(hits.first())
        } else {
            hits.iter().rev().find(|line| **line < self.line).or(hits.last())
        };
        self.line = next.copied().unwrap_or(self.line);
        self.follows = false;
        next.is_some()
    }

    /// Takes the search that was typed, and goes to its first hit from here on; false where there is none.
    pub fn search(&mut self, entry: &Entry) -> bool {
        let Some(asked) = self.asking.take() else { return true };
        asked.value().clone_into(&mut self.wanted);
        let here = entry.output.get(self.line).is_some_and(|line| !places(line, &self.wanted).is_empty());
        self.wanted.is_empty() || here || self.find(true, entry)
    }

    /// The lines that hold what is searched for.
    fn hits(&self, entry: &Entry) -> Vec<usize> {
        let holds = |line: &String| !places(&sane(line), self.sought()).is_empty();
        entry.output.iter().enumerate().filter(|(_, line)| holds(line)).map(|(index, _)| index).collect()
    }

    /// What is searched for, also while it is being typed.
    fn sought(&self) -> &str {
        self.asking.as_ref().map_or(&self.wanted, Input::value)
    }

    /// Keeps the line under the cursor in sight, moving the view no more than it must.
    fn follow(&mut self, entry: &Entry) {
        let last = entry.output.len().saturating_sub(1);
        self.line = if self.follows { last } else { self.line.min(last) };
        self.top = self.top.min(self.line);
        let mut rows: usize = 0;
        // From the line under the cursor upwards: what fits above it.
        for line in (self.top..=self.line).rev() {
            rows += height(entry, line, self.room.1);
            if rows > self.room.0 {
                self.top = (line + 1).min(self.line);
                break;
            }
        }
    }
}

/// The rows that a line takes.
fn height(entry: &Entry, line: usize, columns: u16) -> usize {
    entry.output.get(line).map_or(1, |text| wrap(&sane(text), columns).len())
}

/// Draws it over an area.
pub fn draw(frame: &mut Frame, area: Rect, shown: &Shown<'_>, state: &mut Reader, hits: &mut Hits, theme: &Theme) {
    let Shown { entry, .. } = *shown;
    hits.add(area, Target::Inside);
    let found = state.hits(entry);
    let buffer = frame.buffer_mut();
    blank(buffer, area, Style::new());
    let right = right_words(shown, state, &found);
    let room = area.width.saturating_sub(width(&right) + 8);
    let (failed, runs) = (entry.state == EntryState::Failed, entry.state == EntryState::Running);
    let mark = if failed { "✕ " } else { "" };
    let title = fit(&sane(&format!("{mark}{} $ {}", entry.shell, entry.line)), room);
    let edge = Edge {
        title: &title,
        right: &right,
        focused: true,
        style: Some(if failed { theme.failing } else { theme.border_focused }),
        ..Edge::default()
    };
    let inner = pane(buffer, area, &edge, theme);
    if inner.is_empty() {
        return;
    }
    state.room = (inner.height as usize, inner.width.saturating_sub(2));
    state.follow(entry);
    let (mut y, mut line) = (inner.y, state.top);
    while let Some(text) = entry.output.get(line).filter(|_| y < inner.bottom()) {
        let pinned = shown.pins.iter().any(|pin| pin.line == *text && pin.command == entry.line);
        let pieces = wrap(&sane(text), state.room.1);
        let rows = Rect { y, height: (pieces.len() as u16).min(inner.bottom() - y), ..inner };
        hits.add(rows, Target::ReaderLine(line));
        for (row, piece) in (y..rows.bottom()).zip(&pieces) {
            let at = Rect { y: row, height: 1, ..inner };
            draw_row(buffer, at, piece, line == state.line, state.sought(), theme);
        }
        if pinned {
            let style = if line == state.line { theme.selected } else { theme.own };
            put_right(buffer, inner.right().saturating_sub(1), y, 8, "pinned ●", style);
        }
        (y, line) = (rows.bottom(), line + 1);
    }
    if entry.output.is_empty() {
        put(
            buffer,
            inner.x + 1,
            inner.y,
            inner.width.saturating_sub(2),
            if runs { "it runs, and has printed nothing yet" } else { "it has printed nothing" },
            theme.dim,
        );
    }
    draw_below(buffer, area, state, entry.output.len().saturating_sub(line), hits, theme);
}

/// In the lower border: the search, and how much is left.
fn draw_below(buffer: &mut Buffer, area: Rect, state: &Reader, left: usize, hits: &mut Hits, theme: &Theme) {
    let y = area.bottom() - 1;
    if let Some(asking) = &state.asking {
        let x = area.x + 2;
        let used = put(buffer, x, y, area.width.saturating_sub(8), &format!(" /{}", asking.value()), theme.key);
        dot(buffer, x + used, y, " ", theme.text.add_modifier(Modifier::REVERSED));
    } else if !state.wanted.is_empty() {
        put(buffer, area.x + 2, y, area.width / 2, &format!(" /{} ", state.wanted), theme.key);
    }
    if left > 0 {
        let right = area.right().saturating_sub(2);
        let x = put_right(buffer, right, y, area.width / 2, &format!(" {left} more ▼ "), theme.dim);
        hits.add(Rect { x, y, width: right - x, height: 1 }, Target::Key(Intent::PageDown));
    }
}

/// When it came, where the cursor is, and which hit of how many.
fn right_words(shown: &Shown<'_>, state: &Reader, found: &[usize]) -> String {
    let count = shown.entry.output.len();
    // What it is comes before how to follow it, where there isn't room for both.
    let is_wide = state.room.1 >= 100;
    let running = match (shown.entry.state == EntryState::Running, state.follows) {
        (true, true) => "   running ▼",
        (true, false) if is_wide && !shown.entry.is_watch() => "   running, End follows",
        (true, false) => "   running",
        (false, _) => "",
    };
    let place = format!("{}{running}   line {} of {count}", shown.clock, (state.line + 1).min(count));
    if state.sought().is_empty() {
        return place;
    }
    match found.iter().position(|line| *line == state.line) {
        Some(at) => format!("{place}   hit {} of {}", at + 1, found.len()),
        None if found.is_empty() => format!("{place}   no hit"),
        None => format!("{place}   {} hits", found.len()),
    }
}

fn draw_row(buffer: &mut Buffer, area: Rect, text: &str, selected: bool, sought: &str, theme: &Theme) {
    let (x, columns) = (area.x + 1, area.width.saturating_sub(2));
    if selected {
        for column in area.left()..area.right() {
            dot(buffer, column, area.y, " ", theme.selected);
        }
        put(buffer, x, area.y, columns, text, theme.selected);
    } else {
        put_with_states(buffer, x, area.y, columns, text, theme);
    }
    let style = if selected {
        theme.selected.add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    } else {
        theme.key.add_modifier(Modifier::REVERSED)
    };
    for (start, end) in places(text, sought) {
        put(buffer, x + width(&text[..start]), area.y, width(&text[start..end]), &text[start..end], style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::quantity::Time;

    fn entry(count: usize) -> Entry {
        Entry {
            id: 0,
            at: Time::ZERO,
            who: String::new(),
            tab: 1,
            shell: "bastion".to_owned(),
            line: "dmesg".to_owned(),
            output: (0..count).map(|n| format!("line {n} {}", if n % 10 == 3 { "Killed" } else { "fine" })).collect(),
            state: EntryState::Done,
        }
    }

    #[test]
    fn a_search_goes_from_hit_to_hit_and_round_at_the_ends() {
        let entry = entry(40);
        let mut reader = Reader { asking: Some(Input::new("killed".to_owned())), ..Reader::at(0, 0) };
        assert!(reader.search(&entry));
        let mut seen = vec![reader.line];
        for forward in [true, true, true, true, false] {
            assert!(reader.find(forward, &entry));
            seen.push(reader.line);
        }
        assert_eq!(seen, [3, 13, 23, 33, 3, 33]);
        // A capital letter means itself.
        reader.asking = Some(Input::new("KILLED".to_owned()));
        assert!(!reader.search(&entry));
        assert_eq!(reader.line, 33);
    }

    #[test]
    fn the_line_under_the_cursor_is_always_in_sight() {
        let entry = entry(40);
        let mut reader = Reader { room: (7, 40), ..Reader::at(0, 0) };
        for by in [1, 6, 9, -3, -20, 100, -4, 0, -100] {
            reader.step(by, &entry);
            reader.follow(&entry);
            assert!((reader.top..reader.top + 7).contains(&reader.line), "{by}: {} from {}", reader.line, reader.top);
        }
    }
}
