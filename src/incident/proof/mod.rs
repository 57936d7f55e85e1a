//! What a level states about itself, tried: documented figures, counterfactuals, and what is tried with every level.
//!
//! Statements with the same changes belong to one [`World`]: a plain value that whoever has several processors can hand
//! out, seed by seed. Statements with the same script share a run, and runs share what comes before their first line.
//! [`verdicts`] puts the answers together.

mod tries;

pub use tries::{Ended, Try, alone, evidence, single_commands, tries, try_all};

use super::branches::{Branch, play_all};
use super::report::Figure;
use super::script::Script;
use super::{Incident, Mode};
use crate::level::Level;
use crate::level::condition::{Unit, written};
use crate::level::schema::{Change, Statement};
use crate::sim::quantity::{Span, Time};
use std::sync::Arc;

/// The seeds on which a statement must hold.
pub const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;

/// A level, changed or as it is, and the runs that are asked of it.
#[derive(Clone, Debug)]
pub struct World {
    but: Change,
    cases: Vec<Case>,
}

/// Statements that one run can answer.
#[derive(Clone, Debug)]
struct Case {
    after: Option<String>,
    script: crate::level::schema::Script,
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

/// The worlds that a level's statements speak of, those first that cost the most.
#[must_use]
pub fn worlds(level: &Level) -> Vec<World> {
    let mut worlds: Vec<World> = vec![];
    for (index, statement) in level.proofs.iter().enumerate() {
        let until = moment_of(level, statement);
        let Change { after, script, leave_out, change } = statement.change().clone();
        let but = Change { leave_out, change, ..Change::default() };
        let place = worlds.iter().position(|world| world.but == but).unwrap_or_else(|| {
            worlds.push(World { but, cases: vec![] });
            worlds.len() - 1
        });
        let cases = &mut worlds[place].cases;
        match cases.iter_mut().find(|case| case.after == after && case.script == script) {
            Some(case) => {
                case.statements.push(index);
                case.until = case.until.max(until);
            }
            None => cases.push(Case { after, script, statements: vec![index], until }),
        }
    }
    // So that no processor waits for the last.
    worlds.sort_by_key(|world| std::cmp::Reverse(world.length()));
    worlds
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

impl World {
    /// How long its runs are together: what it costs.
    fn length(&self) -> Span {
        self.cases.iter().fold(Span::ZERO, |sum, case| sum + case.until.since(Time::ZERO))
    }

    /// Only the statements of this level that are wanted; nothing where none of them is asked of this world.
    #[must_use]
    pub fn only(mut self, level: &Level, wanted: impl Fn(&Statement) -> bool) -> Option<Self> {
        for case in &mut self.cases {
            case.statements.retain(|index| wanted(&level.proofs[*index]));
        }
        self.cases.retain(|case| !case.statements.is_empty());
        (!self.cases.is_empty()).then_some(self)
    }

    /// Plays it on a seed and answers its statements.
    ///
    /// # Errors
    /// Where the changed level can't be played, or a script can't be read.
    pub fn run(&self, level: &Arc<Level>, seed: u64) -> Result<Vec<Answer>, String> {
        let changed = Arc::new(level.changed(&self.but).map_err(|problems| first_words(&problems))?);
        let branches: Result<Vec<Branch>, String> = self.cases.iter().map(|case| case.branch(level)).collect();
        let mut answers = vec![];
        play_all(beyond_its_end(&changed, seed), &branches?, |place, run| {
            self.cases[place].answer(level, &run, &mut answers);
        })
        .map_err(|error| error.to_string())?;
        Ok(answers)
    }
}

impl Case {
    fn branch(&self, level: &Level) -> Result<Branch, String> {
        let mut lines = vec![];
        if let Some(name) = &self.after {
            let solution = level.solution(name);
            lines.extend(solution.map(|solution| solution.script.clone()).unwrap_or_default());
        }
        lines.extend(self.script.iter().cloned());
        let script = Script::of(&lines).map_err(|error| error.to_string())?;
        let watched = self.statements.iter().flat_map(|index| conditions(&level.proofs[*index]));
        let watches: Vec<String> = watched.map(str::to_owned).collect();
        let beside_untouched = watches.iter().any(|text| text.contains("untouched("));
        Ok(Branch { script, until: self.until, watches, beside_untouched })
    }

    fn answer(&self, level: &Level, run: &Incident, into: &mut Vec<Answer>) {
        for index in &self.statements {
            let at = moment_of(level, &level.proofs[*index]).second().min(run.now().second());
            for (condition, text) in conditions(&level.proofs[*index]).into_iter().enumerate() {
                let trace = run.stage.traces.iter().find(|trace| trace.text == text);
                let value = trace.and_then(|trace| {
                    let found = trace.values.binary_search_by_key(&at, |(time, _)| time.second());
                    found.ok().map(|place| trace.values[place].1)
                });
                into.push(Answer { statement: *index, condition, value });
            }
        }
    }
}

/// An incident that goes on beyond being lost, as a proof needs.
fn beyond_its_end(level: &Arc<Level>, seed: u64) -> Incident {
    let mut incident = Incident::start(Arc::clone(level), seed, Mode::OnCall);
    incident.stage.runs_on = true;
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
