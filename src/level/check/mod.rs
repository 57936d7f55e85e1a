//! Everything that is wrong with a level whose text could be read: names that nothing has, names given twice, values out
//! of range, conditions that can't be compiled. All of it at once, each at its place.
//!
//! Knows the settings of components, and nothing of how they work. Compiles the conditions in place.

mod conditions;
mod machines;
mod proofs;
mod story;
mod system;

pub use conditions::LevelNames;

use super::document::{Document, Kind, Node, Place, nearest};
use super::problem::{Problem, Severity};
use super::schema::Sections;
use std::ops::Range;

/// How strictly a level is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::level) enum Strictness {
    /// A level as its author wrote it.
    Whole,
    /// A built-in one, to be played: a test has gone through its proofs, so that nobody waits for that again.
    BuiltIn,
    /// One that was changed for a proof: names that were left out are absent, and the proofs aren't tried again.
    Changed,
}

/// What is known about the reading of the text.
pub(in crate::level) struct Given<'d> {
    /// The text with its places.
    pub document: &'d Document,
    /// Paths at which something stands in for what was wrong: nothing is said about those.
    pub stand_ins: Vec<String>,
    /// Whether nothing was wrong so far.
    pub is_sound: bool,
    /// How strictly to check.
    pub strictness: Strictness,
}

/// Checks the sections and compiles their conditions. Returns everything that is wrong, in the order of the text, and the
/// names that conditions can use.
pub(in crate::level) fn check(given: &Given, sections: &mut Sections) -> (Vec<Problem>, LevelNames) {
    let names = LevelNames::of(sections);
    let names = if given.strictness == Strictness::Changed { names.lenient() } else { names };
    let mut checker = Checker { given, names, problems: vec![] };
    let root = given.document.place();
    checker.control_characters(given.document.root());
    checker.story(sections, &root);
    checker.system(sections, &root);
    checker.conditions(sections, &root);
    checker.proofs(sections, &root);
    checker.built(sections, &root);
    checker.problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    checker.problems.dedup();
    (checker.problems, checker.names)
}

struct Checker<'c> {
    given: &'c Given<'c>,
    names: LevelNames,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn source(&self) -> &str {
        self.given.document.text()
    }

    /// Tells an error, unless something stands in at its place.
    fn error(&mut self, place: &Place, message: impl AsRef<str>, help: impl AsRef<str>) {
        self.say(Severity::Error, place.span(), place.path(), message.as_ref(), help.as_ref());
    }

    fn warn(&mut self, place: &Place, message: impl AsRef<str>, help: impl AsRef<str>) {
        self.say(Severity::Warning, place.span(), place.path(), message.as_ref(), help.as_ref());
    }

    fn say(&mut self, severity: Severity, span: Range<usize>, path: &str, message: &str, help: &str) {
        // Neither about a stand-in, nor that something is missing where only its stand-in has no value.
        let stands_in = |inner: &String| {
            path.strip_prefix(inner.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                || inner.rsplit_once('.').is_some_and(|(parent, _)| parent == path)
        };
        if self.given.stand_ins.iter().any(stands_in) || self.given.document.is_damaged_at(&span) {
            return;
        }
        let problem = Problem::at(self.source(), span, path, message, help);
        self.problems.push(Problem { severity, ..problem });
    }

    /// Complains where two of these have the same name.
    fn unique<'n>(&mut self, what: &str, names: impl IntoIterator<Item = (&'n str, Place<'n>)>) {
        let mut seen: Vec<(&str, usize)> = vec![];
        for (name, place) in names {
            if name.is_empty() {
                continue;
            }
            if let Some((_, line)) = seen.iter().find(|(known, _)| *known == name) {
                let message = format!("there are two {what} called `{name}`; the other is in line {line}");
                self.error(&place, message, "give one of them another name");
            } else {
                let line = Problem::at(self.source(), place.span(), "", "", "").line;
                seen.push((name, line));
            }
        }
    }

    /// Complains where `name` is none of `known`.
    fn known<'n>(&mut self, what: &str, name: &str, place: &Place, known: impl IntoIterator<Item = &'n str>) {
        let mut known: Vec<&str> = known.into_iter().collect();
        if known.contains(&name) {
            return;
        }
        // What couldn't be read has no name.
        known.retain(|one| !one.is_empty());
        let help = match (nearest(name, known.iter().copied()), known.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, true) => format!("this level has no {what} at all"),
            (None, false) => {
                format!(
                    "there are {}",
                    known.iter().take(12).map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ")
                )
            }
        };
        self.error(place, format!("there is no {what} called `{name}`"), help);
    }

    /// The same for what only speaks of something, and may go on doing so when that was left out for a proof.
    fn mentioned<'n>(&mut self, what: &str, name: &str, place: &Place, known: impl IntoIterator<Item = &'n str>) {
        if self.given.strictness == Strictness::Whole {
            self.known(what, name, place, known);
        }
    }

    /// Complains about a name that commands and conditions could not say.
    fn plain_name(&mut self, what: &str, name: &str, place: &Place) {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() {
            self.error(place, format!("{what} needs a name"), "write name: \"…\"");
        } else if !name.chars().all(fits) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || name.len() > 80 {
            let help = "letters, digits, hyphens, dots and underscores, at most 80 of them";
            self.error(place, format!("`{name}` can't be the name of {what}"), help);
        }
    }

    /// Complains about characters that a terminal would act on, wherever they stand.
    fn control_characters(&mut self, node: &Node) {
        if let Kind::Text(text) = &node.kind
            && text.chars().any(|c| c.is_control() && c != '\n')
        {
            let message = "there is a control character in this text";
            self.say(Severity::Error, node.span.clone(), "", message, "a line break is the only one that is allowed");
        }
        for child in node.children() {
            self.control_characters(child);
        }
    }
}
