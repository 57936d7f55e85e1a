//! `sort` and `uniq`.

use super::super::Printed;
use super::super::arguments::{Flag, Given, moot, switch, valued};
use super::{Source, Stop};
use std::cmp::Ordering;

/// The flags of `sort`.
pub const SORT_FLAGS: &[Flag] = &[
    switch('n', "numeric-sort", "by number"),
    switch('h', "human-numeric-sort", "by size: 900Mi before 1Gi"),
    switch('g', "general-numeric-sort", "by number"),
    switch('V', "version-sort", "by version"),
    switch('r', "reverse", "in reverse"),
    switch('u', "unique", "each line once"),
    switch('f', "ignore-case", "in any case"),
    switch('s', "stable", "what is equal stays in its order"),
    // Fields have no blanks around them here.
    moot('b', "ignore-leading-blanks"),
    valued('k', "key", "FIELD", "by a field: 4, 4n, 2,2"),
    valued('t', "field-separator", "CHAR", "what separates fields"),
];

/// The flags of `uniq`.
pub const UNIQ_FLAGS: &[Flag] = &[
    switch('c', "count", "with how often"),
    switch('d', "repeated", "only those that repeat"),
    switch('u', "unique", "only those that don't"),
    switch('i', "ignore-case", "in any case"),
];

/// What a line is sorted by.
struct Key {
    first: usize,
    last: Option<usize>,
    numeric: bool,
    human: bool,
    version: bool,
    reverse: bool,
    ignore_case: bool,
}

pub fn sort(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], SORT_FLAGS).map_err(|mistake| Stop::mistake("sort", &mistake))?;
    let numeric = ["numeric-sort", "general-numeric-sort"].iter().any(|flag| given.has(flag));
    let human = given.has("human-numeric-sort");
    let whole = || Key {
        first: 0,
        last: None,
        numeric,
        human,
        version: given.has("version-sort"),
        reverse: given.has("reverse"),
        ignore_case: given.has("ignore-case"),
    };
    let mut keys = vec![];
    for text in given.values("key") {
        keys.push(key(text, &whole())?);
    }
    let separator = given.value("field-separator").and_then(|text| text.chars().next());
    let mut lines = source.lines("sort", &given.operands)?;
    let plain_reverse = given.has("reverse");
    if keys.is_empty() {
        keys.push(whole());
    }
    let by_keys = |a: &String, b: &String| {
        let by_key = keys.iter().map(|key| key.compare(a, b, separator));
        by_key.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    };
    lines.sort_by(|a, b| {
        let last_resort = if plain_reverse { b.cmp(a) } else { a.cmp(b) };
        let by_keys = by_keys(a, b);
        if given.has("stable") || given.has("unique") { by_keys } else { by_keys.then(last_resort) }
    });
    if given.has("unique") {
        lines.dedup_by(|a, b| by_keys(a, b).is_eq());
    }
    Ok(Printed::output(lines))
}

/// `4`, `4n`, `2,2`, `3nr`.
fn key(text: &str, whole: &Key) -> Result<Key, Stop> {
    let wrong = || Stop::failed(2, format!("sort: invalid number at field start: invalid count at start of ‘{text}’"));
    let (from, to) = text.split_once(',').map_or((text, None), |(from, to)| (from, Some(to)));
    let number = |part: &str| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().ok().filter(|number| *number > 0)
    };
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    let own = !letters.is_empty();
    Ok(Key {
        first: number(from).ok_or_else(wrong)?,
        last: to.and_then(number),
        numeric: letters.contains(['n', 'g']) || (!own && whole.numeric),
        human: letters.contains('h') || (!own && whole.human),
        version: letters.contains('V') || (!own && whole.version),
        reverse: letters.contains('r') || (!own && whole.reverse),
        ignore_case: letters.contains('f') || (!own && whole.ignore_case),
    })
}

impl Key {
    fn compare(&self, a: &str, b: &str, separator: Option<char>) -> Ordering {
        let (a, b) = (self.of(a, separator), self.of(b, separator));
        let ordering = if self.version {
            versions(&a).cmp(&versions(&b))
        } else if self.human {
            size(&a).total_cmp(&size(&b))
        } else if self.numeric {
            number(&a).total_cmp(&number(&b))
        } else if self.ignore_case {
            a.to_lowercase().cmp(&b.to_lowercase())
        } else {
            a.cmp(&b)
        };
        if self.reverse { ordering.reverse() } else { ordering }
    }

    fn of(&self, line: &str, separator: Option<char>) -> String {
        if self.first == 0 {
            return line.to_owned();
        }
        let fields: Vec<&str> = match separator {
            Some(separator) => line.split(separator).collect(),
            None => line.split_whitespace().collect(),
        };
        let from = (self.first - 1).min(fields.len());
        let to = self.last.unwrap_or(fields.len()).clamp(from, fields.len());
        fields[from..to].join(" ")
    }
}

/// The parts of a version: what isn't digits by its letters, digits by their number.
fn versions(text: &str) -> Vec<(&str, u64)> {
    let mut parts = vec![];
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
        let (digits, after) = after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len()));
        parts.push((word, digits.parse().unwrap_or(0)));
        rest = after;
    }
    parts
}

/// The number that a text begins with; 0 where it begins with none.
pub fn number(text: &str) -> f64 {
    let text = text.trim_start();
    let body = text.strip_prefix('-').unwrap_or(text);
    let mut seen_dot = false;
    let end = body.find(|c: char| !(c.is_ascii_digit() || (c == '.' && !std::mem::replace(&mut seen_dot, true))));
    let value: f64 = body[..end.unwrap_or(body.len())].parse().unwrap_or(0.0);
    if text.len() == body.len() { value } else { -value }
}

/// A number with a unit: `1.5Gi`, `900M`, `112m`.
fn size(text: &str) -> f64 {
    let unit = text.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let scale = match unit.chars().next() {
        Some('K' | 'k') => 1024.0,
        Some('M') => 1024.0 * 1024.0,
        Some('G') => 1024.0 * 1024.0 * 1024.0,
        Some('T') => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => 1.0,
    };
    number(text) * scale
}

pub fn uniq(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], UNIQ_FLAGS).map_err(|mistake| Stop::mistake("uniq", &mistake))?;
    let mut groups: Vec<(String, usize)> = vec![];
    for line in source.lines("uniq", &given.operands)? {
        let same = |last: &String| {
            if given.has("ignore-case") { last.to_lowercase() == line.to_lowercase() } else { *last == line }
        };
        match groups.last_mut() {
            Some((last, count)) if same(last) => *count += 1,
            _ => groups.push((line, 1)),
        }
    }
    let wanted = groups
        .into_iter()
        .filter(|(_, count)| (!given.has("repeated") || *count > 1) && (!given.has("unique") || *count == 1));
    let shown = wanted.map(|(line, count)| if given.has("count") { format!("{count:>7} {line}") } else { line });
    Ok(Printed::output(shown.collect()))
}
