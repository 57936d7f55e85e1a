//! The page on which one goes through time: at each second what customers felt, what the graphs showed beside what was
//! true, and how far both timelines had come.

use super::{NAMES, counted, draw_curves_at, marks};
use crate::incident::view::{Compared, Debrief, Mark, MarkKind, Twofold};
use crate::sim::quantity::{Span, Time};
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::local_time::{LocalTime, ago};
use crate::tui::panel::chart::{Axis, IN_LINE, Scale, Series, draw as draw_chart};
use crate::tui::pen::{fit, grouped, put, put_pieces, put_right, spaced, width, wrap};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Where one is.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimelineState {
    cursor: Option<Time>,
    /// Which metric is shown.
    metric: usize,
    axis: Option<Axis>,
}

impl TimelineState {
    /// Goes through time, or to another metric.
    pub fn on_intent(&mut self, intent: Intent, debrief: &Debrief) {
        let (from, to) = ends(debrief);
        let at = self.cursor(debrief);
        let count = debrief.graphs.len().max(1);
        let by_column = |columns: i32| {
            let axis = self.axis?;
            let column = i32::from(axis.column(at)) + columns;
            Some(axis.at(u16::try_from(column.max(0)).unwrap_or(u16::MAX))).filter(|next| *next != at)
        };
        let second = Span::from_seconds(1);
        let next = match intent {
            Intent::Left => by_column(-1).unwrap_or(at - second),
            Intent::Right => by_column(1).unwrap_or(at + second),
            Intent::PageUp => by_column(-10).unwrap_or(at - second),
            Intent::PageDown => by_column(10).unwrap_or(at + second),
            Intent::First => from,
            Intent::Last => to,
            Intent::NextMark => moments(debrief).into_iter().find(|moment| *moment > at).unwrap_or(to),
            Intent::PreviousMark => moments(debrief).into_iter().rfind(|moment| *moment < at).unwrap_or(from),
            Intent::Up => {
                self.metric = (self.metric + count - 1) % count;
                at
            }
            Intent::Down => {
                self.metric = (self.metric + 1) % count;
                at
            }
            _ => at,
        };
        self.cursor = Some(next.clamp(from, to));
    }

    /// Goes to a moment.
    pub fn go_to(&mut self, at: Time, debrief: &Debrief) {
        let (from, to) = ends(debrief);
        self.cursor = Some(at.clamp(from, to));
    }

    /// Where one is; at first where the first thing happened.
    fn cursor(&self, debrief: &Debrief) -> Time {
        self.cursor.unwrap_or_else(|| debrief.timeline.first().map_or_else(|| ends(debrief).0, |(at, _)| *at))
    }

    /// Draws the page.
    pub fn draw(
        &mut self,
        frame: &mut Frame,
        area: Rect,
        debrief: &Debrief,
        local: LocalTime,
        hits: &mut Hits,
        theme: &Theme,
    ) {
        let at = self.cursor(debrief);
        let (from, to) = ends(debrief);
        draw_moment(frame, Rect { height: 1, ..area }, at, debrief, local, theme);
        // Two charts and the lists share the room; the lists keep three rows of ten.
        let charts = area.height.saturating_sub(3 + (area.height * 3 / 10).max(6));
        let (first, second) = (charts / 2 + charts % 2, charts / 2);
        let mut y = area.y + 1;
        let line = |y: u16| Rect { y, height: 1, ..area };
        draw_hurt_words(frame, line(y), at, debrief, theme);
        let place = Rect { y: y + 1, height: first, ..area };
        let own_marks = marks(&debrief.moves);
        let span = (from, to);
        let drawn = draw_curves_at(frame, place, &debrief.compared, &own_marks, span, Some(at), local, theme);
        self.axis = drawn.map(|(_, axis)| axis);
        if let Some((plot, axis)) = drawn {
            hits.add(plot, Target::Chart(axis));
        }
        y += 1 + first;
        self.metric = self.metric.min(debrief.graphs.len().saturating_sub(1));
        if let Some(graph) = debrief.graphs.get(self.metric) {
            let count = (self.metric + 1, debrief.graphs.len());
            draw_metric_words(frame, line(y), at, graph, count, hits, theme);
            let place = Rect { y: y + 1, height: second, ..area };
            let rang: Vec<Mark> = debrief
                .rings
                .iter()
                .map(|(name, at, _)| Mark { at: *at, kind: MarkKind::Alert, text: name.clone() })
                .collect();
            if let Some((plot, axis)) = draw_metric(frame, place, at, graph, &rang, span, local, theme) {
                hits.add(plot, Target::Chart(axis));
                self.axis = self.axis.or(Some(axis));
            }
        } else if !debrief.is_whole {
            put(frame.buffer_mut(), area.x, y, area.width, super::STILL_PLAYING, theme.dim);
        }
        y += 1 + second;
        let half = area.width / 2;
        let lists = Rect { y, height: area.bottom().saturating_sub(y), ..area };
        let (left, right) = (
            Rect { width: half.saturating_sub(1), ..lists },
            Rect { x: area.x + half + 1, width: area.width.saturating_sub(half + 1), ..lists },
        );
        draw_list(frame, left, "you", &debrief.timeline, at, local, hits, theme);
        draw_list(frame, right, "they", &debrief.their_moves, at, local, hits, theme);
    }
}

/// From the beginning to the end of the longest run, the one in which nobody acts left out.
fn ends(debrief: &Debrief) -> (Time, Time) {
    let people = debrief.compared.iter().filter(|one| one.who != "nobody");
    let last = people.filter_map(|one| one.curve.last()).map(|(at, _)| *at).max();
    (Time::ZERO, last.unwrap_or(Time::from_seconds(60)).max(Time::from_seconds(60)))
}

/// Every moment at which something happened in either run, in order.
fn moments(debrief: &Debrief) -> Vec<Time> {
    let mut all: Vec<Time> = debrief.timeline.iter().chain(&debrief.their_moves).map(|(at, _)| *at).collect();
    all.sort_unstable();
    all
}

/// The last value at or before a moment.
fn value_at<T: Copy>(points: &[(Time, T)], at: Time) -> Option<T> {
    points.iter().take_while(|(time, _)| *time <= at).last().map(|(_, value)| *value)
}

/// When it is, how the incident stood, and what rang.
fn draw_moment(frame: &mut Frame, area: Rect, at: Time, debrief: &Debrief, local: LocalTime, theme: &Theme) {
    let phase = value_at(&debrief.phases, at).unwrap_or_default();
    let ringing: Vec<&str> = debrief
        .rings
        .iter()
        .filter(|(_, from, to)| *from <= at && to.is_none_or(|to| to > at))
        .map(|(name, ..)| name.as_str())
        .collect();
    let clock = format!("{}  ", local.second(at));
    let since = format!("after {}   ", ago(at.since(Time::ZERO)));
    let rings = if ringing.is_empty() { "nothing rings".to_owned() } else { format!("▲ {}", ringing.join(", ")) };
    let ring_style = if ringing.is_empty() { theme.dim } else { theme.failing };
    let word = format!("{}   ", phase.word());
    put_pieces(
        frame.buffer_mut(),
        area.x,
        area.y,
        area.width,
        &[
            (clock.as_str(), theme.own),
            (since.as_str(), theme.text),
            (word.as_str(), theme.phase(phase)),
            (rings.as_str(), ring_style),
        ],
    );
}

/// How many customers were hurt, in each run.
fn draw_hurt_words(frame: &mut Frame, area: Rect, at: Time, debrief: &Debrief, theme: &Theme) {
    let mut pieces = vec![(format!("{}   ", counted(debrief)), theme.heading)];
    for one in &debrief.compared {
        let value = value_at(&one.curve, at).map_or_else(|| "over".to_owned(), |value| grouped(value.max(0.0) as u64));
        let ended = one.curve.last().is_some_and(|(end, _)| *end + Span::from_seconds(10) < at);
        let value = if ended { "over".to_owned() } else { value };
        pieces.push((format!("{} {value}   ", one.who), who_style(one, theme)));
    }
    let pieces: Vec<(&str, Style)> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    put_pieces(frame.buffer_mut(), area.x, area.y, area.width, &pieces);
}

fn who_style(one: &Compared, theme: &Theme) -> Style {
    match one.who.as_str() {
        "you" => theme.own,
        "nobody" => theme.dim,
        _ => theme.text,
    }
}

/// What the graph of a metric showed at a moment, and what was true.
fn draw_metric_words(
    frame: &mut Frame,
    area: Rect,
    at: Time,
    graph: &Twofold,
    (number, count): (usize, usize),
    hits: &mut Hits,
    theme: &Theme,
) {
    let buffer = frame.buffer_mut();
    let word = |value: Option<f64>| value.map_or_else(|| "nothing".to_owned(), |value| spaced(&graph.words(value)));
    let (shown, truth) = (value_at(&graph.shown, at).flatten(), value_at(&graph.truth, at).flatten());
    let differs = shown != truth && truth.is_some();
    let shown = if graph.is_hidden { "no graph showed it".to_owned() } else { format!("shown {}", word(shown)) };
    let truth = format!("   true {}", word(truth));
    let end = format!("   ↓ {number}/{count}");
    let right = area.right();
    let x = put_right(buffer, right, area.y, area.width, &end, theme.dim);
    hits.add(Rect { x, y: area.y, width: right - x, height: 1 }, Target::Key(Intent::Down));
    let truth_style = if differs { theme.strained } else { theme.own };
    let x = put_right(buffer, x, area.y, area.width, &truth, truth_style);
    let x = put_right(buffer, x, area.y, area.width, &shown, theme.text);
    let room = x.saturating_sub(area.x + 1);
    put(buffer, area.x, area.y, room, &fit(&graph.title, room), theme.heading);
}

#[expect(clippy::too_many_arguments, reason = "a frame, a place, a metric, a stretch of time, and how it is drawn")]
fn draw_metric(
    frame: &mut Frame,
    area: Rect,
    at: Time,
    graph: &Twofold,
    marks: &[Mark],
    (from, to): (Time, Time),
    local: LocalTime,
    theme: &Theme,
) -> Option<(Rect, Axis)> {
    // What was true lies below what was shown: where nothing of it can be seen, the graph was right.
    let series = [
        Series { points: &graph.truth, style: theme.own, label: "true" },
        Series { points: &graph.shown, style: theme.text, label: if graph.is_hidden { "" } else { "shown" } },
    ];
    let scale = Scale {
        from,
        to,
        unit: &graph.unit,
        threshold: graph.threshold,
        fires_below: false,
        marks,
        cursor: Some(at),
        margin: IN_LINE,
        gutter: NAMES,
        by_factors: false,
        local,
    };
    draw_chart(frame.buffer_mut(), area, &series, &scale, theme)
}

/// A timeline up to the moment and a little beyond; what has come last is bright.
#[expect(clippy::too_many_arguments, reason = "a frame, a place, a timeline, a moment, and how it is drawn")]
fn draw_list(
    frame: &mut Frame,
    area: Rect,
    title: &str,
    rows: &[(Time, String)],
    at: Time,
    local: LocalTime,
    hits: &mut Hits,
    theme: &Theme,
) {
    let buffer = frame.buffer_mut();
    if area.height < 2 || area.width < 16 {
        return;
    }
    put(buffer, area.x, area.y, area.width, title, theme.heading);
    let room = area.height as usize - 1;
    let last = rows.iter().rposition(|(time, _)| *time <= at);
    // What comes next stays in sight below what has come, and the last one is told in full where there is room.
    let ahead = (room / 3).max(1);
    let columns = area.width.saturating_sub(if area.width < 48 { 8 } else { 11 });
    let tall = last.map_or(1, |last| wrap(&rows[last].1, columns).len());
    let first = last.map_or(0, |last| (last + tall + ahead).saturating_sub(room).min(last));
    // At the end nothing comes next, and the room is for what has been.
    let first = if tall > 1 { first } else { first.min(rows.len().saturating_sub(room)) };
    let mut y = area.y + 1;
    for (index, (time, text)) in rows.iter().enumerate().skip(first) {
        if y >= area.bottom() {
            break;
        }
        let (head, style) = match last {
            Some(last) if index == last => ("▶ ", theme.heading),
            Some(last) if index < last => ("  ", theme.text),
            _ => ("  ", theme.dim),
        };
        let moment = if area.width < 48 { local.minute(*time) } else { local.second(*time) };
        let clock = format!("{head}{moment} ");
        let columns = width(&clock);
        let spare = usize::from(area.bottom() - y).saturating_sub(rows.len().saturating_sub(index + 1).min(ahead));
        let lines = wrap(text, area.width.saturating_sub(columns));
        let is_last = last == Some(index);
        let taken = if is_last { lines.len().min(spare.max(1)) } else { 1 };
        hits.add(Rect { y, height: taken as u16, ..area }, Target::Moment(*time));
        put(buffer, area.x, y, columns, &clock, if is_last { theme.own } else { theme.dim });
        for (row, line) in lines.iter().take(taken).enumerate() {
            let is_cut = row + 1 == taken && lines.len() > taken;
            let line = if is_cut { fit(&format!("{line} …"), area.width - columns) } else { line.clone() };
            put(buffer, area.x + columns, y + row as u16, area.width - columns, &line, style);
        }
        y += taken as u16;
    }
    if rows.is_empty() {
        put(buffer, area.x + 2, area.y + 1, area.width - 2, "nothing is known", theme.dim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_gone_through_by_columns_and_by_what_happened() {
        let at = Time::from_seconds;
        let curve = (0..=60).map(|n| (at(n * 10), 0.0)).collect();
        let debrief = Debrief {
            compared: vec![Compared { who: "you".to_owned(), curve, ..Compared::default() }],
            timeline: vec![(at(100), "page".to_owned()), (at(300), "you: limits".to_owned())],
            their_moves: vec![(at(200), "kubectl".to_owned())],
            ..Debrief::default()
        };
        let mut state = TimelineState::default();
        assert_eq!(state.cursor(&debrief), at(100), "where the first thing happened");
        let mut visited = vec![];
        for intent in [Intent::NextMark, Intent::NextMark, Intent::NextMark, Intent::PreviousMark, Intent::First] {
            state.on_intent(intent, &debrief);
            visited.push(state.cursor(&debrief).second());
        }
        assert_eq!(visited, [200, 300, 600, 300, 0]);
        state.on_intent(Intent::Left, &debrief);
        assert_eq!(state.cursor(&debrief), Time::ZERO, "not before the beginning");
        state.axis = Some(Axis { left: 0, columns: 61, from: Time::ZERO, to: at(600) });
        state.on_intent(Intent::Right, &debrief);
        assert_eq!(state.cursor(&debrief), at(10));
    }
}
