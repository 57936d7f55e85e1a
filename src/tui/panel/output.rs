//! A line that a tool has printed, with the states that it speaks of in their colours.

use crate::incident::view::Health;
use crate::tui::pen::{put, width};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;

/// Words with which tools tell a state, in the colour of that state.
pub fn put_with_states(buffer: &mut Buffer, x: u16, y: u16, columns: u16, text: &str, theme: &Theme) -> u16 {
    let used = put(buffer, x, y, columns, text, theme.text);
    let mut column = 0;
    for word in text.split_inclusive(' ') {
        let wide = width(word);
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if let Some(health) = state_of(bare).filter(|_| column + wide <= used) {
            let before = width(&word[..word.find(bare).unwrap_or(0)]);
            put(buffer, x + column + before, y, width(bare), bare, theme.health(health));
        }
        column += wide;
    }
    used
}

/// Whether a line speaks of something that fails.
#[must_use]
pub fn tells_trouble(line: &str) -> bool {
    let bare = |word: &'_ str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    line.split_whitespace().any(|word| state_of(&bare(word)) == Some(Health::Failing))
}

fn state_of(word: &str) -> Option<Health> {
    const FAILING: [&str; 9] = [
        "CrashLoopBackOff",
        "Error",
        "OOMKilled",
        "OOMKilling",
        "Evicted",
        "ErrImagePull",
        "ImagePullBackOff",
        "Failed",
        "ERROR",
    ];
    const STRAINED: [&str; 9] =
        ["Pending", "ContainerCreating", "Terminating", "NotReady", "Warning", "BackOff", "Unhealthy", "WARN", "flow"];
    if FAILING.contains(&word) { Some(Health::Failing) } else { STRAINED.contains(&word).then_some(Health::Strained) }
}
