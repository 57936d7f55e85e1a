//! `sed`: replaces text in lines.

use super::super::arguments::{Flag, Given, moot, switch, valued};
use super::super::{Printed, Stream};
use super::{Source, Stop, pattern};
use regex::Regex;

/// Which lines a command is for.
enum Address {
    Number(usize),
    Last,
    Matching(Regex),
}

/// One command of a script.
struct Edit {
    from: Option<Address>,
    to: Option<Address>,
    inverted: bool,
    does: Does,
    /// Whether a range that began has not ended.
    open: bool,
}

enum Does {
    Replace { pattern: Regex, with: String, every: bool, nth: usize, print: bool },
    Delete,
    Print,
    Quit,
    Number,
}

pub const FLAGS: &[Flag] = &[
    switch('n', "quiet", "prints only what p says"),
    switch('E', "regexp-extended", "extended patterns"),
    switch('r', "", "the same"),
    valued('e', "expression", "SCRIPT", "one of several scripts"),
    moot('u', "unbuffered"),
];

pub fn sed(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], FLAGS).map_err(|mistake| Stop::mistake("sed", &mistake))?;
    let mut scripts: Vec<&str> = given.values("expression").collect();
    let mut files = given.operands.as_slice();
    if scripts.is_empty() {
        let Some((first, rest)) = files.split_first() else {
            return Err(Stop::failed(1, "Usage: sed [OPTION]... {script} [input-file]..."));
        };
        scripts.push(first);
        files = rest;
    }
    let extended = given.has("regexp-extended") || given.has("r");
    let mut edits = vec![];
    for script in scripts {
        let mut reader = Reader { script, at: 0, extended };
        reader.read(&mut edits)?;
    }
    let lines = source.lines("sed", files)?;
    Ok(Printed::output(edit(&lines, &mut edits, given.has("quiet"))))
}

fn edit(lines: &[String], edits: &mut [Edit], quiet: bool) -> Vec<String> {
    let mut output: Vec<(Stream, String)> = vec![];
    'lines: for (index, line) in lines.iter().enumerate() {
        let is_last = index + 1 == lines.len();
        let mut line = line.clone();
        let mut add = |text: String| output.push((Stream::Output, text));
        for edit in edits.iter_mut() {
            if !edit.applies(index + 1, is_last, &line) {
                continue;
            }
            match &edit.does {
                Does::Delete => continue 'lines,
                Does::Print => add(line.clone()),
                Does::Number => add((index + 1).to_string()),
                Does::Quit => {
                    if !quiet {
                        add(line.clone());
                    }
                    break 'lines;
                }
                Does::Replace { pattern, with, every, nth, print } => {
                    if let Some(replaced) = replace(&line, pattern, with, *every, *nth) {
                        line = replaced;
                        if *print {
                            add(line.clone());
                        }
                    }
                }
            }
        }
        if !quiet {
            add(line);
        }
    }
    output.into_iter().map(|(_, line)| line).collect()
}

/// The line with the text in the place of what matches; `None` where nothing does.
fn replace(line: &str, pattern: &Regex, with: &str, every: bool, nth: usize) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for (at, captures) in pattern.captures_iter(line).enumerate() {
        let whole = captures.get(0)?;
        if at + 1 < nth || (at + 1 > nth && !every) {
            continue;
        }
        out.push_str(&line[from..whole.start()]);
        let mut chars = with.chars();
        while let Some(c) = chars.next() {
            match c {
                '&' => out.push_str(whole.as_str()),
                '\\' => match chars.next() {
                    Some(digit @ '0'..='9') => {
                        let group = captures.get(digit as usize - '0' as usize);
                        out.push_str(group.map_or("", |group| group.as_str()));
                    }
                    Some('n') => out.push(' '),
                    Some('t') => out.push('\t'),
                    Some(c) => out.push(c),
                    None => {}
                },
                _ => out.push(c),
            }
        }
        from = whole.end();
        if out.len() > 100_000 {
            break;
        }
    }
    if from == 0 && out.is_empty() && !pattern.is_match(line) {
        return None;
    }
    out.push_str(&line[from..]);
    Some(out)
}

impl Address {
    fn fits(&self, number: usize, is_last: bool, line: &str) -> bool {
        match self {
            Self::Number(wanted) => *wanted == number,
            Self::Last => is_last,
            Self::Matching(pattern) => pattern.is_match(line),
        }
    }
}

impl Edit {
    fn applies(&mut self, number: usize, is_last: bool, line: &str) -> bool {
        let fits = match (&self.from, &self.to) {
            (None, _) => true,
            (Some(from), None) => from.fits(number, is_last, line),
            (Some(from), Some(to)) => {
                if self.open {
                    let passed = matches!(to, Address::Number(wanted) if number >= *wanted);
                    self.open = !(passed || to.fits(number, is_last, line));
                    !matches!(to, Address::Number(wanted) if number > *wanted)
                } else {
                    let begins = from.fits(number, is_last, line);
                    self.open = begins && !matches!(to, Address::Number(wanted) if *wanted <= number);
                    begins
                }
            }
        };
        fits != self.inverted
    }
}

/// Reads a script.
struct Reader<'a> {
    script: &'a str,
    at: usize,
    extended: bool,
}

impl Reader<'_> {
    fn wrong(&self, what: &str) -> Stop {
        Stop::failed(1, format!("sed: -e expression #1, char {}: {what}", self.at))
    }

    fn next(&mut self) -> Option<char> {
        let c = self.script[self.at..].chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.script[self.at..].chars().next()
    }

    fn read(&mut self, edits: &mut Vec<Edit>) -> Result<(), Stop> {
        loop {
            while self.peek().is_some_and(|c| c.is_whitespace() || c == ';') {
                self.next();
            }
            if self.peek().is_none() {
                return Ok(());
            }
            let from = self.address()?;
            let mut to = None;
            if self.peek() == Some(',') {
                self.next();
                to = self.address()?;
                if to.is_none() || from.is_none() {
                    return Err(self.wrong("unexpected `,'"));
                }
            }
            let inverted = self.peek() == Some('!');
            if inverted {
                self.next();
            }
            let does = match self.next() {
                Some('s') => self.replacement()?,
                Some('d') => Does::Delete,
                Some('p') => Does::Print,
                Some('q') => Does::Quit,
                Some('=') => Does::Number,
                Some(c) => return Err(self.wrong(&format!("unknown command: `{c}'"))),
                None => return Err(self.wrong("missing command")),
            };
            edits.push(Edit { from, to, inverted, does, open: false });
            match self.peek() {
                None | Some(';' | '\n' | ' ') => {}
                Some(_) => return Err(self.wrong("extra characters after command")),
            }
        }
    }

    fn address(&mut self) -> Result<Option<Address>, Stop> {
        match self.peek() {
            Some('$') => {
                self.next();
                Ok(Some(Address::Last))
            }
            Some('/') => {
                self.next();
                let text = self.until('/', "unterminated address regex")?;
                Ok(Some(Address::Matching(pattern::compile("sed", &text, self.extended, false)?)))
            }
            Some('0'..='9') => {
                let start = self.at;
                while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                    self.next();
                }
                Ok(Some(Address::Number(self.script[start..self.at].parse().unwrap_or(usize::MAX))))
            }
            _ => Ok(None),
        }
    }

    /// The text up to a delimiter, in which a backslash before it makes it itself.
    fn until(&mut self, delimiter: char, missing: &str) -> Result<String, Stop> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(self.wrong(missing)),
                Some(c) if c == delimiter => return Ok(text),
                Some('\\') => match self.next() {
                    Some(c) if c == delimiter && delimiter != '&' => text.push(c),
                    Some(c) => text.extend(['\\', c]),
                    None => return Err(self.wrong(missing)),
                },
                Some(c) => text.push(c),
            }
        }
    }

    fn replacement(&mut self) -> Result<Does, Stop> {
        let missing = "unterminated `s' command";
        let delimiter = self.next().filter(|c| !c.is_whitespace() && *c != '\\').ok_or_else(|| self.wrong(missing))?;
        let pattern = self.until(delimiter, missing)?;
        let with = self.until(delimiter, missing)?;
        let (mut every, mut print, mut ignore_case, mut nth) = (false, false, false, 1);
        while let Some(c) = self.peek() {
            match c {
                'g' => every = true,
                'p' => print = true,
                'i' | 'I' => ignore_case = true,
                '1'..='9' => nth = c as usize - '0' as usize,
                ';' | ' ' | '\n' => break,
                _ => return Err(self.wrong("unknown option to `s'")),
            }
            self.next();
        }
        let pattern = pattern::compile("sed", &pattern, self.extended, ignore_case)?;
        Ok(Does::Replace { pattern, with, every, nth, print })
    }
}
