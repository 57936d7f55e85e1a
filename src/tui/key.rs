//! Keys and the mouse as the game knows them, so that they can come from a terminal, a test or a network connection.

use std::fmt;

/// A key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character, as typed.
    Char(char),
    /// With Ctrl; always a small letter.
    Ctrl(char),
    /// With Alt.
    Alt(char),
    /// A key with a name.
    Named(Named),
    /// A named key with Shift.
    Shift(Named),
    /// A named key with Ctrl.
    CtrlNamed(Named),
    /// A named key with Alt.
    AltNamed(Named),
}

/// Keys that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tabulator.
    Tab,
    /// Tabulator with Shift.
    BackTab,
    /// Deletes to the left.
    Backspace,
    /// Deletes to the right.
    Delete,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Start of the line or list.
    Home,
    /// End of the line or list.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// A function key, from 1.
    F(u8),
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enter => "Enter",
            Self::Esc => "Esc",
            Self::Tab => "Tab",
            Self::BackTab => "⇧Tab",
            Self::Backspace => "Backspace",
            Self::Delete => "Del",
            Self::Up => "↑",
            Self::Down => "↓",
            Self::Left => "←",
            Self::Right => "→",
            Self::Home => "Home",
            Self::End => "End",
            Self::PageUp => "PgUp",
            Self::PageDown => "PgDn",
            Self::F(number) => return write!(f, "F{number}"),
        })
    }
}

/// As a line of keys shows it: `^P`, `Alt-1`, `Space`, `Enter`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(' ') => f.write_str("Space"),
            Self::Char(c) => write!(f, "{c}"),
            Self::Ctrl(c) => write!(f, "^{}", c.to_ascii_uppercase()),
            Self::Alt(c) => write!(f, "Alt-{c}"),
            Self::Named(named) => write!(f, "{named}"),
            Self::Shift(named) => write!(f, "⇧{named}"),
            Self::CtrlNamed(named) => write!(f, "^{named}"),
            Self::AltNamed(named) => write!(f, "Alt-{named}"),
        }
    }
}

/// What the mouse did, at a column and a row from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
    /// What.
    pub act: MouseAct,
}

/// What a mouse can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseAct {
    /// The left button.
    Click,
    /// The right button.
    Menu,
    /// Moved with the left button held.
    Drag,
    /// The wheel, away from the player.
    WheelUp,
    /// The wheel, towards the player.
    WheelDown,
}

/// What can come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// The mouse.
    Mouse(Mouse),
    /// Text from the clipboard.
    Paste(String),
    /// The terminal has a new size: columns and rows.
    Resize(u16, u16),
    /// Stop for a while (Ctrl-Z from outside).
    Suspend,
    /// End now: SIGTERM, SIGHUP, a closed terminal.
    End,
}
