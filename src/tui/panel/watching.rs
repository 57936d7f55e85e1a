//! The latest result of a `watch`, above the prompt: it stands still while what is typed goes on below. What has changed,
//! or fails, is in sight, and the rest a few keys away.

use super::output::{put_with_states, tells_trouble};
use crate::incident::view::Entry;
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::pen::{dot, fit, put, put_right, sane, width};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The command and an empty line stand above each result.
const HEAD: usize = 2;
/// Rows that are left to what is typed: the prompt, and the last line of an answer.
const LEFT: u16 = 2;

/// What of a result is in sight.
#[derive(Clone, Debug, Default)]
pub struct WatchState {
    /// The entry that was drawn last, and its result.
    entry: Option<usize>,
    result: Vec<String>,
    /// Which of its lines the latest result has changed.
    changed: Vec<bool>,
    /// The line that the player has put first; none leaves the choice to what tells most.
    chosen: Option<usize>,
    /// The first line in sight below the head, and the last that could be.
    first: usize,
    most: usize,
}

impl WatchState {
    /// Scrolls by so many lines. From then on it stands where it was put.
    pub fn step(&mut self, by: isize) {
        self.chosen = Some(self.first.saturating_add_signed(by).min(self.most));
    }

    /// Whether there is more of it than is in sight.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.most > 0
    }

    /// Takes a result, and finds what has changed in it.
    fn take(&mut self, entry: &Entry) {
        let lines = entry.output.get(HEAD..).unwrap_or_default();
        if self.entry != Some(entry.id) {
            *self = Self { entry: Some(entry.id), result: lines.to_vec(), ..Self::default() };
            self.changed = vec![false; lines.len()];
        } else if self.result != lines {
            self.changed = (0..lines.len()).map(|at| self.result.get(at) != lines.get(at)).collect();
            self.result = lines.to_vec();
        }
    }

    /// Puts the lines in sight that tell most: of a log the last, else those that have changed or speak of trouble. It
    /// moves only where another place tells more.
    fn find_first(&mut self, is_log: bool, head: usize, room: usize) {
        let count = self.result.len() - head;
        self.most = count.saturating_sub(room);
        if let Some(chosen) = self.chosen {
            self.first = chosen.min(self.most);
            return;
        }
        if is_log {
            self.first = self.most;
            return;
        }
        let weight = |at: usize| {
            let (line, changed) = (&self.result[head + at], self.changed[head + at]);
            u32::from(changed) * 2 + u32::from(tells_trouble(line))
        };
        let told = |first: usize| (first..(first + room).min(count)).map(weight).sum::<u32>();
        let most = (0..=self.most).map(told).max().unwrap_or(0);
        self.first = self.first.min(self.most);
        if told(self.first) < most {
            self.first = (0..=self.most).find(|first| told(*first) == most).unwrap_or(0);
        }
    }
}

/// Whether the newest of a result stands at its end.
fn is_log(line: &str) -> bool {
    let last = line.rsplit('|').next().unwrap_or(line);
    let mut words = last.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.any(|word| matches!(word, "tail" | "dmesg" | "logs" | "journalctl" | "events"))
}

/// Whether a line names the columns of those below it.
fn is_head(line: &str) -> bool {
    let words = line.split_whitespace();
    words.clone().count() > 1 && words.flat_map(str::chars).all(|c| !c.is_lowercase() && !c.is_ascii_digit())
}

/// Draws it at the top of an area, and returns what is left below it; `live` says that its keys work now.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    entry: &Entry,
    state: &mut WatchState,
    live: bool,
    hits: &mut Hits,
    theme: &Theme,
) -> Rect {
    let most = area.height.saturating_sub(LEFT).min((area.height * 7 / 10).max(7));
    if most == 0 {
        return area;
    }
    state.take(entry);
    let count = state.result.len();
    let rows = count.min(usize::from(most.saturating_sub(2)));
    let head = usize::from(rows > 2 && state.result.first().is_some_and(|line| is_head(line)));
    state.find_first(is_log(&entry.line), head, rows - head);
    hits.add(Rect { height: rows as u16 + 1, ..area }, Target::Watch(entry.id));
    let buffer = frame.buffer_mut();
    draw_title(buffer, Rect { height: 1, ..area }, entry, live, hits, theme);
    let in_sight = (0..head).chain(head + state.first..head + state.first + rows - head);
    for (row, at) in in_sight.enumerate() {
        let (y, room) = (area.y + 1 + row as u16, area.width.saturating_sub(2));
        put_with_states(buffer, area.x + 1, y, room, &fit(&sane(&state.result[at]), room), theme);
        if state.changed[at] {
            dot(buffer, area.x, y, "•", theme.key);
        }
    }
    if most < 2 {
        return Rect { y: area.y + 1, height: area.height - 1, ..area };
    }
    let y = area.y + 1 + rows as u16;
    draw_end(buffer, Rect { y, height: 1, ..area }, state, live, hits, theme);
    Rect { y: y + 1, height: area.bottom() - y - 1, ..area }
}

/// What is watched, and the keys that make it larger and end it.
fn draw_title(buffer: &mut Buffer, area: Rect, entry: &Entry, live: bool, hits: &mut Hits, theme: &Theme) {
    let mut right = area.right().saturating_sub(1);
    for (key, word, intent) in [("q", "stop", Intent::StopWatch), ("Alt-w", "whole screen", Intent::ReadWatch)] {
        let mark = if intent == Intent::StopWatch { "✕" } else { "▢" };
        let key = if live { key } else { mark };
        let columns = width(key) + width(word) + 3;
        if right < area.x + 16 + columns {
            break;
        }
        let x = right - columns;
        put(buffer, x + 1, area.y, width(key), key, theme.key);
        put(buffer, x + 2 + width(key), area.y, width(word), word, theme.dim);
        hits.add(Rect { x, width: columns, ..area }, Target::Key(intent));
        right = x;
    }
    let title = entry.output.first().map_or_else(|| format!("{}: no result yet", entry.line), Clone::clone);
    let room = right.saturating_sub(area.x + 2);
    put(buffer, area.x + 1, area.y, room, &fit(&sane(&title), room), theme.own);
}

/// The line below it: how much is hidden above and below, and what shows it.
fn draw_end(buffer: &mut Buffer, area: Rect, state: &WatchState, live: bool, hits: &mut Hits, theme: &Theme) {
    (area.left()..area.right()).for_each(|x| dot(buffer, x, area.y, "┄", theme.border));
    let (above, below) = (state.first, state.most - state.first);
    let mut right = area.right().saturating_sub(1);
    for (count, glyph, intent) in [(below, "▼", Intent::WatchDown), (above, "▲", Intent::WatchUp)] {
        if count == 0 {
            continue;
        }
        let key = if live { if intent == Intent::WatchDown { " ^↓" } else { " ^↑" } } else { "" };
        let words = format!(" {count} {glyph}{key} ");
        let x = put_right(buffer, right, area.y, area.width, &words, theme.dim);
        hits.add(Rect { x, width: right - x, ..area }, Target::Key(intent));
        right = x.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::view::EntryState;
    use crate::sim::quantity::Time;

    fn result(lines: &[String]) -> Entry {
        let head = ["Every 2.0s: kubectl get pods".to_owned(), String::new()];
        Entry {
            id: 3,
            at: Time::ZERO,
            who: String::new(),
            tab: 1,
            shell: "bastion".to_owned(),
            line: "watch kubectl get pods".to_owned(),
            output: head.iter().chain(lines).cloned().collect(),
            state: EntryState::Running,
        }
    }

    #[test]
    fn what_changes_or_fails_is_in_sight_until_the_player_chooses() {
        let mut lines: Vec<String> = (0..30).map(|n| format!("pod-{n} Running")).collect();
        lines.insert(0, "NAME STATUS".to_owned());
        lines[22] = "pod-21 CrashLoopBackOff".to_owned();
        let mut state = WatchState::default();
        let see = |state: &mut WatchState, lines: &[String]| {
            state.take(&result(lines));
            state.find_first(false, 1, 4);
            state.first + 1..state.first + 5
        };
        assert!(see(&mut state, &lines).contains(&22), "what fails");
        lines[9] = "pod-8 Terminating soon".to_owned();
        assert!(see(&mut state, &lines).contains(&9), "what has changed is told before that");
        let stood = see(&mut state, &lines);
        assert_eq!(see(&mut state, &lines), stood, "it doesn't move by itself");
        state.step(100);
        assert_eq!(see(&mut state, &lines), 27..31, "and ends at the end");
        lines[2] = "pod-1 Error".to_owned();
        assert_eq!(see(&mut state, &lines), 27..31, "what was chosen stays");
    }

    #[test]
    fn of_a_log_the_end_is_in_sight() {
        for (line, at_end) in
            [("watch kubectl get pods", false), ("watch 'dmesg | tail -5'", true), ("watch kubectl logs web", true)]
        {
            assert_eq!(is_log(line), at_end, "{line}");
        }
        let lines: Vec<String> = (0..30).map(|n| format!("line {n}")).collect();
        let mut state = WatchState::default();
        state.take(&result(&lines));
        state.find_first(true, 0, 4);
        assert_eq!(state.first, 26);
    }
}
