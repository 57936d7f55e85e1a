//! The sections in which a level proves itself: scripts that win, figures it must reproduce, what must or must not help.

use crate::level::condition::{Condition, Unit};
use crate::sim::quantity::{Bytes, Share, Span, Time};
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::str::FromStr;

/// Console lines and when they are typed: `"06:00"`, `"+10s"` after the line before, or `"when CONDITION"`.
pub type Script = Vec<(String, String)>;

/// A script that wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solution {
    /// Its name; `as-it-happened` is what the real team did.
    pub name: String,
    /// What it does, in a line.
    #[serde(default)]
    pub says: String,
    /// The console lines.
    pub script: Script,
}

/// Something that a level states about itself.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Statement {
    /// A number that the story gives or that follows from it.
    Figure(Figure),
    /// What is changed or done, and what must then hold.
    Proof(Proof),
}

impl Statement {
    /// Its id, or its name where it has none.
    #[must_use]
    pub fn id(&self) -> &str {
        let (id, name) = match self {
            Self::Figure(figure) => (&figure.id, &figure.name),
            Self::Proof(proof) => (&proof.id, &proof.name),
        };
        if id.is_empty() { name } else { id }
    }

    /// What it states, in words.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Figure(figure) => &figure.name,
            Self::Proof(proof) => &proof.name,
        }
    }

    /// What is different from the level as it is.
    #[must_use]
    pub const fn change(&self) -> &Change {
        match self {
            Self::Figure(figure) => &figure.but,
            Self::Proof(proof) => &proof.but,
        }
    }
}

/// What is different from the level as it is, and what is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Named things that are left out.
    pub leave_out: Vec<String>,
    /// Values that are replaced: (path, RON text).
    pub change: Vec<(String, String)>,
    /// The solution whose lines are typed.
    pub after: Option<String>,
    /// Lines that are typed.
    pub script: Script,
}

/// A single command that ends the incident by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shortcut {
    /// The console line; `*` stands for anything.
    pub line: String,
    /// Why it may.
    pub why: String,
}

impl Shortcut {
    /// Whether this is the line.
    #[must_use]
    pub fn is(&self, line: &str) -> bool {
        crate::sim::pattern::fits(&self.line, line)
    }
}

/// A number that must come out: the median of the seeds 1 to 5, none of them outside twice the tolerance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// Where the fact sheet has it: `A.check.3`.
    pub id: String,
    /// What it is.
    pub name: String,
    /// What the story says, word for word; empty where it says nothing.
    pub story: String,
    /// What must come out.
    pub expect: Expectation,
    /// What is measured.
    pub measure: Condition,
    /// When; the end of the level where it isn't said. Negative times lie in the warm-up.
    pub at: Option<Time>,
    /// What is different, and what is done.
    pub but: Change,
}

/// What must hold on each of the seeds 1 to 5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proof {
    /// Where the fact sheet has it.
    pub id: String,
    /// What it shows.
    pub name: String,
    /// What must hold at the end.
    pub expect: Vec<Condition>,
    /// The end; the end of the level where it isn't said.
    pub until: Option<Time>,
    /// What is different, and what is done.
    pub but: Change,
}

#[derive(Deserialize)]
#[serde(rename = "Figure", deny_unknown_fields)]
struct WrittenFigure {
    #[serde(default)]
    id: String,
    name: String,
    #[serde(default)]
    story: String,
    expect: Expectation,
    #[serde(default)]
    within: Option<Share>,
    measure: Condition,
    #[serde(default)]
    at: Option<Time>,
    #[serde(default)]
    leave_out: Vec<String>,
    #[serde(default)]
    change: Vec<(String, String)>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    script: Script,
}

#[derive(Deserialize)]
#[serde(rename = "Proof", deny_unknown_fields)]
struct WrittenProof {
    #[serde(default)]
    id: String,
    name: String,
    expect: Vec<Condition>,
    #[serde(default)]
    until: Option<Time>,
    #[serde(default)]
    leave_out: Vec<String>,
    #[serde(default)]
    change: Vec<(String, String)>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    script: Script,
}

impl<'de> Deserialize<'de> for Figure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = WrittenFigure::deserialize(deserializer)?;
        let WrittenFigure { id, name, story, expect, within, measure, at, leave_out, change, after, script } = written;
        let expect = match within {
            Some(share) => expect.within(share).map_err(de::Error::custom)?,
            None => expect,
        };
        let but = Change { leave_out, change, after, script };
        Ok(Self { id, name, story, expect, measure, at, but })
    }
}

impl<'de> Deserialize<'de> for Proof {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WrittenProof { id, name, expect, until, leave_out, change, after, script } =
            WrittenProof::deserialize(deserializer)?;
        Ok(Self { id, name, expect, until, but: Change { leave_out, change, after, script } })
    }
}

/// The numbers that are right: `"> 1000"`, `"395..425"`, `"275Mi..305Mi"`, or one with a tolerance beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expectation {
    /// As it was written.
    pub text: String,
    /// No less than this.
    pub low: Option<f64>,
    /// No more than this.
    pub high: Option<f64>,
    /// Whether the bounds themselves are right.
    pub inclusive: bool,
    /// In what.
    pub unit: Unit,
}

impl Expectation {
    /// Whether this number is right.
    #[must_use]
    pub fn includes(&self, value: f64) -> bool {
        let above = |low: f64| if self.inclusive { value >= low } else { value > low };
        let below = |high: f64| if self.inclusive { value <= high } else { value < high };
        self.low.is_none_or(above) && self.high.is_none_or(below)
    }

    /// The same with twice the tolerance: what no single seed may leave. A bound on one side only stays.
    #[must_use]
    pub fn doubled(&self) -> Self {
        let Some((low, high)) = self.low.zip(self.high) else { return self.clone() };
        let half = (high - low) / 2.0;
        Self { low: Some(low - half), high: Some(high + half), ..self.clone() }
    }

    fn within(self, share: Share) -> Result<Self, String> {
        match (self.low, self.high) {
            (Some(low), Some(high)) if low.to_bits() == high.to_bits() => {
                let part = low.abs() * share.fraction();
                Ok(Self { low: Some(low - part), high: Some(high + part), ..self })
            }
            _ => Err("`within` goes with one expected number; a range says its tolerance itself".into()),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Expectation {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(40).collect();
        let bad = || format!("`{shown}` is not what can be expected; write \"395..425\", \"> 1000\", \"30s\" or \"0\"");
        let trimmed = text.trim();
        let mut expectation = Self { text: trimmed.to_owned(), inclusive: true, ..Self::default() };
        let signs = [("<=", false, true), (">=", true, true), ("<", false, false), (">", true, false)];
        if let Some((sign, is_low, inclusive)) = signs.iter().find(|(sign, ..)| trimmed.starts_with(sign)) {
            let (value, unit) = quantity(trimmed[sign.len()..].trim()).ok_or_else(bad)?;
            *(if *is_low { &mut expectation.low } else { &mut expectation.high }) = Some(value);
            (expectation.inclusive, expectation.unit) = (*inclusive, unit);
            return Ok(expectation);
        }
        let (low, high) = trimmed.split_once("..").unwrap_or((trimmed, trimmed));
        let (low, high) = (quantity(low.trim()).ok_or_else(bad)?, quantity(high.trim()).ok_or_else(bad)?);
        if low.1 != high.1 || low.0 > high.0 {
            return Err(bad());
        }
        (expectation.low, expectation.high, expectation.unit) = (Some(low.0), Some(high.0), low.1);
        Ok(expectation)
    }
}

impl<'de> Deserialize<'de> for Expectation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A number in seconds, bytes or plain, and which.
fn quantity(text: &str) -> Option<(f64, Unit)> {
    if let Some(share) = text.strip_suffix('%') {
        return share.parse::<f64>().ok().filter(|value| value.is_finite()).map(|value| (value / 100.0, Unit::Plain));
    }
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    if let (true, Ok(value)) = (is_plain, text.parse::<f64>()) {
        return Some((value, Unit::Plain));
    }
    if let Some(value) = text.strip_suffix("/s").and_then(|rate| rate.parse::<f64>().ok()) {
        return value.is_finite().then_some((value, Unit::PerSecond));
    }
    let span = text.parse::<Span>().ok().map(|span| (span.as_seconds(), Unit::Seconds));
    span.or_else(|| text.parse::<Bytes>().ok().map(|bytes| (bytes.0 as f64, Unit::Bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expectation_says_which_numbers_are_right() {
        let read = |text: &str| text.parse::<Expectation>().unwrap();
        assert!(read("395..425").includes(395.0) && !read("395..425").includes(426.0));
        assert!(read("> 1000").includes(1001.0) && !read("> 1000").includes(1000.0));
        assert!(read("<= 6").includes(6.0) && !read("< 6").includes(6.0));
        assert!(read("0").includes(0.0) && !read("0").includes(1.0));
        assert!(read("275Mi..305Mi").includes(290.0 * 1_048_576.0));
        assert_eq!(read("2m..3m30s").high, Some(210.0));
        assert_eq!(read("5%").low, Some(0.05));
        assert_eq!(read("-90s").low, Some(-90.0));
        for wrong in ["", "many", "3..1", "1s..2Mi", "> ", "NaN", "inf"] {
            assert!(wrong.parse::<Expectation>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tolerance_lies_on_both_sides_and_a_single_seed_has_twice_of_it() {
        let exact: Expectation = "1563932kB".parse().unwrap();
        let figure = exact.within(Share(20_000)).unwrap();
        let kib = |n: f64| n * 1024.0;
        assert!(figure.includes(kib(1_563_932.0 * 1.019)) && !figure.includes(kib(1_563_932.0 * 1.021)));
        assert!(
            figure.doubled().includes(kib(1_563_932.0 * 1.039)) && !figure.doubled().includes(kib(1.1 * 1_563_932.0))
        );
        assert!("1..2".parse::<Expectation>().unwrap().within(Share(1)).is_err());
    }
}
