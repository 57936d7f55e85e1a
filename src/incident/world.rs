//! The incident as its console sees it: the game's own acts, and what commands can name.

use super::Mode;
use super::alerts::is_page;
use super::checks::{Checks, Found, Standing, Taken};
use super::console::stamp::Clock;
use super::console::{Act, Checked, Named, World};
use super::series::Values;
use super::stage::{Stage, Typing, said_of};
use super::view::{Phase, Pin};
use crate::level::condition::Told;
use crate::level::problem::printable;
use crate::level::schema::Check;
use crate::sim::Simulation;
use crate::sim::component::Component;
use crate::sim::id::ComponentId;
use crate::sim::operation::{Applied, Operation};
use crate::sim::quantity::{Span, Time};
use std::sync::Arc;

type Said = Result<Vec<String>, String>;

/// The player, among those who have taken something.
const YOU: &str = "you";

#[expect(clippy::unnecessary_wraps, reason = "what every act answers with")]
fn line(text: impl Into<String>) -> Said {
    Ok(vec![text.into()])
}

impl World for Stage {
    fn now(&self) -> Time {
        Self::now(self)
    }

    fn system(&self) -> &Simulation {
        &self.simulation
    }

    fn operate(&mut self, who: &str, component: &str, operation: Operation) -> Result<Applied, String> {
        let applied = self.simulation.apply(component, &operation).map_err(|refusal| refusal.to_string())?;
        self.operated(who, component, operation);
        Ok(applied)
    }

    fn runs(&mut self, entry: usize) {
        self.entry = entry;
    }

    fn alarms(&self) -> (u64, &str) {
        (self.alarms, &self.alarm)
    }

    fn shipped(&self) -> Vec<(String, Span)> {
        self.level.monitoring.ships.iter().map(|shipping| (shipping.from.clone(), shipping.delay)).collect()
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn act(&mut self, who: &str, act: Act) -> Said {
        let now = Self::now(self);
        if who.is_empty() {
            self.judge.acted(now);
        }
        match act {
            Act::Declare { severity, text } => self.declare(&severity, &text),
            Act::Page { person } => self.ask(&person, "", Told::Paged),
            Act::Ask { person, text } => self.ask(&person, &text, Told::Asked),
            Act::Reply { person, answer } => self.reply(&person, &answer),
            Act::Acknowledge { alert } => self.acknowledge(who, &alert),
            Act::Unacknowledge { alert } => self.unacknowledge(&alert),
            Act::Silence { alert, span } => self.silence(&alert, span),
            Act::Status { text } => self.status(&text),
            Act::Note { text } => {
                self.notebook.notes.push((now, text));
                line("noted")
            }
            Act::Pin { command, line: pinned, around, hypothesis, speaks_for } => {
                if hypothesis.is_some_and(|number| number == 0 || number > self.notebook.hypotheses.len()) {
                    return Err("there is no such hypothesis".into());
                }
                let said = format!("pinned: {}", pinned.trim());
                let place = self.notebook.pin(Pin { at: now, command, line: pinned, around, about: vec![] });
                if let Some(number) = hypothesis {
                    self.notebook.weigh(place, number, speaks_for);
                }
                line(said)
            }
            Act::Weigh { hypothesis, speaks_for, evidence } => self.weigh(hypothesis, speaks_for, evidence),
            Act::Unpin { line: part } => {
                let before = self.notebook.pins.len();
                self.notebook.pins.retain(|pin| !pin.line.contains(&part));
                if self.notebook.pins.len() == before {
                    Err("nothing is pinned like that".into())
                } else {
                    line("unpinned")
                }
            }
            Act::Hypothesis { text } => {
                self.write_down(format!("you think: {text}"));
                self.notebook.hypotheses.push(text);
                line(format!("hypothesis {}", self.notebook.hypotheses.len()))
            }
            Act::Predict { what, within } => self.predict(&what, within),
            Act::Hint => self.hint(),
            Act::Diagnose { cause } => self.diagnose(&cause),
            Act::Resolve => self.resolve(),
            Act::Pause => {
                if self.mode != Mode::Trainee && !self.is_paused {
                    return Err("only a trainee can stop the clock; `speed 1` slows it".into());
                }
                self.is_paused = !self.is_paused;
                line(if self.is_paused { "the clock stands; `pause` again to go on" } else { "the clock runs" })
            }
            Act::Speed(speed) => {
                self.speed = speed.map(|speed| speed.clamp(1, 60));
                // Who says how fast knows what has happened.
                self.is_calmed = true;
                line(match self.speed {
                    Some(speed) => format!("{speed} simulated seconds a second"),
                    None => "the level's own speed".to_owned(),
                })
            }
            Act::Graph { expression } => {
                self.level.measure(&expression).map_err(|faults| said_of(&faults))?;
                if !self.pinned_graphs.contains(&expression) {
                    self.pinned_graphs.push(expression);
                }
                line("pinned to the graphs")
            }
            Act::Ungraph { expression } => {
                let before = self.pinned_graphs.len();
                self.pinned_graphs.retain(|pinned| *pinned != expression);
                if self.pinned_graphs.len() == before {
                    return Err("nothing is pinned to the graphs like that".into());
                }
                line("taken off the graphs")
            }
            Act::Explore { expression } => super::graph::told(self, &expression),
        }
    }

    fn holds(&mut self, condition: &str) -> Result<bool, String> {
        let trace = self.watch(condition, true)?;
        Ok(self.held(trace))
    }

    fn named(&self, kind: Named) -> Vec<(String, String)> {
        let level = &self.level;
        match kind {
            Named::Asking => {
                let text = |index: usize| (level.diagnosis[index].question.clone(), String::new());
                self.asking().last().copied().map(text).into_iter().collect()
            }
            Named::Answered => {
                let given = self.questions.iter().filter_map(|asked| asked.given.clone());
                given.map(|given| (given, String::new())).collect()
            }
            Named::Brought => self.brought.iter().map(|version| (version.clone(), String::new())).collect(),
            Named::Firing => {
                let rings = self.alerts.rings(&level.monitoring.alerts, Self::now(self));
                rings
                    .into_iter()
                    .filter(|ring| ring.state != super::view::RingState::Over)
                    .chain(self.checks.rings(&level.monitoring.checks, Self::now(self)))
                    .filter(|ring| ring.state != super::view::RingState::Over)
                    .map(|r| (r.name, r.text))
                    .collect()
            }
            Named::Alerts => {
                let about = |alert: &crate::level::schema::Alert| {
                    (alert.name.clone(), if is_page(alert) { "page".to_owned() } else { "note".to_owned() })
                };
                level.monitoring.alerts.iter().map(about).collect()
            }
            Named::Causes => {
                let asking = self.asking().into_iter().rev().take(1);
                asking.flat_map(|index| level.diagnosis[index].shown()).collect()
            }
            Named::Documents => self.papers().map(|paper| (paper.name.clone(), String::new())).collect(),
            Named::People => self.people(),
            Named::Metrics => {
                let catalogue = self.simulation.telemetry().catalogue();
                let all = catalogue.scalars().iter().chain(catalogue.histograms()).chain(catalogue.families());
                let collected = all.filter(|metric| super::graph::is_shown(self, metric));
                collected.map(|metric| (metric.name.clone(), metric.about.to_owned())).collect()
            }
            Named::Awaited => {
                let said = level.team.iter().flat_map(|saying| {
                    saying.brings.iter().chain(saying.offers.iter().flat_map(|offer| &offer.brings))
                });
                let awaited = said.filter(|version| !self.brought.contains(version));
                awaited.map(|version| (version.clone(), String::new())).collect()
            }
            Named::Hypotheses => {
                let all = self.notebook.hypotheses.iter().enumerate();
                all.map(|(index, text)| ((index + 1).to_string(), text.clone())).collect()
            }
            Named::Pins => {
                let all = self.notebook.pins.iter().enumerate();
                all.map(|(index, pin)| ((index + 1).to_string(), pin.line.trim().to_owned())).collect()
            }
            Named::Asked => {
                let open = self.team.offers(level).map(|place| &self.sayings[place]);
                open.map(|saying| (saying.who.clone(), saying.text.clone())).collect()
            }
            Named::Said => {
                let said = self.sayings.iter();
                said.map(|one| (format!("{} {}", one.clock, one.who), one.text.clone())).collect()
            }
            Named::Answers => {
                let open = self.team.offers(level).flat_map(|place| &self.sayings[place].answers);
                open.map(|(words, line)| (line.trim_start_matches("reply ").to_owned(), words.clone())).collect()
            }
        }
    }

    fn checks(&self) -> Vec<Checked> {
        let checks = self.checks.all.iter().zip(&self.level.monitoring.checks);
        let service = |(standing, check): (&Standing, &Check)| Checked {
            name: check.name.clone(),
            state: standing.state.word(),
            since: standing.since,
            tries: (standing.tries, check.tries),
            lines: standing.lines.iter().map(|(found, text)| (found.word(), text.clone())).collect(),
            taken: standing.taken.as_ref().map(|t| (t.by.clone(), t.at, t.note.clone(), t.is_sticky)),
        };
        checks.map(service).collect()
    }

    fn document(&self, name: &str) -> Option<String> {
        self.papers().find(|paper| paper.name.eq_ignore_ascii_case(name)).map(|paper| paper.text.clone())
    }
}

impl Stage {
    fn papers(&self) -> impl Iterator<Item = &crate::level::schema::Paper> {
        let second = Self::now(self).second();
        self.level.documents.iter().filter(move |paper| {
            let shown = |when: &crate::level::condition::Condition| {
                when.holds(&mut when.new_state(), &Values::truth(self), second)
            };
            paper.when.as_ref().is_none_or(shown)
        })
    }

    fn people(&self) -> Vec<(String, String)> {
        let mut people: Vec<(String, String)> = vec![];
        for saying in &self.level.team {
            let name = saying.name().to_owned();
            if !people.iter().any(|(known, _)| *known == name) {
                let about = saying.who.split_once(',').map(|(_, about)| about.trim().to_owned());
                people.push((name, about.unwrap_or_default()));
            }
        }
        people
    }

    fn declare(&mut self, severity: &str, text: &str) -> Said {
        let now = Self::now(self);
        if self.judge.declared_at.is_some() {
            return Err("it has been declared already".into());
        }
        self.judge.declare(now);
        let severity = if severity.is_empty() { "SEV1" } else { severity };
        self.write_down(format!("you declared {severity} {text}").trim_end().to_owned());
        self.say("you", format!("declaring {severity}. {text}").trim_end(), vec![]);
        line(format!("{severity} declared"))
    }

    fn ask(&mut self, person: &str, text: &str, told: Told) -> Said {
        let Some((name, _)) = self.people().into_iter().find(|(name, _)| name.eq_ignore_ascii_case(person)) else {
            let names: Vec<String> = self.people().into_iter().map(|(name, _)| name).collect();
            return Err(format!("nobody here is called {person}; there are {}", names.join(", ")));
        };
        self.facts.tell(told, &name, text);
        self.facts.tell(Told::Asked, &name, text);
        self.addressed.push((name.clone(), self.entry));
        let words = if text.is_empty() { format!("{name}?") } else { format!("{name}, {text}") };
        self.say("you", &words, vec![]);
        if !self.team.may_answer(&self.level, &name) && self.team.offer_of(&self.level, &name).is_none() {
            self.say(&name, "nothing new from me. I'm watching it with you", vec![]);
        }
        line(format!("asked {name}"))
    }

    fn reply(&mut self, person: &str, answer: &str) -> Said {
        let Some((saying, place)) = self.team.offer_of(&self.level, person) else {
            let open: Vec<String> = World::named(self, Named::Answers).into_iter().map(|(line, _)| line).collect();
            return Err(match open.as_slice() {
                [] => "nobody waits for an answer; `ask PERSON QUESTION` asks one".to_owned(),
                open => format!("{person} isn't waiting for an answer; reply {}", open.join(" | ")),
            });
        };
        let level = Arc::clone(&self.level);
        let offers = &level.team[saying].offers;
        let by_number =
            answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).and_then(|n| offers.get(n));
        let wanted = answer.to_lowercase();
        let by_words = || offers.iter().find(|offer| offer.reply.to_lowercase().starts_with(&wanted));
        let Some(offer) = by_number.or_else(by_words) else {
            let all: Vec<String> = offers.iter().map(|offer| format!("\"{}\"", offer.reply)).collect();
            return Err(format!("the answers are {}", all.join(", ")));
        };
        let who = level.team[saying].who.clone();
        let name = level.team[saying].name().to_owned();
        self.team.open.retain(|open| *open != (saying, place));
        self.sayings[place].answers.clear();
        self.facts.tell(Told::Replied, &name, &offer.reply);
        self.say("you", &format!("{name}: {}", offer.reply), vec![]);
        self.say(&who, &offer.says, vec![]);
        self.bring(&offer.brings);
        self.statuses += u32::from(offer.tells);
        let asked_by = Some(self.entry);
        self.typing.extend(offer.does.iter().map(|line| Typing { who: name.clone(), line: line.clone(), asked_by }));
        line(format!("told {name}: {}", offer.reply))
    }

    fn unacknowledge(&mut self, alert: &str) -> Said {
        let level = Arc::clone(&self.level);
        let Some(place) = Checks::meant(&level.monitoring.checks, alert) else {
            return Err(format!("no check is called {alert}"));
        };
        if self.checks.all[place].taken.take().is_none() {
            return Err(format!("{alert}: nobody has acknowledged it"));
        }
        self.write_down(format!("acknowledgement taken off: {alert}"));
        line(format!("{alert}: no longer acknowledged; it tells again when it looks next"))
    }

    fn take_check(&mut self, who: &str, place: usize) -> Said {
        let name = self.level.monitoring.checks[place].name.clone();
        let now = Self::now(self);
        let standing = &mut self.checks.all[place];
        if standing.state == Found::Ok {
            return Err(format!("{name} is well"));
        }
        let by = if who.is_empty() { YOU } else { who }.to_owned();
        let had = standing.taken.as_ref().map(|taken| taken.by.clone());
        if had.as_ref() != Some(&by) {
            let taken = Taken { by: by.clone(), at: now, note: String::new(), is_sticky: true };
            standing.taken = Some(taken);
        }
        self.taken(&name, who, had)
    }

    /// Somebody takes what rings: says so, and who had it before.
    fn taken(&mut self, name: &str, who: &str, had: Option<String>) -> Said {
        let is_own = |by: &String| by == if who.is_empty() { YOU } else { who };
        if had.as_ref().is_some_and(is_own) {
            return line(match who {
                "" => format!("{name}: you have it already"),
                _ => format!("{name}: {who} has it already"),
            });
        }
        self.facts.tell(Told::Acknowledged, name, who);
        let Some(by) = had else {
            self.write_down(format!("acknowledged: {name}"));
            return line(format!("{name}: acknowledged"));
        };
        self.write_down(format!("acknowledged: {name}, which {by} had"));
        let now = if who.is_empty() { "it is yours now".to_owned() } else { format!("it is {who}'s now") };
        line(format!("{name}: {by} had it; {now}"))
    }

    fn acknowledge(&mut self, who: &str, alert: &str) -> Said {
        if let Some(place) = Checks::meant(&self.level.monitoring.checks, alert) {
            return self.take_check(who, place);
        }
        let rules = &self.level.monitoring.alerts;
        let Some(rule) = self.alerts.meant(rules, alert) else {
            return Err(if alert.is_empty() { "nothing rings".into() } else { format!("no alert is called {alert}") });
        };
        let name = rules[rule].name.clone();
        if self.alerts.watched[rule].firing_since.is_none() {
            return Err(format!("{name} doesn't ring"));
        }
        let by = if who.is_empty() { YOU } else { who }.to_owned();
        let had = self.alerts.watched[rule].taken_by.replace(by);
        self.taken(&name, who, had)
    }

    fn silence(&mut self, alert: &str, span: Span) -> Said {
        if let Some(place) = Checks::meant(&self.level.monitoring.checks, alert) {
            self.checks.all[place].silenced_until = Some(Self::now(self) + span);
            return line(format!("{}: silent for {span}", self.level.monitoring.checks[place].name));
        }
        let Some(rule) = self.alerts.meant(&self.level.monitoring.alerts, alert) else {
            return Err(format!("no alert is called {alert}"));
        };
        let now = Self::now(self);
        self.alerts.silence(rule, now, span);
        let name = &self.level.monitoring.alerts[rule].name;
        line(format!("{name}: silent for {span}"))
    }

    fn status(&mut self, text: &str) -> Said {
        if text.is_empty() {
            let header = super::header::header_of(self, 1);
            let (count, word) = (header.hurt.count, header.hurt.word);
            return Ok(vec![
                format!("{}: {}", header.clock, self.stands()),
                format!("{count} {word}, {:+} a minute", header.hurt.per_minute),
                format!("{:.0} % of the error budget left", header.budget_left * 100.0),
            ]);
        }
        self.statuses += 1;
        // News that it works spread when it does.
        if self.judge.holds_now() {
            for index in 0..self.simulation.components().len() {
                if matches!(self.simulation.components()[index], Component::Clients(_)) {
                    let name = self.simulation.name_of(ComponentId(index as u8)).to_owned();
                    _ = self.simulation.apply(&name, &Operation::Announce);
                }
            }
        }
        self.write_down(format!("status: {text}"));
        self.say("you", &format!("status: {text}"), vec![]);
        line("told everybody who waits for news")
    }

    fn weigh(&mut self, hypothesis: usize, speaks_for: bool, evidence: Option<usize>) -> Said {
        let Some(text) = hypothesis.checked_sub(1).and_then(|place| self.notebook.hypotheses.get(place)).cloned()
        else {
            return Err(format!("pin: there is no hypothesis {hypothesis}; `hypothesis TEXT` writes one down"));
        };
        let place = evidence.unwrap_or(self.notebook.pins.len()).checked_sub(1);
        let Some((place, pin)) = place.and_then(|place| Some((place, self.notebook.pins.get(place)?))) else {
            return Err("pin: there is no such evidence; `pin TEXT` keeps a line that has been printed".into());
        };
        let pinned = pin.line.trim().to_owned();
        self.notebook.weigh(place, hypothesis, speaks_for);
        line(format!("{} {text}: {pinned}", if speaks_for { "speaks for" } else { "speaks against" }))
    }

    fn predict(&mut self, what: &str, within: Span) -> Said {
        let text = match self.level.condition(what) {
            Ok(_) => what.to_owned(),
            // Words, or a condition with a slip in it.
            Err(faults) if what.contains(['<', '>', '=', '(']) => return Err(said_of(&faults)),
            Err(_) => super::expectation::condition_of(what, self)?,
        };
        let condition = self.level.condition(&text).map_err(|faults| said_of(&faults))?;
        let now = Self::now(self);
        if condition.holds(&mut condition.new_state(), &Values::scraped_of(self), now.second()) {
            return Err(format!("predict: that is so already: {text}"));
        }
        self.notebook.expect(now, what, within, condition);
        if text != what {
            return line(format!("taken as {text}; looked at until {}", self.clock.seconds(now + within)));
        }
        line(format!("will be looked at until {}", self.clock.seconds(now + within)))
    }

    fn hint(&mut self) -> Said {
        if self.mode == Mode::Principal {
            return Err("a principal gets no hints".into());
        }
        let second = Self::now(self).second();
        let level = Arc::clone(&self.level);
        let open = |hint: &crate::level::schema::Hint| {
            hint.when.as_ref().is_none_or(|when| when.holds(&mut when.new_state(), &Values::truth(self), second))
        };
        let mut left = level.hints.iter().enumerate().filter(|(index, _)| !self.hints_given.contains(index));
        let Some((index, hint)) = left.find(|(_, hint)| open(hint)) else {
            let all = self.hints_given.len() == level.hints.len();
            let why =
                if all { "that was the last hint" } else { "no hint yet: first something has to happen, or be seen" };
            return Err(why.into());
        };
        self.hints_given.push(index);
        if self.mode == Mode::OnCall {
            self.hint_price += hint.price;
            return Ok(vec![hint.says.clone(), format!("({} points)", hint.price)]);
        }
        line(hint.says.clone())
    }

    fn diagnose(&mut self, cause: &str) -> Said {
        let level = Arc::clone(&self.level);
        let found = level.diagnosis.iter().enumerate().find_map(|(index, question)| {
            question.causes.iter().find(|known| known.id == cause).map(|known| (index, known))
        });
        let Some((index, known)) = found.filter(|(index, _)| self.questions[*index].is_open) else {
            let ids: Vec<String> = World::named(self, Named::Causes).into_iter().map(|(id, _)| id).collect();
            return Err(format!("no cause is called {}; there are {}", printable(cause, 40), ids.join(", ")));
        };
        self.questions[index].given = Some(cause.to_owned());
        self.write_down(format!("your diagnosis: {}", known.says));
        let mut lines = vec![level.diagnosis[index].question.clone(), format!("noted: {}", known.says)];
        let next = self.asking().last().copied().filter(|next| self.questions[*next].given.is_none());
        lines.extend(next.map(|next| format!("next: {} (diagnose)", level.diagnosis[next].question)));
        Ok(lines)
    }

    fn resolve(&mut self) -> Said {
        let now = Self::now(self);
        if self.judge.impact_at.is_none() && !self.has_all_happened() {
            return Err("nothing has happened yet that could be closed".into());
        }
        if self.judge.impact_at.is_none() && !self.judge.is_gone {
            let why = "nobody is hurt, but the cause is still there, or its last sign is too recent to tell";
            return Err(format!("not yet: {why}. Look again in a while"));
        }
        if self.judge.impact_at.is_some() && self.judge.phase != Phase::Mitigated {
            let goal = &self.level.goal;
            if let Some(since) = self.judge.holds_since {
                let since = self.clock.seconds(since);
                return Err(format!(
                    "not yet: it is well since {since}, and has to be for {} to be mitigated",
                    goal.hold
                ));
            }
            let (count, word) = (self.judge.hurt_now().0 as u64, &goal.hurt);
            let word = word.as_ref().map_or("overdue", |hurt| hurt.word.as_str());
            let how = format!("{count} {word}; mitigated is when {} for {}", goal.mitigated.text(), goal.hold);
            return Err(format!("not yet: {how}"));
        }
        let open = self.level.diagnosis.iter().zip(&self.questions);
        if let Some((question, _)) = open.into_iter().find(|(_, asked)| asked.is_open && asked.given.is_none()) {
            let ids: Vec<&str> = question.causes.iter().map(|cause| cause.id.as_str()).collect();
            return Err(format!("first: {} (diagnose {})", question.question, ids.join(" | ")));
        }
        let mitigated = self
            .judge
            .mitigated_after()
            .map(|after| format!("closed; {}, {} after customers began to be hurt", self.stands(), after.age()));
        self.judge.close(now);
        self.write_down("you closed the incident");
        if self.judge.resolved_at.is_some() {
            let (phase, words) = (Phase::Resolved, Phase::Resolved.word().to_owned());
            self.tell(super::view::Happened::Turned { phase, since: now, words });
        }
        line(mitigated.unwrap_or_else(|| "closed".to_owned()))
    }
}
