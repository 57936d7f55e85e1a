//! `awk`: the part of it that people type at a prompt. It has no loop but `for (k in a)`, so every program ends.

mod program;

use super::super::arguments::{Flag, Given, valued};
use super::super::{Printed, Stream};
use super::sort::number;
use super::{Source, Stop, pattern};
use program::{Expression, Operator, Pattern, Rule, Statement};
use regex::Regex;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Output lines after which a program is stopped.
const LINES_MAX: usize = 20_000;

pub const FLAGS: &[Flag] = &[
    valued('F', "field-separator", "SEPARATOR", "what separates fields"),
    valued('v', "assign", "NAME=VALUE", "a variable before it begins"),
];

pub fn awk(words: &[String], source: &mut Source) -> Result<Printed, Stop> {
    let given = Given::read(&words[1..], FLAGS).map_err(|mistake| Stop::mistake("awk", &mistake))?;
    let Some((text, files)) = given.operands.split_first() else {
        return Err(Stop::failed(2, "usage: awk [-F separator] 'program' [file ...]"));
    };
    let rules = program::parse(text).map_err(|what| Stop::failed(2, format!("awk: syntax error: {what}")))?;
    let mut machine = Machine::default();
    machine.set("FS", given.value("field-separator").unwrap_or(" "));
    machine.set("OFS", " ");
    for assigned in given.values("assign") {
        let (name, value) = assigned.split_once('=').unwrap_or((assigned, ""));
        machine.set(name, value);
    }
    machine.run(&rules, |rule| matches!(rule.pattern, Pattern::Begin))?;
    let main = |rule: &Rule| !matches!(rule.pattern, Pattern::Begin | Pattern::End);
    let ends = rules.iter().any(|rule| matches!(rule.pattern, Pattern::End));
    if rules.iter().any(main) || ends {
        for (index, line) in source.lines("awk", files)?.iter().enumerate() {
            machine.read(line, index + 1)?;
            machine.run(&rules, main)?;
        }
    }
    machine.run(&rules, |rule| matches!(rule.pattern, Pattern::End))?;
    machine.flush();
    Ok(Printed { lines: machine.output, code: 0 })
}

/// The state of a running program.
#[derive(Default)]
struct Machine {
    line: String,
    fields: Vec<String>,
    variables: BTreeMap<String, String>,
    arrays: BTreeMap<String, BTreeMap<String, String>>,
    output: Vec<(Stream, String)>,
    /// What `printf` has printed of a line that hasn't ended.
    pending: String,
    patterns: BTreeMap<String, Regex>,
    separator: Option<Regex>,
    separator_text: String,
}

/// What a statement says about those after it.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    NextLine,
}

impl Machine {
    fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    fn get(&self, name: &str) -> String {
        self.variables.get(name).cloned().unwrap_or_default()
    }

    fn regex(&mut self, text: &str) -> Result<Regex, Stop> {
        if let Some(known) = self.patterns.get(text) {
            return Ok(known.clone());
        }
        let regex = pattern::compile("awk", text, true, false)?;
        if self.patterns.len() < 50 {
            self.patterns.insert(text.to_owned(), regex.clone());
        }
        Ok(regex)
    }

    fn read(&mut self, line: &str, number: usize) -> Result<(), Stop> {
        line.clone_into(&mut self.line);
        self.set("NR", &number.to_string());
        self.split()
    }

    fn split(&mut self) -> Result<(), Stop> {
        let separator = self.get("FS");
        let mut chars = separator.chars();
        self.fields = match (chars.next(), chars.next()) {
            (Some(' '), None) => self.line.split_whitespace().map(str::to_owned).collect(),
            _ if self.line.is_empty() => vec![],
            (Some(c), None) => self.line.split(c).map(str::to_owned).collect(),
            (Some('\\'), Some('t')) => self.line.split('\t').map(str::to_owned).collect(),
            _ => {
                if self.separator.is_none() || self.separator_text != separator {
                    self.separator = Some(self.regex(&separator)?);
                    self.separator_text.clone_from(&separator);
                }
                let Some(regex) = &self.separator else { return Ok(()) };
                regex.split(&self.line).map(str::to_owned).collect()
            }
        };
        self.set("NF", &self.fields.len().to_string());
        Ok(())
    }

    fn run(&mut self, rules: &[Rule], wanted: impl Fn(&Rule) -> bool) -> Result<(), Stop> {
        for rule in rules.iter().filter(|rule| wanted(rule)) {
            let applies = match &rule.pattern {
                Pattern::Begin | Pattern::End | Pattern::Every => true,
                Pattern::Where(expression) => {
                    let value = self.value(expression)?;
                    is_true(&value, expression)
                }
            };
            if applies && self.statements(&rule.action)? == Flow::NextLine {
                break;
            }
        }
        Ok(())
    }

    fn statements(&mut self, statements: &[Statement]) -> Result<Flow, Stop> {
        for statement in statements {
            match statement {
                Statement::Print(values) => {
                    let texts = values.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
                    let text = if values.is_empty() { self.line.clone() } else { texts.join(&self.get("OFS")) };
                    self.print(&text, true);
                }
                Statement::Printf(values) => {
                    let texts = values.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
                    let text = format(&texts);
                    self.print(&text, false);
                }
                Statement::Do(expression) => drop(self.value(expression)?),
                Statement::If(condition, then, otherwise) => {
                    let value = self.value(condition)?;
                    let branch = if is_true(&value, condition) { then } else { otherwise };
                    if self.statements(branch)? == Flow::NextLine {
                        return Ok(Flow::NextLine);
                    }
                }
                Statement::ForIn(variable, array, body) => {
                    let keys: Vec<String> =
                        self.arrays.get(array).into_iter().flatten().map(|(k, _)| k.clone()).collect();
                    for key in keys {
                        self.set(variable, &key);
                        if self.output.len() > LINES_MAX || self.statements(body)? == Flow::NextLine {
                            return Ok(Flow::NextLine);
                        }
                    }
                }
                Statement::Next => return Ok(Flow::NextLine),
            }
        }
        Ok(Flow::On)
    }

    fn print(&mut self, text: &str, ends: bool) {
        if self.output.len() > LINES_MAX || self.pending.len() > 100_000 {
            return;
        }
        self.pending.push_str(text);
        if ends {
            self.pending.push('\n');
        }
        while let Some((line, rest)) = self.pending.split_once('\n') {
            self.output.push((Stream::Output, line.to_owned()));
            self.pending = rest.to_owned();
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let rest = std::mem::take(&mut self.pending);
            self.output.push((Stream::Output, rest));
        }
    }

    fn value(&mut self, expression: &Expression) -> Result<String, Stop> {
        Ok(match expression {
            Expression::Text(text) | Expression::Number(text) => text.clone(),
            Expression::Variable(name) => self.get(name),
            Expression::Field(index) => {
                let index = number(&self.value(index)?) as usize;
                if index == 0 { self.line.clone() } else { self.fields.get(index - 1).cloned().unwrap_or_default() }
            }
            Expression::Element(array, key) => {
                let key = self.value(key)?;
                self.arrays.get(array).and_then(|array| array.get(&key)).cloned().unwrap_or_default()
            }
            Expression::Matches(text, pattern, wanted) => {
                let text = self.value(text)?;
                let pattern = self.value(pattern)?;
                flag(self.regex(&pattern)?.is_match(&text) == *wanted)
            }
            Expression::LineMatches(pattern) => {
                let line = self.line.clone();
                flag(self.regex(pattern)?.is_match(&line))
            }
            Expression::Not(inner) => {
                let value = self.value(inner)?;
                flag(!is_true(&value, inner))
            }
            Expression::Negative(inner) => show(-number(&self.value(inner)?)),
            Expression::Assign(to, value) => {
                let value = self.value(value)?;
                self.assign(to, &value)?;
                value
            }
            Expression::Step(to, by, before) => {
                let old = number(&self.value(to)?);
                let new = old + f64::from(*by);
                self.assign(to, &show(new))?;
                show(if *before { new } else { old })
            }
            Expression::In(key, array) => {
                let key = self.value(key)?;
                flag(self.arrays.get(array).is_some_and(|array| array.contains_key(&key)))
            }
            Expression::Choose(condition, then, otherwise) => {
                let value = self.value(condition)?;
                let branch = if is_true(&value, condition) { then } else { otherwise };
                self.value(branch)?
            }
            Expression::Call(name, values) => {
                let values = values.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
                self.call(name, &values)
            }
            Expression::Two(operator, left, right) => self.two(*operator, left, right)?,
        })
    }

    fn assign(&mut self, to: &Expression, value: &str) -> Result<(), Stop> {
        match to {
            Expression::Variable(name) => {
                self.set(name, value);
                Ok(())
            }
            Expression::Element(array, key) => {
                let key = self.value(key)?;
                let array = self.arrays.entry(array.clone()).or_default();
                if array.len() < LINES_MAX || array.contains_key(&key) {
                    array.insert(key, value.to_owned());
                }
                Ok(())
            }
            Expression::Field(index) => {
                let index = number(&self.value(index)?) as usize;
                if index == 0 {
                    value.clone_into(&mut self.line);
                    return self.split();
                }
                if index <= 1000 {
                    self.fields.resize(self.fields.len().max(index), String::new());
                    value.clone_into(&mut self.fields[index - 1]);
                    self.line = self.fields.join(&self.get("OFS"));
                }
                Ok(())
            }
            _ => Err(Stop::failed(2, "awk: syntax error: nothing that can be assigned to")),
        }
    }

    fn two(&mut self, operator: Operator, left: &Expression, right: &Expression) -> Result<String, Stop> {
        let a = self.value(left)?;
        match operator {
            Operator::And if !is_true(&a, left) => return Ok(flag(false)),
            Operator::Or if is_true(&a, left) => return Ok(flag(true)),
            _ => {}
        }
        let b = self.value(right)?;
        let (x, y) = (number(&a), number(&b));
        Ok(match operator {
            Operator::And | Operator::Or => flag(is_true(&b, right)),
            Operator::Join => {
                let mut text = a + &b;
                if text.len() > 100_000 {
                    text.clear();
                }
                text
            }
            Operator::Add => show(x + y),
            Operator::Subtract => show(x - y),
            Operator::Multiply => show(x * y),
            Operator::Divide | Operator::Modulo if y == 0.0 => {
                return Err(Stop::failed(2, "awk: division by zero"));
            }
            Operator::Divide => show(x / y),
            Operator::Modulo => show(x % y),
            Operator::Compare(wanted) => {
                let numeric = looks_numeric(&a, left) && looks_numeric(&b, right);
                let ordering = if numeric { x.total_cmp(&y) } else { a.cmp(&b) };
                flag(wanted.holds(ordering))
            }
        })
    }

    fn call(&self, name: &str, values: &[String]) -> String {
        let text = values.first().map_or(self.line.as_str(), String::as_str);
        let argument = |at: usize| values.get(at).map_or("", String::as_str);
        match name {
            "length" => text.chars().count().to_string(),
            "tolower" => text.to_lowercase(),
            "toupper" => text.to_uppercase(),
            "int" => show(number(text).trunc()),
            "index" => text.find(argument(1)).map_or(0, |at| text[..at].chars().count() + 1).to_string(),
            "substr" => {
                let from = (number(argument(1)) as usize).max(1) - 1;
                let count = values.get(2).map_or(usize::MAX, |count| number(count).max(0.0) as usize);
                text.chars().skip(from).take(count).collect()
            }
            "sprintf" => format(values),
            _ => String::new(),
        }
    }
}

fn flag(is_true: bool) -> String {
    if is_true { "1" } else { "0" }.to_owned()
}

/// A number as awk prints it: six significant digits, whole numbers whole.
fn show(value: f64) -> String {
    if value.fract().abs() < f64::EPSILON && value.abs() < 1e15 {
        return format!("{}", value as i64);
    }
    let before_the_point = if value.abs() < 1.0 { 0 } else { (value.abs() as u64).to_string().len() };
    let digits = 6_usize.saturating_sub(before_the_point);
    let text = format!("{value:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whether a whole text is a number.
fn is_number(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b".-+".contains(&b)) && text.parse::<f64>().is_ok()
}

/// Fields and variables compare as numbers where they are some; a text that was written as one doesn't.
fn looks_numeric(value: &str, from: &Expression) -> bool {
    match from {
        Expression::Text(_) => false,
        Expression::Variable(_) | Expression::Element(..) if value.is_empty() => true,
        _ => is_number(value),
    }
}

fn is_true(value: &str, from: &Expression) -> bool {
    if looks_numeric(value, from) { number(value) != 0.0 } else { !value.is_empty() }
}

/// `printf`: `%s`, `%d`, `%f`, `%5.1f`, `%-20s`, `%%`.
fn format(values: &[String]) -> String {
    let Some((template, values)) = values.split_first() else { return String::new() };
    let mut values = values.iter();
    let mut out = String::new();
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_digit() || ".-+ ".contains(c)));
        let Some((spec, kind)) = end.and_then(|end| Some((&after[..end], after[end..].chars().next()?))) else {
            out.push('%');
            rest = after;
            continue;
        };
        rest = &after[spec.len() + kind.len_utf8()..];
        let (width, precision) = spec.split_once('.').map_or((spec, None), |(w, p)| (w, Some(p)));
        let places: usize = precision.and_then(|p| p.parse().ok()).unwrap_or(6).min(20);
        let zero = width.starts_with('0');
        let left = width.starts_with('-');
        let width: usize = width.trim_start_matches(['-', '+', ' ']).parse().unwrap_or(0).min(200);
        let text = match kind {
            '%' => {
                out.push('%');
                continue;
            }
            's' | 'c' => {
                let value = values.next().map_or("", String::as_str);
                value.chars().take(if precision.is_some() { places } else { usize::MAX }).collect()
            }
            'd' | 'i' => format!("{}", number(values.next().map_or("", String::as_str)).trunc() as i64),
            'f' | 'g' | 'e' => format!("{:.places$}", number(values.next().map_or("", String::as_str))),
            other => format!("%{spec}{other}"),
        };
        let _ = match (left, zero) {
            (true, _) => write!(out, "{text:<width$}"),
            (false, true) => write!(out, "{text:0>width$}"),
            (false, false) => write!(out, "{text:>width$}"),
        };
    }
    out + rest
}
