//! Everything of an incident but its console: the system, the people, what rings, what is judged, what is written down.
//!
//! Once a simulated second it looks at all of them, in a fixed order: events, alerts, team, goal, expectations.

use super::alerts::{Alerts, Rung, is_page};
use super::checks::{Checks, Notice};
use super::console::shell;
use super::console::stamp::Clock;
use super::facts::Facts;
use super::judge::Judge;
use super::notebook::Notebook;
use super::series::Values;
use super::team::Team;
use super::view::{Happened, Happening, Health, Mark, MarkKind, Phase, Saying};
use super::{Mode, map};
use crate::level::Level;
use crate::level::condition::{Condition, State, Told};
use crate::level::schema::{Destination, Event};
use crate::sim::Simulation;
use crate::sim::ask::{Ask, Question};
use crate::sim::component::Component;
use crate::sim::kernel::Change;
use crate::sim::operation::Operation;
use crate::sim::quantity::Time;
use crate::sim::random::Seed;
use std::sync::Arc;

/// A value that somebody asked to be followed.
#[derive(Clone, Debug)]
pub struct Trace {
    /// As it was asked for.
    pub text: String,
    condition: Condition,
    state: State,
    scraped: bool,
    /// A value for each second that had one.
    pub values: Vec<(Time, f64)>,
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
    pub(super) clock: Clock,
    pub(super) alerts: Alerts,
    pub(super) checks: Checks,
    pub(super) team: Team,
    pub(super) judge: Judge,
    pub(super) notebook: Notebook,
    pub(super) facts: Facts,
    pub(super) sayings: Vec<Saying>,
    pub(super) marks: Vec<Mark>,
    pub(super) happenings: Vec<Happening>,
    pub(super) traces: Vec<Trace>,
    pub(super) done: Vec<Done>,
    pub(super) questions: Vec<Asked>,
    pub(super) hints_given: usize,
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
    /// Lines that colleagues are about to type: (who, line).
    pub(super) typing: Vec<(String, String)>,
    /// Lines that jobs are about to type.
    pub(super) asked: Vec<Errand>,
    /// Lines of jobs that run, by the number of their entry.
    pub(super) errands: Vec<(usize, Errand)>,
    /// Lines that colleagues are about to type on screens of their own, which nobody else sees.
    pub(super) typing_quietly: Vec<(String, String)>,
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
    happened: Vec<bool>,
    event_states: Vec<State>,
    question_states: Vec<State>,
    health: Vec<Health>,
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
            facts: Facts::of(&level),
            sayings: vec![],
            marks: vec![],
            happenings: vec![],
            traces: vec![],
            done: vec![],
            questions,
            hints_given: 0,
            hint_price: 0,
            statuses: 0,
            pinned_graphs: vec![],
            brought: vec![],
            entry: 0,
            alarms: 0,
            alarm: String::new(),
            typing: vec![],
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
            Happened::Turned { phase } if *phase != Phase::Declared => Some(phase.word().to_owned()),
            _ => None,
        };
        if let Some(alarm) = alarm.filter(|_| self.now() >= Time::ZERO) {
            self.alarm(alarm);
        }
        let at = self.now();
        self.happenings.push(Happening { at, clock: self.clock.seconds(at), what });
    }

    /// Something has happened that a person has to look at: the clock slows, and `wait` ends.
    fn alarm(&mut self, what: String) {
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

    /// A whole second has come: everything that looks once a second looks.
    pub(super) fn second(&mut self, second: i64) {
        self.events(second);
        self.hear_jobs(second);
        self.ring(second);
        self.check(second);
        self.speak(second);
        self.judge_second(second);
        self.follow(second);
        self.look_at_health();
    }

    fn events(&mut self, second: i64) {
        let level = Arc::clone(&self.level);
        for (index, event) in level.events.iter().enumerate() {
            if self.happened[index] {
                continue;
            }
            let due = match (event.at(), event.when()) {
                (Some(at), _) => at <= Time::from_seconds(second),
                (None, Some(when)) => {
                    let mut state = std::mem::take(&mut self.event_states[index]);
                    let holds = when.holds(&mut state, &Values::truth(self), second);
                    self.event_states[index] = state;
                    holds
                }
                (None, None) => false,
            };
            if due {
                self.happened[index] = true;
                self.happen(event);
            }
        }
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Publish(publication) => {
                let Some((broker, queue)) = publication.to.split_once('/') else { return };
                let operation = Operation::Publish {
                    queue: queue.to_owned(),
                    tags: publication.tags.clone(),
                    count: publication.count,
                    name: Some(publication.name.clone()),
                    body: publication.body.clone(),
                };
                // A queue that a change has taken away gets no message.
                _ = self.simulation.apply(broker, &operation);
            }
            Event::Type(typing) => {
                let list = if typing.quietly { &mut self.typing_quietly } else { &mut self.typing };
                list.extend(typing.lines.iter().map(|line| (typing.by.clone(), line.clone())));
            }
        }
    }

    /// Jobs ask for lines to be typed and conditions to be looked at.
    fn hear_jobs(&mut self, second: i64) {
        // What an answer leads to may be another question; no job has more of them in one second than this.
        for _ in 0..100 {
            let questions = self.simulation.take_questions();
            if questions.is_empty() {
                return;
            }
            for Question { job, ticket, ask } in questions {
                let name = self.simulation.name_of(job).to_owned();
                match ask {
                    Ask::Condition(text) => {
                        let looked = self
                            .level
                            .condition(&text)
                            .map(|condition| condition.holds(&mut condition.new_state(), &Values::truth(self), second));
                        let answer = Operation::Answer { ticket, well: looked.unwrap_or(false) };
                        _ = self.simulation.apply(&name, &answer);
                    }
                    Ask::Line(line) => {
                        let errand = self.errand(name, ticket, line);
                        self.asked.extend(errand);
                    }
                }
            }
        }
    }

    /// Whether a job still waits for the line.
    pub(super) fn waits_for(&self, errand: &Errand) -> bool {
        match self.simulation.component(&errand.job) {
            Some(Component::Job(job)) => job.waits_for(errand.ticket),
            _ => false,
        }
    }

    fn errand(&self, name: String, ticket: u32, line: String) -> Option<Errand> {
        let Some(Component::Job(job)) = self.simulation.component(&name) else { return None };
        let run = job.run.as_ref()?;
        // Whoever typed the job's command waits for it in their own shell; its lines run in the job's.
        let who = if run.was_typed { name.clone() } else { job.settings.by.clone() };
        let line = match &job.settings.on {
            Some(host) => format!("ssh {host} {}", shell::quote(&line)),
            None => line,
        };
        Some(Errand { job: name, ticket, who, line })
    }

    fn ring(&mut self, second: i64) {
        let level = Arc::clone(&self.level);
        let mut alerts = std::mem::take(&mut self.alerts);
        let rung = alerts.second(&level.monitoring.alerts, &Values::scraped_of(self), second);
        self.alerts = alerts;
        for one in rung {
            match one {
                Rung::Rings { rule, text, again } => {
                    let rule = &level.monitoring.alerts[rule];
                    self.rang(&rule.name, is_page(rule), text, again, second);
                }
                Rung::Over { rule } => {
                    let name = level.monitoring.alerts[rule].name.clone();
                    self.write_down(format!("over: {name}"));
                    self.tell(Happened::Quieted { name });
                }
            }
        }
    }

    fn check(&mut self, second: i64) {
        let level = Arc::clone(&self.level);
        let mut checks = std::mem::take(&mut self.checks);
        let notices = checks.second(&level.monitoring.checks, &Values::truth(self), second);
        self.checks = checks;
        for notice in notices {
            match notice {
                Notice::Tells { check, text, again } => {
                    let check = &level.monitoring.checks[check];
                    let is_page = check.to == Destination::Page;
                    self.rang(&check.name, is_page, text, again, second);
                }
                Notice::Over { check } => {
                    let name = level.monitoring.checks[check].name.clone();
                    self.write_down(format!("over: {name}"));
                    self.tell(Happened::Quieted { name });
                }
            }
        }
    }

    fn rang(&mut self, name: &str, is_page: bool, text: String, again: bool, second: i64) {
        self.facts.tell(Told::Fired, name, &text);
        if is_page {
            self.judge.paged(self.now());
        }
        if !again && second >= 0 {
            self.marks.push(Mark { at: self.now(), kind: MarkKind::Alert, text: name.to_owned() });
            let word = if is_page { "page" } else { "alert" };
            self.write_down(format!("{word}: {name} ({text})"));
        }
        self.tell(Happened::Rang { name: name.to_owned(), is_page, text });
    }

    fn speak(&mut self, second: i64) {
        let level = Arc::clone(&self.level);
        let mut team = std::mem::take(&mut self.team);
        let said = team.second(&level, &Values::scraped_of(self), second);
        self.team = team;
        for index in said {
            let saying = &level.team[index];
            let answers: Vec<(String, String)> = saying
                .offers
                .iter()
                .enumerate()
                .map(|(number, offer)| (offer.reply.clone(), format!("reply {} {}", saying.name(), number + 1)))
                .collect();
            if !answers.is_empty() {
                self.team.open.push((index, self.sayings.len()));
            }
            self.say(&saying.who, &saying.says, answers);
            self.bring(&saying.brings);
            self.typing.extend(saying.does.iter().map(|line| (saying.name().to_owned(), line.clone())));
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

    fn judge_second(&mut self, second: i64) {
        let level = Arc::clone(&self.level);
        let mut judge = std::mem::take(&mut self.judge);
        let all = self.asked_for(&level.goal.budget.of) as f64;
        let hurt = self.sum_of_loads("overdue") as f64;
        let turned = judge.second(&level, &Values::truth(self), all, hurt, second);
        let had_impact = self.notebook.timeline.iter().any(|(_, text)| text == IMPACT);
        let impact = judge.impact_at.is_some() && !had_impact;
        self.judge = judge;
        if impact {
            self.write_down(IMPACT);
            self.alarm(IMPACT.to_owned());
        }
        if let Some(phase) = turned {
            let words = match phase {
                Phase::Paged if self.judge.reopened > 0 => "paged again: the cause is still in the system",
                _ => phase.word(),
            };
            self.write_down(words);
            self.tell(Happened::Turned { phase });
        }
    }

    /// How many requests clients, or one of their loads, have made.
    fn asked_for(&self, of: &str) -> i64 {
        let telemetry = self.simulation.telemetry();
        let value = |name: &str| telemetry.catalogue().scalar(name).map(|id| telemetry.value(id));
        value(of).or_else(|| value(&format!("{of}.requests"))).unwrap_or_else(|| {
            self.loads()
                .filter(|(clients, kind)| *clients == of || of.strip_prefix("*.") == Some(*kind))
                .map(|(clients, kind)| {
                    value(&format!("{clients}.{kind}"))
                        .or_else(|| value(&format!("{clients}.{kind}.requests")))
                        .unwrap_or(0)
                })
                .sum()
        })
    }

    /// The loads of all clients: (clients, kind).
    pub(super) fn loads(&self) -> impl Iterator<Item = (&str, &str)> {
        self.simulation.flows().map(|(clients, kind, _, _)| (self.simulation.name_of(clients), kind))
    }

    /// The sum of a metric over all loads that have it: `late`, `lost`, `failed`.
    pub(super) fn sum_of_loads(&self, metric: &str) -> i64 {
        let telemetry = self.simulation.telemetry();
        let value = |(clients, kind): (&str, &str)| {
            telemetry.catalogue().scalar(&format!("{clients}.{kind}.{metric}")).map_or(0, |id| telemetry.value(id))
        };
        self.loads().map(value).sum()
    }

    fn follow(&mut self, second: i64) {
        let mut notebook = std::mem::take(&mut self.notebook);
        let judged = notebook.second(&Values::scraped_of(self), second);
        self.notebook = notebook;
        for (text, came_true) in judged {
            self.tell(Happened::Judged { text, came_true });
        }
        let mut traces = std::mem::take(&mut self.traces);
        for trace in &mut traces {
            let scraped = Values::scraped_of(self);
            let untouched = self.untouched.as_deref().map(Values::truth);
            let values = if trace.scraped { scraped } else { Values::beside(self, untouched.as_ref(), &scraped) };
            if let Some(value) = trace.condition.value(&mut trace.state, &values, second) {
                trace.values.push((Time::from_seconds(second), value));
            }
        }
        self.traces = traces;
        let level = Arc::clone(&self.level);
        for (index, question) in level.diagnosis.iter().enumerate() {
            if let (false, Some(when)) = (self.questions[index].is_open, &question.when) {
                let mut state = std::mem::take(&mut self.question_states[index]);
                self.questions[index].is_open = when.holds(&mut state, &Values::truth(self), second);
                self.question_states[index] = state;
            }
        }
    }

    /// Tells when a part visibly gets better or worse.
    fn look_at_health(&mut self) {
        for index in 0..self.simulation.components().len() {
            let Component::Service(service) = &self.simulation.components()[index] else { continue };
            let health = map::health_of(service);
            if health == self.health[index] {
                continue;
            }
            self.health[index] = health;
            if self.now() > Time::ZERO && map::is_watched(&self.level, &service.settings.name) {
                let text = format!("{} of {} ready", service.ready_count(), service.deployment.replicas);
                let part = service.settings.name.clone();
                self.tell(Happened::Changed { part, text, health });
            }
        }
    }

    /// Begins to follow an expression; returns its place among the traces.
    pub(super) fn watch(&mut self, text: &str, scraped: bool) -> Result<usize, String> {
        if let Some(found) = self.traces.iter().position(|trace| trace.text == text && trace.scraped == scraped) {
            return Ok(found);
        }
        let condition = self.level.measure(text).map_err(|faults| said_of(&faults))?;
        let mut state = condition.new_state();
        let second = self.now().second();
        let values = if scraped { Values::scraped_of(self) } else { Values::truth(self) };
        let first = condition.value(&mut state, &values, second);
        let values = first.map(|value| (Time::from_seconds(second), value)).into_iter().collect();
        self.traces.push(Trace { text: text.to_owned(), condition, state, scraped, values });
        Ok(self.traces.len() - 1)
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

    /// Does something to the system in somebody's name.
    pub(super) fn operated(&mut self, who: &str, component: &str, operation: Operation) {
        let at = self.now();
        let changes_pods = match &operation {
            Operation::Get { .. } | Operation::Publish { .. } => false,
            // Who looks changes nothing; whether that is so is not for the timeline to say.
            Operation::Kernel { change, command, .. } => {
                who.is_empty()
                    && !command.is_empty()
                    && !matches!(change, Change::List(_) | Change::OpenNetlink | Change::ClearLog)
            }
            _ => true,
        };
        if changes_pods {
            let text = map::words_for(component, &operation);
            let kind = if who.is_empty() { MarkKind::Own } else { MarkKind::Deploy };
            self.marks.push(Mark { at, kind, text: text.clone() });
            let by = if who.is_empty() { "you" } else { who };
            self.write_down(format!("{by}: {text}"));
        }
        self.done.push(Done { at, who: who.to_owned(), component: component.to_owned(), operation, entry: self.entry });
    }
}

const IMPACT: &str = "customers begin to be hurt";

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
