//! The line that is being typed: editing as in readline, history, and the list of completions below it.

use super::key::{Key, Named};
use crate::incident::view::{Candidate, Completion};
use tui_input::{Input, InputRequest};

/// A line with a cursor, what was typed before, and what could stand at the cursor.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    input: Input,
    history: Vec<String>,
    /// Where in the history the line comes from; the line that was being typed is kept meanwhile.
    browsing: Option<(usize, String)>,
    /// The list that is open below the line.
    pub list: Option<List>,
}

/// Completions on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Where the word begins, in bytes.
    start: usize,
    /// What could stand there.
    pub candidates: Vec<Candidate>,
    /// The one that stands in the line.
    pub selected: Option<usize>,
    /// The first one in sight, while none is selected.
    pub first: usize,
}

impl Editor {
    /// The line.
    #[must_use]
    pub fn line(&self) -> &str {
        self.input.value()
    }

    /// The cursor, in bytes.
    #[must_use]
    pub fn cursor(&self) -> usize {
        let line = self.input.value();
        line.char_indices().nth(self.input.cursor()).map_or(line.len(), |(at, _)| at)
    }

    /// Replaces the line; the cursor stands after `before`.
    pub fn set(&mut self, before: &str, after: &str) {
        let cursor = before.chars().count();
        self.input = Input::new(format!("{before}{after}")).with_cursor(cursor);
        self.browsing = None;
        self.list = None;
    }

    /// Takes the line away, and keeps it in the history.
    pub fn take(&mut self) -> String {
        let line = self.input.value_and_reset();
        self.browsing = None;
        self.list = None;
        self.remember(&line);
        line
    }

    /// Adds a line to the history, unless it is empty or the latest already.
    pub fn remember(&mut self, line: &str) {
        if !line.trim().is_empty() && self.history.last().is_none_or(|last| last != line) {
            self.history.push(line.to_owned());
        }
    }

    /// Replaces what was typed before by what was typed elsewhere.
    pub fn recall(&mut self, history: Vec<String>) {
        self.history = history;
        self.browsing = None;
    }

    /// What was typed before, oldest first.
    #[must_use]
    pub fn history(&self) -> &[String] {
        &self.history
    }

    /// A key that edits; false where it doesn't.
    pub fn edit(&mut self, key: Key) -> bool {
        use InputRequest as R;
        let request = match key {
            Key::Char(c) => R::InsertChar(c),
            Key::Named(Named::Backspace) => R::DeletePrevChar,
            Key::Named(Named::Delete) | Key::Ctrl('d') => R::DeleteNextChar,
            Key::Named(Named::Left) | Key::Ctrl('b') => R::GoToPrevChar,
            Key::Named(Named::Right) | Key::Ctrl('f') => R::GoToNextChar,
            Key::CtrlNamed(Named::Left) | Key::AltNamed(Named::Left) | Key::Alt('b') => R::GoToPrevWord,
            Key::CtrlNamed(Named::Right) | Key::AltNamed(Named::Right) | Key::Alt('f') => R::GoToNextWord,
            Key::Named(Named::Home) | Key::Ctrl('a') => R::GoToStart,
            Key::Named(Named::End) | Key::Ctrl('e') => R::GoToEnd,
            Key::Ctrl('w' | 'h') | Key::AltNamed(Named::Backspace) | Key::CtrlNamed(Named::Backspace) => {
                R::DeletePrevWord
            }
            Key::Alt('d') => R::DeleteNextWord,
            Key::Ctrl('k') => R::DeleteTillEnd,
            Key::Ctrl('u') => R::DeleteFromStart,
            Key::Ctrl('y') => R::Yank,
            _ => return false,
        };
        self.input.handle(request);
        self.browsing = None;
        self.list = None;
        true
    }

    /// Pastes text; line breaks become blanks, so that nothing runs by itself.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars() {
            let c = if c == '\n' || c == '\t' { ' ' } else { c };
            if !c.is_control() {
                self.input.handle(InputRequest::InsertChar(c));
            }
        }
        self.browsing = None;
        self.list = None;
    }

    /// The line before in the history.
    pub fn older(&mut self) {
        let (at, draft) = self.browsing.take().unwrap_or((self.history.len(), self.input.value().to_owned()));
        let at = at.saturating_sub(1);
        if let Some(line) = self.history.get(at) {
            self.input = Input::new(line.clone());
            self.browsing = Some((at, draft));
        }
        self.list = None;
    }

    /// The line after in the history, at last the one that was being typed.
    pub fn newer(&mut self) {
        let Some((at, draft)) = self.browsing.take() else { return };
        if let Some(line) = self.history.get(at + 1) {
            self.input = Input::new(line.clone());
            self.browsing = Some((at + 1, draft));
        } else {
            self.input = Input::new(draft);
        }
        self.list = None;
    }

    /// What Tab does: completes as far as it is clear, then offers what there is, then goes through it. The completion
    /// is asked for only where it is needed.
    pub fn complete(&mut self, ask: impl FnOnce(&str, usize) -> Completion) {
        if self.list.is_some() {
            self.cycle(true);
            return;
        }
        let completion = ask(self.line(), self.cursor());
        let start = completion.start.min(self.cursor());
        if completion.candidates.is_empty() || !self.line().is_char_boundary(start) {
            return;
        }
        if let [only] = completion.candidates.as_slice() {
            let word = only.word.clone();
            self.replace(start, &ended(&word));
            return;
        }
        let typed = self.line()[start..self.cursor()].to_owned();
        let common = common_prefix(&completion.candidates);
        if common.len() > typed.len() && common.starts_with(&typed) {
            self.replace(start, &common);
        }
        self.list = Some(List { start, candidates: completion.candidates, selected: None, first: 0 });
    }

    /// Opens a list of what could stand at the cursor, and puts nothing into the line yet. Nothing opens where there is
    /// nothing to choose.
    pub fn offer(&mut self, completion: Completion) {
        let start = completion.start.min(self.cursor());
        let fits = !completion.candidates.is_empty() && self.line().is_char_boundary(start);
        self.list = fits.then_some(List { start, candidates: completion.candidates, selected: None, first: 0 });
    }

    /// Goes through the open list, and puts each word into the line.
    pub fn cycle(&mut self, forward: bool) {
        let Some(mut list) = self.list.take() else { return };
        let count = list.candidates.len();
        let next = match (list.selected, forward) {
            (None, true) => 0,
            (None, false) => count - 1,
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
        };
        let word = list.candidates[next].word.clone();
        self.replace(list.start, &word);
        list.selected = Some(next);
        self.list = Some(list);
    }

    /// Takes a certain word from the open list.
    pub fn choose(&mut self, index: usize) {
        let Some(list) = self.list.take() else { return };
        if let Some(candidate) = list.candidates.get(index) {
            self.replace(list.start, &ended(&candidate.word));
        }
    }

    /// Takes what is selected in the open list; false where nothing is.
    pub fn accept(&mut self) -> bool {
        let Some(index) = self.list.as_ref().and_then(|list| list.selected) else {
            self.list = None;
            return false;
        };
        self.choose(index);
        true
    }

    fn replace(&mut self, start: usize, word: &str) {
        let line = self.line();
        let (before, after) = (&line[..start], &line[self.cursor()..]);
        let head = format!("{before}{word}");
        let cursor = head.chars().count();
        self.input = Input::new(format!("{head}{after}")).with_cursor(cursor);
        self.browsing = None;
    }
}

/// A word that is complete is followed by a blank, unless it asks for more.
fn ended(word: &str) -> String {
    if word.ends_with(['/', '=', ':', '.']) { word.to_owned() } else { format!("{word} ") }
}

fn common_prefix(candidates: &[Candidate]) -> String {
    let Some((first, rest)) = candidates.split_first() else { return String::new() };
    let mut common = first.word.as_str();
    for other in rest {
        let same = common.chars().zip(other.word.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        common = &common[..same];
    }
    common.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::default();
        text.chars().for_each(|c| assert!(editor.edit(Key::Char(c))));
        editor
    }

    fn offers(words: &[&str], start: usize) -> Completion {
        let candidates =
            words.iter().map(|word| Candidate { word: (*word).to_owned(), about: String::new() }).collect();
        Completion { start, candidates }
    }

    #[test]
    fn tab_completes_as_far_as_it_is_clear_and_then_offers() {
        let mut editor = typed("kubectl ro");
        editor.complete(|line, cursor| {
            assert_eq!((line, cursor), ("kubectl ro", 10));
            offers(&["rollout"], 8)
        });
        assert_eq!(editor.line(), "kubectl rollout ");
        editor.complete(|_, _| offers(&["restart", "resume", "undo"], 16));
        assert!(editor.list.is_some());
        editor.complete(|_, _| unreachable!("the list is open"));
        assert_eq!(editor.line(), "kubectl rollout restart");
        editor.complete(|_, _| unreachable!());
        assert_eq!(editor.line(), "kubectl rollout resume");
        assert!(editor.accept());
        assert_eq!(editor.line(), "kubectl rollout resume ");
    }

    #[test]
    fn the_history_gives_back_what_was_being_typed() {
        let mut editor = typed("first");
        editor.take();
        let mut editor = Editor { input: typed("dra").input, ..editor };
        editor.older();
        assert_eq!(editor.line(), "first");
        editor.newer();
        assert_eq!(editor.line(), "dra");
    }

    #[test]
    fn a_paste_of_several_lines_runs_nothing() {
        let mut editor = Editor::default();
        editor.paste("one\ntwo\u{1b}[A");
        assert_eq!(editor.line(), "one two[A");
    }

    #[test]
    fn lines_with_wide_characters_are_edited_by_character() {
        let mut editor = typed("grüße 日本");
        editor.edit(Key::Named(Named::Left));
        editor.complete(|line, cursor| offers(&[&line[cursor..]], cursor));
        assert!(editor.edit(Key::Named(Named::Backspace)));
        assert!(editor.line().starts_with("grüße "));
    }
}
