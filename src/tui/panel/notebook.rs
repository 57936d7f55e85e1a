//! What the player has written down: hypotheses, evidence, predictions, answers, and the timeline that writes itself.

use crate::incident::view::{Notebook, Question};
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::{Intent, Pane};
use crate::tui::local_time::LocalTime;
use crate::tui::pen::{fit, put_pieces, put_right, width, wrap};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

type Pieces = Vec<(String, Style)>;

struct NoteLine {
    left: Pieces,
    right: Pieces,
    /// What a click on it does.
    click: Option<Intent>,
}

impl NoteLine {
    fn of(text: impl Into<String>, style: Style) -> Self {
        Self::with(vec![(text.into(), style)], vec![])
    }

    const fn with(left: Pieces, right: Pieces) -> Self {
        Self { left, right, click: None }
    }
}

/// How many things stand in it, for the tab.
#[must_use]
pub fn count(notebook: &Notebook) -> usize {
    notebook.hypotheses.len() + notebook.pins.len() + notebook.predictions.len() + notebook.notes.len()
}

/// Draws the notebook from line `scroll` on, which is kept in range, and returns how far it can be scrolled.
#[expect(clippy::too_many_arguments, reason = "a frame, an area, what is in it, and how it is drawn")]
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    notebook: &Notebook,
    questions: &[Question],
    scroll: &mut u16,
    local: LocalTime,
    hits: &mut Hits,
    theme: &Theme,
) -> u16 {
    if area.is_empty() {
        return 0;
    }
    let lines = lines(notebook, questions, area.width.saturating_sub(2), local, theme);
    let most = (lines.len() as u16).saturating_sub(area.height);
    *scroll = (*scroll).min(most);
    let buffer = frame.buffer_mut();
    for (row, line) in lines.iter().skip(*scroll as usize).take(area.height as usize).enumerate() {
        let y = area.y + row as u16;
        let right_columns: u16 = line.right.iter().map(|(text, _)| width(text)).sum();
        let room = area.width.saturating_sub(2 + if right_columns == 0 { 0 } else { right_columns + 1 });
        let left: Vec<(&str, Style)> = line.left.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        put_pieces(buffer, area.x + 1, y, room, &left);
        let right: Vec<(&str, Style)> = line.right.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        put_pieces(buffer, area.right().saturating_sub(right_columns + 1), y, right_columns, &right);
        if let Some(intent) = line.click {
            hits.add(Rect { y, height: 1, ..area }, Target::Key(intent));
        }
    }
    if most > *scroll {
        let hidden = format!(" {} more ▼ ", most - *scroll);
        let (right, y) = (area.right().saturating_sub(1), area.bottom());
        let x = put_right(buffer, right, y, area.width, &hidden, theme.dim);
        hits.add(Rect { x, y, width: right - x, height: 1 }, Target::More(Pane::Notebook));
    }
    most
}

fn lines(notebook: &Notebook, questions: &[Question], columns: u16, local: LocalTime, theme: &Theme) -> Vec<NoteLine> {
    let mut lines = vec![NoteLine::of("hypotheses", theme.heading)];
    for hypothesis in &notebook.hypotheses {
        lines.push(NoteLine::with(
            vec![(format!(" {} ", hypothesis.number), theme.key), (hypothesis.text.clone(), theme.text)],
            vec![
                (format!("+{}", hypothesis.speaks_for), if hypothesis.speaks_for > 0 { theme.good } else { theme.dim }),
                (
                    format!(" −{}", hypothesis.speaks_against),
                    if hypothesis.speaks_against > 0 { theme.failing } else { theme.dim },
                ),
            ],
        ));
    }
    lines.push(key_line("h", "what could it be?", Intent::Hypothesis, theme));
    lines.push(NoteLine::of("evidence", theme.heading));
    for pin in &notebook.pins {
        let from = format!("{} {}", first_word(&pin.command), local.minute(pin.at));
        let room = columns.saturating_sub(width(&from) + 4);
        lines.push(NoteLine::with(
            vec![(" ● ".to_owned(), theme.own), (fit(pin.line.trim(), room), theme.text)],
            vec![(from, theme.dim)],
        ));
    }
    if notebook.pins.is_empty() {
        lines.push(NoteLine::of("   pin a line: PgUp, then p", theme.dim));
    }
    if !notebook.predictions.is_empty() {
        lines.push(NoteLine::of("predictions", theme.heading));
    }
    for prediction in &notebook.predictions {
        let (glyph, style, word) = match prediction.came_true {
            None => ("?", theme.dim, format!("by {}", local.minute(prediction.due))),
            Some(true) => ("✓", theme.good, "came true".to_owned()),
            Some(false) => ("✕", theme.failing, "did not".to_owned()),
        };
        let room = columns.saturating_sub(width(&word) + 4);
        lines.push(NoteLine::with(
            vec![(format!(" {glyph} "), style), (fit(&prediction.text, room), theme.text)],
            vec![(word, style)],
        ));
    }
    lines.push(key_line("p", "predict before you act", Intent::Predict, theme));
    for question in questions {
        lines.push(NoteLine::of(question.text.clone(), theme.heading));
        match question.given.as_ref().and_then(|given| question.causes.iter().find(|(id, _)| id == given)) {
            Some((id, words)) => {
                lines.extend(hanging(&format!("{id}: {words}"), " ◆ ", columns, theme.own, theme));
            }
            None => lines.push(key_line("d", "diagnose", Intent::Diagnose, theme)),
        }
    }
    if !notebook.notes.is_empty() {
        lines.push(NoteLine::of("notes", theme.heading));
    }
    for (at, text) in &notebook.notes {
        lines.extend(hanging(text, &format!(" {} ", local.minute(*at)), columns, theme.dim, theme));
    }
    if !notebook.timeline.is_empty() {
        lines.push(NoteLine::of("timeline, latest first", theme.heading));
    }
    for (at, text) in notebook.timeline.iter().rev() {
        lines.extend(hanging(text, &format!(" {} ", local.minute(*at)), columns, theme.dim, theme));
    }
    lines
}

fn key_line(key: &str, label: &str, intent: Intent, theme: &Theme) -> NoteLine {
    let left = vec![(format!(" {key} "), theme.key), (label.to_owned(), theme.dim)];
    NoteLine { click: Some(intent), ..NoteLine::with(left, vec![]) }
}

/// A text behind a head, wrapped under itself.
fn hanging(text: &str, head: &str, columns: u16, head_style: Style, theme: &Theme) -> Vec<NoteLine> {
    let indent = width(head);
    wrap(text, columns.saturating_sub(indent))
        .into_iter()
        .enumerate()
        .map(|(index, line)| {
            let head = if index == 0 { head.to_owned() } else { " ".repeat(indent as usize) };
            NoteLine::with(vec![(head, head_style), (line, theme.text)], vec![])
        })
        .collect()
}

fn first_word(command: &str) -> &str {
    // `ssh node dmesg` is known by what ran there.
    let mut words = command.split_whitespace();
    match words.next() {
        Some("ssh") => words.nth(1).unwrap_or("ssh"),
        Some(word) => word,
        None => "",
    }
}
