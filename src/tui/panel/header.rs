//! The first line: what it is, when, how fast, and at the right end what hurts, since when, and whether it gets worse.

use crate::incident::view::{Header, Phase};
use crate::sim::quantity::{Span, Time};
use crate::tui::local_time::ago;
use crate::tui::pen::{bar, fit, grouped, put_pieces, width};
use crate::tui::theme::{Theme, trend_glyph};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

type Pieces = Vec<(String, Style)>;

/// How much of everything is told, from the widest screen to the narrowest. What hurts is told on all of them.
#[derive(Clone, Copy, Debug)]
struct Detail {
    title: bool,
    phase: bool,
    clock: Clock,
    /// The cells of the budget's bar; none leaves the number alone.
    budget: Option<u16>,
    since: Since,
    unit: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    WithDay,
    Time,
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    Exact,
    Rough,
    Nothing,
}

const WIDEST: Detail =
    Detail { title: true, phase: true, clock: Clock::WithDay, budget: Some(16), since: Since::Exact, unit: true };
const DETAILS: [Detail; 9] = [
    WIDEST,
    Detail { budget: Some(10), ..WIDEST },
    Detail { budget: Some(7), since: Since::Rough, ..WIDEST },
    Detail { title: false, clock: Clock::Time, budget: Some(7), since: Since::Rough, ..WIDEST },
    Detail { title: false, clock: Clock::Time, budget: Some(5), since: Since::Rough, unit: false, ..WIDEST },
    Detail { title: false, clock: Clock::Time, budget: Some(0), since: Since::Rough, unit: false, ..WIDEST },
    Detail { title: false, clock: Clock::Nothing, budget: Some(0), since: Since::Rough, unit: false, ..WIDEST },
    Detail { title: false, clock: Clock::Nothing, budget: None, since: Since::Rough, unit: false, ..WIDEST },
    Detail { title: false, phase: false, clock: Clock::Nothing, budget: None, since: Since::Nothing, unit: false },
];

/// Draws the line with as much as fits; what hurts stays.
pub fn draw(frame: &mut Frame, area: Rect, header: &Header, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let parts = |detail: &Detail| {
        [
            name(header, detail, theme),
            clock(header, detail, theme),
            budget(header, detail, theme),
            hurt(header, detail, theme),
        ]
    };
    let needed = |parts: &[Pieces; 4]| -> u16 {
        parts.iter().map(columns).filter(|columns| *columns > 0).map(|columns| columns + 2).sum()
    };
    // The class of the screen decides first, so that the bar doesn't change when words do.
    let first = usize::from(area.width < 160);
    let fitting = DETAILS[first..].iter().map(parts).find(|parts| needed(parts) <= area.width);
    let [name, clock, budget, hurt] = fitting.unwrap_or_else(|| parts(&DETAILS[8]));
    let buffer = frame.buffer_mut();
    let right = area.right().saturating_sub(1);
    let mut end = right.saturating_sub(columns(&hurt)).max(area.x);
    write(buffer, end, area.y, right.saturating_sub(end), &hurt);
    if !budget.is_empty() {
        end = end.saturating_sub(columns(&budget) + 2);
        write(buffer, end, area.y, columns(&budget), &budget);
    }
    write(buffer, area.x + 1, area.y, end.saturating_sub(area.x + 1), &name);
    // On a wide screen the clock stands in the middle, where it doesn't move when words change.
    let first = area.x + 1 + columns(&name) + 2;
    let last = end.saturating_sub(columns(&clock) + 2);
    let start = (area.x + (area.width.saturating_sub(columns(&clock))) / 2).min(last).max(first);
    let start = if area.width >= 100 { start } else { first };
    write(buffer, start, area.y, columns(&clock), &clock);
}

fn columns(pieces: &Pieces) -> u16 {
    pieces.iter().map(|(text, _)| width(text)).sum()
}

fn write(buffer: &mut ratatui::buffer::Buffer, x: u16, y: u16, columns: u16, pieces: &Pieces) {
    let borrowed: Vec<(&str, Style)> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    put_pieces(buffer, x, y, columns, &borrowed);
}

fn name(header: &Header, detail: &Detail, theme: &Theme) -> Pieces {
    let mut pieces = vec![];
    if detail.phase {
        pieces.push(("sev1 ".to_owned(), theme.dim));
    }
    if detail.title {
        pieces.push((fit(&header.title, 32), theme.text));
        pieces.push((" · ".to_owned(), theme.dim));
    }
    if detail.phase {
        pieces.push((header.phase.word().to_owned(), theme.phase(header.phase)));
    }
    pieces
}

fn clock(header: &Header, detail: &Detail, theme: &Theme) -> Pieces {
    let time = match detail.clock {
        Clock::WithDay => header.clock.as_str(),
        Clock::Time => header.clock.split_whitespace().find(|word| word.contains(':')).unwrap_or(&header.clock),
        Clock::Nothing => return vec![],
    };
    let mut pieces = vec![(time.to_owned(), theme.text)];
    if header.phase.is_over() {
        return pieces;
    }
    if header.paused {
        pieces.push(("  ‖ paused".to_owned(), theme.own));
    } else {
        pieces.push((format!("  ▶ {}×", header.speed), theme.text));
        if header.slowed && detail.clock == Clock::WithDay {
            pieces.push((" slowed".to_owned(), theme.dim));
        }
    }
    pieces
}

fn budget(header: &Header, detail: &Detail, theme: &Theme) -> Pieces {
    let Some(cells) = detail.budget else { return vec![] };
    let left = header.budget_left.clamp(0.0, 1.0);
    let style = if left < 0.25 {
        theme.failing
    } else if left < 0.6 {
        theme.strained
    } else {
        theme.good
    };
    let mut pieces = vec![("budget ".to_owned(), theme.dim)];
    if cells > 0 {
        let filled = bar(left, cells);
        let rest = " ".repeat((cells - width(&filled)) as usize);
        pieces.extend([
            ("▕".to_owned(), theme.border),
            (filled, style),
            (rest, theme.text),
            ("▏".to_owned(), theme.border),
        ]);
    }
    pieces.push((format!("{:>3} %", (left * 100.0).floor() as i64), style));
    pieces
}

fn hurt(header: &Header, detail: &Detail, theme: &Theme) -> Pieces {
    let hurt = &header.hurt;
    let since = header.hurt_since.map(|since| (Time::ZERO + header.elapsed).since(since));
    let hurts = since.is_some() && header.phase != Phase::Resolved;
    if hurt.count == 0 && !hurts {
        return vec![("● no customer hurt".to_owned(), theme.good)];
    }
    let style = if hurt.count == 0 {
        theme.good
    } else if hurts || hurt.per_minute > 0 {
        theme.failing
    } else {
        theme.strained
    };
    let mut pieces = vec![(format!("{} {}", grouped(hurt.count), hurt.word), style)];
    if hurt.per_minute == 0 {
        pieces.push((" steady".to_owned(), theme.dim));
    } else {
        let change = grouped(hurt.per_minute.unsigned_abs());
        let unit = if detail.unit { "/min" } else { "" };
        let style = if hurt.per_minute > 0 { theme.failing } else { theme.good };
        pieces.push((format!(" {} {change}{unit}", trend_glyph(hurt.per_minute)), style));
    }
    if let Some(since) = since.filter(|_| hurts) {
        match detail.since {
            Since::Exact => pieces.push((format!("  for {}", ago(since)), theme.text)),
            Since::Rough => pieces.push((format!(" for {}", rough(since)), theme.text)),
            Since::Nothing => {}
        }
    }
    pieces
}

fn rough(span: Span) -> String {
    match span.seconds() {
        s @ ..60 => format!("{} s", s.max(0)),
        s @ 60..6000 => format!("{} min", s / 60),
        s => format!("{} h", s / 3600),
    }
}
