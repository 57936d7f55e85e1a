//! A line under way: a small machine of plain values.
//!
//! A line is worked out from its beginning each time, with the results that there are so far; the first command without
//! a result is the one that runs next. So pipes, `&&`, `$(…)`, `xargs` and `ssh HOST LINE` are plain recursion, and the
//! state of a running line is the line, a list of results and the one call that is due. Working it out has no effects.

mod evaluation;
mod perform;
mod variables;
mod watch;

use super::shell::{Compound, Line, Stage, Word};
use super::{Call, Printed, Progress, Wish, World, find};
use crate::incident::view::Entry;
use crate::sim::quantity::{Span, Time};
use evaluation::{Evaluation, Pause};
use std::collections::BTreeMap;
pub use variables::{HOME, USER, Variables};

/// Lines that a command keeps at most; more are told, not shown.
const LINES_MAX: usize = 20_000;
/// Commands that one line may run at one moment.
const CALLS_MAX: usize = 2_000;
/// The name under which the shell itself asks for a file.
const READ: &str = "\u{0}read";
/// The name under which it follows one: what `tail` was given, then the file.
const FOLLOW: &str = "\u{0}follow";

/// A line under way.
#[derive(Clone, Debug)]
pub struct Running {
    line: Line,
    host: Option<String>,
    /// Where present, the line is run again and again: `watch -n SPAN`.
    every: Option<Span>,
    began: Time,
    results: Vec<Printed>,
    call: Option<Pending>,
    /// What the last round of a repeated line printed.
    last: Vec<String>,
    /// As they were when the line began; once it has ended, as it leaves them.
    pub variables: Variables,
    /// What the shell is asked for once the line has ended.
    pub wishes: Vec<Wish>,
}

/// The command that is due next.
#[derive(Clone, Debug)]
struct Pending {
    request: Request,
    due: Time,
    visit: u32,
    kept: Vec<String>,
    partial: Printed,
}

/// A command to run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    words: Vec<String>,
    host: Option<String>,
    input: Option<Vec<String>>,
}

/// What surrounds a line: whose it is, and what lies on the desk.
#[derive(Debug)]
pub struct Desk<'a> {
    /// Who typed it: empty for the player.
    pub who: &'a str,
    /// The number of its entry.
    pub entry: usize,
    /// What has been typed and printed so far, by anybody.
    pub entries: &'a [Entry],
    /// The files that this hand has kept.
    pub files: &'a mut BTreeMap<String, Vec<String>>,
}

/// What a line has come to after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Everything that it has printed.
    pub lines: Vec<String>,
    /// The exit code, once it has ended.
    pub ended: Option<u8>,
}

impl Running {
    /// Prepares a line to run from `now` on.
    ///
    /// # Errors
    /// Where a `watch` can't be read.
    pub fn new(line: Line, host: Option<String>, variables: Variables, now: Time) -> Result<Self, String> {
        let (line, every) = match watch::watched(&line, &variables)? {
            Some((inner, every)) => (inner, Some(every)),
            None => (line, None),
        };
        let (results, last, wishes) = (vec![], vec![], vec![]);
        Ok(Self { line, host, every, began: now, results, call: None, last, variables, wishes })
    }

    /// Whether it runs the same line again and again, as `watch` does.
    #[must_use]
    pub const fn repeats(&self) -> bool {
        self.every.is_some()
    }

    /// Whether it runs beside the shell: it repeats itself or follows something.
    #[must_use]
    pub fn is_lengthy(&self) -> bool {
        let follows = |stage: &Stage| {
            if let Some(Compound::While { condition, .. }) = stage.compound.as_deref() {
                // What reads its input line by line ends with it.
                return condition
                    .stages()
                    .first()
                    .is_none_or(|first| first.words.first().is_none_or(|word| word.known() != "read"));
            }
            let words: Vec<String> = stage.words.iter().map(Word::known).collect();
            let flagged = |flags: &[&str]| words.iter().any(|word| flags.contains(&word.as_str()));
            match words.first().map(String::as_str) {
                Some("kubectl" | "k") => match words.get(1).map(String::as_str) {
                    Some("logs") => flagged(&["-f", "--follow"]),
                    Some("rollout") => flagged(&["status"]) && !flagged(&["--watch=false", "-w=false"]),
                    _ => flagged(&["-w", "--watch"]),
                },
                Some("dmesg") => flagged(&["-w", "--follow"]),
                Some("ssh") => words.iter().any(|word| word.ends_with(" -f") || word == "-f" || word == "--follow"),
                Some("deploy") => words.len() > 1,
                Some("vmstat") => words.len() == 2,
                Some("tail" | "journalctl" | "logs") => flagged(&["-f", "--follow"]),
                _ => false,
            }
        };
        self.every.is_some() || self.line.stages().into_iter().any(follows)
    }

    /// When it wants to be stepped.
    #[must_use]
    pub fn due(&self) -> Time {
        self.call.as_ref().map_or(self.began, |call| call.due)
    }

    /// Whether what is under way is the game's `wait`.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.request.words.first().is_some_and(|word| word == "wait"))
    }

    /// Runs whatever is due now, and tells what has been printed so far.
    pub fn step(&mut self, desk: &mut Desk, world: &mut dyn World) -> Shown {
        let now = world.now();
        for _ in 0..CALLS_MAX {
            let mut evaluation = Evaluation::new(self);
            let verdict = evaluation.line(&self.line, self.host.as_deref(), None);
            let (mut lines, blocked, variables) = (evaluation.screen, evaluation.blocked, evaluation.variables);
            if let Some(every) = self.every {
                lines.splice(0..0, [format!("Every {:.1}s: {}", every.as_seconds(), self.line), String::new()]);
            }
            let request = match (verdict, blocked) {
                (Err(Pause(Some(request))), _) | (_, Some(request)) => *request,
                (Ok(_) | Err(Pause(None)), None) if self.every.is_some() => {
                    self.again(now);
                    self.last.clone_from(&lines);
                    return Shown { lines, ended: None };
                }
                (Ok(code), None) => {
                    self.variables = variables;
                    return Shown { lines, ended: Some(code) };
                }
                (Err(Pause(None)), None) => return Shown { lines, ended: Some(2) },
            };
            if self.call.is_none() {
                let takes = find(&request.words[0]).map_or(Span::ZERO, |command| command.takes);
                let due = whole_millisecond(now.max(self.began) + takes);
                self.call = Some(Pending { request, due, visit: 0, kept: vec![], partial: Printed::default() });
            }
            if self.due() > now {
                let unfinished = self.every.is_some() && !self.last.is_empty();
                return Shown { lines: if unfinished { self.last.clone() } else { lines }, ended: None };
            }
            self.run(desk, world);
        }
        Shown { lines: vec!["bash: this line runs too many commands at once".to_owned()], ended: Some(2) }
    }

    /// The end of a round of `watch`.
    fn again(&mut self, now: Time) {
        let every = self.every.unwrap_or_default();
        self.results.clear();
        self.call = None;
        self.began = whole_millisecond((self.began + every).max(now + Span::from_millis(1)));
    }

    /// Runs the command that is due.
    fn run(&mut self, desk: &mut Desk, world: &mut dyn World) {
        let Some(mut pending) = self.call.take() else { return };
        let mut wish = None;
        let mut call = Call {
            who: desk.who,
            host: pending.request.host.as_deref(),
            words: &pending.request.words,
            input: pending.request.input.as_deref(),
            visit: pending.visit,
            kept: &mut pending.kept,
            printed: &mut pending.partial,
            entry: desk.entry,
            entries: desk.entries,
            files: desk.files,
            wish: &mut wish,
        };
        let progress = perform::perform(&mut call, world);
        // Of what goes on and on, the latest is what counts.
        let skipped = pending.partial.lines.len().saturating_sub(LINES_MAX);
        pending.partial.lines.drain(..skipped);
        self.wishes.extend(wish);
        match progress {
            Progress::Done(code) => {
                pending.partial.code = code;
                self.results.push(pending.partial);
            }
            Progress::Again(after) => {
                pending.visit += 1;
                pending.due = whole_millisecond(world.now() + after.max(Span::from_millis(1)));
                self.call = Some(pending);
            }
        }
    }
}

fn whole_millisecond(time: Time) -> Time {
    Time::from_micros(time.micros().div_euclid(1000) * 1000 + if time.micros().rem_euclid(1000) > 0 { 1000 } else { 0 })
}
