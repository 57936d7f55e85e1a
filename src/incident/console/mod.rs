//! The console: one language for whatever a player, a colleague or a script does.
//!
//! ```text
//! a line ── shell ──▶ a tree of commands ── running ──▶ one command at a time, each at its millisecond ──▶ output
//! ```
//!
//! How it runs: [`Console::type_line`] gives a line to a shell; a shell is sequential and has one line in front and any
//! number in the background. A line is a machine of plain values (`running::Running`): it works out which command
//! comes next, that command takes its time ([`Command::takes`]), and then, at a whole millisecond, it looks at the
//! [`World`] or acts on it and prints. Whoever owns the console asks [`Console::next_due`], lets the simulation run up to
//! there and calls [`Console::step`]. Filters (`grep`, `head`) are pure and take no time.
//!
//! [`FAMILIES`] is the one table of what exists; help, manual, completion and 'did you mean' are derived from it. The
//! console knows no terminal, no score and no goal.

pub mod arguments;
mod aws;
mod builtin;
mod choice;
mod cluster;
mod code;
mod complete;
mod curl;
mod database;
mod deploy;
mod diff;
mod eb;
pub mod filters;
mod game;
mod git;
mod host;
mod kubectl;
mod mail;
pub mod menu;
mod nagios;
mod options;
mod rabbitmq;
mod running;
mod search;
mod session;
mod sessions;
pub mod shell;
mod socat;
pub mod stamp;
mod table;
mod varnish;
mod world;

pub use menu::{menu, palette};
pub use options::Options;
pub use session::{Console, Hand, addressed};
pub use shell::SyntaxError;
pub use world::{Act, Checked, Named, World};

use crate::incident::view::{Candidate, Entry};
use crate::sim::quantity::Span;
use std::collections::BTreeMap;

/// A command: everything that is said and known about it, in one place.
pub struct Command {
    /// What is typed.
    pub name: &'static str,
    /// What may be typed instead.
    pub aliases: &'static [&'static str],
    /// How it is written: `ack [ALERT]`.
    pub usage: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The manual: paragraphs and examples.
    pub manual: &'static str,
    /// The options that it takes.
    pub options: Options,
    /// Paragraphs and examples that depend on what is here; they follow the manual.
    pub page: fn(&dyn World) -> Vec<String>,
    /// Where it can be typed.
    pub place: Place,
    /// How long it takes until it looks or acts.
    pub takes: Span,
    /// Whether the level has what it needs.
    pub exists: fn(&dyn World) -> bool,
    /// What it does.
    pub runs: Runs,
    /// What could stand at the cursor.
    pub complete: fn(&Typed, &dyn World) -> Vec<Candidate>,
}

impl Command {
    /// Typed anywhere, at once, in every level, with nothing to complete: what most commands are apart from their name.
    const PLAIN: Self = Self {
        name: "",
        aliases: &[],
        usage: "",
        summary: "",
        manual: "",
        options: Options::Own,
        page: |_| vec![],
        place: Place::Anywhere,
        takes: Span::ZERO,
        exists: always,
        runs: Runs::Command(|_, _| Progress::Done(0)),
        complete: nothing,
    };
}

/// What the tools of one kind have in common.
struct Kit {
    place: Place,
    takes: Span,
    exists: fn(&dyn World) -> bool,
}

impl Kit {
    /// One of them, with no other name, no options and nothing to complete.
    const fn tool(
        &self,
        name: &'static str,
        usage: &'static str,
        summary: &'static str,
        manual: &'static str,
        run: fn(&mut Call, &mut dyn World) -> Progress,
    ) -> Command {
        Command {
            name,
            usage,
            summary,
            manual,
            options: Options::Checked(&[]),
            place: self.place,
            takes: self.takes,
            exists: self.exists,
            runs: Runs::Command(run),
            ..Command::PLAIN
        }
    }
}

/// What kind of thing runs when a command does.
pub enum Runs {
    /// A pure function of its arguments and its input, which takes no time.
    Filter(filters::Filter),
    /// Something that looks at the world or acts on it.
    Command(fn(&mut Call, &mut dyn World) -> Progress),
    /// A part of the shell itself, which runs other commands: `watch`, `xargs`, `ssh`. What it has to do first, or why it
    /// can't be run where it stands.
    Shell(fn(&mut Call, &mut dyn World) -> Progress),
}

/// Where a command can be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Anywhere.
    Anywhere,
    /// Only where engineers have their tools.
    Bastion,
    /// Only on a machine that one has logged in to.
    Host,
}

/// Families of commands in the order in which `help` shows them.
pub const FAMILIES: &[(&str, &[Command])] = &[
    ("the incident", game::COMMANDS),
    ("the cluster", kubectl::COMMANDS),
    ("the broker", rabbitmq::COMMANDS),
    ("Amazon", aws::COMMANDS),
    ("the environments", eb::COMMANDS),
    ("over HTTP", curl::COMMANDS),
    ("mail", mail::COMMANDS),
    ("the balancer", socat::COMMANDS),
    ("the database", database::COMMANDS),
    ("the machines", host::COMMANDS),
    ("the cache", varnish::COMMANDS),
    ("who works here", sessions::COMMANDS),
    ("the checks", nagios::COMMANDS),
    ("the logs", search::COMMANDS),
    ("the code", deploy::COMMANDS),
    ("its history", git::COMMANDS),
    ("the shell", builtin::COMMANDS),
    ("filters", filters::COMMANDS),
];

/// Every command.
pub fn commands() -> impl Iterator<Item = &'static Command> {
    FAMILIES.iter().flat_map(|(_, commands)| commands.iter())
}

/// Whether the words of a command are plain text: those of the game's own acts, which are sentences and conditions. What
/// `help` and `man` take are names.
fn is_plain(name: &str) -> bool {
    !["help", "man"].contains(&name) && game::COMMANDS.iter().any(|command| command.name == name)
}

/// Whether a line asks for words about the console itself, which say nothing of the system: `man dmesg`.
#[must_use]
pub fn is_about_itself(line: &str) -> bool {
    let mut words = addressed(line).1.split_whitespace();
    matches!(words.next(), Some("man" | "help")) || words.next() == Some("--help")
}

/// Reads a line as the console understands it.
///
/// # Errors
/// Where it can't be read, as bash says it.
pub fn parse(line: &str) -> Result<shell::Line, SyntaxError> {
    match line.trim().split_once(char::is_whitespace) {
        Some((command, text)) if game::SENTENCES.contains(&command) => Ok(shell::Line::sentence(command, text)),
        _ => shell::parse_with(line, is_plain),
    }
}

/// The command of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Command> {
    commands().find(|command| command.name == name || command.aliases.contains(&name))
}

/// A command under way.
#[derive(Debug)]
pub struct Call<'a> {
    /// Who typed it: empty for the player.
    pub who: &'a str,
    /// The machine it runs on; `None` on the bastion.
    pub host: Option<&'a str>,
    /// Its name and its arguments.
    pub words: &'a [String],
    /// What is piped into it.
    pub input: Option<&'a [String]>,
    /// How often it has run before in this call: 0 at first, more where it answered [`Progress::Again`].
    pub visit: u32,
    /// What it keeps from visit to visit.
    pub kept: &'a mut Vec<String>,
    /// What it prints.
    pub printed: &'a mut Printed,
    /// The number of the entry that it runs in.
    pub entry: usize,
    /// What has been typed and printed so far, by anybody.
    pub entries: &'a [Entry],
    /// The files of the shell it was typed in.
    pub files: &'a mut BTreeMap<String, Vec<String>>,
    /// What it asks of the shell.
    pub wish: &'a mut Option<Wish>,
}

impl<'a> Call<'a> {
    /// The arguments, without the name.
    #[must_use]
    pub fn arguments(&self) -> &'a [String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Prints a line.
    pub fn say(&mut self, line: impl Into<String>) {
        self.printed.lines.push((Stream::Output, line.into()));
    }

    /// Prints lines.
    pub fn say_all<L: Into<String>>(&mut self, lines: impl IntoIterator<Item = L>) {
        self.printed.lines.extend(lines.into_iter().map(|line| (Stream::Output, line.into())));
    }

    /// Prints a line about what went wrong.
    pub fn complain(&mut self, line: impl Into<String>) {
        self.printed.lines.push((Stream::Errors, line.into()));
    }

    /// Prints lines about what went wrong.
    pub fn complain_all<L: Into<String>>(&mut self, lines: impl IntoIterator<Item = L>) {
        self.printed.lines.extend(lines.into_iter().map(|line| (Stream::Errors, line.into())));
    }

    /// Ends with a line about what went wrong.
    pub fn fail(&mut self, line: impl Into<String>) -> Progress {
        self.complain(line);
        Progress::Done(1)
    }
}

/// How far a command has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has ended, with this exit code: 0 is well.
    Done(u8),
    /// It wants to go on after this time.
    Again(Span),
}

/// What a command asks of the shell that it runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A shell on a machine.
    Enter(String),
    /// Back to where one came from.
    Leave,
    /// An end to the shell itself.
    Close,
    /// An end to a background job, by the number of its entry; `None` for the last.
    Stop(Option<usize>),
}

/// Lines, some of which are about errors.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Printed {
    /// In the order in which they were printed.
    pub lines: Vec<(Stream, String)>,
    /// The exit code: 0 is well.
    pub code: u8,
}

impl Printed {
    /// Lines of output.
    #[must_use]
    pub fn output(lines: Vec<String>) -> Self {
        Self { lines: lines.into_iter().map(|line| (Stream::Output, line)).collect(), code: 0 }
    }

    /// A line about what went wrong, with its exit code.
    #[must_use]
    pub fn error(code: u8, line: impl Into<String>) -> Self {
        Self { lines: vec![(Stream::Errors, line.into())], code }
    }
}

/// Where a line goes: a pipe takes the output only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Into the pipe, or onto the screen.
    Output,
    /// Onto the screen.
    Errors,
}

/// What has been typed of a command when completion is asked for.
#[derive(Clone, Debug)]
pub struct Typed<'a> {
    /// The machine; `None` on the bastion.
    pub host: Option<&'a str>,
    /// The finished words, the command's name first.
    pub before: &'a [String],
    /// What there is of the word at the cursor.
    pub partial: &'a str,
    /// What has been typed and printed so far.
    pub entries: &'a [Entry],
}

/// For commands that every level has.
#[must_use]
pub fn always(_: &dyn World) -> bool {
    true
}

/// For commands that take no arguments, or free words.
#[must_use]
pub fn nothing(_: &Typed, _: &dyn World) -> Vec<Candidate> {
    vec![]
}

/// A candidate for completion.
#[must_use]
pub fn candidate(word: impl Into<String>, about: impl Into<String>) -> Candidate {
    Candidate { word: word.into(), about: about.into() }
}

/// The name that was probably meant.
#[must_use]
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.into_iter().map(|name| (strsim::damerau_levenshtein(wrong, name), name));
    let (distance, name) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance > 0 && distance <= wrong.chars().count().max(name.chars().count()).div_ceil(3)).then_some(name)
}

#[cfg(test)]
mod tests;
