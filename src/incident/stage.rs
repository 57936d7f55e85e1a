//! Everything of an incident but its console: the system, the people, what rings, what is judged, what is written down.

use super::Mode;
use super::alerts::Alerts;
use super::checks::Checks;
use super::console::stamp::Clock;
use super::facts::Facts;
use super::judge::Judge;
use super::notebook::Notebook;
use super::series::Scrapes;
use super::team::Team;
use super::view::{Happened, Happening, Health, Mark, Phase, Saying};
use crate::level::Level;
use crate::level::condition::{Condition, Series, State, Told};
use crate::sim::Simulation;
use crate::sim::component::Component;
use crate::sim::kernel::Change;
use crate::sim::operation::Operation;
use crate::sim::quantity::Time;
use crate::sim::random::Seed;
use crate::sim::telemetry::MetricId;
use std::sync::Arc;

/// A value that somebody asked to be followed.
#[derive(Clone, Debug)]
pub struct Trace {
    /// As it was asked for.
    pub text: String,
    /// Whether it sees what monitoring sees, instead of the truth.
    pub scraped: bool,
    pub(super) is_followed: bool,
    condition: Condition,
    state: State,
    /// A value for each second that had one.
    pub values: Vec<(Time, f64)>,
}

impl Trace {
    pub(super) fn of(text: &str, condition: Condition, scraped: bool) -> Self {
        Self {
            text: text.to_owned(),
            scraped,
            is_followed: true,
            state: condition.new_state(),
            condition,
            values: vec![],
        }
    }

    pub(super) fn follow(&mut self, series: &dyn Series, second: i64) {
        if !self.is_followed {
            return;
        }
        if let Some(value) = self.condition.value(&mut self.state, series, second) {
            self.values.push((Time::from_seconds(second), value));
        }
    }
}

/// Something done to the system.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// When.
    pub at: Time,
    /// By whom; empty for the player.
    pub who: String,
    /// To what.
    pub component: String,
    /// What.
    pub operation: Operation,
    /// The number of the console's entry that did it.
    pub entry: usize,
}

impl Done {
    /// Whether it is told to everybody: on the map, in the timeline, as a mark on the graphs.
    #[must_use]
    pub fn is_told(&self) -> bool {
        match &self.operation {
            Operation::Get { .. } | Operation::Publish { .. } => false,
            // Who looks changes nothing; whether that is so is not for the map and the timeline to say.
            Operation::Kernel { change, command, .. } => {
                self.who.is_empty()
                    && !command.is_empty()
                    && !matches!(change, Change::List(_) | Change::OpenNetlink | Change::ClearLog)
            }
            _ => true,
        }
    }
}

/// A console line that a job waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// The job.
    pub job: String,
    /// The question that the line's end answers.
    pub ticket: u32,
    /// In whose shell it is typed.
    pub who: String,
    /// What is typed.
    pub line: String,
}

/// A line that a colleague is about to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// Who.
    pub who: String,
    /// What.
    pub line: String,
    /// The number of the player's entry that asked for it; nothing where they do it of themselves.
    pub asked_by: Option<usize>,
}

/// What a player has been told as an answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Asked {
    /// Whether the question has come up.
    pub is_open: bool,
    /// The cause that the player named.
    pub given: Option<String>,
    state_of: usize,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Stage {
    pub(super) level: Arc<Level>,
    pub(super) mode: Mode,
    pub(super) simulation: Simulation,
    /// When what is scraped.
    pub(super) scrapes: Arc<Scrapes>,
    /// What customers ask for, and what is overdue.
    pub(super) asked_for: Vec<MetricId>,
    pub(super) overdue: Vec<MetricId>,
    pub(super) clock: Clock,
    pub(super) alerts: Alerts,
    pub(super) checks: Checks,
    pub(super) team: Team,
    pub(super) judge: Judge,
    pub(super) notebook: Notebook,
    pub(super) impact_is_told: bool,
    pub(super) facts: Facts,
    pub(super) sayings: Vec<Saying>,
    pub(super) marks: Vec<Mark>,
    pub(super) happenings: Vec<Happening>,
    pub(super) traces: Vec<Trace>,
    pub(super) done: Vec<Done>,
    pub(super) questions: Vec<Asked>,
    /// The hints that were given, by number.
    pub(super) hints_given: Vec<usize>,
    pub(super) hint_price: u32,
    pub(super) statuses: u32,
    pub(super) pinned_graphs: Vec<String>,
    /// Versions that somebody has brought, as `version` or `service@version`.
    pub(super) brought: Vec<String>,
    /// The entry of the console that runs at the moment.
    pub(super) entry: usize,
    /// How often something has happened that a person has to look at: a ring, customers hurt, a question.
    pub(super) alarms: u64,
    /// What it was, last.
    pub(super) alarm: String,
    /// Lines that colleagues are about to type.
    pub(super) typing: Vec<Typing>,
    /// Entries in which colleagues do what one of the player's entries asked for: (theirs, the player's).
    pub(super) done_for: Vec<(usize, usize)>,
    /// Whom the player has asked or paged, by the number of the entry.
    pub(super) addressed: Vec<(String, usize)>,
    /// Lines that jobs are about to type.
    pub(super) asked: Vec<Errand>,
    /// Lines of jobs that run, by the number of their entry.
    pub(super) errands: Vec<(usize, Errand)>,
    /// Lines that colleagues are about to type on screens of their own, which nobody else sees.
    pub(super) typing_quietly: Vec<Typing>,
    pub(super) is_paused: bool,
    pub(super) speed: Option<u32>,
    /// Something has happened that slows the clock.
    pub(super) is_startled: bool,
    /// The player has said how fast the clock is to run.
    pub(super) is_calmed: bool,
    /// The run in which nobody acts, for proofs that compare with it.
    pub(super) untouched: Option<Arc<Stage>>,
    /// Goes on beyond the level's end and beyond being lost, as a proof needs.
    pub(super) runs_on: bool,
    pub(super) happened: Vec<bool>,
    pub(super) event_states: Vec<State>,
    pub(super) question_states: Vec<State>,
    pub(super) health: Vec<Health>,
}

impl Stage {
    pub(super) fn new(level: Arc<Level>, seed: u64, mode: Mode) -> Result<Self, String> {
        let simulation = Simulation::new(&level.simulated(), Seed(seed)).map_err(|error| error.to_string())?;
        let state = |condition: Option<&Condition>| condition.map(Condition::new_state).unwrap_or_default();
        let questions = level
            .diagnosis
            .iter()
            .map(|question| Asked { is_open: question.when.is_none(), ..Asked::default() })
            .collect();
        Ok(Self {
            mode,
            clock: Clock::of(&level.clock),
            alerts: Alerts::of(&level),
            checks: Checks::of(&level),
            team: Team::of(&level),
            judge: Judge::of(&level),
            notebook: Notebook::default(),
            impact_is_told: false,
            facts: Facts::of(&level),
            scrapes: Arc::new(Scrapes::of(&level.monitoring, &simulation)),
            asked_for: requests_of(&simulation, &level.goal.budget.of),
            overdue: metrics_of_loads(&simulation, "overdue"),
            sayings: vec![],
            marks: vec![],
            happenings: vec![],
            traces: vec![],
            done: vec![],
            questions,
            hints_given: vec![],
            hint_price: 0,
            statuses: 0,
            pinned_graphs: vec![],
            brought: vec![],
            entry: 0,
            alarms: 0,
            alarm: String::new(),
            typing: vec![],
            done_for: vec![],
            addressed: vec![],
            asked: vec![],
            errands: vec![],
            typing_quietly: vec![],
            is_paused: false,
            speed: None,
            is_startled: false,
            is_calmed: false,
            untouched: None,
            runs_on: false,
            happened: vec![false; level.events.len()],
            event_states: level.events.iter().map(|event| state(event.when())).collect(),
            question_states: level.diagnosis.iter().map(|question| state(question.when.as_ref())).collect(),
            health: vec![Health::Good; level.system.len()],
            simulation,
            level,
        })
    }

    pub(super) const fn now(&self) -> Time {
        self.simulation.now()
    }

    /// Tells that something has happened.
    pub(super) fn tell(&mut self, what: Happened) {
        let alarm = match &what {
            Happened::Rang { name, text, .. } => Some(format!("{name} ({text})")),
            Happened::Said { who, answers, .. } if !answers.is_empty() => Some(format!("{who} asks you something")),
            Happened::Turned { phase, words, .. } if *phase != Phase::Declared => Some(words.clone()),
            _ => None,
        };
        if let Some(alarm) = alarm.filter(|_| self.now() >= Time::ZERO) {
            self.alarm(alarm);
        }
        let at = self.now();
        self.happenings.push(Happening { at, clock: self.clock.seconds(at), what });
    }

    /// Tells that it stands differently now, since when, and writes that down at that moment.
    pub(super) fn turned(&mut self, phase: Phase, words: &str) {
        let since = self.judge.stands_since(self.now());
        self.notebook.record(since, words);
        let words = self.stands();
        self.tell(Happened::Turned { phase, since, words });
    }

    /// How it stands, in words: `mitigated since 09:47:50`.
    pub(super) fn stands(&self) -> String {
        let word = self.judge.phase.word();
        match self.judge.mitigated_at.filter(|_| self.judge.phase == Phase::Mitigated) {
            Some(at) => format!("{word} since {}", self.clock.seconds(at)),
            None => word.to_owned(),
        }
    }

    /// Something has happened that a person has to look at: the clock slows, and `wait` ends.
    pub(super) fn alarm(&mut self, what: String) {
        self.is_startled = true;
        self.alarms += 1;
        self.alarm = what;
    }

    /// The questions that stand in the notebook, by number: those that have come up, up to the first without an answer,
    /// as each gives the one before away.
    pub(super) fn asking(&self) -> Vec<usize> {
        let open: Vec<usize> = (0..self.questions.len()).filter(|index| self.questions[*index].is_open).collect();
        let unanswered = open.iter().position(|index| self.questions[*index].given.is_none());
        open[..unanswered.map_or(open.len(), |place| place + 1)].to_vec()
    }

    pub(super) fn write_down(&mut self, text: impl Into<String>) {
        self.notebook.timeline.push((self.simulation.now(), text.into()));
    }

    /// Whether a job still waits for the line.
    pub(super) fn waits_for(&self, errand: &Errand) -> bool {
        match self.simulation.component(&errand.job) {
            Some(Component::Job(job)) => job.waits_for(errand.ticket),
            _ => false,
        }
    }

    pub(super) fn bring(&mut self, versions: &[String]) {
        self.brought.extend(versions.iter().cloned());
    }

    /// Somebody says something in the incident's channel.
    pub(super) fn say(&mut self, who: &str, text: &str, answers: Vec<(String, String)>) {
        if text.is_empty() && answers.is_empty() {
            return;
        }
        let at = self.now();
        self.facts.tell(Told::Said, who, text);
        self.sayings.push(Saying {
            at,
            clock: self.clock.short(at),
            who: who.to_owned(),
            text: text.to_owned(),
            answers: answers.clone(),
        });
        if who != "you" {
            self.tell(Happened::Said { who: who.to_owned(), text: text.to_owned(), answers });
        }
    }

    /// The loads of all clients: (clients, kind).
    pub(super) fn loads(&self) -> impl Iterator<Item = (&str, &str)> {
        loads(&self.simulation)
    }

    /// The sum of some metrics now.
    pub(super) fn sum(&self, metrics: &[MetricId]) -> i64 {
        metrics.iter().map(|id| self.simulation.telemetry().value(*id)).sum()
    }

    /// How many requests all loads have made since the incident began.
    pub(super) fn requests(&self) -> i64 {
        let telemetry = self.simulation.telemetry();
        let since = |id: MetricId| telemetry.value(id) - telemetry.series(id).at(0).unwrap_or(0);
        counters(&self.simulation, |_, _| true).map(since).sum()
    }

    /// The sum of a metric over all loads that have it: `late`, `lost`, `failed`.
    pub(super) fn sum_of_loads(&self, metric: &str) -> i64 {
        self.sum(&metrics_of_loads(&self.simulation, metric))
    }

    /// Whether a followed condition held at the last second.
    pub(super) fn held(&self, trace: usize) -> bool {
        let last = self.traces[trace].values.last();
        last.is_some_and(|(at, value)| at.second() == self.now().second() && *value != 0.0)
    }

    /// Whether something with a tag is at a place: a component, one of its queues, or anywhere on its way there.
    pub(super) fn exists(&self, place: &str, tag: Option<&str>) -> bool {
        let component = place.split('/').next().unwrap_or(place);
        match tag {
            Some(tag) if component == "*" => self.simulation.holds_tag(None, tag),
            // What a consumer has in hand is still the broker's: it isn't acknowledged.
            Some(tag) => self.simulation.id_of(component).is_some_and(|id| self.simulation.holds_tag(Some(id), tag)),
            None => self.simulation.id_of(component).is_some(),
        }
    }
}

/// The loads of all clients: (clients, kind).
fn loads(simulation: &Simulation) -> impl Iterator<Item = (&str, &str)> {
    simulation.flows().map(|(clients, kind, _, _)| (simulation.name_of(clients), kind))
}

/// A metric of all loads that have it.
fn metrics_of_loads(simulation: &Simulation, metric: &str) -> Vec<MetricId> {
    let catalogue = simulation.telemetry().catalogue();
    loads(simulation).filter_map(|(clients, kind)| catalogue.scalar(&format!("{clients}.{kind}.{metric}"))).collect()
}

/// The metric that counts the requests of clients or of one of their loads, where there is one of that name.
fn counter(simulation: &Simulation, name: &str) -> Option<MetricId> {
    let catalogue = simulation.telemetry().catalogue();
    catalogue.scalar(name).or_else(|| catalogue.scalar(&format!("{name}.requests")))
}

/// The metrics that count the requests of these loads.
fn counters<'a>(
    simulation: &'a Simulation,
    wanted: impl Fn(&str, &str) -> bool + 'a,
) -> impl Iterator<Item = MetricId> + 'a {
    let chosen = loads(simulation).filter(move |(clients, kind)| wanted(clients, kind));
    chosen.filter_map(|(clients, kind)| counter(simulation, &format!("{clients}.{kind}")))
}

/// The metrics that count how many requests clients, or one of their loads, have made.
fn requests_of(simulation: &Simulation, of: &str) -> Vec<MetricId> {
    match counter(simulation, of) {
        Some(one) => vec![one],
        None => counters(simulation, |clients, kind| clients == of || of.strip_prefix("*.") == Some(kind)).collect(),
    }
}

/// What is wrong with an expression, in a line.
pub(super) fn said_of(faults: &[crate::level::condition::Fault]) -> String {
    let one = |fault: &crate::level::condition::Fault| {
        if fault.help.is_empty() { fault.message.clone() } else { format!("{}; {}", fault.message, fault.help) }
    };
    faults.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl Stage {
    /// Whether everything that lies dormant has happened.
    pub(super) fn has_all_happened(&self) -> bool {
        self.happened.iter().all(|happened| *happened)
    }
}
