//! The two ways out of the program: data to standard output, everything else to standard error.
//!
//! No text of a level, a run or a player passes with control characters in it, so that none can write on the terminal
//! what it likes. Nothing else in the command line prints.

use std::io::{self, BufWriter, IsTerminal, Stderr, Stdout, Write};

/// Standard output, a line at a time.
pub struct Output {
    to: BufWriter<Stdout>,
}

impl Output {
    /// Standard output.
    #[must_use]
    pub fn standard() -> Self {
        Self { to: BufWriter::new(io::stdout()) }
    }

    /// Writes a line, made safe for a terminal.
    ///
    /// # Errors
    /// Where nobody reads on, or the disk is full.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(safe(text).as_bytes())?;
        self.to.write_all(b"\n")
    }

    /// Writes text that another program reads, to the byte.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn data(&mut self, text: &[u8]) -> io::Result<()> {
        self.to.write_all(text)
    }

    /// Lets everything written so far be seen.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Says something beside the data. Where nobody listens, nothing is lost.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", safe(text));
}

/// A line on standard error that replaces itself while something takes its time; only on a terminal.
pub struct Progress {
    to: Option<Stderr>,
    length: usize,
}

impl Progress {
    /// Shows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let to = io::stderr();
        Self { to: to.is_terminal().then_some(to), length: 0 }
    }

    /// Shows how far it is, in place of what was shown before.
    pub fn show(&mut self, text: &str) {
        if let Some(to) = &mut self.to {
            let text: String = safe(text).chars().take(78).collect();
            let _ = write!(to, "\r{text:<width$}", width = self.length);
            self.length = text.chars().count();
        }
    }
}

impl Progress {
    /// Takes the line away, so that others can be written.
    pub fn clear(&mut self) {
        if let (Some(to), 1..) = (&mut self.to, self.length) {
            let _ = write!(to, "\r{:width$}\r", "", width = self.length);
            self.length = 0;
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

/// The line is taken away again.
impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Text without control characters; lines and tabs stay.
#[must_use]
pub fn safe(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

/// Prose in lines of at most `width` characters, broken between words; a word that is longer has its own line.
#[must_use]
pub fn wrapped(prose: &str, width: usize) -> Vec<String> {
    let mut lines = vec![];
    for paragraph in prose.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Rows as columns that stand under each other, two blanks apart; a row may be shorter than others.
#[must_use]
pub fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_raw_passes() {
        assert_eq!(safe("a\x1b[31mb\u{9b}\r\u{7}\tc\nd"), "a[31mb\tc\nd");
    }

    #[test]
    fn prose_is_broken_between_words() {
        assert_eq!(wrapped("one two three\n\nfour", 8), ["one two", "three", "", "four"]);
        assert_eq!(wrapped("unbreakable x", 4), ["unbreakable", "x"]);
    }

    #[test]
    fn columns_stand_under_each_other() {
        let rows =
            [vec!["a".to_owned(), "bb".to_owned()], vec!["ccc".to_owned(), "d".to_owned()], vec!["e".to_owned()]];
        assert_eq!(columns(&rows), ["a    bb", "ccc  d", "e"]);
    }
}
