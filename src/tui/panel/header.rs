//! The first line: what it is, when, how fast, and at the right end what hurts.

use crate::incident::view::{Header, Phase};
use crate::sim::quantity::Time;
use crate::tui::local_time::ago;
use crate::tui::pen::{bar, grouped, put, put_pieces, put_right, width};
use crate::tui::theme::{Theme, trend_glyph};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Draws the line. What doesn't fit is left out from the middle; what hurts stays.
pub fn draw(frame: &mut Frame, area: Rect, header: &Header, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let buffer = frame.buffer_mut();
    let right = area.right().saturating_sub(1);
    let hurt = hurt_pieces(header, theme, area.width);
    let hurt_width: u16 = hurt.iter().map(|(text, _)| width(text)).sum();
    let hurt_start = right.saturating_sub(hurt_width).max(area.x);
    let pieces: Vec<(&str, Style)> = hurt.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    put_pieces(buffer, hurt_start, area.y, right.saturating_sub(hurt_start), &pieces);

    let budget = budget_pieces(header, theme, area.width);
    let budget_width: u16 = budget.iter().map(|(text, _)| width(text)).sum();
    let mut limit = hurt_start.saturating_sub(2);
    if area.width >= 60 && budget_width + 20 < limit.saturating_sub(area.x) {
        let start = limit - budget_width;
        let pieces: Vec<(&str, Style)> = budget.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        put_pieces(buffer, start, area.y, budget_width, &pieces);
        limit = start.saturating_sub(2);
    }

    let clock = clock_pieces(header, theme, area.width);
    let clock_width: u16 = clock.iter().map(|(text, _)| width(text)).sum();
    let room = limit.saturating_sub(area.x + 1);
    let with_title = clock_width + 12 <= room;
    let mut x = area.x + 1;
    if with_title {
        x += put(buffer, x, area.y, room, "SEV1", theme.heading) + 1;
        let phase = header.phase.word();
        let title_room = room.saturating_sub(clock_width + width(phase) + 10);
        if area.width >= 100 {
            x += put(buffer, x, area.y, title_room.max(6), &header.title, theme.text) + 1;
            x += put(buffer, x, area.y, 2, "· ", theme.dim);
        }
        x += put(buffer, x, area.y, limit.saturating_sub(x), phase, theme.phase(header.phase)) + 2;
    }
    let space = limit.saturating_sub(x);
    if clock_width <= space {
        // On a wide screen the clock stands in the middle, where it doesn't move when words change.
        let centre = area.x + (area.width - clock_width) / 2;
        let start = if area.width >= 100 { centre.clamp(x, limit - clock_width) } else { x };
        let pieces: Vec<(&str, Style)> = clock.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        put_pieces(buffer, start, area.y, space, &pieces);
    } else {
        put_right(buffer, limit, area.y, space, &clock[0].0, theme.text);
    }
}

fn clock_pieces(header: &Header, theme: &Theme, columns: u16) -> Vec<(String, Style)> {
    let clock = if columns >= 100 {
        header.clock.clone()
    } else {
        header.clock.split_whitespace().find(|word| word.contains(':')).unwrap_or(&header.clock).to_owned()
    };
    let mut pieces = vec![(clock, theme.text), ("  ".to_owned(), theme.text)];
    if header.phase.is_over() {
        return pieces;
    }
    if header.paused {
        pieces.push(("‖ paused".to_owned(), theme.own));
    } else {
        pieces.push((format!("▶ {}×", header.speed), theme.text));
        if header.slowed {
            pieces.push((" slowed".to_owned(), theme.dim));
        }
    }
    pieces
}

fn budget_pieces(header: &Header, theme: &Theme, columns: u16) -> Vec<(String, Style)> {
    let cells = if columns >= 160 {
        16
    } else if columns >= 100 {
        10
    } else {
        7
    };
    let left = header.budget_left.clamp(0.0, 1.0);
    let style = if left < 0.25 {
        theme.failing
    } else if left < 0.6 {
        theme.strained
    } else {
        theme.good
    };
    let filled = bar(left, cells);
    let rest = " ".repeat((cells - width(&filled)) as usize);
    vec![
        ("budget ".to_owned(), theme.dim),
        ("▕".to_owned(), theme.border),
        (filled, style),
        (rest, theme.text),
        ("▏".to_owned(), theme.border),
        (format!("{:>3} %", (left * 100.0).floor() as i64), style),
    ]
}

fn hurt_pieces(header: &Header, theme: &Theme, columns: u16) -> Vec<(String, Style)> {
    let hurt = &header.hurt;
    let since = header.hurt_since.map(|since| (Time::ZERO + header.elapsed).since(since));
    let hurts = since.is_some() && !matches!(header.phase, Phase::Resolved);
    if hurt.count == 0 && !hurts {
        return vec![("● ".to_owned(), theme.good), ("no customer hurt".to_owned(), theme.good)];
    }
    let style = if hurt.count == 0 {
        theme.good
    } else if hurts {
        theme.failing
    } else {
        theme.strained
    };
    let mut pieces = vec![(format!("{} {}", grouped(hurt.count), hurt.word), style)];
    let direction = trend_glyph(hurt.per_minute);
    if hurt.per_minute == 0 {
        pieces.push((" steady".to_owned(), theme.dim));
    } else {
        let change = grouped(hurt.per_minute.unsigned_abs());
        let unit = if columns >= 100 { "/min" } else { "" };
        let style = if hurt.per_minute > 0 { theme.failing } else { theme.good };
        pieces.push((format!(" {direction} {change}{unit}"), style));
    }
    if let (Some(since), true) = (since, columns >= 120) {
        pieces.push((format!("  for {}", ago(since)), theme.dim));
    }
    pieces
}
