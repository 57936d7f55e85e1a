//! Where the map's boxes stand: columns by the flow of work, rows within them. Knows sizes and nothing of colours.
//!
//! Widths only ever grow while an incident runs, so that nothing jumps when a number gets a digit more.

use crate::incident::view::{Bar, Health, Map, Part};
use crate::tui::pen::width;
use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// How much room a box takes, from the roomiest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A bar and its label in one line.
    Wide,
    /// A bar under its label.
    Normal,
    /// As little as makes sense.
    Narrow,
    /// The same, with a single row for the line that sums a part up.
    Tight,
}

/// What has been needed so far, by detail: remembered between frames, so that a row that goes leaves its place free.
#[derive(Clone, Debug, Default)]
pub struct Widest {
    /// The least width of each column.
    columns: BTreeMap<(u8, usize), u16>,
    /// The width at which nothing in a column is cut.
    whole: BTreeMap<(u8, usize), u16>,
    /// The lines of each part in a box that is so wide.
    lines: BTreeMap<(u8, usize, u16), u16>,
}

/// The boxes, as placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// How roomy they are.
    pub detail: Detail,
    /// A rectangle for each part, in the order of the parts.
    pub boxes: Vec<Rect>,
    /// For each column, from where to where its boxes reach.
    pub columns: Vec<(u16, u16)>,
}

/// Places the boxes in the roomiest way that fits, or says that none does.
#[must_use]
pub fn place(map: &Map, area: Rect, widest: &mut Widest) -> Option<Placed> {
    [Detail::Wide, Detail::Normal, Detail::Narrow, Detail::Tight]
        .into_iter()
        .find_map(|detail| place_at(map, area, detail, widest))
}

/// Fewer instances than this have room beside them.
pub const FEW: usize = 10;

/// Whether boxes are as small as they can be.
#[must_use]
pub const fn is_narrow(detail: Detail) -> bool {
    matches!(detail, Detail::Narrow | Detail::Tight)
}

/// The columns of a bar in a box of this detail.
#[must_use]
pub const fn bar_columns(detail: Detail) -> u16 {
    match detail {
        Detail::Wide => 12,
        Detail::Normal => 8,
        Detail::Narrow | Detail::Tight => 5,
    }
}

/// How many cells stand in a row of a box that is so wide inside.
#[must_use]
pub const fn cells_in(inner: u16) -> u16 {
    let columns = inner.saturating_sub(1);
    // Tens are set apart by a blank.
    let tens = (columns + 1) / 11;
    if tens == 0 { if columns == 0 { 1 } else { columns } } else { tens * 10 }
}

/// The lines that a part needs inside its box.
#[must_use]
pub fn lines_of(part: &Part, detail: Detail, inner: u16) -> u16 {
    let bars = part.bars.len() as u16 * if detail == Detail::Wide { 1 } else { 2 };
    let cells = part.cells.len() as u16;
    let cell_rows = if cells == 0 { 0 } else { cells.div_ceil(cells_in(inner)) };
    let line = match (part.line.is_empty(), detail) {
        (true, _) => 0,
        // Room for two rows, needed or not, so that nothing moves when a number grows; elsewhere once they are needed.
        (false, Detail::Narrow) if part.cells.len() > FEW => 2,
        (false, Detail::Narrow) => line_rows(&part.line, inner).len().min(2) as u16,
        (false, _) => 1,
    };
    let line = if line_beside_cells(part, inner) { 0 } else { line };
    (bars + cell_rows + line).max(1)
}

/// Whether a few instances leave room for the line beside them.
#[must_use]
pub fn line_beside_cells(part: &Part, inner: u16) -> bool {
    let cells = part.cells.len() as u16;
    cells > 0 && (cells as usize) < FEW && cells + 2 + width(&part.line) <= inner
}

/// What of its line stands beside a few instances, and what below them: where not all fits, the first piece does.
#[must_use]
pub fn beside_and_below(part: &Part, inner: u16) -> (&str, &str) {
    if line_beside_cells(part, inner) {
        return (&part.line, "");
    }
    let cells = part.cells.len() as u16;
    match part.line.split_once("  ") {
        Some((first, rest)) if cells > 0 && cells < FEW as u16 && cells + 2 + width(first) <= inner => {
            (first, rest.trim_start())
        }
        _ => ("", &part.line),
    }
}

/// The room inside a box that is so wide outside.
#[must_use]
pub const fn inner_columns(outer: u16, detail: Detail) -> u16 {
    outer.saturating_sub(match detail {
        Detail::Wide | Detail::Normal => 4,
        Detail::Narrow | Detail::Tight => 3,
    })
}

/// Where in its box a bar stands, as a line from the top border; used to let edges meet it.
#[must_use]
pub const fn bar_line(detail: Detail, bar: usize) -> u16 {
    match detail {
        Detail::Wide => 1 + bar as u16,
        Detail::Normal | Detail::Narrow | Detail::Tight => 2 + bar as u16 * 2,
    }
}

fn place_at(map: &Map, area: Rect, detail: Detail, widest: &mut Widest) -> Option<Placed> {
    let columns = map.parts.iter().map(|part| part.column + 1).max()?;
    if columns > 64 || area.is_empty() {
        return None;
    }
    let mut widths = vec![0_u16; columns];
    for part in &map.parts {
        widths[part.column] = widths[part.column].max(wanted(part, detail));
    }
    // A column that nobody stands in takes no room.
    let used = widths.iter().filter(|w| **w > 0).count();
    for (column, width) in widths.iter_mut().enumerate() {
        let known = widest.columns.entry((detail as u8, column)).or_default();
        *known = (*known).max(*width);
        *width = *known;
    }
    let boxes_width: u16 = widths.iter().sum();
    let gutters = used.saturating_sub(1) as u16;
    let narrowest = if is_narrow(detail) { 4 } else { 7 };
    if boxes_width + gutters * narrowest > area.width {
        return None;
    }
    let spare = area.width - boxes_width - gutters * narrowest.max(6).min((area.width - boxes_width) / gutters.max(1));
    let boxes_width = boxes_width + widen(map, detail, &mut widths, spare, widest);
    let roomiest = if area.width > 110 { 18 } else { 12 };
    let gutter = (area.width - boxes_width).checked_div(gutters).unwrap_or(0).min(roomiest);
    let free = area.width - boxes_width - gutter * gutters;
    let mut x = area.x + free / 2;
    let mut spans = vec![];
    for width in &widths {
        spans.push((x, x + width));
        if *width > 0 {
            x += width + gutter;
        }
    }
    let boxes = stack(map, area, detail, &spans, widest)?;
    Some(Placed { detail, boxes, columns: spans })
}

/// Gives spare columns to boxes in which something would be cut, and returns how many were given.
fn widen(map: &Map, detail: Detail, widths: &mut [u16], spare: u16, widest: &mut Widest) -> u16 {
    let mut left = spare;
    for (column, width) in widths.iter_mut().enumerate() {
        let parts = map.parts.iter().filter(|part| part.column == column);
        let wanted = parts.map(|part| wanted_up_to(part, detail, 64)).max().unwrap_or(0);
        let known = widest.whole.entry((detail as u8, column)).or_default();
        *known = (*known).max(wanted);
        let more = known.saturating_sub(*width).min(left);
        *width += more;
        left -= more;
    }
    spare - left
}

/// Stacks the boxes of each column, with as much air between them as there is.
fn stack(map: &Map, area: Rect, detail: Detail, spans: &[(u16, u16)], widest: &mut Widest) -> Option<Vec<Rect>> {
    let mut boxes = vec![Rect::default(); map.parts.len()];
    for (column, (left, right)) in spans.iter().enumerate() {
        let mut members: Vec<usize> = (0..map.parts.len()).filter(|i| map.parts[*i].column == column).collect();
        members.sort_by_key(|i| map.parts[*i].row);
        let inner = inner_columns(right - left, detail);
        let heights: Vec<u16> = members
            .iter()
            .map(|i| {
                let known = widest.lines.entry((detail as u8, *i, inner)).or_default();
                // Where it is tight, edges may meet on a line.
                let ends = if detail == Detail::Tight { 1 } else { ends(map, *i) };
                *known = (*known).max(lines_of(&map.parts[*i], detail, inner)).max(ends);
                *known + 2
            })
            .collect();
        let total: u16 = heights.iter().sum();
        let gaps = members.len().saturating_sub(1) as u16;
        if total > area.height {
            return None;
        }
        let gap = (area.height - total).checked_div(gaps).unwrap_or(0).min(1);
        let mut y = area.y + (area.height - total - gap * gaps) / 2;
        for (member, height) in members.iter().zip(heights) {
            boxes[*member] = Rect { x: *left, y, width: right - left, height };
            y += height + gap;
        }
    }
    Some(boxes)
}

/// The outer width that a part would like to have.
fn wanted(part: &Part, detail: Detail) -> u16 {
    let limit = match detail {
        Detail::Wide => 64,
        Detail::Normal => 36,
        Detail::Narrow | Detail::Tight => 24,
    };
    wanted_up_to(part, detail, limit)
}

fn wanted_up_to(part: &Part, detail: Detail, limit: u16) -> u16 {
    let padding = if is_narrow(detail) { 3 } else { 4 };
    let version = if part.version.is_empty() || is_narrow(detail) { 0 } else { width(&part.version) + 3 };
    let head = width(&part.name) + 2 + version + u16::from(is_narrow(detail));
    let line = if part.line.is_empty() { width(&part.kind) } else { line_width(&part.line, detail) };
    let bars = part.bars.iter().map(|bar| wanted_for_bar(bar, detail)).max().unwrap_or(0);
    let cells = match (part.cells.len() as u16, detail) {
        (0, _) => 0,
        (count, Detail::Narrow | Detail::Tight) => count.min(10),
        (count, _) => count.min(20) + (count.min(20) - 1) / 10,
    };
    let badges = part.badges.iter().map(|badge| width(badge) + 4).max().unwrap_or(0);
    head.max(line).max(bars).max(cells).max(badges).min(limit) + padding
}

/// In a narrow box the line that sums a part up may take two rows.
fn line_width(line: &str, detail: Detail) -> u16 {
    match detail {
        Detail::Narrow | Detail::Tight => line.split("  ").map(|piece| width(piece.trim())).max().unwrap_or(0),
        _ => width(line).max(12),
    }
}

/// That line in at most two rows, broken where its pieces are set apart.
#[must_use]
pub fn line_rows(line: &str, columns: u16) -> Vec<String> {
    let mut rows: Vec<String> = vec![];
    for piece in line.split("  ").map(str::trim).filter(|piece| !piece.is_empty()) {
        let full = rows.len() == 2;
        match rows.last_mut() {
            Some(row) if full || width(row) + 2 + width(piece) <= columns => {
                row.push_str("  ");
                row.push_str(piece);
            }
            _ => rows.push(piece.to_owned()),
        }
    }
    rows
}

fn wanted_for_bar(bar: &Bar, detail: Detail) -> u16 {
    let own = text_columns(std::slice::from_ref(bar)) + 1 + bar_columns(detail) + 2;
    match detail {
        Detail::Wide => width(&bar.label) + 2 + own,
        Detail::Normal | Detail::Narrow | Detail::Tight => own.max(width(&bar.label)),
    }
}

/// The columns that the amounts of a part's bars take, so that they stand under each other.
#[must_use]
pub fn text_columns(bars: &[Bar]) -> u16 {
    bars.iter().map(|bar| width(&bar.text)).max().unwrap_or(0).max(9)
}

/// The lines that an edge can meet on one side of a part.
fn ends(map: &Map, index: usize) -> u16 {
    let used = || map.edges.iter().filter(|edge| edge.health != Health::Idle);
    let leaving = used().filter(|edge| edge.from == index && edge.from_bar.is_none()).count();
    let arriving = used().filter(|edge| edge.to == index && edge.to_bar.is_none()).count();
    leaving.max(arriving).min(4) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, column: usize, row: usize) -> Part {
        Part { name: name.to_owned(), column, row, line: "3/40 ready".to_owned(), ..Part::default() }
    }

    #[test]
    fn boxes_stand_in_the_order_of_the_flow_and_never_overlap() {
        let map =
            Map { parts: vec![part("a", 0, 0), part("b", 1, 0), part("c", 1, 1), part("d", 3, 0)], edges: vec![] };
        let area = Rect::new(0, 0, 90, 14);
        let placed = place(&map, area, &mut Widest::default()).unwrap();
        for (i, one) in placed.boxes.iter().enumerate() {
            assert_eq!(one.intersection(area), *one, "inside the area");
            for other in &placed.boxes[i + 1..] {
                assert!(one.intersection(*other).is_empty(), "{one} overlaps {other}");
            }
        }
        assert!(placed.boxes[0].x < placed.boxes[1].x && placed.boxes[1].x < placed.boxes[3].x);
    }

    #[test]
    fn a_column_does_not_shrink_again() {
        let mut widest = Widest::default();
        let area = Rect::new(0, 0, 90, 14);
        let mut map = Map { parts: vec![part("a", 0, 0)], edges: vec![] };
        map.parts[0].line = "31 040 customers online".to_owned();
        let before = place(&map, area, &mut widest).unwrap();
        map.parts[0].line = "0".to_owned();
        assert_eq!(place(&map, area, &mut widest).unwrap(), before);
    }

    #[test]
    fn a_row_that_goes_leaves_its_place_free() {
        let mut widest = Widest::default();
        let area = Rect::new(0, 0, 90, 14);
        let bar = Bar { label: "memory".to_owned(), text: "1 Gi".to_owned(), ..Bar::default() };
        let mut map = Map { parts: vec![part("a", 0, 0), part("b", 0, 1)], edges: vec![] };
        map.parts[0].bars.push(bar);
        let before = place(&map, area, &mut widest).unwrap();
        map.parts[0].bars.clear();
        assert_eq!(place(&map, area, &mut widest).unwrap(), before);
    }

    #[test]
    fn what_does_not_fit_is_said_so() {
        let map = Map { parts: (0..9).map(|c| part("chat-consumer", c, 0)).collect(), edges: vec![] };
        assert_eq!(place(&map, Rect::new(0, 0, 76, 8), &mut Widest::default()), None);
    }

    #[test]
    fn tens_of_cells_are_set_apart() {
        assert_eq!(cells_in(22), 20);
        assert_eq!(cells_in(12), 10);
        assert_eq!(cells_in(8), 7);
    }
}
