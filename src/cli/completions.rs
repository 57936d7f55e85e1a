//! `sev1 completions`: what a shell needs to complete the program's own words.

use super::output::Output;
use super::{Answer, CommandLine, Failure};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// For which shell.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  sev1 completions bash > ~/.local/share/bash-completion/completions/sev1
  sev1 completions zsh > ~/.zfunc/_sev1
  sev1 completions fish > ~/.config/fish/completions/sev1.fish")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Writes the completions to standard output.
    ///
    /// # Errors
    /// Where they can't be written.
    pub fn run(&self, output: &mut Output) -> Result<Answer, Failure> {
        let mut text = vec![];
        clap_complete::generate(self.shell, &mut CommandLine::command(), "sev1", &mut text);
        output.data(&text)?;
        Ok(Answer::Yes)
    }
}
