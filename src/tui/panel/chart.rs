//! Lines of values over time in braille dots: axes, gaps, threshold, marks and a cursor. Knows no metric and no incident.

use crate::incident::view::{Mark, MarkKind};
use crate::sim::quantity::{Span, Time};
use crate::tui::local_time::LocalTime;
use crate::tui::pen::{dot, put, put_right, width};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// One line in a chart.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// (time, value); none is a gap.
    pub points: &'a [(Time, Option<f64>)],
    /// Its style.
    pub style: Style,
    /// What stands at its end; may be empty.
    pub label: &'a str,
}

/// What a chart shows, besides its lines.
#[derive(Clone, Copy, Debug)]
pub struct Scale<'a> {
    /// The left end of the time axis.
    pub from: Time,
    /// Its right end.
    pub to: Time,
    /// The unit of the values: `s`, `/s`, `Mi`.
    pub unit: &'a str,
    /// The value at which an alert fires.
    pub threshold: Option<f64>,
    /// Whether it fires below that value, not above it.
    pub fires_below: bool,
    /// What happened.
    pub marks: &'a [Mark],
    /// The moment at which values are read.
    pub cursor: Option<Time>,
    /// The least columns left of the plot, so that charts below each other stand in line.
    pub margin: u16,
    /// The columns right of the plot that are kept for the names of lines that end there.
    pub gutter: u16,
    /// Whether the same way up is the same factor, so that a line a hundred times as high presses no other to the ground.
    pub by_factors: bool,
    /// How times are written.
    pub local: LocalTime,
}

/// The margin of charts that stand below each other: room for what mostly stands at an axis.
pub const IN_LINE: u16 = 7;

/// Where moments stand in a chart that was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The first column.
    pub left: u16,
    /// How many columns there are; at least one.
    pub columns: u16,
    /// The moment of the first column.
    pub from: Time,
    /// The moment of the last column.
    pub to: Time,
}

impl Axis {
    /// The column of a moment; those outside stand at the ends.
    #[must_use]
    pub fn column(&self, at: Time) -> u16 {
        let span = self.to.since(self.from).as_seconds().max(1e-6);
        let share = (at.since(self.from).as_seconds() / span).clamp(0.0, 1.0);
        self.left + (share * f64::from(self.columns.max(1) - 1)).round() as u16
    }

    /// The whole second that stands in a column.
    #[must_use]
    pub fn at(&self, column: u16) -> Time {
        let steps = i64::from(self.columns.max(2) - 1);
        let step = i64::from(column.saturating_sub(self.left)).min(steps);
        let micros = self.to.since(self.from).micros() * step / steps;
        Time::from_seconds((self.from + Span::from_micros(micros + 500_000)).second()).min(self.to)
    }

    /// How much time a column takes: at least a second.
    #[must_use]
    pub fn step(&self) -> Span {
        let micros = self.to.since(self.from).micros() / i64::from(self.columns.max(2) - 1);
        Span::from_seconds(((micros + 500_000) / 1_000_000).max(1))
    }

    /// The marks in the column of a moment.
    pub fn marks_at<'a>(&self, marks: &'a [Mark], at: Time) -> impl Iterator<Item = &'a Mark> {
        let axis = *self;
        let inside = marks.iter().filter(move |mark| mark.at >= axis.from && mark.at <= axis.to);
        inside.filter(move |mark| axis.column(mark.at) == axis.column(at))
    }
}

/// How the axis of values goes up.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rise {
    /// The value at the top.
    top: f64,
    /// Whether the same way up is the same factor, and not the same difference.
    by_factors: bool,
}

impl Rise {
    /// How far up a value stands, 0 to 1. Nought has its place at the bottom even where it goes by factors.
    fn share(self, value: f64) -> f64 {
        let share = if self.by_factors { value.max(0.0).ln_1p() / self.top.ln_1p() } else { value / self.top };
        share.clamp(0.0, 1.0)
    }

    /// The value that stands half-way up.
    fn middle(self) -> f64 {
        if self.by_factors { (1.0 + self.top).sqrt() - 1.0 } else { self.top / 2.0 }
    }
}

/// Draws lines with their axes into an area of at least 12 by 3; smaller ones stay empty. Returns where moments stand.
pub fn draw(
    buffer: &mut Buffer,
    area: Rect,
    series: &[Series<'_>],
    scale: &Scale<'_>,
    theme: &Theme,
) -> Option<(Rect, Axis)> {
    if area.width < 12 || area.height < 3 {
        return None;
    }
    let highest = series
        .iter()
        .flat_map(|s| s.points.iter().filter_map(|(_, v)| *v))
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    // The threshold belongs into the picture where the values come near it.
    let highest = scale.threshold.filter(|t| *t <= highest * 4.0).map_or(highest, |t| highest.max(t * 1.05));
    let (divisor, unit) = divisor_of(highest, scale.unit);
    // No share is more than all; what is counted later than what it is a part of may seem so for a moment.
    let is_share = scale.unit == "%" && (50.0..150.0).contains(&highest);
    let top = if is_share { 100.0 } else { round_up(highest / divisor) * divisor };
    let rise = Rise { top, by_factors: scale.by_factors };
    let rows = area.height - 1;
    let (high, middle) = (axis_text(top / divisor, unit), axis_text(rise.middle() / divisor, unit));
    let margin = width(&high).max(width(&middle)).max(3) + 1;
    let margin = margin.max(scale.margin).min(area.width / 2);
    let gutter = scale.gutter.min(area.width / 4);
    let plot = Rect { x: area.x + margin, y: area.y, width: area.width - margin - gutter, height: rows };
    for y in plot.top()..plot.bottom() {
        dot(buffer, plot.x - 1, y, "│", theme.border);
    }
    for (row, text) in [(0, Some(&high)), (rows / 2, (rows >= 5).then_some(&middle)), (rows - 1, Some(&"0".to_owned()))]
    {
        if let Some(text) = text {
            put_right(buffer, plot.x - 1, area.y + row, margin - 1, text, theme.dim);
            dot(buffer, plot.x - 1, area.y + row, "┤", theme.border);
        }
    }
    let axis = Axis { left: plot.x, columns: plot.width, from: scale.from, to: scale.to };
    draw_marks(buffer, plot, &axis, scale, theme);
    if let Some(threshold) = scale.threshold.filter(|t| *t <= top && *t > 0.0) {
        let y =
            plot.y + ((1.0 - rise.share(threshold)) * f64::from(rows)).floor().clamp(0.0, f64::from(rows - 1)) as u16;
        for x in plot.left()..plot.right() {
            dot(buffer, x, y, "┈", theme.strained);
        }
    }
    // Among several lines one couldn't tell whose limit is meant.
    let single = Scale { threshold: scale.threshold.filter(|_| series.len() == 1), ..*scale };
    let ends: Vec<Option<(u16, u16)>> =
        series.iter().map(|one| draw_line(buffer, plot, one, &single, rise, theme)).collect();
    draw_cursor(buffer, plot, &axis, scale, theme);
    draw_labels(buffer, plot, gutter, series, &ends);
    draw_times(buffer, plot, &axis, scale, theme);
    Some((plot, axis))
}

/// Where values are read: a line through the plot, and what lies under it reversed, so that it can be seen without colours.
fn draw_cursor(buffer: &mut Buffer, plot: Rect, axis: &Axis, scale: &Scale<'_>, theme: &Theme) {
    let Some(at) = scale.cursor.filter(|at| *at >= scale.from && *at <= scale.to) else { return };
    let x = axis.column(at);
    for y in plot.top()..plot.bottom() {
        let Some(cell) = buffer.cell_mut((x, y)) else { continue };
        let is_curve = cell.symbol().chars().all(is_braille);
        if is_curve {
            cell.set_style(Style::new().add_modifier(Modifier::REVERSED));
        } else {
            dot(buffer, x, y, "│", theme.own);
        }
    }
}

/// A line as braille dots, red where an alert fires; returns the cell where it ends.
fn draw_line(
    buffer: &mut Buffer,
    plot: Rect,
    one: &Series<'_>,
    scale: &Scale<'_>,
    rise: Rise,
    theme: &Theme,
) -> Option<(u16, u16)> {
    let (columns, rows) = (plot.width as usize, plot.height as usize);
    let (wide, high) = (columns * 2, rows * 4);
    let mut cells = vec![0_u8; columns * rows];
    let span = scale.to.since(scale.from).as_seconds().max(1e-6);
    let place = |time: Time, value: f64| {
        let x = time.since(scale.from).as_seconds() / span * (wide - 1) as f64;
        let y = (1.0 - rise.share(value)) * (high - 1) as f64;
        (x.round() as i32, y.round() as i32)
    };
    let mut above = vec![false; columns];
    let mut before: Option<(i32, i32)> = None;
    let mut last = None;
    for (time, value) in one.points {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            before = None;
            continue;
        };
        if *time < scale.from || *time > scale.to {
            continue;
        }
        let here = place(*time, value);
        let below = scale.fires_below;
        let over = scale.threshold.is_some_and(|level| if below { value < level } else { value > level });
        for (x, y) in line(before.unwrap_or(here), here) {
            light(&mut cells, columns, rows, x, y);
            if let Some(column) = above.get_mut((x / 2).max(0) as usize) {
                *column |= over;
            }
        }
        last = Some(here);
        before = Some(here);
    }
    for row in 0..rows {
        for column in 0..columns {
            let bits = cells[row * columns + column];
            if bits == 0 {
                let is_below = !scale.fires_below && (0..row).any(|higher| cells[higher * columns + column] != 0);
                let at = (plot.x + column as u16, plot.y + row as u16);
                if above[column] && is_below && buffer.cell(at).is_some_and(|cell| cell.symbol() == " ") {
                    dot(buffer, at.0, at.1, "░", theme.failing);
                }
                continue;
            }
            let symbol = char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ').to_string();
            let style = if above[column] { theme.failing } else { one.style };
            dot(buffer, plot.x + column as u16, plot.y + row as u16, &symbol, style);
        }
    }
    last.map(|(x, y)| (plot.x + (x / 2) as u16, (plot.y + (y / 4) as u16).min(plot.bottom() - 1)))
}

/// The names at the lines' ends: beside the plot where a line ends at its right side, each on a row where no other name
/// stands.
fn draw_labels(buffer: &mut Buffer, plot: Rect, gutter: u16, series: &[Series<'_>], ends: &[Option<(u16, u16)>]) {
    let mut taken: Vec<Rect> = vec![];
    // The last one is drawn over the others, so it chooses first.
    for (one, end) in series.iter().zip(ends).rev() {
        let Some((x, y)) = end.filter(|_| !one.label.is_empty()) else { continue };
        let needed = width(one.label);
        let is_beside = x + 3 >= plot.right() && needed < gutter;
        let start = if is_beside { plot.right() + 1 } else { (x + 2).min(plot.right().saturating_sub(needed)) };
        // Where the line itself is in the way the name stands above it.
        let y = if start <= x && y > plot.y { y - 1 } else { y };
        let rows = (0..plot.height).flat_map(|by| [y.checked_sub(by), Some(y + by)]).flatten();
        let places: Vec<Rect> = rows
            .filter(|y| (plot.top()..plot.bottom()).contains(y))
            .map(|y| Rect { x: start, y, width: needed, height: 1 })
            .filter(|place| taken.iter().all(|other| !place.intersects(*other)))
            .collect();
        // A name lies over no line where it can be helped, not even its own.
        let is_free = |place: &&Rect| {
            place.positions().all(|at| buffer.cell(at).is_none_or(|cell| !cell.symbol().chars().all(is_braille)))
        };
        let place = places.iter().find(is_free).or(places.first()).copied();
        if let Some(place) = place {
            put(buffer, place.x, place.y, needed, one.label, one.style);
            taken.push(place);
        }
    }
}

/// Whether dots of a line stand there.
fn is_braille(c: char) -> bool {
    ('\u{2801}'..='\u{28ff}').contains(&c)
}

fn light(cells: &mut [u8], columns: usize, rows: usize, x: i32, y: i32) {
    const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
    let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
    let (column, row) = (x / 2, y / 4);
    if column < columns && row < rows {
        cells[row * columns + column] |= DOTS[y % 4][x % 2];
    }
}

/// All dots between two, ends included (Bresenham).
fn line((x0, y0): (i32, i32), (x1, y1): (i32, i32)) -> Vec<(i32, i32)> {
    let (dx, dy) = ((x1 - x0).abs(), -(y1 - y0).abs());
    let (sx, sy) = ((x1 - x0).signum(), (y1 - y0).signum());
    let (mut x, mut y, mut error) = (x0, y0, dx + dy);
    let mut dots = vec![(x, y)];
    while (x, y) != (x1, y1) && dots.len() < 8192 {
        let twice = 2 * error;
        if twice >= dy {
            error += dy;
            x += sx;
        }
        if twice <= dx {
            error += dx;
            y += sy;
        }
        dots.push((x, y));
    }
    dots
}

/// Marks as quiet lines through the plot; what they are stands below, on the time axis.
fn draw_marks(buffer: &mut Buffer, plot: Rect, axis: &Axis, scale: &Scale<'_>, theme: &Theme) {
    for mark in scale.marks.iter().filter(|mark| mark.at >= scale.from && mark.at <= scale.to) {
        let x = axis.column(mark.at);
        let style = mark_style(mark.kind, theme);
        for y in plot.top()..plot.bottom() {
            dot(buffer, x, y, "┊", style);
        }
    }
}

const fn mark_style(kind: MarkKind, theme: &Theme) -> Style {
    match kind {
        MarkKind::Alert => theme.failing,
        MarkKind::Deploy => theme.strained,
        MarkKind::Own => theme.own,
    }
}

/// The sign of a mark of this kind.
#[must_use]
pub const fn mark_glyph(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Alert => "▲",
        MarkKind::Deploy => "◆",
        MarkKind::Own => "┃",
    }
}

/// The cursor's moment, the ends of the axis and, between them, as many marks as have room: the latest first.
fn draw_times(buffer: &mut Buffer, plot: Rect, axis: &Axis, scale: &Scale<'_>, theme: &Theme) {
    let y = plot.bottom();
    // Words are set apart by a blank; ends are the column after the last one.
    let free = |taken: &[(u16, u16)], from: u16, to: u16| taken.iter().all(|(a, b)| to < *a || from > *b);
    let mut taken: Vec<(u16, u16)> = vec![];
    if let Some(at) = scale.cursor.filter(|at| *at >= scale.from && *at <= scale.to) {
        let text = scale.local.second(at);
        let columns = width(&text).min(plot.width);
        let start = axis.column(at).saturating_sub(columns / 2).clamp(plot.x, plot.right() - columns);
        put(buffer, start, y, columns, &text, theme.own);
        taken.push((start, start + columns));
    }
    let is_short = scale.to.since(scale.from) < Span::from_seconds(300);
    let word = |at: Time| if is_short { scale.local.second(at) } else { scale.local.minute(at) };
    let (from, to) = (word(scale.from), word(scale.to));
    for (start, text) in [(plot.x, &from), (plot.right().saturating_sub(width(&to)).max(plot.x), &to)] {
        if free(&taken, start, start + width(text)) {
            put(buffer, start, y, plot.width, text, theme.dim);
            taken.push((start, start + width(text)));
        }
    }
    for mark in scale.marks.iter().rev().filter(|mark| mark.at >= scale.from && mark.at <= scale.to) {
        let x = axis.column(mark.at);
        let text = format!(
            "{}{}",
            mark_glyph(mark.kind),
            if mark.kind == MarkKind::Alert { scale.local.minute(mark.at) } else { mark.text.clone() }
        );
        let columns = width(&text).min(18);
        let start = x.min(plot.right().saturating_sub(columns));
        if start >= plot.x && free(&taken, start, start + columns) {
            put(buffer, start, y, columns, &text, mark_style(mark.kind, theme));
            taken.push((start, start + columns));
        } else if free(&taken, x, x + 1) {
            put(buffer, x, y, 1, mark_glyph(mark.kind), mark_style(mark.kind, theme));
            taken.push((x, x + 1));
        }
    }
}

/// The next of 1, 2, 5 times a power of ten, so that the axis has round numbers.
fn round_up(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let mut power = 1.0;
    while power * 10.0 <= value && power < 1e15 {
        power *= 10.0;
    }
    while power > value && power > 1e-9 {
        power /= 10.0;
    }
    [1.0, 2.0, 4.0, 5.0, 8.0, 10.0].into_iter().map(|step| step * power).find(|top| *top >= value).unwrap_or(value)
}

/// What values are divided by before they are written, and the unit that they then have. Bytes go by 1024.
fn divisor_of(highest: f64, unit: &str) -> (f64, &str) {
    match unit {
        "B" if highest >= 1_073_741_824.0 => (1_073_741_824.0, "Gi"),
        "B" => (1_048_576.0, "Mi"),
        unit => (1.0, unit),
    }
}

/// A value in as few characters as say it: `10k`, `1.5Gi`, `0.5`.
fn axis_text(value: f64, unit: &str) -> String {
    let (value, unit) = match unit {
        "Mi" if value >= 1024.0 => (value / 1024.0, "Gi"),
        "s" if value > 0.0 && value < 1.0 => (value * 1000.0, "ms"),
        unit => (value, unit),
    };
    let number = match value {
        v if v >= 1e9 => format!("{}G", short(v / 1e9)),
        v if v >= 1e6 => format!("{}M", short(v / 1e6)),
        v if v >= 1e4 => format!("{}k", short(v / 1e3)),
        v => short(v),
    };
    format!("{number}{unit}")
}

fn short(value: f64) -> String {
    if (value - value.round()).abs() < 0.05 || value >= 100.0 {
        format!("{value:.0}")
    } else if value < 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Colours;

    fn drawn(points: &[(Time, Option<f64>)], width: u16, height: u16) -> Vec<String> {
        let theme = Theme::named("mono", Colours::None).unwrap();
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let scale = Scale {
            from: Time::ZERO,
            to: Time::from_seconds(100),
            unit: "",
            threshold: None,
            fires_below: false,
            marks: &[],
            cursor: None,
            margin: 0,
            gutter: 0,
            by_factors: false,
            local: LocalTime::default(),
        };
        _ = draw(&mut buffer, area, &[Series { points, style: theme.text, label: "" }], &scale, &theme);
        (0..height).map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect()).collect()
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let mut points: Vec<(Time, Option<f64>)> = (0..=100).map(|s| (Time::from_seconds(s), Some(5.0))).collect();
        for point in &mut points[40..60] {
            point.1 = None;
        }
        let rows = drawn(&points, 54, 4);
        let row: Vec<char> = rows[0].chars().skip(4).collect();
        let is_dot = |c: char| ('\u{2801}'..='\u{28ff}').contains(&c);
        assert!(is_dot(row[10]) && is_dot(row[40]), "{rows:?}");
        assert!(!is_dot(row[25]), "{rows:?}");
    }

    #[test]
    fn the_axis_has_round_numbers() {
        assert_eq!(
            [round_up(0.0), round_up(9120.0), round_up(0.3), round_up(14.0)].map(|v| axis_text(v, "")),
            ["1", "10k", "0.4", "20"]
        );
        assert_eq!(axis_text(2048.0, "Mi"), "2Gi");
        assert_eq!(axis_text(0.25, "s"), "250ms");
    }

    #[test]
    fn words_on_the_time_axis_never_run_into_each_other() {
        let theme = Theme::named("mono", Colours::None).unwrap();
        for apart in 1..12 {
            let marks: Vec<Mark> = (0..20)
                .map(|n| Mark { at: Time::from_seconds(5 + n * apart), kind: MarkKind::Own, text: n.to_string() })
                .collect();
            let area = Rect::new(0, 0, 60, 5);
            let mut buffer = Buffer::empty(area);
            let (from, to) = (Time::ZERO, Time::from_seconds(100));
            let scale = Scale {
                from,
                to,
                unit: "",
                threshold: None,
                fires_below: false,
                marks: &marks,
                cursor: None,
                margin: 0,
                gutter: 0,
                by_factors: false,
                local: LocalTime::default(),
            };
            _ = draw(&mut buffer, area, &[], &scale, &theme);
            let axis: String = (0..60).map(|x| buffer[(x, 4)].symbol()).collect();
            for word in axis.split_whitespace() {
                assert!(word.chars().skip(1).all(|c| c != '┃'), "{axis}");
            }
        }
    }

    #[test]
    fn by_factors_what_is_small_stands_above_the_ground_beside_what_is_a_hundred_times_as_large() {
        for (by_factors, least) in [(true, 0.4), (false, 0.0)] {
            let rise = Rise { top: 10_000.0, by_factors };
            assert!(rise.share(100.0) >= least && rise.share(0.0) <= 0.0 && rise.share(20_000.0) >= 1.0);
            assert!((rise.share(rise.middle()) - 0.5).abs() < 1e-9);
        }
    }

    #[test]
    fn a_column_and_its_moment_lead_to_each_other() {
        for (columns, seconds) in [(40, 600), (118, 3600), (75, 60), (200, 60), (1, 60)] {
            let axis = Axis { left: 5, columns, from: Time::ZERO, to: Time::from_seconds(seconds) };
            for column in 5..5 + columns {
                let at = axis.at(column);
                assert!(at >= axis.from && at <= axis.to);
                assert!(i64::from(axis.column(at).abs_diff(column)) * seconds <= i64::from(columns) + seconds);
                if i64::from(columns) < seconds {
                    assert_eq!(axis.column(at), column, "{axis:?}");
                }
            }
        }
    }

    #[test]
    fn values_that_are_no_numbers_are_left_out() {
        let points = [
            (Time::ZERO, Some(f64::NAN)),
            (Time::from_seconds(50), Some(f64::INFINITY)),
            (Time::from_seconds(100), Some(1.0)),
        ];
        assert_eq!(drawn(&points, 40, 5).len(), 5);
    }
}
