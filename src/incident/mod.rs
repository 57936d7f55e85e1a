//! One play of one level: what the player types, what rings, who speaks, how it ends and what it was worth.
//!
//! Knows no terminal and no wall clock: whoever plays hands it console lines and the time that passes. The world, the
//! console, the team and the score are one value, so an incident can be copied, rewound and branched.

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod alerts;
mod branches;
mod checks;
pub mod console;
mod debrief;
mod expectation;
mod facts;
mod graph;
mod header;
mod judge;
mod map;
mod notebook;
pub mod proof;
pub mod report;
pub mod run;
mod score;
pub mod script;
mod second;
mod series;
mod stage;
mod team;
pub mod view;
mod world;

use crate::level::Level;
use crate::level::condition::Told;
use crate::sim::operation::Operation;
use crate::sim::quantity::{Span, Time};
use console::{Console, Hand};
use stage::Stage;
use std::sync::Arc;
use view::{
    Choice, Completion, Debrief, Entry, EntryState, Graph, Happened, Happening, Header, Map, Mark, Notebook, Question,
    Ring, Saying, Shell,
};

/// How much help there is, and how much noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// May pause, hints are free, tools are suggested.
    Trainee,
    /// The real thing, with hints at a price.
    #[default]
    OnCall,
    /// No hints, no pause, noisy alerts.
    Principal,
}

/// How long the clock stays slow after something has happened or a key was touched.
const SLOW_FOR: Span = Span::from_seconds(20);
/// Simulated seconds a second while the player lets time pass with `wait`.
const WAITING_SPEED: u32 = 60;

/// The line that says what Ctrl-C does: it ends the line in front, or the last one in the background.
pub const INTERRUPT: &str = "^C";
/// The line that closes a further shell: `@2 ^D`.
pub const CLOSE: &str = "^D";

/// A level being played.
#[derive(Clone, Debug)]
pub struct Incident {
    stage: Stage,
    console: Console,
    /// The shells of those whom nobody watches.
    unseen: Console,
    /// Lines that the player has typed, with their times.
    typed: Vec<(Time, String)>,
    /// The console's entry of each of them; an interrupt has none.
    entries: Vec<Option<usize>>,
    /// How long the clock stays slow, in real time.
    slow_for: Span,
    /// Simulated microseconds that have passed but not been simulated yet.
    owed: i64,
    events_before: u64,
}

/// Who asks the game how it is played, or lets its clock go faster, hasn't looked at the system.
const NOTICES_NOTHING: [&str; 6] = ["help", "man", "speed", "pause", "wait", "clear"];

impl Incident {
    /// Starts a level: the warm-up is simulated, the clock stands at zero.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "an incident owns its level for as long as it lasts")]
    pub fn start(level: Arc<Level>, seed: u64, mode: Mode) -> Self {
        let stage = match Stage::new(Arc::clone(&level), seed, mode) {
            Ok(stage) => stage,
            // Checked when the level was read: what can't be built isn't a level.
            Err(why) => unreachable!("a level that was read can be built: {why}"),
        };
        let mut incident = Self {
            stage,
            console: Console::default(),
            unseen: Console::default(),
            typed: vec![],
            entries: vec![],
            slow_for: Span::ZERO,
            owed: 0,
            events_before: 0,
        };
        incident.pass(Time::ZERO);
        incident.events_before = incident.stage.simulation.events();
        incident
    }

    /// The level that is played.
    #[must_use]
    pub fn level(&self) -> &Level {
        &self.stage.level
    }

    /// How the incident is played.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.stage.mode
    }

    /// Real time passes: the clock moves by as much as its speed says, or not at all while paused.
    pub fn elapse(&mut self, real: Span) {
        if self.stage.is_paused || self.is_over() {
            return;
        }
        if std::mem::take(&mut self.stage.is_startled) {
            self.slow_for = SLOW_FOR;
        }
        if self.stage.is_calmed {
            self.stage.is_calmed = false;
            self.slow_for = Span::ZERO;
        }
        self.owed += real.micros().max(0) * i64::from(self.speed());
        self.slow_for = Span::from_micros((self.slow_for.micros() - real.micros()).max(0));
        let whole = self.owed / 1000 * 1000;
        self.owed -= whole;
        self.advance(Span::from_micros(whole));
    }

    /// Simulated seconds a real one, now.
    fn speed(&self) -> u32 {
        if self.console.is_waiting("") {
            return WAITING_SPEED;
        }
        let clock = &self.stage.level.clock;
        let speed = self.chosen_speed();
        if self.slow_for > Span::ZERO { speed.min(clock.slowed()) } else { speed }
    }

    /// Simulated time passes, whatever the clock's speed.
    pub fn advance(&mut self, by: Span) {
        let until = self.now() + by;
        self.pass(until);
    }

    fn is_over(&self) -> bool {
        self.stage.judge.phase.is_over() && !self.stage.runs_on
    }

    fn pass(&mut self, until: Time) {
        while !self.is_over() {
            self.run_console();
            let now = self.now();
            if now >= until || self.is_over() {
                return;
            }
            let next_second = Time::from_seconds(now.second() + 1);
            let mut target = until.min(next_second);
            for due in [self.console.next_due(), self.unseen.next_due()].into_iter().flatten() {
                target = target.min(due.max(now + Span::from_micros(1)));
            }
            self.stage.simulation.run_until(target);
            if target == next_second {
                self.stage.second(target.second());
                if self.stage.simulation.bound().is_some() {
                    self.stage.judge.phase = view::Phase::Expired;
                    return;
                }
            }
            if target == next_second {
                self.type_what_others_type();
                self.run_errands();
            }
        }
    }

    /// Colleagues type what they have been moved to type.
    fn type_what_others_type(&mut self) {
        for typing in std::mem::take(&mut self.stage.typing) {
            let entry = self.console.type_line(self.stage.now(), typing.who.as_str(), &typing.line);
            self.stage.done_for.extend(typing.asked_by.map(|by| (entry, by)));
        }
        for typing in std::mem::take(&mut self.stage.typing_quietly) {
            self.unseen.type_line(self.stage.now(), typing.who.as_str(), &typing.line);
        }
    }

    /// Types what jobs have asked for; what nobody waits for any more is broken off.
    fn run_errands(&mut self) {
        for errand in std::mem::take(&mut self.stage.asked) {
            let entry = self.console.type_line(self.stage.now(), errand.who.as_str(), &errand.line);
            self.stage.errands.push((entry, errand));
        }
        for (entry, errand) in std::mem::take(&mut self.stage.errands) {
            if self.stage.waits_for(&errand) {
                self.stage.errands.push((entry, errand));
            } else if self.console.entries()[entry].state == EntryState::Running {
                self.console.interrupt(errand.who.as_str());
            }
        }
    }

    /// Tells a job that the line it waits for has ended.
    fn answer_errand(&mut self, entry: usize) {
        let Some(place) = self.stage.errands.iter().position(|(number, _)| *number == entry) else { return };
        let state = self.console.entries()[entry].state;
        if state != EntryState::Running {
            let (_, errand) = self.stage.errands.remove(place);
            let answer = Operation::Answer { ticket: errand.ticket, well: state == EntryState::Done };
            _ = self.stage.simulation.apply(&errand.job, &answer);
        }
    }

    /// Runs whatever the shells have to do now, and lets others type what that leads to. At a moment at which no shell has
    /// anything to do nothing is done: how often the clock stops on its way must change nothing.
    fn run_console(&mut self) {
        while self.unseen.next_due().is_some_and(|due| due <= self.stage.now()) {
            self.unseen.step(&mut self.stage);
            self.type_what_others_type();
        }
        while self.console.next_due().is_some_and(|due| due <= self.stage.now()) {
            self.run_errands();
            let entries = self.console.step(&mut self.stage);
            self.type_what_others_type();
            for entry in entries {
                let shown = &self.console.entries()[entry];
                if shown.who.is_empty() && !console::is_about_itself(&shown.line) {
                    for line in &shown.output {
                        self.stage.facts.printed(line);
                    }
                }
                self.stage.tell(Happened::Printed { entry });
                self.answer_errand(entry);
            }
        }
    }

    /// The player has touched a key: the clock goes on being slow for a while where it has slowed by itself.
    pub fn touched(&mut self) {
        if self.slow_for > Span::ZERO {
            self.slow_for = SLOW_FOR;
        }
    }

    /// How much time has passed since the incident began.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.stage.now()
    }

    /// The digest of everything that has happened; equal for two runs that played out the same.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.stage.simulation.digest()
    }

    /// What it has come to, in figures.
    #[must_use]
    pub fn report(&self) -> report::Report {
        score::report_of(self)
    }

    /// Whether a condition is true now, of the true values. It is followed from the first time it is asked for.
    ///
    /// # Errors
    /// Where it can't be read or names no metric; the message says what to write instead.
    pub fn holds(&mut self, condition: &str) -> Result<bool, String> {
        let trace = self.stage.watch(condition, false)?;
        Ok(self.stage.held(trace))
    }

    /// Asks for the true value of an expression: it is kept for every simulated second from now on.
    ///
    /// # Errors
    /// Where it can't be read or names no metric; the message says what to write instead.
    pub fn trace(&mut self, expression: &str) -> Result<(), String> {
        self.stage.watch(expression, false).map(|_| ())
    }

    /// What was asked for, with a value for each second that had one.
    #[must_use]
    pub fn traces(&self) -> Vec<(String, Vec<(Time, f64)>)> {
        self.stage.traces.iter().map(|trace| (trace.text.clone(), trace.values.clone())).collect()
    }

    /// Types a line into the player's shell and returns the entry's id; its output is in [`Self::console`]. `@2 LINE` is for
    /// the second shell, which it opens. [`INTERRUPT`] ends what runs there instead, where something does, and [`CLOSE`]
    /// the shell itself; the latest entry's id is returned where a line makes none.
    pub fn perform(&mut self, line: &str) -> usize {
        let now = self.now();
        self.typed.push((now, line.to_owned()));
        let (number, line) = console::addressed(line);
        let word = line.split_whitespace().next().unwrap_or_default();
        if !NOTICES_NOTHING.contains(&word) {
            self.stage.judge.acted(now);
        }
        let ended = self.end(number, line.trim());
        for entry in ended.iter().flatten() {
            self.stage.tell(Happened::Printed { entry: *entry });
        }
        let latest = self.console.entries().len().saturating_sub(1);
        let entry = if let Some(ended) = &ended {
            self.entries.push(None);
            ended.first().copied().unwrap_or(latest)
        } else {
            self.stage.facts.tell(Told::Ran, "", line);
            let entry = self.console.type_line(now, Hand::of_player(number), line);
            self.entries.push(Some(entry));
            entry
        };
        self.run_console();
        entry
    }

    /// What ends something instead of being typed, and the entries that have ended by it.
    fn end(&mut self, number: usize, line: &str) -> Option<Vec<usize>> {
        let hand = Hand::of_player(number);
        match line.split_once(' ') {
            None if line == CLOSE => Some(self.console.close(number)),
            None if line == INTERRUPT => self.console.interrupt(hand).map(|entry| vec![entry]),
            Some((INTERRUPT, entry)) => {
                entry.parse().ok().map(|entry| self.console.end(hand, entry).into_iter().collect())
            }
            _ => None,
        }
    }

    /// The lines that the player has typed, with their times.
    #[must_use]
    pub fn typed(&self) -> &[(Time, String)] {
        &self.typed
    }

    /// Whether the player's shell of this number has a line in front, so that the next one would wait for it.
    #[must_use]
    pub fn is_busy(&self, shell: usize) -> bool {
        self.console.is_busy(Hand::of_player(shell))
    }

    /// Whether something runs in the player's shell of this number that [`INTERRUPT`] would end: in front or in the
    /// background.
    #[must_use]
    pub fn is_running(&self, shell: usize) -> bool {
        self.console.is_running(Hand::of_player(shell))
    }

    /// Simulated seconds a real one, as the player or the level has chosen it, though the clock may be slower now.
    #[must_use]
    pub fn chosen_speed(&self) -> u32 {
        self.stage.speed.unwrap_or(self.stage.level.clock.speed)
    }

    /// What could stand at the cursor of a line in the player's shell of this number.
    #[must_use]
    pub fn complete(&self, shell: usize, line: &str, cursor: usize) -> Completion {
        self.console.complete_in(shell, line, cursor, &self.stage)
    }

    /// What hurts, since when, how bad.
    #[must_use]
    pub fn header(&self) -> Header {
        header::header_of(&self.stage, self.speed())
    }

    /// The living system.
    #[must_use]
    pub fn map(&self) -> Map {
        map::map_of(&self.stage)
    }

    /// What rings or has rung, the most urgent first.
    #[must_use]
    pub fn rings(&self) -> Vec<Ring> {
        let monitoring = &self.stage.level.monitoring;
        let mut rings = self.stage.alerts.rings(&monitoring.alerts, self.now());
        rings.extend(self.stage.checks.rings(&monitoring.checks, self.stage.now()));
        rings.sort_by_key(|ring| (ring.state.urgency(), !ring.is_page, ring.since));
        rings
    }

    /// The incident's channel, oldest first.
    #[must_use]
    pub fn sayings(&self) -> Vec<Saying> {
        self.stage.sayings.clone()
    }

    /// What was typed and printed, oldest first.
    #[must_use]
    pub fn console(&self) -> &[Entry] {
        self.console.entries()
    }

    /// Where the player's shell of this number is: `bastion`, `node-a1`.
    #[must_use]
    pub fn shell(&self, number: usize) -> &str {
        self.console.place(Hand::of_player(number))
    }

    /// The player's shells, also those that have been closed; the first is always there.
    #[must_use]
    pub fn shells(&self) -> Vec<Shell> {
        let shells = self.console.shells().map(|(number, place, is_closed)| Shell {
            number,
            place: place.to_owned(),
            is_busy: self.is_busy(number),
            is_closed,
        });
        shells.collect()
    }

    /// What the player has written down.
    #[must_use]
    pub fn notebook(&self) -> Notebook {
        self.stage.notebook.view()
    }

    /// The questions that have come up so far.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        let question = |index: usize| {
            let question = &self.stage.level.diagnosis[index];
            let given = self.stage.questions[index].given.clone();
            Question { text: question.question.clone(), causes: question.shown(), given }
        };
        // Before anything has rung a question would tell what is going to.
        let asking = if self.stage.alarms == 0 { vec![] } else { self.stage.asking() };
        asking.into_iter().map(question).collect()
    }

    /// The graphs that a part is best known by, and those that the level or the player has pinned (`None`).
    #[must_use]
    pub fn graphs(&self, part: Option<&str>) -> Vec<String> {
        graph::graphs_of(&self.stage, part)
    }

    /// A metric or condition over the last `window`, in at most `points` steps; an error says what to write instead.
    ///
    /// # Errors
    /// Where the expression can't be read or names no metric that is collected.
    pub fn graph(&self, expression: &str, window: Span, points: usize) -> Result<Graph, String> {
        self.graph_until(expression, self.now(), window, points)
    }

    /// The same over the `window` that ends at a moment.
    ///
    /// # Errors
    /// As [`Self::graph`].
    pub fn graph_until(&self, expression: &str, until: Time, window: Span, points: usize) -> Result<Graph, String> {
        graph::graph_of(&self.stage, expression, until, window, points)
    }

    /// What monitoring had of a metric or condition at a moment, with its unit; `None` where nothing had been scraped.
    #[must_use]
    pub fn reading(&self, expression: &str, at: Time) -> Option<String> {
        graph::reading_of(&self.stage, expression, at)
    }

    /// The graphs that the player has pinned.
    #[must_use]
    pub fn pinned_graphs(&self) -> &[String] {
        &self.stage.pinned_graphs
    }

    /// What can be drawn of all that is collected, as (expression, what it is).
    #[must_use]
    pub fn measurable(&self) -> Vec<(String, String)> {
        graph::measurable(&self.stage)
    }

    /// The marks on the time axis: alerts, deploys, own commands.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        self.stage.marks.clone()
    }

    /// What can be looked at and done about a part, looks first.
    #[must_use]
    pub fn menu(&self, part: &str) -> Vec<Choice> {
        self.named_nothing_new(console::menu::menu(&self.stage, part))
    }

    /// Without the changes to files that nothing has shown yet: a menu is no place to find out what is the matter.
    fn named_nothing_new(&self, mut all: Vec<Choice>) -> Vec<Choice> {
        let is_known = |path: &str| {
            let shows =
                |entry: &Entry| entry.line.contains(path) || entry.output.iter().any(|line| line.contains(path));
            self.console().iter().any(shows)
        };
        all.retain(|choice| {
            !choice.changes || choice.label.split(' ').filter(|word| word.starts_with('/')).all(is_known)
        });
        all
    }

    /// Everything that can be looked at and done now.
    #[must_use]
    pub fn palette(&self) -> Vec<Choice> {
        self.named_nothing_new(console::menu::palette(&self.stage))
    }

    /// What has happened since the `seen`-th happening.
    #[must_use]
    pub fn happenings(&self, seen: usize) -> &[Happening] {
        self.stage.happenings.get(seen..).unwrap_or_default()
    }

    /// As much of the story afterwards as needs nothing to be played again.
    #[must_use]
    pub fn told(&self) -> Debrief {
        debrief::told(self)
    }

    /// The same with the graphs of the run, which take a moment.
    #[must_use]
    pub fn told_with_graphs(&self) -> Debrief {
        debrief::with_graphs(self)
    }

    /// The story afterwards; re-runs the level for the counterfactuals, which takes a moment.
    #[must_use]
    pub fn debrief(&self) -> Debrief {
        debrief::debrief_of(self)
    }
}

#[cfg(test)]
mod tests;
