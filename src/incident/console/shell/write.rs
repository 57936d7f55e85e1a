//! From the tree to text that means the same.

use super::{KEYWORDS, Line, Loop, Part, Redirect, Stage, Then, Word};
use std::fmt;

/// A text as one word: quoted where it has to be.
#[must_use]
pub fn quote(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+*?[]{}^~".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !KEYWORDS.contains(&text) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
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
        if let Some(repeats) = &self.repeats {
            write!(f, "{repeats}")?;
            gap = " ";
        }
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

impl fmt::Display for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = match self {
            Self::For { name, over, body } => {
                write!(f, "for {name} in")?;
                over.iter().try_for_each(|word| write!(f, " {word}"))?;
                f.write_str("; do ")?;
                body
            }
            Self::While { condition, until, body } => {
                write!(f, "{} {condition}{} do ", if *until { "until" } else { "while" }, condition.separator())?;
                body
            }
        };
        write!(f, "{body}{} done", body.separator())
    }
}

impl Line {
    /// What has to stand between it and a word of the language.
    fn separator(&self) -> &'static str {
        if self.items.last().is_some_and(|item| item.then == Then::Meanwhile) { "" } else { ";" }
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
                Part::Variable { name, quoted: false } => write!(f, "${{{name}}}")?,
                Part::Variable { name, quoted: true } => write!(f, "\"${{{name}}}\"")?,
            }
        }
        Ok(())
    }
}
