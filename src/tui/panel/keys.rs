//! The last line: the keys that apply here and now. Each word can be clicked, and none is cut.

use crate::tui::hit::{Hits, Target};
use crate::tui::keymap::{Intent, Place, applying};
use crate::tui::pen::{fit, put, put_right, width};
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;

/// What the line says, besides the keys of the table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// What is to be done before anything else, and what it is called here; the most urgent first.
    pub first: &'a [(Intent, String)],
    /// What a key would be refused at present, and is not offered therefore.
    pub refused: &'a [Intent],
}

/// Draws as many keys as fit, whole ones only.
pub fn draw(frame: &mut Frame, area: Rect, places: &[Place], words: Words<'_>, hits: &mut Hits, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let end = area.right().saturating_sub(1);
    let shown: Vec<(String, &str, Intent)> = applying(places)
        .filter(|(binding, _)| !binding.label.is_empty() && !words.refused.contains(&binding.intent))
        .filter(|(binding, _)| words.first.iter().all(|(intent, _)| *intent != binding.intent))
        .map(|(binding, key)| (key.to_string(), binding.label, binding.intent))
        .collect();
    // The way to the help is kept whatever else has to go.
    let help = shown.iter().position(|(_, label, _)| *label == "keys");
    let reserved = help.map_or(0, |index| width(&shown[index].0) + width(shown[index].1) + 4);
    let mut x = area.x + 1;
    for (intent, label) in words.first {
        let Some((_, key)) = applying(places).find(|(binding, _)| binding.intent == *intent) else { continue };
        let text = format!(" {key} {label} ");
        if x + width(&text) + reserved > end && x > area.x + 1 {
            continue;
        }
        let style = if *intent == Intent::Acknowledge { theme.alarm } else { theme.selected };
        let used = put(frame.buffer_mut(), x, area.y, end.saturating_sub(x), &text, style);
        hits.add(Rect { x, y: area.y, width: used, height: 1 }, Target::Key(*intent));
        x += used + 2;
    }
    let mut said: Vec<&str> = vec![];
    for (key, label, intent) in shown.iter().filter(|(_, label, _)| *label != "keys") {
        if said.contains(label) || x + width(key) + 1 + width(label) + reserved > end {
            continue;
        }
        said.push(label);
        x = draw_one(frame, Rect { x, ..area }, key, label, *intent, hits, theme);
    }
    if let Some((key, label, intent)) = help.map(|index| &shown[index])
        && x + width(key) + 1 + width(label) <= end
    {
        draw_one(frame, Rect { x, ..area }, key, label, *intent, hits, theme);
    }
}

fn draw_one(
    frame: &mut Frame,
    at: Rect,
    key: &str,
    label: &str,
    intent: Intent,
    hits: &mut Hits,
    theme: &Theme,
) -> u16 {
    let buffer = frame.buffer_mut();
    let mut end = at.x + put(buffer, at.x, at.y, 12, key, theme.key) + 1;
    end += put(buffer, end, at.y, 40, label, theme.dim);
    hits.add(Rect { width: end - at.x, height: 1, ..at }, Target::Key(intent));
    end + 3
}

/// Says something for a moment, at the right end of the row above the keys, so that none of them is covered.
pub fn draw_message(frame: &mut Frame, keys: Rect, message: &str, theme: &Theme) {
    let Some(y) = keys.y.checked_sub(1).filter(|_| keys.width > 8) else { return };
    let room = keys.width.saturating_sub(6);
    let text = format!(" {} ", fit(message, room));
    put_right(frame.buffer_mut(), keys.right().saturating_sub(2), y, room + 2, &text, theme.strained);
}
