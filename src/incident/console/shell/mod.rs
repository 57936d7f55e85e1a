//! The shell language: a line of text to a tree of commands, and back.
//!
//! Words with quotes and backslashes, comments, pipes, `&&`, `||`, `;`, `&`, variables, `$(…)` and backticks, `if`, `for`
//! and `while`, and the redirections that are of use to somebody who reads output. Knows no command and no variable's value.
//! A `$` before anything but a name is itself, so that `awk '{print $1}'` also works between double quotes. Whatever is
//! typed, reading it ends in a line or in a [`SyntaxError`], and a line prints back to one that means the same.
//!
//! `read` turns text into the tree (`compound` what chooses and repeats), `write` the tree into text.

mod compound;
mod read;
mod write;

use read::{End, Reader};
use std::ops::Range;
pub use write::quote;

/// The longest line that is read, in bytes.
pub const LONGEST: usize = 8192;
/// How deep substitutions may lie in each other.
const DEEPEST: usize = 12;

/// Words that mean something where a command could stand.
const KEYWORDS: [&str; 15] = [
    "for", "while", "until", "do", "done", "if", "then", "elif", "else", "fi", "case", "esac", "select", "function",
    "in",
];

/// What was typed, as commands.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Line {
    /// Pipelines, one after the other.
    pub items: Vec<Item>,
}

impl Line {
    /// A command with a sentence, taken as it stands; quotes around the whole of it are left out.
    #[must_use]
    pub fn sentence(command: &str, text: &str) -> Self {
        let text = text.trim();
        let inner = ['"', '\''].into_iter().find_map(|quote| {
            let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.contains(quote)).then_some(inner)
        });
        let words = std::iter::once(command).chain(inner.unwrap_or(text).split_whitespace());
        let word = |text: &str| Word { parts: vec![Part::Text(text.to_owned())], span: 0..0 };
        let stage = Stage { words: words.map(word).collect(), ..Stage::default() };
        Self { items: vec![Item { stages: vec![stage], then: Then::Always }] }
    }
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

/// One command with its words, or commands that are chosen or repeated.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Stage {
    /// The command's name and its arguments; nothing where it is a compound.
    pub words: Vec<Word>,
    /// What stands in place of a command.
    pub compound: Option<Box<Compound>>,
    /// Where its output goes instead of the screen.
    pub redirects: Vec<Redirect>,
}

/// Lines that run again and again, or only where something is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compound {
    /// `if CONDITION; then BODY; elif CONDITION; then BODY; else BODY; fi`
    If {
        /// What has to end well, and what runs then.
        arms: Vec<(Line, Line)>,
        /// What runs where none has.
        otherwise: Option<Line>,
    },
    /// `for NAME in WORDS; do BODY; done`
    For {
        /// The variable.
        name: String,
        /// What it becomes, one after the other.
        over: Vec<Word>,
        /// What runs each time.
        body: Line,
    },
    /// `while CONDITION; do BODY; done`
    While {
        /// What has to end well.
        condition: Line,
        /// Whether it has to fail instead: `until`.
        until: bool,
        /// What runs each time.
        body: Line,
    },
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
    /// `$NAME`, `${NAME}`, `$?`: what the variable holds.
    Variable {
        /// Its name.
        name: String,
        /// `${NAME:-TEXT}`: what stands for it where it holds nothing.
        otherwise: Option<Vec<Part>>,
        /// Whether it stood between double quotes, so that its text stays one word.
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
    Reader::new(text, plain)?.line(End::Text)
}

/// What the user is typing at the end of `text`, however unfinished; `plain` as in [`parse_with`].
#[must_use]
pub fn at_cursor(text: &str, plain: fn(&str) -> bool) -> Cursor {
    let Ok(mut reader) = Reader::new(text, plain) else { return Cursor { start: text.len(), ..Cursor::default() } };
    reader.unfinished = Some(Cursor { start: text.len(), ..Cursor::default() });
    // An error further left doesn't keep the words before the cursor from being known.
    let _ = reader.line(End::Text);
    reader.unfinished.unwrap_or_default()
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
            Part::Output { .. } | Part::Variable { .. } => String::new(),
        };
        self.parts.iter().map(text).collect()
    }

    /// The same word, in which variables and outputs stay as they are: no white space splits it.
    #[must_use]
    pub fn quoted(&self) -> Self {
        let mut word = self.clone();
        for part in &mut word.parts {
            if let Part::Output { quoted, .. } | Part::Variable { quoted, .. } = part {
                *quoted = true;
            }
        }
        word
    }

    /// `NAME=…`: the variable, and the word that is its value.
    #[must_use]
    pub fn assignment(&self) -> Option<(&str, Self)> {
        let [Part::Text(first), rest @ ..] = self.parts.as_slice() else { return None };
        let (name, value) = first.split_once('=').filter(|(name, _)| is_name(name))?;
        let mut parts: Vec<Part> = vec![];
        if !value.is_empty() {
            parts.push(Part::Text(value.to_owned()));
        }
        parts.extend(rest.iter().cloned());
        Some((name, Self { parts, span: self.span.clone() }))
    }
}

impl Stage {
    /// A command of these words.
    #[must_use]
    pub fn of(words: &[String]) -> Self {
        Self { words: words.iter().map(|word| Word::of(word)).collect(), ..Self::default() }
    }
}

impl Line {
    /// Every command in it, in compounds too; not those in substitutions.
    #[must_use]
    pub fn stages(&self) -> Vec<&Stage> {
        let mut all = vec![];
        for stage in self.items.iter().flat_map(|item| &item.stages) {
            all.push(stage);
            let inner: Vec<&Self> = stage.compound.iter().flat_map(|compound| compound.lines()).collect();
            all.extend(inner.into_iter().flat_map(Self::stages));
        }
        all
    }
}

impl Compound {
    /// The lines in it, in their order.
    #[must_use]
    pub fn lines(&self) -> Vec<&Line> {
        match self {
            Self::If { arms, otherwise } => {
                arms.iter().flat_map(|(condition, body)| [condition, body]).chain(otherwise).collect()
            }
            Self::For { body, .. } => vec![body],
            Self::While { condition, body, .. } => vec![condition, body],
        }
    }
}

/// Whether a text can be the name of a variable.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}

#[cfg(test)]
mod tests;
