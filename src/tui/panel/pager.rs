//! What rings, and what people say. Every row that can be acted on can be selected.

use crate::incident::view::{Ring, RingState, Saying};
use crate::sim::quantity::Time;
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::{Intent, Pane};
use crate::tui::local_time::ago;
use crate::tui::pen::{put, put_pieces, put_right, spaced, width, wrap};
use crate::tui::theme::{Theme, ring_glyph};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// What the player has chosen in the pager.
#[derive(Clone, Debug, Default)]
pub struct PagerState {
    /// The selected row; see [`rows`].
    pub selected: Option<usize>,
    /// Lines that the chat is scrolled back by.
    pub scroll: u16,
    /// The rows that the chat had when it was drawn last.
    pub room: u16,
}

/// A row that can be selected: an alert, or something said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagerRow {
    /// Index into the alerts.
    Ring(usize),
    /// Index into what was said.
    Saying(usize),
}

/// The rows that can be selected, in the order in which they stand: alerts that fire, then what was said.
#[must_use]
pub fn rows(rings: &[Ring], sayings: &[Saying]) -> Vec<PagerRow> {
    let alerts = (0..rings.len()).filter(|i| rings[*i].state != RingState::Over).map(PagerRow::Ring);
    alerts.chain((0..sayings.len()).map(PagerRow::Saying)).collect()
}

/// How many alerts ring and nobody has taken.
#[must_use]
pub fn ringing(rings: &[Ring]) -> usize {
    rings.iter().filter(|ring| ring.state == RingState::Ringing).count()
}

/// Draws alerts above and the chat below, the newest at the bottom.
#[expect(clippy::too_many_arguments, reason = "a frame, an area, what rings, what is said, and how it is drawn")]
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    rings: &[Ring],
    sayings: &[Saying],
    now: Time,
    state: &mut PagerState,
    focused: bool,
    hits: &mut Hits,
    theme: &Theme,
) {
    if area.is_empty() {
        return;
    }
    let all = rows(rings, sayings);
    state.selected = state.selected.map(|at| at.min(all.len().saturating_sub(1))).filter(|_| !all.is_empty());
    let selected = state.selected.filter(|_| focused).and_then(|at| all.get(at)).copied();
    // Where there is little room an alert takes one line.
    let alerts = if area.height < 12 {
        short_alert_lines(rings, now, selected, theme)
    } else {
        alert_lines(rings, now, selected, theme, area.width)
    };
    let chat = chat_lines(sayings, selected, theme, area.width);
    // Alerts get what they need, but leave a third to people.
    let for_chat =
        if chat.is_empty() { 0 } else { (area.height / 3).max(area.height.saturating_sub(alerts.len() as u16 + 1)) };
    let for_alerts = (area.height - for_chat).min(alerts.len() as u16);
    let mut y = area.y;
    for line in alerts.iter().take(for_alerts as usize) {
        draw_line(frame, Rect { y, height: 1, ..area }, line, &all, hits, theme);
        y += 1;
    }
    if alerts.is_empty() {
        put(frame.buffer_mut(), area.x + 1, y, area.width, "nothing rings", theme.dim);
        y += 1;
    }
    if chat.is_empty() || y >= area.bottom() {
        return;
    }
    draw_heading(frame, Rect { y, height: 1, ..area }, theme);
    y += 1;
    let room = area.bottom().saturating_sub(y) as usize;
    state.room = room as u16;
    let most = chat.len().saturating_sub(room);
    if let Some(at) = selected.filter(|row| matches!(row, PagerRow::Saying(_))) {
        let first = chat.iter().position(|line| line.row == Some(at)).unwrap_or(0);
        let last = chat.iter().rposition(|line| line.row == Some(at)).unwrap_or(0);
        let back = most.saturating_sub(state.scroll as usize);
        let wanted = back.max((last + 1).saturating_sub(room)).min(first);
        state.scroll = most.saturating_sub(wanted) as u16;
    }
    state.scroll = state.scroll.min(most as u16);
    let skip = most - state.scroll as usize;
    for (index, line) in chat.iter().skip(skip).take(room).enumerate() {
        let place = Rect { y, height: 1, ..area };
        // Answers alone would say nothing: the first row in sight says at least who said what.
        let begun = index == 0 && skip > 0 && chat[skip - 1].row == line.row;
        match line.row {
            Some(PagerRow::Saying(which)) if begun => {
                let saying = &sayings[which];
                let words = PagerLine {
                    left: vec![
                        (format!(" {} ", saying.clock), theme.dim),
                        (format!("{}  ", saying.who), theme.heading),
                        (saying.text.clone(), theme.text),
                    ],
                    ..PagerLine::of(line.row)
                };
                draw_line(frame, place, &words, &all, hits, theme);
            }
            _ => draw_line(frame, place, line, &all, hits, theme),
        }
        y += 1;
    }
    if state.scroll > 0 {
        let hidden = format!(" {} newer ▼ ", state.scroll);
        let (right, y) = (area.right().saturating_sub(1), area.bottom());
        let x = put_right(frame.buffer_mut(), right, y, area.width, &hidden, theme.strained);
        hits.add(Rect { x, y, width: right - x, height: 1 }, Target::More(Pane::Pager));
    }
}

/// A row of the pane, what it belongs to, and which of its words can be clicked.
struct PagerLine {
    row: Option<PagerRow>,
    left: Vec<(String, Style)>,
    right: String,
    selected: bool,
    /// Indices into the words, and what a click on them does.
    clicks: Vec<(usize, Click)>,
}

#[derive(Clone, Copy)]
enum Click {
    Key(Intent),
    Answer(usize, usize),
}

impl PagerLine {
    const fn of(row: Option<PagerRow>) -> Self {
        Self { row, left: vec![], right: String::new(), selected: false, clicks: vec![] }
    }

    fn text(row: Option<PagerRow>, text: String, style: Style) -> Self {
        Self { left: vec![(text, style)], ..Self::of(row) }
    }
}

fn alert_lines(rings: &[Ring], now: Time, selected: Option<PagerRow>, theme: &Theme, columns: u16) -> Vec<PagerLine> {
    let mut lines = vec![];
    for (index, ring) in rings.iter().enumerate().filter(|(_, ring)| ring.state != RingState::Over) {
        let row = Some(PagerRow::Ring(index));
        let style = match (ring.state, ring.is_page) {
            (RingState::Ringing, true) => theme.failing,
            (RingState::Ringing, false) => theme.strained,
            _ => theme.dim,
        };
        let glyph = ring_glyph(ring.state, ring.is_page);
        let kind = if ring.is_page { "PAGE " } else { "note " };
        let since = ago(now.since(ring.since));
        lines.push(PagerLine {
            row,
            left: vec![(format!(" {glyph} {kind} "), style), (ring.name.clone(), theme.heading)],
            right: since,
            selected: selected == row,
            clicks: vec![],
        });
        for text in wrap(&spaced(&ring.text), columns.saturating_sub(10)) {
            lines.push(PagerLine::text(row, format!("         {text}"), theme.text));
        }
        let what = match ring.state {
            RingState::Ringing => vec![
                ("         ".to_owned(), theme.dim),
                ("a".to_owned(), theme.key),
                (" ack   ".to_owned(), theme.dim),
                ("s".to_owned(), theme.key),
                (" silence".to_owned(), theme.dim),
            ],
            RingState::Acknowledged => vec![("         taken".to_owned(), theme.dim)],
            RingState::Silenced | RingState::Over => vec![("         silenced".to_owned(), theme.dim)],
        };
        let clicks = if ring.state == RingState::Ringing {
            [(1, Intent::Acknowledge), (2, Intent::Acknowledge), (3, Intent::Silence), (4, Intent::Silence)]
                .map(|(index, intent)| (index, Click::Key(intent)))
                .to_vec()
        } else {
            vec![]
        };
        lines.push(PagerLine { left: what, clicks, ..PagerLine::of(row) });
    }
    lines
}

fn short_alert_lines(rings: &[Ring], now: Time, selected: Option<PagerRow>, theme: &Theme) -> Vec<PagerLine> {
    rings
        .iter()
        .enumerate()
        .filter(|(_, ring)| ring.state != RingState::Over)
        .map(|(index, ring)| {
            let row = Some(PagerRow::Ring(index));
            let (style, state) = match (ring.state, ring.is_page) {
                (RingState::Ringing, true) => (theme.failing, ""),
                (RingState::Ringing, false) => (theme.strained, ""),
                (RingState::Acknowledged, _) => (theme.dim, "taken   "),
                (RingState::Silenced | RingState::Over, _) => (theme.dim, "silenced   "),
            };
            let kind = if ring.is_page { "PAGE " } else { "note " };
            let left = vec![
                (format!(" {} {kind} ", ring_glyph(ring.state, ring.is_page)), style),
                (ring.name.clone(), theme.heading),
                (format!("   {}", spaced(&ring.text)), theme.text),
            ];
            let right = format!("{state}{}", ago(now.since(ring.since)));
            PagerLine { left, right, selected: selected == row, ..PagerLine::of(row) }
        })
        .collect()
}

fn chat_lines(sayings: &[Saying], selected: Option<PagerRow>, theme: &Theme, columns: u16) -> Vec<PagerLine> {
    let indent = 7;
    let mut lines = vec![];
    for (index, saying) in sayings.iter().enumerate() {
        let row = Some(PagerRow::Saying(index));
        let who_style = if saying.who == "you" { theme.own } else { theme.heading };
        let first = vec![(format!(" {} ", saying.clock), theme.dim), (saying.who.clone(), who_style)];
        lines.push(PagerLine { left: first, selected: selected == row, ..PagerLine::of(row) });
        for text in wrap(&saying.text, columns.saturating_sub(indent + 1)) {
            lines.push(PagerLine::text(row, format!("{}{text}", " ".repeat(indent as usize)), theme.text));
        }
        // The key opens them with their numbers; a click gives one at once.
        for (number, (words, _)) in saying.answers.iter().enumerate() {
            for (piece, text) in wrap(words, columns.saturating_sub(indent + 5)).into_iter().enumerate() {
                let head = match (number, piece) {
                    (0, 0) => "r ▸ ",
                    (_, 0) => "  ▸ ",
                    _ => "    ",
                };
                let left =
                    vec![(" ".repeat(indent as usize), theme.text), (head.to_owned(), theme.key), (text, theme.own)];
                let click = Click::Answer(index, number);
                lines.push(PagerLine { left, clicks: vec![(1, click), (2, click)], ..PagerLine::of(row) });
            }
        }
    }
    lines
}

fn draw_line(frame: &mut Frame, area: Rect, line: &PagerLine, all: &[PagerRow], hits: &mut Hits, theme: &Theme) {
    let buffer = frame.buffer_mut();
    if let Some(at) = line.row.and_then(|row| all.iter().position(|other| *other == row)) {
        hits.add(area, Target::PagerRow(at));
    }
    let pieces: Vec<(&str, Style)> = line
        .left
        .iter()
        .map(|(text, style)| (text.as_str(), if line.selected { theme.selected } else { *style }))
        .collect();
    let room = area.width.saturating_sub(if line.right.is_empty() { 0 } else { width(&line.right) + 2 });
    put_pieces(buffer, area.x, area.y, room, &pieces);
    let place = line.row.and_then(|row| all.iter().position(|other| *other == row)).unwrap_or(0);
    for (index, click) in &line.clicks {
        let before: u16 = line.left[..*index].iter().map(|(text, _)| width(text)).sum();
        let columns = width(&line.left[*index].0).min(area.width.saturating_sub(before));
        let target = match click {
            Click::Key(intent) => Target::PagerKey(place, *intent),
            Click::Answer(saying, number) => Target::Answer(*saying, *number),
        };
        hits.add(Rect { x: area.x + before, width: columns, ..area }, target);
    }
    if !line.right.is_empty() {
        put_right(buffer, area.right().saturating_sub(1), area.y, area.width, &line.right, theme.dim);
    }
}

fn draw_heading(frame: &mut Frame, area: Rect, theme: &Theme) {
    let line = "─".repeat(area.width as usize);
    let buffer = frame.buffer_mut();
    put(buffer, area.x, area.y, area.width, &line, theme.border);
    put(buffer, area.x + 1, area.y, area.width.saturating_sub(2), " #incident ", theme.dim);
}
