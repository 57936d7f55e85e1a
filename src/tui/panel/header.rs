//! The first line: what it is, when, how fast, and at the right end what hurts, since when, and whether it gets worse.

use crate::incident::view::{Header, Phase};
use crate::sim::quantity::Time;
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Intent;
use crate::tui::local_time::{ago, rough};
use crate::tui::pen::{bar, fit, grouped, put_pieces, width};
use crate::tui::theme::{Theme, trend_glyph};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

type Pieces = Vec<(String, Style)>;

/// How much of everything is told, from the widest screen to the narrowest. The clock, the phase and what hurts are told
/// on all of them; the title goes first, as it tells nothing about that, then the budget.
#[derive(Clone, Copy, Debug)]
struct Detail {
    /// The program's name.
    name: bool,
    title: bool,
    /// The day and the zone beside the time.
    day: bool,
    speed: bool,
    /// The cells of the budget's bar; none leaves the number alone.
    budget: Option<u16>,
    since: Since,
    unit: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    Exact,
    Rough,
    Nothing,
}

const WIDEST: Detail =
    Detail { name: true, title: true, day: true, speed: true, budget: Some(16), since: Since::Exact, unit: true };
const NO_BUDGET: Detail = Detail { name: false, day: false, budget: None, since: Since::Rough, unit: false, ..WIDEST };
const DETAILS: [Detail; 11] = [
    WIDEST,
    Detail { budget: Some(10), ..WIDEST },
    Detail { budget: Some(7), since: Since::Rough, ..WIDEST },
    Detail { budget: Some(7), since: Since::Rough, day: false, name: false, ..WIDEST },
    Detail { budget: Some(4), ..NO_BUDGET },
    Detail { budget: Some(0), ..NO_BUDGET },
    Detail { budget: Some(4), title: false, ..NO_BUDGET },
    Detail { budget: Some(0), title: false, ..NO_BUDGET },
    Detail { title: false, ..NO_BUDGET },
    Detail { title: false, since: Since::Nothing, ..NO_BUDGET },
    Detail { title: false, since: Since::Nothing, speed: false, ..NO_BUDGET },
];

/// Draws the line with as much as fits; the clock, the phase and what hurts stay. Speed and pause can be clicked.
pub fn draw(frame: &mut Frame, area: Rect, header: &Header, may_pause: bool, hits: &mut Hits, theme: &Theme) {
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
    let [name, clock, budget, hurt] = fitting.unwrap_or_else(|| parts(&DETAILS[10]));
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
    write(buffer, start, area.y, end.saturating_sub(start), &clock);
    if let [(time, _), (state, _), (speed, _), ..] = clock.as_slice() {
        let x = start + width(time);
        let pause = Rect { x, width: width(state), height: 1, ..area };
        if may_pause {
            hits.add(pause, Target::Key(Intent::Pause));
        }
        hits.add(Rect { x: pause.right(), width: width(speed), ..pause }, Target::Speed);
    }
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
    if detail.name {
        pieces.push(("sev1 ".to_owned(), theme.dim));
    }
    if detail.title {
        pieces.push((fit(&header.title, 32), theme.text));
        pieces.push((" · ".to_owned(), theme.dim));
    }
    // What hurts people isn't quiet because nothing has rung.
    let unnoticed = header.phase == Phase::Quiet && header.hurt.count > 0;
    let (word, style) =
        if unnoticed { ("no page yet", theme.strained) } else { (header.phase.word(), theme.phase(header.phase)) };
    pieces.push((word.to_owned(), style));
    pieces
}

/// The time, whether the clock runs, and how fast.
fn clock(header: &Header, detail: &Detail, theme: &Theme) -> Pieces {
    let time = if detail.day {
        header.clock.as_str()
    } else {
        header.clock.split_whitespace().find(|word| word.contains(':')).unwrap_or(&header.clock)
    };
    let mut pieces = vec![(time.to_owned(), theme.text)];
    if header.phase.is_over() || !detail.speed {
        return pieces;
    }
    let (state, style) = if header.paused { (" ‖ paused ", theme.own) } else { (" ▶ ", theme.text) };
    pieces.push((state.to_owned(), style));
    pieces.push((format!("{}×", header.speed), if header.paused { theme.dim } else { theme.text }));
    if header.slowed && !header.paused && detail.day {
        pieces.push((" slowed".to_owned(), theme.dim));
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
    let (now, since_word) =
        (format!("{} {}", grouped(hurt.count), hurt.word), if hurt.count == 0 { "began" } else { "for" });
    let mut pieces = vec![(if hurt.count == 0 { format!("● {now}") } else { now }, style)];
    if hurt.count > 0 {
        // A change by less than a fiftieth is none.
        let change = if hurt.per_minute.unsigned_abs() * 50 < hurt.count { 0 } else { hurt.per_minute };
        let (word, style) = match change {
            0 => ("steady", theme.dim),
            1.. => ("rising", theme.failing),
            _ => ("falling", theme.good),
        };
        let glyph = trend_glyph(change);
        let shown = if detail.unit { format!(" {glyph} {word:<7}") } else { format!(" {glyph}") };
        pieces.push((shown, style));
    }
    if let Some(since) = since.filter(|_| hurts) {
        let span = match detail.since {
            Since::Exact => ago(since),
            Since::Rough => rough(since),
            Since::Nothing => return pieces,
        };
        let after = if hurt.count == 0 { " ago" } else { "" };
        pieces.push((format!(" {since_word} {span}{after}"), theme.text));
    }
    pieces
}
