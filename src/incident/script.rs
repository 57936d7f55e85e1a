//! A script: console lines with the times at which they are typed, and an incident played by one.
//!
//! ```ron
//! [
//!     ("06:00.000", "kubectl get pods"),                 // a time since the incident began
//!     ("+10s", "kubectl rollout undo deployment/web"),   // after the line before
//!     ("when web.errors == 0", "resolve"),               // at the first whole second at which it is true
//!     ("+1s", "@2 ssh node-a1"),                         // in a second shell, which runs beside the first
//! ]
//! ```
//!
//! Levels, proofs and the command line have the same notation; this reads it and knows no file.

use super::Incident;
use crate::sim::quantity::{Span, Time};
use std::fmt;
use std::str::FromStr;

/// Longer scripts are something else.
const LINES_MAX: usize = 100_000;

/// When a line is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This long after the incident began.
    At(Time),
    /// This long after the line before was typed.
    After(Span),
    /// At the first whole second at which this is true.
    When(String),
}

/// A line and when it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptLine {
    /// When.
    pub moment: Moment,
    /// What.
    pub line: String,
}

/// Lines in the order in which they are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The lines.
    pub lines: Vec<ScriptLine>,
}

/// An entry of a script that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} of the script: {why}")]
pub struct ScriptError {
    /// Its number from 1.
    pub number: usize,
    /// What is wrong with it, and what to write instead.
    pub why: String,
}

impl FromStr for Moment {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(condition) = text.strip_prefix("when ") {
            return Ok(Self::When(condition.trim().to_owned()));
        }
        if let Some(span) = text.strip_prefix('+') {
            return span.parse().map(Self::After).map_err(|error| error.to_string());
        }
        text.parse().map(Self::At).map_err(|error| format!("{error}, \"+10s\" or \"when CONDITION\""))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => write!(f, "{time}"),
            Self::After(span) => write!(f, "+{span}"),
            Self::When(condition) => write!(f, "when {condition}"),
        }
    }
}

impl Script {
    /// The script of these pairs of time and line.
    ///
    /// # Errors
    /// Where an entry makes no sense, with its number.
    pub fn of(pairs: &[(String, String)]) -> Result<Self, ScriptError> {
        let mut lines = vec![];
        let mut latest = Time::from_micros(i64::MIN);
        for (at, (moment, line)) in pairs.iter().enumerate() {
            let fault = |why: String| ScriptError { number: at + 1, why: plain(&why) };
            if at == LINES_MAX {
                return Err(fault(format!("there are more than {LINES_MAX}")));
            }
            let moment: Moment = moment.parse().map_err(fault)?;
            if let Moment::At(time) = moment {
                if time < latest {
                    return Err(fault(format!("its time {time} is before {latest} of the line before it")));
                }
                latest = time;
            }
            if line.chars().any(char::is_control) {
                return Err(fault("there are control characters in its line".to_owned()));
            }
            lines.push(ScriptLine { moment, line: line.clone() });
        }
        Ok(Self { lines })
    }

    /// Plays the lines one after the other, then lets time pass until `until` or until the incident is over. Lines that
    /// would come later than that aren't typed.
    ///
    /// # Errors
    /// Where the condition of a line can't be read, with the line's number.
    pub fn play(&self, incident: &mut Incident, until: Time) -> Result<(), ScriptError> {
        let mut before = incident.now();
        for (at, ScriptLine { moment, line }) in self.lines.iter().enumerate() {
            match moment {
                Moment::At(time) => advance_to(incident, (*time).min(until)),
                Moment::After(span) => advance_to(incident, (before + *span).min(until)),
                Moment::When(condition) => wait_for(incident, condition, until)
                    .map_err(|why| ScriptError { number: at + 1, why: plain(&why) })?,
            }
            let is_late = match moment {
                Moment::At(time) => *time > until,
                Moment::After(span) => before + *span > until,
                Moment::When(_) => incident.now() >= until,
            };
            if is_late || incident.is_over() {
                break;
            }
            before = incident.now();
            incident.perform(line);
        }
        advance_to(incident, until);
        Ok(())
    }
}

/// Lets time pass until a moment; not at all where it has passed already.
pub fn advance_to(incident: &mut Incident, time: Time) {
    let span = time.since(incident.now());
    if span > Span::ZERO {
        incident.advance(span);
    }
}

/// Lets time pass to the first whole second at which the condition is true.
fn wait_for(incident: &mut Incident, condition: &str, until: Time) -> Result<(), String> {
    while !incident.holds(condition)? && incident.now() < until && !incident.is_over() {
        let before = incident.now();
        advance_to(incident, Time::from_seconds(before.second() + 1).min(until));
        if incident.now() == before {
            break;
        }
    }
    Ok(())
}

/// Text from a file as part of a message: without control characters, and short.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Script, ScriptError> {
        let pairs: Vec<_> = pairs.iter().map(|(at, line)| ((*at).to_owned(), (*line).to_owned())).collect();
        Script::of(&pairs)
    }

    #[test]
    fn the_three_ways_to_say_when_are_read() {
        let script = read(&[("06:00.500", "a"), ("+10s", "b"), ("when x > 5 for 1m", "c")]).expect("a script");
        let moments: Vec<String> = script.lines.iter().map(|line| line.moment.to_string()).collect();
        assert_eq!(moments, ["06:00.500", "+10s", "when x > 5 for 1m"]);
    }

    #[test]
    fn an_entry_that_makes_no_sense_is_told_with_its_number() {
        let fault = |pairs: &[(&str, &str)]| read(pairs).expect_err("a bad entry").to_string();
        assert!(fault(&[("06:00", "a"), ("noon", "b")]).starts_with("entry 2 of the script: `noon` is not"));
        assert!(fault(&[("06:00", "a"), ("05:00", "b")]).contains("is before 06:00.000"));
        assert!(fault(&[("06:00", "\u{1b}[2J")]).contains("control characters"));
    }
}
