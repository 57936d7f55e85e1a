//! From text to the tree.

use super::{Cursor, DEEPEST, Item, LONGEST, Line, Part, Redirect, Stage, SyntaxError, Then, Word, is_name};
use std::ops::Range;

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    depth: usize,
    /// Where present, open quotes and brackets end with the text, and the innermost command is kept here.
    pub(super) unfinished: Option<Cursor>,
    reached: bool,
    /// Whether the words of a command of this name are plain.
    plain: fn(&str) -> bool,
    /// While such words are read: how many brackets are open among them.
    brackets: Option<usize>,
    /// How many compounds are open.
    pub(super) open: usize,
    /// The word with which the last line ended that ends with one.
    pub(super) ended_with: &'static str,
}

/// Where a line ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With the text.
    Text,
    /// With this bracket or backtick.
    Bracket(char),
    /// With one of these words: `done`.
    Words(&'static [&'static str]),
}

impl End {
    fn is_at(self, next: Option<char>) -> bool {
        match self {
            Self::Bracket(bracket) => next.is_none() || next == Some(bracket),
            Self::Text | Self::Words(_) => next.is_none(),
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, plain: fn(&str) -> bool) -> Result<Self, SyntaxError> {
        if text.len() > LONGEST {
            return Err(SyntaxError { span: LONGEST..text.len(), what: format!("a line ends at {LONGEST} bytes") });
        }
        Ok(Self {
            text,
            at: 0,
            depth: 0,
            unfinished: None,
            reached: false,
            plain,
            brackets: None,
            open: 0,
            ended_with: "",
        })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn skip_space(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.rest().starts_with("\\\n") => self.at += 2,
                Some('#') if self.brackets.is_none() => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    pub(super) fn unexpected(&self, start: usize) -> SyntaxError {
        let token: String = match self.text[start..].chars().next() {
            None | Some('\n') => "newline".to_owned(),
            Some(c) => {
                let double = self.text[start..].chars().take(2).filter(|d| *d == c && "|&;>".contains(c)).count() == 2;
                if double { format!("{c}{c}") } else { c.to_string() }
            }
        };
        SyntaxError { span: start..self.text.len(), what: format!("syntax error near unexpected token `{token}'") }
    }

    /// Reads up to `end`.
    pub(super) fn line(&mut self, end: End) -> Result<Line, SyntaxError> {
        let mut line = Line::default();
        loop {
            self.skip_space();
            if self.peek() == Some('\n') {
                self.at += 1;
                continue;
            }
            let start = self.at;
            if let End::Words(words) = end
                && !line.items.is_empty()
                && let Some(word) = words.iter().find(|word| self.keyword(word))
            {
                self.ended_with = word;
                return Ok(line);
            }
            if self.at_end(end, start)? {
                return Ok(line);
            }
            let stages = self.pipeline()?;
            let operator = self.at;
            let then = if self.take("&&") {
                Then::IfWell
            } else if self.take("||") {
                Then::IfFailed
            } else if self.take("&") {
                Then::Meanwhile
            } else if self.take(";") || self.take("\n") {
                Then::Always
            } else if end.is_at(self.peek()) {
                line.items.push(Item { stages, then: Then::Always });
                continue;
            } else {
                return Err(self.unexpected(operator));
            };
            line.items.push(Item { stages, then });
            if matches!(then, Then::IfWell | Then::IfFailed) {
                self.command_follows(end)?;
            }
        }
    }

    fn at_end(&mut self, end: End, start: usize) -> Result<bool, SyntaxError> {
        if self.peek().is_none() {
            self.reach(&[], &Word { span: start..start, ..Word::default() }, None, false);
            return match end {
                _ if self.unfinished.is_some() => Ok(true),
                End::Text => Ok(true),
                End::Bracket(bracket) => Err(self.unclosed(bracket)),
                End::Words(words) => {
                    let word = words.last().copied().unwrap_or_default();
                    Err(self.wrong(start, format!("syntax error: unexpected end of file: `{word}' is missing")))
                }
            };
        }
        match end {
            End::Bracket(bracket) if self.peek() == Some(bracket) => {
                self.at += bracket.len_utf8();
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// A word of the language where a command could stand.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest().strip_prefix(word) else { return false };
        rest.chars().next().is_none_or(|c| c.is_ascii_whitespace() || ";&|)<>`".contains(c)) && self.take(word)
    }

    pub(super) fn wrong(&self, start: usize, what: String) -> SyntaxError {
        SyntaxError { span: start..self.text.len(), what }
    }

    fn unclosed(&self, what: char) -> SyntaxError {
        let what = format!("unexpected EOF while looking for matching `{what}'");
        SyntaxError { span: self.text.len()..self.text.len(), what }
    }

    /// After an operator that needs one, a command has to come.
    fn command_follows(&mut self, end: End) -> Result<(), SyntaxError> {
        loop {
            self.skip_space();
            match self.peek() {
                Some('\n') => self.at += 1,
                None if self.unfinished.is_some() => return Ok(()),
                next if next.is_none() || end.is_at(next) => return Err(self.unexpected(self.at)),
                _ => return Ok(()),
            }
        }
    }

    fn pipeline(&mut self) -> Result<Vec<Stage>, SyntaxError> {
        let mut stages = vec![];
        loop {
            stages.push(self.stage(!stages.is_empty())?);
            if self.rest().starts_with("||") || !self.take("|") {
                return Ok(stages);
            }
            while self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
                self.at += 1;
            }
        }
    }

    fn stage(&mut self, piped: bool) -> Result<Stage, SyntaxError> {
        let mut stage = Stage { compound: self.compound()?, ..Stage::default() };
        let outer = self.brackets.take();
        loop {
            self.skip_space();
            let start = self.at;
            if self.peek().is_none() {
                self.reach(&stage.words, &Word { span: start..start, ..Word::default() }, None, piped);
            }
            if let Some(redirect) = self.redirect()? {
                stage.redirects.push(redirect);
                continue;
            }
            match self.word()? {
                Some(_) if stage.compound.is_some() => return Err(self.unexpected(start)),
                Some((word, quote)) => {
                    if self.peek().is_none() {
                        self.reach(&stage.words, &word, quote, piped);
                    }
                    if stage.words.is_empty() && (self.plain)(&word.known()) {
                        self.brackets = Some(0);
                    }
                    stage.words.push(word);
                }
                None if stage.is_empty() && self.unfinished.is_none() => return Err(self.unexpected(start)),
                None if self.at < self.text.len() && stage.is_empty() => return Err(self.unexpected(start)),
                None => {
                    self.brackets = outer;
                    return Ok(stage);
                }
            }
        }
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, SyntaxError> {
        if self.brackets.is_some() {
            return Ok(None);
        }
        if self.take("2>&1") {
            return Ok(Some(Redirect::ErrorsToOutput));
        }
        let forms = [
            ("&>>", true, true, true),
            ("&>", true, true, false),
            ("2>>", false, true, true),
            ("2>", false, true, false),
            ("1>>", true, false, true),
            ("1>", true, false, false),
            (">>", true, false, true),
            (">", true, false, false),
        ];
        for (token, output, errors, append) in forms {
            if self.take(token) {
                let file = self.file()?;
                return Ok(Some(Redirect::ToFile { output, errors, append, file }));
            }
        }
        if self.take("<") {
            return Ok(Some(Redirect::FromFile(self.file()?)));
        }
        Ok(None)
    }

    fn file(&mut self) -> Result<Word, SyntaxError> {
        self.skip_space();
        let start = self.at;
        match self.word()? {
            Some((word, _)) => Ok(word),
            None if self.unfinished.is_some() => Ok(Word::default()),
            None => Err(self.unexpected(start)),
        }
    }

    /// A word, and the quote that is open at its end (which only an unfinished line can have).
    pub(super) fn word(&mut self) -> Result<Option<(Word, Option<char>)>, SyntaxError> {
        let start = self.at;
        let mut parts = Parts::default();
        let mut open = None;
        while let Some(c) = self.peek() {
            if self.is_plain_here(c, &parts) {
                self.at += c.len_utf8();
                parts.text(c.encode_utf8(&mut [0; 4]));
                continue;
            }
            match c {
                ' ' | '\t' | '\r' | '\n' | '|' | '&' | ';' | '>' | '<' | ')' | '(' => break,
                '\'' => {
                    self.at += 1;
                    parts.touch();
                    let end = self.rest().find('\'');
                    if end.is_none() && self.unfinished.is_none() {
                        return Err(self.unclosed('\''));
                    }
                    open = if end.is_none() { Some('\'') } else { None };
                    parts.text(&self.rest()[..end.unwrap_or(self.rest().len())]);
                    self.at = end.map_or(self.text.len(), |end| self.at + end + 1);
                }
                '"' => {
                    self.at += 1;
                    parts.touch();
                    if !self.double_quoted(&mut parts)? {
                        open = Some('"');
                    }
                }
                '\\' => {
                    self.at += 1;
                    match self.next() {
                        Some('\n') => {}
                        Some(c) => parts.text(c.encode_utf8(&mut [0; 4])),
                        None => parts.touch(),
                    }
                }
                '`' | '$' if c == '`' && self.closes_backtick() => break,
                '`' | '$' => self.dollar(&mut parts, false)?,
                _ => {
                    self.at += c.len_utf8();
                    parts.text(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
        let word = parts.finish(start..self.at);
        Ok(word.map(|word| (word, open)))
    }

    /// Whether a character that means something elsewhere is itself among plain words.
    fn is_plain_here(&mut self, c: char, word: &Parts) -> bool {
        let is_inner = self.depth > 0;
        let closes = self.rest().chars().skip(1).any(|later| later == c);
        let Some(brackets) = &mut self.brackets else { return false };
        match c {
            '(' => {
                *brackets += 1;
                true
            }
            // Within `$(…)` a bracket that none has opened here is its end.
            ')' if is_inner && *brackets == 0 => false,
            ')' => {
                *brackets = brackets.saturating_sub(1);
                true
            }
            '<' | '>' => true,
            '\'' | '"' => word.touched || !(closes || self.unfinished.is_some()),
            _ => false,
        }
    }

    /// Whether the backtick here ends a substitution that is being read rather than beginning another.
    fn closes_backtick(&self) -> bool {
        self.depth & 1 == 1
    }

    /// Reads up to the closing double quote; `false` where there is none.
    fn double_quoted(&mut self, parts: &mut Parts) -> Result<bool, SyntaxError> {
        loop {
            match self.peek() {
                None if self.unfinished.is_some() => return Ok(false),
                None => return Err(self.unclosed('"')),
                Some('"') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some('\\') => {
                    self.at += 1;
                    match self.next() {
                        None | Some('\n') => {}
                        Some(c @ ('"' | '\\' | '$' | '`')) => parts.text(c.encode_utf8(&mut [0; 4])),
                        Some(c) => {
                            parts.text("\\");
                            parts.text(c.encode_utf8(&mut [0; 4]));
                        }
                    }
                }
                Some('`') if self.closes_backtick() => return Err(self.unclosed('"')),
                Some('$' | '`') => self.dollar(parts, true)?,
                Some(c) => {
                    self.at += c.len_utf8();
                    parts.text(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    /// `$(…)`, `` `…` `` or a dollar that is only itself.
    fn dollar(&mut self, parts: &mut Parts, quoted: bool) -> Result<(), SyntaxError> {
        let start = self.at;
        // The lowest bit of the depth says whether the innermost substitution is one in backticks.
        let (end, depth) = if self.take("$(") {
            (')', (self.depth & !1) + 2)
        } else if self.take("`") {
            ('`', (self.depth & !1) + 3)
        } else {
            return self.variable(parts, quoted);
        };
        if depth / 2 > DEEPEST {
            let what = format!("substitutions lie more than {DEEPEST} deep in each other");
            return Err(SyntaxError { span: start..self.at, what });
        }
        let outer = std::mem::replace(&mut self.depth, depth);
        let line = self.line(End::Bracket(end))?;
        self.depth = outer;
        parts.output(line, quoted);
        Ok(())
    }

    /// `$NAME`, `${NAME}`, `${NAME:-TEXT}`, `$?`, or a dollar that is only itself.
    fn variable(&mut self, parts: &mut Parts, quoted: bool) -> Result<(), SyntaxError> {
        let start = self.at;
        self.at += 1;
        let braced = self.take("{");
        let rest = self.rest();
        let length = if rest.starts_with('?') {
            1
        } else {
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
        };
        let name = &rest[..length];
        let is_variable = name == "?" || is_name(name);
        if !braced && !is_variable {
            parts.text("$");
            return Ok(());
        }
        self.at += length;
        if braced && self.unfinished.is_some() && self.peek().is_none() {
            return Ok(());
        }
        let name = name.to_owned();
        let otherwise = if braced && is_variable && (self.take(":-") || self.take("-")) {
            Some(self.otherwise(start)?)
        } else {
            None
        };
        let is_cut_off = self.unfinished.is_some() && self.peek().is_none();
        if braced && !is_cut_off && (!is_variable || !self.take("}")) {
            let end = self.rest().find('}').map_or(self.text.len(), |end| self.at + end + 1);
            let what =
                format!("{}: bad substitution: ${{NAME}} and ${{NAME:-TEXT}} are read here", &self.text[start..end]);
            return Err(SyntaxError { span: start..end, what });
        }
        parts.variable(&name, otherwise, quoted);
        Ok(())
    }

    /// What stands for a variable that holds nothing: everything up to the brace.
    fn otherwise(&mut self, start: usize) -> Result<Vec<Part>, SyntaxError> {
        let mut parts = Parts::default();
        loop {
            match self.peek() {
                Some('}') => return Ok(parts.parts),
                None if self.unfinished.is_some() => return Ok(parts.parts),
                None => {
                    return Err(SyntaxError { span: start..self.at, what: "bad substitution: no closing `}'".into() });
                }
                Some('\'') if let Some(end) = self.rest()[1..].find('\'') => {
                    parts.text(&self.rest()[1..=end]);
                    self.at += end + 2;
                }
                Some('"') => {
                    self.at += 1;
                    self.double_quoted(&mut parts)?;
                }
                Some('\\') => {
                    self.at += 1;
                    if let Some(c) = self.next() {
                        parts.text(c.encode_utf8(&mut [0; 4]));
                    }
                }
                Some('`') if self.closes_backtick() => return Err(self.unclosed('}')),
                Some('$' | '`') => self.nested(&mut parts)?,
                Some(c) => {
                    self.at += c.len_utf8();
                    parts.text(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    /// A substitution in what stands for a variable: these lie in each other, too.
    fn nested(&mut self, parts: &mut Parts) -> Result<(), SyntaxError> {
        let (start, outer) = (self.at, self.depth);
        self.depth += 2;
        if self.depth / 2 > DEEPEST {
            let what = format!("substitutions lie more than {DEEPEST} deep in each other");
            return Err(SyntaxError { span: start..self.at, what });
        }
        self.dollar(parts, true)?;
        self.depth = outer;
        Ok(())
    }

    /// The end of an unfinished text: keeps the innermost command, which gets here first.
    pub(super) fn reach(&mut self, words: &[Word], word: &Word, quote: Option<char>, piped: bool) {
        let Some(cursor) = &mut self.unfinished else { return };
        if !std::mem::replace(&mut self.reached, true) {
            let before = words.iter().map(Word::known).collect();
            *cursor = Cursor { before, partial: word.known(), start: word.span.start, quote, piped };
        }
    }
}

/// The parts of a word as they are read; neighbouring texts become one.
#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    touched: bool,
}

impl Parts {
    /// There is a word, though it may be empty: `''`.
    fn touch(&mut self) {
        self.touched = true;
    }

    fn text(&mut self, text: &str) {
        self.touched = true;
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    fn output(&mut self, line: Line, quoted: bool) {
        self.touched = true;
        self.parts.push(Part::Output { line, quoted });
    }

    fn variable(&mut self, name: &str, otherwise: Option<Vec<Part>>, quoted: bool) {
        self.touched = true;
        self.parts.push(Part::Variable { name: name.to_owned(), otherwise, quoted });
    }

    fn finish(self, span: Range<usize>) -> Option<Word> {
        self.touched.then_some(Word { parts: self.parts, span })
    }
}

impl Stage {
    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.compound.is_none()
    }
}
