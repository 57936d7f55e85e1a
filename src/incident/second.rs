//! A whole second of an incident: everything that looks once a second looks, in a fixed order: events, jobs, alerts,
//! checks, team, goal, expectations. And what is done to the system is written down.

use super::alerts::{Rung, is_page};
use super::checks::Notice;
use super::console::shell;
use super::map;
use super::series::Values;
use super::stage::{Done, Errand, Stage, Trace, Typing, said_of};
use super::view::{Happened, Mark, MarkKind, Phase};
use crate::level::condition::{Fact, Told};
use crate::level::schema::{Destination, Event};
use crate::sim::ask::{Ask, Question};
use crate::sim::component::Component;
use crate::sim::operation::Operation;
use crate::sim::quantity::Time;
use std::sync::Arc;

const IMPACT: &str = "customers begin to be hurt";

impl Stage {
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
                let line = |line: &String| Typing { who: typing.by.clone(), line: line.clone(), asked_by: None };
                list.extend(typing.lines.iter().map(line));
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
            let asks = |fact: &Fact| matches!(fact, Fact::Told(Told::Asked | Told::Paged, _));
            let waited = saying.when.as_ref().is_some_and(|when| when.facts().into_iter().any(asks));
            let asked_by = self.addressed.iter().rfind(|(name, _)| waited && name == saying.name()).map(|(_, by)| *by);
            let line = |line: &String| Typing { who: saying.name().to_owned(), line: line.clone(), asked_by };
            self.typing.extend(saying.does.iter().map(line));
        }
    }

    fn judge_second(&mut self, second: i64) {
        let level = Arc::clone(&self.level);
        let mut judge = std::mem::take(&mut self.judge);
        let all = self.sum(&self.asked_for) as f64;
        let hurt = self.sum(&self.overdue) as f64;
        let turned = judge.second(&level, &Values::truth(self), all, hurt, second);
        let had_impact = self.impact_is_told;
        self.impact_is_told = judge.impact_at.is_some();
        self.judge = judge;
        if self.impact_is_told && !had_impact {
            // It is certain only some time after it has begun.
            let began = self.judge.impact_at.unwrap_or_else(|| self.now());
            self.notebook.record(began, IMPACT);
            self.alarm(IMPACT.to_owned());
        }
        if let Some(phase) = turned {
            let words = match phase {
                Phase::Paged if self.judge.reopened > 0 => "paged again: the cause is still in the system",
                _ => phase.word(),
            };
            self.turned(phase, words);
        }
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
            // Until somebody acts, a run is what it would be untouched.
            let untouched = Values::truth(self.untouched.as_deref().unwrap_or(self));
            let values = if trace.scraped { scraped } else { Values::beside(self, &untouched, &scraped) };
            trace.follow(&values, second);
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
        if let Some(found) =
            self.traces.iter().position(|trace| trace.is_followed && trace.text == text && trace.scraped == scraped)
        {
            return Ok(found);
        }
        let condition = self.level.measure(text).map_err(|faults| said_of(&faults))?;
        let mut trace = Trace::of(text, condition, scraped);
        let values = if scraped { Values::scraped_of(self) } else { Values::truth(self) };
        trace.follow(&values, self.now().second());
        self.traces.push(trace);
        Ok(self.traces.len() - 1)
    }

    /// Of the true values only these are followed any further: others were asked for by whoever shared the time until now.
    pub(super) fn follow_only(&mut self, wanted: &[String]) {
        for trace in self.traces.iter_mut().filter(|trace| !trace.scraped) {
            trace.is_followed = wanted.contains(&trace.text);
        }
    }

    /// Does something to the system in somebody's name.
    pub(super) fn operated(&mut self, who: &str, component: &str, operation: Operation) {
        let at = self.now();
        let done = Done { at, who: who.to_owned(), component: component.to_owned(), operation, entry: self.entry };
        if done.is_told() {
            let text = map::words_for(component, &done.operation);
            let kind = if who.is_empty() { MarkKind::Own } else { MarkKind::Deploy };
            self.marks.push(Mark { at, kind, text: text.clone() });
            let by = if who.is_empty() { "you" } else { who };
            self.write_down(format!("{by}: {text}"));
        }
        self.done.push(done);
    }
}
