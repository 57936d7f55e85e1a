//! What a run was worth: a letter, and the numbers behind it.

use super::Incident;
use super::report::{Impact, Report};
use super::view::Phase;
use crate::sim::component::Component;
use crate::sim::quantity::{Span, Time};

/// One part of the score.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What is judged.
    pub what: &'static str,
    /// The points given, of how many.
    pub points: (u32, u32),
    /// Why.
    pub remark: String,
}

/// This share of the error budget is there to be spent: nobody can react in no time.
const FREE_BUDGET: f64 = 0.2;
/// So is this share of the time limit.
const FREE_TIME: f64 = 0.1;

/// How much of the points is left, 0 to 1, where a part of what is used costs nothing.
fn after_the_free(free: f64, used: f64) -> f64 {
    1.0 - (used - free).max(0.0) / (1.0 - free)
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// The parts of the score; they add up to at most a hundred.
#[must_use]
pub fn parts(incident: &Incident) -> Vec<Part> {
    let stage = &incident.stage;
    let judge = &stage.judge;
    if judge.phase == Phase::Resolved && judge.impact_at.is_none() {
        return prevented(incident);
    }
    let lost = judge.is_lost;
    let share = |most: u32, part: f64| (f64::from(most) * part.clamp(0.0, 1.0)) as u32;
    let mut parts = vec![];
    let spared = if lost { 0.0 } else { after_the_free(FREE_BUDGET, judge.budget_used) };
    let remark = format!("{:.0} % of the error budget spent", (judge.budget_used * 100.0).clamp(0.0, 999.0));
    parts.push(Part { what: "customers", points: (share(40, spared), 40), remark });
    let impact = judge.impact_at.unwrap_or(Time::ZERO);
    let limit = stage.level.clock.limit.as_seconds().max(1.0);
    let took = |at: Option<Time>| at.map(|at| at.since(impact));
    let (points, remark) = match judge.mitigated_after() {
        Some(span) => {
            let since = judge.mitigated_at.map(|at| stage.clock.seconds(at)).unwrap_or_default();
            let remark = format!("{} from the first impact: all of the goal held from {since} on", whole(span));
            (share(20, after_the_free(FREE_TIME, span.as_seconds() / limit)), remark)
        }
        None => (0, "not mitigated".to_owned()),
    };
    parts.push(Part { what: "time to mitigate", points: (points, 20), remark });
    let (points, remark) = match took(judge.detected_at) {
        Some(span) if span <= Span::from_seconds(180) => (5, format!("{} from the first impact", whole(span))),
        Some(span) => (2, format!("{} from the first impact", whole(span))),
        None => (0, "nobody looked".to_owned()),
    };
    parts.push(Part { what: "time to detect", points: (points, 5), remark });
    parts.push(diagnosis(incident));
    let told = u32::from(judge.declared_at.is_some()) * 3 + stage.statuses.min(1) * 2;
    let remark = match (judge.declared_at, stage.statuses) {
        (None, 0) => "neither declared nor told anybody".to_owned(),
        (None, count) => format!("told customers {}; never declared (`declare`)", times(count)),
        (Some(_), 0) => {
            "declared; nobody outside was told (`status TEXT`, or an answer to who asks for them)".to_owned()
        }
        (Some(_), count) => format!("declared, told customers {}", times(count)),
    };
    parts.push(Part { what: "communication", points: (told, 5), remark });
    parts.push(harm(incident));
    parts
}

/// The parts where the cause was gone before it hurt anybody: there was nothing to mitigate and nobody to tell.
fn prevented(incident: &Incident) -> Vec<Part> {
    let full = |what, most| Part { what, points: (most, most), remark: "prevented: nobody was hurt".to_owned() };
    vec![
        full("customers", 40),
        full("time to mitigate", 20),
        full("time to detect", 5),
        diagnosis(incident),
        full("communication", 5),
        harm(incident),
    ]
}

/// A span in whole seconds; from an hour on in whole minutes, as `2h40s` is easily misread.
pub(super) fn whole(span: Span) -> Span {
    let seconds = span.seconds();
    Span::from_seconds(if seconds < 3600 { seconds } else { seconds / 60 * 60 })
}

fn diagnosis(incident: &Incident) -> Part {
    let stage = &incident.stage;
    let questions = stage.level.diagnosis.iter().zip(&stage.questions).filter(|(_, asked)| asked.is_open);
    let (mut right, mut all, mut pinned, mut evidence) = (0, 0, 0, 0);
    for (question, asked) in questions {
        all += 1;
        right += u32::from(asked.given.as_ref().is_some_and(|given| question.answer.contains(given)));
        evidence += question.evidence.len();
        pinned += question.evidence.iter().filter(|evidence| stage.notebook.has_pinned(evidence)).count();
    }
    let part = |count: f64, of: f64| if of > 0.0 { count / of } else { 1.0 };
    let points = 15.0 * part(f64::from(right), f64::from(all)) + 5.0 * part(pinned as f64, evidence as f64).min(1.0);
    let remark = format!("{right} of {all} right, {pinned} of {evidence} pieces of evidence pinned");
    Part { what: "diagnosis", points: (points as u32, 20), remark }
}

/// What has gone out of the system more than once: nobody can call that back.
fn sent_again(incident: &Incident) -> i64 {
    let telemetry = incident.stage.simulation.telemetry();
    let of = |component: &Component| match component {
        Component::Gateway(gateway) => telemetry.value(gateway.duplicates()),
        _ => 0,
    };
    incident.stage.simulation.components().iter().map(of).sum()
}

fn harm(incident: &Incident) -> Part {
    let stage = &incident.stage;
    let lost = stage.sum_of_loads("lost");
    let duplicates = stage.sum_of_loads("duplicates");
    let mut points = 10_i64;
    let mut remarks = vec![];
    // The message that does the harm is no loss.
    if lost > 1 {
        points -= 5.min(1 + lost / 100);
        remarks.push(format!("{lost} messages lost for good"));
    }
    if duplicates > 0 {
        points -= 3.min(1 + duplicates / 100);
        remarks.push(format!("{duplicates} handled twice"));
    }
    let sent = sent_again(incident);
    if sent > 0 {
        points -= 5.min(1 + sent / 100);
        remarks.push(format!("{sent} sent to somebody who had it already"));
    }
    if stage.judge.reopened > 0 {
        points -= 4;
        remarks.push("closed with the cause still there".to_owned());
    }
    if stage.hint_price > 0 {
        points -= i64::from(stage.hint_price);
        remarks.push(format!("hints: {} points", stage.hint_price));
    }
    let remark = if remarks.is_empty() { "none".to_owned() } else { remarks.join(", ") };
    Part { what: "harm done", points: (points.max(0) as u32, 10), remark }
}

/// The points of a run: a lost or unfinished one gets no more than so many.
#[must_use]
pub fn points(incident: &Incident) -> u32 {
    let sum: u32 = parts(incident).iter().map(|part| part.points.0).sum();
    match incident.stage.judge.phase {
        Phase::Failed => sum.min(30),
        Phase::Resolved => sum,
        _ if incident.stage.judge.mitigated_at.is_some() => sum.min(74),
        _ => sum.min(44),
    }
}

/// The letter for so many points.
#[must_use]
pub const fn grade(points: u32) -> &'static str {
    match points {
        90.. => "A",
        75..90 => "B",
        60..75 => "C",
        45..60 => "D",
        _ => "F",
    }
}

/// The figures of an incident.
#[must_use]
pub fn report_of(incident: &Incident) -> Report {
    let stage = &incident.stage;
    let judge = &stage.judge;
    let count = |metric: &str| stage.sum_of_loads(metric).max(0) as u64;
    let outcome = match judge.phase {
        Phase::Expired if judge.mitigated_at.is_some() => Phase::Mitigated,
        phase => phase,
    };
    let requests = stage.requests();
    let open: Vec<_> = stage.level.diagnosis.iter().zip(&stage.questions).filter(|(_, asked)| asked.is_open).collect();
    let given: Vec<String> = open.iter().filter_map(|(_, asked)| asked.given.clone()).collect();
    let is_correct = (given.len() == open.len() && !open.is_empty()).then(|| {
        open.iter().all(|(question, asked)| asked.given.as_ref().is_some_and(|g| question.answer.contains(g)))
    });
    let score = points(incident);
    Report {
        outcome,
        impact_at: judge.impact_at,
        paged_at: judge.paged_at,
        detected_at: judge.detected_at,
        mitigated_at: judge.mitigated_at,
        resolved_at: judge.resolved_at,
        score,
        grade: grade(score).to_owned(),
        impact: Impact {
            requests: requests.max(0) as u64,
            failed: count("failed"),
            late: count("late"),
            lost: count("lost"),
            duplicates: count("duplicates"),
            budget_used: judge.budget_used,
        },
        diagnosis_given: given,
        diagnosis_correct: is_correct,
        figures: vec![],
        events: stage.simulation.events() - incident.events_before,
        simulated: stage.now().since(Time::ZERO),
        digest: incident.digest(),
    }
}
