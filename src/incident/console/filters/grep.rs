//! `grep`: the lines that hold a pattern.

use super::super::arguments::{Flag, Given, moot, switch, valued};
use super::super::{Printed, Stream};
use super::{Source, Stop, pattern};
use regex::Regex;

/// The flags of `grep`.
pub const FLAGS: &[Flag] = &[
    switch('v', "invert-match", "the lines without it"),
    switch('i', "ignore-case", "in any case"),
    switch('E', "extended-regexp", "extended patterns: a|b, a+"),
    switch('F', "fixed-strings", "the text as it is"),
    switch('P', "perl-regexp", "extended patterns"),
    switch('w', "word-regexp", "whole words"),
    switch('x', "line-regexp", "whole lines"),
    switch('c', "count", "only how many lines"),
    switch('o', "only-matching", "only what matched"),
    switch('n', "line-number", "with line numbers"),
    switch('q', "quiet", "prints nothing"),
    switch('h', "no-filename", "without file names"),
    switch('H', "with-filename", "with file names"),
    switch('l', "files-with-matches", "only the names of the files"),
    switch('s', "no-messages", "says nothing of files that aren't there"),
    moot('a', "text"),
    moot(' ', "line-buffered"),
    valued('m', "max-count", "N", "at most so many lines"),
    valued('A', "after-context", "N", "lines after it"),
    valued('B', "before-context", "N", "lines before it"),
    valued('C', "context", "N", "lines around it"),
    valued('e', "regexp", "PATTERN", "one of several patterns"),
    moot(' ', "color"),
];

pub fn grep(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], FLAGS).map_err(|mistake| Stop::mistake("grep", &mistake))?;
    let mut patterns: Vec<&str> = given.values("regexp").collect();
    let mut files = given.operands.as_slice();
    if patterns.is_empty() {
        let Some((first, rest)) = files.split_first() else {
            return Err(Stop::failed(2, "Usage: grep [OPTION]... PATTERNS [FILE]..."));
        };
        patterns.push(first);
        files = rest;
    }
    let rest = given.rest.clone().unwrap_or_default();
    let files: Vec<String> = files.iter().cloned().chain(rest).collect();
    let regex = combined(&given, &patterns)?;
    let read = source.each("grep", &files).map_err(|stop| match stop {
        Stop::Failed(_) if given.has("no-messages") => Stop::Failed(Printed { code: 2, ..Printed::default() }),
        stop => stop,
    })?;
    let names = (read.len() > 1 || given.has("with-filename")) && !given.has("no-filename");
    let mut printed = Printed { code: 1, ..Printed::default() };
    for (file, lines) in read {
        let before = printed.lines.len();
        let prefix = if names { format!("{file}:") } else { String::new() };
        if search(&given, &regex, &lines, &prefix, &mut printed)? {
            printed.code = 0;
            if given.has("files-with-matches") {
                printed.lines.truncate(before);
                printed.lines.push((Stream::Output, file));
            }
        }
    }
    if given.has("quiet") {
        printed.lines.clear();
    }
    Ok(printed)
}

/// One expression for all the patterns.
fn combined(given: &Given, patterns: &[&str]) -> Result<Regex, Stop> {
    let extended = given.has("extended-regexp") || given.has("perl-regexp");
    let ignore_case = given.has("ignore-case");
    let mut alternatives = vec![];
    for pattern in patterns.iter().flat_map(|pattern| pattern.split('\n')) {
        if given.has("fixed-strings") {
            alternatives.push(regex::escape(pattern));
        } else {
            alternatives.push(pattern::compile("grep", pattern, extended, ignore_case)?.as_str().to_owned());
        }
    }
    let mut text = alternatives.iter().map(|one| format!("(?:{one})")).collect::<Vec<_>>().join("|");
    if given.has("word-regexp") {
        text = format!(r"\b(?:{text})\b");
    }
    if given.has("line-regexp") {
        text = format!("^(?:{text})$");
    }
    pattern::build(&text, ignore_case).ok_or_else(|| Stop::failed(2, "grep: Regular expression too big"))
}

fn count(given: &Given, flag: &str) -> Result<Option<usize>, Stop> {
    let Some(value) = given.value(flag) else { return Ok(None) };
    let wrong = || Stop::failed(2, format!("grep: {value}: invalid context length argument"));
    value.parse().map(Some).map_err(|_| wrong())
}

/// Adds what is found in some lines; whether anything was.
fn search(given: &Given, regex: &Regex, lines: &[String], prefix: &str, printed: &mut Printed) -> Result<bool, Stop> {
    let around = count(given, "context")?.unwrap_or(0);
    let (after, before) =
        (count(given, "after-context")?.unwrap_or(around), count(given, "before-context")?.unwrap_or(around));
    let most = count(given, "max-count")?.unwrap_or(usize::MAX);
    let matches = |line: &String| regex.is_match(line) != given.has("invert-match");
    let found = lines.iter().enumerate().filter(|(_, line)| matches(line)).map(|(index, _)| index);
    let found: Vec<usize> = found.take(most).collect();
    let mut add = |text: String| printed.lines.push((Stream::Output, text));
    if given.has("count") {
        add(format!("{prefix}{}", found.len()));
        return Ok(!found.is_empty());
    }
    let number = |index: usize, mark: char| {
        let prefix = if mark == ':' { prefix.to_owned() } else { prefix.replace(':', "-") };
        if given.has("line-number") { format!("{prefix}{}{mark}", index + 1) } else { prefix }
    };
    let mut next = 0;
    for (at, index) in found.iter().enumerate() {
        if given.has("only-matching") {
            for part in regex.find_iter(&lines[*index]).filter(|part| !part.is_empty()) {
                add(format!("{}{}", number(*index, ':'), part.as_str()));
            }
            continue;
        }
        let from = index.saturating_sub(before).max(next);
        if from > next && at > 0 && before + after > 0 {
            add("--".to_owned());
        }
        for (offset, line) in lines[from..*index].iter().enumerate() {
            add(format!("{}{line}", number(from + offset, '-')));
        }
        add(format!("{}{}", number(*index, ':'), lines[*index]));
        next = index + 1;
        let until = (index + 1 + after).min(found.get(at + 1).copied().unwrap_or(lines.len())).min(lines.len());
        for line in &lines[next..until.max(next)] {
            add(format!("{}{line}", number(next, '-')));
            next += 1;
        }
    }
    Ok(!found.is_empty())
}
