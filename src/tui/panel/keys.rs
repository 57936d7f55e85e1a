//! The last line: the keys that apply here and now. Each word can be clicked.

use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::{Intent, Place, applying};
use crate::tui::pen::{put, put_right, width};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Draws as many keys as fit, the most urgent first where there is one, and at the right end a message.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    places: &[Place],
    urgent: Option<(Intent, &str)>,
    message: Option<&str>,
    hits: &mut Hits,
    theme: &Theme,
) {
    if area.is_empty() {
        return;
    }
    let mut end = area.right().saturating_sub(1);
    if let Some(message) = message {
        let room = (area.width / 2).max(20).min(area.width.saturating_sub(2));
        end = put_right(frame.buffer_mut(), end, area.y, room, message, theme.strained).saturating_sub(2);
    }
    let shown: Vec<(String, &str, Target)> = applying(places)
        .filter(|(binding, _)| !binding.label.is_empty())
        .map(|(binding, key)| (key.to_string(), binding.label, Target::Key(binding.intent)))
        .collect();
    // The way to the help is kept whatever else has to go.
    let last = shown.iter().position(|(_, label, _)| *label == "keys");
    let reserved = last.map_or(0, |index| width(&shown[index].0) + width(shown[index].1) + 4);
    let mut x = area.x + 1;
    if let Some((intent, label)) = urgent
        && let Some((_, key)) = applying(places).find(|(binding, _)| binding.intent == intent)
    {
        let text = format!(" {key} {label} ");
        let used = put(frame.buffer_mut(), x, area.y, end.saturating_sub(x), &text, theme.alarm);
        hits.add(Rect { x, y: area.y, width: used, height: 1 }, Target::Key(intent));
        x += used + 2;
    }
    let mut said: Vec<&str> = vec![];
    for (index, (key, label, target)) in shown.iter().enumerate() {
        let is_last = Some(index) == last;
        let needed = width(key) + 1 + width(label);
        let limit = if is_last { end } else { end.saturating_sub(reserved) };
        if said.contains(label) || (*label == "keys" && !is_last) || x + needed > limit {
            continue;
        }
        if is_last && shown.len() > index + 1 {
            // It is drawn after all others.
            continue;
        }
        said.push(label);
        x = draw_one(frame, x, area.y, key, label, target, hits, theme);
    }
    if let Some(index) = last.filter(|index| shown.len() > index + 1) {
        let (key, label, target) = &shown[index];
        if x + width(key) + 1 + width(label) <= end {
            draw_one(frame, x, area.y, key, label, target, hits, theme);
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "a place, a key, a word and what is drawn with")]
fn draw_one(
    frame: &mut Frame,
    x: u16,
    y: u16,
    key: &str,
    label: &str,
    target: &Target,
    hits: &mut Hits,
    theme: &Theme,
) -> u16 {
    let buffer = frame.buffer_mut();
    let mut end = x + put(buffer, x, y, 12, key, theme.key) + 1;
    end += put(buffer, end, y, 40, label, theme.dim);
    hits.add(Rect { x, y, width: end - x, height: 1 }, target.clone());
    end + 3
}
