//! The story afterwards: what really happened, what the player did, and what would have been without it.
//!
//! The counterfactuals are computed by playing the level again, never told from a list.

use super::script::{Script, advance_to};
use super::view::{Compared, Debrief, Judged, Move, Phase, Piece};
use super::{Incident, Mode, score};
use crate::sim::quantity::Time;

/// How many of the player's moves are played again without them; each costs a run.
const MOVES_REVIEWED: usize = 12;

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
    compared.push(compare("nobody", &played(incident, &[])));
    Debrief { compared, moves: moves(incident), is_whole: true, ..told }
}

fn as_it_happened(incident: &Incident) -> Option<&crate::level::schema::Solution> {
    incident.level().solutions.iter().find(|solution| solution.name == "as-it-happened")
}

/// As much of the debrief as needs nothing to be played again: the story is there at once.
#[must_use]
pub fn told(incident: &Incident) -> Debrief {
    let level = incident.level();
    let stage = &incident.stage;
    let report = incident.report();
    let paragraphs =
        |text: &str| text.split("\n\n").map(|part| part.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    let source = &level.source;
    let year = source.published.map(|year| year.to_string()).unwrap_or_default();
    let source: Vec<String> = [&source.title, &source.author, &source.place, &year]
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
        their_moves: their_moves(as_it_happened(incident).map(|one| one.script.as_slice()).unwrap_or_default()),
        is_whole: false,
        diagnosis: diagnosis(incident),
        predictions: stage.notebook.view().predictions,
        timeline: stage.notebook.timeline.clone(),
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

/// The level again with these lines at their times, up to where the incident ended.
fn played(incident: &Incident, lines: &[(Time, String)]) -> Incident {
    let mut run = again(incident);
    for (at, line) in lines {
        advance_to(&mut run, *at);
        run.perform(line);
    }
    advance_to(&mut run, end_of(incident));
    run
}

/// How many requests went bad in the whole of a run, by what counts against the budget.
fn bad(run: &Incident) -> i64 {
    (run.stage.judge.budget_used * run.level().goal.budget.allowed) as i64
}

fn compare(who: &str, run: &Incident) -> Compared {
    let report = run.report();
    let judge = &run.stage.judge;
    let after = |at: Option<Time>| at.zip(judge.impact_at).map(|(at, impact)| at.since(impact).age());
    let outcome = match report.outcome {
        Phase::Resolved => {
            format!("resolved, mitigated after {}", after(judge.mitigated_at).unwrap_or_else(|| "0s".into()))
        }
        Phase::Mitigated => format!("mitigated after {}", after(judge.mitigated_at).unwrap_or_default()),
        Phase::Failed => format!("lost: {}", judge.lost_by),
        _ => "never mitigated".to_owned(),
    };
    let share = 100.0 * report.impact.late.max(report.impact.failed) as f64 / report.impact.requests.max(1) as f64;
    let word = if report.impact.late >= report.impact.failed { "late" } else { "failed" };
    let curve =
        judge.hurt.iter().enumerate().step_by(10).map(|(second, hurt)| (Time::from_seconds(second as i64), *hurt));
    Compared {
        who: who.to_owned(),
        outcome,
        impact: format!("{share:.1} % {word}, {} lost", report.impact.lost),
        curve: curve.collect(),
    }
}

/// The player's moves; those that changed the system are played again without them.
fn moves(incident: &Incident) -> Vec<Move> {
    let mut reviewed = 0;
    let with = bad(incident);
    let own = |at: Time| {
        let done = &incident.stage.done;
        done.iter().filter(move |done| done.who.is_empty() && done.at >= at && done.at.since(at).seconds() < 5)
    };
    let mut moves = vec![];
    for (index, (at, line)) in incident.typed().iter().enumerate() {
        let did: Vec<_> = own(*at).collect();
        let next = incident.typed().get(index + 1).map_or(Time::NEVER, |(at, _)| *at);
        let did_something =
            did.iter().any(|done| done.at < next.max(*at + crate::sim::quantity::Span::from_seconds(2)));
        let (mut spared, mut remark) = (0, "a look".to_owned());
        if did_something && reviewed < MOVES_REVIEWED {
            reviewed += 1;
            let mut lines = incident.typed().to_vec();
            lines.remove(index);
            let without = played(incident, &lines);
            spared = bad(&without) - with;
            remark = match spared {
                -50..=50 => "changed next to nothing for customers".to_owned(),
                51.. => format!("spared {} customers", super::map::spaced(spared)),
                _ => format!("hurt {} customers more", super::map::spaced(-spared)),
            };
        } else if did_something {
            "not reviewed: too many moves".clone_into(&mut remark);
        }
        moves.push(Move { at: *at, clock: incident.stage.clock.seconds(*at), line: line.clone(), spared, remark });
    }
    moves
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
            see: evidence.see.clone(),
            was_pinned: stage.notebook.has_pinned(evidence),
        };
        let given = asked.given.as_ref().map_or_else(|| "no answer".to_owned(), says);
        Judged {
            question: question.question.clone(),
            given,
            right: right.join(" and "),
            evidence: question.evidence.iter().map(piece).collect(),
        }
    };
    all.map(one).collect()
}
