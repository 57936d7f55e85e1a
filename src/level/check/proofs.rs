//! Checks of solutions and proofs: scripts, what is changed and left out, and whether the changed level still stands.

use super::story::LONGEST;
use super::{Checker, Strictness};
use crate::level::condition::Condition;
use crate::level::document::Place;
use crate::level::problem::Severity;
use crate::level::schema::{Change, Script, Sections, Statement};
use crate::level::{changed_text, parse_changed};
use crate::sim::quantity::{Span, Time};

/// A script with more lines is something else.
const MOST_LINES: usize = 10_000;

impl Checker<'_> {
    pub(super) fn proofs(&mut self, sections: &Sections, root: &Place) {
        let place = root.field("solutions");
        let names = sections.solutions.iter().enumerate();
        let names: Vec<_> = names.map(|(at, one)| (one.name.as_str(), place.item(at).field("name"))).collect();
        self.unique("solutions", names);
        let limit = Time::ZERO + sections.clock.limit;
        for (at, solution) in sections.solutions.iter().enumerate() {
            self.script(&solution.script, sections, limit, &place.item(at).field("script"));
        }
        let place = root.field("proofs");
        let names = sections.proofs.iter().enumerate();
        let names: Vec<_> = names.map(|(at, one)| (one.name(), place.item(at).field("name"))).collect();
        self.unique("proofs", names);
        if self.given.strictness == Strictness::Whole {
            for (at, statement) in sections.proofs.iter().enumerate() {
                self.statement(statement, sections, &place.item(at));
            }
        }
    }

    fn statement(&mut self, statement: &Statement, sections: &Sections, place: &Place) {
        let (end, field) = match statement {
            Statement::Figure(figure) => (figure.at, "at"),
            Statement::Proof(proof) => (proof.until, "until"),
        };
        let limit = end.unwrap_or(Time::ZERO + sections.clock.limit);
        if limit > Time::ZERO + LONGEST * 2 || limit < Time::ZERO - sections.clock.warm_up {
            let message = format!("a proof ends between the warm-up and two days later, not at {limit}");
            self.error(&place.field(field), message, "write for example \"30m\" or \"24h\"");
        }
        if let Statement::Proof(proof) = statement
            && proof.expect.is_empty()
        {
            self.error(
                &place.field("expect"),
                "a proof without anything that must hold shows nothing",
                "expect: [\"…\"]",
            );
        }
        let but = statement.change();
        if let Some(solution) = &but.after {
            let known = sections.solutions.iter().map(|solution| solution.name.as_str());
            self.known("solution", solution, &place.field("after"), known);
            if !but.script.is_empty() {
                self.error(&place.field("script"), "a proof plays a solution or a script", "keep `after` or `script`");
            }
        }
        self.script(&but.script, sections, limit, &place.field("script"));
        self.changes(but, place);
    }

    fn changes(&mut self, but: &Change, place: &Place) {
        let document = self.given.document;
        let mut are_fine = true;
        for (at, name) in but.leave_out.iter().enumerate() {
            if let Err(error) = document.remove(name) {
                are_fine = false;
                let help = "a name that a thing in the level has, or a path: `web.versions.v2.steps[1]`";
                self.error(&place.field("leave_out").item(at), error.to_string(), help);
            }
        }
        for (at, (path, value)) in but.change.iter().enumerate() {
            if let Err(error) = document.replace(path, value) {
                are_fine = false;
                let help = "a path of names and fields: `web.runs_on.memory.limit`";
                self.error(&place.field("change").item(at).item(0), error.to_string(), help);
            }
        }
        // Where the level itself has errors, they would only be told again.
        let is_broken = !self.given.is_sound || self.problems.iter().any(|problem| problem.severity == Severity::Error);
        if !are_fine || is_broken || (but.leave_out.is_empty() && but.change.is_empty()) {
            return;
        }
        let Ok(text) = changed_text(document, but) else { return };
        if let Err(problems) = parse_changed(&text) {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            let field = if but.change.is_empty() { "leave_out" } else { "change" };
            self.error(&place.field(field), format!("the changed level can't be played: {first}"), "");
        }
    }

    fn script(&mut self, script: &Script, sections: &Sections, limit: Time, place: &Place) {
        if script.len() > MOST_LINES {
            return self.error(place, format!("a script has at most {MOST_LINES} lines"), "");
        }
        let mut latest = Time::ZERO - sections.clock.warm_up;
        let names = self.names.clone();
        for (at, (moment, line)) in script.iter().enumerate() {
            let entry = place.item(at);
            let when = entry.item(0);
            if line.trim().is_empty() {
                self.error(&entry.item(1), "nothing is typed here", "");
            }
            if let Some(condition) = moment.strip_prefix("when ") {
                if let Err(faults) = Condition::holding(condition, &names)
                    && !names.metrics().is_empty()
                {
                    for fault in faults {
                        let span = fault.span.start + "when ".len()..fault.span.end + "when ".len();
                        let span = when.span_within(self.source(), span);
                        self.say(Severity::Error, span, when.path(), &fault.message, &fault.help);
                    }
                }
            } else if let Some(span) = moment.strip_prefix('+') {
                match span.parse::<Span>() {
                    Ok(span) if span >= Span::ZERO => {}
                    _ => self.error(&when, format!("`{moment}` is not a length of time"), "write for example \"+10s\""),
                }
            } else {
                match moment.parse::<Time>() {
                    Err(error) => {
                        self.error(&when, error.to_string(), "or \"+10s\" after the line before, or \"when …\"");
                    }
                    Ok(time) if time < latest => {
                        self.error(&when, format!("{time} is before the line above it"), "lines go forward in time");
                    }
                    Ok(time) if time > limit => {
                        self.error(&when, format!("{time} is after the end"), format!("it ends at {limit}"));
                    }
                    Ok(time) => latest = time,
                }
            }
        }
    }
}
