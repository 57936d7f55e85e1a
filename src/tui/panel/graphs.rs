//! The graphs of the selected part, or those that are pinned, side by side.

use super::chart::{Axis, Scale, Series, mark_glyph};
use crate::incident::view::{Graph, Mark, MarkKind};
use crate::sim::quantity::{Span, Time};
use crate::tui::hit::{Hits, Target};
use crate::tui::local_time::{LocalTime, ago};
use crate::tui::pen::{fit, put, put_right, spaced, width};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;

/// The lengths of time that a graph can show.
pub const WINDOWS: [Span; 6] = [
    Span::from_seconds(60),
    Span::from_seconds(300),
    Span::from_seconds(600),
    Span::from_seconds(1800),
    Span::from_seconds(3600),
    Span::from_seconds(10_800),
];

/// What the player has chosen about the graphs.
#[derive(Clone, Copy, Debug)]
pub struct GraphsState {
    /// Index into [`WINDOWS`]; the one after the last is the whole incident.
    pub window: usize,
    /// The first graph that is shown.
    pub first: usize,
    /// The moment at which values are read.
    pub cursor: Option<Time>,
    /// The right end of the time axis; none follows the clock.
    end: Option<Time>,
    /// Where moments stood when it was drawn last.
    pub axis: Option<Axis>,
}

impl Default for GraphsState {
    fn default() -> Self {
        Self { window: 2, first: 0, cursor: None, end: None, axis: None }
    }
}

impl GraphsState {
    /// The length of time shown.
    #[must_use]
    pub fn span(&self, now: Time) -> Span {
        WINDOWS.get(self.window).copied().unwrap_or_else(|| now.since(Time::ZERO).max(WINDOWS[0]))
    }

    /// The right end of the time axis.
    #[must_use]
    pub fn until(&self, now: Time) -> Time {
        self.end.filter(|_| self.window < WINDOWS.len()).map_or(now, |end| end.min(now))
    }

    /// The window in words.
    #[must_use]
    pub fn words(&self) -> String {
        let last = if self.end.is_none() { "last " } else { "" };
        match WINDOWS.get(self.window).map(|span| span.seconds() / 60) {
            None => "whole incident".to_owned(),
            Some(minutes) if minutes < 60 => format!("{last}{minutes} min"),
            Some(minutes) => format!("{last}{} h", minutes / 60),
        }
    }

    /// Shows a longer or a shorter time; a cursor stays where it stands in the picture.
    pub fn zoom(&mut self, longer: bool, now: Time) {
        let before = (self.until(now), self.span(now));
        self.window = if longer { (self.window + 1).min(WINDOWS.len()) } else { self.window.saturating_sub(1) };
        if let Some(cursor) = self.cursor {
            let (old, new) = (before.1.seconds().max(1), self.span(now).seconds());
            let right = Span::from_seconds(before.0.since(cursor).seconds() * new / old);
            self.end = Some(cursor + right).filter(|end| *end < now);
        }
        self.hold(now);
    }

    /// Puts the cursor at a moment, and the window around it.
    pub fn read_at(&mut self, at: Time, now: Time) {
        let earliest = now - self.span(now).max(now.since(Time::ZERO));
        self.cursor = Some(at.clamp(earliest, now));
        self.hold(now);
    }

    /// Moves the cursor by columns; the first step shows it at the right end.
    pub fn step(&mut self, right: bool, now: Time) {
        let Some(cursor) = self.cursor else { return self.read_at(self.until(now), now) };
        let step = self.axis.map_or(Span::from_seconds(1), |axis| axis.step());
        let by_column = self.axis.map(|axis| {
            let column = axis.column(cursor);
            axis.at(if right { column.saturating_add(1) } else { column.saturating_sub(1) })
        });
        let moves = |at: &Time| if right { *at > cursor } else { *at < cursor };
        let beyond = if right { cursor + step } else { cursor - step };
        self.read_at(by_column.filter(moves).unwrap_or(beyond), now);
    }

    /// Puts the cursor on the next mark, or the one before; after the last comes the first.
    pub fn step_to_mark(&mut self, forward: bool, marks: &[Mark], now: Time) {
        let from = self.cursor.unwrap_or(now);
        let mut times: Vec<Time> = marks.iter().map(|mark| mark.at).collect();
        times.sort_unstable();
        let next = if forward {
            times.iter().find(|at| **at > from).or(times.first())
        } else {
            times.iter().rev().find(|at| **at < from).or(times.last())
        };
        if let Some(at) = next {
            self.read_at(*at, now);
        }
    }

    /// Back to what is now.
    pub const fn leave(&mut self) {
        self.cursor = None;
        self.end = None;
    }

    /// Keeps the cursor within the window, also while time passes.
    pub fn hold(&mut self, now: Time) {
        let Some(cursor) = self.cursor.filter(|_| self.window < WINDOWS.len()) else {
            self.end = None;
            return;
        };
        let (until, span) = (self.until(now), self.span(now));
        let end = if cursor > until { cursor } else { until.min(cursor + span) };
        self.end = Some(end).filter(|end| *end < now);
    }
}

/// What is drawn, and over which time.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// A graph, or why there is none.
    pub graphs: &'a [Result<Graph, String>],
    /// What happened.
    pub marks: &'a [Mark],
    /// What each had at the cursor; none where nothing had been scraped.
    pub readings: &'a [Option<String>],
    /// The moment at which values are read.
    pub cursor: Option<Time>,
    /// What it is now.
    pub now: Time,
    /// The right end of the time axis.
    pub until: Time,
    /// How much time is shown.
    pub window: Span,
    /// How times are written.
    pub local: LocalTime,
}

/// How many graphs an area shows, as (columns, rows).
#[must_use]
pub fn grid(area: Rect) -> (u16, u16) {
    ((area.width / 44).max(1), (area.height / 9).max(1))
}

/// Draws as many graphs as have room into an area that has its border already, and returns where moments stand in them.
pub fn draw(frame: &mut Frame, area: Rect, shown: &Shown<'_>, hits: &mut Hits, theme: &Theme) -> Option<Axis> {
    if area.is_empty() {
        return None;
    }
    if shown.graphs.is_empty() {
        put(
            frame.buffer_mut(),
            area.x + 1,
            area.y,
            area.width.saturating_sub(1),
            "nothing here is measured",
            theme.dim,
        );
        return None;
    }
    let mut axis = None;
    let (mut columns, mut rows) = grid(area);
    // Few graphs share all the room.
    let count = shown.graphs.len() as u16;
    columns = columns.min(count);
    rows = rows.min(count.div_ceil(columns));
    let (cell_width, cell_height) = (area.width / columns, area.height / rows);
    for (index, graph) in shown.graphs.iter().take((columns * rows) as usize).enumerate() {
        let (column, row) = (index as u16 % columns, index as u16 / columns);
        let last_column = column + 1 == columns;
        let cell = Rect {
            x: area.x + column * cell_width,
            y: area.y + row * cell_height,
            width: if last_column { area.right() - (area.x + column * cell_width) - 1 } else { cell_width - 2 },
            height: cell_height,
        };
        let reading = shown.readings.get(index).and_then(Option::as_deref);
        if let Some((plot, drawn)) = draw_one(frame, cell, graph, reading, shown, theme) {
            hits.add(plot, Target::Chart(drawn));
            axis = axis.or(Some(drawn));
        }
    }
    axis
}

fn draw_one(
    frame: &mut Frame,
    area: Rect,
    graph: &Result<Graph, String>,
    reading: Option<&str>,
    shown: &Shown<'_>,
    theme: &Theme,
) -> Option<(Rect, Axis)> {
    let buffer = frame.buffer_mut();
    let graph = match graph {
        Ok(graph) => graph,
        Err(problem) => {
            put(buffer, area.x + 1, area.y, area.width.saturating_sub(1), problem, theme.strained);
            return None;
        }
    };
    let now = graph.points.iter().rev().find_map(|(_, value)| *value);
    let (last, last_style) = match shown.cursor {
        Some(_) => (read_words(shown, reading), theme.own),
        None if graph.last.is_empty() => ("no data".to_owned(), theme.dim),
        None if now.is_some_and(|value| graph.fires(value)) => (spaced(&graph.last), theme.failing),
        None => (spaced(&graph.last), theme.heading),
    };
    let last = last.as_str();
    let title_room = area.width.saturating_sub(width(last) + 3);
    let mut used = 0;
    // What people call it comes first; how it is measured follows as far as there is room.
    if !graph.name.is_empty() {
        used = put(buffer, area.x + 1, area.y, title_room, &fit(&graph.name, title_room), theme.heading) + 2;
    }
    if used < title_room {
        let (room, style) = (title_room - used, if used > 0 { theme.dim } else { theme.text });
        put(buffer, area.x + 1 + used, area.y, room, &fit(&graph.title, room), style);
    }
    put_right(buffer, area.right(), area.y, area.width, last, last_style);
    let scale = Scale {
        from: shown.until - shown.window,
        to: shown.until,
        unit: &graph.unit,
        threshold: graph.threshold,
        fires_below: graph.fires_below,
        marks: shown.marks,
        cursor: shown.cursor,
        margin: 0,
        gutter: 0,
        by_factors: false,
        local: shown.local,
    };
    let plot = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let series = [Series { points: &graph.points, style: theme.text, label: "" }];
    super::chart::draw(buffer, plot, &series, &scale, theme)
}

/// What was read at the cursor, with the moment, so that nobody takes it for what is now.
#[must_use]
pub fn read_words(shown: &Shown<'_>, reading: Option<&str>) -> String {
    let value = reading.map_or_else(|| "no sample".to_owned(), spaced);
    shown.cursor.map_or_else(|| value.clone(), |at| format!("{}  {value}", shown.local.second(at)))
}

/// The moment of the cursor, how long ago that was, and what happened then.
#[must_use]
pub fn cursor_words(shown: &Shown<'_>, axis: &Axis, now: Time) -> String {
    let Some(at) = shown.cursor else { return String::new() };
    let mut words = format!("{}   {} ago", shown.local.second(at), ago(now.since(at)));
    for mark in axis.marks_at(shown.marks, at) {
        let what = match mark.kind {
            MarkKind::Alert => "rang: ",
            MarkKind::Deploy => "",
            MarkKind::Own => "you: ",
        };
        words = format!("{words}   {} {what}{}", mark_glyph(mark.kind), mark.text);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_follows_the_cursor_and_not_the_clock() {
        let now = Time::from_seconds(3000);
        let mut state = GraphsState::default();
        state.step(false, now);
        assert_eq!(state.cursor, Some(now), "the first step shows it");
        state.read_at(Time::from_seconds(1000), now);
        assert_eq!(state.until(now), Time::from_seconds(1600), "600 s, the cursor at the left end");
        // Time passes, and what is read stays.
        let later = Time::from_seconds(3600);
        state.hold(later);
        assert_eq!(state.until(later), Time::from_seconds(1600));
        state.zoom(false, later);
        state.zoom(false, later);
        assert_eq!((state.span(later), state.until(later)), (WINDOWS[0], Time::from_seconds(1060)));
        (0..9).for_each(|_| state.zoom(true, later));
        assert_eq!((state.span(later).seconds(), state.until(later)), (3600, later), "the whole incident");
        assert_eq!(state.words(), "whole incident");
        state.leave();
        assert_eq!((state.cursor, state.until(later)), (None, later));
    }
}
