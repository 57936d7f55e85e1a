//! The living system: parts as boxes or, where there is no room, as a list; work that moves along the edges between them.

use super::map_layout::{
    Detail, Placed, Widest, bar_columns, bar_line, beside_and_below, inner_columns, is_narrow, line_rows, place,
    text_columns,
};
use super::map_list;
pub use super::map_parts::{MapState, Motion, states};
use super::map_parts::{badges, draw_bar, draw_cells, line_style, rate_text};
use crate::incident::view::{Edge, Health, Map, Part};
use crate::tui::hit::{Hits, Target};
use crate::tui::pen::{dot, outline, put, put_pieces, put_right, width};
use crate::tui::theme::{Theme, health_glyph};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Draws the map into an area that has its border already.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    map: &Map,
    state: &mut MapState,
    motion: Motion,
    hits: &mut Hits,
    theme: &Theme,
) {
    if area.is_empty() {
        return;
    }
    if map.parts.is_empty() {
        put(frame.buffer_mut(), area.x + 1, area.y, area.width, "nothing is known of this system", theme.dim);
        return;
    }
    // In a terminal of another size all is laid out anew: what was too much before may fit now.
    if state.size != (area.width, area.height) {
        state.size = (area.width, area.height);
        state.widest = Widest::default();
    }
    match place(map, area, &mut state.widest) {
        Some(placed) => draw_boxes(frame.buffer_mut(), map, &placed, state, motion, hits, theme),
        None => map_list::draw(frame.buffer_mut(), area, map, state, motion, hits, theme),
    }
}

/// The part next to the selected one in a direction: (columns, rows), one of them zero.
#[must_use]
pub fn neighbour(map: &Map, selected: Option<&str>, right: i32, down: i32) -> Option<String> {
    let Some(current) = selected.and_then(|name| map.parts.iter().find(|part| part.name == name)) else {
        return map.parts.first().map(|part| part.name.clone());
    };
    let place = |part: &Part| (part.column as i32, part.row as i32);
    let (column, row) = place(current);
    map.parts
        .iter()
        .filter(|part| part.name != current.name)
        .filter(|part| {
            let (c, r) = place(part);
            if down == 0 { (c - column).signum() == right } else { c == column && (r - row).signum() == down }
        })
        .min_by_key(|part| {
            let (c, r) = place(part);
            ((c - column).abs(), (r - row).abs())
        })
        .or_else(|| {
            // At the end of a column, up and down go on in the next one, so that they reach everything.
            (down != 0)
                .then(|| {
                    let mut order: Vec<&Part> = map.parts.iter().collect();
                    order.sort_by_key(|part| place(part));
                    let at = order.iter().position(|part| part.name == current.name)? as i32;
                    order.get(usize::try_from(at + down).ok()?).copied()
                })
                .flatten()
        })
        .map(|part| part.name.clone())
}

fn draw_boxes(
    buffer: &mut Buffer,
    map: &Map,
    placed: &Placed,
    state: &MapState,
    motion: Motion,
    hits: &mut Hits,
    theme: &Theme,
) {
    // What is switched off lies below what flows, and what fails on top.
    let mut edges = together(&map.edges);
    edges.sort_by_key(|(_, edge)| (edge.health != Health::Idle, edge.health));
    for (index, edge) in &edges {
        draw_edge(buffer, map, placed, edge, *index, motion, theme);
    }
    for (index, part) in map.parts.iter().enumerate() {
        let area = placed.boxes[index];
        hits.add(area, Target::Part(index));
        let selected = motion.focused && state.selected.as_deref() == Some(part.name.as_str());
        draw_box(buffer, area, part, placed.detail, selected, theme);
    }
}

/// The edges with their numbers, those between the same places as one: what moves along them adds up, and the worst of
/// them decides how it looks. One along which nothing moves is left out where another runs.
fn together(edges: &[Edge]) -> Vec<(usize, Edge)> {
    let mut all: Vec<(usize, Edge)> = vec![];
    for (index, edge) in edges.iter().enumerate() {
        let is_idle = |edge: &Edge| edge.health == Health::Idle;
        let same = all.iter_mut().map(|(_, known)| known).find(|known| {
            (known.from, known.to) == (edge.from, edge.to)
                && (is_idle(edge) && is_idle(known) || (known.from_bar, known.to_bar) == (edge.from_bar, edge.to_bar))
        });
        match same {
            Some(known) => {
                known.rate += edge.rate;
                known.health = match (known.health, edge.health) {
                    (Health::Idle, other) | (other, Health::Idle) => other,
                    (one, other) => one.max(other),
                };
            }
            None => all.push((index, edge.clone())),
        }
    }
    all
}

fn draw_box(buffer: &mut Buffer, area: Rect, part: &Part, detail: Detail, selected: bool, theme: &Theme) {
    crate::tui::pen::blank(buffer, area, Style::new());
    let state = theme.health(part.health);
    let border = match part.health {
        _ if selected => theme.own,
        Health::Failing | Health::Strained => state,
        Health::Good | Health::Idle => theme.border,
    };
    outline(buffer, area, border);
    let right = area.right() - 1;
    let mut x = area.x + 1;
    let name_style = if selected { theme.selected } else { theme.heading };
    x += put_pieces(buffer, x, area.y, right - x, &[(" ", border), (health_glyph(part.health), state), (" ", border)]);
    x += put(buffer, x, area.y, right.saturating_sub(x + 1), &part.name, name_style);
    x += put(buffer, x, area.y, right.saturating_sub(x), " ", border);
    let version = if part.version.is_empty() { String::new() } else { format!(" {} ", part.version) };
    if !version.is_empty() && x + 1 + width(&version) <= right {
        put_right(buffer, right, area.y, right - x, &version, theme.dim);
    }
    if !part.badges.is_empty() {
        let badges = format!(" {} ", badges(part));
        put(buffer, area.x + 1, area.bottom() - 1, area.width.saturating_sub(2), &badges, theme.failing);
    }
    let inner = Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: inner_columns(area.width, detail),
        height: area.height.saturating_sub(2),
    };
    draw_inside(buffer, inner, part, detail, theme);
}

fn draw_inside(buffer: &mut Buffer, inner: Rect, part: &Part, detail: Detail, theme: &Theme) {
    let mut y = inner.y;
    let amounts = text_columns(&part.bars);
    for one in &part.bars {
        if y >= inner.bottom() {
            return;
        }
        if detail == Detail::Wide {
            let label = inner.width.saturating_sub(amounts + bar_columns(detail) + 4);
            put(buffer, inner.x, y, label, &one.label, theme.text);
            draw_bar(
                buffer,
                Rect { x: inner.x + label, y, width: inner.width - label, height: 1 },
                one,
                amounts,
                detail,
                theme,
            );
            y += 1;
        } else {
            put(buffer, inner.x, y, inner.width, &one.label, theme.text);
            draw_bar(buffer, Rect { y: y + 1, height: 1, ..inner }, one, amounts, detail, theme);
            y += 2;
        }
    }
    let (beside, below) = beside_and_below(part, inner.width);
    let rows = draw_cells(buffer, Rect { y, height: inner.bottom().saturating_sub(y), ..inner }, part, theme);
    if !beside.is_empty() {
        let start = inner.x + part.cells.len() as u16 + 2;
        put(buffer, start, y, inner.right().saturating_sub(start), beside, line_style(part, theme));
    }
    y += rows;
    if !below.is_empty() && y < inner.bottom() {
        let style = line_style(part, theme);
        let rows = inner.bottom().saturating_sub(y);
        let lines = if is_narrow(detail) && rows > 1 { line_rows(below, inner.width) } else { vec![below.to_owned()] };
        for line in lines.iter().take(rows as usize) {
            put(buffer, inner.x, y, inner.width, line, style);
            y += 1;
        }
    } else if part.line.is_empty() && part.bars.is_empty() && part.cells.is_empty() && y < inner.bottom() {
        put(buffer, inner.x, y, inner.width, &part.kind, theme.dim);
    }
}

/// Where an edge leaves and arrives: rows on the boxes' sides that lie on one line wherever that is possible.
fn anchors(map: &Map, placed: &Placed, edge: &Edge) -> Option<(Rect, Rect, u16, u16)> {
    let (from, to) = (placed.boxes.get(edge.from)?, placed.boxes.get(edge.to)?);
    let row = |part: usize, area: &Rect, at: Option<usize>| {
        at.filter(|bar| *bar < map.parts[part].bars.len())
            .map(|bar| (area.y + bar_line(placed.detail, bar)).min(area.bottom().saturating_sub(2)))
    };
    let inside = |area: &Rect, y: u16| y.clamp(area.y + 1, area.bottom().saturating_sub(2).max(area.y + 1));
    let middle = |area: &Rect| area.y + area.height / 2;
    let (y1, y2) = match (row(edge.from, from, edge.from_bar), row(edge.to, to, edge.to_bar)) {
        (Some(y1), Some(y2)) => (y1, y2),
        (Some(y1), None) => (y1, inside(to, y1)),
        (None, Some(y2)) => (inside(from, y2), y2),
        (None, None) => {
            let y1 = inside(from, middle(to));
            (y1, inside(to, y1))
        }
    };
    Some((*from, *to, y1, y2))
}

fn draw_edge(
    buffer: &mut Buffer,
    map: &Map,
    placed: &Placed,
    edge: &Edge,
    index: usize,
    motion: Motion,
    theme: &Theme,
) {
    let Some((from, to, y1, y2)) = anchors(map, placed, edge) else { return };
    let style = match edge.health {
        Health::Good => theme.dim,
        other => theme.health(other),
    };
    let path = if from.right() <= to.x {
        let lane = from.right() + 1 + (index as u16 * 2) % (to.x - from.right()).saturating_sub(3).max(1);
        route((from.right(), y1), (to.x - 1, y2), lane)
    } else if to.right() <= from.x {
        let lane = to.right() + 1 + (index as u16 * 2) % (from.x - to.right()).saturating_sub(3).max(1);
        let mut path = route((to.right(), y2), (from.x - 1, y1), lane);
        path.reverse();
        path
    } else {
        // Within a column: straight down or up between the boxes.
        let x = from.x + from.width / 2 + (index as u16 % 3);
        if from.bottom() <= to.y {
            (from.bottom()..to.y).map(|y| (x, y)).collect()
        } else {
            (to.bottom()..from.y).rev().map(|y| (x, y)).collect()
        }
    };
    draw_path(buffer, &path, edge, style, motion);
    label_path(buffer, &path, edge, style);
}

/// Across, down or up in the lane, across.
fn route(start: (u16, u16), end: (u16, u16), lane: u16) -> Vec<(u16, u16)> {
    let lane = lane.clamp(start.0, end.0);
    let mut path: Vec<(u16, u16)> = (start.0..=lane).map(|x| (x, start.1)).collect();
    if start.1 < end.1 {
        path.extend((start.1 + 1..=end.1).map(|y| (lane, y)));
    } else {
        path.extend((end.1..start.1).rev().map(|y| (lane, y)));
    }
    path.extend((lane + 1..=end.0).map(|x| (x, end.1)));
    path
}

/// The line itself, an arrow at its end, and a dot for every so many things that move along it.
fn draw_path(buffer: &mut Buffer, path: &[(u16, u16)], edge: &Edge, style: Style, motion: Motion) {
    let flows = edge.rate > 0.0;
    let (across, down) = match (edge.health, flows) {
        (Health::Failing, _) => ("╌", "╎"),
        (Health::Strained, true) => ("╍", "╏"),
        (_, true) => ("━", "┃"),
        (_, false) => ("┄", "┆"),
    };
    let spacing = spacing(edge.rate);
    for (i, (x, y)) in path.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|j| path.get(j));
        let after = path.get(i + 1);
        let turns = before.zip(after).is_some_and(|(b, a)| b.0 != a.0 && b.1 != a.1);
        let vertical = before.or(after).is_some_and(|other| other.0 == *x);
        let symbol = if turns {
            corner(before, (*x, *y), after, flows && edge.health != Health::Failing)
        } else if flows && (i as u64 + spacing * 64 - motion.phase % (spacing * 64)).is_multiple_of(spacing) {
            "•"
        } else if vertical {
            down
        } else {
            across
        };
        dot(buffer, *x, *y, symbol, style);
    }
    if let Some(((x, y), before)) = path.last().zip(path.len().checked_sub(2).map(|i| path[i])) {
        let symbol = match (i32::from(*x) - i32::from(before.0), i32::from(*y) - i32::from(before.1)) {
            (1.., _) => "▶",
            (..=-1, _) => "◀",
            (_, 1..) => "▼",
            _ => "▲",
        };
        dot(buffer, *x, *y, symbol, style);
    }
}

fn corner(before: Option<&(u16, u16)>, at: (u16, u16), after: Option<&(u16, u16)>, heavy: bool) -> &'static str {
    let touches = |dx: i32, dy: i32| {
        [before, after]
            .into_iter()
            .flatten()
            .any(|(x, y)| (i32::from(*x) - i32::from(at.0), i32::from(*y) - i32::from(at.1)) == (dx, dy))
    };
    match (touches(-1, 0), touches(1, 0), touches(0, -1), heavy) {
        (true, _, true, false) => "╯",
        (true, _, false, false) => "╮",
        (_, true, true, false) => "╰",
        (_, _, _, false) => "╭",
        (true, _, true, true) => "┛",
        (true, _, false, true) => "┓",
        (_, true, true, true) => "┗",
        (_, _, _, true) => "┏",
    }
}

/// The more moves, the closer the dots.
fn spacing(rate: f64) -> u64 {
    match rate {
        r if r >= 1000.0 => 3,
        r if r >= 100.0 => 4,
        r if r >= 10.0 => 6,
        r if r >= 1.0 => 9,
        _ => 14,
    }
}

/// The rate, on the longest straight stretch, where there is room for it.
fn label_path(buffer: &mut Buffer, path: &[(u16, u16)], edge: &Edge, style: Style) {
    let text = rate_text(edge.rate);
    let needed = width(&text) + 3;
    let mut best: Option<(u16, u16, u16)> = None;
    let mut start = 0;
    while start < path.len() {
        let mut end = start;
        while end + 1 < path.len() && path[end + 1].1 == path[start].1 {
            end += 1;
        }
        let (left, right) = (path[start].0.min(path[end].0), path[start].0.max(path[end].0));
        let long = right - left + 1;
        if best.is_none_or(|(_, _, longest)| long > longest) {
            best = Some((left, path[start].1, long));
        }
        start = end + 1;
    }
    if let Some((x, y, long)) = best.filter(|(_, _, long)| *long >= needed && edge.rate > 0.0) {
        put(buffer, x + (long - width(&text)) / 2, y, width(&text), &text, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Map {
        let part = |name: &str, column, row| Part { name: name.to_owned(), column, row, ..Part::default() };
        Map { parts: vec![part("a", 0, 0), part("b", 1, 0), part("c", 1, 1)], edges: vec![] }
    }

    #[test]
    fn arrows_reach_every_part() {
        let map = three();
        let mut at = neighbour(&map, None, 0, 1);
        let mut seen = vec![at.clone().unwrap()];
        while let Some(next) = neighbour(&map, at.as_deref(), 0, 1) {
            seen.push(next.clone());
            at = Some(next);
        }
        assert_eq!(seen, ["a", "b", "c"]);
        assert_eq!(neighbour(&map, Some("c"), -1, 0).as_deref(), Some("a"));
    }

    #[test]
    fn two_kinds_of_work_between_two_parts_are_one_edge() {
        let edge = |rate, health| Edge { from: 0, to: 1, from_bar: None, to_bar: None, rate, health };
        let all = together(&[edge(20.0, Health::Good), edge(0.0, Health::Idle), edge(9.0, Health::Failing)]);
        assert_eq!(all, [(0, edge(29.0, Health::Failing))]);
    }

    #[test]
    fn a_path_goes_from_box_to_box_without_a_hole() {
        let path = route((10, 3), (20, 8), 14);
        assert_eq!((path[0], *path.last().unwrap()), ((10, 3), (20, 8)));
        for pair in path.windows(2) {
            let step = i32::from(pair[0].0).abs_diff(i32::from(pair[1].0))
                + i32::from(pair[0].1).abs_diff(i32::from(pair[1].1));
            assert_eq!(step, 1);
        }
    }
}
