//! What is tried with every level, whatever it says: nobody acts, everything is restarted, each solution, and every
//! single command alone.

use crate::incident::branches::{Branch, play_all};
use crate::incident::report::Tried;
use crate::incident::script::Script;
use crate::incident::stage::Stage;
use crate::incident::view::{Entry, Phase};
use crate::incident::{Incident, Mode};
use crate::level::Level;
use crate::sim::quantity::Time;
use std::sync::Arc;

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
pub fn alone(level: &Level, tried: &[(Try, Result<Ended, String>)]) -> Tried {
    let (mut known, mut unknown) = (vec![], vec![]);
    for (one, end) in tried {
        let Try::Alone(line) = one else { continue };
        if end.as_ref().is_ok_and(|end| !end.has_hurt) {
            let is_known = level.shortcuts.iter().any(|shortcut| shortcut.is(line));
            if is_known { &mut known } else { &mut unknown }.push(line.as_str());
        }
    }
    let all = tried.iter().filter(|(one, _)| matches!(one, Try::Alone(_))).count();
    let detail = match (unknown.is_empty(), known.is_empty()) {
        (false, _) => format!("these end it, and the level doesn't say why they may: {}", unknown.join("; ")),
        (true, true) => format!("none of {all} ends it"),
        (true, false) => format!("of {all} these end it, as the level says: {}", known.join("; ")),
    };
    Tried { name: "no single command in the first minute ends it".to_owned(), ok: unknown.is_empty(), detail }
}

/// Plays these on a seed; their ends stand in the same order, or why they can't be played.
#[must_use]
pub fn try_all(level: &Arc<Level>, tries: &[Try], seed: u64) -> Vec<Result<Ended, String>> {
    match ends_of(level, tries, seed) {
        Ok(ends) => ends.into_iter().map(Ok).collect(),
        Err(why) => tries.iter().map(|_| Err(why.clone())).collect(),
    }
}

fn ends_of(level: &Arc<Level>, tries: &[Try], seed: u64) -> Result<Vec<Ended>, String> {
    let trunk = Incident::start(Arc::clone(level), seed, Mode::OnCall);
    let branches: Result<Vec<Branch>, String> = tries.iter().map(|one| one.branch(level, &trunk)).collect();
    let mut ends: Vec<Option<Ended>> = tries.iter().map(|_| None).collect();
    play_all(trunk, &branches?, |place, run| ends[place] = Some(Ended::of(&run))).map_err(|error| error.to_string())?;
    Ok(ends.into_iter().flatten().collect())
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

impl Ended {
    fn of(run: &Incident) -> Self {
        let report = run.report();
        let has_hurt = match report.outcome {
            Phase::Resolved | Phase::Mitigated => false,
            Phase::Failed => true,
            _ => report.impact_at.is_some(),
        };
        Self { phase: report.outcome, mitigated_at: report.mitigated_at, has_hurt, seen: seen_in(run) }
    }
}

/// Whether each piece of evidence is printed in one of the solutions: nobody can diagnose what nothing shows.
#[must_use]
pub fn evidence(level: &Level, tried: &[(Try, Result<Ended, String>)]) -> Tried {
    let pieces = level.diagnosis.iter().flat_map(|question| &question.evidence);
    let is_seen =
        |index: usize| tried.iter().flat_map(|(_, end)| end).any(|end| end.seen.get(index).copied().unwrap_or(false));
    let unseen: Vec<String> = pieces
        .clone()
        .enumerate()
        .filter(|(index, _)| !is_seen(*index))
        .map(|(_, piece)| format!("no solution prints \"{}\" with {}", piece.shows.first(), piece.see.first()))
        .collect();
    let detail = if unseen.is_empty() { format!("{} pieces", pieces.count()) } else { unseen.join("; ") };
    Tried { name: "the evidence is there to see".to_owned(), ok: unseen.is_empty(), detail }
}

fn seen_in(incident: &Incident) -> Vec<bool> {
    let pieces = incident.level().diagnosis.iter().flat_map(|question| &question.evidence);
    let is_seen = |piece: &crate::level::schema::Evidence| {
        let printed = |entry: &Entry| entry.output.iter().any(|line| piece.is_in(&entry.line, line));
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

    fn branch(&self, level: &Level, trunk: &Incident) -> Result<Branch, String> {
        let lines = match self {
            Self::Nothing => vec![],
            Self::Alone(line) => vec![(FIRST_MINUTE.to_owned(), line.clone())],
            Self::RestartEverything => {
                let minutes = (2..level.clock.limit.seconds() / 60).step_by(2);
                let restarts = restarts(&trunk.stage);
                minutes
                    .flat_map(|minute| restarts.iter().map(move |line| (format!("{minute:02}:00"), line.clone())))
                    .collect()
            }
            Self::Solution(name) => {
                let solution = level.solution(name);
                solution.map(|solution| solution.script.clone()).unwrap_or_default()
            }
        };
        let script = Script::of(&lines).map_err(|error| error.to_string())?;
        Ok(Branch { script, until: Time::ZERO + level.clock.limit, ..Branch::default() })
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
    pub fn verdict(&self, ends: &[&Result<Ended, String>]) -> Tried {
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
