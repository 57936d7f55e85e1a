//! `cut`, `tr` and `column`.

use super::super::Printed;
use super::super::arguments::{Flag, Given, switch, valued};
use super::{Source, Stop};

/// The flags of `cut`.
pub const CUT_FLAGS: &[Flag] = &[
    valued('d', "delimiter", "CHAR", "what separates fields; a tab by default"),
    valued('f', "fields", "LIST", "fields: 1,3-5"),
    valued('c', "characters", "LIST", "columns: 1-20"),
    switch('s', "only-delimited", "only lines with a separator"),
];

pub const TR_FLAGS: &[Flag] = &[
    switch('d', "delete", "deletes them"),
    switch('s', "squeeze-repeats", "one of those that repeat"),
    switch('c', "complement", "all but them"),
];
pub const COLUMN_FLAGS: &[Flag] = &[
    switch('t', "table", "as a table"),
    valued('s', "separator", "CHARS", "what separates fields"),
    valued('o', "output-separator", "TEXT", "what stands between columns"),
];

pub fn cut(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], CUT_FLAGS).map_err(|mistake| Stop::mistake("cut", &mistake))?;
    let list = given.value("fields").or(given.value("characters"));
    let list = list.ok_or_else(|| Stop::failed(1, "cut: you must specify a list of bytes, characters, or fields"))?;
    let wanted = ranges(list).ok_or_else(|| Stop::failed(1, format!("cut: invalid field value ‘{list}’")))?;
    let is_in = |at: usize| wanted.iter().any(|(from, to)| (*from..=*to).contains(&at));
    let delimiter = given.value("delimiter").unwrap_or("\t");
    let lines = source.lines("cut", &given.operands)?;
    if given.value("fields").is_none() {
        let cut = |line: &String| line.chars().enumerate().filter(|(at, _)| is_in(at + 1)).map(|(_, c)| c).collect();
        return Ok(Printed::output(lines.iter().map(cut).collect()));
    }
    if delimiter.chars().count() != 1 {
        return Err(Stop::failed(1, "cut: the delimiter must be a single character"));
    }
    let mut output = vec![];
    for line in lines {
        if line.contains(delimiter) {
            let fields = line.split(delimiter).enumerate().filter(|(at, _)| is_in(at + 1)).map(|(_, field)| field);
            output.push(fields.collect::<Vec<_>>().join(delimiter));
        } else if !given.has("only-delimited") {
            output.push(line);
        }
    }
    Ok(Printed::output(output))
}

/// `1,3-5,7-`.
fn ranges(list: &str) -> Option<Vec<(usize, usize)>> {
    let number = |text: &str, otherwise| if text.is_empty() { Some(otherwise) } else { text.parse::<usize>().ok() };
    let range = |part: &str| match part.split_once('-') {
        Some(("", "")) => None,
        Some((from, to)) => Some((number(from, 1)?, number(to, usize::MAX)?)),
        None => part.parse::<usize>().ok().filter(|at| *at > 0).map(|at| (at, at)),
    };
    list.split(',').map(range).collect()
}

pub fn translate(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], TR_FLAGS).map_err(|mistake| Stop::mistake("tr", &mistake))?;
    let (first, second) = match (given.operands.as_slice(), given.has("delete") || given.has("squeeze-repeats")) {
        ([first], true) => (set(first), vec![]),
        ([first, second], _) => (set(first), set(second)),
        ([first], false) => return Err(Stop::failed(1, format!("tr: missing operand after ‘{first}’"))),
        ([], _) => return Err(Stop::failed(1, "tr: missing operand")),
        ([_, _, extra, ..], _) => return Err(Stop::failed(1, format!("tr: extra operand ‘{extra}’"))),
    };
    let text = source.lines("tr", &[])?.join("\n") + "\n";
    let is_in = |c: char| first.contains(&c) != given.has("complement");
    let mut out = String::new();
    for c in text.chars() {
        let replaced = match (is_in(c), second.last()) {
            (true, _) if given.has("delete") => continue,
            (true, Some(last)) => {
                let at = first.iter().position(|one| *one == c).unwrap_or(usize::MAX);
                *second.get(at).unwrap_or(last)
            }
            _ => c,
        };
        let squeezed = if second.is_empty() { is_in(c) } else { second.contains(&replaced) };
        if given.has("squeeze-repeats") && squeezed && out.ends_with(replaced) {
            continue;
        }
        out.push(replaced);
    }
    let out = out.strip_suffix('\n').unwrap_or(&out);
    Ok(Printed::output(out.split('\n').map(str::to_owned).collect()))
}

/// The characters that a set means: `a-z`, `\n`, `[:upper:]`.
fn set(text: &str) -> Vec<char> {
    let classes = [
        ("[:upper:]", ('A'..='Z').collect::<Vec<_>>()),
        ("[:lower:]", ('a'..='z').collect()),
        ("[:digit:]", ('0'..='9').collect()),
        ("[:alpha:]", ('A'..='Z').chain('a'..='z').collect()),
        ("[:alnum:]", ('0'..='9').chain('A'..='Z').chain('a'..='z').collect()),
        ("[:space:]", vec![' ', '\t', '\n', '\r']),
        ("[:blank:]", vec![' ', '\t']),
        ("[:punct:]", (' '..='~').filter(char::is_ascii_punctuation).collect()),
    ];
    let mut all = vec![];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((name, members)) = classes.iter().find(|(name, _)| rest.starts_with(name)) {
            all.extend(members);
            rest = &rest[name.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let c = if c == '\\' {
            let escaped = rest.chars().next().unwrap_or('\\');
            rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
            match escaped {
                'n' => '\n',
                't' => '\t',
                other => other,
            }
        } else {
            c
        };
        let end = rest.strip_prefix('-').and_then(|after| after.chars().next());
        match end {
            Some(end) if end >= c && all.len() < 1000 => {
                all.extend((c..=end).take(1000));
                rest = &rest[1 + end.len_utf8()..];
            }
            _ => all.push(c),
        }
    }
    all
}

pub fn column(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], COLUMN_FLAGS).map_err(|mistake| Stop::mistake("column", &mistake))?;
    let lines = source.lines("column", &given.operands)?;
    if !given.has("table") {
        return Ok(Printed::output(lines));
    }
    let rows = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| match given.value("separator") {
        Some(separators) => line.split(|c| separators.contains(c)).map(|f| f.trim().to_owned()).collect(),
        None => line.split_whitespace().map(str::to_owned).collect(),
    });
    let rows: Vec<Vec<String>> = rows.collect();
    Ok(Printed::output(table(&rows, given.value("output-separator").unwrap_or("  "))))
}

/// Rows with their fields under each other.
fn table(rows: &[Vec<String>], gap: &str) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|f| f.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let fields: Vec<String> = row.iter().zip(&widths).map(|(field, width)| format!("{field:<width$}")).collect();
        fields.join(gap).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
