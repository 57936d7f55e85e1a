//! `sev1 play`, and `sev1` alone: the game on the screen or as lines of text.

use super::output::{Output, say};
use super::store::PlayerStore;
use super::{Answer, Failure, opening, plain};
use crate::incident::Mode;
use crate::tui;
use crate::tui::store::{Opening, Outcome};
use clap::Args;
use std::io::{self, IsTerminal};

/// What to play, and how.
#[derive(Args, Debug, Default)]
#[command(after_help = "Examples:
  sev1 play                     choose a level on the screen
  sev1 play LEVEL               a level by its id, as `sev1 levels` lists it
  sev1 play my-level.ron        a level of your own
  sev1 play LEVEL --seed 7      the same course of events as everybody else with seed 7
  sev1 play --resume            go on where you left off
  sev1 play LEVEL --plain       lines of text, for screen readers
  sev1 play LEVEL --plain < commands.txt
                                time passes only with `wait 30s` and with what commands take")]
pub struct Play {
    /// A level's id, or a level file; with --resume also a run file
    level: Option<String>,
    /// Decides everything that is left to chance; a new one each time where it isn't given
    #[arg(long, value_name = "NUMBER", value_parser = super::seed, conflicts_with = "resume")]
    seed: Option<u64>,
    /// Simulated seconds that pass in a real one; the level's own where it isn't given
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=60), conflicts_with = "resume")]
    speed: Option<u32>,
    /// How much help there is: trainee, on-call or principal
    #[arg(long, value_name = "MODE", value_parser = str::parse::<Mode>, conflicts_with = "resume")]
    mode: Option<Mode>,
    /// Play as lines of text, without a screen
    #[arg(long)]
    plain: bool,
    /// Go on with the last incident that was left
    #[arg(long)]
    resume: bool,
}

impl Play {
    /// Plays until the player leaves or the incident is over.
    ///
    /// # Errors
    /// Where there is no such level or run, or the terminal can't be used.
    pub fn run(self, output: &mut Output) -> Result<Answer, Failure> {
        let mut store = PlayerStore::of_the_user().map_err(Failure::Unusable)?;
        for message in store.complaints() {
            say(&format!("sev1: {message}"));
        }
        let is_plain = self.plain || !can_draw();
        let opening = self.opening(&mut store)?;
        if is_plain {
            return plain::play(opening, &mut store, output);
        }
        match tui::run(opening, &mut store) {
            Ok(Outcome::Left) => {}
            Ok(Outcome::Unfinished | Outcome::Ended) => say("The incident waits where you left it: sev1 play --resume"),
            Err(error) => return Err(Failure::Unusable(error.to_string())),
        }
        Ok(Answer::Yes)
    }

    fn opening(self, store: &mut PlayerStore) -> Result<Opening, Failure> {
        if self.resume {
            let run = store.latest(self.level.as_deref()).map_err(Failure::Unusable)?;
            return Ok(Opening::Resume { run });
        }
        let Some(level) = self.level else {
            if self.seed.is_some() || self.mode.is_some() || self.speed.is_some() {
                return Err(Failure::WrongUse(
                    "--seed, --mode and --speed need a level: sev1 play LEVEL --seed 7".to_owned(),
                ));
            }
            return Ok(Opening::Title);
        };
        // A level that can't be played is spoken of before the screen opens.
        let opened = opening::open(&level)?;
        let level = store.offer(&opened, &level);
        Ok(Opening::Level { level, seed: self.seed, mode: self.mode, speed: self.speed })
    }
}

/// Whether there is a terminal that a screen can be drawn on.
fn can_draw() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !is_dumb && io::stdin().is_terminal() && io::stdout().is_terminal()
}
