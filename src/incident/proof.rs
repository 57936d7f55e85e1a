//! What a level states about itself, tried: documented figures, counterfactuals, and what is tried with every level.
//!
//! Statements with the same changes and the same script share a run. A [`Case`] is such a run: a plain value that
//! whoever has several processors can hand out, seed by seed; [`verdicts`] puts the answers together.

use super::report::{Figure, Tried};
use super::script::{Script, advance_to};
use super::stage::Stage;
use super::view::Phase;
use super::{Incident, Mode};
use crate::level::Level;
use crate::level::condition::{Unit, written};
use crate::level::schema::{Change, Statement};
use crate::sim::quantity::{Span, Time};
use std::sync::Arc;

/// The seeds on which a statement must hold.
pub const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;

/// Statements that one run can answer.
#[derive(Clone, Debug)]
pub struct Case {
    but: Change,
    statements: Vec<usize>,
    until: Time,
}

/// What a run had to say about one condition of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The statement's place in the level.
    pub statement: usize,
    /// Which of its conditions.
    pub condition: usize,
    /// The value; a truth is 1 or 0.
    pub value: Option<f64>,
}

/// The runs that a level's statements need.
#[must_use]
pub fn cases(level: &Level) -> Vec<Case> {
    let mut cases: Vec<Case> = vec![];
    for (index, statement) in level.proofs.iter().enumerate() {
        let until = moment_of(level, statement);
        let but = statement.change();
        match cases.iter_mut().find(|case| case.but == *but) {
            Some(case) => {
                case.statements.push(index);
                case.until = case.until.max(until);
            }
            None => cases.push(Case { but: but.clone(), statements: vec![index], until }),
        }
    }
    // The long ones first, so that no processor waits for the last.
    cases.sort_by_key(|case| std::cmp::Reverse(case.until));
    cases
}

fn moment_of(level: &Level, statement: &Statement) -> Time {
    let end = Time::ZERO + level.clock.limit;
    match statement {
        Statement::Figure(figure) => figure.at.unwrap_or(end),
        Statement::Proof(proof) => proof.until.unwrap_or(end),
    }
}

fn conditions(statement: &Statement) -> Vec<&str> {
    match statement {
        Statement::Figure(figure) => vec![figure.measure.text()],
        Statement::Proof(proof) => proof.expect.iter().map(crate::level::condition::Condition::text).collect(),
    }
}

impl Case {
    /// How long it runs: what it costs.
    #[must_use]
    pub fn length(&self) -> Span {
        self.until.since(Time::ZERO)
    }

    /// Whether it is the level as it is, with nobody acting.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.but == Change::default()
    }

    /// Whether the statement of this id is among those that it answers.
    #[must_use]
    pub fn answers(&self, level: &Level, id: &str) -> bool {
        self.statements.iter().any(|index| level.proofs[*index].id() == id)
    }

    /// Plays it on a seed and answers its statements.
    ///
    /// # Errors
    /// Where the changed level can't be played, or its script can't be read.
    pub fn run(&self, level: &Arc<Level>, seed: u64) -> Result<Vec<Answer>, String> {
        let changed = level.changed(&Change { after: None, script: vec![], ..self.but.clone() });
        let changed = Arc::new(changed.map_err(|problems| first_words(&problems))?);
        let script = self.script(level)?;
        let needs_untouched = self
            .statements
            .iter()
            .any(|index| conditions(&level.proofs[*index]).iter().any(|text| text.contains("untouched(")));
        let mut incident = start(&changed, seed, self.until);
        if needs_untouched && !script.lines.is_empty() {
            let mut untouched = start(&changed, seed, self.until);
            advance_to(&mut untouched, self.until);
            incident.stage.untouched = Some(Arc::new(untouched.stage));
        }
        let mut watched = vec![];
        for index in &self.statements {
            for (condition, text) in conditions(&level.proofs[*index]).into_iter().enumerate() {
                let trace = incident.stage.watch(text, false)?;
                watched.push((*index, condition, trace));
            }
        }
        script.play(&mut incident, self.until).map_err(|error| error.to_string())?;
        let answer = |(statement, condition, trace): (usize, usize, usize)| {
            let at = moment_of(level, &level.proofs[statement]).second().min(incident.now().second());
            let values = &incident.stage.traces[trace].values;
            let found = values.binary_search_by_key(&at, |(time, _)| time.second());
            Answer { statement, condition, value: found.ok().map(|place| values[place].1) }
        };
        Ok(watched.into_iter().map(answer).collect())
    }

    fn script(&self, level: &Level) -> Result<Script, String> {
        let mut lines = vec![];
        if let Some(name) = &self.but.after {
            let solution = level.solutions.iter().find(|solution| solution.name == *name);
            lines.extend(solution.map(|solution| solution.script.clone()).unwrap_or_default());
        }
        lines.extend(self.but.script.iter().cloned());
        Script::of(&lines).map_err(|error| error.to_string())
    }
}

/// An incident that goes on beyond the level's end and beyond being lost, as a proof needs.
fn start(level: &Arc<Level>, seed: u64, until: Time) -> Incident {
    let mut incident = Incident::start(Arc::clone(level), seed, Mode::OnCall);
    incident.stage.runs_on = until >= Time::ZERO;
    incident
}

fn first_words(problems: &[crate::level::problem::Problem]) -> String {
    problems.first().map_or_else(|| "can't be played".to_owned(), |problem| problem.message.clone())
}

/// Puts the answers of all seeds together: a figure is the median, none outside twice its tolerance; a proof holds on
/// each seed.
#[must_use]
pub fn verdicts(level: &Level, answers: &[Result<Vec<Answer>, String>]) -> Vec<Figure> {
    let failed: Vec<&String> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    let of = |statement: usize, condition: usize| {
        let all = answers.iter().filter_map(|answer| answer.as_ref().ok()).flatten();
        let mine = all.filter(move |answer| answer.statement == statement && answer.condition == condition);
        mine.map(|answer| answer.value).collect::<Vec<_>>()
    };
    let mut figures = vec![];
    for (index, statement) in level.proofs.iter().enumerate() {
        let mut figure = match statement {
            Statement::Figure(figure) => figure_of(figure, &of(index, 0)),
            Statement::Proof(proof) => {
                let conditions: Vec<Vec<Option<f64>>> = (0..proof.expect.len()).map(|n| of(index, n)).collect();
                proof_of(proof, &conditions)
            }
        };
        if !figure.ok && figure.measured.is_empty() {
            figure.measured = failed.first().map_or_else(|| "nothing".to_owned(), |why| (*why).clone());
        }
        figures.push(figure);
    }
    figures
}

/// The figures that one run of the level as it is can be measured against: with nobody at it, or with this solution.
pub fn figures_of<'l>(
    level: &'l Level,
    solution: Option<&str>,
) -> impl Iterator<Item = &'l crate::level::schema::Figure> {
    let fits = move |but: &Change| but.leave_out.is_empty() && but.change.is_empty() && but.script.is_empty();
    level.proofs.iter().filter_map(move |statement| match statement {
        Statement::Figure(figure) if fits(&figure.but) && figure.but.after.as_deref() == solution => Some(figure),
        _ => None,
    })
}

/// A figure beside what an incident has measured of it, which must have been traced; `None` where its time hasn't come.
#[must_use]
pub fn measured(incident: &Incident, figure: &crate::level::schema::Figure) -> Option<Figure> {
    let at = figure.at.unwrap_or(Time::ZERO + incident.level().clock.limit).second();
    let trace = incident.stage.traces.iter().find(|trace| trace.text == figure.measure.text())?;
    let place = trace.values.binary_search_by_key(&at, |(time, _)| time.second()).ok()?;
    Some(figure_of(figure, &[Some(trace.values[place].1)]))
}

fn figure_of(figure: &crate::level::schema::Figure, values: &[Option<f64>]) -> Figure {
    let mut known: Vec<f64> = values.iter().filter_map(|value| *value).collect();
    known.sort_by(f64::total_cmp);
    let name = labelled(&figure.id, &figure.name);
    let expected = format!("{}", figure.expect);
    let Some(median) = known.get(known.len() / 2).copied() else {
        return Figure { name, expected, story: figure.story.clone(), ..Figure::default() };
    };
    let unit = figure.measure.unit();
    let unit = if unit == Unit::Mixed { Unit::Plain } else { unit };
    let (low, high) = (known[0], known[known.len() - 1]);
    let doubled = figure.expect.doubled();
    let ok = known.len() == values.len()
        && figure.expect.includes(median)
        && known.iter().all(|value| doubled.includes(*value));
    let range =
        if known.len() > 1 { format!(" ({} to {})", written(low, unit), written(high, unit)) } else { String::new() };
    let measured = written(median, unit) + &range;
    let middle = figure.expect.low.zip(figure.expect.high).map(|(low, high)| f64::midpoint(low, high));
    let deviation = middle.filter(|middle| *middle != 0.0).map(|middle| (median - middle) / middle);
    Figure { name, expected, measured, ok, story: figure.story.clone(), deviation }
}

fn proof_of(proof: &crate::level::schema::Proof, conditions: &[Vec<Option<f64>>]) -> Figure {
    let name = labelled(&proof.id, &proof.name);
    let mut broken = vec![];
    for (condition, values) in proof.expect.iter().zip(conditions) {
        let held = values.iter().filter(|value| value.is_some_and(|value| value != 0.0)).count();
        if held < values.len() || values.is_empty() {
            broken.push(format!("{} held on {held} of {} seeds", condition.text(), values.len()));
        }
    }
    let expected = proof.expect.iter().map(|condition| condition.text().to_owned()).collect::<Vec<_>>().join(", ");
    let ok = broken.is_empty();
    let measured = if ok { "holds".to_owned() } else { broken.join("; ") };
    Figure { name, expected, measured, ok, ..Figure::default() }
}

fn labelled(id: &str, name: &str) -> String {
    if id.is_empty() { name.to_owned() } else { format!("{id}  {name}") }
}

/// Something that is tried with every level, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Try {
    /// Nobody does anything: it must not be won.
    Nothing,
    /// Every service is restarted every two minutes: it must not be won.
    RestartEverything,
    /// A solution: it must win.
    Solution(String),
    /// One command in the first minute and nothing else: it must not win, unless the level says why it may.
    Alone(String),
}

/// When a single command is typed.
const FIRST_MINUTE: &str = "00:50";

/// Every single command that changes something and can be thought of: what the menus offer, and the lines of the solutions.
#[must_use]
pub fn single_commands(level: &Arc<Level>) -> Vec<Try> {
    let incident = Incident::start(Arc::clone(level), 1, Mode::OnCall);
    let offered = incident.palette().into_iter().filter(|choice| choice.changes && !choice.line.contains('…'));
    let scripts = level.solutions.iter().flat_map(|solution| &solution.script);
    let mut lines: Vec<String> =
        offered.map(|choice| choice.line).chain(scripts.map(|(_, line)| line.clone())).collect();
    lines.sort();
    lines.dedup();
    lines.into_iter().map(Try::Alone).collect()
}

/// Which single commands have won, and whether the level says why each may.
#[must_use]
pub fn alone(level: &Level, tried: &[(&Try, &Result<Ended, String>)]) -> Tried {
    let (mut known, mut unknown) = (vec![], vec![]);
    for (one, end) in tried {
        let Try::Alone(line) = one else { continue };
        if end.as_ref().is_ok_and(|end| !end.has_hurt) {
            let is_known = level.shortcuts.iter().any(|shortcut| shortcut.is(line));
            if is_known { &mut known } else { &mut unknown }.push(line.as_str());
        }
    }
    let detail = match (unknown.is_empty(), known.is_empty()) {
        (false, _) => format!("these end it, and the level doesn't say why they may: {}", unknown.join("; ")),
        (true, true) => format!("none of {} ends it", tried.len()),
        (true, false) => format!("of {} these end it, as the level says: {}", tried.len(), known.join("; ")),
    };
    Tried { name: "no single command in the first minute ends it".to_owned(), ok: unknown.is_empty(), detail }
}

/// What is tried with a level.
#[must_use]
pub fn tries(level: &Level) -> Vec<Try> {
    let solutions = level.solutions.iter().map(|solution| Try::Solution(solution.name.clone()));
    [Try::Nothing, Try::RestartEverything].into_iter().chain(solutions).collect()
}

/// How a try went on a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub phase: Phase,
    /// When it was mitigated.
    pub mitigated_at: Option<Time>,
    /// Whether it was lost, or customers were hurt and nothing had mended that at the end.
    pub has_hurt: bool,
    /// For each piece of evidence, in the order of the level, whether it was there to see.
    pub seen: Vec<bool>,
}

/// Whether each piece of evidence is printed in one of the solutions: nobody can diagnose what nothing shows.
#[must_use]
pub fn evidence(level: &Level, ends: &[Result<Ended, String>]) -> Tried {
    let pieces = level.diagnosis.iter().flat_map(|question| &question.evidence);
    let is_seen = |index: usize| ends.iter().flatten().any(|end| end.seen.get(index).copied().unwrap_or(false));
    let unseen: Vec<String> = pieces
        .clone()
        .enumerate()
        .filter(|(index, _)| !is_seen(*index))
        .map(|(_, piece)| format!("no solution prints \"{}\" with {}", piece.shows, piece.see))
        .collect();
    let detail = if unseen.is_empty() { format!("{} pieces", pieces.count()) } else { unseen.join("; ") };
    Tried { name: "the evidence is there to see".to_owned(), ok: unseen.is_empty(), detail }
}

fn seen_in(incident: &Incident, level: &Level) -> Vec<bool> {
    let pieces = level.diagnosis.iter().flat_map(|question| &question.evidence);
    let is_seen = |piece: &crate::level::schema::Evidence| {
        let printed = |entry: &super::view::Entry| entry.output.iter().any(|line| piece.is_in(&entry.line, line));
        incident.console().iter().any(printed)
    };
    pieces.map(is_seen).collect()
}

impl Try {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Nothing => "nobody does anything".to_owned(),
            Self::RestartEverything => "everything is restarted every two minutes".to_owned(),
            Self::Solution(name) => format!("solution {name}"),
            Self::Alone(line) => format!("only {line}"),
        }
    }

    /// Plays it on a seed.
    ///
    /// # Errors
    /// Where its script can't be read.
    pub fn run(&self, level: &Arc<Level>, seed: u64) -> Result<Ended, String> {
        let mut incident = Incident::start(Arc::clone(level), seed, Mode::OnCall);
        let end = Time::ZERO + level.clock.limit;
        let script = match self {
            Self::Nothing => Script::default(),
            Self::Alone(line) => {
                Script::of(&[(FIRST_MINUTE.to_owned(), line.clone())]).map_err(|error| error.to_string())?
            }
            Self::RestartEverything => {
                let mut lines = vec![];
                for minute in (2..level.clock.limit.seconds() / 60).step_by(2) {
                    let restarts = restarts(&incident.stage).into_iter();
                    lines.extend(restarts.map(|line| (format!("{minute:02}:00"), line)));
                }
                Script::of(&lines).map_err(|error| error.to_string())?
            }
            Self::Solution(name) => {
                let solution = level.solutions.iter().find(|solution| solution.name == *name);
                let lines = solution.map(|solution| solution.script.clone()).unwrap_or_default();
                Script::of(&lines).map_err(|error| error.to_string())?
            }
        };
        script.play(&mut incident, end).map_err(|error| error.to_string())?;
        let report = incident.report();
        let has_hurt = match report.outcome {
            Phase::Resolved | Phase::Mitigated => false,
            Phase::Failed => true,
            _ => report.impact_at.is_some(),
        };
        let seen = seen_in(&incident, level);
        Ok(Ended { phase: report.outcome, mitigated_at: report.mitigated_at, has_hurt, seen })
    }

    /// Whether an end is the one it must have.
    fn is_right(&self, phase: Phase) -> bool {
        match self {
            Self::Nothing | Self::RestartEverything | Self::Alone(_) => {
                !matches!(phase, Phase::Resolved | Phase::Mitigated)
            }
            Self::Solution(_) => phase == Phase::Resolved,
        }
    }

    /// Puts the ends on all seeds together.
    #[must_use]
    pub fn verdict(&self, ends: &[Result<Ended, String>]) -> Tried {
        let ok = ends.iter().all(|end| end.as_ref().is_ok_and(|end| self.is_right(end.phase)));
        let mut words: Vec<String> = vec![];
        for end in ends {
            let word = match end {
                Ok(Ended { phase, mitigated_at: Some(at), .. }) => format!("{} (mitigated {at})", phase.word()),
                Ok(Ended { phase, .. }) => phase.word().to_owned(),
                Err(why) => why.clone(),
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        Tried { name: self.name(), ok, detail: format!("{} on {} seeds", words.join(", "), ends.len()) }
    }
}

/// The commands that restart every service, wherever it runs.
fn restarts(stage: &Stage) -> Vec<String> {
    use crate::sim::component::Component;
    let mut lines = vec![];
    for component in stage.simulation.components() {
        let Component::Service(service) = component else { continue };
        let Some(supervisor) = service.supervisor() else {
            lines.push(format!("kubectl rollout restart deployment/{}", service.settings.name));
            continue;
        };
        let tool = if supervisor.is_systemd() { "systemctl" } else { "initctl" };
        let machines = service.live().map(|(_, instance)| &instance.name);
        lines.extend(machines.map(|host| format!("ssh {host} {tool} restart {}", service.unit())));
    }
    lines
}
