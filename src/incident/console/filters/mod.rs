//! Filters: pure functions from lines to lines, named and written as the tools are that everybody knows.
//!
//! They take no simulated time and know nothing of the world. Their mistakes are worded as the tools word them, shortly.

mod awk;
mod columns;
mod condition;
mod grep;
mod pattern;
mod sed;
mod sort;

use super::arguments::{Flag, Given, Mistake, moot, switch, valued};
use super::{Command, Options, Printed, Runs, Typed, arguments, find};
use crate::incident::view::Candidate;

/// A filter: its words, what it reads, what it prints.
pub type Filter = fn(&[String], &mut Source) -> Result<Printed, Stop>;

/// What a filter reads: what is piped into it, and files by their names.
pub struct Source<'a> {
    /// What is piped into it.
    pub piped: Option<&'a [String]>,
    /// Reads a file; `None` where there is none.
    pub read: &'a mut Read<'a>,
}

/// Reads a file by its name.
pub type Read<'a> = dyn FnMut(&str) -> Result<Option<Vec<String>>, Unread> + 'a;

/// What a file holds isn't known yet: the filter is run again once it is.
pub struct Unread;

/// Why a filter has no result.
pub enum Stop {
    /// A file has to be read first.
    Unread,
    /// It has failed.
    Failed(Printed),
}

impl From<Unread> for Stop {
    fn from(_: Unread) -> Self {
        Self::Unread
    }
}

impl Stop {
    fn failed(code: u8, line: impl Into<String>) -> Self {
        Self::Failed(Printed::error(code, line))
    }

    fn mistake(tool: &str, mistake: &Mistake) -> Self {
        Self::failed(2, mistake.gnu(tool))
    }
}

impl Source<'_> {
    /// The lines of each file, or of what is piped in, with the file's name.
    fn each(&mut self, tool: &str, files: &[String]) -> Result<Vec<(String, Vec<String>)>, Stop> {
        if files.is_empty() {
            let Some(piped) = self.piped else {
                let line = format!("{tool}: nothing to read: put it behind a pipe, or name a file");
                return Err(Stop::failed(1, line));
            };
            return Ok(vec![(String::new(), piped.to_vec())]);
        }
        let mut all = vec![];
        for file in files {
            if file == "-" {
                all.push((String::new(), self.piped.unwrap_or_default().to_vec()));
                continue;
            }
            match (self.read)(file)? {
                Some(lines) => all.push((file.clone(), lines)),
                None => return Err(Stop::failed(1, format!("{tool}: {file}: No such file or directory"))),
            }
        }
        Ok(all)
    }

    /// All lines, one file after the other.
    fn lines(&mut self, tool: &str, files: &[String]) -> Result<Vec<String>, Stop> {
        Ok(self.each(tool, files)?.into_iter().flat_map(|(_, lines)| lines).collect())
    }
}

/// A filter's entry in the table.
const fn filter(name: &'static str, usage: &'static str, summary: &'static str, run: Filter) -> Command {
    Command { name, usage, summary, runs: Runs::Filter(run), complete: complete_flags, ..Command::PLAIN }
}

/// The filters.
pub const COMMANDS: &[Command] = &[
    Command {
        manual: "-v keeps the lines without it, -i ignores case, -E takes extended patterns, -F takes the text as it is, -w whole words, -c counts, -o prints what matched only, -n numbers the lines, -A, -B and -C print lines around it, -e gives several patterns.\n\nkubectl get pods | grep -v Running\nkubectl logs deployment/NAME | grep -iE 'error|timeout'",
        options: Options::Read(grep::FLAGS),
        ..filter(
            "grep",
            "grep [-viEFwcon] [-A N] [-B N] PATTERN [FILE…]",
            "keeps the lines that hold a pattern",
            grep::grep,
        )
    },
    Command {
        manual: "head -3, head -n 3; head -n -3 leaves the last three out.",
        options: Options::Read(COUNT_FLAGS),
        ..filter("head", "head [-n COUNT] [FILE…]", "keeps the first lines, 10 by default", head)
    },
    Command {
        manual: "tail -3, tail -n 3; tail -n +3 begins with the third.",
        options: Options::Read(TAIL_FLAGS),
        ..filter("tail", "tail [-n COUNT] [FILE…]", "keeps the last lines, 10 by default", tail)
    },
    Command {
        manual: "-n by number, -h by size (1Gi after 900Mi), -r in reverse, -k FIELD by a field, -t its separator, -u each line once.\n\nkubectl get pods --no-headers | sort -k4 -n -r | head",
        options: Options::Read(sort::SORT_FLAGS),
        ..filter("sort", "sort [-nhru] [-k FIELD] [-t CHAR] [FILE…]", "sorts lines", sort::sort)
    },
    Command {
        manual: "-c counts, -d keeps only those that repeat, -u those that don't. Only neighbours are compared: sort first.\n\nkubectl get pods --no-headers | awk '{print $3}' | sort | uniq -c",
        options: Options::Read(sort::UNIQ_FLAGS),
        ..filter("uniq", "uniq [-cdu] [FILE]", "keeps one of equal neighbours", sort::uniq)
    },
    Command {
        options: Options::Read(WC_FLAGS),
        ..filter("wc", "wc [-lwc] [FILE…]", "counts lines, words and bytes", wc)
    },
    Command {
        manual: "PROGRAM is a list of `pattern { action }`. Fields are $1, $2, … $NF; -F sets what separates them. There are variables, arrays, arithmetic, ~ and !~, BEGIN and END, print, printf, if, for (k in a), next.\n\nkubectl get pods --no-headers | awk '$4 > 3 {print $1, $4}'\nkubectl get pods --no-headers | awk '{n[$3]++} END {for (s in n) print n[s], s}'",
        options: Options::Read(awk::FLAGS),
        ..filter("awk", "awk [-F SEPARATOR] 'PROGRAM' [FILE…]", "prints fields of lines", awk::awk)
    },
    Command {
        manual: "s/PATTERN/TEXT/ replaces, with g each time in a line and I in any case; d deletes, p prints, q ends; before them a line number, $, a /PATTERN/ or two of these with a comma. -n prints only what p says, -E takes extended patterns.\n\nsed 's/=.*//'",
        options: Options::Read(sed::FLAGS),
        ..filter("sed", "sed [-nE] 'SCRIPT' [FILE…]", "replaces text in lines", sed::sed)
    },
    Command {
        options: Options::Read(columns::CUT_FLAGS),
        ..filter("cut", "cut -d CHAR -f LIST | cut -c LIST", "keeps fields or columns of lines", columns::cut)
    },
    Command {
        options: Options::Read(columns::TR_FLAGS),
        ..filter("tr", "tr [-ds] SET [SET]", "replaces or deletes characters", columns::translate)
    },
    Command {
        options: Options::Read(columns::COLUMN_FLAGS),
        ..filter("column", "column [-t] [-s SEPARATORS]", "puts fields under each other", columns::column)
    },
    Command {
        aliases: &["less", "more"],
        options: Options::Read(CAT_FLAGS),
        ..filter("cat", "cat [-n] [FILE…]", "prints what it reads", cat)
    },
    Command { options: Options::Read(&[]), ..filter("tac", "tac [FILE…]", "prints the last line first", tac) },
    filter("seq", "seq [FIRST [STEP]] LAST", "numbers in a row, a line each", condition::seq),
    Command {
        aliases: &["["],
        manual: "= and != compare texts, -eq -ne -lt -le -gt -ge numbers; -z is an empty text, -n any other; ! turns it round.\n\n[ $(kubectl get pods | grep -c Error) -gt 3 ] && echo many",
        ..filter("test", "test A = B", "asks a question: the exit code is the answer", condition::test)
    },
];

fn complete_flags(typed: &Typed, _: &dyn super::World) -> Vec<Candidate> {
    let command = typed.before.first().and_then(|name| find(name));
    arguments::candidates(command.map_or(&[], |command| command.options.all()))
}

const WC_FLAGS: &[Flag] = &[
    switch('l', "lines", "lines"),
    switch('w', "words", "words"),
    switch('c', "bytes", "bytes"),
    switch('m', "chars", "characters"),
];

fn wc(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], WC_FLAGS).map_err(|mistake| Stop::mistake("wc", &mistake))?;
    let all = ["lines", "words", "bytes", "chars"].iter().all(|flag| !given.has(flag));
    let mut output = vec![];
    let read = source.each("wc", &given.operands)?;
    for (file, lines) in &read {
        let counts = [
            ("lines", lines.len()),
            ("words", lines.iter().map(|line| line.split_whitespace().count()).sum()),
            ("bytes", lines.iter().map(|line| line.len() + 1).sum()),
            ("chars", lines.iter().map(|line| line.chars().count() + 1).sum()),
        ];
        let shown = counts.iter().filter(|(flag, _)| given.has(flag) || (all && *flag != "chars"));
        let shown: Vec<usize> = shown.map(|(_, count)| *count).collect();
        let text = match shown.as_slice() {
            [count] => format!("{count} {file}"),
            _ => shown.iter().map(|count| format!("{count:>7}")).collect::<Vec<_>>().join(" ") + " " + file,
        };
        output.push(text.trim_end().to_owned());
    }
    Ok(Printed::output(output))
}

/// `head -3` as `head -n 3`.
fn with_count(words: &[String]) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    for word in words {
        let digits = word.strip_prefix('-').filter(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
        match digits {
            Some(digits) if out.last().is_none_or(|before| before != "-n") => {
                out.extend(["-n".to_owned(), digits.to_owned()]);
            }
            _ => out.push(word.clone()),
        }
    }
    out
}

const COUNT_FLAGS: &[Flag] = &[
    valued('n', "lines", "COUNT", "how many lines"),
    switch('q', "quiet", "without the names of the files"),
    switch('v', "verbose", "with the names of the files"),
];

/// What goes on printing is the shell's.
const TAIL_FLAGS: &[Flag] =
    &[COUNT_FLAGS[0], COUNT_FLAGS[1], COUNT_FLAGS[2], switch('f', "follow", "goes on printing what is added")];

/// Some lines of each file, under its name where there are several.
fn parts(
    tool: &str,
    words: &[String],
    source: &mut Source,
    part: impl Fn(Vec<String>, &str, usize) -> Vec<String>,
) -> Result<Printed, Stop> {
    let given = Given::read(&with_count(&words[1..]), COUNT_FLAGS).map_err(|mistake| Stop::mistake(tool, &mistake))?;
    let count = given.value("lines").unwrap_or("10");
    let number = count.trim_start_matches(['-', '+']).parse::<usize>();
    let number = number.map_err(|_| Stop::failed(1, format!("{tool}: invalid number of lines: ‘{count}’")))?;
    let files = source.each(tool, &given.operands)?;
    let names = (files.len() > 1 || given.has("verbose")) && !given.has("quiet");
    let mut output = vec![];
    for (file, lines) in files {
        if names {
            output.extend((!output.is_empty()).then(String::new));
            let name = if file.is_empty() { "standard input" } else { &file };
            output.push(format!("==> {name} <=="));
        }
        output.extend(part(lines, count, number));
    }
    Ok(Printed::output(output))
}

fn head(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    parts("head", words, source, |mut lines, count, number| {
        lines.truncate(if count.starts_with('-') { lines.len().saturating_sub(number) } else { number });
        lines
    })
}

fn tail(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    parts("tail", words, source, last_of)
}

fn last_of(mut lines: Vec<String>, count: &str, number: usize) -> Vec<String> {
    let skipped = if count.starts_with('+') { number.saturating_sub(1) } else { lines.len().saturating_sub(number) };
    lines.split_off(skipped.min(lines.len()))
}

/// What `tail` prints of these lines at first, where it goes on.
///
/// # Errors
/// What it says of its options.
pub fn last(options: &[String], lines: &[String]) -> Result<Vec<String>, String> {
    let words: Vec<String> = std::iter::once("tail".to_owned()).chain(options.iter().cloned()).collect();
    let mut source = Source { piped: Some(lines), read: &mut |_| Ok(None) };
    match parts("tail", &words, &mut source, last_of) {
        Ok(printed) => Ok(printed.lines.into_iter().map(|(_, line)| line).collect()),
        Err(Stop::Failed(printed)) => Err(printed.lines.into_iter().map(|(_, line)| line).collect()),
        Err(Stop::Unread) => Ok(vec![]),
    }
}

const CAT_FLAGS: &[Flag] = &[
    switch('n', "number", "numbers the lines"),
    switch('A', "show-all", "shows where lines end, and tabs"),
    // How `less` is told to keep colours.
    moot('R', ""),
];

fn cat(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let tool = words[0].as_str();
    let given = Given::read(&words[1..], CAT_FLAGS).map_err(|mistake| Stop::mistake(tool, &mistake))?;
    let mut lines = source.lines(tool, &given.operands)?;
    if given.has("show-all") {
        lines = lines.iter().map(|line| format!("{}$", line.replace('\t', "^I"))).collect();
    }
    if given.has("number") {
        let numbered = lines.into_iter().enumerate().map(|(index, line)| format!("{:>6}\t{line}", index + 1));
        return Ok(Printed::output(numbered.collect()));
    }
    Ok(Printed::output(lines))
}

fn tac(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], &[]).map_err(|mistake| Stop::mistake("tac", &mistake))?;
    let mut lines = source.lines("tac", &given.operands)?;
    lines.reverse();
    Ok(Printed::output(lines))
}

/// The command lines that `xargs` makes of what is piped into it.
///
/// # Errors
/// What it prints where its own words can't be read.
pub fn batches(words: &[String], input: &[String]) -> Result<Vec<Vec<String>>, Printed> {
    let (mut count, mut mark, mut only_with_input, mut at) = (usize::MAX, None, false, 1);
    let mut by_lines = false;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-') && word.len() > 1) {
        let (flag, attached) = word.split_at(2);
        match flag {
            "-r" if attached.is_empty() => only_with_input = true,
            "--" if attached == "no-run-if-empty" => only_with_input = true,
            "-n" | "-I" | "-P" | "-L" => {
                let value = if attached.is_empty() {
                    at += 1;
                    words.get(at).cloned().unwrap_or_default()
                } else {
                    attached.to_owned()
                };
                match flag {
                    "-I" if value.is_empty() => {
                        return Err(Printed::error(1, "xargs: option requires an argument -- 'I'"));
                    }
                    "-I" => mark = Some(value),
                    // They end in the order in which they began.
                    "-P" => {}
                    _ => match value.parse::<usize>() {
                        Ok(number) if number > 0 => (count, by_lines) = (number, flag == "-L"),
                        _ => {
                            let line = format!("xargs: invalid number \"{value}\" for {flag} option");
                            return Err(Printed::error(1, line));
                        }
                    },
                }
            }
            _ => return Err(Printed::error(1, format!("xargs: invalid option -- '{}'", word.trim_start_matches('-')))),
        }
        at += 1;
    }
    let command = if at < words.len() { words[at..].to_vec() } else { vec!["echo".to_owned()] };
    if let Some(mark) = mark {
        let lines = input.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
        return Ok(lines.map(|line| command.iter().map(|word| word.replace(&mark, line)).collect()).collect());
    }
    if by_lines {
        let lines: Vec<&String> = input.iter().filter(|line| !line.trim().is_empty()).collect();
        let words = |lines: &[&String]| -> Vec<String> {
            lines.iter().flat_map(|line| line.split_whitespace()).map(str::to_owned).collect()
        };
        let batches = lines.chunks(count).map(|lines| command.iter().cloned().chain(words(lines)).collect());
        return Ok(batches.collect());
    }
    let given: Vec<&str> = input.iter().flat_map(|line| line.split_whitespace()).collect();
    if given.is_empty() {
        return Ok(if only_with_input { vec![] } else { vec![command] });
    }
    let with = |batch: &[&str]| command.iter().cloned().chain(batch.iter().map(|w| (*w).to_owned())).collect();
    Ok(given.chunks(count.min(5000)).map(with).collect())
}

#[cfg(test)]
mod tests;
