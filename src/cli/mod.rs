//! The command line: one file a subcommand, the store of runs, the reports.
//!
//! Data goes to standard output, everything else to standard error. The program ends with 0 when it is done, with 1 for
//! a negative answer or an input that can't be used, with 2 when it was called wrongly.

pub mod check;
pub mod completions;
pub mod debrief;
pub mod levels;
pub mod opening;
pub mod output;
pub mod plain;
pub mod play;
pub mod run;
pub mod store;

use clap::{Parser, Subcommand};
use output::{Output, say};
use std::io;
use std::process::ExitCode;

/// Live through other people's outages before you have your own.
#[derive(Parser, Debug)]
#[command(
    name = "sev1",
    version,
    about,
    long_about = "Live through other people's outages before you have your own.\n\nThe pager goes off; a live production \
                  system is on the screen; customers are being hurt while you read. Look around, stop the bleeding, \
                  find out what did it, and read what really happened.",
    after_help = "Examples:
  sev1                      open the game
  sev1 levels               what there is to play
  sev1 play LEVEL           play one level
  sev1 play LEVEL --plain   the same as lines of text, for screen readers and pipes
  sev1 check my-level.ron   everything that is wrong with a level of your own"
)]
pub struct CommandLine {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Play a level, a built-in one by its id or one from a file
    Play(play::Play),
    /// Play a level without a screen: a script, a solution, or nothing at all
    Run(run::RunLevel),
    /// List the levels, with your best results
    Levels(levels::Levels),
    /// Tell everything that is wrong with a level, then try its proofs
    Check(check::Check),
    /// Print the completions for a shell
    Completions(completions::Completions),
}

/// How a verb tells what it has to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Reads a seed.
fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        format!("a seed is a whole number from 0 to {}, such as 7: it decides what is left to chance", u64::MAX)
    })
}

/// What a verb found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Yes,
    /// Done, and the answer is no.
    No,
}

/// Why a verb could not do what it was asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// An input is missing or broken; in words for the person.
    Unusable(String),
    /// The words of the command line make no sense together.
    WrongUse(String),
    /// Nobody reads the output any more.
    NobodyReads,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::NobodyReads;
        }
        Self::Unusable(format!("the output can't be written: {}", store::folders::plainly(&error)))
    }
}

/// Runs the program with the words of its command line and returns its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut output = Output::standard();
    let answer = match line.verb {
        None => play::Play::default().run(&mut output),
        Some(Verb::Play(play)) => play.run(&mut output),
        Some(Verb::Run(run)) => run.run(&mut output),
        Some(Verb::Levels(levels)) => levels.run(&mut output),
        Some(Verb::Check(check)) => check.run(&mut output),
        Some(Verb::Completions(completions)) => completions.run(&mut output),
    };
    let answer = answer.and_then(|answer| Ok(output.flush().map(|()| answer)?));
    match answer {
        Ok(Answer::Yes) | Err(Failure::NobodyReads) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(Failure::Unusable(why)) => {
            // What was found out before is shown first.
            let _ = output.flush();
            say(&format!("sev1: {why}"));
            ExitCode::from(1)
        }
        Err(Failure::WrongUse(why)) => {
            say(&format!("sev1: {why}"));
            ExitCode::from(2)
        }
    }
}
