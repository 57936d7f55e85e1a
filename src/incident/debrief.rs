//! The story afterwards: what really happened, what the player did, and what would have been without it.
//!
//! The counterfactuals are computed by playing the level again, never told from a list.

use super::judge::SPENT_EVERY;
use super::map::spaced;
use super::script::{Script, advance_to};
use super::view::{Compared, Debrief, Happened, Happening, Judged, Move, Phase, Piece, Twofold};
use super::{Incident, Mode, graph, score};
use crate::sim::quantity::Time;

/// How many of the player's moves are played again without them; each costs a run.
const MOVES_REVIEWED: usize = 12;
/// So many customers more or less are a difference.
const NOTICED: i64 = 50;

/// The debrief of an incident, with everything that has to be played again for it.
#[must_use]
pub fn debrief_of(incident: &Incident) -> Debrief {
    let theirs = as_it_happened(incident).and_then(|solution| Script::of(&solution.script).ok());
    let they = theirs.map(|script| {
        let mut run = again(incident);
        // What the level's own check accepts can be played.
        _ = script.play(&mut run, end_of(incident));
        run
    });
    let told = told(incident);
    let mut compared = told.compared;
    compared.extend(they.as_ref().map(|run| compare("they", run)));
    let (moves, together, nobody) = moves(incident);
    compared.push(compare("nobody", &nobody));
    Debrief { compared, moves, together, is_whole: true, graphs: graphs(incident), ..told }
}

/// The debrief with the graphs of the run, which need no replay but take longer than a key may.
#[must_use]
pub fn with_graphs(incident: &Incident) -> Debrief {
    Debrief { graphs: graphs(incident), ..told(incident) }
}

/// How many graphs are kept, and in how many steps.
const GRAPHS: usize = 30;
const STEPS: usize = 300;

/// What the graphs of the run showed beside what was so: those that were at hand, then what nobody collected and moved.
fn graphs(incident: &Incident) -> Vec<Twofold> {
    let mut names = incident.graphs(None);
    for part in incident.map().parts {
        names.extend(incident.graphs(Some(&part.name)));
    }
    let mut known = std::collections::BTreeSet::new();
    names.retain(|name| known.insert(name.clone()));
    let twofold = |name: &String| graph::twofold(&incident.stage, name, STEPS);
    let mut all: Vec<Twofold> = names.iter().filter_map(twofold).collect();
    let moved =
        |one: &Twofold| one.truth.iter().any(|(_, value)| *value != one.truth.first().and_then(|first| first.1));
    all.extend(graph::hidden(&incident.stage).iter().filter_map(twofold).filter(moved));
    all.truncate(GRAPHS);
    all
}

/// What rang in the run, from when to when.
fn rings(incident: &Incident) -> Vec<(String, Time, Option<Time>)> {
    let mut all: Vec<(String, Time, Option<Time>)> = vec![];
    for happening in &incident.stage.happenings {
        match &happening.what {
            Happened::Rang { name, .. } if all.iter().all(|(known, _, to)| known != name || to.is_some()) => {
                all.push((name.clone(), happening.at, None));
            }
            Happened::Quieted { name } => {
                if let Some(open) = all.iter_mut().find(|(known, _, to)| known == name && to.is_none()) {
                    open.2 = Some(happening.at);
                }
            }
            _ => {}
        }
    }
    all
}

fn phases(incident: &Incident) -> Vec<(Time, Phase)> {
    let turned = |happening: &Happening| match happening.what {
        Happened::Turned { phase, since, .. } => Some((since, phase)),
        _ => None,
    };
    let mut phases: Vec<(Time, Phase)> = incident.stage.happenings.iter().filter_map(turned).collect();
    phases.sort_by_key(|(at, _)| *at);
    // The first page is told as what it is, and not as a turn.
    let paged = incident.stage.judge.paged_at.map(|at| (at, Phase::Paged));
    let place = paged.map(|(at, _)| phases.partition_point(|(time, _)| *time < at));
    if let Some((paged, place)) = paged.zip(place).filter(|(_, place)| *place == 0) {
        phases.insert(place, paged);
    }
    phases
}

fn as_it_happened(incident: &Incident) -> Option<&crate::level::schema::Solution> {
    incident.level().solution("as-it-happened")
}

/// As much of the debrief as needs nothing to be played again: the story is there at once.
#[must_use]
pub fn told(incident: &Incident) -> Debrief {
    let level = incident.level();
    let stage = &incident.stage;
    let report = incident.report();
    let notebook = stage.notebook.view();
    let paragraphs =
        |text: &str| text.split("\n\n").map(|part| part.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    let source = &level.source;
    let year = source.published.map(|year| year.to_string()).unwrap_or_default();
    let source: Vec<String> = [&source.title, &source.author, &source.place, &year, &source.url]
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect();
    let row = |part: score::Part| {
        (part.what.to_owned(), format!("{:>2} of {:>2}", part.points.0, part.points.1), part.remark)
    };
    Debrief {
        outcome: report.outcome,
        grade: report.grade,
        score: score::parts(incident).into_iter().map(row).collect(),
        source,
        what_happened: paragraphs(&level.debrief.what_happened),
        chain: level.debrief.chain.clone(),
        lessons: level.debrief.lessons.clone(),
        compared: vec![compare("you", incident)],
        moves: vec![],
        together: String::new(),
        unit: level.goal.budget.word.clone(),
        their_moves: their_moves(as_it_happened(incident).map(|one| one.script.as_slice()).unwrap_or_default()),
        is_whole: false,
        diagnosis: diagnosis(incident),
        hypotheses: notebook.hypotheses,
        pins: notebook.pins,
        predictions: notebook.predictions,
        timeline: stage.notebook.timeline.clone(),
        hurt: incident.header().hurt.word,
        rings: rings(incident),
        phases: phases(incident),
        graphs: vec![],
    }
}

fn end_of(incident: &Incident) -> Time {
    Time::ZERO + incident.level().clock.limit
}

/// The same level and seed, from the beginning.
fn again(incident: &Incident) -> Incident {
    let seed = incident.stage.simulation.seed().0;
    Incident::start(std::sync::Arc::clone(&incident.stage.level), seed, Mode::OnCall)
}

/// Types these lines at their times.
fn play_on(run: &mut Incident, lines: &[(Time, String)]) {
    for (at, line) in lines {
        advance_to(run, *at);
        run.perform(line);
    }
}

/// How many requests went bad in the whole of a run, by what counts against the budget.
fn bad(run: &Incident) -> i64 {
    (run.stage.judge.budget_used * run.level().goal.budget.allowed) as i64
}

fn compare(who: &str, run: &Incident) -> Compared {
    let report = run.report();
    let judge = &run.stage.judge;
    let mitigated = judge.mitigated_after().map(|span| format!("mitigated after {}", score::whole(span)));
    let outcome = match report.outcome {
        Phase::Resolved => format!("resolved, {}", mitigated.unwrap_or_else(|| "before anybody was hurt".to_owned())),
        Phase::Mitigated => mitigated.unwrap_or_default(),
        Phase::Failed => format!("lost: {}", judge.lost_by),
        _ => "never mitigated".to_owned(),
    };
    // A run ends where it is closed or lost: shares of runs of different length can't be compared, numbers can.
    let mut impact = format!("{} {}", spaced(bad(run)), run.level().goal.budget.word);
    if report.outcome == Phase::Failed {
        impact = format!("{impact} in {}, and it goes on", score::whole(run.now().since(Time::ZERO)));
    }
    if report.impact.lost > 0 {
        impact = format!("{impact}, {} lost for good", spaced(report.impact.lost as i64));
    }
    let curve =
        judge.hurt.iter().enumerate().step_by(10).map(|(second, hurt)| (Time::from_seconds(second as i64), *hurt));
    Compared { who: who.to_owned(), outcome, impact, curve: curve.collect() }
}

/// The places of the lines that changed the system, and of the words by which somebody else did so.
fn acting(incident: &Incident) -> Vec<usize> {
    let stage = &incident.stage;
    let who = |entry: usize| incident.console().get(entry).map(|entry| entry.who.as_str());
    let acts = |entry: usize| {
        stage.done.iter().any(|done| match done.who.as_str() {
            "" => done.entry == entry,
            other => stage.done_for.contains(&(done.entry, entry)) && who(done.entry) == Some(other),
        })
    };
    let entries = incident.entries.iter().enumerate();
    let entries = entries.filter_map(|(index, entry)| entry.map(|id| (index, id)));
    entries.filter(|(_, entry)| acts(*entry)).map(|(index, _)| index).collect()
}

/// The player's moves, the first of which are played again: the run without each, and, where that went the same way, the
/// run with nothing else. What those come to together that do the same. And the run in which nobody acts.
fn moves(incident: &Incident) -> (Vec<Move>, String, Incident) {
    let acting = acting(incident);
    let reviewed = &acting[..acting.len().min(MOVES_REVIEWED)];
    let without = without_each(incident, reviewed);
    let spared: Vec<i64> = without.iter().map(|run| run.hurt - bad(incident)).collect();
    let is_unsure = |number: usize| spared[number].abs() < NOTICED;
    let unsure: Vec<usize> = (0..reviewed.len()).filter(|number| is_unsure(*number)).collect();
    let lines: Vec<usize> = unsure.iter().map(|number| reviewed[*number]).collect();
    let (lone, nobody) = each_alone(incident, &lines);
    let gain = |place: usize| bad(&nobody) - lone[place];
    // What would have helped, had another move not done so: with that other one it is looked at together.
    let same: Vec<usize> =
        (0..unsure.len()).filter(|place| gain(*place) >= NOTICED).map(|place| unsure[place]).collect();
    let helped = (0..reviewed.len()).filter(|number| spared[*number] >= NOTICED || same.contains(number));
    let group: Vec<usize> = if same.is_empty() { vec![] } else { helped.collect() };
    let move_of = |(number, index): (usize, &usize)| {
        let (at, line) = &incident.typed()[*index];
        let remark = match unsure.iter().position(|other| *other == number) {
            Some(place) => alone(gain(place), number, &group),
            None if number < reviewed.len() => at_what_price(incident, *at, &without[number]),
            None => "not played again: too many moves".to_owned(),
        };
        let line = super::console::addressed(line).1.to_owned();
        let spared = spared.get(number).copied().filter(|spared| spared.abs() >= NOTICED).unwrap_or_default();
        Move { at: *at, clock: incident.stage.clock.seconds(*at), line, spared, remark }
    };
    let moves = acting.iter().enumerate().map(move_of).collect();
    let together = if group.len() > 1 { together(incident, &group, reviewed) } else { String::new() };
    (moves, together, nobody)
}

/// What a run came to that was played again.
struct Replayed {
    /// How many went bad.
    hurt: i64,
    /// How many had, every so many seconds.
    spent: Vec<f64>,
}

impl Replayed {
    fn of(run: &Incident) -> Self {
        Self { hurt: bad(run), spent: run.stage.judge.spent.clone() }
    }
}

/// What goes bad without each of these lines. Up to the line it is the player's run, which is played once.
fn without_each(incident: &Incident, lines: &[usize]) -> Vec<Replayed> {
    let typed = incident.typed();
    let (mut trunk, mut next) = (again(incident), 0);
    let mut without = |index: &usize| {
        play_on(&mut trunk, &typed[next..*index]);
        advance_to(&mut trunk, typed[*index].0);
        next = *index;
        let mut run = trunk.clone();
        play_on(&mut run, &typed[*index + 1..]);
        advance_to(&mut run, end_of(incident));
        Replayed::of(&run)
    };
    lines.iter().map(&mut without).collect()
}

/// What moves that do the same come to: the run without all of them.
fn together(incident: &Incident, group: &[usize], reviewed: &[usize]) -> String {
    let left_out: Vec<usize> = group.iter().map(|number| reviewed[*number]).collect();
    let typed = incident.typed().iter().enumerate();
    let kept: Vec<(Time, String)> =
        typed.filter(|(index, _)| !left_out.contains(index)).map(|(_, line)| line.clone()).collect();
    let mut run = again(incident);
    play_on(&mut run, &kept);
    advance_to(&mut run, end_of(incident));
    let spared = bad(&run) - bad(incident);
    if spared < NOTICED {
        return String::new();
    }
    let unit = &incident.level().goal.budget.word;
    format!(
        "Moves {} do in part the same, so that the run can do without one of them. Without all of them: {} more {unit}.",
        listed(group),
        spaced(spared)
    )
}

/// `2, 4 and 6`, as people count.
fn listed(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(|number| (number + 1).to_string()).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// How many go bad where each of these lines is the only one, and the run in which nobody acts.
fn each_alone(incident: &Incident, lines: &[usize]) -> (Vec<i64>, Incident) {
    let mut nobody = again(incident);
    let mut lone = vec![];
    for index in lines {
        let line = &incident.typed()[*index];
        advance_to(&mut nobody, line.0);
        let mut run = nobody.clone();
        play_on(&mut run, std::slice::from_ref(line));
        advance_to(&mut run, end_of(incident));
        lone.push(bad(&run));
    }
    advance_to(&mut nobody, end_of(incident));
    (lone, nobody)
}

/// What is said of a move without which the run would have gone the same way, by what it would have spared as the only one.
fn alone(spared: i64, number: usize, group: &[usize]) -> String {
    let others: Vec<usize> = group.iter().copied().filter(|other| *other != number).collect();
    match spared {
        NOTICED.. if others.is_empty() => {
            format!("as the only move it would have spared {}; here others made it good already", spaced(spared))
        }
        NOTICED.. => {
            let (move_s, do_es) = if others.len() == 1 { ("move", "does") } else { ("moves", "do") };
            format!(
                "as the only move it would have spared {}; {move_s} {} {do_es} that here",
                spaced(spared),
                listed(&others)
            )
        }
        _ if spared <= -NOTICED => {
            format!("as the only move it would have hurt {} more; others made up for it", spaced(-spared))
        }
        _ => "changed next to nothing for customers".to_owned(),
    }
}

/// What a move that made a difference cost and spared, and when: what hurts first may help afterwards.
fn at_what_price(incident: &Incident, at: Time, without: &Replayed) -> String {
    let with = &incident.stage.judge.spent;
    let first = (at.second() / SPENT_EVERY).max(0) as usize;
    // What is closed or lost goes on as it was.
    let value = |of: &[f64], step: usize| of.get(step).or(of.last()).copied().unwrap_or(0.0);
    let steps = with.len().max(without.spent.len());
    let more: Vec<i64> = (first..steps).map(|step| (value(with, step) - value(&without.spent, step)) as i64).collect();
    let (Some(last), Some(most)) = (more.last(), more.iter().max()) else { return String::new() };
    if *most < NOTICED {
        return String::new();
    }
    let clock = |step: usize| incident.stage.clock.seconds(Time::from_seconds((first + step) as i64 * SPENT_EVERY));
    let began = more.iter().position(|more| *more >= NOTICED / 2).map_or_else(String::new, clock);
    let ended = more.iter().position(|more| *more * 20 >= *most * 19).map_or_else(String::new, clock);
    let cost = format!("from {began} to {ended} {} more were hurt than without it", spaced(*most));
    match most - last {
        NOTICED.. => {
            format!("{cost}; what came after spared {} of them", spaced((most - last).min(*most)))
                + if *last <= -NOTICED { ", and more" } else { "" }
        }
        _ => cost,
    }
}

fn their_moves(script: &[(String, String)]) -> Vec<(Time, String)> {
    let mut last = Time::ZERO;
    let mut all = vec![];
    for (at, line) in script {
        last = at.parse().unwrap_or(last);
        all.push((last, line.clone()));
    }
    all
}

fn diagnosis(incident: &Incident) -> Vec<Judged> {
    let stage = &incident.stage;
    let all = stage.level.diagnosis.iter().zip(&stage.questions);
    let one = |(question, asked): (&crate::level::schema::Question, &super::stage::Asked)| {
        let says = |id: &String| {
            question.causes.iter().find(|cause| cause.id == *id).map_or_else(|| id.clone(), |cause| cause.says.clone())
        };
        let right: Vec<String> = question.answer.iter().map(says).collect();
        let piece = |evidence: &crate::level::schema::Evidence| Piece {
            says: evidence.says.clone(),
            // What stands for anything in a pattern reads as something left out.
            see: evidence.see.first().replace('*', "…"),
            was_pinned: stage.notebook.has_pinned(evidence),
        };
        let none = if asked.is_open { "no answer" } else { "it didn't come up in your run" };
        let given = asked.given.as_ref().map_or_else(|| none.to_owned(), says);
        Judged {
            question: question.question.clone(),
            given,
            right: right.join(" and "),
            evidence: question.evidence.iter().map(piece).collect(),
        }
    };
    all.map(one).collect()
}
