//! What lies over everything else for a moment: a list to choose from, the palette, a question.

use crate::tui::hit::{Hits, Target};
use crate::tui::key::{Key, Named};
use crate::tui::keymap::{Intent, Place, applying};
use crate::tui::pen::{Edge, blank, dot, fit, pane, put, put_right, width, wrap};
use crate::tui::theme::Theme;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tui_input::Input;

/// An item of a list: words, and the command that it runs.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Item {
    /// What it does, in plain words.
    pub label: String,
    /// The console line that it runs; a `…` at its end means that the player goes on typing.
    pub line: String,
    /// What it will do, where it changes something and is asked about first.
    pub warning: Option<String>,
}

/// A list to choose from, with or without a line to filter it by.
#[derive(Clone, Debug, Default)]
pub struct ListDialog {
    /// What it is about.
    pub title: String,
    /// What is asked or said in full, above the items; may be empty.
    pub about: String,
    items: Vec<Item>,
    /// The items that are left by the filter, best first.
    shown: Vec<usize>,
    /// The filter; none for a plain menu.
    pub filter: Option<Input>,
    selected: usize,
    /// Near which cell it stands; in the middle where there is none.
    pub near: Option<(u16, u16)>,
    page: usize,
}

/// The place among so many that lies so many steps on; a single step goes round at the ends, a larger one stops there.
#[must_use]
pub fn step_round(from: usize, by: isize, count: usize) -> usize {
    let last = count.saturating_sub(1);
    match by {
        1 if from >= last => 0,
        -1 if from == 0 => last,
        _ => from.saturating_add_signed(by).min(last),
    }
}

impl ListDialog {
    /// A menu.
    #[must_use]
    pub fn menu(title: impl Into<String>, items: Vec<Item>, near: Option<(u16, u16)>) -> Self {
        let shown = (0..items.len()).collect();
        Self { title: title.into(), items, shown, near, page: 8, ..Self::default() }
    }

    /// The same list below a text that is shown in full.
    #[must_use]
    pub fn below(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// Selects the item with this digit before it; false where no item has it.
    pub fn select_digit(&mut self, digit: char) -> bool {
        let place = digit.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1));
        let found = place.filter(|place| self.has_digits() && *place < self.shown.len());
        self.selected = found.unwrap_or(self.selected);
        found.is_some()
    }

    /// Whether items can be chosen by a digit: in a plain menu.
    const fn has_digits(&self) -> bool {
        self.filter.is_none()
    }

    /// A list that is filtered by typing.
    #[must_use]
    pub fn filtered(title: impl Into<String>, items: Vec<Item>) -> Self {
        Self { filter: Some(Input::default()), ..Self::menu(title, items, None) }
    }

    /// The selected item.
    #[must_use]
    pub fn current(&self) -> Option<&Item> {
        self.items.get(*self.shown.get(self.selected)?)
    }

    /// Moves the selection; a single step goes round at the ends.
    pub fn step(&mut self, by: isize) {
        self.selected = step_round(self.selected, by, self.shown.len());
    }

    /// Moves the selection by a page.
    pub fn turn(&mut self, pages: isize) {
        self.step(pages * self.page.max(1) as isize);
    }

    /// Selects the item that is shown at this place of the list.
    pub fn select(&mut self, place: usize) {
        self.selected = place.min(self.shown.len().saturating_sub(1));
    }

    /// A key that edits the filter; false where there is none.
    pub fn edit(&mut self, key: Key) -> bool {
        use tui_input::InputRequest as R;
        let Some(filter) = &mut self.filter else { return false };
        let request = match key {
            Key::Char(c) => R::InsertChar(c),
            Key::Named(Named::Backspace) => R::DeletePrevChar,
            Key::Ctrl('w') => R::DeletePrevWord,
            Key::Ctrl('u') => R::DeleteFromStart,
            _ => return false,
        };
        filter.handle(request);
        self.refilter();
        true
    }

    /// Filters again after the line has changed: every word has to be found, in any order, the best first.
    pub fn refilter(&mut self) {
        let Some(filter) = &self.filter else { return };
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(filter.value(), CaseMatching::Ignore, Normalization::Smart);
        let mut buffer = vec![];
        let wanted: Vec<String> = filter.value().split_whitespace().map(str::to_lowercase).collect();
        let mut scored: Vec<(bool, u32, usize)> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
                // What is found in both the words and the command is meant before what is found in one of them.
                let both = score(&item.label).unwrap_or(0) + score(&item.line).unwrap_or(0);
                let together = score(&format!("{} {}", item.label, item.line))?;
                // Before all that come those that say these very words: among them the list's own order counts.
                let label = item.label.to_lowercase();
                let says = !wanted.is_empty() && wanted.iter().all(|word| label.contains(word));
                Some((says, if says { 0 } else { together + both }, index))
            })
            .collect();
        scored.sort_by_key(|(says, score, index)| (std::cmp::Reverse((*says, *score)), *index));
        self.shown = scored.into_iter().map(|(_, _, index)| index).collect();
        self.selected = 0;
    }
}

/// A question: what will happen, and the command.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Question {
    /// In a word or two.
    pub title: String,
    /// What will happen.
    pub text: String,
    /// The console line that is run where the answer is yes; may be empty.
    pub line: String,
}

/// Draws a list.
pub fn draw_list(frame: &mut Frame, screen: Rect, list: &mut ListDialog, hits: &mut Hits, theme: &Theme) {
    let area = list_area(screen, list);
    hits.add(screen, Target::Outside);
    hits.add(area, Target::Inside);
    let buffer = frame.buffer_mut();
    blank(buffer, area, Style::new());
    let edge = Edge { title: &list.title, focused: true, style: Some(theme.border_focused), ..Edge::default() };
    let mut inner = pane(buffer, area, &edge, theme);
    if inner.is_empty() {
        return;
    }
    if let Some(filter) = &list.filter {
        let used = put(buffer, inner.x + 1, inner.y, 2, "> ", theme.key);
        let shown = filter.value();
        let end = inner.x
            + 1
            + used
            + put(buffer, inner.x + 1 + used, inner.y, inner.width.saturating_sub(5), shown, theme.text);
        dot(
            buffer,
            end.min(inner.right().saturating_sub(1)),
            inner.y,
            " ",
            theme.text.add_modifier(ratatui::style::Modifier::REVERSED),
        );
        inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    }
    for line in about_lines(list, inner.width).iter().take(inner.height.saturating_sub(2) as usize) {
        put(buffer, inner.x + 1, inner.y, inner.width.saturating_sub(2), line, theme.text);
        inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    }
    // The last row shows the whole command of what is selected, those above it the words where a line is too short for them.
    let label_columns = label_columns(list, inner.width);
    let words = words_below(list, label_columns, inner.width);
    let rows = inner.height.saturating_sub(1 + words.len() as u16) as usize;
    list.page = rows;
    let first = (list.selected + 1).saturating_sub(rows.max(1));
    for (row, index) in list.shown.iter().skip(first).take(rows).enumerate() {
        let item = &list.items[*index];
        let line = Rect { y: inner.y + row as u16, height: 1, ..inner };
        hits.add(line, Target::Item(first + row));
        let digit = (list.has_digits() && first + row < 9).then_some(first + row + 1);
        draw_item(frame, line, item, digit, first + row == list.selected, label_columns, theme);
    }
    let buffer = frame.buffer_mut();
    if list.shown.is_empty() {
        put(buffer, inner.x + 1, inner.y, inner.width, "nothing is called that", theme.dim);
    }
    for (row, line) in words.iter().rev().enumerate() {
        let y = inner.bottom().saturating_sub(2 + row as u16).max(inner.y);
        put(buffer, inner.x + 1, y, inner.width.saturating_sub(2), line, theme.text);
    }
    if let Some(item) = list.current().filter(|item| !item.line.is_empty()) {
        let last = inner.bottom() - 1;
        let used = put(buffer, inner.x + 1, last, 2, "$ ", theme.dim);
        put(buffer, inner.x + 1 + used, last, inner.width.saturating_sub(4), &item.line, theme.own);
    }
    let hidden = list.shown.len().saturating_sub(first + rows);
    if hidden > 0 {
        let text = format!(" {hidden} more ▼ ");
        let (right, y) = (area.right().saturating_sub(2), area.bottom() - 1);
        let x = put_right(buffer, right, y, area.width, &text, theme.dim);
        hits.add(Rect { x, y, width: right - x, height: 1 }, Target::Key(Intent::PageDown));
    }
}

/// What stands above the items.
fn about_lines(list: &ListDialog, columns: u16) -> Vec<String> {
    if list.about.is_empty() {
        return vec![];
    }
    let mut lines = wrap(&list.about, columns.saturating_sub(2));
    lines.push(String::new());
    lines
}

fn longest_label(list: &ListDialog) -> u16 {
    list.items.iter().map(|item| width(&item.label)).max().unwrap_or(0)
}

/// The words come first; what they leave is the command's, where that is enough to be read.
fn label_columns(list: &ListDialog, columns: u16) -> u16 {
    let room = columns.saturating_sub(HEAD);
    let most = if list.filter.is_some() { room * 3 / 5 } else { room };
    let wanted = (longest_label(list) + 2).min(most);
    if room - wanted >= LEAST_COMMAND { wanted } else { room }
}

/// The columns before an item's words: a mark, a digit, blanks.
const HEAD: u16 = 5;

/// A command in fewer columns than this says nothing; the last row shows it in any case.
const LEAST_COMMAND: u16 = 24;

/// Rows below a list some of whose items don't fit into a line; always as many, so that nothing jumps.
const WORDS_BELOW: usize = 3;

/// What is selected, in full, where a line of the list is too short for some item.
fn words_below(list: &ListDialog, label_columns: u16, columns: u16) -> Vec<String> {
    if longest_label(list) <= label_columns {
        return vec![];
    }
    let label = list.current().map_or("", |item| item.label.as_str());
    let mut lines = wrap(label, columns.saturating_sub(2));
    lines.resize(WORDS_BELOW, String::new());
    lines
}

fn draw_item(
    frame: &mut Frame,
    area: Rect,
    item: &Item,
    digit: Option<usize>,
    selected: bool,
    label_columns: u16,
    theme: &Theme,
) {
    let buffer = frame.buffer_mut();
    if selected {
        for x in area.left()..area.right() {
            dot(buffer, x, area.y, " ", theme.selected);
        }
    }
    let plain = if selected { theme.selected } else { theme.text };
    let quiet = if selected { theme.selected } else { theme.dim };
    // What changes something has a mark of its own, so that looking is told from doing.
    let (mark, mark_style) = if item.warning.is_some() {
        ("◆", if selected { theme.selected } else { theme.strained })
    } else {
        (" ", plain)
    };
    put(buffer, area.x, area.y, 1, mark, mark_style);
    if let Some(digit) = digit {
        put(buffer, area.x + 2, area.y, 1, &digit.to_string(), if selected { theme.selected } else { theme.key });
    }
    put(buffer, area.x + HEAD - 1, area.y, label_columns, &item.label, plain);
    let start = area.x + HEAD + label_columns;
    if start < area.right() {
        put(buffer, start, area.y, area.right() - start, &item.line, quiet);
    }
}

fn list_area(screen: Rect, list: &ListDialog) -> Rect {
    let longest = list
        .items
        .iter()
        .map(|item| width(&item.label) + if screen.width >= 90 { width(&item.line) + 3 } else { 0 })
        .max()
        .unwrap_or(0)
        .max(list.items.iter().map(|item| width(&item.line) + 2).max().unwrap_or(0))
        .max(width(&list.title) + 4);
    let filter = u16::from(list.filter.is_some());
    let least = if list.about.is_empty() { 30 } else { 64 };
    let wide = if list.filter.is_some() { 124 } else { (longest + HEAD + 4).max(least) };
    let wide = wide.min(screen.width.saturating_sub(4)).max(10).min(screen.width);
    let rows = if list.filter.is_some() { 18 } else { list.items.len().max(1) as u16 };
    let inside = wide.saturating_sub(2);
    let is_cut = longest_label(list) > label_columns(list, inside);
    let rows = rows + if is_cut { WORDS_BELOW as u16 } else { 0 } + about_lines(list, inside).len() as u16;
    let high = (rows + 3 + filter).min(screen.height.saturating_sub(2)).max(3).min(screen.height);
    let (x, y) = match list.near {
        Some((x, y)) => (
            x.min(screen.right().saturating_sub(wide)),
            if y + 1 + high <= screen.bottom() { y + 1 } else { y.saturating_sub(high) },
        ),
        None => (screen.x + (screen.width - wide) / 2, screen.y + (screen.height - high) / 3),
    };
    Rect { x, y, width: wide, height: high }.intersection(screen)
}

/// Draws a question, with its answers by their keys in `places`; each can be clicked.
pub fn draw_question(
    frame: &mut Frame,
    screen: Rect,
    question: &Question,
    places: &[Place],
    hits: &mut Hits,
    theme: &Theme,
) {
    hits.add(screen, Target::Outside);
    let answers: Vec<(String, Intent)> = applying(&places[..places.len().min(1)])
        .filter(|(binding, _)| !binding.label.is_empty())
        .map(|(binding, key)| (format!(" {key} {} ", binding.label), binding.intent))
        .collect();
    let buttons: u16 = answers.iter().map(|(text, _)| width(text) + 2).sum();
    let wide = (width(&question.line) + 8).max(buttons + 6).clamp(46, 84).min(screen.width);
    let mut lines: Vec<(String, Style)> = vec![];
    if !question.line.is_empty() {
        lines.extend(wrap(&format!("$ {}", question.line), wide.saturating_sub(6)).into_iter().map(|l| (l, theme.own)));
        lines.push((String::new(), theme.text));
    }
    lines.extend(wrap(&question.text, wide.saturating_sub(6)).into_iter().map(|l| (l, theme.text)));
    let high = (lines.len() as u16 + 6).min(screen.height);
    let area = Rect {
        x: screen.x + (screen.width - wide) / 2,
        y: screen.y + (screen.height - high) / 3,
        width: wide,
        height: high,
    };
    hits.add(area, Target::Inside);
    let buffer = frame.buffer_mut();
    blank(buffer, area, Style::new());
    let edge = Edge { title: &question.title, focused: true, style: Some(theme.strained), ..Edge::default() };
    let inner = pane(buffer, area, &edge, theme);
    if inner.is_empty() {
        return;
    }
    let mut x = inner.x + 2;
    for (index, (text, intent)) in answers.iter().enumerate() {
        let style = if index == 0 { theme.selected } else { theme.key };
        let y = inner.bottom() - 1;
        let used = put(buffer, x, y, inner.right().saturating_sub(x), text, style);
        hits.add(Rect { x, y, width: used, height: 1 }, Target::Key(*intent));
        x += used + 2;
    }
    for (row, (line, style)) in lines.iter().take(inner.height.saturating_sub(2) as usize).enumerate() {
        put(
            buffer,
            inner.x + 2,
            inner.y + 1 + row as u16,
            inner.width.saturating_sub(3),
            &fit(line, inner.width.saturating_sub(3)),
            *style,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(label: &str, line: &str) -> Item {
        Item { label: label.to_owned(), line: line.to_owned(), warning: None }
    }

    #[test]
    fn the_palette_finds_by_words_and_by_command() {
        let mut list = ListDialog::filtered(
            "do",
            vec![item("Show the pods", "kubectl get pods"), item("Empty a queue", "rabbitmqctl purge_queue chat")],
        );
        for (typed, found) in [
            ("pods", "kubectl get pods"),
            ("purge", "rabbitmqctl purge_queue chat"),
            ("emp que", "rabbitmqctl purge_queue chat"),
        ] {
            list.filter = Some(Input::new(typed.to_owned()));
            list.refilter();
            assert_eq!(list.current().map(|item| item.line.as_str()), Some(found), "{typed}");
        }
        // What says the very words keeps its place, whatever letters a command happens to hold.
        let mut list = ListDialog::filtered(
            "do",
            vec![
                item("web: Stop all its pods", "kubectl scale deployment/web --replicas=0"),
                item("stall: Stop all its pods", "kubectl scale deployment/stall-top --replicas=0"),
            ],
        );
        list.filter = Some(Input::new("stop all".to_owned()));
        list.refilter();
        assert_eq!(list.current().map(|item| item.label.as_str()), Some("web: Stop all its pods"));
        list.filter = Some(Input::new("zzz".to_owned()));
        list.refilter();
        assert_eq!(list.current(), None);
    }
}
