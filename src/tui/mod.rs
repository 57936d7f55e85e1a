//! Draws an incident and turns keys into console lines. The only place with a wall clock and a terminal.

pub mod store;

use store::{Opening, Outcome, Store};

/// Why the screen could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The terminal can't be switched to a full screen, or has stopped taking output.
    #[error("the terminal can't be used as a full screen: {0}; `sev1 play LEVEL --plain` needs none")]
    Terminal(#[from] std::io::Error),
}

/// Plays on the terminal until the player leaves; the terminal is left as it was found.
///
/// # Errors
/// Where there is no terminal, or it stops taking output.
pub fn run(_opening: Opening, _store: &mut dyn Store) -> Result<Outcome, Error> {
    Ok(Outcome::Left)
}
