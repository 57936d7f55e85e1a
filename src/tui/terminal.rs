//! The player's terminal: taken over on entering, always given back as it was found.
//!
//! Knows nothing of the game. Whatever ends the program (its end, an error, a panic, SIGTERM, SIGHUP, a closed terminal)
//! goes through [`Guard`] or the panic hook, and both write the same bytes.

use super::key::{Input, Key, Mouse, MouseAct, Named};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};
use crossterm::{cursor, event, execute, terminal};
use ratatui::layout::Size;
use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// Whether the terminal is ours at the moment; the panic hook has no other way to know.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Holds the terminal; gives it back when dropped.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal: alternate screen, raw keys, mouse, marked pastes, no cursor. From here on a panic gives it
    /// back before its message is printed.
    ///
    /// # Errors
    /// Where standard output is no terminal.
    pub fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                give_back();
                before(info);
            }));
        });
        terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let guard = Self(());
        enter(&mut io::stdout())?;
        Ok(guard)
    }

    /// Gives the terminal back, stops the program as Ctrl-Z does, and takes the terminal again when it is continued.
    ///
    /// # Errors
    /// Where the terminal has gone meanwhile.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        #[cfg(unix)]
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        enter(&mut io::stdout())
    }
}

/// Takes the mouse, or gives it back to the terminal, which selects text with it.
#[must_use]
pub const fn mouse_bytes(take: bool) -> &'static [u8] {
    if take {
        b"\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1015h\x1b[?1006h"
    } else {
        b"\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l"
    }
}

/// Puts a text on the terminal's clipboard, where it lets programs do so (OSC 52).
#[must_use]
pub fn clipboard_bytes(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = b"\x1b]52;c;".to_vec();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 0x3f;
            out.push(if digit <= chunk.len() { DIGITS[value as usize] } else { b'=' });
        }
    }
    out.push(b'\x07');
    out
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter(out: &mut impl Write) -> io::Result<()> {
    execute!(
        out,
        terminal::EnterAlternateScreen,
        event::EnableMouseCapture,
        event::EnableBracketedPaste,
        cursor::Hide,
        terminal::Clear(terminal::ClearType::All)
    )
}

fn leave(out: &mut impl Write) -> io::Result<()> {
    // A frame may have been cut off in its middle: end it, and its colours.
    execute!(
        out,
        terminal::EndSynchronizedUpdate,
        crossterm::style::ResetColor,
        event::DisableBracketedPaste,
        event::DisableMouseCapture,
        cursor::Show,
        terminal::LeaveAlternateScreen
    )
}

/// Gives the terminal back if it is ours. Errors have nobody left to be told to.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = leave(&mut io::stdout());
        let _ = terminal::disable_raw_mode();
    }
}

/// The terminal's size, from the system and not by asking the terminal.
///
/// # Errors
/// Where the terminal has gone.
pub fn size() -> io::Result<Size> {
    let window = terminal::window_size()?;
    // A terminal that doesn't know its size says 0.
    let or = |value: u16, usual: u16| if value == 0 { usual } else { value };
    Ok(Size::new(or(window.columns, 80), or(window.rows, 24)))
}

/// Starts to listen: keys, the mouse, sizes and signals arrive in one queue.
///
/// The terminal is read on a thread of its own, as reading from one that has been closed never returns.
///
/// # Errors
/// Where signals can't be caught.
pub fn listen() -> io::Result<Receiver<Input>> {
    let (sender, receiver) = channel();
    #[cfg(unix)]
    listen_for_signals(sender.clone())?;
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        loop {
            let input = match event::read() {
                Ok(event) => input(event),
                Err(_) => Some(Input::End),
            };
            let ends = input == Some(Input::End);
            if input.is_some_and(|input| sender.send(input).is_err()) || ends {
                return;
            }
        }
    })?;
    Ok(receiver)
}

#[cfg(unix)]
fn listen_for_signals(sender: Sender<Input>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP])?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            let input = if signal == SIGTSTP { Input::Suspend } else { Input::End };
            if sender.send(input).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

fn input(event: Event) -> Option<Input> {
    match event {
        Event::Key(event) if event.kind != KeyEventKind::Release => key(event).map(Input::Key),
        Event::Mouse(event) => {
            let act = match event.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseAct::Click,
                MouseEventKind::Down(MouseButton::Right) => MouseAct::Menu,
                MouseEventKind::Drag(MouseButton::Left) => MouseAct::Drag,
                MouseEventKind::ScrollUp => MouseAct::WheelUp,
                MouseEventKind::ScrollDown => MouseAct::WheelDown,
                _ => return None,
            };
            Some(Input::Mouse(Mouse { x: event.column, y: event.row, act }))
        }
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
        _ => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    let (ctrl, alt, shift) = (
        event.modifiers.contains(KeyModifiers::CONTROL),
        event.modifiers.contains(KeyModifiers::ALT),
        event.modifiers.contains(KeyModifiers::SHIFT),
    );
    let named = match event.code {
        KeyCode::Char(c) if ctrl => return Some(Key::Ctrl(c.to_ascii_lowercase())),
        KeyCode::Char(c) if alt => return Some(Key::Alt(c)),
        KeyCode::Char(c) => return Some(Key::Char(c)),
        KeyCode::Enter => Named::Enter,
        KeyCode::Esc => Named::Esc,
        KeyCode::Tab => Named::Tab,
        KeyCode::BackTab => return Some(Key::Named(Named::BackTab)),
        KeyCode::Backspace => Named::Backspace,
        KeyCode::Delete => Named::Delete,
        KeyCode::Up => Named::Up,
        KeyCode::Down => Named::Down,
        KeyCode::Left => Named::Left,
        KeyCode::Right => Named::Right,
        KeyCode::Home => Named::Home,
        KeyCode::End => Named::End,
        KeyCode::PageUp => Named::PageUp,
        KeyCode::PageDown => Named::PageDown,
        KeyCode::F(number) => Named::F(number),
        _ => return None,
    };
    Some(match (ctrl, alt, shift) {
        (true, _, _) => Key::CtrlNamed(named),
        (_, true, _) => Key::AltNamed(named),
        (_, _, true) => Key::Shift(named),
        _ => Key::Named(named),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_on_is_switched_off() {
        let (mut on, mut off) = (vec![], vec![]);
        enter(&mut on).unwrap();
        leave(&mut off).unwrap();
        let (on, off) = (String::from_utf8(on).unwrap(), String::from_utf8(off).unwrap());
        for mode in ["?1049", "?1000", "?1002", "?1003", "?1006", "?2004"] {
            assert!(on.contains(&format!("{mode}h")), "{mode} is switched on");
            assert!(off.contains(&format!("{mode}l")), "{mode} is switched off");
        }
        assert!(on.contains("?25l") && off.contains("?25h"), "the cursor");
    }

    #[test]
    fn the_clipboard_gets_base64() {
        for (text, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("kubectl", "a3ViZWN0bA==")] {
            assert_eq!(clipboard_bytes(text), format!("\x1b]52;c;{coded}\x07").into_bytes());
        }
    }

    #[test]
    fn keys_arrive_as_they_were_meant() {
        let press = |code, modifiers| key(KeyEvent::new(code, modifiers));
        assert_eq!(press(KeyCode::Char('P'), KeyModifiers::CONTROL), Some(Key::Ctrl('p')));
        assert_eq!(press(KeyCode::Char('?'), KeyModifiers::SHIFT), Some(Key::Char('?')));
        assert_eq!(press(KeyCode::Up, KeyModifiers::SHIFT), Some(Key::Shift(Named::Up)));
    }
}
