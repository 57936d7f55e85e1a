//! The notation of conditions: words and signs, then a tree with places. Knows no metric.
//!
//! From loose to tight: `or`, `and`, `not`, `… for 2m` (which belongs to the comparison before it; brackets widen it),
//! comparison, `+ -`, `* /`, a sign, a value. Names may hold hyphens, dots and slashes; so a minus and a division have
//! spaces around them.

use super::{Fault, Unit};
use crate::sim::quantity::{Bytes, Span};
use std::ops::Range;

/// The longest condition that is read.
pub const MOST_CHARACTERS: usize = 2000;
/// How deep brackets may be nested in one.
const DEEPEST: usize = 40;

/// A part of a condition, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// Its bytes.
    pub span: Range<usize>,
    /// What it is.
    pub form: Form,
}

/// What a part of a condition is.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// `500`, `30s`, `1.5Gi`, `5%`, `60/s`: in seconds, bytes, or plain.
    Number(f64, Unit),
    /// `"a text"`.
    Text(String),
    /// A metric or a word, with labels in braces and a window in brackets.
    Name { name: String, labels: Vec<(String, String)>, window: Option<Span> },
    /// `function(argument, label = argument)`, perhaps with `.member`.
    Call { function: String, arguments: Vec<Argument>, member: Option<String> },
    /// `- x`.
    Negative(Box<Expression>),
    /// `not x`.
    Not(Box<Expression>),
    /// `x and y`.
    And(Box<Expression>, Box<Expression>),
    /// `x or y`.
    Or(Box<Expression>, Box<Expression>),
    /// `x > y`.
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// `x + y`.
    Calculate(Arithmetic, Box<Expression>, Box<Expression>),
    /// `x for 2m`.
    For(Box<Expression>, Span),
}

/// An argument of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `after` of `after = 10m`.
    pub label: Option<String>,
    /// Its value.
    pub value: Expression,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    Different,
}

/// How two numbers are made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    By,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64, Unit),
    Text(String),
    Name(String),
    /// Brackets, commas, and the signs of operators.
    Sign(&'static str),
}

const SIGNS: [&str; 19] =
    ["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", "{", "}", ",", "=", "."];

/// Reads a condition.
///
/// # Errors
/// The first thing that can't be read.
pub fn parse(text: &str) -> Result<Expression, Fault> {
    if text.chars().count() > MOST_CHARACTERS {
        return Err(Fault::new(0..0, format!("a condition has at most {MOST_CHARACTERS} characters"), "split it"));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(Fault::new(0..text.len(), "the condition is empty", "write for example `web.failed > 0`"));
    }
    let mut parser = Parser { text, tokens: &tokens, at: 0, depth: 0 };
    let expression = parser.either()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expression),
        Some((span, Token::Sign("="))) => Err(Fault::new(span.clone(), "`=` compares nothing", "write `==`")),
        Some((span, Token::Name(_) | Token::Number(..) | Token::Text(_))) => {
            let help = "`and`, `or`, a comparison or a sign such as `+`";
            Err(Fault::new(span.clone(), "something is missing before this", help))
        }
        Some((span, _)) => Err(Fault::new(span.clone(), "this has no meaning here", "")),
    }
}

fn tokens(text: &str) -> Result<Vec<(Range<usize>, Token)>, Fault> {
    let mut found = vec![];
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let Some(c) = rest.chars().next() else { break };
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, length) = if c == '"' {
            quoted(rest, at)?
        } else if c.is_ascii_digit() {
            number(rest, at)?
        } else if c.is_alphabetic() || c == '_' {
            let length = name_length(rest);
            (Token::Name(rest[..length].to_owned()), length)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            let help = match c {
                '&' => "write `and`",
                '|' => "write `or`",
                '!' => "write `not`",
                _ => "",
            };
            let shown = if c.is_control() { '\u{fffd}' } else { c };
            return Err(Fault::new(at..at + c.len_utf8(), format!("`{shown}` has no meaning here"), help));
        };
        found.push((at..at + length, token));
        at += length;
    }
    Ok(found)
}

fn quoted(rest: &str, at: usize) -> Result<(Token, usize), Fault> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Text(text), place + 1)),
            '\\' => text.extend(chars.next().map(|(_, c)| c)),
            _ => text.push(c),
        }
    }
    Err(Fault::new(at..at + rest.len(), "this text is never closed", "a `\"` is missing at its end"))
}

/// `500`, `0.98`, `30s`, `1h30m`, `1.5Gi`, `5%`, `60/s`.
fn number(rest: &str, at: usize) -> Result<(Token, usize), Fault> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let mut length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let body = &rest[..length];
    let plain = body.parse::<f64>().ok().filter(|_| body.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    if let Some(value) = plain {
        let after = &rest[length..];
        if after.starts_with('%') {
            return Ok((Token::Number(value / 100.0, Unit::Plain), length + 1));
        }
        for (unit, seconds) in [("/s", 1.0), ("/min", 60.0), ("/m", 60.0), ("/h", 3600.0)] {
            if after.starts_with(unit) && !after[unit.len()..].starts_with(is_part) {
                length += unit.len();
                return Ok((Token::Number(value / seconds, Unit::PerSecond), length));
            }
        }
        return Ok((Token::Number(value, Unit::Plain), length));
    }
    if let Ok(span) = body.parse::<Span>() {
        return Ok((Token::Number(span.as_seconds(), Unit::Seconds), length));
    }
    if let Ok(bytes) = body.parse::<Bytes>() {
        return Ok((Token::Number(bytes.0 as f64, Unit::Bytes), length));
    }
    let help = "write for example 500, 30s, 1h30m, 1.5Gi, 5% or 60/s";
    Err(Fault::new(at..at + length, format!("`{body}` is not a number or a quantity"), help))
}

/// How long the name is at the beginning of `rest`. A hyphen, dot or slash belongs to it where a name goes on after it.
fn name_length(rest: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | ':');
    let mut length = 0;
    loop {
        let after = &rest[length..];
        let Some(c) = after.chars().next() else { return length };
        if is_word(c) {
            length += c.len_utf8();
            continue;
        }
        let next = after[c.len_utf8()..].chars().next();
        let goes_on = match c {
            '-' => next.is_some_and(|n| is_word(n) || n == '*'),
            '.' | '/' => next.is_some_and(|n| is_word(n) || n == '*'),
            '*' => rest[..length].ends_with(['/', '.', '-']),
            _ => false,
        };
        if goes_on {
            length += c.len_utf8();
        } else if let (true, Some(end)) = (after.starts_with("(/"), after.find(')')) {
            // A path in a name: `db1.volumes(/var/log).free`.
            length += end + 1;
        } else {
            return length;
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [(Range<usize>, Token)],
    at: usize,
    depth: usize,
}

type Read = Result<Expression, Fault>;

impl Parser<'_> {
    fn either(&mut self) -> Read {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::new(self.here(), format!("brackets are nested more than {DEEPEST} deep"), ""));
        }
        let mut left = self.both()?;
        while self.eat_word("or") {
            let right = self.both()?;
            left = join(left, right, Form::Or);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn both(&mut self) -> Read {
        let mut left = self.negation()?;
        while self.eat_word("and") {
            let right = self.negation()?;
            left = join(left, right, Form::And);
        }
        Ok(left)
    }

    fn negation(&mut self) -> Read {
        let start = self.here().start;
        let mut count = 0;
        while self.eat_word("not") {
            count += 1;
        }
        let mut inner = self.held()?;
        for _ in 0..count % 2 {
            inner = Expression { span: start..inner.span.end, form: Form::Not(Box::new(inner)) };
        }
        Ok(inner)
    }

    fn held(&mut self) -> Read {
        let inner = self.comparison()?;
        if !self.eat_word("for") {
            return Ok(inner);
        }
        let (span, end) = self.length_of_time("how long?")?;
        Ok(Expression { span: inner.span.start..end, form: Form::For(Box::new(inner), span) })
    }

    fn comparison(&mut self) -> Read {
        let left = self.sum()?;
        let Some(comparison) = self.eat_comparison() else { return Ok(left) };
        let right = self.sum()?;
        if let Some(again) = self.peek_comparison() {
            let help = format!("write `a {again} b and b {again} c`");
            return Err(Fault::new(self.here(), "comparisons can't be chained", help));
        }
        Ok(join(left, right, |left, right| Form::Compare(comparison, left, right)))
    }

    fn sum(&mut self) -> Read {
        let mut left = self.product()?;
        loop {
            let operation = if self.eat("+") {
                Arithmetic::Plus
            } else if self.eat("-") {
                Arithmetic::Minus
            } else {
                return Ok(left);
            };
            let right = self.product()?;
            left = join(left, right, |left, right| Form::Calculate(operation, left, right));
        }
    }

    fn product(&mut self) -> Read {
        let mut left = self.signed()?;
        loop {
            let operation = if self.eat("*") {
                Arithmetic::Times
            } else if self.eat("/") {
                Arithmetic::By
            } else {
                return Ok(left);
            };
            let right = self.signed()?;
            left = join(left, right, |left, right| Form::Calculate(operation, left, right));
        }
    }

    fn signed(&mut self) -> Read {
        let start = self.here().start;
        let mut is_negative = false;
        while self.eat("-") {
            is_negative = !is_negative;
        }
        let inner = self.value()?;
        if !is_negative {
            return Ok(inner);
        }
        Ok(Expression { span: start..inner.span.end, form: Form::Negative(Box::new(inner)) })
    }

    fn value(&mut self) -> Read {
        let Some((span, token)) = self.tokens.get(self.at).cloned() else {
            let end = self.text.len();
            let before = self.text.char_indices().next_back().map_or(0, |(at, _)| at);
            return Err(Fault::new(before..end, "the condition ends too early", "a value is missing after this"));
        };
        self.at += 1;
        match token {
            Token::Number(value, unit) => Ok(Expression { span, form: Form::Number(value, unit) }),
            Token::Text(text) => Ok(Expression { span, form: Form::Text(text) }),
            Token::Name(name) if matches!(name.as_str(), "and" | "or" | "for") => {
                Err(Fault::new(span, format!("a value is missing before `{name}`"), ""))
            }
            Token::Name(name) if self.peek_sign() == Some("(") => self.call(name, span.start),
            Token::Name(name) => self.name(name, span),
            Token::Sign("(") => {
                let inner = self.either()?;
                let end = self.close("(", ")", span.start)?;
                Ok(Expression { span: span.start..end, form: inner.form })
            }
            Token::Sign(sign) => {
                let help = if sign == "=" { "equality is written `==`" } else { "" };
                Err(Fault::new(span, format!("a value belongs here, not `{sign}`"), help))
            }
        }
    }

    fn name(&mut self, name: String, span: Range<usize>) -> Read {
        let mut end = span.end;
        let mut labels = vec![];
        if self.eat("{") {
            loop {
                let (label, value) = self.label()?;
                labels.push((label, value));
                if !self.eat(",") {
                    break;
                }
            }
            end = self.close("{", "}", end)?;
        }
        let mut window = None;
        if self.peek_sign() == Some("[") {
            let open = self.here().start;
            self.at += 1;
            window = Some(self.length_of_time("over what time? for example [5m]")?.0);
            end = self.close("[", "]", open)?;
        }
        Ok(Expression { span: span.start..end, form: Form::Name { name, labels, window } })
    }

    fn label(&mut self) -> Result<(String, String), Fault> {
        let span = self.here();
        let help = "labels are written {kind = \"report\"}";
        let fault = || Fault::new(span.clone(), "a label belongs here", help);
        let Some((_, Token::Name(label))) = self.tokens.get(self.at).cloned() else { return Err(fault()) };
        self.at += 1;
        if !self.eat("=") {
            return Err(Fault::new(self.here(), "`=` and a value are missing", help));
        }
        let value = match self.tokens.get(self.at) {
            Some((_, Token::Text(text) | Token::Name(text))) => text.clone(),
            Some((span, Token::Number(..))) => self.text[span.clone()].to_owned(),
            _ => return Err(fault()),
        };
        self.at += 1;
        Ok((label, value))
    }

    fn call(&mut self, function: String, start: usize) -> Read {
        let open = self.here().start;
        self.at += 1;
        let mut arguments = vec![];
        while self.peek_sign() != Some(")") {
            let label = match (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
                (Some((_, Token::Name(label))), Some((_, Token::Sign("=")))) => {
                    self.at += 2;
                    Some(label.clone())
                }
                _ => None,
            };
            arguments.push(Argument { label, value: self.either()? });
            if !self.eat(",") {
                break;
            }
        }
        let mut end = self.close("(", ")", open)?;
        let mut member = None;
        if self.eat(".") {
            let span = self.here();
            let Some((_, Token::Name(name))) = self.tokens.get(self.at) else {
                return Err(Fault::new(span, "a word belongs after the dot", ""));
            };
            member = Some(name.clone());
            end = span.end;
            self.at += 1;
        }
        Ok(Expression { span: start..end, form: Form::Call { function, arguments, member } })
    }

    fn length_of_time(&mut self, question: &str) -> Result<(Span, usize), Fault> {
        let span = self.here();
        match self.tokens.get(self.at) {
            Some((_, Token::Number(seconds, Unit::Seconds))) => {
                self.at += 1;
                Ok((Span::from_micros((seconds * 1e6) as i64), span.end))
            }
            _ => Err(Fault::new(span, format!("a length of time belongs here: {question}"), "write 30s, 2m or 1h")),
        }
    }

    /// Eats the closing bracket and gives back where it ends.
    fn close(&mut self, open: &str, close: &str, opened: usize) -> Result<usize, Fault> {
        let span = self.here();
        if self.eat(close) {
            return Ok(span.end);
        }
        if self.peek_sign() == Some("=") {
            return Err(Fault::new(span, "`=` compares nothing", "write `==`"));
        }
        if self.at < self.tokens.len() {
            return Err(Fault::new(span, format!("`{close}` or an operator belongs here"), ""));
        }
        Err(Fault::new(opened..opened + 1, format!("this `{open}` is never closed"), ""))
    }

    fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.text.len()..self.text.len(), |(span, _)| span.clone())
    }

    fn peek_sign(&self) -> Option<&'static str> {
        match self.tokens.get(self.at) {
            Some((_, Token::Sign(sign))) => Some(sign),
            _ => None,
        }
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = self.peek_sign() == Some(sign);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some((_, Token::Name(name))) if name == word);
        self.at += usize::from(found);
        found
    }

    fn peek_comparison(&self) -> Option<&'static str> {
        self.peek_sign().filter(|sign| matches!(*sign, "==" | "!=" | "<" | "<=" | ">" | ">="))
    }

    fn eat_comparison(&mut self) -> Option<Comparison> {
        let comparison = match self.peek_comparison()? {
            "==" => Comparison::Equal,
            "!=" => Comparison::Different,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            _ => Comparison::GreaterOrEqual,
        };
        self.at += 1;
        Some(comparison)
    }
}

fn join(left: Expression, right: Expression, form: impl Fn(Box<Expression>, Box<Expression>) -> Form) -> Expression {
    Expression { span: left.span.start..right.span.end, form: form(Box::new(left), Box::new(right)) }
}
