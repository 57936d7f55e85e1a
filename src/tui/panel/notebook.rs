//! What the player has written down: hypotheses, evidence, predictions, answers, and the timeline that writes itself.

use crate::incident::view::{Hypothesis, Notebook, Question};
use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::{Intent, Pane};
use crate::tui::local_time::LocalTime;
use crate::tui::pen::{dot, fit, put_pieces, put_right, width, wrap};
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
    /// The evidence that it shows, by its place.
    pin: Option<usize>,
}

impl NoteLine {
    fn of(text: impl Into<String>, style: Style) -> Self {
        Self::with(vec![(text.into(), style)], vec![])
    }

    const fn with(left: Pieces, right: Pieces) -> Self {
        Self { left, right, click: None, pin: None }
    }
}

/// How many things stand in it, for the tab.
#[must_use]
pub fn count(notebook: &Notebook) -> usize {
    notebook.hypotheses.len() + notebook.pins.len() + notebook.predictions.len() + notebook.notes.len()
}

/// The evidence in the order in which it stands there, each once: below the hypotheses it is about, then the rest.
#[must_use]
pub fn order(notebook: &Notebook) -> Vec<usize> {
    let of = |hypothesis: &Hypothesis| {
        [true, false].into_iter().flat_map(|speaks_for| weighed(notebook, hypothesis.number, speaks_for)).collect()
    };
    let mut all: Vec<usize> = notebook.hypotheses.iter().flat_map(|one| -> Vec<usize> { of(one) }).collect();
    all.extend((0..notebook.pins.len()).filter(|at| notebook.pins[*at].about.is_empty()));
    let mut known = std::collections::BTreeSet::new();
    all.retain(|at| known.insert(*at));
    all
}

/// What speaks for a hypothesis, or against it, by its place.
fn weighed(notebook: &Notebook, hypothesis: usize, speaks_for: bool) -> Vec<usize> {
    let is_about = |at: &usize| notebook.pins[*at].about.contains(&(hypothesis, speaks_for));
    (0..notebook.pins.len()).filter(is_about).collect()
}

/// What the player has chosen in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chosen {
    /// The first line in sight; kept in range.
    pub scroll: u16,
    /// The evidence that is selected.
    pub pin: Option<usize>,
    /// Whether it has to be in sight.
    pub follows: bool,
}

/// Draws the notebook and returns how far it can be scrolled.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    (notebook, questions): (&Notebook, &[Question]),
    chosen: &mut Chosen,
    local: LocalTime,
    hits: &mut Hits,
    theme: &Theme,
) -> u16 {
    if area.is_empty() {
        return 0;
    }
    let lines = lines(notebook, questions, area.width.saturating_sub(2), local, theme);
    let most = (lines.len() as u16).saturating_sub(area.height);
    let at = chosen.pin.and_then(|pin| lines.iter().position(|line| line.pin == Some(pin)));
    if let Some(at) = at.filter(|_| chosen.follows).map(|at| at as u16) {
        chosen.scroll = chosen.scroll.clamp((at + 2).saturating_sub(area.height), at.saturating_sub(1));
    }
    chosen.scroll = chosen.scroll.min(most);
    let scroll = chosen.scroll;
    let buffer = frame.buffer_mut();
    for (row, line) in lines.iter().skip(scroll as usize).take(area.height as usize).enumerate() {
        let y = area.y + row as u16;
        let is_chosen = line.pin.is_some() && line.pin == chosen.pin;
        let styled = |pieces: &'_ Pieces| -> Pieces {
            let style = |style: Style| if is_chosen { theme.selected } else { style };
            pieces.iter().map(|(text, own)| (text.clone(), style(*own))).collect()
        };
        if is_chosen {
            (area.left()..area.right()).for_each(|x| dot(buffer, x, y, " ", theme.selected));
        }
        let right_columns: u16 = line.right.iter().map(|(text, _)| width(text)).sum();
        let room = area.width.saturating_sub(2 + if right_columns == 0 { 0 } else { right_columns + 1 });
        let (left, right) = (styled(&line.left), styled(&line.right));
        let left: Vec<(&str, Style)> = left.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        put_pieces(buffer, area.x + 1, y, room, &left);
        let right: Vec<(&str, Style)> = right.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        put_pieces(buffer, area.right().saturating_sub(right_columns + 1), y, right_columns, &right);
        let row = Rect { y, height: 1, ..area };
        match (line.click, line.pin) {
            (Some(intent), _) => hits.add(row, Target::Key(intent)),
            (None, Some(pin)) => hits.add(row, Target::Evidence(pin)),
            (None, None) => {}
        }
    }
    if most > scroll {
        let hidden = format!(" {} more ▼ ", most - scroll);
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
        for (speaks_for, sign, style) in [(true, "   + ", theme.good), (false, "   − ", theme.failing)] {
            let all = weighed(notebook, hypothesis.number, speaks_for).into_iter();
            lines.extend(all.map(|at| pin_line(notebook, at, (sign, style), columns, local, theme)));
        }
    }
    lines.push(key_line("h", "what could it be?", Intent::Hypothesis, theme));
    let loose: Vec<usize> = (0..notebook.pins.len()).filter(|at| notebook.pins[*at].about.is_empty()).collect();
    if notebook.pins.is_empty() {
        lines.push(NoteLine::of("evidence", theme.heading));
        lines.push(NoteLine::of("   pin a line: PgUp, then p", theme.dim));
    } else if !loose.is_empty() {
        lines.push(NoteLine::of("evidence, not weighed yet", theme.heading));
        lines.extend(loose.iter().map(|at| pin_line(notebook, *at, (" ● ", theme.own), columns, local, theme)));
        if !notebook.hypotheses.is_empty() {
            lines.push(key_line("+", "it speaks for a hypothesis", Intent::SpeaksFor, theme));
            lines.push(key_line("-", "it speaks against one", Intent::SpeaksAgainst, theme));
        }
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
    lines.extend(questions.iter().flat_map(|question| asked(question, columns, theme)));
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

/// A question about the cause, whole, and what was answered.
fn asked(question: &Question, columns: u16, theme: &Theme) -> Vec<NoteLine> {
    let mut lines: Vec<NoteLine> =
        wrap(&question.text, columns).into_iter().map(|line| NoteLine::of(line, theme.heading)).collect();
    match question.given.as_ref().and_then(|given| question.causes.iter().find(|(id, _)| id == given)) {
        Some((id, words)) => lines.extend(hanging(&format!("{id}: {words}"), " ◆ ", columns, theme.own, theme)),
        None => lines.push(key_line("d", "diagnose", Intent::Diagnose, theme)),
    }
    lines
}

/// A piece of evidence: its number, the line, where it comes from.
fn pin_line(
    notebook: &Notebook,
    at: usize,
    (sign, style): (&str, Style),
    columns: u16,
    local: LocalTime,
    theme: &Theme,
) -> NoteLine {
    let pin = &notebook.pins[at];
    let from = format!("{} {}", first_word(&pin.command), local.minute(pin.at));
    let head = format!("{} ", at + 1);
    // Columns of blanks say nothing where the columns are gone.
    let line = pin.line.split_whitespace().collect::<Vec<_>>().join(" ");
    let room = columns.saturating_sub(width(&from) + width(sign) + width(&head) + 1);
    let left = vec![(sign.to_owned(), style), (head, theme.dim), (fit(&line, room), theme.text)];
    NoteLine { pin: Some(at), ..NoteLine::with(left, vec![(from, theme.dim)]) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::view::Pin;

    #[test]
    fn evidence_stands_below_what_it_is_about_and_the_rest_after_it() {
        let pin = |about: &[(usize, bool)]| Pin { about: about.to_vec(), ..Pin::default() };
        let hypothesis = |number| Hypothesis { number, ..Hypothesis::default() };
        let notebook = Notebook {
            hypotheses: vec![hypothesis(1), hypothesis(2)],
            pins: vec![pin(&[]), pin(&[(2, true), (1, false)]), pin(&[(1, true)])],
            ..Notebook::default()
        };
        assert_eq!(order(&notebook), [2, 1, 0]);
        let theme = crate::tui::theme::Theme::named("mono", crate::tui::theme::Colours::None).unwrap();
        let shown: Vec<Option<usize>> =
            lines(&notebook, &[], 40, LocalTime::default(), &theme).iter().map(|line| line.pin).collect();
        let shown: Vec<usize> = shown.into_iter().flatten().collect();
        assert_eq!(shown, [2, 1, 1, 0], "what speaks for one and against another stands below both");
    }
}
