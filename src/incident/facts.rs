//! What has been done and said so far, for conditions that ask: `seen("137")`, `asked("Dev")`.

use crate::level::Level;
use crate::level::condition::{Condition, Fact, Told};
use crate::level::schema::Statement;
use std::collections::BTreeSet;

/// What has been done and said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Texts that conditions look for on the player's screen.
    wanted: BTreeSet<String>,
    seen: BTreeSet<String>,
    told: BTreeSet<(Told, String, String)>,
}

impl Facts {
    /// For the conditions of a level.
    #[must_use]
    pub fn of(level: &Level) -> Self {
        let mut wanted = BTreeSet::new();
        let mut look = |condition: &Condition| {
            for fact in condition.facts() {
                if let Fact::Told(Told::Seen, words) = fact {
                    wanted.extend(words.iter().cloned());
                }
            }
        };
        level.team.iter().filter_map(|saying| saying.when.as_ref()).for_each(&mut look);
        level.hints.iter().filter_map(|hint| hint.when.as_ref()).for_each(&mut look);
        level.documents.iter().filter_map(|paper| paper.when.as_ref()).for_each(&mut look);
        level.diagnosis.iter().filter_map(|question| question.when.as_ref()).for_each(&mut look);
        level.events.iter().filter_map(|event| event.when()).for_each(&mut look);
        for statement in &level.proofs {
            match statement {
                Statement::Proof(proof) => proof.expect.iter().for_each(&mut look),
                Statement::Figure(figure) => look(&figure.measure),
            }
        }
        Self { wanted, ..Self::default() }
    }

    /// A line has been printed on the player's screen.
    pub fn printed(&mut self, line: &str) {
        for text in &self.wanted {
            if line.contains(text.as_str()) && !self.seen.contains(text) {
                self.seen.insert(text.clone());
            }
        }
    }

    /// Something was done or said: by or to whom, and in which words.
    pub fn tell(&mut self, told: Told, who: &str, text: &str) {
        self.told.insert((told, who.to_owned(), text.to_owned()));
    }

    /// Whether it was, with the words asked for: first the person or thing, then part of the text.
    #[must_use]
    pub fn holds(&self, told: Told, words: &[String]) -> bool {
        if told == Told::Seen {
            return words.iter().all(|word| self.seen.contains(word));
        }
        let part = |text: &str, word: Option<&String>| word.is_none_or(|word| text.contains(word.as_str()));
        let of_this_kind =
            self.told.range((told, String::new(), String::new())..).take_while(|(kind, _, _)| *kind == told);
        let mut of_this_kind = of_this_kind.map(|(_, who, text)| (who, text));
        match told {
            Told::Ran => of_this_kind.any(|(_, text)| part(text, words.first())),
            _ => of_this_kind.any(|(who, text)| part(who, words.first()) && part(text, words.get(1))),
        }
    }
}
