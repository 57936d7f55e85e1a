//! The shell language: a line of text to a tree of commands, and back.
//!
//! Words with quotes and backslashes, comments, pipes, `&&`, `||`, `;`, `&`, `$(…)` and backticks, and the redirections
//! that are of use to somebody who reads output. Knows no command. There are no variables: a `$` that doesn't open a
//! substitution is itself, so that `awk '{print $1}'` also works between double quotes. Whatever is typed, reading it
//! ends in a line or in a [`SyntaxError`], and a line prints back to one that means the same.

use std::fmt;
use std::ops::Range;

/// The longest line that is read, in bytes.
pub const LONGEST: usize = 8192;
/// How deep substitutions may lie in each other.
const DEEPEST: usize = 12;

/// What was typed, as commands.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Line {
    /// Pipelines, one after the other.
    pub items: Vec<Item>,
}

/// A pipeline and what has to happen before the next one starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Commands, each of which reads what the one before it prints.
    pub stages: Vec<Stage>,
    /// How the next item depends on this one.
    pub then: Then,
}

/// How an item depends on the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// `;`: in any case.
    Always,
    /// `&&`: where this one ended well.
    IfWell,
    /// `||`: where this one failed.
    IfFailed,
    /// `&`: at once, while this one goes on.
    Meanwhile,
}

/// One command with its words.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Stage {
    /// The command's name and its arguments.
    pub words: Vec<Word>,
    /// Where its output goes instead of the screen.
    pub redirects: Vec<Redirect>,
}

/// Output that goes elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// `2>&1`: errors go where the output goes.
    ErrorsToOutput,
    /// `> FILE`, `>> FILE`, `2> FILE`, `&> FILE`.
    ToFile {
        /// Whether the output goes there.
        output: bool,
        /// Whether errors go there.
        errors: bool,
        /// Whether it is put at the end of what is there.
        append: bool,
        /// The file's name.
        file: Word,
    },
    /// `< FILE`: input comes from there.
    FromFile(Word),
}

/// A word: text, and lines whose output takes their place.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Word {
    /// What it is made of.
    pub parts: Vec<Part>,
    /// Where it stands in the line, in bytes.
    pub span: Range<usize>,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text, as it is meant: quotes and backslashes are gone.
    Text(String),
    /// `$(line)`: what the line prints.
    Output {
        /// The line.
        line: Line,
        /// Whether it stood between double quotes, so that the output stays one word.
        quoted: bool,
    },
}

/// Why a line can't be read, as bash says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bash: {what}")]
pub struct SyntaxError {
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub what: String,
}

/// What stands at the cursor of an unfinished line.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The finished words of the innermost command, its name first; an output that isn't known yet is an empty text.
    pub before: Vec<String>,
    /// What there is of the word at the cursor.
    pub partial: String,
    /// Where that word begins in the line, in bytes.
    pub start: usize,
    /// Whether the word has an open quote.
    pub quote: Option<char>,
    /// Whether something is piped into the command.
    pub piped: bool,
}

/// Reads a line.
///
/// # Errors
/// Where quotes or brackets don't close, an operator has no command, or the line is too long or too deep.
pub fn parse(text: &str) -> Result<Line, SyntaxError> {
    parse_with(text, |_| false)
}

/// Reads a line in which the words of some commands are plain: `note it's (nearly) done`, `wait until a > 5`. There, quotes
/// count at the beginning of a word only, and brackets, `<`, `>` and `#` are themselves.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(text: &str, plain: fn(&str) -> bool) -> Result<Line, SyntaxError> {
    Reader::new(text, plain)?.line(None)
}

/// What the user is typing at the end of `text`, however unfinished; `plain` as in [`parse_with`].
#[must_use]
pub fn at_cursor(text: &str, plain: fn(&str) -> bool) -> Cursor {
    let Ok(mut reader) = Reader::new(text, plain) else { return Cursor { start: text.len(), ..Cursor::default() } };
    reader.unfinished = Some(Cursor { start: text.len(), ..Cursor::default() });
    reader.reached = false;
    // An error further left doesn't keep the words before the cursor from being known.
    let _ = reader.line(None);
    reader.unfinished.unwrap_or_default()
}

/// A text as one word: quoted where it has to be.
#[must_use]
pub fn quote(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+*?[]{}^~".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// Where present, open quotes and brackets end with the text, and the innermost command is kept here.
    unfinished: Option<Cursor>,
    reached: bool,
    /// Whether the words of a command of this name are plain.
    plain: fn(&str) -> bool,
    /// While such words are read: how many brackets are open among them.
    brackets: Option<usize>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, plain: fn(&str) -> bool) -> Result<Self, SyntaxError> {
        if text.len() > LONGEST {
            return Err(SyntaxError { span: LONGEST..text.len(), what: format!("a line ends at {LONGEST} bytes") });
        }
        Ok(Self { text, at: 0, depth: 0, unfinished: None, reached: false, plain, brackets: None })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn skip_space(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.rest().starts_with("\\\n") => self.at += 2,
                Some('#') if self.brackets.is_none() => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    fn unexpected(&self, start: usize) -> SyntaxError {
        let token: String = match self.text[start..].chars().next() {
            None | Some('\n') => "newline".to_owned(),
            Some(c) => {
                let double = self.text[start..].chars().take(2).filter(|d| *d == c && "|&;>".contains(c)).count() == 2;
                if double { format!("{c}{c}") } else { c.to_string() }
            }
        };
        SyntaxError { span: start..self.text.len(), what: format!("syntax error near unexpected token `{token}'") }
    }

    /// Reads up to `end` (the bracket or backtick of a substitution) or the end of the text.
    fn line(&mut self, end: Option<char>) -> Result<Line, SyntaxError> {
        let mut line = Line::default();
        loop {
            self.skip_space();
            if self.peek() == Some('\n') {
                self.at += 1;
                continue;
            }
            let start = self.at;
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
            } else if self.peek() == end || self.peek().is_none() {
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

    fn at_end(&mut self, end: Option<char>, start: usize) -> Result<bool, SyntaxError> {
        match (self.peek(), end) {
            (None, None) => {
                self.reach(&[], &Word { span: start..start, ..Word::default() }, None, false);
                Ok(true)
            }
            (None, Some(bracket)) => {
                self.reach(&[], &Word { span: start..start, ..Word::default() }, None, false);
                if self.unfinished.is_some() {
                    return Ok(true);
                }
                Err(self.unclosed(bracket))
            }
            (Some(c), Some(bracket)) if c == bracket => {
                self.at += c.len_utf8();
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn unclosed(&self, what: char) -> SyntaxError {
        let what = format!("unexpected EOF while looking for matching `{what}'");
        SyntaxError { span: self.text.len()..self.text.len(), what }
    }

    /// After an operator that needs one, a command has to come.
    fn command_follows(&mut self, end: Option<char>) -> Result<(), SyntaxError> {
        loop {
            self.skip_space();
            match self.peek() {
                Some('\n') => self.at += 1,
                None if self.unfinished.is_some() => return Ok(()),
                c if c.is_none() || c == end => return Err(self.unexpected(self.at)),
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
        let mut stage = Stage::default();
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
                Some((word, quote)) => {
                    if self.peek().is_none() {
                        self.reach(&stage.words, &word, quote, piped);
                    }
                    if stage.words.is_empty() && (self.plain)(&word.known()) {
                        self.brackets = Some(0);
                    }
                    stage.words.push(word);
                }
                None if stage.words.is_empty() && self.unfinished.is_none() => return Err(self.unexpected(start)),
                None if self.at < self.text.len() && stage.words.is_empty() => return Err(self.unexpected(start)),
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
    fn word(&mut self) -> Result<Option<(Word, Option<char>)>, SyntaxError> {
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
            self.at += 1;
            parts.text("$");
            return Ok(());
        };
        if depth / 2 > DEEPEST {
            let what = format!("substitutions lie more than {DEEPEST} deep in each other");
            return Err(SyntaxError { span: start..self.at, what });
        }
        let outer = std::mem::replace(&mut self.depth, depth);
        let line = self.line(Some(end))?;
        self.depth = outer;
        parts.output(line, quoted);
        Ok(())
    }

    /// The end of an unfinished text: keeps the innermost command, which gets here first.
    fn reach(&mut self, words: &[Word], word: &Word, quote: Option<char>, piped: bool) {
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

    fn finish(self, span: Range<usize>) -> Option<Word> {
        self.touched.then_some(Word { parts: self.parts, span })
    }
}

impl Word {
    /// A word of this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let parts = if text.is_empty() { vec![] } else { vec![Part::Text(text.to_owned())] };
        Self { parts, span: 0..0 }
    }

    /// Its text as far as it is known without running anything.
    #[must_use]
    pub fn known(&self) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Output { .. } => String::new(),
        };
        self.parts.iter().map(text).collect()
    }
}

impl Stage {
    /// A command of these words.
    #[must_use]
    pub fn of(words: &[String]) -> Self {
        Self { words: words.iter().map(|word| Word::of(word)).collect(), redirects: vec![] }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.items.iter().enumerate() {
            let is_last = index + 1 == self.items.len();
            for (index, stage) in item.stages.iter().enumerate() {
                write!(f, "{}{stage}", if index == 0 { "" } else { " | " })?;
            }
            f.write_str(match item.then {
                Then::Always if is_last => "",
                Then::Always => "; ",
                Then::IfWell => " && ",
                Then::IfFailed => " || ",
                Then::Meanwhile if is_last => " &",
                Then::Meanwhile => " & ",
            })?;
        }
        Ok(())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for word in &self.words {
            write!(f, "{gap}{word}")?;
            gap = " ";
        }
        for redirect in &self.redirects {
            f.write_str(std::mem::replace(&mut gap, " "))?;
            match redirect {
                Redirect::ErrorsToOutput => f.write_str("2>&1")?,
                Redirect::FromFile(file) => write!(f, "< {file}")?,
                Redirect::ToFile { output, errors, append, file } => {
                    let which = match (output, errors) {
                        (true, true) => "&",
                        (false, true) => "2",
                        _ => "",
                    };
                    write!(f, "{which}{} {file}", if *append { ">>" } else { ">" })?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts.is_empty() {
            return f.write_str("''");
        }
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(&quote(text))?,
                Part::Output { line, quoted: false } => write!(f, "$({line})")?,
                Part::Output { line, quoted: true } => write!(f, "\"$({line})\"")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
