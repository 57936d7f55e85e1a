//! A debrief as lines of text: what plain mode ends with.

use super::output::{columns, wrapped};
use crate::incident::view::Debrief;

const WIDTH: usize = 92;

/// The whole debrief, section by section; a section with nothing in it is left out.
#[must_use]
pub fn text(debrief: &Debrief) -> Vec<String> {
    let mut lines = vec![];
    section(&mut lines, "How it ended", ended(debrief));
    section(&mut lines, "The score", scores(debrief));
    section(&mut lines, "You, they, nobody", compared(debrief));
    section(&mut lines, "What really happened", prose(&debrief.what_happened));
    section(&mut lines, "From the cause to the customer", numbered(&debrief.chain));
    section(&mut lines, "Your run, move by move", moves(debrief));
    section(&mut lines, "What the real team did", timed(&debrief.their_moves));
    section(&mut lines, "Diagnosis", diagnosis(debrief));
    section(&mut lines, "What you thought", thoughts(debrief));
    section(&mut lines, "What you expected", predictions(debrief));
    section(&mut lines, "Timeline", timed(&debrief.timeline));
    section(&mut lines, "What its authors learned", prose(&debrief.lessons));
    section(&mut lines, "The story", debrief.source.clone());
    lines
}

fn section(lines: &mut Vec<String>, title: &str, body: Vec<String>) {
    if body.is_empty() {
        return;
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(title.to_uppercase());
    lines.extend(body);
}

fn ended(debrief: &Debrief) -> Vec<String> {
    vec![format!("{}, grade {}", debrief.outcome.word(), debrief.grade)]
}

fn scores(debrief: &Debrief) -> Vec<String> {
    columns(
        &debrief
            .score
            .iter()
            .map(|(what, figure, remark)| vec![what.clone(), figure.clone(), remark.clone()])
            .collect::<Vec<_>>(),
    )
}

fn compared(debrief: &Debrief) -> Vec<String> {
    let row = |way: &crate::incident::view::Compared| vec![way.who.clone(), way.outcome.clone(), way.impact.clone()];
    columns(&debrief.compared.iter().map(row).collect::<Vec<_>>())
}

fn moves(debrief: &Debrief) -> Vec<String> {
    let mut lines = vec![];
    for one in &debrief.moves {
        lines.push(format!("{}  {}", one.clock, one.line));
        let effect = match one.spared {
            0 => String::new(),
            1.. => format!("{} fewer {}. ", grouped(one.spared.unsigned_abs()), debrief.unit),
            _ => format!("{} more {}. ", grouped(one.spared.unsigned_abs()), debrief.unit),
        };
        let remark = format!("{effect}{}", one.remark);
        lines.extend(wrapped(remark.trim(), WIDTH - 4).into_iter().map(|line| format!("    {line}")));
    }
    if !debrief.together.is_empty() {
        lines.extend(wrapped(&debrief.together, WIDTH));
    }
    lines
}

fn diagnosis(debrief: &Debrief) -> Vec<String> {
    let mut lines = vec![];
    for judged in &debrief.diagnosis {
        lines.push(judged.question.clone());
        lines.push(format!("    you:      {}", judged.given));
        lines.push(format!("    it was:   {}", judged.right));
        for piece in &judged.evidence {
            let word = if piece.was_pinned { "pinned" } else { "      " };
            lines.push(format!("    {word}    {}  ({})", piece.says, piece.see));
        }
    }
    lines
}

fn thoughts(debrief: &Debrief) -> Vec<String> {
    let mut lines = vec![];
    for hypothesis in &debrief.hypotheses {
        lines.push(format!("{}. {}", hypothesis.number, hypothesis.text));
        for (speaks_for, word) in [(true, "for:    "), (false, "against:")] {
            let about = (hypothesis.number, speaks_for);
            for pin in debrief.pins.iter().filter(|pin| pin.about.contains(&about)) {
                lines.push(format!("    {word} {}  ({})", pin.line.trim(), pin.command));
            }
        }
    }
    lines
}

fn predictions(debrief: &Debrief) -> Vec<String> {
    let word = |came_true| match came_true {
        Some(true) => "came true",
        Some(false) => "did not come true",
        None => "was still open",
    };
    debrief.predictions.iter().map(|p| format!("{}  {}: {}", p.at, p.text, word(p.came_true))).collect()
}

fn timed(rows: &[(crate::sim::quantity::Time, String)]) -> Vec<String> {
    rows.iter().map(|(at, text)| format!("{at}  {text}")).collect()
}

fn numbered(links: &[String]) -> Vec<String> {
    links.iter().enumerate().map(|(at, link)| format!("{}. {link}", at + 1)).collect()
}

fn prose(paragraphs: &[String]) -> Vec<String> {
    paragraphs.iter().flat_map(|paragraph| wrapped(paragraph, WIDTH)).collect()
}

/// A count with a blank between the thousands: `12 408`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::view::{Move, Phase};
    use crate::sim::quantity::Time;

    #[test]
    fn a_debrief_says_how_it_ended_and_what_each_move_did_and_leaves_out_what_is_empty() {
        let debrief = Debrief {
            outcome: Phase::Resolved,
            grade: "B".into(),
            unit: "visits failed".into(),
            moves: vec![Move {
                at: Time::from_seconds(90),
                clock: "09:39:30".into(),
                line: "kubectl scale deployment/web --replicas=4".into(),
                spared: -12_408,
                remark: "Fewer hands for the same work.".into(),
            }],
            ..Debrief::default()
        };
        assert_eq!(
            text(&debrief).join("\n"),
            "HOW IT ENDED\nresolved, grade B\n\nYOUR RUN, MOVE BY MOVE\n\
             09:39:30  kubectl scale deployment/web --replicas=4\n    12 408 more visits failed. Fewer hands for the same work."
        );
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([grouped(7), grouped(1204), grouped(1_000_000)], ["7", "1 204", "1 000 000"]);
    }
}
