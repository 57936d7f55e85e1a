//! The explore view: a line to find metrics with, the series that were chosen, and one chart for each unit.

use super::chart::{Axis, IN_LINE, Scale, Series, draw as draw_chart};
use super::graphs::{Shown, cursor_words, read_words};
use crate::incident::view::Graph;
use crate::tui::hit::{Hits, Target};
use crate::tui::key::{Key, Named};
use crate::tui::keymap::Intent;
use crate::tui::pen::{Edge, dot, fit, pane, put, put_right, spaced, width};
use crate::tui::theme::Theme;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use tui_input::{Input, InputRequest};

/// As many series as can be told apart.
pub const MOST: usize = 8;

/// What the matcher gives for a letter of a name at least, where it isn't there by chance.
const LEAST_SCORE: u32 = 20;

/// What the player has chosen in the view.
#[derive(Clone, Debug, Default)]
pub struct ExploreState {
    /// The line that is typed.
    query: Input,
    /// Whether keys go to that line.
    pub typing: bool,
    /// What could be drawn, as (expression, what it is).
    offers: Vec<(String, String)>,
    /// Those that are left by the line, best first.
    shown: Vec<usize>,
    /// Whether the line itself can be drawn: it stands first then.
    can_be_drawn: bool,
    selected: usize,
    /// The expressions that are drawn.
    pub series: Vec<String>,
    /// The chosen one of them.
    pub chosen: usize,
    /// As they were looked at last, or why there is nothing to see.
    pub graphs: Vec<Result<Graph, String>>,
    /// What each had at the cursor.
    pub readings: Vec<Option<String>>,
    /// Those that are pinned to the graphs.
    pub pinned: Vec<String>,
    /// How many points a line needs.
    pub points: usize,
}

impl ExploreState {
    /// The view, with keys going to its line.
    #[must_use]
    pub fn new(offers: Vec<(String, String)>, series: Vec<String>) -> Self {
        let shown = (0..offers.len()).collect();
        Self { typing: true, offers, shown, series, points: 200, ..Self::default() }
    }

    /// What is typed.
    #[must_use]
    pub fn query(&self) -> &str {
        self.query.value()
    }

    /// A key that edits the line; says whether it did.
    pub fn edit(&mut self, key: Key) -> bool {
        use InputRequest as R;
        let request = match key {
            Key::Char(c) => R::InsertChar(c),
            Key::Named(Named::Backspace) => R::DeletePrevChar,
            Key::Named(Named::Delete) => R::DeleteNextChar,
            Key::Named(Named::Left) => R::GoToPrevChar,
            Key::Named(Named::Right) => R::GoToNextChar,
            Key::Named(Named::Home) | Key::Ctrl('a') => R::GoToStart,
            Key::Named(Named::End) | Key::Ctrl('e') => R::GoToEnd,
            Key::Ctrl('w') => R::DeletePrevWord,
            Key::Ctrl('u') => R::DeleteFromStart,
            _ => return false,
        };
        self.query.handle(request);
        true
    }

    /// Replaces the line.
    pub fn set_query(&mut self, text: &str) {
        self.query = Input::new(text.to_owned());
    }

    /// Finds again what the line may mean; `can_be_drawn` says whether it is an expression as it stands.
    pub fn find(&mut self, can_be_drawn: bool) {
        let pattern = Pattern::parse(self.query.value(), CaseMatching::Ignore, Normalization::Smart);
        let wanted = self.query.value().to_lowercase();
        // Letters that only happen to stand there in this order are no match: they stand close, or begin words.
        let least = LEAST_SCORE * wanted.chars().filter(|c| !c.is_whitespace()).count() as u32;
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = vec![];
        let mut scored: Vec<(u32, usize)> = vec![];
        for (index, (expression, about)) in self.offers.iter().enumerate() {
            let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
            // A name is meant before what is said about it.
            let named = score(expression).unwrap_or(0);
            let text = format!("{expression} {about}");
            let both = score(&text).unwrap_or(0);
            let text = text.to_lowercase();
            if named >= least || wanted.split_whitespace().all(|word| text.contains(word)) {
                scored.push((both + named, index));
            }
        }
        scored.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
        self.shown = scored.into_iter().map(|(_, index)| index).collect();
        self.can_be_drawn = can_be_drawn && self.offers.iter().all(|(known, _)| known != self.query.value());
        self.selected = 0;
    }

    /// Whether there is nothing to choose from.
    #[must_use]
    pub fn is_short(&self) -> bool {
        if self.typing { self.shown.len() + usize::from(self.can_be_drawn) < 2 } else { self.series.len() < 2 }
    }

    /// Moves the selection in the list, or among the series, which a single step goes round.
    pub fn step(&mut self, by: isize) {
        if self.typing {
            let count = self.shown.len() + usize::from(self.can_be_drawn);
            self.selected = self.selected.saturating_add_signed(by).min(count.saturating_sub(1));
        } else {
            self.chosen = super::dialog::step_round(self.chosen, by, self.series.len());
        }
    }

    /// Selects what stands at this place of the list.
    pub const fn select(&mut self, place: usize) {
        self.selected = place;
    }

    /// The expression that is selected in the list.
    #[must_use]
    pub fn current(&self) -> Option<&str> {
        self.offer(self.selected).map(|(expression, _)| expression)
    }

    fn offer(&self, place: usize) -> Option<(&str, &str)> {
        let own = usize::from(self.can_be_drawn);
        if place < own {
            return Some((self.query.value(), "as it is typed"));
        }
        let (expression, about) = self.offers.get(*self.shown.get(place - own)?)?;
        Some((expression, about))
    }

    /// Draws one more; it is chosen. Says whether there was room for it.
    pub fn add(&mut self, expression: &str) -> bool {
        if let Some(at) = self.series.iter().position(|known| known == expression) {
            self.chosen = at;
            return true;
        }
        if self.series.len() >= MOST {
            return false;
        }
        self.series.push(expression.to_owned());
        self.chosen = self.series.len() - 1;
        true
    }

    /// Takes the chosen series off.
    pub fn take_off(&mut self) -> Option<String> {
        let off = (self.chosen < self.series.len()).then(|| self.series.remove(self.chosen));
        self.chosen = self.chosen.min(self.series.len().saturating_sub(1));
        off
    }
}

/// Draws the view over an area and returns where moments stand in its charts.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    state: &mut ExploreState,
    shown: &Shown<'_>,
    window: &str,
    hits: &mut Hits,
    theme: &Theme,
) -> Option<Axis> {
    crate::tui::pen::blank(frame.buffer_mut(), area, Style::new());
    hits.add(area, Target::Inside);
    let edge =
        Edge { title: "explore", focused: true, right: "what is measured, as it was scraped", ..Edge::default() };
    let inner = pane(frame.buffer_mut(), area, &edge, theme);
    if inner.height < 4 || inner.width < 20 {
        return None;
    }
    state.points = usize::from(inner.width) * 2;
    draw_query(frame, Rect { height: 1, ..inner }, state, hits, theme);
    let mut y = inner.y + 1;
    if state.typing {
        let rows = (inner.height / 3).clamp(2, 12).min(inner.height - 2);
        draw_offers(frame, Rect { y, height: rows, ..inner }, state, hits, theme);
        y += rows;
    }
    let rows = (state.series.len() as u16).min((inner.bottom() - y) / 2);
    draw_series(frame, Rect { y, height: rows, ..inner }, state, shown, hits, theme);
    y += rows;
    let plots = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    let axis = draw_charts(frame, plots, state, shown, hits, theme);
    let words = axis.map_or_else(String::new, |axis| cursor_words(shown, &axis, shown.now));
    draw_window(frame, inner, window, &words, hits, theme);
    axis
}

fn draw_query(frame: &mut Frame, area: Rect, state: &ExploreState, hits: &mut Hits, theme: &Theme) {
    let buffer = frame.buffer_mut();
    if !state.typing {
        hits.add(area, Target::Key(Intent::Query));
    }
    put(buffer, area.x + 1, area.y, 2, "> ", theme.key);
    let room = area.width.saturating_sub(5);
    if state.query().is_empty() && !state.typing {
        put(buffer, area.x + 3, area.y, room, "/ finds another metric", theme.dim);
    }
    put(buffer, area.x + 3, area.y, room, state.query(), theme.text);
    if state.typing {
        if state.query().is_empty() {
            let hint = "type parts of a name, or an expression: rate(NAME[1m]) / 2";
            put(buffer, area.x + 4, area.y, room.saturating_sub(1), hint, theme.dim);
        }
        let cursor = area.x + 3 + (state.query.visual_cursor() as u16).min(room);
        if let Some(cell) = buffer.cell_mut((cursor, area.y)) {
            cell.set_style(Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

fn draw_offers(frame: &mut Frame, area: Rect, state: &ExploreState, hits: &mut Hits, theme: &Theme) {
    let buffer = frame.buffer_mut();
    let count = state.shown.len() + usize::from(state.can_be_drawn);
    if count == 0 {
        let words = format!("nothing that is collected matches `{}`; a shorter word finds more", state.query().trim());
        put(buffer, area.x + 3, area.y, area.width - 4, &words, theme.strained);
    }
    let rows = area.height as usize;
    let first = (state.selected + 1).saturating_sub(rows);
    let names = state.offers.iter().map(|(expression, _)| width(expression)).max().unwrap_or(0);
    let names = names.min(area.width * 3 / 5);
    let hidden = count.saturating_sub(first + rows);
    for (row, place) in (first..count.min(first + rows)).enumerate() {
        let Some((expression, about)) = state.offer(place) else { continue };
        let line = Rect { y: area.y + row as u16, height: 1, ..area };
        hits.add(line, Target::Item(place));
        let selected = place == state.selected;
        let (plain, quiet) = if selected { (theme.selected, theme.selected) } else { (theme.text, theme.dim) };
        if selected {
            (line.left()..line.right()).for_each(|x| dot(buffer, x, line.y, " ", theme.selected));
        }
        let mark = if state.series.iter().any(|known| known == expression) { "●" } else { " " };
        put(buffer, line.x + 1, line.y, 1, mark, if selected { theme.selected } else { theme.own });
        put(buffer, line.x + 3, line.y, names, expression, plain);
        let mut room = line.width.saturating_sub(names + 6);
        // The last row also says how many more there are.
        if hidden > 0 && row + 1 == rows {
            let text = format!(" {hidden} more ▼ ");
            let right = line.right() - 1;
            room = room.saturating_sub(width(&text) + 1);
            let x = put_right(buffer, right, line.y, 14, &text, theme.dim);
            hits.add(Rect { x, width: right - x, ..line }, Target::Key(Intent::PageDown));
        }
        put(buffer, line.x + 5 + names, line.y, room, about, quiet);
    }
}

/// A series a row: its number, its name, what it has, and what can be done with it.
fn draw_series(frame: &mut Frame, area: Rect, state: &ExploreState, shown: &Shown<'_>, hits: &mut Hits, theme: &Theme) {
    let buffer = frame.buffer_mut();
    let first = (state.chosen + 1).saturating_sub(area.height as usize);
    for (row, index) in (first..state.series.len()).take(area.height as usize).enumerate() {
        let y = area.y + row as u16;
        hits.add(Rect { y, height: 1, ..area }, Target::Series(index));
        let selected = !state.typing && index == state.chosen;
        let name = if selected { theme.selected } else { theme.text };
        let style = style_of(index, theme);
        put(buffer, area.x + 1, y, 1, &(index + 1).to_string(), style);
        put(buffer, area.x + 3, y, 1, "━", style);
        let mut right = area.right() - 1;
        let is_pinned = state.pinned.contains(&state.series[index]);
        let buttons = [("x off", Intent::TakeOff), (if is_pinned { "p pinned ●" } else { "p pin     " }, Intent::Pin)];
        for (words, intent) in buttons {
            let x = right.saturating_sub(width(words));
            put(buffer, x, y, 1, &words[..1], theme.key);
            put(buffer, x + 1, y, width(words) - 1, &words[1..], if is_pinned { theme.own } else { theme.dim });
            hits.add(Rect { x, y, width: width(words), height: 1 }, Target::SeriesKey(index, intent));
            right = x.saturating_sub(2);
        }
        let (value, value_style) = match state.graphs.get(index) {
            Some(Err(problem)) => (fit(problem, area.width / 2), theme.strained),
            Some(Ok(_)) if shown.cursor.is_some() => {
                (read_words(shown, state.readings.get(index).and_then(Option::as_deref)), theme.own)
            }
            Some(Ok(graph)) => {
                let last = graph.points.iter().rev().find_map(|(_, value)| *value);
                let fires = last.is_some_and(|value| graph.fires(value));
                (spaced(&graph.last), if fires { theme.failing } else { theme.heading })
            }
            None => (String::new(), theme.dim),
        };
        let start = put_right(buffer, right, y, area.width / 2, &value, value_style);
        put(buffer, area.x + 5, y, start.saturating_sub(area.x + 6), &state.series[index], name);
    }
}

/// A line is known by the number at its end; the styles only help.
const fn style_of(index: usize, theme: &Theme) -> Style {
    match index % 4 {
        0 => theme.text,
        1 => theme.own,
        2 => theme.key,
        _ => theme.dim,
    }
}

/// Which series share a chart, in the order in which they were chosen: those of one unit, unless one would lie flat on the
/// ground beside the others.
fn groups(graphs: &[Result<Graph, String>]) -> Vec<Vec<usize>> {
    let highest = |index: usize| {
        let points = graphs[index].iter().flat_map(|graph| &graph.points);
        points.filter_map(|(_, value)| *value).filter(|value| value.is_finite()).fold(0.0, f64::max)
    };
    let mut groups: Vec<Vec<usize>> = vec![];
    for (index, graph) in graphs.iter().enumerate() {
        let Ok(graph) = graph else { continue };
        let fits = |group: &&mut Vec<usize>| {
            let (one, two) = (highest(index), highest(group[0]));
            let is_near = one * FLAT >= two && two * FLAT >= one;
            is_near && graphs[group[0]].as_ref().is_ok_and(|first| first.unit == graph.unit)
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

/// Beside a line so many times as high, a line can't be read any more.
const FLAT: f64 = 25.0;

/// A chart for each group of series, one below the other.
fn draw_charts(
    frame: &mut Frame,
    area: Rect,
    state: &ExploreState,
    shown: &Shown<'_>,
    hits: &mut Hits,
    theme: &Theme,
) -> Option<Axis> {
    let groups = groups(&state.graphs);
    if groups.is_empty() {
        let words = "choose a metric above: it is drawn here, and several of one unit share a chart";
        put(frame.buffer_mut(), area.x + 3, area.y + area.height / 2, area.width.saturating_sub(4), words, theme.dim);
        return None;
    }
    let room = (area.height / 4).max(1) as usize;
    // The chosen one is always in sight.
    let at = groups.iter().position(|group| group.contains(&state.chosen)).unwrap_or(0);
    let first = (at + 1).saturating_sub(room);
    let count = groups.len().min(room) as u16;
    let mut axis = None;
    let mut y = area.y;
    for (row, group) in groups.iter().skip(first).take(room).enumerate() {
        // What is left over goes to the last.
        let height = if row as u16 + 1 == count { area.bottom() - y } else { area.height / count };
        let place = Rect { x: area.x, y, width: area.width - 1, height };
        if let Some((plot, drawn)) = draw_group(frame, place, group, state, shown, theme) {
            hits.add(plot, Target::Chart(drawn));
            axis = axis.or(Some(drawn));
        }
        y += height;
    }
    axis
}

fn draw_group(
    frame: &mut Frame,
    area: Rect,
    group: &[usize],
    state: &ExploreState,
    shown: &Shown<'_>,
    theme: &Theme,
) -> Option<(Rect, Axis)> {
    let labels: Vec<String> = (1..=MOST).map(|number| number.to_string()).collect();
    let mut members: Vec<(usize, &Graph)> =
        group.iter().filter_map(|at| Some((*at, state.graphs.get(*at)?.as_ref().ok()?))).collect();
    let unit = members.first().map_or("", |(_, graph)| graph.unit.as_str());
    let is_alone = members.len() == 1;
    // The limit of the chosen one, or of the first that has one.
    let limit = members.iter().filter(|(_, graph)| graph.threshold.is_some());
    let limit = limit.min_by_key(|(at, _)| *at != state.chosen).map(|(_, graph)| *graph);
    // The chosen one is drawn last, over the others.
    members.sort_by_key(|(at, _)| *at == state.chosen);
    let series: Vec<Series<'_>> = members
        .iter()
        .map(|(at, graph)| Series {
            points: &graph.points,
            style: style_of(*at, theme),
            label: if is_alone { "" } else { labels.get(*at).map_or("", String::as_str) },
        })
        .collect();
    let scale = Scale {
        from: shown.until - shown.window,
        to: shown.until,
        unit,
        threshold: limit.and_then(|graph| graph.threshold),
        fires_below: limit.is_some_and(|graph| graph.fires_below),
        marks: shown.marks,
        cursor: shown.cursor,
        margin: IN_LINE,
        gutter: 2,
        by_factors: false,
        local: shown.local,
    };
    draw_chart(frame.buffer_mut(), area, &series, &scale, theme)
}

/// In the lower border: what is read at the cursor, and the window with its two keys.
fn draw_window(frame: &mut Frame, inner: Rect, window: &str, cursor: &str, hits: &mut Hits, theme: &Theme) {
    let (y, right, buffer) = (inner.bottom(), inner.right().saturating_sub(1), frame.buffer_mut());
    let words = format!(" [ {window} ] ");
    let x = put_right(buffer, right, y, inner.width, &words, theme.dim);
    for (at, glyph, intent) in [(x, "[", Intent::Farther), (right - 3, "]", Intent::Closer)] {
        put(buffer, at + 1, y, 1, glyph, theme.key);
        hits.add(Rect { x: at, y, width: 3, height: 1 }, Target::Key(intent));
    }
    if !cursor.is_empty() {
        let room = x.saturating_sub(inner.x + 3);
        put(buffer, inner.x + 1, y, room, &format!(" {} ", fit(cursor, room.saturating_sub(2))), theme.own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> ExploreState {
        let offer = |expression: &str, about: &str| (expression.to_owned(), about.to_owned());
        let offers = vec![
            offer("rate(web.failed[1m])", "requests that failed, how many a second"),
            offer("web.waiting", "requests that wait"),
            offer("p95(db.latency[2m])", "how long a statement takes"),
        ];
        ExploreState::new(offers, vec![])
    }

    #[test]
    fn parts_of_a_name_or_of_what_it_means_find_it() {
        for (typed, found) in
            [("fail", "rate(web.failed[1m])"), ("web wait", "web.waiting"), ("statement", "p95(db.latency[2m])")]
        {
            let mut state = state();
            typed.chars().for_each(|c| assert!(state.edit(Key::Char(c))));
            state.find(false);
            assert_eq!(state.current(), Some(found), "{typed}");
        }
        let mut state = state();
        state.set_query("web.waiting / 2");
        state.find(true);
        assert_eq!(state.current(), Some("web.waiting / 2"), "what can be drawn as it is typed comes first");
    }

    #[test]
    fn letters_that_only_happen_to_stand_there_match_nothing() {
        let found = |typed: &str| {
            let mut state = state();
            state.set_query(typed);
            state.find(false);
            state.shown.len()
        };
        assert_eq!(["tape", "wfm", "qqq"].map(found), [0, 0, 0]);
        assert_eq!(["lat", "webw", "FAILED"].map(found), [1, 1, 1]);
    }

    #[test]
    fn what_would_lie_flat_beside_others_has_a_chart_of_its_own() {
        let graph = |unit: &str, value: f64| {
            let points =
                vec![(crate::sim::quantity::Time::ZERO, Some(value)), (crate::sim::quantity::Time::ZERO, None)];
            Ok(Graph { unit: unit.to_owned(), points, ..Graph::default() })
        };
        let graphs = [
            graph("", 4000.0),
            graph("s", 9.0),
            graph("", 1000.0),
            graph("", 12.0),
            Err(String::new()),
            graph("", 0.0),
        ];
        assert_eq!(groups(&graphs), [vec![0, 2], vec![1], vec![3], vec![5]]);
    }

    #[test]
    fn the_same_series_is_drawn_once_and_no_more_than_can_be_told_apart() {
        let mut state = state();
        assert!(state.add("a") && state.add("b") && state.add("a"));
        assert_eq!((state.series.len(), state.chosen), (2, 0));
        for number in 0..20 {
            state.add(&format!("m{number}"));
        }
        assert_eq!(state.series.len(), MOST);
        state.typing = false;
        state.step(20);
        assert_eq!(state.take_off().as_deref(), Some("m5"));
        assert_eq!(state.chosen, MOST - 2);
    }
}
