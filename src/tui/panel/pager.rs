//! What rings, and what people say. Every row that can be acted on can be selected.

use crate::incident::view::{Ring, RingState, Saying};
use crate::sim::quantity::Time;
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::{Intent, Pane};
use crate::tui::local_time::{ago, rough};
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
    let chat = chat_lines(sayings, selected, theme, area.width);
    // What somebody waits for an answer to, or what was said last, is to be read whole.
    let asking = sayings.iter().rposition(|saying| !saying.answers.is_empty()).or(sayings.len().checked_sub(1));
    let whole = chat.iter().filter(|line| line.row == asking.map(PagerRow::Saying)).count() as u16 + 1;
    // Where there is little room an alert takes one line.
    let mut alerts = alert_lines(rings, now, selected, theme, area.width);
    if area.height < 12 || alerts.len() as u16 + whole > area.height {
        alerts = short_alert_lines(rings, now, selected, theme, area.width);
    }
    // Alerts get what they need, but leave people a third, and room for what is asked.
    let least = alerts.len().clamp(1, 2) as u16;
    let left = area.height.saturating_sub(alerts.len().max(1) as u16);
    let for_chat = if chat.is_empty() { 0 } else { left.max(area.height / 3).max(whole) };
    let for_alerts = area.height.saturating_sub(for_chat).max(least).min(alerts.len() as u16) as usize;
    let mut y = area.y;
    let at = alerts.iter().rposition(|line| line.row == selected && selected.is_some()).unwrap_or(0);
    let first = (at + 1).saturating_sub(for_alerts);
    for line in alerts.iter().skip(first).take(for_alerts) {
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
    let mut hidden: Vec<Option<PagerRow>> = alerts.iter().skip(first + for_alerts).map(|line| line.row).collect();
    hidden.dedup();
    let heading = Rect { y, height: 1, ..area };
    let room = area.bottom().saturating_sub(y + 1) as usize;
    state.room = room as u16;
    let first = first_in_sight(&chat, selected, state, room);
    draw_heading(frame, heading, hidden.len(), said_before(&chat, first), hits, theme);
    let (view, newest) = in_sight(&chat, first, room, sayings, theme, area.width);
    for (place, line) in view.iter().enumerate() {
        draw_line(frame, Rect { y: y + 1 + place as u16, height: 1, ..area }, line, &all, hits, theme);
    }
    if state.scroll > 0 {
        let newer = sayings.len().saturating_sub(newest + 1);
        let hidden = if newer == 0 { " more ▼ ".to_owned() } else { format!(" {newer} newer: End ▼ ") };
        let (right, y) = (area.right().saturating_sub(1), area.bottom());
        let x = put_right(frame.buffer_mut(), right, y, area.width, &hidden, theme.strained);
        hits.add(Rect { x, y, width: right - x, height: 1 }, Target::PaneKey(Pane::Pager, Intent::Last));
    }
}

/// The first line of the chat that is in sight: what is selected is, from its beginning.
fn first_in_sight(chat: &[PagerLine], selected: Option<PagerRow>, state: &mut PagerState, room: usize) -> usize {
    let most = chat.len().saturating_sub(room);
    if let Some(at) = selected.filter(|row| matches!(row, PagerRow::Saying(_))) {
        let first = chat.iter().position(|line| line.row == Some(at)).unwrap_or(0);
        let last = chat.iter().rposition(|line| line.row == Some(at)).unwrap_or(0);
        let back = most.saturating_sub(state.scroll as usize);
        let wanted = back.max((last + 1).saturating_sub(room)).min(first);
        state.scroll = most.saturating_sub(wanted) as u16;
    }
    state.scroll = state.scroll.min(most as u16);
    most - state.scroll as usize
}

/// How many have been said of which the beginning is above a line.
fn said_before(chat: &[PagerLine], first: usize) -> usize {
    match chat.get(first).and_then(|line| line.row) {
        Some(PagerRow::Saying(index)) => index,
        _ => 0,
    }
}

/// The lines of the chat in sight, and the last that is said there. Of what began above, who said it and all their words
/// come first, as choices alone say nothing; where there isn't room for both, the choices are a key away.
fn in_sight(
    chat: &[PagerLine],
    first: usize,
    room: usize,
    sayings: &[Saying],
    theme: &Theme,
    columns: u16,
) -> (Vec<PagerLine>, usize) {
    let shown = &chat[first..(first + room).min(chat.len())];
    let saying = |line: &PagerLine| match line.row {
        Some(PagerRow::Saying(index)) => index,
        _ => 0,
    };
    let newest = shown.last().map_or(0, saying);
    let begun = first > 0 && shown.first().is_some_and(|line| line.row == chat[first - 1].row);
    if !begun {
        return (shown.to_vec(), newest);
    }
    let index = saying(&shown[0]);
    let rest = shown.iter().position(|line| saying(line) != index).unwrap_or(shown.len());
    let choices = chat.iter().filter(|line| saying(line) == index && !line.clicks.is_empty());
    let mut view = compact(index, &sayings[index], theme, columns);
    if view.len() + choices.clone().count() <= rest {
        view.extend(choices.cloned());
    } else if view.len() < rest && !sayings[index].answers.is_empty() {
        view.push(answers_line(index, sayings[index].answers.len(), theme));
    }
    // Words that are too long even so say that they go on.
    if view.len() > rest.max(1) {
        view.truncate(rest.max(1));
        if let Some((words, _)) = view.last_mut().and_then(|line| line.left.last_mut()) {
            words.push_str(" …");
        }
    }
    view.extend(shown[rest..].iter().cloned());
    (view, newest)
}

/// When, who and what in as few lines as they need.
fn compact(index: usize, saying: &Saying, theme: &Theme, columns: u16) -> Vec<PagerLine> {
    let row = Some(PagerRow::Saying(index));
    let head = format!("{}  ", saying.who);
    let indent = 7;
    let text = format!("{head}{}", saying.text);
    let mut lines = vec![];
    for (place, piece) in wrap(&text, columns.saturating_sub(indent + 1)).into_iter().enumerate() {
        let left = match piece.strip_prefix(head.as_str()).filter(|_| place == 0) {
            Some(rest) => vec![
                (format!(" {} ", saying.clock), theme.dim),
                (head.clone(), theme.heading),
                (rest.to_owned(), theme.text),
            ],
            None if place == 0 => vec![(format!(" {} ", saying.clock), theme.dim), (piece, theme.text)],
            None => vec![(format!("{}{piece}", " ".repeat(indent as usize)), theme.text)],
        };
        lines.push(PagerLine { left, ..PagerLine::of(row) });
    }
    lines
}

/// That there are answers to choose from, and the key that shows them.
fn answers_line(index: usize, count: usize, theme: &Theme) -> PagerLine {
    let words = if count == 1 { " an answer on offer".to_owned() } else { format!(" {count} answers on offer") };
    PagerLine {
        left: vec![(" ".repeat(7), theme.text), ("r".to_owned(), theme.key), (words, theme.own)],
        clicks: vec![(1, Click::Key(Intent::Reply)), (2, Click::Key(Intent::Reply))],
        ..PagerLine::of(Some(PagerRow::Saying(index)))
    }
}

/// A row of the pane, what it belongs to, and which of its words can be clicked.
#[derive(Clone)]
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
        let mut since = ago(now.since(ring.since));
        // The name is worth more than the seconds.
        if width(&ring.name) + width(&since) + 12 > columns {
            since = rough(now.since(ring.since));
        }
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

fn short_alert_lines(
    rings: &[Ring],
    now: Time,
    selected: Option<PagerRow>,
    theme: &Theme,
    columns: u16,
) -> Vec<PagerLine> {
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
            let mut left = vec![
                (format!(" {} {kind} ", ring_glyph(ring.state, ring.is_page)), style),
                (ring.name.clone(), theme.heading),
            ];
            // In a slim pane what was measured is left to the selected one's menu: the name says what it is.
            let is_slim = columns < 50;
            if !is_slim {
                left.push((format!("   {}", spaced(&ring.text)), theme.text));
            }
            let since = if is_slim { rough(now.since(ring.since)) } else { ago(now.since(ring.since)) };
            // The words stand under each other, however long ago it was.
            let right = format!("{state}{since:>6}");
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

/// The line between alerts and people: the channel, and what is hidden on either side of it.
fn draw_heading(frame: &mut Frame, area: Rect, alerts: usize, older: usize, hits: &mut Hits, theme: &Theme) {
    let line = "─".repeat(area.width as usize);
    let buffer = frame.buffer_mut();
    put(buffer, area.x, area.y, area.width, &line, theme.border);
    let mut used = put(buffer, area.x + 1, area.y, area.width.saturating_sub(2), " #incident ", theme.dim) + 1;
    let mut right = area.right().saturating_sub(1);
    if older > 0 && used + 14 < area.width {
        let x = put_right(buffer, right, area.y, 14, &format!(" {older} more ▲ "), theme.dim);
        hits.add(Rect { x, width: right - x, ..area }, Target::PaneKey(Pane::Pager, Intent::PageUp));
        used += right - x;
        right = x.saturating_sub(1);
    }
    let words = match alerts {
        0 => return,
        1 => " 1 alert more ▲ ".to_owned(),
        count => format!(" {count} alerts more ▲ "),
    };
    if used + width(&words) < area.width {
        let x = put_right(buffer, right, area.y, area.width, &words, theme.strained);
        hits.add(Rect { x, width: right - x, ..area }, Target::PaneKey(Pane::Pager, Intent::First));
    }
}
