//! From the tree to text that means the same.

use super::{Compound, KEYWORDS, Line, Part, Redirect, Stage, Then, Word};
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
        if let Some(compound) = &self.compound {
            write!(f, "{compound}")?;
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

impl fmt::Display for Compound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = |line: &Line| format!("{line}{}", line.separator());
        match self {
            Self::If { arms, otherwise } => {
                for (index, (condition, body)) in arms.iter().enumerate() {
                    let word = if index == 0 { "if" } else { " elif" };
                    write!(f, "{word} {} then {}", inner(condition), inner(body))?;
                }
                if let Some(body) = otherwise {
                    write!(f, " else {}", inner(body))?;
                }
                f.write_str(" fi")
            }
            Self::For { name, over, body } => {
                write!(f, "for {name} in")?;
                over.iter().try_for_each(|word| write!(f, " {word}"))?;
                write!(f, "; do {} done", inner(body))
            }
            Self::While { condition, until, body } => {
                let word = if *until { "until" } else { "while" };
                write!(f, "{word} {} do {} done", inner(condition), inner(body))
            }
        }
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
        self.parts.iter().try_for_each(|part| write!(f, "{part}"))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, quoted) = match self {
            Self::Text(text) => return f.write_str(&quote(text)),
            Self::Output { line, quoted } => (format!("$({line})"), quoted),
            Self::Variable { name, otherwise: None, quoted } => (format!("${{{name}}}"), quoted),
            Self::Variable { name, otherwise: Some(parts), quoted } => {
                (format!("${{{name}:-{}}}", parts.iter().map(bare).collect::<String>()), quoted)
            }
        };
        if *quoted { write!(f, "\"{text}\"") } else { f.write_str(&text) }
    }
}

/// A part of what stands for a variable: nothing splits it, so that it needs no quotes but for what would end it.
fn bare(part: &Part) -> String {
    match part {
        Part::Text(text) => text.chars().fold(String::new(), |mut all, c| {
            if "}$`\\'\"".contains(c) {
                all.push('\\');
            }
            all.push(c);
            all
        }),
        Part::Output { line, .. } => format!("$({line})"),
        Part::Variable { name, otherwise: None, .. } => format!("${{{name}}}"),
        Part::Variable { name, otherwise: Some(parts), .. } => {
            format!("${{{name}:-{}}}", parts.iter().map(bare).collect::<String>())
        }
    }
}
