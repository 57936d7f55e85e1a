//! The graphs of the selected part, or those that are pinned, side by side.

use super::chart::{Scale, Series};
use crate::incident::view::{Graph, Mark};
use crate::sim::quantity::{Span, Time};
use crate::tui::local_time::LocalTime;
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
    /// Index into [`WINDOWS`].
    pub window: usize,
    /// The first graph that is shown.
    pub first: usize,
}

impl Default for GraphsState {
    fn default() -> Self {
        Self { window: 2, first: 0 }
    }
}

impl GraphsState {
    /// The length of time shown.
    #[must_use]
    pub fn span(&self) -> Span {
        WINDOWS[self.window.min(WINDOWS.len() - 1)]
    }

    /// It in words, for the border.
    #[must_use]
    pub fn words(&self) -> String {
        let minutes = self.span().seconds() / 60;
        if minutes < 60 { format!("last {minutes} min") } else { format!("last {} h", minutes / 60) }
    }
}

/// What is drawn, and over which time.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// A graph, or why there is none.
    pub graphs: &'a [Result<Graph, String>],
    /// What happened.
    pub marks: &'a [Mark],
    /// The right end of the time axis.
    pub now: Time,
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

/// Draws as many graphs as have room into an area that has its border already.
pub fn draw(frame: &mut Frame, area: Rect, shown: &Shown<'_>, theme: &Theme) {
    if area.is_empty() {
        return;
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
        return;
    }
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
        draw_one(frame, cell, graph, shown, theme);
    }
}

fn draw_one(frame: &mut Frame, area: Rect, graph: &Result<Graph, String>, shown: &Shown<'_>, theme: &Theme) {
    let buffer = frame.buffer_mut();
    let graph = match graph {
        Ok(graph) => graph,
        Err(problem) => {
            put(buffer, area.x + 1, area.y, area.width.saturating_sub(1), problem, theme.strained);
            return;
        }
    };
    let last = if graph.last.is_empty() { "no data".to_owned() } else { spaced(&graph.last) };
    let last = last.as_str();
    let now = graph.points.iter().rev().find_map(|(_, value)| *value);
    let over = now.zip(graph.threshold).is_some_and(|(value, threshold)| value > threshold);
    let last_style = if graph.last.is_empty() {
        theme.dim
    } else if over {
        theme.failing
    } else {
        theme.heading
    };
    let title_room = area.width.saturating_sub(width(last) + 3);
    put(buffer, area.x + 1, area.y, title_room, &fit(&graph.title, title_room), theme.text);
    put_right(buffer, area.right(), area.y, area.width, last, last_style);
    let scale = Scale {
        from: shown.now - shown.window,
        to: shown.now,
        unit: &graph.unit,
        threshold: graph.threshold,
        marks: shown.marks,
        local: shown.local,
    };
    let plot = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let series = [Series { points: &graph.points, style: theme.text, label: "" }];
    super::chart::draw(buffer, plot, &series, &scale, theme);
}
