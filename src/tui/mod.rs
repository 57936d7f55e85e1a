//! Draws an incident and turns keys into console lines. The only place with a wall clock and a terminal.
//!
//! A key's way: [`key`] (from the terminal or anywhere else), [`keymap`] (what it means here), [`screen`] (what to do
//! about it), a console line, the incident. A frame's way: the incident's views, looked at a few times a second, the
//! [`panel`]s, one [`surface`]. The [`app`] in between is a plain value that knows neither a terminal nor the time.

pub mod app;
pub mod editor;
pub mod hit;
pub mod key;
pub mod keymap;
pub mod local_time;
pub mod panel;
pub mod pen;
pub mod screen;
pub mod store;
pub mod surface;
pub mod terminal;
pub mod theme;

use app::{App, TICK};
use key::Input;
use ratatui::Terminal;
use ratatui::layout::Size;
use std::io::{self, Stdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use store::{Opening, Outcome, Store};
use surface::Surface;
use theme::Look;

/// Why the screen could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The terminal can't be switched to a full screen, or has stopped taking output.
    #[error("the terminal can't be used as a full screen: {0}; `sev1 play LEVEL --plain` needs none")]
    Terminal(#[from] io::Error),
}

/// While nothing moves, the terminal is looked after this often: it may have been closed without a word.
const AT_REST: Duration = Duration::from_secs(1);

/// Plays on the terminal until the player leaves; the terminal is left as it was found.
///
/// # Errors
/// Where there is no terminal, or it stops taking output.
pub fn run(opening: Opening, store: &mut dyn Store) -> Result<Outcome, Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let look = Look::from_environment(&variable, store.settings().theme.as_deref());
    let size = terminal::size()?;
    // The terminal is taken before anything is read, so that no key is lost or echoed meanwhile.
    let mut guard = terminal::Guard::take()?;
    let inputs = terminal::listen()?;
    let mut app = App::open(opening, store, look);
    let mut screen = Terminal::new(Surface::new(io::stdout(), size))?;
    let outcome = play(&mut app, &mut screen, &inputs, &mut guard);
    drop(guard);
    match outcome {
        Ok(outcome) => Ok(outcome),
        // A terminal that has gone can't be told so.
        Err(_) if terminal::size().is_err() => Ok(Outcome::Ended),
        Err(error) => Err(error.into()),
    }
}

fn play(
    app: &mut App<'_>,
    screen: &mut Terminal<Surface<Stdout>>,
    inputs: &Receiver<Input>,
    guard: &mut terminal::Guard,
) -> io::Result<Outcome> {
    let mut last_tick = Instant::now();
    loop {
        if app.take_changed() {
            screen.draw(|frame| app.draw(frame))?;
        }
        let wish = app.take_wish();
        if wish.bell {
            screen.backend_mut().send(b"\x07")?;
        }
        if let Some(take) = wish.mouse {
            screen.backend_mut().send(terminal::mouse_bytes(take))?;
        }
        if let Some(text) = &wish.copy {
            screen.backend_mut().send(&terminal::clipboard_bytes(text))?;
        }
        if wish.suspend {
            guard.suspend()?;
            last_tick = Instant::now();
            screen.backend_mut().resize(terminal::size()?);
        }
        if wish.suspend || wish.redraw {
            screen.clear()?;
            screen.draw(|frame| app.draw(frame))?;
        }
        if let Some(outcome) = app.outcome() {
            return Ok(outcome);
        }
        let rests = app.rests();
        let patience = if rests { AT_REST } else { TICK.saturating_sub(last_tick.elapsed()) };
        match inputs.recv_timeout(patience) {
            Ok(input) => {
                take(app, screen, input);
                // All that has come in meanwhile is drawn at once.
                for input in inputs.try_iter() {
                    take(app, screen, input);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(Outcome::Ended),
        }
        if rests && terminal::size().is_err() {
            return Ok(Outcome::Ended);
        }
        let passed = last_tick.elapsed();
        if passed >= TICK {
            last_tick = Instant::now();
            // A process that was stopped or starved doesn't make up for it: the player couldn't see that time.
            app.elapse(passed.min(TICK * 4));
        }
    }
}

fn take(app: &mut App<'_>, screen: &mut Terminal<Surface<Stdout>>, input: Input) {
    if let Input::Resize(columns, rows) = input {
        screen.backend_mut().resize(Size::new(columns.max(1), rows.max(1)));
    }
    app.on_input(input);
}
