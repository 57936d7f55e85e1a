//! The map as a list, where there is no room for boxes: a part a line, its bars and instances below it.

use super::map_layout::{Detail, FEW, cells_in, text_columns};
use super::map_parts::{MapState, Motion, badges, draw_bar, rate_text, states};
use crate::incident::view::{Bar, Health, Map};
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::Pane;
use crate::tui::pen::{dot, put, put_pieces, put_right, width};
use crate::tui::theme::{Theme, health_glyph};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The columns that the list takes at most.
const WIDEST: u16 = 112;

/// One row of the list form: what it shows, and which part it belongs to.
struct Row<'a> {
    part: usize,
    kind: RowKind<'a>,
}

enum RowKind<'a> {
    Head,
    Bar(&'a Bar, usize),
    Cells(usize, usize),
    /// What its instances are doing.
    States(String),
}

/// Draws the list; what hurts is in sight unless something else is selected.
pub fn draw(
    buffer: &mut Buffer,
    area: Rect,
    map: &Map,
    state: &mut MapState,
    motion: Motion,
    hits: &mut Hits,
    theme: &Theme,
) {
    // On a wide screen the eye shouldn't have to go far from a name to its rate.
    let area = Rect { width: area.width.min(WIDEST), ..area };
    let name_columns = map.parts.iter().map(|part| width(&part.name)).max().unwrap_or(0).min(area.width / 3);
    let labels = map.parts.iter().flat_map(|part| &part.bars).map(|bar| width(&bar.label)).max().unwrap_or(0);
    let in_row = cells_in(area.width.saturating_sub(name_columns + 5)) as usize;
    let amounts = map.parts.iter().map(|part| text_columns(&part.bars)).max().unwrap_or(0);
    let mut order: Vec<usize> = (0..map.parts.len()).collect();
    order.sort_by_key(|i| (map.parts[*i].column, map.parts[*i].row));
    let selected = motion.focused.then_some(state.selected.as_deref()).flatten();
    let mut rows = fitting(list_rows(map, &order, in_row), map, selected, area.height as usize);
    // The customers stay in sight at the top, however far the list is scrolled.
    let is_long = rows.len() > area.height as usize && area.height > 3;
    let top: Vec<Row<'_>> = if is_long { vec![rows.remove(0)] } else { vec![] };
    let whole = area;
    let area = Rect { height: area.height - top.len() as u16, ..area };
    // The selected part is kept in sight; while the map is only looked at, the one that is worst off.
    let chosen = if motion.focused { state.selected.as_deref() } else { worst(map) };
    let wanted = rows.iter().position(|row| Some(map.parts[row.part].name.as_str()) == chosen);
    let most = (rows.len() as u16).saturating_sub(area.height);
    if let Some(at) = wanted.map(|at| at as u16) {
        let last = rows.iter().rposition(|row| Some(row.part) == rows.get(at as usize).map(|r| r.part)).unwrap_or(0);
        state.scroll = state.scroll.max((last as u16 + 1).saturating_sub(area.height)).min(at);
    }
    state.scroll = state.scroll.min(most);
    let in_sight = top.iter().chain(rows.iter().skip(state.scroll as usize).take(area.height as usize));
    for (line, row) in in_sight.enumerate() {
        let line_area = Rect { y: area.y + line as u16, height: 1, ..area };
        hits.add(line_area, Target::Part(row.part));
        let name = &map.parts[row.part].name;
        let selected = motion.focused && state.selected.as_ref() == Some(name);
        draw_row(buffer, line_area, map, row, (name_columns, labels, amounts), selected, theme);
    }
    if most > state.scroll {
        let hidden = format!(" {} more ▼ ", most - state.scroll);
        let (right, y) = (whole.right().saturating_sub(1), whole.bottom());
        let x = put_right(buffer, right, y, 14, &hidden, theme.dim);
        hits.add(Rect { x, y, width: right - x, height: 1 }, Target::More(Pane::Map));
    }
}

/// A row; `columns` are those of the names, of the bars' labels and of their amounts.
fn draw_row(
    buffer: &mut Buffer,
    area: Rect,
    map: &Map,
    row: &Row<'_>,
    columns: (u16, u16, u16),
    selected: bool,
    theme: &Theme,
) {
    let (names, labels, amounts) = columns;
    let part = &map.parts[row.part];
    let x = area.x + 1 + names + 3;
    let room = area.right().saturating_sub(x);
    match &row.kind {
        RowKind::Head => draw_head_row(buffer, area, map, row.part, names, selected, theme),
        RowKind::Bar(one, index) => {
            let is_fed = map.edges.iter().any(|e| e.to == row.part && e.to_bar == Some(*index) && e.rate > 0.0);
            let label = labels.min(room.saturating_sub(amounts + 9)).max(10.min(room));
            put(buffer, x - 3, area.y, 3, if is_fed { "━▶ " } else { "   " }, theme.dim);
            put(buffer, x, area.y, label, &one.label, theme.text);
            let rest = Rect { x: x + label + 1, width: room.saturating_sub(label + 1), ..area };
            draw_bar(buffer, rest, one, amounts, Detail::Wide, theme);
        }
        RowKind::States(text) => _ = put(buffer, x, area.y, room, text, theme.health(part.health)),
        RowKind::Cells(from, to) => {
            for (index, cell) in part.cells[*from..*to].iter().enumerate() {
                let column = x + index as u16 + index as u16 / 10;
                dot(buffer, column, area.y, health_glyph(cell.health), theme.health(cell.health));
            }
        }
    }
}

fn list_rows<'a>(map: &'a Map, order: &[usize], in_row: usize) -> Vec<Row<'a>> {
    let mut rows = vec![];
    for index in order {
        let part = &map.parts[*index];
        rows.push(Row { part: *index, kind: RowKind::Head });
        for (at, one) in part.bars.iter().enumerate() {
            rows.push(Row { part: *index, kind: RowKind::Bar(one, at) });
        }
        // A few instances stand beside the line that sums them up.
        let mut from = if part.cells.len() < FEW { part.cells.len() } else { 0 };
        while from < part.cells.len() {
            let to = (from + in_row).min(part.cells.len());
            rows.push(Row { part: *index, kind: RowKind::Cells(from, to) });
            from = to;
        }
    }
    rows
}

/// The rows as the room allows: where it is short, bars in which nothing is wrong are left out, but those of the selected
/// part; where some is left, parts that are not well say what their instances are doing.
fn fitting<'a>(mut rows: Vec<Row<'a>>, map: &Map, selected: Option<&str>, room: usize) -> Vec<Row<'a>> {
    if rows.len() > room {
        rows.retain(|row| match row.kind {
            RowKind::Bar(bar, _) => bar.health != Health::Good || selected == Some(map.parts[row.part].name.as_str()),
            _ => true,
        });
    }
    let mut wrong: Vec<usize> = (0..map.parts.len()).collect();
    wrong.retain(|part| matches!(map.parts[*part].health, Health::Failing | Health::Strained));
    wrong.sort_by_key(|part| map.parts[*part].health != Health::Failing);
    for part in wrong {
        let text = states(&map.parts[part]);
        let last = rows.iter().rposition(|row| row.part == part);
        // A few instances, or a single state, say no more than the lines above.
        let says_more = map.parts[part].cells.len() >= FEW && text.contains("  ");
        if let Some(last) = last.filter(|_| rows.len() < room && says_more) {
            rows.insert(last + 1, Row { part, kind: RowKind::States(text) });
        }
    }
    rows
}

/// Name, state, the line that sums it up, and what leaves here.
fn draw_head_row(
    buffer: &mut Buffer,
    area: Rect,
    map: &Map,
    index: usize,
    name_columns: u16,
    selected: bool,
    theme: &Theme,
) {
    let part = &map.parts[index];
    let state = theme.health(part.health);
    let mut x = area.x;
    x += put_pieces(buffer, x, area.y, 2, &[(health_glyph(part.health), state), (" ", state)]);
    let name_style = if selected { theme.selected } else { theme.heading };
    put(buffer, x, area.y, name_columns, &part.name, name_style);
    x += name_columns + 2;
    let room = area.right().saturating_sub(x);
    let summary = if part.line.is_empty() { part.kind.as_str() } else { part.line.as_str() };
    let style = if part.health == Health::Good { theme.text } else { state };
    let few = if part.cells.len() < FEW { part.cells.as_slice() } else { &[] };
    let mut pieces: Vec<(String, Style)> =
        few.iter().map(|cell| (health_glyph(cell.health).to_owned(), theme.health(cell.health))).collect();
    if !few.is_empty() {
        pieces.push(("  ".to_owned(), theme.text));
    }
    pieces.push((summary.to_owned(), style));
    let version = pieces.len();
    if !part.version.is_empty() {
        pieces.push((format!("   {}", part.version), theme.dim));
    }
    if !part.badges.is_empty() {
        pieces.push((format!("   {}", badges(part)), theme.failing));
    }
    let leaving = || map.edges.iter().filter(|edge| edge.from == index);
    let flows: f64 = leaving().map(|edge| edge.rate).sum();
    let fails = leaving().any(|edge| edge.health == Health::Failing);
    let (sign, style) = if fails { ("╌▶", theme.failing) } else { ("━▶", theme.dim) };
    let flow = leaving().next().map_or_else(String::new, |_| format!("   {} {sign}", rate_text(flows)));
    // A rate is whole or isn't there: half a number would be another one.
    let room = room.saturating_sub(width(&flow));
    // What rings is worth more than what runs.
    let wanted: u16 = pieces.iter().map(|(text, _)| width(text)).sum();
    if wanted > room && !part.version.is_empty() && !part.badges.is_empty() {
        pieces.remove(version);
    }
    let borrowed: Vec<(&str, Style)> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    put_pieces(buffer, x, area.y, room, &borrowed);
    // Rates stand under each other, so that the eye runs down them.
    put_right(buffer, area.right(), area.y, width(&flow), &flow, style);
}

/// The part that is worst off; none where all is well.
fn worst(map: &Map) -> Option<&str> {
    [Health::Failing, Health::Strained]
        .into_iter()
        .find_map(|health| map.parts.iter().find(|part| part.health == health && !part.cells.is_empty()))
        .or_else(|| map.parts.iter().find(|part| part.health == Health::Failing))
        .map(|part| part.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::view::{Cell, Part};

    #[test]
    fn where_room_is_short_what_is_well_gives_way_and_what_is_not_says_more() {
        let bar = |health| Bar { health, ..Bar::default() };
        let cell = |state: &str| Cell { state: state.to_owned(), ..Cell::default() };
        let well = Part { name: "well".to_owned(), bars: vec![bar(Health::Good); 3], ..Part::default() };
        let ill = Part {
            name: "ill".to_owned(),
            health: Health::Failing,
            bars: vec![bar(Health::Failing)],
            cells: [vec![cell("Running"); FEW], vec![cell("Error")]].concat(),
            ..Part::default()
        };
        let map = Map { parts: vec![well, ill], edges: vec![] };
        let count = |room, selected| fitting(list_rows(&map, &[0, 1], 40), &map, selected, room).len();
        assert_eq!(count(7, None), 7, "everything fits");
        assert_eq!(count(8, None), 8, "and there is room for what the instances are doing");
        assert_eq!(count(6, None), 5, "the bars of what is well give way, and leave room for that");
        assert_eq!(count(6, Some("well")), 7, "those of what is selected stay, and can be scrolled to");
    }
}
