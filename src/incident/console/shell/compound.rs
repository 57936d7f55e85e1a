//! `if`, `for` and `while`: from text to the tree.

use super::read::{End, Reader};
use super::{Compound, DEEPEST, SyntaxError, Word, is_name};

impl Reader<'_> {
    /// What stands in place of a command, where something does.
    pub(super) fn compound(&mut self) -> Result<Option<Box<Compound>>, SyntaxError> {
        self.skip_space();
        let start = self.at;
        if ["do", "done", "then", "elif", "fi", "else", "esac"].iter().any(|word| self.keyword(word)) {
            let word = &self.text[start..self.at];
            return Err(self.wrong(start, format!("syntax error near unexpected token `{word}'")));
        }
        if ["case", "select", "function"].iter().any(|word| self.keyword(word)) {
            let word = &self.text[start..self.at];
            return Err(self.wrong(start, format!("`{word}' isn't read here: if chooses, for and while repeat")));
        }
        let Some(kind) = ["if", "for", "while", "until"].into_iter().find(|word| self.keyword(word)) else {
            return Ok(None);
        };
        self.open += 1;
        if self.open > DEEPEST {
            return Err(self.wrong(start, format!("if, for and while lie more than {DEEPEST} deep in each other")));
        }
        let found = match kind {
            "if" => self.choice()?,
            "for" => {
                let (name, over) = self.over()?;
                Compound::For { name, over, body: self.line(End::Words(&["done"]))? }
            }
            _ => {
                let condition = self.line(End::Words(&["do"]))?;
                Compound::While { condition, until: kind == "until", body: self.line(End::Words(&["done"]))? }
            }
        };
        self.open -= 1;
        Ok(Some(Box::new(found)))
    }

    /// `CONDITION; then BODY; [elif CONDITION; then BODY;]… [else BODY;] fi`
    fn choice(&mut self) -> Result<Compound, SyntaxError> {
        let mut arms = vec![];
        loop {
            let condition = self.line(End::Words(&["then"]))?;
            // A text that isn't finished ends in the middle of it.
            self.ended_with = "fi";
            let body = self.line(End::Words(&["elif", "else", "fi"]))?;
            arms.push((condition, body));
            match self.ended_with {
                "elif" => {}
                "else" => {
                    let otherwise = Some(self.line(End::Words(&["fi"]))?);
                    return Ok(Compound::If { arms, otherwise });
                }
                _ => return Ok(Compound::If { arms, otherwise: None }),
            }
        }
    }

    /// `NAME in WORDS; do`
    fn over(&mut self) -> Result<(String, Vec<Word>), SyntaxError> {
        let start = self.at;
        let name = self.word()?.map(|(word, _)| word.known()).unwrap_or_default();
        self.skip_space();
        let name = if name.is_empty() { self.word()?.map(|(word, _)| word.known()).unwrap_or_default() } else { name };
        if !is_name(&name) {
            return Err(self.wrong(start, format!("`{name}': not a valid identifier: for NAME in WORDS; do …; done")));
        }
        self.skip_space();
        if !self.keyword("in") {
            return Err(self.unexpected(self.at));
        }
        let mut words = vec![];
        loop {
            self.skip_space();
            let start = self.at;
            if self.peek().is_none() {
                self.reach(&[Word::of("for")], &Word { span: start..start, ..Word::default() }, None, false);
            }
            let Some((word, quote)) = self.word()? else { break };
            if self.peek().is_none() {
                self.reach(&[Word::of("for")], &word, quote, false);
            }
            words.push(word);
        }
        let _ = self.take(";");
        while self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
            self.at += 1;
        }
        if !self.keyword("do") && self.unfinished.is_none() {
            return Err(self.unexpected(self.at));
        }
        Ok((name, words))
    }
}
