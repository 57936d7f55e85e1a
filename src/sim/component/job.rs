//! Somebody's console session, or a tool that runs by the clock: steps against other components, one after the other.
//!
//! A job runs once at a time. Whoever looks can see it and end it: it is a process of its own on a machine, it may wait
//! in at(1)'s queue, and an operator can kill it, which leaves whatever it was waiting for without a caller. What a step
//! needs that no component has (a console line to be typed, a condition to be looked at) it asks of whoever runs the
//! simulation ([`crate::sim::Simulation::take_questions`]); it knows nothing of consoles and conditions itself.

use super::Behavior;
use crate::sim::agenda::Ticket;
use crate::sim::ask::Question;
use crate::sim::core::{Core, Timer};
use crate::sim::frame::{Frame, FrameId, NONE, Status};
use crate::sim::handler::{Answered, Flow, Step};
use crate::sim::id::{ComponentId, ProgramId, Unit};
use crate::sim::log::Severity;
use crate::sim::operation::{Applied, Operation, Refusal};
use crate::sim::quantity::{Span, Time};
use crate::sim::telemetry::{Measure, MetricId};
use serde::Deserialize;
use std::sync::Arc;

/// A job as a level describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The component's name.
    pub name: String,
    /// Whose it is; the lines it types are in this person's name.
    pub by: String,
    /// The machine that it runs on; without one, where engineers have their tools.
    #[serde(default)]
    pub on: Option<String>,
    /// When it begins; before the warm-up, it is under way when that begins.
    #[serde(default)]
    pub at: Option<Time>,
    /// How often it begins again, counted from `at` (from time zero without it). It never runs twice at a time: where it
    /// still runs, that turn is left out.
    #[serde(default)]
    pub every: Option<Span>,
    /// What somebody types to begin it.
    #[serde(default)]
    pub command: Option<String>,
    /// What `ps` shows of it; without this, its command or its name.
    #[serde(default)]
    pub types: Option<String>,
    /// Whether it waits for its time in at(1)'s queue, where it can be seen and removed.
    #[serde(default)]
    pub queued: bool,
    /// What it does.
    pub steps: Vec<Step>,
}

/// A run under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Who began it: the job's owner, or whoever typed its command. Empty for the player.
    pub by: String,
    /// When.
    pub began: Time,
    /// Its process.
    pub pid: u32,
    /// Whether somebody typed its command, and waits for it in a shell.
    pub was_typed: bool,
    frame: FrameId,
    serial: u32,
    /// The question that it waits for an answer to.
    question: Option<u32>,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It has done all its steps.
    Done,
    /// A step failed, with these words.
    Failed(String),
    /// Somebody sent it this signal.
    Killed(u8),
}

/// A time before every level, for what has never been.
const NEVER: i64 = -1_000_000_000_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Metrics {
    running: MetricId,
    runs: MetricId,
    done: MetricId,
    failed: MetricId,
    killed: MetricId,
    last_done: MetricId,
}

/// A job at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    id: ComponentId,
    /// As the level describes it.
    pub settings: Arc<Settings>,
    program: ProgramId,
    /// When it begins next by itself.
    pub next: Option<Time>,
    timer: Ticket,
    /// The run under way.
    pub run: Option<Run>,
    /// How many runs there have been.
    pub runs: u32,
    /// How the last run ended, and when.
    pub last: Option<(Time, End)>,
    questions: u32,
    metrics: Metrics,
}

impl Job {
    pub(in crate::sim) fn new(id: ComponentId, settings: &Settings, program: ProgramId, core: &mut Core) -> Self {
        let name = &settings.name;
        let telemetry = &mut core.telemetry;
        let metrics = Metrics {
            running: telemetry.gauge(id, format!("{name}.running"), "whether it runs", Measure::Flag),
            runs: telemetry.counter(id, format!("{name}.runs"), "times it was begun"),
            done: telemetry.counter(id, format!("{name}.done"), "runs that did all their steps"),
            failed: telemetry.counter(id, format!("{name}.failed"), "runs that failed at a step"),
            killed: telemetry.counter(id, format!("{name}.killed"), "runs that somebody ended"),
            last_done: telemetry.gauge(
                id,
                format!("{name}.last_done"),
                "when it last did all its steps",
                Measure::Time,
            ),
        };
        telemetry.set(metrics.last_done, NEVER);
        let settings = Arc::new(settings.clone());
        let (next, run, last) = (None, None, None);
        Self { id, settings, program, next, timer: 0, run, runs: 0, last, questions: 0, metrics }
    }

    /// What `ps` shows of it.
    #[must_use]
    pub fn line(&self) -> &str {
        let settings = &self.settings;
        settings.types.as_deref().or(settings.command.as_deref()).unwrap_or(&settings.name)
    }

    /// The number under which it stands in at(1)'s queue.
    #[must_use]
    pub const fn queue_number(&self) -> u32 {
        self.id.0 as u32 + 11
    }

    /// Whether it waits for the answer to this question.
    #[must_use]
    pub fn waits_for(&self, ticket: u32) -> bool {
        self.run.as_ref().is_some_and(|run| run.question == Some(ticket))
    }

    /// Whether it waits in at(1)'s queue.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        self.settings.queued && self.next.is_some()
    }

    /// Sets the timer for the next turn at or after `from`.
    fn await_turn(&mut self, from: Time, core: &mut Core) {
        let first = self.settings.at;
        self.next = match (first, self.settings.every) {
            (first, Some(every)) if every > Span::ZERO => {
                let first = first.unwrap_or(Time::ZERO);
                let behind = from.since(first).micros().max(0);
                let turns = (behind + every.micros() - 1) / every.micros();
                Some(first + every * turns)
            }
            (Some(at), _) if self.runs == 0 => Some(at.max(from)),
            _ => None,
        };
        self.timer = self.next.map_or(0, |at| core.set_timer(self.id, Timer::Tick, 0, at));
    }

    fn begin(&mut self, by: String, was_typed: bool, core: &mut Core) {
        let unit = Unit::new(self.id, 0, u64::from(self.runs));
        let program = self.program;
        let frame = core.begin(Frame {
            unit: unit.0,
            component: self.id,
            program,
            parent: NONE,
            started: core.now,
            ..Frame::EMPTY
        });
        let hash = core.model.components[self.id.index()].hash;
        let pid = 4_000 + (hash % 20_000) as u32 + self.runs * 131;
        // One that began before anybody looked began when the level says so.
        let began = self.settings.at.filter(|at| self.runs == 0 && *at < core.now).unwrap_or(core.now);
        let serial = core.frames[frame].serial;
        self.run = Some(Run { by, began, pid, was_typed, frame, serial, question: None });
        self.runs += 1;
        core.telemetry.count(self.metrics.runs);
        core.telemetry.set(self.metrics.running, 1);
        core.mark(self.id, 60, unit.0, 0);
        self.go_on(frame, core);
    }

    fn go_on(&mut self, id: FrameId, core: &mut Core) {
        loop {
            match core.step(id) {
                Flow::Waits => return,
                Flow::Works(span) => return core.wake_after(id, span),
                Flow::Asks(index) => return self.ask(id, index, core),
                Flow::Ends(status) if status.is_ok() => return self.end(End::Done, core),
                Flow::Ends(status) => return self.end(End::Failed(words(status)), core),
                Flow::Panics(template) => {
                    let text = core.model.templates[usize::from(template)].clone();
                    return self.end(End::Failed(text), core);
                }
                // A session has neither a message in hand nor a container's limit.
                Flow::Acks
                | Flow::Nacks { .. }
                | Flow::Allocates(_)
                | Flow::Leaks(_)
                | Flow::Strands(_)
                | Flow::Responds
                | Flow::Spawns(_)
                | Flow::Writes(..)
                | Flow::Enters(_)
                | Flow::Leaves(_)
                | Flow::Saves(_) => {}
            }
        }
    }

    fn ask(&mut self, id: FrameId, index: u16, core: &mut Core) {
        let Some(run) = &mut self.run else { return };
        self.questions += 1;
        run.question = Some(self.questions);
        let ask = core.program(core.frames[id].program).asks[usize::from(index)].ask.clone();
        core.questions.push(Question { job: self.id, ticket: self.questions, ask });
    }

    fn answered(&mut self, ticket: u32, well: bool, core: &mut Core) {
        let Some(run) = &mut self.run else { return };
        if run.question != Some(ticket) {
            return;
        }
        run.question = None;
        let frame = run.frame;
        if well {
            return self.go_on(frame, core);
        }
        let pc = usize::from(core.frames[frame].pc) - 1;
        let program = core.program(core.frames[frame].program);
        let words = match program.ops[pc] {
            crate::sim::handler::Op::Ask(index) => program.asks[usize::from(index)].or.clone(),
            _ => String::new(),
        };
        self.end(End::Failed(words), core);
    }

    /// The run is over: nobody waits for what it has asked of others any more.
    fn end(&mut self, end: End, core: &mut Core) {
        let Some(run) = self.run.take() else { return };
        let metric = match &end {
            End::Done => {
                core.telemetry.set(self.metrics.last_done, core.now.micros());
                self.metrics.done
            }
            End::Failed(words) => {
                let template = core.model.templates.iter().position(|known| known == words);
                if let Some(template) = template {
                    core.log(self.id, 0, core.frames[run.frame].unit, Severity::Error, template as u16);
                }
                self.metrics.failed
            }
            End::Killed(_) => self.metrics.killed,
        };
        core.telemetry.count(metric);
        core.telemetry.set(self.metrics.running, 0);
        if core.frames.is(run.frame, run.serial) {
            core.finish(run.frame, Status::RESET);
        }
        self.last = Some((core.now, end));
    }
}

/// What a session prints where a step has failed with a status.
fn words(status: Status) -> String {
    match status {
        Status::REFUSED => "connection refused".into(),
        Status::TIMED_OUT => "timed out".into(),
        Status::RESET => "lost connection".into(),
        Status(other) => format!("failed with status {other}"),
    }
}

impl Behavior for Job {
    fn start(&mut self, core: &mut Core) {
        if self.settings.at.is_some() || self.settings.every.is_some() {
            self.await_turn(core.now, core);
        }
    }

    fn on_answer(&mut self, frame: FrameId, status: Status, core: &mut Core) {
        match core.answered(frame, status) {
            Answered::GoesOn => self.go_on(frame, core),
            Answered::TriesAgain => {}
            Answered::Fails(status) => self.end(End::Failed(words(status)), core),
        }
    }

    fn on_wake(&mut self, frame: FrameId, core: &mut Core) {
        if core.frames[frame].retries_call {
            core.retry(frame);
        } else {
            self.go_on(frame, core);
        }
    }

    fn on_timer(&mut self, _timer: Timer, _index: u32, ticket: Ticket, core: &mut Core) {
        if ticket != self.timer {
            return;
        }
        self.next = None;
        if self.run.is_none() {
            self.begin(self.settings.by.clone(), false, core);
        }
        if self.settings.every.is_some() {
            self.await_turn(core.now + Span::from_micros(1), core);
        }
    }

    fn operate(&mut self, operation: &Operation, core: &mut Core) -> Result<Applied, Refusal> {
        match operation {
            Operation::StartJob { by } if self.run.is_none() => self.begin(by.clone(), true, core),
            Operation::StartJob { .. } => {
                return Err(Refusal::new(format!("{}: it runs already", self.settings.name)));
            }
            Operation::Answer { ticket, well } => self.answered(*ticket, *well, core),
            Operation::Kill { signal, .. } if self.run.is_some() => self.end(End::Killed(*signal), core),
            Operation::Kill { .. } => return Err(Refusal::new("No such process")),
            Operation::Unqueue if self.is_queued() => {
                self.next = None;
                self.timer = 0;
            }
            Operation::Unqueue => return Err(Refusal::new("it doesn't wait in the queue")),
            _ => return Err(Refusal::new("that can't be done to somebody's session")),
        }
        Ok(Applied::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::ask::Ask;
    use crate::sim::component::Settings as Of;
    use crate::sim::random::Seed;
    use crate::sim::{Simulation, System};

    fn job(text: &str) -> Simulation {
        let settings: Settings = serde_json::from_str(text).unwrap();
        let system =
            System { components: vec![Of::Job(settings)], warm_up: Span::from_seconds(60), ..System::default() };
        Simulation::new(&system, Seed(1)).unwrap()
    }

    fn of(simulation: &Simulation) -> &Job {
        match &simulation.components()[0] {
            Component::Job(job) => job,
            other => panic!("{other:?}"),
        }
    }
    use crate::sim::component::Component;

    #[test]
    fn a_job_waits_in_the_queue_and_can_be_taken_out_of_it() {
        let mut simulation =
            job(r#"{"name": "release", "by": "Ana", "at": "5m", "queued": true, "steps": [{"Work": "1m"}]}"#);
        simulation.run_until(Time::from_seconds(240));
        assert!(of(&simulation).is_queued());
        let mut other = simulation.clone();
        simulation.apply("release", &Operation::Unqueue).unwrap();
        for world in [&mut simulation, &mut other] {
            world.run_until(Time::from_seconds(330));
        }
        assert!(of(&simulation).run.is_none());
        assert!(of(&other).run.is_some());
    }

    #[test]
    fn a_job_that_still_runs_leaves_its_turn_out() {
        let mut simulation = job(r#"{"name": "pump", "by": "cron", "every": "1m", "steps": [{"Work": "90s"}]}"#);
        simulation.run_until(Time::from_seconds(250));
        assert_eq!(of(&simulation).runs, 3, "at -60, 60 (0 was taken), 180");
    }

    #[test]
    fn a_job_asks_and_goes_on_or_fails_by_the_answer() {
        let text = r#"{"name": "sync", "by": "Ana", "at": "1s", "steps": [
            {"Require": {"that": "fresh", "or": "nothing new"}}, {"Run": "deploy web"}, {"Work": "1s"}
        ]}"#;
        let mut simulation = job(text);
        simulation.run_until(Time::from_seconds(2));
        let asked = simulation.take_questions();
        assert_eq!(asked[0].ask, Ask::Condition("fresh".into()));
        let mut other = simulation.clone();
        let answer = |well| Operation::Answer { ticket: asked[0].ticket, well };
        other.apply("sync", &answer(false)).unwrap();
        assert_eq!(of(&other).last.as_ref().unwrap().1, End::Failed("nothing new".into()));
        simulation.apply("sync", &answer(true)).unwrap();
        assert_eq!(simulation.take_questions()[0].ask, Ask::Line("deploy web".into()));
    }

    #[test]
    fn a_killed_job_does_nothing_more() {
        let mut simulation = job(r#"{"name": "long", "by": "Ana", "at": "0s", "steps": [{"Work": "1h"}]}"#);
        simulation.run_until(Time::from_seconds(10));
        simulation.apply("long", &Operation::Kill { instance: "long".into(), signal: 2 }).unwrap();
        simulation.run_until(Time::from_seconds(4000));
        assert_eq!(of(&simulation).last.as_ref().unwrap().1, End::Killed(2));
        assert_eq!(simulation.in_flight(), 0);
    }

    #[test]
    fn steps_are_done_for_each_of_a_list() {
        let text = r#"{"name": "all", "by": "Ana", "at": "0s", "steps": [
            {"ForEach": {"of": ["a", "b"], "do": [{"Run": "touch {item}"}]}}
        ]}"#;
        let mut simulation = job(text);
        simulation.run_until(Time::from_seconds(1));
        let first = simulation.take_questions().remove(0);
        assert_eq!(first.ask, Ask::Line("touch a".into()));
        simulation.apply("all", &Operation::Answer { ticket: first.ticket, well: true }).unwrap();
        assert_eq!(simulation.take_questions()[0].ask, Ask::Line("touch b".into()));
    }
}
